//! Webservice: Rails behind Puma, with Workhorse in front of it in the same pod.
//!
//! There is one Deployment for each entry of `deployments`, whose settings are merged over those of the component;
//! without any entry, one called `default`. An entry with `ingress.path` gets the requests below that path.

mod login_test;
mod network;
mod pod;
mod workhorse;

use std::cell::OnceCell;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::diag::{Diagnostic, ValuePath};
use crate::model::workload::{Certificate, Hpa, Keda, Metrics};
use crate::model::{Node, NodeMap, Number, Text};
use crate::resolve::network::Ingress;
use crate::resolve::scaling::{Scaled, Scaling};
use crate::resolve::shared::rails::{self, Process};
use crate::resolve::workload::Workload;
use crate::resolve::{Component, Context, Plan, labels};
use crate::tree::{self, layer, overlay, without};

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "webservice", key: "gitlab.webservice", resolve };

/// The label that distinguishes the pods of one deployment from those of another.
const DEPLOYMENT_LABEL: &str = "gitlab.com/webservice-name";

/// Settings of the component, or of one deployment over them.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    gateway_route: network::Rules,
    enabled: bool,
    min_replicas: Node,
    max_replicas: Node,
    max_unavailable: Node,
    pdb: Pdb,
    hpa: Hpa,
    keda: Keda,
    web_server: Text,
    worker_processes: Text,
    puma: pod::Puma,
    shutdown: Shutdown,
    deployment: pod::Deployment,
    ssh_host_keys: pod::SshHostKeys,
    shared_tmp_dir: NodeMap,
    shared_upload_dir: NodeMap,
    service: network::Service,
    http: Http,
    tls: Certificate,
    metrics: Metrics,
    monitoring: Monitoring,
    workhorse: workhorse::Settings,
    ingress: IngressMore,
    extra_ingress: IngressMore,
    helm_tests: HelmTests,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Pdb {
    max_unavailable: Option<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Shutdown {
    blackout_seconds: Option<Number>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Http {
    enabled: Option<bool>,
}

/// `monitoring`, as far as it is the older place of `metrics`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Monitoring {
    exporter: Exporter,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Exporter {
    enabled: bool,
    port: Node,
}

impl Settings {
    /// Whether the metrics port is exposed: another port at the old place brings the switch beside it.
    fn shows_metrics_port(&self) -> bool {
        let old = &self.monitoring.exporter;
        let same = old.port.is_null() || self.metrics.port.as_ref() == Some(&old.port);
        self.metrics.enabled && (same || old.enabled)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HelmTests {
    enabled: bool,
}

/// Settings of the webservice's Ingress that no other component has.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct IngressMore {
    hostname: Option<Text>,
    require_base_path: Option<bool>,
    service_upstream: Option<Text>,
    use_geo_class: bool,
    tls: SmartcardTls,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SmartcardTls {
    smartcard_secret_name: Option<Text>,
}

/// One of the deployments.
struct Web<'a> {
    /// Its key in `deployments`.
    key: &'a str,
    /// `prod-webservice-default`.
    name: String,
    w: Workload<'a>,
    set: Settings,
    /// Its merged `ingress` and `extraIngress`.
    ingresses: Value,
    /// The path of its requests; missing: no Ingress.
    path: Option<String>,
    /// GitLab's relative URL, `/gitlab`; empty for the root.
    root: String,
}

impl Web<'_> {
    /// The settings of `ingress` or `extraIngress`, merged over the global ones.
    fn ingress(&self, key: &str) -> Ingress {
        let mut tree = self.w.cx.section("global.ingress").clone();
        overlay(&mut tree, self.ingresses.get(key).unwrap_or(&Value::Null));
        let ingress: Ingress = self.w.cx.read_value(&format!("{}.{key}", COMPONENT.key), &tree);
        ingress.of_all(self.w.cx)
    }

    /// Whether it gets the requests that no other deployment matches.
    fn is_base(&self) -> bool {
        let path = self.path.as_deref().and_then(|path| path.strip_prefix(self.root.as_str()));
        matches!(path, Some("/" | "/*"))
    }

    /// Whether Puma listens without TLS.
    fn http(&self) -> bool {
        self.set.http.enabled.unwrap_or(true)
    }

    /// The Secret with Puma's certificate, where it has one.
    fn certificate(&self) -> Option<String> {
        self.set.tls.secret(|| format!("{}-webservice-tls", self.w.cx.release.name))
    }

    /// The exporter's settings; its TLS is Puma's unless it is set.
    fn metrics(&self) -> Metrics {
        Metrics { tls: self.metrics_tls(), ..self.set.metrics.clone() }
    }

    fn metrics_tls(&self) -> Certificate {
        let (own, puma) = (&self.set.metrics.tls, &self.set.tls);
        Certificate {
            enabled: own.enabled.or(puma.enabled),
            secret_name: own.secret_name.clone().or_else(|| puma.secret_name.clone()),
        }
    }

    /// The Secret with the exporter's certificate, where it has one.
    fn metrics_certificate(&self) -> Option<String> {
        let default = || format!("{}-webservice-tls", self.w.cx.release.name);
        self.set.metrics.enabled.then(|| self.metrics_tls().secret(default)).flatten()
    }
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    if !set.enabled {
        return;
    }
    let all = Workload::new(cx, &COMPONENT);
    let webs = deployments(cx);
    require_base_path(cx, &webs);
    rails::plan_config(COMPONENT.name, &all, Process::Webservice, plan);
    let shared = plan.wants("deployment.yaml").then(|| pod::Shared::of(&all));
    let redis = OnceCell::new();
    for web in &webs {
        require_grace(web);
        workhorse::plan_config(web, &all, &redis, plan);
        if let Some(shared) = &shared {
            pod::plan_deployment(web, &all, shared, plan);
        }
        network::plan_service(web, plan);
        plan_scaling(web, plan);
        network::plan_ingresses(web, &all, plan);
    }
    network::plan_route(&all, &webs, plan);
    all.plan_service_account(COMPONENT.name, plan);
    all.plan_network_policy(COMPONENT.name, plan);
    plan_monitors(&all, &webs, plan);
    if set.helm_tests.enabled
        && let Some(web) = webs.first()
    {
        login_test::plan(web, &all, plan);
    }
}

/// The deployments, sorted by name.
fn deployments<'a>(cx: &'a Context<'a>) -> Vec<Web<'a>> {
    let section = cx.section(COMPONENT.key);
    let entries = section.get("deployments").and_then(Value::as_object).filter(|map| !map.is_empty());
    // The other deployments are no part of what a deployment inherits, and there can be hundreds.
    let shared = without(section, "deployments");
    let Some(entries) = entries else { return vec![deployment(cx, "default", &shared, true)] };
    let mut names: Vec<&String> = entries.keys().collect();
    names.sort();
    let mut merged = shared.clone();
    let mut web = |name: &&'a String| {
        let own = &entries[name.as_str()];
        layer(&mut merged, own.clone());
        let web = deployment(cx, name.as_str(), &merged, false);
        restore(&mut merged, &shared, own);
        web
    };
    names.iter().map(&mut web).collect()
}

/// Takes a deployment's own settings out of the shared ones again: to copy these for each of hundreds costs more.
fn restore(merged: &mut Value, shared: &Value, own: &Value) {
    let (Some(fields), Some(own)) = (merged.as_object_mut(), own.as_object()) else {
        return merged.clone_from(shared);
    };
    for key in own.keys() {
        match shared.get(key) {
            Some(value) => drop(fields.insert(key.clone(), value.clone())),
            None => drop(fields.shift_remove(key)),
        }
    }
}

fn deployment<'a>(cx: &'a Context<'a>, key: &'a str, section: &Value, alone: bool) -> Web<'a> {
    let set: Settings = cx.read_value(COMPONENT.key, section);
    let mut w = Workload::of(cx, COMPONENT.key, COMPONENT.name, section);
    // Here the common labels take precedence over those of pods or Services.
    labels::put(&mut w.labels.pod, &w.set.common.labels);
    labels::put(&mut w.labels.pod, &w.set.pod.labels);
    labels::put(&mut w.labels.service, &w.set.common.labels);
    labels::put(&mut w.labels.service, &set.service.labels);
    labels::put(&mut w.set.annotations, &w.set.pod.annotations);
    w.mark(DEPLOYMENT_LABEL, key);
    for labels in [&mut w.labels.object, &mut w.labels.service] {
        labels.insert(DEPLOYMENT_LABEL.to_owned(), key.into());
    }
    let text = |value: Option<&Value>| value.and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned);
    let own = text(section.get("ingress").and_then(|ingress| ingress.get("path")));
    let path = if alone { own.or_else(|| cx.text("global.ingress.path")).or(Some("/".to_owned())) } else { own };
    let root = crate::resolve::shared::workhorse::relative_root(cx);
    let name = labels::cut(&format!("{}-{key}", w.name));
    let ingresses = ["ingress", "extraIngress"].map(|key| (key, section.get(key).cloned().unwrap_or_default()));
    let path = path.map(|path| format!("{root}{path}"));
    Web { key, name, w, set, ingresses: tree::map(ingresses), path, root }
}

