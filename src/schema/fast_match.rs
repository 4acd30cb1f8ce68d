//! Recognizes strings that are certainly valid, without compiling a pattern: those of nearly every values file.
//!
//! Compiling a pattern costs more than the rest of a check. A `true` here skips the pattern, so it must be certain; a
//! `false` decides nothing.

/// Whether a string certainly matches the definition of this name in `schemas/definitions.json`.
pub(super) fn certainly_matches(kind: &str, text: &str) -> bool {
    match kind {
        "Quantity" => quantity(text),
        "Name" | "DNSSubdomainOrEmpty" | "StorageClass" => text.is_empty() || name(text),
        "DNSSubdomain" | "DNSLabel" | "LabelScalarMap" | "LabelMap" => name(text),
        "LabelKey" | "AnnotationKey" => text.split_once('/').map_or(name(text), |(a, b)| dotted(a) && name(b)),
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

fn dotted(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(name)
}
