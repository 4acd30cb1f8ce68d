//! Plans for those who apply from git: the printed commands run as they are, in a repository with its remote, with programs in
//! the place of Argo CD, Flux and kubectl that write down how they were called.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::{Ran, run_program};

const VALUES: &str = "\
global: {hosts: {domain: example.org}}
installCertmanager: false
certmanager-issuer: {email: ops@example.org}
";

/// Writes down its call; of Deployments it knows one.
const PROGRAM: &str = "#!/bin/sh
echo \"${0##*/} $*\" >>calls.txt
case \"$*\" in 'get deployment '*) echo 'prod-webservice-default 2' ;; 'get '*) echo 'kind: Secret' ;; esac
";

fn sh(at: &Path, line: &str) -> Ran {
    let mut command = Command::new("sh");
    let path = format!("{}:{}", at.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    command.args(["-ec", line]).current_dir(at.join("work")).env("PATH", path).env("HOME", at);
    for (name, value) in [("AUTHOR_NAME", "a"), ("AUTHOR_EMAIL", "a@example.org"), ("COMMITTER_NAME", "a")] {
        command.env(format!("GIT_{name}"), value);
    }
    command.env("GIT_COMMITTER_EMAIL", "a@example.org").env("GIT_CONFIG_NOSYSTEM", "1");
    run_program(command, "")
}

fn works(at: &Path, line: &str) -> String {
    let ran = sh(at, line);
    let compares = line.starts_with("gitlab-render diff") && ran.status == Some(1);
    assert!(ran.status == Some(0) || compares, "{line}\n{}\n{}", ran.stdout, ran.stderr);
    ran.stdout
}

/// A repository whose directory holds GitLab 18.8, with its remote.
fn repository(at: &Path, tool: &str, dir: &str) {
    fs::create_dir_all(at.join("bin")).expect("a directory");
    fs::create_dir_all(at.join("work")).expect("a directory");
    let ours = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_gitlab-render"));
    for (name, text) in [("argocd", PROGRAM), ("flux", PROGRAM), ("kubectl", PROGRAM), ("gitlab-render", ours.as_str())]
    {
        let file = at.join("bin").join(name);
        fs::write(&file, text).expect("a program is written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it can be run");
    }
    fs::write(at.join("work/values.yaml"), VALUES).expect("the values are written");
    works(
        at,
        &format!(
            "git init -q --bare ../origin.git && git init -q -b main . && git remote add origin ../origin.git
             gitlab-render template prod -n gitlab -f values.yaml --gitlab-version 18.8 --is-upgrade --hooks {tool} --output-dir {dir}
             git add {dir} values.yaml && git commit -q -m first && git push -q -u origin main"
        ),
    );
}

#[test]
fn the_commands_for_argo_cd_and_flux_run_as_they_are_printed() {
    let cases = [
        ("argocd", "manifests", "", "argocd app sync prod-gitlab --prune"),
        ("argocd", "manifests", "--zero-downtime", "argocd app wait prod-gitlab --sync --health"),
        ("flux", "clusters/prod/gitlab", "", "flux reconcile kustomization prod-post"),
        // its script waits for Jobs, which nobody ends here
    ];
    for (tool, dir, more, applies) in cases {
        let folder = tempfile::tempdir().expect("a directory");
        let at = folder.path();
        repository(at, tool, dir);
        let plan = works(
            at,
            &format!(
                "gitlab-render upgrade plan --from 18.8 --to 18.9 --with {tool} {more} -f values.yaml --name prod -n gitlab -o json"
            ),
        );
        let plan: Value = serde_json::from_str(&plan).expect("JSON");
        let steps = plan["stops"][0]["steps"].as_array().expect("steps");
        let (back, there): (Vec<_>, Vec<_>) = steps.iter().partition(|step| step["kind"] == "back");
        let commands = |steps: &[&Value]| -> Vec<String> {
            let all = steps.iter().flat_map(|step| step["commands"].as_array().expect("commands"));
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let image = |line: &str| {
            works(at, &format!("git grep -h -o 'gitlab-webservice-ee:v[0-9.]*' {line} -- {dir} | sort -u"))
        };
        let runs = image("HEAD");
        commands(&there).iter().for_each(|command| drop(works(at, command)));
        assert_eq!(image("HEAD").trim(), "gitlab-webservice-ee:v18.9.8", "{tool} {more}");
        assert_eq!(image("origin/main"), image("HEAD"), "{tool}: what is committed is pushed");
        assert_eq!(works(at, &format!("git status --porcelain -- {dir}")), "", "{tool}: all of it is committed");
        let calls = fs::read_to_string(at.join("work/calls.txt")).expect("programs were called");
        assert!(calls.contains(applies), "{tool} {more}: {calls}");

        commands(&back).iter().for_each(|command| drop(works(at, command)));
        assert_eq!(image("origin/main"), runs, "{tool} {more}");
        works(at, &format!("git diff --exit-code \"$(cat commit-18.8.11.txt)\" HEAD -- {dir}"));
        let calls = fs::read_to_string(at.join("work/calls.txt")).expect("programs were called");
        let scaled = "kubectl scale deployment prod-webservice-default -n gitlab --replicas=2";
        assert!(calls.contains(scaled), "{tool} {more}: {calls}");
    }
}
