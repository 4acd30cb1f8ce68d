//! The plain part of YAML, line by line: block maps and lists, one-line scalars, literal blocks, `{}`, and lists of
//! scalars in brackets.
//!
//! Nearly all manifests use nothing else, and this is several times faster than the events of a full parser. For
//! everything else, and for anything that looks wrong, [`value`] returns `None` and the full reader decides; so this
//! module reports no errors, and whatever it accepts has the same meaning there. Templates consist of the same
//! [`LineToken`]s.

use serde_json::{Map, Value};

use super::{MAX_DEPTH, MAX_NODES, scalar, syntax};

/// A part of a line.
#[derive(Debug, Clone, Copy)]
pub struct LineToken<'t> {
    /// Its position in the line, in bytes from 0.
    pub column: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Its kind.
    pub kind: TokenKind<'t>,
}

/// The kind of a [`LineToken`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TokenKind<'t> {
    /// The `-` of a list item.
    Dash,
    /// A key, without its colon.
    Key(&'t str),
    /// The value after a dash or a key, as it is written.
    Text(&'t str),
}

/// The lines of a text, as `split('\n')` gives them, and several times faster for short ones.
#[derive(Debug, Clone)]
struct Lines<'t>(Option<&'t str>);

impl<'t> Iterator for Lines<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let text = self.0?;
        let end = memchr::memchr(b'\n', text.as_bytes());
        self.0 = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    }
}

/// Splits a text into tokens, line by line.
#[derive(Debug, Clone)]
pub struct Tokens<'t> {
    lines: Lines<'t>,
    line: usize,
    /// The rest of the current line.
    pending: std::collections::VecDeque<LineToken<'t>>,
    /// Whether a line is outside of the simple subset.
    pub strange: bool,
}

impl<'t> Tokens<'t> {
    /// Tokenizes a text.
    pub fn new(text: &'t str) -> Self {
        Tokens {
            lines: Lines(Some(text)),
            line: 0,
            pending: std::collections::VecDeque::with_capacity(4),
            strange: false,
        }
    }

    /// The number of the last line that was read, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The next token, without consuming it.
    pub fn peek(&mut self) -> Option<LineToken<'t>> {
        while self.pending.is_empty() {
            if self.strange {
                return None;
            }
            let line = self.lines.next()?;
            self.line += 1;
            self.strange = self.cut(line).is_none();
        }
        self.pending.front().copied()
    }

    /// Consumes the next token.
    pub fn advance(&mut self) {
        self.pending.pop_front();
    }

    /// Tokenizes a line; `None` where it is outside of the simple subset.
    fn cut(&mut self, raw: &'t str) -> Option<()> {
        let line = self.line;
        let mut rest = raw.trim_start_matches(' ');
        if rest.is_empty() {
            return Some(());
        }
        if rest.starts_with('#') {
            // Some characters are not allowed, and some end a line.
            return syntax::is_clean_line(rest).then_some(());
        }
        let mut column = raw.len() - rest.len();
        if column == 0 && (rest.starts_with("---") || rest.starts_with("...")) {
            return None;
        }
        while let Some(after) = rest.strip_prefix('-') {
            if !after.is_empty() && !after.starts_with(' ') {
                break;
            }
            self.pending.push_back(LineToken { column, line, kind: TokenKind::Dash });
            if self.pending.len() > MAX_DEPTH {
                return None;
            }
            let content = after.trim_start_matches(' ');
            column += rest.len() - content.len();
            rest = content;
        }
        if rest.is_empty() {
            return Some(());
        }
        if let Some(length) = key_length(rest) {
            self.pending.push_back(LineToken { column, line, kind: TokenKind::Key(&rest[..length]) });
            let value = rest[length + 1..].trim_start_matches(' ');
            if !value.is_empty() {
                let column = column + rest.len() - value.len();
                self.pending.push_back(LineToken { column, line, kind: TokenKind::Text(value) });
            }
        } else if self.pending.is_empty() && !rest.starts_with("{%") {
            // The rest of a scalar of several lines, or another form outside of the simple subset.
            return None;
        } else {
            self.pending.push_back(LineToken { column, line, kind: TokenKind::Text(rest) });
        }
        Some(())
    }

    /// The content of a literal block whose header `|`, `|-` or `|+` was just consumed, below a key or dash at `outer`.
    fn literal(&mut self, header: &str, outer: usize) -> Option<String> {
        let mut text = String::new();
        let mut width = None;
        loop {
            let rest = self.lines.clone();
            let Some(line) = self.lines.next() else { break };
            let content = line.trim_start_matches(' ');
            let indent = line.len() - content.len();
            if content.is_empty() {
                match width {
                    // Blank lines that are wider than the first line of the content are an error.
                    None if indent > 0 => return None,
                    Some(width) if indent > width => text.push_str(&line[width..]),
                    _ => {}
                }
                // There is no line after the last line break.
                match self.lines.clone().next() {
                    Some(_) => text.push('\n'),
                    None if !line.is_empty() => return None,
                    None => {}
                }
                self.line += 1;
                continue;
            }
            if indent < width.unwrap_or(outer + 1) {
                self.lines = rest;
                break;
            }
            if content.starts_with('\t') || !content.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t')) {
                return None;
            }
            // Readers differ about a last line without a line break.
            self.lines.clone().next()?;
            text.push_str(&line[*width.get_or_insert(indent)..]);
            text.push('\n');
            self.line += 1;
        }
        let end = text.trim_end_matches('\n').len();
        match header {
            "|+" => {}
            "|-" => text.truncate(end),
            _ => text.truncate(if end == 0 { 0 } else { end + 1 }),
        }
        Some(text)
    }
}

