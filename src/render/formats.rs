//! Values in YAML files that Ruby or gomplate run first, `gitlab.yml.erb`, `config.yml.tpl`.
//!
//! There, as in a manifest, an interpolation is a whole node, and a null leaves its line out. A scalar is written as JSON,
//! which YAML readers take, and in which no value can open a tag; so is a list of scalars. A map, and a list that holds
//! more, is written as block YAML, as an operator reads it.

use std::fmt::Write as _;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, Output};

use crate::yaml::write::{is_text, write_value};

/// Marks a line to be left out: a private-use character, which no template holds, and which [`json`] escapes.
const NULL: char = '\u{E002}';
/// Around the JSON of a value that can be written as block YAML.
const OPEN: char = '\u{E003}';
/// Ends what [`OPEN`] begins.
const CLOSE: char = '\u{E004}';
/// What begins and ends tags of Ruby and gomplate, and a part of Ruby's strings that is code.
const TAGS: [&str; 4] = ["<%", "%>", "{%", "#{"];

/// Writes a value; text that a filter here has made goes in as it is.
pub fn write(out: &mut Output, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return out.write_char(NULL).map_err(Error::from);
    }
    if let Some(text) = value.as_str().filter(|_| value.is_safe()) {
        return out.write_str(text).map_err(Error::from);
    }
    let json = json(value)?;
    let block = match value.kind() {
        ValueKind::Map => value.len() != Some(0),
        ValueKind::Seq => value.try_iter()?.any(|item| matches!(item.kind(), ValueKind::Map | ValueKind::Seq)),
        _ => false,
    };
    match block {
        true => write!(out, "{OPEN}{json}{CLOSE}"),
        false => out.write_str(&json),
    }
    .map_err(Error::from)
}

/// The text of a scalar as a part of a double-quoted YAML or Ruby string.
pub fn inner(value: &Value) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(Value::from_safe_string(NULL.to_string()));
    }
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let quoted = json(&Value::from(text))?;
    Ok(Value::from_safe_string(quoted[1..quoted.len() - 1].to_owned()))
}

/// A value whose texts may hold ERB tags of the user's, which stay as they are.
pub fn tagged(value: &Value) -> Result<Value, Error> {
    let mut text = String::new();
    write_tagged(&mut text, value)?;
    Ok(Value::from_safe_string(text))
}

/// Finishes a text: drops the lines that hold a null, and lays out maps and lists.
pub fn finished(text: String) -> String {
    if !text.contains([NULL, OPEN]) {
        return text;
    }
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.split_inclusive('\n').filter(|line| !line.contains(NULL)) {
        if !line.contains(OPEN) {
            out.push_str(line);
        } else if block(&mut out, line).is_none() {
            out.extend(line.chars().filter(|c| !matches!(*c, OPEN | CLOSE)));
        }
    }
    out
}

/// Writes a line whose key or item is a map or a list, as a block; `None`, and nothing written, where it has to stay on
/// its line: the value is not the whole rest of it, or holds what would be a tag.
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

fn json(value: &Value) -> Result<String, Error> {
    let text = serde_json::to_string(value).map_err(|_| Error::new(ErrorKind::BadSerialization, "not data"))?;
    // Some readers of YAML take a few characters for line breaks, and refuse others.
    let text = match text.is_ascii() && !text.contains('\u{7f}') {
        true => text,
        false => text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
            match u32::from(c) {
                code @ 0x7f..=0xffff if !is_text(c) => safe.push_str(&format!("\\u{code:04x}")),
                _ => safe.push(c),
            }
            safe
        }),
    };
    // Nearly no value has a character that every tag has one of.
    if !text.bytes().any(|b| matches!(b, b'%' | b'#')) {
        return Ok(text);
    }
    let text = text.replace("<%", "\\u003c%").replace("%>", "%\\u003e").replace("#{", "\\u0023{");
    // gomplate's tags, as GitLab's images set them.
    Ok(text.replace("{%", "\\u007b%"))
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
