//! The effect of a change on a running GitLab: a class and a reason.

mod exposure;
mod immutable;
mod workload;

use std::collections::HashMap;

use serde_json::Value;

use super::fields::Changes;
use super::objects::{Object, ObjectPair};
use super::{Class, FieldChange, Risk};
use crate::manifest::{ObjectId, claim_names};
use workload::Workloads;

impl Risk {
    pub(super) fn new(class: Class, reason: impl Into<String>) -> Self {
        Risk { class, reason: reason.into(), way: None }
    }

    pub(super) fn way(mut self, way: impl Into<String>) -> Self {
        self.way = Some(way.into());
        self
    }
}

/// The facts about other objects on which the risks of one object depend.
pub(super) struct World {
    workloads: Workloads,
    /// The ServiceAccounts whose pods get no token unless they ask for one.
    without_token: Vec<String>,
}

impl World {
    /// Collects the facts; `changes` are those of each pair, in the same order.
    pub fn of(pairs: &[ObjectPair], changes: &[Changes]) -> Self {
        let accounts = pairs.iter().filter_map(|pair| pair.old.as_ref().or(pair.new.as_ref()));
        let without_token = accounts
            .filter(|object| object.id.kind == "ServiceAccount")
            .filter(|object| object.body.get("automountServiceAccountToken").is_some_and(|mount| *mount == false))
            .map(|object| object.id.name.clone());
        World { workloads: Workloads::of(pairs, changes), without_token: without_token.collect() }
    }

    /// The risks of one object, worst first; at least one.
    pub fn risks(&self, index: usize, pair: &ObjectPair, fields: &[FieldChange]) -> Vec<Risk> {
        let mut risks = match (&pair.old, &pair.new) {
            (None, Some(new)) => added(new),
            (Some(old), None) => removed(old),
            (Some(old), Some(_)) => self.changed(index, pair, old, fields),
            (None, None) => Vec::new(),
        };
        risks.sort_by_key(|risk| std::cmp::Reverse(risk.class));
        let mut seen = Vec::new();
        risks.retain(|risk| {
            let new = !seen.contains(&risk.reason);
            seen.push(risk.reason.clone());
            new
        });
        // Harmless risks are not listed beside others, unless they ask for something.
        if risks.iter().any(|risk| risk.class > Class::None) {
            risks.retain(|risk| risk.class > Class::None || risk.way.is_some());
        }
        if risks.is_empty() {
            risks.push(Risk::new(Class::None, harmless(&pair.id.kind, fields)));
        }
        risks
    }

    /// Whether a pod only writes out that it gets the token that its account gives it anyway.
    fn writes_out_token(&self, field: &FieldChange, old: &Value) -> bool {
        let account = at(old, &["spec", "template", "spec", "serviceAccountName"]).and_then(Value::as_str);
        field.path == "spec.template.spec.automountServiceAccountToken"
            && field.old.is_none()
            && !self.without_token.iter().any(|name| Some(name.as_str()) == account)
    }

    fn changed(&self, index: usize, pair: &ObjectPair, old: &Object, fields: &[FieldChange]) -> Vec<Risk> {
        let kind = pair.id.kind.as_str();
        if let Some(name) = &pair.renamed {
            return vec![Risk::new(
                Class::None,
                format!("its name is derived from its content: `{name}` runs, and the old Job may be deleted"),
            )];
        }
        let rerun = matches!(kind, "Job" | "Pod") && (old.is_hook || pair.new.as_ref().is_some_and(|new| new.is_hook));
        if rerun {
            return vec![Risk::new(Class::None, "it is deleted and created again for each run")];
        }
        let mut risks: Vec<Risk> = Vec::new();
        for field in fields {
            if let Some(new) = &pair.new {
                risks.extend(replicas(&pair.id, field, &old.body, &new.body));
                risks.extend(templates(&pair.id, field, &old.body, &new.body));
                risks.extend(data(kind, field, &new.body));
            }
            let fixed = immutable::risk(&pair.id, field, &old.body);
            // A field that cannot be changed in place needs no other risk.
            let is_fixed = fixed.is_some();
            risks.extend(fixed);
            if !self.writes_out_token(field, &old.body) {
                risks.extend(exposure::risk(kind, field));
            }
            if !is_fixed {
                risks.extend(outage(kind, field));
            }
        }
        if kind == "Secret" {
            let keys = fields.iter().filter(|field| field.path.starts_with("data")).count();
            if keys > 0 {
                risks.push(Risk::new(
                    Class::Data,
                    "the secret's content changes: clients with the old one are locked out",
                ));
            }
        }
        risks.extend(self.workloads.restart(index));
        if matches!(kind, "ConfigMap" | "Secret") {
            risks.extend(self.workloads.readers(kind, &pair.id.name));
        }
        risks
    }
}

