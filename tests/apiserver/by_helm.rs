//! Releases that Helm itself has made, client-side and server-side: compared while they run, taken over, upgraded and
//! brought back, by the commands as the guide and the plan print them.
//!
//! The objects are those of the released charts, beside the repository; Helm is what `build.sh` could fetch. Without either
//! the test says so and is left out.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::life::{Shell, step, while_controllers_run, written};
use super::server::Server;

/// Helm's ways of applying.
const WAYS: [(&str, &str); 2] = [("client-side", "--server-side=false"), ("server-side", "--server-side=true")];

/// A small release, and one whose database, Redis and object storage are elsewhere.
const VALUES: [(&str, &str); 2] = [("small", "defaults"), ("production", "external")];

/// Commands that need running pods, a second tool, or ask nothing of us.
const NOT_HERE: [&str; 6] =
    ["kubectl exec", "flux ", "kubectl patch application", "psql ", "kubectl version", "for volume"];

fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("SHARED").map_or_else(|| crate::common::root().join("../shared"), PathBuf::from);
    let manifests = shared.join("adopt/manifests");
    manifests.is_dir().then_some(manifests)
}

/// What `helm get manifest` has said of a released chart.
fn manifests(from: &Path, version: &str, values: &str) -> String {
    let file = fs::File::open(from.join(format!("{version}-{values}.yaml.gz"))).expect("the manifests are there");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("they are packed text");
    text
}

/// A chart where the printed commands look for the official one, with these objects as they are.
fn chart(at: &Path, chart: &str, gitlab: &str, objects: &str) {
    let folder = at.join("gitlab/gitlab");
    fs::create_dir_all(folder.join("templates")).expect("a directory");
    let head = format!("apiVersion: v2\nname: gitlab\nversion: {chart}\nappVersion: v{gitlab}\n");
    fs::write(folder.join("Chart.yaml"), head).expect("the chart is written");
    fs::write(folder.join("templates/all.yaml"), "{{ .Files.Get \"all.yaml\" }}\n").expect("the chart is written");
    fs::write(folder.join("all.yaml"), objects).expect("the chart is written");
}

/// Runs commands as they are printed, without those that nobody here can run. A comparison may find something.
fn all(shell: &Shell<'_>, commands: &[&str]) {
    for command in commands.iter().filter(|command| !NOT_HERE.iter().any(|start| command.starts_with(start))) {
        let ran = shell.sh(command);
        let compares = ["gitlab-render diff", "kubectl diff"].iter().any(|word| command.contains(word));
        let fine = ran.status == Some(0) || (compares && ran.status == Some(1));
        assert!(fine, "{command}\n{}\n{}", ran.stdout, ran.stderr);
    }
}

fn commands<'a>(steps: &'a Value, kinds: &[&str]) -> Vec<&'a str> {
    let steps = steps.as_array().expect("steps").iter();
    let steps = steps.filter(|step| kinds.contains(&step["kind"].as_str().unwrap_or_default()));
    let commands = steps.flat_map(|step| step["commands"].as_array().expect("commands"));
    commands.filter_map(Value::as_str).collect()
}

