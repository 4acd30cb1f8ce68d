//! `explain`: of a path, a component, words, a code.

use std::collections::BTreeMap;

use gitlab_render::pipeline;
use gitlab_render::schema::{CheckOptions, violations};
use serde_json::Value;

use super::check;
use crate::common::{root, run, words};

#[test]
fn a_key_is_explained() {
    check(&[
        ("explain-concurrency", "explain gitlab.sidekiq.concurrency"),
        ("explain-replaces", "explain global.appConfig.extra.matomoUrl"),
        ("explain-enum", "explain global.ingress.pathType"),
        ("explain-unread", "explain global.image.tag"),
        ("explain-since", "explain gitlab.kas.gatewayRoute.enabled"),
        ("explain-since-older", "explain gitlab.kas.gatewayRoute.enabled --gitlab-version 18.6"),
        ("explain-list", "explain gitlab.sidekiq.pods[0].concurrency"),
        ("explain-list-number", "explain gitlab.sidekiq.pods.0.concurrency"),
        ("explain-below-a-string", "explain global.hosts.domain.foo"),
        ("explain-free", "explain gitlab.webservice.deployments.web.ingress.path"),
        ("explain-dotted", "explain global.pod.labels.app\\.kubernetes\\.io/part-of"),
        ("explain-kubernetes", "explain gitlab.kas.tolerations"),
        ("explain-component", "explain mailroom"),
        ("explain-tree", "explain gitlab.webservice.ingress --recursive"),
        ("explain-misspelt", "explain gitlab.webservice.ingres.tls.secretname"),
        ("explain-unknown", "explain gitlab.webservice.colour"),
        ("explain-gone", "explain global.psql.user"),
        ("explain-words", "explain session timeout"),
        ("explain-question", "explain sidekiq's concurrency"),
        ("explain-word", "explain concurrency"),
        ("explain-nothing", "explain frobnicate"),
        ("explain-code", "explain unknown-key"),
        ("explain-json", "explain gitlab.gitlab-shell.maxReplicas -o json"),
        ("explain-reach", "explain gitlab.sidekiq.concurrency --reach"),
        ("explain-markdown", "explain global.hosts.gitlab -o markdown"),
        ("explain-version", "explain global.hosts --gitlab-version 3.0"),
    ]);
}

/// Every example is a values file that the schemas have nothing against.
#[test]
fn every_example_can_be_used() {
    let reference = pipeline::reference(None).unwrap();
    let mut wrong = Vec::new();
    let all = reference.all(9);
    assert!(all.len() > 2000, "{}", all.len());
    for (path, _) in &all {
        let found = reference.resolve(&path.replace(".*", ".NAME")).expect("its own path is known");
        let entry = reference.explain(&found, false);
        let faults = violations(&entry.example, &entry.example, &CheckOptions::default());
        let told = faults.iter().filter(|fault| fault.code != "unread-key" && fault.code != "missing-key");
        wrong.extend(told.map(|fault| format!("{path}: {} in {}", fault.message, entry.example)));
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

/// Every key has a description and a type, and is found by its path.
#[test]
fn every_key_is_described() {
    let reference = pipeline::reference(None).unwrap();
    let bare: Vec<_> = reference.all(9).into_iter().filter(|(_, part)| part.description().is_empty()).collect();
    let bare: Vec<_> = bare.into_iter().map(|(path, _)| path).collect();
    assert!(bare.is_empty(), "{bare:?}");
}

#[test]
fn the_json_of_an_explanation_has_its_schema() {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("schemas/explain.schema.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for path in ["global", "gitlab.kas.gatewayRoute", "registry.database.password", "gitlab.sidekiq.pods[]"] {
        let ran = run(root(), &words(&format!("explain {path} -o json")), &BTreeMap::new(), "");
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert!(validator.is_valid(&answer), "{path}: {answer:#}");
    }
}

/// The keys of annotations and labels are domain names: their dots separate no keys.
#[test]
fn the_key_of_an_annotation_may_have_any_domain() {
    for (path, key) in [
        ("global.ingress.annotations.cert-manager.io/issuer", "cert-manager\\.io/issuer"),
        ("global.ingress.annotations.nginx.ingress.kubernetes.io/body", "nginx\\.ingress\\.kubernetes\\.io/body"),
        ("global.ingress.annotations.nginx\\.ingress\\.kubernetes\\.io/body", "nginx\\.ingress\\.kubernetes\\.io/body"),
        ("global.ingress.annotations[\"nginx.ingress.kubernetes.io/body\"]", "nginx\\.ingress\\.kubernetes\\.io/body"),
        ("global.ingress.annotations['a.b']", "a\\.b"),
        ("global.ingress.annotations.plain", "plain"),
    ] {
        let args = ["explain", path].map(str::to_owned);
        let ran = run(&root().join("tests/ask"), &args, &BTreeMap::new(), "");
        let wanted = format!("KEY:       global.ingress.annotations.{key}\n");
        assert!(ran.stdout.starts_with(&wanted), "{path}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stderr, "", "{path}");
    }
}
