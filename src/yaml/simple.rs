//! A quick reader for the plain part of YAML that templates are written in.
//!
//! Block maps and lists, one-line scalars, `{}` and `[]`. For all else, and for anything that looks
//! wrong, it gives up, and the events of a full parser decide; so it never has to report an error.

use serde_json::{Map, Value};

use super::template::{MARK_END, MARK_START, plain};

/// A document whose nulls are marks, in order: their numbers and lines.
pub(super) struct Simple {
    pub value: Value,
    pub marks: Vec<(usize, usize)>,
}

/// What a line consists of.
#[derive(Clone, Copy)]
struct Token<'t> {
    column: usize,
    line: usize,
    kind: Kind<'t>,
}

#[derive(Clone, Copy)]
enum Kind<'t> {
    Dash,
    Key(&'t str),
    Plain(&'t str),
    Quoted(&'t str),
    Mark(usize),
    EmptyMap,
    EmptyList,
}

/// Reads a document, if it is a simple one.
pub(super) fn parse(text: &str) -> Option<Simple> {
    let tokens = tokens(text)?;
    let first = tokens.first()?;
    let mut reader = Reader { tokens: &tokens, next: 0, marks: Vec::new() };
    if first.column != 0 || !matches!(first.kind, Kind::Dash | Kind::Key(_)) {
        return None;
    }
    let value = reader.node()?;
    (reader.next == tokens.len()).then_some(Simple { value, marks: reader.marks })
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut out = Vec::with_capacity(text.len() / 16);
    for (i, raw) in text.split('\n').enumerate() {
        let line = i + 1;
        let mut rest = raw.trim_start_matches(' ');
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        let mut column = raw.len() - rest.len();
        if column == 0 && (rest.starts_with("---") || rest.starts_with("...")) {
            return None;
        }
        while let Some(after) = rest.strip_prefix('-') {
            if !after.is_empty() && !after.starts_with(' ') {
                break;
            }
            out.push(Token { column, line, kind: Kind::Dash });
            let content = after.trim_start_matches(' ');
            column += rest.len() - content.len();
            rest = content;
        }
        if rest.is_empty() {
            continue;
        }
        let first_on_line = out.last().is_none_or(|token: &Token<'_>| token.line != line);
        if let Some(length) = key_length(rest) {
            out.push(Token { column, line, kind: Kind::Key(&rest[..length]) });
            let value = rest[length + 1..].trim_start_matches(' ');
            if !value.is_empty() {
                out.push(Token { column: column + rest.len() - value.len(), line, kind: scalar(value)? });
            }
        } else if first_on_line {
            // The rest of a scalar of several lines, or nothing that is simple.
            return None;
        } else {
            out.push(Token { column, line, kind: scalar(rest)? });
        }
    }
    Some(out)
}

/// How long the plain key is that a text begins with.
fn key_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.first()?.is_ascii_alphabetic() {
        return None;
    }
    let end = bytes.iter().position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'.' | b'/' | b'-'))?;
    let ends = bytes[end] == b':' && matches!(bytes.get(end + 1), None | Some(b' '));
    (ends && matches!(plain(&text[..end]), Value::String(_))).then_some(end)
}

fn scalar(text: &str) -> Option<Kind<'_>> {
    match text.as_bytes()[0] {
        b'"' | b'\'' => {
            let quote = text.as_bytes()[0];
            let inner = text.get(1..text.len() - 1)?;
            let good = text.len() >= 2
                && text.as_bytes()[text.len() - 1] == quote
                && inner.bytes().all(|b| matches!(b, b' '..=b'~') && b != quote && b != b'\\');
            good.then_some(Kind::Quoted(inner))
        }
        b'{' => (text == "{}").then_some(Kind::EmptyMap),
        b'[' => (text == "[]").then_some(Kind::EmptyList),
        b'-' if matches!(text.as_bytes().get(1), None | Some(b' ')) => None,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'$' | b'(' | b'-' | b'_' => {
            let bytes = text.as_bytes();
            let mut previous = 0;
            for &b in bytes {
                if !matches!(b, b' '..=b'~') || (previous == b':' && b == b' ') || (previous == b' ' && b == b'#') {
                    return None;
                }
                previous = b;
            }
            (!matches!(previous, b':' | b' ')).then_some(Kind::Plain(text))
        }
        _ => {
            let number = text.strip_prefix(MARK_START)?.strip_suffix(MARK_END)?;
            let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            if digits { number.parse().ok().map(Kind::Mark) } else { None }
        }
    }
}

struct Reader<'a, 't> {
    tokens: &'a [Token<'t>],
    next: usize,
    marks: Vec<(usize, usize)>,
}

impl<'t> Reader<'_, 't> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.next).copied()
    }

    /// The node that begins here, and all that is in it.
    fn node(&mut self) -> Option<Value> {
        let token = self.peek()?;
        match token.kind {
            Kind::Dash => return self.list(token.column),
            Kind::Key(_) => return self.map(token.column),
            _ => self.next += 1,
        }
        Some(match token.kind {
            Kind::Plain(text) => match plain(text) {
                Value::Null => return None,
                value => value,
            },
            Kind::Quoted(text) => Value::String(text.to_owned()),
            Kind::EmptyMap => Value::Object(Map::new()),
            Kind::EmptyList => Value::Array(Vec::new()),
            Kind::Mark(number) => {
                self.marks.push((number, token.line));
                Value::Null
            }
            Kind::Dash | Kind::Key(_) => return None,
        })
    }

    fn map(&mut self, column: usize) -> Option<Value> {
        let mut entries = Map::new();
        while let Some(Token { column: at, line, kind: Kind::Key(key) }) = self.peek() {
            if at != column {
                break;
            }
            self.next += 1;
            let inner = self.peek()?;
            let list = matches!(inner.kind, Kind::Dash);
            // On the same line, or below and deeper; a list may stand in the key's own column.
            if inner.line != line && (inner.column < column || (inner.column == column && !list)) {
                return None;
            }
            let value = self.node()?;
            if entries.insert(key.to_owned(), value).is_some() {
                return None;
            }
        }
        self.closed(column, Value::Object(entries))
    }

    fn list(&mut self, column: usize) -> Option<Value> {
        let mut items = Vec::new();
        while let Some(Token { column: at, line, kind: Kind::Dash }) = self.peek() {
            if at != column {
                break;
            }
            self.next += 1;
            let inner = self.peek()?;
            if inner.line != line && inner.column <= column {
                return None;
            }
            items.push(self.node()?);
        }
        self.closed(column, Value::Array(items))
    }

    /// What follows a collection stands further left, or, after a list, is a key in its column.
    fn closed(&self, column: usize, value: Value) -> Option<Value> {
        match self.peek() {
            Some(next) if next.column > column => None,
            Some(next) if next.column == column && value.is_object() => None,
            _ => Some(value),
        }
    }
}
