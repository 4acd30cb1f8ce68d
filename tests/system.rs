//! What belongs to the deployment as a whole: Secrets that are made, servers that stand in for others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::common::{root, run};

/// The objects of a render with these values.
fn render(values: &str) -> Vec<Value> {
    let args: Vec<String> =
        ["template", "prod", "-n", "gitlab", "-q", "-o", "json", "-f", "-"].map(str::to_owned).to_vec();
    let ran = run(root(), &args, &BTreeMap::new(), values);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let list: Value = serde_json::from_str(&ran.stdout).expect("the output is JSON");
    list["items"].as_array().expect("a List has items").clone()
}

fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let is_it = |o: &&Value| o["kind"] == kind && o["metadata"]["name"] == name;
    objects.iter().find(is_it).unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// The Secrets that the script makes.
fn made(objects: &[Value]) -> BTreeSet<String> {
    let script = find(objects, "ConfigMap", "prod-shared-secrets")["data"]["generate-secrets"].as_str();
    let lines = script.expect("the script is text").lines();
    lines.filter_map(|line| line.strip_prefix("begin ")).map(str::to_owned).collect()
}

/// The Secrets that pods cannot start without.
fn mounted(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if ["secret", "secretKeyRef"].contains(&key.as_str()) && inner["optional"] != true {
                    let name = inner.get("secretName").or_else(|| inner.get("name")).and_then(Value::as_str);
                    found.extend(name.map(str::to_owned));
                }
                mounted(inner, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| mounted(item, found)),
        _ => {}
    }
}

fn missing(values: &str) -> Vec<String> {
    let objects = render(values);
    let made = made(&objects);
    let mut needed = BTreeSet::new();
    objects.iter().for_each(|object| mounted(object, &mut needed));
    assert!(needed.len() > 3, "no Secrets are mounted: {needed:?}");
    needed.into_iter().filter(|name| name.starts_with("prod-") && !made.contains(name)).collect()
}

#[test]
fn every_secret_that_is_mounted_and_not_named_is_made() {
    for values in [
        "{}",
        "global: {pages: {enabled: true, accessControl: true}, praefect: {enabled: true}}",
        "global: {minio: {enabled: false}, kas: {enabled: false}, appConfig: {object_store: {enabled: true, connection: {secret: s}}}}\n\
         gitlab: {toolbox: {backups: {objectStorage: {config: {secret: s}}}}}\nregistry: {enabled: false}",
    ] {
        let missing = missing(values);
        let by_others: Vec<_> = missing.iter().filter(|name| !name.ends_with("-tls")).collect();
        assert!(by_others.is_empty(), "with {values}: {by_others:?}");
    }
}

#[test]
fn a_secret_that_is_named_is_left_to_the_user() {
    let named = "global: {gitaly: {authToken: {secret: mine}}, redis: {auth: {key: word}}}";
    let objects = render(named);
    assert!(!made(&objects).contains("prod-gitaly-secret"));
    let script = find(&objects, "ConfigMap", "prod-shared-secrets")["data"]["generate-secrets"].to_string();
    assert!(script.contains("value word random alphanumeric 64"), "the key that is named is made");
}

#[test]
fn the_stores_have_the_names_that_gitlab_expects_and_find_their_pods() {
    let objects = render("{}");
    for (name, port) in [("prod-postgresql", 5432), ("prod-redis-master", 6379)] {
        let service = find(&objects, "Service", name);
        assert_eq!(service["spec"]["ports"][0]["port"], port);
        let set = find(&objects, "StatefulSet", name);
        assert_eq!(service["spec"]["selector"], set["spec"]["selector"]["matchLabels"]);
    }
    let without = render(
        "global: {psql: {host: db.example.com}, redis: {host: redis.example.com}}\n\
         postgresql: {install: false}\nredis: {install: false}\ngitlab-runner: {install: false}",
    );
    let names = without.iter().filter_map(|o| o["metadata"]["name"].as_str());
    let left: Vec<_> = names.filter(|name| name.contains("postgresql") || name.contains("redis")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_scripts_of_a_render_are_scripts() {
    let objects = render("{}");
    let all = objects.iter().filter(|o| o["kind"] == "ConfigMap").filter_map(|o| o["data"].as_object()).flatten();
    let scripts: Vec<_> =
        all.filter(|(_, text)| text.as_str().is_some_and(|text| text.starts_with("#!/bin/"))).collect();
    assert!(scripts.len() > 5, "there are no scripts");
    for (name, text) in scripts {
        let text = text.as_str().expect("a script is text");
        let shell = if text.starts_with("#!/bin/sh") { "sh" } else { "bash" };
        let output = std::process::Command::new(shell).args(["-n", "-c", text]).output().expect("the shell starts");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
