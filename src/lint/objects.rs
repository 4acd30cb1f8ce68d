//! Checks of a render's objects: images, requests, disruption budgets, Pod Security.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Linted;
use crate::diag::{Diagnostic, ValuePath};
use crate::manifest::Manifest;

/// Tags whose image changes over time.
const MOVING: [&str; 8] = ["latest", "master", "main", "stable", "edge", "nightly", "dev", "head"];

/// Findings of one kind about one component, with the objects concerned.
type Gathered<'m> = BTreeMap<(&'static str, &'m str), Vec<String>>;

pub(super) fn check(linted: &Linted<'_>) -> Vec<Diagnostic> {
    let mut gathered = Gathered::new();
    for manifest in linted.objects {
        let Some(pod) = pod(manifest) else { continue };
        let component: &str = &manifest.component;
        let mut note = |code: &'static str, what: String| {
            let all = gathered.entry((code, component)).or_default();
            if !all.contains(&what) {
                all.push(what);
            }
        };
        for container in containers(pod) {
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
            let at = format!("{}, container {name}", manifest.id);
            if let Some(image) = container.get("image").and_then(Value::as_str).filter(|image| moves(image)) {
                note("moving-tag", format!("{at}: {image}"));
            }
            if !restricted(pod, container) {
                note("not-restricted", at.clone());
            }
        }
        let main = pod.get("containers").and_then(Value::as_array).into_iter().flatten();
        for container in main.filter(|_| serves(manifest)) {
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
            let requests = |resource: &str| container.pointer(&format!("/resources/requests/{resource}")).is_some();
            if !requests("cpu") || !requests("memory") {
                note("no-requests", format!("{}, container {name}", manifest.id));
            }
        }
        if serves(manifest) && replicas(linted.objects, manifest) > 1 && !has_budget(linted.objects, manifest) {
            note("no-disruption-budget", manifest.id.to_string());
        }
    }
    let gathered = gathered.into_iter();
    let found = gathered.map(|((code, component), objects)| finding(linted, code, component, &objects));
    found.chain(without_digest(linted)).chain(linted.objects.iter().filter_map(|one| few(linted, one))).collect()
}

/// The images that are not pinned, as one finding.
fn without_digest(linted: &Linted<'_>) -> Option<Diagnostic> {
    let all = linted.objects.iter().filter_map(pod).flat_map(containers);
    let named: BTreeSet<&str> = all.filter_map(|container| container.get("image")?.as_str()).collect();
    let open = named.iter().filter(|image| !image.contains('@')).count();
    (open > 0).then(|| {
        let message =
            format!("{open} of {} images are named by a tag, which can be moved to another image", named.len());
        Diagnostic::note("without-digest", message)
            .hint("`gitlab-render images` lists them; `template --digests FILE` pins each to a digest")
    })
}

/// Fewer pods than GitLab's smallest reference architecture has.
fn few(linted: &Linted<'_>, manifest: &Manifest) -> Option<Diagnostic> {
    if manifest.id.kind != "Deployment" {
        return None;
    }
    let section = (linted.section)(&manifest.component);
    let keys = ["minReplicas", "hpa.minReplicas", "replicaCount", "controller.replicaCount"];
    let (key, wanted) = keys.iter().find_map(|key| {
        let path = ValuePath::dotted(&format!("{section}.{key}"));
        Some((path.clone(), path.within(linted.reference)?.as_u64()?))
    })?;
    // only what serves the component itself, not a helper beside it
    let now = replicas(linted.objects, manifest);
    let own = key.within(linted.tree).and_then(Value::as_u64).is_none_or(|set| set == now);
    (own && now < wanted).then(|| {
        let pods = if now == 1 { "one pod".to_owned() } else { format!("{now} pods") };
        let message = format!(
            "`{}` keeps {pods}; the smallest reference architecture of GitLab with more than one node has {wanted}",
            manifest.id
        );
        let hint = format!("for production, set `{key}: {wanted}` or more; `init reference-hybrid-2k` has all numbers");
        Diagnostic::warning("few-replicas", message).at_value(key).hint(hint)
    })
}

