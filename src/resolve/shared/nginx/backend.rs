//! The default backend: a page for requests that no Ingress matches.

use serde_json::{Map, json};

use super::service::service;
use super::{Nginx, Part, arguments, security_context};
use crate::model::{Node, NodeMap};
use crate::resolve::labels;
use crate::resolve::plan::Plan;
use crate::resolve::workload::{Container, env_over};
use crate::view;

impl Nginx<'_> {
    pub(super) fn plan_backend(&self, plan: &mut Plan) {
        let own = &self.set.default_backend;
        let part = Part::Backend;
        let port = json!({
            "name": "http", "port": own.service.service_port, "protocol": "TCP", "targetPort": "http", "appProtocol": "http",
        });
        let labels = self.object_labels(part);
        let view = service(&self.part_name(part), labels, self.selector(part), &own.service).with("ports", [port]);
        self.add(plan, "service.yaml", view);
        for map in &own.extra_config_maps {
            let view = view! {
                name: map.name, labels: self.part_labels(part, &[&own.labels, &map.labels]),
                annotations: Map::new(), data: labels::text_map(&map.data),
            };
            self.add(plan, "configmap.yaml", view);
        }
        let args: Vec<String> = arguments(&own.extra_args).collect();
        let main = Container {
            args: (!args.is_empty()).then(|| json!(args)),
            env: env_over(Vec::new(), &own.extra_envs),
            ports: vec![json!({"name": "http", "containerPort": own.port, "protocol": "TCP"})],
            liveness_probe: Some(self.backend_probe(&own.liveness_probe)),
            readiness_probe: Some(self.backend_probe(&own.readiness_probe)),
            resources: own.pods.resources.clone(),
            volume_mounts: self.read_list("defaultBackend", "extraVolumeMounts", &own.extra_volume_mounts),
            security_context: security_context(
                &own.container_security_context,
                &own.image,
                json!({"drop": ["ALL"]}),
                false,
            ),
            ..self.container(&format!("{}-default-backend", self.app), self.image(&own.image, false, false))
        };
        // A page is served at once: a minute is enough to finish.
        let pod = self.pod(part, main, Vec::new(), Vec::new()).with("termination_grace_period_seconds", 60);
        let replicas = own.replica_count.as_ref().filter(|_| !own.autoscaling.enabled);
        let view = self.workload(part, pod).with("replicas", replicas);
        self.add(plan, "deployment.yaml", view);
        if own.pods.network_policy.enabled {
            self.plan_network_policy(part, &[json!({"port": own.port, "protocol": "TCP"})], false, plan);
        }
    }

    fn backend_probe(&self, timing: &NodeMap) -> Node {
        let mut probe = Map::new();
        let get = json!({"path": "/healthz", "port": self.set.default_backend.port, "scheme": "HTTP"});
        probe.insert("httpGet".to_owned(), get);
        probe.extend(timing.clone());
        probe.into()
    }
}
