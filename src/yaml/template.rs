//! Reads a rendered template: YAML that we wrote, with marks where values were laid aside.
//!
//! A mark is a private-use character, a decimal number and another one ([`MARK_START`],
//! [`MARK_END`]). It stands for a whole node, so no value ever becomes YAML text and none can
//! change the shape of a manifest. Null means absent: entries and items that are null are dropped.

use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

use super::simple;

/// Begins a mark.
pub const MARK_START: char = '\u{e000}';
/// Ends a mark.
pub const MARK_END: char = '\u{e001}';

/// Why a rendered template could not be read; never contains a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Counted from 1, in the rendered text.
    pub line: usize,
    /// Lower case, no final period.
    pub reason: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for ReadError {}

/// A collection that is being read.
enum Frame {
    Map { entries: Map<String, Value>, key: Option<String>, nulls: bool },
    List(Vec<Value>),
}

/// Reads one document; an empty one is null.
///
/// `holes` gives the value that was laid aside under a number, once; `None` means there is no such
/// number. Plain scalars get the types that `kubectl` sees in them.
///
/// # Errors
/// Text that is not YAML, a second document, anchors, aliases, tags, keys that are not strings,
/// duplicate keys, a mark that is not a whole node.
pub fn parse(text: &str, holes: &mut dyn FnMut(usize) -> Option<Value>) -> Result<Value, ReadError> {
    match simple::parse(text) {
        Some(mut document) => {
            let mut marks = document.marks.into_iter();
            fill(&mut document.value, &mut marks, holes)?;
            Ok(document.value)
        }
        None => parse_by_events(text, holes),
    }
}

/// Puts the values in, where a simple document has nulls.
fn fill(
    value: &mut Value,
    marks: &mut impl Iterator<Item = (usize, usize)>,
    holes: &mut dyn FnMut(usize) -> Option<Value>,
) -> Result<(), ReadError> {
    let mut put = |inner: &mut Value| -> Result<bool, ReadError> {
        if !inner.is_null() {
            fill(inner, marks, holes)?;
            return Ok(false);
        }
        let Some((number, line)) = marks.next() else { return Ok(true) };
        *inner = laid_aside(number, line, holes)?;
        Ok(inner.is_null())
    };
    match value {
        Value::Object(map) => {
            let mut nulls = false;
            for inner in map.values_mut() {
                nulls |= put(inner)?;
            }
            if nulls {
                map.retain(|_, inner| !inner.is_null());
            }
        }
        Value::Array(items) => {
            let mut nulls = false;
            for inner in items.iter_mut() {
                nulls |= put(inner)?;
            }
            if nulls {
                items.retain(|inner| !inner.is_null());
            }
        }
        _ => {}
    }
    Ok(())
}

fn laid_aside(number: usize, line: usize, holes: &mut dyn FnMut(usize) -> Option<Value>) -> Result<Value, ReadError> {
    let mut value = holes(number).ok_or_else(|| ReadError { line, reason: "a mark stands for no value".to_owned() })?;
    drop_nulls(&mut value);
    Ok(value)
}

/// Reads one document of somebody else's, without places, as long as it is plain: no anchors, no aliases, no tags, no
/// duplicate keys. `None` is for all else, right or wrong: a reader that can say where and why decides.
pub fn quick(text: &str) -> Option<Value> {
    match simple::parse(text) {
        Some(document) if document.marks.is_empty() => Some(document.value),
        _ => parse_by_events(text, &mut |_| None).ok().filter(Value::is_object),
    }
}