/// The risk for stored data.
fn data(kind: &str, field: &FieldChange, new: &Value) -> Option<Risk> {
    let path = field.path.as_str();
    if path.ends_with("persistentVolumeClaim.claimName") {
        return Some(Risk::new(
            Class::Data,
            "the pods mount another volume claim: the data on the old one is not moved",
        ));
    }
    if let Some(claim) = claim_left(field, new) {
        return Some(Risk::new(
            Class::Data,
            format!("the pods no longer mount the volume claim `{claim}`: its data is no longer used"),
        ));
    }
    if path.contains("persistentVolumeClaimRetentionPolicy") {
        return Some(Risk::new(Class::Data, "this decides whether volume claims are deleted with the pods"));
    }
    if path.ends_with("storageClassName") && matches!(kind, "StatefulSet" | "PersistentVolumeClaim") {
        return Some(Risk::new(Class::Data, "the storage class changes: existing volumes stay where they are"));
    }
    if kind == "StorageClass" || path.ends_with("reclaimPolicy") {
        return Some(Risk::new(Class::Data, "the retention of volumes changes"));
    }
    None
}

/// The claim of a volume that the pods no longer have, or that becomes a volume of another kind.
fn claim_left<'f>(field: &'f FieldChange, new: &Value) -> Option<&'f str> {
    let old = field.old.as_ref().filter(|_| field.new.is_none() && field.path.contains("volumes["))?;
    let claim = match field.path.ends_with(']') {
        true => old.get("persistentVolumeClaim")?,
        false => Some(old).filter(|_| field.path.ends_with("].persistentVolumeClaim"))?,
    };
    let name = claim.get("claimName")?.as_str()?;
    let volumes = at(new, &["spec", "template", "spec", "volumes"]).and_then(Value::as_array);
    let kept = |volume: &Value| at(volume, &["persistentVolumeClaim", "claimName"]).is_some_and(|claim| claim == name);
    (!volumes.into_iter().flatten().any(kept)).then_some(name)
}

/// The outage that a field causes.
fn outage(kind: &str, field: &FieldChange) -> Option<Risk> {
    let path = field.path.as_str();
    let gone = field.new.is_none();
    let zero = field.new.as_ref().is_some_and(|new| *new == 0);
    match kind {
        "Deployment" | "StatefulSet" if path == "spec.replicas" && zero => {
            Some(Risk::new(Class::Outage, "no pods remain"))
        }
        "Service" if path.starts_with("spec.selector") => {
            Some(Risk::new(Class::Outage, "the Service selects other pods: it has no endpoints until these run"))
        }
        "Service" if path.starts_with("spec.ports[") && ((gone && path.ends_with(']')) || path.ends_with("].port")) => {
            Some(Risk::new(Class::Outage, "clients of the old port get no answer"))
        }
        "Service" if path.starts_with("spec.ports[") && path.ends_with("].targetPort") => Some(Risk::new(
            Class::Outage,
            "requests go to another port of the pods at once, also of those that do not listen there yet",
        )),
        "Service" if path == "spec.loadBalancerIP" => Some(
            Risk::new(Class::Outage, "the load balancer may get another address")
                .way("look up the address that it gets, and update DNS"),
        ),
        "CronJob" if path == "spec.suspend" && field.new.as_ref().is_some_and(|new| *new == true) => {
            Some(Risk::new(Class::Outage, "its scheduled runs stop until it is resumed"))
        }
        "Service" if path.ends_with("].nodePort") && field.old.is_some() && !gone => {
            Some(Risk::new(Class::Outage, "clients of the old node port get no answer"))
        }
        "Ingress" if path.starts_with("spec.rules") && (gone || path.ends_with("host")) => {
            Some(Risk::new(Class::Outage, "the old address is no longer served"))
        }
        "Ingress" if path == "spec.ingressClassName" => {
            Some(Risk::new(Class::Outage, "another controller serves the address: it may have another IP address"))
        }
        // One more is no loss; the first one is, because a route without any is for all.
        "HTTPRoute" | "TLSRoute" | "TCPRoute"
            if (path.starts_with("spec.hostnames") || path.starts_with("spec.parentRefs"))
                && (field.old.is_some() || !path.ends_with(']')) =>
        {
            Some(Risk::new(Class::Outage, "the old address may no longer be served"))
        }
        "Gateway" if path.starts_with("spec.listeners") && gone => Some(Risk::new(
            Class::Outage,
            "a listener is removed: the hosts and ports that it served can no longer be reached",
        )),
        _ => None,
    }
}

