//! Secrets that only the syntax of YAML shows: keys with escapes, aliases, names and values that stand far apart.
//!
//! [`super::lines`] reads lines, because a document may be broken or no YAML at all; this module adds what a parser sees
//! before the first error.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::yaml::spans::{SpanKind, Spanned, Style, read_partly};
use crate::yaml::{read, stream};

use super::commands;
use super::looks::{gives_nothing_away, is_pointer};
use super::names::{Above, NameMeaning, at_the_end, is_secret, is_value, meaning};

/// How many texts may be nested in each other as strings.
const NESTED: usize = 3;

/// The longest text in bytes that is parsed. The places of all parts of a larger one take more memory than a run may; its lines are
/// read by [`super::lines`] alone.
const MOST: usize = 1 << 20;

/// The secret parts of a document, as ranges of bytes.
pub fn cuts(text: &str) -> Vec<Range<usize>> {
    let structured = text.contains(['\n', '{', '[']) && text.contains([':', '-']);
    if !structured || text.len() > MOST {
        return Vec::new();
    }
    let base = text.as_ptr() as usize;
    let mut cuts = Vec::new();
    for (_, document) in stream::of_manifests(text) {
        let at = document.as_ptr() as usize - base;
        cuts.extend(of_document(document, Above::default(), 0).into_iter().map(|cut| at + cut.start..at + cut.end));
    }
    cuts
}

fn of_document(text: &str, above: Above, nested: usize) -> Vec<Range<usize>> {
    // The parser does not count a byte order mark.
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        let mark = text.len() - rest.len();
        return of_document(rest, above, nested).into_iter().map(|cut| mark + cut.start..mark + cut.end).collect();
    }
    let Some(root) = read_partly(text) else { return Vec::new() };
    let mut reader = Reader { text, nested, cuts: Vec::new(), anchors: HashMap::new(), secret: HashSet::new() };
    reader.anchors(&root);
    reader.node(above, "", &root);
    let mut shown = HashSet::new();
    // A secret map may contain aliases itself.
    while let Some(number) = reader.secret.iter().copied().find(|number| !shown.contains(number)) {
        shown.insert(number);
        if let Some(node) = reader.anchors.get(&number).copied() {
            reader.whole(node);
        }
    }
    reader.cuts
}

struct Reader<'t, 'n> {
    text: &'t str,
    nested: usize,
    cuts: Vec<Range<usize>>,
    anchors: HashMap<usize, &'n Spanned>,
    /// The anchors to which secrets refer.
    secret: HashSet<usize>,
}

