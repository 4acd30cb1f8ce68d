//! Names and labels of a second set: each of its objects has its own name, references inside the set follow, and a
//! `release` label separates its pods from the release's.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::diag::Diagnostic;
use crate::manifest::Manifest;

/// The maximum length of a Service's name and of a label's value.
const LONGEST: usize = 63;

/// The label that every selector has besides `app`.
const RELEASE: &str = "release";

/// Fields of a Service that is reached from outside, or whose address is allocated only once.
const OUTSIDE: [&str; 9] = [
    "allocateLoadBalancerNodePorts",
    "clusterIP",
    "clusterIPs",
    "externalIPs",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
];

/// Maps old names to new ones.
pub struct Renaming {
    release: String,
    suffix: String,
    /// Kinds and names of the objects in the set.
    names: BTreeSet<(String, String)>,
}

impl Renaming {
    /// Collects the names of the objects that a set is made of.
    pub fn new(chosen: &[Manifest], release: &str, suffix: &str) -> Self {
        let names = chosen.iter().map(|m| (m.id.kind.clone(), m.id.name.clone())).collect();
        Renaming { release: release.to_owned(), suffix: suffix.to_owned(), names }
    }

    fn renamed(&self, name: &str) -> String {
        format!("{name}-{}", self.suffix)
    }

    /// Names that exceed Kubernetes' limits.
    pub fn too_long(&self) -> Option<Diagnostic> {
        let services = self.names.iter().filter(|(kind, _)| kind == "Service").map(|(_, name)| name);
        let longest = services.chain([&self.release]).max_by_key(|name| name.len())?;
        let whole = self.renamed(longest);
        (whole.len() > LONGEST).then(|| {
            let message =
                format!("`--suffix {}`: `{whole}` has {} characters, {LONGEST} are the most", self.suffix, whole.len());
            let hint = match LONGEST.saturating_sub(longest.len() + 1) {
                0 => "a shorter release name leaves room for a suffix".to_owned(),
                room => format!("a suffix of {room} characters fits"),
            };
            Diagnostic::error("suffix-too-long", message).hint(hint)
        })
    }

    /// Names that another object of the release already has.
    pub fn taken(&self, rest: &[Manifest]) -> Vec<Diagnostic> {
        let new: BTreeSet<_> = self.names.iter().map(|(kind, name)| (kind.as_str(), self.renamed(name))).collect();
        let others = rest.iter().map(|m| (m.id.kind.as_str(), m.id.name.clone()));
        let own = self.names.iter().map(|(kind, name)| (kind.as_str(), name.clone()));
        let tell = |(kind, name): (&str, String)| {
            let message = format!("`--suffix {}`: the release has a `{kind}/{name}` of its own", self.suffix);
            Diagnostic::error("suffix-taken", message).hint("choose another suffix")
        };
        others.chain(own).filter(|named| new.contains(named)).map(tell).collect()
    }

    /// Turns an object into one of the set.
    pub fn apply(&self, manifest: &mut Manifest) {
        self.walk(&mut manifest.body);
        manifest.id.name = self.renamed(&manifest.id.name);
        if let Some(name) = manifest.body.pointer_mut("/metadata/name") {
            *name = manifest.id.name.clone().into();
        }
        if manifest.id.kind == "Service"
            && let Some(spec) = manifest.body.get_mut("spec").and_then(Value::as_object_mut)
        {
            inside(spec);
        }
    }

    /// Rewrites references in an object; the peers of a policy are not rewritten.
    fn walk(&self, node: &mut Value) {
        match node {
            Value::Object(map) => {
                for (key, value) in map.iter_mut().filter(|(key, _)| !matches!(key.as_str(), "ingress" | "egress")) {
                    match key.as_str() {
                        "labels" | "matchLabels" | "selector" => self.relabel(value),
                        "configMap" | "configMapRef" | "configMapKeyRef" => self.refer("ConfigMap", value),
                        "scaleTargetRef" => self.refer("Deployment", value),
                        "service" => self.refer("Service", value),
                        "backendRefs" => {
                            value.as_array_mut().into_iter().flatten().for_each(|item| self.refer("Service", item));
                        }
                        _ => {}
                    }
                    self.walk(value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            _ => {}
        }
    }

    fn relabel(&self, labels: &mut Value) {
        if let Some(Value::String(value)) = labels.get_mut(RELEASE)
            && *value == self.release
        {
            *value = self.renamed(value);
        }
    }

    fn refer(&self, kind: &str, reference: &mut Value) {
        if let Some(Value::String(name)) = reference.get_mut("name")
            && self.names.contains(&(kind.to_owned(), name.clone()))
        {
            *name = self.renamed(name);
        }
    }
}

/// Turns a Service into one that is reached only from inside the cluster: node ports and external addresses stay with
/// the release.
fn inside(spec: &mut Map<String, Value>) {
    let headless = spec.get("clusterIP").and_then(Value::as_str) == Some("None");
    spec.retain(|key, _| !OUTSIDE.contains(&key.as_str()) || headless && key == "clusterIP");
    if let Some(kind) = spec.get_mut("type") {
        *kind = "ClusterIP".into();
    }
    for port in
        spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
    {
        port.remove("nodePort");
    }
}
