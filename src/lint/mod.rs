//! What can be said about values and their objects besides errors: settings that are risky, and Pod Security.
//!
//! Each finding has a code of the register. [`allow`] reads which of them the user wants silenced.

pub mod allow;
mod objects;
mod values;

use serde_json::Value;

use crate::diag::Diagnostic;
use crate::manifest::Manifest;

/// What is looked at.
pub struct Linted<'a> {
    /// The values over the defaults.
    pub tree: &'a Value,
    /// What the user set.
    pub user: &'a Value,
    /// The objects of a render.
    pub objects: &'a [Manifest],
    /// The section of a component's values by its name.
    pub section: &'a dyn Fn(&str) -> String,
}

/// All findings about values and objects.
pub fn check(linted: &Linted<'_>) -> Vec<Diagnostic> {
    let mut found = values::check(linted);
    found.extend(objects::check(linted));
    found
}
