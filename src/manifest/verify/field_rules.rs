//! Rules about fields of one map that must agree; [`super::shape::Shape::Also`] attaches a rule to a shape.

use std::collections::HashSet;
use std::net::IpAddr;

use serde_json::Value;

use super::format;
use super::{FieldValue, Findings};
use crate::tree::{self, field};

/// The number of these fields that are set.
fn count(node: &FieldValue<'_, '_>, keys: &[&str]) -> usize {
    keys.iter().filter(|key| node.has(key)).count()
}

fn quoted(keys: &[&str]) -> String {
    format!("`{}`", keys.join("`, `"))
}

/// A selector expression: which operators take values.
pub(super) fn expression(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let values = field(node.value, "values").and_then(Value::as_array).map_or(0, Vec::len);
    let operator = node.text("operator").unwrap_or_default();
    let reason = match operator {
        "In" | "NotIn" if values == 0 => "at least one value is needed",
        "Exists" | "DoesNotExist" if values > 0 => "no values are allowed",
        "Gt" | "Lt" if values != 1 => "exactly one value is needed",
        _ => return,
    };
    let at = node.child("values", field(node.value, "values").unwrap_or(&Value::Null));
    out.add("bad-selector", &at, format!("{reason} with the operator `{operator}`"));
}

pub(super) fn toleration(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let operator = node.text("operator").filter(|operator| !operator.is_empty()).unwrap_or("Equal");
    let filled = |key| node.text(key).is_some_and(|text| !text.is_empty());
    if operator == "Exists" && filled("value") {
        out.add("contradiction", &node.child("value", node.value), "no value is allowed with the operator `Exists`");
    }
    if matches!(operator, "Equal" | "Lt" | "Gt") && !filled("key") {
        let at = node.child("operator", node.value);
        out.add("contradiction", &at, "without a `key` the operator must be `Exists`");
    }
    if node.has("tolerationSeconds") && node.text("effect") != Some("NoExecute") {
        let at = node.child("effect", node.value);
        out.add("contradiction", &at, "`tolerationSeconds` needs the effect `NoExecute`");
    }
}

pub(super) fn spread(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    if let Some(domains) = node.get("minDomains")
        && node.text("whenUnsatisfiable").is_some_and(|when| when != "DoNotSchedule")
    {
        out.add("contradiction", &domains, "only allowed with `whenUnsatisfiable: DoNotSchedule`");
    }
}

/// Topology constraints: two with the same topology and the same action.
pub(super) fn spreads(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let mut seen = HashSet::new();
    for item in node.items() {
        if let (Some(key), Some(when)) = (item.text("topologyKey"), item.text("whenUnsatisfiable"))
            && !seen.insert((key, when))
        {
            out.add("duplicate-name", &item, format!("a second constraint for `{key}` and `{when}`"));
        }
    }
}

/// A source of environment variables.
pub(super) fn env_from(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    one_of(node, &["configMapRef", "secretRef"], out);
}

/// A lifecycle handler of a container.
pub(super) fn handler(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    one_of(node, &["exec", "httpGet", "tcpSocket", "sleep"], out);
}

fn one_of(node: &FieldValue<'_, '_>, keys: &[&str], out: &mut Findings<'_>) {
    match count(node, keys) {
        1 => {}
        0 => {
            out.add("missing-field", node, format!("one of {} is needed", quoted(keys)));
        }
        _ => {
            out.add("contradiction", node, format!("exactly one of {} is allowed", quoted(keys)));
        }
    }
}

/// A source of a projected volume.
pub(super) fn projection(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    if node.map().is_some_and(|map| map.len() > 1) {
        out.add("contradiction", node, "a source can be of one kind only");
    }
}

/// A seccomp or AppArmor profile.
pub(super) fn profile(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let local = node.text("type") == Some("Localhost");
    if local && node.text("localhostProfile").is_none_or(str::is_empty) {
        out.add("missing-field", &node.child("localhostProfile", node.value), "required with the type `Localhost`");
    }
    if !local && node.has("localhostProfile") {
        let at = node.child("localhostProfile", node.value);
        out.add("contradiction", &at, "only allowed with the type `Localhost`");
    }
}

