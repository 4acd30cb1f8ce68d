//! What a scalar of YAML is: typing as Helm has it (YAML 1.1 as Go reads it), and as YAML 1.2 has it.

use serde_json::{Number, Value};

/// A number that JSON, and so Helm, cannot hold: infinity or not-a-number.
#[derive(Debug, PartialEq)]
pub struct NotFinite;

/// The value of a plain scalar, typed as Helm does.
pub fn plain(text: &str) -> Result<Value, NotFinite> {
    let Some(&first) = text.as_bytes().first() else { return Ok(Value::Null) };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            if is_not_finite(text) {
                return Err(NotFinite);
            }
            Ok(number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number))
        }
        _ => Ok(match text {
            "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => Value::Bool(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => Value::Bool(false),
            _ => Value::String(text.to_owned()),
        }),
    }
}

fn is_not_finite(text: &str) -> bool {
    matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
}

/// A number as Go reads it: prefixes `0x`, `0o`, `0b`, a leading zero for octal, underscores anywhere.
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
    // `from_str_radix` takes a second sign.
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
    /// Up to here each whole number has a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() <= EXACT {
        // In range by the line above.
        #[expect(clippy::cast_possible_truncation)]
        return Some(Number::from(float as i64));
    }
    Number::from_f64(float)
}

/// The value of a plain scalar as a reader of YAML 1.2 has it (core schema).
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

/// A map's key as text; `None` for null, which cannot be one.
pub fn key(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// The bytes of a `!!binary` scalar.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held, mut digits, mut padding) = (0u32, 0u8, 0usize, 0usize);
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        digits += 1;
        bits = (bits << 6) | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    ((digits + padding).is_multiple_of(4) && padding <= 2 && bits == 0).then_some(bytes)
}
