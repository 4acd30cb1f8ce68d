//! Writes values into files of other programs: one writer per format, selected by the file's name.
//!
//! A template names values and the writer quotes them, so that a value can neither leave its place nor open a tag of
//! ERB or gomplate. A value that a format cannot represent is refused, never changed. Filters are for values that are a
//! part of something: `inner` (of a double-quoted string), `url` (the user in a URL), `conninfo` (a word of a
//! PostgreSQL connection string), `bare` (a key), `tagged` (strings that may contain the user's own tags) and
//! `verbatim` (a value that is documented to be passed on unchanged; `tests/files.rs` lists its places).

use std::fmt::Write as _;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, Output};

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

    /// Writes a value; the output of a filter of this module goes in unchanged. A null removes its line, except in
    /// scripts.
    pub fn write(self, out: &mut Output, value: &Value) -> Result<(), Error> {
        if value.is_none() && self != FileFormat::Shell {
            return out.write_char(NULL).map_err(Error::from);
        }
        let text = match value.as_str() {
            Some(text) if value.is_safe() => return out.write_str(text).map_err(Error::from),
            _ => match self {
                FileFormat::Json => laid_out(value)?,
                FileFormat::Toml => toml(value)?,
                FileFormat::Flags => flag(value)?,
                FileFormat::Sshd => sshd(value)?,
                FileFormat::Nginx => nginx(value)?,
                FileFormat::Shell => word(value)?,
                FileFormat::Env => variable(value)?,
            },
        };
        out.write_str(&text).map_err(Error::from)
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
    for line in text.split_inclusive('\n') {
        if !marked(line) {
            out.push_str(line);
        } else if !line.contains(NULL) && block(&mut out, line).is_none() {
            out.extend(line.chars().filter(|c| !matches!(*c, OPEN | CLOSE)));
        }
    }
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
    if TAGS.iter().any(|tag| text.contains(tag)) {
        return None;
    }
    out.push_str(before.trim_end());
    out.push_str(&text);
    Some(())
}

/// A value in YAML: a scalar and a list of scalars as JSON, in which no value can open a tag; other values are marked,
/// and [`finished`] writes them as readable block YAML.
fn laid_out(value: &Value) -> Result<String, Error> {
    let json = json(value)?;
    let block = match value.kind() {
        ValueKind::Map => value.len() != Some(0),
        ValueKind::Seq => value.try_iter()?.any(|item| matches!(item.kind(), ValueKind::Map | ValueKind::Seq)),
        _ => false,
    };
    Ok(if block { format!("{OPEN}{json}{CLOSE}") } else { json })
}

/// An error for a value that cannot be written; the engine adds the place.
fn refused(what: &'static str) -> Error {
    Error::new(ErrorKind::BadEscape, what)
}

fn null() -> Value {
    Value::from_safe_string(NULL.to_string())
}

/// A scalar as a string.
fn scalar(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => {
            Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        }
        _ => Err(Error::new(ErrorKind::InvalidOperation, "only a scalar can be written here")),
    }
}

/// A scalar as a part of a double-quoted string in YAML, Ruby or TOML.
pub fn inner(value: &Value) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(null());
    }
    let quoted = json(&Value::from(scalar(value)?))?;
    Ok(Value::from_safe_string(quoted[1..quoted.len() - 1].to_owned()))
}

/// An unquoted word in YAML, where it has the same meaning unquoted.
pub fn plain(value: &Value) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(null());
    }
    let json = json(value)?;
    let mut text = String::new();
    let data: serde_json::Value = serde_json::from_str(&json).map_err(|_| refused("not data"))?;
    write_value(&mut text, &data, 0, false);
    let text = text.trim();
    let tagged = text.contains('\n') || TAGS.iter().any(|tag| text.contains(tag));
    Ok(Value::from_safe_string(if tagged || data.is_array() || data.is_object() { json } else { text.to_owned() }))
}

/// A single-quoted TOML string, as Praefect's documentation writes them. A value that such a string cannot represent is
/// left to the file's own writer, which escapes it in double quotes.
pub fn literal(value: &Value) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(null());
    }
    let text = scalar(value)?;
    let plain = text.chars().all(|c| !c.is_control() && c != '\'' && !is_unprintable(c)) && !text.contains("{%");
    Ok(if plain { Value::from_safe_string(format!("'{text}'")) } else { Value::from(text) })
}

/// The user name in a URL, inside a double-quoted string.
pub fn url(value: &Value) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(null());
    }
    let mut out = String::new();
    for byte in scalar(value)?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    Ok(Value::from_safe_string(out))
}

/// A value in a PostgreSQL connection string, inside a double-quoted string.
pub fn conninfo(value: &Value) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(null());
    }
    let text = scalar(value)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return inner(value);
    }
    inner(&Value::from(format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))))
}

/// A TOML key or table name: unquoted where that is valid.
pub fn bare(value: &Value) -> Result<Value, Error> {
    let text = scalar(value)?;
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    Ok(Value::from_safe_string(if plain { text } else { json(&Value::from(text))? }))
}

/// A value that is documented to be passed on unchanged.
pub fn verbatim(value: &Value) -> Result<Value, Error> {
    Ok(Value::from_safe_string(scalar(value)?))
}

/// A value whose strings may contain the user's own ERB tags, which are kept.
pub fn tagged(value: &Value) -> Result<Value, Error> {
    let mut text = String::new();
    write_tagged(&mut text, value)?;
    Ok(Value::from_safe_string(text))
}

