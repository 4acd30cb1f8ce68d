//! `global:`, the settings that every component reads.

use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

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

impl Global {
    /// The keys of `global` that it is read from.
    pub fn keys() -> &'static [&'static str] {
        let mut keys: &'static [&'static str] = &[];
        // it never succeeds: only the names of the fields are taken
        let _ = Global::deserialize(FieldNames(&mut keys));
        keys
    }
}

/// Takes the names of the fields of a struct, which serde hands to whatever the struct is read from.
struct FieldNames<'k>(&'k mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("there is no value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_the_values() {
        assert!(Global::keys().contains(&"gitlabVersion") && Global::keys().contains(&"time_zone"));
        assert!(Global::keys().len() > 20, "{:?}", Global::keys());
    }
}
