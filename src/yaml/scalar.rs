//! The only table of the meaning of plain scalars: that of Helm and `kubectl`, which read YAML 1.1 by Go's rules and
//! convert it to JSON. Also the meaning of the same text in YAML 1.2, for warnings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

/// A number that JSON, and so Helm, cannot represent: infinity or not-a-number.
#[derive(Debug, PartialEq)]
pub struct NotFinite;

/// The value of a plain scalar, with the type that Helm gives it.
pub fn plain(text: &str) -> Result<Value, NotFinite> {
    let Some(&first) = text.as_bytes().first() else { return Ok(Value::Null) };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            if is_not_finite(text) {
                return Err(NotFinite);
            }
            Ok(number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number))
        }
        _ => Ok(word(text).unwrap_or_else(|| Value::String(text.to_owned()))),
    }
}

/// The words that are not strings.
fn word(text: &str) -> Option<Value> {
    match text {
        "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => {
            Some(Value::Bool(false))
        }
        _ => None,
    }
}

/// Whether a plain scalar that begins with a letter is a string.
pub fn is_string(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && word(text).is_none()
}

fn is_not_finite(text: &str) -> bool {
    matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
}

/// A number in Go's syntax: prefixes `0x`, `0o`, `0b`, a leading zero for octal, underscores anywhere.
fn number(text: &str) -> Option<Number> {
    if text.starts_with('.') {
        return decimal(text);
    }
    let joined;
    let text = if text.contains('_') {
        joined = text.replace('_', "");
        joined.as_str()
    } else {
        text
    };
    integer(text).or_else(|| decimal(text))
}

fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    signed(negative, digits, radix)
}

fn signed(negative: bool, digits: &str, radix: u32) -> Option<Number> {
    // `from_str_radix` accepts a second sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative { 0i64.checked_sub_unsigned(magnitude).map(Number::from) } else { Some(Number::from(magnitude)) }
}

fn decimal(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let starts = unsigned.strip_prefix('.').unwrap_or(unsigned).starts_with(|c: char| c.is_ascii_digit());
    if !starts || !unsigned.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    text.parse().ok().and_then(whole)
}

/// A float as Helm prints it: without a fraction where it has none.
pub fn whole(float: f64) -> Option<Number> {
    /// Up to here a float represents every integer exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() <= EXACT {
        // In range because of the line above.
        #[expect(clippy::cast_possible_truncation)]
        return Some(Number::from(float as i64));
    }
    Number::from_f64(float)
}

/// The value of a plain scalar in YAML 1.2 (core schema).
pub fn plain_12(text: &str) -> Value {
    let string = || Value::String(text.to_owned());
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => {
            let number = match text.as_bytes() {
                [b'0', b'x', ..] => signed(false, &text[2..], 16),
                [b'0', b'o', ..] => signed(false, &text[2..], 8),
                [b'-', ..] => signed(true, &text[1..], 10),
                [b'+', ..] => signed(false, &text[1..], 10),
                _ => signed(false, text, 10),
            };
            number.or_else(|| decimal(text)).map_or_else(string, Value::Number)
        }
    }
}

/// A map's key as a string; `None` for null, which cannot be a key.
pub fn key(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// The bytes of a `!!binary` scalar.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(digits).ok()
}

/// Numbers in the form of `kubectl` and Helm: without a fraction where it is zero.
pub fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(short) = number.as_f64().and_then(whole) {
                *number = short;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(map) => map.values_mut().for_each(whole_numbers),
        _ => {}
    }
}
