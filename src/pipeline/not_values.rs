//! Files that are given as values and hold something else: an object for Kubernetes, an umbrella chart's values, the
//! file of another tool. None of their keys would be read, and the render would have the defaults only.

use crate::diag::{Diagnostic, Location, Place};
use crate::schema::{self, UnknownKeys, known_keys};
use crate::values::{TopKey, TopKeys};

/// An error for each file that does not hold values.
pub(super) fn find(files: &[TopKeys], unknown_keys: UnknownKeys) -> Vec<Diagnostic> {
    files.iter().filter_map(|file| check(file, unknown_keys)).collect()
}

/// Whether a finding follows from such a file: it is about one of its keys.
pub(super) fn explained(finding: &Diagnostic, errors: &[Diagnostic], files: &[TopKeys]) -> bool {
    let sources = || {
        errors.iter().flat_map(|error| &error.places).filter_map(|place| match place {
            Place::At(at) => Some(at.source),
            _ => None,
        })
    };
    finding.places.iter().any(|place| {
        let (Place::Value(path) | Place::Set(path, _)) = place else { return false };
        let Some(first) = path.first_key() else { return false };
        let keys = files.iter().flat_map(|file| &file.keys);
        keys.filter(|key| key.name == first).any(|key| sources().any(|source| source == key.at.source))
    })
}

fn check(file: &TopKeys, unknown_keys: UnknownKeys) -> Option<Diagnostic> {
    let known = known_keys(&[]);
    let key = |name: &str| file.keys.iter().find(|key| key.name == name);
    let has = |name: &str| key(name).is_some();
    let first = file.keys.first()?;
    let error =
        |at: Location, message: String, hint: String| Some(Diagnostic::error("not-values", message).at(at).hint(hint));
    if let (Some(kind), true) = (&file.kind, has("apiVersion")) {
        let at = key("kind").map_or(first.at, |key| key.at);
        let message =
            format!("`kind: {kind}`: this is a Kubernetes object, not a values file, and nothing in it is read");
        return error(at, message, below(place_of_values(kind)));
    }
    let any_known = file.keys.iter().any(|key| known.contains(&key.name.as_str()));
    // Not only Kubernetes names the kind of a file.
    if let (Some(kind), false) = (&file.kind, any_known) {
        let at = key("kind").map_or(first.at, |key| key.at);
        let message =
            format!("`kind: {kind}`: this is a file of another tool, not a values file, and nothing in it is read");
        return error(
            at,
            message,
            "name the values files that it refers to; `--values-at PATH` reads values inside it".to_owned(),
        );
    }
    if any_known {
        if let Some(key) = umbrella(file, &known) {
            return error(key.at, of_an_umbrella(&key.name), below(Some(&format!("`{}`", key.name))));
        }
        return of_another_chart(file, unknown_keys).and_then(|key| {
            let message = format!(
                "`{}`: this is a values file of another chart: besides keys that every chart has, none of its keys is known",
                key.name
            );
            error(key.at, message, INTENDED.to_owned())
        });
    }
    let global = known_keys(&["global"]);
    let count =
        |key: &TopKey, known: &[&str]| key.inner.iter().filter(|inner| known.contains(&inner.name.as_str())).count();
    // Some keys exist at the top level and in `global`: those of a misspelt `global` are not values.
    let holds_values = |key: &&TopKey| {
        let own = count(key, &known);
        own > 1 && own > count(key, &global) || key.inner.iter().any(|inner| inner.name == "global")
    };
    if let Some(key) = file.keys.iter().find(holds_values) {
        return error(key.at, of_an_umbrella(&key.name), below(Some(&format!("`{}`", key.name))));
    }
    let other = [
        ("helmCharts", "a Kustomization", Some("`helmCharts[].valuesInline`, or in the file that `valuesFile` names")),
        ("resources", "a Kustomization", Some("`helmCharts[].valuesInline`, or in the file that `valuesFile` names")),
        ("releases", "a helmfile", Some("`releases[].values`")),
        ("helmfiles", "a helmfile", Some("`releases[].values`")),
        ("dependencies", "a Chart.yaml", None),
        ("spec", "a part of a Kubernetes object", Some("`spec`")),
    ];
    if let Some((name, what, place)) = other.into_iter().find(|(name, ..)| has(name)) {
        let at = key(name).map_or(first.at, |key| key.at);
        let message = format!("`{name}`: this is {what}, not a values file, and nothing in it is read");
        return error(at, message, below(place));
    }
    if has("apiVersion") && has("name") && has("version") {
        return error(
            first.at,
            "this is a Chart.yaml, not a values file, and nothing in it is read".to_owned(),
            below(None),
        );
    }
    if unknown_keys == UnknownKeys::Error {
        // Each key gets its own error.
        return None;
    }
    let message = format!("`{}`: none of the keys in this file is known, so nothing in it is read", first.name);
    error(first.at, message, INTENDED.to_owned())
}

const INTENDED: &str =
    "check that it is the intended file: GitLab's values have keys such as `global.hosts`, `gitlab` and `registry`";

