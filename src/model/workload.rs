//! Settings that every workload has under the same keys.

use serde::{Deserialize, Serialize};

use super::{Node, NodeMap, NonEmpty, Port, Text};

/// Pod-level settings of a component's section, `gitlab.gitaly.tolerations`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Workload {
    /// Replaces the component's name in object names and in the label `app`.
    pub name_override: Option<Text>,
    /// Replaces the whole name.
    pub fullname_override: Option<Text>,
    /// The main image.
    pub image: Image,
    /// Settings of the init containers.
    pub init: Init,
    /// Pod annotations.
    pub annotations: NodeMap,
    /// Pod labels.
    pub pod_labels: NodeMap,
    /// Labels of all objects of the component.
    pub common: Labelled,
    /// Labels of its Services.
    pub service_labels: NodeMap,
    /// Labels and annotations of the pods only.
    pub pod: Labelled,
    /// Settings of the Deployment that components share.
    pub deployment: Deployment,
    /// The main container's security context.
    pub container_security_context: NodeMap,
    /// The main container's resources.
    pub resources: NodeMap,
    /// Scheduling.
    pub affinity: Affinity,
    /// `soft`, `hard`, or empty for the global setting.
    pub anti_affinity: Option<Text>,
    /// The same for node affinity.
    pub node_affinity: Option<Text>,
    /// The node selector.
    pub node_selector: NodeMap,
    /// Tolerations.
    pub tolerations: Vec<Node>,
    /// The priority class; the global one where it is missing.
    pub priority_class_name: Option<Text>,
    /// Environment variables by name, merged over the global ones.
    pub extra_env: NodeMap,
    /// Environment variables from other sources, by name.
    pub extra_env_from: NodeMap,
    /// A list, or a string of YAML that holds one.
    pub extra_volumes: Node,
    /// A list, or a string of YAML that holds one.
    pub extra_volume_mounts: Node,
    /// A list, or a string of YAML that holds one.
    pub extra_containers: Node,
    /// A list, or a string of YAML that holds one.
    pub extra_init_containers: Node,
    /// The service account.
    pub service_account: ServiceAccount,
    /// The NetworkPolicy.
    pub networkpolicy: NetworkPolicy,
    /// The `maxUnavailable` of the PodDisruptionBudget.
    pub max_unavailable: Option<Node>,
}

/// Settings of a component's section that its pods take unchanged, `gitlab.kas.securityContext`.
///
/// A new one is a field here, a line in `charts/_shared/templates/pod.yaml`, and a key of the group `Pod` in
/// `schemas/definitions.json`; templates read it under the field's name.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all(deserialize = "camelCase"))]
pub struct Passed {
    /// The pod's security context.
    pub security_context: NodeMap,
    /// Topology spread constraints.
    pub topology_spread_constraints: Vec<Node>,
}

/// Labels and annotations.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Labelled {
    /// Labels.
    pub labels: NodeMap,
    /// Annotations.
    pub annotations: NodeMap,
}

/// `deployment:` of a component, and `global.deployment`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Deployment {
    /// Annotations of the Deployment itself.
    pub annotations: NodeMap,
    /// How many old ReplicaSets are kept.
    pub revision_history_limit: Node,
    /// The strategy by which pods are replaced.
    pub strategy: NodeMap,
    /// Seconds for which a new pod must be ready before it counts as available.
    pub min_ready_seconds: Option<Node>,
    /// Seconds until a pod that does not end is killed.
    pub termination_grace_period_seconds: Option<Node>,
}

/// The parts of an image reference.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Image {
    /// The registry, for the few images that are given in parts.
    pub registry: Option<Text>,
    /// The repository with the registry and without the tag.
    pub repository: Option<Text>,
    /// The tag; empty means the release's.
    pub tag: Option<Text>,
    /// `sha256:...`, appended to the tag.
    pub digest: Option<Text>,
    /// `Always`, `IfNotPresent` or `Never`.
    pub pull_policy: Option<Text>,
    /// Names of Secrets, as strings or as `{name: ...}`.
    pub pull_secrets: Vec<Node>,
}

/// `init:`, settings of the init containers that every component has.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Init {
    /// Replaces the base image.
    pub image: Image,
    /// Resources of each init container.
    pub resources: NodeMap,
    /// Security context of each init container.
    pub container_security_context: NodeMap,
    /// Replaces the script that prepares the configuration.
    pub script: Option<Text>,
}

/// `affinity:`, global and of a component.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Affinity {
    /// Node affinity, by zone.
    pub node_affinity: NodeAffinity,
    /// Anti-affinity among pods of the same kind.
    pub pod_anti_affinity: PodAntiAffinity,
}

/// Node affinity by the values of one label.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeAffinity {
    /// The label.
    pub key: Option<Text>,
    /// Its values; empty means no node affinity.
    pub values: Option<Vec<Text>>,
}

/// The topology of anti-affinity.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodAntiAffinity {
    /// The node label.
    pub topology_key: Option<Text>,
}

