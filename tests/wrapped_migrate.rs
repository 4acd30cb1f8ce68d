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
        changes: &[("certmanager: {install: false}", "installCertmanager: false")],
        status: 0,
        said: &["--> app.yaml:5:20\n", "1 change\n"],
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
        "global:\n  ingress: {{enabled: true}}\n  minio: {{enabled: true}}\n  hosts:\n    domainn: a.b\ngitlab:\n{section}  registry: {{nonsense: 1}}\n  redis: {{install: true}}\n"
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
            let key = &line[column.parse::<usize>().expect("a number") - 1..];
            assert!(key.starts_with("nonsense") || key.starts_with("domainn"), "{place}\n{new}");
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

/// The values of an Application in every form that YAML has, and what becomes of them.
const FORMS: &[(&str, &str, &str)] = &[
    (
        "braces on one line",
        "valuesObject: {certmanager: {install: false}, global: {operator: {enabled: false}, edition: ce}}  # why\n",
        "valuesObject: {global: {edition: ce}, installCertmanager: false}  # why\n",
    ),
    (
        "braces on several lines",
        "valuesObject: {\n  certmanager: {install: false},\n  global: {operator: {enabled: false},\n           edition: ce}  # why\n}\n",
        "valuesObject: {\n  global: {edition: ce}, installCertmanager: false  # why\n}\n",
    ),
    (
        "a literal block with a number, a comment and blank lines at its end",
        "values: |2+  # why\n    certmanager:\n      install: false  #\tgone\n    global:\n      edition: ce\n\n\n",
        "values: |2+  # why\n    installCertmanager: false  #\tgone\n    global:\n      edition: ce\n\n\n",
    ),
    (
        "braces in a literal block",
        "values: |-\n  {certmanager: {install: false},\n   global: {edition: ce}}\n",
        "values: |-\n  {global: {edition: ce}, installCertmanager: false}\n",
    ),
    (
        "a folded block whose lines stay apart",
        "values: >\n  global:\n    operator:\n      enabled: false\n    edition: ce\n",
        "values: >\n  global:\n    edition: ce\n",
    ),
    (
        "a folded block whose new lines would be joined",
        "values: >-  # why\n  certmanager:\n    install: false\n  global:\n    edition: ce\n",
        "values: |-  # why\n  installCertmanager: false\n  global:\n    edition: ce\n",
    ),
    (
        "double quotes",
        "values: \"certmanager:\\n  install: false # \\\"q\\\"\\nglobal: {edition: ce}\\n\"  # why\n",
        "values: \"installCertmanager: false # \\\"q\\\"\\nglobal: {edition: ce}\\n\"  # why\n",
    ),
    (
        "single quotes",
        "values: '{certmanager: {install: false}, global: {edition: ''ce''}}'\n",
        "values: '{global: {edition: ''ce''}, installCertmanager: false}'\n",
    ),
    (
        "single quotes over several lines, which become one",
        "values: '{certmanager: {install: false},\n  global: {edition: ce}}'\n",
        "values: '{global: {edition: ce}, installCertmanager: false}'\n",
    ),
    (
        "JSON",
        "{\"valuesObject\": {\n  \"certmanager\": {\"install\": false},\n  \"global\": {\"edition\": \"ce\"}}}\n",
        "{\"valuesObject\": {\n  \"global\": {\"edition\": \"ce\"}, \"installCertmanager\": false}}\n",
    ),
    (
        "an anchor and its alias",
        "valuesObject: &all\n  certmanager:\n    install: &no false\n  global:\n    kas: {enabled: *no}\n",
        "valuesObject: &all\n  installCertmanager: &no false\n  global:\n    kas: {enabled: *no}\n",
    ),
];