fn added(object: &Object) -> Vec<Risk> {
    let kind = object.id.kind.as_str();
    let reason = match kind {
        "StatefulSet" => {
            let claims = claim_names(&object.body, &object.id.name, 0..pods(&object.body));
            return vec![with_claims("new pods start", &claims)];
        }
        "Deployment" | "DaemonSet" | "Pod" => "new pods start",
        "Job" => "it runs once when it is applied",
        "CronJob" => "it runs on its schedule from now on",
        "PersistentVolumeClaim" => "a new volume is provisioned",
        "ConfigMap" | "Secret" => "it is read when the pods that mount it start",
        "ServiceAccount" => "it has no permissions before a binding names it",
        "HorizontalPodAutoscaler" | "ScaledObject" => "the number of pods follows the load from now on",
        "PodDisruptionBudget" => "node drains respect it",
        "NetworkPolicy" => {
            let reason = "traffic of the pods that it selects is blocked unless it is allowed";
            return vec![Risk::new(Class::Outage, reason)];
        }
        _ => match exposure::added(object) {
            Some(risk) => return vec![risk],
            None => "it is created",
        },
    };
    vec![Risk::new(Class::None, reason)]
}

/// The effect of deleting an object that is no longer rendered. Neither `kubectl apply` nor this comparison deletes it.
fn removed(object: &Object) -> Vec<Risk> {
    let kind = object.id.kind.as_str();
    let text = |path: &str| object.body.pointer(path).and_then(Value::as_str);
    let keep = text("/metadata/annotations/helm.sh~1resource-policy") == Some("keep");
    let risk = match kind {
        "Deployment" | "DaemonSet" => Risk::new(Class::Outage, "its pods stop when it is deleted"),
        "StatefulSet" => Risk::new(Class::Outage, "its pods stop when it is deleted; its volume claims stay"),
        "Service" if text("/spec/type") == Some("LoadBalancer") => Risk::new(
            Class::Outage,
            "its name no longer resolves when it is deleted, and the address of its load balancer is released",
        )
        .way("note the address: a new load balancer gets another one, and DNS has to be updated"),
        "Service" => Risk::new(Class::Outage, "its name no longer resolves when it is deleted"),
        "Ingress" | "HTTPRoute" | "TLSRoute" | "TCPRoute" | "Gateway" => {
            Risk::new(Class::Outage, "its addresses are no longer served when it is deleted")
        }
        "CronJob" if object.id.name.contains("backup") => Risk::new(Class::Data, "backups are no longer made")
            .way("make sure that something else makes backups before this is deleted"),
        "CronJob" => Risk::new(Class::Outage, "its scheduled runs stop"),
        "PersistentVolumeClaim" if keep => {
            Risk::new(Class::Data, "the claim holds data; `helm.sh/resource-policy: keep` protects it from Helm")
                .way("do not delete it until its data is saved elsewhere")
        }
        "PersistentVolumeClaim" => {
            Risk::new(Class::Data, "deleting the claim deletes its data, unless the volume is retained")
                .way("set the volume's `persistentVolumeReclaimPolicy` to `Retain` first")
        }
        "Secret" => Risk::new(Class::Data, "a render cannot recreate a deleted secret")
            .way("keep a copy: `kubectl get secret NAME -o yaml`"),
        "CustomResourceDefinition" => Risk::new(Class::Data, "all objects of this kind are deleted with it"),
        "NetworkPolicy" => Risk::new(Class::Exposure, "traffic that it blocked is allowed when it is deleted"),
        "HorizontalPodAutoscaler" | "ScaledObject" => Risk::new(Class::None, "the number of pods stays as it is"),
        "PodDisruptionBudget" => Risk::new(Class::None, "node drains may stop more pods at once"),
        "ServiceAccount" | "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => {
            Risk::new(Class::None, "pods that still use it lose its permissions when it is deleted")
        }
        _ => Risk::new(Class::None, "it stays in the cluster until it is deleted"),
    };
    vec![risk]
}

