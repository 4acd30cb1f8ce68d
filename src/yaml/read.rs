//! Reads YAML as Helm and `kubectl` do, each value with its place.
//!
//! The syntax comes from `saphyr-parser` as events; this module has the meaning of scalars, the handling of documents,
//! anchors and merge keys, and the limits.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::Value;

use crate::diag::{Diagnostic, Location, Place, Report, Severity, Step, ValuePath, Warned, code};
use crate::tree;

use super::node::{Entries, Kind, Node, merge_maps};
use super::{MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, MAX_NODES, json, limits, lines, scalar, stream, syntax};

/// Reads a text; an empty one is an empty map. `source` is the number of the source for places.
///
/// Several documents in a text are merged like several files.
pub fn read(text: &str, source: usize) -> Result<Warned<Node>, Report> {
    read_with(text, source, Severity::Error)
}

/// The same; `duplicates` is the severity of a repeated key, and the last one counts, as in Helm.
///
/// # Errors
/// As [`read`].
pub fn read_with(text: &str, source: usize, duplicates: Severity) -> Result<Warned<Node>, Report> {
    let read = read_on(text, source, duplicates)?;
    if read.warnings.iter().any(|d| d.severity == Severity::Error) { Err(Report(read.warnings)) } else { Ok(read) }
}

/// The same, but what is wrong only because a key occurs twice is read all the same: the errors are among the findings,
/// so that a run can report what else is wrong.
///
/// # Errors
/// Everything that is wrong, where something is wrong but such keys.
pub fn read_on(text: &str, source: usize, duplicates: Severity) -> Result<Warned<Node>, Report> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = Location { source, line: 1, column: 1, len: 1 };
    if text.len() > MAX_BYTES {
        return Err(limits::too_long(start, text.len()).into());
    }
    let mut reader = Reader { source, tabs: syntax::tab_indents(text), ..Reader::default() };
    reader.takes_duplicates = duplicates != Severity::Error;
    if let Some(finding) = syntax::forbidden_character(text, source) {
        return Err(finding.into());
    }
    let mut root = Node::empty_map(start);
    match stream::of_values(text, source) {
        Err(finding) => reader.report(finding),
        Ok(documents) => {
            for (first_line, document) in documents {
                reader.line = first_line;
                match reader.document(document) {
                    Ok(Some(node)) => root.overlay(node),
                    Ok(None) => {}
                    Err(finding) => {
                        reader.report(*finding);
                        break;
                    }
                }
            }
        }
    }
    let Reader { errors, warnings, .. } = reader;
    let goes_on = errors.iter().all(|d| d.code == code::DUPLICATE_KEY);
    let all = [errors, warnings].concat();
    if goes_on { Ok(Warned { value: root, warnings: all }) } else { Err(Report(all)) }
}

/// Reads one document of a text with this number of lines before it; `None` for an empty one.
///
/// # Errors
/// A text that is not YAML, or not a map.
pub fn document(text: &str, source: usize, lines: usize) -> Result<Option<Node>, Report> {
    document_with(text, source, lines, Severity::Error).map(|read| read.value)
}

/// The same with its warnings; `duplicates` is the severity of a repeated key.
///
/// # Errors
/// As [`document`].
pub fn document_with(
    text: &str,
    source: usize,
    lines: usize,
    duplicates: Severity,
) -> Result<Warned<Option<Node>>, Report> {
    one(text, lines, Reader { source, takes_duplicates: duplicates != Severity::Error, ..Reader::default() })
}

/// Reads one document of any type for its data only, without nulls, which mean absent in a manifest; `None` for an
/// empty document.
///
/// # Errors
/// A text that is not YAML, with the same places as by [`document`].
pub fn data(text: &str, source: usize, lines: usize) -> Result<Option<Value>, Report> {
    let simple = if json::is_like(text) { json::value(text, source, lines)? } else { lines::value(text) };
    let mut value = match simple {
        Some(value) => value,
        None => match one(text, lines, Reader { source, any_root: true, ..Reader::default() })?.value {
            Some(node) => node.into_value(),
            None => return Ok(None),
        },
    };
    tree::drop_nulls(&mut value);
    Ok(Some(value))
}

