//! `values migrate --in-place` edits values inside files of other tools, and leaves every other byte as it is.

use std::collections::BTreeMap;
use std::fs;

use crate::common::run;

/// A file, its name, what becomes of parts of it, the exit status, and what is said.
struct Case<'c> {
    file: &'c str,
    args: &'c [&'c str],
    old: &'c str,
    changes: &'c [(&'c str, &'c str)],
    status: i32,
    said: &'c [&'c str],
}

const FLUX: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: gitlab}
spec:
  chart: {spec: {chart: gitlab}}
  valuesFrom:
  - {kind: ConfigMap, name: more}
  - {kind: Secret, name: elsewhere, optional: true}
  values:   # ours
    certmanager-issuer: {email: a@example.com}   # odd   spacing
    certmanager:
      install: false   # gone
    gitlab:
      kas:
        redis: {enabled: true}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data:
  values.yaml: |
    global:
      operator:
        enabled: false
      edition: ce
  other: \"x: y\"
";

const ARGO: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: gitlab}
spec:
  source:
    chart: gitlab
    helm:
      values: |
        certmanager-issuer:
          email: a@example.com
        certmanager:
          install: false
      parameters:
      - name: global.operator.enabled
        value: \"false\"
      - {name: global.edition, value: ce}
      valueFiles: [$values/x/y.yaml]
";

const OBJECT: &str = "\
apiVersion: argoproj.io/v1alpha1\r
kind: Application\r
spec:\r
  destination: {namespace: x}\r
  source:\r
    chart: gitlab\r
    helm:\r
      valuesObject:\r
        certmanager-issuer: {email: a@example.com}\r
        certmanager: {install: false}\r
      releaseName: prod\r
";

const UMBRELLA: &str = "\
global:
  operator: {enabled: false}   # old
  edition: ce

gitlab:
  gitlab:
    webservice: {minReplicas: 2}
  certmanager:
    install: false
  certmanager-issuer: {email: a@example.com}
other:
  x: 1
";

const BUNDLE: &str = "\
components:
- name: gitlab
  values:
    certmanager:
      install: false
    certmanager-issuer: {email: a@example.com}
- {name: other}
";

const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: v}
stringData:
  values.yaml: |
    certmanager:
      install: false
    certmanager-issuer: {email: a@example.com}
";

const CASES: &[Case<'_>] = &[
    Case {
        file: "release.yaml",
        args: &[],
        old: FLUX,
        changes: &[
            ("    certmanager:\n      install: false   # gone\n", "    installCertmanager: false   # gone\n"),
            ("    gitlab:\n      kas:\n        redis: {enabled: true}\n", ""),
            ("      operator:\n        enabled: false\n", ""),
        ],
        status: 0,
        said: &[
            "--> release.yaml:12:7\n",
            "--> release.yaml:23:7\n",
            "3 changes\n",
            "`Secret elsewhere` also contains values",
        ],
    },
    Case {
        file: "app.yaml",
        args: &[],
        old: ARGO,
        changes: &[("        certmanager:\n          install: false\n", "        installCertmanager: false\n")],
        status: 1,
        said: &[
            "not edited here: `global.operator`: removed",
            "--> app.yaml:15:9\n",
            "1 change, 1 decision left\n",
            "`x/y.yaml` also contains values",
        ],
    },
    Case {
        file: "app.yaml",
        args: &[],
        old: OBJECT,
        changes: &[("        certmanager: {install: false}\r\n", "        installCertmanager: false\r\n")],
        status: 0,
        said: &["1 change\n"],
    },
    Case {
        file: "values.yaml",
        args: &[],
        old: UMBRELLA,
        changes: &[
            ("  operator: {enabled: false}   # old\n", ""),
            ("  certmanager:\n    install: false\n", "  installCertmanager: false\n"),
        ],
        status: 0,
        said: &["2 changes\n"],
    },
    Case {
        file: "values.yaml",
        args: &["--to", "18.11"],
        old: "global:\n  gatewayApi:\n    addresses: []\ngitlab:\n  gitlab: {}\n  certmanager:\n    install: false\n",
        changes: &[("  certmanager:\n    install: false\n", "  installCertmanager: false\n")],
        status: 1,
        said: &["these globals of an umbrella chart are not edited", "1 change, 1 decision left\n"],
    },
    Case {
        file: "bundle.yaml",
        args: &["--values-at", "components[0].values"],
        old: BUNDLE,
        changes: &[("    certmanager:\n      install: false\n", "    installCertmanager: false\n")],
        status: 0,
        said: &["--> bundle.yaml:5:7\n"],
    },
    Case {
        file: "secret.yaml",
        args: &["--values-at", "stringData.values\\.yaml"],
        old: SECRET,
        changes: &[("    certmanager:\n      install: false\n", "    installCertmanager: false\n")],
        status: 0,
        said: &["--> secret.yaml:7:7\n"],
    },
    Case {
        file: "app.yaml",
        args: &[],
        old: "kind: Application\nspec:\n  source:\n    chart: gitlab\n    helm: {values: \"certmanager: {install: false}\"}\n",
        changes: &[],
        status: 3,
        said: &["error[not-editable]", "--> app.yaml:5:20\n"],
    },
    Case {
        file: "main.tf",
        args: &[],
        old: "resource \"helm_release\" \"gitlab\" {\n}\n",
        changes: &[],
        status: 3,
        said: &["`main.tf` is Terraform configuration"],
    },
];

