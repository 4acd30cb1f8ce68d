//! The settings of an ingress controller, as far as other values follow from them. A setting that an object takes
//! unchanged is a [`Node`].

use serde::Deserialize;

use crate::model::workload::{Labelled, ServiceAccount};
use crate::model::{Node, NodeMap, Port, Switch, Text};

/// `nginx-ingress`, or its twin for Geo.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    /// Whether it is deployed.
    pub enabled: bool,
    /// Replaces the component's name.
    pub name_override: Option<Text>,
    /// Replaces the whole name.
    pub fullname_override: Option<Text>,
    /// The namespace of all objects, where it is not the release's.
    pub namespace_override: Option<Text>,
    /// Labels of all objects.
    pub common: Labelled,
    /// The same.
    pub common_labels: NodeMap,
    /// The controller.
    pub controller: Controller,
    /// The default backend, for requests that no Ingress matches.
    pub default_backend: Backend,
    /// The controller's account.
    pub service_account: ServiceAccount,
    /// Its permissions.
    pub rbac: Rbac,
    /// A Secret with Diffie-Hellman parameters, in base64.
    pub dh_param: Option<Text>,
    /// The address of the load balancer, with a reference to another value.
    pub external_ip_tpl: Option<Text>,
    /// Pull Secrets.
    pub image_pull_secrets: Vec<Node>,
    /// The number of old ReplicaSets.
    pub revision_history_limit: Option<Node>,
    /// The prefix of the names of TCP and UDP ports.
    pub port_name_prefix: Option<Text>,
    /// TCP services by port.
    pub tcp: NodeMap,
    /// UDP services by port.
    pub udp: NodeMap,
    /// Whether gitlab-shell creates the ConfigMap of the TCP services.
    pub tcp_external_config: Option<Text>,
}

/// `rbac`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Rbac {
    /// Whether roles are created.
    pub create: bool,
}

/// `controller`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Controller {
    pub name: Text,
    pub kind: Text,
    pub labels: NodeMap,
    pub annotations: NodeMap,
    pub image: Image,
    pub container_name: Text,
    pub container_port: NodeMap,
    pub container_security_context: NodeMap,
    pub host_port: HostPort,
    pub admission_webhooks: super::admission::Admission,
    pub autoscaling: Autoscaling,
    pub autoscaling_template: Vec<Node>,
    pub keda: Keda,
    pub config: NodeMap,
    pub config_annotations: NodeMap,
    pub config_map_namespace: Option<Text>,
    pub add_headers: NodeMap,
    pub proxy_set_headers: NodeMap,
    pub allow_snippet_annotations: bool,
    pub custom_template: CustomTemplate,
    pub disable_leader_election: bool,
    #[serde(rename = "electionID")]
    pub election_id: Option<Text>,
    #[serde(rename = "electionTTL")]
    pub election_ttl: Option<Text>,
    pub enable_annotation_validations: Option<bool>,
    pub enable_mimalloc: bool,
    pub enable_topology_aware_routing: bool,
    pub extra_args: NodeMap,
    pub extra_envs: Vec<Node>,
    pub extra_modules: Vec<Module>,
    pub extra_volume_mounts: Node,
    pub health_check_host: Option<Text>,
    pub health_check_path: Option<Text>,
    pub ingress_class: Option<Text>,
    pub ingress_class_by_name: bool,
    pub ingress_class_resource: IngressClass,
    pub maxmind_license_key: Option<Text>,
    pub metrics: Metrics,
    pub publish_service: PublishService,
    pub replica_count: Option<Node>,
    pub report_node_internal_ip: bool,
    pub scope: Scope,
    pub service: ControllerService,
    pub tcp: StreamConfig,
    pub udp: StreamConfig,
    pub watch_ingress_without_class: bool,
    pub lifecycle: Option<Node>,
    pub liveness_probe: Option<Node>,
    pub readiness_probe: Option<Node>,
    pub startup_probe: Option<Node>,
    pub resize_policy: Vec<Node>,
    pub dns_config: NodeMap,
    pub dns_policy: Option<Text>,
    pub host_aliases: Vec<Node>,
    pub host_network: bool,
    pub hostname: Node,
    pub share_process_namespace: bool,
    pub sysctls: NodeMap,
    #[serde(flatten)]
    pub pods: Pods,
}

/// The settings that the controller and the default backend share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Pods {
    pub affinity: NodeMap,
    pub max_unavailable: Option<Node>,
    pub min_available: Option<Node>,
    pub min_ready_seconds: Option<Node>,
    pub network_policy: Switch,
    pub pod_annotations: NodeMap,
    pub pod_labels: NodeMap,
    pub pod_security_context: NodeMap,
    pub progress_deadline_seconds: Option<Node>,
    pub resources: NodeMap,
    pub runtime_class_name: Option<Text>,
    pub termination_grace_period_seconds: Option<Node>,
    pub unhealthy_pod_eviction_policy: Option<Text>,
    pub update_strategy: NodeMap,
}

/// `defaultBackend`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Backend {
    pub enabled: bool,
    pub name: Text,
    pub labels: NodeMap,
    pub image: Image,
    pub port: Port,
    pub service: ServiceSettings,
    pub service_account: ServiceAccount,
    pub autoscaling: Autoscaling,
    pub container_security_context: NodeMap,
    pub extra_args: NodeMap,
    pub extra_config_maps: Vec<ExtraConfigMap>,
    pub extra_envs: Vec<Node>,
    pub extra_volume_mounts: Node,
    pub liveness_probe: NodeMap,
    pub readiness_probe: NodeMap,
    pub replica_count: Option<Node>,
    #[serde(flatten)]
    pub pods: Pods,
}

