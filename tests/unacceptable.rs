//! Values that the official chart renders into what an API server refuses: each is refused here with its place, or
//! renders without the fault.

use std::collections::BTreeMap;

use gitlab_render::diag::{Fault, Severity};
use gitlab_render::pipeline;
use serde::Deserialize;
use serde_json::Value;

use crate::common::{request, unpack};

/// What renders without the fault, and why.
const WITHOUT_THE_FAULT: &[(&str, &str)] = &[
    ("gitaly-044", "a limit of null is no limit, where the official chart asks for none at all"),
    ("ingress-020", "an empty class is none: the class that comes with the deployment is written"),
    ("value-gitlab-shell-074", "source ranges are written for a load balancer only"),
    ("value-global-013", "a connection without a Secret mounts nothing, and its unknown key is told"),
    ("value-global-062", "a connection without a Secret mounts nothing, and its unknown key is told"),
    ("value-global-066", "a connection without a Secret mounts nothing, and its unknown key is told"),
    ("value-global-091", "a connection without a Secret mounts nothing, and its unknown key is told"),
    ("value-global-094", "a connection without a Secret mounts nothing, and its unknown key is told"),
    ("value-global-099", "no Application is written, which is told: clusters have no such kind"),
    ("value-global-183", "a connection without a Secret mounts nothing, and its unknown key is told"),
    ("value-minio-101", "the policy has a whole spec"),
    ("value-nginx-ingress-028", "without a key the whole ConfigMap is mounted"),
    ("value-nginx-ingress-087", "the rule has a spec, with no groups"),
    ("value-nginx-ingress-095", "source ranges are written for a load balancer only"),
];

#[derive(Deserialize)]
pub struct Document {
    pub name: String,
    pub release: String,
    pub values: Value,
    server: BTreeMap<String, Vec<String>>,
}

pub fn documents() -> Vec<Document> {
    unpack("unacceptable/documents.json.gz")
}

/// What is wrong with how a document ended.
fn run(document: &Document) -> Option<String> {
    let name = document.name.as_str();
    let reason = WITHOUT_THE_FAULT.iter().find(|(listed, _)| *listed == name);
    match (pipeline::render(&request(&document.release, "default", &document.values)), reason) {
        (Ok(_), Some(_)) => None,
        (Ok(_), None) => Some(format!("{name} renders; an API server said {:?}", document.server)),
        (Err(_), Some(_)) => Some(format!("{name} is listed as one that renders, and is refused")),
        (Err(failure), None) => {
            let errors = || failure.report.0.iter().filter(|d| d.severity == Severity::Error);
            if let Some(bug) = errors().find(|d| d.fault == Fault::Bug) {
                return Some(format!("{name}: a bug: {}", bug.message));
            }
            let placed = errors().any(|d| !d.places.is_empty());
            (!placed).then(|| format!("{name} is refused without a place: {:?}", errors().map(|d| &d.message).next()))
        }
    }
}

#[test]
fn what_a_server_refuses_is_refused_with_its_place() {
    let documents = documents();
    assert_eq!(documents.len(), 160);
    let wrong: Vec<String> = documents.iter().filter_map(run).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), documents.len(), wrong.join("\n"));
    let names: Vec<&str> = documents.iter().map(|d| d.name.as_str()).collect();
    assert!(WITHOUT_THE_FAULT.iter().all(|(name, _)| names.contains(name)), "a listed document is not there");
}

#[test]
fn an_unknown_field_of_kubernetes_stays_an_error() {
    let values = serde_json::json!({
        "certmanager-issuer": {"email": "a@example.com"},
        "gitlab": {"webservice": {"deployment": {"startupProbe": {"conformance": "one"}}}},
    });
    let failure = pipeline::render(&request("test", "default", &values)).expect_err("Kubernetes has no such field");
    let error = failure.report.0.iter().find(|d| d.severity == Severity::Error).unwrap();
    assert_eq!(error.places.len(), 1);
    assert!(error.message.contains("startupProbe.conformance"), "{}", error.message);
}
