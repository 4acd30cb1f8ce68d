//! Values in YAML files that Ruby or gomplate run first, `gitlab.yml.erb`, `config.yml.tpl`.
//!
//! There, as in a manifest, an interpolation is a whole node, and a null leaves its line out. It is
//! written as JSON, which YAML readers take, and in which no value can open a tag.

use std::fmt::Write as _;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, Output};

/// Marks a line to be left out: a private-use character, which no template holds.
const NULL: char = '\u{E002}';

/// Writes a value as JSON; text that a filter here has made goes in as it is.
pub fn write(out: &mut Output, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return out.write_char(NULL).map_err(Error::from);
    }
    match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text),
        _ => out.write_str(&json(value)?),
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

/// Drops the lines that hold a null.
pub fn without_nulls(text: String) -> String {
    if !text.contains(NULL) {
        return text;
    }
    text.split_inclusive('\n').filter(|line| !line.contains(NULL)).collect()
}

fn json(value: &Value) -> Result<String, Error> {
    let text = serde_json::to_string(value).map_err(|_| Error::new(ErrorKind::BadSerialization, "not data"))?;
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
