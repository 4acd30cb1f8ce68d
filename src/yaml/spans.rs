//! The ranges of the parts of a values file, for editing the text and keeping the rest.
//!
//! [`super::read`] gives the meaning of a file and its errors; this module is for texts that it has accepted.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{MAX_DEPTH, scalar, stream};

/// A value in the text of a document.
#[derive(Debug, Clone)]
pub struct Spanned {
    /// Its range in bytes; a block collection begins at its first entry. Anchors and tags precede it.
    pub range: Range<usize>,
    /// The number of its anchor, from 1; 0 where it has none.
    pub anchor: usize,
    /// Its kind.
    pub kind: SpanKind,
}

/// The kind of a [`Spanned`].
#[derive(Debug, Clone)]
pub enum SpanKind {
    /// A scalar; its range is empty where it is implicit.
    Scalar(Style),
    /// `*name`, with the number of the anchor.
    Alias(usize),
    /// A list.
    List {
        /// Whether it is a flow list.
        flow: bool,
        /// Its items.
        items: Vec<Spanned>,
    },
    /// A map.
    Map {
        /// Whether it is a flow map.
        flow: bool,
        /// Its entries, including `<<`.
        entries: Vec<SpanEntry>,
    },
}

/// The style of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In quotes.
    Quoted,
    /// After `|` or `>`.
    Block,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct SpanEntry {
    /// The key as data.
    pub key: String,
    /// The range of the key, including its quotes.
    pub key_range: Range<usize>,
    /// The value.
    pub value: Spanned,
}

impl Spanned {
    /// Whether it has an anchor.
    pub fn anchored(&self) -> bool {
        self.anchor > 0
    }

    /// The entries of a map.
    pub fn entries(&self) -> Option<&[SpanEntry]> {
        match &self.kind {
            SpanKind::Map { entries, .. } => Some(entries),
            _ => None,
        }
    }

    /// Whether it is a flow collection.
    pub fn is_flow(&self) -> bool {
        matches!(self.kind, SpanKind::Map { flow: true, .. } | SpanKind::List { flow: true, .. })
    }

    /// The entry of a key; `None` for one that comes from `<<` or an alias.
    pub fn entry(&self, key: &str) -> Option<&SpanEntry> {
        self.entries()?.iter().find(|entry| entry.key == key)
    }
}

/// The documents of a text, as ranges of bytes; empty where the text is not accepted.
pub fn documents(text: &str) -> Vec<Range<usize>> {
    let base = text.as_ptr() as usize;
    let range = |part: &str| {
        let start = part.as_ptr() as usize - base;
        start..start + part.len()
    };
    stream::of_values(text, 0).map(|all| all.into_iter().map(|(_, part)| range(part)).collect()).unwrap_or_default()
}

/// The parts of a document; `None` where it is empty, or not accepted.
pub fn read(text: &str) -> Option<Spanned> {
    Reader::new(text).read(&mut Vec::new())
}

/// The same for a document that may be broken: the parts before the error, and before what is nested too deeply.
pub fn read_partly(text: &str) -> Option<Spanned> {
    let mut open = Vec::new();
    if let Some(all) = Reader::new(text).read(&mut open) {
        return Some(all);
    }
    // The parser looks ahead, so an error may hide the value of the last key.
    let last = |end: usize| {
        let rest = &text[end..];
        let start = end + rest.find(':').map_or(0, |at| at + 1);
        let end = start + text[start..].find('\n').unwrap_or(text.len() - start);
        let blank = text[start..end].len() - text[start..end].trim_start().len();
        Spanned { range: start + blank..end, anchor: 0, kind: SpanKind::Scalar(Style::Plain) }
    };
    let mut node = None;
    while let Some(mut frame) = open.pop() {
        if let Body::Map(_, Some((_, key))) = &frame.body {
            let value = node.take().unwrap_or_else(|| last(key.end));
            frame.add(value);
        } else if let Some(item) = node.take() {
            frame.add(item);
        }
        node = Some(frame.close(text.len()));
    }
    node
}

struct Reader<'a> {
    text: &'a str,
    /// The byte at which each character begins.
    bytes: Vec<usize>,
}

