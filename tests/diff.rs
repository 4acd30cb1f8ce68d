//! Comparisons: each directory under `tests/diff/` is named by a sentence and holds `old.yaml`, `new.yaml`, `args` (one a
//! line, optional) and `expected.txt`, the answer with the exit status in its last line.
//!
//! `UPDATE_EXPECT=1 cargo test diff` writes what is answered now; read the difference before it is committed.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::common::{answer, entries, root, run, unexpected, words};

#[test]
fn what_differs_is_told_with_its_risk() {
    let mut wrong = Vec::new();
    let cases = entries("diff");
    assert!(cases.len() >= 30, "cases are missing");
    for case in &cases {
        let mut args = words("diff old.yaml new.yaml");
        args.extend(fs::read_to_string(case.join("args")).unwrap_or_default().lines().map(str::to_owned));
        let got = run(case, &args, &BTreeMap::new(), "");
        let answer = answer(&got);
        assert!(!answer.contains("hunter"), "{}: a secret is shown:\n{answer}", case.display());
        wrong.extend(unexpected(&case.join("expected.txt"), &answer));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn json_answers_have_the_shape_of_their_schema() {
    let schema = fs::read_to_string(root().join("schemas/diff.schema.json")).expect("there is a schema");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    for case in entries("diff") {
        let got = run(&case, &words("diff old.yaml new.yaml -o json"), &BTreeMap::new(), "");
        let answer: Value = serde_json::from_str(&got.stdout).expect("the answer is JSON");
        let errors: Vec<String> = validator.iter_errors(&answer).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", case.display());
    }
}

/// An object in a namespace of its own hides neither the namespace of the release, nor itself from a dump.
#[test]
fn a_component_in_another_namespace_is_compared_and_dumped() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let none = BTreeMap::new();
    let values = "certmanager-issuer: {email: a@example.org}\nnginx-ingress: {namespaceOverride: edge}\n";
    fs::write(here.join("values.yaml"), values).expect("the values are written");
    let got = run(here, &words("template prod -n gitlab -f values.yaml --phase pre,main,post"), &none, "");
    fs::write(here.join("all.yaml"), got.stdout).expect("the manifests are written");
    let got = run(here, &words("diff all.yaml values.yaml"), &none, "");
    assert_eq!(got.status, Some(0), "{}{}", got.stdout, got.stderr);
    let got = run(here, &words("diff values.yaml --name prod -n gitlab --print-kubectl-get"), &none, "");
    let elsewhere = got.stdout.lines().find(|line| line.starts_with("kubectl get -n edge --ignore-not-found "));
    assert!(elsewhere.is_some_and(|line| line.contains(" service/prod-nginx-ingress-controller ")), "{}", got.stdout);
    // kubectl refuses an object of another namespace than that of its flag
    let got = run(here, &words("template prod -n gitlab -f values.yaml --list-phases"), &none, "");
    assert!(got.stdout.contains("kubectl apply --server-side"), "{}", got.stdout);
    assert!(!got.stdout.contains("kubectl apply -n"), "{}", got.stdout);
}

/// A render is what was rendered, however it is spelt: written to a file, to a directory, as JSON, or rendered again.
#[test]
fn a_render_does_not_differ_from_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let none = BTreeMap::new();
    let values = "global: {hosts: {domain: example.org}}\n";
    fs::write(here.join("values.yaml"), values).expect("the values are written");
    for (form, file) in [("yaml", "all.yaml"), ("json", "all.json")] {
        let got = run(here, &words(&format!("template prod -n gitlab -f values.yaml -o {form}")), &none, "");
        fs::write(here.join(file), got.stdout).expect("the manifests are written");
    }
    let got = run(here, &words("template prod -n gitlab -f values.yaml --output-dir out"), &none, "");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    for side in ["all.yaml", "all.json", "out"] {
        for other in ["values.yaml", "all.yaml"] {
            let got = run(here, &words(&format!("diff {side} {other}")), &none, "");
            assert_eq!(got.status, Some(0), "{side} {other}: {}{}", got.stdout, got.stderr);
            assert!(got.stdout.starts_with("no difference in "), "{}", got.stdout);
        }
    }
    let all = fs::read_to_string(here.join("all.yaml")).expect("it was written");
    let got = run(here, &words("diff - -f values.yaml"), &none, &all);
    assert_eq!(got.status, Some(0), "{}{}", got.stdout, got.stderr);
}