/// Installs `prod` by Helm into the namespace `gitlab`: a chart of the manifests recorded for 18.8.2 with these values, which
/// are left in `values.yaml`.
fn installed<'a>(
    server: &'a Server,
    at: &'a Path,
    manifests_at: &Path,
    helm: &str,
    values: &str,
    flag: &str,
) -> Shell<'a> {
    Shell::prepare(server, at);
    let shell = Shell { server, at };
    shell.program("helm", helm);
    server.kubectl(&["create", "namespace", "gitlab"], "");
    shell.works("kubectl create secret generic prod-rails-secret -n gitlab --from-literal=secrets.yml=x");
    let given = match values {
        "external" => fs::read_to_string(manifests_at.join("external.values.yaml")).expect("there are values"),
        _ => "installCertmanager: false\ncertmanager-issuer: {email: me@example.com}\n".to_owned(),
    };
    fs::write(at.join("values.yaml"), given).expect("the values are written");
    chart(at, "9.8.2", "18.8.2", &manifests(manifests_at, "18.8.2", values));
    shell.works(&format!("helm install prod gitlab/gitlab -n gitlab {flag}"));
    shell
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_takes_over_what_helm_itself_has_made() {
    for ((way, flag), (kind, values)) in WAYS.into_iter().flat_map(|way| VALUES.map(|values| (way, values))) {
        // the manifests are of one namespace, which nobody empties: a server for each
        let server = Server::start();
        let (Some(manifests_at), Some(helm)) = (shared(), server.helm_line()) else {
            println!("left out: releases by Helm itself need ../shared/adopt and Helm");
            return;
        };
        let namespace = "gitlab";
        let folder = tempfile::tempdir().expect("a directory");
        let at = folder.path();
        let shell = installed(&server, at, &manifests_at, &helm, values, flag);

        // what Helm made is what is rendered: nothing differs, live or as Helm says it
        shell.works(&format!("gitlab-render diff --live values.yaml -n {namespace} --to-gitlab 18.8.2"));
        let manifest =
            format!("helm get manifest prod -n {namespace} | gitlab-render diff - values.yaml --to-gitlab 18.8.2");
        shell.works(&manifest);

        // taken over by the printed guide, for the version that Helm says
        shell.works(&format!("helm get metadata prod -n {namespace} > release.txt"));
        let adopt = format!("gitlab-render adopt prod -n {namespace} -f values.yaml --from release.txt -o json");
        let guide: Value = serde_json::from_str(&shell.works(&adopt)).expect("JSON");
        shell.works(&written(&guide));
        shell.works(&step(&guide, "fields"));
        let record = step(&guide, "record");
        all(&shell, &record.lines().collect::<Vec<_>>());
        while_controllers_run(&server, namespace, None, || shell.works(&step(&guide, "apply")));
        assert_eq!(shell.managers(namespace, "prod-webservice-default"), ["gitlab-render"], "{way} {kind}");
        let live = format!("gitlab-render diff --live values.yaml -n {namespace} --to-gitlab");
        shell.works(&format!("{live} 18.8.2"));
        shell.works(&step(&guide, "unmark"));

        // back to Helm while it knows the release, and over again
        let conflicts = if way == "server-side" { " --force-conflicts" } else { "" };
        let back = format!("{}{conflicts}", step(&guide, "back"));
        while_controllers_run(&server, namespace, None, || shell.works(&back));
        shell.works(&step(&guide, "fields"));
        while_controllers_run(&server, namespace, None, || shell.works(&step(&guide, "apply")));
        shell.works(&format!("{live} 18.8.2"));
        shell.works(&step(&guide, "forget"));
        let refused = shell.sh(&format!("helm upgrade prod gitlab/gitlab -n {namespace}"));
        assert_ne!(refused.status, Some(0), "{way} {kind}: Helm still upgrades");

        // upgraded by the printed plan, what was applied last being kept
        shell.works(&format!(
            "gitlab-render template prod -n {namespace} -f values.yaml --gitlab-version 18.8.2 --phase main,post > gitlab-18.8.2.yaml"
        ));
        let plan = format!(
            "gitlab-render upgrade plan --from 18.8.2 --to 18.10.0 -f values.yaml --name prod -n {namespace} -o json"
        );
        let plan: Value = serde_json::from_str(&shell.works(&plan)).expect("JSON");
        let stop = &plan["stops"][0]["steps"];
        let prepare: Vec<_> =
            commands(stop, &["prepare"]).into_iter().filter(|command| !command.starts_with("helm ")).collect();
        all(&shell, &prepare);
        all(&shell, &commands(stop, &["values", "render", "diff"]));
        while_controllers_run(&server, namespace, None, || all(&shell, &commands(stop, &["apply", "verify"])));
        let image = "jsonpath='{.spec.template.spec.containers[0].image}'";
        let web = format!("kubectl get deploy prod-webservice-default -n {namespace} -o {image}");
        assert!(shell.works(&web).ends_with(":v18.10.0"), "{}", shell.works(&web));
        shell.works(&format!("{live} 18.10.0"));

        // and the way back, as printed
        let replicas = fs::read_to_string(at.join("replicas-18.8.2.txt")).expect("the numbers of pods are kept");
        while_controllers_run(&server, namespace, None, || all(&shell, &commands(stop, &["back"])));
        assert!(shell.works(&web).ends_with(":v18.8.2"), "{}", shell.works(&web));
        let (name, count) = replicas.lines().next().and_then(|line| line.split_once(' ')).expect("a Deployment");
        let now = shell.works(&format!("kubectl get deploy {name} -n {namespace} -o jsonpath='{{.spec.replicas}}'"));
        assert_eq!(now, count, "{name} is scaled up again");

        println!(
            "a {kind} release by Helm itself ({way}): compared, taken over, back and over again, upgraded, brought back"
        );
    }
}

