//! The life of a release that Argo CD or Flux applies from a directory in git: taken over from Helm, upgraded at the second try,
//! a component removed, and brought back, by the commands as the guide and the plan print them.
//!
//! The test plays Argo CD and Flux where a command calls them: it applies what is pushed, in their order and as their field
//! managers, waits for Jobs, and prunes what it applied before.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::directories::objects_below;
use super::life::{Shell, made_by_helm, step, while_controllers_run, written};
use super::server::Server;

const PHASES: [&str; 3] = ["pre", "main", "post"];

/// A tool, its directory in the repository, and the objects that it applied last.
struct Tool<'a> {
    shell: &'a Shell<'a>,
    name: &'static str,
    namespace: &'static str,
    dir: &'static str,
    tracked: RefCell<BTreeMap<String, Vec<Value>>>,
}

fn mark<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][format!("argocd.argoproj.io/{name}")].as_str()
}

fn id(object: &Value) -> String {
    format!("{} {} {}", object["kind"], object["metadata"]["namespace"], object["metadata"]["name"])
}

impl Tool<'_> {
    /// Runs commands as they are printed, but for those that need running pods; fails where the tool does.
    fn run(&self, commands: &[String]) -> Result<(), String> {
        for line in commands.iter().flat_map(|command| self.lines(command)) {
            match line.split(' ').take(3).collect::<Vec<_>>()[..] {
                ["kubectl", "exec" | "version", ..] => {}
                ["argocd", "app", "sync"] => self.sync(line.contains("--prune"))?,
                ["flux", "reconcile", "kustomization"] => {
                    let phase = line.split(' ').nth(3).and_then(|name| name.strip_prefix("prod-"));
                    self.reconcile(phase.expect("a Kustomization of the release"))?;
                }
                ["flux", "resume", "kustomization"] => PHASES.iter().try_for_each(|phase| self.reconcile(phase))?,
                ["argocd" | "flux", ..] => {}
                // this server has no Argo CD
                ["kubectl", "apply", ..] if line.contains("argocd.yaml") => {}
                _ => {
                    let ran = self.shell.sh(&line);
                    let compares = line.contains("gitlab-render diff") && ran.status == Some(1);
                    assert!(ran.status == Some(0) || compares, "{line}\n{}\n{}", ran.stdout, ran.stderr);
                    if line.contains("apply -f") && line.contains("flux.yaml") {
                        PHASES.iter().try_for_each(|phase| self.reconcile(phase))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A block whose lines are commands of their own, where the tool is among them.
    fn lines(&self, command: &str) -> Vec<String> {
        match command.lines().any(|line| line.starts_with(self.name)) {
            true => command.lines().map(str::to_owned).collect(),
            false => vec![command.to_owned()],
        }
    }

    /// What is pushed.
    fn pushed(&self) -> std::path::PathBuf {
        self.shell.works("rm -rf pushed && git clone -q origin.git pushed");
        self.shell.at.join("pushed").join(self.dir)
    }

    fn sync(&self, prune: bool) -> Result<(), String> {
        let folder = self.pushed();
        fs::remove_file(folder.join("argocd.yaml")).expect("the Application is beside the objects");
        let mut waves: BTreeMap<(usize, i64), Vec<Value>> = BTreeMap::new();
        for object in objects_below(&folder) {
            let phase = match mark(&object, "hook") {
                Some("PreSync") => 0,
                Some("PostSync") => 2,
                _ => 1,
            };
            let wave = mark(&object, "sync-wave").map_or(0, |wave| wave.parse().expect("a wave is a number"));
            waves.entry((phase, wave)).or_default().push(object);
        }
        for wave in waves.values() {
            let deleted =
                |object: &&Value| mark(object, "hook-delete-policy").is_some_and(|p| p.contains("BeforeHookCreation"));
            wave.iter().filter(deleted).for_each(|object| self.shell.server.delete(object, self.namespace));
            self.apply(wave, "argocd-controller")?;
        }
        let synced: Vec<Value> = waves.into_values().flatten().filter(|o| mark(o, "hook").is_none()).collect();
        self.track("", synced, prune);
        Ok(())
    }

    fn reconcile(&self, phase: &str) -> Result<(), String> {
        let folder = self.pushed().join(phase);
        if !folder.is_dir() {
            return Ok(());
        }
        let objects = objects_below(&folder);
        self.apply(&objects, "kustomize-controller")?;
        self.track(phase, objects, true);
        Ok(())
    }

    /// Applies objects, and waits until their Jobs have ended.
    fn apply(&self, objects: &[Value], manager: &str) -> Result<(), String> {
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        let manager = format!("--field-manager={manager}");
        let args = ["apply", "-n", self.namespace, "--server-side", "--force-conflicts", &manager, "-f", "-"];
        let ran = self.shell.server.kubectl(&args, &list);
        assert_eq!(ran.status, Some(0), "{}: {}", self.name, ran.stderr);
        for job in objects.iter().filter(|object| object["kind"] == "Job") {
            let ended = (0..200).find_map(|_| {
                let stored = self.shell.server.get(job, self.namespace)?;
                let conditions = stored["status"]["conditions"].as_array().cloned().unwrap_or_default();
                let has = |kind: &str| conditions.iter().any(|c| c["type"] == kind && c["status"] == "True");
                if !has("Complete") && !has("Failed") {
                    thread::sleep(Duration::from_millis(200));
                }
                (has("Complete") || has("Failed")).then(|| has("Complete"))
            });
            if ended != Some(true) {
                return Err(job["metadata"]["name"].as_str().unwrap_or_default().to_owned());
            }
        }
        Ok(())
    }

    fn track(&self, part: &str, objects: Vec<Value>, prune: bool) {
        let now: BTreeSet<String> = objects.iter().map(id).collect();
        let before = self.tracked.borrow_mut().insert(part.to_owned(), objects).unwrap_or_default();
        let gone = before.iter().filter(|object| !now.contains(&id(object)));
        let kept =
            |object: &&Value| mark(object, "sync-options").is_some_and(|options| options.contains("Prune=false"));
        gone.filter(|object| prune && !kept(object))
            .for_each(|object| self.shell.server.delete(object, self.namespace));
    }
}

fn commands(steps: &Value, kinds: &[&str]) -> Vec<String> {
    let steps = steps.as_array().expect("steps").iter();
    let steps = steps.filter(|step| kinds.contains(&step["kind"].as_str().unwrap_or_default()));
    let commands = steps.flat_map(|step| step["commands"].as_array().expect("commands"));
    commands.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn life(server: &Server, name: &'static str, namespace: &'static str, dir: &'static str, at: &Path) {
    Shell::prepare(server, at);
    let shell = Shell { server, at };
    let tool = Tool { shell: &shell, name, namespace, dir, tracked: RefCell::default() };
    server.namespace(namespace, &BTreeMap::new());
    server.namespace("flux-system", &BTreeMap::new());
    shell
        .works(&format!("kubectl create secret generic prod-rails-secret -n {namespace} --from-literal=secrets.yml=x"));
    let made = made_by_helm(&shell, namespace);
    let ran = server.kubectl(&["create", "--field-manager=helm", "-n", namespace, "-f", "-"], &made);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    shell.works(
        "git init -q --bare -b main origin.git && git init -q -b main . && git remote add origin ./origin.git
         git config user.name a && git config user.email a@example.org",
    );

    // taken over: what is pushed is what runs
    let guide =
        format!("gitlab-render adopt prod -n {namespace} -f values.yaml --gitlab-version 18.8.2 --to {name} -o json");
    let guide: Value = serde_json::from_str(&shell.works(&guide)).expect("JSON");
    shell.works(&written(&guide));
    shell.works(&step(&guide, "fields"));
    let apply = guide["steps"].as_array().expect("steps").iter().find(|step| step["id"] == "apply");
    let apply: Vec<String> = apply
        .and_then(|step| step["commands"].as_array())
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    tool.run(&apply[..1]).expect("the directory is written");
    shell.works(&format!("git add --all {dir} values.yaml && git commit -q -m first && git push -q -u origin main"));
    while_controllers_run(server, namespace, None, || tool.run(&apply[1..])).expect("it is applied");
    let live = format!("gitlab-render diff --live values.yaml -n {namespace} --to-gitlab");
    let same = |more: &str| {
        let ran = shell.sh(&format!("{live} {more}"));
        assert_eq!(ran.status, Some(0), "{name} {more}: {}{}", ran.stdout, ran.stderr);
    };
    same("18.8.2");
    shell.works(&format!("gitlab-render diff {dir} values.yaml --to-gitlab 18.8.2"));

    // upgraded without KAS: the migrations fail, and run again
    let plan = format!(
        "gitlab-render upgrade plan --from 18.8.2 --to 18.10.0 --with {name} -f values.yaml --set global.kas.enabled=false \
         --name prod -n {namespace} -o json"
    );
    let plan: Value = serde_json::from_str(&shell.works(&plan)).expect("JSON");
    let steps = &plan["stops"][0]["steps"];
    tool.run(&commands(steps, &["prepare", "values", "render", "diff"])).expect("nothing is applied yet");
    let apply = commands(steps, &["apply"]);
    let failed = while_controllers_run(server, namespace, Some("migrations"), || tool.run(&apply));
    let job = failed.expect_err("the migrations have failed");
    let web = format!(
        "kubectl get deploy prod-webservice-default -n {namespace} -o jsonpath='{{.spec.template.spec.containers[0].image}}'"
    );
    let kas = format!("kubectl get deploy prod-kas -n {namespace} --ignore-not-found -o name");
    assert_ne!(shell.works(&kas), "", "{name}: nothing is pruned before the new version runs");
    if name == "argocd" {
        assert!(shell.works(&web).ends_with(":v18.8.2"), "{name}: pods are replaced after the migrations");
    } else {
        // as the plan says of a Job that has failed
        shell.works(&format!("kubectl delete job {job} -n {namespace}"));
    }
    let again: Vec<String> = apply.iter().filter(|line| line.starts_with(name)).cloned().collect();
    while_controllers_run(server, namespace, None, || tool.run(&again)).expect("the second try works");
    while_controllers_run(server, namespace, None, || tool.run(&commands(steps, &["verify"]))).expect("it is well");
    assert_eq!(shell.works(&kas), "", "{name}: KAS is still there");
    assert!(shell.works(&web).ends_with(":v18.10.0"), "{}", shell.works(&web));
    same("18.10.0 --set global.kas.enabled=false");

    // and brought back, with KAS
    while_controllers_run(server, namespace, None, || tool.run(&commands(steps, &["back"]))).expect("it goes back");
    assert!(shell.works(&web).ends_with(":v18.8.2"), "{}", shell.works(&web));
    assert_ne!(shell.works(&kas), "", "{name}: KAS is back");
    same("18.8.2");
    println!("the life of a release by {name}: taken over, upgraded at the second try, KAS pruned, brought back");
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_sees_a_release_in_git_through_its_life() {
    for (name, namespace, dir) in [("argocd", "by-argo", "manifests"), ("flux", "by-flux", "clusters/prod/gitlab")] {
        // objects outside of namespaces have the same names
        let server = Server::start();
        let folder = tempfile::tempdir().expect("a directory");
        life(&server, name, namespace, dir, folder.path());
    }
}
