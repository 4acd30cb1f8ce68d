//! Names and labels: what identifies an object, and must stay the same for a running release.

use serde_json::{Map, Value};

use crate::model::{NodeMap, Text};

/// The longest name that a label value or a Service may have.
const LONGEST: usize = 63;

/// `release-component`, cut to 63 characters; the release's name alone where it holds the component's.
pub fn full_name(release: &str, component: &str, name_override: Option<&Text>, full: Option<&Text>) -> String {
    if let Some(full) = full.and_then(Text::non_empty) {
        return cut(full);
    }
    let name = name_override.and_then(Text::non_empty).unwrap_or(component);
    if release.contains(name) { cut(release) } else { cut(&format!("{release}-{name}")) }
}

/// Cuts a name to 63 characters, and the dash that may then be its last.
pub fn cut(name: &str) -> String {
    let cut: String = name.chars().take(LONGEST).collect();
    cut.strip_suffix('-').unwrap_or(&cut).to_owned()
}

/// What an object is labelled and selected with.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// On every object of the component.
    pub object: NodeMap,
    /// What selects the pods: `app` and `release`. Never changes.
    pub selector: NodeMap,
    /// On the pods.
    pub pod: NodeMap,
    /// On the Services.
    pub service: NodeMap,
}

/// The labels that say what an object is, the same for every component.
pub fn identity(app: &str, release: &str) -> NodeMap {
    let mut labels = Map::new();
    labels.insert("app".to_owned(), app.into());
    labels.insert("release".to_owned(), release.into());
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "gitlab-render".into());
    labels
}

/// User labels and annotations are text in Kubernetes, whatever the values file has.
pub fn text_map(map: &NodeMap) -> NodeMap {
    map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), as_text(v))).collect()
}

/// Lays labels over labels, as text.
pub fn put(labels: &mut NodeMap, more: &NodeMap) {
    labels.extend(text_map(more));
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.clone()),
        other => Value::String(other.to_string()),
    }
}
