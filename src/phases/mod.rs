//! The replacement of Helm's hooks: objects are applied in phases, one after the other.
//!
//! Helm creates, waits for and deletes an object by its `helm.sh/hook` annotations; no other tool runs them. [`marks`]
//! has the equivalents of Argo CD and Flux, [`flux`] writes directories that depend on each other, [`steps`] lists
//! commands, and [`script`] writes a shell script that contains the objects.

pub mod argocd;
pub mod flux;
pub mod marks;
pub mod script;
pub mod steps;

use crate::diag::Diagnostic;
use crate::manifest::{Manifest, Phase};

/// The tool that runs what Helm would run as hooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hooks {
    /// Helm, or a tool that reads its annotations: all annotations and objects stay.
    #[default]
    Helm,
    /// Argo CD, by its hooks and sync waves.
    ArgoCd,
    /// Flux, by a directory and a Kustomization for each phase.
    Flux,
    /// None: a person or a script applies one phase after the other.
    None,
}

impl Hooks {
    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Hooks::Helm => "helm",
            Hooks::ArgoCd => "argocd",
            Hooks::Flux => "flux",
            Hooks::None => "none",
        }
    }
}

/// Whether an object is selected: it is in one of these phases (without any: all that the tool runs by itself), and,
/// where Helm does not distinguish an install from an upgrade, it belongs to this one.
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

/// A warning that Jobs of the first phase run concurrently with the objects that they should precede, because one
/// stream has both.
pub fn at_once(objects: &[Manifest]) -> Option<Diagnostic> {
    let job = objects.iter().find(|object| object.phase == Phase::Pre && object.id.kind == "Job")?;
    objects.iter().any(|object| object.phase > Phase::Pre).then(|| {
        let message = format!("`--is-upgrade`: all phases are written at once, and nothing waits for `{}`", job.id);
        Diagnostic::warning("phases-at-once", message)
            .hint("apply one phase after the other; `--list-phases` writes the commands")
    })
}
