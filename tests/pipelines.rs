//! The files for pipelines in `ci/`: the commands in them are run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::{Ran, root, run_program};

const VALUES: &str = "certmanager-issuer: {email: a@example.com}\ninstallCertmanager: false\n";

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("values.yaml"), VALUES).expect("it can be written");
    let ran = shell(dir.path(), "gitlab-render template gitlab -n gitlab -f values.yaml --output-dir manifests", &[]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    fs::write(dir.path().join("values.yaml"), format!("{VALUES}gitlab: {{kas: {{maxReplicas: 3}}}}\n"))
        .expect("it can be written");
    dir
}

/// Runs a script as a pipeline does.
fn shell(dir: &Path, script: &str, env: &[(&str, &str)]) -> Ran {
    let binary = Path::new(env!("CARGO_BIN_EXE_gitlab-render")).parent().expect("it has one");
    let mut command = Command::new("bash");
    command.args(["-eo", "pipefail", "-c", script]).current_dir(dir).env_clear();
    command.env("PATH", format!("{}:/usr/bin:/bin", binary.display())).envs(env.iter().copied());
    run_program(command, "")
}

fn yaml(path: &str) -> Vec<Value> {
    let text = fs::read_to_string(root().join(path)).expect("it can be read");
    text.split("\n---\n").map(|text| serde_yaml::from_str(text).expect("it is YAML")).collect()
}

#[test]
fn the_jobs_of_the_gitlab_component_run() {
    let documents = yaml("ci/gitlab-component.yml");
    let inputs = documents[0]["spec"]["inputs"].as_object().expect("it has inputs");
    let given = BTreeMap::from([("image", "x"), ("from", "18.8")]);
    let dir = folder();
    for (name, job) in documents[1].as_object().expect("it has jobs") {
        let lines: Vec<&str> = job["script"].as_array().expect("a script").iter().filter_map(Value::as_str).collect();
        let mut script = lines.join("\n");
        for (input, about) in inputs {
            let value = given.get(input.as_str()).copied().or(about["default"].as_str()).expect("an input has a value");
            script = script.replace(&format!("$[[ inputs.{input} ]]"), value);
        }
        assert!(!script.contains("$[["), "{script}");
        let ran = shell(dir.path(), &script, &[]);
        assert_eq!(ran.status, Some(0), "{name}: {}", ran.stderr);
    }
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("the job writes it");
    assert!(serde_json::from_str::<Value>(&read("gl-code-quality-report.json")).expect("it is JSON").is_array());
    assert!(read("diff.md").contains("HorizontalPodAutoscaler/gitlab-kas"));
    assert!(read("plan.md").contains("18.8"));
}

#[test]
fn the_steps_of_the_github_action_run() {
    let action = &yaml("ci/action.yml")[0];
    let dir = folder();
    let summary = dir.path().join("summary.md").display().to_string();
    let env = [
        ("VALUES", "values.yaml"),
        ("RELEASE", "gitlab"),
        ("NAMESPACE", "gitlab"),
        ("MANIFESTS", "manifests"),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
    ];
    for step in action["runs"]["steps"].as_array().expect("it has steps") {
        let names: Vec<&String> = step["env"].as_object().expect("variables").keys().collect();
        assert!(names.iter().all(|name| env.iter().any(|(known, _)| known == name)));
        let ran = shell(dir.path(), step["run"].as_str().expect("a script"), &env);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    }
    assert!(fs::read_to_string(summary).expect("it is written").contains("gitlab-kas"));
    let sarif: Value =
        serde_json::from_str(&fs::read_to_string(dir.path().join("gitlab-render.sarif")).expect("it is written"))
            .expect("it is JSON");
    assert_eq!(sarif["version"], "2.1.0");
}

#[test]
fn the_hooks_of_pre_commit_refuse_wrong_values() {
    let dir = folder();
    for (hook, status) in yaml(".pre-commit-hooks.yaml")[0].as_array().expect("a list").iter().zip([1, 3]) {
        let entry = format!("{} values.yaml more.yaml", hook["entry"].as_str().expect("a command"));
        fs::write(dir.path().join("more.yaml"), "global: {edition: ce}\n").expect("it can be written");
        let ran = shell(dir.path(), &entry, &[]);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        fs::write(dir.path().join("more.yaml"), "globl: {}\n").expect("it can be written");
        let ran = shell(dir.path(), &entry, &[]);
        assert_eq!(ran.status, Some(status));
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains("more.yaml:1:1") && said.contains("did you mean `global`?"), "{said}");
    }
}
