//! What an API server refuses is refused here, and what it takes passes.

use gitlab_render::manifest::{Manifest, Phase, order, verify};
use serde_json::{Value, json};

use super::objects::*;

fn manifest(body: Value) -> Manifest {
    Manifest::new("web", "web/x.yaml", Phase::Main, body).expect("an object")
}

fn messages(body: Value) -> Vec<String> {
    match verify(vec![manifest(body)]) {
        Ok(_) => Vec::new(),
        Err(report) => report.0.into_iter().map(|d| format!("{} {}", d.code, d.message)).collect(),
    }
}

/// Sets (or with null removes) what a JSON pointer names.
pub fn set(body: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"));
    match parent {
        Value::Object(map) if value.is_null() => {
            map.shift_remove(key);
        }
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => items[key.parse::<usize>().expect("a position")] = value,
        other => panic!("{other}"),
    }
}

#[test]
fn good_objects_pass() {
    let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "c" }, "spec": { "accessModes": ["ReadWriteMany"], "resources": { "requests": { "storage": 5 } } } });
    let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "system:x" }, "rules": [{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] }] });
    let custom =
        json!({ "apiVersion": "example.com/v1", "kind": "Thing", "metadata": { "name": "x" }, "anything": [1] });
    let mut outside = service();
    outside["spec"]["externalIPs"] = json!(["10.1.2.3"]);
    outside["spec"]["externalTrafficPolicy"] = json!("Local");
    outside["spec"]["healthCheckNodePort"] = json!(0);
    let all = [
        outside,
        workload("Deployment"),
        stateful_set(),
        cron_job(),
        service(),
        ingress(),
        autoscaler(),
        budget(),
        secret(),
        claim,
        role,
        custom,
    ];
    for body in all {
        assert_eq!(messages(body.clone()), Vec::<String>::new(), "{body}");
    }
}

/// Object, where, what, and the one message it gives.
type Case = (fn() -> Value, &'static str, Value, &'static str);