impl<'n> Reader<'_, 'n> {
    fn anchors(&mut self, node: &'n Spanned) {
        if node.anchor > 0 {
            self.anchors.insert(node.anchor, node);
        }
        match &node.kind {
            SpanKind::Map { entries, .. } => entries.iter().for_each(|entry| self.anchors(&entry.value)),
            SpanKind::List { items, .. } => items.iter().for_each(|item| self.anchors(item)),
            _ => {}
        }
    }

    /// The scalar that a node is or refers to, as it is written.
    fn scalar(&self, node: &Spanned) -> Option<&str> {
        match node.kind {
            SpanKind::Scalar(_) => self.text.get(node.range.clone()),
            SpanKind::Alias(number) => {
                let target = self.anchors.get(&number)?;
                matches!(target.kind, SpanKind::Scalar(_)).then(|| self.text.get(target.range.clone()))?
            }
            _ => None,
        }
    }

    /// The same as data.
    fn string(&self, node: &Spanned) -> Option<String> {
        let raw = self.scalar(node)?;
        match raw.contains(['\\', '"', '\'']) {
            true => read::inner(raw).ok()?.as_str().map(str::to_owned),
            false => Some(raw.to_owned()),
        }
    }

    fn node(&mut self, above: Above, key: &str, node: &'n Spanned) {
        let (of_path, last) = at_the_end(key);
        let above = if of_path == Above::default() { above } else { of_path };
        match &node.kind {
            SpanKind::Scalar(style) => {
                let raw = self.text.get(node.range.clone()).unwrap_or_default();
                if *style == Style::Block {
                    let secret = meaning(last) == NameMeaning::Reference;
                    return self.block(above.below(last), secret, node);
                }
                if above.hides(last, raw) {
                    self.cuts.push(node.range.clone());
                }
            }
            SpanKind::Alias(number) => {
                let inner = above.below(last);
                let secret = match self.scalar(node) {
                    Some(raw) => above.hides(last, raw),
                    None => inner.hides_items(),
                };
                if secret {
                    self.secret.insert(*number);
                }
            }
            SpanKind::Map { entries, .. } => {
                let inner = above.below(last);
                let named = entries.iter().any(|entry| {
                    matches!(entry.key.as_str(), "name" | "key" | "variable")
                        && self.string(&entry.value).is_some_and(|name| is_secret(&name))
                });
                let kind = entries.iter().find(|entry| entry.key == "kind");
                let secret = kind.is_some_and(|entry| self.string(&entry.value).as_deref() == Some("Secret"));
                for entry in entries {
                    // The data of a Secret, in a flow map too.
                    if secret && matches!(entry.key.as_str(), "data" | "stringData") {
                        self.whole(&entry.value);
                        continue;
                    }
                    match (named && is_value(&entry.key), entry.key.as_str()) {
                        (true, _) => self.node(inner, "password", &entry.value),
                        // Its entries stand beside the others of this map.
                        (false, "<<") => self.node(above, key, &entry.value),
                        (false, key) => self.node(inner, key, &entry.value),
                    }
                }
            }
            SpanKind::List { items, .. } => self.list(above, last, items),
        }
    }

    fn list(&mut self, above: Above, key: &str, items: &'n [Spanned]) {
        let inner = above.below(key);
        let words: Vec<String> = items.iter().map(|item| self.string(item).unwrap_or_default()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for (number, part) in commands::in_list(&words) {
            match &items[number].kind {
                SpanKind::Alias(anchor) => {
                    self.secret.insert(*anchor);
                }
                // The part of a word that has escapes is not known.
                _ => {
                    let range = items[number].range.clone();
                    let raw = self.text.get(range.clone()).unwrap_or_default();
                    let word = &words[number][part];
                    let at =
                        raw.rfind(word).map_or(range.clone(), |at| range.start + at..range.start + at + word.len());
                    self.cuts.push(at);
                }
            }
        }
        for item in items {
            match &item.kind {
                SpanKind::Scalar(style) if *style != Style::Block => {
                    let raw = self.text.get(item.range.clone()).unwrap_or_default();
                    if inner.hides_item(raw) && !gives_nothing_away(raw) && !is_pointer(raw) {
                        self.cuts.push(item.range.clone());
                    }
                }
                SpanKind::Alias(number) => {
                    let hides = self.scalar(item).map_or(inner.hides_items(), |raw| inner.hides_item(raw));
                    if hides {
                        self.secret.insert(*number);
                    }
                }
                _ => self.node(above, key, item),
            }
        }
    }

    /// A block string: it is secret as a whole, or a document with keys of its own.
    fn block(&mut self, above: Above, secret: bool, node: &Spanned) {
        let raw = self.text.get(node.range.clone()).unwrap_or_default();
        let Some(content) = raw.find('\n').map(|at| node.range.start + at + 1) else { return };
        if secret || above.hides_items() {
            return self.cuts.push(content..node.range.end);
        }
        if self.nested < NESTED {
            let inner = of_document(&self.text[content..node.range.end], above, self.nested + 1);
            self.cuts.extend(inner.into_iter().map(|cut| content + cut.start..content + cut.end));
        }
    }

    /// Hides all scalars of a node.
    fn whole(&mut self, node: &Spanned) {
        match &node.kind {
            SpanKind::Scalar(_) => {
                let raw = self.text.get(node.range.clone()).unwrap_or_default();
                let start = match raw.starts_with(['|', '>']) {
                    true => raw.find('\n').map_or(node.range.end, |at| node.range.start + at + 1),
                    false => node.range.start,
                };
                if !gives_nothing_away(&self.text[start..node.range.end]) {
                    self.cuts.push(start..node.range.end);
                }
            }
            SpanKind::Alias(number) => {
                self.secret.insert(*number);
            }
            SpanKind::Map { entries, .. } => entries.iter().for_each(|entry| self.whole(&entry.value)),
            SpanKind::List { items, .. } => items.iter().for_each(|item| self.whole(item)),
        }
    }
}
