//! Dumps of a cluster: what an API server, its controllers and the tools before it add is no difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gitlab_render::yaml::write::write_document;
use serde_json::{Map, Value, json};

use crate::common::{entries, root, run, words};

/// Adds `more` to `value`, key by key, where it has nothing.
fn fill(value: &mut Value, more: &Value) {
    match (value, more) {
        (Value::Object(map), Value::Object(more)) => {
            for (key, inner) in more {
                fill(map.entry(key.clone()).or_insert(Value::Null), inner);
            }
        }
        (value, more) if value.is_null() => *value = more.clone(),
        _ => {}
    }
}

/// Each value at a path, whose steps are keys, `*` for the items of a list, or `a|b`; calls `act` with it.
fn each(value: &mut Value, path: &str, act: &mut dyn FnMut(&mut Value)) {
    let Some((step, rest)) = path.strip_prefix('/').map(|path| path.split_once('/').unwrap_or((path, ""))) else {
        return act(value);
    };
    let rest = if rest.is_empty() { String::new() } else { format!("/{rest}") };
    match value {
        Value::Array(items) if step == "*" => items.iter_mut().for_each(|item| each(item, &rest, act)),
        Value::Object(map) => {
            for key in step.split('|') {
                if let Some(inner) = map.get_mut(key) {
                    each(inner, &rest, act);
                }
            }
        }
        _ => {}
    }
}

/// The defaults that do not depend on other fields: kinds, path, what is there then. They are those of the defaulting functions of
/// Kubernetes (`pkg/apis/*/defaults.go`) and of the custom resource definitions of the Gateway API.
fn defaults() -> Vec<Value> {
    let text = fs::read_to_string(root().join("tests/data/server-defaults.json")).expect("there are defaults");
    serde_json::from_str(&text).expect("they are JSON")
}

/// An object as a server stores and returns it.
fn stored(object: &mut Value, number: usize, defaults: &[Value]) {
    let applied = object.to_string();
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    let namespaced =
        !kind.starts_with("Cluster") && !matches!(kind.as_str(), "IngressClass" | "GatewayClass" | "Namespace");
    for row in defaults {
        if row["kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|of| *of == kind.as_str() || *of == "*")) {
            each(object, row["path"].as_str().unwrap_or_default(), &mut |at| fill(at, &row["add"]));
        }
    }
    each(object, "/spec", &mut |spec| by_neighbours(&kind, spec, number));
    for pod in ["/spec/template/spec", "/spec/jobTemplate/spec/template/spec"] {
        each(object, pod, &mut pod_by_neighbours);
    }
    if kind == "Job" {
        let labels = json!({"controller-uid": "u", "job-name": "j", "batch.kubernetes.io/controller-uid": "u", "batch.kubernetes.io/job-name": "j"});
        fill(object, &json!({"metadata": {"labels": labels}}));
        fill(object, &json!({"spec": {"template": {"metadata": {"labels": labels}}}}));
    }
    if kind == "ServiceAccount" {
        fill(object, &json!({"secrets": [{"name": "token"}], "imagePullSecrets": []}));
        each(object, "/imagePullSecrets", &mut |list| {
            list.as_array_mut().expect("a list").push(json!({"name": "account-dockercfg-1"}));
        });
    }
    if namespaced {
        fill(object, &json!({"metadata": {"namespace": "gitlab"}}));
    }
    let metadata = json!({
        "uid": format!("00000000-{number}"), "resourceVersion": number.to_string(), "generation": 4,
        "creationTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["kubernetes.io/protection"],
        "managedFields": [{"manager": "gitlab-render", "operation": "Apply", "fieldsV1": {"f:spec": {}}}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied, "cloud.google.com/neg": "{}"},
    });
    fill(object, &json!({"metadata": metadata}));
}

/// Defaults that depend on other fields of `spec`, and what a server chooses.
fn by_neighbours(kind: &str, spec: &mut Value, number: usize) {
    match kind {
        "Service" => {
            if spec["clusterIP"].as_str().is_none_or(str::is_empty) {
                spec["clusterIP"] = json!(format!("10.0.0.{number}"));
            }
            let outside = matches!(spec["type"].as_str(), Some("LoadBalancer" | "NodePort"));
            let address = spec["clusterIP"].clone();
            fill(spec, &json!({"clusterIPs": [address], "ipFamilies": ["IPv4"]}));
            if outside {
                fill(spec, &json!({"externalTrafficPolicy": "Cluster"}));
            }
            if spec["type"] == "LoadBalancer" {
                fill(spec, &json!({"allocateLoadBalancerNodePorts": true}));
            }
            if spec["externalTrafficPolicy"] == "Local" {
                fill(spec, &json!({"healthCheckNodePort": 31_999}));
            }
            each(spec, "/ports/*", &mut |port| {
                let target = port["port"].clone();
                fill(port, &json!({"targetPort": target}));
                if outside {
                    fill(port, &json!({"nodePort": 30_000 + number}));
                }
            });
        }
        "Deployment" if spec["strategy"]["type"] != "Recreate" => {
            fill(
                spec,
                &json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}}),
            );
        }
        "StatefulSet" if spec["updateStrategy"]["type"] != "OnDelete" => {
            fill(spec, &json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}));
        }
        "DaemonSet" if spec["updateStrategy"]["type"] != "OnDelete" => {
            fill(
                spec,
                &json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}),
            );
        }
        "NetworkPolicy" => {
            let egress = spec["egress"].as_array().is_some_and(|rules| !rules.is_empty());
            let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
            fill(spec, &json!({ "policyTypes": types }));
            if let Some(spec) = spec.as_object_mut() {
                spec.retain(|_, value| *value != json!([]));
            }
        }
        _ => {}
    }
}