/// A collection that is being read.
struct Frame {
    start: usize,
    anchor: usize,
    flow: bool,
    body: Body,
}

impl Frame {
    fn close(self, end: usize) -> Spanned {
        let kind = match self.body {
            Body::List(items) => SpanKind::List { flow: self.flow, items },
            Body::Map(entries, _) => SpanKind::Map { flow: self.flow, entries },
        };
        Spanned { range: self.start..end, anchor: self.anchor, kind }
    }

    /// Adds an item or the value of the last key; `None` where there is no key for it.
    fn add(&mut self, node: Spanned) -> Option<()> {
        match &mut self.body {
            Body::List(items) => items.push(node),
            Body::Map(entries, key) => {
                let (key, key_range) = key.take()?;
                entries.push(SpanEntry { key, key_range, value: node });
            }
        }
        Some(())
    }
}

enum Body {
    List(Vec<Spanned>),
    Map(Vec<SpanEntry>, Option<(String, Range<usize>)>),
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Reader { text, bytes: text.char_indices().map(|(at, _)| at).chain([text.len()]).collect() }
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let byte = |index: usize| self.bytes.get(index).copied().unwrap_or(self.text.len());
        byte(span.start.index())..byte(span.end.index())
    }

    /// Reads a document. Where it is not accepted, `stack` has the collections that were open.
    fn read(&self, stack: &mut Vec<Frame>) -> Option<Spanned> {
        for next in Parser::new_from_str(self.text) {
            let (event, span) = next.ok()?;
            let range = self.range(&span);
            let node = match event {
                Event::Scalar(text, style, anchor, _) => {
                    let style = match style {
                        ScalarStyle::Plain => Style::Plain,
                        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                    };
                    if let Some(Frame { body: Body::Map(_, key @ None), .. }) = stack.last_mut() {
                        let name = match style {
                            Style::Plain => scalar::key(scalar::plain(&text).ok()?)?,
                            _ => text.into_owned(),
                        };
                        *key = Some((name, range));
                        continue;
                    }
                    let range = match (style, stack.last()) {
                        // The parser places a missing value at the beginning of the next line.
                        (Style::Plain, Some(Frame { body: Body::Map(_, Some((_, key))), .. })) if text.is_empty() => {
                            self.after_colon(key.end)
                        }
                        (Style::Block, _) => self.block(&range),
                        (Style::Quoted, _) => range.start..self.closing_quote(&range),
                        _ => range.start..range.start + self.text[range].trim_end().len(),
                    };
                    Spanned { range, anchor, kind: SpanKind::Scalar(style) }
                }
                Event::Alias(number) => {
                    if let Some(Frame { body: Body::Map(_, key @ None), .. }) = stack.last_mut() {
                        *key = Some((String::new(), range));
                        continue;
                    }
                    Spanned { range, anchor: 0, kind: SpanKind::Alias(number) }
                }
                Event::SequenceStart(anchor, _) => {
                    stack.push(self.open(range, anchor, '[', Body::List(Vec::new())));
                    if stack.len() > MAX_DEPTH {
                        return None;
                    }
                    continue;
                }
                Event::MappingStart(anchor, _) => {
                    stack.push(self.open(range, anchor, '{', Body::Map(Vec::new(), None)));
                    if stack.len() > MAX_DEPTH {
                        return None;
                    }
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let frame = stack.pop()?;
                    let last = match &frame.body {
                        Body::List(items) => items.last().map(|item| item.range.end),
                        Body::Map(entries, _) => entries.last().map(|entry| entry.value.range.end),
                    };
                    // The parser's range of some flow collections includes the following spaces and comments.
                    let end = if frame.flow { range.start + 1 } else { last.unwrap_or(frame.start) };
                    frame.close(end)
                }
                Event::DocumentEnd | Event::StreamEnd => break,
                _ => continue,
            };
            match stack.last_mut() {
                None => return Some(node),
                Some(frame) => frame.add(node)?,
            }
        }
        None
    }

    fn open(&self, range: Range<usize>, anchor: usize, bracket: char, body: Body) -> Frame {
        let flow = self.text.get(range.clone()).is_some_and(|text| text.starts_with(bracket));
        Frame { start: range.start, anchor, flow, body }
    }

    /// The position for the value of a key that has none.
    fn after_colon(&self, key_end: usize) -> Range<usize> {
        let rest = self.text.get(key_end..).unwrap_or_default();
        let end = key_end + rest.find(':').map_or(0, |at| at + 1);
        end..end
    }

    /// The position after the closing quote of a scalar: the parser's range includes a following comment.
    fn closing_quote(&self, range: &Range<usize>) -> usize {
        let mut bytes = self.text[range.clone()].bytes().enumerate();
        let Some((_, quote)) = bytes.next() else { return range.end };
        let mut bytes = bytes.peekable();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\\' if quote == b'"' => {
                    bytes.next();
                }
                b'\'' if quote == b'\'' && bytes.peek().is_some_and(|(_, next)| *next == b'\'') => {
                    bytes.next();
                }
                byte if byte == quote => return range.start + at + 1,
                _ => {}
            }
        }
        range.end
    }

    /// A block scalar with its `|` or `>`, from the beginning of its content; blank lines at its end count only after
    /// `+`.
    fn block(&self, content: &Range<usize>) -> Range<usize> {
        let before = self.text[..content.start].trim_end();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let header = before[line..].find(" #").map_or(before, |at| &before[..line + at]);
        let start = header.rfind(['|', '>']).filter(|at| *at >= line).unwrap_or(content.start);
        let mut end = self.text[..content.end].trim_end().len().max(header.len());
        if self.text[start..header.len().max(start)].contains('+') {
            let rest = &self.text[end..];
            let blank = rest.len() - rest.trim_start().len();
            end += rest[..blank].rfind('\n').unwrap_or(0);
        }
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::{SpanKind, Spanned, read};

    fn list(text: &str, node: &Spanned, depth: usize, out: &mut String) {
        let shown = format!("{:?}", &text[node.range.clone()]);
        match &node.kind {
            SpanKind::Map { flow, entries } => {
                out.push_str(&format!("{:depth$}map flow={flow} {shown}\n", ""));
                for entry in entries {
                    out.push_str(&format!("{:depth$} {} at {:?}\n", "", entry.key, &text[entry.key_range.clone()]));
                    list(text, &entry.value, depth + 2, out);
                }
            }
            SpanKind::List { flow, items } => {
                out.push_str(&format!("{:depth$}list flow={flow} {shown}\n", ""));
                items.iter().for_each(|item| list(text, item, depth + 2, out));
            }
            other => out.push_str(&format!("{:depth$}{other:?} {shown}\n", "")),
        }
    }

    #[test]
    fn parts_stand_where_they_are_written() {
        let text = "# head\na:\n  b: é # c\n  'q': |\n    text\n    # no comment\n\n  # comment\n  k: |+ # all\n    keep\n\n  e:\n  \
                    f: {x: 1, v: [2, 3]}\n  g: {} # none\n  h: 'x'  # one\nl:\n- a: 1\n  b: 2\n- &an\n  c: >-\n    fold\n    fold2\n# end\nz: \"multi\n  \
                    line\"\np: plain\n  more\nm: *an\n";
        let mut out = String::new();
        list(text, &read(text).expect("the text is read"), 0, &mut out);
        for part in [
            "Scalar(Plain) \"é\"",
            "q at \"'q'\"\n    Scalar(Block) \"|\\n    text\\n    # no comment\"",
            "Scalar(Block) \"|+ # all\\n    keep\\n\"",
            "e at \"e\"\n    Scalar(Plain) \"\"",
            "map flow=true \"{x: 1, v: [2, 3]}\"",
            "map flow=true \"{}\"",
            "Scalar(Quoted) \"'x'\"",
            "list flow=true \"[2, 3]\"",
            "map flow=false \"a: 1\\n  b: 2\"",
            "Scalar(Block) \">-\\n    fold\\n    fold2\"",
            "Scalar(Quoted) \"\\\"multi\\n  line\\\"\"",
            "Scalar(Plain) \"plain\\n  more\"",
            "Alias(1) \"*an\"",
        ] {
            assert!(out.contains(part), "{part} is not in\n{out}");
        }
    }
}
