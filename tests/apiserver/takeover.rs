//! Taking over from Helm: what a release of the official chart leaves behind, and then our render of the same values.

use std::collections::{BTreeMap, BTreeSet};

use gitlab_render::manifest::Manifest;
use gitlab_render::yaml::write::write_stream;
use serde_json::{Value, json};

use super::renders::{self, Document, Left};
use super::server::Server;

/// Kinds of which a second one under another name would run beside the first.
const WORKLOADS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// Recorded releases whose values are refused here, and why.
const REFUSED: [(&str, &str); 1] =
    [("webservice_deployments-001", "a variable comes from a Secret with capitals in its name, which no server takes")];

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_lets_us_take_over_from_helm() {
    let Some(releases) = renders::left() else { return };
    let server = Server::start();
    let mut wrong = Vec::new();
    let (mut objects, mut refused) = (0, Vec::new());
    for left in &releases {
        server.namespace(&left.namespace, &BTreeMap::new());
        let manifests = match Document::recorded(&left.name, &left.release, &left.namespace, &left.values).render() {
            Ok(manifests) => manifests,
            Err(failure) => {
                let reason = REFUSED.iter().find(|(name, _)| *name == left.name);
                assert!(reason.is_some(), "{}: {:?}", left.name, failure.report);
                refused.push(left.name.as_str());
                continue;
            }
        };
        objects += left.objects.len();
        wrong.extend(take_over(&server, left, &manifests).into_iter().map(|text| format!("{}: {text}", left.name)));
        for object in left.objects.iter().chain(manifests.iter().map(|m| &m.body)) {
            server.delete(object, &left.namespace);
        }
    }
    assert_eq!(refused.len(), REFUSED.len(), "refused: {refused:?}");
    println!(
        "taking over: {} releases with {objects} objects, {} complaints; values refused by us: {refused:?}",
        releases.len() - refused.len(),
        wrong.len(),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What goes wrong when our objects are applied over those that Helm left.
fn take_over(server: &Server, left: &Left, manifests: &[Manifest]) -> Vec<String> {
    for object in &left.objects {
        let ours = manifests.iter().map(|m| &m.body).find(|ours| name(ours) == name(object));
        let answer = server.create(&filled(object, ours), &left.namespace, false);
        assert!(answer.refusal().is_none(), "{}: {}: {answer:?}", left.name, object["metadata"]["name"]);
    }
    let mut wrong = Vec::new();
    // as Flux and Argo CD would do it, and then, for good, as kubectl does
    for manifest in manifests {
        let answer = server.apply(&manifest.body, &left.namespace, true);
        wrong.extend(answer.refusal().map(|text| format!("server-side apply: {}: {text}", manifest.source)));
    }
    let mut text = String::new();
    manifests.iter().for_each(|manifest| write_stream(&mut text, &manifest.source, &manifest.body));
    let ran = server.kubectl(&["apply", "-n", &left.namespace, "-f", "-"], &text);
    if ran.status != Some(0) {
        // besides the refusals there is a warning for each object that `kubectl apply` did not make
        wrong.extend(ran.stderr.lines().filter(|line| !line.starts_with("Warning: ")).map(str::to_owned));
    }

    let kept: BTreeSet<_> = left.objects.iter().map(name).collect();
    // the record is without the charts of others
    let recorded = |component: &str| !["gitlab-runner", "postgresql", "redis"].contains(&component);
    let workloads =
        manifests.iter().filter(|m| recorded(m.component.as_ref())).map(|m| &m.body).filter(|o| is_workload(o));
    let second = workloads.filter(|o| !kept.contains(&name(o)));
    wrong.extend(second.map(|o| format!("a second workload: {} {}", o["kind"], o["metadata"]["name"])));
    for manifest in manifests.iter().filter(|m| kept.contains(&name(&m.body))) {
        let Some(stored) = server.get(&manifest.body, &left.namespace) else {
            wrong.push(format!("{} is not there", manifest.source));
            continue;
        };
        wrong.extend(differs(&manifest.body, &stored));
    }
    wrong
}

/// Fields of which nothing of Helm's may be left: what a Service and a workload find their pods by, and its ports.
fn differs(ours: &Value, stored: &Value) -> Option<String> {
    let ports = |object: &Value| -> Vec<_> {
        let ports = object["spec"]["ports"].as_array().map_or(&[][..], Vec::as_slice);
        ports.iter().map(|port| (port["name"].clone(), port["port"].clone())).collect()
    };
    let same = ours["spec"]["selector"] == stored["spec"]["selector"] && ports(ours) == ports(stored);
    (!same).then(|| format!("{} {} keeps some of the old selector or ports", ours["kind"], ours["metadata"]["name"]))
}

fn name(object: &Value) -> (&str, &str) {
    (object["kind"].as_str().unwrap_or_default(), object["metadata"]["name"].as_str().unwrap_or_default())
}

fn is_workload(object: &Value) -> bool {
    WORKLOADS.contains(&name(object).0)
}

/// A recorded object with what the record leaves out because it can be changed: the pod, and how it is replaced, which is
/// as in ours and without which the server would put in a way that excludes ours.
fn filled(object: &Value, ours: Option<&Value>) -> Value {
    let mut object = object.clone();
    if let Some(strategy) = ours.and_then(|ours| ours["spec"].get("strategy")) {
        object["spec"]["strategy"] = strategy.clone();
    }
    if is_workload(&object) || object["kind"] == "Job" {
        object["spec"]["template"]["spec"]["containers"] = json!([{"name": "x", "image": "x"}]);
    }
    if object["kind"] == "Job" {
        object["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    }
    object
}
