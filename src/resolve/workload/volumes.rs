//! Volumes and their mounts.

use serde_json::{Map, Value, json};

use crate::model::Node;
use crate::tree;

/// A volume mount; `options` are its other fields.
pub fn mount(volume: &str, path: &str, options: Value) -> Node {
    // The options are mostly one entry of a map that has space for more.
    let mut mount = match options {
        Value::Object(options) => options,
        _ => Map::new(),
    };
    mount.shift_insert(0, "name".to_owned(), volume.into());
    mount.shift_insert(1, "mountPath".to_owned(), path.into());
    Value::Object(mount)
}

/// Keys of a Secret as files of a projected volume: `secret_items("s", [("key", "path")])`; no items: all keys.
pub fn secret_items<'a>(name: &str, items: impl IntoIterator<Item = (&'a str, &'a str)>) -> Node {
    let item = |(key, path): (&str, &str)| tree::map([("key", key.into()), ("path", path.into())]);
    let items: Vec<Node> = items.into_iter().map(item).collect();
    let secret = match items.is_empty() {
        true => tree::map([("name", name.into())]),
        false => tree::map([("name", name.into()), ("items", items.into())]),
    };
    tree::map([("secret", secret)])
}

/// An `emptyDir` in memory, for secrets that must not be written to a disk.
pub fn memory_volume(name: &str) -> Node {
    json!({"name": name, "emptyDir": {"medium": "Memory"}})
}

/// A volume made of several Secrets and ConfigMaps.
pub fn projected_volume(name: &str, default_mode: u32, sources: Vec<Node>) -> Node {
    let projected = tree::map([("defaultMode", default_mode.into()), ("sources", sources.into())]);
    tree::map([("name", name.into()), ("projected", projected)])
}

/// A certificate and its key as sources of a projected volume, `<folder>/<file>.crt` and `.key`.
pub fn certificate_source(secret: &str, path: &str) -> Node {
    secret_items(secret, [("tls.crt", format!("{path}.crt").as_str()), ("tls.key", format!("{path}.key").as_str())])
}

/// A volume with a ConfigMap's keys as files.
pub fn config_volume(name: &str, config_map: &str) -> Node {
    json!({"name": name, "configMap": {"name": config_map}})
}

/// The mount of the trusted certificate authorities for containers that use TLS.
pub fn certificate_mounts() -> Vec<Node> {
    vec![
        mount("etc-ssl-certs", "/etc/ssl/certs/", json!({"readOnly": true})),
        mount("etc-pki-ca-trust-extracted-pem", "/etc/pki/ca-trust/extracted/pem", json!({"readOnly": true})),
    ]
}
