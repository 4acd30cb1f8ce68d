//! Taking over a release that Helm runs: what cannot be changed is as Helm left it, and nothing occurs twice.
//!
//! `releases.json.gz` has what the official chart left in a cluster for 18 values documents, reduced to what
//! identifies an object or cannot be changed; `stores.json` the same of its PostgreSQL and Redis for two.

use std::collections::{BTreeMap, BTreeSet};

use gitlab_render::adopt::{Guide, Tool};
use gitlab_render::manifest::Manifest;
use gitlab_render::manifest::Phase;
use gitlab_render::phases::Hooks;
use gitlab_render::pipeline::{self, Output, Request};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::common::{request, root, run, unpack};

#[derive(Deserialize)]
struct Release {
    name: String,
    release: String,
    namespace: String,
    values: Value,
    objects: Vec<Value>,
}

/// Group, kind, name.
type Id = (String, String, String);

/// What an API server refuses to change, by kind.
const IMMUTABLE: &[(&str, &[&str])] = &[
    ("Deployment", &["/spec/selector"]),
    ("DaemonSet", &["/spec/selector"]),
    (
        "StatefulSet",
        &["/spec/selector", "/spec/serviceName", "/spec/podManagementPolicy", "/spec/volumeClaimTemplates"],
    ),
    (
        "PersistentVolumeClaim",
        &["/spec/accessModes", "/spec/storageClassName", "/spec/volumeName", "/spec/selector", "/spec/resources"],
    ),
    ("Service", &["/spec/clusterIP"]),
    ("RoleBinding", &["/roleRef"]),
    ("ClusterRoleBinding", &["/roleRef"]),
    ("IngressClass", &["/spec/controller"]),
];

/// What pods are found by: another value and a Service or a budget loses them.
const FINDS_PODS: &[(&str, &str)] = &[("Service", "/spec/selector"), ("PodDisruptionBudget", "/spec/selector")];

const WORKLOADS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

fn releases() -> Vec<Release> {
    unpack("adopt/releases.json.gz")
}

/// Of these the StatefulSets and Services of PostgreSQL and Redis alone are recorded.
fn stores() -> Vec<Release> {
    let text = std::fs::read_to_string(root().join("tests/adopt/stores.json")).expect("the record is there");
    serde_json::from_str(&text).expect("the record is JSON")
}

fn request_of(release: &Release) -> Request {
    request(&release.release, &release.namespace, &release.values)
}

fn id(body: &Value) -> Id {
    let text = |at: &str| body.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let version = text("/apiVersion");
    let group = version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
    (group, text("/kind"), text("/metadata/name"))
}

fn ours(release: &Release, output: &Output) -> Vec<Manifest> {
    let rendered = pipeline::template(&request_of(release), output)
        .unwrap_or_else(|failed| panic!("{}: {:?}", release.name, failed.report));
    rendered.objects.manifests().to_vec()
}

