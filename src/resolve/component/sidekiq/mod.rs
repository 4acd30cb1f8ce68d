//! Sidekiq: the background jobs of Rails, one Deployment for each entry of `pods`.
//!
//! An entry's settings are merged over those of the component, so `pods` may be as short as a list of names.

mod checks;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bundle::Difference;
use crate::model::workload::{Hpa, Keda, Metrics};
use crate::model::{Node, NodeMap, Port, Text};
use crate::resolve::image::ImageRef;
use crate::resolve::scaling::{Scaled, Scaling};
use crate::resolve::shared::rails::{self, Process};
use crate::resolve::shared::workhorse::relative_root;
use crate::resolve::workload::{
    Container, Workload, certificate_source, evictable, http_probe, memory_volume, projected_volume,
};
use crate::resolve::{Component, Context, Plan, labels};
use crate::tree::{at, layer, without};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "sidekiq", key: "gitlab.sidekiq", resolve };

/// The label that distinguishes the pods of one entry from those of another.
const POD_LABEL: &str = "queue-pod-name";
const CONFIG: &str = "sidekiq-config";
const SECRETS: &str = "sidekiq-secrets";
const METRICS: &str = "sidekiq-metrics";

/// Settings of the component, or of one entry of `pods` over them.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    name: Text,
    queues: Option<Text>,
    concurrency: Text,
    timeout: Text,
    min_replicas: Node,
    max_replicas: Node,
    max_unavailable: Node,
    termination_grace_period_seconds: Option<Node>,
    strategy: NodeMap,
    hpa: Hpa,
    keda: Keda,
    memory_killer: MemoryKiller,
    metrics: Metrics,
    #[serde(rename = "health_checks")]
    health_checks: HealthChecks,
    liveness_probe: NodeMap,
    readiness_probe: NodeMap,
}

/// The memory limits at which a Sidekiq process is restarted.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MemoryKiller {
    daemon_mode: bool,
    max_rss: Option<Text>,
    grace_time: Option<Text>,
    shutdown_wait: Option<Text>,
    check_interval: Option<Text>,
    hard_limit_rss: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HealthChecks {
    port: Port,
}

/// Keys that are read in an entry of `pods` only: the section has them under `deployment`.
const OF_ENTRIES: [&str; 2] = ["strategy", "terminationGracePeriodSeconds"];
/// Maps of an entry that take the place of the section's as a whole, as requests without limits do.
const WHOLE: [&str; 2] = ["nodeSelector", "resources"];
/// Lists of an entry that come before the section's.
const ADDED: [&str; 2] = ["extraVolumes", "extraVolumeMounts"];

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    if !set.enabled {
        return;
    }
    checks::ports(cx, &set);
    let w = Workload::new(cx, &COMPONENT);
    rails::plan_config(COMPONENT.name, &w, Process::Sidekiq, plan);
    let section = cx.section(COMPONENT.key);
    // Neither the other entries nor what only entries have is a part of what an entry inherits.
    let shared = OF_ENTRIES.iter().fold(without(section, "pods"), |shared, key| without(&shared, key));
    for (index, entry) in section.get("pods").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let path = format!("{}.pods[{index}]", COMPONENT.key);
        if checks::queues(cx, entry, &path) {
            let has = |key: &&&str| entry.get(**key).and_then(Value::as_object).is_some_and(|map| !map.is_empty());
            let mut merged = WHOLE.iter().filter(has).fold(shared.clone(), |shared, key| without(&shared, key));
            layer(&mut merged, entry.clone());
            for key in ADDED.into_iter().filter(|key| !entry[*key].is_null()) {
                merged[key] = [w.list(key, &entry[key]), w.list(key, &shared[key])].concat().into();
            }
            let most = most_pods(entry, &merged);
            plan_pods(&w, &merged, (&path, most), plan);
        }
    }
    w.plan_service_account(COMPONENT.name, plan);
    w.plan_network_policy(COMPONENT.name, plan);
    w.plan_pod_monitor(COMPONENT.name, &set.metrics, "http-metrics", plan);
}

