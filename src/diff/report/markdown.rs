//! The comparison as Markdown for merge requests and change requests.

use super::{COMPANIONS, Comparison, companions, documents, line_diff, summary, title, verb, without_known};
use crate::escape;

/// A table of the changes and their effects, and the changes themselves in collapsed sections.
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = format!("### {}\n", capital(&summary(comparison)));
    let companions = companions(comparison);
    if !companions.is_empty() {
        out.push_str(&format!("\n{}\n\n", capital(COMPANIONS)));
        for (name, ids) in companions {
            let ids: Vec<_> = ids.iter().map(|id| format!("<code>{}</code>", escape::markdown(id))).collect();
            out.push_str(&format!("- {name} ({}): {}\n", ids.len(), ids.join(", ")));
        }
    }
    if comparison.changes.is_empty() {
        return out;
    }
    out.push_str("\n| object | | class | why |\n|---|---|---|---|\n");
    for change in &comparison.changes {
        let reasons = change.risks.iter().map(|risk| match &risk.way {
            Some(way) => escape::markdown_sentence(&format!("{}; way: {way}", risk.reason)),
            None => escape::markdown_sentence(&risk.reason),
        });
        let reasons = reasons.collect::<Vec<_>>().join("<br>");
        out.push_str(&format!(
            "| <code>{}</code> | {} | **{}** | {reasons} |\n",
            escape::markdown(&title(change)),
            escape::markdown(&verb(change)),
            change.class(),
        ));
    }
    for change in &comparison.changes {
        let (old, new) = documents(change);
        let lines = line_diff(&old, &new);
        // The fence is longer than any in the content.
        let fence = "`".repeat(3.max(longest_run(&lines) + 1));
        out.push_str(&format!(
            "\n<details><summary><code>{}</code> {}</summary>\n\n{fence}diff\n{lines}{fence}\n\n</details>\n",
            escape::markdown(&title(change)),
            escape::markdown(&verb(change)),
        ));
    }
    without_known(comparison, out)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
