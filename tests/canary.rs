//! A second set of pods beside the release's: neither side selects the other's, and together they are whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use gitlab_render::canary::{Canary, Split};
use gitlab_render::manifest::Manifest;
use gitlab_render::pipeline::{self, Output, Rendered, Request};
use gitlab_render::profiles;
use gitlab_render::validate::files::ManifestText;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::common::{names, release, request, root, run, unpack, words};

/// A sample of the values documents of the conformance corpus.
#[derive(Deserialize)]
struct Document {
    name: String,
    release: String,
    values: Value,
}

/// The components that can have a set.
pub const ALL: [&str; 6] = ["gitlab-pages", "gitlab-shell", "kas", "registry", "sidekiq", "webservice"];

/// What shows every kind of object that pods have beside them.
pub fn everything() -> Value {
    let on = json!({"enabled": true});
    let (by_service, by_pod) =
        (json!({"enabled": true, "serviceMonitor": on}), json!({"enabled": true, "podMonitor": on}));
    json!({
        "certmanager-issuer": {"email": "me@example.com"},
        "global": {"pages": on, "gatewayApi": on, "serviceAccount": on},
        "gitlab": {
            "webservice": {
                "networkpolicy": on, "metrics": by_service, "keda": on,
                "deployments": {"default": {"ingress": {"path": "/"}}, "api": {"ingress": {"path": "/api"}}},
                "ingress": {"annotations": {"external-dns.alpha.kubernetes.io/ttl": "60"}},
            },
            "sidekiq": {"networkpolicy": on, "metrics": by_pod, "pods": [{"name": "fast"}, {"name": "slow", "queues": "mailers"}]},
            "kas": {"networkpolicy": on, "metrics": by_pod},
            "gitlab-shell": {"sshDaemon": "gitlab-sshd", "networkpolicy": on, "metrics": by_service, "service": {
                "type": "LoadBalancer", "loadBalancerIP": "192.0.2.7", "externalTrafficPolicy": "Local", "nodePort": 30022,
            }},
            "gitlab-pages": {"networkpolicy": on, "metrics": by_service},
        },
        "registry": {"networkpolicy": on, "metrics": by_service},
    })
}

fn rendered(request: &Request) -> Rendered {
    pipeline::render(request).unwrap_or_else(|failed| panic!("{:?}", failed.report))
}

fn set(components: &[&str], suffix: &str, weight: Option<u32>) -> Option<Canary> {
    let components = components.iter().map(|name| (*name).to_owned()).collect();
    Some(Canary { components, suffix: suffix.to_owned(), weight })
}

fn of(values: &Value) -> Request {
    request("prod", "gitlab", values)
}

/// The release, and the set of all its components that can have one.
struct Pair {
    what: String,
    stable: Vec<Manifest>,
    second: Vec<Manifest>,
}

impl Pair {
    /// None where the values are refused.
    fn of(what: &str, mut request: Request) -> Option<Pair> {
        let stable = pipeline::render(&request).ok()?.objects.manifests().to_vec();
        let deployed = |name: &&&str| stable.iter().any(|m| *m.component == ***name && m.id.kind == "Deployment");
        let components: Vec<&str> = ALL.iter().filter(deployed).copied().collect();
        request.canary = set(&components, "canary", None);
        let second = if components.is_empty() { Vec::new() } else { rendered(&request).objects.manifests().to_vec() };
        Some(Pair { what: what.to_owned(), stable, second })
    }
}

/// Everything at once, the profiles, and the sample.
fn pairs() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    PAIRS.get_or_init(make_pairs)
}

