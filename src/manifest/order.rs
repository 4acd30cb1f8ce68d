//! The order in which `kubectl apply -f -` takes the objects from top to bottom.

use super::{Manifest, Verified};

/// Verified objects in their output order.
#[derive(Debug, Clone)]
pub struct Ordered(Vec<Manifest>);

/// Each kind before the kinds that need it; kinds that are not listed come last.
const KINDS: [&str; 36] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "Issuer",
    "ClusterIssuer",
    "Certificate",
];

/// Sorts by phase, kind and name; the sort is stable.
pub fn order(verified: Verified) -> Ordered {
    let ranked = verified.into_manifests().into_iter().map(|manifest| (rank(&manifest.id.kind), manifest));
    let mut ranked: Vec<(usize, Manifest)> = ranked.collect();
    ranked.sort_by(|(a_rank, a), (b_rank, b)| {
        (a.phase, a_rank, &a.id.kind, &a.id.name, &a.id.namespace).cmp(&(
            b.phase,
            b_rank,
            &b.id.kind,
            &b.id.name,
            &b.id.namespace,
        ))
    });
    Ordered(ranked.into_iter().map(|(_, manifest)| manifest).collect())
}

fn rank(kind: &str) -> usize {
    KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len())
}

impl Ordered {
    /// The objects, first to last.
    pub fn manifests(&self) -> &[Manifest] {
        &self.0
    }

    /// The same objects in the same order, with other bodies.
    pub fn with_bodies(&self, body: impl Fn(&Manifest) -> serde_json::Value) -> Self {
        Ordered(self.0.iter().map(|object| Manifest { body: body(object), ..object.clone() }).collect())
    }

    /// Removes objects, as `--show-only`, `--no-hooks` and `--skip-tests` do.
    pub fn retain(&mut self, keep: impl FnMut(&Manifest) -> bool) {
        self.0.retain(keep);
    }
}
