//! The annotations and labels by which a tool recognizes the role of an object.

use serde_json::{Map, Value};

use super::Hooks;
use crate::manifest::hook::{DELETE_POLICY, HOOK, WEIGHT};
use crate::manifest::{KEEP, Manifest, ObjectId, Phase};

/// Argo CD's annotations.
const ARGO_HOOK: &str = "argocd.argoproj.io/hook";
const ARGO_WAVE: &str = "argocd.argoproj.io/sync-wave";
const ARGO_DELETE: &str = "argocd.argoproj.io/hook-delete-policy";
const ARGO_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// Flux's annotations.
const FLUX_FORCE: &str = "kustomize.toolkit.fluxcd.io/force";
const FLUX_PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

/// Helm's marks of a release's object: the label, and two annotations.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The release that an object belongs to.
pub const RELEASE_NAME: &str = "meta.helm.sh/release-name";
/// The namespace of that release.
pub const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Components whose Deployments the migrations wait for: the stores.
const STORES: [&str; 4] = ["minio", "postgresql", "redis", "trial-stores"];

/// Cluster-wide kinds.
const CLUSTER_WIDE: [&str; 12] = [
    "APIService",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PriorityClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

/// Whether the kind of an object is cluster-wide.
pub fn is_cluster_wide(id: &ObjectId) -> bool {
    CLUSTER_WIDE.contains(&id.kind.as_str())
}

/// Replaces Helm's marks on an object by the tool's.
pub fn put(object: &mut Manifest, hooks: Hooks, namespace: &str) {
    if hooks == Hooks::Helm {
        return;
    }
    let marks = match hooks {
        Hooks::Helm | Hooks::None => Vec::new(),
        Hooks::ArgoCd => argo_cd(object),
        Hooks::Flux => flux(object),
    };
    if hooks == Hooks::Flux && !is_cluster_wide(&object.id) && object.id.namespace.is_none() {
        // Flux has no flag for it.
        object.id.namespace = Some(namespace.to_owned());
        if let Some(metadata) = metadata(object) {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
    }
    let Some(annotations) = map(object, "annotations") else { return };
    for helms in [HOOK, WEIGHT, DELETE_POLICY] {
        annotations.remove(helms);
    }
    annotations.extend(marks.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    if annotations.is_empty()
        && let Some(metadata) = metadata(object)
    {
        metadata.remove("annotations");
    }
}

/// Adds Helm's marks of ownership to an object, so that `helm upgrade` accepts it as the release's own. Hooks have
/// none: Helm creates them again each time.
pub fn put_ownership(object: &mut Manifest, release: &str, namespace: &str) {
    if object.hook.is_some() {
        return;
    }
    if let Some(labels) = map(object, "labels") {
        labels.insert(MANAGED_BY.to_owned(), "Helm".into());
    }
    if let Some(annotations) = map(object, "annotations") {
        annotations.insert(RELEASE_NAME.to_owned(), release.into());
        annotations.insert(RELEASE_NAMESPACE.to_owned(), namespace.into());
    }
}

fn metadata(object: &mut Manifest) -> Option<&mut Map<String, Value>> {
    object.body.get_mut("metadata").and_then(Value::as_object_mut)
}

/// A map of the metadata, created where it is missing.
fn map<'a>(object: &'a mut Manifest, name: &str) -> Option<&'a mut Map<String, Value>> {
    let entry = metadata(object)?.entry(name).or_insert_with(|| Value::Object(Map::new()));
    entry.as_object_mut()
}

/// Whether Helm would leave the object in the cluster when it is no longer rendered.
pub fn is_kept(object: &Manifest) -> bool {
    let annotation = object.body.get("metadata").and_then(|m| m.get("annotations")).and_then(|a| a.get(KEEP.0));
    annotation.and_then(Value::as_str) == Some(KEEP.1)
}

type Marks = Vec<(&'static str, String)>;

/// Objects before the sync become hooks as in Helm, with weights and delete policies. Within the sync there are waves,
/// and Argo CD waits for each: the dependencies of the migrations, the Jobs, and the objects that depend on the
/// migrations.
fn argo_cd(object: &Manifest) -> Marks {
    let job = object.id.kind == "Job";
    let mut marks = Vec::new();
    let mut hook = |when: &str, wave: i64, delete: &str| {
        marks.push((ARGO_HOOK, when.to_owned()));
        marks.push((ARGO_WAVE, wave.to_string()));
        marks.push((ARGO_DELETE, delete.to_owned()));
    };
    const ONCE: &str = "HookSucceeded,BeforeHookCreation";
    match (object.phase, &object.hook) {
        (Phase::Test, _) => hook("Skip", 0, ONCE),
        (Phase::Pre, Some(helms)) => hook("PreSync", helms.weight, &argo_cd_policies(&helms.delete)),
        (Phase::Pre, None) if job => hook("PreSync", 0, ONCE),
        // A later Job may need it too: the account that changes webhooks.
        (Phase::Pre, None) => hook("PreSync", -5, "BeforeHookCreation"),
        (Phase::Main, _) if job => hook("Sync", 1, ONCE),
        (Phase::Post, _) if job => hook("PostSync", 0, ONCE),
        (Phase::Post, _) => marks.push((ARGO_WAVE, "3".to_owned())),
        (Phase::Main, _) => marks.push((ARGO_WAVE, if before_migrations(object) { "0" } else { "2" }.to_owned())),
    }
    if is_kept(object) {
        marks.push((ARGO_OPTIONS, "Delete=false,Prune=false".to_owned()));
    }
    marks
}

/// Argo CD's name of a delete policy: `hook-succeeded` is `HookSucceeded`.
fn argo_cd_policies(helms: &[String]) -> String {
    let camel = |policy: &String| -> String {
        policy
            .split('-')
            .map(|word| {
                let mut letters = word.chars();
                letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
            })
            .collect()
    };
    helms.iter().map(camel).collect::<Vec<_>>().join(",")
}

/// The dependencies of the Jobs of the main phase: the stores, and all objects that are ready at once.
///
/// Argo CD waits until a wave is healthy. An object that becomes healthy through a later one must not be in it: an
/// Ingress waits for its controller, a claim for the pod that mounts it.
fn before_migrations(object: &Manifest) -> bool {
    let store = STORES.contains(&&*object.component);
    match object.id.kind.as_str() {
        "ConfigMap" | "Secret" | "ServiceAccount" | "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding"
        | "NetworkPolicy" | "PriorityClass" | "IngressClass" | "StatefulSet" => true,
        "Service" => object.body.pointer("/spec/type").and_then(Value::as_str) != Some("LoadBalancer"),
        "Deployment" | "PersistentVolumeClaim" => store,
        _ => false,
    }
}

/// A Job with a fixed name (the user set the suffix) is replaced instead of changed.
fn flux(object: &Manifest) -> Marks {
    let mut marks = Vec::new();
    if object.id.kind == "Job" {
        marks.push((FLUX_FORCE, "enabled".to_owned()));
    }
    if is_kept(object) {
        marks.push((FLUX_PRUNE, "disabled".to_owned()));
    }
    marks
}