fn make_pairs() -> Vec<Pair> {
    let mut requests = vec![("everything".to_owned(), of(&everything()))];
    requests.extend(profiles::all().map(|profile| {
        let inputs = vec![pipeline::profile(profile.name).unwrap()];
        (format!("profile:{}", profile.name), release("prod", "gitlab", inputs))
    }));
    let documents: Vec<Document> = unpack("phases/documents.json.gz");
    requests.extend(documents.into_iter().map(|document| {
        let request = request(&document.release, "gitlab", &document.values);
        (document.name, request)
    }));
    let pairs: Vec<_> = requests.into_iter().filter_map(|(what, request)| Pair::of(&what, request)).collect();
    assert!(pairs.len() > 80 && pairs[0].what == "everything", "{}", pairs.len());
    pairs
}

/// What an object selects: pods, or Services by the labels on them.
fn selectors(object: &Manifest) -> Vec<&Map<String, Value>> {
    let spec = &object.body["spec"];
    let at: &[&str] = match object.id.kind.as_str() {
        "Service" => &["/selector"],
        "NetworkPolicy" => &["/podSelector/matchLabels"],
        "Deployment" | "StatefulSet" | "DaemonSet" | "PodDisruptionBudget" | "PodMonitor" | "ServiceMonitor" => {
            &["/selector/matchLabels"]
        }
        _ => &[],
    };
    at.iter().filter_map(|path| spec.pointer(path)?.as_object()).collect()
}

/// Labels of what an object selects: of pods, or of Services for a ServiceMonitor.
fn selectable<'a>(objects: &'a [Manifest], by: &str) -> Vec<(&'a Manifest, &'a Value)> {
    let labels = |m: &'a Manifest| match by {
        "ServiceMonitor" if m.id.kind == "Service" => m.body.pointer("/metadata/labels"),
        "ServiceMonitor" => None,
        _ => m.body.pointer("/spec/template/metadata/labels"),
    };
    objects.iter().filter_map(|m| Some((m, labels(m)?))).collect()
}

fn selects(selector: &Map<String, Value>, labels: &Value) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// What of `others` the objects select, as `Service/a -> Deployment/b`.
fn reached(objects: &[Manifest], others: &[Manifest]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for object in objects {
        for selector in selectors(object) {
            let hit = selectable(others, &object.id.kind).into_iter().filter(|(_, labels)| selects(selector, labels));
            found.extend(hit.map(|(other, _)| format!("{} -> {}", object.id, other.id)));
        }
    }
    found
}

#[test]
fn neither_side_selects_pods_of_the_other() {
    let mut compared = 0;
    for Pair { what, stable, second } in pairs() {
        assert_eq!(reached(stable, second), BTreeSet::new(), "{what}: the release selects the set's");
        assert_eq!(reached(second, stable), BTreeSet::new(), "{what}: the set selects the release's");
        // and the set's own selectors do for its pods what the release's do for theirs
        let own: BTreeSet<_> = reached(second, second).iter().map(|line| line.replace("-canary", "")).collect();
        let component = |m: &&Manifest| ALL.contains(&&*m.component) && m.id.kind != "Job";
        let theirs: Vec<Manifest> = stable.iter().filter(component).cloned().collect();
        assert_eq!(own, reached(&theirs, &theirs), "{what}");
        compared += own.len();
    }
    assert!(compared > 500, "{compared}");
}

/// Names and the label aside, a set of the same values is what the release has: nothing is lost and nothing points astray.
#[test]
fn a_set_is_the_release_by_another_name() {
    let mut compared = 0;
    for Pair { what, stable, second } in pairs() {
        let all = names(stable).union(&names(second)).count();
        assert_eq!(all, stable.len() + second.len(), "{what}: two objects of one name");
        for object in second {
            let text = object.body.to_string().replace("-canary", "");
            let plain: Value = serde_json::from_str(&text).unwrap();
            let same = |m: &&Manifest| m.id.kind == object.id.kind && m.id.name == plain["metadata"]["name"];
            let original = stable.iter().find(same).unwrap_or_else(|| panic!("{what}: {}", object.id));
            if object.id.kind != "Service" {
                assert_eq!(plain, original.body, "{what}: {}", object.id);
            }
            compared += 1;
        }
        let shared = [
            "Secret",
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "Job",
            "PersistentVolumeClaim",
            "StatefulSet",
            "Ingress",
        ];
        let kinds: BTreeSet<&str> = second.iter().map(|m| m.id.kind.as_str()).collect();
        assert!(shared.iter().all(|kind| !kinds.contains(kind)), "{what}: {kinds:?}");
    }
    assert!(compared > 1000, "{compared}");
}

