//! `schema`: one JSON Schema for editors.

use gitlab_render::reference::json_schema;
use gitlab_render::{pipeline, releases};
use serde_json::{Value, json};

use super::check;
use crate::common::entries;

fn schema(version: Option<&str>) -> Value {
    json_schema::write(&pipeline::reference(version).unwrap())
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(schema).unwrap()
}

#[test]
fn it_is_a_schema_of_draft_7_that_needs_no_other_file() {
    for version in [None, Some("18.4"), Some("19.2")] {
        let schema = schema(version);
        assert!(jsonschema::draft7::meta::is_valid(&schema));
        let text = schema.to_string();
        let foreign: Vec<_> =
            text.split("\"$ref\":\"").skip(1).filter(|rest| !rest.starts_with("#/definitions/")).collect();
        assert!(foreign.is_empty(), "{:.200}", foreign[0]);
        let definitions = schema["definitions"].as_object().unwrap();
        for reference in text.split("\"$ref\":\"#/definitions/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(definitions.contains_key(name), "{name}");
        }
        for word in ["unevaluatedProperties", "$defs", "dependentSchemas", "prefixItems"] {
            assert!(!text.contains(&format!("\"{word}\":")), "{word} is no word of draft 7");
        }
    }
}

/// What a render takes is valid, defaults and profiles included.
#[test]
fn what_a_render_takes_is_valid() {
    let schema = schema(None);
    let validator = validator(&schema);
    let mut wrong = Vec::new();
    let mut check = |name: &str, values: &Value| {
        wrong.extend(validator.iter_errors(values).map(|error| format!("{name}: {}: {error}", error.instance_path())));
    };
    check("the defaults", &pipeline::reference(None).unwrap().defaults);
    // A map of the user's is merged over the default one, which has what is required.
    let probe = json!({"httpGet": {"path": "/x"}});
    let parts = json!({
        "nginx-ingress": {"controller": {"livenessProbe": probe, "readinessProbe": probe}},
        "gitlab": {"webservice": {"securityContext": {"seccompProfile": {"localhostProfile": null}}}},
    });
    check("parts of default maps", &parts);
    let folders = ["../values", "values/valid", "render", "diff", "migrate"];
    for path in folders.iter().flat_map(|folder| entries(folder)) {
        let Some(name) = path.to_str().filter(|name| name.ends_with(".yaml") && !name.contains("expected")) else {
            continue;
        };
        let Ok(values) = serde_yaml::from_str::<Value>(&std::fs::read_to_string(&path).unwrap()) else { continue };
        let target = crate::common::release("test", "default", vec![crate::common::file(values.to_string().into())]);
        let strict = pipeline::Request { unknown_keys: gitlab_render::schema::UnknownKeys::Error, ..target };
        if values.get("kind").is_none() && pipeline::render(&strict).is_ok() {
            check(name, &values);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_are_marked() {
    let schema = schema(None);
    let validator = validator(&schema);
    for (values, at) in [
        (json!({"gitlab": {"webservice": {"ingres": {}}}}), "/gitlab/webservice"),
        (json!({"gitlab": {"webservice": {"minReplicas": "many"}}}), "/gitlab/webservice/minReplicas"),
        (json!({"global": {"ingress": {"enabled": "yes"}}}), "/global/ingress/enabled"),
        (json!({"gitlab": {"sidekiq": {"pods": [{"name": "a", "concurency": 3}]}}}), "/gitlab/sidekiq/pods/0"),
        (json!({"gitlab": {"kas": {"tolerations": [{"efect": "NoSchedule"}]}}}), "/gitlab/kas/tolerations/0"),
        (
            json!({"gitlab": {"webservice": {"deployments": {"a": {"ingress": {"pat": "/"}}}}}}),
            "/gitlab/webservice/deployments/a/ingress",
        ),
    ] {
        let places: Vec<_> = validator.iter_errors(&values).map(|error| error.instance_path().to_string()).collect();
        assert!(places.iter().any(|place| place == at), "{values}: {places:?}");
    }
    for values in [
        json!({"gitlab": {"webservice": {"minReplicas": "3"}}}),
        json!({"gitlab": {"webservice": null}}),
        json!({"x-anchors": {"a": 1}, ".more": []}),
    ] {
        assert!(validator.is_valid(&values), "{values}");
    }
}

#[test]
fn keys_of_other_releases_are_not_in_it_and_old_keys_are_marked() {
    let newest = schema(None);
    assert_ne!(newest.pointer("/properties/gitlab/properties/kas/properties/gatewayRoute"), None);
    assert_eq!(schema(Some("18.6")).pointer("/properties/gitlab/properties/kas/properties/gatewayRoute"), None);
    assert_eq!(
        newest.pointer("/properties/gitlab/properties/sidekiq/properties/replicas/deprecated"),
        Some(&json!(true))
    );
    assert!(newest["title"].as_str().unwrap().ends_with(&releases::default_version().to_string()));
}

#[test]
fn the_command_writes_it() {
    check(&[("schema-version", "schema --gitlab-version 3.0")]);
    let directory = tempfile::tempdir().unwrap();
    let line = crate::common::words("schema -o values.schema.json");
    let ran = crate::common::run(directory.path(), &line, &std::collections::BTreeMap::new(), "");
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(directory.path().join("values.schema.json")).unwrap()).unwrap();
    assert_eq!(written, schema(None));
}