/// Sections of charts that other charts depend on as well: only the switch is GitLab's own.
const SHARED_CHARTS: [&str; 8] =
    ["cert-manager", "certmanager", "haproxy", "minio", "postgresql", "prometheus", "redis", "traefik"];

/// Keys that charts of all kinds have, in any place.
const OF_EVERY_CHART: [&str; 86] = [
    "accessMode",
    "affinity",
    "annotations",
    "auth",
    "automountServiceAccountToken",
    "autoscaling",
    "className",
    "common",
    "config",
    "controller",
    "create",
    "database",
    "deployment",
    "digest",
    "enabled",
    "existingClaim",
    "existingSecret",
    "extraContainers",
    "extraEnv",
    "extraEnvFrom",
    "extraInitContainers",
    "extraVolumeMounts",
    "extraVolumes",
    "fullnameOverride",
    "global",
    "host",
    "hpa",
    "image",
    "imagePullSecrets",
    "images",
    "ingress",
    "init",
    "key",
    "labels",
    "limits",
    "livenessProbe",
    "logging",
    "maxReplicas",
    "metrics",
    "middleware",
    "minReplicas",
    "minio",
    "name",
    "nameOverride",
    "networkpolicy",
    "nodeSelector",
    "password",
    "path",
    "pdb",
    "persistence",
    "podLabels",
    "port",
    "ports",
    "postgresql",
    "priorityClassName",
    "pullPolicy",
    "pullSecrets",
    "rbac",
    "readinessProbe",
    "redis",
    "registry",
    "relativeurls",
    "replicaCount",
    "replicas",
    "repository",
    "requests",
    "resources",
    "secret",
    "securityContext",
    "service",
    "serviceAccount",
    "serviceMonitor",
    "size",
    "storage",
    "storageClass",
    "storageClassName",
    "strategy",
    "tag",
    "tls",
    "tlsSecret",
    "tolerations",
    "topologySpreadConstraints",
    "type",
    "updateStrategy",
    "url",
    "username",
];

/// The first unknown top-level key of a file in which only keys are known that every chart has; where each unknown key
/// is an error by itself, there is no need for this one.
fn of_another_chart(file: &TopKeys, unknown_keys: UnknownKeys) -> Option<&TopKey> {
    if unknown_keys == UnknownKeys::Error {
        return None;
    }
    let mut unknown = file.keys.iter().filter(|key| !schema::knows_keys(&[&key.name]));
    let first = unknown.next()?;
    (!file.keys.iter().any(is_of_gitlab)).then_some(first)
}

/// Whether a section holds a known key that other charts do not have.
fn is_of_gitlab(key: &TopKey) -> bool {
    let top = key.name.as_str();
    if !schema::knows_keys(&[top]) {
        return false;
    }
    if SHARED_CHARTS.contains(&top) {
        return key.inner.iter().any(|inner| inner.name == "install");
    }
    let is_own = |word: &str| !OF_EVERY_CHART.contains(&word);
    if key.inner.is_empty() {
        return is_own(top);
    }
    key.inner.iter().any(|inner| {
        let name = inner.name.as_str();
        let at = [top, name];
        let below = || inner.keys.iter().any(|key| is_own(key) && schema::knows_keys(&[top, name, key]));
        schema::knows_keys(&at) && (is_own(top) || is_own(name) || below())
    })
}

/// The key of a dependency in the values of an umbrella chart: the sections below `gitlab` are not GitLab's.
fn umbrella<'f>(file: &'f TopKeys, known: &[&str]) -> Option<&'f TopKey> {
    let key = file.keys.iter().find(|key| key.name == "gitlab")?;
    let own = known_keys(&["gitlab"]);
    let foreign = |inner: &&str| known.contains(inner) && !own.contains(inner);
    let foreign = key.inner.iter().map(|inner| inner.name.as_str()).filter(foreign).count();
    let alone = file.keys.iter().all(|other| other.name == "gitlab" || !known.contains(&other.name.as_str()));
    // A user may have misplaced the chart's sections below `gitlab`; `gitlab` or `global` there, or no other keys, mean
    // another chart's file.
    let has = |name: &str| key.inner.iter().any(|inner| inner.name == name);
    (has("gitlab") || has("global") && (alone || foreign > 1) || alone && foreign > 1).then_some(key)
}

fn of_an_umbrella(key: &str) -> String {
    format!(
        "`{key}`: these are the values of a chart that has GitLab's chart as a dependency, and nothing in it is read"
    )
}

/// The path of the values in an object that wraps them.
fn place_of_values(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "HelmRelease" => "`spec.values`",
        "Application" | "ApplicationSet" => "`helm.values` or `helm.valuesObject`",
        "GitLab" => "`spec.chart.values`",
        "HelmChart" | "HelmChartConfig" => "`spec.valuesContent`",
        "HelmChartProxy" => "`spec.valuesTemplate`",
        "Kustomization" => "`helmCharts[].valuesInline`, or in the file that `valuesFile` names",
        _ => return None,
    })
}

fn below(place: Option<&str>) -> String {
    match place {
        Some(place) => format!("the values are below {place}: write them into a separate file"),
        None => "pass only values files; apply your own objects beside those of this program".to_owned(),
    }
}