/// What `validate` finds in the objects of one namespace.
fn found(texts: &[&Rendered]) -> BTreeSet<String> {
    let text = |(number, rendered): (usize, &&Rendered)| {
        let mut bytes = Vec::new();
        pipeline::emit(rendered, &Output::default(), &mut bytes).unwrap();
        ManifestText { name: format!("{number}.yaml"), text: String::from_utf8(bytes).unwrap().into(), named: true }
    };
    let version = of(&json!({})).target.kube_version;
    let (_, report, _) = pipeline::validate::texts(texts.iter().enumerate().map(text).collect(), version, "gitlab");
    report.0.into_iter().map(|diagnostic| diagnostic.message).collect()
}

#[test]
fn release_and_set_are_whole_together() {
    let values = everything();
    let stable = of(&values);
    let mut values_of_the_set = values.clone();
    values_of_the_set["gitlab"]["webservice"]["minReplicas"] = 1.into();
    let mut second = Request { canary: set(&ALL, "canary", Some(0)), ..of(&values_of_the_set) };
    second.target.gitlab_version = Some("18.8".to_owned());
    let (stable, second) = (rendered(&stable), rendered(&second));
    let with_set = found(&[&stable, &second]);
    // what is said of the release alone is said of the set too, under its names, and nothing else
    let same: BTreeSet<_> = with_set.iter().map(|text| text.replace("-canary", "")).collect();
    assert_eq!(same, found(&[&stable]));
    let split = |component: &str| Split { component: component.to_owned(), suffix: "canary".to_owned(), weight: 30 };
    let splits = ["webservice", "gitlab-shell", "registry"].map(split).to_vec();
    let shared = rendered(&Request { splits, ..of(&values) });
    assert_eq!(found(&[&shared, &second]), with_set);
}

fn object<'a>(rendered: &'a Rendered, id: &str) -> &'a Value {
    let objects = rendered.objects.manifests();
    &objects.iter().find(|m| m.id.to_string() == id).unwrap_or_else(|| panic!("{id}: {:?}", names(objects))).body
}

#[test]
fn an_ingress_is_a_canary_for_nginx_and_for_nobody_else() {
    let mut values = everything();
    values["global"]["gatewayApi"]["enabled"] = false.into();
    let rendered = rendered(&Request { canary: set(&["webservice"], "canary", Some(7)), ..of(&values) });
    for name in ["default", "api"] {
        let ingress = object(&rendered, &format!("Ingress/prod-webservice-{name}-canary"));
        let annotations = ingress["metadata"]["annotations"].as_object().unwrap();
        for (key, value) in [
            ("canary", "true"),
            ("canary-weight", "7"),
            ("canary-by-cookie", "gitlab_canary"),
            ("canary-by-header", "gitlab-canary"),
            ("proxy-body-size", "512m"),
        ] {
            assert_eq!(annotations[&format!("nginx.ingress.kubernetes.io/{key}")], value);
        }
        let others =
            annotations.keys().filter(|key| !key.contains("kubernetes.io/ingress.") && !key.starts_with("nginx."));
        assert_eq!(others.count(), 0, "{annotations:?}");
        assert_eq!(ingress["spec"].get("tls"), None);
        let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"];
        assert_eq!(backend, &format!("prod-webservice-{name}-canary"));
    }
}

