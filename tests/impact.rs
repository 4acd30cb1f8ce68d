//! `impact`: what a value changes, as `diff` says it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::common::{Ran, root, run, words};

fn ask(args: &str) -> Ran {
    let line = format!("impact {args} -f prod.yaml --name prod");
    run(&root().join("tests/why"), &words(&line), &BTreeMap::new(), "")
}

fn answer(args: &str) -> Value {
    let got = ask(&format!("{args} -o json"));
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    serde_json::from_str(&got.stdout).unwrap()
}

fn names(answer: &Value) -> Vec<String> {
    let objects = answer["objects"].as_array().unwrap().iter();
    objects.map(|o| format!("{}/{}", o["kind"].as_str().unwrap(), o["name"].as_str().unwrap())).collect()
}

#[test]
fn impact_of_a_value_is_what_diff_says() {
    let found = answer("global.ingress.tls.enabled=false");
    let names = names(&found);
    for name in ["Ingress/prod-registry", "Ingress/prod-webservice-default", "Ingress/prod-kas"] {
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
    }
    assert!(found["objects"].as_array().unwrap().iter().any(|object| object["class"] == "exposure"));
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("new.yaml"), "global: {ingress: {tls: {enabled: false}}}\n").unwrap();
    let old = root().join("tests/why/prod.yaml").display().to_string();
    let line = format!("diff {old} {old},new.yaml --name prod -o json");
    let diff: Value = serde_json::from_str(&run(directory.path(), &words(&line), &BTreeMap::new(), "").stdout).unwrap();
    assert_eq!(found, diff);
}

#[test]
fn impact_of_a_line_that_is_left_out_is_its_default() {
    let found = answer("gitlab.webservice.minReplicas --unset");
    assert_eq!(names(&found), ["HorizontalPodAutoscaler/prod-webservice-default"]);
    let field = &found["objects"][0]["fields"][0];
    assert_eq!((&field["path"], &field["old"], &field["new"]), (&"spec.minReplicas".into(), &3.into(), &2.into()));
}

/// What stands in for a line that is left out is the profile's value, where there is one.
#[test]
fn impact_of_a_line_above_a_profile_is_the_profile() {
    let found = answer("gitlab.webservice.minReplicas --unset --profile reference-cloud-native-small");
    let field = &found["objects"][0]["fields"][0];
    assert_eq!((&field["path"], &field["old"]), (&"spec.minReplicas".into(), &3.into()));
    assert!(field["new"].as_i64().is_some_and(|new| new > 3), "{field}");
    let got = ask("global.email.from --unset --profile reference-cloud-native-small");
    assert!(got.stderr.contains("[not-set]"), "{}", got.stderr);
}

#[test]
fn impact_without_a_value_is_all_that_a_key_reaches() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(root().join("schemas/diff.schema.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (path, object) in [
        ("gitlab.sidekiq.concurrency", "Deployment/prod-sidekiq-all-v2"),
        ("registry.enabled", "Deployment/prod-registry"),
        ("global.ingress.tls", "Ingress/prod-webservice-default"),
        ("gitlab.webservice.nodeSelector", "Deployment/prod-webservice-default"),
        // lists, keys that nobody has set, and those in a section
        ("global.gitaly.internal.names", "StatefulSet/prod-gitaly"),
        ("global.gitlabVersion", "Deployment/prod-webservice-default"),
        ("registry.image", "Deployment/prod-registry"),
    ] {
        let found = answer(path);
        let errors: Vec<String> = validator.iter_errors(&found).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{path}: {errors:?}");
        assert!(names(&found).iter().any(|name| name == object), "{path}: {:?}", names(&found));
    }
    assert_eq!(names(&answer("gitlab.geo-logcursor.resources")), Vec::<String>::new());
}

#[test]
fn impact_refuses_what_it_cannot_change() {
    for (args, code, hint) in [
        ("gitlab.kas.minReplicas --unset", "not-set", "=null"),
        ("=3", "bad-path", "global.ingress.tls.enabled"),
        ("a.b=3 --unset", "one-value", "only the path"),
        ("--file new.yaml", "one-value", "gitlab-render diff prod.yaml prod.yaml,new.yaml"),
        ("gitlab.sidekiq.concurency=3", "unknown-key", "concurrency"),
        ("gitlab.sidekiq.concurency", "unknown-key", "concurrency"),
    ] {
        let got = ask(args);
        assert_ne!(got.status, Some(0), "{args}");
        assert!(got.stderr.contains(&format!("[{code}]")) && got.stderr.contains(hint), "{args}: {}", got.stderr);
    }
    // codes: "not-set", "bad-path", "one-value"
}
