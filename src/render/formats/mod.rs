//! Writes values into files of other programs: one writer per format, selected by the file's name.
//!
//! A template names values and the writer quotes them, so that a value can neither leave its place nor open a tag of
//! ERB or gomplate. A value that a format cannot represent is refused, never changed. Filters are for values that are a
//! part of something: `inner` (of a double-quoted string), `url` (the user in a URL), `address` (its host and what
//! follows), `conninfo` (a word of a
//! PostgreSQL connection string), `bare` (a key), `tagged` (strings that may contain the user's own tags) and
//! `verbatim` (a value that is documented to be passed on unchanged; `tests/files.rs` lists its places).

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use crate::shell;
use crate::yaml::write::{is_text, write_value};

/// Marks a line for removal: a private-use character, which no template contains, and which [`json`] escapes.
const NULL: char = '\u{E002}';
/// Begins the JSON of a value that can be written as block YAML.
const OPEN: char = '\u{E003}';
/// Ends the JSON that [`OPEN`] begins.
const CLOSE: char = '\u{E004}';
/// Delimiters of tags of ERB and gomplate, and of interpolation in Ruby's strings.
const TAGS: [&str; 4] = ["<%", "%>", "{%", "#{"];

/// The language of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// YAML or Ruby, perhaps with tags of ERB or gomplate: values are written as JSON, which both read.
    Json,
    /// TOML that gomplate processes.
    Toml,
    /// `key=value` lines of Go's flags, which gomplate processes.
    Flags,
    /// OpenSSH's `sshd_config`: keywords and arguments.
    Sshd,
    /// An nginx configuration: arguments of directives.
    Nginx,
    /// A POSIX shell script.
    Shell,
    /// `NAME="value"` lines, for a shell or for other readers of such files.
    Env,
}

impl FileFormat {
    /// The format of a file by its name, without the rules of the folder; `None` where there is no writer.
    pub fn of(name: &str) -> Option<Self> {
        let is = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        match () {
            () if is(&[".yml.erb", ".yml.tpl", ".yml.gomplate", ".yml", ".rb"]) => Some(FileFormat::Json),
            () if is(&[".toml.tpl"]) => Some(FileFormat::Toml),
            () if is(&[".flags.tpl"]) => Some(FileFormat::Flags),
            () if is(&["sshd_config"]) => Some(FileFormat::Sshd),
            () if is(&[".conf"]) => Some(FileFormat::Nginx),
            () if is(&[".sh"]) => Some(FileFormat::Shell),
            () if is(&[".env"]) => Some(FileFormat::Env),
            () => None,
        }
    }

    /// Appends a value. A null removes its line, except in scripts.
    ///
    /// # Errors
    /// A value that the format cannot represent.
    pub fn write(self, out: &mut String, value: &Value) -> Result<(), FormatFault> {
        if value.is_null() && self != FileFormat::Shell {
            out.push(NULL);
            return Ok(());
        }
        match self {
            FileFormat::Json => {
                laid_out(out, value);
                Ok(())
            }
            FileFormat::Toml => toml(out, value),
            FileFormat::Flags => flag(out, value),
            FileFormat::Sshd => sshd(out, value),
            FileFormat::Nginx => nginx(out, value),
            FileFormat::Shell => word(out, value),
            FileFormat::Env => variable(out, value),
        }
    }
}

/// The reason why a value cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatFault {
    /// The format cannot represent the value.
    Refused(&'static str),
    /// The template and its view do not match.
    Misfit(&'static str),
}

/// The form of a value that is a part of something, or that is not written as its format writes others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// A scalar as a part of a double-quoted string in YAML, Ruby or TOML.
    Inner,
    /// An unquoted word in YAML, where it has the same meaning unquoted.
    Plain,
    /// A single-quoted TOML string, as Praefect's documentation writes them.
    Literal,
    /// A value whose strings may contain the user's own ERB tags, which are kept.
    Tagged,
    /// The user name in a URL, inside a double-quoted string.
    Url,
    /// The scheme, host, port or path in a URL, inside a double-quoted string: none of it can begin another part.
    Address,
    /// A value in a PostgreSQL connection string, inside a double-quoted string.
    Conninfo,
    /// A TOML key or table name: unquoted where that is valid.
    Bare,
    /// A value that is documented to be passed on unchanged.
    Verbatim,
}

