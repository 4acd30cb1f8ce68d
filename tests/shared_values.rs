//! What several components have stands once: in the groups and shapes of `schemas/definitions.json`.

use std::collections::BTreeMap;

use gitlab_render::resolve::component::ALL;
use serde_json::{Map, Value};

use crate::common::root;
use crate::source_schemas::{self, Part};

/// Components with the keys of another chart, which are not ours to name, and the stand-ins of a trial, which have few
/// settings on purpose.
const OF_OTHERS: [&str; 8] = [
    "gitlab-runner",
    "gitlab-zoekt",
    "nginx-ingress",
    "nginx-ingress-geo",
    "openbao",
    "postgresql",
    "redis",
    "trial-stores",
];

/// The sections of all components that have a schema, but for [`OF_OTHERS`].
fn sections() -> Vec<(&'static str, Part)> {
    let has_schema = |name: &str| root().join("charts").join(name).join("values.schema.json").is_file();
    let ours = ALL.iter().filter(|c| has_schema(c.name) && !OF_OTHERS.contains(&c.name));
    ours.map(|c| (c.name, source_schemas::part(c.key).unwrap())).collect()
}

/// A new value for all pods is a key of the group `Pod`, and of nothing else.
#[test]
fn every_component_takes_what_every_pod_takes() {
    let group = source_schemas::definitions("definitions").into_iter().find(|(name, _)| *name == "Pod");
    let (_, group) = group.expect("there is a group `Pod`");
    assert!(group.properties().len() > 5);
    for (name, section) in sections() {
        let without = section.without();
        for (key, _) in group.properties() {
            assert!(
                section.property(key).is_some() || without.contains(&key),
                "charts/{name} does not take `{key}` of Pod"
            );
        }
    }
}

#[test]
fn what_a_group_has_is_not_written_again() {
    let mut again = Vec::new();
    for (name, section) in sections() {
        let own_group =
            section.groups().filter(|group| section.shared_groups().iter().all(|s| s.schema != group.schema));
        for part in own_group.chain([section.clone()]) {
            for (key, mine) in part.own_properties() {
                let lent = section.shared_groups().iter().find_map(|group| group.property(key));
                again.extend(
                    lent.filter(|lent| told(mine.schema) == told(lent.schema)).map(|_| format!("{name}: {key}")),
                );
            }
        }
    }
    assert!(again.is_empty(), "a group of schemas/definitions.json has them already: {again:#?}");
}

#[test]
fn a_map_that_several_components_have_is_written_once() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, section) in sections() {
        let mut found = Vec::new();
        maps(section.schema, "", &mut found);
        for (path, text) in found {
            places.entry(text).or_default().push(format!("{name}{path}"));
        }
    }
    let component = |place: &String| place.split('.').next().unwrap_or_default().to_owned();
    let components = |places: &[String]| places.iter().map(component).collect::<std::collections::BTreeSet<_>>().len();
    let several: Vec<_> = places.into_values().filter(|places| components(places) > 2).collect();
    assert!(several.is_empty(), "make them a definition of schemas/definitions.json: {several:#?}");
}

/// Maps of two keys or more, as texts without what stands in `values.yaml`.
fn maps(schema: &Map<String, Value>, path: &str, found: &mut Vec<(String, String)>) {
    for (key, part) in schema {
        let Value::Object(part) = part else { continue };
        let path = if key == "properties" || key == "$defs" { path.to_owned() } else { format!("{path}.{key}") };
        let keys = part.get("properties").and_then(Value::as_object).map_or(0, Map::len);
        if keys > 1 && key != "properties" {
            found.push((path.clone(), told(part)));
        }
        maps(part, &path, found);
    }
}

/// A schema as text, without defaults: those are in `values.yaml`, and make no difference.
fn told(schema: &Map<String, Value>) -> String {
    fn bare(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let kept = map.iter().filter(|(key, part)| *key != "default" || part.is_object());
                Value::Object(kept.map(|(key, part)| (key.clone(), bare(part))).collect())
            }
            Value::Array(parts) => Value::Array(parts.iter().map(bare).collect()),
            other => other.clone(),
        }
    }
    bare(&Value::Object(schema.clone())).to_string()
}
