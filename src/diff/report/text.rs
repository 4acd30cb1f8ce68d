//! For people at a terminal.

use super::{Comparison, field_lines, summary, title, verb};

/// One paragraph an object, worst first, and a line that counts.
pub fn text(comparison: &Comparison) -> String {
    let mut out = String::new();
    for change in &comparison.changes {
        out.push_str(&format!("{} {} [{}]\n", title(change), verb(change), change.class()));
        for risk in &change.risks {
            out.push_str(&format!("  {}: {}\n", risk.class, risk.reason));
            if let Some(way) = &risk.way {
                out.push_str(&format!("    way: {way}\n"));
            }
        }
        for line in change.fields.iter().flat_map(|field| field_lines(&change.id.kind, field)) {
            out.push_str(&format!("  {line}\n"));
        }
        out.push('\n');
    }
    out.push_str(&summary(comparison));
    out.push('\n');
    out
}
