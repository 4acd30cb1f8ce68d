//! For people at a terminal.

use std::collections::HashMap;

use super::{Comparison, field_lines, summary, title, verb};

/// One paragraph an object, worst first, and a line that counts.
pub fn text(comparison: &Comparison) -> String {
    let mut out = String::new();
    // one text often stands in several ConfigMaps: what changes in it is shown where it comes first
    let mut shown: HashMap<Vec<String>, String> = HashMap::new();
    for change in &comparison.changes {
        out.push_str(&format!("{} {} [{}]\n", title(change), verb(change), change.class()));
        for risk in &change.risks {
            out.push_str(&format!("  {}: {}\n", risk.class, risk.reason));
            if let Some(way) = &risk.way {
                out.push_str(&format!("    way: {way}\n"));
            }
        }
        for field in &change.fields {
            let lines = field_lines(&change.id.kind, field);
            match shown.get(&lines) {
                Some(first) if lines.len() > 4 => {
                    out.push_str(&format!("  {}: changes as in {first}\n", field.path));
                    continue;
                }
                _ => {}
            }
            for line in &lines {
                out.push_str(&format!("  {line}\n"));
            }
            shown.entry(lines).or_insert_with(|| title(change));
        }
        out.push('\n');
    }
    out.push_str(&summary(comparison));
    out.push('\n');
    out
}
