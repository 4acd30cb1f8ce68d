//! A second set of a component's pods beside those of the release, for another version or other values: a canary, or a
//! green set of a blue-green deployment.
//!
//! It is derived from the objects of a whole render. The pods and the objects that belong to them alone are copied
//! under names of their own and with a `release` label of their own, so that neither set selects the pods of the other.
//! What may exist only once (Secrets, accounts, Jobs, claims) stays with the release. `docs/canary.md` gives the
//! reasons.

mod rewrite;
mod routes;

use std::collections::BTreeSet;

use serde_json::Value;

use self::rewrite::Renaming;
use crate::bundle::SECOND_SETS;
use crate::diag::Diagnostic;
use crate::manifest::{Manifest, Phase, content};

pub use self::routes::split;

/// Kinds of which a set has objects of its own. ConfigMaps are copied with the pods that mount them, routes with a
/// share of requests.
const KINDS: [&str; 8] = [
    "Deployment",
    "HorizontalPodAutoscaler",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PodMonitor",
    "ScaledObject",
    "Service",
    "ServiceMonitor",
];

/// A second set of pods.
#[derive(Debug, Clone)]
pub struct Canary {
    /// The components whose pods it has.
    pub components: Vec<String>,
    /// The suffix of its names, after a dash.
    pub suffix: String,
    /// How many of 100 requests it gets besides those that select it by cookie or header; `None`: no route leads to it.
    pub weight: Option<u32>,
}

/// How the release's own routes of the Gateway API share requests with a second set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The component.
    pub component: String,
    /// The set's suffix.
    pub suffix: String,
    /// How many of 100 requests it gets.
    pub weight: u32,
}

/// Makes the objects of a second set from all objects of the release. Errors are added to `found`: components that
/// cannot have a second set or are disabled, names that are too long or already used, and a share of requests that no
/// route can give.
pub fn beside(manifests: Vec<Manifest>, release: &str, set: &Canary, found: &mut Vec<Diagnostic>) -> Vec<Manifest> {
    let components = &set.components;
    found.extend(components.iter().filter_map(|name| impossible(name, &manifests, set)));
    found.extend(shut_out(&manifests, components, release));
    let own = |m: &Manifest| m.phase == Phase::Main && components.iter().any(|name| **name == *m.component);
    let pods = manifests.iter().filter(|m| own(m) && m.id.kind == "Deployment");
    let mounted: BTreeSet<String> = pods.flat_map(|m| content::mounted(&m.body)).map(str::to_owned).collect();
    let (mut chosen, rest): (Vec<_>, Vec<_>) = manifests.into_iter().partition(|m| match m.id.kind.as_str() {
        "ConfigMap" => mounted.contains(&m.id.name),
        "Ingress" | "HTTPRoute" => set.weight.is_some() && own(m),
        kind => KINDS.contains(&kind) && own(m),
    });
    let renaming = Renaming::new(&chosen, release, &set.suffix);
    found.extend(renaming.too_long());
    found.extend(renaming.taken(&rest));
    if let Some(weight) = set.weight {
        routes::lead(&mut chosen, components, &set.suffix, weight, found);
    }
    chosen.iter_mut().for_each(|manifest| renaming.apply(manifest));
    chosen
}

/// The reason why a component has no second set.
fn impossible(name: &str, manifests: &[Manifest], set: &Canary) -> Option<Diagnostic> {
    let suffix = &set.suffix;
    if !SECOND_SETS.contains(&name) {
        let message = format!("`--component {name} --suffix {suffix}`: `{name}` cannot have a second set of pods");
        let hint =
            format!("pods that keep data or must be alone stay the release's; `{}` can", SECOND_SETS.join("`, `"));
        return Some(Diagnostic::error("no-second-set", message).hint(hint));
    }
    let there = manifests.iter().any(|m| *m.component == *name && m.id.kind == "Deployment");
    (!there).then(|| {
        let message = format!("`--component {name} --suffix {suffix}`: with these values there is no `{name}`");
        Diagnostic::error("no-second-set", message).hint("enable it for the release first, or leave it out here")
    })
}

/// Network policies that select pods of the release by its label, as their subject or as a peer: those of the set have
/// another label.
fn shut_out(manifests: &[Manifest], components: &[String], release: &str) -> Vec<Diagnostic> {
    let by_release = |peer: &Value| {
        let labels = peer.pointer("/podSelector/matchLabels");
        let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        label("release") == Some(release) && label("app").is_none_or(|app| components.iter().any(|name| name == app))
    };
    let peers = |m: &Manifest| {
        let directions = [("/spec/ingress", "from"), ("/spec/egress", "to")];
        directions.into_iter().any(|(path, key)| {
            let rules = m.body.pointer(path).and_then(Value::as_array).into_iter().flatten();
            rules.filter_map(|rule| rule.get(key)?.as_array()).flatten().any(by_release)
        })
    };
    let tell = |m: &Manifest| {
        let message =
            format!("`{}` selects pods by `release: {release}`, a label that the second set's pods do not have", m.id);
        Diagnostic::warning("second-set-shut-out", message).hint("select them by `app` alone in the values")
    };
    manifests.iter().filter(|m| m.id.kind == "NetworkPolicy" && peers(m)).map(tell).collect()
}
