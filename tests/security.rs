//! What pods may do: the profile `hardened` over every other one, and `docs/security.md`, which is made from renders.
//!
//! `UPDATE_EXPECT=1 cargo test security` writes the tables anew; read the difference before it is committed.

mod pods;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use gitlab_render::manifest::Manifest;
use gitlab_render::pipeline::{self, Request};
use gitlab_render::profiles;
use gitlab_render::resolve::KubeVersion;
use gitlab_render::values::Input;
use serde::Deserialize;
use serde_json::Value;

use crate::common::{file, release, run, words};
use pods::Pod;

/// The profile that is laid over the others.
pub const HARDENED: &str = "hardened";

/// What no profile turns on, so that each component has its pods somewhere.
pub const EVERYTHING: &str = r#"
certmanager-issuer: {email: admin@example.com}
global:
  praefect: {enabled: true}
  pages: {enabled: true}
  spamcheck: {enabled: true}
  appConfig:
    incomingEmail: {enabled: true, address: "a+%{key}@example.com", host: imap.example.com, user: a, password: {secret: mail}}
gitlab:
  toolbox: {backups: {cron: {enabled: true}, objectStorage: {config: {secret: backup}}}, databaseReindex: {cron: {enabled: true}}}
"#;

/// Pods that the profile does not bound by a NetworkPolicy of both directions, by template, with the reason.
const WITHOUT_POLICY: &[(&str, &str)] = &[
    ("certmanager-issuer/job.yaml", "it talks to the API server once, whose address no policy can name"),
    ("gitlab-runner/deployment.yaml", "it starts jobs, and its chart has no policy"),
    ("minio/deployment.yaml", "for a look around; its policy bounds who may come"),
    ("minio/job.yaml", "for a look around"),
    ("postgresql/statefulset.yaml", "for a look around"),
    ("upgrade-check/job.yaml", "it reads two files, and ends"),
];

/// Containers without a limit of memory, by template and name, with the reason.
const WITHOUT_LIMIT: &[(&str, &str)] =
    &[("gitaly/statefulset.yaml gitaly", "its limit is that of its machine, which the reference architectures name")];

/// Pods that use a token, by template, with the reason.
const WITH_TOKEN: &[(&str, &str)] = &[
    ("certmanager-issuer/job.yaml", "makes the Issuer"),
    ("gitlab-runner/deployment.yaml", "starts the pods of CI jobs"),
    ("nginx-ingress/daemonset.yaml", "watches Ingresses"),
    ("nginx-ingress/deployment.yaml", "watches Ingresses"),
    ("shared-secrets/job.yaml", "makes Secrets"),
];

/// A render of values under a profile, or of the defaults.
fn request(profile: Option<&str>, over: &[Input]) -> Request {
    let mut inputs: Vec<Input> = vec![file(b"certmanager-issuer: {email: admin@example.com}\n".to_vec())];
    inputs.extend(profile.map(|name| pipeline::profile(name).expect("it is built in")));
    inputs.extend(over.iter().cloned());
    release("prod", "gitlab", inputs)
}

/// Every way to install that is tried: the profiles but the one that goes over them, the defaults, and everything at once.
fn documents() -> Vec<(String, Request)> {
    let others = profiles::all().filter(|profile| profile.name != HARDENED);
    let mut all: Vec<_> = others.map(|profile| (profile.name.to_owned(), request(Some(profile.name), &[]))).collect();
    all.push(("the defaults".to_owned(), request(None, &[])));
    all.push(("everything".to_owned(), request(None, &[file(EVERYTHING.as_bytes().to_vec())])));
    all
}

fn objects(name: &str, request: &Request) -> Vec<Manifest> {
    let rendered = pipeline::render(request).unwrap_or_else(|f| panic!("{name}: {:#?}", f.report.0));
    rendered.objects.manifests().to_vec()
}

fn hardened() -> Vec<(String, Vec<Manifest>)> {
    let over = pipeline::profile(HARDENED).expect("it is built in");
    let all = documents().into_iter().map(|(name, mut request)| {
        request.inputs.push(over.clone());
        let objects = objects(&name, &request);
        (name, objects)
    });
    all.collect()
}

fn reasons<'a>(list: &[(&'a str, &str)]) -> BTreeSet<&'a str> {
    list.iter().map(|(what, _)| *what).collect()
}

/// Complains of what is not listed, and of what is listed and no longer so.
fn compare(what: &str, found: &BTreeMap<String, String>, listed: &[(&str, &str)]) {
    let listed = reasons(listed);
    let unlisted: Vec<_> = found.iter().filter(|(name, _)| !listed.contains(name.as_str())).collect();
    assert!(unlisted.is_empty(), "{what}: {unlisted:#?}");
    let stale: Vec<_> = listed.iter().filter(|name| !found.contains_key(**name)).collect();
    assert!(stale.is_empty(), "{what}: listed and no longer so: {stale:?}");
}

