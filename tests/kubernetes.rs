//! What the reduced Kubernetes definitions take and refuse: each line is a sentence of the API server.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use serde_json::{Value, json};

fn refused(name: &str, value: &Value) -> bool {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/kubernetes.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    !jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("{name}: {e}")).is_valid(value)
}

#[test]
fn what_the_api_server_takes_is_taken() {
    let good = [
        ("Quantity", json!(["1.5Gi", 1, "100m", "1e3", ".5", "0", "2Ti", 0.5])),
        ("CronSchedule", json!(["0 1 * * *", "*/5 0-3,7 1 JAN-MAR sun", "@daily", "@every 5m"])),
        ("PortNumberOrName", json!([80, "web", "http-8080", "8080-tcp"])),
        ("IPAddress", json!(["10.1.2.3", "::1", "fe80::1"])),
        ("CIDR", json!(["10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32"])),
        ("Base64", json!(["", "YQ==", "YWI=", "YWJj", "YWJj\nYWJj\n"])),
        ("RelativePath", json!(["a", "a/b", ".a", "a/..b"])),
        ("LabelMap", json!([{}, {"app.kubernetes.io/name": "x", "a": ""}])),
        ("IntOrPercent", json!([0, 3, "25%"])),
        ("EnvVarName", json!(["A", "a.b-c", "1_X"])),
        ("Toleration", json!([{"operator": "Exists"}, {"key": "a/b", "value": "x", "effect": "NoSchedule"}])),
        ("Probe", json!([{}, {"httpGet": {"path": "/", "port": "http"}, "initialDelaySeconds": 0}])),
        ("Volume", json!([{"name": "a"}, {"name": "a", "secret": {"secretName": "x", "defaultMode": 0o440}}])),
        ("DeploymentStrategy", json!([{"type": "Recreate"}, {"rollingUpdate": {"maxSurge": "25%"}}])),
        ("SecurityContext", json!([{"runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}])),
        ("ResourceRequirements", json!([{"limits": {"cpu": 1, "nvidia.com/gpu": 1}, "requests": {"memory": "1Gi"}}])),
        (
            "MetricSpec",
            json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]),
        ),
        (
            "NetworkPolicyEgressRule",
            json!([{}, {"to": [{"podSelector": {}}]}, {"ports": [{"port": 80, "endPort": 90}]}]),
        ),
        ("NetworkPolicyIngressRule", json!([{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}])),
    ];
    for (name, values) in good {
        for value in values.as_array().unwrap() {
            assert!(!refused(name, value), "{name} refuses {value}");
        }
    }
}

#[test]
fn what_the_api_server_refuses_is_refused() {
    let bad = [
        ("Quantity", json!(["50x", "50Gi-x", "-1", -1, "", "1GB", "1 Gi", true])),
        ("CronSchedule", json!(["0 1 * *", "", "@noon", "a b c d e"])),
        ("PortNumberOrName", json!(["8080", 0, 65536, "a--b", "-a", 1.5])),
        ("IPAddress", json!(["10.1.2.0/24", "300.1.1.1", "a", ""])),
        ("CIDR", json!(["a", "10.0.0.0", "10.0.0.0/33"])),
        ("Base64", json!(["abc", "conformance-x"])),
        ("RelativePath", json!(["/a", "", "../a", "a/../b"])),
        ("LabelMap", json!([{"a": 1}, {"a": "b c"}, {"-a": "b"}])),
        ("IntOrPercent", json!(["conformance-x", "25", -1])),
        ("EnvVarName", json!(["A=B", ""])),
        ("DNSSubdomain", json!(["", "nameB", "-a", "a_b"])),
        (
            "Toleration",
            json!([{"operator": "Exists", "key": "a", "value": "x"}, {"value": "x"}, {"key": "a", "effect": "No"}]),
        ),
        ("Probe", json!([{"conformance": 1}, {"periodSeconds": "5"}, {"periodSeconds": -5}, "x"])),
        ("LivenessProbe", json!([{"successThreshold": 8}])),
        (
            "Volume",
            json!([{"name": "a", "secret": {}}, {"name": "A"}, {"name": "a", "emptyDir": {}, "secret": {"secretName": "x"}}]),
        ),
        (
            "DeploymentStrategy",
            json!([{"type": "Recreate", "rollingUpdate": {}}, {"type": "x"}, {"rollingUpdate": "x"}]),
        ),
        ("StatefulSetUpdateStrategy", json!([{"type": "Recreate"}])),
        (
            "SecurityContext",
            json!([{"fsGroup": 1}, {"runAsUser": "1"}, {"seccompProfile": {"type": "RuntimeDefault-x"}}]),
        ),
        ("PodSecurityContext", json!([{"privileged": true}, {"fsGroupChangePolicy": "x"}])),
        (
            "EnvVar",
            json!([{"name": "A", "value": 1}, {"name": "A", "valueFrom": {"secretKeyRef": {"name": "nameB", "key": "k"}}}]),
        ),
        ("PullPolicy", json!(["Sometimes"])),
        ("AccessMode", json!(["ReadWriteOnce-x"])),
        ("MetricTargetType", json!(["conformance-x"])),
        ("TrafficDistribution", json!(["conformance-x"])),
        ("LabelSelector", json!([{"matchExpressions": ["x"]}, {"matchExpressions": [{"key": "a", "operator": "In"}]}])),
        ("ResourceRequirements", json!([{"limits": {"cpus": 1}}, {"requests": "x"}])),
        ("MetricSpec", json!([{"type": "Resource"}])),
    ];
    for (name, values) in bad {
        for value in values.as_array().unwrap() {
            assert!(refused(name, value), "{name} takes {value}");
        }
    }
}
