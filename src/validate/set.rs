//! A set of objects: each is checked once, and the references between them at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::api::{self, ApiKind};
use super::provided::Provided;
use super::references::{Need, needs};
use super::schema::Schemas;
use super::walk::Walk;
use crate::diag::{Severity, ValuePath, code};
use crate::manifest::{FieldValue, ObjectFault, ObjectId, Routes, faults, format};

/// The options of a validation.
#[derive(Debug, Clone)]
pub struct ValidateOptions {
    /// The minor of the Kubernetes version.
    pub minor: u32,
    /// The namespace of objects without one.
    pub namespace: String,
}

/// A Secret that objects need and the set does not contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The keys that are referred to.
    pub keys: Vec<String>,
    /// Its creator; `None`: it must exist before.
    pub made_by: Option<String>,
    /// The objects that need it, `Deployment/web`.
    pub needed_by: Vec<String>,
}

/// The result after all objects.
#[derive(Debug, Default)]
pub struct End {
    /// The numbers of objects and their findings.
    pub found: Vec<(usize, ObjectFault)>,
    /// Kinds without a known schema.
    pub skipped: Vec<(String, usize)>,
    /// Secrets that must come from elsewhere.
    pub secrets: Vec<RequiredSecret>,
}

/// An object of the set.
struct Seen {
    id: ObjectId,
    needs: Vec<Need>,
}

/// The set so far.
pub struct Set<'s> {
    schemas: &'s Schemas,
    walk: Walk<'s>,
    options: ValidateOptions,
    seen: Vec<Seen>,
    names: HashMap<(String, String, String, String), usize>,
    known: Provided,
    routes: Routes,
    ours: bool,
    file: usize,
    skipped: BTreeMap<String, usize>,
}

/// The label of every object that this program renders.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "gitlab-render");

impl<'s> Set<'s> {
    /// An empty set.
    pub fn new(schemas: &'s Schemas, options: ValidateOptions) -> Self {
        Set {
            schemas,
            walk: Walk::new(schemas, options.minor),
            options,
            seen: Vec::new(),
            names: HashMap::new(),
            known: Provided::default(),
            routes: Routes::default(),
            ours: false,
            file: 0,
            skipped: BTreeMap::new(),
        }
    }

    /// Declares that the following objects are from another file.
    pub fn next_file(&mut self) {
        self.file += 1;
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// The identity of an object by its number.
    pub fn id(&self, number: usize) -> Option<&ObjectId> {
        self.seen.get(number).map(|seen| &seen.id)
    }

    /// Checks an object; it gets the next number.
    pub fn add(&mut self, body: &Value) -> Vec<ObjectFault> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let metadata = body.get("metadata");
        let id = ObjectId {
            api_version: text(body.get("apiVersion")),
            kind: text(body.get("kind")),
            namespace: metadata.and_then(|m| m.get("namespace")).and_then(Value::as_str).map(str::to_owned),
            name: text(metadata.and_then(|m| m.get("name"))),
        };
        let mut found = Vec::new();
        if identified(&id, body, &mut found) {
            self.look(&id, body, &mut found);
        }
        let mut wanted = Vec::new();
        needs(&id, &FieldValue::root(body), &mut |need, _| wanted.push(need));
        let labels = body.pointer("/metadata/labels");
        self.ours |= labels.and_then(|labels| labels.get(MANAGED_BY.0)).and_then(Value::as_str) == Some(MANAGED_BY.1);
        let namespace = self.namespace(&id).to_owned();
        // Somebody else's controller may know what is meant.
        let severity = self.severity();
        let routed = self.routes.add(self.seen.len(), &id, &namespace, body).into_iter();
        found.extend(routed.map(|fault| ObjectFault { severity, ..fault }));
        self.known.add(&id, &namespace, body);
        self.seen.push(Seen { id, needs: wanted });
        found
    }

