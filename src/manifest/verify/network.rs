//! Rules for Services, Ingresses and network policies.

use std::collections::HashSet;

use serde_json::Value;

use super::{FieldValue, Findings};
use crate::diag::Severity;
use crate::tree::{self, field};

pub(super) fn check(root: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(spec) = root.get("spec") else { return };
    match out.kind {
        "Service" => service(&spec, out),
        "Ingress" => ingress(&spec, out),
        _ => {}
    }
}

fn service(spec: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let kind = spec.text("type").filter(|kind| !kind.is_empty()).unwrap_or("ClusterIP");
    let headless = spec.text("clusterIP") == Some("None");
    let empty = |value: &Value| {
        value.as_array().is_some_and(Vec::is_empty) || value.as_str() == Some("") || value.as_i64() == Some(0)
    };
    let reached_from_outside = field(spec.value, "externalIPs").is_some_and(|ips| !empty(ips));
    if kind != "ExternalName" && !headless && field(spec.value, "ports").is_none_or(empty) {
        out.add("missing-field", &spec.child("ports", &Value::Null), "a Service needs at least one port");
    }
    if kind == "ExternalName" && !spec.has("externalName") {
        out.add("missing-field", &spec.child("externalName", &Value::Null), "required with the type `ExternalName`");
    }
    for (key, kinds) in ONLY_FOR {
        if let Some(field) = spec.get(key)
            && !empty(field.value)
            && !kinds.contains(&kind)
            && !(key == "externalTrafficPolicy" && reached_from_outside)
        {
            let allowed: Vec<String> = kinds.iter().map(|k| format!("`{k}`")).collect();
            out.add(
                "contradiction",
                &field,
                format!("only allowed with the type {}, not `{kind}`", allowed.join(" or ")),
            );
        }
    }
    if headless && kind != "ClusterIP" {
        out.add("contradiction", &spec.child("clusterIP", &Value::Null), "`None` needs the type `ClusterIP`");
    }
    let Some(ports) = spec.get("ports") else { return };
    let several = ports.value.as_array().is_some_and(|p| p.len() > 1);
    let (mut names, mut numbers) = (HashSet::new(), HashSet::new());
    for port in ports.items() {
        match port.text("name") {
            Some(name) if !names.insert(name) => {
                out.add("duplicate-name", &port, format!("a second port `{name}`"));
            }
            None if several => {
                out.add("missing-field", &port.child("name", &Value::Null), "needed where there are several ports");
            }
            _ => {}
        }
        if let Some(number) = field(port.value, "port").and_then(Value::as_i64)
            && !numbers.insert((number, port.text("protocol").unwrap_or("TCP")))
        {
            out.add("duplicate-port", &port, format!("port {number} is given twice"));
        }
        if let Some(number) = port.get("nodePort")
            && matches!(kind, "NodePort" | "LoadBalancer")
            && number.value.as_i64().is_some_and(|n| n != 0 && !NODE_PORTS.contains(&n))
        {
            let (first, last) = (NODE_PORTS.start(), NODE_PORTS.end());
            let reason = format!("outside of {first} to {last}, the default range of node ports");
            out.add("out-of-range", &number, reason).severity = Severity::Warning;
        }
        if kind == "ClusterIP" && field(port.value, "nodePort").and_then(Value::as_i64).is_some_and(|n| n != 0) {
            out.add("contradiction", &port, "`nodePort` is not allowed with the type `ClusterIP`");
        }
    }
}

/// The default of `--service-node-port-range`.
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

/// Fields that a Service has only with some types.
const ONLY_FOR: [(&str, &[&str]); 5] = [
    ("loadBalancerSourceRanges", &["LoadBalancer"]),
    ("loadBalancerClass", &["LoadBalancer"]),
    ("allocateLoadBalancerNodePorts", &["LoadBalancer"]),
    ("healthCheckNodePort", &["LoadBalancer"]),
    ("externalTrafficPolicy", &["LoadBalancer", "NodePort"]),
];

fn ingress(spec: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let rules = spec.get("rules");
    if rules.is_none_or(|r| r.value.as_array().is_some_and(Vec::is_empty)) && !spec.has("defaultBackend") {
        out.add("missing-field", spec, "`rules` or `defaultBackend` is needed");
    }
    let Some(rules) = rules else { return };
    for rule in rules.items() {
        let Some(http) = rule.get("http") else { continue };
        let Some(paths) = http.get("paths") else { continue };
        for path in paths.items() {
            let absolute = path.text("path").is_some_and(|p| p.starts_with('/'));
            if !absolute
                && path.text("pathType").is_some_and(|kind| kind != "ImplementationSpecific" || path.has("path"))
            {
                out.add("bad-format", &path.child("path", &Value::Null), "must begin with `/`");
            }
            if let Some(backend) = path.get("backend")
                && !backend.has("service")
                && !backend.has("resource")
            {
                out.add("missing-field", &backend, "`service` or `resource` is needed");
            }
            if let Some(service) = tree::at(path.value, "backend.service")
                && service.get("port").and_then(Value::as_object).is_none_or(|port| port.len() != 1)
            {
                out.add("missing-field", &path, "the backend's port is needed, by `name` or by `number`");
            }
        }
    }
}
