//! The lines by which a plan or a guide saves what a way back needs, run as they are printed, in a real `sh`: what a command left
//! half done, empty or as an empty list never counts as saved. And the whole way there and back where a release has objects
//! in two namespaces.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde::Deserialize;
use serde_json::Value;

use crate::common::{run, words};

/// Prints what the real program prints; `MODE` says how it fails: `half` breaks off, `nothing` and `empty` succeed without an
/// object.
const PROGRAM: &str = r#"#!/bin/sh
case "${0##*/} $*" in
"kubectl get secret -n "*) good='apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    resourceVersion: "7"\nkind: List\n' empty='apiVersion: v1\nitems: []\nkind: List\n' ;;
"kubectl get pvc "*) good='NAME   STATUS   VOLUME\ndata   Bound    pv-1\n' empty='' ;;
"kubectl get deployment "*) good='prod-webservice-default 2\n' empty='' ;;
"kubectl get "*) good='apiVersion: v1\nkind: Secret\nmetadata:\n  resourceVersion: "7"\n  name: prod\n' empty='' ;;
"helm history "*) good='- app_version: v18\n  revision: 7\n  status: deployed\n' empty='[]\n' ;;
"helm get manifest "*) good='---\napiVersion: v1\nkind: Service\nmetadata:\n  name: prod\n' empty='\n' ;;
"argocd app manifests "*) good='---\napiVersion: v1\nkind: Service\nmetadata:\n  name: prod\n' empty='' ;;
"argocd app get "*) good='metadata:\n  name: prod\nspec: {}\n' empty='{}\n' ;;
"git rev-parse HEAD") good='0123456789\n' empty='' ;;
*) exit 64 ;;
esac
case $MODE in
good) printf %b "$good" ;;
half) printf %b "$good" | head -n 2; exit 1 ;;
empty) printf %b "$empty" ;;
esac
"#;

fn program(bin: &Path, name: &str, text: &str) {
    let file = bin.join(name);
    fs::write(&file, text).expect("a program is written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it can be run");
}

fn sh(at: &Path, command: &str, mode: &str) -> Output {
    let path = format!("{}:/usr/bin:/bin", at.join("bin").display());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("PATH", path).env("MODE", mode).env("POLL_SECONDS", "0").current_dir(at);
    shell.output().expect("there is a shell")
}

fn json(at: &Path, line: &str) -> Value {
    let got = run(at, &words(line), &BTreeMap::new(), "");
    serde_json::from_str(&got.stdout).unwrap_or_else(|error| panic!("{line}: {error}: {}", got.stderr))
}

fn commands(steps: &Value) -> Vec<String> {
    let steps = steps.as_array().expect("a list of steps").iter();
    let commands = steps.flat_map(|step| step["commands"].as_array().expect("a list of commands"));
    commands.map(|command| command.as_str().expect("a command is a string").to_owned()).collect()
}

#[test]
fn what_broke_off_or_is_empty_does_not_count_as_saved() {
    let folder = tempfile::tempdir().expect("a directory");
    let at = folder.path();
    fs::write(
        at.join("values.yaml"),
        "global: {hosts: {domain: example.org}}\ncertmanager-issuer: {email: a@example.org}\n",
    )
    .expect("the values are written");
    let bin = at.join("bin");
    fs::create_dir(&bin).expect("a directory");
    for name in ["kubectl", "helm", "argocd", "git"] {
        program(&bin, name, PROGRAM);
    }
    let mut lines = BTreeSet::new();
    for with in ["kubectl", "helm", "argocd", "flux"] {
        for hop in ["--from 18.8 --to 18.9", "--from 17.8 --to 17.11"] {
            let plan =
                json(at, &format!("upgrade plan {hop} -f values.yaml --name prod -n gitlab --with {with} -o json"));
            lines.extend(commands(&plan["stops"][0]["steps"]));
        }
    }
    lines.extend(commands(&json(at, "adopt prod -n gitlab -f values.yaml -o json")["steps"]));
    lines.retain(|line| line.starts_with("test -s "));
    assert!(lines.len() >= 12, "{lines:#?}");
    for line in &lines {
        let file = at.join(line.split(' ').nth(2).expect("it names its file"));
        let needed = line.split("$(cat ").nth(1).and_then(|rest| rest.split(')').next()).map(|name| at.join(name));
        if let Some(needed) = &needed {
            fs::write(needed, "7\n").expect("the revision is saved");
        }
        for mode in ["half", "nothing", "empty"] {
            let got = sh(at, line, mode);
            assert!(!file.exists(), "{mode}: {line}");
            assert!(!got.status.success(), "{mode}: {line}");
            let told = String::from_utf8_lossy(&got.stderr).into_owned();
            assert!(told.contains("is not saved: do not go on"), "{mode}: {line}: {told}");
        }
        for mode in ["good", "half", "nothing"] {
            let got = sh(at, line, mode);
            assert!(got.status.success(), "{mode}: {line}: {}", String::from_utf8_lossy(&got.stderr));
        }
        let saved = fs::read_to_string(&file).expect("it is saved");
        // what is applied again has nothing of the moment in which it was saved
        let applied = file.to_string_lossy().contains("secret") || file.ends_with("helm-release.yaml");
        assert!(!saved.is_empty(), "{line}");
        assert!(!applied || !saved.contains("resourceVersion"), "{line}: {saved}");
        for made in std::iter::once(&file).chain(&needed) {
            fs::remove_file(made).expect("the next line may save the same");
        }
    }
    let left: Vec<_> = fs::read_dir(at).expect("a directory").map(|entry| entry.expect("a file").file_name()).collect();
    let parts = left.iter().filter(|name| [".part", ".raw"].iter().any(|end| name.to_string_lossy().ends_with(end)));
    assert_eq!(parts.count(), 0, "{left:?}");
}

