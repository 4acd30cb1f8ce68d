//! The comparison for a terminal.

use std::collections::HashMap;

use super::{COMPANIONS, Comparison, companions, field_lines, summary, title, verb, without_known};
use crate::{escape, redact};

/// One paragraph per object, worst first, and a last line with counts.
pub fn text(comparison: &Comparison) -> String {
    let mut out = String::new();
    // The same string often occurs in several ConfigMaps: a change in it is shown at the first one.
    let mut shown: HashMap<Vec<String>, String> = HashMap::new();
    for change in &comparison.changes {
        let line = |text: &str| format!("{}\n", escape::line(text));
        out.push_str(&line(&format!("{} {} [{}]", title(change), verb(change), change.class())));
        for risk in &change.risks {
            out.push_str(&line(&format!("  {}: {}", risk.class, risk.reason)));
            if let Some(way) = &risk.way {
                out.push_str(&line(&format!("    next step: {way}")));
            }
        }
        for field in &change.fields {
            let lines = field_lines(&change.id.kind, field);
            match shown.get(&lines) {
                Some(first) if lines.len() > 4 => {
                    out.push_str(&line(&format!("  {}: changes as in {first}", redact::text(&field.path))));
                    continue;
                }
                _ => {}
            }
            for one in &lines {
                out.push_str(&line(&format!("  {one}")));
            }
            shown.entry(lines).or_insert_with(|| title(change));
        }
        out.push('\n');
    }
    let companions = companions(comparison);
    if !companions.is_empty() {
        out.push_str(&format!("{COMPANIONS}\n"));
        for (name, ids) in companions {
            out.push_str(&format!("{}\n", escape::line(&format!("  {name} ({}): {}", ids.len(), ids.join(", ")))));
        }
        out.push('\n');
    }
    out.push_str(&summary(comparison));
    out.push('\n');
    without_known(comparison, out)
}
