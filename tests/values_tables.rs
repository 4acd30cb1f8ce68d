//! The reference of all values, `docs/values/`: a page for each component, made from schemas and defaults.
//!
//! `UPDATE_EXPECT=1 cargo test values_tables` writes them anew.

use std::fmt::Write as _;

use gitlab_render::bundle;
use gitlab_render::reference::write::sentence;
use gitlab_render::resolve::component::ALL;
use serde_json::Value;

use crate::common::{root, unexpected};
use crate::source_schemas::{self, Part};

/// Longer defaults are in `values.yaml`, with a comment.
const LONGEST: usize = 60;

#[test]
fn the_reference_of_values_is_current() {
    let defaults = bundle::defaults();
    let mut index = "# Reference of all values\n\nA page for each component, made from the schemas and the defaults of the newest release. On the command\nline, `gitlab-render explain PATH` says the same about one key, and `gitlab-render explain WORDS` finds it.\n\n| page | below | what it is |\n|---|---|---|\n".to_owned();
    let mut pages = Vec::new();
    let document = source_schemas::document();
    let global = "What more than one component reads, and what stands beside the components.";
    writeln!(index, "| [global](global.md) | | {global} |").unwrap();
    pages.push((
        "global".to_owned(),
        format!("# Values of no single component\n\n{global} {TYPES}\n\n{}", table(&document, &defaults, "types.md")),
    ));
    for component in ALL.iter().filter(|c| root().join("charts").join(c.name).join("values.schema.json").is_file()) {
        let (name, key) = (component.name, component.key);
        let part = source_schemas::part(key).unwrap();
        let default = key.split('.').try_fold(&defaults, |at, key| at.get(key)).unwrap_or(&Value::Null);
        let what = sentence(part.description());
        writeln!(index, "| [{name}]({name}.md) | `{key}` | {} |", cell(&what)).unwrap();
        let table = table(&part, default, "types.md");
        let about = format!("{what} More about it: [`charts/{name}/README.md`](../../charts/{name}/README.md).");
        pages.push((
            name.to_owned(),
            format!("# Values of {name}\n\n{about}\n\nAll paths are below `{key}`. {TYPES}\n\n{table}"),
        ));
    }
    pages.push(("types".to_owned(), format!("# Types of values that several components share\n\n{}", definitions())));
    pages.push(("README".to_owned(), index));
    let folder = root().join("docs/values");
    let wrong: Vec<_> = pages
        .iter()
        .filter_map(|(name, page)| unexpected(&folder.join(format!("{name}.md")), &format!("{}\n", page.trim_end())))
        .map(|_| ())
        .collect();
    assert!(
        wrong.is_empty(),
        "`UPDATE_EXPECT=1 cargo test values_tables` writes {} pages of docs/values anew",
        wrong.len()
    );
    let there = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = there.filter(|file| !pages.iter().any(|(name, _)| *file == format!("{name}.md"))).collect();
    assert!(left.is_empty(), "pages of no component: {left:?}");
}

/// Where types are described.
const TYPES: &str = "Types with a link are on a [page of their own](types.md).";

fn table(part: &Part, default: &Value, shared: &str) -> String {
    let mut text = "| path | type | default | description |\n|---|---|---|---|\n".to_owned();
    rows(part, "", default, shared, &mut text);
    text
}

/// The definitions that several components share, each with its fields.
fn definitions() -> String {
    let mut text = String::new();
    for (name, part) in source_schemas::definitions("definitions") {
        write!(text, "### {name}\n\n{}: {}\n\n", kind(&part, "").0, part.description()).unwrap();
        if !part.properties().is_empty() {
            writeln!(text, "{}", table(&part, &Value::Null, "")).unwrap();
        }
    }
    text
}

fn rows(part: &Part, path: &str, default: &Value, shared: &str, text: &mut String) {
    for group in part.groups() {
        group_rows(part, &group, path, default, shared, text);
    }
    for (key, inner) in part.own_properties() {
        // A component's own readme has its section.
        if inner.reference().is_some_and(|target| target.ends_with("values.schema.json")) {
            continue;
        }
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let value = default.get(key).or_else(|| inner.keyword("default")).unwrap_or(&Value::Null);
        if !row(&inner, &path, value, shared, text) {
            continue;
        }
        rows(&inner, &path, value, shared, text);
        for (entry, mark) in [(inner.items(), "[]"), (inner.others(), ".*")] {
            let Some(entry) = entry.filter(|entry| entry.reference().is_none()) else { continue };
            let path = format!("{path}{mark}");
            if entry.groups().next().is_some() {
                row(&entry, &path, &Value::Null, shared, text);
            }
            rows(&entry, &path, &Value::Null, shared, text);
        }
    }
}

/// The row of one key; whether what is below it is described here and not elsewhere.
fn row(part: &Part, path: &str, value: &Value, shared: &str, text: &mut String) -> bool {
    let (kind, whole) = kind(part, shared);
    let deeper = whole && !part.properties().is_empty();
    let shown = if deeper { String::new() } else { told(value) };
    writeln!(text, "| `{path}` | {kind} | {shown} | {} |", cell(part.description())).unwrap();
    whole
}

/// A group that several components share: one row that leads to it, and one for each key that has a default here.
fn group_rows(part: &Part, group: &Part, path: &str, default: &Value, shared: &str, text: &mut String) {
    let target = group.reference().unwrap_or_default();
    let Some((_, name)) = target.split_once("definitions.json#/$defs/") else {
        // The entries of a section have what the section has; it is described once.
        if path.is_empty() {
            rows(group, path, default, shared, text);
        }
        return;
    };
    let keys = group.properties();
    let without: Vec<_> = part.without().into_iter().filter(|key| keys.iter().any(|(lent, _)| lent == key)).collect();
    let but = match &without[..] {
        [] => String::new(),
        keys => format!("; not `{}`", keys.join("`, `")),
    };
    let link = format!("[{name}]({shared}#{})", name.to_lowercase());
    writeln!(text, "| all of {link} | | | {}{but} |", cell(group.description())).unwrap();
    for (key, inner) in keys.iter().filter(|(key, _)| !without.contains(key)) {
        let same = inner.keyword("default");
        if let Some(value) = default.get(*key).filter(|value| Some(*value) != same && !is_empty(value)) {
            row(inner, &format!("{path}{key}"), value, shared, text);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    *value == Value::Null || ["", "{}", "[]", "\"\""].contains(&value.to_string().as_str())
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