#[test]
fn faults_are_found_where_they_are() {
    let deployment: fn() -> Value = || workload("Deployment");
    let container = "/spec/template/spec/containers/0";
    let at = |field: &str| -> &'static str { Box::leak(format!("{container}/{field}").into_boxed_str()) };
    let d = "`Deployment/test-web`: `spec.template.spec";
    let text = |start: &str, rest: &str| -> &'static str { Box::leak(format!("{start} {d}{rest}").into_boxed_str()) };
    let cases: Vec<Case> = vec![
        (
            deployment,
            "/spec/replicas",
            json!(-1),
            "out-of-range `Deployment/test-web`: `spec.replicas`: -1 is not between 0 and 2147483647",
        ),
        (
            deployment,
            "/spec/replicas",
            json!("2"),
            "wrong-type `Deployment/test-web`: `spec.replicas`: a whole number is needed, a string was found",
        ),
        (
            deployment,
            "/spec/replica",
            json!(1),
            "unknown-field `Deployment/test-web`: `spec.replica`: Kubernetes has no such field here",
        ),
        (
            deployment,
            "/spec/selector/matchLabels/app",
            json!("other"),
            "bad-selector `Deployment/test-web`: `spec.selector.matchLabels.app`: the pod template does not have this label with this value",
        ),
        (
            deployment,
            "/spec/strategy",
            json!({ "type": "OnDelete" }),
            "unknown-value `Deployment/test-web`: `spec.strategy.type`: `OnDelete` is not one of `RollingUpdate`, `Recreate`",
        ),
        (
            deployment,
            "/spec/strategy",
            json!({ "type": "Recreate", "rollingUpdate": {} }),
            "contradiction `Deployment/test-web`: `spec.strategy.rollingUpdate`: only allowed with the type `RollingUpdate`, not `Recreate`",
        ),
        (
            deployment,
            "/spec/strategy",
            json!({ "rollingUpdate": { "maxSurge": 0, "maxUnavailable": "0%" } }),
            "contradiction `Deployment/test-web`: `spec.strategy`: `maxSurge` and `maxUnavailable` are both 0, so no pod could be replaced",
        ),
        (
            deployment,
            "/metadata/labels/app",
            json!("a b"),
            "bad-label `Deployment/test-web`: `metadata.labels.app`: `a b` is not a label's value: up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
        ),
        (
            deployment,
            "/metadata/annotations/a",
            json!(true),
            "wrong-type `Deployment/test-web`: `metadata.annotations.a`: a string is needed, `true` or `false` was found",
        ),
        (
            deployment,
            "/metadata/namespace",
            json!("a.b"),
            "bad-name `Deployment/test-web`: `metadata.namespace`: `a.b` is not a name of lower-case letters, digits and `-`, with a letter or digit at both ends",
        ),
        (
            deployment,
            at("imagePullPolicy"),
            json!("Sometimes"),
            text(
                "unknown-value",
                ".containers[0].imagePullPolicy`: `Sometimes` is not one of `Always`, `IfNotPresent`, `Never`",
            ),
        ),
        (deployment, at("image"), Value::Null, text("missing-field", ".containers[0].image`: required, but missing")),
        (deployment, at("name"), json!("init"), text("duplicate-name", ".containers[0]`: a second container `init`")),
        (
            deployment,
            at("resources/requests/cpu"),
            json!("50x"),
            text(
                "bad-quantity",
                ".containers[0].resources.requests.cpu`: `50x` is not a quantity like `500m`, `2` or `1.5Gi`",
            ),
        ),
        (
            deployment,
            at("resources/limits/memory"),
            json!("1Gi"),
            text("contradiction", ".containers[0].resources.requests.memory`: the request exceeds the limit"),
        ),
        (
            deployment,
            at("resources/limits"),
            json!("1Gi"),
            text("wrong-type", ".containers[0].resources.limits`: a map is needed, a string was found"),
        ),
        (
            deployment,
            at("ports/0/containerPort"),
            json!("8080"),
            text("wrong-type", ".containers[0].ports[0].containerPort`: a whole number is needed, a string was found"),
        ),
        (
            deployment,
            at("ports/0/containerPort"),
            json!(70000),
            text("out-of-range", ".containers[0].ports[0].containerPort`: 70000 is not between 1 and 65535"),
        ),
        (
            deployment,
            at("ports/0/protocol"),
            json!("tcp"),
            text("unknown-value", ".containers[0].ports[0].protocol`: `tcp` is not one of `TCP`, `UDP`, `SCTP`"),
        ),
        (
            deployment,
            at("env/0/name"),
            json!("A=B"),
            text("bad-format", ".containers[0].env[0].name`: `A=B` is not a name for an environment variable"),
        ),
        (
            deployment,
            at("env/0/value"),
            json!(1),
            text("wrong-type", ".containers[0].env[0].value`: a string is needed, a number was found"),
        ),
        (
            deployment,
            at("env/1/valueFrom/secretKeyRef/name"),
            json!("nameB"),
            text(
                "bad-format",
                ".containers[0].env[1].valueFrom.secretKeyRef.name`: `nameB` is not a name of lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
            ),
        ),
        (
            deployment,
            at("volumeMounts/1/name"),
            json!("conformance"),
            text("undeclared-volume", ".containers[0].volumeMounts[1]`: the pod has no volume `conformance`"),
        ),
        (
            deployment,
            at("volumeMounts/1/mountPath"),
            json!("/c"),
            text("duplicate-name", ".containers[0].volumeMounts[1]`: a second volume at `/c`"),
        ),
        (
            deployment,
            at("livenessProbe/successThreshold"),
            json!(8),
            text("out-of-range", ".containers[0].livenessProbe.successThreshold`: must be 1 for this probe"),
        ),
        (
            deployment,
            at("livenessProbe/httpGet/scheme"),
            json!("HTTP-x"),
            text(
                "unknown-value",
                ".containers[0].livenessProbe.httpGet.scheme`: `HTTP-x` is not one of `HTTP`, `HTTPS`",
            ),
        ),
        (
            deployment,
            at("livenessProbe/exec"),
            json!({"command": ["true"]}),
            text(
                "contradiction",
                ".containers[0].livenessProbe`: has two handlers, but only one of `httpGet`, `exec`, `tcpSocket` and `grpc` is allowed",
            ),
        ),
        (
            deployment,
            at("livenessProbe"),
            json!("x"),
            text("wrong-type", ".containers[0].livenessProbe`: a map is needed, a string was found"),
        ),
        (
            deployment,
            at("securityContext"),
            json!({ "fsGroupChangePolicy": "Always" }),
            text(
                "unknown-field",
                ".containers[0].securityContext.fsGroupChangePolicy`: Kubernetes has no such field here",
            ),
        ),
        (
            deployment,
            at("securityContext"),
            json!({ "seccompProfile": { "type": "RuntimeDefault-x" } }),
            text(
                "unknown-value",
                ".containers[0].securityContext.seccompProfile.type`: `RuntimeDefault-x` is not one of `Localhost`, `RuntimeDefault`, `Unconfined`",
            ),
        ),
        (
            deployment,
            "/spec/template/spec/securityContext/privileged",
            json!(true),
            text("unknown-field", ".securityContext.privileged`: Kubernetes has no such field here"),
        ),
        (
            deployment,
            "/spec/template/spec/volumes/-",
            json!({ "name": "tmp", "emptyDir": {} }),
            text("duplicate-name", ".volumes[2]`: a second volume `tmp`"),
        ),
        (
            deployment,
            "/spec/template/spec/volumes/-",
            json!({ "name": "x", "emptyDir": {}, "secret": { "secretName": "y" } }),
            text("contradiction", ".volumes[2]`: the volume `x` has two sources"),
        ),
        (
            deployment,
            "/spec/template/spec/volumes/-",
            json!({ "name": "x", "secret": {} }),
            text("missing-field", ".volumes[2].secret.secretName`: required, but missing"),
        ),
        (
            deployment,
            "/spec/template/spec/volumes/0/projected/sources/0/secret/name",
            Value::Null,
            text("missing-field", ".volumes[0].projected.sources[0].secret.name`: required, but missing"),
        ),
        (
            deployment,
            "/spec/template/spec/initContainers",
            json!("x"),
            text("wrong-type", ".initContainers`: a list is needed, a string was found"),
        ),
        (
            deployment,
            "/spec/template/spec/restartPolicy",
            json!("Never"),
            text("unknown-value", ".restartPolicy`: `Never` is not allowed here, use `Always`"),
        ),
        (
            deployment,
            "/spec/template/spec/dnsPolicy",
            json!("ClusterFirst-x"),
            text(
                "unknown-value",
                ".dnsPolicy`: `ClusterFirst-x` is not one of `ClusterFirst`, `ClusterFirstWithHostNet`, `Default`, `None`",
            ),
        ),
        (
            deployment,
            "/spec/template/spec/tolerations",
            json!([{ "operator": "Is" }]),
            text("unknown-value", ".tolerations[0].operator`: `Is` is not one of `Exists`, `Equal`, `Lt`, `Gt`"),
        ),
        (
            stateful_set,
            "/spec/updateStrategy",
            json!({ "type": "Recreate" }),
            "unknown-value `StatefulSet/test-web`: `spec.updateStrategy.type`: `Recreate` is not one of `RollingUpdate`, `OnDelete`",
        ),
        (
            stateful_set,
            "/spec/volumeClaimTemplates/0/spec/accessModes/0",
            json!("RWO"),
            "unknown-value `StatefulSet/test-web`: `spec.volumeClaimTemplates[0].spec.accessModes[0]`: `RWO` is not one of `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`",
        ),
        (
            stateful_set,
            "/spec/volumeClaimTemplates",
            json!([]),
            "undeclared-volume `StatefulSet/test-web`: `spec.template.spec.containers[0].volumeMounts[2]`: the pod has no volume `data`",
        ),
        (
            service,
            "/spec/type",
            json!("ClusterIP-x"),
            "unknown-value `Service/test-web`: `spec.type`: `ClusterIP-x` is not one of `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`",
        ),
        (
            service,
            "/spec/clusterIP",
            json!("x"),
            "bad-format `Service/test-web`: `spec.clusterIP`: `x` is not an IP address",
        ),
        (
            service,
            "/spec/externalIPs",
            json!(["10.1.2.0/24"]),
            "bad-format `Service/test-web`: `spec.externalIPs[0]`: `10.1.2.0/24` is not an IP address",
        ),
        (
            service,
            "/spec/loadBalancerSourceRanges",
            json!(["10.0.0.0/8"]),
            "contradiction `Service/test-web`: `spec.loadBalancerSourceRanges`: only allowed with the type `LoadBalancer`, not `ClusterIP`",
        ),
        (
            service,
            "/spec/externalTrafficPolicy",
            json!("Local"),
            "contradiction `Service/test-web`: `spec.externalTrafficPolicy`: only allowed with the type `LoadBalancer` or `NodePort`, not `ClusterIP`",
        ),
        (
            service,
            "/spec/ports/-",
            json!({ "name": "b", "port": 80 }),
            "duplicate-port `Service/test-web`: `spec.ports[1]`: port 80 is given twice",
        ),
        (
            service,
            "/spec/ports",
            json!([]),
            "missing-field `Service/test-web`: `spec.ports`: a Service needs at least one port",
        ),
        (
            service,
            "/spec/ports/0/nodePort",
            json!(30000),
            "contradiction `Service/test-web`: `spec.ports[0]`: `nodePort` is not allowed with the type `ClusterIP`",
        ),
        (
            service,
            "/metadata/name",
            json!("1-web"),
            "bad-name `Service/1-web`: `metadata.name`: `1-web` begins with a digit, a Service's name with a letter",
        ),
        (
            ingress,
            "/spec/rules/0/host",
            json!("git_lab"),
            "bad-format `Ingress/test-web`: `spec.rules[0].host`: `git_lab` is not a name of lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
        ),
        (
            ingress,
            "/spec/rules/0/host",
            json!("10.0.0.1"),
            "bad-format `Ingress/test-web`: `spec.rules[0].host`: `10.0.0.1` is an IP address, but a host name is needed",
        ),
        (
            ingress,
            "/spec/ingressClassName",
            json!(""),
            "bad-format `Ingress/test-web`: `spec.ingressClassName`: `` is not a name of lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
        ),
        (
            ingress,
            "/spec/rules/0/http/paths/0/path",
            json!("x"),
            "bad-format `Ingress/test-web`: `spec.rules[0].http.paths[0].path`: must begin with `/`",
        ),
        (
            autoscaler,
            "/spec/minReplicas",
            json!(3),
            "contradiction `HorizontalPodAutoscaler/test-web`: `spec.minReplicas`: 3 is more than `maxReplicas`, 2",
        ),
        (
            autoscaler,
            "/spec/metrics/0/resource/target/averageUtilization",
            Value::Null,
            "missing-field `HorizontalPodAutoscaler/test-web`: `spec.metrics[0].resource.target.averageUtilization`: required with the type `Utilization`",
        ),
        (
            autoscaler,
            "/spec/metrics/0",
            json!("cpu"),
            "wrong-type `HorizontalPodAutoscaler/test-web`: `spec.metrics[0]`: a map is needed, a string was found",
        ),
        (
            budget,
            "/spec/minAvailable",
            json!(1),
            "contradiction `PodDisruptionBudget/x`: `spec`: `minAvailable` and `maxUnavailable` are both set, but only one of them is allowed",
        ),
        (
            budget,
            "/spec/maxUnavailable",
            json!("x"),
            "bad-format `PodDisruptionBudget/x`: `spec.maxUnavailable`: `x` is neither a number nor a percentage like `25%`",
        ),
        (
            budget,
            "/spec/unhealthyPodEvictionPolicy",
            json!("x"),
            "unknown-value `PodDisruptionBudget/x`: `spec.unhealthyPodEvictionPolicy`: `x` is not one of `IfHealthyBudget`, `AlwaysAllow`",
        ),
        (
            cron_job,
            "/spec/schedule",
            json!("daily"),
            "bad-format `CronJob/x`: `spec.schedule`: not a schedule of five fields like `0 1 * * *`",
        ),
        (
            cron_job,
            "/spec/concurrencyPolicy",
            json!("Wait"),
            "unknown-value `CronJob/x`: `spec.concurrencyPolicy`: `Wait` is not one of `Allow`, `Forbid`, `Replace`",
        ),
        (secret, "/data/a", json!("pass word"), "bad-format `Secret/x`: `data.a`: not base64"),
    ];
    for (base, pointer, value, expected) in cases {
        let mut body = base();
        set(&mut body, pointer, value);
        assert_eq!(messages(body), [expected], "{pointer}");
    }
}

