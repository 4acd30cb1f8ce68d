//! The third-party charts that values turn on: the script runs with a stand-in for Helm, and all three forms install the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::common::{Ran, run, run_program, words};

/// Takes down its arguments, one a line, and the values that it reads.
const HELM: &str =
    "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"$word\"; done > \"$3.args\"\ncat > \"$3.values\"\n";

/// Everything is on, and values hold what a shell or YAML could trip over.
fn everything() -> Value {
    let hostile = "$(touch broken) `touch broken`\nEND_OF_VALUES\n'\"\\ {{ x }} \u{e9}\n";
    json!({
        "installCertmanager": true,
        "certmanager-issuer": {"email": "me@example.com"},
        "certmanager": {"podLabels": {"a": hostile}, "END_OF_VALUES": "on"},
        "prometheus": {"install": true, "server": {"retention": "012", "extraArgs": {"x": hostile}}, "extraScrapeConfigs": hostile},
        "global": {"gatewayApi": {"installEnvoy": true}, "ingress": {"class": "traefik"}, "priorityClassName": "high"},
        "envoy-gateway": {"deployment": {"replicas": 2}},
        "traefik": {"install": true, "additionalArguments": ["--a=b", hostile]},
        "nginx-ingress": {"enabled": false},
    })
}

fn companions(directory: &Path, values: &Value, more: &str) -> Ran {
    fs::write(directory.join("values.yaml"), values.to_string()).unwrap();
    let got = run(directory, &words(&format!("companions prod -n gitlab -f values.yaml {more}")), &BTreeMap::new(), "");
    assert_eq!(got.status, Some(0), "{more}: {}", got.stderr);
    got
}

/// What one form installs, by the name of the release.
#[derive(Debug, PartialEq)]
struct Installed {
    chart: String,
    repository: String,
    version: String,
    namespace: String,
    values: Value,
}

fn yaml(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).expect("it is YAML"))
        .filter(|document| !document.is_null())
        .collect()
}

/// Runs the script with the stand-in, and reads what it was called with.
fn by_helm(values: &Value, version: &str) -> BTreeMap<String, Installed> {
    let directory = tempfile::tempdir().unwrap();
    let script = companions(directory.path(), values, version).stdout;
    let bin = directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("helm"), HELM).unwrap();
    fs::set_permissions(bin.join("helm"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(directory.path().join("companions.sh"), script).unwrap();
    let mut command = Command::new("sh");
    command.args(["companions.sh", "--dry-run", "two words"]).current_dir(directory.path());
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    let ran = run_program(command, "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(!directory.path().join("broken").exists(), "a value was run as a command");
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let Some(release) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".args")) else { continue };
        let text = fs::read_to_string(&path).unwrap();
        let args: Vec<&str> = text.lines().collect();
        assert_eq!(args[..3], ["upgrade", "--install", release], "{args:?}");
        assert_eq!(args[args.len() - 2..], ["--dry-run", "two words"], "the script's arguments: {args:?}");
        let option = |name: &str| args.iter().position(|arg| *arg == name).map(|at| args[at + 1].to_owned());
        let (chart, repository) = match option("--repo") {
            Some(repository) => (args[3].to_owned(), repository),
            None => {
                let (repository, chart) = args[3].rsplit_once('/').unwrap();
                (chart.to_owned(), repository.to_owned())
            }
        };
        let values = fs::read_to_string(path.with_extension("values")).unwrap();
        let installed = Installed {
            chart,
            repository,
            version: option("--version").unwrap(),
            namespace: option("--namespace").unwrap(),
            values: yaml(&values).remove(0),
        };
        found.insert(release.to_owned(), installed);
    }
    found
}

fn text(object: &Value, at: &str) -> String {
    object.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("{at} in {object:#}")).to_owned()
}

