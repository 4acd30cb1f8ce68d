//! Turns keys into comments: an unknown key stays in the file for people, and programs do not see it.

use std::collections::{BTreeSet, HashSet};

use super::lines::Document;
use super::{Migrated, value};
use crate::diag::ValuePath;
use crate::values;
use crate::yaml::spans::{self, SpanEntry, SpanKind, Spanned};

/// Turns the keys at these places of the migrated text, lines and columns from 1, into comments together with everything
/// below them; a map that this would leave empty is included. Returns false where the form of the text allows none of it.
pub fn comment_out(migrated: &mut Migrated, places: &BTreeSet<(usize, usize)>) -> bool {
    if places.is_empty() {
        return false;
    }
    let bom = migrated.text.len() - migrated.text.trim_start_matches('\u{feff}').len();
    let (mut new, mut done) = (migrated.text[..bom].to_owned(), bom);
    let mut line = 1;
    let mut changed = 0;
    for range in spans::documents(&migrated.text[bom..]) {
        let range = range.start + bom..range.end + bom;
        let between = &migrated.text[done..range.start];
        new.push_str(between);
        line += between.matches('\n').count();
        let text = &migrated.text[range.clone()];
        let last = line + text.matches('\n').count();
        let own: Vec<_> = places.range((line, 0)..(last + 1, 0)).map(|(of, column)| (of - line, *column)).collect();
        let (text, count) = in_document(text, &own);
        new.push_str(&text);
        changed += count;
        (line, done) = (last, range.end);
    }
    new.push_str(&migrated.text[done..]);
    migrated.text = new;
    migrated.changed += changed;
    changed > 0
}

/// A document with as many of these keys as comments as its form allows, and how many entries they are.
fn in_document(text: &str, places: &[(usize, usize)]) -> (String, usize) {
    let mut text = text.to_owned();
    let mut count = 0;
    // Lines stay lines, so the places of what is left are the same after each part.
    let mut parts = vec![places];
    while let Some(part) = parts.pop() {
        match all_of(&text, part) {
            Some((new, found)) => (text, count) = (new, count + found),
            None if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            None => {}
        }
    }
    (text, count)
}

/// A document with all of these keys as comments; `None` where its form does not allow it.
fn all_of(text: &str, places: &[(usize, usize)]) -> Option<(String, usize)> {
    let root = spans::read(text)?;
    let document = Document::new(text, &root);
    let starts: Vec<usize> = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let keys: HashSet<usize> = places
        .iter()
        .filter_map(|(line, column)| {
            let start = *starts.get(*line)?;
            Some(start + text[start..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>())
        })
        .collect();
    let mut gone = Gone { document: &document, keys: &keys, entries: Vec::new() };
    gone.walk(&root, &ValuePath::root());
    if gone.entries.is_empty() {
        return None;
    }
    let (mut new, mut done) = (String::with_capacity(text.len() + 64), 0);
    for (entry, _) in &gone.entries {
        let lines = document.line_start(entry.key_range.start)..document.extent(entry).end;
        let column = document.column(entry.key_range.start);
        new += text.get(done..lines.start)?;
        for line in text[lines.clone()].split_inclusive('\n') {
            let indent = (line.len() - line.trim_start_matches(' ').len()).min(column);
            match line.trim() {
                "" => new.push_str(line),
                _ => new += &format!("{}# {}", &line[..indent], &line[indent..]),
            }
        }
        done = lines.end;
    }
    new += &text[done..];
    // An alias may repeat the commented-out part, and a null in its place would have another meaning.
    let paths: HashSet<&ValuePath> = gone.entries.iter().map(|(_, path)| path).collect();
    let expected = values::tree::without_entries(&value(text)?, &paths);
    (value(&new)? == expected).then_some((new, gone.entries.len()))
}

/// The entries that become comments, in the order of the text.
struct Gone<'a, 'k> {
    document: &'k Document<'k>,
    /// The bytes of their keys.
    keys: &'k HashSet<usize>,
    entries: Vec<(&'a SpanEntry, ValuePath)>,
}

impl<'a> Gone<'a, '_> {
    /// Finds the entries below a value; true where nothing would be left of it.
    fn walk(&mut self, value: &'a Spanned, path: &ValuePath) -> bool {
        match &value.kind {
            SpanKind::Map { flow: false, entries } => {
                let mut left = entries.len();
                for entry in entries {
                    let (key, before) = (entry.key_range.start, self.entries.len());
                    let path = path.key(&entry.key);
                    let begins = self.document.begins_line(key);
                    let is_gone = begins && self.keys.contains(&key) || self.walk(&entry.value, &path);
                    if is_gone && begins {
                        self.entries.truncate(before);
                        self.entries.push((entry, path));
                        left -= 1;
                    }
                }
                left == 0 && !entries.is_empty()
            }
            SpanKind::List { flow: false, items } => {
                for (number, item) in items.iter().enumerate() {
                    self.walk(item, &path.index(number));
                }
                false
            }
            _ => false,
        }
    }
}
