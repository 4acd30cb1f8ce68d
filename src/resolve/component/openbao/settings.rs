//! The settings below `openbao`, in the structure of OpenBao's chart.

use serde::Deserialize;

use crate::model::workload::{Image, Monitor};
use crate::model::{Node, NodeMap, Port, Text};
use crate::resolve::gateway::GatewayRoute;

/// The whole section.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    pub name_override: Option<Text>,
    pub fullname_override: Option<Text>,
    pub image: Image,
    pub image_pull_secrets: Vec<Node>,
    pub config: Config,
    /// A string of YAML that replaces the audit devices.
    pub audit_tpl: Option<Text>,
    /// A string of YAML that replaces the requests for initialization.
    pub initialize_tpl: Option<Text>,
    pub service_account: ServiceAccount,
    pub role: Created,
    pub autoscaling: Autoscaling,
    pub service_active: Service,
    pub service_inactive: Service,
    pub ingress: Ingress,
    pub gateway_route: GatewayRoute,
    pub pod_monitor: PodMonitor,
    pub pod_annotations: NodeMap,
    pub pod_labels: NodeMap,
    pub pod_security_context: NodeMap,
    pub security_context: NodeMap,
    pub resources: NodeMap,
    pub liveness_probe: NodeMap,
    pub readiness_probe: NodeMap,
    pub extra_volumes: Node,
    pub extra_volume_mounts: Node,
    pub node_selector: NodeMap,
    pub tolerations: Vec<Node>,
    pub affinity: NodeMap,
    pub tls_secret_name: Option<Text>,
    pub http_audit_secret: Generated,
    pub static_unseal_secret: Generated,
}

/// `config:`, the input of `config.json`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    pub ui: Node,
    pub api_port: Port,
    pub cluster_port: Port,
    pub tls_disable: bool,
    pub cache_size: Node,
    pub log_format: Node,
    pub log_level: Node,
    pub log_requests_level: Node,
    pub max_request_json_memory: Node,
    pub max_request_size: Node,
    pub metrics_listener: MetricsListener,
    pub audit: Audit,
    pub initialize: Initialize,
    pub storage: Storage,
    pub telemetry: Telemetry,
    pub unseal: Unseal,
}

/// `config.metricsListener:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MetricsListener {
    pub enabled: bool,
    pub port: Port,
    pub tls_disable: bool,
    pub unauthenticated_metrics_access: Node,
}

/// `config.audit:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Audit {
    pub http: AuditHttp,
}

/// `config.audit.http:`, the device that sends to GitLab.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuditHttp {
    pub enabled: bool,
    pub streaming_uri: Option<Text>,
    pub auth_token_path: Text,
}

/// `config.initialize:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Initialize {
    pub enabled: bool,
    pub oidc_discovery_url: Option<Text>,
    pub bound_issuer: Option<Text>,
    pub bound_audiences: Option<Text>,
}

/// `config.storage:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Storage {
    pub postgresql: Postgresql,
}

/// `config.storage.postgresql:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Postgresql {
    pub connection: Connection,
    pub table: Node,
    pub ha_enabled: bool,
    pub ha_table: Node,
    pub max_parallel: Node,
    pub max_idle_connections: Node,
    pub max_connect_retries: Node,
    pub skip_create_table: Node,
}

/// `config.storage.postgresql.connection:`, over GitLab's own database.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Connection {
    pub host: Option<Text>,
    pub port: Option<Text>,
    pub database: Option<Text>,
    pub username: Option<Text>,
    pub ssl_mode: Option<Text>,
    pub connect_timeout: Option<Text>,
    pub keepalives: Option<Text>,
    pub keepalives_idle: Option<Text>,
    pub keepalives_interval: Option<Text>,
    pub keepalives_count: Option<Text>,
    pub tcp_user_timeout: Option<Text>,
    pub password: Password,
}

/// The Secret with the password of another database.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Password {
    pub secret: Option<Text>,
    pub key: Option<Text>,
}

/// `config.telemetry:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Telemetry {
    pub enabled: bool,
    pub disable_hostname: Node,
    pub metrics_prefix: Node,
    pub num_lease_metrics_buckets: Node,
    pub prefix_filter: Node,
    pub prometheus_retention_time: Node,
    pub usage_gauge_period: Node,
}

/// `config.unseal:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Unseal {
    pub r#static: StaticKey,
}

/// `config.unseal.static:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StaticKey {
    pub enabled: bool,
    pub current_key: Text,
    pub current_key_id: Text,
    pub previous_key: Text,
    pub previous_key_id: Text,
}

/// `serviceAccount:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ServiceAccount {
    pub create: bool,
    pub name: Option<Text>,
    pub annotations: NodeMap,
    pub automount: Option<bool>,
}

/// `role:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Created {
    pub create: bool,
}

/// A Secret that Helm would fill.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Generated {
    pub generate: bool,
}

/// `autoscaling:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Autoscaling {
    pub min_replicas: Node,
    pub max_replicas: Node,
    #[serde(rename = "targetCPUUtilizationPercentage")]
    pub target_cpu_utilization_percentage: Node,
}

/// `serviceActive:` and `serviceInactive:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Service {
    pub r#type: Option<Text>,
    pub annotations: NodeMap,
}

/// `ingress:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ingress {
    /// Missing means the global setting.
    pub enabled: Option<bool>,
    pub class_name: Option<Text>,
    pub annotations: NodeMap,
    pub configure_certmanager: Option<bool>,
    pub certmanager_issuer: Option<Text>,
    pub ssl_passthrough_nginx: bool,
    pub tls: IngressTls,
}

/// `ingress.tls:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressTls {
    pub enabled: Option<bool>,
    pub secret_name: Option<Text>,
}

/// `podMonitor:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodMonitor {
    pub selector_labels: NodeMap,
    #[serde(flatten)]
    pub monitor: Monitor,
}
