//! The number of pods, and how many may be unavailable.

use serde_json::json;

use super::settings::{Autoscaling, Pods};
use super::{Nginx, Part, disruption, set};
use crate::model::{Node, NodeMap};
use crate::resolve::labels;
use crate::resolve::plan::Plan;
use crate::view;

impl Nginx<'_> {
    /// HPA, ScaledObject and PodDisruptionBudget of both parts; a DaemonSet has none of them.
    pub(super) fn plan_scaling(&self, plan: &mut Plan) {
        let own = &self.set.controller;
        if ["Deployment", "Both"].contains(&own.kind.as_str()) {
            if own.keda.enabled {
                self.plan_scaled_object(plan);
            } else if own.autoscaling.enabled {
                self.plan_hpa(Part::Controller, &own.autoscaling, &own.autoscaling_template, plan);
            }
            let least = match (own.keda.enabled, own.autoscaling.enabled) {
                (true, _) => &own.keda.min_replicas,
                (_, true) => &own.autoscaling.min_replicas,
                _ => &own.replica_count,
            };
            self.plan_pdb(Part::Controller, &own.pods, least, &own.annotations, plan);
        }
        let own = &self.set.default_backend;
        if own.enabled {
            if own.autoscaling.enabled {
                self.plan_hpa(Part::Backend, &own.autoscaling, &[], plan);
            }
            let least = if own.autoscaling.enabled { &own.autoscaling.min_replicas } else { &own.replica_count };
            self.plan_pdb(Part::Backend, &own.pods, least, &NodeMap::new(), plan);
        }
    }

    fn plan_hpa(&self, part: Part, own: &Autoscaling, more: &[Node], plan: &mut Plan) {
        let metric = |name: &str, percent: &Option<Node>| {
            let percent = percent.as_ref().filter(|p| !p.is_null())?;
            let target = json!({"type": "Utilization", "averageUtilization": percent});
            Some(json!({"type": "Resource", "resource": {"name": name, "target": target}}))
        };
        let mut metrics: Vec<Node> =
            [metric("cpu", &own.cpu), metric("memory", &own.memory)].into_iter().flatten().collect();
        metrics.extend(more.iter().cloned());
        let view = view! {
            name: self.part_name(part), labels: self.object_labels(part), annotations: labels::text_map(&own.annotations),
            min_replicas: own.min_replicas, max_replicas: own.max_replicas, metrics,
            behavior: (!own.behavior.is_empty()).then_some(&own.behavior),
        };
        self.add(plan, "horizontalpodautoscaler.yaml", view);
    }

    fn plan_scaled_object(&self, plan: &mut Plan) {
        let own = &self.set.controller.keda;
        let behavior = (!own.behavior.is_empty()).then(|| json!({"behavior": own.behavior}));
        let view = view! {
            api_version: own.api_version, name: self.controller_name(), labels: self.object_labels(Part::Controller),
            annotations: labels::text_map(&own.scaled_object.annotations),
            polling_interval: own.polling_interval, cooldown_period: own.cooldown_period,
            min_replicas: own.min_replicas, max_replicas: own.max_replicas, triggers: own.triggers,
            fallback: own.fallback, restore: own.restore_to_original_replica_count, hpa: behavior,
        };
        self.add(plan, "scaledobject.yaml", view);
    }

    /// A single pod has no budget: it could never be moved.
    fn plan_pdb(&self, part: Part, pods: &Pods, least: &Option<Node>, annotations: &NodeMap, plan: &mut Plan) {
        let least = least.as_ref().and_then(|n| n.as_f64().or_else(|| n.as_str()?.parse().ok())).unwrap_or(1.0);
        if least <= 1.0 {
            return;
        }
        let (max_unavailable, min_available) = disruption(pods);
        let view = view! {
            name: self.part_name(part), labels: self.object_labels(part), annotations: labels::text_map(annotations),
            selector: self.selector(part), max_unavailable, min_available,
            unhealthy_pods: set(&pods.unhealthy_pod_eviction_policy),
        };
        self.add(plan, "poddisruptionbudget.yaml", view);
    }
}
