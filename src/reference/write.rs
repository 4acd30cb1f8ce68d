//! An [`Explanation`] as text, Markdown and JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Explanation, Key, search::Match};
use crate::yaml::write::write_document;

/// An object that a key affects, and its fields.
pub struct Reached {
    /// `Deployment/gitlab-sidekiq-all-in-1-v2`.
    pub object: String,
    /// The first of its fields that change, `spec.template.spec.containers[0].env[3].value`.
    pub fields: Vec<String>,
}

/// Further fields of an object are only counted.
const MOST_FIELDS: usize = 3;
/// Further objects are only counted.
const MOST_OBJECTS: usize = 12;

/// A description as a sentence.
pub fn sentence(description: &str) -> String {
    let mut chars = description.chars();
    let Some(first) = chars.next() else { return String::new() };
    let end = if description.ends_with(['.', '>']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), chars.as_str())
}

/// The explanation for a terminal, in the manner of `kubectl explain`.
pub fn text(entry: &Explanation, reached: Option<&[Reached]>, tree: bool) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{:<10} {value}", format!("{name}:"));
    };
    line("KEY", if entry.path.is_empty() { "(all values)" } else { &entry.path });
    line("TYPE", &entry.kind);
    for (name, value) in facts(entry) {
        line(name, &value);
    }
    if !entry.description.is_empty() {
        let _ = write!(out, "\nDESCRIPTION:\n  {}\n", sentence(entry.description));
    }
    if !entry.path.is_empty() {
        let _ = write!(out, "\nEXAMPLE:\n{}", indented(&document(&entry.example), "  "));
    }
    if let Some(reached) = reached {
        let _ = write!(out, "\nREACHES:\n{}", indented(&reach(reached), "  "));
    }
    if !entry.documentation.is_empty() {
        let _ = write!(out, "\nDOCUMENTATION:\n{}", indented(&entry.documentation.join("\n"), "  "));
    }
    if !entry.keys.is_empty() {
        out.push_str("\nKEYS:\n");
        keys(&entry.keys, tree, &mut out);
    }
    out
}

/// Facts besides description and type, as far as there are any.
fn facts(entry: &Explanation) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(form) = &entry.form {
        facts.push(("FORM", form.clone()));
    }
    let by_release = entry.by_release.iter().map(|other| {
        let default = if other.default.is_null() { "none".to_owned() } else { other.default.to_string() };
        format!("{default} ({})", other.releases)
    });
    let labels = ["DEFAULT"].into_iter().chain(std::iter::repeat(""));
    facts.extend(labels.zip(entry.shown_default().into_iter().chain(by_release)));
    if !entry.allowed.is_empty() {
        let all: Vec<String> = entry.allowed.iter().map(Value::to_string).collect();
        facts.push(("ALLOWED", all.join(", ")));
    }
    if let Some(releases) = &entry.releases {
        facts.push(("READ BY", releases.clone()));
    }
    if !entry.replaces.is_empty() {
        facts.push(("REPLACES", entry.replaces.join(", ")));
    }
    if let Some(hint) = &entry.unread {
        facts.push(("NO EFFECT", hint.clone()));
    }
    facts
}

