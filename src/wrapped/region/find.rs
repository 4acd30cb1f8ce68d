//! Finds the values in a file, and the form in which each part is written.

use std::ops::Range;

use serde_json::{Value, json};

use super::{Fixed, Form, Part, Region};
use crate::diag::{Diagnostic, Location, Severity, ValuePath};
use crate::values::set::Syntax;
use crate::wrapped::compose::Composer;
use crate::wrapped::forms::ValuesPart;
use crate::wrapped::objects::{self, Data};
use crate::wrapped::{FileDocument, at_path, node, umbrella};
use crate::yaml::spans::{self, SpanKind, Spanned, Style};
use crate::yaml::{Kind, Node, read, stream};

/// The values that were found in a file.
pub(super) struct FoundParts<'t> {
    pub(super) text: &'t str,
    pub(super) cut: Vec<Part>,
    pub(super) fixed: Vec<Fixed>,
    pub(super) others: Vec<(String, Location)>,
    pub(super) wrong: Vec<Diagnostic>,
}

impl FoundParts<'_> {
    /// The values at a path that the user names.
    pub(super) fn at(&mut self, path: &str, documents: &[FileDocument], composer: &mut Composer<'_>) {
        if let Some(node) = at_path::node(composer, path, documents, 0) {
            self.inline(node, composer);
        }
    }

    /// Inline values: a map, or YAML in a string.
    fn inline(&mut self, node: &Node, composer: &mut Composer<'_>) {
        let values = composer.inline(node);
        let is_text = matches!(&node.kind, Kind::Scalar(Value::String(_)));
        match node.to_value() {
            Value::String(text) if is_text && self.quote_at(node.at) => self.in_quotes(node.at, text, &values),
            _ => self.values(values),
        }
    }

    /// Whether a scalar is in quotes.
    fn quote_at(&self, at: Location) -> bool {
        byte(self.text, at).is_some_and(|at| self.text[at..].starts_with(['"', '\'']))
    }

    fn in_quotes(&mut self, at: Location, text: String, values: &Node) {
        let found = spanned(self.text, at).filter(|range| self.text[range.clone()].starts_with(['"', '\'']));
        match found.filter(|_| umbrella::find(values).is_none()) {
            Some(range) => {
                let values = values.to_value();
                let (at, form) = (Location { len: 1, ..at }, Form::Quoted(text));
                self.push(Part { range, at, form, globals: false, values, folded: None });
            }
            None => self.wrong.push(not_editable(at)),
        }
    }

    fn push(&mut self, part: Part) {
        if self.cut.iter().any(|there| there.range == part.range) {
            return;
        }
        // An alias for what stands elsewhere in the file means nothing in the part alone.
        let text = match &part.form {
            Form::Quoted(text) => text.clone(),
            _ => String::new(),
        };
        let region = Region {
            name: String::new(),
            text: self.text.to_owned(),
            path: None,
            parts: vec![part.clone()],
            fixed: Vec::new(),
            others: Vec::new(),
        };
        let text = if text.is_empty() { region.own(&part) } else { text };
        match read::read_with(&text, 0, Severity::Warning) {
            Ok(read) if read.value.to_value() == part.values || part.globals => self.cut.push(part),
            _ => self.wrong.push(
                Diagnostic::error(
                    "not-editable",
                    "these values cannot be read without the rest of the file, and are not edited in place",
                )
                .at(part.at)
                .hint("write out what an alias (`*name`) takes from elsewhere in the file, then run this again"),
            ),
        }
    }

    pub(super) fn part(&mut self, part: &ValuesPart<'_>, documents: &[FileDocument], composer: &mut Composer<'_>) {
        match part {
            ValuesPart::Inline(node) => self.inline(node, composer),
            ValuesPart::Set { path, value, syntax, at, .. } => self.set(composer, path, value, *syntax, *at),
            ValuesPart::Object { kind, name, key, at, target, .. } => {
                match (objects::data(documents, kind, name, key), target) {
                    (Some(Data::Text(node)), None) => self.inline(node, composer),
                    (Some(Data::Text(node)), Some(path)) => {
                        let value = node::string(node).unwrap_or_default();
                        self.set(composer, path, &value, Syntax::Typed, node.at);
                    }
                    (Some(Data::Decoded(node, text)), None) => self.fixed.push(Fixed { text, at: node.at }),
                    (Some(Data::Decoded(node, text)), Some(path)) => {
                        self.set(composer, path, &text, Syntax::Typed, node.at)
                    }
                    (Some(Data::File(path, _)), _) => self.others.push((path, *at)),
                    (None, None) => self.others.push((format!("{kind} {name}"), *at)),
                    (None, Some(_)) => {}
                }
            }
            ValuesPart::File { path, at, set: None, .. } => self.others.push((path.clone(), *at)),
            ValuesPart::Finding(finding) if finding.severity == Severity::Error => {
                self.wrong.push(Diagnostic::clone(finding))
            }
            ValuesPart::Finding(_) => {}
            ValuesPart::File { .. } | ValuesPart::ChartDefaults { .. } | ValuesPart::Missing { .. } => {}
        }
    }

    fn set(&mut self, composer: &mut Composer<'_>, path: &str, value: &str, syntax: Syntax, at: Location) {
        let mut node = Node::empty_map(at);
        composer.set(&mut node, path, value, syntax, (at, at));
        self.fixed.push(Fixed { text: node.to_value().to_string(), at });
    }

    /// Values, or those of an umbrella chart with the globals above them.
    pub(super) fn values(&mut self, mut node: Node) {
        let mut globals = Vec::new();
        while let Some((below, inherited)) = umbrella::find(&node) {
            match node.find(&ValuePath::root().key("global")) {
                Some(global) if inherited => globals.extend(global.key.map(|at| (at, global.to_value()))),
                _ if !inherited => globals.clear(),
                _ => {}
            }
            let Some(section) = node.find(&below).cloned() else { return };
            node = section;
        }
        if !matches!(&node.kind, Kind::Map(entries) if entries.is_empty()) {
            self.cut(node.at, node.to_value(), false);
        }
        for (at, values) in globals.into_iter().rev() {
            self.cut(at, json!({ "global": values }), true);
        }
    }

    fn cut(&mut self, at: Location, values: Value, globals: bool) {
        let at = first(self.text, at).unwrap_or(at);
        match self.form(at, globals) {
            Some((range, form)) => {
                let folded = folded(self.text, range.start).filter(|_| matches!(form, Form::Lines { .. }));
                self.push(Part { range, at, form, globals, values, folded });
            }
            None => self.wrong.push(not_editable(at)),
        }
    }

    /// The bytes of the values at a place, or of a single key, and how they are written.
    fn form(&self, at: Location, key: bool) -> Option<(Range<usize>, Form)> {
        let start = byte(self.text, at)?;
        // In a block of text no value begins there: its lines are edited as all others.
        if let Some(range) = spanned(self.text, at).filter(|_| !key && self.text[start..].starts_with('{')) {
            return Some((range, Form::Flow));
        }
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let before = &self.text[line..start];
        let indent = before.chars().count();
        let is_item = before.trim_start_matches('\u{feff}').split(' ').all(|word| matches!(word, "" | "-"));
        if is_item {
            let end = line + lines(&self.text[line..], indent, key);
            return Some((line..end, Form::Lines { indent }));
        }
        key.then(|| Some((spanned(self.text, at)?, Form::FlowEntry)))?
    }
}

