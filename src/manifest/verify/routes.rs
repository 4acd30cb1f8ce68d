//! Requests that two routes of a set send to different backends.
//!
//! The server takes both, and which of them gets the requests follows from their age or from the alphabet: the webhook of
//! ingress-nginx refuses the second one, other controllers choose one of the two.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{FieldValue, ObjectFault, ObjectId};
use crate::diag::marks;
use crate::tree::{self, field};

/// The routes so far, by the requests that they match.
#[derive(Debug, Default)]
pub struct Routes {
    seen: HashMap<Request, Answer>,
}

/// What a rule matches: the controller or listener, the host, the path and further conditions.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Request {
    kind: &'static str,
    scope: String,
    host: String,
    matched: String,
}

#[derive(Debug)]
struct Answer {
    number: usize,
    id: String,
    backend: Value,
}

/// Annotations by which a controller divides requests that several Ingresses match, or orders the Ingresses, by their
/// names after the `/`.
const DIVIDING: [&str; 8] = [
    "canary",
    "group.order",
    "conditions",
    "router.priority",
    "blue-green-deploy",
    "service-weights",
    "traffic-split",
    "route-acl",
];

impl Routes {
    /// Adds an object; returns the rules that match the same requests as an earlier one and send them elsewhere.
    pub fn add(&mut self, number: usize, id: &ObjectId, namespace: &str, body: &Value) -> Vec<ObjectFault> {
        let mut found = Vec::new();
        let root = FieldValue::root(body);
        let Some(spec) = root.get("spec") else { return found };
        let of = Object { number, id, namespace };
        match (id.group(), id.kind.as_str()) {
            ("networking.k8s.io" | "extensions", "Ingress") if !is_divided(body) => {
                self.ingress(&of, &spec, class(body), &mut found);
            }
            ("gateway.networking.k8s.io", "Gateway") => listeners(&spec, &mut found),
            ("gateway.networking.k8s.io", "HTTPRoute") => self.route(&of, "HTTPRoute", &spec, &mut found),
            ("gateway.networking.k8s.io", "GRPCRoute") => self.route(&of, "GRPCRoute", &spec, &mut found),
            ("gateway.networking.k8s.io", "TLSRoute") => self.route(&of, "TLSRoute", &spec, &mut found),
            ("gateway.networking.k8s.io", "TCPRoute") => self.route(&of, "TCPRoute", &spec, &mut found),
            _ => {}
        }
        found
    }

    fn ingress(&mut self, of: &Object<'_>, spec: &FieldValue<'_, '_>, class: String, found: &mut Vec<ObjectFault>) {
        for rule in spec.get("rules").iter().flat_map(FieldValue::items) {
            let host = rule.text("host").filter(|host| !host.is_empty()).unwrap_or("*");
            let Some(http) = rule.get("http") else { continue };
            for item in http.get("paths").iter().flat_map(FieldValue::items) {
                let kind = item.text("pathType").unwrap_or("ImplementationSpecific");
                let path = item.text("path").filter(|path| !path.is_empty()).unwrap_or("/");
                // A prefix ends at a `/`, written or not.
                let path = match path.trim_end_matches('/') {
                    "" => "/",
                    short if kind == "Prefix" => short,
                    _ => path,
                };
                let backend = qualified(of.namespace, field(item.value, "backend").unwrap_or(&Value::Null));
                let request = Request {
                    kind: "Ingress",
                    scope: class.clone(),
                    host: host.to_owned(),
                    matched: format!("{path} ({kind})"),
                };
                // The value that differs from what is usual is the more likely cause.
                let at = if path == "/" { rule.get("host") } else { item.get("path") };
                self.answer(of, request, (host, path), backend, at.as_ref().unwrap_or(&item), found);
            }
        }
    }

    fn route(&mut self, of: &Object<'_>, kind: &'static str, spec: &FieldValue<'_, '_>, found: &mut Vec<ObjectFault>) {
        let all = json!({});
        let hosts: Vec<&str> =
            spec.get("hostnames").iter().flat_map(FieldValue::items).filter_map(|h| h.value.as_str()).collect();
        let hosts = if hosts.is_empty() { vec!["*"] } else { hosts };
        for parent in spec.get("parentRefs").iter().flat_map(FieldValue::items) {
            let of_gateway = parent.text("kind").is_none_or(|kind| kind == "Gateway");
            if !of_gateway {
                // A route for traffic inside of a mesh is about one Service.
                continue;
            }
            let namespace = parent.text("namespace").unwrap_or(of.namespace);
            let (name, section) =
                (parent.text("name").unwrap_or_default(), parent.text("sectionName").unwrap_or_default());
            let port = field(parent.value, "port").cloned().unwrap_or_default();
            let scope = format!("{namespace}/{name}/{section}/{port}");
            for rule in spec.get("rules").iter().flat_map(FieldValue::items) {
                let part = |key: &str| field(rule.value, key).cloned().unwrap_or_default();
                let backends = qualified(of.namespace, &json!([part("backendRefs"), part("filters")]));
                let matches = field(rule.value, "matches").and_then(Value::as_array).filter(|list| !list.is_empty());
                for matched in matches.map_or_else(|| vec![&all], |list| list.iter().collect()) {
                    let path = tree::at(matched, "path.value").and_then(Value::as_str).unwrap_or("/");
                    for host in &hosts {
                        let request = Request {
                            kind,
                            scope: scope.clone(),
                            host: (*host).to_owned(),
                            matched: conditions(matched).to_string(),
                        };
                        let at = spec.get("hostnames").filter(|_| path == "/");
                        self.answer(of, request, (host, path), backends.clone(), at.as_ref().unwrap_or(&rule), found);
                    }
                }
            }
        }
    }