/// Reads a value that is a string of YAML, as [`data`] does; an empty one is null.
///
/// # Errors
/// The first error, after its line in the string.
pub fn inner(text: &str) -> Result<Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("a string of {} bytes is too long", text.len()));
    }
    data(text, 0, 0).map(Option::unwrap_or_default).map_err(|Report(findings)| {
        let line = |d: &Diagnostic| {
            d.places.iter().find_map(|place| match place {
                Place::At(at) => Some(at.line),
                _ => None,
            })
        };
        findings.first().map_or_else(String::new, |d| match line(d) {
            Some(line) => format!("line {line}: {}", d.message),
            None => d.message.clone(),
        })
    })
}

fn one(text: &str, lines: usize, mut reader: Reader) -> Result<Warned<Option<Node>>, Report> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    reader.line = lines;
    reader.tabs = syntax::tab_indents(text).into_iter().map(|(line, width)| (line + lines, width)).collect();
    if let Some(mut finding) = syntax::forbidden_character(text, reader.source) {
        for place in &mut finding.places {
            if let Place::At(at) = place {
                at.line += lines;
            }
        }
        return Err(finding.into());
    }
    match reader.document(text) {
        Err(finding) => Err(Report(vec![*finding])),
        Ok(_) if !reader.errors.is_empty() => Err(Report(reader.errors)),
        Ok(value) => Ok(Warned { value, warnings: reader.warnings }),
    }
}

/// Reads one of our own texts for its data only.
pub fn read_plain(text: &str) -> Result<Value, Report> {
    read(text, 0).map(|read| read.value.into_value())
}

/// A finding that ends the reading of a document.
type Fatal = Box<Diagnostic>;

/// What an anchor costs beside the copy of its value: tables of names, here and in the parser.
const ANCHOR: usize = 4;

#[derive(Default)]
struct Reader {
    source: usize,
    /// Whether a repeated key is a warning.
    takes_duplicates: bool,
    /// The number of lines before the current document.
    line: usize,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Lines that are indented by tabs, counted from 1, and the width of their indentation.
    tabs: HashMap<usize, usize>,
    /// The size of what was built, see [`Node::weight`].
    weight: usize,
    anchors: HashMap<usize, (Node, usize)>,
    stack: Vec<Frame>,
    /// Whether a document may be of another type than a map.
    any_root: bool,
}

/// A collection that is being read.
struct Frame {
    at: Location,
    anchor: usize,
    /// Whether it is a flow collection, or within one.
    flow: bool,
    /// The value of [`Reader::weight`] when it began.
    weight: usize,
    body: Body,
}

enum Body {
    List(Vec<Node>),
    Map { entries: Entries, merged: Entries, merge: Option<Box<Location>>, key: Option<Key> },
}

enum Key {
    Named(String, Location),
    /// `<<`.
    Merge(Location),
}

impl Reader {
    fn report(&mut self, finding: Diagnostic) {
        let findings = if finding.severity == Severity::Error { &mut self.errors } else { &mut self.warnings };
        if findings.len() < MAX_FINDINGS {
            findings.push(finding);
        }
    }

    fn point(&self, marker: &Marker) -> Location {
        Location { source: self.source, line: marker.line() + self.line, column: marker.col() + 1, len: 1 }
    }

    fn location(&self, span: &Span) -> Location {
        let len =
            if span.start.line() == span.end.line() { span.end.col().saturating_sub(span.start.col()) } else { 1 };
        Location { len: len.max(1), ..self.point(&span.start) }
    }

