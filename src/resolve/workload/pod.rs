//! The whole pod.

use serde_json::{Value, json};

use super::container::view_of;
use super::{Container, Workload};
use crate::model::{Node, NodeMap};
use crate::resolve::labels;
use crate::resolve::plan::View;
use crate::view;

impl Workload<'_> {
    /// The pod, with the common containers: extra ones, and the init container for certificates first.
    pub fn pod(&self, init: Vec<Container>, containers: Vec<Container>, volumes: Vec<Node>) -> View {
        let mut all_volumes = self.list("extraVolumes", &self.set.extra_volumes);
        all_volumes.extend(volumes);
        let own = view! {
            annotations: moved(labels::text_map(&self.set.annotations)),
            automount_service_account_token: self.automount(),
            service_account_name: self.service_account_name(),
            image_pull_secrets: moved(self.pull_secrets()),
            priority_class_name: self.priority_class(),
            node_selector: moved(self.node_selector()),
            tolerations: moved(self.tolerations()),
            affinity: moved(self.affinity()),
            termination_grace_period_seconds: self.set.deployment.termination_grace_period_seconds,
            extra_init_containers: moved(self.list("extraInitContainers", &self.set.extra_init_containers)),
            extra_containers: moved(self.list("extraContainers", &self.set.extra_containers)),
        };
        let mut pod = bare_pod(&self.labels.pod, init, containers, all_volumes);
        pod.0.extend(own.0);
        pod.over(&self.passed)
    }

    /// The pull Secrets: the global ones and the component's.
    pub fn pull_secrets(&self) -> Option<Vec<Node>> {
        let lists = [&self.cx.global.image.pull_secrets, &self.set.image.pull_secrets];
        image_pull_secrets(lists.into_iter().flatten())
    }
}

/// Secrets in the form of `imagePullSecrets`, each once: `secret` becomes `{name: secret}`.
pub fn image_pull_secrets<'n>(names: impl IntoIterator<Item = &'n Node>) -> Option<Vec<Node>> {
    let mut all: Vec<Node> = Vec::new();
    for name in names {
        let named = if name.is_string() { json!({"name": name}) } else { name.clone() };
        if !all.contains(&named) {
            all.push(named);
        }
    }
    (!all.is_empty()).then_some(all)
}

/// A pod without the common parts of GitLab's own components, for the charts with settings of their own structure: the
/// Runner, Zoekt, OpenBao, PostgreSQL, Redis. Every other field of the template is null.
pub fn bare_pod(labels: &NodeMap, init: Vec<Container>, containers: Vec<Container>, volumes: Vec<Node>) -> View {
    let init: Vec<View> = init.into_iter().map(view_of).collect();
    let containers: Vec<View> = containers.into_iter().map(view_of).collect();
    view! {
        name: Value::Null,
        labels: labels,
        annotations: Value::Null,
        automount_service_account_token: Value::Null,
        service_account_name: Value::Null,
        security_context: Value::Null,
        image_pull_secrets: Value::Null,
        priority_class_name: Value::Null,
        runtime_class_name: Value::Null,
        scheduler_name: Value::Null,
        hostname: Value::Null,
        node_selector: Value::Null,
        tolerations: Value::Null,
        affinity: Value::Null,
        topology_spread_constraints: Value::Null,
        termination_grace_period_seconds: Value::Null,
        restart_policy: Value::Null,
        share_process_namespace: Value::Null,
        dns_policy: Value::Null,
        dns_config: Value::Null,
        enable_service_links: Value::Null,
        host_network: Value::Null,
        host_ipc: Value::Null,
        host_aliases: Value::Null,
        extra_init_containers: json!([]),
        init_containers: moved(init),
        extra_containers: json!([]),
        containers: moved(containers),
        volumes: moved(volumes),
    }
}

/// The annotation that allows the cluster's autoscaler to move pods: they keep no data.
pub fn evictable() -> NodeMap {
    safe_to_evict("true")
}

/// The same with the value of a setting: `true` or `false`.
pub fn safe_to_evict(safe: &str) -> NodeMap {
    NodeMap::from_iter([("cluster-autoscaler.kubernetes.io/safe-to-evict".to_owned(), safe.into())])
}