impl Filter {
    /// A filter by its name in templates.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "inner" => Filter::Inner,
            "plain" => Filter::Plain,
            "literal" => Filter::Literal,
            "tagged" => Filter::Tagged,
            "url" => Filter::Url,
            "address" => Filter::Address,
            "conninfo" => Filter::Conninfo,
            "bare" => Filter::Bare,
            "verbatim" => Filter::Verbatim,
            _ => return None,
        })
    }

    /// Appends a value to a file of a format. A null removes its line where the filter has no form for it.
    ///
    /// # Errors
    /// A value that the format cannot represent.
    pub fn write(self, out: &mut String, value: &Value, format: FileFormat) -> Result<(), FormatFault> {
        match self {
            Filter::Tagged => tagged(out, value),
            Filter::Bare => bare(out, &scalar(value)?),
            Filter::Verbatim => out.push_str(&scalar(value)?),
            _ if value.is_null() => out.push(NULL),
            Filter::Inner => inner(out, &scalar(value)?),
            Filter::Plain => plain(out, value),
            Filter::Literal => return literal(out, &scalar(value)?, format),
            Filter::Url => url(out, &scalar(value)?),
            Filter::Address => return address(out, &scalar(value)?),
            Filter::Conninfo => conninfo(out, &scalar(value)?),
        }
        Ok(())
    }
}

/// Finishes a file: removes the lines that contain a null, and lays out maps and lists.
pub fn finished(text: String) -> String {
    // All marks begin with this byte, which hardly any file contains: bytes are found many times faster than
    // characters.
    let marked = |text: &str| text.as_bytes().contains(&0xEE) && text.contains([NULL, OPEN]);
    if !marked(&text) {
        return text;
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text.as_str();
    while let Some(mark) = rest.as_bytes().iter().position(|byte| *byte == 0xEE) {
        let start = rest[..mark].rfind('\n').map_or(0, |end| end + 1);
        let end = rest[mark..].find('\n').map_or(rest.len(), |end| mark + end + 1);
        out.push_str(&rest[..start]);
        let line = &rest[start..end];
        if !marked(line) {
            out.push_str(line);
        } else if !line.contains(NULL) && block(&mut out, line).is_none() {
            out.extend(line.chars().filter(|c| !matches!(*c, OPEN | CLOSE)));
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Writes a line whose value or item is a map or a list as a block; returns `None` and writes nothing where it has to
/// stay on its line: the value is not the whole rest of the line, or contains a tag's delimiter.
fn block(out: &mut String, line: &str) -> Option<()> {
    let (before, rest) = line.split_once(OPEN)?;
    let (json, after) = rest.split_once(CLOSE)?;
    let key = before.trim_start_matches([' ', '-']);
    let item = key.is_empty();
    if !after.trim().is_empty() || !(item && before.ends_with("- ") || key.ends_with(": ")) || key.contains(['{', '['])
    {
        return None;
    }
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let mut text = String::new();
    // The column of the key, or of the last dash.
    let column = if item { before.len() - 2 } else { before.len() - key.len() };
    write_value(&mut text, &value, column, item);
    if has_tag(&text) {
        return None;
    }
    out.push_str(before.trim_end());
    out.push_str(&text);
    Some(())
}

/// A value in YAML: a scalar and a list of scalars as JSON, in which no value can open a tag; other values are marked,
/// and [`finished`] writes them as readable block YAML.
fn laid_out(out: &mut String, value: &Value) {
    let block = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    };
    if block {
        out.push(OPEN);
        json(out, value);
        out.push(CLOSE);
    } else {
        json(out, value);
    }
}

/// A scalar as a string.
fn scalar(value: &Value) -> Result<Cow<'_, str>, FormatFault> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Number(number) => Ok(Cow::Owned(number.to_string())),
        Value::Bool(yes) => Ok(Cow::Borrowed(if *yes { "true" } else { "false" })),
        _ => Err(FormatFault::Misfit("only a scalar can be written here")),
    }
}

fn plain(out: &mut String, value: &Value) {
    let mut text = String::new();
    write_value(&mut text, value, 0, false);
    let text = text.trim();
    if text.contains('\n') || has_tag(text) || value.is_array() || value.is_object() {
        json(out, value);
    } else {
        out.push_str(text);
    }
}

/// A value that a single-quoted string cannot represent is left to the file's own writer, which escapes it in double quotes.
fn literal(out: &mut String, text: &str, format: FileFormat) -> Result<(), FormatFault> {
    let plain = text.chars().all(|c| !c.is_control() && c != '\'' && !is_unprintable(c)) && !text.contains("{%");
    if !plain {
        return format.write(out, &Value::from(text));
    }
    out.extend(["'", text, "'"]);
    Ok(())
}

fn url(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

fn address(out: &mut String, text: &str) -> Result<(), FormatFault> {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/[]".contains(c)) {
        out.push_str(text);
        return Ok(());
    }
    Err(FormatFault::Refused("a URL has only letters, digits and `-._:/[]` there"))
}

fn conninfo(out: &mut String, text: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        inner(out, text);
    } else {
        inner(out, &format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")));
    }
}

fn bare(out: &mut String, text: &str) {
    match !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        true => out.push_str(text),
        false => string(out, text),
    }
}