/// The effect of more or fewer pods of a workload; those of a StatefulSet have claims of their own.
fn replicas(id: &ObjectId, field: &FieldChange, old: &Value, new: &Value) -> Option<Risk> {
    if field.path != "spec.replicas" {
        return None;
    }
    let count = |value: &Option<Value>| value.as_ref().map_or(Some(1), Value::as_u64);
    let (before, after) = (count(&field.old)?, count(&field.new)?);
    let ordinals = before.min(after)..before.max(after);
    let claims = claim_names(if after > before { new } else { old }, &id.name, ordinals);
    let change = before.abs_diff(after);
    let more = if change == 1 { "1 more pod starts".to_owned() } else { format!("{change} more pods start") };
    let fewer = if change == 1 { "1 pod stops".to_owned() } else { format!("{change} pods stop") };
    Some(match (id.kind.as_str(), after > before) {
        ("StatefulSet", true) => with_claims(&more, &claims),
        ("StatefulSet", false) if !claims.is_empty() => Risk::new(
            Class::Data,
            format!("{fewer}, and the data on these volume claims is no longer used: {}", listed(&claims)),
        ),
        (_, true) => Risk::new(Class::None, more),
        (_, false) => Risk::new(Class::None, fewer),
    })
}

/// The claims of a template that only one side of a StatefulSet has.
fn templates(id: &ObjectId, field: &FieldChange, old: &Value, new: &Value) -> Option<Risk> {
    let template = immutable::claim_template(id, field)?;
    let claims = |body: &Value| {
        let mut claims = claim_names(body, &id.name, 0..pods(body));
        claims.retain(|claim| template.is_empty() || claim.starts_with(&format!("{template}-{}-", id.name)));
        claims
    };
    let (before, after) = (claims(old), claims(new));
    let (made, left): (Vec<_>, Vec<_>) = (
        after.iter().filter(|claim| !before.contains(claim)).cloned().collect(),
        before.iter().filter(|claim| !after.contains(claim)).cloned().collect(),
    );
    match (left.is_empty(), made.is_empty()) {
        (true, true) => None,
        (true, false) => Some(with_claims("its pods get another volume", &made)),
        (false, _) => Some(Risk::new(
            Class::Data,
            format!("the data on these volume claims is no longer used: {}", listed(&left)),
        )),
    }
}

/// The pods of a workload that no autoscaler scales.
fn pods(body: &Value) -> u64 {
    at(body, &["spec", "replicas"]).and_then(Value::as_u64).unwrap_or(1)
}

/// New pods and the volume claims that a StatefulSet makes for them.
fn with_claims(what: &str, claims: &[String]) -> Risk {
    if claims.is_empty() {
        return Risk::new(Class::None, what);
    }
    Risk::new(Class::None, format!("{what}, with new volume claims: {}", listed(claims)))
        .way("make sure that their storage class provisions volumes, or that volumes wait for these claims")
}

fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(6).map(|name| format!("`{name}`")).collect();
    let more = names.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn harmless(kind: &str, fields: &[FieldChange]) -> String {
    if fields.iter().all(|field| field.path.starts_with("metadata.")) {
        let is_read = matches!(kind, "Ingress" | "Service" | "Gateway" | "HTTPRoute" | "Certificate");
        return match is_read && fields.iter().any(|field| field.path.contains("annotations")) {
            true => "only labels or annotations of the object change, and its controller may act on them".to_owned(),
            false => "only labels or annotations of the object change".to_owned(),
        };
    }
    let changes = |start: &str| fields.iter().any(|field| field.path.starts_with(start));
    match kind {
        "Deployment" if changes("spec.paused") => "no pod is replaced while it is paused".to_owned(),
        "Deployment" | "StatefulSet" | "DaemonSet" if changes("spec.strategy") || changes("spec.updateStrategy") => {
            "the next pods are replaced in this way".to_owned()
        }
        "HorizontalPodAutoscaler" | "ScaledObject" => "the number of pods follows the new bounds and metrics".to_owned(),
        "PodDisruptionBudget" => "node drains follow it from now on; one that allows no pod to go holds them up".to_owned(),
        "ConfigMap" => "no pod restarts: pods read it when they start".to_owned(),
        "CronJob" => "the next run uses the new form".to_owned(),
        "PersistentVolumeClaim" => {
            "the volume grows while pods run if its storage class has `allowVolumeExpansion`; otherwise the API server refuses the change"
                .to_owned()
        }
        _ => "it takes effect at once, and pods keep running".to_owned(),
    }
}

/// The value at a path of keys.
fn at<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| value.get(*key))
}

/// A map from names to values, such as labels.
type Labels = HashMap<String, String>;

fn labels(value: Option<&Value>) -> Labels {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
