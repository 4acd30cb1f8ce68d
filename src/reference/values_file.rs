//! Values as a file: in the order of the schemas, with a comment for each value, or only those that differ from the
//! defaults.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{SchemaPart, document};
use crate::diag::{Step, ValuePath};
use crate::tree::without_null_entries;
use crate::yaml::write::write_document;

/// Values with their keys in the order of the schemas; unknown keys follow in their own order.
pub fn ordered(values: &Value) -> Value {
    below(values, Some(&document()))
}

fn below(value: &Value, part: Option<&SchemaPart>) -> Value {
    match value {
        Value::Object(map) if part.is_none_or(|part| part.file != "kubernetes") => {
            let mut left: Vec<(&String, &Value)> = map.iter().collect();
            let mut sorted = Map::with_capacity(map.len());
            for (key, inner) in part.map(SchemaPart::properties).unwrap_or_default() {
                if let Some(at) = left.iter().position(|(name, _)| *name == key) {
                    let (name, value) = left.remove(at);
                    sorted.insert(name.clone(), below(value, Some(&inner)));
                }
            }
            let others = part.and_then(SchemaPart::others);
            sorted.extend(left.into_iter().map(|(name, value)| (name.clone(), below(value, others.as_ref()))));
            Value::Object(sorted)
        }
        // Items usually go into objects unchanged.
        other => other.clone(),
    }
}

/// The user's values that differ from the defaults. A null is kept where it removes a default.
pub fn trimmed(user: &Value, defaults: &Value) -> Value {
    differing(user, Some(defaults)).unwrap_or_else(|| Value::Object(Map::new()))
}

fn differing(user: &Value, default: Option<&Value>) -> Option<Value> {
    match (user, default) {
        (Value::Null, None) => None,
        (Value::Object(map), Some(Value::Object(defaults))) => {
            let entries =
                map.iter().filter_map(|(key, inner)| Some((key.clone(), differing(inner, defaults.get(key))?)));
            let entries: Map<String, Value> = entries.collect();
            (!entries.is_empty()).then_some(Value::Object(entries))
        }
        // A null removes its key, even where the default is null: a missing key differs from a null one.
        (user, Some(default)) if user == default && !user.is_null() => None,
        (user, _) => Some(user.clone()),
    }
}

/// The merged values without nulls, except for the user's nulls that remove a default, which would otherwise come back.
pub fn with_nulls(merged: &Value, user: &Value, defaults: &Value) -> Value {
    let mut all = without_null_entries(merged);
    put_nulls(&mut all, merged, user, defaults);
    all
}

fn put_nulls(all: &mut Value, merged: &Value, user: &Value, defaults: &Value) {
    let (Value::Object(all), Value::Object(user)) = (all, user) else { return };
    for (key, value) in user {
        let (there, default) = (merged.get(key), defaults.get(key));
        match value {
            Value::Null if there.is_none() && default.is_some() => drop(all.insert(key.clone(), Value::Null)),
            Value::Object(_) => {
                if let (Some(inner), Some(there)) = (all.get_mut(key), there) {
                    put_nulls(inner, there, value, default.unwrap_or(&Value::Null));
                }
            }
            _ => {}
        }
    }
}

/// Values as YAML; `comment` gives the comment after each scalar, list and empty map.
pub fn commented(values: &Value, comment: &dyn Fn(&ValuePath) -> Option<String>) -> String {
    let mut out = String::new();
    entries(values, &ValuePath::root(), 0, comment, &mut out);
    if out.is_empty() { "{}\n".to_owned() } else { out }
}

fn entries(
    values: &Value,
    path: &ValuePath,
    indent: usize,
    comment: &dyn Fn(&ValuePath) -> Option<String>,
    out: &mut String,
) {
    for (key, value) in values.as_object().into_iter().flatten() {
        let path = ValuePath(path.0.iter().cloned().chain([Step::Key(key.as_str().into())]).collect());
        let is_map = value.as_object().is_some_and(|map| !map.is_empty());
        let shown = if is_map { Value::Object(Map::new()) } else { value.clone() };
        let mut text = String::new();
        write_document(&mut text, &Value::Object(Map::from_iter([(key.clone(), shown)])));
        let behind = if is_map { None } else { comment(&path) };
        for (number, line) in text.lines().enumerate() {
            let line = if is_map { line.trim_end_matches(" {}") } else { line };
            let said = behind.as_deref().filter(|_| number == 0);
            let pad = if line.is_empty() { 0 } else { indent };
            // Writing to a String cannot fail.
            let _ = match said {
                Some(said) => writeln!(out, "{:pad$}{line}  # {said}", ""),
                None => writeln!(out, "{:pad$}{line}", ""),
            };
        }
        if is_map {
            entries(value, &path, indent + 2, comment, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_as_by_default_goes_and_nulls_stay_where_they_remove_something() {
        let defaults = json!({"a": {"b": 1, "c": {"d": 2}}, "list": [1], "empty": {}, "gone": 3});
        let user = json!({"a": {"b": 1, "c": {"d": 3}}, "list": [1], "empty": {}, "gone": null, "none": null, "x": {}});
        assert_eq!(trimmed(&user, &defaults), json!({"a": {"c": {"d": 3}}, "gone": null, "x": {}}));
    }

    #[test]
    fn nulls_that_remove_a_default_are_part_of_the_merged_values() {
        let defaults = json!({"a": {"b": 1, "c": 2}});
        let user = json!({"a": {"b": null, "z": null}});
        let merged = json!({"a": {"c": 2}, "empty": null});
        assert_eq!(with_nulls(&merged, &user, &defaults), json!({"a": {"c": 2, "b": null}}));
    }

    #[test]
    fn comments_stand_behind_values_and_block_headers() {
        let values = json!({"a": {"b": 1, "text": "x\ny\n", "list": [{"k": "v"}], "empty": {}}});
        let text = commented(&values, &|path| Some(path.to_string()));
        let expected = "a:\n  b: 1  # a.b\n  text: |  # a.text\n    x\n    y\n  list:  # a.list\n  - k: v\n  empty: {}  # a.empty\n";
        assert_eq!(text, expected);
    }
}
