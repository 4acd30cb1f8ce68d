//! Jobs that run `kubectl` for the whole deployment before its components start; they belong to no component's chart.

use serde_json::Value;

use crate::model::{NodeMap, NonEmpty};
use crate::resolve::context::Context;
use crate::resolve::image::ImageRef;
use crate::resolve::labels;
use crate::resolve::plan::View;
use crate::resolve::workload::{Container, Workload};

/// The label `app` of objects that belong to no component: `nameOverride`, or `gitlab`.
pub fn app_label(cx: &Context) -> String {
    cx.text("nameOverride").unwrap_or_else(|| "gitlab".to_owned())
}

/// Settings of a Job that uses the API server: its image is `global.kubectl.image`.
pub fn workload<'a>(cx: &'a Context<'a>, key: &str, app: &str, name: String) -> Workload<'a> {
    let mut w = Workload::of(cx, key, app, cx.section(key));
    w.set.image = cx.global.kubectl.image.clone();
    w.name = name;
    w
}

/// Gives a Job its own account, regardless of `global.serviceAccount`: it has permissions that no other pod needs.
pub fn own_account(w: &mut Workload) {
    let named = w.set.service_account.name.non_empty().is_some();
    if !named {
        w.set.service_account.name = Some(w.name.as_str().into());
    }
}

/// Sets the global `nodeSelector` where the Job has none, and each of the global `podLabels` that it does not set itself.
pub fn inherit_placement(w: &mut Workload) {
    if w.set.node_selector.is_empty() {
        w.set.node_selector = w.cx.read("nodeSelector");
    }
    let given: NodeMap = w.cx.read("podLabels");
    for (label, value) in labels::text_map(&given) {
        w.labels.pod.entry(label).or_insert(value);
    }
}

/// The image of such a Job.
pub fn image(cx: &Context) -> ImageRef {
    cx.image(&cx.global.kubectl.image, cx.gitlab_version())
}

/// A container with the Job's resources and security context, without the common parts of GitLab's own containers.
pub fn container(w: &Workload, name: &str, image: ImageRef) -> Container {
    Container {
        name: name.to_owned(),
        image: image.reference,
        image_pull_policy: image.pull_policy,
        resources: w.set.resources.clone(),
        security_context: w.set.container_security_context.clone(),
        ..Container::default()
    }
}

/// A pod that runs once: without anti-affinity, and with the token of its service account mounted.
pub fn pod(w: &Workload, init: Vec<Container>, main: Container, volumes: Vec<Value>, restart: &str) -> View {
    let mut labels = w.labels.pod.clone();
    labels.remove("app.kubernetes.io/name");
    w.pod(init, vec![main], volumes)
        .with("labels", labels)
        .with("affinity", Value::Null)
        .with("automount_service_account_token", Value::Null)
        .with("restart_policy", restart)
}

/// `-<suffix>` where `global.job.nameSuffixOverride` gives one.
pub fn name_suffix(cx: &Context) -> Option<String> {
    cx.global.job.name_suffix_override.non_empty().map(|suffix| format!("-{suffix}"))
}
