//! Changes that give more access, or more permissions, than before.

use serde_json::Value;

use crate::diff::objects::Object;
use crate::diff::{Class, FieldChange, Risk};

fn exposure(reason: impl Into<String>) -> Option<Risk> {
    Some(Risk::new(Class::Exposure, reason))
}

/// An object that was added.
pub(super) fn added(object: &Object) -> Option<Risk> {
    let text = |path: &str| object.body.pointer(path).and_then(Value::as_str);
    match object.id.kind.as_str() {
        "Ingress" | "HTTPRoute" | "TLSRoute" | "TCPRoute" | "Gateway" => {
            exposure("an address can be reached from outside")
        }
        "Service" => match text("/spec/type") {
            Some(kind @ ("LoadBalancer" | "NodePort")) => {
                exposure(format!("a Service of type `{kind}` can be reached from outside"))
            }
            _ => None,
        },
        "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => exposure("an account gets permissions"),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            exposure("the API server calls this webhook before it accepts objects")
        }
        "PodSecurityPolicy" => exposure("pods may get more permissions"),
        _ => None,
    }
}

/// A field that changed.
pub(super) fn risk(kind: &str, field: &FieldChange) -> Option<Risk> {
    let path = field.path.as_str();
    let rest = |prefix: &str| path.strip_prefix(prefix);
    match kind {
        "Service" => match path {
            "spec.type" => service_type(field),
            "spec.externalTrafficPolicy" => {
                exposure("the way outside traffic enters changes, and the client address that pods see")
            }
            _ if path.starts_with("spec.loadBalancerSourceRanges") => {
                exposure("the clients that may reach the load balancer change")
            }
            _ if path.starts_with("metadata.annotations") && path.contains("load-balancer") => {
                exposure("the load balancer changes: it may be in another network, or have another address")
            }
            _ if path.starts_with("spec.externalIPs") => exposure("the Service gets other addresses"),
            _ if path.starts_with("spec.ports") && field.old.is_none() && !path.contains("].") => {
                exposure("an additional port is open")
            }
            _ => None,
        },
        "Ingress" | "HTTPRoute" | "TLSRoute" | "TCPRoute" | "Gateway" => {
            if rest("spec.tls").is_some() || path.contains(".tls") {
                exposure("the certificate or the encryption at the edge changes")
            } else if rest("spec.rules").is_some()
                || rest("spec.hostnames").is_some()
                || rest("spec.listeners").is_some()
            {
                exposure("the backends that can be reached from outside change")
            } else if path.contains("ssl-redirect") || path.contains("whitelist") || path.contains("auth-") {
                exposure("the protection of the address by the controller changes")
            } else {
                None
            }
        }
        "Role" | "ClusterRole" => rest("rules").and_then(|_| role(field)),
        "RoleBinding" | "ClusterRoleBinding" => rest("subjects").and_then(|_| match field.new {
            Some(_) => exposure("the subjects of the role change"),
            None => Some(Risk::new(Class::None, "an account loses the role: what it still does with it fails")),
        }),
        "NetworkPolicy" => rest("spec").and_then(|_| traffic(field)),
        "ServiceAccount" if IDENTITIES.iter().any(|name| path.contains(name)) => {
            exposure("the account gets another identity in the cloud: its pods use it once they start again")
        }
        "ServiceAccount" if path == "automountServiceAccountToken" && is(field.new.as_ref(), true) => {
            exposure("pods get a token for the API server")
        }
        "Namespace" if path.contains("pod-security") => exposure("the security settings that pods may use change"),
        _ => pod(field),
    }
}

/// Annotations that give an account an identity in a cloud.
const IDENTITIES: [&str; 3] =
    ["eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/"];

/// The last key of a path; for an item, the key of its list.
fn last_key(path: &str) -> &str {
    let list = match path.strip_suffix(']') {
        Some(start) => start.rfind('[').map_or(path, |end| &path[..end]),
        None => path,
    };
    list.rsplit('.').next().unwrap_or(list)
}

/// A field under the rules of a role. A rule without `resourceNames` is for all objects of its kind.
fn role(field: &FieldChange) -> Option<Risk> {
    let for_all = field.path.ends_with(".resourceNames");
    match &field.new {
        None if !for_all => {
            Some(Risk::new(Class::None, "the role loses permissions: what its accounts still do with them fails"))
        }
        _ => exposure("the permissions of the role change"),
    }
}

/// A field of a NetworkPolicy. A rule without peers or ports is for all of them, and a direction without rules is closed.
fn traffic(field: &FieldChange) -> Option<Risk> {
    let (path, added, gone) = (field.path.as_str(), field.old.is_none(), field.new.is_none());
    let is_item = path.ends_with(']');
    let opens = match last_key(path) {
        "from" | "to" | "ports" if !is_item => gone,
        "policyTypes" => gone,
        "podSelector" => return exposure("the policy applies to other pods"),
        _ => added,
    };
    match (added || gone, opens) {
        (true, true) => exposure("network traffic that was blocked is allowed"),
        (true, false) => Some(Risk::new(Class::Outage, "network traffic that was allowed is blocked")),
        (false, _) => exposure("the allowed network traffic changes"),
    }
}