/// JSON in a form that YAML, Ruby and TOML read as a double-quoted string, without tags and without Ruby interpolation.
fn json(value: &Value) -> Result<String, Error> {
    let text = serde_json::to_string(value).map_err(|_| Error::new(ErrorKind::BadSerialization, "not data"))?;
    // Hardly any value has a character that needs more escaping.
    if !text.bytes().any(|b| matches!(b, b'%' | b'#') || b >= 0x7f) {
        return Ok(text);
    }
    let mut text = text.replace("<%", "\\u003c%").replace("%>", "%\\u003e").replace("{%", "\\u007b%");
    for opens in ["#{", "#$", "#@"] {
        text = text.replace(opens, &format!("\\u0023{}", &opens[1..]));
    }
    // Characters that YAML or TOML treat as a line break, or do not allow.
    if text.chars().any(is_unprintable) {
        text = text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
            match is_unprintable(c) {
                true => drop(write!(out, "\\u{:04x}", u32::from(c))),
                false => out.push(c),
            }
            out
        });
    }
    Ok(text)
}

fn is_unprintable(c: char) -> bool {
    // Private-use characters are our own marks.
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || ((0x7f..=0xffff).contains(&u32::from(c)) && !is_text(c))
}

fn write_tagged(out: &mut String, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Map => {
            for (n, key) in value.try_iter()?.enumerate() {
                out.push_str(if n == 0 { "{" } else { ", " });
                out.push_str(&json(&key)?);
                out.push_str(": ");
                write_tagged(out, &value.get_item(&key)?)?;
            }
            out.push_str(if value.len() == Some(0) { "{}" } else { "}" });
        }
        ValueKind::Seq => {
            out.push('[');
            for (n, item) in value.try_iter()?.enumerate() {
                out.push_str(if n == 0 { "" } else { ", " });
                write_tagged(out, &item)?;
            }
            out.push(']');
        }
        _ => match value.as_str().filter(|text| text.contains("<%")) {
            Some(text) => {
                out.push('"');
                let mut rest = text;
                while let Some((before, tag)) = rest.split_once("<%") {
                    let end = tag.find("%>").map_or(tag.len(), |at| at + 2);
                    out.push_str(inner(&Value::from(before))?.as_str().unwrap_or_default());
                    out.push_str("<%");
                    out.push_str(&tag[..end]);
                    rest = &tag[end..];
                }
                out.push_str(inner(&Value::from(rest))?.as_str().unwrap_or_default());
                out.push('"');
            }
            None => out.push_str(&json(value)?),
        },
    }
    Ok(())
}

/// A value in TOML, whose basic strings know the escapes of JSON.
fn toml(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Map => {
            let mut entries = Vec::new();
            for key in value.try_iter()? {
                let inner = value.get_item(&key)?;
                if !inner.is_none() {
                    entries.push(format!("{} = {}", bare(&key)?, toml(&inner)?));
                }
            }
            Ok(format!("{{ {} }}", entries.join(", ")))
        }
        ValueKind::Seq => {
            let items: Result<Vec<String>, Error> = value.try_iter()?.map(|item| toml(&item)).collect();
            Ok(format!("[{}]", items?.join(",")))
        }
        // An integer that YAML or `--set` turned into a float.
        ValueKind::Number => match f64::try_from(value.clone()) {
            Ok(number) if number.fract() == 0.0 && number.abs() < 1e15 => Ok(format!("{number:.0}")),
            _ => Ok(value.to_string()),
        },
        ValueKind::None => Err(refused("there is no empty value in TOML")),
        _ => json(value),
    }
}

/// The value of a flag, to the end of its line. gomplate prints an opening delimiter that a tag quotes.
fn flag(value: &Value) -> Result<String, Error> {
    let text = scalar(value)?;
    if text.chars().any(char::is_control) {
        return Err(refused("a line break or another control character cannot be written there"));
    }
    if text.ends_with(char::is_whitespace) {
        return Err(refused("a blank at the end would be lost"));
    }
    Ok(text.replace("{%", "{% \"{%\" %}"))
}

/// An argument of an `sshd_config` keyword, or a list of names.
fn sshd(value: &Value) -> Result<String, Error> {
    let text = match value.kind() {
        ValueKind::Seq => {
            let items: Result<Vec<String>, Error> = value.try_iter()?.map(|item| scalar(&item)).collect();
            let items = items?;
            if items.is_empty() {
                return Ok(NULL.to_string());
            }
            if items.iter().any(|item| item.is_empty() || item.contains(',')) {
                return Err(refused("each entry of the list must be one name"));
            }
            items.join(",")
        }
        _ => scalar(value)?,
    };
    let plain = |c: char| c.is_ascii_graphic() && !"\"'\\#$`".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text),
        false => Err(refused("only a word without quotes, blanks and line breaks can be written there")),
    }
}

/// Arguments of an nginx directive, which cannot end it, open a block or refer to a variable.
fn nginx(value: &Value) -> Result<String, Error> {
    let text = scalar(value)?;
    let plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !"\"'\\#${};`".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text),
        false => Err(refused("only words without quotes and signs of nginx's can be written there")),
    }
}

/// A word in a shell script.
fn word(value: &Value) -> Result<String, Error> {
    let text = scalar(value)?;
    match text.contains('\0') {
        true => Err(refused("a shell has no words with a zero byte")),
        false => Ok(shell::quoted(&text)),
    }
}

/// The double-quoted value of a variable. Readers of such files disagree about escapes, so values that need one are
/// refused.
fn variable(value: &Value) -> Result<String, Error> {
    let text = scalar(value)?;
    match text.chars().any(|c| c.is_control() || "\"\\$`".contains(c)) {
        true => Err(refused("quotes, `$`, backslashes and line breaks cannot be written there")),
        false => Ok(format!("\"{text}\"")),
    }
}

#[cfg(test)]
mod tests;
