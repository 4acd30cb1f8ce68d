//! Walks schema and document together: the result is as large as the document, has no references, and finds the same
//! violations. Unknown keys are found during the walk.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::fast_match::{certainly_fits, certainly_matches};
use super::store::{At, lends_keys};
use crate::diag::{Step, ValuePath};

/// Further results of the walk.
#[derive(Default)]
pub(super) struct SchemaFindings {
    /// Unknown keys, in the document's order.
    pub unknown: Vec<ValuePath>,
    /// By JSON pointer: the definition of a value, to describe its format in words.
    pub kinds: HashMap<String, &'static str>,
    /// By JSON pointer: quoted digits, or the empty string, where a number is intended.
    pub quoted: Vec<String>,
    /// JSON pointers of numbers and booleans where a string is intended.
    pub unquoted: Vec<ValuePath>,
    /// JSON pointers of Kubernetes quantities.
    pub quantities: Vec<ValuePath>,
    steps: Vec<Step>,
}

impl SchemaFindings {
    fn here(&self) -> ValuePath {
        ValuePath(self.steps.clone())
    }

    fn pointer(&self) -> String {
        self.steps.iter().fold(String::new(), |mut pointer, step| {
            pointer.push('/');
            match step {
                Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Step::Index(index) => pointer.push_str(&index.to_string()),
            }
            pointer
        })
    }
}

/// Keywords that contain further schemas of the same value.
const COMBINATORS: &[&str] = &["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
const OF_OBJECTS: &[&str] = &["minProperties", "maxProperties", "dependentRequired", "propertyNames"];
const OF_ARRAYS: &[&str] = &["minItems", "maxItems", "uniqueItems"];
const OF_STRINGS: &[&str] = &["pattern", "minLength", "maxLength", "format"];
const OF_NUMBERS: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/// The part of the schema that `value` can violate; `None` where there is none.
///
/// `merged` is the value at the same path with the defaults, which may have the required keys.
pub(super) fn prune(at: At, value: &Value, merged: Option<&Value>, found: &mut SchemaFindings) -> Option<Value> {
    let at = at.resolved();
    let Some(schema) = at.schema.as_object() else {
        return (at.schema == &Value::Bool(false)).then(|| json!(false));
    };
    if let Some(kind) = at.kind {
        found.kinds.insert(found.pointer(), kind);
    }
    // A Helm template can leave nothing after the colon, which is null.
    if schema.get("type").is_some_and(|types| types == "integer") && value == "" {
        found.quoted.push(found.pointer());
        return None;
    }
    let bare = unquoted(schema, value);
    if bare.is_some() {
        found.quoted.push(found.pointer());
    }
    let value = bare.as_ref().unwrap_or(value);
    if let Some(types) = schema.get("type")
        && !fits(types, value)
        && !(takes_digits(at, schema) && is_whole(value))
    {
        return Some(json!({ "type": types }));
    }
    match value {
        Value::Number(_) | Value::Bool(_) if means_string(schema, value) => found.unquoted.push(found.here()),
        Value::Number(_) | Value::String(_) if matches!(at.kind, Some("Quantity" | "ResourceList" | "StorageList")) => {
            found.quantities.push(found.here());
        }
        _ => {}
    }
    let mut out = Map::new();
    match value {
        Value::Object(map) => object(at, schema, map, merged, found, &mut out),
        Value::Array(list) => array(at, schema, list, found, &mut out),
        Value::String(text) if at.kind.is_some_and(|kind| certainly_matches(kind, text)) => {}
        Value::String(_) => keep(at, schema, OF_STRINGS, value, &mut out),
        Value::Number(_) => keep(at, schema, OF_NUMBERS, value, &mut out),
        Value::Bool(_) | Value::Null => {}
    }
    keep(at, schema, &["enum", "const"], value, &mut out);
    keep(at, schema, COMBINATORS, value, &mut out);
    (!out.is_empty()).then_some(Value::Object(out))
}

fn object(
    at: At,
    schema: &'static Map<String, Value>,
    map: &Map<String, Value>,
    merged: Option<&Value>,
    found: &mut SchemaFindings,
    out: &mut Map<String, Value>,
) {
    let others = at.others();
    let mut properties = Map::new();
    for (key, value) in map {
        found.steps.push(Step::Key(key.as_str().into()));
        match (at.property(key), others) {
            (Some(part), _) => {
                let merged = merged.and_then(|m| m.get(key));
                properties.extend(prune(part, value, merged, found).map(|p| (key.clone(), p)));
            }
            // The key under which people keep anchors.
            (None, _) if found.steps.len() == 1 && (key.starts_with('.') || key.starts_with("x-")) => {}
            (None, Some(Value::Bool(false))) => found.unknown.push(found.here()),
            (None, Some(part)) => {
                let merged = merged.and_then(|m| m.get(key));
                // The key of the map determines the format of its values.
                let part = At { kind: at.kind, ..at.part(part) };
                properties.extend(prune(part, value, merged, found).map(|p| (key.clone(), p)));
            }
            (None, None) => {}
        }
        found.steps.pop();
    }
    if !properties.is_empty() {
        out.insert("properties".to_owned(), Value::Object(properties));
    }
    if let Some(required) = schema.get("required").and_then(Value::as_array) {
        let there = |key: &Value| {
            let key = key.as_str().unwrap_or_default();
            map.contains_key(key) || merged.and_then(|m| m.get(key)).is_some_and(|v| !v.is_null())
        };
        let missing: Vec<_> = required.iter().filter(|key| !there(key)).cloned().collect();
        if !missing.is_empty() {
            out.insert("required".to_owned(), Value::Array(missing));
        }
    }
    if let Some(kind) = schema.get("propertyNames").and_then(|names| at.part(names).resolved().kind) {
        found.kinds.insert(super::wording::names_of(&found.pointer()), kind);
    }
    keep(at, schema, OF_OBJECTS, &Value::Null, out);
    let names = match at.kind {
        Some("ResourceList") => Some("ResourceName"),
        _ => schema.get("propertyNames").and_then(|names| at.part(names).resolved().kind),
    };
    if names.is_some_and(|kind| map.keys().all(|key| certainly_matches(kind, key))) {
        out.remove("propertyNames");
    }
}

fn array(
    at: At,
    schema: &'static Map<String, Value>,
    list: &[Value],
    found: &mut SchemaFindings,
    out: &mut Map<String, Value>,
) {
    if let Some(items) = schema.get("items") {
        let mut each = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            found.steps.push(Step::Index(index));
            // Lists replace each other: no part of one comes from a default.
            each.push(prune(at.part(items), value, Some(value), found).unwrap_or(Value::Bool(true)));
            found.steps.pop();
        }
        if each.iter().any(|schema| schema != &Value::Bool(true)) {
            out.insert("prefixItems".to_owned(), Value::Array(each));
        }
    }
    keep(at, schema, OF_ARRAYS, &Value::Null, out);
}