#[test]
fn values_in_every_form_of_yaml_are_edited_in_place() {
    let head = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: gitlab}\nspec:\n  source:\n    chart: gitlab\n    helm:\n";
    let indented = |text: &str| {
        text.lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("      {line}\n") })
            .collect::<String>()
    };
    for (form, old, new) in FORMS {
        let (old, new) = (format!("{head}{}", indented(old)), format!("{head}{}", indented(new)));
        let ends = |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned();
        let whole = |text: &str| format!("\u{feff}---\n# first\na: 1\n---\n{text}...\n---\nkind: ConfigMap\n");
        type Way<'w> = (&'w str, &'w dyn Fn(&str) -> String);
        let ways: [Way<'_>; 4] = [
            ("as it is", &|text| text.to_owned()),
            ("CRLF", &|text| text.replace('\n', "\r\n")),
            ("no line break at the end", &ends),
            ("among documents", &whole),
        ];
        for (way, make) in ways {
            let dir = tempfile::tempdir().expect("a folder");
            fs::write(dir.path().join("a.yaml"), make(&old)).expect("it can be written");
            let args = ["values", "migrate", "-f", "a.yaml", "--in-place", "--no-verify"].map(str::to_owned);
            let ran = run(dir.path(), &args, &BTreeMap::new(), "");
            let found = fs::read_to_string(dir.path().join("a.yaml")).expect("it is there");
            assert_eq!(found, make(&new), "{form}, {way}: {}", ran.stderr);
        }
    }
}

#[test]
fn an_item_keeps_its_dash_and_values_in_lists_are_edited_in_place() {
    let file = |first: &str| {
        format!("releases:\n- name: gitlab\n  chart: gitlab/gitlab\n  values:\n{first}- name: other\n  chart: a/b\n")
    };
    for (old, new) in [
        (
            "  - certmanager:\n      install: false\n    # low\n    global: {edition: ce}\n",
            "  - installCertmanager: false\n    # low\n    global: {edition: ce}\n",
        ),
        ("  - {certmanager: {install: false}}\n  - a.yaml\n", "  - {installCertmanager: false}\n  - a.yaml\n"),
        ("  - global: {operator: {enabled: false}}\n", "  - {}\n"),
        (
            "  -   global:\n        operator: {enabled: false}\n        edition: ce\n",
            "  -   global:\n        edition: ce\n",
        ),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("helmfile.yaml"), file(old)).expect("it can be written");
        let args = ["values", "migrate", "-f", "helmfile.yaml", "--in-place", "--no-verify"].map(str::to_owned);
        let ran = run(dir.path(), &args, &BTreeMap::new(), "");
        assert_eq!(
            fs::read_to_string(dir.path().join("helmfile.yaml")).expect("it is there"),
            file(new),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn an_alias_for_what_stands_elsewhere_is_refused_at_its_values() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nmetadata: {name: &n ce}\nspec:\n  chart: {spec: {chart: gitlab}}\n  values:\n    certmanager: {install: false}\n    global: {edition: *n}\n";
    fs::write(dir.path().join("a.yaml"), text).expect("it can be written");
    let args = ["values", "migrate", "-f", "a.yaml", "--in-place"].map(str::to_owned);
    let ran = run(dir.path(), &args, &BTreeMap::new(), "");
    assert!(ran.status == Some(3) && ran.stderr.contains("--> a.yaml:7:5\n"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(dir.path().join("a.yaml")).expect("it is there"), text);
}

/// Globals of an umbrella chart belong to all its charts: only what is like a key of ours is an error.
#[test]
fn globals_of_other_charts_are_left_to_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = "global:\n  hosts: {domain: example.com}\n  mine: {a: 1}\n  postgresql: {auth: {username: x}}\n  image: {registry: r, pullSecrt: 1}\n  ingres: {class: x}\ngitlab:\n  certmanager-issuer: {email: a@example.com}\n  redis: {install: true}\npostgres: {enabled: true}\nredis: {enabled: true}\n";
    fs::write(dir.path().join("values.yaml"), text).expect("it can be written");
    let ran = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        run(dir.path(), &args, &BTreeMap::new(), "")
    };
    let found = ran(&["template", "-f", "values.yaml"]);
    for part in [
        "note[foreign-global]: `global.mine` is not a key of GitLab's chart",
        "warning[foreign-global]: `global.postgresql` is not",
        "if GitLab is meant: write `global.psql`",
        "error[unknown-key]: `global.ingres` is not a known key\n --> values.yaml:6:3\n",
    ] {
        assert!(found.stderr.contains(part), "{part} is not in\n{}", found.stderr);
    }
    assert!(!found.stderr.contains("`postgres`"), "{}", found.stderr);
    fs::write(dir.path().join("values.yaml"), text.replace("  ingres: {class: x}\n", "")).expect("it can be written");
    let found = ran(&["values", "migrate", "-f", "values.yaml", "--in-place", "--comment-unknown"]);
    assert_eq!(found.status, Some(0), "{}", found.stderr);
    assert!(fs::read_to_string(dir.path().join("values.yaml")).expect("it is there").contains("\n  mine: {a: 1}\n"));
}

