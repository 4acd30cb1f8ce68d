//! Foreign strings in reports: they stay on their line and have no special meaning to the program that shows them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A string on one line: characters that move a cursor, break a line or change the direction of writing become escapes.
/// Tabs stay.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            // Writing to a String cannot fail.
            c if is_unsafe(c) => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The same for a string of several lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(line).collect::<Vec<_>>().join("\n"))
}

/// A string on one line that Markdown and HTML show literally: characters with a meaning in either become character
/// references.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            ' ' | '-' | '.' | ',' | ';' | ':' | '/' | '=' | '+' | '%' | '?' => out.push(c),
            c if c.is_ascii_punctuation() => drop(write!(out, "&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    // `https://` and `www.` would become links.
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// A sentence for Markdown in which strings between backticks are code.
pub fn markdown_sentence(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markdown(text);
    }
    let shown = parts.iter().enumerate().map(|(n, part)| match n % 2 {
        0 => markdown(part),
        _ => format!("<code>{}</code>", markdown(part)),
    });
    shown.collect()
}

/// A string for an attribute or an element of XML.
pub fn xml(text: &str) -> String {
    let allowed = |c: char| !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    let plain: String = line(text).chars().map(|c| if allowed(c) { c } else { ' ' }).collect();
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}

/// Control characters, separators of lines and paragraphs, and marks that change the direction of writing.
fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one() {
        assert_eq!(line("a\n\r\u{1b}[2J\u{85}\u{2028}\u{202e}\tb"), "a\\n\\r\\u{1b}[2J\\u{85}\\u{2028}\\u{202e}\tb");
        assert_eq!(lines("a\nb\u{7}"), "a\nb\\u{7}");
        assert!(matches!(line("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_in_markdown_is_markup() {
        let text = markdown("x\n\n/approve `a` | </summary> **b** @all [l](u) https://x");
        assert_eq!(
            text,
            "x&#92;n&#92;n/approve &#96;a&#96; &#124; &#60;/summary&#62; &#42;&#42;b&#42;&#42; &#64;all &#91;l&#93;&#40;u&#41; https&#58;//x"
        );
        assert_eq!(markdown_sentence("the Secret `a|b` goes"), "the Secret <code>a&#124;b</code> goes");
        assert_eq!(markdown_sentence("`a` b`"), "&#96;a&#96; b&#96;");
    }
}
