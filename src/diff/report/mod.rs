//! Writes a comparison for people, for merge requests and for programs. Secrets are never part of it.

mod json;
mod markdown;
pub mod marks;
mod text;
pub mod unified;

use std::collections::HashSet;

use serde_json::Value;

use super::{Class, Comparison, FieldChange, ObjectChange, ObjectFate, fields};
use crate::redact::{self, MASK};
use crate::yaml::write::write_document;

pub use json::json;
pub use markdown::markdown;
pub use text::text;
pub use unified::unified;

/// The name of an object: `Deployment/prod-kas`, with the namespace where it has one.
fn title(change: &ObjectChange) -> String {
    let id = &change.id;
    match &id.namespace {
        Some(namespace) => format!("{}/{} (namespace {namespace})", id.kind, id.name),
        None => format!("{}/{}", id.kind, id.name),
    }
}

fn verb(change: &ObjectChange) -> String {
    match &change.what {
        ObjectFate::Added => "is new".to_owned(),
        ObjectFate::Removed => "is removed".to_owned(),
        ObjectFate::Changed => "changes".to_owned(),
        ObjectFate::Renamed(name) => format!("is replaced by {name}"),
    }
}

/// A summary: `3 objects differ (1 outage, 2 restart), 70 are the same`.
fn summary(comparison: &Comparison) -> String {
    let differ = comparison.changes.len();
    let noun = |count: usize| if count == 1 { "object" } else { "objects" };
    let mut text = match differ {
        0 => format!("no difference in {} {}", comparison.same, noun(comparison.same)),
        1 => "1 object differs".to_owned(),
        _ => format!("{differ} objects differ"),
    };
    if differ > 0 {
        let classes = Class::ALL.iter().rev().filter(|class| comparison.count(**class) > 0);
        let classes: Vec<String> = classes.map(|class| format!("{} {class}", comparison.count(*class))).collect();
        text.push_str(&format!(" ({}), {} the same", classes.join(", "), comparison.same));
    }
    if comparison.passed_over > 0 {
        text.push_str(&format!("; {} created by Kubernetes itself and left out", comparison.passed_over));
    }
    let more = [
        (comparison.hooks, "hooks and finished Jobs that only one side has"),
        (
            comparison.rewritten.len(),
            "scripts and configuration files that are worded differently but mean the same (`--full` shows them)",
        ),
        (comparison.renamed.len(), "Jobs that get a new name and run again"),
    ];
    for (count, what) in more.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("; {count} {what}"));
    }
    text
}

/// For each third-party chart its name and its objects, in order.
fn companions(comparison: &Comparison) -> Vec<(&'static str, Vec<String>)> {
    let mut found: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (chart, id) in &comparison.companions {
        match found.last_mut().filter(|(name, _)| *name == chart.name) {
            Some((_, ids)) => ids.push(id.to_string()),
            None => found.push((chart.name, vec![id.to_string()])),
        }
    }
    found
}

/// The sentence before the list of [`companions`].
const COMPANIONS: &str = "objects of charts that are not rendered here, which are left unchanged (`gitlab-render companions` writes their installation):";

/// The values of a field before and after, without secrets; `None` where the whole field is secret.
fn sides(kind: &str, field: &FieldChange) -> Option<[Option<Value>; 2]> {
    if is_in_secret(kind, &field.path) {
        return None;
    }
    if is_named_secret(&field.path) {
        return None;
    }
    let sides = [&field.old, &field.new].map(|side| side.as_ref().map(|value| masked(kind, &field.path, value)));
    let mut there = sides.iter().flatten().filter(|value| !value.is_null());
    let hidden = there.next().is_some_and(|first| first == MASK && there.all(|other| other == MASK));
    let mut sides = (!hidden).then_some(sides)?;
    if let ([Some(old), Some(new)], [Some(before), Some(after)]) = ([&field.old, &field.new], &mut sides) {
        marks::put((old, before), (new, after));
    }
    Some(sides)
}

/// A field of an object in a form that may be shown; `path` decides what is secret.
pub fn shown(kind: &str, path: &str, value: &Value) -> Value {
    if is_named_secret(path) {
        return Value::String(MASK.to_owned());
    }
    masked(kind, path, value)
}

