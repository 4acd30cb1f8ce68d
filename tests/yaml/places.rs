//! Anchors, aliases and tags, wherever YAML is read: the inputs that people reported.

use std::collections::BTreeMap;

use crate::common::{Ran, run, words};

fn in_a_folder(files: &[(&str, &str)], line: &str, stdin: &str) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("the file is written");
    }
    run(folder.path(), &words(line), &BTreeMap::new(), stdin)
}

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: p
spec:
  containers:
  - name: c
    image: example.com/c:1
    tty: y
    envFrom:
    - secretRef:
        name: s
        optional: y
";

/// kubectl reads `y` as true.
#[test]
fn y_is_true_in_a_manifest_with_and_without_an_anchor() {
    let anchored = POD.replace("name: p", "name: &p p");
    for text in [POD, &anchored] {
        let ran = in_a_folder(&[("p.yaml", text)], "validate p.yaml", "");
        assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
        assert!(!ran.stdout.contains("wrong-type"), "{}", ran.stdout);
    }
}

#[test]
fn a_manifest_with_an_anchor_is_compared_with_itself() {
    let text =
        POD.replace("image: example.com/c:1", "image: &i example.com/c:1\n    workingDir: !!str 5\n    command: [*i]");
    let ran = in_a_folder(&[("p.yaml", &text)], "diff p.yaml p.yaml", "");
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_same_manifest_in_two_notations_does_not_differ() {
    let json = "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"c\"}, \"data\": {\"a\": 1.0, \"b\": null, \"c\": 1e3}}";
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: c}\ndata:\n  a: 1\n  b:\n  c: 1000\n";
    let ran = in_a_folder(&[("a.json", json), ("b.yaml", yaml)], "diff a.json b.yaml", "");
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_text_inside_a_value_may_have_anchors() {
    let values = "gitlab:\n  webservice:\n    extraVolumes: |\n      - &e\n        name: extra\n        emptyDir: {}\n      - <<: *e\n        name: !!str 5\n";
    let ran = in_a_folder(
        &[("v.yaml", values)],
        "template -f v.yaml --show-only webservice/deployment.yaml --set certmanager-issuer.email=a@example.com",
        "",
    );
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("- name: extra\n        emptyDir: {}"), "{}", ran.stdout);
    assert!(ran.stdout.contains("- name: \"5\"\n        emptyDir: {}"), "{}", ran.stdout);
}

#[test]
fn what_is_wrong_in_a_manifest_is_shown_where_it_stands() {
    let wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: \"x\n";
    let ran = in_a_folder(&[("a.yaml", wrong)], "diff a.yaml a.yaml", "");
    assert_eq!(ran.status, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("a.yaml:6:6"), "{}", ran.stderr);
}
