//! Rendered objects to a stream, a directory, or a list of steps.

use std::io::Write;

use super::{Output, Rendered, Request};
use crate::diag::Diagnostic;
use crate::emit;
use crate::phases::steps::{self, Step};
use crate::phases::{self, Hooks, flux};

/// Writes the objects to the directory of `output`, or to a stream where it names none: all of them or none.
///
/// # Errors
/// A full disk, a directory that cannot be replaced.
pub fn emit(rendered: &Rendered, output: &Output, stream: &mut impl Write) -> Result<(), Diagnostic> {
    let format = output.format;
    match &output.directory {
        None => emit::to_stdout(&rendered.objects, format, stream),
        Some(dir) if rendered.hooks == Hooks::Flux => emit::to_dir_by_phase(&rendered.objects, format, dir, |paths| {
            flux::files(rendered.objects.manifests(), paths, &rendered.release, &flux::root(dir))
        }),
        Some(dir) => emit::to_dir(&rendered.objects, format, dir),
    }
}

/// A warning where an upgrade without hooks has all phases in one stream, so that nothing waits for the first.
pub fn at_once(request: &Request, rendered: &Rendered) -> Option<Diagnostic> {
    let alone = rendered.hooks == Hooks::None && request.target.is_upgrade;
    phases::at_once(rendered.objects.manifests()).filter(|_| alone)
}

/// What to apply and to wait for, phase by phase.
pub fn steps(rendered: &Rendered) -> Vec<Step> {
    steps::steps(rendered.objects.manifests())
}