fn keys(all: &[Key], tree: bool, out: &mut String) {
    let shown = |key: &Key| match tree {
        true => format!("{}{}", "  ".repeat(key.depth), key.name.rsplit('.').next().unwrap_or(&key.name)),
        false => key.name.clone(),
    };
    let width = all.iter().map(|key| shown(key).len()).max().unwrap_or_default().min(44);
    let kind = |key: &Key| match &key.default {
        Some(value) if value.to_string().len() <= 24 => format!("<{}> = {value}", key.kind),
        _ => format!("<{}>", key.kind),
    };
    let wide = all.iter().map(|key| kind(key).len()).max().unwrap_or_default().min(24);
    for key in all {
        let line = format!("  {:<width$}  {:<wide$}  {}", shown(key), kind(key), key.description);
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn reach(reached: &[Reached]) -> String {
    if reached.is_empty() {
        return "no object of a default install; it may need another setting to take effect".to_owned();
    }
    let mut lines: Vec<String> = reached
        .iter()
        .take(MOST_OBJECTS)
        .map(|one| {
            let more = one.fields.len().saturating_sub(MOST_FIELDS);
            let fields = one.fields.iter().take(MOST_FIELDS).cloned().collect::<Vec<_>>().join(", ");
            match (fields.is_empty(), more) {
                (true, _) => format!("{}  is created or not", one.object),
                (false, 0) => format!("{}  {fields}", one.object),
                (false, more) => format!("{}  {fields} and {more} more", one.object),
            }
        })
        .collect();
    let more = reached.len().saturating_sub(MOST_OBJECTS);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

fn document(value: &Value) -> String {
    let mut text = String::new();
    write_document(&mut text, value);
    text
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{by}{line}\n") }).collect()
}

/// The explanation for a page in Markdown.
pub fn markdown(entry: &Explanation, reached: Option<&[Reached]>) -> String {
    let mut out = format!("## `{}`\n\n", if entry.path.is_empty() { "values" } else { &entry.path });
    if !entry.description.is_empty() {
        let _ = write!(out, "{}\n\n", sentence(entry.description));
    }
    let _ = writeln!(out, "- type: {}", entry.kind);
    for (name, value) in facts(entry) {
        let name = if name.is_empty() { "default" } else { name };
        let _ = writeln!(out, "- {}: {value}", name.to_lowercase());
    }
    for page in &entry.documentation {
        let _ = writeln!(out, "- documentation: {page}");
    }
    if !entry.path.is_empty() {
        let _ = write!(out, "\n```yaml\n{}```\n", document(&entry.example));
    }
    if let Some(reached) = reached {
        let _ = write!(out, "\nReaches:\n\n```\n{}\n```\n", reach(reached));
    }
    if !entry.keys.is_empty() {
        out.push_str("\n| key | type | default | description |\n|---|---|---|---|\n");
        for key in &entry.keys {
            let default =
                key.default.as_ref().map(|value| format!("`{}`", cell(&value.to_string()))).unwrap_or_default();
            let _ = writeln!(out, "| `{}` | {} | {default} | {} |", key.name, key.kind, cell(key.description));
        }
    }
    out
}

/// Escapes a string so that it cannot end a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The explanation for programs; `schemas/explain.schema.json` describes it.
pub fn json(entry: &Explanation, reached: Option<&[Reached]>) -> Value {
    let by_release =
        entry.by_release.iter().map(|other| json!({ "releases": other.releases, "default": other.default }));
    let keys = entry.keys.iter().map(
        |key| json!({ "path": key.name, "type": key.kind, "description": key.description, "default": key.default }),
    );
    let reaches = reached
        .map(|all| all.iter().map(|one| json!({ "object": one.object, "fields": one.fields })).collect::<Vec<_>>());
    json!({
        "path": entry.path,
        "type": entry.kind,
        "description": entry.description,
        "format": entry.form,
        "default": entry.default,
        "defaultByRelease": by_release.collect::<Vec<_>>(),
        "allowed": entry.allowed,
        "releases": entry.releases,
        "replaces": entry.replaces,
        "unread": entry.unread,
        "example": entry.example,
        "documentation": entry.documentation,
        "component": entry.component,
        "reaches": reaches,
        "keys": keys.collect::<Vec<_>>(),
    })
}

/// The results of a search.
pub fn matches(found: &[Match]) -> String {
    let width = found.iter().map(|one| one.path.len()).max().unwrap_or_default().min(60);
    let line = |one: &Match| format!("{:<width$}  {}\n", one.path, one.part.description());
    found.iter().map(line).collect()
}

/// The results of a search for programs.
pub fn matches_json(found: &[Match]) -> Value {
    found
        .iter()
        .map(|one| json!({ "path": one.path, "type": super::explanation::kind(&one.part), "description": one.part.description() }))
        .collect()
}
