//! Renders, and what is different between two of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gitlab_render::diag::Severity;
use gitlab_render::manifest::Manifest;
use gitlab_render::pipeline;
use serde_json::Value;

use crate::common::{file, release};

/// The objects of a render by kind and name.
pub struct Objects(BTreeMap<String, Manifest>);

/// Renders values files, the last over all others.
///
/// # Errors
/// What was refused.
pub fn render(layers: &[String]) -> Result<Objects, String> {
    let issuer = "certmanager-issuer: {email: given@example.org}".to_owned();
    let inputs = std::iter::once(&issuer).chain(layers).map(|text| file(text.clone().into_bytes()));
    let request = release("test", "default", inputs.collect());
    let rendered = pipeline::render(&request).map_err(|failure| {
        let errors = failure.report.0.into_iter().filter(|d| d.severity == Severity::Error);
        errors.map(|d| d.message).collect::<Vec<_>>().join("; ")
    })?;
    let keyed = |m: &Manifest| (m.id.to_string(), m.clone());
    Ok(Objects(rendered.objects.manifests().iter().map(keyed).collect()))
}

/// What one render has and another has not.
pub struct Change {
    /// Objects that changed, came or went, with their components.
    objects: BTreeMap<String, String>,
    /// Texts of scalars and keys in changed objects that the objects before did not have.
    new: Vec<String>,
}

impl Change {
    pub fn between(before: &Objects, after: &Objects) -> Change {
        let mut objects = BTreeMap::new();
        let (mut old, mut new) = (HashSet::new(), HashSet::new());
        let ids: BTreeSet<_> = before.0.keys().chain(after.0.keys()).collect();
        for id in ids {
            let (was, is) = (before.0.get(id), after.0.get(id));
            if was.map(|m| &m.body) == is.map(|m| &m.body) {
                continue;
            }
            let component = is.or(was).map(|m| m.component.to_string()).unwrap_or_default();
            objects.insert(id.clone(), component);
            was.iter().for_each(|m| texts(&m.body, String::new(), &mut old));
            is.iter().for_each(|m| texts(&m.body, String::new(), &mut new));
        }
        Change { objects, new: new.into_iter().filter(|text| !old.contains(text)).map(|(_, text)| text).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub fn components(&self) -> BTreeSet<&str> {
        self.objects.values().map(String::as_str).collect()
    }

    /// Whether a text is part of what is new.
    pub fn shows(&self, text: &str) -> bool {
        self.new.iter().any(|new| new.contains(text))
    }

    pub fn summary(&self) -> String {
        let mut objects: Vec<_> = self.objects.keys().map(String::as_str).collect();
        objects.truncate(4);
        let mut new: Vec<String> = self.new.iter().map(|text| text.chars().take(60).collect()).collect();
        new.truncate(4);
        format!("{} objects change, {objects:?}: {new:?}", self.objects.len())
    }
}

/// Scalars with where they stand; a long text by its lines.
fn texts(value: &Value, place: String, found: &mut HashSet<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                texts(inner, format!("{place}/{key}"), found);
                found.insert((place.clone(), key.clone()));
            }
        }
        Value::Array(list) => {
            for inner in list {
                texts(inner, place.clone(), found);
            }
        }
        Value::String(text) => found.extend(text.lines().map(|line| (place.clone(), line.to_owned()))),
        other => drop(found.insert((place, other.to_string()))),
    }
}