/// Requests that no other deployment matches need a backend; with the Gateway API, routes of other components may match
/// them.
fn require_base_path(cx: &Context, webs: &[Web]) {
    let required = webs.iter().any(|web| web.set.ingress.require_base_path.unwrap_or(true));
    if required && !cx.enabled("global.gatewayApi.enabled") && !webs.iter().any(Web::is_base) {
        let all = "gitlab.webservice.deployments";
        let message = format!("`{all}`: no deployment has `ingress.path: /`, so most pages would not be served");
        let hint = "give one of them that path, or set `gitlab.webservice.ingress.requireBasePath: false`";
        let written = webs.iter().filter(|web| web.path.is_some());
        let paths = written.map(|web| ValuePath::dotted(all).key(web.key).key("ingress").key("path"));
        let diagnostic = Diagnostic::error("webservice-base-path", message).at_values(paths);
        cx.say(diagnostic.at_value(ValuePath::dotted(all)).hint(hint));
    }
}

/// Seconds that Kubernetes gives a pod that does not say how many.
const KUBERNETES_GRACE: i64 = 30;

/// Kubernetes kills a pod after its grace period, which has to be longer than the shutdown delay.
fn require_grace(web: &Web) {
    let set = web.w.set.deployment.termination_grace_period_seconds.as_ref();
    let grace = set.map_or(Some(KUBERNETES_GRACE), Value::as_i64);
    let blackout = web.set.shutdown.blackout_seconds.map(|seconds| seconds.0);
    if let (Some(grace), Some(blackout)) = (grace, blackout)
        && grace <= blackout
    {
        let at = |key: &str| {
            let own = format!("{}.deployments.{}.{key}", COMPONENT.key, web.key);
            if web.w.cx.section(&own).is_null() { format!("{}.{key}", COMPONENT.key) } else { own }
        };
        let (path, shutdown) = (at("deployment.terminationGracePeriodSeconds"), at("shutdown.blackoutSeconds"));
        let message = format!(
            "`{path}`: the pods of `{}` would be killed after {grace} seconds, before `{shutdown}` ({blackout} seconds) has passed",
            web.key,
        );
        // The official chart compares the settings of all deployments, and takes Kubernetes' default where none is set.
        let is_refused = set.is_some() || shutdown.starts_with(&format!("{}.shutdown", COMPONENT.key));
        let diagnostic = match is_refused {
            true => Diagnostic::error("grace-too-short", message),
            false => Diagnostic::warning("grace-too-short", message),
        };
        let diagnostic = diagnostic.at_values([ValuePath::dotted(&path), ValuePath::dotted(&shutdown)]);
        web.w.cx.say(diagnostic.hint("increase the grace period above the blackout"));
    }
}

