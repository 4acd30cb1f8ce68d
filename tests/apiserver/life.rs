//! The life of a release: made by Helm, taken over, upgraded, changed, failed and brought back, by the commands as they are
//! printed. The test plays the controllers: it ends Jobs and makes workloads ready.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;
use crate::common::{Ran, run_program};

/// What a release of the official chart leaves, for Helm's way of applying.
const WAYS: [(&str, &[&str]); 2] =
    [("helm-3", &["create", "--field-manager=helm"]), ("helm-4", &["apply", "--server-side", "--field-manager=helm"])];

const VALUES: &str = "\
global:
  hosts: {domain: example.org}
  minio: {enabled: false}
  psql: {host: db.example.org, password: {secret: pg, key: password}}
  redis: {host: redis.example.org, auth: {secret: redis, key: password}}
  appConfig: {object_store: {enabled: true, connection: {secret: objects, key: connection}}}
  registry: {enabled: false}
installCertmanager: false
certmanager-issuer: {email: me@example.org}
prometheus: {install: false}
postgresql: {install: false}
redis: {install: false}
gitlab-runner: {install: false}
gitlab:
  toolbox: {backups: {objectStorage: {config: {secret: s3cfg, key: config}}}}
";

/// A shell with `kubectl` for the server and this build of `gitlab-render`, in a folder of its own.
pub(super) struct Shell<'a> {
    pub server: &'a Server,
    pub at: &'a Path,
}

