//! References between objects: names of other objects, keys, ports, labels.
//!
//! One function visits all references of an object with their fields; it runs a second time for the few objects with
//! unresolved references, because only then the fields matter.

use serde_json::Value;

use crate::manifest::{FieldValue, ObjectId};

/// A port of a Service or of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortReference {
    /// By its number.
    Number(i64),
    /// By its name.
    Name(String),
}

impl PortReference {
    /// Parses an integer or a string.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) => Some(PortReference::Name(name.clone())),
            number => number.as_i64().map(PortReference::Number),
        }
    }
}

impl std::fmt::Display for PortReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PortReference::Number(number) => number.fmt(f),
            PortReference::Name(name) => name.fmt(f),
        }
    }
}

/// A label selector, as far as it can be evaluated: expressions match everything.
#[derive(Debug, Clone, Default)]
pub struct Selector(Vec<(String, String)>);

impl Selector {
    /// From a plain map of labels.
    pub fn plain(map: &Value) -> Self {
        let pairs = map.as_object().into_iter().flatten();
        Selector(pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect())
    }

    /// From `matchLabels`.
    pub fn labels(selector: &Value) -> Self {
        selector.get("matchLabels").map(Self::plain).unwrap_or_default()
    }

    /// The labels that it asks for.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it selects an object with these labels.
    pub fn selects(&self, labels: &Value) -> bool {
        self.0.iter().all(|(key, value)| labels.get(key).and_then(Value::as_str) == Some(value))
    }
}

/// A reference.
#[derive(Debug, Clone)]
pub enum Need {
    /// An object, in the referring object's namespace unless another is given, with an optional key of its data.
    Object { kind: &'static str, name: String, namespace: Option<String>, key: Option<String> },
    /// A Service with a port.
    Service { name: String, namespace: Option<String>, port: Option<PortReference> },
    /// An object of a kind that the field names, for scaling.
    Target { kind: String, name: String },
    /// Pods with labels, and port names of which one pod must have each.
    Pods { selector: Selector, ports: Vec<String> },
    /// Services with labels, and port names of which one Service must have each.
    Services { selector: Selector, ports: Vec<String> },
}

type Leave<'f> = dyn FnMut(Need, &FieldValue<'_, '_>) + 'f;

/// Visits all references of an object, always in the same order.
pub fn needs(id: &ObjectId, root: &FieldValue<'_, '_>, leave: &mut Leave<'_>) {
    if let Some(pod) = pod_path(id) {
        below(root, pod, &mut |spec| pod_needs(spec, leave));
    }
    let Some(spec) = root.get("spec") else { return without_spec(id, root, leave) };
    match (id.group(), id.kind.as_str()) {
        ("apps", "StatefulSet") => name(&spec, "serviceName", &mut |name, at| leave(service(name, None), at)),
        ("", "Service") => {
            let Some(selector) = spec.get("selector") else { return };
            let selects = Selector::plain(selector.value);
            let named = spec.get("ports").map(|ports| {
                let ports = ports.items().filter_map(|port| port.text("targetPort").map(str::to_owned));
                ports.collect()
            });
            if !selects.is_empty() {
                leave(Need::Pods { selector: selects, ports: named.unwrap_or_default() }, &selector);
            }
        }
        ("policy", "PodDisruptionBudget") => pods(&spec, "selector", leave),
        ("networking.k8s.io", "NetworkPolicy") => pods(&spec, "podSelector", leave),
        ("networking.k8s.io", "Ingress") => ingress(root, &spec, leave),
        ("autoscaling", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject") => {
            let Some(target) = spec.get("scaleTargetRef") else { return };
            let kind = target.text("kind").unwrap_or("Deployment");
            if let Some(name) = target.get("name")
                && let Some(text) = name.value.as_str()
            {
                leave(Need::Target { kind: kind.to_owned(), name: text.to_owned() }, &name);
            }
        }
        ("monitoring.coreos.com", kind @ ("ServiceMonitor" | "PodMonitor")) => monitor(kind, &spec, leave),
        ("gateway.networking.k8s.io", _) => gateway(&spec, leave),
        ("cert-manager.io", "Certificate") => {
            let Some(issuer) = spec.get("issuerRef") else { return };
            let ours = issuer.text("group").is_none_or(|group| group == "cert-manager.io");
            if ours && issuer.text("kind").is_none_or(|kind| kind == "Issuer") {
                object(&issuer, "name", "Issuer", leave);
            }
        }
        _ => {}
    }
}

/// The path of the pod's spec in a kind that has one.
pub fn pod_path(id: &ObjectId) -> Option<&'static [&'static str]> {
    match (id.group(), id.kind.as_str()) {
        ("", "Pod") => Some(&["spec"]),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job")
        | ("", "ReplicationController") => Some(&["spec", "template", "spec"]),
        ("batch", "CronJob") => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => None,
    }
}

