//! The comparison as unified diffs, one per object, for tools such as `patch`.

use diffy::{DiffOptions, PatchFormatter};

use super::{Comparison, documents, title, without_known};
use crate::escape;

/// The objects as YAML: the lines that differ, with three lines of context.
pub fn unified(comparison: &Comparison) -> String {
    let mut out = String::new();
    for change in &comparison.changes {
        let (old, new) = documents(change);
        let title = title(change);
        let title = escape::line(&title);
        out.push_str(&patch((&format!("old/{title}"), &old), (&format!("new/{title}"), &new)));
    }
    without_known(comparison, out)
}

/// A unified diff of two strings under their names; empty where they are equal.
pub fn patch((old_name, old): (&str, &str), (new_name, new): (&str, &str)) -> String {
    if old == new {
        return String::new();
    }
    let mut options = DiffOptions::new();
    options.set_original_filename(old_name.to_owned()).set_modified_filename(new_name.to_owned());
    PatchFormatter::new()
        .suppress_blank_empty(false)
        .fmt_patch(&options.create_patch(&escape::lines(old), &escape::lines(new)))
        .to_string()
}