    fn look(&mut self, id: &ObjectId, body: &Value, found: &mut Vec<ObjectFault>) {
        let root = FieldValue::root(body);
        match api::look_up(self.schemas, self.options.minor, id, found) {
            ApiKind::Kind(kind) => {
                if let Some(fields) = self.schemas.object(kind) {
                    found.extend(self.walk.object(&root, fields));
                }
            }
            ApiKind::Elsewhere => {
                *self.skipped.entry(format!("{} {}", id.api_version, id.kind)).or_default() += 1;
                // The configuration of a program is never sent to a server; it has no name or no group.
                if !id.api_version.contains('/') || body.get("metadata").is_none() {
                    return;
                }
            }
            ApiKind::No => {}
        }
        // A field with a fault of the schema gets no second one; only the schema knows which fields exist.
        let said: BTreeSet<String> = found.iter().map(|f| f.path.clone()).collect();
        let more = faults(id, body).into_iter().filter(|f| f.code != code::UNKNOWN_FIELD && !said.contains(&f.path));
        found.extend(more);
        if id.name.is_empty() && body.pointer("/metadata/generateName").is_none() {
            found.push(ObjectFault::at("missing-field", Severity::Error, "metadata.name", "required, but missing"));
        }
        if !id.name.is_empty() {
            let key = (id.group().to_owned(), id.kind.clone(), self.namespace(id).to_owned(), id.name.clone());
            if let Some(file) = self.names.insert(key, self.file) {
                // A folder may contain alternative examples.
                let severity = if file == self.file || self.ours { Severity::Error } else { Severity::Warning };
                let reason = "an earlier object of the set has the same kind and name";
                let fault = ObjectFault::at("duplicate-object", severity, "metadata.name", reason);
                found.push(fault.hint(Some("give one of them another name, or remove one")));
            }
        }
    }

    fn namespace<'a>(&'a self, id: &'a ObjectId) -> &'a str {
        id.namespace.as_deref().unwrap_or(&self.options.namespace)
    }

    /// Checks the references between objects. `load` returns an object's body once more.
    pub fn finish(self, mut load: impl FnMut(usize) -> Option<Value>) -> End {
        let mut end = End { skipped: self.skipped.clone().into_iter().collect(), ..End::default() };
        let mut secrets: BTreeMap<(String, String), RequiredSecret> = BTreeMap::new();
        for (number, seen) in self.seen.iter().enumerate() {
            let mut unmet: Vec<(usize, ObjectFault)> = Vec::new();
            for (position, need) in seen.needs.iter().enumerate() {
                if let Some(secret) = self.secret(&seen.id, need) {
                    let entry = secrets.entry((secret.namespace.clone(), secret.name.clone()));
                    let entry =
                        entry.or_insert(RequiredSecret { keys: Vec::new(), needed_by: Vec::new(), ..secret.clone() });
                    add_new(&mut entry.keys, secret.keys);
                    add_new(&mut entry.needed_by, secret.needed_by);
                }
                unmet.extend(self.unmet(&seen.id, need).map(|found| (position, found)));
            }
            if unmet.is_empty() {
                continue;
            }
            let Some(body) = load(number) else { continue };
            let mut position = 0;
            needs(&seen.id, &FieldValue::root(&body), &mut |_, at| {
                for (_, found) in unmet.iter_mut().filter(|(wanted, _)| *wanted == position) {
                    found.path = at.path();
                    found.at = at.steps();
                }
                position += 1;
            });
            end.found.extend(unmet.into_iter().map(|(_, found)| (number, found)));
        }
        end.secrets = secrets.into_values().collect();
        end
    }

    /// The missing Secret to which a reference points.
    fn secret(&self, id: &ObjectId, need: &Need) -> Option<RequiredSecret> {
        let Need::Object { kind: "Secret", name, namespace, key } = need else { return None };
        let namespace = namespace.as_deref().unwrap_or(self.namespace(id));
        if self.known.find("Secret", namespace, name).is_some() {
            return None;
        }
        Some(RequiredSecret {
            namespace: namespace.to_owned(),
            name: name.clone(),
            keys: key.iter().cloned().collect(),
            made_by: self.known.maker(namespace, name),
            needed_by: vec![id.to_string()],
        })
    }