fn by_flux(values: &Value, version: &str) -> BTreeMap<String, Installed> {
    let directory = tempfile::tempdir().unwrap();
    let objects = yaml(&companions(directory.path(), values, &format!("--as flux {version}")).stdout);
    let of = |kind: &str| objects.iter().filter(move |object| object["kind"] == kind).collect::<Vec<_>>();
    let repositories: BTreeMap<_, _> =
        of("HelmRepository").into_iter().map(|object| (text(object, "/metadata/name"), object)).collect();
    let releases = of("HelmRelease");
    assert_eq!(objects.len(), 2 * releases.len());
    let read = |object: &Value| {
        let source = repositories[&text(object, "/spec/chart/spec/sourceRef/name")];
        let repository = text(source, "/spec/url");
        assert_eq!(source["spec"].get("type") == Some(&json!("oci")), repository.starts_with("oci://"));
        let installed = Installed {
            chart: text(object, "/spec/chart/spec/chart"),
            repository,
            version: text(object, "/spec/chart/spec/version"),
            namespace: text(object, "/metadata/namespace"),
            values: object["spec"]["values"].clone(),
        };
        (text(object, "/spec/releaseName"), installed)
    };
    releases.into_iter().map(read).collect()
}

fn by_argo_cd(values: &Value, version: &str) -> BTreeMap<String, Installed> {
    let directory = tempfile::tempdir().unwrap();
    let objects = yaml(&companions(directory.path(), values, &format!("--as argocd {version}")).stdout);
    let read = |object: &Value| {
        let source = &object["spec"]["source"];
        let repository = text(source, "/repoURL");
        // Argo CD takes what has no scheme for a registry
        let repository = if repository.contains("://") { repository } else { format!("oci://{repository}") };
        let installed = Installed {
            chart: text(source, "/chart"),
            repository,
            version: text(source, "/targetRevision"),
            namespace: text(object, "/spec/destination/namespace"),
            values: source["helm"]["valuesObject"].clone(),
        };
        (text(source, "/helm/releaseName"), installed)
    };
    objects.iter().map(read).collect()
}

#[test]
fn all_forms_install_the_same_and_no_value_is_run() {
    let values = everything();
    let helm = by_helm(&values, "");
    let names: Vec<_> = helm.keys().map(String::as_str).collect();
    assert_eq!(names, ["prod-certmanager", "prod-envoy-gateway", "prod-prometheus", "prod-traefik"]);
    assert_eq!(helm, by_flux(&values, ""));
    assert_eq!(helm, by_argo_cd(&values, ""));
    for (release, installed) in &helm {
        assert_eq!(installed.namespace, "gitlab", "{release}");
        assert!(installed.values.get("install").is_none(), "{release}: the switch is GitLab's");
        let section = release.strip_prefix("prod-").unwrap();
        let own = values.get(section).cloned().unwrap_or_default();
        for (key, value) in own.as_object().into_iter().flatten().filter(|(key, _)| *key != "install") {
            if !value.is_object() {
                assert_eq!(&installed.values[key], value, "{section}.{key}");
            }
        }
    }
    assert_eq!(helm["prod-prometheus"].values["server"]["retention"], "012");
    assert_eq!(helm["prod-certmanager"].values["global"], json!({"priorityClassName": "high"}));
}

#[test]
fn only_what_the_values_turn_on_is_written() {
    let names = |values: &Value, version: &str| by_helm(values, version).into_keys().collect::<BTreeSet<_>>();
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names(&json!({}), ""), set(&["prod-certmanager", "prod-prometheus"]), "what is on by default");
    let off = json!({"installCertmanager": false, "prometheus": {"install": false}});
    assert_eq!(names(&off, ""), set(&[]));
    let haproxy = json!({
        "haproxy": {"install": true}, "nginx-ingress": {"enabled": false}, "global": {"ingress": {"class": "haproxy"}},
        "installCertmanager": false, "prometheus": {"install": false},
    });
    assert_eq!(names(&haproxy, ""), set(&["prod-haproxy"]));
}

