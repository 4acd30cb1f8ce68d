//! Trees of values: nulls, and how large one is.

use serde_json::Value;

/// Removes null entries and items at any depth, in place.
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

/// How many values a tree has, itself included.
pub fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(map) => map.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}