    /// The fault of an unresolved reference. The field is added later.
    fn unmet(&self, id: &ObjectId, need: &Need) -> Option<ObjectFault> {
        let own = self.namespace(id);
        match need {
            Need::Object { kind: "ConfigMap", name, .. } if name == "kube-root-ca.crt" => None,
            Need::Object { kind, name, namespace, key } => {
                let namespace = namespace.as_deref().unwrap_or(own);
                match (self.known.find(kind, namespace, name), key) {
                    (Some(kept), Some(key)) if !kept.keys.contains(key) => {
                        let keys = kept.keys.iter().map(String::as_str);
                        let hint = format::nearest(key, keys).map(|near| format!("did you mean `{near}`?"));
                        let reason = format!("`{kind}/{name}` has no key {}", format::shown(key));
                        Some(found("missing-key", Severity::Error, reason, hint))
                    }
                    (Some(_), _) | (None, Some(_)) => None,
                    (None, None) if *kind == "Secret" => None,
                    (None, None) => Some(self.missing(kind, namespace, name)),
                }
            }
            Need::Service { name, namespace, port } => {
                let namespace = namespace.as_deref().unwrap_or(own);
                match (self.known.find("Service", namespace, name), port) {
                    (None, _) => Some(self.missing("Service", namespace, name)),
                    (Some(service), Some(port)) if !service.has(port) => {
                        let reason = format!("`Service/{name}` has no port `{port}`");
                        // A gateway ignores the rule.
                        let route = id.kind.ends_with("Route");
                        let severity = if route { Severity::Warning } else { Severity::Error };
                        let hint = route
                            .then(|| "requests that match this rule get status 500; the other rules work".to_owned());
                        Some(found("missing-port", severity, reason, hint))
                    }
                    _ => None,
                }
            }
            Need::Target { kind, name } => {
                let kind = Provided::referred(kind)?;
                self.known.find(kind, own, name).is_none().then(|| self.missing(kind, own, name))
            }
            Need::Pods { selector, ports } => {
                if !self.known.has_pods(own) {
                    return None;
                }
                self.selected("pods", self.known.selected_pods(own, selector), ports)
            }
            Need::Services { selector, ports } => {
                self.known.names("Service", own)?;
                self.selected("Services", self.known.selected_services(own, selector), ports)
            }
        }
    }

    fn selected(&self, what: &str, selected: Option<Vec<&str>>, ports: &[String]) -> Option<ObjectFault> {
        let Some(there) = selected else {
            let reason = format!("selects nothing: no {what} of this set have these labels");
            return Some(found("selects-nothing", self.severity(), reason, None));
        };
        let missing = ports.iter().find(|port| !there.contains(&port.as_str()))?;
        let hint = format::nearest(missing, there.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let reason = format!("none of the {what} that it selects has a port named `{missing}`");
        Some(found("missing-port", self.severity(), reason, hint))
    }

    /// Our own output is complete; other manifests may be a part of what is in the cluster.
    fn severity(&self) -> Severity {
        if self.ours { Severity::Error } else { Severity::Warning }
    }

    fn missing(&self, kind: &'static str, namespace: &str, name: &str) -> ObjectFault {
        let there = self.known.names(kind, namespace).into_iter().flatten().map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = there.collect();
        names.sort_unstable();
        let assumed = &self.options.namespace;
        let elsewhere = namespace != assumed && self.known.find(kind, assumed, name).is_some();
        let hint = match format::nearest(name, names.into_iter()) {
            _ if elsewhere => format!(
                "there is one in `{assumed}`, the namespace assumed for objects that name none: add `-n {namespace}`"
            ),
            Some(near) => format!("did you mean `{near}`?"),
            None => "it must already exist in the cluster".to_owned(),
        };
        found("missing-object", self.severity(), format!("`{kind}/{name}` is not in this set"), Some(hint))
    }
}

fn add_new(all: &mut Vec<String>, more: Vec<String>) {
    for word in more {
        if !all.contains(&word) {
            all.push(word);
        }
    }
}

fn found(code: &'static str, severity: Severity, reason: String, hint: Option<String>) -> ObjectFault {
    ObjectFault { code, severity, path: String::new(), at: ValuePath::root(), reason, hint }
}

/// Whether an object has a kind and an API version.
fn identified(id: &ObjectId, body: &Value, found: &mut Vec<ObjectFault>) -> bool {
    let mut all = true;
    for (key, text) in [("apiVersion", &id.api_version), ("kind", &id.kind)] {
        if text.is_empty() {
            all = false;
            let (code, reason) = match body.get(key) {
                None => ("missing-field", "required, but missing"),
                Some(_) => ("wrong-type", "a string is needed"),
            };
            let hint = Some("every object needs an `apiVersion` and a `kind`");
            found.push(ObjectFault::at(code, Severity::Error, key, reason).hint(hint));
        }
    }
    all
}
