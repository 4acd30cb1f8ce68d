//! The exporter beside the server, and its monitors for the Prometheus operator.

use serde_json::{Value, json};

use super::server::PASSWORDS;
use super::{COMPONENT, METRICS, Postgresql};
use crate::model::Node;
use crate::resolve::Plan;
use crate::resolve::labels;
use crate::resolve::shared::bitnami::env_from_secret;
use crate::resolve::workload::{Container, config_volume, env, env_over, mount};
use crate::view;

impl Postgresql<'_> {
    pub(super) fn exporter(&self) -> Container {
        let chart = &self.chart;
        let mut exporter = chart.container("metrics", "metrics.image", "metrics");
        exporter = exporter.port("http-metrics", chart.value("metrics.containerPorts.metrics"));
        let uri = format!("127.0.0.1:{}/{}?sslmode=disable", self.port, self.database.database);
        exporter.env.push(env("DATA_SOURCE_URI", uri));
        if self.in_files() {
            exporter.env.push(env("DATA_SOURCE_PASS_FILE", format!("{PASSWORDS}/{}", self.user_key)));
            exporter.volume_mounts.push(mount("postgresql-password", &format!("{PASSWORDS}/"), Value::Null));
        } else {
            exporter.env.push(env_from_secret("DATA_SOURCE_PASS", &self.secret, &self.user_key));
        }
        exporter.env.push(env("DATA_SOURCE_USER", &self.database.username));
        exporter.env = env_over(exporter.env, &chart.list("metrics.extraEnvVars"));
        if self.has_queries() {
            if !chart.sleeps() {
                exporter.args = Some(json!(["--extend.query-path", "/conf/custom-metrics.yaml"]));
            }
            exporter.volume_mounts.push(mount("custom-metrics", "/conf", json!({"readOnly": true})));
        }
        let page = json!({"httpGet": {"path": "/", "port": "http-metrics"}});
        exporter.liveness_probe = chart.probe("metrics", "liveness", page.clone());
        exporter.readiness_probe = chart.probe("metrics", "readiness", page);
        exporter.startup_probe = chart.probe("metrics", "startup", json!({"tcpSocket": {"port": "http-metrics"}}));
        exporter
    }

    /// Whether the values define queries for the exporter.
    fn has_queries(&self) -> bool {
        self.chart.tree("metrics.customMetrics").is_some()
    }

    pub(super) fn exporter_volume(&self) -> Option<Node> {
        self.has_queries().then(|| config_volume("custom-metrics", &format!("{}-metrics", self.name)))
    }

    pub(super) fn plan_monitoring(&self, plan: &mut Plan) {
        let chart = &self.chart;
        if !chart.on("metrics.enabled") {
            return;
        }
        if let Some(queries) = chart.tree("metrics.customMetrics") {
            let view = view! {
                name: format!("{}-metrics", self.name), labels: chart.labels(None), annotations: chart.annotations(&[]),
                // JSON is also YAML.
                data: json!({"custom-metrics.yaml": queries.to_string()}),
            };
            plan.add(COMPONENT.name, "configmap-files.yaml", view);
        }
        let namespace = |section: &str| chart.text(&format!("{section}.namespace"));
        let with_labels = |section: &str| {
            let mut labels = chart.labels(Some(METRICS));
            labels::put(&mut labels, &chart.map(&format!("{section}.labels")));
            labels
        };
        let section = "metrics.serviceMonitor";
        if chart.on("metrics.serviceMonitor.enabled") {
            let mut selector = chart.selector(Some(METRICS));
            labels::put(&mut selector, &chart.map("metrics.serviceMonitor.selector"));
            let view = view! {
                name: self.name, namespace: namespace(section), labels: with_labels(section),
                annotations: chart.annotations(&[]), selector, job_label: chart.text("metrics.serviceMonitor.jobLabel"),
                endpoints: [chart.endpoint(section, "http-metrics")],
                namespace_selector: json!({"matchNames": [chart.cx.release.namespace]}),
            };
            plan.add(COMPONENT.name, "servicemonitor.yaml", view);
        }
        let section = "metrics.prometheusRule";
        if chart.on("metrics.prometheusRule.enabled") {
            let view = view! {
                name: self.name, namespace: namespace(section), labels: with_labels(section),
                annotations: chart.annotations(&[]), rules: chart.list("metrics.prometheusRule.rules"),
            };
            plan.add(COMPONENT.name, "prometheusrule.yaml", view);
        }
    }
}
