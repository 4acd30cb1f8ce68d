//! Restarts of pods: of which workloads, how many pods, and how many at once.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{Labels, at, labels};
use crate::diff::fields::Changes;
use crate::diff::objects::{Object, ObjectPair};
use crate::diff::{Class, Risk, objects};

/// The workloads of the new set, and what affects their restarts.
pub(super) struct Workloads {
    /// The workload of each pair, by its position.
    by_pair: HashMap<usize, Workload>,
    budgets: Vec<Budget>,
    /// The selectors of Services: a restart of the pods behind them may be noticed.
    served: Vec<Labels>,
    /// Minimum and maximum number of pods, by kind and name of the scaled workload.
    scaled: HashMap<(String, String), (i64, i64)>,
    /// Whether Praefect keeps each repository on several Gitaly nodes.
    praefect: bool,
}

struct Workload {
    kind: String,
    name: String,
    /// Whether its pods are replaced.
    restarts: bool,
    /// The objects that its pods read: kind and name.
    reads: BTreeSet<(&'static str, String)>,
    /// How many pods there are before the change: those that are new do not restart.
    before: Option<i64>,
    body: Value,
}

/// A PodDisruptionBudget.
struct Budget {
    name: String,
    selector: Labels,
    allows: String,
}

impl Workloads {
    pub fn of(pairs: &[ObjectPair], changes: &[Changes]) -> Self {
        let mut found = Workloads {
            by_pair: HashMap::new(),
            budgets: Vec::new(),
            served: Vec::new(),
            scaled: HashMap::new(),
            praefect: false,
        };
        for (index, (pair, found_here)) in pairs.iter().zip(changes).enumerate() {
            let Some(new) = &pair.new else { continue };
            match pair.id.kind.as_str() {
                "Deployment" | "StatefulSet" | "DaemonSet" => {
                    found.praefect |= is_app(&new.body, "praefect");
                    found.by_pair.insert(index, workload(pair, new, found_here));
                }
                "Service" => found.served.push(labels(at(&new.body, &["spec", "selector"]))),
                "PodDisruptionBudget" => found.budgets.extend(budget(new)),
                "HorizontalPodAutoscaler" => found.scaled.extend(scaler(new)),
                _ => {}
            }
        }
        found
    }

    /// The effect of replacing a workload's own pods, where they are replaced.
    pub fn restart(&self, index: usize) -> Option<Risk> {
        let workload = self.by_pair.get(&index).filter(|workload| workload.restarts)?;
        let (class, how) = self.roll(workload);
        Some(Risk::new(class, how))
    }

    /// The workloads that restart because they read an object that changed.
    pub fn readers(&self, kind: &str, name: &str) -> Vec<Risk> {
        let mut reading: Vec<&Workload> = self
            .by_pair
            .values()
            .filter(|workload| workload.reads.iter().any(|(of, read)| *of == kind && read == name))
            .collect();
        reading.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
        let shown = |workload: &Workload| format!("`{}/{}`", workload.kind, workload.name);
        let mut risks: Vec<Risk> = Vec::new();
        for workload in reading.iter().filter(|workload| workload.restarts) {
            let (class, how) = self.roll(workload);
            risks.push(Risk::new(class, format!("{} reads it: {how}", shown(workload))));
        }
        let idle: Vec<String> = reading.iter().filter(|w| !w.restarts).map(|w| shown(w)).collect();
        if !idle.is_empty() {
            risks.push(Risk::new(Class::None, format!("{} uses it when its pods start again", idle.join(", "))));
        }
        risks
    }