/// The security context of a container.
pub(super) fn escalation(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(may) = node.get("allowPrivilegeEscalation").filter(|may| may.value.as_bool() == Some(false)) else {
        return;
    };
    let added = tree::at(node.value, "capabilities.add").and_then(Value::as_array).into_iter().flatten();
    if field(node.value, "privileged").and_then(Value::as_bool) == Some(true) {
        out.add("contradiction", &may, "a privileged container can always escalate");
    } else if added.filter_map(Value::as_str).any(|name| name == "CAP_SYS_ADMIN") {
        out.add("contradiction", &may, "a container with `CAP_SYS_ADMIN` can always escalate");
    }
}

/// The security context of a pod.
pub(super) fn pod(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let on = |key: &str| field(node.value, key).and_then(Value::as_bool) == Some(true);
    if on("hostPID") && on("shareProcessNamespace") {
        let at = node.child("shareProcessNamespace", node.value);
        out.add("contradiction", &at, "`hostPID` and `shareProcessNamespace` exclude each other");
    }
    let servers = tree::at(node.value, "dnsConfig.nameservers").and_then(Value::as_array).map_or(0, Vec::len);
    if node.text("dnsPolicy") == Some("None") && servers == 0 {
        let at = node.child("dnsConfig", node.value);
        out.add("missing-field", &at, "name servers are needed with `dnsPolicy: None`");
    }
    host_ports(node, on("hostNetwork"), out);
}

fn host_ports(pod: &FieldValue<'_, '_>, host_network: bool, out: &mut Findings<'_>) {
    let mut taken = HashSet::new();
    for container in pod.get("containers").iter().flat_map(FieldValue::items) {
        for port in container.get("ports").iter().flat_map(FieldValue::items) {
            let number = |key: &str| field(port.value, key).and_then(Value::as_i64).filter(|n| *n != 0);
            let Some(host) = number("hostPort") else { continue };
            if host_network && number("containerPort").is_some_and(|own| own != host) {
                let reason = "on the host's network `hostPort` and `containerPort` must be the same";
                out.add("contradiction", &port, reason);
            }
            let address = port.text("hostIP").unwrap_or_default();
            if !taken.insert((port.text("protocol").unwrap_or("TCP"), address, host)) {
                out.add("duplicate-port", &port, format!("the host's port {host} is used twice"));
            }
        }
    }
}

/// A peer of a network policy.
pub(super) fn peer(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let selects = count(node, &["podSelector", "namespaceSelector"]);
    match node.get("ipBlock") {
        Some(_) if selects > 0 => {
            out.add("contradiction", node, "`ipBlock` excludes `podSelector` and `namespaceSelector`");
        }
        None if selects == 0 => {
            out.add("missing-field", node, "`podSelector`, `namespaceSelector` or `ipBlock` is needed");
        }
        _ => {}
    }
}

/// An address range and its exceptions.
pub(super) fn ip_block(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(outer) = node.text("cidr").and_then(range) else { return };
    for except in node.get("except").iter().flat_map(FieldValue::items) {
        if let Some(inner) = except.value.as_str().and_then(range)
            && !(inner.1 > outer.1 && same_prefix(inner.0, outer.0, outer.1))
        {
            out.add("bad-format", &except, "not a part of `cidr`");
        }
    }
}

fn range(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    Some((address.parse().ok()?, bits.parse().ok()?))
}

fn same_prefix(a: IpAddr, b: IpAddr, bits: u32) -> bool {
    let (a, b, width) = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a)), u128::from(u32::from(b)), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a), u128::from(b), 128),
        _ => return false,
    };
    bits == 0 || bits > width || (a >> (width - bits)) == (b >> (width - bits))
}

/// A port or a port range of a network policy.
pub(super) fn policy_port(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(end) = node.get("endPort") else { return };
    match field(node.value, "port") {
        None | Some(Value::String(_)) => {
            out.add("contradiction", &end, "needs a `port` that is a number");
        }
        Some(first) if first.as_i64().zip(end.value.as_i64()).is_some_and(|(first, last)| last < first) => {
            out.add("contradiction", &end, "the range ends before it begins");
        }
        Some(_) => {}
    }
}

/// A rule of a role.
pub(super) fn role_rule(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let filled = |key: &str| field(node.value, key).and_then(Value::as_array).is_some_and(|items| !items.is_empty());
    let cluster = out.kind == "ClusterRole";
    if filled("nonResourceURLs") {
        let at = node.child("nonResourceURLs", node.value);
        if !cluster {
            out.add("contradiction", &at, "a Role cannot contain URLs");
        } else if filled("apiGroups") || filled("resources") || filled("resourceNames") {
            out.add("contradiction", &at, "a rule is about URLs or about resources, not both");
        }
        return;
    }
    for key in ["apiGroups", "resources"] {
        if !filled(key) {
            out.add("missing-field", &node.child(key, node.value), "required, but missing");
        }
    }
}