/// A release that stays with Helm: upgraded with a component less, with migrations that fail and a second try, and rolled
/// back to the revision that ran before both, by the plan for Helm.
#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_upgrades_what_stays_with_helm() {
    for (way, flag) in WAYS {
        let server = Server::start();
        let (Some(manifests_at), Some(helm)) = (shared(), server.helm_line()) else {
            println!("left out: releases by Helm itself need ../shared/adopt and Helm");
            return;
        };
        let folder = tempfile::tempdir().expect("a directory");
        let at = folder.path();
        let shell = installed(&server, at, &manifests_at, &helm, "external", flag);

        let plan = "gitlab-render upgrade plan --from 18.8.2 --to 18.10.0 --with helm -f values.yaml --set global.kas.enabled=false \
                    --name prod -n gitlab -o json";
        let plan: Value = serde_json::from_str(&shell.works(plan)).expect("JSON");
        let steps = &plan["stops"][0]["steps"];
        // what the chart makes of the new version and these values
        let new = manifests(&manifests_at, "18.10.0", "external");
        let without: Vec<&str> = new.split("\n---\n").filter(|object| !object.contains("/charts/kas/")).collect();
        chart(at, "9.10.0", "18.10.0", &without.join("\n---\n"));
        let apply = commands(steps, &["apply"]);
        let kas = "kubectl get deploy prod-kas -n gitlab --ignore-not-found -o name";
        let web = "kubectl get deploy prod-webservice-default -n gitlab -o jsonpath='{.spec.template.spec.containers[0].image}'";
        assert_ne!(shell.works(kas), "", "{way}");
        // once: a second try must not write over what somebody has decided in the rewritten values
        all(&shell, &commands(steps, &["values"]));
        for attempt in ["fails", "works"] {
            all(&shell, &commands(steps, &["prepare"]));
            let failing = (attempt == "fails").then_some("migrations");
            let ran = while_controllers_run(&server, "gitlab", failing, || shell.sh(&apply.join("\n")));
            assert_eq!(ran.status == Some(0), attempt == "works", "{way}: {}{}", ran.stdout, ran.stderr);
            if failing.is_some() {
                // as the plan says of a Job that has failed
                shell.works("kubectl delete job -n gitlab -l app=migrations,release=prod");
            }
        }
        while_controllers_run(&server, "gitlab", None, || all(&shell, &commands(steps, &["verify"])));
        assert_eq!(shell.works(kas), "", "{way}: KAS is still there");
        assert!(shell.works(web).ends_with(":v18.10.0"), "{}", shell.works(web));

        while_controllers_run(&server, "gitlab", None, || all(&shell, &commands(steps, &["back"])));
        assert!(shell.works(web).ends_with(":v18.8.2"), "{}", shell.works(web));
        assert_ne!(shell.works(kas), "", "{way}: KAS is back");
        println!("a release that stays with Helm ({way}): upgraded at the second try, KAS removed, rolled back");
    }
}
