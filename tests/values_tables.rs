//! The tables of values in the readmes of the components and in `schemas/README.md`, made from schemas and defaults.
//!
//! `UPDATE_EXPECT=1 cargo test values_tables` writes them anew.

use std::fmt::Write as _;

use gitlab_render::bundle;
use gitlab_render::resolve::component::ALL;
use serde_json::Value;

use crate::common::root;
use crate::source_schemas::{self, Part};

/// Longer defaults are in `values.yaml`, with a comment.
const LONGEST: usize = 60;

#[test]
fn the_tables_of_values_are_current() {
    let defaults: Value = serde_json::from_str(bundle::DEFAULTS).unwrap();
    let mut stale = Vec::new();
    for component in ALL.iter().filter(|c| root().join("charts").join(c.name).join("values.schema.json").is_file()) {
        let part = source_schemas::part(component.key).unwrap();
        let default = component.key.split('.').try_fold(&defaults, |at, key| at.get(key)).unwrap_or(&Value::Null);
        let table = table(&part, default, "../../schemas/README.md");
        let whole =
            format!("Below `{}`. Types with a link are described in `schemas/README.md`.\n\n{table}", component.key);
        let file = format!("charts/{}/README.md", component.name);
        stale.extend((!placed(&file, "values", &whole)).then_some(file));
    }
    let document = source_schemas::document();
    let shared = "schemas/README.md".to_owned();
    let current =
        placed(&shared, "values", &table(&document, &defaults, "")) & placed(&shared, "definitions", &definitions());
    stale.extend((!current).then_some(shared));
    assert!(stale.is_empty(), "`UPDATE_EXPECT=1 cargo test values_tables` writes them anew: {stale:?}");
}

/// Whether a file has the text between the marks of that name; with `UPDATE_EXPECT` it has it then.
fn placed(file: &str, mark: &str, text: &str) -> bool {
    let path = root().join(file);
    let there = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {mark}:begin -->\n"), format!("<!-- {mark}:end -->"));
    let parts = there.split_once(&begin).and_then(|(head, rest)| Some((head, rest.split_once(&end)?)));
    let Some((head, (old, tail))) = parts else { panic!("{file} has no place for `{mark}`") };
    if old == text {
        return true;
    }
    if std::env::var_os("UPDATE_EXPECT").is_none() {
        return false;
    }
    std::fs::write(&path, format!("{head}{begin}{text}{end}{tail}")).unwrap();
    true
}

fn table(part: &Part, default: &Value, shared: &str) -> String {
    let mut text = "| path | type | default | description |\n|---|---|---|---|\n".to_owned();
    rows(part, "", default, shared, &mut text);
    text
}

/// The definitions that several components share, each with its fields.
fn definitions() -> String {
    let mut text = String::new();
    for (name, part) in source_schemas::definitions("schemas/definitions.json") {
        let said = part.keyword("description").and_then(Value::as_str).unwrap_or_default();
        write!(text, "### {name}\n\n{}: {said}\n\n", kind(&part, "").0).unwrap();
        if part.properties().next().is_some() {
            writeln!(text, "{}", table(&part, &Value::Null, "")).unwrap();
        }
    }
    text
}

fn rows(part: &Part, path: &str, default: &Value, shared: &str, text: &mut String) {
    for (key, inner) in part.properties() {
        // A component's own readme has its section.
        if inner.reference().is_some_and(|target| target.ends_with("values.schema.json")) {
            continue;
        }
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let value = default.get(key).or_else(|| inner.keyword("default")).unwrap_or(&Value::Null);
        let (kind, whole) = kind(&inner, shared);
        let deeper = whole && inner.properties().next().is_some();
        let said = inner.keyword("description").and_then(Value::as_str).unwrap_or_default();
        let shown = if deeper { String::new() } else { told(value) };
        writeln!(text, "| `{path}` | {kind} | {shown} | {} |", cell(said)).unwrap();
        if !whole {
            continue;
        }
        rows(&inner, &path, value, shared, text);
        if let Some(items) = inner.items().filter(|items| items.reference().is_none()) {
            rows(&items, &format!("{path}[]"), &Value::Null, shared, text);
        }
        if let Some(others) = inner.others().filter(|others| others.reference().is_none()) {
            rows(&others, &format!("{path}.*"), &Value::Null, shared, text);
        }
    }
}

/// The type in words, and whether it is described here and not elsewhere.
fn kind(part: &Part, shared: &str) -> (String, bool) {
    match part.reference() {
        Some(target) if target.contains("definitions.json#/$defs/") => {
            let name = target.rsplit('/').next().unwrap_or_default();
            (format!("[{name}]({shared}#{})", name.to_lowercase()), false)
        }
        Some(target) if target.contains("#/$defs/") => {
            (format!("{} of Kubernetes", target.rsplit('/').next().unwrap_or_default()), false)
        }
        Some(target) => {
            let (file, pointer) = target.split_once('#').unwrap_or((target, ""));
            let section = file.trim_start_matches("../").trim_end_matches("/values.schema.json");
            let key = pointer.replace("/properties/", ".");
            (format!("as `{}`", format!("{section}{key}").trim_start_matches('.')), false)
        }
        None => (types(part), true),
    }
}

fn types(part: &Part) -> String {
    if let Some(options) = part.schema.get("enum").and_then(Value::as_array) {
        let options: Vec<_> = options.iter().filter(|option| **option != "").map(told).collect();
        return options.join(", ");
    }
    let word = |name: &&str| {
        match *name {
            "object" => "map",
            "array" => "list",
            "string" => "text",
            "integer" => "whole number",
            other => other,
        }
        .to_owned()
    };
    let words: Vec<String> = part.types().iter().map(word).collect();
    if words.is_empty() { "any".to_owned() } else { words.join(" or ") }
}

fn told(value: &Value) -> String {
    let text = value.to_string();
    match value {
        Value::Null => String::new(),
        _ if text.len() > LONGEST => "see `values.yaml`".to_owned(),
        _ => format!("`{}`", cell(&text)),
    }
}

/// A text that cannot end a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