fn has_tag(text: &str) -> bool {
    TAGS.iter().any(|tag| text.contains(tag))
}

/// JSON in a form that YAML, Ruby and TOML read, without tags and without Ruby interpolation.
fn json(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => string(out, text),
        // Writing to a String cannot fail.
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            let _ = write!(out, "{value}");
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                json(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (n, (key, inner)) in map.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                string(out, key);
                out.push(':');
                json(out, inner);
            }
            out.push('}');
        }
    }
}

/// A double-quoted string, as [`json`] writes it.
fn string(out: &mut String, text: &str) {
    out.push('"');
    inner(out, text);
    out.push('"');
}

/// The characters between the quotes of a [`string`].
fn inner(out: &mut String, text: &str) {
    // Hardly any value has a character that needs more escaping.
    if text.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\' | b'%' | b'#')) {
        return out.push_str(text);
    }
    let json = Value::from(text).to_string();
    let mut text =
        json[1..json.len() - 1].replace("<%", "\\u003c%").replace("%>", "%\\u003e").replace("{%", "\\u007b%");
    for opens in ["#{", "#$", "#@"] {
        text = text.replace(opens, &format!("\\u0023{}", &opens[1..]));
    }
    for c in text.chars() {
        match is_unprintable(c) {
            // Characters that YAML or TOML treat as a line break, or do not allow.
            true => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            false => out.push(c),
        }
    }
}

fn is_unprintable(c: char) -> bool {
    // Private-use characters are our own marks.
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || ((0x7f..=0xffff).contains(&u32::from(c)) && !is_text(c))
}

fn tagged(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            out.push('{');
            for (n, (key, inner)) in map.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { ", " });
                string(out, key);
                out.push_str(": ");
                tagged(out, inner);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { ", " });
                tagged(out, item);
            }
            out.push(']');
        }
        Value::String(text) => {
            out.push('"');
            let mut rest = text.as_str();
            while let Some((before, tag)) = rest.split_once("<%") {
                let end = tag.find("%>").map_or(tag.len(), |at| at + 2);
                inner(out, before);
                out.push_str("<%");
                out.push_str(&tag[..end]);
                rest = &tag[end..];
            }
            inner(out, rest);
            out.push('"');
        }
        _ => json(out, value),
    }
}