/// Writes its words and what it applies into numbered files.
const KUBECTL: &str = r#"#!/bin/sh
n=$(ls calls | grep -c words)
echo "$*" >"calls/$n.words"
case "$*" in
apply*)
  for file do :; done
  if [ "$file" = - ]; then cat >"calls/$n.yaml"; else cat "$file" >"calls/$n.yaml"; fi ;;
"get deployment "*) echo "prod-webservice-default 2" ;;
"get secret "*) printf 'kind: Secret\nmetadata:\n  name: prod-rails-secret\n' ;;
"get namespace "*) echo namespace/edge ;;
*jsonpath*) echo " Complete " ;;
esac
"#;

/// Kinds of objects without a namespace.
const CLUSTER_WIDE: [&str; 3] = ["ClusterRole", "ClusterRoleBinding", "IngressClass"];

/// The namespaces into which a call applies: kubectl refuses an object of another namespace than that of `-n`, and takes the
/// namespace of its own configuration where neither says one.
fn namespaces(words: &str, manifests: &str) -> BTreeSet<String> {
    let flag = words.split_once(" -n ").map(|(_, rest)| rest.split(' ').next().expect("a word"));
    let mut found = BTreeSet::new();
    for document in serde_yaml::Deserializer::from_str(manifests) {
        let object = Value::deserialize(document).expect("it is YAML");
        if object.is_null() || CLUSTER_WIDE.contains(&object["kind"].as_str().unwrap_or_default()) {
            continue;
        }
        let own = object["metadata"]["namespace"].as_str();
        assert!(own.is_none() || flag.is_none() || own == flag, "{words}: {object}");
        found.insert(own.or(flag).unwrap_or("(that of kubectl)").to_owned());
    }
    found
}

#[test]
fn with_two_namespaces_each_line_goes_to_the_right_one() {
    let folder = tempfile::tempdir().expect("a directory");
    let at = folder.path();
    let values = "global: {hosts: {domain: example.org}}\ncertmanager-issuer: {email: a@example.org}\n";
    fs::write(at.join("values.yaml"), format!("{values}nginx-ingress: {{namespaceOverride: edge}}\n"))
        .expect("the values are written");
    let bin = at.join("bin");
    fs::create_dir(&bin).expect("a directory");
    fs::create_dir(at.join("calls")).expect("a directory");
    program(&bin, "kubectl", KUBECTL);
    program(&bin, "helm", "#!/bin/sh\nprintf 'kind: Service\\nmetadata:\\n  name: prod-kas\\n'\n");
    symlink(env!("CARGO_BIN_EXE_gitlab-render"), bin.join("gitlab-render")).expect("the program is there");
    let plan = json(at, "upgrade plan --from 18.8 --to 18.9 -f values.yaml --name prod -n gitlab -o json");
    let steps = plan["stops"][0]["steps"].as_array().expect("a list of steps");
    for step in steps {
        for command in step["commands"].as_array().expect("a list of commands").iter().filter_map(Value::as_str) {
            let got = sh(at, command, "");
            // `diff` ends with 1 where something differs
            let differs = command.starts_with("gitlab-render diff") && got.status.code() == Some(1);
            assert!(got.status.success() || differs, "{command}: {}", String::from_utf8_lossy(&got.stderr));
        }
        if step["kind"] == "values" {
            // from here on without the controller: the script deletes it where it was
            fs::write(at.join("values-18.9.8.yaml"), format!("{values}nginx-ingress: {{enabled: false}}\n"))
                .expect("the values are written");
        }
    }
    let mut both = 0;
    let mut deleted = BTreeSet::new();
    for number in 0.. {
        let Ok(words) = fs::read_to_string(at.join(format!("calls/{number}.words"))) else { break };
        let words = words.trim();
        let wide = CLUSTER_WIDE.iter().any(|kind| words.contains(&kind.to_lowercase()));
        if words.starts_with("delete ") && words.contains("nginx-ingress") && !wide {
            deleted.extend(words.split(' ').nth(2).map(str::to_owned));
        }
        let Ok(manifests) = fs::read_to_string(at.join(format!("calls/{number}.yaml"))) else { continue };
        let found = namespaces(words, &manifests);
        assert!(found.iter().all(|one| one == "gitlab" || one == "edge"), "{words}: {found:?}");
        both += usize::from(found.len() == 2);
    }
    assert_eq!(both, 1, "the way back applies both namespaces");
    assert_eq!(deleted, BTreeSet::from(["edge".to_owned()]));
}
