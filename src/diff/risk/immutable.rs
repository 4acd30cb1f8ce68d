//! Fields that the API server does not allow to change, and how to change them nevertheless.

use serde_json::Value;

use crate::diff::{Class, FieldChange, Risk, fields};
use crate::manifest::ObjectId;

/// The risk of a field that cannot be changed in place.
///
/// Source: the validation of updates in the Kubernetes API (`pkg/apis/*/validation`, 1.35).
pub(super) fn risk(id: &ObjectId, field: &FieldChange, old: &Value) -> Option<Risk> {
    let kind = id.kind.as_str();
    let path = field.path.as_str();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    let frozen = old.get("immutable").is_some_and(|value| *value == true);
    let fixed = match kind {
        "Deployment" | "DaemonSet" => starts(&["spec.selector"]),
        "StatefulSet" => {
            starts(&["spec."])
                && !starts(&[
                    "spec.replicas",
                    "spec.ordinals",
                    "spec.template",
                    "spec.updateStrategy",
                    "spec.revisionHistoryLimit",
                    "spec.persistentVolumeClaimRetentionPolicy",
                    "spec.minReadySeconds",
                ])
        }
        "Job" => starts(&[
            "spec.template",
            "spec.selector",
            "spec.completionMode",
            "spec.completions",
            "spec.podFailurePolicy",
            "spec.successPolicy",
            "spec.backoffLimitPerIndex",
            "spec.managedBy",
        ]),
        "Pod" => {
            starts(&["spec."])
                && !path.ends_with(".image")
                && !starts(&["spec.activeDeadlineSeconds", "spec.tolerations"])
        }
        // A Service that has got an address keeps it; without `clusterIP` it has one.
        "Service" => {
            (path == "spec.clusterIP" && (field.old.is_some() || field.new.as_ref().is_some_and(|new| new == "None")))
                || path == "spec.loadBalancerClass" && field.old.is_some()
        }
        "RoleBinding" | "ClusterRoleBinding" => starts(&["roleRef"]),
        "PersistentVolumeClaim" => {
            starts(&["spec."]) && !is_growth(field) && !path.ends_with("volumeAttributesClassName")
        }
        "ConfigMap" | "Secret" if frozen => starts(&["data", "binaryData", "immutable"]),
        "Secret" => path == "type",
        "IngressClass" => path == "spec.controller",
        "PriorityClass" => path == "value" || path == "preemptionPolicy",
        "StorageClass" => starts(&["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"]),
        "GatewayClass" => path == "spec.controllerName",
        _ => false,
    };
    fixed.then(|| Risk::new(Class::Replace, format!("`{path}` cannot be changed in place")).way(way(id, field)))
}

/// Claims may grow.
fn is_growth(field: &FieldChange) -> bool {
    let size = |value: &Option<Value>| value.as_ref().and_then(fields::quantity);
    field.path == "spec.resources.requests.storage"
        && size(&field.old).zip(size(&field.new)).is_some_and(|(old, new)| new > old)
}

/// The claim template that a field is, if it is a whole one: its name. Where no names tell the templates apart, the list is the
/// field, and the name is empty.
pub(super) fn claim_template<'f>(id: &ObjectId, field: &'f FieldChange) -> Option<&'f str> {
    let rest = field.path.strip_prefix("spec.volumeClaimTemplates").filter(|_| id.kind == "StatefulSet")?;
    match rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(name) => Some(name),
        None => rest.is_empty().then_some(""),
    }
}

fn way(id: &ObjectId, field: &FieldChange) -> String {
    let (kind, name) = (id.kind.to_ascii_lowercase(), id.name.as_str());
    let path = field.path.as_str();
    let whole = claim_template(id, field).is_some();
    match id.kind.as_str() {
        // The controller cannot add a volume to a running pod, and tries that until the pod is gone.
        "StatefulSet" if whole && field.new.is_some() => format!(
            "`kubectl delete statefulset {name} --cascade=orphan`, then apply: pods and claims stay; then delete the pods one after \
             the other, because Kubernetes does not add a volume to a running pod"
        ),
        "StatefulSet" if whole => format!(
            "`kubectl delete statefulset {name} --cascade=orphan`, then apply: pods and claims stay; copy the data of the old claims \
             first if it is needed"
        ),
        "StatefulSet" if path.contains("volumeClaimTemplates") && path.ends_with("storageClassName") => format!(
            "`kubectl delete statefulset {name} --cascade=orphan`, then apply: pods and claims stay, and only new claims get the \
             class; copy the data to move existing ones"
        ),
        "StatefulSet" if path.contains("volumeClaimTemplates") => format!(
            "change the existing claims manually (they can only grow), then `kubectl delete statefulset {name} \
             --cascade=orphan` and apply: pods and claims stay"
        ),
        "StatefulSet" => {
            format!("`kubectl delete statefulset {name} --cascade=orphan`, then apply: pods and claims stay")
        }
        "Deployment" | "DaemonSet" => format!(
            "`kubectl delete {kind} {name} --cascade=orphan`, apply, and delete the old pods when the new ones are ready"
        ),
        "Job" | "Pod" => format!("`kubectl delete {kind} {name}`, then apply: it runs again"),
        "PersistentVolumeClaim" => {
            "a claim can only grow, if its storage class allows that; otherwise create a new claim and copy the data"
                .to_owned()
        }
        _ => format!("`kubectl delete {kind} {name}`, then apply"),
    }
}
