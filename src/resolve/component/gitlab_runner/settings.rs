//! The settings below `gitlab-runner`, in the structure of the Runner's chart.

use serde::Deserialize;

use crate::model::{Node, NodeMap, Number, Port, Text};

/// The whole section.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    pub name_override: Option<Text>,
    pub fullname_override: Option<Text>,
    /// A reference as one string, or its parts.
    pub image: Node,
    pub image_pull_policy: Option<Text>,
    pub image_pull_secrets: Vec<Node>,
    pub use_tini: bool,
    pub replicas: Option<Node>,
    pub revision_history_limit: Option<Node>,
    pub gitlab_url: Option<Text>,
    pub unregister_runners: bool,
    pub termination_grace_period_seconds: Option<Node>,
    pub certs_secret_name: Option<Text>,
    pub concurrent: Option<Number>,
    #[serde(rename = "shutdown_timeout")]
    pub shutdown_timeout: Option<Number>,
    /// In seconds; a suffix `s` is accepted.
    pub check_interval: Option<Text>,
    pub log_level: Option<Text>,
    pub log_format: Option<Text>,
    pub sentry_dsn: Option<Text>,
    pub connection_max_age: Option<Text>,
    pub pre_entrypoint_script: Option<Text>,
    pub session_server: SessionServer,
    pub rbac: Rbac,
    pub service_account: ServiceAccount,
    pub metrics: Metrics,
    pub service: Service,
    pub runners: Runners,
    pub security_context: NodeMap,
    pub pod_security_context: NodeMap,
    pub strategy: NodeMap,
    pub resources: NodeMap,
    pub affinity: NodeMap,
    pub topology_spread_constraints: Node,
    pub runtime_class_name: Option<Text>,
    pub scheduler_name: Option<Text>,
    pub hostname: Option<Text>,
    pub node_selector: NodeMap,
    pub tolerations: Vec<Node>,
    /// The old form of `extraEnv`: entries of a container's `env`.
    pub env_vars: Vec<Node>,
    pub extra_env: NodeMap,
    pub extra_env_from: NodeMap,
    pub extra_env_from_refs: Vec<Node>,
    pub host_aliases: Vec<Node>,
    pub deployment_annotations: NodeMap,
    pub deployment_labels: NodeMap,
    pub deployment_lifecycle: NodeMap,
    pub pod_annotations: NodeMap,
    pub pod_labels: NodeMap,
    pub priority_class_name: Option<Text>,
    pub secrets: Vec<Node>,
    pub config_maps: NodeMap,
    pub volume_mounts: Vec<Node>,
    pub volumes: Vec<Node>,
    pub extra_containers: Node,
    pub extra_objects: Vec<Node>,
    pub liveness_probe: NodeMap,
    pub readiness_probe: NodeMap,
    /// In seconds; both probes have it.
    pub probe_timeout_seconds: Option<Number>,
    pub hpa: Hpa,
    pub pod_disruption_budget: DisruptionBudget,
}

/// `hpa:`; there is a HorizontalPodAutoscaler where any of these is set.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hpa {
    pub min_replicas: Option<Node>,
    pub max_replicas: Option<Node>,
    pub metrics: Vec<Node>,
    pub behavior: NodeMap,
}

/// `podDisruptionBudget:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DisruptionBudget {
    pub enabled: bool,
    pub min_available: Option<Node>,
    pub max_unavailable: Option<Node>,
}

/// `sessionServer:`, for interactive terminals in running jobs.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionServer {
    pub enabled: bool,
    pub annotations: NodeMap,
    pub timeout: Option<Number>,
    pub internal_port: Option<Port>,
    pub external_port: Option<Port>,
    pub node_port: Option<Port>,
    #[serde(rename = "publicIP")]
    pub public_ip: Option<Text>,
    pub load_balancer_source_ranges: Vec<Node>,
    /// `Headless` besides Kubernetes' own types.
    pub service_type: Option<Text>,
    pub ingress: SessionIngress,
}

/// `sessionServer.ingress:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionIngress {
    pub enabled: bool,
    pub class_name: Option<Text>,
    pub annotations: NodeMap,
    pub tls: Vec<Node>,
}

/// `rbac:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rbac {
    pub create: bool,
    pub generated_service_account_name: Option<Text>,
    pub rules: Vec<Rule>,
    pub cluster_wide_access: bool,
    pub service_account_name: Option<Text>,
    pub service_account_annotations: NodeMap,
    pub pod_security_policy: PodSecurityPolicy,
    pub image_pull_secrets: Vec<Node>,
}

/// One of `rbac.rules`; missing fields mean all of the core group.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    pub api_groups: Option<Node>,
    pub resources: Option<Node>,
    pub resource_names: Option<Node>,
    pub verbs: Option<Node>,
}

/// `rbac.podSecurityPolicy:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSecurityPolicy {
    pub enabled: bool,
    pub resource_names: Vec<Node>,
}

/// `serviceAccount:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceAccount {
    /// Missing means `rbac.create`.
    pub create: Option<bool>,
    pub name: Option<Text>,
    pub annotations: NodeMap,
    pub image_pull_secrets: Vec<Node>,
}

/// `metrics:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metrics {
    pub enabled: bool,
    pub port_name: Option<Text>,
    pub port: Port,
    pub service_monitor: Monitor,
    pub pod_monitor: Monitor,
}

/// A monitor of the Prometheus operator.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Monitor {
    pub enabled: bool,
    pub namespace: Option<Text>,
    pub labels: NodeMap,
    pub annotations: NodeMap,
    pub interval: Option<Text>,
    pub scheme: Option<Text>,
    pub tls_config: NodeMap,
    pub path: Option<Text>,
    pub metric_relabelings: Vec<Node>,
    pub relabelings: Vec<Node>,
}

/// `service:` of the metrics.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Service {
    pub enabled: bool,
    pub labels: NodeMap,
    pub annotations: NodeMap,
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Option<Text>,
    #[serde(rename = "externalIPs")]
    pub external_ips: Vec<Node>,
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Option<Text>,
    pub load_balancer_source_ranges: Vec<Node>,
    pub r#type: Option<Text>,
    pub metrics: ServiceMetrics,
    pub additional_ports: Vec<Node>,
}

/// `service.metrics:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceMetrics {
    pub node_port: Option<Port>,
}

/// `runners:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Runners {
    /// A template of `config.toml`.
    pub config: Option<Text>,
    /// The path of one in a volume, where `config` is empty.
    pub config_path: Option<Text>,
    pub executor: Option<Text>,
    pub tags: Option<Text>,
    pub name: Option<Text>,
    pub run_untagged: Option<bool>,
    pub protected: Option<bool>,
    pub locked: Option<bool>,
    pub maximum_timeout: Option<Text>,
    pub request_concurrency: Option<Text>,
    pub output_limit: Option<Text>,
    pub secret: Option<Text>,
    pub cache: Cache,
}

/// `runners.cache:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cache {
    pub secret_name: Option<Text>,
}
