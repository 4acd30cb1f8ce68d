//! Turns keys into comments: an unknown key stays in the file for people, and programs do not see it.

use super::lines::Document;
use super::tree::{self, Op};
use super::{Migrated, value};
use crate::diag::{Step, ValuePath};
use crate::yaml::spans::{self, SpanEntry, SpanKind, Spanned};

/// Turns the key at a place of the migrated text, line and column from 1, into a comment together with everything below
/// it; a map that this would leave empty is included. Returns false where the form of the text does not allow it.
pub fn comment_out(migrated: &mut Migrated, line: usize, column: usize) -> bool {
    let bom = migrated.text.len() - migrated.text.trim_start_matches('\u{feff}').len();
    let mut first = 1;
    for range in spans::documents(&migrated.text[bom..]) {
        let range = range.start + bom..range.end + bom;
        first += migrated.text[..range.start].matches('\n').count() + 1 - first;
        let text = &migrated.text[range.clone()];
        if line >= first
            && line < first + text.matches('\n').count().max(1)
            && let Some(text) = in_document(text, line - first, column)
        {
            migrated.text.replace_range(range, &text);
            migrated.changed += 1;
            return true;
        }
    }
    false
}

fn in_document(text: &str, line: usize, column: usize) -> Option<String> {
    let root = spans::read(text)?;
    let document = Document::new(text, &root);
    let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let at = start + text[start..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
    let mut path = Vec::new();
    let entry = entry_at(&document, &root, at, &mut path)?;
    let before = value(text)?;
    let lines = document.line_start(entry.key_range.start)..document.extent(entry).end;
    let column = document.column(entry.key_range.start);
    let mut new = text[..lines.start].to_owned();
    for line in text[lines.clone()].split_inclusive('\n') {
        let indent = (line.len() - line.trim_start_matches(' ').len()).min(column);
        match line.trim() {
            "" => new.push_str(line),
            _ => new += &format!("{}# {}", &line[..indent], &line[indent..]),
        }
    }
    new += &text[lines.end..];
    // An alias may repeat the commented-out part, and a null in its place would have another meaning.
    let mut expected = before;
    tree::apply(&mut expected, &Op::Delete { at: ValuePath(path) });
    (value(&new)? == expected).then_some(new)
}

/// The outermost entry on the path to the key at a byte that leaves no empty map when it is removed.
fn entry_at<'a>(document: &Document<'_>, map: &'a Spanned, at: usize, path: &mut Vec<Step>) -> Option<&'a SpanEntry> {
    match &map.kind {
        SpanKind::Map { flow: false, entries } => {
            for entry in entries {
                let key = entry.key_range.start;
                path.push(Step::Key(entry.key.as_str().into()));
                let here = key == at && document.begins_line(key);
                let depth = path.len();
                let inner = if here { Some(entry) } else { entry_at(document, &entry.value, at, path) };
                let is_all =
                    |inner: &SpanEntry| matches!(entry.value.entries(), Some([only]) if std::ptr::eq(only, inner));
                match inner {
                    Some(inner) if document.begins_line(key) && is_all(inner) => {
                        path.truncate(depth);
                        return Some(entry);
                    }
                    Some(inner) => return Some(inner),
                    None => path.pop(),
                };
            }
            None
        }
        SpanKind::List { flow: false, items } => {
            for (number, item) in items.iter().enumerate() {
                path.push(Step::Index(number));
                match entry_at(document, item, at, path) {
                    Some(found) => return Some(found),
                    None => path.pop(),
                };
            }
            None
        }
        _ => None,
    }
}
