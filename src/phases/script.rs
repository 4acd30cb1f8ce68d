//! A shell script that applies a release phase by phase. It contains the objects: nothing is rendered when it runs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::marks::is_cluster_wide;
use super::steps::{Form, PhaseStep};
use crate::manifest::{Manifest, ObjectId, Phase};
use crate::shell::{MANAGER, kubectl_apply, quoted};
use crate::yaml::write::write_document;

/// The location of the manifests of a phase.
#[derive(Debug, Clone, Copy)]
pub enum ManifestSource<'a> {
    /// In the script itself; these are the objects, in their order.
    Inside(&'a [Manifest]),
    /// In a folder for each phase, beside the script.
    Beside {
        /// Each file says its own namespace.
        apart: bool,
    },
}

/// Shell functions that only some phases need; each is defined before its first use.
const FUNCTIONS: &str = r#"
# job_ended NAMESPACE JOB SECONDS: waits until a Job has completed. If it has failed, prints the last lines of its log and fails.
job_ended() {
  deadline=$(($(date +%s) + $3))
  while :; do
    case " $(kubectl get -n "$1" "job/$2" -o jsonpath='{range .status.conditions[?(@.status=="True")]}{.type} {end}') " in
    *" Complete "*) return 0 ;;
    *" Failed "*)
      echo "job/$2 in namespace $1 has failed; its last lines:" >&2
      kubectl logs -n "$1" "job/$2" --all-containers --tail=40 >&2 || :
      return 1
      ;;
    esac
    if [ "$(date +%s)" -ge "$deadline" ]; then
      echo "job/$2 in namespace $1 has not ended within $3 seconds" >&2
      return 1
    fi
    sleep "${POLL_SECONDS:-5}"
  done
}

# forget_failed NAMESPACE JOB: deletes a Job that has failed, so that it runs again.
forget_failed() {
  case " $(kubectl get -n "$1" --ignore-not-found "job/$2" -o jsonpath='{range .status.conditions[?(@.status=="True")]}{.type} {end}') " in
  *" Failed "*) kubectl delete -n "$1" "job/$2" ;;
  esac
}
"#;

/// Writes the script. `gone` are objects of the release that are no longer rendered and are deleted at the end.
pub fn script(
    steps: &[PhaseStep],
    source: ManifestSource<'_>,
    title: &str,
    namespace: &str,
    gone: &[ObjectId],
) -> String {
    let mut text = format!(
        "#!/bin/sh\n# {title}\n# Server-side apply by the field manager {MANAGER}: it removes fields that are no longer rendered, and takes over\n# what somebody changed by hand.\nset -eu\n"
    );
    if let ManifestSource::Beside { .. } = source {
        text.push_str("here=$(cd \"$(dirname \"$0\")\" && pwd)\n");
    }
    text.push_str(FUNCTIONS);
    for other in elsewhere(steps.iter().flat_map(|step| &step.objects), namespace) {
        let other = quoted(&other);
        let _ = writeln!(
            text,
            "\n# some objects go to another namespace\nkubectl get namespace {other} --ignore-not-found -o name | grep -q . || kubectl create namespace {other}"
        );
    }
    for step in steps {
        phase(&mut text, step, source, namespace);
    }
    delete(&mut text, gone, namespace);
    text
}

fn phase(text: &mut String, step: &PhaseStep, source: ManifestSource<'_>, namespace: &str) {
    let word = step.phase.word();
    let _ = writeln!(text, "\n# {word}: {}", step.purpose());
    for object in &step.objects {
        let _ = writeln!(text, "#   {object}");
    }
    // Tests do not run with the rest: `sh apply.sh test` requests them.
    let on_demand = step.phase == Phase::Test;
    if on_demand {
        text.push_str("if [ \"${1:-}\" = test ]; then\n");
    }
    for command in step.before(namespace, Form::Script) {
        let _ = writeln!(text, "{command}");
    }
    let apart = match source {
        ManifestSource::Beside { apart } => apart,
        ManifestSource::Inside(objects) => is_apart(objects, namespace),
    };
    let apply = kubectl_apply(Some(namespace).filter(|_| !apart));
    match source {
        ManifestSource::Beside { .. } => {
            let _ = writeln!(text, "{apply} -R -f \"$here/{word}\"");
        }
        ManifestSource::Inside(objects) => {
            let end = format!("END_OF_{}", word.to_uppercase());
            let _ = writeln!(text, "{apply} -f - <<'{end}'");
            for object in objects.iter().filter(|object| object.phase == step.phase) {
                text.push_str("---\n");
                match apart {
                    true => write_document(text, &placed(object, namespace)),
                    false => write_document(text, &object.body),
                }
            }
            let _ = writeln!(text, "{end}");
        }
    }
    for command in step.after(namespace, Form::Script) {
        let _ = writeln!(text, "{command}");
    }
    if on_demand {
        text.push_str("fi\n");
    }
}

/// Whether objects go to other namespaces, too: kubectl refuses `-n` for them, so that each object has to say its own.
pub fn is_apart(objects: &[Manifest], namespace: &str) -> bool {
    !elsewhere(objects.iter().map(|object| &object.id), namespace).is_empty()
}

/// The other namespaces that objects go to.
pub fn elsewhere<'o>(objects: impl Iterator<Item = &'o ObjectId>, namespace: &str) -> BTreeSet<String> {
    let named = objects.filter_map(|id| id.namespace.as_deref()).filter(|own| *own != namespace);
    named.map(str::to_owned).collect()
}

/// An object with the namespace that it goes to.
pub fn placed(object: &Manifest, namespace: &str) -> Value {
    let mut body = object.body.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut)
        && !is_cluster_wide(&object.id)
    {
        metadata.entry("namespace").or_insert_with(|| namespace.into());
    }
    body
}

fn delete(text: &mut String, gone: &[ObjectId], namespace: &str) {
    if gone.is_empty() {
        return;
    }
    text.push_str("\n# no longer rendered: deleted last, when their replacements run\n");
    for command in deletions(gone, namespace) {
        let _ = writeln!(text, "{command}");
    }
}

/// Writes the commands for objects that are no longer rendered and that this program did not make: as comments, because a
/// person has to decide.
pub fn leave(text: &mut String, left: &[ObjectId], namespace: &str) {
    if left.is_empty() {
        return;
    }
    text.push_str("\n# no longer rendered, and not deleted: gitlab-render did not make them\n");
    for command in deletions(left, namespace) {
        let _ = writeln!(text, "# {command}");
    }
}

/// The commands that delete objects that are no longer rendered.
pub fn deletions(gone: &[ObjectId], namespace: &str) -> Vec<String> {
    let line = |id: &ObjectId| {
        let place = quoted(id.namespace.as_deref().unwrap_or(namespace));
        format!("kubectl delete -n {place} --ignore-not-found {}", quoted(&id.resource()))
    };
    gone.iter().map(line).collect()
}