/// [`parse`] by the events of a full YAML parser, for documents of any kind.
///
/// # Errors
/// As [`parse`].
pub fn parse_by_events(text: &str, holes: &mut dyn FnMut(usize) -> Option<Value>) -> Result<Value, ReadError> {
    let mut stack: Vec<Frame> = Vec::with_capacity(16);
    let mut root: Option<Value> = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| ReadError {
            line: e.marker().line(),
            reason: format!("not valid YAML: {}", scan_reason(e.info())),
        })?;
        let fail = |reason: String| ReadError { line: span.start.line(), reason };
        let node = match event {
            Event::MappingStart(anchor, tag) => {
                refuse_properties(anchor, tag.is_some()).map_err(fail)?;
                want_value(&stack).map_err(fail)?;
                stack.push(Frame::Map { entries: Map::new(), key: None, nulls: false });
                continue;
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_properties(anchor, tag.is_some()).map_err(fail)?;
                want_value(&stack).map_err(fail)?;
                stack.push(Frame::List(Vec::new()));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match stack.pop() {
                Some(Frame::Map { mut entries, nulls, .. }) => {
                    if nulls {
                        entries.retain(|_, value| !value.is_null());
                    }
                    Value::Object(entries)
                }
                Some(Frame::List(items)) => Value::Array(items),
                None => continue,
            },
            Event::Scalar(text, style, anchor, tag) => {
                refuse_properties(anchor, tag.is_some()).map_err(fail)?;
                if let Some(Frame::Map { entries, key: key @ None, .. }) = stack.last_mut() {
                    let name = key_text(&text, style).map_err(fail)?;
                    if entries.contains_key(name) {
                        return Err(fail(format!("key `{name}` is given twice")));
                    }
                    *key = Some(text.into_owned());
                    continue;
                }
                match hole(&text, style).map_err(fail)? {
                    Some(number) => laid_aside(number, span.start.line(), holes)?,
                    None if style == ScalarStyle::Plain => plain(&text),
                    None => Value::String(text.into_owned()),
                }
            }
            Event::Alias(_) => return Err(fail("an alias; templates do without".to_owned())),
            Event::DocumentStart(_) if root.is_some() => return Err(fail("a second document".to_owned())),
            _ => continue,
        };
        match stack.last_mut() {
            Some(Frame::Map { entries, key, nulls }) => {
                *nulls |= node.is_null();
                if let Some(key) = key.take() {
                    entries.insert(key, node);
                }
            }
            Some(Frame::List(items)) => {
                if !node.is_null() {
                    items.push(node);
                }
            }
            None => root = Some(node),
        }
    }
    Ok(root.unwrap_or(Value::Null))
}

/// Removes null entries and items at any depth, in place.
pub fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let mut nulls = false;
            for inner in map.values_mut() {
                drop_nulls(inner);
                nulls |= inner.is_null();
            }
            if nulls {
                map.retain(|_, inner| !inner.is_null());
            }
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

fn refuse_properties(anchor: usize, tagged: bool) -> Result<(), String> {
    if anchor != 0 {
        return Err("an anchor; templates do without".to_owned());
    }
    if tagged {
        return Err("a tag; templates do without".to_owned());
    }
    Ok(())
}

fn want_value(stack: &[Frame]) -> Result<(), String> {
    match stack.last() {
        Some(Frame::Map { key: None, .. }) => Err("a key that is a map or a list".to_owned()),
        _ => Ok(()),
    }
}

/// The parser's reason up to the part that may quote the text.
fn scan_reason(info: &str) -> &str {
    info.split(['"', '\'', '`']).next().unwrap_or_default().trim_end_matches([' ', ',', ':'])
}

fn key_text(text: &str, style: ScalarStyle) -> Result<&str, String> {
    if text.contains([MARK_START, MARK_END]) {
        return Err("a value is used as a key or as a part of one".to_owned());
    }
    if style == ScalarStyle::Plain {
        if text == "<<" {
            return Err("a merge key; templates do without".to_owned());
        }
        if !matches!(plain(text), Value::String(_)) {
            return Err(format!("key `{text}` is not a string for every reader: quote it"));
        }
    }
    Ok(text)
}

/// The number of the value that stands here.
fn hole(text: &str, style: ScalarStyle) -> Result<Option<usize>, String> {
    if !text.contains([MARK_START, MARK_END]) {
        return Ok(None);
    }
    let part = || "a value is used as a part of a scalar: it must be the whole node".to_owned();
    if style != ScalarStyle::Plain {
        return Err(part());
    }
    let number = text.strip_prefix(MARK_START).and_then(|rest| rest.strip_suffix(MARK_END)).ok_or_else(part)?;
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(part());
    }
    number.parse().map(Some).map_err(|_| part())
}

/// A plain scalar's value, by YAML 1.1 as `kubectl` reads it.
pub(super) fn plain(text: &str) -> Value {
    let Some(&first) = text.as_bytes().first() else { return Value::Null };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text).unwrap_or_else(|| Value::String(text.to_owned())),
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O' if text.len() <= 5 => word(text),
        _ => Value::String(text.to_owned()),
    }
}

fn word(text: &str) -> Value {
    match text {
        "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => Value::String(text.to_owned()),
    }
}

fn number(text: &str) -> Option<Value> {
    let clean;
    let text = if text.contains('_') {
        clean = text.replace('_', "");
        clean.as_str()
    } else {
        text
    };
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, body) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', rest @ ..] if !rest.is_empty() && rest.iter().all(|b| matches!(b, b'0'..=b'7')) => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !body.is_empty() && body.bytes().all(|b| char::from(b).is_digit(radix)) {
        if let Ok(n) = u64::from_str_radix(body, radix) {
            return match negative {
                false => Some(Value::Number(n.into())),
                true => Some(Value::Number(0_i64.checked_sub_unsigned(n)?.into())),
            };
        }
        if radix != 10 {
            return None;
        }
    }
    if radix != 10 && radix != 8 {
        return None;
    }
    let float = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
        && digits.bytes().any(|b| b.is_ascii_digit());
    if !float {
        return None;
    }
    text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number)
}