impl Shell<'_> {
    pub fn prepare(server: &Server, at: &Path) {
        let bin = at.join("bin");
        fs::create_dir(&bin).expect("a directory");
        let ours = format!("exec {} \"$@\"", env!("CARGO_BIN_EXE_gitlab-render"));
        let shell = Shell { server, at };
        shell.program("kubectl", &server.kubectl_line());
        shell.program("gitlab-render", &ours);
        fs::write(at.join("values.yaml"), VALUES).expect("the values are written");
    }

    /// Puts a program on the path, a line of shell.
    pub fn program(&self, name: &str, line: &str) {
        let file = self.at.join("bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{line}\n")).expect("a program is written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it can be run");
    }

    /// Runs commands as they are printed.
    pub fn sh(&self, commands: &str) -> Ran {
        let mut command = Command::new("sh");
        let path = format!("{}:{}", self.at.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.args(["-ec", commands]).current_dir(self.at);
        command.env_clear().env("PATH", path).env("HOME", self.at).env("POLL_SECONDS", "1");
        run_program(command, "")
    }

    pub fn works(&self, commands: &str) -> String {
        let ran = self.sh(commands);
        assert_eq!(ran.status, Some(0), "{commands}\n{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// The managers of a Deployment's fields, but for those that the test itself makes in the status.
    pub fn managers(&self, namespace: &str, deployment: &str) -> Vec<String> {
        let ran = self.works(&format!("kubectl get deploy {deployment} -n {namespace} --show-managed-fields -o json"));
        let object: Value = serde_json::from_str(&ran).expect("JSON");
        let entries = object["metadata"]["managedFields"].as_array().expect("managers").iter();
        let of_spec = entries.filter(|entry| entry.get("subresource").is_none());
        of_spec.map(|entry| entry["manager"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Ends Jobs and makes workloads ready while `work` runs; Jobs whose name contains `failing` fail.
pub(super) fn while_controllers_run<T>(
    server: &Server,
    namespace: &str,
    failing: Option<&str>,
    work: impl FnOnce() -> T,
) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                control(server, namespace, failing);
                thread::sleep(Duration::from_millis(300));
            }
        });
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn control(server: &Server, namespace: &str, failing: Option<&str>) {
    let listed = server.kubectl(&["get", "-n", namespace, "jobs,deployments,statefulsets", "-o", "json"], "");
    let Ok(listed) = serde_json::from_str::<Value>(&listed.stdout) else { return };
    for object in listed["items"].as_array().into_iter().flatten() {
        let (kind, name) = (object["kind"].as_str().unwrap_or_default(), object["metadata"]["name"].as_str());
        let name = name.unwrap_or_default();
        let status = &object["status"];
        let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
        let wanted = match kind {
            "Job" if status.get("conditions").is_some() => continue,
            "Job" => ended(failing.is_some_and(|part| name.contains(part))),
            _ if status["observedGeneration"] == object["metadata"]["generation"] => continue,
            _ => json!({
                "observedGeneration": object["metadata"]["generation"], "replicas": replicas,
                "updatedReplicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas,
            }),
        };
        let patch = json!({"status": wanted}).to_string();
        let kind = kind.to_lowercase();
        server.kubectl(
            &["patch", "-n", namespace, &kind, name, "--subresource=status", "--type=merge", "-p", &patch],
            "",
        );
    }
}

fn ended(failed: bool) -> Value {
    let at = "2026-01-01T00:00:00Z";
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": at, "lastProbeTime": at});
    let none = json!({});
    match failed {
        true => json!({"startTime": at, "failed": 1, "uncountedTerminatedPods": none,
            "conditions": [condition("FailureTarget"), condition("Failed")]}),
        false => json!({"startTime": at, "completionTime": at, "succeeded": 1, "uncountedTerminatedPods": none,
            "conditions": [condition("SuccessCriteriaMet"), condition("Complete")]}),
    }
}

/// The objects of a release as Helm makes them: ours of that version with Helm's marks and one field that only Helm has.
pub(super) fn made_by_helm(shell: &Shell<'_>, namespace: &str) -> String {
    let rendered = shell.works(&format!(
        "gitlab-render template prod -n {namespace} -f values.yaml --gitlab-version 18.8.2 --phase main,post --keep-helm-metadata -o json"
    ));
    let mut list: Value = serde_json::from_str(&rendered).expect("JSON");
    for object in list["items"].as_array_mut().expect("a list") {
        object["metadata"]["labels"]["heritage"] = "Helm".into();
        object["metadata"]["labels"]["chart"] = "gitlab-9.8.2".into();
    }
    list.to_string()
}

/// The commands of a step of the guide, in their order.
pub(super) fn step(guide: &Value, id: &str) -> String {
    let steps = guide["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step {id}"));
    let commands = step["commands"].as_array().expect("commands").iter();
    commands.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

/// The command that writes the manifests which later steps name. `kubectl diff`, which follows it, ends with 1 where there are
/// differences.
pub(super) fn written(guide: &Value) -> String {
    step(guide, "compare").lines().next().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_sees_a_release_through_its_life() {
    let server = Server::start();
    for (namespace, how) in WAYS {
        let folder = tempfile::tempdir().expect("a directory");
        let at = folder.path();
        Shell::prepare(&server, at);
        let shell = Shell { server: &server, at };
        server.namespace(namespace, &BTreeMap::new());
        let made = made_by_helm(&shell, namespace);
        let ran = shell.server.kubectl(&[how, &["-n", namespace, "-f", "-"]].concat(), &made);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);

        // taken over: one manager is left, what only Helm wrote is gone, and nothing differs
        let template = format!("gitlab-render template prod -n {namespace} -f values.yaml");
        let dump = format!("gitlab-render diff values.yaml -n {namespace} --name prod --print-kubectl-get > dump.sh");
        let guide = shell
            .works(&format!("gitlab-render adopt prod -n {namespace} -f values.yaml --gitlab-version 18.8.2 -o json"));
        let guide: Value = serde_json::from_str(&guide).expect("JSON");
        shell.works(&written(&guide));
        shell.works(&step(&guide, "fields"));
        while_controllers_run(&server, namespace, None, || shell.works(&step(&guide, "apply")));
        assert_eq!(shell.managers(namespace, "prod-webservice-default"), ["gitlab-render"], "{namespace}");
        let stored = shell.works(&format!("kubectl get deploy prod-webservice-default -n {namespace} -o json"));
        assert!(!stored.contains("\"chart\""), "{namespace}: a field that only Helm wrote is still there");
        shell.works(&dump);
        shell.works("sh dump.sh > live.yaml");
        let same = shell.sh("gitlab-render diff live.yaml values.yaml --to-gitlab 18.8.2");
        assert_eq!(same.status, Some(0), "{namespace}: {}{}", same.stdout, same.stderr);
        shell.works(&step(&guide, "unmark"));

        // upgraded with a component less: the migrations fail, and are tried again
        shell.works(&format!(
            "{template} --gitlab-version 18.10.0 --is-upgrade --set global.kas.enabled=false --list-phases --prune-from live.yaml > up.sh"
        ));
        let failed = while_controllers_run(&server, namespace, Some("migrations"), || shell.sh("sh up.sh"));
        assert_eq!(failed.status, Some(1), "{namespace}: {}", failed.stdout);
        assert!(failed.stderr.contains("has failed; its last lines"), "{}", failed.stderr);
        let kas = format!("kubectl get deploy prod-kas -n {namespace} --ignore-not-found -o name");
        assert_ne!(shell.works(&kas), "", "nothing is deleted before the new version runs");
        while_controllers_run(&server, namespace, None, || shell.works("sh up.sh"));
        assert_eq!(shell.works(&kas), "", "{namespace}: KAS is still there");
        let image = "jsonpath='{.spec.template.spec.containers[0].image}'";
        let web = format!("kubectl get deploy prod-webservice-default -n {namespace} -o {image}");
        assert!(shell.works(&web).ends_with(":v18.10.0"), "{}", shell.works(&web));

        // and brought back
        shell.works(&format!("{template} --gitlab-version 18.8.2 --list-phases > back.sh"));
        while_controllers_run(&server, namespace, None, || shell.works("sh back.sh"));
        assert!(shell.works(&web).ends_with(":v18.8.2"), "{}", shell.works(&web));
        shell.works("sh dump.sh > live.yaml");
        let same = shell.sh("gitlab-render diff live.yaml values.yaml --to-gitlab 18.8.2");
        assert_eq!(same.status, Some(0), "{namespace}: {}{}", same.stdout, same.stderr);
        // the next way makes the same objects outside of its namespace
        shell.works(
            "kubectl delete --ignore-not-found clusterrole/prod-nginx-ingress clusterrolebinding/prod-nginx-ingress \
             ingressclass/prod-nginx",
        );
        println!(
            "the life of a release ({namespace}): taken over, upgraded at the second try, KAS deleted, brought back"
        );
    }
}
