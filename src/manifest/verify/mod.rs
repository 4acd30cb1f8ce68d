//! Finds what an API server would refuse, before it is written.
//!
//! There are two parts: [`shape`] compares each object with a table of its kind's fields ([`kinds`] and [`pod_shape`]):
//! unknown fields, types, required fields, enumerations, formats. The other modules have the rules that a table cannot
//! express: names that must agree, settings that exclude each other.

mod cron;
mod field_rules;
pub mod format;
mod kinds;
mod metadata;
mod network;
pub mod node;
mod pod;
mod pod_shape;
mod routes;
mod shape;
mod workload;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::diag::{Diagnostic, Outcome, Report, Severity, ValuePath};

use super::{Manifest, ObjectId};
use node::FieldValue;
pub use routes::Routes;

/// Objects that an API server accepts, as far as can be checked without one.
#[derive(Debug, Clone)]
pub struct Verified(Vec<Manifest>);

impl Verified {
    /// The objects, in the order in which they were made.
    pub fn manifests(&self) -> &[Manifest] {
        &self.0
    }

    pub(super) fn into_manifests(self) -> Vec<Manifest> {
        self.0
    }
}

/// A part of an object that an API server would refuse.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectFault {
    /// Stable, in kebab case: `unknown-field`.
    pub code: &'static str,
    /// An error, or a warning where an API server can be configured to accept it.
    pub severity: Severity,
    /// The field, `spec.ports[0].name`; it may be absent.
    pub path: String,
    /// The same path as steps.
    pub at: ValuePath,
    /// The reason, lower case, no final period.
    pub reason: String,
    /// The next step.
    pub hint: Option<String>,
}

impl ObjectFault {
    /// An error at a field.
    pub fn error(code: &'static str, at: &FieldValue<'_, '_>, reason: impl Into<String>) -> Self {
        let (path, at) = (at.path(), at.steps());
        ObjectFault { code, severity: Severity::Error, path, at, reason: reason.into(), hint: None }
    }

    /// A fault of an object as a whole, or at one of its outer fields: `metadata.name`.
    pub fn at(code: &'static str, severity: Severity, path: &str, reason: impl Into<String>) -> Self {
        let at = ValuePath::dotted(path);
        ObjectFault { code, severity, path: path.to_owned(), at, reason: reason.into(), hint: None }
    }

    /// Sets the next step.
    #[must_use]
    pub fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    /// The fault as a diagnostic.
    pub fn diagnostic(self, id: &ObjectId) -> Diagnostic {
        let message = format!("`{id}`: `{}`: {}", self.path, self.reason);
        let reported = Diagnostic { severity: self.severity, ..Diagnostic::error(self.code, message) };
        Diagnostic { hint: self.hint, ..reported.about(id.to_string(), self.at) }
    }
}

/// Checks each object by itself, that all identities are unique, and that no two routes are for the same requests.
///
/// # Errors
/// One diagnostic for each fault, all at once: the object, the field, the reason.
pub fn verify(manifests: Vec<Manifest>) -> Outcome<Verified> {
    let found = check(&manifests);
    if found.is_empty() {
        return Ok(Verified(manifests));
    }
    Err(Report(found.into_iter().map(|(number, fault)| fault.diagnostic(&manifests[number].id)).collect()))
}

/// The errors of a set of objects, each with the number of its object, from 0.
pub fn check(manifests: &[Manifest]) -> Vec<(usize, ObjectFault)> {
    let mut found = Vec::new();
    unique(manifests, &mut found);
    let mut routes = Routes::default();
    for (number, manifest) in manifests.iter().enumerate() {
        let faults = faults(&manifest.id, &manifest.body).into_iter().filter(|f| f.severity == Severity::Error);
        found.extend(faults.map(|fault| (number, fault)));
        let namespace = manifest.id.namespace.as_deref().unwrap_or_default();
        let routed = routes.add(number, &manifest.id, namespace, &manifest.body);
        found.extend(routed.into_iter().map(|fault| (number, fault)));
    }
    found
}

/// The faults of one object by itself; of kinds that are not Kubernetes' own only the metadata are checked.
pub fn faults(id: &ObjectId, body: &Value) -> Vec<ObjectFault> {
    let built_in = id.is_built_in();
    let mut findings = Findings { id, kind: if built_in { &id.kind } else { "" }, faults: Vec::new() };
    let root = FieldValue::root(body);
    let rules = if built_in { RULES.as_slice() } else { &RULES[..2] };
    for rule in rules {
        rule(&root, &mut findings);
    }
    findings.faults
}

/// Every rule gets every object and selects its kinds; the first two check custom resources too.
const RULES: [fn(&FieldValue<'_, '_>, &mut Findings<'_>); 5] =
    [kinds::check, metadata::check, workload::check, pod::check, network::check];

fn unique(manifests: &[Manifest], faults: &mut Vec<(usize, ObjectFault)>) {
    let mut seen: HashMap<(&str, &str, Option<&str>, &str), &Manifest> = HashMap::with_capacity(manifests.len());
    for (number, manifest) in manifests.iter().enumerate() {
        let id = &manifest.id;
        if let Some(first) = seen.insert((id.group(), &id.kind, id.namespace.as_deref(), &id.name), manifest) {
            let reason = format!("`{}` and `{}` both create an object with this name", first.source, manifest.source);
            let fault = ObjectFault::at("duplicate-object", Severity::Error, "metadata.name", reason);
            let hint = "give one of them another name, or disable one of the two settings";
            faults.push((number, fault.hint(Some(hint))));
        }
    }
}

/// Collects the faults of one object.
struct Findings<'a> {
    id: &'a ObjectId,
    /// The kind of one of Kubernetes' own objects; empty for a custom resource, which may have the same name.
    kind: &'a str,
    faults: Vec<ObjectFault>,
}

impl Findings<'_> {
    /// Adds a fault at a field.
    fn add(&mut self, code: &'static str, at: &FieldValue<'_, '_>, reason: impl Into<String>) -> &mut ObjectFault {
        self.faults.push(ObjectFault::error(code, at, reason));
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }
}

/// The strings that were met. A few are compared one by one, which costs less than their hashes.
#[derive(Debug, Clone, Default)]
struct Seen<'v> {
    few: Vec<&'v str>,
    more: HashSet<&'v str>,
}

impl<'v> Seen<'v> {
    const FEW: usize = 32;

    fn contains(&self, text: &str) -> bool {
        self.few.contains(&text) || (!self.more.is_empty() && self.more.contains(text))
    }

    /// Adds a string; returns whether it is new.
    fn insert(&mut self, text: &'v str) -> bool {
        if self.contains(text) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(text);
            return true;
        }
        self.more.insert(text)
    }
}
