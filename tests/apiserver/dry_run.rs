//! Everything that we render, sent as a dry run with strict field validation: no object is refused, none is warned about.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::pods;
use super::renders::{self, Document};
use super::server::Server;
use crate::unacceptable;

/// What came of sending documents.
#[derive(Default)]
struct Sent {
    documents: usize,
    refused_by_us: usize,
    /// Objects by their content, with the namespace they go to.
    objects: HashSet<u64>,
    complaints: BTreeSet<String>,
}

/// Renders each document and sends the objects that no earlier one had, to namespaces where the server says of each pod
/// that Pod Security's level `baseline` would not admit.
fn send(what: &str, server: &Server, documents: &[Document]) -> BTreeSet<String> {
    for document in documents {
        server.namespace(&document.namespace, &BTreeMap::from([("pod-security.kubernetes.io/warn", "baseline")]));
    }
    let sent = Mutex::new(Sent::default());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(document) = documents.get(next.fetch_add(1, Ordering::Relaxed)) {
            send_one(server, document, &sent);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let sent = sent.into_inner().expect("no thread panicked with it");
    println!(
        "{what}: {} objects of {} documents sent, {} complaints; {} documents are refused by us",
        sent.objects.len(),
        sent.documents,
        sent.complaints.len(),
        sent.refused_by_us,
    );
    assert_ne!(sent.objects.len(), 0, "{what}: nothing was sent");
    sent.complaints
}

fn send_one(server: &Server, document: &Document, sent: &Mutex<Sent>) {
    let manifests = document.render();
    let mut now = sent.lock().expect("no thread panicked with it");
    let Ok(mut manifests) = manifests else {
        now.refused_by_us += 1;
        return;
    };
    now.documents += 1;
    manifests.retain(|manifest| {
        let mut hasher = DefaultHasher::new();
        (&document.namespace, manifest.body.to_string()).hash(&mut hasher);
        now.objects.insert(hasher.finish())
    });
    drop(now);
    for manifest in manifests {
        // as kubectl does it, and as Flux and Argo CD do, which also minds what occurs twice in a list
        let created = server.create(&manifest.body, &document.namespace, true);
        let applied = server.apply(&manifest.body, &document.namespace, true);
        let complaints = created.complaints().chain(applied.complaints());
        let found: Vec<_> = complaints.map(|text| format!("{}: {}: {text}", document.name, manifest.source)).collect();
        if !found.is_empty() {
            sent.lock().expect("no thread panicked with it").complaints.extend(found);
        }
    }
}

fn assert_none(complaints: &BTreeSet<String>) {
    let shown: Vec<_> = complaints.iter().take(60).map(String::as_str).collect();
    assert!(complaints.is_empty(), "{} complaints, such as\n{}", complaints.len(), shown.join("\n"));
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_takes_every_render() {
    let server = Server::start();
    let mut profiles = renders::profiles();
    profiles.push(Document::defaults());
    let mut complaints = send("defaults and profiles", &server, &profiles);
    complaints.append(&mut send("unacceptable", &server, &unacceptable_documents()));
    if let (Some(people), Some(corpus)) = (renders::people(), renders::corpus()) {
        let mut asked = send("people's files", &server, &people);
        asked.append(&mut send("corpus", &server, &corpus));
        complaints.extend(unasked(asked));
    }
    assert_none(&complaints);
}

/// The complaints without those about what a document asks for itself and Pod Security's `baseline` does not admit.
///
/// # Panics
/// Where a reason on the list is used by none.
fn unasked(complaints: BTreeSet<String>) -> BTreeSet<String> {
    let listed = pods::listed().baseline;
    let words = |complaint: &str| {
        complaint.split_once("would violate PodSecurity \"baseline:latest\": ").map(|c| c.1.to_owned())
    };
    let mut used = BTreeSet::new();
    let kept = complaints.into_iter().filter(|complaint| {
        let said = words(complaint).unwrap_or_default();
        let reason = listed.keys().find(|listed| said.starts_with(listed.as_str()));
        used.extend(reason);
        reason.is_none()
    });
    let kept: BTreeSet<_> = kept.collect();
    let stale: Vec<_> = listed.keys().filter(|reason| !used.contains(reason)).collect();
    assert!(stale.is_empty(), "listed in tests/apiserver/pod-security.toml and asked for by none: {stale:?}");
    kept
}

/// The documents whose render by the official chart a server refuses; each that is refused here too is another test's.
fn unacceptable_documents() -> Vec<Document> {
    let documents = unacceptable::documents();
    documents.iter().map(|d| Document::recorded(&d.name, &d.release, "default", &d.values)).collect()
}