fn service_type(field: &FieldChange) -> Option<Risk> {
    let name = field.new.as_ref().and_then(Value::as_str).unwrap_or("ClusterIP");
    match name {
        "LoadBalancer" | "NodePort" => {
            exposure(format!("the Service becomes `{name}`: it can be reached from outside"))
        }
        _ => Some(
            Risk::new(
                Class::Outage,
                format!("the Service becomes `{name}`: it can no longer be reached from outside, and loses its address there"),
            )
            .way("note the address: it may be another one when the Service is opened again"),
        ),
    }
}

/// Fields of a pod that weaken its protection.
fn pod(field: &FieldChange) -> Option<Risk> {
    let path = field.path.as_str();
    let last = path.rsplit('.').next().unwrap_or(path);
    let (old, new) = (field.old.as_ref(), field.new.as_ref());
    if !path.contains("spec") {
        return None;
    }
    // A container that is new, or the whole list where no names tell containers apart.
    if path.contains("ontainers") && last.contains("ontainers") && new.is_some() {
        let opens = new.map(opened).unwrap_or_default();
        let had = old.map(opened).unwrap_or_default();
        let more: Vec<_> = opens.into_iter().filter(|what| !had.contains(what)).collect();
        return if more.is_empty() { None } else { exposure(format!("a new container {}", more.join(", "))) };
    }
    match last {
        "privileged" if is(new, true) => exposure("a container becomes privileged"),
        "allowPrivilegeEscalation" if !is(new, false) => exposure("a container may gain privileges"),
        "runAsNonRoot" if !is(new, true) => exposure("a container may run as root"),
        "runAsUser" if new.is_some_and(|user| *user == 0) => exposure("a container runs as root"),
        "readOnlyRootFilesystem" if !is(new, true) => exposure("a container may write to its own files"),
        "hostNetwork" | "hostPID" | "hostIPC" if is(new, true) => {
            exposure(format!("pods share a namespace of the node: `{last}`"))
        }
        "automountServiceAccountToken" if is(new, true) => exposure("pods get a token for the API server"),
        _ if path.contains("capabilities.add") && new.is_some() => exposure("a container gets other capabilities"),
        _ if path.contains("capabilities.drop") && old.is_some() => exposure("a container drops other capabilities"),
        "capabilities" if new.is_none_or(|new| new.get("add").is_some()) => {
            exposure("a container has other capabilities")
        }
        "type" if path.contains("seccompProfile") && new.is_none_or(|new| *new == "Unconfined") => {
            exposure("system calls are no longer filtered")
        }
        "seccompProfile" if new.is_none() => exposure("system calls are no longer filtered"),
        "securityContext" if is_weaker(old, new) => exposure("a security context is removed or weakened"),
        _ if path.contains("volumes[") && new.is_some_and(|new| new.get("hostPath").is_some()) => {
            exposure("pods mount a directory of the node")
        }
        _ => None,
    }
}

/// What the security contexts and ports of containers allow beyond the default.
fn opened(containers: &Value) -> Vec<&'static str> {
    let one = std::slice::from_ref(containers);
    let each = containers.as_array().map_or(one, Vec::as_slice);
    let any = |at: &str, fits: &dyn Fn(&Value) -> bool| each.iter().any(|one| one.pointer(at).is_some_and(fits));
    let context = |key: &str| format!("/securityContext/{key}");
    let mut found = Vec::new();
    if any(&context("privileged"), &|value| *value == true) {
        found.push("is privileged");
    }
    if any(&context("runAsUser"), &|value| *value == 0) {
        found.push("runs as root");
    }
    if any(&context("capabilities/add"), &|value| value.as_array().is_some_and(|added| !added.is_empty())) {
        found.push("has additional capabilities");
    }
    if any("/ports", &|ports| {
        ports.as_array().is_some_and(|ports| ports.iter().any(|port| port.get("hostPort").is_some()))
    }) {
        found.push("opens a port of the node");
    }
    found
}

/// A whole security context that was added or removed.
fn is_weaker(old: Option<&Value>, new: Option<&Value>) -> bool {
    let protects = |context: &Value| {
        let is = |key: &str, wanted: bool| context.get(key).is_some_and(|value| *value == wanted);
        is("runAsNonRoot", true) || is("allowPrivilegeEscalation", false) || is("readOnlyRootFilesystem", true)
    };
    let opens = |context: &Value| context.get("privileged").is_some_and(|value| *value == true);
    old.is_some_and(protects) && new.is_none() || new.is_some_and(opens)
}

fn is(value: Option<&Value>, wanted: bool) -> bool {
    value.is_some_and(|value| *value == wanted)
}
