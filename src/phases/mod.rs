//! What takes the place of Helm's hooks: objects go to a cluster in phases, one after the other.
//!
//! Helm knows when to make, wait for and delete an object by its `helm.sh/hook` annotations; nothing else
//! runs them. [`marks`] says the same in the words of Argo CD and Flux, [`flux`] as directories that
//! depend on each other, [`steps`] as commands, and [`script`] as a shell script that holds what it applies.

pub mod argocd;
pub mod flux;
pub mod marks;
pub mod script;
pub mod steps;

use crate::diag::Diagnostic;
use crate::manifest::{Manifest, Phase};

/// Who runs what Helm would run as hooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hooks {
    /// Helm, or a tool that reads its annotations: they stay, and so do all objects.
    #[default]
    Helm,
    /// Argo CD, by its hooks and sync waves.
    ArgoCd,
    /// Flux, by a directory and a Kustomization for each phase.
    Flux,
    /// Nobody: phases are applied one after the other, by hand or by a script.
    None,
}

/// Whether an object is wanted: one of these phases (none given: all that the tool runs by itself), and, where
/// Helm is not there to tell an install from an upgrade, only what belongs to this one.
pub fn wanted(object: &Manifest, phases: &[Phase], hooks: Hooks, is_upgrade: bool) -> bool {
    if hooks == Hooks::Helm {
        return phases.is_empty() || phases.contains(&object.phase);
    }
    let phase = match phases.is_empty() {
        // Tests run on demand.
        true => object.phase != Phase::Test,
        false => phases.contains(&object.phase),
    };
    phase && object.hook.as_ref().is_none_or(|hook| hook.runs_on(is_upgrade))
}

/// Says that Jobs of the first phase run beside what they should come before, where one stream has both.
pub fn at_once(objects: &[Manifest]) -> Option<Diagnostic> {
    let job = objects.iter().find(|object| object.phase == Phase::Pre && object.id.kind == "Job")?;
    objects.iter().any(|object| object.phase > Phase::Pre).then(|| {
        let message = format!("`--is-upgrade`: all phases are written at once, and nothing waits for `{}`", job.id);
        Diagnostic::warning("phases-at-once", message)
            .hint("apply one phase after the other, `--list-phases` shows the commands")
    })
}
