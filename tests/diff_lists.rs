//! Lists of Kubernetes objects: an item that is put in between, goes or changes is the only difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{root, run, words};

/// The lists: a kind, a path, three items, one that is put in between, and the middle one with a change.
fn cases() -> Vec<Value> {
    let text = fs::read_to_string(root().join("tests/data/lists.json")).expect("there are lists");
    serde_json::from_str(&text).expect("they are JSON")
}

/// An object of a kind with a list at a path.
fn object(kind: &str, path: &str, list: &[Value]) -> Value {
    let mut value = Value::Array(list.to_vec());
    for key in path.split('/').skip(1).collect::<Vec<_>>().into_iter().rev() {
        value = match key.parse::<usize>() {
            Ok(_) => json!([value]),
            Err(_) => json!({ key: value }),
        };
    }
    // The item around the list has the name by which it is found.
    if let Some(item) = value.pointer_mut("/spec/template/spec/containers/0").and_then(Value::as_object_mut) {
        item.entry("name").or_insert(json!("web"));
    }
    if let Some(item) = value.pointer_mut("/spec/template/spec/volumes/0").and_then(Value::as_object_mut) {
        item.entry("name").or_insert(json!("all"));
    }
    let group = match kind {
        "Service" | "ServiceAccount" => "v1",
        "Ingress" | "NetworkPolicy" => "networking.k8s.io/v1",
        "Role" | "RoleBinding" => "rbac.authorization.k8s.io/v1",
        "HTTPRoute" | "Gateway" => "gateway.networking.k8s.io/v1",
        "ServiceMonitor" => "monitoring.coreos.com/v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2",
        "PodDisruptionBudget" => "policy/v1",
        "ValidatingWebhookConfiguration" => "admissionregistration.k8s.io/v1",
        _ => "apps/v1",
    };
    let mut object = json!({"apiVersion": group, "kind": kind, "metadata": {"name": "it"}});
    if let (Value::Object(object), Value::Object(body)) = (&mut object, value) {
        object.extend(body);
    }
    object
}

/// The paths of the fields that differ.
fn fields(here: &Path, old: &Value, new: &Value) -> Vec<String> {
    for (file, object) in [("old.yaml", old), ("new.yaml", new)] {
        fs::write(here.join(file), object.to_string()).expect("the object is written");
    }
    let got = run(here, &words("diff old.yaml new.yaml -o json"), &BTreeMap::new(), "");
    let answer: Value = serde_json::from_str(&got.stdout).unwrap_or_else(|_| panic!("{}{}", got.stdout, got.stderr));
    let changed = answer["objects"].as_array().into_iter().flatten();
    let fields = changed.flat_map(|object| object["fields"].as_array().cloned().unwrap_or_default());
    fields.filter_map(|field| Some(field["path"].as_str()?.to_owned())).collect()
}

#[test]
fn an_item_that_is_put_in_goes_or_changes_is_the_only_difference() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let mut wrong = Vec::new();
    for case in cases() {
        let (kind, path) = (case["kind"].as_str().expect("a kind"), case["path"].as_str().expect("a path"));
        let (between, changed) = (case["between"].clone(), case["changed"].clone());
        let items = case["items"].as_array().expect("items");
        let list = path.rsplit('/').next().unwrap_or_default();
        let old = object(kind, path, items);
        let mut more = items.clone();
        more.insert(1, between);
        let more = object(kind, path, &more);
        let mut expect = |what: &str, found: &[String], right: bool| {
            let of_list = found.iter().all(|path| path.contains(&format!("{list}[")));
            if !right || !of_list {
                wrong.push(format!("{kind} {path}: {what}: {found:?}"));
            }
        };
        for (what, before, after) in [("put in", &old, &more), ("gone", &more, &old)] {
            let found = fields(here, before, after);
            expect(what, &found, matches!(&found[..], [one] if one.ends_with(']')));
        }
        if !changed.is_null() {
            let mut other = items.clone();
            other[1] = changed;
            let found = fields(here, &old, &object(kind, path, &other));
            // Below the item, which is not shown as a whole.
            let deeper = found.iter().all(|path| path.contains("]."));
            expect("changed", &found, deeper && (1..=2).contains(&found.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
