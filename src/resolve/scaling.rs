//! How many pods there are, and how many may be away: HPA, KEDA, PodDisruptionBudget.

use serde_json::{Value, json};

use super::labels::Labels;
use super::plan::Plan;
use super::workload::Workload;
use crate::model::workload::{Hpa, HpaTarget, Keda};
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

impl<'n> Scaled<'n> {
    /// A workload that is scaled by objects of its own name.
    pub fn of(kind: &'n str, name: &'n str, labels: &'n Labels) -> Self {
        Scaled { name, kind, target: name, labels: &labels.object, selector: &labels.selector }
    }
}

impl<'a> Workload<'a> {
    /// Names and labels for a component with one workload.
    pub fn scaled<'n>(&'n self, kind: &'n str) -> Scaled<'n> {
        Scaled::of(kind, &self.name, &self.labels)
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

    /// Plans what scales a component by `hpa` and `keda` of its section: a HorizontalPodAutoscaler, or a
    /// ScaledObject from the template `scaledobject.yaml` where KEDA is on.
    pub fn plan_scaling(&self, component: &'static str, of: &Scaled, min: &Node, max: &Node, plan: &mut Plan) {
        let hpa: Hpa = self.cx.read(&format!("{}.hpa", self.key));
        let keda: Keda = self.cx.read(&format!("{}.keda", self.key));
        self.plan_scaling_by(component, of, &hpa, &keda, min, max, plan);
    }

    /// The same by settings that were read before, as those of one of several deployments of a component.
    #[allow(clippy::too_many_arguments)] // What an HPA takes, and `keda`.
    pub fn plan_scaling_by(
        &self,
        component: &'static str,
        of: &Scaled,
        hpa: &Hpa,
        keda: &Keda,
        min: &Node,
        max: &Node,
        plan: &mut Plan,
    ) {
        if keda.enabled || self.cx.enabled("global.keda.enabled") {
            self.plan_scaled_object(component, of, hpa, keda, min, max, plan);
        } else if hpa.enabled.unwrap_or(true) {
            self.plan_hpa(component, of, hpa, min, max, plan);
        }
    }

    /// Plans a ScaledObject; what `keda` does not say is the HorizontalPodAutoscaler's.
    #[allow(clippy::too_many_arguments)] // What an HPA takes, and `keda`.
    pub fn plan_scaled_object(
        &self,
        component: &'static str,
        of: &Scaled,
        hpa: &Hpa,
        keda: &Keda,
        min: &Node,
        max: &Node,
        plan: &mut Plan,
    ) {
        let triggers = match keda.triggers.as_slice() {
            [] => [trigger("cpu", &hpa.cpu), trigger("memory", &hpa.memory)].into_iter().flatten().collect(),
            given => given.to_vec(),
        };
        let behavior = if keda.behavior.is_empty() { &hpa.behavior } else { &keda.behavior };
        let view = view! {
            name: of.name, labels: of.labels, target_kind: of.kind, target_name: of.target,
            polling_interval: keda.polling_interval, cooldown_period: keda.cooldown_period,
            min_replicas: keda.min_replica_count.as_ref().or(hpa.min_replicas.as_ref()).unwrap_or(min),
            max_replicas: keda.max_replica_count.as_ref().or(hpa.max_replicas.as_ref()).unwrap_or(max),
            fallback: keda.fallback, restore_replicas: keda.restore_to_original_replica_count,
            hpa_name: keda.hpa_name, behavior: (!behavior.is_empty()).then_some(behavior),
            triggers: triggers,
        };
        plan.add(component, "scaledobject.yaml", view);
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

/// One trigger of a ScaledObject, from what an HPA would aim at.
fn trigger(resource: &str, target: &HpaTarget) -> Option<Node> {
    let metric = metric(resource, target)?;
    let target = metric.get("resource")?.get("target")?;
    let kind = target.get("type")?;
    let value = target.get("averageValue").or_else(|| target.get("averageUtilization"))?;
    // KEDA's metadata are texts.
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(json!({"type": resource, "metricType": kind, "metadata": {"value": value}}))
}
