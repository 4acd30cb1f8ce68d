//! What manages pods: selectors, strategies, replicas, budgets, autoscalers.

use serde_json::Value;

use super::{Findings, Node, metadata, pod};

pub(super) fn check(root: &Node<'_, '_>, out: &mut Findings<'_>) {
    let Some(spec) = root.get("spec") else { return };
    match out.kind() {
        "Deployment" | "DaemonSet" | "StatefulSet" => {
            selector(&spec, out);
            strategy(&spec, out);
            template(&spec, &["Always"], out);
        }
        "Job" => template(&spec, &["OnFailure", "Never"], out),
        "CronJob" => {
            if let Some(job) = spec.get("jobTemplate")
                && let Some(job_spec) = job.get("spec")
            {
                template(&job_spec, &["OnFailure", "Never"], out);
            }
            if let Some(schedule) = spec.get("schedule") {
                cron(&schedule, out);
            }
        }
        "PodDisruptionBudget" if spec.has("minAvailable") && spec.has("maxUnavailable") => {
            let reason = "`minAvailable` and `maxUnavailable` are both set, one of them is allowed";
            out.add("contradiction", &spec, reason);
        }
        "HorizontalPodAutoscaler" => autoscaler(&spec, out),
        _ => {}
    }
}

/// The labels that pods are selected by must be labels that they have.
fn selector(spec: &Node<'_, '_>, out: &mut Findings<'_>) {
    let Some(selector) = spec.get("selector") else { return };
    let labels = spec.value.pointer("/template/metadata/labels");
    let wanted = selector.get("matchLabels");
    if selector.value.as_object().is_none_or(serde_json::Map::is_empty) {
        out.add("bad-selector", &selector, "empty, it would select nothing");
    }
    let Some(wanted) = wanted else { return };
    for (key, label) in wanted.entries() {
        if labels.and_then(|l| l.get(key)) != Some(label.value) {
            out.add("bad-selector", &label, "the pods of the template do not have this label with this value");
        }
    }
}

fn strategy(spec: &Node<'_, '_>, out: &mut Findings<'_>) {
    for key in ["strategy", "updateStrategy"] {
        let Some(strategy) = spec.get(key) else { continue };
        if let Some(kind) = strategy.text("type")
            && kind != "RollingUpdate"
            && let Some(rolling) = strategy.get("rollingUpdate")
        {
            out.add("contradiction", &rolling, format!("only allowed with the type `RollingUpdate`, not `{kind}`"));
        }
        let none = |field: &str| {
            let value = strategy.value.pointer(&format!("/rollingUpdate/{field}"));
            value.is_some_and(|v| v.as_i64() == Some(0) || v.as_str() == Some("0%"))
        };
        if none("maxSurge") && none("maxUnavailable") {
            out.add("contradiction", &strategy, "`maxSurge` and `maxUnavailable` are both 0, no pod could be replaced");
        }
    }
}

fn template(spec: &Node<'_, '_>, restart: &[&str], out: &mut Findings<'_>) {
    let Some(template) = spec.get("template") else { return };
    if let Some(metadata) = template.get("metadata") {
        metadata::labels(&metadata, out);
    }
    let Some(pod_spec) = template.get("spec") else { return };
    let policy = pod_spec.text("restartPolicy").unwrap_or("Always");
    if !restart.contains(&policy) {
        let at = pod_spec.child("restartPolicy", &Value::Null);
        out.add("unknown-value", &at, format!("`{policy}` is not allowed here, use `{}`", restart.join("` or `")));
    }
    pod::spec(&pod_spec, spec.value.get("volumeClaimTemplates"), out);
}

/// Five fields, or one of the names that begin with `@`.
fn cron(schedule: &Node<'_, '_>, out: &mut Findings<'_>) {
    let Some(text) = schedule.value.as_str() else { return };
    let fields = text.split_whitespace().count();
    let good = match text.strip_prefix('@') {
        Some(name) => {
            ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"].contains(&name)
                || name.starts_with("every ")
        }
        None => {
            fields == 5
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'*' | b'/' | b',' | b'-' | b'?'))
        }
    };
    if !good {
        out.add("bad-format", schedule, "not a schedule of five fields like `0 1 * * *`");
    }
}

fn autoscaler(spec: &Node<'_, '_>, out: &mut Findings<'_>) {
    let number = |key: &str| spec.value.get(key).and_then(Value::as_i64);
    if let (Some(least), Some(most)) = (number("minReplicas"), number("maxReplicas"))
        && least > most
    {
        out.add("contradiction", spec, format!("`minReplicas` {least} is more than `maxReplicas` {most}"));
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
        if !target.has(needed) {
            let reason = format!("required with the type `{}`", target.text("type").unwrap_or_default());
            out.add("missing-field", &target.child(needed, &Value::Null), reason);
        }
    }
}
