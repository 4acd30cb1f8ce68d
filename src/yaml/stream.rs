//! Splits a text into its documents: a values file as Helm does, manifests as `kubectl` does.

use crate::diag::{Diagnostic, Location};

/// The documents of a stream, each with the number of lines before it; split as `kubectl` does, and after `...`.
pub fn of_manifests(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut start, mut first_line, mut at) = (0, 0, 0);
    // Whether nothing stands before a line in its document: a document that begins with `...` is an error, see [`mark`].
    let mut empty = true;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let separates = line.strip_prefix("---").is_some_and(|rest| {
            let text = rest.trim();
            text.is_empty() || (text.starts_with('#') && !(start == at && is_glued(rest)))
        });
        let ends = is_end(line) && !empty;
        if separates || ends {
            found.push((first_line, &text[start..at]));
            start = at + line.len();
            first_line = number + 1;
            empty = separates;
        } else {
            empty &= says_nothing(line);
        }
        at += line.len();
    }
    found.push((first_line, &text[start..]));
    found
}

/// Whether a comment follows `---` without a blank. Such a line separates documents for Helm and `kubectl`, which look
/// for `---` before they parse; at the beginning of a document they leave it to the parser, for which it is a string.
fn is_glued(after: &str) -> bool {
    after.starts_with('#')
}

/// Whether a line is `...`, which ends a document.
pub fn is_end(line: &str) -> bool {
    line.strip_prefix("...").is_some_and(|rest| {
        let text = rest.trim_start();
        text.is_empty() || (text.starts_with('#') && text.len() < rest.len())
    })
}

fn says_nothing(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// A directive in a document, or a `...` that nothing stands before: neither is taken by Helm or `kubectl`, and parsers
/// disagree about them. The line is counted from 1.
pub fn mark(document: &str) -> Option<(usize, Diagnostic)> {
    let (mut begins, mut is_first) = (true, true);
    for (number, line) in document.lines().enumerate() {
        if says_nothing(line) {
            continue;
        }
        if is_end(line) {
            if begins && is_first {
                let finding = Diagnostic::error("yaml", "`...` ends a document that has not begun");
                return Some((number + 1, finding.hint("remove the line; `---` begins a document")));
            }
            (begins, is_first) = (true, false);
        } else if begins && line.starts_with('%') {
            let finding = Diagnostic::error("directive", "directives are not supported");
            return Some((number + 1, finding.hint("remove the line: the text is always read as YAML 1.1")));
        } else if is_first && !document.contains("\n...") {
            // Nearly all documents: nothing of the kind can follow.
            return None;
        } else {
            begins = false;
        }
    }
    None
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
            if start == offset && is_glued(after) {
                let message = "`---` and a comment at the beginning of a document must be separated by a space";
                return Err(Diagnostic::error("document-separator", message).at(at).hint("write `--- #`"));
            }
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
        }
        offset += line.len();
    }
    documents.push((start_line, &text[start..]));
    Ok(documents)
}
