//! Redis: the server of Bitnami's chart 18.19.4, which the official chart brings along.
//!
//! A running release keeps its data in the claim of this StatefulSet: names, selectors, mounts and images are the
//! chart's. There is one server, the chart's `master`; replicas and Sentinels are not rendered.

mod exporter;
mod server;

use serde_json::{Value, json};

use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::{Node, NodeMap};
use crate::resolve::shared::bitnami::{self, Chart};
use crate::resolve::shared::redis::{self, SecretFile};
use crate::resolve::{Component, Context, Plan, View};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "redis", key: "redis", resolve };

/// The server in the chart's terms.
const MASTER: &str = "master";
/// The exporter in the chart's terms.
const METRICS: &str = "metrics";

/// The input of the objects.
struct Redis<'a> {
    chart: Chart<'a>,
    /// The prefix of all names, `prod-redis`.
    name: String,
    /// The password, where authentication is enabled.
    password: Option<SecretFile>,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let chart = Chart::new(cx, COMPONENT.key);
    if !chart.on("install") || !cx.release.has(Difference::BundledDataStores) {
        return;
    }
    let password = chart.on("auth.enabled").then(|| redis::server_password(cx));
    if password.is_some() && redis::redis(cx, "gitlab").password.is_none() {
        let message = "GitLab sends no password, but the bundled Redis requires one";
        let finding = Diagnostic::warning("redis-password", format!("`global.redis.auth.enabled`: {message}"));
        cx.say(
            finding
                .at_value(ValuePath::dotted("global.redis.auth.enabled"))
                .hint("set `redis.auth.enabled: false` as well, or keep the password enabled"),
        );
    }
    let redis = Redis { name: chart.full_name(), password, chart };
    redis.plan_configuration(plan);
    redis.plan_scripts(plan);
    redis.plan_services(plan);
    redis.plan_account(plan);
    redis.plan_server(plan);
    redis.plan_network_policy(plan);
    redis.plan_disruption_budget(plan);
    redis.plan_monitoring(plan);
    redis.chart.plan_own_objects(&COMPONENT, plan);
    redis.chart.warn_of_unread(include_str!("../../../../charts/redis/keys.txt"));
}