fn pod_by_neighbours(spec: &mut Value) {
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        fill(spec, &json!({"serviceAccount": account}));
    }
    let on_node = spec["hostNetwork"] == true;
    each(spec, "/containers|initContainers/*", &mut |container| {
        let image = container["image"].as_str().unwrap_or_default();
        let name = image.rsplit('/').next().unwrap_or_default();
        let newest = !name.contains('@') && (!name.contains(':') || name.ends_with(":latest"));
        fill(container, &json!({"imagePullPolicy": if newest { "Always" } else { "IfNotPresent" }}));
        each(container, "/ports/*", &mut |port| {
            if on_node {
                let number = port["containerPort"].clone();
                fill(port, &json!({"hostPort": number}));
            }
        });
        // An empty string is not stored.
        each(container, "/env/*", &mut |variable| {
            if variable["value"] == "" {
                variable.as_object_mut().map(|map| map.remove("value"));
            }
        });
        each(container, "/resources/requests|limits/cpu", &mut |cpu| {
            if let Some(cores) =
                cpu.as_str().and_then(|text| text.strip_suffix("000m")).filter(|cores| !cores.is_empty())
            {
                *cpu = json!(cores);
            }
        });
    });
}

/// Our writer quotes what a reader of YAML 1.1 would take for another type.
fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write_document(&mut text, value);
    text
}

/// Renders values, and writes what a server makes of it in several forms.
fn dump(here: &Path, flags: &str) -> usize {
    let got = run(
        here,
        &words(&format!("template prod -n gitlab {flags} --phase pre,main,post -o json")),
        &BTreeMap::new(),
        "",
    );
    assert_eq!(got.status, Some(0), "{flags}: {}", got.stderr);
    let mut list: Value = serde_json::from_str(&got.stdout).expect("a list");
    let defaults = defaults();
    let items = list["items"].as_array_mut().expect("items");
    for (number, object) in items.iter_mut().enumerate() {
        stored(object, number, &defaults);
    }
    let items = items.clone();
    let directory = here.join("dump");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).expect("a directory");
    for (number, object) in items.iter().enumerate() {
        fs::write(directory.join(format!("{number}.yaml")), yaml(object)).expect("written");
    }
    // Half an hour later: Jobs that are done have been deleted by the cluster.
    let done = |object: &&Value| object["spec"].get("ttlSecondsAfterFinished").is_some();
    assert!(items.iter().any(|object| done(&object)), "{flags}: no Job deletes itself");
    let left: Vec<_> = items.iter().filter(|object| !done(object)).collect();
    fs::write(here.join("later.json"), json!({"apiVersion": "v1", "kind": "List", "items": left}).to_string())
        .expect("written");
    let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items});
    fs::write(here.join("list.json"), list.to_string()).expect("written");
    fs::write(here.join("list.yaml"), yaml(&list)).expect("written");
    let documents: Vec<String> = items.iter().map(yaml).collect();
    fs::write(here.join("documents.yaml"), documents.join("---\n")).expect("written");
    items.len()
}

#[test]
fn what_a_server_adds_to_a_release_is_no_difference() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let all = root().join("tests/data/live.values.yaml");
    let all = format!("-f {} -a monitoring.coreos.com/v1,keda.sh/v1alpha1", all.display());
    let routes =
        "-f profile:gateway-api --set global.hosts.domain=example.org --set certmanager-issuer.email=a@example.org";
    for flags in [all.as_str(), routes] {
        assert!(dump(here, flags) > 40, "objects are missing");
        for old in ["list.json", "list.yaml", "documents.yaml", "dump", "later.json"] {
            let got = run(here, &words(&format!("diff {old} {flags}")), &BTreeMap::new(), "");
            assert_eq!(got.status, Some(0), "{flags} {old}: {}{}", got.stdout, got.stderr);
        }
    }
}

/// Each object of the other tests, too: kinds and fields that no values make.
#[test]
fn what_a_server_adds_to_any_object_is_no_difference() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let defaults = defaults();
    let mut kinds: Map<String, Value> = Map::new();
    for case in entries("diff") {
        let text = fs::read_to_string(case.join("new.yaml")).expect("there are objects");
        let mut objects = Vec::new();
        for (number, document) in serde_yaml::Deserializer::from_str(&text).enumerate() {
            let Ok(mut object) = <Value as serde::Deserialize>::deserialize(document) else { continue };
            if object.get("kind").is_none() || object["kind"] == "List" || object.pointer("/metadata/uid").is_some() {
                continue;
            }
            kinds.insert(object["kind"].as_str().unwrap_or_default().to_owned(), Value::Null);
            stored(&mut object, number, &defaults);
            objects.push(object);
        }
        if objects.is_empty() {
            continue;
        }
        fs::write(here.join("new.yaml"), &text).expect("written");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        fs::write(here.join("live.json"), list.to_string()).expect("written");
        let got = run(here, &words("diff live.json new.yaml -n gitlab"), &BTreeMap::new(), "");
        assert_eq!(got.status, Some(0), "{}: {}{}", case.display(), got.stdout, got.stderr);
    }
    assert!(kinds.len() >= 12, "kinds are missing: {:?}", kinds.keys());
}