/// One of the user's own ConfigMaps.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct ExtraConfigMap {
    pub name: Text,
    pub labels: NodeMap,
    pub data: NodeMap,
}

/// An image in parts, and the security context of its container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Image {
    pub repository: Option<Text>,
    pub registry: Option<Text>,
    pub image: Option<Text>,
    pub tag: Option<Text>,
    pub digest: Option<Text>,
    pub digest_chroot: Option<Text>,
    pub chroot: bool,
    pub pull_policy: Option<Text>,
    pub run_as_non_root: Option<Node>,
    pub run_as_user: Option<Node>,
    pub run_as_group: Option<Node>,
    pub allow_privilege_escalation: Option<bool>,
    pub read_only_root_filesystem: Option<Node>,
    pub seccomp_profile: Option<Node>,
}

/// A module of nginx, copied out of an image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Module {
    pub name: Text,
    pub image: Image,
    pub distroless: bool,
    pub container_security_context: NodeMap,
    pub resources: NodeMap,
}

/// `hostPort`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct HostPort {
    pub enabled: bool,
    pub ports: NodeMap,
}

/// `autoscaling`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Autoscaling {
    pub enabled: bool,
    pub annotations: NodeMap,
    pub behavior: NodeMap,
    pub min_replicas: Option<Node>,
    pub max_replicas: Option<Node>,
    #[serde(rename = "targetCPUUtilizationPercentage")]
    pub cpu: Option<Node>,
    #[serde(rename = "targetMemoryUtilizationPercentage")]
    pub memory: Option<Node>,
}

/// `keda`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Keda {
    pub enabled: bool,
    pub api_version: Text,
    pub min_replicas: Option<Node>,
    pub max_replicas: Option<Node>,
    pub polling_interval: Option<Node>,
    pub cooldown_period: Option<Node>,
    pub restore_to_original_replica_count: Option<bool>,
    pub fallback: Option<Node>,
    pub behavior: NodeMap,
    pub triggers: Vec<Node>,
    pub scaled_object: Labelled,
}

/// `customTemplate`: `nginx.tmpl` from a ConfigMap.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct CustomTemplate {
    pub config_map_name: Option<Text>,
    pub config_map_key: Option<Text>,
}

/// `ingressClassResource`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct IngressClass {
    pub enabled: bool,
    pub name: Option<Text>,
    pub aliases: Vec<Text>,
    pub annotations: NodeMap,
    pub controller_value: Text,
    pub default: bool,
    pub parameters: NodeMap,
}

/// `metrics`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Metrics {
    pub enabled: bool,
    pub port: Port,
    pub port_name: Text,
    pub service: ServiceSettings,
    pub service_monitor: Monitor,
    pub prometheus_rule: Rules,
}

/// `metrics.serviceMonitor`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Monitor {
    pub enabled: bool,
    pub additional_labels: NodeMap,
    pub annotations: NodeMap,
    pub namespace: Option<Text>,
    pub namespace_selector: NodeMap,
    pub job_label: Option<Text>,
    pub honor_labels: Option<bool>,
    pub scrape_interval: Option<Text>,
    pub scrape_timeout: Option<Text>,
    pub relabelings: Vec<Node>,
    pub metric_relabelings: Vec<Node>,
    pub target_labels: Vec<Node>,
    pub label_limit: Option<Node>,
    pub label_name_length_limit: Option<Node>,
    pub label_value_length_limit: Option<Node>,
    pub sample_limit: Option<Node>,
    pub target_limit: Option<Node>,
}

/// `metrics.prometheusRule`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Rules {
    pub enabled: bool,
    pub additional_labels: NodeMap,
    pub annotations: NodeMap,
    pub namespace: Option<Text>,
    pub rules: Vec<Node>,
}

/// `publishService`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct PublishService {
    pub enabled: bool,
    pub path_override: Option<Text>,
}

/// `scope`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Scope {
    pub enabled: bool,
    pub namespace: Option<Text>,
    pub namespace_selector: Option<Text>,
}

/// `tcp` and `udp` of the controller.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct StreamConfig {
    pub annotations: NodeMap,
    pub config_map_namespace: Option<Text>,
}

/// `service`: the Services through which users reach the controller.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ControllerService {
    pub enabled: bool,
    pub external: External,
    pub internal: ServiceSettings,
    pub enable_http: bool,
    pub enable_https: bool,
    #[serde(flatten)]
    pub all: ServiceSettings,
}

/// `service.external`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct External {
    pub enabled: bool,
    pub labels: NodeMap,
}

/// One Service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ServiceSettings {
    pub enabled: Option<bool>,
    pub enable_shell: bool,
    pub labels: NodeMap,
    pub annotations: NodeMap,
    pub r#type: Option<Text>,
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Option<Text>,
    #[serde(rename = "clusterIPs")]
    pub cluster_ips: Vec<Node>,
    #[serde(rename = "externalIPs")]
    pub external_ips: Vec<Node>,
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Option<Text>,
    pub load_balancer_class: Option<Text>,
    pub load_balancer_source_ranges: Vec<Node>,
    pub allocate_load_balancer_node_ports: Option<Node>,
    pub external_traffic_policy: Option<Text>,
    pub health_check_node_port: Option<Node>,
    pub session_affinity: Option<Text>,
    pub ip_families: Vec<Node>,
    pub ip_family_policy: Option<Text>,
    pub traffic_distribution: Option<Text>,
    pub app_protocol: Option<bool>,
    pub service_port: Port,
    pub node_port: Option<Port>,
    pub ports: NodeMap,
    pub target_ports: NodeMap,
    pub node_ports: NodeMap,
}