/// Whether a path is the value of a variable or a header with a secret's name: `env[DB_PASSWORD].value`.
fn is_named_secret(path: &str) -> bool {
    let named = path.rsplit_once('[').and_then(|(_, rest)| rest.split_once(']'));
    named.is_some_and(|(name, rest)| rest.strip_prefix('.').is_some_and(redact::is_value) && redact::is_secret(name))
}

/// Whether a path is in the part of a Secret that holds the secrets; a key that no Secret has may be a misspelling of it.
fn is_in_secret(kind: &str, path: &str) -> bool {
    let first = path.split(['.', '[']).next().unwrap_or(path);
    kind == "Secret" && !matches!(first, "" | "apiVersion" | "kind" | "metadata" | "type")
}

/// A report without the secrets that it masks in one place and, by an anchor, would show in another.
fn without_known(comparison: &Comparison, report: String) -> String {
    let mut known = HashSet::new();
    for change in &comparison.changes {
        for field in &change.fields {
            for side in [&field.old, &field.new].into_iter().flatten().filter(|side| redact::has_distinct(side)) {
                redact::masked(side, &shown(&change.id.kind, &field.path, side), &mut known);
            }
        }
    }
    known.into_iter().fold(report, |report, secret| match report.contains(secret.as_str()) {
        true => report.replace(secret.as_str(), MASK),
        false => report,
    })
}

/// A value with its secrets masked.
fn masked(kind: &str, path: &str, value: &Value) -> Value {
    match value {
        Value::Object(map) if kind == "Secret" && path.is_empty() => {
            Value::Object(map.iter().map(|(key, inner)| (key.clone(), masked(kind, key, inner))).collect())
        }
        inner if is_in_secret(kind, path) => hidden(inner),
        inner => redact::value(path, inner),
    }
}

/// The structure of a value of which every scalar is secret.
fn hidden(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.iter().map(|(key, inner)| (key.clone(), hidden(inner))).collect()),
        Value::Array(items) => Value::Array(items.iter().map(hidden).collect()),
        Value::Null => Value::Null,
        Value::Bool(_) => value.clone(),
        _ => Value::String(MASK.to_owned()),
    }
}

/// A value in one line: scalars in JSON syntax.
fn inline(value: Option<&Value>) -> String {
    match value {
        None => "(none)".to_owned(),
        Some(value) => value.to_string(),
    }
}

/// A value as YAML.
pub(super) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write_document(&mut text, value);
    text
}

/// The lines that differ between two strings, with three lines of context.
fn line_diff(old: &str, new: &str) -> String {
    let text = unified::patch(("", old), ("", new));
    // The first two lines only name the sides.
    text.splitn(3, '\n').nth(2).unwrap_or_default().to_owned()
}

/// The lines that show one field; of a secret only the fact that it differs.
fn field_lines(kind: &str, field: &FieldChange) -> Vec<String> {
    let shown = redact::text(&field.path);
    let Some([old, new]) = sides(kind, field) else {
        let what = match (&field.old, &field.new) {
            (None, _) => "is set",
            (_, None) => "is removed",
            _ => "changes",
        };
        return vec![format!("{shown}: {what} (secret)")];
    };
    if old == new {
        return vec![format!("{shown}: changes in a part that is not shown (secret)")];
    }
    let long = |value: &Option<Value>| match value {
        Some(Value::String(text)) => text.contains('\n'),
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::Array(items)) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    };
    if !long(&old) && !long(&new) {
        return vec![format!("{shown}: {} -> {}", inline(old.as_ref()), inline(new.as_ref()))];
    }
    let whole = |value: &Option<Value>| match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => yaml(value),
    };
    let mut lines = vec![format!("{shown}:")];
    lines.extend(line_diff(&whole(&old), &whole(&new)).lines().map(|line| format!("  {line}")));
    lines
}

/// The object before and after as YAML; the two differ only in the reported fields.
fn documents(change: &ObjectChange) -> (String, String) {
    let kind = change.id.kind.as_str();
    let text = |body: &Value| yaml(&masked(kind, "", body));
    match (&change.old, &change.new) {
        (Some(_), Some(new)) => {
            let old = fields::before(new, &change.fields);
            let (mut before, mut after) = (masked(kind, "", &old), masked(kind, "", new));
            marks::put((&old, &mut before), (new, &mut after));
            (yaml(&before), yaml(&after))
        }
        (old, new) => (old.as_ref().map_or(String::new(), text), new.as_ref().map_or(String::new(), text)),
    }
}