/// The versions are those of the release that is named.
#[test]
fn each_release_pins_its_own_versions() {
    let pinned = |gitlab: &str| {
        let found = by_helm(&json!({}), &format!("--gitlab-version {gitlab}"));
        (found["prod-certmanager"].version.clone(), found["prod-prometheus"].version.clone())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(pinned("18.4.1"), pair("v1.17.4", "27.23.0"));
    assert_eq!(pinned("18.7.1"), pair("v1.17.4", "27.50.1"));
    assert_eq!(pinned("18.10.0"), pair("v1.19.4", "27.52.0"));
}

/// What 19 needs, with cert-manager and the Gateway.
fn nineteen() -> Value {
    json!({
        "installCertmanager": true, "certmanager-issuer": {"email": "me@example.com"}, "prometheus": {"install": false},
        "trialStores": {"enabled": true},
    })
}

#[test]
fn on_19_the_definitions_of_the_gateway_come_before_everything_else() {
    let directory = tempfile::tempdir().unwrap();
    let script = companions(directory.path(), &nineteen(), "--gitlab-version 19.2").stdout;
    let bin = directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["helm", "kubectl"] {
        let stand_in = format!("#!/bin/sh\necho {name} \"$@\" >> calls\ncat > /dev/null\n");
        fs::write(bin.join(name), stand_in).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(directory.path().join("companions.sh"), script).unwrap();
    let mut command = Command::new("sh");
    command.args(["companions.sh", "--dry-run"]).current_dir(directory.path());
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    let ran = run_program(command, "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let calls = fs::read_to_string(directory.path().join("calls")).unwrap();
    let mut calls: Vec<&str> = calls.lines().collect();
    // The two ends of a pipe start together.
    calls[..2].sort_unstable();
    assert_eq!(
        calls[..2],
        [
            "helm template prod-envoy-gateway-crds oci://registry-1.docker.io/envoyproxy/gateway-crds-helm --version 1.8.2 \
             --set crds.envoyGateway.enabled=true --set crds.gatewayAPI.channel=experimental --set crds.gatewayAPI.enabled=true",
            "kubectl apply --server-side --dry-run=server -f -",
        ]
    );
    assert!(calls[2].starts_with("helm upgrade --install prod-certmanager "), "{calls:?}");
    assert!(calls[3].starts_with("helm upgrade --install prod-envoy-gateway "), "{calls:?}");

    let flux = yaml(&companions(directory.path(), &nineteen(), "--as flux --gitlab-version 19.2").stdout);
    let release =
        |name: &str| flux.iter().find(|o| o["kind"] == "HelmRelease" && o["metadata"]["name"] == name).unwrap();
    assert_eq!(release("prod-certmanager")["spec"]["dependsOn"], json!([{"name": "prod-envoy-gateway"}]));
    assert_eq!(release("prod-envoy-gateway")["spec"]["install"], json!({"crds": "CreateReplace"}));
    assert!(release("prod-envoy-gateway")["spec"].get("dependsOn").is_none());
    let argo = yaml(&companions(directory.path(), &nineteen(), "--as argocd --gitlab-version 19.2").stdout);
    let waves: Vec<_> = argo.iter().map(|o| o.pointer("/metadata/annotations/argocd.argoproj.io~1sync-wave")).collect();
    assert_eq!(waves, [None, Some(&json!("-1"))]);
    // Before 19 nothing is applied by hand, and nothing waits.
    let old = json!({"global": {"gatewayApi": {"installEnvoy": true}}});
    assert!(!companions(directory.path(), &old, "--gitlab-version 18.11").stdout.contains("kubectl"));
}

/// A patch whose chart is not known takes the versions of the nearest chart, and says so; nothing recommends this command.
#[test]
fn the_nearest_chart_is_named_as_such() {
    let directory = tempfile::tempdir().unwrap();
    let values = json!({"certmanager-issuer": {"email": "me@example.com"}});
    let unknown = companions(directory.path(), &values, "--gitlab-version 18.11.12");
    assert!(
        unknown.stdout.contains("is not known here: the versions below are those of chart 9.11."),
        "{}",
        unknown.stdout
    );
    assert!(unknown.stdout.contains("(chart 9.11.x)") && !unknown.stderr.contains("third-party"), "{}", unknown.stderr);
    let known = companions(directory.path(), &values, "--gitlab-version 18.10.0");
    assert!(!known.stdout.contains("not known here"), "{}", known.stdout);
}
