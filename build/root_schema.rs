//! The schema of the whole values document, and what it says about components.
//!
//! `schemas/root.schema.json` has what belongs to no component; each component's schema is put in at its key.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::components::{Component, Outcome, read_json};

/// The schema of the whole document with references to the schemas of the components, relative to `schemas/`.
pub fn composed(root: &Path, components: &[Component]) -> Outcome<Value> {
    let path = root.join("schemas/root.schema.json");
    let mut schema = if path.is_file() { read_json(&path)? } else { json!({"type": "object", "properties": {}}) };
    for component in components {
        if let (Some(key), Some(_)) = (&component.key, component.schema()) {
            let reference = json!({"$ref": format!("../charts/{}/values.schema.json", component.name)});
            *place(&mut schema, key)? = reference;
        }
    }
    Ok(schema)
}

/// Where the schema of a key stands, `gitlab.gitaly`; the maps on the way are made.
fn place<'s>(schema: &'s mut Value, key: &str) -> Outcome<&'s mut Value> {
    key.split('.').try_fold(schema, |at, step| {
        let map = at.as_object_mut().ok_or_else(|| format!("{key}: a part of the key has no map for a schema"))?;
        map.entry("type").or_insert_with(|| "object".into());
        let properties = map.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        let properties = properties.as_object_mut().ok_or_else(|| format!("{key}: `properties` is not a map"))?;
        Ok(properties.entry(step).or_insert_with(|| Value::Object(Map::new())))
    })
}

/// A monitor for the Prometheus operator that a component can have, by the switches that bring it.
#[derive(Debug, PartialEq, Eq)]
pub struct Monitor {
    /// The component's: `global.kas.enabled`.
    pub component: String,
    /// That of its metrics: `gitlab.kas.metrics.enabled`.
    pub metrics: String,
    /// The monitor's own: `gitlab.kas.metrics.podMonitor.enabled`.
    pub monitor: String,
}

/// The monitors of all components: where a schema refers to the shared definition `Monitor`.
pub fn monitors(components: &[Component]) -> Outcome<Vec<Monitor>> {
    let mut all = Vec::new();
    for component in components {
        let (Some(key), Some(switch), Some(schema)) = (&component.key, &component.switch, component.schema()) else {
            continue;
        };
        visit(&read_json(&schema)?, key, &mut |path, part| {
            let reference = part.get("$ref").and_then(Value::as_str);
            if reference.is_some_and(|target| target.ends_with("definitions.json#/$defs/Monitor"))
                && let Some((metrics, _)) = path.rsplit_once('.')
            {
                all.push(Monitor {
                    component: switch.clone(),
                    metrics: format!("{metrics}.enabled"),
                    monitor: format!("{path}.enabled"),
                });
            }
        });
    }
    Ok(all)
}

/// Values paths that name an API version, each with the version that is written: `writes` in a schema.
pub fn api_versions(root: &Path, components: &[Component]) -> Outcome<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut gather = |schema: &Value, key: &str| {
        visit(schema, key, &mut |path, part| {
            if let Some(version) = part.get("writes").and_then(Value::as_str) {
                all.push((path.to_owned(), version.to_owned()));
            }
        });
    };
    let path = root.join("schemas/root.schema.json");
    if path.is_file() {
        gather(&read_json(&path)?, "");
    }
    for component in components {
        if let (Some(key), Some(schema)) = (&component.key, component.schema()) {
            gather(&read_json(&schema)?, key);
        }
    }
    Ok(all)
}

/// Values paths with `since` or `until` in their schema, and those schemas; `*` stands for free keys, `[]` after a
/// key for the items of its list.
pub fn marked(root: &Path, components: &[Component]) -> Outcome<Vec<(String, Value)>> {
    let mut files = Vec::new();
    let definitions = root.join("schemas/definitions.json");
    if definitions.is_file() {
        files.push(("definitions.json".to_owned(), read_json(&definitions)?));
    }
    for component in components {
        if let Some(schema) = component.schema() {
            files.push((format!("/{}/values.schema.json", component.name), read_json(&schema)?));
        }
    }
    let mut all = Vec::new();
    let path = root.join("schemas/root.schema.json");
    if path.is_file() {
        let file = read_json(&path)?;
        Marks { files: &files, all: &mut all }.walk(&file, &file, "", 0);
    }
    for component in components {
        if let (Some(key), Some(schema)) = (&component.key, component.schema()) {
            let file = read_json(&schema)?;
            Marks { files: &files, all: &mut all }.walk(&file, &file, key, 0);
        }
    }
    Ok(all)
}

struct Marks<'a> {
    /// The schemas that others refer to, by the ends of their paths.
    files: &'a [(String, Value)],
    all: &'a mut Vec<(String, Value)>,
}

impl Marks<'_> {
    /// `depth` bounds a definition that refers to itself.
    fn walk(&mut self, file: &Value, schema: &Value, path: &str, depth: usize) {
        if depth > 12 {
            return;
        }
        if schema.get("since").or_else(|| schema.get("until")).is_some_and(Value::is_string) {
            self.all.push((path.to_owned(), schema.clone()));
        }
        let groups = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let references: Vec<String> = std::iter::once(schema)
            .chain(groups)
            .filter_map(|part| Some(part.get("$ref")?.as_str()?.to_owned()))
            .collect();
        for target in references {
            if let Some(part) = target.strip_prefix('#').and_then(|pointer| file.pointer(pointer)) {
                self.walk(file, part, path, depth + 1);
            } else if let Some((other, pointer)) = target.split_once('#')
                && let Some((_, other)) = self.files.iter().find(|(name, _)| other.ends_with(name))
                && let Some(part) = other.pointer(pointer)
            {
                Marks { files: self.files, all: self.all }.walk(other, part, path, depth + 1);
            }
        }
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        for (key, part) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.walk(file, part, &below(key), depth + 1);
        }
        if let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) {
            self.walk(file, others, &below("*"), depth + 1);
        }
        if let Some(item) = schema.get("items").filter(|item| item.is_object()) {
            self.walk(file, item, &format!("{path}[]"), depth + 1);
        }
    }
}

/// Calls `seen` with each key that the file of a schema names, and with its values path. Of references only those to
/// groups of keys in the same file are followed.
fn visit(file: &Value, path: &str, seen: &mut dyn FnMut(&str, &Value)) {
    visit_part(file, file, path, seen);
}

fn visit_part(file: &Value, schema: &Value, path: &str, seen: &mut dyn FnMut(&str, &Value)) {
    seen(path, schema);
    for group in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let target = group.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        if let Some(group) = target.and_then(|pointer| file.pointer(pointer)) {
            visit_part(file, group, path, seen);
        }
    }
    for (key, part) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        visit_part(file, part, &below, seen);
    }
}
