//! Writes rendered objects to a stream, to a directory, or as a list of steps.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use serde_json::Value;

use super::{Output, Rendered, Request, diff};
use crate::diag::{Diagnostic, Failure};
use crate::diff::Object;
use crate::emit::{self, OutputScope, Written};
use crate::manifest::{ObjectId, Phase, stream};
use crate::phases::script::{self, ManifestSource};
use crate::phases::steps::{self, PhaseStep};
use crate::phases::{self, Hooks, argocd, flux, marks};

/// Writes the objects to the directory of `output`, or to a stream where it names none: all of them or none. Returns
/// findings about files of earlier runs.
///
/// # Errors
/// A full disk, a directory that cannot be replaced, and files in it that were edited or belong to another release.
pub fn emit(rendered: &Rendered, output: &Output, stream: &mut impl Write) -> Result<Vec<Diagnostic>, Diagnostic> {
    let format = output.format;
    let Some(dir) = &output.directory else {
        // What kubectl reads from a pipe says its namespaces where there are two; Helm and Argo CD know the release's.
        let apart = rendered.hooks == Hooks::None && !rendered.elsewhere.is_empty();
        let namespace = rendered.namespace.as_str();
        let placed = apart.then(|| rendered.objects.with_bodies(|object| script::placed(object, namespace)));
        return emit::to_stdout(placed.as_ref().unwrap_or(&rendered.objects), format, stream).map(|()| Vec::new());
    };
    let mut scope = scope(rendered, output, rendered.hooks == Hooks::Flux);
    // The user may edit the part that names the repository.
    let own = match rendered.hooks {
        Hooks::Flux => Some(flux::OBJECTS),
        Hooks::ArgoCd => Some(argocd::APPLICATION),
        Hooks::Helm | Hooks::None => None,
    };
    let edited = own.filter(|_| !output.force).and_then(|name| emit::edited(dir, name));
    scope.edits_kept = own.filter(|_| edited.is_some()).map(str::to_owned).into_iter().collect();
    let written = match rendered.hooks {
        Hooks::Flux => {
            let kept = edited.as_deref().map(|text| read_objects(flux::OBJECTS, text)).transpose()?.unwrap_or_default();
            emit::to_dir_by_phase(&rendered.objects, format, dir, &scope, |paths| {
                flux::files(rendered.objects.manifests(), paths, &rendered.release, &flux::root(dir), &kept)
            })?
        }
        hooks => {
            let application = (hooks == Hooks::ArgoCd).then(|| {
                let (name, text) = argocd::application(&rendered.release, &rendered.namespace, dir);
                (name, edited.unwrap_or(text))
            });
            emit::to_dir_with(&rendered.objects, format, dir, &scope, application)?
        }
    };
    let mut all = notes(&dir.display().to_string(), &written);
    all.extend(scope.edits_kept.iter().map(|name| {
        let message = format!("`{}`: your changes to `{name}` are kept; `--force` replaces them", dir.display());
        Diagnostic::note("edits-kept", message)
    }));
    Ok(all)
}

/// The objects of a file that an earlier run wrote and the user edited.
fn read_objects(name: &str, text: &str) -> Result<Vec<Value>, Diagnostic> {
    stream::objects(text, 0).map_err(|_| {
        Diagnostic::environment("output-directory", format!("`{name}` was edited, and is no longer valid YAML"))
            .hint("fix it, or replace it with `--force`")
    })
}

/// The part of the directory that the run writes; `has_index`: including files that cover all objects.
fn scope(rendered: &Rendered, output: &Output, has_index: bool) -> OutputScope {
    let all = Phase::ALL.iter().all(|phase| output.phases.contains(phase));
    OutputScope {
        release: rendered.release.clone(),
        namespace: rendered.namespace.clone(),
        phases: if all { Vec::new() } else { output.phases.clone() },
        components: output.components.clone(),
        templates: output.show_only.clone(),
        no_hooks: output.no_hooks,
        no_tests: output.skip_tests,
        tool: rendered.hooks.word(),
        has_helm_hooks: rendered.hooks == Hooks::Helm,
        is_upgrade: rendered.is_upgrade,
        has_index,
        force: output.force,
        edits_kept: Vec::new(),
    }
}

fn notes(dir: &str, written: &Written) -> Vec<Diagnostic> {
    let count = |n: usize| if n == 1 { "1 file".to_owned() } else { format!("{n} files") };
    let mut notes = Vec::new();
    if !written.removed.is_empty() {
        let shown: Vec<_> = written.removed.iter().take(5).map(|name| format!("`{name}`")).collect();
        let more = written.removed.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!(
            "`{dir}`: {} of earlier runs were removed: {}{more}",
            count(written.removed.len()),
            shown.join(", ")
        );
        notes.push(Diagnostic::note("files-removed", message));
    }
    if written.kept > 0 {
        let message = format!(
            "`{dir}`: {} were written; {} of earlier runs were kept: they belong to other releases or to other parts of this one",
            count(written.files),
            count(written.kept),
        );
        notes.push(Diagnostic::note("files-kept", message));
    }
    notes
}