/// How many pods of an entry there can be: as its KEDA or its autoscaler has it, or as all have it.
fn most_pods(entry: &Value, section: &Value) -> String {
    let own = ["keda.maxReplicaCount", "hpa.maxReplicas"].into_iter().filter_map(|path| at(entry, path));
    let mut texts = own.chain(section.get("maxReplicas")).map(|number| port_text(Some(number)));
    texts.find(|text| !matches!(text.as_str(), "" | "0" | "null")).unwrap_or_default()
}

/// Plans the workload of the entry at `path`, of which there can be `most` pods.
fn plan_pods(all: &Workload, section: &Value, (path, most): (&str, String), plan: &mut Plan) {
    let cx = all.cx;
    let set: Settings = cx.read_value(COMPONENT.key, section);
    let mut w = Workload::of(cx, COMPONENT.key, COMPONENT.name, section);
    checks::grace(&w, &set, path);
    let selector_of_all = w.labels.selector.clone();
    w.mark(POD_LABEL, set.name.as_str());
    let name = format!("{}-{}-v2", w.name, set.name);
    let image = cx.edition_image(&w.set.image, COMPONENT.name);
    let containers = vec![main_container(&w, &set, image.clone(), most)];
    // `extraEnv` of an entry is for its main container, not for its init containers; `extraEnvFrom` and mounts are for
    // all containers with Rails.
    let mut prepares = Workload::new(cx, &COMPONENT);
    prepares.set.extra_env_from = w.set.extra_env_from.clone();
    prepares.set.extra_volume_mounts = w.set.extra_volume_mounts.clone();
    let init = vec![
        all.certificates(),
        prepares.configure(CONFIG, "init-sidekiq-secrets", SECRETS),
        dependencies(&prepares, &set, image),
    ];
    let mut pod = w.pod(init, containers, volumes(&w, all, &set));
    // Soft anti-affinity is among all of Sidekiq's pods; hard anti-affinity only among those of one entry, because each
    // pod would otherwise need a node of its own.
    let hard = w.anti_affinity() == Some("hard");
    pod = pod.with("affinity", w.pod_anti_affinity(if hard { &w.labels.selector } else { &selector_of_all }));
    if let Some(seconds) = &set.termination_grace_period_seconds {
        pod = pod.with("termination_grace_period_seconds", seconds);
    }
    pod.annotate(&w.prometheus_annotations(&set.metrics, &port_text(set.metrics.port.as_ref())));
    pod.annotate(&evictable());
    let strategy = if set.strategy.is_empty() { &w.set.deployment.strategy } else { &set.strategy };
    let mut labels = w.controller_labels();
    labels.insert(POD_LABEL.to_owned(), set.name.as_str().into());
    let view = view! {
        name: name, labels: labels, annotations: w.controller_annotations(),
        selector: w.labels.selector, replicas: Value::Null, strategy: strategy, pod: moved(pod),
        revision_history_limit: w.revision_history_limit(),
    };
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/configmap", &all.name);

    let labels = scaling_labels(&w);
    let scaled =
        Scaled { name: &name, kind: "Deployment", target: &name, labels: &labels, selector: &w.labels.selector };
    let by = Scaling { hpa: &set.hpa, keda: &set.keda, min: &set.min_replicas, max: &set.max_replicas };
    w.plan_scaling_by(COMPONENT.name, &scaled, &by, plan);
    let budget = format!("{}-{}-v1", w.name, set.name);
    w.plan_pdb(COMPONENT.name, &Scaled { name: &budget, ..scaled }, &set.max_unavailable, plan);
}

/// Labels of the autoscaler: those of Sidekiq itself, and the global ones only where a ServiceAccount is created for
/// Sidekiq. The objects of a running release are labelled so.
fn scaling_labels(w: &Workload) -> NodeMap {
    if w.makes_service_account() {
        return w.labels.object.clone();
    }
    let mut all = labels::identity(&w.app, &w.cx.release.name);
    labels::put(&mut all, &w.set.common.labels);
    all
}

