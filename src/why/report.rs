//! The answer for people and for programs; `schemas/why.schema.json` describes the latter.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{FieldOrigin, FieldOutcome, LayerValue, ObjectOrigin, ValueSource};
use crate::diag::ValuePath;
use crate::escape;

/// Longer values are shortened in the text.
const WIDTH: usize = 100;

/// The answer as one JSON document, with a newline at its end: an object for one field, a list for all.
pub fn json(origin: &ObjectOrigin) -> String {
    let fields: Vec<Value> = origin.fields.iter().map(|field| field_json(origin, field)).collect();
    let whole = match (origin.one, fields.as_slice()) {
        (true, [field]) => field.clone(),
        _ => Value::Array(fields),
    };
    format!("{whole:#}\n")
}

fn field_json(origin: &ObjectOrigin, field: &FieldOrigin) -> Value {
    let sources: Vec<Value> = field.sources.iter().map(source_json).collect();
    json!({"object": origin.object.to_string(), "field": field.field, "value": field.value, "sources": sources})
}

fn source_json(source: &ValueSource) -> Value {
    let mut map = Map::new();
    map.insert("path".to_owned(), source.path.to_string().into());
    layer_json(&source.at, &mut map);
    let overridden = source.overridden.iter().map(|layer| {
        let mut map = Map::new();
        layer_json(layer, &mut map);
        Value::Object(map)
    });
    map.insert("overridden".to_owned(), overridden.collect());
    map.insert("otherwise".to_owned(), otherwise_json(source));
    Value::Object(map)
}

/// What the field would be with another value in this place: the proof that the value decides it.
fn otherwise_json(source: &ValueSource) -> Value {
    let mut map = Map::new();
    if let Some(with) = &source.shown_by.with {
        map.insert("with".to_owned(), with.clone());
    }
    let (object, field) = match &source.shown_by.then {
        FieldOutcome::NoObject => (false, Value::Null),
        FieldOutcome::NoField => (true, Value::Null),
        FieldOutcome::Value(value) => (true, value.clone()),
    };
    map.insert("object".to_owned(), object.into());
    map.insert("field".to_owned(), field);
    Value::Object(map)
}

fn layer_json(at: &LayerValue, map: &mut Map<String, Value>) {
    map.insert("layer".to_owned(), at.layer.into());
    if let Some(file) = &at.file {
        map.insert("file".to_owned(), file.as_str().into());
    }
    if let Some((line, column)) = at.place {
        map.insert("line".to_owned(), line.into());
        map.insert("column".to_owned(), column.into());
    }
    map.insert("value".to_owned(), at.value.clone());
}

/// The answer for a terminal.
pub fn text(origin: &ObjectOrigin) -> String {
    let mut out = Vec::new();
    match (origin.one, origin.fields.as_slice()) {
        (true, [field]) => {
            out.push(format!("{} {}", origin.object, field.field));
            out.push(match &field.value {
                Some(value) => format!("  is {}", shown(value)),
                None => "  is not there".to_owned(),
            });
            sources(&mut out, field);
            out.push(String::new());
            out.push(match field.sources.is_empty() {
                true => format!("No value decides it: it is fixed in the template `{}`.", origin.template),
                false => format!("The template `{}` makes it.", origin.template),
            });
        }
        _ => whole(&mut out, origin),
    }
    if !origin.flags.is_empty() {
        out.push(String::new());
        let what = if origin.one { "This field" } else { "This object" };
        out.push(format!("{what} also depends on these flags: {}.", origin.flags.join(", ")));
    }
    out.iter().map(|line| format!("{}\n", escape::line(line))).collect()
}

fn sources(out: &mut Vec<String>, field: &FieldOrigin) {
    let gives = |source: &&ValueSource| matches!(source.shown_by.then, FieldOutcome::Value(_));
    let (giving, needed): (Vec<_>, Vec<_>) = field.sources.iter().partition(gives);
    for (heading, sources) in [("Values that decide it:", giving), ("Values without which it would not exist:", needed)]
    {
        if !sources.is_empty() {
            out.push(String::new());
            out.push(heading.to_owned());
            sources.into_iter().for_each(|it| source(out, it, field.value.as_ref()));
        }
    }
}

fn source(out: &mut Vec<String>, source: &ValueSource, field: Option<&Value>) {
    let rule =
        field.and_then(|field| rule(&source.at.value, field)).map(|rule| format!(", {rule}")).unwrap_or_default();
    out.push(format!("  {}: {} ({}){rule}", source.path, shown(&source.at.value), place(&source.at)));
    for layer in &source.overridden {
        let verb = if layer.layer == "default" { "the default is" } else { "this overrides" };
        let at = if layer.layer == "default" { String::new() } else { format!(" ({})", place(layer)) };
        out.push(format!("    {verb} {}{at}", shown(&layer.value)));
    }
    if let FieldOutcome::Value(value) = &source.shown_by.then {
        let with = source
            .shown_by
            .with
            .as_ref()
            .map_or_else(|| "without it".to_owned(), |with| format!("with {}", shown(with)));
        out.push(format!("    {with} the field would be {}", shown(value)));
    }
}

/// How a field follows from a value, where that can be read off the two.
fn rule(source: &Value, field: &Value) -> Option<&'static str> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match (text(source), text(field)) {
        _ if source == field => Some("copied unchanged"),
        (Some(source), Some(field)) if source == field => Some("copied unchanged"),
        (Some(source), Some(field)) if source.len() > 2 && field.contains(&source) => Some("a part of the field"),
        _ => None,
    }
}

/// All fields: the values that all of them need are listed once.
fn whole(out: &mut Vec<String>, origin: &ObjectOrigin) {
    out.push(format!("{} ({})", origin.object, origin.template));
    let needs = |field: &FieldOrigin| -> HashSet<ValuePath> {
        field.sources.iter().map(|source| source.path.clone()).collect()
    };
    let common =
        origin.fields.iter().map(needs).reduce(|a, b| a.intersection(&b).cloned().collect()).unwrap_or_default();
    if let Some(first) = origin.fields.first().filter(|_| !common.is_empty()) {
        out.push(String::new());
        out.push("Values without which the object would not exist:".to_owned());
        for it in first.sources.iter().filter(|source| common.contains(&source.path)) {
            out.push(format!("  {}: {} ({})", it.path, shown(&it.at.value), place(&it.at)));
        }
    }
    let mut fixed = 0;
    for field in &origin.fields {
        let own: Vec<&ValueSource> = field.sources.iter().filter(|source| !common.contains(&source.path)).collect();
        if own.is_empty() {
            fixed += 1;
            continue;
        }
        out.push(String::new());
        out.push(format!("{}: {}", field.field, shown(field.value.as_ref().unwrap_or(&Value::Null))));
        for it in own {
            out.push(format!("  {}: {} ({})", it.path, shown(&it.at.value), place(&it.at)));
        }
    }
    if fixed > 0 {
        out.push(String::new());
        let fields = if fixed == 1 { "1 field follows" } else { &format!("{fixed} fields follow") };
        out.push(format!("{fields} from no other value."));
    }
}

fn place(at: &LayerValue) -> String {
    match (&at.file, at.place) {
        (Some(file), Some((line, column))) => format!("{file}:{line}:{column}"),
        (Some(file), None) => file.clone(),
        _ => at.layer.to_owned(),
    }
}

/// A value in one line.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.chars().count() > WIDTH {
        true => format!("{}…", text.chars().take(WIDTH).collect::<String>()),
        false => text,
    }
}
