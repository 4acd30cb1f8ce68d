//! How many pods there are, and how many may be away: HPA, KEDA, PodDisruptionBudget.

use serde_json::{Value, json};

use super::plan::Plan;
use super::workload::Workload;
use crate::model::workload::{Hpa, HpaTarget};
use crate::model::{Node, NodeMap, Text};
use crate::view;

/// A workload that is scaled: the names it is known by.
pub struct Scaled<'n> {
    /// The HPA's and the PodDisruptionBudget's name.
    pub name: &'n str,
    /// `Deployment` or `StatefulSet`.
    pub kind: &'n str,
    /// The workload's name.
    pub target: &'n str,
    /// Labels of the objects.
    pub labels: &'n NodeMap,
    /// What selects its pods.
    pub selector: &'n NodeMap,
}

impl<'a> Workload<'a> {
    /// Names and labels for a component with one workload.
    pub fn scaled<'n>(&'n self, kind: &'n str) -> Scaled<'n> {
        Scaled {
            name: &self.name,
            kind,
            target: &self.name,
            labels: &self.labels.object,
            selector: &self.labels.selector,
        }
    }

    /// Plans the HorizontalPodAutoscaler from the template `horizontalpodautoscaler.yaml`.
    pub fn plan_hpa(&self, component: &'static str, of: &Scaled, hpa: &Hpa, min: &Node, max: &Node, plan: &mut Plan) {
        let metrics = [
            hpa.custom_metrics.clone(),
            metric("cpu", &hpa.cpu).into_iter().collect(),
            metric("memory", &hpa.memory).into_iter().collect(),
        ];
        let metrics = if hpa.custom_metrics.is_empty() { metrics[1..].concat() } else { metrics[0].clone() };
        let view = view! {
            name: of.name, labels: of.labels, target_kind: of.kind, target_name: of.target,
            min_replicas: hpa.min_replicas.as_ref().unwrap_or(min),
            max_replicas: hpa.max_replicas.as_ref().unwrap_or(max),
            metrics: metrics, behavior: hpa.behavior,
        };
        plan.add(component, "horizontalpodautoscaler.yaml", view);
    }

    /// Plans the PodDisruptionBudget from the template `poddisruptionbudget.yaml`.
    pub fn plan_pdb(&self, component: &'static str, of: &Scaled, max_unavailable: &Node, plan: &mut Plan) {
        let view = view! { name: of.name, labels: of.labels, selector: of.selector, max_unavailable, min_available: Value::Null };
        plan.add(component, "poddisruptionbudget.yaml", view);
    }
}

/// One resource metric of an HPA; nothing where no target is set.
fn metric(resource: &str, target: &HpaTarget) -> Option<Node> {
    let kind = target.target_type.as_ref().and_then(Text::set);
    let target = match (kind, &target.target_average_utilization, &target.target_average_value) {
        (Some("Utilization"), Some(percent), _) => json!({"type": "Utilization", "averageUtilization": percent}),
        (_, _, Some(value)) => json!({"type": "AverageValue", "averageValue": value}),
        (None, Some(percent), None) => json!({"type": "Utilization", "averageUtilization": percent}),
        _ => return None,
    };
    Some(json!({"type": "Resource", "resource": {"name": resource, "target": target}}))
}
