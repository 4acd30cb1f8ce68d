//! Probes of containers.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{Node, NodeMap};
use crate::tree::overlay_map;

/// A probe by HTTP; `times` has `periodSeconds` and similar fields, passed on unchanged.
pub fn http_probe(path: &str, port: impl Serialize, times: &NodeMap) -> Node {
    timed(json!({"httpGet": {"path": path, "port": port}}), times)
}

/// A probe with times and thresholds merged over it.
pub fn timed(mut probe: Node, times: &NodeMap) -> Node {
    if let Value::Object(probe) = &mut probe {
        overlay_map(probe, times);
    }
    probe
}

/// The times and thresholds of a probe, without whatever else stands beside them.
pub fn timing(settings: &NodeMap) -> NodeMap {
    let is_one = |key: &str| key.ends_with("Seconds") || key.ends_with("Threshold");
    settings.iter().filter(|(key, _)| is_one(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Whether the settings of a probe say themselves how the container is asked.
pub fn has_handler(settings: &NodeMap) -> bool {
    ["exec", "grpc", "httpGet", "tcpSocket"].iter().any(|handler| settings.contains_key(*handler))
}

/// A probe: the handler, with `periodSeconds` and similar fields of the settings.
pub fn probe(handler: &Node, settings: &NodeMap) -> Node {
    let mut probe = handler.clone();
    if let Some(probe) = probe.as_object_mut() {
        probe.extend(settings.iter().filter(|(key, _)| *key != "enabled").map(|(k, v)| (k.clone(), v.clone())));
    }
    probe
}
