//! Operations on trees of values that several stages need: one tree over another, trees without nulls, and their size.

use serde_json::{Map, Value};

/// A map whose values are moved into it: `json!` copies each of them, by way of serializing it.
pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// The value under a key of a map.
///
/// As [`Value::get`], for places that look up many keys: the hash of a key, SipHash, costs more than comparing it with all keys
/// of a map that is not large.
pub fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let map = value.as_object()?;
    if map.len() > FEW {
        return map.get(key);
    }
    map.iter().find(|(name, _)| same(name, key)).map(|(_, value)| value)
}

/// [`field`] of a value that will be changed.
pub fn field_mut<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    let map = value.as_object_mut()?;
    if map.len() > FEW {
        return map.get_mut(key);
    }
    map.iter_mut().find(|(name, _)| same(name, key)).map(|(_, value)| value)
}

/// Whether two keys are the same. Keys of the same length mostly differ in their first byte, and to compare all bytes is a
/// call.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.as_bytes().first() == other.as_bytes().first() && one == other
}

/// A copy of a map without one of its keys, which is not copied: a section without the list of its parts, of which there can be
/// hundreds. Another value has no keys.
pub fn without(map: &Value, key: &str) -> Value {
    let fields = map.as_object().into_iter().flatten().filter(|(name, _)| *name != key);
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The value at a dotted path.
pub fn at<'v>(tree: &'v Value, path: &str) -> Option<&'v Value> {
    // Names are short: looking at each byte costs less than what searches long texts quickly.
    match path.bytes().position(|byte| byte == b'.') {
        Some(dot) => at(field(tree, &path[..dot])?, &path[dot + 1..]),
        None => field(tree, path),
    }
}

/// The most entries of a map that are compared one by one.
const FEW: usize = 64;

/// Merges one tree over another: maps merge, other values replace, null changes nothing.
pub fn overlay(base: &mut Value, over: &Value) {
    match (base, over) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(over)) => overlay_map(base, over),
        (base, over) => *base = over.clone(),
    }
}

/// The same for two maps.
pub fn overlay_map(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        overlay(base.entry(key.clone()).or_insert(Value::Null), value);
    }
}

/// Merges one tree over another as layers of values: maps merge, null removes a key, other values replace.
///
/// ```
/// use serde_json::json;
///
/// let mut values = json!({"a": {"b": 1, "c": 2}, "d": 3});
/// gitlab_render::tree::layer(&mut values, json!({"a": {"b": null}, "d": [4]}));
/// assert_eq!(values, json!({"a": {"c": 2}, "d": [4]}));
/// ```
pub fn layer(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match value {
                    Value::Null => drop(base.shift_remove(&key)),
                    value => layer(base.entry(key).or_insert(Value::Null), value),
                }
            }
        }
        (_, Value::Null) => {}
        (base, over) => *base = over,
    }
}

/// Removes null entries and items at any depth, in place: in a manifest, null means absent.
pub fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let mut nulls = false;
            for inner in map.values_mut() {
                drop_nulls(inner);
                nulls |= inner.is_null();
            }
            if nulls {
                map.retain(|_, inner| !inner.is_null());
            }
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

/// A copy without null entries of maps, at any depth; null items of lists stay.
pub fn without_null_entries(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, inner)| !inner.is_null());
            Value::Object(kept.map(|(key, inner)| (key.clone(), without_null_entries(inner))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_null_entries).collect()),
        other => other.clone(),
    }
}

/// A map without its own null entries; deeper ones stay.
pub fn without_nulls(mut map: Value) -> Value {
    if let Value::Object(fields) = &mut map {
        fields.retain(|_, field| !field.is_null());
    }
    map
}

/// How many values a tree has, itself included.
pub fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(map) => map.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}