impl Redis<'_> {
    /// The name of the server's own objects.
    fn master(&self) -> String {
        format!("{}-master", self.name)
    }

    fn configmap(&self, end: &str, data: Node, plan: &mut Plan) {
        let view = view! {
            name: format!("{}-{end}", self.name), labels: self.chart.labels(None),
            annotations: self.chart.annotations(&[]), data,
        };
        plan.add(COMPONENT.name, "configmap-files.yaml", view);
    }

    /// Redis' own configuration: what all servers read, and a file for each kind of server.
    fn plan_configuration(&self, plan: &mut Plan) {
        let chart = &self.chart;
        let file = |section: &str| {
            let of = |key: &str| chart.text(&format!("{section}.{key}"));
            let mut lines = vec![format!("dir {}", of("persistence.path").unwrap_or_default())];
            lines.extend(of("configuration"));
            for command in chart.list(&format!("{section}.disableCommands")) {
                lines.extend(command.as_str().map(|command| format!("rename-command {command} \"\"")));
            }
            lines.join("\n") + "\n"
        };
        let common = chart.text("commonConfiguration").map_or(String::new(), |text| text.trim_end().to_owned() + "\n");
        let data = json!({"redis.conf": common, "master.conf": file("master"), "replica.conf": file("replica")});
        self.configmap("configuration", data, plan);
    }

    /// The start script of the server, and the scripts of its probes.
    fn plan_scripts(&self, plan: &mut Plan) {
        let chart = &self.chart;
        let words = |path: &str| -> Vec<Node> { chart.list(path) };
        let start = json!({
            "password": self.password.is_some(), "before": words("master.preExecCmds"), "flags": words("master.extraFlags"),
        });
        let view = view! {
            name: format!("{}-scripts", self.name), labels: chart.labels(None), annotations: chart.annotations(&[]), start,
        };
        plan.add(COMPONENT.name, "configmap-scripts.yaml", view);
        let ping =
            |loading: bool, local: bool, master: bool| json!({"loading": loading, "local": local, "master": master});
        let view = view! {
            name: format!("{}-health", self.name), labels: chart.labels(None), annotations: chart.annotations(&[]),
            readiness_local: ping(false, true, false), liveness_local: ping(true, true, false),
            readiness_master: ping(false, false, true), liveness_master: ping(true, false, true),
            readiness_both: ping(false, true, true), liveness_both: ping(true, true, true),
        };
        plan.add(COMPONENT.name, "configmap-health.yaml", view);
    }

    fn plan_services(&self, plan: &mut Plan) {
        let chart = &self.chart;
        let mut add = |end: &str, view: View, part: Option<&str>, selector: NodeMap, annotations: NodeMap| {
            let more =
                view! { name: format!("{}-{end}", self.name), labels: chart.labels(part), annotations, selector };
            plan.add(COMPONENT.name, "service-in-full.yaml", view.over(more));
        };
        let port = chart.port("master.service", "redis", "tcp-redis", "redis");
        let service = chart.service("master.service", port);
        let annotations = chart.annotations(&["master.service.annotations"]);
        add("master", service, Some(MASTER), chart.selector(Some(MASTER)), annotations);

        let port =
            json!({"name": "tcp-redis", "port": chart.value("master.containerPorts.redis"), "targetPort": "redis"});
        add("headless", bitnami::headless(port), None, chart.selector(None), self.headless_annotations());

        if chart.on("metrics.enabled") && chart.on("metrics.service.enabled") {
            let mut port = chart.port("metrics.service", "http", "http-metrics", "metrics");
            port["protocol"] = "TCP".into();
            let service = chart.service("metrics.service", port);
            let annotations = chart.annotations(&["metrics.service.annotations"]);
            add("metrics", service, Some(METRICS), chart.selector(None), annotations);
        }
    }

    /// The headless Service, with the name under which external-dns publishes the pods, where it is set.
    fn headless_annotations(&self) -> NodeMap {
        let chart = &self.chart;
        if !chart.on("useExternalDNS.enabled") {
            return chart.annotations(&[]);
        }
        let text = |key: &str| chart.text(&format!("useExternalDNS.{key}")).unwrap_or_default();
        let mut all = chart.annotations(&["useExternalDNS.additionalAnnotations"]);
        all.insert(format!("{}hostname", text("annotationKey")), format!("{}.{}", self.name, text("suffix")).into());
        all
    }

    /// The name of the pods' service account.
    fn account(&self) -> String {
        let default = if self.chart.on("master.serviceAccount.create") { self.master() } else { self.name.clone() };
        self.chart.text("master.serviceAccount.name").unwrap_or(default)
    }

    fn plan_account(&self, plan: &mut Plan) {
        if !self.chart.on("master.serviceAccount.create") {
            return;
        }
        let view = view! {
            name: self.account(), labels: self.chart.labels(None),
            annotations: self.chart.annotations(&["master.serviceAccount.annotations"]),
            automount: self.chart.on("master.serviceAccount.automountServiceAccountToken"),
        };
        plan.add(COMPONENT.name, "serviceaccount-with-token.yaml", view);
    }

    fn plan_network_policy(&self, plan: &mut Plan) {
        let chart = &self.chart;
        if !chart.on("networkPolicy.enabled") {
            return;
        }
        let clients = |section: &str, client: bool| {
            let mut from = Vec::new();
            if client {
                from.push(json!({"podSelector": {"matchLabels": {format!("{}-client", self.name): "true"}}}));
                from.push(json!({"podSelector": {"matchLabels": chart.selector(None)}}));
            }
            if let Some(namespaces) = chart.tree(&format!("{section}.ingressNSMatchLabels")) {
                let mut peer = json!({"namespaceSelector": {"matchLabels": namespaces}});
                if let Some(pods) = chart.tree(&format!("{section}.ingressNSPodMatchLabels")) {
                    peer["podSelector"] = json!({"matchLabels": pods});
                }
                from.push(peer);
            }
            from
        };
        let rule = |section: &str, client: bool, port: &Value| {
            let mut rule = json!({"ports": [{"port": port}]});
            if !chart.on(&format!("{section}.allowExternal")) {
                rule["from"] = clients(section, client).into();
            }
            rule
        };
        let mut ingress = vec![rule("networkPolicy", true, chart.value("master.containerPorts.redis"))];
        let metrics = rule("networkPolicy.metrics", false, chart.value("metrics.containerPorts.http"));
        ingress.extend(chart.on("metrics.enabled").then_some(metrics));
        ingress.extend(chart.list("networkPolicy.extraIngress"));
        let extra = chart.list("networkPolicy.extraEgress");
        let egress = if chart.on("networkPolicy.allowExternalEgress") { vec![json!({})] } else { extra };
        let view = view! {
            name: self.name, labels: chart.labels(None), annotations: chart.annotations(&[]),
            selector: chart.selector(None), policy_types: ["Ingress", "Egress"], ingress, egress,
        };
        plan.add(COMPONENT.name, "networkpolicy.yaml", view);
    }

    fn plan_disruption_budget(&self, plan: &mut Plan) {
        let chart = &self.chart;
        if !chart.on("pdb.create") {
            return;
        }
        let most = chart.tree("pdb.maxUnavailable");
        let view = view! {
            name: self.name, labels: chart.labels(None), annotations: chart.annotations(&[]),
            min_available: chart.tree("pdb.minAvailable").filter(|_| most.is_none()), max_unavailable: most,
            selector: chart.selector(None),
        };
        plan.add(COMPONENT.name, "poddisruptionbudget.yaml", view);
    }
}
