//! Strings that are visibly placeholders.
//!
//! Examples contain many of them, and a file that still has some should render for a first look: a placeholder that
//! only ends up in a configuration file is a warning. One that Kubernetes does not accept is refused when the objects
//! are verified.

const WORDS: &[&str] = &["change", "changeme", "example", "fixme", "placeholder", "replace", "todo", "xxx", "your"];

/// Whether a string, known to be invalid at its position, is a placeholder: `<port>`, `${PORT}`, `example-port`,
/// `DISK_NAME`.
pub(super) fn is_one(text: &str) -> bool {
    let bracketed = text.contains("${") || (text.starts_with('<') && text.ends_with('>'));
    let word = |part: &str| WORDS.contains(&part.to_ascii_lowercase().as_str());
    bracketed || is_upper_case(text) || text.split(|c: char| !c.is_ascii_alphanumeric()).any(word)
}

/// Words in upper case, joined by underscores.
fn is_upper_case(text: &str) -> bool {
    text.contains('_')
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