fn port_text(port: Option<&Node>) -> String {
    match port {
        Some(Value::String(text)) => text.clone(),
        Some(number) => number.to_string(),
        None => String::new(),
    }
}

fn main_container(w: &Workload, set: &Settings, image: ImageRef, most: String) -> Container {
    let mut main = rails::mounts(w.cx, w.container(&w.app, image), Process::Sidekiq, CONFIG, SECRETS, false)
        .with_env(rails::env(w.cx))
        .with_env(rails::tracing(w.cx))
        .with_env(pace(set))
        .with_env(memory_killer(&set.memory_killer));
    if w.cx.release.has(Difference::SidekiqMaxReplicas) {
        main = main.with_env([("GITLAB_SIDEKIQ_MAX_REPLICAS", most)]);
    }
    let root = relative_root(w.cx);
    if !root.is_empty() {
        main = main.with_env([("RAILS_RELATIVE_URL_ROOT", root)]);
    }
    // Without a value all queues are processed.
    main.default_env(json!({"name": "SIDEKIQ_QUEUES", "value": set.queues}));
    if set.metrics.enabled {
        main = main
            .with_env([("prometheus_multiproc_dir", "/metrics".to_owned())])
            .port("http-metrics", &set.metrics.port)
            .mount(METRICS, "/metrics", json!({}));
    }
    main.liveness_probe = Some(http_probe("/liveness", &set.health_checks.port, &set.liveness_probe));
    main.readiness_probe = Some(http_probe("/readiness", &set.health_checks.port, &set.readiness_probe));
    main.lifecycle = Some(json!({"preStop": {"exec": {"command": ["/bin/bash", "-c", "pkill -f 'sidekiq'"]}}}));
    main
}

/// How many jobs run concurrently, and how long they may take to end.
fn pace(set: &Settings) -> [(&'static str, String); 2] {
    [("SIDEKIQ_CONCURRENCY", set.concurrency.0.clone()), ("SIDEKIQ_TIMEOUT", set.timeout.0.clone())]
}

fn memory_killer(set: &MemoryKiller) -> Vec<(&'static str, String)> {
    let daemon = if set.daemon_mode { "1" } else { "0" };
    let settings = [
        ("SIDEKIQ_MEMORY_KILLER_MAX_RSS", &set.max_rss),
        ("SIDEKIQ_MEMORY_KILLER_GRACE_TIME", &set.grace_time),
        ("SIDEKIQ_MEMORY_KILLER_SHUTDOWN_WAIT", &set.shutdown_wait),
        ("SIDEKIQ_MEMORY_KILLER_CHECK_INTERVAL", &set.check_interval),
        ("SIDEKIQ_MEMORY_KILLER_HARD_LIMIT_RSS", &set.hard_limit_rss),
    ];
    let given = settings.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?.0.clone())));
    [("SIDEKIQ_DAEMON_MEMORY_KILLER", daemon.to_owned())].into_iter().chain(given).collect()
}

/// Waits until the database has the schema that this version needs.
fn dependencies(w: &Workload, set: &Settings, image: ImageRef) -> Container {
    rails::dependencies(w, image, Process::Sidekiq, CONFIG, SECRETS).with_env(pace(set))
}

fn volumes(w: &Workload, all: &Workload, set: &Settings) -> Vec<Node> {
    let mut sources = rails::secret_sources(w, Process::Sidekiq);
    let default = || format!("{}-sidekiq-metrics-tls", w.cx.release.name);
    if let Some(secret) = set.metrics.tls.secret(default).filter(|_| set.metrics.enabled) {
        sources.push(certificate_source(&secret, "sidekiq-metrics/sidekiq-metrics"));
    }
    let config = json!({"name": CONFIG, "projected": {"sources": [{"configMap": {"name": all.name}}]}});
    let own = vec![
        config,
        // 0400: only the user of the container may read.
        projected_volume("init-sidekiq-secrets", 0o400, sources),
        memory_volume(SECRETS),
    ];
    let metrics = set.metrics.enabled.then(|| memory_volume(METRICS)).into_iter().collect();
    [w.certificate_volumes(), rails::volumes(w), own, metrics].concat()
}
