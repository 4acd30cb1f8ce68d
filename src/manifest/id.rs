//! The identity of an object in a cluster.

use std::fmt;

use serde_json::Value;

use crate::tree::field;

/// The identity of an object; displayed as `Deployment/test-webservice-default`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `None` for cluster-wide objects.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

/// The names of the claims that a StatefulSet makes for some of its pods, counted from its first one:
/// `repo-data-prod-gitaly-0`.
pub fn claim_names(body: &Value, name: &str, pods: std::ops::Range<u64>) -> Vec<String> {
    let first = body.pointer("/spec/ordinals/start").and_then(Value::as_u64).unwrap_or(0);
    let templates = body.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let claims = templates.into_iter().flatten().filter_map(|claim| claim.pointer("/metadata/name")?.as_str());
    claims.flat_map(|claim| pods.clone().map(move |pod| format!("{claim}-{name}-{}", first + pod))).collect()
}

impl ObjectId {
    /// Reads the identity from an object.
    ///
    /// # Errors
    /// The name of the field that is missing or not a string.
    pub fn of(body: &Value) -> Result<Self, &'static str> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned);
        let metadata = field(body, "metadata");
        Ok(ObjectId {
            api_version: text(field(body, "apiVersion")).ok_or("apiVersion")?,
            kind: text(field(body, "kind")).ok_or("kind")?,
            name: text(metadata.and_then(|m| field(m, "name"))).ok_or("metadata.name")?,
            namespace: text(metadata.and_then(|m| field(m, "namespace"))),
        })
    }

    /// The API group; empty for the core group. All versions of a group name the same object.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The object in kubectl's notation: `deployment.apps/prod-kas`. The group distinguishes kinds with the same name.
    pub fn resource(&self) -> String {
        let kind = self.kind.to_lowercase();
        match self.group() {
            "" => format!("{kind}/{}", self.name),
            group => format!("{kind}.{group}/{}", self.name),
        }
    }

    /// The name of a Job without the hash of its content, `prod-migrations-*`; `None` where it has none.
    pub fn stem(&self) -> Option<String> {
        let hash = |part: &&str| part.len() == 7 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if self.kind != "Job" || !self.name.split('-').skip(1).any(|part| hash(&part)) {
            return None;
        }
        let parts: Vec<&str> = self.name.split('-').map(|part| if hash(&part) { "*" } else { part }).collect();
        Some(parts.join("-"))
    }

    /// Whether the API group is one of Kubernetes' own.
    pub fn is_built_in(&self) -> bool {
        let group = self.group();
        matches!(group, "" | "apps" | "batch" | "policy" | "autoscaling" | "extensions")
            || group.strip_suffix(".k8s.io").is_some_and(|name| !name.contains("gateway.") && !name.starts_with("x-"))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}
