//! Rules within a pod: names, volumes, ports, probes, requests and limits.

use serde_json::Value;

use super::format;
use super::{FieldValue, Findings, Seen};
use crate::diag::Severity;
use crate::tree;

pub(super) fn check(root: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    if out.kind == "Pod"
        && let Some(pod) = root.get("spec")
    {
        spec(&pod, None, out);
    }
}

/// Checks a pod's spec; `claims` are the volumes that its StatefulSet creates.
pub(super) fn spec(pod: &FieldValue<'_, '_>, claims: Option<&Value>, out: &mut Findings<'_>) {
    let volumes = volumes(pod, claims, out);
    let mut names = Seen::default();
    for key in ["initContainers", "containers"] {
        let Some(containers) = pod.get(key) else { continue };
        for container in containers.items() {
            if let Some(name) = container.text("name")
                && !names.insert(name)
            {
                out.add("duplicate-name", &container, format!("a second container `{name}`"));
            }
            mounts(&container, &volumes, out);
            ports(&container, out);
            env(&container, out);
            resources(&container, out);
            let starts = key == "initContainers" && container.text("restartPolicy") != Some("Always");
            probes(&container, starts, out);
        }
    }
}

fn volumes<'v>(pod: &FieldValue<'v, '_>, claims: Option<&'v Value>, out: &mut Findings<'_>) -> Seen<'v> {
    let mut names = Seen::default();
    let claims = claims.and_then(Value::as_array).into_iter().flatten();
    for name in claims.filter_map(|claim| tree::at(claim, "metadata.name")?.as_str()) {
        names.insert(name);
    }
    let from_claims = names.clone();
    let Some(list) = pod.get("volumes") else { return names };
    for volume in list.items() {
        let Some(name) = volume.text("name") else { continue };
        // A claim of the same name replaces a volume.
        if !names.insert(name) && !from_claims.contains(name) {
            out.add("duplicate-name", &volume, format!("a second volume `{name}`"));
        }
        let kinds = volume.map().map_or(0, |map| map.len().saturating_sub(1));
        // A volume without a source is an empty one: the API server adds `emptyDir`.
        if kinds > 1 {
            out.add("contradiction", &volume, format!("the volume `{name}` has two sources"));
        }
    }
    names
}

fn mounts(container: &FieldValue<'_, '_>, volumes: &Seen<'_>, out: &mut Findings<'_>) {
    let Some(mounts) = container.get("volumeMounts") else { return };
    let mut paths = Seen::default();
    for mount in mounts.items() {
        if let Some(name) = mount.text("name")
            && !volumes.contains(name)
        {
            let reason = format!("the pod has no volume {}", format::shown(name));
            out.add("undeclared-volume", &mount, reason).hint =
                Some("a mount needs a volume of the same name: `extraVolumes` beside `extraVolumeMounts`".to_owned());
        }
        if let Some(path) = mount.text("mountPath")
            && !paths.insert(path)
        {
            out.add("duplicate-name", &mount, format!("a second volume at {}", format::shown(path)));
        }
        if mount.has("subPath") && mount.has("subPathExpr") {
            out.add("contradiction", &mount, "`subPath` and `subPathExpr` exclude each other");
        }
        for key in ["subPath", "subPathExpr"] {
            let outside = |p: &str| p.starts_with('/') || p.split('/').any(|part| part == "..");
            if mount.text(key).is_some_and(outside) {
                out.add("bad-format", &mount, format!("`{key}` must stay inside the volume"));
            }
        }
    }
}

fn ports(container: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(ports) = container.get("ports") else { return };
    let mut names = Seen::default();
    for port in ports.items() {
        if let Some(name) = port.text("name")
            && !names.insert(name)
        {
            out.add("duplicate-name", &port, format!("a second port `{name}`"));
        }
    }
}

fn env(container: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(env) = container.get("env") else { return };
    let mut names = Seen::default();
    for variable in env.items() {
        if let Some(name) = variable.text("name")
            && !names.insert(name)
        {
            let reason = format!("a second variable {}: the container uses the last one", format::shown(name));
            let fault = out.add("duplicate-variable", &variable, reason);
            // The API server accepts it with a warning; a server-side apply of both is refused.
            fault.severity = Severity::Warning;
            fault.hint = Some("keep one of the two; server-side apply refuses the pair".to_owned());
        }
        if let Some(from) = variable.get("valueFrom") {
            if variable.text("value").is_some_and(|v| !v.is_empty()) {
                out.add("contradiction", &variable, "`value` and `valueFrom` exclude each other");
            }
            if from.map().is_some_and(|map| map.len() != 1) {
                out.add("contradiction", &from, "exactly one source is needed");
            }
        }
    }
}

fn resources(container: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(resources) = container.get("resources") else { return };
    let size = |value: &Value| match value {
        Value::String(text) => format::quantity(text).ok(),
        other => other.as_f64(),
    };
    for key in ["requests", "limits"] {
        let Some(map) = resources.get(key) else { continue };
        for (_, quantity) in map.entries() {
            if size(quantity.value).is_some_and(|n| n < 0.0) {
                out.add("bad-quantity", &quantity, "must not be negative");
            }
        }
    }
    let Some(requests) = resources.get("requests") else { return };
    for (key, request) in requests.entries() {
        let limit = resources.value.get("limits").and_then(|limits| limits.get(key));
        if let (Some(wanted), Some(most)) = (size(request.value), limit.and_then(size))
            && wanted > most
        {
            out.add("contradiction", &request, "the request exceeds the limit");
        }
    }
}

fn probes(container: &FieldValue<'_, '_>, runs_once: bool, out: &mut Findings<'_>) {
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get(key) else { continue };
        if probe.map().is_none() {
            continue;
        }
        if runs_once {
            out.add("contradiction", &probe, "an init container without `restartPolicy: Always` cannot have probes");
        }
        match ["httpGet", "exec", "tcpSocket", "grpc"].iter().filter(|way| probe.has(way)).count() {
            1 => {}
            0 => {
                let reason = "has no handler: `httpGet`, `exec`, `tcpSocket` or `grpc` is needed";
                out.add("missing-field", &probe, reason);
            }
            _ => {
                out.add(
                    "contradiction",
                    &probe,
                    "has two handlers, but only one of `httpGet`, `exec`, `tcpSocket` and `grpc` is allowed",
                );
            }
        }
        if key != "readinessProbe"
            && let Some(threshold) = probe.get("successThreshold")
            && threshold.value.as_i64().is_some_and(|n| n > 1)
        {
            out.add("out-of-range", &threshold, "must be 1 for this probe");
        }
    }
}
