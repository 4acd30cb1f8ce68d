//! Defaults that the API server fills in: a field with its default and a missing field are no difference.
//!
//! Source: the defaulting functions of the Kubernetes API (`pkg/apis/*/v1/defaults.go`, 1.35), and the defaults of the
//! custom resource definitions whose objects we write.

use serde_json::{Map, Value};

/// The scale-up policies of an autoscaler whose `behavior` has none: four pods, or twice as many, in 15 seconds.
const SCALE_UP: &str =
    r#"[{"type":"Pods","value":4,"periodSeconds":15},{"type":"Percent","value":100,"periodSeconds":15}]"#;

/// The scale-down policy by default: as many pods as there are.
const SCALE_DOWN: &str = r#"[{"type":"Percent","value":100,"periodSeconds":15}]"#;

/// The metric of an autoscaler that has none.
const METRICS: &str =
    r#"[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]"#;

/// Fields by their last key, the end of their path, and their default as JSON.
const DEFAULTS: &[(&str, &str, &str)] = &[
    // kind (`*`: any), end of the path, value
    ("*", "annotations", "{}"),
    ("*", "labels", "{}"),
    ("*", "nodeSelector", "{}"),
    ("*", "matchLabels", "{}"),
    ("ConfigMap", "data", "{}"),
    ("ConfigMap", "binaryData", "{}"),
    ("Secret", "data", "{}"),
    ("Service", "spec.selector", "{}"),
    ("Service", "spec.clusterIP", "\"\""),
    ("Service", "spec.loadBalancerIP", "\"\""),
    ("*", "imagePullSecrets", "[]"),
    ("*", "env", "[]"),
    ("*", "env[].value", "\"\""),
    ("*", "volumes", "[]"),
    ("*", "volumeMounts", "[]"),
    ("*", "tolerations", "[]"),
    ("*", "spec.restartPolicy", "\"Always\""),
    ("*", "spec.dnsPolicy", "\"ClusterFirst\""),
    ("*", "spec.schedulerName", "\"default-scheduler\""),
    ("*", "spec.terminationGracePeriodSeconds", "30"),
    ("*", "spec.enableServiceLinks", "true"),
    ("*", "spec.securityContext", "{}"),
    ("*", "spec.hostNetwork", "false"),
    ("*", "spec.hostPID", "false"),
    ("*", "spec.hostIPC", "false"),
    ("*", "spec.affinity", "{}"),
    ("*", "ontainers[].securityContext", "{}"),
    ("*", "securityContext.procMount", "\"Default\""),
    ("*", "ontainers[].resources", "{}"),
    ("*", "ontainers[].resources.limits", "{}"),
    ("*", "ontainers[].resources.requests", "{}"),
    ("*", "ontainers[].stdin", "false"),
    ("*", "ontainers[].tty", "false"),
    ("*", "ontainers[].terminationMessagePath", "\"/dev/termination-log\""),
    ("*", "ontainers[].terminationMessagePolicy", "\"File\""),
    ("*", "volumeMounts[].readOnly", "false"),
    ("*", "volumeMounts[].subPath", "\"\""),
    ("*", "ports[].protocol", "\"TCP\""),
    ("*", "fieldRef.apiVersion", "\"v1\""),
    ("*", "resourceFieldRef.divisor", "\"0\""),
    ("*", "optional", "false"),
    ("*", "robe.timeoutSeconds", "1"),
    ("*", "robe.periodSeconds", "10"),
    ("*", "robe.successThreshold", "1"),
    ("*", "robe.failureThreshold", "3"),
    ("*", "robe.initialDelaySeconds", "0"),
    ("*", "robe.grpc.service", "\"\""),
    ("*", "httpGet.scheme", "\"HTTP\""),
    ("*", "httpGet.path", "\"/\""),
    ("*", "volumes[].secret.defaultMode", "420"),
    ("*", "volumes[].configMap.defaultMode", "420"),
    ("*", "volumes[].projected.defaultMode", "420"),
    ("*", "volumes[].downwardAPI.defaultMode", "420"),
    ("*", "volumes[].hostPath.type", "\"\""),
    ("*", "volumes[].emptyDir.medium", "\"\""),
    ("*", "volumes[].iscsi.iscsiInterface", "\"default\""),
    ("*", "volumes[].rbd.pool", "\"rbd\""),
    ("*", "volumes[].rbd.user", "\"admin\""),
    ("*", "volumes[].rbd.keyring", "\"/etc/ceph/keyring\""),
    ("*", "volumes[].azureDisk.cachingMode", "\"ReadWrite\""),
    ("*", "volumes[].azureDisk.kind", "\"Shared\""),
    ("*", "volumes[].azureDisk.fsType", "\"ext4\""),
    ("*", "volumes[].azureDisk.readOnly", "false"),
    ("*", "serviceAccountToken.expirationSeconds", "3600"),
    ("*", "volumeClaimTemplate.spec.volumeMode", "\"Filesystem\""),
    ("*", "volumeClaimTemplates[].spec.volumeMode", "\"Filesystem\""),
    ("*", "volumeClaimTemplates[].apiVersion", "\"v1\""),
    ("*", "volumeClaimTemplates[].kind", "\"PersistentVolumeClaim\""),
    ("*", "topologySpreadConstraints[].nodeAffinityPolicy", "\"Honor\""),
    ("*", "topologySpreadConstraints[].nodeTaintsPolicy", "\"Ignore\""),
    ("*", "tolerations[].operator", "\"Equal\""),
    ("Deployment", "spec.replicas", "1"),
    ("Deployment", "spec.revisionHistoryLimit", "10"),
    ("Deployment", "spec.progressDeadlineSeconds", "600"),
    ("Deployment", "spec.minReadySeconds", "0"),
    ("Deployment", "spec.paused", "false"),
    ("Deployment", "spec.strategy", "{}"),
    ("Deployment", "spec.strategy.type", "\"RollingUpdate\""),
    ("Deployment", "spec.strategy.rollingUpdate", "{}"),
    ("Deployment", "spec.strategy.rollingUpdate.maxSurge", "\"25%\""),
    ("Deployment", "spec.strategy.rollingUpdate.maxUnavailable", "\"25%\""),
    ("StatefulSet", "spec.replicas", "1"),
    ("StatefulSet", "spec.revisionHistoryLimit", "10"),
    ("StatefulSet", "spec.podManagementPolicy", "\"OrderedReady\""),
    ("StatefulSet", "spec.updateStrategy", "{}"),
    ("StatefulSet", "spec.updateStrategy.type", "\"RollingUpdate\""),
    ("StatefulSet", "spec.updateStrategy.rollingUpdate", "{}"),
    ("StatefulSet", "spec.updateStrategy.rollingUpdate.partition", "0"),
    ("StatefulSet", "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "\"Retain\""),
    ("StatefulSet", "spec.persistentVolumeClaimRetentionPolicy.whenScaled", "\"Retain\""),
    ("StatefulSet", "spec.minReadySeconds", "0"),
    ("DaemonSet", "spec.revisionHistoryLimit", "10"),
    ("DaemonSet", "spec.minReadySeconds", "0"),
    ("DaemonSet", "spec.updateStrategy", "{}"),
    ("DaemonSet", "spec.updateStrategy.type", "\"RollingUpdate\""),
    ("DaemonSet", "spec.updateStrategy.rollingUpdate", "{}"),
    ("DaemonSet", "spec.updateStrategy.rollingUpdate.maxSurge", "0"),
    ("DaemonSet", "spec.updateStrategy.rollingUpdate.maxUnavailable", "1"),
    ("Job", "spec.backoffLimit", "6"),
    ("Job", "spec.completions", "1"),
    ("Job", "spec.parallelism", "1"),
    ("Job", "spec.completionMode", "\"NonIndexed\""),
    ("Job", "spec.suspend", "false"),
    ("Job", "spec.manualSelector", "false"),
    ("Job", "spec.podReplacementPolicy", "\"TerminatingOrFailed\""),
    ("CronJob", "spec.concurrencyPolicy", "\"Allow\""),
    ("CronJob", "spec.suspend", "false"),
    ("CronJob", "spec.successfulJobsHistoryLimit", "3"),
    ("CronJob", "spec.failedJobsHistoryLimit", "1"),
    ("CronJob", "spec.jobTemplate.metadata", "{}"),
    ("Service", "spec.type", "\"ClusterIP\""),
    ("Service", "spec.sessionAffinity", "\"None\""),
    ("Service", "sessionAffinityConfig.clientIP.timeoutSeconds", "10800"),
    ("Service", "spec.internalTrafficPolicy", "\"Cluster\""),
    ("Service", "spec.externalTrafficPolicy", "\"Cluster\""),
    ("Service", "spec.allocateLoadBalancerNodePorts", "true"),
    ("Service", "spec.publishNotReadyAddresses", "false"),
    ("Service", "spec.ipFamilyPolicy", "\"SingleStack\""),
    ("PersistentVolumeClaim", "spec.volumeMode", "\"Filesystem\""),
    ("HorizontalPodAutoscaler", "spec.minReplicas", "1"),
    ("HorizontalPodAutoscaler", "spec.metrics", METRICS),
    ("HorizontalPodAutoscaler", "behavior.scaleUp.stabilizationWindowSeconds", "0"),
    ("HorizontalPodAutoscaler", "behavior.scaleUp.selectPolicy", "\"Max\""),
    ("HorizontalPodAutoscaler", "behavior.scaleUp.policies", SCALE_UP),
    ("HorizontalPodAutoscaler", "behavior.scaleDown.selectPolicy", "\"Max\""),
    ("HorizontalPodAutoscaler", "behavior.scaleDown.policies", SCALE_DOWN),
    ("ClusterRoleBinding", "roleRef.apiGroup", "\"rbac.authorization.k8s.io\""),
    ("RoleBinding", "roleRef.apiGroup", "\"rbac.authorization.k8s.io\""),
    ("*", "webhooks[].matchPolicy", "\"Equivalent\""),
    ("*", "webhooks[].timeoutSeconds", "10"),
    ("*", "webhooks[].failurePolicy", "\"Fail\""),
    ("*", "webhooks[].namespaceSelector", "{}"),
    ("*", "webhooks[].objectSelector", "{}"),
    ("*", "webhooks[].rules[].scope", "\"*\""),
    ("*", "webhooks[].clientConfig.service.port", "443"),
    ("MutatingWebhookConfiguration", "webhooks[].reinvocationPolicy", "\"Never\""),
    ("PriorityClass", "preemptionPolicy", "\"PreemptLowerPriority\""),
    ("PriorityClass", "globalDefault", "false"),
    ("StorageClass", "reclaimPolicy", "\"Delete\""),
    ("StorageClass", "volumeBindingMode", "\"Immediate\""),
    ("IngressClass", "spec.parameters.scope", "\"Cluster\""),
    ("Namespace", "spec.finalizers", r#"["kubernetes"]"#),
    ("PersistentVolume", "spec.persistentVolumeReclaimPolicy", "\"Retain\""),
    ("PersistentVolume", "spec.volumeMode", "\"Filesystem\""),
    ("Secret", "type", "\"Opaque\""),
    ("Ingress", "backend.service.port", "{}"),
    ("Gateway", "listeners[].allowedRoutes.namespaces.from", "\"Same\""),
    ("EnvoyProxy", "envoyService.type", "\"LoadBalancer\""),
    ("EnvoyProxy", "envoyService.externalTrafficPolicy", "\"Local\""),
    ("EnvoyProxy", "spec.logging.level.default", "\"warn\""),
    ("EnvoyProxy", "spec.bootstrap.type", "\"Replace\""),
    ("*", "parentRefs[].group", "\"gateway.networking.k8s.io\""),
    ("*", "parentRefs[].kind", "\"Gateway\""),
    ("*", "certificateRefs[].group", "\"\""),
    ("*", "certificateRefs[].kind", "\"Secret\""),
    ("*", "tls.mode", "\"Terminate\""),
    ("*", "backendRefs[].group", "\"\""),
    ("*", "backendRefs[].kind", "\"Service\""),
    ("*", "backendRefs[].weight", "1"),
    ("HTTPRoute", "rules[].matches", r#"[{"path":{"type":"PathPrefix","value":"/"}}]"#),
    ("HTTPRoute", "spec.rules", r#"[{"matches":[{"path":{"type":"PathPrefix","value":"/"}}]}]"#),
    ("*", "matches[].headers[].type", "\"Exact\""),
    ("*", "matches[].queryParams[].type", "\"Exact\""),
    ("*", "matches[].method.type", "\"Exact\""),
    ("*", "requestMirror.backendRef.group", "\"\""),
    ("*", "requestMirror.backendRef.kind", "\"Service\""),
    ("*", "filters[].cors.maxAge", "5"),
    ("*", "sessionPersistence.type", "\"Cookie\""),
    ("*", "sessionPersistence.cookieConfig.lifetimeType", "\"Session\""),
    ("HTTPRoute", "requestRedirect.statusCode", "302"),
    ("*", "matches[].path.type", "\"PathPrefix\""),
    ("*", "matches[].path.value", "\"/\""),
    ("*", "elabelings[].action", "\"replace\""),
    ("Certificate", "issuerRef.kind", "\"Issuer\""),
    ("Certificate", "issuerRef.group", "\"cert-manager.io\""),
];

/// Whether a field that one side lacks has the value that the server fills in.
///
/// `path` has `[]` for every item, `around` is the map that the field stands in, `live` whether the side that has it was
/// read from a cluster.
pub(super) fn is_default(kind: &str, path: &str, value: &Value, around: &Map<String, Value>, live: bool) -> bool {
    if value.is_null() || by_neighbours(kind, path, value, around, live) {
        return true;
    }
    let found = DEFAULTS
        .iter()
        .filter(|(of, end, _)| (*of == "*" || *of == kind) && path.ends_with(end))
        .any(|(_, _, text)| is_text_of(text, value));
    if found {
        return true;
    }
    match value {
        // `strategy: {type: RollingUpdate}` is equal to no strategy.
        Value::Object(map) if !map.is_empty() => {
            map.iter().all(|(key, inner)| is_default(kind, &format!("{path}.{key}"), inner, map, live))
        }
        // a server does not store empty lists, and what a NetworkPolicy with one means is said by its `policyTypes`
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether a server or a controller chooses the value of a field where a manifest says none.
pub(super) fn is_chosen(kind: &str, path: &str) -> bool {
    match kind {
        "Service" => matches!(
            path,
            "spec.clusterIP"
                | "spec.clusterIPs"
                | "spec.ipFamilies"
                | "spec.healthCheckNodePort"
                | "spec.ports[].nodePort"
        ),
        "PersistentVolumeClaim" => path == "spec.volumeName",
        "Job" => matches!(path, "spec.selector" | "spec.manualSelector"),
        "Pod" => matches!(path, "spec.nodeName" | "spec.priority" | "spec.preemptionPolicy"),
        _ => false,
    }
}

/// Annotations that controllers of clouds and distributions write on objects of others, by the beginnings of their names.
const ANNOTATIONS_OF_CONTROLLERS: [&str; 9] = [
    "cloud.google.com/",
    "networking.gke.io/",
    "ingress.kubernetes.io/",
    "ingress.gcp.kubernetes.io/",
    "field.cattle.io/",
    "cattle.io/",
    "openshift.io/",
    "control-plane.alpha.kubernetes.io/",
    "service.kubernetes.io/",
];

fn is_of_a_controller(path: &str) -> bool {
    let annotation = path.strip_prefix("metadata.annotations.");
    let label = path.strip_prefix("metadata.labels.");
    annotation.is_some_and(|name| ANNOTATIONS_OF_CONTROLLERS.iter().any(|start| name.starts_with(start)))
        || label.is_some_and(|name| name.starts_with("scaledobject.keda.sh/") || name == "kubernetes.io/metadata.name")
}

fn is_text_of(text: &str, value: &Value) -> bool {
    match value {
        Value::String(value) => text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) == Some(value),
        Value::Number(number) => number.as_i64().is_some_and(|number| text.parse() == Ok(number)),
        Value::Bool(value) => text.parse() == Ok(*value),
        Value::Object(map) => map.is_empty() && text == "{}",
        Value::Array(items) if items.is_empty() => text == "[]",
        Value::Array(_) => {
            text.starts_with('[') && serde_json::from_str::<Value>(text).is_ok_and(|list| list == *value)
        }
        Value::Null => false,
    }
}

/// Defaults that follow from other fields, and values that are chosen when an object is created.
fn by_neighbours(kind: &str, path: &str, value: &Value, around: &Map<String, Value>, live: bool) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    let text = |key: &str| around.get(key).and_then(Value::as_str);
    if live && ((is_chosen(kind, path) && value != "None") || is_of_a_controller(path)) {
        return true;
    }
    match last {
        "imagePullPolicy" => text("image").is_some_and(|image| value == pull_policy(image)),
        "serviceAccount" => around.get("serviceAccountName") == Some(value),
        "targetPort" => around.get("port") == Some(value),
        // Limits stand in for requests that are not set.
        "requests" => around.get("limits") == Some(value),
        // An account has no group; the others are of the group of roles.
        "apiGroup" if path == "subjects[].apiGroup" => {
            value == if text("kind") == Some("ServiceAccount") { "" } else { "rbac.authorization.k8s.io" }
        }
        "policyTypes" => kind == "NetworkPolicy" && is_implied(value, around),
        "storageClassName" => live && path.ends_with("spec.storageClassName"),
        "caBundle" => live,
        "subsets" | "secrets" | "imagePullSecrets" | "imagePullSecrets[]" => {
            live && matches!(kind, "ServiceAccount" | "Endpoints")
        }
        "labels" => live && kind == "Job" && path == "spec.template.metadata.labels",
        "volumes[]" | "volumeMounts[]" => live && kind == "Pod" && is_token(value),
        "tolerations" | "tolerations[]" => live && kind == "Pod",
        _ => false,
    }
}

fn is_implied(types: &Value, around: &Map<String, Value>) -> bool {
    let Some(types) = types.as_array() else { return false };
    let has_rules = |key: &str| around.get(key).and_then(Value::as_array).is_some_and(|rules| !rules.is_empty());
    let implied = |name: &str| name == "Ingress" || has_rules("egress");
    types.iter().all(|item| item.as_str().is_some_and(implied))
}

/// The token that a real cluster mounts into every pod.
fn is_token(value: &Value) -> bool {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    text("name").is_some_and(|name| name.starts_with("kube-api-access-"))
}

fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or(image);
    let latest = !name.contains('@') && (!name.contains(':') || name.ends_with(":latest"));
    if latest { "Always" } else { "IfNotPresent" }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn what_a_server_adds_is_no_difference() {
        let none = Map::new();
        let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
        assert!(is_default("Deployment", "spec.strategy", &strategy, &none, false));
        assert!(!is_default("Deployment", "spec.strategy", &json!({"type": "Recreate"}), &none, false));
        assert!(is_default(
            "Job",
            "spec.template.spec.containers[].livenessProbe.timeoutSeconds",
            &json!(1),
            &none,
            false
        ));
        assert!(!is_default("NetworkPolicy", "spec.podSelector", &json!({}), &none, true));
        assert!(is_default("NetworkPolicy", "spec.ingress", &json!([]), &none, false));
        assert!(!is_default("NetworkPolicy", "spec.ingress", &json!([{}]), &none, false));
        for (kind, path, value) in [
            ("Service", "spec.clusterIP", json!("10.0.0.7")),
            ("Service", "spec.ports[].nodePort", json!(30_080)),
            ("PersistentVolumeClaim", "spec.volumeName", json!("pvc-7")),
            ("Service", "metadata.annotations.cloud.google.com/neg-status", json!("{}")),
        ] {
            assert!(is_default(kind, path, &value, &none, true), "{path}: a server chose it");
            assert!(!is_default(kind, path, &value, &none, false), "{path}: somebody asked for it");
        }
        assert!(!is_default("Service", "spec.clusterIP", &json!("None"), &none, true));
        assert!(!is_default("Deployment", "spec.template.spec.volumes[].emptyDir", &json!({}), &none, true));
        let image = Map::from_iter([("image".to_owned(), json!("a/b:latest"))]);
        let behavior = json!({"scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
            {"periodSeconds": 15, "type": "Pods", "value": 4},
            {"periodSeconds": 15, "type": "Percent", "value": 100},
        ]}});
        assert!(is_default("HorizontalPodAutoscaler", "spec.behavior", &behavior, &none, false));
        assert!(is_default("Pod", "spec.containers[].imagePullPolicy", &json!("Always"), &image, false));
    }
}
