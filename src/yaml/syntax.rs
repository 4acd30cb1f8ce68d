//! The parts of reading that work on text: forbidden characters, and readable syntax errors.

use std::collections::HashMap;

use saphyr_parser::{ScalarStyle, Tag};

use crate::diag::{Diagnostic, Location, marks};

fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The number of characters that separate values between brackets.
pub fn marks(text: &str) -> usize {
    text.bytes().filter(|b| matches!(b, b'[' | b']' | b'{' | b'}' | b',' | b':')).count()
}

/// Whether YAML allows all characters of a line.
pub fn is_clean_line(line: &str) -> bool {
    let plain = |b: u8| matches!(b, b' '..=b'~' | b'\t');
    line.bytes().all(plain) || !line.chars().any(|c| c == '\r' || is_forbidden(c))
}

/// The first character that YAML 1.1 does not allow, or treats as a line break where other readers do not.
pub fn forbidden_character(text: &str, source: usize) -> Option<Diagnostic> {
    let (offset, found) = text.char_indices().find(|(_, c)| is_forbidden(*c))?;
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let at = Location {
        source,
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        len: 1,
    };
    let code = u32::from(found);
    let escape = if code < 0x100 { format!("\\x{code:02x}") } else { format!("\\u{code:04x}") };
    Some(
        Diagnostic::error("control-character", format!("the character U+{code:04X} is not allowed in YAML"))
            .at(at)
            .hint(format!("remove it, or write it as `{escape}` between double quotes")),
    )
}

/// The lines with a tab in their indentation, counted from 1, with the width of the indentation.
pub fn tab_indents(text: &str) -> HashMap<usize, usize> {
    if !text.contains('\t') {
        return HashMap::new();
    }
    let indent = |line: &str| {
        let width = line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        line[..width].contains('\t').then_some(width)
    };
    text.lines().enumerate().filter_map(|(i, line)| Some((i + 1, indent(line)?))).collect()
}

/// The finding about a tab in the indentation.
pub fn tab(at: Location) -> Diagnostic {
    Diagnostic::error("yaml", "tabs cannot be used for indentation").at(at).hint("indent with spaces")
}

/// The name of a standard tag, such as `str`.
pub fn core_tag(tag: &Tag) -> Option<&str> {
    if tag.is_yaml_core_schema() {
        return Some(&tag.suffix);
    }
    if tag.handle.is_empty() { tag.suffix.strip_prefix("tag:yaml.org,2002:") } else { None }
}

/// Whether a key `<<` merges maps, as Helm has it: without a tag or with `!` where it is plain, with `!!merge` always.
/// Tools that write YAML anew, such as yq, put the tag there.
pub fn is_merge(style: ScalarStyle, tag: Option<&Tag>) -> bool {
    match tag {
        None => style == ScalarStyle::Plain,
        Some(tag) => core_tag(tag) == Some("merge") || style == ScalarStyle::Plain && is_non_specific(tag),
    }
}

/// The tag `!`, which says only that there is none.
fn is_non_specific(tag: &Tag) -> bool {
    format!("{}{}", tag.handle, tag.suffix) == "!"
}

/// A syntax error, reworded where the parser's message does not help.
pub fn explain(info: &str, line: &str, at: Location) -> Diagnostic {
    let indent = &line[..line.len() - line.trim_start().len()];
    if indent.contains('\t') || info.contains("tab") {
        return tab(at);
    }
    if marks::is_foreign(line) {
        return Diagnostic::error("yaml", "this is not valid YAML").at(at).hint(marks::RENDER_FIRST);
    }
    let quote = line.chars().nth(at.column.saturating_sub(1)).filter(|c| matches!(c, '"' | '\''));
    let (message, hint) = if quote.is_some() && info.contains("indent") {
        ("the quote that was opened is never closed", "close it on the same line")
    } else if info.contains("mapping values are not allowed") {
        ("a `: ` is not allowed here", "put a string with `: ` in quotes; a nested map begins on a line of its own")
    } else if info.contains("unknown anchor") {
        (
            "the alias has no anchor before it",
            "define it above with `&name`; put a string that begins with `*` in quotes",
        )
    } else if info.contains("unexpected end of stream") {
        ("the quote that was opened is never closed", "close it on the same line")
    } else if info.contains("unknown escape") {
        ("there is no such escape between double quotes", "double the backslash, or use single quotes")
    } else if info.contains("',' or '}'") || info.contains("',' or ']'") {
        ("the bracket that was opened is not closed", "close it, and put `,` between entries")
    } else if info.contains("block sequence entries") {
        ("a list cannot begin on this line", "begin a list on the line below its key")
    } else if info.contains("did not find expected key") || info.contains("simple key expect") {
        ("there is no key where one is expected", "see that this line has `key: value`, indented like its neighbours")
    } else if info.contains("Unicode character escape") {
        ("the escape is not a character", "write the character itself; pairs of `\\u` are not YAML")
    } else if info.contains("unexpected character") || info.contains("cannot start") {
        ("no value can begin with this character", "put the value in quotes")
    } else if info.contains("valid YAML whitespace") {
        ("a tab follows a `:` or `-`", "put a space there")
    } else if info.contains("indent") {
        ("the indentation does not fit", "indent this line like its neighbours")
    } else {
        (info, "see that brackets and quotes are closed, and that lines of a map begin in one column")
    };
    Diagnostic::error("yaml", message).at(at).hint(hint)
}