/// `serviceAccount:`, global and of a component.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceAccount {
    /// Whether pods use one.
    pub enabled: Option<bool>,
    /// Whether it is created here.
    pub create: Option<bool>,
    /// Its name; empty means the component's full name.
    pub name: Option<Text>,
    /// Annotations of the ServiceAccount.
    pub annotations: NodeMap,
    /// Whether its token is mounted.
    pub automount_service_account_token: Option<bool>,
}

/// `networkpolicy:` of a component.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicy {
    /// Whether the NetworkPolicy is rendered.
    pub enabled: bool,
    /// Annotations of the NetworkPolicy.
    pub annotations: NodeMap,
    /// Ingress rules.
    pub ingress: NetworkRules,
    /// Egress rules.
    pub egress: NetworkRules,
}

/// One direction of a NetworkPolicy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NetworkRules {
    /// Whether the direction is restricted.
    pub enabled: bool,
    /// The rules; empty means that nothing is allowed.
    pub rules: Vec<Node>,
}

/// `hpa:` of a component.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hpa {
    /// Whether the HPA is rendered; missing means yes.
    pub enabled: Option<bool>,
    /// The minimum number of pods; the component's own `minReplicas` where missing.
    pub min_replicas: Option<Node>,
    /// The maximum number of pods.
    pub max_replicas: Option<Node>,
    /// CPU target.
    pub cpu: HpaTarget,
    /// Memory target.
    pub memory: HpaTarget,
    /// Metrics that are passed on unchanged.
    pub custom_metrics: Vec<Node>,
    /// Scaling policies that are passed on unchanged.
    pub behavior: NodeMap,
}

/// `keda:` of a component: a ScaledObject instead of an HPA.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Keda {
    /// Whether KEDA scales; `global.keda.enabled` turns it on as well.
    pub enabled: bool,
    /// Seconds between two checks of the triggers.
    pub polling_interval: Option<Node>,
    /// Seconds until it scales down to zero.
    pub cooldown_period: Option<Node>,
    /// The minimum number of pods; the HPA's where missing.
    pub min_replica_count: Option<Node>,
    /// The maximum number of pods; the HPA's where missing.
    pub max_replica_count: Option<Node>,
    /// The fallback while the triggers cannot be read.
    pub fallback: Option<Node>,
    /// The name of the HPA that KEDA creates.
    pub hpa_name: Option<Text>,
    /// Whether the original number of pods is restored when the object is deleted.
    pub restore_to_original_replica_count: Option<Node>,
    /// Scaling policies; the HPA's where missing.
    pub behavior: NodeMap,
    /// Triggers, instead of those that follow from the HPA's targets.
    pub triggers: Vec<Node>,
}

/// The target of an HPA for one resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HpaTarget {
    /// `Utilization` or `AverageValue`.
    pub target_type: Option<Text>,
    /// A quantity.
    pub target_average_value: Option<Node>,
    /// A percentage of the request.
    pub target_average_utilization: Option<Node>,
}

/// `metrics:` of a component.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metrics {
    /// Whether the component exports metrics.
    pub enabled: bool,
    /// The HTTP path.
    pub path: Text,
    /// The port.
    pub port: Option<Node>,
    /// TLS of the exporter.
    pub tls: Certificate,
    /// Pod annotations instead of the usual three.
    pub annotations: NodeMap,
    /// The ServiceMonitor.
    pub service_monitor: Monitor,
    /// The PodMonitor.
    pub pod_monitor: Monitor,
}

/// `tls:` of a server: whether it has a certificate, and in which Secret.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Certificate {
    /// Whether TLS is used; missing means the component's default.
    pub enabled: Option<bool>,
    /// The Secret with `tls.crt` and `tls.key`.
    pub secret_name: Option<Text>,
}

impl Certificate {
    /// Whether TLS is used; `default` is the component's.
    pub fn on(&self) -> bool {
        self.enabled.unwrap_or(false)
    }

    /// The Secret with the certificate, where TLS is used; `default` where none is named.
    pub fn secret(&self, default: impl FnOnce() -> String) -> Option<String> {
        let named = self.secret_name.non_empty().map(str::to_owned);
        self.on().then(|| named.unwrap_or_else(default))
    }
}

/// A section of which only the annotations are read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Annotated {
    /// The annotations of the section's object.
    pub annotations: NodeMap,
}

/// `service:` of a component with one port.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Service {
    /// `ClusterIP`, `NodePort`, `LoadBalancer`.
    pub r#type: Text,
    /// The Service's port.
    pub external_port: Port,
    /// The pods' port.
    pub internal_port: Port,
    /// Annotations of the Service, merged over the global ones.
    pub annotations: NodeMap,
}

/// The settings of a ServiceMonitor or PodMonitor.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Monitor {
    /// Whether the monitor is rendered.
    pub enabled: bool,
    /// Additional labels of the object.
    pub additional_labels: NodeMap,
    /// Merged into the endpoint.
    pub endpoint_config: NodeMap,
    /// The namespace selector.
    pub namespace_selector: NodeMap,
}
