//! Probes of containers.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{Node, NodeMap};
use crate::tree::overlay;

/// A probe by HTTP; `times` has `periodSeconds` and similar fields, passed on unchanged.
pub fn http_probe(path: &str, port: impl Serialize, times: &NodeMap) -> Node {
    let mut probe = json!({"httpGet": {"path": path, "port": port}});
    overlay(&mut probe, &Value::Object(times.clone()));
    probe
}

/// A probe: the handler, with `periodSeconds` and similar fields of the settings.
pub fn probe(handler: &Node, settings: &NodeMap) -> Node {
    let mut probe = handler.clone();
    if let Some(probe) = probe.as_object_mut() {
        probe.extend(settings.iter().filter(|(key, _)| *key != "enabled").map(|(k, v)| (k.clone(), v.clone())));
    }
    probe
}