    /// How the pods of a workload are replaced.
    fn roll(&self, workload: &Workload) -> (Class, String) {
        let body = &workload.body;
        let after = replicas(body);
        let fixed = workload.before.map_or(after, |before| before.min(after));
        let scaled = self.scaled.get(&(workload.kind.clone(), workload.name.clone()));
        let (least, most) = scaled.copied().unwrap_or((fixed, fixed));
        let pods = match (least, most) {
            (1, 1) => "its only pod restarts".to_owned(),
            (least, most) if least == most => format!("{least} pods restart"),
            (least, most) => format!("{least} to {most} pods restart"),
        };
        if most == 0 {
            return (Class::None, "it has no running pods".to_owned());
        }
        let budget = self.budget(body);
        let pod_labels = labels(at(body, &["spec", "template", "metadata", "labels"]));
        let down = if self.served.iter().any(|selector| selects(selector, &pod_labels)) {
            Class::Outage
        } else {
            Class::Restart
        };
        match workload.kind.as_str() {
            "Deployment" => {
                let strategy = at(body, &["spec", "strategy"]);
                if strategy.and_then(|s| s.get("type")).is_some_and(|kind| kind == "Recreate") {
                    return (down, format!("{pods}: all stop before the new ones start (strategy `Recreate`)"));
                }
                let rolling = |field: &str| strategy.and_then(|s| at(s, &["rollingUpdate", field]));
                let missing = share(rolling("maxUnavailable"), least, false);
                let more = share(rolling("maxSurge"), least, true);
                // The server does not allow both to be 0.
                let missing = if missing == 0 && more == 0 { 1 } else { missing };
                if missing >= least {
                    return (down, format!("{pods}: up to {missing} are down at once{budget}"));
                }
                (Class::Restart, format!("{pods}, at most {missing} down and {more} more at once{budget}"))
            }
            "StatefulSet" => {
                if at(body, &["spec", "updateStrategy", "type"]).is_some_and(|kind| kind == "OnDelete") {
                    return (Class::None, "its pods are replaced when they are deleted (`OnDelete`)".to_owned());
                }
                if most == 1 {
                    return (down, format!("{pods}: it is unavailable until the new one is ready{budget}"));
                }
                if is_app(body, "gitaly") && !self.praefect {
                    let alone = "each is the only one with the repositories of its storage, which are unavailable until the new pod is ready";
                    return (down, format!("{pods}, one after the other; {alone}{budget}"));
                }
                (Class::Restart, format!("{pods}, one after the other{budget}"))
            }
            _ => {
                let down = at(body, &["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]);
                let down = down.map_or_else(|| "1".to_owned(), |value| value.to_string().replace('"', ""));
                (Class::Restart, format!("one pod a node restarts, at most {down} at once{budget}"))
            }
        }
    }

    fn budget(&self, body: &Value) -> String {
        let pods = labels(at(body, &["spec", "template", "metadata", "labels"]));
        match self.budgets.iter().find(|budget| selects(&budget.selector, &pods)) {
            Some(budget) => {
                format!(
                    "; a drain at that time is held up by PodDisruptionBudget `{}` ({})",
                    budget.name, budget.allows
                )
            }
            None => String::new(),
        }
    }
}

/// Whether a workload is a part of GitLab, by its pods' label.
fn is_app(body: &Value, name: &str) -> bool {
    at(body, &["spec", "template", "metadata", "labels", "app"]).is_some_and(|app| app == name)
}

fn selects(selector: &Labels, pods: &Labels) -> bool {
    !selector.is_empty() && selector.iter().all(|(key, value)| pods.get(key) == Some(value))
}

fn workload(pair: &ObjectPair, new: &Object, changes: &Changes) -> Workload {
    let template = at(&new.body, &["spec", "template"]);
    let restarts = pair.old.as_ref().is_some_and(|old| {
        let changed = changes.fields.iter().any(|field| field.path.starts_with("spec.template"));
        // The checksums of strings by different authors always differ: their meaning is compared where the strings are.
        changed || !objects::are_foreign(old, new) && checksums(&old.body) != checksums(&new.body)
    });
    let mut reads = BTreeSet::new();
    if let Some(template) = template {
        collect_reads(template, &mut reads);
    }
    let before = pair.old.as_ref().map(|old| replicas(&old.body));
    Workload { kind: pair.id.kind.clone(), name: new.id.name.clone(), restarts, reads, before, body: new.body.clone() }
}

fn replicas(body: &Value) -> i64 {
    at(body, &["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(1)
}

/// The annotations that restart pods when an object that they read changes.
fn checksums(body: &Value) -> Vec<(&String, &Value)> {
    let annotations = at(body, &["spec", "template", "metadata", "annotations"]).and_then(Value::as_object);
    annotations.into_iter().flatten().filter(|(name, _)| name.starts_with("checksum/")).collect()
}

/// All ConfigMaps and Secrets that a pod refers to.
fn collect_reads(value: &Value, reads: &mut BTreeSet<(&'static str, String)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let (kind, field) = match key.as_str() {
                    "configMap" | "configMapRef" | "configMapKeyRef" => ("ConfigMap", "name"),
                    "secretRef" | "secretKeyRef" => ("Secret", "name"),
                    "secret" if inner.get("secretName").is_some() => ("Secret", "secretName"),
                    "secret" => ("Secret", "name"),
                    _ => {
                        collect_reads(inner, reads);
                        continue;
                    }
                };
                if let Some(name) = inner.get(field).and_then(Value::as_str) {
                    reads.insert((kind, name.to_owned()));
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_reads(item, reads)),
        _ => {}
    }
}

fn budget(object: &Object) -> Option<Budget> {
    let spec = object.body.get("spec")?;
    let allows = ["maxUnavailable", "minAvailable"]
        .iter()
        .find_map(|field| Some(format!("{field} {}", spec.get(*field)?.to_string().replace('"', ""))))?;
    let selector = labels(at(spec, &["selector", "matchLabels"]));
    Some(Budget { name: object.id.name.clone(), selector, allows })
}

fn scaler(object: &Object) -> Option<((String, String), (i64, i64))> {
    let spec = object.body.get("spec")?;
    let text = |field: &str| at(spec, &["scaleTargetRef", field]).and_then(Value::as_str).map(str::to_owned);
    let number = |field: &str| spec.get(field).and_then(Value::as_i64);
    Some(((text("kind")?, text("name")?), (number("minReplicas").unwrap_or(1), number("maxReplicas")?)))
}

/// A number of pods from a number or a percentage (of `pods`, rounded as Kubernetes does); 25 % where it is not set.
fn share(value: Option<&Value>, pods: i64, up: bool) -> i64 {
    let percent = |percent: i64| {
        let exact = pods * percent;
        if up { (exact + 99) / 100 } else { exact / 100 }
    };
    match value {
        Some(Value::Number(number)) => number.as_i64().unwrap_or(0),
        Some(Value::String(text)) => text.trim_end_matches('%').parse().map_or(0, percent),
        _ => percent(25),
    }
}
