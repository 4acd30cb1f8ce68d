//! The number of pods, and how many may be unavailable: HPA, KEDA, PodDisruptionBudget.

use serde_json::{Value, json};

use super::labels::Labels;
use super::plan::{Plan, View};
use super::workload::Workload;
use crate::model::workload::{Hpa, HpaTarget, Keda};
use crate::model::{Node, NodeMap, NonEmpty};
use crate::view;

/// A scaled workload: its names.
pub struct Scaled<'n> {
    /// The HPA's and the PodDisruptionBudget's name.
    pub name: &'n str,
    /// `Deployment` or `StatefulSet`.
    pub kind: &'n str,
    /// The workload's name.
    pub target: &'n str,
    /// Labels of the objects.
    pub labels: &'n NodeMap,
    /// The selector of its pods.
    pub selector: &'n NodeMap,
}

/// The settings of the autoscaler.
pub struct Scaling<'s> {
    /// The section `hpa`.
    pub hpa: &'s Hpa,
    /// The section `keda`; missing settings are those of `hpa`.
    pub keda: &'s Keda,
    /// The default minimum number of pods.
    pub min: &'s Node,
    /// The default maximum number of pods.
    pub max: &'s Node,
}

impl<'n> Scaled<'n> {
    /// A workload with scaling objects of its own name.
    pub fn of(kind: &'n str, name: &'n str, labels: &'n Labels) -> Self {
        Scaled { name, kind, target: name, labels: &labels.object, selector: &labels.selector }
    }
}

impl<'a> Workload<'a> {
    /// Names and labels for a component with one workload.
    pub fn scaled<'n>(&'n self, kind: &'n str) -> Scaled<'n> {
        Scaled::of(kind, &self.name, &self.labels)
    }

    /// Plans the autoscaler of a component by `hpa` and `keda` of its section.
    pub fn plan_scaling(&self, component: &'static str, of: &Scaled, min: &Node, max: &Node, plan: &mut Plan) {
        let hpa: Hpa = self.cx.read(&format!("{}.hpa", self.key));
        let keda: Keda = self.cx.read(&format!("{}.keda", self.key));
        self.plan_scaling_by(component, of, &Scaling { hpa: &hpa, keda: &keda, min, max }, plan);
    }

    /// The same with settings that were read before, such as those of one of several deployments of a component: a
    /// HorizontalPodAutoscaler, or a ScaledObject where KEDA is enabled.
    pub fn plan_scaling_by(&self, component: &'static str, of: &Scaled, by: &Scaling, plan: &mut Plan) {
        if by.keda.enabled || self.cx.enabled("global.keda.enabled") {
            plan.add(component, "scaledobject.yaml", scaled_object(of, by));
        } else if by.hpa.enabled.unwrap_or(true) {
            plan.add(component, "horizontalpodautoscaler.yaml", autoscaler(of, by));
        }
    }

    /// Plans the PodDisruptionBudget from the template `poddisruptionbudget.yaml`.
    pub fn plan_pdb(&self, component: &'static str, of: &Scaled, max_unavailable: &Node, plan: &mut Plan) {
        let view = view! { name: of.name, labels: of.labels, selector: of.selector, max_unavailable, min_available: Value::Null };
        plan.add(component, "poddisruptionbudget.yaml", view);
    }
}

/// The view of a HorizontalPodAutoscaler.
fn autoscaler(of: &Scaled, &Scaling { hpa, min, max, .. }: &Scaling) -> View {
    let metrics: Vec<Node> = match hpa.custom_metrics.as_slice() {
        [] => [metric("cpu", &hpa.cpu), metric("memory", &hpa.memory)].into_iter().flatten().collect(),
        given => given.to_vec(),
    };
    view! {
        name: of.name, labels: of.labels, target_kind: of.kind, target_name: of.target,
        min_replicas: hpa.min_replicas.as_ref().unwrap_or(min),
        max_replicas: hpa.max_replicas.as_ref().unwrap_or(max),
        metrics: moved(metrics), behavior: hpa.behavior,
    }
}

/// The view of a ScaledObject.
fn scaled_object(of: &Scaled, &Scaling { hpa, keda, min, max }: &Scaling) -> View {
    let triggers: Vec<Node> = match keda.triggers.as_slice() {
        [] => [trigger("cpu", &hpa.cpu), trigger("memory", &hpa.memory)].into_iter().flatten().collect(),
        given => given.to_vec(),
    };
    let behavior = if keda.behavior.is_empty() { &hpa.behavior } else { &keda.behavior };
    view! {
        name: of.name, labels: of.labels, target_kind: of.kind, target_name: of.target,
        polling_interval: keda.polling_interval, cooldown_period: keda.cooldown_period,
        min_replicas: keda.min_replica_count.as_ref().or(hpa.min_replicas.as_ref()).unwrap_or(min),
        max_replicas: keda.max_replica_count.as_ref().or(hpa.max_replicas.as_ref()).unwrap_or(max),
        fallback: keda.fallback, restore_replicas: keda.restore_to_original_replica_count,
        hpa_name: keda.hpa_name, behavior: (!behavior.is_empty()).then_some(behavior),
        triggers: moved(triggers),
    }
}

/// One resource metric of an HPA; `None` where no target is set.
fn metric(resource: &str, target: &HpaTarget) -> Option<Node> {
    let kind = target.target_type.non_empty();
    let target = match (kind, &target.target_average_utilization, &target.target_average_value) {
        (Some("Utilization"), Some(percent), _) => json!({"type": "Utilization", "averageUtilization": percent}),
        (_, _, Some(value)) => json!({"type": "AverageValue", "averageValue": value}),
        (None, Some(percent), None) => json!({"type": "Utilization", "averageUtilization": percent}),
        _ => return None,
    };
    Some(json!({"type": "Resource", "resource": {"name": resource, "target": target}}))
}

/// One trigger of a ScaledObject, from the target of an HPA.
fn trigger(resource: &str, target: &HpaTarget) -> Option<Node> {
    let metric = metric(resource, target)?;
    let target = metric.get("resource")?.get("target")?;
    let kind = target.get("type")?;
    let value = target.get("averageValue").or_else(|| target.get("averageUtilization"))?;
    // KEDA's metadata are strings.
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(json!({"type": resource, "metricType": kind, "metadata": {"value": value}}))
}
