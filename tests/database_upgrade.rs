//! The major upgrade of the bundled PostgreSQL, as a plan prints it, run against programs that keep a state: the data and the
//! pods have to be there at the end, and after the way back.
//!
//! The state is what the public documentation says of each program: a StatefulSet of another major starts on an empty
//! volume, migrations on an empty database make a new GitLab, `database-upgrade` needs the toolbox, a restore needs GitLab to
//! stand still, Helm leaves the number of pods to autoscalers, a HorizontalPodAutoscaler leaves alone what stands at 0, and KEDA
//! does so only when it is paused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{run, words};

/// Programs by name. They share the files `db` (what the database holds), `volume` (whether its claim is there),
/// `backup`, `toolbox`, `pods` (of webservice), `keda` and `paused`, `secret` (the version of the Rails secret) and `log`; a
/// program that is used wrongly ends with 1.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "kubectl",
        r#"echo "kubectl $*" >>log
case "$*" in
  "delete statefulset"*) rm -f running ;;
  "delete pvc data-"*) [ ! -e running ] || exit 1; rm -f db ;;
  "rollout status deployment/"*toolbox*) [ -e helm ] && touch toolbox ;;
  "get job "*) echo job.batch/prod-migrations-1 ;;
  "get "*job.batch/prod-migrations-1*) echo Complete ;;
  "get secret "*) printf 'kind: Secret\nmetadata:\n  resourceVersion: "%s"\n' "$(cat secret)" ;;
  "apply "*" -f rails-secret-"*)
    for file do :; done
    ! grep -q resourceVersion "$file" || { echo "the object has been modified" >&2; exit 1; } ;;
  "get deployment "*) echo "prod-webservice-default $(cat pods)" ;;
  "annotate scaledobject "*"paused-replicas=0") [ -e keda ] || exit 1; touch paused ;;
  "annotate scaledobject "*"paused-replicas-") rm paused ;;
  "scale deployment prod-webservice-default "*) echo "${*##*=}" >pods ;;
  "scale deployment "*"release=prod"*) [ -e keda ] && [ ! -e paused ] || echo 0 >pods ;;
  *backup-utility\ --restore*) [ -e toolbox ] && [ "$(cat pods)" = 0 ] || exit 1; cat backup >db ;;
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
    echo $(($(cat secret) + 1)) >secret # new releases add keys
    if [ ! -e db ]; then
      case "$*" in
        *gitlab.migrations.enabled=false*|rollback*) echo empty >db ;;
        *) echo "a new GitLab" >db ;;
      esac
    elif [ "$(cat major)" != "$(cat wanted)" ] && [ "${1}" = upgrade ]; then
      echo "the server does not start on this volume" >&2; exit 1
    fi ;;
  history*)
    printf -- '- app_version: v17.11.7\n  revision: %s\n  status: %s\n' 6 superseded 7 deployed 8 failed ;;
  "get manifest "*) echo "kind: Deployment" ;;
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
    let state =
        [("db", "the data"), ("major", "14"), ("wanted", "16"), ("running", ""), ("pods", "3"), ("secret", "1")];
    for (file, text) in state {
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

fn planned(at: &Path, flags: &str, values: &str) -> Vec<Value> {
    fs::write(at.join("values.yaml"), values).expect("the values are written");
    let line = format!("upgrade plan {flags} -f values.yaml --name prod -n gitlab -o json");
    let got = run(at, &words(&line), &BTreeMap::new(), "");
    let plan: Value = serde_json::from_str(&got.stdout).unwrap_or_else(|error| panic!("{error}: {}", got.stderr));
    let stops = plan["stops"].as_array().expect("a plan has stops");
    assert_eq!(stops.len(), 1);
    stops[0]["steps"].as_array().expect("a stop has steps").clone()
}

fn state(at: &Path, file: &str) -> String {
    fs::read_to_string(at.join(file)).expect("the state is there").trim().to_owned()
}

/// An upgrade over several minors with GitLab scaled to 0 before, a second try of it, and the way back: the pods are there
/// afterwards, whatever scales them.
#[test]
fn what_an_upgrade_stops_it_starts_again() {
    for (keda, values) in [
        (false, "global: {hosts: {domain: example.org}}\npostgresql: {install: false}\n"),
        (true, "global: {hosts: {domain: example.org}, keda: {enabled: true}}\npostgresql: {install: false}\n"),
        (true, "gitlab: {sidekiq: {pods: [{name: a, keda: {enabled: true}}]}}\npostgresql: {install: false}\n"),
    ] {
        let folder = tempfile::tempdir().expect("a directory");
        let at = folder.path();
        let steps = planned(at, "--from 17.8 --to 17.11", values);
        prepare(at);
        fs::write(at.join("toolbox"), "").expect("the state is written");
        fs::copy(at.join("db"), at.join("backup")).expect("there is a backup");
        if keda {
            fs::write(at.join("keda"), "").expect("the state is written");
        }
        let (back, forward): (Vec<&Value>, Vec<&Value>) = steps.iter().partition(|step| step["kind"] == "back");
        let stop =
            commands(back[0]).into_iter().take_while(|command| !command.starts_with("helm ")).collect::<Vec<_>>();
        for _try in 0..2 {
            sh(at, &commands(forward[0]));
            sh(at, &stop);
            assert_eq!(state(at, "pods"), "0", "{values}");
        }
        fs::write(at.join("major"), "16").expect("the state is written");
        for step in &forward[1..] {
            sh(at, &commands(step));
        }
        assert_eq!(state(at, "pods"), "3", "{values}");
        assert!(!at.join("paused").exists(), "{values}: KEDA is still paused");
        sh(at, &commands(back[0]));
        assert_eq!((state(at, "pods"), state(at, "db")), ("3".to_owned(), "the data".to_owned()), "{values}");
        assert!(!at.join("paused").exists(), "{values}: KEDA is still paused");
    }
}

#[test]
fn a_major_upgrade_of_the_bundled_postgresql_keeps_the_data_both_ways() {
    let folder = tempfile::tempdir().expect("a directory");
    let at = folder.path();
    let steps = planned(at, "--from 17.11 --to 18.2", "global: {hosts: {domain: example.org}}\n");
    prepare(at);
    let (back, forward): (Vec<&Value>, Vec<&Value>) = steps.iter().partition(|step| step["kind"] == "back");
    for step in &forward {
        sh(at, &commands(step));
    }
    assert_eq!(state(at, "db"), "the data");
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
    assert_eq!(state(at, "db"), "the data");
    let log = fs::read_to_string(at.join("log")).expect("there is a log");
    assert!(log.contains("helm rollback prod 7 -n gitlab"), "{log}");
    assert_eq!(state(at, "pods"), "3");
}