/// Without nulls and empty maps, which are as good as absent.
fn plain(node: &Value) -> Value {
    match node {
        Value::Object(map) => {
            let kept = map.iter().map(|(key, value)| (key.clone(), plain(value)));
            Value::Object(kept.filter(|(_, value)| !value.is_null() && *value != json!({})).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

#[test]
fn what_helm_left_is_there_under_its_name_and_nothing_is_there_that_cannot_be_changed() {
    let releases: Vec<_> = releases().into_iter().chain(stores()).collect();
    assert_eq!(releases.len(), 20);
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for release in &releases {
        let ours = ours(release, &Output::default());
        let bodies: BTreeMap<Id, &Value> = ours.iter().map(|m| (id(&m.body), &m.body)).collect();
        for theirs in &release.objects {
            let id = id(theirs);
            // a Job's name ends in a hash of its content: it is a new one
            let Some(body) = bodies.get(&id) else {
                if id.1 != "Job" {
                    wrong.push(format!("{}: {id:?} is gone", release.name));
                }
                continue;
            };
            let fields = IMMUTABLE.iter().filter(|(kind, _)| *kind == id.1).flat_map(|(_, fields)| *fields).copied();
            for field in fields.chain(FINDS_PODS.iter().filter(|(kind, _)| *kind == id.1).map(|(_, field)| *field)) {
                compared += 1;
                let [left, right] = [theirs, *body].map(|body| body.pointer(field).map(plain).filter(|v| !v.is_null()));
                if left != right {
                    wrong.push(format!("{}: {id:?}: {field}: {left:?} would become {right:?}", release.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 600, "{compared}");
}

#[test]
fn no_second_workload_stands_beside_one_of_helms() {
    let mut seen = 0;
    for release in releases() {
        let theirs: Vec<Id> = release.objects.iter().map(id).collect();
        // The recordings leave out the charts that the official one brings along; `stores` has two of them.
        let recorded = |component: &str| !["gitlab-runner", "postgresql", "redis"].contains(&component);
        for object in ours(&release, &Output::default()).into_iter().filter(|object| recorded(&object.component)) {
            if WORKLOADS.contains(&object.id.kind.as_str()) {
                seen += 1;
                assert!(theirs.contains(&id(&object.body)), "{}: {} is new", release.name, object.id);
            }
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn pods_keep_the_labels_by_which_they_are_selected() {
    for release in releases().into_iter().chain(stores()) {
        let theirs: BTreeMap<Id, &Value> = release.objects.iter().map(|body| (id(body), body)).collect();
        for object in ours(&release, &Output::default()) {
            let Some(old) = theirs.get(&id(&object.body)) else { continue };
            let Some(Value::Object(selector)) = old.pointer("/spec/selector/matchLabels") else { continue };
            if !WORKLOADS.contains(&object.id.kind.as_str()) {
                continue;
            }
            for (label, value) in selector {
                let at = "/spec/template/metadata/labels";
                let ours = object.body.pointer(at).and_then(|labels| labels.get(label));
                assert_eq!(ours, Some(value), "{}: {}: {label}", release.name, object.id);
            }
        }
    }
}

#[test]
fn helm_takes_objects_back_that_keep_its_marks() {
    for release in releases().iter().take(3) {
        let request = Request { keep_helm_metadata: true, ..request_of(release) };
        for object in pipeline::template(&request, &Output::default()).expect("it renders").objects.manifests() {
            let metadata = &object.body["metadata"];
            let marks = [
                &metadata["labels"]["app.kubernetes.io/managed-by"],
                &metadata["annotations"]["meta.helm.sh/release-name"],
                &metadata["annotations"]["meta.helm.sh/release-namespace"],
            ];
            if object.hook.is_none() {
                assert_eq!(
                    marks,
                    [&json!("Helm"), &json!(release.release), &json!(release.namespace)],
                    "{}",
                    object.id
                );
            } else {
                assert!(matches!(object.phase, Phase::Pre | Phase::Test), "{}", object.id);
                assert_eq!(marks[1..], [&Value::Null; 2], "{}", object.id);
            }
        }
    }
}

const TOOLS: [Tool; 3] = [Tool::Kubectl, Tool::ArgoCd, Tool::Flux];

fn guide(release: &Release, tool: Tool) -> Guide {
    let phases = vec![Phase::Pre, Phase::Main, Phase::Post];
    let output = Output { phases, ..Output::default() };
    let request = Request { hooks: Hooks::None, ..request_of(release) };
    let template = format!("gitlab-render template {} -n {} -f values.yaml", release.release, release.namespace);
    pipeline::adopt(&request, &output, tool, template, "").unwrap_or_else(|failed| panic!("{:?}", failed.report)).0
}

/// Data first: what a guide deletes is Helm's record, after everything else is done and checked, and then workloads of
/// third-party charts, which are made again at once.
#[test]
fn a_guide_deletes_nothing_but_helms_record_and_workloads_of_others() {
    for release in releases().iter().step_by(4) {
        for tool in TOOLS {
            let guide = guide(release, tool);
            let order: Vec<_> = guide.steps.iter().map(|step| step.id).collect();
            let expected = [
                "record",
                "pause",
                "volumes",
                "others",
                "compare",
                "fields",
                "apply",
                "check",
                "hooks",
                "unmark",
                "forget",
                "companions",
                "back",
            ];
            assert_eq!(
                order,
                expected.into_iter().filter(|id| *id != "companions" || !guide.others.is_empty()).collect::<Vec<_>>()
            );
            let commands = guide.steps.iter().flat_map(|step| step.commands.iter().map(move |c| (step.id, c)));
            for (id, command) in commands {
                assert!(!command.contains("uninstall") && !command.contains("--prune"), "{command}");
                let is_record = |line: &str| id == "forget" && line.contains("secret") && line.contains("owner=helm");
                let is_workload = |line: &str| {
                    id == "companions"
                        && line.starts_with("kubectl delete deploy,sts,ds ")
                        && line.contains("helm.sh/chart in (")
                };
                for line in command.lines().filter(|line| line.contains("delete")) {
                    assert!(is_record(line) || is_workload(line), "{id}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_guide_waits_for_every_job_between_the_phases() {
    let guide = guide(&releases()[0], Tool::Kubectl);
    let apply = &guide.steps.iter().find(|step| step.id == "apply").unwrap().commands;
    let written = apply[0].split('>').next().unwrap().trim().strip_prefix("gitlab-render ").unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("values.yaml"), releases()[0].values.to_string()).unwrap();
    let args: Vec<_> = written.split_whitespace().map(str::to_owned).collect();
    let script = run(directory.path(), &args, &BTreeMap::new(), "").stdout;
    let at = |part: &str| script.find(part).unwrap_or_else(|| panic!("no {part}: {apply:?}"));
    assert!(at("<<'END_OF_PRE'") < at("\njob_ended gitlab gitlab-shared-secrets-"));
    assert!(at("\njob_ended gitlab gitlab-shared-secrets-") < at("<<'END_OF_MAIN'"));
    assert!(at("<<'END_OF_MAIN'") < at("\njob_ended gitlab gitlab-migrations-"));
    assert!(at("\njob_ended gitlab gitlab-migrations-") < at("<<'END_OF_POST'"));
}

/// The claims of a guide are those that Helm's StatefulSets and claims have in the cluster.
#[test]
fn a_guide_names_the_claims_that_are_there() {
    for release in releases() {
        let ours: BTreeSet<_> = guide(&release, Tool::Kubectl).claims.into_iter().collect();
        for object in &release.objects {
            let (_, kind, name) = id(object);
            let claim = match (kind.as_str(), object.pointer("/spec/volumeClaimTemplates/0/metadata/name")) {
                ("PersistentVolumeClaim", _) => name,
                ("StatefulSet", Some(claim)) => format!("{}-{name}-0", claim.as_str().unwrap()),
                _ => continue,
            };
            assert!(ours.contains(&claim), "{}: {claim} is not in {ours:?}", release.name);
        }
    }
}

/// Each command of ours in a guide runs as it stands.
#[test]
fn the_commands_of_a_guide_run() {
    let release = &releases()[0];
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("values.yaml"), release.values.to_string()).unwrap();
    let commands: BTreeSet<_> =
        TOOLS.into_iter().flat_map(|tool| guide(release, tool).steps).flat_map(|s| s.commands).collect();
    let mut ran = BTreeSet::new();
    for command in &commands {
        let Some(ours) = command.strip_prefix("gitlab-render ") else { continue };
        let ours = ours.split(['|', '>']).next().unwrap().trim();
        if !ran.insert(ours) {
            continue;
        }
        let args: Vec<_> = ours.split_whitespace().map(str::to_owned).collect();
        let got = run(directory.path(), &args, &BTreeMap::new(), "");
        assert_eq!(got.status, Some(0), "{command}: {}", got.stderr);
    }
    assert!(ran.len() >= 8, "{ran:?}");
}