fn plan_scaling(web: &Web, plan: &mut Plan) {
    let (w, set) = (&web.w, &web.set);
    let scaled = Scaled::of("Deployment", &web.name, &w.labels);
    let by = Scaling { hpa: &set.hpa, keda: &set.keda, min: &set.min_replicas, max: &set.max_replicas };
    w.plan_scaling_by(COMPONENT.name, &scaled, &by, plan);
    // 0 would keep every node from being drained.
    let own = set.pdb.max_unavailable.as_ref().filter(|most| **most != json!(0));
    w.plan_pdb(COMPONENT.name, &scaled, own.unwrap_or(&set.max_unavailable), plan);
}

/// One monitor for Puma and one for Workhorse, over all deployments.
fn plan_monitors(all: &Workload, webs: &[Web], plan: &mut Plan) {
    let Some(web) = webs.first() else { return };
    let secure = |tls: bool| if tls { "https" } else { "http" };
    let metrics = web.metrics();
    let port = format!("{}-metrics-ws", secure(web.metrics_certificate().is_some()));
    all.plan_service_monitor(COMPONENT.name, &metrics, &port, plan);
    let metrics = &web.set.workhorse.metrics;
    let port = format!("{}-metrics-wh", secure(workhorse::metrics_tls(web)));
    let named = format!("{}-workhorse", all.cx.release.name);
    all.plan_service_monitor_named(COMPONENT.name, &named, metrics, &port, plan);
}