/// The role of a binding.
pub(super) fn role_ref(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    if let Some(group) = node.get("apiGroup").filter(|group| group.value.as_str() != Some(RBAC)) {
        out.add("unknown-value", &group, format!("must be `{RBAC}`"));
    }
    if out.kind == "ClusterRoleBinding" && node.text("kind") == Some("Role") {
        let at = node.child("kind", node.value);
        out.add("unknown-value", &at, "a ClusterRoleBinding can name a `ClusterRole` only");
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// A subject of a binding.
pub(super) fn subject(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let account = node.text("kind") == Some("ServiceAccount");
    if account && out.kind == "ClusterRoleBinding" && node.text("namespace").is_none_or(str::is_empty) {
        out.add(
            "missing-field",
            &node.child("namespace", node.value),
            "required for a ServiceAccount where the binding has no namespace",
        );
    }
    let group = node.text("apiGroup").unwrap_or_default();
    if account && !group.is_empty() {
        out.add("unknown-value", &node.child("apiGroup", node.value), "must be empty for a ServiceAccount");
    }
    if matches!(node.text("kind"), Some("User" | "Group")) && !group.is_empty() && group != RBAC {
        out.add("unknown-value", &node.child("apiGroup", node.value), format!("must be `{RBAC}`"));
    }
}

/// The address of a webhook.
pub(super) fn client_config(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    one_of(node, &["url", "service"], out);
}

/// The spec of a volume claim.
pub(super) fn claim(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    modes(node, out);
    let empty = Value::Null;
    let resources = field(node.value, "resources").unwrap_or(&empty);
    let resources = node.child("resources", resources);
    let requests = resources.child("requests", field(resources.value, "requests").unwrap_or(&empty));
    let Some(storage) = requests.get("storage") else {
        if node.has("resources") || !node.has("dataSourceRef") {
            out.add("missing-field", &requests.child("storage", &Value::Null), "required, but missing");
        }
        return;
    };
    let size = match storage.value {
        Value::String(text) => format::quantity(text).ok(),
        other => other.as_f64(),
    };
    if size.is_some_and(|size| size <= 0.0) {
        out.add("bad-quantity", &storage, "must be greater than zero");
    }
}

/// Access modes of a claim or a volume.
fn modes(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(modes) = node.get("accessModes") else { return };
    let alone = modes.items().any(|mode| mode.value.as_str() == Some("ReadWriteOncePod"));
    if alone && modes.items().count() > 1 {
        out.add("contradiction", &modes, "`ReadWriteOncePod` excludes all other modes");
    }
}

/// The spec of a persistent volume.
pub(super) fn volume(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    modes(node, out);
    const OTHERS: [&str; 9] = [
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    ];
    let sources = node.entries().filter(|(key, _)| !OTHERS.contains(key)).count();
    if sources == 0 {
        out.add("missing-field", node, "has no source: `csi`, `nfs`, `hostPath`, `local` ...");
    } else if sources > 1 {
        out.add("contradiction", node, "has two sources");
    }
}

/// The definition of a custom resource.
pub(super) fn definition(node: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(versions) = node.get("versions") else { return };
    let stored = versions.items().filter(|v| v.value.get("storage").and_then(Value::as_bool) == Some(true)).count();
    match stored {
        1 => {}
        0 => {
            out.add("missing-field", &versions, "one version must have `storage: true`");
        }
        _ => {
            out.add("contradiction", &versions, "only one version can have `storage: true`");
        }
    }
    for version in versions.items().filter(|version| !version.has("schema")) {
        out.add("missing-field", &version.child("schema", node.value), "required, but missing");
    }
    if let (Some(plural), Some(group)) =
        (tree::at(node.value, "names.plural").and_then(Value::as_str), node.text("group"))
    {
        let wanted = format!("{plural}.{group}");
        if out.id.name != wanted && !out.id.name.is_empty() {
            let root = FieldValue::root(node.value);
            let metadata = root.child("metadata", node.value);
            out.add("bad-name", &metadata.child("name", node.value), format!("must be `{wanted}`"));
        }
    }
}
