//! Findings that no input of a user gives, or that only two runs give: those about bugs, and about files of earlier runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use gitlab_render::diag::{Diagnostic, Fault};
use gitlab_render::manifest::{Manifest, Phase};
use gitlab_render::render::Renderer;
use gitlab_render::resolve::plan::View;
use gitlab_render::ui;
use serde_json::{Map, json};

use crate::common::{Ran, run, run_program};

fn bugs(found: &[Diagnostic]) -> Vec<&str> {
    found.iter().filter(|found| found.fault == Fault::Bug).map(|found| found.code).collect()
}

#[test]
fn a_template_that_asks_for_more_than_its_view_has_is_a_bug() {
    let empty = || View(Map::new());
    let found = Renderer::new().object("kas/templates/deployment.yaml", empty()).expect_err("the view is empty");
    assert_eq!(bugs(&found), ["template-failed"], "{found:?}");
    let found = Renderer::new().object("kas/templates/nothing.yaml", empty()).expect_err("there is no such template");
    assert_eq!(bugs(&found), ["template-failed"], "{found:?}");
}

#[test]
fn what_is_no_object_is_a_bug_and_an_empty_name_a_fault_of_the_values() {
    let made = |body| Manifest::new("kas", "kas/deployment.yaml", Phase::Main, body).map_err(|found| found.code);
    assert_eq!(made(json!({"kind": "Service", "metadata": {"name": "a"}})).err(), Some("no-object"));
    assert_eq!(made(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": ""}})).err(), Some("bad-name"));
    assert!(made(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}})).is_ok());
}

/// Run by the test below, in a process of its own.
#[test]
#[ignore = "ends its process"]
fn stops_unexpectedly() {
    ui::report_panics();
    panic!("with a value of the user's");
}

#[test]
fn a_panic_is_reported_as_a_bug_without_values() {
    let mut command = Command::new(std::env::current_exe().expect("the tests are a program"));
    command.args(["--exact", "--ignored", "--nocapture", "rare_findings::stops_unexpectedly"]);
    command.env_remove("RUST_BACKTRACE");
    let ran = run_program(command, "");
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("error[bug]: gitlab-render ") && ran.stderr.contains("this is a bug"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("value of the user's"), "{}", ran.stderr);
}

fn written(directory: &Path, more: &str) -> Ran {
    let words = format!("template prod -n gitlab --set certmanager-issuer.email=a@example.com --output-dir out {more}");
    let ran = run(directory, &words.split(' ').map(str::to_owned).collect::<Vec<_>>(), &BTreeMap::new(), "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran
}

#[test]
fn files_of_earlier_runs_that_stay_and_that_go_are_reported() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = |more: &str| written(directory.path(), more).stderr;
    assert!(!said("--hooks none").contains("note[files-"), "nothing was there before");
    let removed = said("--set global.kas.enabled=false");
    assert!(removed.contains("note[files-removed]: `out`: ") && !removed.contains("files-kept"), "{removed}");
    let kept = said("--component gitlab-exporter");
    assert!(kept.contains("note[files-kept]: `out`: ") && !kept.contains("files-removed"), "{kept}");
}

#[test]
fn no_part_removes_what_only_the_whole_has() {
    let parts =
        ["--phase pre", "--phase main,post", "--no-hooks", "--skip-tests", "--component upgrade-check --hooks none"];
    for whole in ["--hooks helm", "--hooks none --is-upgrade", "--hooks argocd --is-upgrade"] {
        for part in parts {
            let directory = tempfile::tempdir().expect("a directory");
            written(directory.path(), whole);
            let words =
                format!("template prod -n gitlab --set certmanager-issuer.email=a@example.com --output-dir out {part}");
            let words = words.split(' ').map(str::to_owned).collect::<Vec<_>>();
            let said = run(directory.path(), &words, &BTreeMap::new(), "").stderr;
            assert!(!said.contains("files-removed"), "{whole} then {part}: {said}");
        }
    }
}
