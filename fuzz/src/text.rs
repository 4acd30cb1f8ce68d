//! The YAML that is written.

use serde_json::Value;

use gitlab_render::yaml::write::write_document;

use super::utf8;

/// A tree in JSON: what is written of it is read as the same by two parsers that are not our reader.
pub fn yaml(data: &[u8]) {
    let Some(text) = utf8(data) else { return };
    match serde_json::from_str::<Value>(text) {
        Ok(value) => round_trip(&value),
        Err(_) => round_trip(&Value::from(text)),
    }
}

/// Writes a value and reads it again.
pub fn round_trip(value: &Value) {
    let body = serde_json::json!({ "x": value });
    let mut text = String::new();
    write_document(&mut text, &body);
    if let Err(error) = super::is_yaml(&text) {
        panic!("not YAML: {error}\n{text}");
    }
    let read: serde_yaml::Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let read = serde_json::to_value(read).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(same(&read, &body), "{read}\nis not\n{body}\nin\n{text}");
}

/// Equal, with numbers as numbers: `1.0` and `1` are one.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