#[test]
fn the_same_object_twice_is_refused() {
    let mut older = budget();
    older["apiVersion"] = json!("policy/v1beta1");
    let report = verify(vec![manifest(budget()), manifest(older), manifest(service())]).expect_err("twice");
    assert_eq!(report.0.len(), 1);
    let expected =
        "`PodDisruptionBudget/x`: `metadata.name`: `web/x.yaml` and `web/x.yaml` both create an object with this name";
    assert_eq!(report.0[0].message, expected);
    let mut elsewhere = budget();
    elsewhere["metadata"]["namespace"] = json!("other");
    assert!(verify(vec![manifest(budget()), manifest(elsewhere)]).is_ok());
}

#[test]
fn all_faults_are_reported_at_once() {
    let mut body = workload("Deployment");
    set(&mut body, "/spec/replicas", json!(-1));
    set(&mut body, "/spec/template/spec/containers/0/imagePullPolicy", json!("x"));
    assert_eq!(messages(body).len(), 2);
}

#[test]
fn the_order_is_one_that_kubectl_takes() {
    let named = |kind: &str, name: &str, phase: Phase| {
        let body = json!({ "apiVersion": "example.com/v1", "kind": kind, "metadata": { "name": name } });
        Manifest::new("web", "web/x.yaml", phase, body).expect("an object")
    };
    let mut made = vec![
        named("Pod", "test", Phase::Test),
        named("Custom", "b", Phase::Main),
        named("Ingress", "a", Phase::Main),
        named("Gadget", "b", Phase::Main),
        named("Secret", "b", Phase::Main),
        named("Secret", "a", Phase::Main),
        named("ServiceAccount", "z", Phase::Main),
        named("ServiceAccount", "pre", Phase::Pre),
        named("Namespace", "n", Phase::Main),
        named("Job", "after", Phase::Post),
    ];
    made.insert(0, named("ConfigMap", "pre", Phase::Pre));
    let ordered = order(verify(made).expect("good"));
    let ids: Vec<String> = ordered.manifests().iter().map(|m| m.id.to_string()).collect();
    let expected = "ServiceAccount/pre ConfigMap/pre Namespace/n ServiceAccount/z Secret/a Secret/b Ingress/a Custom/b Gadget/b Job/after Pod/test";
    assert_eq!(ids.join(" "), expected);
}

