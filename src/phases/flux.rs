//! The files that Flux needs beside the objects: a `kustomization.yaml` in the folder of each phase, and Kustomizations
//! that apply one folder after the other.

use std::path::{Component, Path};

use serde_json::{Value, json};

use super::steps::{PhaseStep, steps};
use crate::manifest::{Manifest, Phase};
use crate::yaml::write::write_document;

/// The file with Flux's own objects, beside the folders of the phases.
pub const OBJECTS: &str = "flux.yaml";
/// The file that kustomize reads in each folder.
const INDEX: &str = "kustomization.yaml";
/// The namespace and the name of the source that `flux bootstrap` creates.
const SYSTEM: &str = "flux-system";

/// The files beside the objects: their paths and contents. `paths` are those of the objects, each in the folder of its
/// phase; `root` is the directory relative to the root of the repository. `edited` are Flux's objects with the user's
/// edits; what does not follow from the render is kept from them.
pub fn files(
    objects: &[Manifest],
    paths: &[String],
    release: &str,
    root: &str,
    edited: &[Value],
) -> Vec<(String, String)> {
    let steps = steps(objects);
    let mut files: Vec<_> = steps.iter().map(|step| index(step, paths)).collect();
    let mut text = String::from(
        "# Apply this to the cluster that Flux runs in. `path` and `sourceRef` are as `flux bootstrap` has them: the\n\
         # directory as seen from the root of the repository, and the source that holds it. The namespace of the objects\n\
         # must exist: `kubectl create namespace NAMESPACE`.\n",
    );
    let mut before = None;
    for step in steps.iter().filter(|step| step.phase != Phase::Test) {
        let name = format!("{release}-{}", step.phase.word());
        text.push_str("---\n");
        let ours = kustomization(step, &name, before.as_deref(), root);
        let theirs = edited.iter().find(|object| object.pointer("/metadata/name") == Some(&Value::from(name.as_str())));
        write_document(&mut text, &theirs.map_or_else(|| ours.clone(), |theirs| with_edits(&ours, theirs)));
        before = Some(name);
    }
    files.push((OBJECTS.to_owned(), text));
    // A Kustomization over the whole directory applies Flux's objects, but not the phases directly.
    files.push((INDEX.to_owned(), index_text(vec![OBJECTS])));
    files
}

/// A directory relative to the root of the repository: as it was given, or its last component where it is absolute.
pub fn root(dir: &Path) -> String {
    let parts = dir.components().filter(|part| !matches!(part, Component::CurDir));
    let names: Option<Vec<_>> = parts
        .map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    match names {
        Some(names) => names.join("/"),
        None => dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
    }
}

/// The user's object, with the parts that follow from the render: the workloads and Jobs to wait for.
fn with_edits(ours: &Value, theirs: &Value) -> Value {
    let mut kept = theirs.clone();
    if let Some(spec) = kept.get_mut("spec").and_then(Value::as_object_mut) {
        match ours.pointer("/spec/healthChecks") {
            Some(checks) => spec.insert("healthChecks".to_owned(), checks.clone()),
            None => spec.remove("healthChecks"),
        };
    }
    kept
}

fn index(step: &PhaseStep, paths: &[String]) -> (String, String) {
    let folder = format!("{}/", step.phase.word());
    let resources = paths.iter().filter_map(|path| path.strip_prefix(&folder)).collect();
    (folder + INDEX, index_text(resources))
}

fn index_text(resources: Vec<&str>) -> String {
    let mut text = String::new();
    let body =
        json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources});
    write_document(&mut text, &body);
    text
}

fn kustomization(step: &PhaseStep, name: &str, before: Option<&str>, root: &str) -> Value {
    // Flux waits until a Job has ended, and until the last pod of a workload is ready.
    let checks: Vec<_> = step
        .waits
        .iter()
        .map(|wait| {
            let id = &wait.object;
            json!({"apiVersion": id.api_version, "kind": id.kind, "name": id.name, "namespace": id.namespace})
        })
        .collect();
    let longest = step.waits.iter().map(|wait| wait.timeout).max().unwrap_or(300);
    let mut spec = json!({
        "interval": "1h", "retryInterval": "2m", "timeout": format!("{longest}s"),
        "path": format!("./{root}/{}", step.phase.word()), "prune": true,
        "sourceRef": {"kind": "GitRepository", "name": SYSTEM},
    });
    if let Some(spec) = spec.as_object_mut() {
        match step.phase {
            // Only some kinds: an Ingress or a load balancer without a controller would block the next phase.
            Phase::Main => spec.insert("healthChecks".to_owned(), checks.into()),
            _ => spec.insert("wait".to_owned(), true.into()),
        };
        if let Some(before) = before {
            spec.insert("dependsOn".to_owned(), json!([{"name": before}]));
        }
    }
    json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": SYSTEM}, "spec": spec,
    })
}
