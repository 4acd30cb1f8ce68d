//! Redacts objects and values that are trees.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::looks::{is_pointer, is_random};
use super::names::{Above, NameMeaning, is_secret, is_value, meaning};
use super::{MASK, Redacted, commands, shapes};

/// A value without its secrets. `path` is its position: `spec.template.spec.containers[0].env[A].value`.
pub fn value(path: &str, value: &Value) -> Value {
    let (above, last) = last_key(path);
    let mut shown = below(above, last, value);
    if value.is_object() {
        let mut secrets = HashSet::new();
        masked(value, &shown, &mut secrets);
        if !secrets.is_empty() {
            elsewhere(&mut shown, &secrets);
        }
    }
    shown
}

/// Adds the strings of a value, of which `shown` is the form to show, that are as a whole, and that nobody would write for anything else. An anchor may have put
/// them under another key too.
pub fn masked<'v>(value: &'v Value, shown: &Value, secrets: &mut HashSet<&'v String>) {
    match (value, shown) {
        (Value::Object(map), Value::Object(shown)) => {
            let both = map.iter().filter_map(|(key, value)| Some((value, shown.get(key)?)));
            both.for_each(|(value, shown)| masked(value, shown, secrets));
        }
        (Value::Array(items), Value::Array(shown)) => {
            items.iter().zip(shown).for_each(|(value, shown)| masked(value, shown, secrets));
        }
        (Value::String(text), Value::String(shown)) if shown == MASK && is_distinct(text) => {
            secrets.insert(text);
        }
        _ => {}
    }
}

/// Whether [`masked`] may find a string in a value: what is shown instead need not be made otherwise.
pub fn has_distinct(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.values().any(has_distinct),
        Value::Array(items) => items.iter().any(has_distinct),
        Value::String(text) => is_distinct(text),
        _ => false,
    }
}

/// Whether nobody would write a string for anything else.
fn is_distinct(text: &str) -> bool {
    let has = |test: fn(&u8) -> bool| text.bytes().any(|byte| test(&byte));
    text.len() >= 8
        && !text.contains(['.', '/'])
        && has(u8::is_ascii_digit)
        && text.contains(|c: char| c.is_alphabetic())
}

fn elsewhere(shown: &mut Value, secrets: &HashSet<&String>) {
    match shown {
        Value::Object(map) => map.values_mut().for_each(|value| elsewhere(value, secrets)),
        Value::Array(items) => items.iter_mut().for_each(|value| elsewhere(value, secrets)),
        Value::String(text) if secrets.contains(text) => MASK.clone_into(text),
        _ => {}
    }
}

/// The keys of a path. The content of brackets is a key where it could not stand between dots, and the name of an item
/// of a list otherwise: `data[gitlab.yml]`, `containers[gitlab-shell]`.
fn last_key(path: &str) -> (Above, &str) {
    let mut above = Above::default();
    let mut last = "";
    let mut rest = path;
    while !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        if end > 0 {
            above = above.below(last);
            last = &rest[..end];
        }
        rest = &rest[end..];
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').unwrap_or(inner.len());
            if inner[..end].contains(['.', '/', '[', ' ']) {
                above = above.below(last);
                last = &inner[..end];
            }
            rest = inner.get(end + 1..).unwrap_or_default();
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    (above, last)
}

fn below(above: Above, key: &str, value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let inner = above.below(key);
            let named = ["name", "key", "variable"]
                .iter()
                .any(|key| map.get(*key).and_then(Value::as_str).is_some_and(is_secret));
            let entries = map.iter().map(|(key, child)| {
                let child = match child {
                    // An environment variable.
                    Value::String(text) if named && is_value(key) && Above::default().hides("password", text) => {
                        Value::String(MASK.to_owned())
                    }
                    child if named && is_value(key) => below(inner, "password", child),
                    child => below(inner, key, child),
                };
                (key.clone(), child)
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(list(above, key, items)),
        Value::String(text) => Value::String(string(above, key, text)),
        Value::Number(number)
            if matches!(meaning(key), NameMeaning::Secret | NameMeaning::Weak)
                && above.hides(key, &number.to_string()) =>
        {
            Value::String(MASK.to_owned())
        }
        other => other.clone(),
    }
}

/// The items of a list, which may be the words of a command.
fn list(above: Above, key: &str, items: &[Value]) -> Vec<Value> {
    let inner = above.below(key);
    let words: Vec<&str> = items.iter().map(|item| item.as_str().unwrap_or_default()).collect();
    let secret = commands::in_list(&words);
    let shown = items.iter().enumerate().map(|(number, item)| {
        let Value::String(text) = item else { return below(above, key, item) };
        if inner.hides_item(text) && !is_pointer(text) {
            return Value::String(MASK.to_owned());
        }
        let parts = secret.iter().filter(|(of, _)| *of == number).map(|(_, part)| (part.start, part.end));
        let cut = super::apply(text, shapes::merged(parts.collect())).text;
        Value::String(Redacted::of(&cut).whole())
    });
    shown.collect()
}

fn string(above: Above, key: &str, text: &str) -> String {
    if above.hides(key, text) && !is_file(key, text) {
        return MASK.to_owned();
    }
    Redacted::of(text).whole()
}

/// A script or a configuration file, of which only parts can be secret, regardless of its name.
fn is_file(name: &str, text: &str) -> bool {
    const FILES: [&str; 14] = [
        ".sh",
        ".rb",
        ".py",
        ".yml",
        ".yaml",
        ".toml",
        ".json",
        ".conf",
        ".cfg",
        ".ini",
        ".erb",
        ".tpl",
        ".gomplate",
        ".sql",
    ];
    let lines = text.trim_end().lines().count();
    text.starts_with("#!")
        || (lines > 1 && FILES.iter().any(|end| name.ends_with(end)))
        || (lines > 3
            && text.contains([' ', '='])
            && !text.contains("-----BEGIN")
            && !text.split_whitespace().any(is_random))
}
