//! `secrets`: what is there after an install, and who makes it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::check;
use crate::common::{root, run, words};

#[test]
fn secrets_are_listed() {
    check(&[
        ("secrets-text", "secrets prod -n gitlab -f values.yaml"),
        (
            "secrets-kubectl",
            "secrets prod -n gitlab -f values.yaml -o kubectl --set global.psql.password.secret=pg,global.psql.host=db,postgresql.install=false,global.ingress.tls.enabled=true",
        ),
        (
            "secrets-none-to-make",
            "secrets prod -n gitlab -o kubectl --set global.ingress.configureCertmanager=true,certmanager-issuer.email=a@example.org,installCertmanager=false",
        ),
        (
            "secrets-certmanager",
            "secrets prod -n gitlab --set global.ingress.configureCertmanager=true,certmanager-issuer.email=a@example.org,installCertmanager=false",
        ),
    ]);
}

/// Each command makes what the list says, and the JSON has its schema.
#[test]
fn the_forms_say_the_same() {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("schemas/secrets.schema.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for profile in ["aws", "hardened", "reference-hybrid-5k", "evaluation"] {
        let answer = |form: &str| {
            let line = words(&format!("secrets prod -n gitlab --profile {profile} -o {form}"));
            run(root(), &line, &BTreeMap::new(), "").stdout
        };
        let listed: Value = serde_json::from_str(&answer("json")).unwrap();
        assert!(validator.is_valid(&listed), "{listed:#}");
        let yours = listed.as_array().unwrap().iter().filter(|secret| secret["madeBy"].is_null());
        let yours: Vec<_> = yours.map(|secret| secret["name"].as_str().unwrap().to_owned()).collect();
        let commands = answer("kubectl");
        let made = commands.lines().filter(|line| line.starts_with("kubectl"));
        let made: Vec<_> = made.map(|line| line.split(' ').nth(4).unwrap().to_owned()).collect();
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        assert_eq!(sorted(made), sorted(yours), "{profile}");
    }
}
