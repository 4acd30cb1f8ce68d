//! Patterns of values paths: keys with dots between them, where `*` is any key, `{a,b}` is one of several, and `[]` is
//! each entry of a list.

use serde_json::{Map, Value};

use crate::diag::ValuePath;

/// Calls `found` with each path in a tree that matches a pattern, with its value and the map that contains it.
pub(super) fn each<'v>(
    tree: &'v Value,
    pattern: &str,
    found: &mut dyn FnMut(ValuePath, &'v Value, &'v Map<String, Value>),
) {
    let steps: Vec<&str> = pattern.split('.').collect();
    below(tree, &steps, &ValuePath::root(), found);
}

fn below<'v>(
    at: &'v Value,
    steps: &[&str],
    path: &ValuePath,
    found: &mut dyn FnMut(ValuePath, &'v Value, &'v Map<String, Value>),
) {
    let Some((step, rest)) = steps.split_first() else { return };
    if let (&"[]", Value::Array(entries)) = (step, at) {
        entries.iter().enumerate().for_each(|(index, entry)| below(entry, rest, &path.index(index), found));
    }
    let Some(map) = at.as_object() else { return };
    for (key, value) in map.iter().filter(|(key, _)| fits(step, key)) {
        match rest.is_empty() {
            true => found(path.key(key), value, map),
            false => below(value, rest, &path.key(key), found),
        }
    }
}

/// Whether a pattern matches a path.
pub(super) fn matches(pattern: &str, keys: &[&str]) -> bool {
    let mut steps = pattern.split('.');
    keys.iter().all(|key| steps.next().is_some_and(|step| fits(step, key))) && steps.next().is_none()
}

/// Whether a step of a pattern matches a key.
fn fits(step: &str, key: &str) -> bool {
    match step.strip_prefix('{').and_then(|step| step.strip_suffix('}')) {
        Some(names) => names.split(',').any(|name| name == key),
        None => step == "*" || step == key,
    }
}
