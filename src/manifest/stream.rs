//! Reads manifests as people keep them: a stream of YAML documents or JSON, with `List`s taken apart.

use serde_json::Value;

use crate::yaml::stream::documents;
use crate::yaml::template::{ReadError, parse};

/// The objects of a text: YAML documents or JSON values, empty ones left out, the items of a `List` each by itself.
///
/// # Errors
/// The first document that is neither, with its line in the text.
pub fn objects(text: &str) -> Result<Vec<Value>, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut objects = Vec::new();
    if text.trim_start().starts_with(['{', '[']) {
        for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            let value = value.map_err(|e| ReadError { line: e.line(), reason: "not valid JSON".to_owned() })?;
            take(value, &mut objects);
        }
        return Ok(objects);
    }
    for (line, document) in documents(text) {
        let value = parse(document, &mut |_| None).map_err(|e| ReadError { line: e.line + line, ..e })?;
        take(value, &mut objects);
    }
    Ok(objects)
}

fn take(value: Value, objects: &mut Vec<Value>) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.into_iter().for_each(|item| take(item, objects)),
        Value::Object(mut map) if is_list(&map) => {
            if let Some(Value::Array(items)) = map.remove("items") {
                items.into_iter().for_each(|item| take(item, objects));
            }
        }
        value => objects.push(value),
    }
}

/// Whether an object is a list of objects.
pub fn is_list(map: &serde_json::Map<String, Value>) -> bool {
    let kind = map.get("kind").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.ends_with("List")) && map.get("items").is_some_and(Value::is_array)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_streams_give_the_same_objects() {
        let stream = "# Source: a\n---\nkind: A\n---\n\n---\nkind: B\nx: |\n  --- no end\n";
        let list = "apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: B\n  x: |\n    --- no end\n";
        let json = r#"{"kind": "List", "items": [{"kind": "A"}]} {"kind": "B", "x": "--- no end\n"}"#;
        let expected = objects(stream);
        assert_eq!(expected.as_ref().map(Vec::len), Ok(2));
        assert_eq!(objects(list), expected);
        assert_eq!(objects(json), expected);
    }

    #[test]
    fn a_fault_has_its_line_in_the_whole_text() {
        assert_eq!(objects("kind: A\n---\nkind: [\n").map_err(|error| error.line), Err(4));
    }
}
