//! Good objects, one of a kind, for tests to break.

use serde_json::{Value, json};

use super::verify::set;

pub fn pod_spec() -> Value {
    json!({
        "serviceAccountName": "web",
        "securityContext": { "fsGroup": 1000, "seccompProfile": { "type": "RuntimeDefault" } },
        "initContainers": [{ "name": "init", "image": "i:1", "volumeMounts": [{ "name": "config", "mountPath": "/c" }] }],
        "containers": [{
            "name": "web", "image": "registry/web:v1", "imagePullPolicy": "IfNotPresent", "args": ["-c"],
            "env": [{ "name": "A", "value": "1" }, { "name": "B", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }],
            "ports": [{ "name": "http", "containerPort": 8080, "protocol": "TCP" }],
            "volumeMounts": [{ "name": "config", "mountPath": "/c", "readOnly": true }, { "name": "tmp", "mountPath": "/tmp" }],
            "resources": { "requests": { "cpu": "500m", "memory": "1.5Gi" }, "limits": { "memory": "2Gi" } },
            "livenessProbe": { "httpGet": { "path": "/-/live", "port": "http" }, "periodSeconds": 10 },
            "readinessProbe": { "exec": { "command": ["true"] }, "successThreshold": 2 },
        }],
        "volumes": [
            { "name": "config", "projected": { "defaultMode": 0o440, "sources": [{ "secret": { "name": "s", "items": [{ "key": "k", "path": "p" }] } }] } },
            { "name": "tmp", "emptyDir": {} },
        ],
    })
}

pub fn workload(kind: &str) -> Value {
    let labels = json!({ "app": "web", "release": "test" });
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": { "name": "test-web", "namespace": "gitlab", "labels": labels, "annotations": { "a.b/c": "any thing" } },
        "spec": {
            "replicas": 1,
            "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": labels, "annotations": { "checksum/config": "x" } }, "spec": pod_spec() },
        },
    })
}

pub fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "test-web" },
        "spec": { "type": "ClusterIP", "selector": { "app": "web" }, "ports": [{ "name": "http", "port": 80, "targetPort": "http" }] },
    })
}

pub fn ingress() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "test-web" },
        "spec": {
            "ingressClassName": "nginx", "tls": [{ "hosts": ["*.example.com"], "secretName": "tls" }],
            "rules": [{ "host": "gitlab.example.com", "http": { "paths": [
                { "path": "/", "pathType": "Prefix", "backend": { "service": { "name": "test-web", "port": { "number": 80 } } } },
            ] } }],
        },
    })
}

pub fn autoscaler() -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "test-web" },
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "test-web" }, "minReplicas": 1, "maxReplicas": 2,
            "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 75 } } }],
        },
    })
}

pub fn budget() -> Value {
    json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "x" }, "spec": { "maxUnavailable": 1, "selector": {} } })
}

pub fn stateful_set() -> Value {
    let mut body = workload("StatefulSet");
    let claim = json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "50Gi" } } });
    body["spec"]["serviceName"] = json!("test-web");
    body["spec"]["volumeClaimTemplates"] = json!([{ "metadata": { "name": "data" }, "spec": claim }]);
    set(&mut body, "/spec/template/spec/containers/0/volumeMounts/-", json!({ "name": "data", "mountPath": "/data" }));
    body
}

pub fn cron_job() -> Value {
    let mut pod = pod_spec();
    pod["restartPolicy"] = json!("OnFailure");
    let job = json!({ "template": { "spec": pod }, "backoffLimit": 6 });
    json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "x" }, "spec": { "schedule": "0 1 * * *", "jobTemplate": { "spec": job } } })
}

pub fn secret() -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "x" }, "type": "Opaque", "data": { "a": "YQ==" } })
}
