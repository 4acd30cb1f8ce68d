//! Checks of values and their objects beyond errors: risky settings, and Pod Security.
//!
//! Each finding has a code of the register. [`allow`] reads which of them the user silences.

mod access;
pub mod allow;
mod objects;
mod values;

use serde_json::Value;

use crate::diag::Diagnostic;
use crate::manifest::Manifest;

/// The input of the checks.
pub struct Linted<'a> {
    /// The values over the defaults.
    pub tree: &'a Value,
    /// What the user set.
    pub user: &'a Value,
    /// The objects of a render.
    pub objects: &'a [Manifest],
    /// The values of GitLab's smallest reference architecture with more than one node, over the defaults.
    pub reference: &'a Value,
    /// The section of a component's values, by the component's name.
    pub section: &'a dyn Fn(&str) -> String,
}

/// All findings about values and objects.
pub fn check(linted: &Linted<'_>) -> Vec<Diagnostic> {
    let mut found = values::check(linted);
    found.extend(objects::check(linted));
    found.extend(access::check(linted));
    found
}
