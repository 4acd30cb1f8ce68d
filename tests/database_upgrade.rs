//! The major upgrade of the bundled PostgreSQL, as a plan prints it, run against programs that keep a state: the data has
//! to be there at the end, and after the way back.
//!
//! The state is what the public documentation says of each program: a StatefulSet of another major starts on an empty
//! volume, migrations on an empty database make a new GitLab, and `database-upgrade` needs the toolbox.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{run, words};

/// Programs by name. They share the files `db` (what the database holds), `volume` (whether its claim is there),
/// `backup`, `toolbox` and `log`; a program that is used wrongly ends with 1.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "kubectl",
        r#"echo "kubectl $*" >>log
case "$*" in
  "delete statefulset"*) rm -f running ;;
  "delete pvc data-"*) [ ! -e running ] || exit 1; rm -f db ;;
  "rollout status deployment/"*toolbox*) [ -e helm ] && touch toolbox ;;
  *backup-utility\ --restore*) [ -e toolbox ] || exit 1; cat backup >db ;;
  *"-- backup-utility"*) cat db >backup ;;
esac
exit 0"#,
    ),
    (
        "helm",
        r#"echo "helm $*" >>log
case "$*" in
  upgrade*|rollback*)
    rm -f toolbox
    touch helm running
    if [ ! -e db ]; then
      case "$*" in
        *gitlab.migrations.enabled=false*|rollback*) echo empty >db ;;
        *) echo "a new GitLab" >db ;;
      esac
    elif [ "$(cat major)" != "$(cat wanted)" ] && [ "${1}" = upgrade ]; then
      echo "the server does not start on this volume" >&2; exit 1
    fi ;;
  "get metadata"*) echo "revision: 7" ;;
esac
exit 0"#,
    ),
    (
        "curl",
        r#"echo "curl $*" >>log
case "$*" in *gitlab-org/charts/gitlab/-/raw/v9.*/scripts/database-upgrade) ;; *) exit 1 ;; esac
cat >database-upgrade <<'EOF'
for stage do :; done
echo "database-upgrade $stage" >>log
case $stage in
  pre) cat db >backup && cat wanted >major ;;
  post) [ -e toolbox ] && [ "$(cat db)" = empty ] && cat backup >db ;;
esac
EOF"#,
    ),
    ("gitlab-render", "exit 0"),
];

fn prepare(at: &Path) {
    let bin = at.join("bin");
    fs::create_dir(&bin).expect("a directory");
    for (name, body) in PROGRAMS {
        let file = bin.join(name);
        fs::write(&file, format!("#!/bin/sh\n{body}\n")).expect("a program is written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it can be run");
    }
    for (file, text) in [("db", "the data"), ("major", "14"), ("wanted", "16"), ("running", "")] {
        fs::write(at.join(file), text).expect("the state is written");
    }
}

fn sh(at: &Path, commands: &[String]) {
    let path = format!("{}:/usr/bin:/bin", at.join("bin").display());
    for command in commands {
        let done = Command::new("sh").args(["-euc", command]).env("PATH", &path).current_dir(at).output();
        let done = done.expect("there is a shell");
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

fn commands(step: &Value) -> Vec<String> {
    let listed = step["commands"].as_array().expect("a step has commands");
    listed.iter().map(|command| command.as_str().expect("a command is a string").to_owned()).collect()
}

#[test]
fn a_major_upgrade_of_the_bundled_postgresql_keeps_the_data_both_ways() {
    let folder = tempfile::tempdir().expect("a directory");
    let at = folder.path();
    fs::write(at.join("values.yaml"), "global: {hosts: {domain: example.org}}\n").expect("the values are written");
    let got = run(
        at,
        &words("upgrade plan --from 17.11 --to 18.2 -f values.yaml --name prod -n gitlab -o json"),
        &BTreeMap::new(),
        "",
    );
    let plan: Value = serde_json::from_str(&got.stdout).unwrap_or_else(|error| panic!("{error}: {}", got.stderr));
    let stops = plan["stops"].as_array().expect("a plan has stops");
    assert_eq!(stops.len(), 1);
    let steps = stops[0]["steps"].as_array().expect("a stop has steps");
    prepare(at);
    let (back, forward): (Vec<&Value>, Vec<&Value>) = steps.iter().partition(|step| step["kind"] == "back");
    for step in &forward {
        sh(at, &commands(step));
    }
    assert_eq!(fs::read_to_string(at.join("db")).expect("there is a database").trim(), "the data");
    let log = fs::read_to_string(at.join("log")).expect("there is a log");
    let order: Vec<usize> =
        ["database-upgrade pre", "delete statefulset", "delete pvc", "helm upgrade", "database-upgrade post"]
            .iter()
            .map(|what| log.find(what).unwrap_or_else(|| panic!("{what} is missing in\n{log}")))
            .collect();
    assert!(order.is_sorted(), "{log}");
    assert!(log.contains("gitlab.migrations.enabled=false"), "{log}");
    for step in &back {
        sh(at, &commands(step));
    }
    assert_eq!(fs::read_to_string(at.join("db")).expect("there is a database").trim(), "the data");
    let log = fs::read_to_string(at.join("log")).expect("there is a log");
    assert!(log.contains("helm rollback prod 7 -n gitlab"), "{log}");
}
