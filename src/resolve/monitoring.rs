//! Objects for the Prometheus operator.

use serde_json::{Value, json};

use super::context::Context;
use super::labels;
use super::plan::Plan;
use super::workload::Workload;
use crate::model::workload::{Metrics, Monitor};
use crate::model::{Node, NodeMap};
use crate::view;

impl Context<'_> {
    /// Whether the cluster has the monitors' kinds: the command line or the values say so.
    pub fn takes_monitors(&self) -> bool {
        let known = |api: &String| api.starts_with("monitoring.coreos.com/v1");
        self.enabled("global.monitoring.enabled") || self.release.api_versions.iter().any(known)
    }
}

impl Workload<'_> {
    /// Plans a ServiceMonitor from the template `servicemonitor.yaml`, where it is enabled.
    pub fn plan_service_monitor(&self, component: &'static str, metrics: &Metrics, port: &str, plan: &mut Plan) {
        self.plan_service_monitor_named(component, &self.name, metrics, port, plan);
    }

    /// The same under another name, for a component with several.
    pub fn plan_service_monitor_named(
        &self,
        component: &'static str,
        name: &str,
        metrics: &Metrics,
        port: &str,
        plan: &mut Plan,
    ) {
        if metrics.enabled && metrics.service_monitor.enabled && self.cx.takes_monitors() {
            let view = self.monitor(&metrics.service_monitor, metrics, port).with("name", name);
            plan.add(component, "servicemonitor.yaml", view);
        }
    }

    /// Plans a PodMonitor from the template `podmonitor.yaml`, where it is enabled.
    pub fn plan_pod_monitor(&self, component: &'static str, metrics: &Metrics, port: &str, plan: &mut Plan) {
        if metrics.enabled && metrics.pod_monitor.enabled && self.cx.takes_monitors() {
            let view = self.monitor(&metrics.pod_monitor, metrics, port);
            plan.add(component, "podmonitor.yaml", view);
        }
    }

    fn monitor(&self, set: &Monitor, metrics: &Metrics, port: &str) -> super::plan::View {
        let mut labels: NodeMap = self.labels.object.clone();
        labels::put(&mut labels, &set.additional_labels);
        let mut endpoint: Node = json!({"port": port, "path": metrics.path});
        crate::tree::overlay(&mut endpoint, &Value::Object(set.endpoint_config.clone()));
        view! {
            name: self.name, labels, selector: self.labels.selector, endpoints: [endpoint],
            namespace_selector: json!({"matchNames": [self.cx.release.namespace]}),
        }
    }
}
