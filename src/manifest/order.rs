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
    let mut manifests = verified.into_manifests();
    manifests.sort_by(|a, b| {
        (a.phase, rank(&a.id.kind))
            .cmp(&(b.phase, rank(&b.id.kind)))
            .then_with(|| (&a.id.kind, &a.id.name, &a.id.namespace).cmp(&(&b.id.kind, &b.id.name, &b.id.namespace)))
    });
    Ordered(manifests)
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
