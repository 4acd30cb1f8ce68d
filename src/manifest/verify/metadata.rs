//! Names, labels and annotations of an object.

use super::format;
use super::{FieldValue, Findings};
use crate::tree::{self, field};

/// The maximum size of all annotations together, in bytes.
const ANNOTATION_BYTES: usize = 256 * 1024;
/// etcd's limit, less what the object needs besides its data.
const DATA_BYTES: usize = 1024 * 1024;

pub(super) fn check(root: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(metadata) = root.get("metadata") else { return };
    if let Some(name) = metadata.get("name") {
        let text = name.value.as_str().unwrap_or_default();
        let found = match out.kind {
            "Service" => format::service_name(text),
            "Namespace" => format::label_name(text),
            // Its pods have the name as a label.
            "Job" if text.len() > 63 => Err("longer than 63 characters".to_owned()),
            "CronJob" if text.len() > 52 => {
                Err("longer than 52 characters, which leaves no room for the names of its Jobs".to_owned())
            }
            "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => format::path_name(text),
            _ => format::subdomain(text),
        };
        if let Err(reason) = found {
            out.add("bad-name", &name, reason);
        }
    }
    if let Some(namespace) = metadata.get("namespace")
        && let Err(reason) = format::label_name(namespace.value.as_str().unwrap_or_default())
    {
        out.add("bad-name", &namespace, reason);
    }
    labels(&metadata, out);
    match out.kind {
        "Secret" => secret(root, out),
        "ConfigMap" => twice(root, out),
        _ => {}
    }
    let data: usize = ["data", "binaryData", "stringData"]
        .iter()
        .filter_map(|key| field(root.value, key)?.as_object())
        .flat_map(|map| map.values())
        .map(|value| value.as_str().map_or(0, str::len))
        .sum();
    if data > DATA_BYTES {
        out.add("too-large", root, format!("holds {data} bytes of data, but Kubernetes accepts at most 1 MiB"));
    }
}

/// The required keys of each type of Secret, in `data` or in `stringData`.
fn secret(root: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let kind = root.text("type").unwrap_or_default();
    let needed: &[&str] = match kind {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    let data = root.child("data", root.value);
    let plain = |key: &str| root.value.get("stringData").and_then(|data| data.get(key));
    for key in needed {
        let there = root.value.get("data").and_then(|data| data.get(*key)).or_else(|| plain(key));
        if there.is_none() {
            out.add("missing-field", &data.child(key, root.value), format!("required with the type `{kind}`"));
        }
        if key.starts_with('.')
            && let Some(text) = plain(key).and_then(serde_json::Value::as_str)
            && serde_json::from_str::<serde_json::Value>(text).is_err()
        {
            let data = root.child("stringData", root.value);
            out.add("bad-format", &data.child(key, root.value), "not JSON");
        }
    }
    if kind == "kubernetes.io/service-account-token"
        && tree::at(root.value, "metadata.annotations")
            .and_then(|all| field(all, "kubernetes.io/service-account.name"))
            .is_none()
    {
        let reason = "required with this type: `kubernetes.io/service-account.name`";
        out.add("missing-field", &root.child("metadata", root.value).child("annotations", root.value), reason);
    }
}

/// A key of a ConfigMap is in `data` or in `binaryData`, not in both.
fn twice(root: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(bytes) = root.get("binaryData") else { return };
    for (key, entry) in bytes.entries() {
        if root.value.get("data").is_some_and(|data| data.get(key).is_some()) {
            out.add("duplicate-name", &entry, "the key is in `data` too");
        }
    }
}

/// Labels and annotations of an object or of a pod.
pub(super) fn labels(metadata: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    if let Some(labels) = metadata.get("labels") {
        for (key, label) in labels.entries() {
            let found =
                format::qualified_name(key).and_then(|()| label.value.as_str().map_or(Ok(()), format::label_value));
            if let Err(reason) = found {
                out.add("bad-label", &label, reason);
            }
        }
    }
    if let Some(annotations) = metadata.get("annotations") {
        let mut bytes = 0;
        for (key, annotation) in annotations.entries() {
            // Unlike in a label, the prefix of the name may have capital letters.
            if let Err(reason) = format::qualified_name(&key.to_lowercase()) {
                out.add("bad-annotation", &annotation, reason);
            }
            bytes += key.len() + annotation.value.as_str().map_or(0, str::len);
        }
        if bytes > ANNOTATION_BYTES {
            out.add("too-large", &annotations, "more than 256 KiB of annotations");
        }
    }
}
