//! The parts of objects to which others can refer.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::references::{PortReference, Selector, pod_path};
use crate::manifest::ObjectId;

/// Kinds to which others refer by name.
const REFERRED: [&str; 13] = [
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "Service",
    "PersistentVolumeClaim",
    "Role",
    "Gateway",
    "Issuer",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
];

/// The parts of an object that are kept.
#[derive(Debug, Default)]
pub struct Kept {
    /// The keys of its data.
    pub keys: Vec<String>,
    /// The ports of a Service.
    pub ports: Vec<(i64, Option<String>)>,
    /// A Service of an external name has every port.
    pub external: bool,
}

/// Objects with labels and named ports: pods in a template, or Services.
#[derive(Debug, Default)]
struct Labelled {
    all: Vec<(Value, Vec<String>)>,
    /// The indices of those with a label, by namespace, key and value.
    by_label: HashMap<(String, String, String), Vec<usize>>,
    namespaces: HashSet<String>,
}

impl Labelled {
    fn add(&mut self, namespace: &str, labels: Value, ports: Vec<String>) {
        for (key, value) in labels.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            let having = self.by_label.entry((namespace.to_owned(), key.clone(), value.to_owned()));
            having.or_default().push(self.all.len());
        }
        self.namespaces.insert(namespace.to_owned());
        self.all.push((labels, ports));
    }

    /// The names of the ports of all that are selected; `None` where none is.
    fn selected(&self, namespace: &str, selector: &Selector) -> Option<Vec<&str>> {
        let having = |(key, value): &(String, String)| {
            self.by_label.get(&(namespace.to_owned(), key.clone(), value.clone())).map_or(&[][..], Vec::as_slice)
        };
        // Those with the rarest label are few, even among many objects.
        let few = selector.pairs().iter().map(having).min_by_key(|numbers| numbers.len())?;
        let mut ports = None;
        for number in few {
            let (labels, named) = &self.all[*number];
            if selector.selects(labels) {
                ports.get_or_insert_with(Vec::new).extend(named.iter().map(String::as_str));
            }
        }
        ports
    }
}

/// Everything that a set of objects provides.
#[derive(Debug, Default)]
pub struct Provided {
    objects: HashMap<(&'static str, String), HashMap<String, Kept>>,
    pods: Labelled,
    services: Labelled,
    /// Names of Secrets that a controller creates, by namespace, and the controller.
    made: HashMap<(String, String), String>,
    /// The ConfigMaps whose scripts contain a word, by namespace and word.
    scripts: HashMap<(String, String), String>,
}

impl Provided {
    /// Adds an object.
    pub fn add(&mut self, id: &ObjectId, namespace: &str, body: &Value) {
        if let Some(kind) = REFERRED.iter().find(|kind| **kind == id.kind) {
            let kept = kept(kind, body);
            let there = self.objects.entry((kind, namespace.to_owned())).or_default();
            // Of two objects with one name either may be meant.
            let both = there.entry(id.name.clone()).or_default();
            both.keys.extend(kept.keys);
            both.ports.extend(kept.ports);
            both.external |= kept.external;
        }
        match (id.group(), id.kind.as_str()) {
            ("", "ConfigMap") => self.script(id, namespace, body),
            ("", "Service") => {
                let ports = body.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten();
                let ports = ports.filter_map(|port| port.get("name")?.as_str().map(str::to_owned)).collect();
                let labels = body.pointer("/metadata/labels").cloned().unwrap_or_default();
                self.services.add(namespace, labels, ports);
            }
            ("cert-manager.io", "Certificate") => {
                if let Some(name) = body.pointer("/spec/secretName").and_then(Value::as_str) {
                    let by = format!("Certificate/{}", id.name);
                    self.made.insert((namespace.to_owned(), name.to_owned()), by);
                }
            }
            ("cert-manager.io", "Issuer") => {
                if let Some(name) = body.pointer("/spec/acme/privateKeySecretRef/name").and_then(Value::as_str) {
                    self.made.insert((namespace.to_owned(), name.to_owned()), format!("Issuer/{}", id.name));
                }
            }
            _ => {}
        }
        if let Some(path) = pod_path(id) {
            self.pods_of(path, namespace, body);
        }
    }

