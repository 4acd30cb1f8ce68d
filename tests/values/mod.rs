//! Values: where each came from, limits, and what the recorded dialect does not cover.

mod files;
mod limits;
mod origins;
mod warnings;

use gitlab_render::diag::{Diagnostic, Location, Place, Warned};
use gitlab_render::values::{Flag, Input, Layers, load};

/// A values file.
fn file(name: &str, text: &str) -> Input {
    Input::File { name: name.to_owned(), bytes: text.into() }
}

/// The text of a flag.
fn flag(number: usize, text: &str) -> Flag {
    Flag { number, text: text.to_owned() }
}

/// Loads what must be right.
fn good(inputs: &[Input]) -> Warned<Layers> {
    load(inputs).unwrap_or_else(|failure| panic!("{:?}", failure.report))
}

/// The errors of what must be wrong.
fn bad(inputs: &[Input]) -> Vec<Diagnostic> {
    load(inputs).expect_err("must be refused").report.0
}

/// The places of a finding in texts.
fn places(finding: &Diagnostic) -> Vec<Location> {
    finding.places.iter().map(|p| if let Place::At(at) = p { *at } else { panic!("{p:?}") }).collect()
}
