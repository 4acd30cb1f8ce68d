//! For `patch`-like readers: unified diffs, one an object.

use super::{Comparison, documents, title};

/// The objects as YAML, the lines that differ with three around them.
pub fn unified(comparison: &Comparison) -> String {
    let mut out = String::new();
    for change in &comparison.changes {
        let (old, new) = documents(change);
        let title = title(change);
        let diff = similar::TextDiff::from_lines(&old, &new);
        let (a, b) = (format!("old/{title}"), format!("new/{title}"));
        out.push_str(&diff.unified_diff().context_radius(3).header(&a, &b).to_string());
    }
    out
}
