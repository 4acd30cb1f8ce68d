//! The exporter beside the server, and its monitors for the Prometheus operator.

use serde_json::{Value, json};

use super::{COMPONENT, METRICS, Redis};
use crate::model::NodeMap;
use crate::resolve::Plan;
use crate::resolve::labels;
use crate::resolve::workload::{Container, Script, env, env_over, mount};
use crate::view;

impl Redis<'_> {
    pub(super) fn exporter(&self) -> Container {
        let chart = &self.chart;
        let mut exporter = chart.container("metrics", "metrics.image", "metrics");
        exporter = exporter.port("metrics", chart.value("metrics.containerPorts.http"));
        if exporter.command.is_none() {
            let flags = chart.map("metrics.extraArgs");
            let flag = |(name, value): (&String, &Value)| {
                format!("--{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            };
            let flags: Vec<String> = flags.iter().map(flag).collect();
            exporter.command_script =
                Some(Script { words: vec!["/bin/bash", "-c"], file: "redis/files/exporter.sh", view: view! { flags } });
        }
        let port = chart.text("metrics.containerPorts.http").unwrap_or_default();
        exporter.env = vec![env("REDIS_ALIAS", &self.name)];
        exporter.env.push(env("REDIS_EXPORTER_WEB_LISTEN_ADDRESS", format!(":{port}")));
        if self.password.is_some() {
            exporter.env.push(env("REDIS_USER", "default"));
        }
        exporter.env.extend(self.password_variable());
        exporter.env = env_over(exporter.env, &chart.list("metrics.extraEnvVars"));
        let socket = json!({"tcpSocket": {"port": "metrics"}});
        exporter.liveness_probe = chart.probe("metrics", "liveness", socket.clone());
        exporter.startup_probe = chart.probe("metrics", "startup", socket);
        exporter.readiness_probe =
            chart.probe("metrics", "readiness", json!({"httpGet": {"path": "/", "port": "metrics"}}));
        exporter.volume_mounts = vec![mount("empty-dir", "/tmp", json!({"subPath": "app-tmp-dir"}))];
        if self.password_file().is_some() {
            exporter.volume_mounts.push(mount("redis-password", "/secrets/", Value::Null));
        }
        exporter.volume_mounts.extend(chart.list("metrics.extraVolumeMounts"));
        exporter
    }

    pub(super) fn plan_monitoring(&self, plan: &mut Plan) {
        let chart = &self.chart;
        if !chart.on("metrics.enabled") {
            return;
        }
        let labels = |section: &str| -> NodeMap {
            let mut labels = chart.labels(None);
            labels::put(&mut labels, &chart.map(&format!("{section}.additionalLabels")));
            labels
        };
        let of = |section: &str| {
            view! {
                name: self.name, namespace: chart.text(&format!("{section}.namespace")), labels: labels(section),
                annotations: chart.annotations(&[]),
            }
        };
        for (section, template, part) in [
            ("metrics.serviceMonitor", "servicemonitor.yaml", Some(METRICS)),
            ("metrics.podMonitor", "podmonitor.yaml", None),
        ] {
            if !chart.on(&format!("{section}.enabled")) {
                continue;
            }
            let set = |key: &str| chart.tree(&format!("{section}.{key}")).filter(|value| value != false);
            let port = chart.text(&format!("{section}.port")).unwrap_or_default();
            let mut endpoints = vec![chart.endpoint(section, &port)];
            endpoints.extend(chart.list(&format!("{section}.additionalEndpoints")));
            let more = view! {
                selector: chart.selector(part), endpoints, sample_limit: set("sampleLimit"), target_limit: set("targetLimit"),
                pod_target_labels: set("podTargetLabels"),
                namespace_selector: json!({"matchNames": [chart.cx.release.namespace]}),
            };
            plan.add(COMPONENT.name, template, of(section).over(more));
        }
        let section = "metrics.prometheusRule";
        if chart.on("metrics.prometheusRule.enabled") {
            let view = of(section).with("rules", chart.list("metrics.prometheusRule.rules"));
            plan.add(COMPONENT.name, "prometheusrule.yaml", view);
        }
    }
}