#[test]
fn values_inside_files_are_edited_and_nothing_else() {
    for case in CASES {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(case.file);
        fs::write(&path, case.old).expect("it can be written");
        let mut args: Vec<String> = ["values", "migrate", "-f", case.file, "--in-place"].map(str::to_owned).to_vec();
        args.extend(case.args.iter().map(|arg| (*arg).to_owned()));
        let ran = run(dir.path(), &args, &BTreeMap::new(), "");
        assert_eq!(ran.status, Some(case.status), "{}", ran.stderr);
        for part in case.said {
            assert!(ran.stderr.contains(part), "{part} is not in\n{}", ran.stderr);
        }
        let wanted = case.changes.iter().fold(case.old.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replacen(old, new, 1)
        });
        assert_eq!(fs::read_to_string(&path).expect("it is there"), wanted, "{}", ran.stderr);
    }
}

/// What is asked, and what is wrong afterwards, stands at its line and column of the user's file.
#[test]
fn messages_about_values_inside_a_file_name_its_places() {
    let values = "certmanager-issuer: {email: a@example.com}\ncertmanager:\n  install: true\nglobal:\n  ingress: {enabled: true}\n  hosts:\n    nonsense: 1\n";
    let inner: String = values.lines().map(|line| format!("        {line}\n")).collect();
    let app = format!(
        "kind: Application\napiVersion: argoproj.io/v1alpha1\nspec:\n  source:\n    chart: gitlab\n    helm:\n      values: |\n{inner}"
    );
    // GitLab's section below, and globals above it that become longer
    let section: String = values.lines().take(3).map(|line| format!("  {line}\n")).collect();
    let umbrella = format!(
        "global:\n  ingress: {{enabled: true}}\n  minio: {{enabled: true}}\n  hosts:\n    nonsense: 1\ngitlab:\n{section}  registry: {{nonsense: 1}}\n  redis: {{install: true}}\n"
    );
    for (text, places) in [(app, &["--> f.yaml:12:11\n", "--> f.yaml:14:13\n"][..]), (umbrella, &["--> f.yaml:2:3\n"])]
    {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("f.yaml"), &text).expect("it can be written");
        let args = ["values", "migrate", "--from", "18.11", "--to", "19.2", "-f", "f.yaml", "--in-place"];
        let ran = run(dir.path(), &args.map(str::to_owned), &BTreeMap::new(), "");
        for place in places {
            assert!(ran.stderr.contains(place), "{place} is not in\n{}", ran.stderr);
        }
        let new = fs::read_to_string(dir.path().join("f.yaml")).expect("it is there");
        let mut checked = 0;
        for found in ran.stderr.split("error[unknown-key]").skip(1) {
            let place = found.lines().find_map(|line| line.trim().strip_prefix("--> f.yaml:")).expect("it has a place");
            let (line, column) = place.split_once(':').expect("a line and a column");
            let line = new.lines().nth(line.parse::<usize>().expect("a number") - 1).expect("the line is there");
            assert!(line[column.parse::<usize>().expect("a number") - 1..].starts_with("nonsense"), "{place}\n{new}");
            checked += 1;
        }
        assert_eq!(
            (checked, ran.stderr.contains("not-editable")),
            (if new.starts_with("global") { 2 } else { 1 }, false),
            "{}\n{new}",
            ran.stderr
        );
    }
}
