//! The order in which `kubectl apply -f -` takes the objects from top to bottom.

use super::{Manifest, Verified};

/// Objects that were verified, in the order they are written.
#[derive(Debug, Clone)]
pub struct Ordered(Vec<Manifest>);

/// Kinds before the kinds that need them; what is not here comes last.
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

/// Sorts by phase, kind, name; objects that agree in all three keep their places.
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

    /// Leaves out objects, as `--show-only`, `--no-hooks` and `--skip-tests` do.
    pub fn retain(&mut self, keep: impl FnMut(&Manifest) -> bool) {
        self.0.retain(keep);
    }
}
