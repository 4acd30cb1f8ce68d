//! The end of the worked upgrade (`docs/worked-upgrade.md`) on a real server: the releases that are rendered here, one over
//! the other, phase by phase.

use std::collections::BTreeMap;

use super::applied::{our_diff, read_back};
use super::server::Server;
use crate::common::{self, words};

const NAMESPACE: &str = "worked";

/// One phase of a release with the values that the upgrade ends with.
fn phase(gitlab: &str, phase: &str) -> String {
    let values = "tests/upgrade/worked/values-18.9.8.yaml";
    let asked = format!(
        "template prod -n {NAMESPACE} -f {values} -a monitoring.coreos.com/v1 --gitlab-version {gitlab} --is-upgrade --phase {phase}"
    );
    let ran = common::run(common::root(), &words(&asked), &BTreeMap::new(), "");
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{asked}");
    ran.stdout
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_takes_the_worked_upgrade_phase_by_phase() {
    let server = Server::start();
    server.namespace(NAMESPACE, &BTreeMap::new());
    for gitlab in ["18.2.8", "18.5.7", "18.8.11", "18.9.8"] {
        let mut counts = Vec::new();
        for name in ["pre", "main", "post", "test"] {
            let text = phase(gitlab, name);
            let ran = server.kubectl(&["apply", "-n", NAMESPACE, "-f", "-"], &text);
            assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{gitlab}, {name}: {}", ran.stdout);
            assert_eq!(
                our_diff("prod", NAMESPACE, &read_back(&server, NAMESPACE, &text), &text),
                "",
                "{gitlab}, {name}"
            );
            counts.push(text.matches("\n# Source: ").count());
        }
        println!(
            "worked upgrade: GitLab {gitlab}: {counts:?} objects of the phases are taken, and stored as they were written"
        );
        assert!(counts.iter().sum::<usize>() > 80, "{gitlab}: {counts:?}");
    }
}