fn finding(linted: &Linted<'_>, code: &'static str, component: &str, objects: &[String]) -> Diagnostic {
    let section = (linted.section)(component);
    let shown = objects.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
    let more = match objects.len().saturating_sub(3) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let list = format!("{shown}{more}");
    let (key, message, hint) = match code {
        "moving-tag" => (
            "image.tag",
            format!("an image has a moving tag, or none: {list}"),
            "use a version as tag, or pin the image with `--digests`".to_owned(),
        ),
        "no-requests" => (
            "resources",
            format!("no requests for CPU and memory, so that nodes can be overcommitted: {list}"),
            format!("set `resources.requests` of the container below `{section}`"),
        ),
        "no-disruption-budget" => (
            "pdb",
            format!("several pods but no PodDisruptionBudget, so that all may be evicted at once: {list}"),
            "add a PodDisruptionBudget beside the release".to_owned(),
        ),
        _ => (
            "securityContext",
            format!("the pods do not meet the Pod Security Standard `restricted`: {list}"),
            "use the profile `hardened` over your values: `-f profile:hardened`".to_owned(),
        ),
    };
    let severity = if code == "not-restricted" { Diagnostic::note } else { Diagnostic::warning };
    severity(code, message).at_value(ValuePath::dotted(&format!("{section}.{key}"))).hint(hint)
}

/// The pod spec of an object.
pub(super) fn pod(manifest: &Manifest) -> Option<&Value> {
    let pointer = match manifest.id.kind.as_str() {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => "/spec/template/spec",
        _ => return None,
    };
    manifest.body.pointer(pointer)
}

/// Whether its pods run all the time.
fn serves(manifest: &Manifest) -> bool {
    matches!(manifest.id.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet")
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers"].into_iter().filter_map(|key| pod.get(key)?.as_array()).flatten()
}

/// Whether a name may refer to another image tomorrow.
fn moves(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':').is_none_or(|(_, tag)| MOVING.contains(&tag.to_lowercase().as_str()))
}

/// Whether a container may run in a namespace that enforces `restricted`.
fn restricted(pod: &Value, container: &Value) -> bool {
    let own = |pointer: &str| container.pointer(&format!("/securityContext/{pointer}"));
    let both = |pointer: &str| own(pointer).or_else(|| pod.pointer(&format!("/securityContext/{pointer}")));
    let drops = own("capabilities/drop").and_then(Value::as_array).is_some_and(|all| all.iter().any(|c| c == "ALL"));
    let adds = own("capabilities/add").and_then(Value::as_array);
    let profile = both("seccompProfile/type").and_then(Value::as_str);
    both("runAsNonRoot") == Some(&Value::Bool(true))
        && both("runAsUser").is_none_or(|user| user != 0)
        && own("allowPrivilegeEscalation") == Some(&Value::Bool(false))
        && own("privileged").is_none_or(|privileged| privileged == false)
        && drops
        && adds.is_none_or(|all| all.iter().all(|c| c == "NET_BIND_SERVICE"))
        && matches!(profile, Some("RuntimeDefault" | "Localhost"))
        && ["hostNetwork", "hostPID", "hostIPC"].iter().all(|key| pod.get(*key).is_none_or(|on| on == false))
}

/// The number of pods that an object starts with, or that its autoscaler keeps.
fn replicas(all: &[Manifest], of: &Manifest) -> u64 {
    let scaler = all.iter().find(|scaler| {
        let target = scaler.body.pointer("/spec/scaleTargetRef");
        let text = |key: &str| target.and_then(|target| target.get(key)).and_then(Value::as_str);
        text("name") == Some(&of.id.name) && text("kind").is_none_or(|kind| kind == of.id.kind)
    });
    let least = scaler.and_then(|scaler| {
        let spec = scaler.body.get("spec")?;
        spec.get("minReplicas").or_else(|| spec.get("minReplicaCount"))?.as_u64()
    });
    least.or_else(|| of.body.pointer("/spec/replicas")?.as_u64()).unwrap_or(1)
}

/// Whether a PodDisruptionBudget selects its pods.
fn has_budget(all: &[Manifest], of: &Manifest) -> bool {
    let labels = of.body.pointer("/spec/template/metadata/labels").and_then(Value::as_object);
    all.iter().filter(|budget| budget.id.kind == "PodDisruptionBudget").any(|budget| {
        let wanted = budget.body.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
        wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels.and_then(|l| l.get(key)) == Some(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_moves_is_known() {
        for image in ["nginx", "docker.io/library/nginx:latest", "registry:5000/a/b", "a/b:main"] {
            assert!(moves(image), "{image}");
        }
        for image in ["a/b:v1.2", "registry:5000/a/b:1", "a/b@sha256:0", "a/b:latest@sha256:0", "a/b:v18.10.8-stable1"]
        {
            assert!(!moves(image), "{image}");
        }
    }
}
