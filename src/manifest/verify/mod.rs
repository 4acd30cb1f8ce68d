//! What an API server would refuse, found before it is written.
//!
//! Two ways: [`shape`] compares each object with a table of the fields its kind has ([`kinds`] and
//! [`pod_shape`]): unknown fields, types, required fields, enumerations, formats. The other modules
//! hold what a table cannot say: names that must agree, settings that exclude each other.

mod format;
mod kinds;
mod metadata;
mod network;
mod node;
mod pod;
mod pod_shape;
mod shape;
mod workload;

use std::collections::HashMap;

use crate::diag::{Diagnostic, Outcome, Report};

use super::{Manifest, ObjectId};
use node::Node;

/// Objects that an API server takes, as far as can be told without one.
#[derive(Debug, Clone)]
pub struct Verified(Vec<Manifest>);

impl Verified {
    /// The objects, in the order they were made.
    pub fn manifests(&self) -> &[Manifest] {
        &self.0
    }

    pub(super) fn into_manifests(self) -> Vec<Manifest> {
        self.0
    }
}

/// Checks each object by itself and all for unique identities.
///
/// # Errors
/// One diagnostic for each fault, all at once: the object, the field, the reason.
pub fn verify(manifests: Vec<Manifest>) -> Outcome<Verified> {
    let mut faults = Vec::new();
    unique(&manifests, &mut faults);
    for manifest in &manifests {
        let mut findings = Findings { id: &manifest.id, faults: &mut faults };
        let root = Node::root(&manifest.body);
        for rule in RULES {
            rule(&root, &mut findings);
        }
    }
    if faults.is_empty() { Ok(Verified(manifests)) } else { Err(Report(faults)) }
}

/// Every rule sees every object and picks the kinds it is about.
const RULES: [fn(&Node<'_, '_>, &mut Findings<'_>); 5] =
    [kinds::check, metadata::check, workload::check, pod::check, network::check];

fn unique(manifests: &[Manifest], faults: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<(&str, &str, Option<&str>, &str), &Manifest> = HashMap::with_capacity(manifests.len());
    for manifest in manifests {
        let id = &manifest.id;
        if let Some(first) = seen.insert((id.group(), &id.kind, id.namespace.as_deref(), &id.name), manifest) {
            let message = format!("`{id}`: made twice, by `{}` and by `{}`", first.source, manifest.source);
            faults.push(
                Diagnostic::error("duplicate-object", message)
                    .hint("give one of them another name, or turn one of the two settings off"),
            );
        }
    }
}

/// Where the rules leave what they find about one object.
struct Findings<'a> {
    id: &'a ObjectId,
    faults: &'a mut Vec<Diagnostic>,
}

impl Findings<'_> {
    fn kind(&self) -> &str {
        &self.id.kind
    }

    /// Leaves a fault at a field: `` `Service/x`: `spec.type`: <reason> ``.
    fn add(&mut self, code: &'static str, at: &Node<'_, '_>, reason: impl AsRef<str>) -> &mut Diagnostic {
        let message = format!("`{}`: `{}`: {}", self.id, at.path(), reason.as_ref());
        self.faults.push(Diagnostic::error(code, message));
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }
}
