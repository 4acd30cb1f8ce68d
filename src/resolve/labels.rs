//! Names and labels: they identify an object, and must not change for a running release.

use serde_json::{Map, Value};

use crate::model::{NodeMap, Text};

/// The maximum length of a label value and of a Service's name.
const LONGEST: usize = 63;

/// `release-component`, truncated to 63 characters; the release's name alone where it contains the component's.
pub fn full_name(release: &str, component: &str, name_override: Option<&Text>, full: Option<&Text>) -> String {
    if let Some(full) = full.and_then(Text::non_empty) {
        return cut(full);
    }
    let name = name_override.and_then(Text::non_empty).unwrap_or(component);
    if release.contains(name) { cut(release) } else { cut(&format!("{release}-{name}")) }
}

/// Truncates a name to 63 characters, without a dash at the end.
pub fn cut(name: &str) -> String {
    let cut: String = name.chars().take(LONGEST).collect();
    cut.strip_suffix('-').unwrap_or(&cut).to_owned()
}

/// The labels and the selector of an object.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// Labels of every object of the component.
    pub object: NodeMap,
    /// The selector of the pods: `app` and `release`. It never changes.
    pub selector: NodeMap,
    /// Labels of the pods.
    pub pod: NodeMap,
    /// Labels of the Services.
    pub service: NodeMap,
}

/// The labels that describe an object, the same for every component.
pub fn identity(app: &str, release: &str) -> NodeMap {
    let mut labels = Map::new();
    labels.insert("app".to_owned(), app.into());
    labels.insert("release".to_owned(), release.into());
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "gitlab-render".into());
    labels
}

/// Labels and annotations are strings in Kubernetes, whatever their type in the values.
pub fn text_map(map: &NodeMap) -> NodeMap {
    map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), as_text(v))).collect()
}

/// Merges labels over labels, as strings.
pub fn put(labels: &mut NodeMap, more: &NodeMap) {
    labels.extend(text_map(more));
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.clone()),
        other => Value::String(other.to_string()),
    }
}
