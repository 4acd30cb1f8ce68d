//! The settings below `gitlab-zoekt`, in the structure of Zoekt's chart, besides those that all workloads have.

use serde::Deserialize;

use crate::model::workload::Image;
use crate::model::{Node, NodeMap, Port, Text};

/// The section.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    pub image: Image,
    pub image_pull_secrets: Vec<Node>,
    pub replicas: Node,
    pub index_storage: Node,
    pub index_storage_class_name: Option<Text>,
    pub update_strategy: NodeMap,
    pub stateful_set: Part,
    pub stateful_set_annotations: NodeMap,
    pub deployment: Part,
    pub deployment_annotations: NodeMap,
    pub pod_annotations: NodeMap,
    pub pod_labels: NodeMap,
    pub pod_security_context: NodeMap,
    pub security_context: NodeMap,
    pub resources: NodeMap,
    pub affinity: NodeMap,
    pub node_selector: NodeMap,
    pub tolerations: Vec<Node>,
    pub service: Service,
    pub service_backend: Service,
    pub service_account: ServiceAccount,
    pub ingress: Ingress,
    pub gateway: Gateway,
    pub indexer: Indexer,
    pub webserver: Webserver,
    pub certificates: Certificates,
}

/// `statefulSet:` and `deployment:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Part {
    pub pod_annotations: NodeMap,
    pub pod_labels: NodeMap,
    pub pod_disruption_budget: Budget,
}

/// `podDisruptionBudget:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Budget {
    pub enabled: bool,
    pub max_unavailable: Node,
}

/// `service:` of the gateway and `serviceBackend:` of the nodes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Service {
    pub r#type: Option<Text>,
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Option<Text>,
    pub annotations: NodeMap,
}

/// `serviceAccount:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ServiceAccount {
    pub create: bool,
    pub name: Option<Text>,
    pub annotations: NodeMap,
}

/// `ingress:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ingress {
    pub enabled: bool,
    pub class_name: Option<Text>,
    pub annotations: NodeMap,
    pub host: Option<Text>,
    pub tls: Vec<Node>,
}

/// `gateway:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Gateway {
    pub image: Image,
    pub replicas: Node,
    pub listen: Listen,
    pub http2: bool,
    pub client_max_body_size: Option<Text>,
    pub dns_resolver: Text,
    pub resources: NodeMap,
    pub security_context: NodeMap,
    pub update_strategy: NodeMap,
    pub tls: GatewayTls,
}

/// `listen:` of the three programs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Listen {
    pub port: Port,
}

/// `gateway.tls:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct GatewayTls {
    pub certificate: Certificate,
}

/// `gateway.tls.certificate:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Certificate {
    pub enabled: bool,
    pub create: bool,
    pub name: Text,
    pub secret_name: Text,
    pub dns_names: Vec<Node>,
    pub annotations: NodeMap,
    pub issuer: Issuer,
}

/// `gateway.tls.certificate.issuer:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Issuer {
    pub name: Option<Text>,
    pub kind: Text,
    pub group: Text,
}

/// The settings that indexer and web server share.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Program {
    pub image: Image,
    pub listen: Listen,
    pub resources: NodeMap,
    pub security_context: NodeMap,
    pub google_cloud_profiler: Switch,
}

/// A section with a switch.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Switch {
    pub enabled: bool,
}

/// `indexer:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Indexer {
    #[serde(flatten)]
    pub program: Program,
    pub internal_api: InternalApi,
}

/// `indexer.internalApi:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InternalApi {
    pub enabled: bool,
    pub gitlab_url: Option<Text>,
    pub service_url: Option<Text>,
    pub secret_name: Option<Text>,
    pub secret_key: Option<Text>,
}

/// `webserver:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Webserver {
    #[serde(flatten)]
    pub program: Program,
    pub environment: NodeMap,
}

/// `certificates:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Certificates {
    pub init_containers: Switch,
}
