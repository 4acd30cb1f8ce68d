//! Settings that every workload has under the same keys.

use serde::{Deserialize, Serialize};

use super::{Node, NodeMap, NonEmpty, Port, Text};

/// Pod-level settings of a component's section, `gitlab.gitaly.tolerations`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Workload {
    /// Replaces the component's name in names and in the label `app`.
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
    /// Labels and annotations for the pods only.
    pub pod: Labelled,
    /// Deployment-level settings that are shared.
    pub deployment: Deployment,
    /// The main container's security context.
    pub container_security_context: NodeMap,
    /// The main container's resources.
    pub resources: NodeMap,
    /// Scheduling.
    pub affinity: Affinity,
    /// `soft`, `hard`, or empty for the global setting.
    pub anti_affinity: Option<Text>,
    /// The same for the nodes that `affinity` names.
    pub node_affinity: Option<Text>,
    /// Labels of nodes.
    pub node_selector: NodeMap,
    /// Taints that are tolerated.
    pub tolerations: Vec<Node>,
    /// Falls back to the global one.
    pub priority_class_name: Option<Text>,
    /// Environment variables by name; over the global ones.
    pub extra_env: NodeMap,
    /// Environment variables taken from elsewhere, by name.
    pub extra_env_from: NodeMap,
    /// A list, or YAML text that holds one.
    pub extra_volumes: Node,
    /// A list, or YAML text that holds one.
    pub extra_volume_mounts: Node,
    /// A list, or YAML text that holds one.
    pub extra_containers: Node,
    /// A list, or YAML text that holds one.
    pub extra_init_containers: Node,
    /// The service account.
    pub service_account: ServiceAccount,
    /// For the NetworkPolicy.
    pub networkpolicy: NetworkPolicy,
    /// How many pods may be away at once.
    pub max_unavailable: Option<Node>,
}

/// What a component's section gives to its pods as it is, `gitlab.kas.securityContext`.
///
/// A further one is a field here, a line in `charts/_shared/templates/pod.yaml`, and a key of the group `Pod` in
/// `schemas/definitions.json`; templates read it under the field's name.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all(deserialize = "camelCase"))]
pub struct Passed {
    /// The pod's security context.
    pub security_context: NodeMap,
    /// Spread over zones.
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
    /// How pods are replaced.
    pub strategy: NodeMap,
    /// Seconds that a new pod must be ready before it counts.
    pub min_ready_seconds: Option<Node>,
    /// Seconds until a pod is killed.
    pub termination_grace_period_seconds: Option<Node>,
}

/// An image reference in parts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Image {
    /// Before the repository, for the few images that are given in parts.
    pub registry: Option<Text>,
    /// With the registry, without the tag.
    pub repository: Option<Text>,
    /// Empty: the release's tag.
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

/// `affinity:`, global and local.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Affinity {
    /// Zones.
    pub node_affinity: NodeAffinity,
    /// Apart from its own kind.
    pub pod_anti_affinity: PodAntiAffinity,
}

/// Nodes by the value of one label.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeAffinity {
    /// The label.
    pub key: Option<Text>,
    /// Its values; empty: no node affinity.
    pub values: Option<Vec<Text>>,
}

/// The topology over which pods are kept apart.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodAntiAffinity {
    /// The node label.
    pub topology_key: Option<Text>,
}

/// `serviceAccount:`, global and local.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceAccount {
    /// Whether pods use one.
    pub enabled: Option<bool>,
    /// Whether it is made here.
    pub create: Option<bool>,
    /// Empty: the component's full name.
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
    /// Whether there is one.
    pub enabled: bool,
    /// Annotations of the NetworkPolicy.
    pub annotations: NodeMap,
    /// Traffic to the pods.
    pub ingress: NetworkRules,
    /// Traffic from the pods.
    pub egress: NetworkRules,
}

/// One direction of a NetworkPolicy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NetworkRules {
    /// Whether the direction is restricted.
    pub enabled: bool,
    /// What is allowed; empty: nothing.
    pub rules: Vec<Node>,
}

/// `hpa:` of a component.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hpa {
    /// Whether there is one; missing: yes.
    pub enabled: Option<bool>,
    /// Least pods; the component's own `minReplicas` where missing.
    pub min_replicas: Option<Node>,
    /// Most pods.
    pub max_replicas: Option<Node>,
    /// CPU target.
    pub cpu: HpaTarget,
    /// Memory target.
    pub memory: HpaTarget,
    /// Metrics that are passed on as they are.
    pub custom_metrics: Vec<Node>,
    /// Scaling policies, passed on as they are.
    pub behavior: NodeMap,
}

/// `keda:` of a component: a ScaledObject in place of an HPA.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Keda {
    /// Whether KEDA scales; also where `global.keda.enabled` holds.
    pub enabled: bool,
    /// Seconds between two looks at the triggers.
    pub polling_interval: Option<Node>,
    /// Seconds until it scales down to none.
    pub cooldown_period: Option<Node>,
    /// Least pods; the HPA's where missing.
    pub min_replica_count: Option<Node>,
    /// Most pods; the HPA's where missing.
    pub max_replica_count: Option<Node>,
    /// What holds while the triggers cannot be read.
    pub fallback: Option<Node>,
    /// The name of the HPA that KEDA makes.
    pub hpa_name: Option<Text>,
    /// What happens to the number of pods when the object goes.
    pub restore_to_original_replica_count: Option<Node>,
    /// Scaling policies; the HPA's where missing.
    pub behavior: NodeMap,
    /// In place of those that follow from the HPA's targets.
    pub triggers: Vec<Node>,
}

/// What an HPA aims at for one resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HpaTarget {
    /// `Utilization` or `AverageValue`.
    pub target_type: Option<Text>,
    /// A quantity.
    pub target_average_value: Option<Node>,
    /// Percent of the request.
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
    /// Pod annotations in place of the usual three.
    pub annotations: NodeMap,
    /// For the Prometheus operator.
    pub service_monitor: Monitor,
    /// For the Prometheus operator.
    pub pod_monitor: Monitor,
}

/// `tls:` of something that answers: whether it has a certificate, and where that is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Certificate {
    /// Whether TLS is used; missing: what the component says.
    pub enabled: Option<bool>,
    /// The Secret with `tls.crt` and `tls.key`.
    pub secret_name: Option<Text>,
}

impl Certificate {
    /// Whether TLS is used, where the component says nothing else.
    pub fn on(&self) -> bool {
        self.enabled.unwrap_or(false)
    }

    /// The Secret with the certificate, where TLS is used; `default` where none is named.
    pub fn secret(&self, default: impl FnOnce() -> String) -> Option<String> {
        let named = self.secret_name.non_empty().map(str::to_owned);
        self.on().then(|| named.unwrap_or_else(default))
    }
}

/// A section of which only the annotations matter.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Annotated {
    /// Of the object that the section is about.
    pub annotations: NodeMap,
}

/// `service:` of a component that answers on one port.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Service {
    /// `ClusterIP`, `NodePort`, `LoadBalancer`.
    pub r#type: Text,
    /// The Service's port.
    pub external_port: Port,
    /// The pods' port.
    pub internal_port: Port,
    /// Of the Service, over the global ones.
    pub annotations: NodeMap,
}

/// A ServiceMonitor's or PodMonitor's settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Monitor {
    /// Whether there is one.
    pub enabled: bool,
    /// More labels of the object.
    pub additional_labels: NodeMap,
    /// Merged into the endpoint.
    pub endpoint_config: NodeMap,
    /// Labels of namespaces.
    pub namespace_selector: NodeMap,
}