/// A file with several names, or one behind a link, stays one file, with its mode.
#[test]
fn a_file_that_is_edited_in_place_stays_the_same_file() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    fs::write(at("a.yaml"), "certmanager:\n  install: false\n").expect("it can be written");
    fs::set_permissions(at("a.yaml"), fs::Permissions::from_mode(0o640)).expect("a mode");
    fs::hard_link(at("a.yaml"), at("b.yaml")).expect("a link");
    symlink("a.yaml", at("c.yaml")).expect("a link");
    let before = fs::metadata(at("a.yaml")).expect("it is there");
    for (name, line) in [("a.yaml", "certmanager:\n  install: true\n"), ("c.yaml", "certmanager:\n  install: false\n")]
    {
        fs::write(at("b.yaml"), line).expect("it can be written");
        let args = ["values", "migrate", "-f", name, "--in-place", "--no-verify"].map(str::to_owned);
        let ran = run(dir.path(), &args, &BTreeMap::new(), "");
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        let text = fs::read_to_string(at("b.yaml")).expect("it is there");
        assert!(text.starts_with("installCertmanager: "), "{text}");
        let after = fs::metadata(at("a.yaml")).expect("it is there");
        assert_eq!((after.ino(), after.nlink(), after.mode()), (before.ino(), 2, before.mode()));
        assert!(at("c.yaml").is_symlink());
    }
}

/// All of many unknown keys become comments, one after the other and those that leave a map empty.
#[test]
fn many_unknown_keys_become_comments_at_once() {
    let keys: String = (0..700).map(|n| format!("unknown{n}:\n  a: {n}   # why\n")).collect();
    let text = format!(
        "# head\nglobal:\n  edition: ce\n  # first\n  nonsense: 1\n{keys}gitlab:\n  nonsense:\n    - x\n# end\n"
    );
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("a.yaml"), &text).expect("it can be written");
    let args = ["values", "migrate", "-f", "a.yaml", "--in-place", "--comment-unknown"].map(str::to_owned);
    let ran = run(dir.path(), &args, &BTreeMap::new(), "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let commented: String = keys.lines().map(|line| format!("# {line}\n")).collect();
    let wanted = format!(
        "# head\nglobal:\n  edition: ce\n  # first\n  # nonsense: 1\n{commented}# gitlab:\n#   nonsense:\n#     - x\n# end\n"
    );
    assert_eq!(fs::read_to_string(dir.path().join("a.yaml")).expect("it is there"), wanted);
}

/// Thousands of changes are made together: one after the other, each with the file read again, they would take minutes.
/// What a person wrote above a key that goes stays.
#[test]
fn thousands_of_changes_are_made_at_once() {
    let pods = |cluster: &str| -> String {
        (0..1_500).map(|n| format!("    - name: p{n}\n      # why {n}\n{cluster}      queues: a\n")).collect()
    };
    let keys: String = (0..1_500).map(|n| format!("      L{n}: x   # {n}\n")).collect();
    let file = |pods: &str, keys: &str| format!("gitlab:\n  sidekiq:\n    pods:\n{pods}{keys}");
    let old = file(
        &pods("      cluster: true\n"),
        &format!("  webservice:\n    extraEnv:\n      A: b\n  unicorn:\n    # all of them\n    extraEnv:\n{keys}"),
    );
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("a.yaml"), &old).expect("it can be written");
    let args = ["values", "migrate", "-f", "a.yaml", "--in-place", "--no-verify"].map(str::to_owned);
    let ran = run(dir.path(), &args, &BTreeMap::new(), "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr.lines().take(20).collect::<String>());
    let new = fs::read_to_string(dir.path().join("a.yaml")).expect("it is there");
    assert!(new.starts_with(&file(&pods(""), "  webservice:\n    extraEnv:\n      A: b\n")), "{new:.900}");
    assert_eq!(new.matches(": x   # ").count(), 1_500);
    assert!(new.contains("# all of them") && !new.contains("unicorn"), "{}", &new[new.len() - 900..]);
}
