//! The YAML writer: block style that every reader of YAML 1.1 or 1.2 reads as the same data.
//!
//! Readers disagree about plain scalars (`on`, `012`, `1e3`, `1:30`), so a string is written plain only where it cannot
//! be anything else, see [`is_plain`]. The layout follows `kubectl`: two spaces per level, list items in the column of
//! their key, no folded lines.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// Longer keys are written with `?`: readers search at most 1024 characters for the colon.
const LONGEST_SIMPLE_KEY: usize = 120;

/// Appends one document, without a `---`; it ends with a newline.
pub fn write_document(out: &mut String, body: &Value) {
    match body {
        Value::Object(map) if !map.is_empty() => map_entries(out, map, 0, false),
        Value::Array(items) if !items.is_empty() => list_items(out, items, 0, false),
        _ => {
            scalar(out, body);
            out.push('\n');
        }
    }
}

/// Appends one document of a stream: `---`, a comment with its source (`webservice/templates/deployment.yaml`), and the
/// document.
pub fn write_stream(out: &mut String, source: &str, body: &Value) {
    out.push_str("---\n# Source: ");
    // A line break would end the comment.
    out.extend(source.chars().map(|c| if is_text(c) { c } else { '?' }));
    out.push('\n');
    write_document(out, body);
}

/// Appends the value of a key or a list item to a text of YAML: after its `key:` on the same line, or on the lines
/// below where it is a map or a list that is not empty. `indent` is the column of the key, or of the dash; `item` marks
/// a dash. It ends with a newline.
pub fn write_value(out: &mut String, value: &Value, indent: usize, item: bool) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push(if item { ' ' } else { '\n' });
            map_entries(out, map, indent + 2, item);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push(if item { ' ' } else { '\n' });
            list_items(out, items, if item { indent + 2 } else { indent }, item);
        }
        _ => {
            out.push(' ');
            leaf(out, value, indent);
        }
    }
}

/// Writes the entries of a map; `inline` where the cursor is already at the first key, after `- `.
fn map_entries(out: &mut String, map: &serde_json::Map<String, Value>, indent: usize, inline: bool) {
    for (i, (key, value)) in map.iter().enumerate() {
        if i > 0 || !inline {
            pad(out, indent);
        }
        if key.len() > LONGEST_SIMPLE_KEY {
            out.push_str("? ");
            quoted(out, key);
            out.push('\n');
            pad(out, indent);
        } else if is_plain(key) {
            out.push_str(key);
        } else {
            quoted(out, key);
        }
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                map_entries(out, inner, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                list_items(out, items, indent, false);
            }
            _ => {
                out.push(' ');
                leaf(out, value, indent);
            }
        }
    }
}

/// Writes the items of a list; `inline` where the cursor is already at the first dash.
fn list_items(out: &mut String, items: &[Value], indent: usize, inline: bool) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 || !inline {
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => map_entries(out, inner, indent + 2, true),
            Value::Array(inner) if !inner.is_empty() => list_items(out, inner, indent + 2, true),
            _ => leaf(out, item, indent),
        }
    }
}

/// Writes a scalar or an empty collection below a key or a dash at `indent`, and its newline.
fn leaf(out: &mut String, value: &Value, indent: usize) {
    match value {
        // Most strings are plain, and contain no line break.
        Value::String(text) if is_plain(text) => {
            out.push_str(text);
            out.push('\n');
        }
        Value::String(text) if text.contains('\n') && is_literal(text) => literal(out, text, indent + 2),
        _ => {
            scalar(out, value);
            out.push('\n');
        }
    }
}

fn scalar(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => number(out, n),
        Value::String(text) if is_plain(text) => out.push_str(text),
        Value::String(text) => quoted(out, text),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

fn number(out: &mut String, n: &Number) {
    if !n.is_f64() {
        let _ = write!(out, "{n}");
        return;
    }
    // YAML 1.1 requires a point and a sign in the exponent: `1.0e+100`.
    let text = n.to_string();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        out.push_str(&text);
        return;
    };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push('e');
    if !exponent.starts_with(['-', '+']) {
        out.push('+');
    }
    out.push_str(exponent);
}

/// Whether every reader reads the unquoted text as this very string, in a block.
///
/// In doubt it does not. Only printable ASCII is plain; so is nothing that starts like a number unless a letter follows
/// that no number has (`100m`, `10Gi`), and none of the words for true, false and null.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    let start = match first {
        b'a'..=b'z' | b'A'..=b'Z' => !is_word(bytes),
        b'/' | b'$' | b'(' => true,
        // `-c` and `--flag`, but no list item, document marker or negative number.
        b'-' => {
            matches!(bytes.get(1), Some(b'a'..=b'z' | b'A'..=b'Z'))
                || (bytes.starts_with(b"--") && matches!(bytes.get(2), Some(b'a'..=b'z' | b'A'..=b'Z')))
        }
        b'0'..=b'9' => !bytes.iter().all(|b| {
            matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b'x' | b'X' | b'o' | b'O' | b't' | b'T' | b'z' | b'Z')
                || matches!(b, b'_' | b'.' | b':' | b'+' | b'-' | b' ' | b',')
        }),
        _ => false,
    };
    if !start || last == b' ' || last == b':' {
        return false;
    }
    match bytes.iter().fold(0, |all, b| all | IN_PLAIN[usize::from(*b)]) {
        0 => true,
        SIGN => !bytes.windows(2).any(|two| matches!(two, b" #" | b": ")),
        _ => false,
    }
}

