//! `global:`, the settings that every component reads.

use serde::Deserialize;

use super::workload::{Affinity, Deployment, Image, Labelled, ServiceAccount};
use super::{Node, NodeMap, Text};

/// The part of `global` about pods and names; larger topics have files of their own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Global {
    /// `ee` or `ce`.
    pub edition: Option<Text>,
    /// Overrides the GitLab version of Rails images.
    pub gitlab_version: Option<Text>,
    /// Settings of all images.
    pub image: GlobalImage,
    /// The image of init containers that prepare the configuration.
    pub gitlab_base: WithImage,
    /// The image of Jobs that use the API server.
    pub kubectl: KubectlImage,
    /// The image and the certificate authorities of the init container `certificates`.
    pub certificates: Certificates,
    /// Repositories by component, edition ce.
    pub community_images: serde_json::Map<String, Node>,
    /// Repositories by component, edition ee.
    pub enterprise_images: serde_json::Map<String, Node>,
    /// Labels of all objects.
    pub common: Labelled,
    /// Labels and annotations of Services.
    pub service: Labelled,
    /// Labels of pods.
    pub pod: Labelled,
    /// Annotations of Deployments.
    pub deployment: Deployment,
    /// How many old ReplicaSets are kept where a component does not set it.
    pub revision_history_limit: Node,
    /// Time zone of the pods.
    #[serde(rename = "time_zone")]
    pub time_zone: Text,
    /// Environment variables of every container, by name.
    pub extra_env: NodeMap,
    /// Environment variables from other sources.
    pub extra_env_from: NodeMap,
    /// `soft` or `hard`.
    pub anti_affinity: Option<Text>,
    /// `soft` or `hard`.
    pub node_affinity: Option<Text>,
    /// Scheduling.
    pub affinity: Affinity,
    /// The node selector.
    pub node_selector: NodeMap,
    /// Tolerations.
    pub tolerations: Vec<Node>,
    /// The priority class where a component has none.
    pub priority_class_name: Option<Text>,
    /// The service account where a component does not set one.
    pub service_account: ServiceAccount,
    /// The Application object of Kubernetes' application SIG.
    pub application: Application,
    /// `job.nameSuffixOverride`.
    pub job: GlobalJob,
}

/// `global.image`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GlobalImage {
    /// The registry of images that are given in parts.
    pub registry: Option<Text>,
    /// `-ubi` or `-fips`, appended to each tag of our own images.
    pub tag_suffix: Option<Text>,
    /// The pull policy of all images.
    pub pull_policy: Option<Text>,
    /// The pull Secrets of all images.
    pub pull_secrets: Vec<Node>,
}

/// A setting that is an image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WithImage {
    /// The image.
    pub image: Image,
}

/// `global.kubectl`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KubectlImage {
    /// The image.
    pub image: Image,
    /// The pod's security context.
    pub security_context: NodeMap,
}

/// `global.certificates`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Certificates {
    /// The image of the init container.
    pub image: Image,
    /// Secrets and ConfigMaps with certificate authorities: `{secret, keys}` or `{configMap, keys}`.
    #[serde(rename = "customCAs")]
    pub custom_cas: Vec<CustomCa>,
}

/// A source of certificate authorities.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CustomCa {
    /// The name of a Secret.
    pub secret: Option<Text>,
    /// The name of a ConfigMap.
    pub config_map: Option<Text>,
    /// Its keys; all keys where missing.
    pub keys: Option<Vec<Text>>,
}

/// `global.application`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Application {
    /// Whether the object is rendered.
    pub create: bool,
    /// Links in its description.
    pub links: Vec<Node>,
    /// Whether ClusterRoles may be created.
    pub allow_cluster_roles: Option<bool>,
}

/// `global.job`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GlobalJob {
    /// Replaces the suffix that is computed from a Job's content.
    pub name_suffix_override: Option<Text>,
}