/// Visits the values below the keys.
fn below(node: &FieldValue<'_, '_>, keys: &[&'static str], show: &mut dyn FnMut(&FieldValue<'_, '_>)) {
    match keys {
        [] => show(node),
        [key, rest @ ..] => {
            if let Some(child) = node.get(key) {
                below(&child, rest, show);
            }
        }
    }
}

fn name(node: &FieldValue<'_, '_>, key: &'static str, leave: &mut dyn FnMut(String, &FieldValue<'_, '_>)) {
    if let Some(at) = node.get(key)
        && let Some(text) = at.value.as_str().filter(|text| !text.is_empty())
    {
        leave(text.to_owned(), &at);
    }
}

fn service(name: String, port: Option<PortReference>) -> Need {
    Need::Service { name, namespace: None, port }
}

fn optional(node: &FieldValue<'_, '_>) -> bool {
    node.value.get("optional").and_then(Value::as_bool) == Some(true)
}

/// A reference by the name under a key, unless it is optional.
fn object(node: &FieldValue<'_, '_>, key: &'static str, kind: &'static str, leave: &mut Leave<'_>) {
    if !optional(node) {
        name(node, key, &mut |name, at| leave(Need::Object { kind, name, namespace: None, key: None }, at));
    }
}

/// An object as a source of files: it must have the items' keys.
fn files(node: &FieldValue<'_, '_>, key: &'static str, kind: &'static str, leave: &mut Leave<'_>) {
    object(node, key, kind, leave);
    if optional(node) {
        return;
    }
    let (Some(from), Some(items)) = (node.text(key), node.get("items")) else { return };
    for item in items.items() {
        name(&item, "key", &mut |key, at| {
            leave(Need::Object { kind, name: from.to_owned(), namespace: None, key: Some(key) }, at);
        });
    }
}

fn pod_needs(pod: &FieldValue<'_, '_>, leave: &mut Leave<'_>) {
    if pod.text("serviceAccountName") != Some("default") {
        object(pod, "serviceAccountName", "ServiceAccount", leave);
    }
    for secret in pod.get("imagePullSecrets").iter().flat_map(FieldValue::items) {
        object(&secret, "name", "Secret", leave);
    }
    for volume in pod.get("volumes").iter().flat_map(FieldValue::items) {
        if let Some(projected) = volume.get("projected")
            && let Some(sources) = projected.get("sources")
        {
            for source in sources.items() {
                from_either(&source, ("configMap", "secret", "name"), leave);
            }
        }
        if let Some(map) = volume.get("configMap") {
            files(&map, "name", "ConfigMap", leave);
        }
        if let Some(secret) = volume.get("secret") {
            files(&secret, "secretName", "Secret", leave);
        }
        if let Some(claim) = volume.get("persistentVolumeClaim") {
            object(&claim, "claimName", "PersistentVolumeClaim", leave);
        }
    }
    for key in ["initContainers", "containers"] {
        for container in pod.get(key).iter().flat_map(FieldValue::items) {
            container_needs(&container, leave);
        }
    }
}

fn from_either(
    node: &FieldValue<'_, '_>,
    (map, secret, key): (&'static str, &'static str, &'static str),
    leave: &mut Leave<'_>,
) {
    if let Some(map) = node.get(map) {
        files(&map, key, "ConfigMap", leave);
    }
    if let Some(secret) = node.get(secret) {
        files(&secret, key, "Secret", leave);
    }
}

fn container_needs(container: &FieldValue<'_, '_>, leave: &mut Leave<'_>) {
    for from in container.get("envFrom").iter().flat_map(FieldValue::items) {
        from_either(&from, ("configMapRef", "secretRef", "name"), leave);
    }
    for variable in container.get("env").iter().flat_map(FieldValue::items) {
        let Some(from) = variable.get("valueFrom") else { continue };
        for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
            let Some(reference) = from.get(field).filter(|reference| !optional(reference)) else { continue };
            let key = reference.text("key").map(str::to_owned);
            name(&reference, "name", &mut |name, at| {
                leave(Need::Object { kind, name, namespace: None, key: key.clone() }, at)
            });
        }
    }
}

fn pods(spec: &FieldValue<'_, '_>, key: &'static str, leave: &mut Leave<'_>) {
    let Some(at) = spec.get(key) else { return };
    let selector = Selector::labels(at.value);
    if !selector.is_empty() {
        leave(Need::Pods { selector, ports: Vec::new() }, &at);
    }
}

fn ingress(root: &FieldValue<'_, '_>, spec: &FieldValue<'_, '_>, leave: &mut Leave<'_>) {
    if let Some(backend) = spec.get("defaultBackend") {
        ingress_backend(&backend, leave);
    }
    for rule in spec.get("rules").iter().flat_map(FieldValue::items) {
        let Some(http) = rule.get("http") else { continue };
        for path in http.get("paths").iter().flat_map(FieldValue::items) {
            if let Some(backend) = path.get("backend") {
                ingress_backend(&backend, leave);
            }
        }
    }
    // cert-manager creates the Secrets of Ingresses that name an issuer.
    let annotations = root.value.pointer("/metadata/annotations").and_then(Value::as_object);
    let issued = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"];
    if annotations.is_some_and(|a| issued.iter().any(|key| a.contains_key(*key))) {
        return;
    }
    for tls in spec.get("tls").iter().flat_map(FieldValue::items) {
        object(&tls, "secretName", "Secret", leave);
    }
}

fn ingress_backend(backend: &FieldValue<'_, '_>, leave: &mut Leave<'_>) {
    let Some(at) = backend.get("service") else { return };
    let port = at.value.get("port").and_then(|port| port.get("name").or_else(|| port.get("number")));
    let port = port.and_then(PortReference::of);
    name(&at, "name", &mut |name, at| leave(service(name, port.clone()), at));
}

fn monitor(kind: &str, spec: &FieldValue<'_, '_>, leave: &mut Leave<'_>) {
    let Some(selector) = spec.get("selector") else { return };
    // Other namespaces may contain the selected objects.
    if spec.has("namespaceSelector") {
        return;
    }
    let endpoints = if kind == "ServiceMonitor" { "endpoints" } else { "podMetricsEndpoints" };
    let endpoints = spec.get(endpoints);
    let ports =
        endpoints.iter().flat_map(FieldValue::items).filter_map(|e| e.text("port").map(str::to_owned)).collect();
    let selects = Selector::labels(selector.value);
    if selects.is_empty() {
        return;
    }
    let need = match kind {
        "ServiceMonitor" => Need::Services { selector: selects, ports },
        _ => Need::Pods { selector: selects, ports },
    };
    leave(need, &selector);
}

/// Routes name Gateways and Services, Gateways name Secrets.
fn gateway(spec: &FieldValue<'_, '_>, leave: &mut Leave<'_>) {
    for parent in spec.get("parentRefs").iter().flat_map(FieldValue::items) {
        let elsewhere = parent.has("namespace") || parent.text("kind").is_some_and(|kind| kind != "Gateway");
        if !elsewhere {
            object(&parent, "name", "Gateway", leave);
        }
    }
    for rule in spec.get("rules").iter().flat_map(FieldValue::items) {
        for backend in rule.get("backendRefs").iter().flat_map(FieldValue::items) {
            if backend.text("kind").is_some_and(|kind| kind != "Service") {
                continue;
            }
            let port = backend.value.get("port").and_then(PortReference::of);
            let namespace = backend.text("namespace").map(str::to_owned);
            name(&backend, "name", &mut |name, at| {
                leave(Need::Service { name, namespace: namespace.clone(), port: port.clone() }, at);
            });
        }
    }
    for listener in spec.get("listeners").iter().flat_map(FieldValue::items) {
        let Some(tls) = listener.get("tls") else { continue };
        for secret in tls.get("certificateRefs").iter().flat_map(FieldValue::items) {
            if secret.text("kind").is_none_or(|kind| kind == "Secret") && !secret.has("namespace") {
                object(&secret, "name", "Secret", leave);
            }
        }
    }
}

fn without_spec(id: &ObjectId, root: &FieldValue<'_, '_>, leave: &mut Leave<'_>) {
    match (id.group(), id.kind.as_str()) {
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            if let Some(role) = root.get("roleRef")
                && role.text("kind") == Some("Role")
            {
                object(&role, "name", "Role", leave);
            }
            for subject in root.get("subjects").iter().flat_map(FieldValue::items) {
                if subject.text("kind") != Some("ServiceAccount") || subject.text("name") == Some("default") {
                    continue;
                }
                let namespace = subject.text("namespace").map(str::to_owned);
                name(&subject, "name", &mut |name, at| {
                    leave(Need::Object { kind: "ServiceAccount", name, namespace: namespace.clone(), key: None }, at);
                });
            }
        }
        ("", "ServiceAccount") => {
            for secret in root.get("imagePullSecrets").iter().flat_map(FieldValue::items) {
                object(&secret, "name", "Secret", leave);
            }
        }
        ("admissionregistration.k8s.io", _) => {
            for hook in root.get("webhooks").iter().flat_map(FieldValue::items) {
                let Some(client) = hook.get("clientConfig") else { continue };
                let Some(at) = client.get("service") else { continue };
                let namespace = at.text("namespace").map(str::to_owned);
                let port = at.value.get("port").and_then(PortReference::of);
                name(&at, "name", &mut |name, at| {
                    leave(Need::Service { name, namespace: namespace.clone(), port: port.clone() }, at);
                });
            }
        }
        _ => {}
    }
}