/// A value in TOML, whose basic strings know the escapes of JSON.
fn toml(out: &mut String, value: &Value) -> Result<(), FormatFault> {
    match value {
        Value::Object(map) => {
            out.push_str("{ ");
            for (n, (key, inner)) in map.iter().filter(|(_, inner)| !inner.is_null()).enumerate() {
                out.push_str(if n == 0 { "" } else { ", " });
                bare(out, key);
                out.push_str(" = ");
                toml(out, inner)?;
            }
            out.push_str(" }");
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                toml(out, item)?;
            }
            out.push(']');
        }
        // Writing to a String cannot fail.
        Value::Number(number) => match number.as_f64() {
            // An integer that YAML or `--set` turned into a float.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => {
                let _ = write!(out, "{float:.0}");
            }
            _ => {
                let _ = write!(out, "{number}");
            }
        },
        Value::Null => return Err(FormatFault::Refused("there is no empty value in TOML")),
        Value::Bool(_) | Value::String(_) => json(out, value),
    }
    Ok(())
}

/// The value of a flag, to the end of its line. gomplate prints an opening delimiter that a tag quotes.
fn flag(out: &mut String, value: &Value) -> Result<(), FormatFault> {
    let text = scalar(value)?;
    if text.chars().any(char::is_control) {
        return Err(FormatFault::Refused("a line break or another control character cannot be written there"));
    }
    if text.ends_with(char::is_whitespace) {
        return Err(FormatFault::Refused("a blank at the end would be lost"));
    }
    out.push_str(&text.replace("{%", "{% \"{%\" %}"));
    Ok(())
}

/// An argument of an `sshd_config` keyword, or a list of names.
fn sshd(out: &mut String, value: &Value) -> Result<(), FormatFault> {
    let text = match value {
        Value::Array(items) => {
            let items: Vec<Cow<'_, str>> = items.iter().map(scalar).collect::<Result<_, _>>()?;
            if items.is_empty() {
                out.push(NULL);
                return Ok(());
            }
            if items.iter().any(|item| item.is_empty() || item.contains(',')) {
                return Err(FormatFault::Refused("each entry of the list must be one name"));
            }
            Cow::Owned(items.join(","))
        }
        _ => scalar(value)?,
    };
    let plain = |c: char| c.is_ascii_graphic() && !"\"'\\#$`".contains(c);
    if text.is_empty() || !text.chars().all(plain) {
        let why = "only a word without quotes, spaces and line breaks can be written there";
        return Err(FormatFault::Refused(why));
    }
    out.push_str(&text);
    Ok(())
}

/// Arguments of an nginx directive, which cannot end it, open a block or refer to a variable.
fn nginx(out: &mut String, value: &Value) -> Result<(), FormatFault> {
    let text = scalar(value)?;
    let plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !"\"'\\#${};`".contains(c);
    if text.is_empty() || !text.chars().all(plain) {
        return Err(FormatFault::Refused(
            "only words without quotes and nginx's special characters can be written there",
        ));
    }
    out.push_str(&text);
    Ok(())
}

/// A word in a shell script.
fn word(out: &mut String, value: &Value) -> Result<(), FormatFault> {
    let text = scalar(value)?;
    if text.contains('\0') {
        return Err(FormatFault::Refused("a shell word cannot contain a zero byte"));
    }
    out.push_str(&shell::quoted(&text));
    Ok(())
}

/// The double-quoted value of a variable. Readers of such files disagree about escapes, so values that need one are
/// refused.
fn variable(out: &mut String, value: &Value) -> Result<(), FormatFault> {
    let text = scalar(value)?;
    if text.chars().any(|c| c.is_control() || "\"\\$`".contains(c)) {
        let why = "quotes, `$`, backslashes and line breaks cannot be written there";
        return Err(FormatFault::Refused(why));
    }
    out.extend(["\"", &text, "\""]);
    Ok(())
}

#[cfg(test)]
mod tests;