/// The length of the plain key at the beginning of a text.
fn key_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.first()?.is_ascii_alphabetic() {
        return None;
    }
    let end = bytes.iter().position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'.' | b'/' | b'-'))?;
    let ends = bytes[end] == b':' && matches!(bytes.get(end + 1), None | Some(b' '));
    (ends && scalar::is_string(&text[..end])).then_some(end)
}

/// A one-line scalar, `{}`, or a list of scalars in brackets; `None` where the full reader is needed.
pub fn one_line(text: &str) -> Option<Value> {
    match text.as_bytes().first()? {
        b'"' | b'\'' => quoted(text).map(Value::from),
        b'{' => (text == "{}").then(|| Value::Object(Map::new())),
        b'[' => {
            let inner = text.strip_prefix('[')?.strip_suffix(']')?.trim_matches(' ');
            if inner.is_empty() {
                return Some(Value::Array(Vec::new()));
            }
            let item = |item: &str| {
                let item = item.trim_matches(' ');
                let simple = !item.contains([':', '[', ']', '{', '}', '#']) || quoted(item).is_some();
                if simple && !item.is_empty() { one_line(item) } else { None }
            };
            inner.split(',').map(item).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        b'-' if matches!(text.as_bytes().get(1), None | Some(b' ')) => None,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'$' | b'(' | b'-' | b'_' | b'~' => {
            let mut previous = 0;
            for &b in text.as_bytes() {
                if !matches!(b, b' '..=b'~') || (previous == b':' && b == b' ') || (previous == b' ' && b == b'#') {
                    return None;
                }
                previous = b;
            }
            if matches!(previous, b':' | b' ') { None } else { scalar::plain(text).ok() }
        }
        _ => None,
    }
}

/// A quoted string without escapes.
fn quoted(text: &str) -> Option<&str> {
    let quote = *text.as_bytes().first()?;
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    let simple = matches!(quote, b'"' | b'\'')
        && text.as_bytes()[text.len() - 1] == quote
        && inner.bytes().all(|b| matches!(b, b' '..=b'~') && b != quote && b != b'\\');
    simple.then_some(inner)
}

/// Reads a document, if it is a simple map or list; nulls are kept.
pub fn value(text: &str) -> Option<Value> {
    let mut reader = Reader { tokens: Tokens::new(text), depth: 0, left: MAX_NODES };
    let first = reader.tokens.peek()?;
    if first.column != 0 || !matches!(first.kind, TokenKind::Dash | TokenKind::Key(_)) {
        return None;
    }
    let value = reader.node(0)?;
    (reader.tokens.peek().is_none() && !reader.tokens.strange).then_some(value)
}

struct Reader<'t> {
    tokens: Tokens<'t>,
    depth: usize,
    /// How many values there may still be.
    left: usize,
}

impl Reader<'_> {
    /// The node that begins here, with its content; `outer` is the column of its key or dash.
    fn node(&mut self, outer: usize) -> Option<Value> {
        let token = self.tokens.peek()?;
        self.left = self.left.checked_sub(1)?;
        if let TokenKind::Text(text) = token.kind {
            self.tokens.advance();
            return match text {
                "|" | "|-" | "|+" => self.tokens.literal(text, outer).map(Value::String),
                // Every item but the last has a comma behind it.
                _ if text.starts_with('[') => {
                    self.left = self.left.checked_sub(text.bytes().filter(|b| *b == b',').count())?;
                    one_line(text)
                }
                _ => one_line(text),
            };
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = match token.kind {
            TokenKind::Dash => self.list(token.column),
            _ => self.map(token.column),
        };
        self.depth -= 1;
        value
    }

    /// The value after a key or a dash; an empty one is null.
    fn inner(&mut self, column: usize, line: usize, list_beside: bool) -> Option<Value> {
        match self.tokens.peek() {
            Some(next) if next.line == line || next.column > column => self.node(column),
            // A list may be in the column of its key.
            Some(next) if list_beside && next.column == column && next.kind == TokenKind::Dash => self.node(column),
            _ if self.tokens.strange => None,
            _ => Some(Value::Null),
        }
    }

    fn map(&mut self, column: usize) -> Option<Value> {
        let mut entries = Map::new();
        while let Some(LineToken { column: at, line, kind: TokenKind::Key(key) }) = self.tokens.peek() {
            if at != column {
                break;
            }
            self.tokens.advance();
            let value = self.inner(column, line, true)?;
            if entries.insert(key.to_owned(), value).is_some() {
                return None;
            }
        }
        self.closed(column, Value::Object(entries))
    }

    fn list(&mut self, column: usize) -> Option<Value> {
        let mut items = Vec::new();
        while let Some(LineToken { column: at, line, kind: TokenKind::Dash }) = self.tokens.peek() {
            if at != column {
                break;
            }
            self.tokens.advance();
            items.push(self.inner(column, line, false)?);
        }
        self.closed(column, Value::Array(items))
    }

    /// The token after a collection is further left, or, after a list, a key in its column.
    fn closed(&mut self, column: usize, value: Value) -> Option<Value> {
        match self.tokens.peek() {
            Some(next) if next.column > column => None,
            Some(next) if next.column == column && value.is_object() => None,
            _ => Some(value),
        }
    }
}