fn keep(at: At, schema: &'static Map<String, Value>, keywords: &[&str], value: &Value, out: &mut Map<String, Value>) {
    // The keys of groups were resolved one by one.
    let walked = |part: &Value| part.as_array().is_some_and(|parts| parts.iter().all(lends_keys));
    for keyword in keywords {
        if let Some(part) = schema.get(*keyword).filter(|part| *keyword != "allOf" || !walked(part))
            && !certainly_fits(keyword, part, value)
        {
            out.insert((*keyword).to_owned(), expanded(at.part(part), Some(value), 0));
        }
    }
}

/// A copy without references and prose, complete except for `properties` that the value does not have.
fn expanded(at: At, value: Option<&Value>, depth: usize) -> Value {
    // Only a recursive schema gets this deep; below this level every value is accepted.
    if depth > 24 {
        return Value::Bool(true);
    }
    let at = at.resolved();
    match at.schema {
        Value::Object(schema) => {
            let mut out = Map::new();
            for (keyword, part) in schema {
                match (keyword.as_str(), part) {
                    ("description" | "title" | "$comment" | "default", _) => {}
                    ("properties", Value::Object(properties)) => {
                        let there = |key: &str| value.is_none_or(|v| !v.is_object() || v.get(key).is_some());
                        let kept = properties.iter().filter(|(key, _)| there(key));
                        let kept = kept.map(|(key, part)| {
                            (key.clone(), expanded(at.part(part), value.and_then(|v| v.get(key)), depth + 1))
                        });
                        out.insert(keyword.clone(), Value::Object(kept.collect()));
                    }
                    ("enum" | "const" | "required" | "type", _) => drop(out.insert(keyword.clone(), part.clone())),
                    ("items" | "additionalProperties" | "propertyNames", _) => {
                        out.insert(keyword.clone(), expanded(at.part(part), None, depth + 1));
                    }
                    _ => drop(out.insert(keyword.clone(), expanded(at.part(part), value, depth + 1))),
                }
            }
            Value::Object(out)
        }
        Value::Array(parts) => Value::Array(parts.iter().map(|p| expanded(at.part(p), value, depth + 1)).collect()),
        other => other.clone(),
    }
}

/// The number for which a string of digits stands, where a number is required and not any string.
fn unquoted(schema: &Map<String, Value>, value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    let types = schema.get("type")?;
    let whole = || types == "integer" || types.as_array().is_some_and(|types| types.iter().any(|t| t == "integer"));
    let bounded = || types == "integer" || schema.contains_key("pattern") || schema.contains_key("minimum");
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    (plain && whole() && bounded()).then(|| text.parse::<i64>().ok().map(Value::from))?
}

/// Whether one of our own free-form strings is required, so that a number is equivalent to its digits: `0` for a size
/// in an annotation. A value that goes to Kubernetes unchanged has to be a string.
fn takes_digits(at: At, schema: &Map<String, Value>) -> bool {
    let free = !["enum", "const"].iter().chain(OF_STRINGS).any(|keyword| schema.contains_key(*keyword));
    free && at.file != "kubernetes" && schema.get("type").is_some_and(|types| types == "string")
}

/// Whether a number or a boolean is accepted as the string of the same spelling: a tag, a version, a variable.
fn means_string(schema: &Map<String, Value>, value: &Value) -> bool {
    let Some(types) = schema.get("type") else { return false };
    let has = |name: &str| types == name || types.as_array().is_some_and(|types| types.iter().any(|t| t == name));
    // A count or a size is a number, quoted or not.
    has("string") && !schema.contains_key("minimum") && !has("integer") && (value.is_number() || has("number"))
}

/// A fraction may have lost a zero at its end: `1.10`.
fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}

/// Whether the value is of the type, or of one of the types.
fn fits(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        _ => false,
    };
    match types {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}
