//! The common pod of workloads: containers, environment, volumes, placement.
//!
//! A component adds its own ports, probes and mounts; the common parts of all workloads are added here, in the shape of
//! `charts/_shared/pod.yaml`.

mod account;
mod certificates;
mod container;
mod extras;
mod placement;
mod pod;
mod probe;
mod volumes;

pub use container::{Container, Script, configure_script, env, env_over};
pub use extras::yaml_list;
pub use pod::{bare_pod, evictable, image_pull_secrets, safe_to_evict};
pub use probe::{has_handler, http_probe, probe, timed, timing};
pub use volumes::{
    certificate_mounts, certificate_source, config_volume, memory_volume, mount, projected_volume, secret_items,
};

use serde_json::{Map, Value};

use super::context::Context;
use super::labels::{self, Labels};
use super::plan::View;
use crate::model::{self, Node, NodeMap, NonEmpty};
use crate::view;

/// A workload's common settings, and the parts that follow from them.
pub struct Workload<'a> {
    /// The input of all components.
    pub cx: &'a Context<'a>,
    /// The path of its section in the values.
    pub key: String,
    /// The full name, `prod-gitaly`.
    pub name: String,
    /// The component's name, `gitaly`.
    pub component: String,
    /// The label `app`.
    pub app: String,
    /// Labels of its objects.
    pub labels: Labels,
    /// Its common settings.
    pub set: model::workload::Workload,
    /// The settings that its pods take unchanged.
    pub passed: model::workload::Passed,
}

impl<'a> Workload<'a> {
    /// Reads a component's section.
    pub fn new(cx: &'a Context<'a>, component: &super::Component) -> Self {
        Self::of(cx, component.key, component.name, cx.section(component.key))
    }

    /// The same with a section that was merged before, such as one of several deployments of a component.
    pub fn of(cx: &'a Context<'a>, key: &str, component: &str, section: &Value) -> Self {
        let set: model::workload::Workload = cx.read_value(key, section);
        let release = &cx.release.name;
        let app = set.name_override.non_empty().unwrap_or(component).to_owned();
        let name = labels::full_name(release, component, set.name_override.as_ref(), set.fullname_override.as_ref());
        let mut object = labels::identity(&app, release);
        labels::put(&mut object, &cx.global.common.labels);
        labels::put(&mut object, &set.common.labels);
        let mut selector = Map::new();
        selector.insert("app".to_owned(), app.clone().into());
        selector.insert("release".to_owned(), release.clone().into());
        let mut pod = labels::identity(&app, release);
        pod.insert("app.kubernetes.io/name".to_owned(), release.clone().into());
        for more in
            [&cx.global.common.labels, &cx.global.pod.labels, &set.common.labels, &set.pod.labels, &set.pod_labels]
        {
            labels::put(&mut pod, more);
        }
        let mut service = labels::identity(&app, release);
        for more in [&cx.global.common.labels, &cx.global.service.labels, &set.common.labels, &set.service_labels] {
            labels::put(&mut service, more);
        }
        let component = component.to_owned();
        Workload {
            cx,
            key: key.to_owned(),
            name,
            component,
            app,
            labels: Labels { object, selector, pod, service },
            set,
            passed: cx.read_value(key, section),
        }
    }

    /// Distinguishes the pods of one of several workloads of a component by a label that selects them.
    pub fn mark(&mut self, label: &str, name: &str) {
        for labels in [&mut self.labels.selector, &mut self.labels.pod] {
            labels.insert(label.to_owned(), name.into());
        }
    }

    /// Labels of a Deployment, StatefulSet or CronJob: the object's, and those of the application.
    pub fn controller_labels(&self) -> NodeMap {
        let mut labels = self.labels.object.clone();
        labels.insert("app.kubernetes.io/name".to_owned(), self.cx.release.name.clone().into());
        labels
    }

    /// Annotations of a Deployment or StatefulSet, merged over the global ones.
    pub fn controller_annotations(&self) -> NodeMap {
        let mut annotations = labels::text_map(&self.cx.global.deployment.annotations);
        labels::put(&mut annotations, &self.set.deployment.annotations);
        annotations
    }

    /// The view of most Deployments; others have an additional or a different field.
    pub fn deployment(&self, pod: View) -> View {
        view! {
            name: self.name, labels: moved(self.controller_labels()), annotations: moved(self.controller_annotations()),
            selector: self.labels.selector, replicas: Value::Null, strategy: self.set.deployment.strategy, pod: moved(pod),
            revision_history_limit: self.revision_history_limit(),
        }
    }

    /// The number of old ReplicaSets; the component's own takes precedence over the global one, and 0 counts as set.
    pub fn revision_history_limit(&self) -> Node {
        let own = &self.set.deployment.revision_history_limit;
        let set = if own.is_null() { &self.cx.global.revision_history_limit } else { own };
        set.as_str().map_or_else(|| set.clone(), |text| text.parse::<u32>().map_or(Value::Null, Value::from))
    }

    /// Annotations of a Service, merged over the global ones.
    pub fn service_annotations(&self, own: &NodeMap) -> NodeMap {
        let mut annotations = labels::text_map(&self.cx.global.service.annotations);
        labels::put(&mut annotations, own);
        annotations
    }

    /// The three annotations by which Prometheus finds metrics, in both spellings of the field.
    pub fn prometheus_annotations(&self, metrics: &model::workload::Metrics, port: &str) -> NodeMap {
        let mut annotations = Map::new();
        if !metrics.enabled || metrics.service_monitor.enabled || metrics.pod_monitor.enabled {
            return annotations;
        }
        if !metrics.annotations.is_empty() {
            return labels::text_map(&metrics.annotations);
        }
        for domain in ["gitlab.com/prometheus_", "prometheus.io/"] {
            annotations.insert(format!("{domain}scrape"), "true".into());
            annotations.insert(format!("{domain}port"), port.into());
            annotations.insert(format!("{domain}path"), metrics.path.as_str().into());
            if metrics.tls.enabled.unwrap_or(false) {
                annotations.insert(format!("{domain}scheme"), "https".into());
            }
        }
        annotations
    }
}

/// A list; `None` where it is empty.
pub fn non_empty(list: &[Node]) -> Option<Vec<Node>> {
    (!list.is_empty()).then(|| list.to_vec())
}
