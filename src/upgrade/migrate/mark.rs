//! Decisions for a person, as comments above the values concerned.

use super::edit::Edit;
use super::lines::Document;
use super::tree::Open;
use crate::diag::{Step, ValuePath};
use crate::yaml::spans::SpanKind;

/// The prefix of such a comment.
pub const MARK: &str = "# gitlab-render migrate:";

/// The comments that are not in the text yet.
pub(super) fn marks(document: &Document<'_>, open: &[Open]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for Open { rule, path, question } in open {
        let Some(key) = closest_key(document, path) else { continue };
        let head = format!("{MARK} {path} (chart {}):", rule.since);
        let line = document.line_start(key);
        if above(document, line).any(|comment| comment.starts_with(&head)) {
            continue;
        }
        let indent = document.text[line..].len() - document.text[line..].trim_start_matches(' ').len();
        edits.push((line..line, format!("{:indent$}{head} {question}{}", "", document.eol)));
    }
    edits
}

/// The comments right above a line, without their indentation.
fn above<'a>(document: &Document<'a>, line: usize) -> impl Iterator<Item = &'a str> {
    let lines = document.text[..line].lines().rev().map(str::trim);
    lines.take_while(|line| line.starts_with('#'))
}

/// The last key on the way to a path that begins a line, or an item.
fn closest_key(document: &Document<'_>, path: &ValuePath) -> Option<usize> {
    let mut at = document.root;
    let mut key = None;
    if at.is_flow() && document.begins_line(at.range.start) {
        key = Some(at.range.start);
    }
    for step in &path.0 {
        at = match (step, &at.kind) {
            (Step::Key(name), SpanKind::Map { flow, .. }) => {
                let Some(entry) = at.entry(name) else { break };
                if !flow && document.begins_item(entry.key_range.start) {
                    key = Some(entry.key_range.start);
                }
                &entry.value
            }
            (Step::Index(index), SpanKind::List { items, .. }) => {
                let Some(item) = items.get(*index) else { break };
                item
            }
            _ => break,
        };
    }
    key
}
