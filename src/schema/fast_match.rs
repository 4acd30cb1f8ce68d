//! Recognizes values that are certainly valid, without compiling a schema or a pattern: those of nearly every values file.
//!
//! Compiling one costs more than the rest of a check. A `true` here skips it, so it must be certain; a `false` decides nothing.

use serde_json::Value;

/// Whether a value certainly satisfies one keyword of its schema.
pub(super) fn certainly_fits(keyword: &str, part: &Value, value: &Value) -> bool {
    let length = || value.as_str().map(|text| text.chars().count() as f64);
    let compared = |with: Option<f64>, holds: fn(f64, f64) -> bool| {
        with.zip(part.as_f64()).is_some_and(|(value, bound)| holds(value, bound))
    };
    match keyword {
        "enum" => part.as_array().is_some_and(|words| words.contains(value)),
        "const" => part == value,
        "minimum" => compared(value.as_f64(), |value, bound| value >= bound),
        "maximum" => compared(value.as_f64(), |value, bound| value <= bound),
        "minLength" => compared(length(), |length, bound| length >= bound),
        "maxLength" => compared(length(), |length, bound| length <= bound),
        _ => false,
    }
}

/// Whether a string certainly matches the definition of this name in `schemas/definitions.json`.
pub(super) fn certainly_matches(kind: &str, text: &str) -> bool {
    match kind {
        "Quantity" => quantity(text),
        "Name" | "DNSSubdomainOrEmpty" | "StorageClass" => text.is_empty() || name(text),
        "DNSSubdomain" | "DNSLabel" | "LabelScalarMap" | "LabelMap" => name(text),
        "LabelKey" | "AnnotationKey" => text.split_once('/').map_or(word(text), |(a, b)| dotted(a) && word(b)),
        "UrlPath" => text.is_empty() || (text.starts_with('/') && !text.contains('\n')),
        "EnvVarName" => !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
        "Port" | "Seconds" | "Count" => (1..=5).contains(&text.len()) && digits(text),
        "ResourceName" => matches!(text, "cpu" | "memory" | "ephemeral-storage"),
        _ => false,
    }
}

/// Digits, an optional fraction, and a suffix.
fn quantity(text: &str) -> bool {
    let number = ["Ki", "Mi", "Gi", "Ti", "k", "M", "G", "T", "m"]
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix))
        .unwrap_or(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    digits(whole) && digits(fraction)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Lower-case letters, digits and `-`, a letter or digit at both ends, short enough for anything.
fn name(text: &str) -> bool {
    let end = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = text.as_bytes();
    text.len() <= 63
        && end(bytes.first())
        && end(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// Letters, digits, `-`, `_` and `.`, a letter or digit at both ends, as the name in a key.
fn word(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes[0].is_ascii_alphanumeric()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn dotted(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(name)
}