    fn pods_of(&mut self, path: &[&str], namespace: &str, body: &Value) {
        let above = path[..path.len() - 1].iter().try_fold(body, |at, key| at.get(key));
        let Some(above) = above else { return };
        let labels = above.pointer("/metadata/labels").cloned().unwrap_or_default();
        let mut ports = Vec::new();
        for key in ["containers", "initContainers"] {
            let containers = above.get("spec").and_then(|spec| spec.get(key)).and_then(Value::as_array);
            for container in containers.into_iter().flatten() {
                let named = container.get("ports").and_then(Value::as_array).into_iter().flatten();
                ports.extend(named.filter_map(|port| port.get("name")?.as_str().map(str::to_owned)));
            }
        }
        self.pods.add(namespace, labels, ports);
    }

    /// A script that creates objects may create the Secrets whose names it contains.
    fn script(&mut self, id: &ObjectId, namespace: &str, body: &Value) {
        for text in body.get("data").and_then(Value::as_object).into_iter().flat_map(|data| data.values()) {
            if let Some(text) = text.as_str().filter(|text| text.contains("kubectl create")) {
                let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.')));
                for word in words.map(|word| word.trim_matches('.')).filter(|word| word.len() > 2) {
                    self.scripts.insert((namespace.to_owned(), word.to_owned()), id.name.clone());
                }
            }
        }
    }

    /// An object by kind, namespace and name.
    pub fn find(&self, kind: &'static str, namespace: &str, name: &str) -> Option<&Kept> {
        self.names(kind, namespace)?.get(name)
    }

    /// All objects of a kind in a namespace.
    pub fn names(&self, kind: &'static str, namespace: &str) -> Option<&HashMap<String, Kept>> {
        self.objects.get(&(kind, namespace.to_owned()))
    }

    /// A kind by its name, where others refer to it.
    pub fn referred(kind: &str) -> Option<&'static str> {
        REFERRED.iter().copied().find(|known| *known == kind)
    }

    /// The creator of a Secret that is not in the set: a controller, or a Job with a script.
    pub fn maker(&self, namespace: &str, secret: &str) -> Option<String> {
        let place = (namespace.to_owned(), secret.to_owned());
        let script = || self.scripts.get(&place).map(|name| format!("the job that runs ConfigMap/{name}"));
        self.made.get(&place).cloned().or_else(script)
    }

    /// Whether any object in a namespace creates pods.
    pub fn has_pods(&self, namespace: &str) -> bool {
        self.pods.namespaces.contains(namespace)
    }

    /// The names of the ports of all selected pods; `None` where no pod is selected.
    pub fn selected_pods(&self, namespace: &str, selector: &Selector) -> Option<Vec<&str>> {
        self.pods.selected(namespace, selector)
    }

    /// The names of the ports of all selected Services; `None` where no Service is selected.
    pub fn selected_services(&self, namespace: &str, selector: &Selector) -> Option<Vec<&str>> {
        self.services.selected(namespace, selector)
    }
}

fn kept(kind: &str, body: &Value) -> Kept {
    let mut kept = Kept::default();
    match kind {
        "ConfigMap" | "Secret" => {
            for part in ["data", "stringData", "binaryData"] {
                kept.keys.extend(body.get(part).and_then(Value::as_object).into_iter().flat_map(|m| m.keys().cloned()));
            }
        }
        "Service" => {
            kept.external = body.pointer("/spec/type").and_then(Value::as_str) == Some("ExternalName");
            let ports = body.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten();
            kept.ports = ports
                .filter_map(|port| {
                    Some((port.get("port")?.as_i64()?, port.get("name").and_then(Value::as_str).map(str::to_owned)))
                })
                .collect();
        }
        _ => {}
    }
    kept
}

impl Kept {
    /// Whether a Service has a port.
    pub fn has(&self, port: &PortReference) -> bool {
        self.external
            || self.ports.iter().any(|(number, name)| match port {
                PortReference::Number(wanted) => wanted == number,
                PortReference::Name(wanted) => name.as_ref() == Some(wanted),
            })
    }
}
