//! A second set of pods beside a release, applied and deleted by kubectl: as `docs/canary.md` says it, and the release
//! is the same before and after.

use std::collections::BTreeMap;

use super::applied::{read_back, template};
use super::server::Server;
use crate::canary::{ALL, everything};

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_takes_a_second_set_beside_a_release_and_lets_it_go() {
    let server = Server::start();
    server.namespace("prod", &BTreeMap::new());
    let directory = tempfile::tempdir().expect("there is room");
    let file = directory.path().join("values.yaml");
    std::fs::write(&file, everything().to_string()).expect("there is room");
    let values = ["-f", file.to_str().expect("a path is text"), "-a", "monitoring.coreos.com/v1"];
    let render = |args: &[&str]| template("prod", &[&values, args].concat());
    let components = ALL.map(|name| ["--component", name]).concat();
    let second = |args: &[&str]| render(&[&components, ["--suffix", "canary"].as_slice(), args].concat());
    let kubectl = |command: &str, text: &str| {
        let ran = server.kubectl(&[command, "-n", "prod", "-f", "-"], text);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{command}\n{}", ran.stdout);
        ran.stdout
    };

    let release = render(&[]);
    kubectl("apply", &release);
    let before = read_back(&server, "prod", &release);
    let canary = second(&["--gitlab-version", "18.8", "--weight", "0"]);
    let objects = canary.matches("\n# Source: ").count();
    let made = kubectl("apply", &canary);
    assert_eq!(made.lines().filter(|line| line.ends_with(" created")).count(), objects, "{made}");
    let split = render(&["--split", "webservice:canary=10", "--split", "gitlab-shell:canary=50"]);
    kubectl("apply", &split);
    let shared = read_back(&server, "prod", &split);
    assert!(shared.contains("weight: 90") && shared.contains("name: prod-gitlab-shell-canary"));

    kubectl("apply", &release);
    let gone = kubectl("delete", &canary);
    assert_eq!(gone.lines().count(), objects, "{gone}");
    assert_eq!(kubectl("diff", &release), "");
    let after = read_back(&server, "prod", &release);
    assert!(!after.contains("canary") && after.lines().count() == before.lines().count());
    println!("applied beside a release, and deleted again: {objects} objects of a second set");
}