    /// Reads the only document of a text; `None` where it is empty.
    fn document(&mut self, text: &str) -> Result<Option<Node>, Fatal> {
        self.anchors.clear();
        self.stack.clear();
        if let Some((line, finding)) = stream::mark(text) {
            let width = text.lines().nth(line - 1).map_or(1, |text| text.trim_end().chars().count());
            let at = Location { source: self.source, line: line + self.line, column: 1, len: width };
            return Err(Box::new(finding.at(at)));
        }
        // The parser keeps all that is between brackets until they are closed: it may turn out to be a key.
        if let Some(at) = text.find(['[', '{']).filter(|at| syntax::marks(&text[*at..]) > MAX_NODES) {
            let line = text[..at].matches('\n').count();
            return Err(Box::new(limits::too_large(Location {
                source: self.source,
                line: line + 1 + self.line,
                column: 1,
                len: 1,
            })));
        }
        let mut parser = Parser::new_from_str(text);
        // Only a text that is indented by tabs needs to be checked character by character.
        let chars: Vec<char> = if self.tabs.is_empty() { Vec::new() } else { text.chars().collect() };
        let mut root = None;
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| self.syntax(&error, text))?;
            let at = self.location(&span);
            match event {
                Event::DocumentEnd => break,
                Event::StreamEnd => return Ok(None),
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
                event => {
                    let last = span.end.index().checked_sub(1).and_then(|i| chars.get(i));
                    if let Some(node) = self.event(event, at, matches!(last, Some('[' | '{')))? {
                        root = Some(node);
                    }
                }
            }
        }
        self.rest(&mut parser, text)?;
        match root {
            None => Ok(None),
            Some(node) if node.is_null() => Ok(None),
            Some(node) if matches!(node.kind, Kind::Map(_)) => Ok(Some(node)),
            Some(node) if self.any_root => Ok(Some(node)),
            Some(node) => {
                let what = if matches!(node.kind, Kind::List(_)) { "a list" } else { "a single value" };
                Err(Box::new(
                    Diagnostic::error("not-a-map", format!("a values file is a map of keys; this one is {what}"))
                        .at(node.at)
                        .hint("write `key: value`, with a space after the colon"),
                ))
            }
        }
    }

    /// Checks the rest after a document: nothing, or something after `...` that Helm does not read. It has to be YAML
    /// nevertheless: other readers of the file go on to its end.
    fn rest(&mut self, parser: &mut Parser<'_, StrInput<'_>>, text: &str) -> Result<(), Fatal> {
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| self.syntax(&error, text))?;
            if matches!(event, Event::DocumentStart(_)) {
                let finding = Diagnostic::warning("unread", "what follows `...` is not read")
                    .at(self.point(&span.start))
                    .hint("begin a further document with `---`");
                self.report(finding);
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, mut at: Location, bracket: bool) -> Result<Option<Node>, Fatal> {
        let is_empty = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty());
        if is_empty && let Some(key) = self.key_place() {
            // The parser places it at the beginning of the next line.
            at = key;
        } else if self.tabs.get(&at.line).is_some_and(|width| *width + 1 == at.column) && !self.in_flow() {
            return Err(Box::new(syntax::tab(at)));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.grow(1, at)?;
                if self.wants_key() {
                    return self.key(&text, style, anchor, tag.as_deref(), at).map(|()| None);
                }
                let value = self.scalar(&text, style, tag.as_deref(), at, false);
                let node = Node { key: None, at, kind: Kind::Scalar(value) };
                if anchor > 0 {
                    self.grow(ANCHOR, at)?;
                    self.anchors.insert(anchor, (node.clone(), node.weight()));
                }
                self.put(node)
            }
            Event::Alias(id) => {
                let Some((node, weight)) = self.anchors.get(&id) else {
                    return Err(Box::new(
                        Diagnostic::error("alias", self.about("the alias is inside the value that it repeats"))
                            .at(at)
                            .hint("an alias can only repeat a complete value before it"),
                    ));
                };
                let (mut node, weight) = (node.clone(), *weight);
                self.grow(weight, at)?;
                node.at = at;
                if self.wants_key() {
                    let Kind::Scalar(value) = node.kind else { return Err(self.complex_key(at)) };
                    self.named(value, at);
                    return Ok(None);
                }
                self.put(node)
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, at, bracket, Body::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(
                anchor,
                at,
                bracket,
                Body::Map { entries: Entries::default(), merged: Entries::default(), merge: None, key: None },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => Ok(None),
        }
    }

    fn grow(&mut self, by: usize, at: Location) -> Result<(), Fatal> {
        self.weight += by;
        if self.weight <= MAX_NODES {
            return Ok(());
        }
        Err(Box::new(limits::too_large(at)))
    }

    fn open(&mut self, anchor: usize, at: Location, bracket: bool, body: Body) -> Result<Option<Node>, Fatal> {
        self.grow(1, at)?;
        if self.wants_key() {
            return Err(self.complex_key(at));
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(Box::new(limits::too_deep(at)));
        }
        let flow = self.in_flow() || bracket;
        self.stack.push(Frame { at, anchor, flow, weight: self.weight, body });
        Ok(None)
    }

    fn close(&mut self) -> Result<Option<Node>, Fatal> {
        let Some(frame) = self.stack.pop() else { return Ok(None) };
        let kind = match frame.body {
            Body::List(items) => Kind::List(items),
            Body::Map { mut entries, mut merged, .. } => {
                for (key, node) in merged.take() {
                    if entries.get(&key).is_none() {
                        entries.insert(key, node);
                    }
                }
                Kind::Map(entries)
            }
        };
        let node = Node { key: None, at: frame.at, kind };
        if frame.anchor > 0 {
            let weight = self.weight - frame.weight + 1;
            self.grow(weight + ANCHOR, frame.at)?;
            self.anchors.insert(frame.anchor, (node.clone(), weight));
        }
        self.put(node)
    }

    fn in_flow(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.flow)
    }

    /// The place of the key of the current value.
    fn key_place(&self) -> Option<Location> {
        match &self.stack.last()?.body {
            Body::Map { key: Some(Key::Named(_, place) | Key::Merge(place)), .. } => Some(*place),
            _ => None,
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { body: Body::Map { key: None, .. }, .. }))
    }

    /// Adds a finished node to its parent; returns it where it is the root.
    fn put(&mut self, mut node: Node) -> Result<Option<Node>, Fatal> {
        let Some(frame) = self.stack.last_mut() else { return Ok(Some(node)) };
        match &mut frame.body {
            Body::List(items) => items.push(node),
            Body::Map { entries, merged, merge, key } => match key.take() {
                Some(Key::Named(name, place)) => {
                    if let Some(first) = entries.get(&name).and_then(|first| first.key) {
                        let path = self.path().key(&name);
                        let message = format!("`{path}` occurs twice");
                        let finding = match self.takes_duplicates {
                            true => Diagnostic::warning("duplicate-key", message)
                                .hint("the last one is used, as in Helm; keep one of the two"),
                            false => Diagnostic::error("duplicate-key", message)
                                .hint("keep one of the two; Helm silently uses the last one"),
                        };
                        self.report(finding.at(place).at(first));
                    }
                    node.key = Some(place);
                    if let Some(Frame { body: Body::Map { entries, .. }, .. }) = self.stack.last_mut() {
                        entries.insert(name, node);
                    }
                }
                Some(Key::Merge(place)) => {
                    let first = merge.replace(Box::new(place));
                    let shadowed = merge_maps(node, entries, merged).map_err(|at| {
                        Box::new(
                            Diagnostic::error("merge-key", "`<<` needs a map or a list of maps")
                                .at(at)
                                .hint("write an alias of a map: `<<: *name`"),
                        )
                    })?;
                    if let Some(first) = first {
                        let path = self.path().key("<<");
                        self.report(
                            Diagnostic::warning("duplicate-key", format!("`{path}` occurs twice"))
                                .at(place)
                                .at(*first)
                                .hint("give one `<<` a list, where the first map wins: `<<: [*a, *b]`"),
                        );
                    }
                    for name in shadowed {
                        let path = self.path().key(&name);
                        self.report(
                            Diagnostic::warning(
                                "merge-key-order",
                                format!("`{path}` keeps its own value, although `<<` comes after it"),
                            )
                            .at(place)
                            .hint("put `<<` first: Helm lets a later `<<` win over the keys before it"),
                        );
                    }
                }
                None => {}
            },
        }
        Ok(None)
    }

    fn key(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: Location,
    ) -> Result<(), Fatal> {
        if text == "<<" && syntax::is_merge(style, tag) {
            self.set_key(Key::Merge(at));
            return Ok(());
        }
        let value = self.scalar(text, style, tag, at, true);
        if anchor > 0 {
            self.weight += ANCHOR;
            let node = Node { key: None, at, kind: Kind::Scalar(value.clone()) };
            self.anchors.insert(anchor, (node, 1 + text.len() / 64));
        }
        self.named(value, at);
        Ok(())
    }

    /// Handles a scalar as the key of the next entry.
    fn named(&mut self, value: Value, at: Location) {
        let name = scalar::key(value).unwrap_or_else(|| {
            let message = self.about("null cannot be a key");
            self.report(Diagnostic::error("null-key", message).at(at).hint("put the key in quotes"));
            "null".to_owned()
        });
        self.set_key(Key::Named(name, at));
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Frame { body: Body::Map { key, .. }, .. }) = self.stack.last_mut() {
            *key = Some(new);
        }
    }

    fn complex_key(&self, at: Location) -> Fatal {
        Box::new(
            Diagnostic::error("complex-key", self.about("a map or a list cannot be a key"))
                .at(at)
                .hint("put `{{ name }}` in quotes where GitLab's chart is to evaluate it; where another tool fills it in, render this file first"),
        )
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Location, is_key: bool) -> Value {
        let string = || Value::String(text.to_owned());
        let tag = match tag {
            None if style != ScalarStyle::Plain => return string(),
            None => "",
            Some(tag) => match syntax::core_tag(tag) {
                Some(name @ ("null" | "bool" | "int" | "float" | "binary")) => name,
                _ => return string(),
            },
        };
        if tag == "binary" {
            return match scalar::base64(text).map(String::from_utf8) {
                Some(Ok(text)) => Value::String(text),
                _ => {
                    let message = self.about("`!!binary` must be a string in base64");
                    self.report(
                        Diagnostic::error("tag", message).at(at).hint("write the string itself, without a tag"),
                    );
                    Value::Null
                }
            };
        }
        let Ok(value) = scalar::plain(text) else {
            let message = self.about(&format!("`{text}` is a number that a manifest cannot represent"));
            self.report(Diagnostic::error("not-finite", message).at(at).hint("put it in quotes if it is a string"));
            return Value::Null;
        };
        let fits = match tag {
            "null" => value.is_null(),
            "bool" => value.is_boolean(),
            "int" => value.is_i64() || value.is_u64(),
            "float" => value.is_number(),
            _ => true,
        };
        if !fits {
            let message = self.about(&format!("the value does not match its tag `!!{tag}`"));
            self.report(Diagnostic::error("tag", message).at(at).hint("remove the tag"));
        }
        if tag.is_empty() && !value.is_string() && scalar::plain_12(text) != value {
            self.differs(text, &value, at, is_key);
        }
        value
    }

    /// Warns of a scalar that a YAML 1.2 reader would read differently.
    fn differs(&mut self, text: &str, value: &Value, at: Location, is_key: bool) {
        let what = match value {
            _ if is_key => format!("the key `{text}` is read as `{value}`"),
            Value::Bool(_) => format!("`{text}` is read as the boolean `{value}`"),
            _ => format!("`{text}` is read as the number `{value}`"),
        };
        let hint = match value {
            Value::Bool(_) if !is_key => format!("write `{value}`, or `\"{text}\"` if it is a string"),
            Value::Number(_) if !is_key => format!("write `{value}`, or `\"{text}\"` if it is a string"),
            _ => format!("write `\"{text}\"`"),
        };
        let message = self.about(&format!("{what}, as in YAML 1.1"));
        self.report(Diagnostic::warning("yaml-1.1", message).at(at).hint(hint));
    }

    /// A sentence about the current value, its path first.
    fn about(&self, what: &str) -> String {
        let path = self.path();
        if path.0.is_empty() { what.to_owned() } else { format!("`{path}`: {what}") }
    }

    /// The path of the current value.
    fn path(&self) -> ValuePath {
        let step = |frame: &Frame| match &frame.body {
            Body::List(items) => Some(Step::Index(items.len())),
            Body::Map { key: Some(Key::Named(name, _)), .. } => Some(Step::Key(name.as_str().into())),
            Body::Map { .. } => None,
        };
        ValuePath(self.stack.iter().filter_map(step).collect())
    }

    fn syntax(&self, error: &ScanError, text: &str) -> Fatal {
        let at = self.point(error.marker());
        if error.info() == "recursion limit exceeded" {
            return Box::new(limits::too_deep(at));
        }
        let line = text.lines().nth(error.marker().line().saturating_sub(1)).unwrap_or_default();
        Box::new(syntax::explain(error.info(), line, at))
    }
}
