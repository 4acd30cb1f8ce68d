//! Configuration files inside objects: the values under their keys.
//!
//! YAML, JSON and TOML are parsed. A tag of ERB or gomplate is kept in a string. A file in another format is searched
//! for the line that begins with the key.

use std::borrow::Cow;

use serde_json::Value;

use super::field::{FieldPath, FieldSegment};
use crate::diag::Severity;
use crate::manifest::content::replace_tags;
use crate::yaml::read;

/// The value at a path in a file, whose name gives the format.
pub(super) fn read(name: &str, text: &str, path: &[FieldSegment]) -> Option<Value> {
    let path = FieldPath(path.to_vec());
    if let Some(tree) = tree(name, text) {
        return path.read(&tree).map(Cow::into_owned);
    }
    let keys = path.0.iter().map(|segment| match segment {
        FieldSegment::Key(key) | FieldSegment::Named(key) => Some(key.as_str()),
        _ => None,
    });
    line(text, &keys.collect::<Option<Vec<_>>>()?)
}

/// A file as data; `None` where its format has no keys.
pub(super) fn tree(name: &str, text: &str) -> Option<Value> {
    let stem = name.trim_end_matches(".tpl").trim_end_matches(".erb");
    let (plain, tags) = without_tags(text);
    let toml = || {
        let table: toml::Table = plain.parse().ok()?;
        serde_json::to_value(table).ok()
    };
    let yaml = || read::read_with(&plain, 0, Severity::Warning).ok().map(|read| read.value.to_value());
    let tree = match stem.rsplit_once('.') {
        Some((_, "toml")) => toml(),
        Some((_, "yml" | "yaml" | "json")) => yaml(),
        _ => toml().filter(|tree| tree.as_object().is_some_and(|map| !map.is_empty())).or_else(yaml),
    };
    let mut tree = tree.filter(|tree| tree.is_object() || tree.is_array())?;
    put_back(&mut tree, &tags);
    Some(tree)
}

/// A string with a word in place of each tag, and the tags. A line with nothing but tags is left out.
fn without_tags(text: &str) -> (String, Vec<String>) {
    let mut tags: Vec<String> = Vec::new();
    let out = replace_tags(text, |tag| {
        tags.push(tag.to_owned());
        word(tags.len() - 1)
    });
    if tags.is_empty() {
        return (out, tags);
    }
    let only_tags = |line: &str| {
        let line = line.trim();
        line.starts_with('\u{e000}') && line.split_whitespace().all(|part| number(part).is_some())
    };
    let kept: Vec<&str> = out.lines().filter(|line| !only_tags(line)).collect();
    (kept.join("\n") + "\n", tags)
}

/// The word that stands for a tag: its characters occur in no file.
fn word(number: usize) -> String {
    format!("\u{e000}{number}\u{e001}")
}

fn number(word: &str) -> Option<usize> {
    word.strip_prefix('\u{e000}')?.strip_suffix('\u{e001}')?.parse().ok()
}

fn put_back(value: &mut Value, tags: &[String]) {
    match value {
        Value::String(text) if text.contains('\u{e000}') => {
            for (number, tag) in tags.iter().enumerate() {
                *text = text.replace(&word(number), tag);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_back(item, tags)),
        Value::Object(map) => map.values_mut().for_each(|inner| put_back(inner, tags)),
        _ => {}
    }
}

/// The rest of the first line that begins with the last key, after a line that begins with each key before it.
fn line(text: &str, keys: &[&str]) -> Option<Value> {
    let mut lines = text.lines();
    let mut found = None;
    for key in keys {
        found = Some(lines.by_ref().find_map(|line| after(line.trim(), key))?);
    }
    found.map(|rest| Value::String(rest.to_owned()))
}

/// The value after a key in a line, after `=`, `:` or a space.
fn after<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let line = line.trim_start_matches(['[', '-']);
    let rest = line.strip_prefix(key)?;
    let plain = rest.trim_start();
    let value = plain.strip_prefix(['=', ':']).unwrap_or(plain);
    (rest.is_empty() || rest.starts_with([' ', '=', ':', '\t', ']', ';', '('])).then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(name: &str, text: &str, path: &str) -> Option<Value> {
        read(name, text, &FieldPath::parse(path).expect("it is a path").0)
    }

    #[test]
    fn a_key_of_a_configuration_file_is_found() {
        let erb = "production:\n  <% if x %>\n  gitlab:\n    host: example.com\n  <% end %>\n  key: <%= File.read(\"/a: b\") %>\n";
        assert_eq!(at("gitlab.yml.erb", erb, "production.gitlab.host"), Some(json!("example.com")));
        assert_eq!(at("gitlab.yml.erb", erb, "production.key"), Some(json!("<%= File.read(\"/a: b\") %>")));
        let toml = "listen = \":80\"\n[redis]\nURL = \"{% .x %}\"\n";
        assert_eq!(at("config.toml.tpl", toml, "redis.URL"), Some(json!("{% .x %}")));
        assert_eq!(at("sshd_config", "Port 22\nUse = no\n", "Port"), Some(json!("22")));
        assert_eq!(at("nginx.conf", "a {\n  listen 80;\n}\n", "a.listen"), Some(json!("80;")));
        assert_eq!(at("config.toml", toml, "redis.none"), None);
    }
}