    fn answer(
        &mut self,
        of: &Object<'_>,
        request: Request,
        (host, path): (&str, &str),
        backend: Value,
        at: &FieldValue<'_, '_>,
        found: &mut Vec<ObjectFault>,
    ) {
        // Hosts that nobody filled in will not be the same.
        if marks::is_unfilled(host) {
            return;
        }
        let Some(first) = self.seen.get(&request) else {
            self.seen.insert(request, Answer { number: of.number, id: of.id.to_string(), backend });
            return;
        };
        // The first rule of a route counts; two objects with one name are reported as such.
        let is_one = first.number == of.number && request.kind != "Ingress"
            || first.number != of.number && first.id == of.id.to_string();
        if first.backend == backend || is_one {
            return;
        }
        let what =
            if matches!(request.kind, "TCPRoute" | "TLSRoute") { host.to_owned() } else { format!("{host}{path}") };
        let reason = match first.number == of.number {
            true => format!(
                "an earlier rule sends requests for `{what}` to another backend, and only one of the two gets them"
            ),
            false => format!(
                "`{}` sends requests for `{what}` to another backend, and only one of the two gets them",
                first.id
            ),
        };
        let hint = "give one of them another host or path, or turn it off";
        if !found.iter().any(|fault| fault.path == at.path()) {
            found.push(ObjectFault::error("duplicate-route", at, reason).hint(Some(hint)));
        }
    }
}

/// Two listeners of a Gateway for the same requests, which the server refuses.
fn listeners(spec: &FieldValue<'_, '_>, found: &mut Vec<ObjectFault>) {
    let mut seen: HashMap<(String, &str, &str), &str> = HashMap::new();
    for listener in spec.get("listeners").iter().flat_map(FieldValue::items) {
        let text = |key: &str| listener.text(key).unwrap_or_default();
        if marks::is_unfilled(text("hostname")) {
            continue;
        }
        let port = field(listener.value, "port").map(Value::to_string).unwrap_or_default();
        if let Some(first) = seen.insert((port, text("protocol"), text("hostname")), text("name")) {
            let reason = format!("the listener `{first}` has the same port, protocol and host name");
            let at = listener.get("hostname");
            let fault = ObjectFault::error("duplicate-route", at.as_ref().unwrap_or(&listener), reason);
            found.push(fault.hint(Some("give one of them another host name, or turn it off")));
        }
    }
}

/// The object that a rule belongs to.
struct Object<'a> {
    number: usize,
    id: &'a ObjectId,
    namespace: &'a str,
}

/// The controller that an Ingress is for; empty for the cluster's default.
fn class(body: &Value) -> String {
    let named = tree::at(body, "spec.ingressClassName");
    let old = || field(tree::at(body, "metadata.annotations")?, "kubernetes.io/ingress.class");
    named.or_else(old).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether annotations tell the controller how to divide requests.
fn is_divided(body: &Value) -> bool {
    let annotations = tree::at(body, "metadata.annotations").and_then(Value::as_object);
    annotations.into_iter().flatten().any(|(key, value)| {
        let name = key.rsplit_once('/').map_or(key.as_str(), |(_, name)| name);
        let divides =
            |word: &&str| name.strip_prefix(*word).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        DIVIDING.iter().any(divides) && value != "false"
    })
}

/// A backend is a Service of the namespace.
fn qualified(namespace: &str, backend: &Value) -> Value {
    json!([namespace, backend])
}

/// The conditions of a rule, with the defaults of the path.
fn conditions(matched: &Value) -> Value {
    let mut all = matched.clone();
    if let Some(map) = all.as_object_mut() {
        let path = map.get("path").cloned().unwrap_or_default();
        let text = |key: &str, default: &str| path.get(key).and_then(Value::as_str).unwrap_or(default).to_owned();
        map.insert("path".to_owned(), json!([text("type", "PathPrefix"), text("value", "/")]));
    }
    all
}