/// A warning where an upgrade without hooks has all phases in one stream, so that nothing waits for the first.
pub fn at_once(request: &Request, rendered: &Rendered) -> Option<Diagnostic> {
    let alone = rendered.hooks == Hooks::None && request.target.is_upgrade;
    phases::at_once(rendered.objects.manifests()).filter(|_| alone)
}

/// Writes the script that applies the phases, with the manifests in it, or beside it in the directory of `output`,
/// which is then written too. `gone` are objects to delete at the end, from [`no_longer_rendered`].
///
/// # Errors
/// As [`emit`].
pub fn script(
    rendered: &Rendered,
    output: &Output,
    gone: &NoLongerRendered,
    stream: &mut impl Write,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let (objects, namespace) = (rendered.objects.manifests(), rendered.namespace.as_str());
    let title = format!("Applies the release {} to the namespace {namespace}, phase by phase.", rendered.release);
    let written = |source| {
        let mut text = script::script(&steps(rendered), source, &title, namespace, &gone.gone);
        script::leave(&mut text, &gone.left, namespace);
        text
    };
    match &output.directory {
        Some(dir) => {
            let scope = scope(rendered, output, true);
            let apart = script::is_apart(objects, namespace);
            let placed = apart.then(|| rendered.objects.with_bodies(|object| script::placed(object, namespace)));
            let all = placed.as_ref().unwrap_or(&rendered.objects);
            let files = emit::to_dir_by_phase(all, output.format, dir, &scope, |_| {
                vec![("apply.sh".to_owned(), written(ManifestSource::Beside { apart }))]
            })?;
            Ok(notes(&dir.display().to_string(), &files))
        }
        None => stream
            .write_all(written(ManifestSource::Inside(objects)).as_bytes())
            .map(|()| Vec::new())
            .map_err(|e| Diagnostic::environment("output", format!("the output could not be written: {e}"))),
    }
}

/// Where the user finds the commands for objects that are no longer rendered and stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandsPlace {
    /// In the script, as comments.
    Script,
    /// In the phases as data.
    Json,
}

/// Objects of older manifests that are no longer rendered.
#[derive(Debug, Default)]
pub struct NoLongerRendered {
    /// Those that are deleted: this program made them for the release. Workloads come first.
    pub gone: Vec<ObjectId>,
    /// Those that stay although they are the release's: Helm or somebody else made them.
    pub left: Vec<ObjectId>,
}

impl NoLongerRendered {
    /// A warning about the objects that stay. The commands that delete them are in `place`.
    pub fn warning(&self, old: &str, place: CommandsPlace) -> Option<Diagnostic> {
        let shown = if old == "-" { "stdin" } else { old };
        let count = match self.left.len() {
            0 => return None,
            1 => "1 object is no longer rendered and stays: it does".to_owned(),
            many => format!("{many} objects are no longer rendered and stay: they do"),
        };
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &self.left {
            *kinds.entry(&id.kind).or_default() += 1;
        }
        let kinds: Vec<_> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let message = format!(
            "`{shown}`: {count} not have the label `{}: gitlab-render`, which marks what is deleted ({})",
            marks::MANAGED_BY,
            kinds.join(", ")
        );
        let place = match place {
            CommandsPlace::Script => "a comment at the end of the script",
            CommandsPlace::Json => "`not_deleted` in the output",
        };
        let hint = format!(
            "{place} has the command for each: run those that delete what you no longer want; `gitlab-render adopt` hands a release of \
             Helm over"
        );
        Some(Diagnostic::warning("not-pruned", message).hint(hint))
    }
}

/// The objects of older manifests that are no longer rendered. Volume claims, Secrets and what other objects depend on are
/// never among them, nor is what a controller makes or what belongs to a third-party chart.
///
/// # Errors
/// A document that is not a manifest.
pub fn no_longer_rendered(rendered: &Rendered, old: Vec<(String, String)>) -> Result<NoLongerRendered, Failure> {
    const KEPT: [&str; 6] = [
        "PersistentVolumeClaim",
        "Secret",
        "Namespace",
        "PersistentVolume",
        "CustomResourceDefinition",
        "StorageClass",
    ];
    let known = |id: &ObjectId| (id.group().to_owned(), id.kind.clone(), id.name.clone());
    let ours: HashSet<_> = rendered.objects.manifests().iter().map(|object| known(&object.id)).collect();
    let is_dropped = |object: &Object| !KEPT.contains(&object.id.kind.as_str()) && !ours.contains(&known(&object.id));
    let (gone, others): (Vec<Object>, Vec<Object>) =
        diff::objects(old)?.into_iter().filter(is_dropped).partition(|object| object.is_of(&rendered.release));
    let left = others.into_iter().filter(|object| object.is_of_helm(&rendered.release));
    let sorted = |objects: Vec<Object>| {
        let mut ids: Vec<ObjectId> = objects.into_iter().map(|object| object.id).collect();
        let runs =
            |id: &ObjectId| matches!(id.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" | "Job");
        ids.sort_by_key(|id| !runs(id));
        ids
    };
    Ok(NoLongerRendered { gone: sorted(gone), left: sorted(left.collect()) })
}

/// The steps of each phase: what to apply and what to wait for.
pub fn steps(rendered: &Rendered) -> Vec<PhaseStep> {
    steps::steps(rendered.objects.manifests())
}