/// Whether a byte can be in a plain scalar: 0 for most, [`SIGN`] where it depends on its neighbours, [`NEVER`].
static IN_PLAIN: [u8; 256] = {
    let mut table = [NEVER; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        table[byte as usize] = if matches!(byte, b':' | b'#') { SIGN } else { 0 };
        byte += 1;
    }
    table
};
const SIGN: u8 = 1;
const NEVER: u8 = 2;

/// The words that some reader reads as a boolean, null or a number, in any case.
fn is_word(bytes: &[u8]) -> bool {
    const WORDS: [&[u8]; 13] =
        [b"y", b"n", b"yes", b"no", b"on", b"off", b"true", b"false", b"null", b"nil", b"none", b"nan", b"inf"];
    bytes.len() <= 5
        && matches!(bytes[0] | 0x20, b'y' | b'n' | b'o' | b't' | b'f' | b'i')
        && WORDS.iter().any(|word| word.eq_ignore_ascii_case(bytes))
}

/// Whether a character may be literal in a quoted or literal scalar: all readers agree about it.
pub fn is_text(c: char) -> bool {
    match c {
        ' '..='~' => true,
        // Control characters, line separators, byte order mark, joiners and marks that change the reading direction,
        // surrogate neighbours.
        '\0'..='\u{9f}' | '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => false,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => false,
        '\u{a0}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff0}'..='\u{ffff}' => false,
        _ => (c as u32) & 0xfffe != 0xfffe,
    }
}

/// Whether a string of several lines can be read back from a literal block, and is fully visible in it.
fn is_literal(text: &str) -> bool {
    // Nearly all are printable ASCII. Without an early exit, the compiler compares many bytes at once.
    if text.bytes().fold(true, |all, b| all & matches!(b, b'\n' | b' '..=b'~')) {
        return !text.contains(" \n") && !text.ends_with(' ') && text.bytes().any(|b| b != b'\n');
    }
    let mut any = false;
    for line in text.split('\n') {
        if line.is_empty() {
            continue;
        }
        any = true;
        let bytes = line.as_bytes();
        if matches!(bytes[bytes.len() - 1], b' ' | b'\t') {
            return false;
        }
        let mut blank = true;
        for &b in bytes {
            match b {
                b' ' => {}
                // Only inside a line: at its start it looks like indentation.
                b'\t' if !blank => {}
                b'!'..=b'~' => blank = false,
                0x80.. => blank = false,
                _ => return false,
            }
        }
        if !line.is_ascii() && !line.chars().all(|c| c == '\t' || is_text(c)) {
            return false;
        }
    }
    any
}

/// A literal block with lines at `indent`.
fn literal(out: &mut String, text: &str, indent: usize) {
    let body = text.trim_end_matches('\n');
    out.push('|');
    if body.trim_start_matches('\n').starts_with(' ') {
        out.push('2');
    }
    match text.len() - body.len() {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    out.push('\n');
    // All newlines but the last end a line of their own.
    let lines = text.strip_suffix('\n').unwrap_or(text);
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', lines.as_bytes()).chain([lines.len()]) {
        let line = &lines[start..end];
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
        out.push('\n');
        start = end + 1;
    }
}

/// A quoted string: in single quotes where that saves escapes, otherwise in double quotes.
fn quoted(out: &mut String, text: &str) {
    let printable = text.chars().all(is_text);
    if printable && !text.contains('\'') && text.contains(['"', '\\']) {
        out.push('\'');
        out.push_str(text);
        out.push('\'');
        return;
    }
    out.push('"');
    if printable && !text.contains(['"', '\\']) {
        out.push_str(text);
    } else {
        for c in text.chars() {
            escaped(out, c);
        }
    }
    out.push('"');
}

fn escaped(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        c if is_text(c) => out.push(c),
        c => {
            let code = c as u32;
            let _ = match code {
                0..=0xff => write!(out, "\\x{code:02X}"),
                0x100..=0xffff => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            };
        }
    }
}

fn pad(out: &mut String, width: usize) {
    const SPACES: &str = "                                                                ";
    let mut left = width;
    while left > 0 {
        let now = left.min(SPACES.len());
        out.push_str(&SPACES[..now]);
        left -= now;
    }
}
