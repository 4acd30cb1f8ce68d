//! Strings that say themselves that something else has to take their place.
//!
//! Examples that people start from are full of them, and a file that still has some should render, so that it can be
//! looked at: what only ends up in a configuration file is a warning. What Kubernetes does not take is refused
//! when the objects are verified.

const WORDS: &[&str] = &["change", "changeme", "example", "fixme", "placeholder", "replace", "todo", "xxx", "your"];

/// Whether a string, known to be wrong where it stands, is a placeholder: `<port>`, `${PORT}`, `example-port`, `DISK_NAME`.
pub(super) fn is_one(text: &str) -> bool {
    let bracketed = text.contains("${") || (text.starts_with('<') && text.ends_with('>'));
    let word = |part: &str| WORDS.contains(&part.to_ascii_lowercase().as_str());
    bracketed || shouted(text) || text.split(|c: char| !c.is_ascii_alphanumeric()).any(word)
}

/// Words in capitals, joined by underscores.
fn shouted(text: &str) -> bool {
    text.contains('_')
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