#[test]
fn routes_of_the_gateway_api_have_shares_that_are_a_hundred() {
    let split = |weight| Split { component: "webservice".to_owned(), suffix: "green".to_owned(), weight };
    for weight in [0, 30, 100] {
        let rendered = rendered(&Request { splits: vec![split(weight)], ..of(&everything()) });
        let rules = object(&rendered, "HTTPRoute/prod-gitlab")["spec"]["rules"].as_array().unwrap();
        assert!(rules.len() > 2);
        for rule in rules {
            let backends = rule["backendRefs"].as_array().unwrap();
            assert_eq!(backends.len(), 2);
            assert_eq!(backends[1]["name"], format!("{}-green", backends[0]["name"].as_str().unwrap()));
            assert_eq!(backends[1]["port"], backends[0]["port"]);
            assert_eq!((&backends[0]["weight"], &backends[1]["weight"]), (&json!(100 - weight), &json!(weight)));
        }
        assert_eq!(object(&rendered, "HTTPRoute/prod-kas")["spec"]["rules"][0]["backendRefs"][1], Value::Null);
    }
}

#[test]
fn what_is_given_out_once_stays_the_releases() {
    let rendered = rendered(&Request { canary: set(&["gitlab-shell"], "canary", None), ..of(&everything()) });
    let service = &object(&rendered, "Service/prod-gitlab-shell-canary")["spec"];
    assert_eq!(service["type"], "ClusterIP");
    let keys: BTreeSet<&str> = service.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(["ports", "selector", "type"]));
    assert_eq!(service["ports"][0].get("nodePort"), None);
}

#[test]
fn a_policy_that_knows_pods_by_the_release_is_told() {
    let policy = |labels: Value| {
        let from = json!([{"from": [{"podSelector": {"matchLabels": labels}}]}]);
        let rules = json!({"enabled": true, "ingress": {"enabled": true, "rules": from}});
        let values = json!({"certmanager-issuer": {"email": "me@example.com"}, "registry": {"networkpolicy": rules}});
        let rendered = rendered(&Request { canary: set(&["webservice"], "canary", None), ..of(&values) });
        rendered.warnings.iter().filter(|d| d.code == "second-set-shut-out").count()
    };
    assert_eq!(policy(json!({"release": "prod"})), 1);
    assert_eq!(policy(json!({"app": "webservice", "release": "prod"})), 1);
    assert_eq!(policy(json!({"app": "sidekiq", "release": "prod"})), 0);
    assert_eq!(policy(json!({"app": "webservice"})), 0);
}

/// Every command of the guide that is ours runs, and what it writes to a file is there for the next.
#[test]
fn the_commands_of_the_guide_run() {
    let text = std::fs::read_to_string(root().join("docs/canary.md")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    // the files that the guide shows
    let mut files = 0;
    for block in text.split("```yaml\n# ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        std::fs::write(directory.path().join(name), rest.split("```").next().unwrap()).unwrap();
        files += 1;
    }
    assert!(files >= 2);
    let mut ran = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("    gitlab-render ")) {
        let (ours, file) = line.split_once(" > ").map_or((line, None), |(ours, file)| (ours, Some(file)));
        let got = run(directory.path(), &words(ours.split(" | ").next().unwrap()), &BTreeMap::new(), "");
        assert_eq!(got.status, Some(0), "{line}: {}", got.stderr);
        let silent = line.contains("--output-dir") || line.starts_with("validate");
        assert_eq!(got.stdout.is_empty(), silent, "{line}");
        if let Some(file) = file {
            std::fs::write(directory.path().join(file), &got.stdout).unwrap();
        }
        ran += 1;
    }
    assert!(ran >= 15, "{ran}");
    let text = |file: &str| std::fs::read_to_string(directory.path().join(file)).unwrap();
    let job = |file: &str| {
        let text = text(file);
        text.split_whitespace().find(|word| word.starts_with("prod-migrations-")).unwrap().to_owned()
    };
    // the release's upgrade does not run again what ran for the canary, and the last step does run
    assert_eq!(job("migrate.sh"), job("promote.sh"));
    assert_ne!(job("promote.sh"), job("post-migrate.sh"));
    assert!(text("clusters/prod/gitlab-canary/flux.yaml").contains("  name: prod-canary-main\n"));
}