#[test]
fn hardened_pods_are_bounded_over_every_profile() {
    let (mut open, mut unlimited, mut tokens) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, objects) in hardened() {
        for pod in Pod::all(&objects) {
            seen.insert(pod.source.clone());
            wrong.extend(pod.not_restricted().into_iter().map(|what| format!("{name}: {}: {what}", pod.source)));
            if pod.source.starts_with("shared-secrets/") {
                wrong.push(format!("{name}: {} is there", pod.source));
            }
            let directions: BTreeSet<_> = pod.policies.iter().flat_map(|policy| policy.types.clone()).collect();
            if directions.len() < 2 {
                open.insert(pod.source.clone(), format!("{name}: {directions:?}"));
            }
            if pod.token {
                tokens.insert(pod.source.clone(), name.clone());
            }
            for container in &pod.containers {
                let id = format!("{} {}", pod.source, container.name);
                match container.memory {
                    (_, None) => drop(unlimited.insert(id, name.clone())),
                    (Some(request), Some(limit)) if request > limit => {
                        wrong.push(format!("{name}: {id}: it asks for more memory than its limit"));
                    }
                    _ => {}
                }
            }
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    compare("no NetworkPolicy of both directions", &open, WITHOUT_POLICY);
    compare("no limit of memory", &unlimited, WITHOUT_LIMIT);
    let used: Vec<_> =
        WITH_TOKEN.iter().filter(|(source, _)| !source.starts_with("shared-secrets/")).copied().collect();
    compare("a token is mounted", &tokens, &used);
}

/// By `--digests` all images are pinned, which the profile asks for in its first lines.
#[test]
fn hardened_says_what_is_to_be_done_beside_it() {
    let profile = profiles::find(HARDENED).expect("it is built in");
    for word in ["--digests", "pod-security.kubernetes.io/enforce=restricted", "docs/security.md", "validate"] {
        assert!(profile.text.contains(word), "{word}");
    }
}

/// The Role of the Job that makes Secrets names them where the values ask for it, and may still make them.
#[test]
fn the_role_of_shared_secrets_names_what_it_reads() {
    let by_name =
        file(b"shared-secrets: {rbac: {byName: true}}\nglobal: {ingress: {configureCertmanager: false}}\n".to_vec());
    let objects = objects("by name", &request(None, &[by_name]));
    let find =
        |kind: &str| objects.iter().find(|o| o.id.kind == kind && o.id.name == "prod-shared-secrets").expect(kind);
    let rules = find("Role").body["rules"].as_array().expect("a Role has rules").clone();
    assert_eq!(rules.len(), 2);
    assert_eq!(rules[0]["verbs"], serde_json::json!(["create"]));
    let names: BTreeSet<&str> =
        rules[1]["resourceNames"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    let script = find("ConfigMap").body["data"]["generate-secrets"].as_str().expect("a script").to_owned();
    let made = script.lines().filter_map(|line| line.strip_prefix("begin "));
    let certificate = ["prod-wildcard-tls", "prod-wildcard-tls-ca", "prod-wildcard-tls-chain"];
    assert_eq!(names, made.chain(certificate).collect::<BTreeSet<_>>());
}

/// A setting of one component that refuses the token holds for the pods too that have one in the official chart.
#[test]
fn a_refused_token_is_not_mounted() {
    let plain: BTreeMap<_, _> = tokens(&[]);
    let refuse = "automountServiceAccountToken: false";
    let values = format!(
        "upgradeCheck: {{serviceAccount: {{{refuse}}}}}\ngitlab:\n  webservice: {{serviceAccount: {{{refuse}}}}}\n  \
         toolbox: {{serviceAccount: {{{refuse}}}}}\n  praefect: {{serviceAccount: {{{refuse}}}}}\n"
    );
    let refused = tokens(&[file(values.into_bytes())]);
    for pod in ["upgrade-check/job.yaml", "webservice/pod.yaml", "toolbox/cronjob.yaml", "praefect/statefulset.yaml"] {
        assert!(plain[pod] && !refused[pod], "{pod}: {} {}", plain[pod], refused[pod]);
    }
}

fn tokens(over: &[Input]) -> BTreeMap<String, bool> {
    let mut all = vec![file(EVERYTHING.as_bytes().to_vec())];
    all.extend(over.iter().cloned());
    let mut request = request(None, &all);
    request.target.kube_version = KubeVersion { major: 1, minor: 35 };
    Pod::all(&objects("everything", &request)).into_iter().map(|pod| (pod.source, pod.token)).collect()
}

/// The names of headers and fields of the registry's notifications are the user's, and each stays one key.
#[test]
fn a_name_in_the_registrys_configuration_stays_one_key() {
    let names = ["X: [a] #", "012", "yes", "X-A: b", "Good", "{{ x }}", "- a", "\"q\""];
    let headers: serde_json::Map<String, serde_json::Value> =
        names.iter().map(|name| ((*name).to_owned(), serde_json::json!(["v"]))).collect();
    let values = serde_json::json!({
        "certmanager-issuer": {"email": "a@example.com"},
        "global": {"registry": {"notifications": {"endpoints": [
            {"name": "x: y", "url": "https://a.example.com", "timeout: #": "5s", "headers": headers},
        ]}}},
    });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("v.yaml"), values.to_string()).expect("it is written");
    let got =
        run(folder.path(), &words("template -q -f v.yaml --show-only registry/configmap.yaml"), &BTreeMap::new(), "");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let configuration = serde_yaml::Deserializer::from_str(&got.stdout)
        .map(|document| serde_yaml::Value::deserialize(document).expect("it is YAML"))
        .find_map(|object| object["data"]["config.yml.tpl"].as_str().map(str::to_owned))
        .expect("it is there");
    let configuration: serde_yaml::Value = serde_yaml::from_str(&configuration).expect("it is YAML");
    let endpoint = &configuration["notifications"]["endpoints"][0];
    assert_eq!(endpoint["timeout: #"], "5s");
    for name in names.iter().filter(|name| !name.contains("{{")) {
        assert_eq!(endpoint["headers"][*name][0], "v", "{name}\n{endpoint:?}");
    }
    assert_eq!(endpoint["headers"].as_mapping().map(|map| map.len()), Some(names.len()));
}
