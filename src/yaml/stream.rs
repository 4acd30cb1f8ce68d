//! Splits a text into its documents: a values file as Helm does, manifests as `kubectl` does.

use crate::diag::{Diagnostic, Location};

/// The documents of a stream, each with the number of lines before it; split as `kubectl` does.
pub fn of_manifests(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut start, mut first_line, mut at) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let separates = line.strip_prefix("---").is_some_and(|rest| {
            let rest = rest.trim();
            rest.is_empty() || rest.starts_with('#')
        });
        if separates || line.trim_end() == "..." {
            found.push((first_line, &text[start..at]));
            start = at + line.len();
            first_line = number + 1;
        }
        at += line.len();
    }
    found.push((first_line, &text[start..]));
    found
}

/// The documents of a values file, each with the number of lines before it.
///
/// Helm splits the text at lines that begin with `---` before it parses any YAML.
pub fn of_values(text: &str, source: usize) -> Result<Vec<(usize, &str)>, Diagnostic> {
    let mut documents = Vec::new();
    let (mut start, mut start_line, mut offset) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let at = Location { source, line: number + 1, column: 1, len: line.trim_end().chars().count().max(1) };
        if let Some(after) = line.strip_prefix("---") {
            let after = after.trim();
            if !after.is_empty() && !after.starts_with('#') {
                return Err(Diagnostic::error(
                    "document-separator",
                    "a line that begins with `---` must hold nothing else",
                )
                .at(at)
                .hint("put what follows `---` on the next line"));
            }
            documents.push((start_line, &text[start..offset]));
            start = offset + line.len();
            start_line = number + 1;
        } else if line.starts_with('%')
            && text[start..offset].lines().all(|l| l.is_empty() || l.starts_with(['#', '%']))
        {
            return Err(Diagnostic::error("directive", "directives are not supported in a values file")
                .at(at)
                .hint("remove the line: values are always read as YAML 1.1"));
        }
        offset += line.len();
    }
    documents.push((start_line, &text[start..]));
    Ok(documents)
}
