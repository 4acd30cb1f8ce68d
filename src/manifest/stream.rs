//! Reads manifests in their usual forms: a stream of YAML documents or JSON, with each `List` split into its items.

use serde_json::Value;

use crate::diag::{Diagnostic, Location, Report};
use crate::tree;
use crate::yaml::{MAX_NODES, json, limits, read, stream};

/// The objects of a source: YAML documents or JSON values without empty ones; a `List` gives its items. `source` is the
/// number of the source for places in it.
///
/// # Errors
/// The errors of the first document that is neither.
pub fn objects(text: &str, source: usize) -> Result<Vec<Value>, Report> {
    Ok(placed(text, source)?.into_iter().map(|(_, body)| body).collect())
}

/// The same, each with the line, from 1, at which its document begins.
///
/// # Errors
/// As [`objects`].
pub fn placed(text: &str, source: usize) -> Result<Vec<(usize, Value)>, Report> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut objects = Vec::new();
    let start = Location { source, line: 1, column: 1, len: 1 };
    if json::is_like(text) {
        match json::values(text) {
            Ok(values) => {
                for mut value in values {
                    tree::drop_nulls(&mut value);
                    take(value, 1, &mut objects);
                }
                return Ok(objects);
            }
            Err(json::JsonFault::TooLarge) => return Err(limits::too_large(start).into()),
            Err(json::JsonFault::Wrong(error)) => return Err(not_json(&error, source).into()),
        }
    }
    let mut left = MAX_NODES;
    for (lines, document) in stream::of_manifests(text) {
        if let Some(value) = read::data(document, source, lines)? {
            let at = Location { line: lines + 1, ..start };
            left = left.checked_sub(tree::count(&value)).ok_or_else(|| limits::too_large(at))?;
            let first = document.lines().position(|line| !line.trim().is_empty() && !line.starts_with('#'));
            take(value, lines + 1 + first.unwrap_or_default(), &mut objects);
        }
    }
    Ok(objects)
}

/// Only the place: the parser's message may quote the content.
fn not_json(error: &serde_json::Error, source: usize) -> Diagnostic {
    let at = Location { source, line: error.line().max(1), column: error.column().max(1), len: 1 };
    let what = if error.is_eof() { "the JSON is not complete" } else { "this is not valid JSON" };
    Diagnostic::error("json", what).at(at).hint("write JSON, or YAML whose first character is not a bracket")
}

fn take(value: Value, line: usize, objects: &mut Vec<(usize, Value)>) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.into_iter().for_each(|item| take(item, line, objects)),
        Value::Object(mut map) if is_list(&map) => {
            if let Some(Value::Array(items)) = map.remove("items") {
                items.into_iter().for_each(|item| take(item, line, objects));
            }
        }
        value => objects.push((line, value)),
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
    use crate::diag::Place;

    #[test]
    fn lists_and_streams_give_the_same_objects() {
        let stream = "# Source: a\n---\nkind: A\n---\n\n---\nkind: B\nx: |\n  --- no end\n";
        let list = "apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: B\n  x: |\n    --- no end\n";
        let json = r#"{"kind": "List", "items": [{"kind": "A"}]} {"kind": "B", "x": "--- no end\n"}"#;
        let expected = objects(stream, 0);
        assert_eq!(expected.as_ref().map(Vec::len), Ok(2));
        assert_eq!(objects(list, 0), expected);
        assert_eq!(objects(json, 0), expected);
    }

    #[test]
    fn a_fault_has_its_line_in_the_whole_text() {
        let Err(Report(wrong)) = objects("kind: A\n---\nkind: [\n", 3) else { panic!("it is not YAML") };
        assert!(matches!(wrong[0].places[0], Place::At(Location { source: 3, line: 4, .. })), "{wrong:?}");
    }
}
