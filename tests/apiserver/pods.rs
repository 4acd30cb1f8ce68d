//! Pod Security: a namespace with `baseline` admits every pod of ours, one with `restricted` all but those that are listed.

use std::collections::{BTreeMap, BTreeSet};

use gitlab_render::pipeline;
use serde::Deserialize;
use serde_json::Value;

use super::renders::{self, Document, pod};
use super::server::Server;
use crate::common::root;
use crate::security::HARDENED;

/// What a level refuses, with reasons.
#[derive(Deserialize)]
pub struct Listed {
    /// Words of the server about what documents of the corpus ask for themselves.
    pub baseline: BTreeMap<String, String>,
    /// Templates and first containers of the defaults and the profiles.
    restricted: BTreeMap<String, String>,
}

/// `pod-security.toml`.
pub fn listed() -> Listed {
    let text = std::fs::read_to_string(root().join("tests/apiserver/pod-security.toml")).expect("the list is there");
    toml::from_str(&text).expect("the list is TOML: a reason for each entry")
}

/// The defaults, the profiles, and what none of them turns on.
fn documents() -> Vec<Document> {
    let mut documents = renders::profiles();
    documents.push(Document::defaults());
    documents.push(renders::everything());
    documents
}

/// How many pods were sent, and of each that a namespace refuses its template and first container, and what the server says.
fn refused(server: &Server, name: &str, level: &str, documents: &[Document]) -> (usize, BTreeSet<(String, String)>) {
    let namespace = format!("pods-{name}");
    server.namespace(&namespace, &BTreeMap::from([("pod-security.kubernetes.io/enforce", level)]));
    let (mut sent, mut refused) = (0, BTreeSet::new());
    for document in documents {
        let manifests = document.render().unwrap_or_else(|f| panic!("{}: {:?}", document.name, f.report));
        for manifest in manifests {
            let Some(mut pod) = pod(&manifest.body) else { continue };
            pod["metadata"].as_object_mut().expect("a pod has metadata").remove("namespace");
            sent += 1;
            for complaint in server.create(&pod, &namespace, true).complaints() {
                refused.insert((format!("{} {}", manifest.source, container(&pod)), complaint));
            }
        }
    }
    (sent, refused)
}

fn container(pod: &Value) -> &str {
    pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default()
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_admits_our_pods() {
    let server = Server::start();
    for (level, listed) in [("baseline", BTreeMap::new()), ("restricted", listed().restricted)] {
        let (sent, complaints) = refused(&server, level, level, &documents());
        let found: BTreeSet<_> = complaints.iter().map(|(pod, _)| pod.as_str()).collect();
        println!(
            "Pod Security {level}: {sent} pods sent, {} kinds of pod refused, {} listed",
            found.len(),
            listed.len()
        );
        let unlisted: Vec<_> = complaints.iter().filter(|(pod, _)| !listed.contains_key(pod)).collect();
        assert!(unlisted.is_empty(), "{level}: refused and not in tests/apiserver/pod-security.toml: {unlisted:#?}");
        let stale: Vec<_> = listed.keys().filter(|pod| !found.contains(pod.as_str())).collect();
        assert!(stale.is_empty(), "{level}: listed in tests/apiserver/pod-security.toml and admitted: {stale:?}");
    }
}

/// Over each of them the profile `hardened` leaves nothing that `restricted` refuses.
#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_admits_hardened_pods_where_restricted_holds() {
    let server = Server::start();
    let over = pipeline::profile(HARDENED).expect("it is built in");
    let mut documents = documents();
    documents.iter_mut().for_each(|document| document.inputs.push(over.clone()));
    let (sent, complaints) = refused(&server, HARDENED, "restricted", &documents);
    println!("Pod Security restricted: {sent} pods of {} renders under `{HARDENED}` sent", documents.len());
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(sent > 200, "only {sent} pods");
}
