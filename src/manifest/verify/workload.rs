//! Rules for workloads: selectors, strategies, replicas, budgets, autoscalers.

use serde_json::Value;

use super::{FieldValue, Findings, cron, format, metadata, pod};
use crate::tree::{self, field};

pub(super) fn check(root: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(spec) = root.get("spec") else { return };
    match out.kind {
        "Deployment" | "DaemonSet" | "StatefulSet" => {
            selector(&spec, out);
            strategy(&spec, out);
            template(&spec, &["Always"], out);
            deadline(&spec, out);
        }
        "Job" => job(&spec, out),
        "CronJob" => {
            if let Some(template) = spec.get("jobTemplate")
                && let Some(job_spec) = template.get("spec")
            {
                job(&job_spec, out);
            }
            if let Some(schedule) = spec.get("schedule")
                && let Some(Err(reason)) = schedule.value.as_str().map(cron::schedule)
            {
                out.add("bad-format", &schedule, reason);
            }
        }
        "PodDisruptionBudget" => budget(&spec, out),
        "HorizontalPodAutoscaler" => autoscaler(&spec, out),
        _ => {}
    }
}

/// The labels of the selector must be labels of the pods.
fn selector(spec: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let Some(selector) = spec.get("selector") else { return };
    let labels = tree::at(spec.value, "template.metadata.labels");
    let wanted = selector.get("matchLabels");
    let filled = |key: &str| {
        let part = field(selector.value, key);
        part.is_some_and(|part| {
            part.as_object().is_some_and(|m| !m.is_empty()) || part.as_array().is_some_and(|l| !l.is_empty())
        })
    };
    if !filled("matchLabels") && !filled("matchExpressions") {
        out.add("bad-selector", &selector, "it is empty and would select nothing");
    }
    let Some(wanted) = wanted.filter(|_| spec.has("template")) else { return };
    for (key, label) in wanted.entries() {
        if labels.and_then(|l| l.get(key)) != Some(label.value) {
            out.add("bad-selector", &label, "the pod template does not have this label with this value");
        }
    }
}

fn strategy(spec: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    for key in ["strategy", "updateStrategy"] {
        let Some(strategy) = spec.get(key) else { continue };
        if let Some(kind) = strategy.text("type")
            && kind != "RollingUpdate"
            && let Some(rolling) = strategy.get("rollingUpdate")
        {
            out.add("contradiction", &rolling, format!("only allowed with the type `RollingUpdate`, not `{kind}`"));
        }
        if let Some(rolling) = strategy.get("rollingUpdate")
            && let Some(share) = rolling.get("maxUnavailable")
        {
            at_most_all(&share, out);
        }
        let none = |field: &str| {
            let value = tree::at(strategy.value, "rollingUpdate").and_then(|rolling| tree::field(rolling, field));
            value.is_some_and(|v| v.as_i64() == Some(0) || v.as_str() == Some("0%"))
        };
        if none("maxSurge") && none("maxUnavailable") {
            out.add(
                "contradiction",
                &strategy,
                "`maxSurge` and `maxUnavailable` are both 0, so no pod could be replaced",
            );
        }
    }
}

/// A Job's own selector must match its pods too; most have none, and get one.
fn job(spec: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    if spec.has("selector") {
        selector(spec, out);
    }
    // Without either, both are 1.
    if spec.text("completionMode") == Some("Indexed") && spec.has("parallelism") && !spec.has("completions") {
        let at = spec.child("completions", &Value::Null);
        out.add("missing-field", &at, "required with `completionMode: Indexed`");
    }
    template(spec, &["OnFailure", "Never"], out);
}

/// The deadline of a rollout must be longer than a pod needs to become ready.
fn deadline(spec: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let number = |key: &str| field(spec.value, key).and_then(Value::as_i64);
    let least = number("minReadySeconds").unwrap_or(0);
    let most = number("progressDeadlineSeconds").unwrap_or(DEFAULT_DEADLINE);
    if out.kind == "Deployment" && most <= least {
        let at = spec.child("progressDeadlineSeconds", &Value::Null);
        out.add("contradiction", &at, format!("{most} is not more than `minReadySeconds` {least}"));
    }
}

