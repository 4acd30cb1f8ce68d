//! The end of the worked upgrade (`docs/worked-upgrade.md`) on a real server: the releases that are rendered here, one over
//! the other, phase by phase; by kubectl's apply, and by the server's, which a release that was taken over stays with.

use std::collections::BTreeMap;

use super::applied::{our_diff, read_back};
use super::server::Server;
use crate::common::{self, words};

/// One phase of a release with the values that the upgrade ends with, in a namespace of the release's name.
fn phase(name: &str, gitlab: &str, phase: &str) -> String {
    let values = "tests/upgrade/worked/values-18.9.8.yaml";
    let asked = format!(
        "template {name} -n {name} -f {values} -a monitoring.coreos.com/v1 --gitlab-version {gitlab} --is-upgrade --phase {phase}"
    );
    let ran = common::run(common::root(), &words(&asked), &BTreeMap::new(), "");
    // a series that no released chart was compared with says so; nothing else may be said
    let said = ran.stderr.lines().filter(|line| !line.is_empty() && !line.starts_with("note[gitlab-version]: "));
    assert_eq!((ran.status, said.collect::<Vec<_>>()), (Some(0), Vec::new()), "{asked}");
    ran.stdout
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_takes_the_worked_upgrade_phase_by_phase() {
    let server = Server::start();
    for (name, flags) in [("worked", &[][..]), ("taken-over", &["--server-side"][..])] {
        server.namespace(name, &BTreeMap::new());
        for gitlab in ["18.2.8", "18.5.7", "18.8.11", "18.9.8"] {
            let mut counts = Vec::new();
            for step in ["pre", "main", "post", "test"] {
                let text = phase(name, gitlab, step);
                let ran = server.kubectl(&[&["apply", "-n", name, "-f", "-"], flags].concat(), &text);
                assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{gitlab}, {step}: {}", ran.stdout);
                let stored = read_back(&server, name, &text);
                assert_eq!(our_diff(name, &stored, &text), "", "{gitlab}, {step}");
                counts.push(text.matches("\n# Source: ").count());
            }
            println!(
                "worked upgrade ({name}): GitLab {gitlab}: {counts:?} objects of the phases, stored as they were written"
            );
            assert!(counts.iter().sum::<usize>() > 80, "{gitlab}: {counts:?}");
        }
    }
}
