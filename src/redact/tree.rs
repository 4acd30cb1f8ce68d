//! Redacts objects and values that are trees.

use serde_json::{Map, Value};

use super::names::{Above, NameMeaning, gives_nothing_away, is_random, is_secret, meaning};
use super::{MASK, Redacted};

/// A value without its secrets. `path` is its position: `spec.template.spec.containers[0].env[A].value`.
pub fn value(path: &str, value: &Value) -> Value {
    let (above, last) = last_key(path);
    below(above, last, value)
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
            let named = map.get("name").and_then(Value::as_str).is_some_and(is_secret);
            let entries = map.iter().map(|(key, child)| {
                let child = match child {
                    // An environment variable.
                    Value::String(text) if named && key == "value" && !gives_nothing_away(text) => {
                        Value::String(MASK.to_owned())
                    }
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

/// The items of a list; in a command line, the word after a flag with a secret's name is secret.
fn list(above: Above, key: &str, items: &[Value]) -> Vec<Value> {
    let inner = above.below(key);
    let mut flagged = false;
    let shown = items.iter().map(|item| {
        let hidden = std::mem::replace(&mut flagged, false);
        let Value::String(text) = item else { return below(above, key, item) };
        flagged = text.starts_with("--") && !text.contains(['=', ' ']) && is_secret(text.trim_start_matches('-'));
        if inner.hides_item(text) || (hidden && !text.starts_with(['-', '$'])) {
            return Value::String(MASK.to_owned());
        }
        Value::String(Redacted::of(text).whole())
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