#[test]
fn an_object_without_a_name_is_our_fault() {
    let error = Manifest::new("web", "web/x.yaml", Phase::Main, json!({ "apiVersion": "v1", "kind": "Pod" }))
        .expect_err("refused");
    assert_eq!(error.message, "`web/x.yaml`: the object has no `metadata.name`");
}

#[test]
fn an_empty_name_is_the_fault_of_the_values() {
    let body = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "" } });
    let error = Manifest::new("web", "web/x.yaml", Phase::Main, body).expect_err("refused");
    assert_eq!(error.message, "`web/x.yaml`: the object's `metadata.name` is empty or not a string");
}

/// The pointers of all nodes.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.replace('~', "~0").replace('/', "~1"), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in inner {
        let here = format!("{at}/{key}");
        pointers(value, &here, out);
        out.push(here);
    }
}

#[test]
fn any_value_anywhere_is_looked_at_without_a_panic() {
    let others = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}é/..%"),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "": [{}] }),
    ];
    let bases = [
        workload("Deployment"),
        workload("DaemonSet"),
        stateful_set(),
        cron_job(),
        service(),
        ingress(),
        autoscaler(),
        budget(),
        secret(),
    ];
    let (mut looked_at, mut refused) = (0, 0);
    for base in bases {
        let mut all = Vec::new();
        pointers(&base, "", &mut all);
        for (pointer, other) in all.iter().flat_map(|p| others.iter().map(move |o| (p, o))) {
            let mut body = base.clone();
            *body.pointer_mut(pointer).expect("a node of the object") = other.clone();
            let Ok(manifest) = Manifest::new("web", "web/x.yaml", Phase::Main, body) else { continue };
            looked_at += 1;
            refused += usize::from(verify(vec![manifest]).is_err());
        }
    }
    assert!(refused > looked_at * 3 / 4, "{refused} of {looked_at} refused");
}