/// Kubernetes' default of `progressDeadlineSeconds`.
const DEFAULT_DEADLINE: i64 = 600;

fn budget(spec: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    if spec.has("minAvailable") && spec.has("maxUnavailable") {
        let reason = "`minAvailable` and `maxUnavailable` are both set, but only one of them is allowed";
        out.add("contradiction", spec, reason);
    }
    for key in ["minAvailable", "maxUnavailable"] {
        if let Some(share) = spec.get(key) {
            at_most_all(&share, out);
        }
    }
}

/// A percentage of up to 100.
fn at_most_all(share: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let percent = share.value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<u32>().ok());
    if percent.is_some_and(|percent| percent > 100) {
        out.add("out-of-range", share, "more than 100%");
    }
}

fn template(spec: &FieldValue<'_, '_>, restart: &[&str], out: &mut Findings<'_>) {
    let Some(template) = spec.get("template") else { return };
    if let Some(metadata) = template.get("metadata") {
        metadata::labels(&metadata, out);
    }
    let Some(pod_spec) = template.get("spec") else { return };
    let policy = pod_spec.text("restartPolicy").filter(|policy| !policy.is_empty()).unwrap_or("Always");
    if !restart.contains(&policy) {
        let at = pod_spec.child("restartPolicy", &Value::Null);
        out.add("unknown-value", &at, format!("`{policy}` is not allowed here, use `{}`", restart.join("` or `")));
    }
    pod::spec(&pod_spec, field(spec.value, "volumeClaimTemplates"), out);
}

fn autoscaler(spec: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let number = |key: &str| field(spec.value, key).and_then(Value::as_i64);
    if let (Some(least), Some(most)) = (number("minReplicas"), number("maxReplicas"))
        && least > most
    {
        let at = spec.child("minReplicas", spec.value);
        out.add("contradiction", &at, format!("{least} is more than `maxReplicas`, {most}"));
    }
    if let Some(target) = spec.get("scaleTargetRef")
        && matches!(target.text("kind"), Some("Deployment" | "StatefulSet" | "ReplicaSet"))
        && !target.text("apiVersion").is_some_and(|version| version.contains('/'))
    {
        out.add("missing-field", &target.child("apiVersion", &Value::Null), "must name a group, `apps/v1`");
    }
    let Some(metrics) = spec.get("metrics") else { return };
    for metric in metrics.items() {
        let Some(kind) = metric.text("type") else { continue };
        let part = match kind {
            "Resource" => "resource",
            "ContainerResource" => "containerResource",
            "Pods" => "pods",
            "Object" => "object",
            "External" => "external",
            _ => continue,
        };
        let Some(source) = metric.get(part) else {
            out.add("missing-field", &metric, format!("a metric of type `{kind}` needs `{part}`"));
            continue;
        };
        let Some(target) = source.get("target") else { continue };
        let needed = match target.text("type") {
            Some("Utilization") => "averageUtilization",
            Some("AverageValue") => "averageValue",
            Some("Value") if !matches!(part, "resource" | "containerResource" | "pods") => "value",
            Some("Value") => "averageValue",
            _ => continue,
        };
        if let Some(amount) = target.get(needed)
            && needed != "averageUtilization"
            && amount
                .value
                .as_str()
                .map_or(amount.value.as_f64(), |text| format::quantity(text).ok())
                .is_some_and(|n| n <= 0.0)
        {
            out.add("bad-quantity", &amount, "must be greater than zero");
        }
        if !target.has(needed) {
            let reason = format!("required with the type `{}`", target.text("type").unwrap_or_default());
            out.add("missing-field", &target.child(needed, &Value::Null), reason);
        }
    }
}
