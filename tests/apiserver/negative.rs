//! What `validate` finds, a real API server refuses: each file of `tests/validate/negative/`, but for a reviewed few.

use std::collections::BTreeSet;
use std::fs;

use gitlab_render::manifest::stream;

use super::server::Server;
use crate::common::{entries, root};

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn what_validate_finds_the_server_refuses() {
    let server = Server::start();
    let differs = fs::read_to_string(root().join("tests/validate/server-differs.toml")).unwrap();
    let differs: toml::Table = toml::from_str(&differs).unwrap();
    let listed: BTreeSet<String> = differs["taken"].as_table().unwrap().keys().cloned().collect();
    let mut taken = BTreeSet::new();
    let mut sent = 0;
    for path in entries("validate/negative") {
        let text = fs::read_to_string(&path).unwrap();
        for object in stream::objects(&text, 0).unwrap_or_else(|e| panic!("{}: {e:?}", path.display())) {
            sent += 1;
            if server.create(&object, "default", true).refusal().is_none() {
                taken.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    println!("negative manifests: {sent} sent, {} refused, {} taken with a reason", sent - taken.len(), taken.len());
    assert!(sent >= 200, "{sent} sent");
    assert_eq!(taken, listed, "what the server takes is not what tests/validate/server-differs.toml says");
}