fn not_editable(at: Location) -> Diagnostic {
    Diagnostic::error("not-editable", "the form of these values cannot be edited in place")
        .at(at)
        .hint("write them as a block: one key on each line, without braces and quotes around all of them")
}

/// The `>` of a folded block whose lines begin at a byte.
fn folded(text: &str, start: usize) -> Option<usize> {
    let above = text[..start].trim_end();
    let line = above.rfind('\n').map_or(0, |at| at + 1);
    let header = above[line..].find(" #").map_or(above, |at| &above[..line + at]).trim_end();
    let header = header.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    header.ends_with([':', '>']).then_some(())?;
    let at = header.strip_suffix('>')?.len();
    header[..at].ends_with(' ').then_some(at)
}

/// The byte at a place.
fn byte(text: &str, at: Location) -> Option<usize> {
    let line = text.split_inclusive('\n').nth(at.line.checked_sub(1)?)?;
    let column = line.char_indices().map(|(at, _)| at).chain([line.len()]).nth(at.column.checked_sub(1)?)?;
    Some(line.as_ptr() as usize - text.as_ptr() as usize + column)
}

/// The place of what follows a place: an anchor stands before its value, which may be on another line.
fn first(text: &str, at: Location) -> Option<Location> {
    let mut start = byte(text, at)?;
    loop {
        let rest = &text[start..];
        start += rest.len() - rest.trim_start().len();
        start += match text[start..].chars().next()? {
            '#' => text[start..].find('\n')?,
            '&' | '!' => text[start..].find(char::is_whitespace)?,
            _ => break,
        };
    }
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let (number, column) = (text[..start].matches('\n').count() + 1, text[line..start].chars().count() + 1);
    Some(Location { line: number, column, ..at })
}

/// The bytes of the scalar or of the value in braces that begins at a place, or of the entry whose key does.
fn spanned(text: &str, at: Location) -> Option<Range<usize>> {
    fn find(node: &Spanned, at: usize) -> Option<Range<usize>> {
        // A block begins where the first value in it does.
        if node.range.start == at && (node.is_flow() || matches!(node.kind, SpanKind::Scalar(Style::Quoted))) {
            return Some(node.range.clone());
        }
        match &node.kind {
            SpanKind::Map { entries, .. } => entries.iter().find_map(|entry| {
                let all = entry.key_range.start..entry.value.range.end.max(entry.key_range.end);
                if all.start == at { Some(all) } else { find(&entry.value, at) }
            }),
            SpanKind::List { items, .. } => items.iter().find_map(|item| find(item, at)),
            _ => None,
        }
    }
    let at = byte(text, at)?;
    let parts = stream::of_manifests(text).into_iter().map(|(_, part)| part);
    let mut parts = parts.map(|part| (part.as_ptr() as usize - text.as_ptr() as usize, part));
    parts.find_map(|(start, part)| {
        let bom = part.len() - part.trim_start_matches('\u{feff}').len();
        let start = start + bom;
        let found = find(&spans::read(&part[bom..])?, at.checked_sub(start)?)?;
        Some(found.start + start..found.end + start)
    })
}

/// The end of the lines with at least an indentation, or of those of a single key, without trailing blank lines and
/// comments.
fn lines(text: &str, indent: usize, key: bool) -> usize {
    let (mut end, mut at) = (0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let rest = line.trim_start_matches(' ');
        let column = line.len() - rest.len();
        let ends = column == 0 && number > 0 && (line.starts_with("---") || stream::is_end(line));
        let inside = number == 0 || column > indent || column == indent && (!key || rest.starts_with(['-', '}', ']']));
        let blank = rest.trim().is_empty();
        let loose = blank || rest.starts_with('#');
        if ends || !inside && !loose {
            break;
        }
        at += line.len();
        if inside && !blank {
            end = at;
        }
    }
    end
}
