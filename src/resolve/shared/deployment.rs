//! The deployment as a whole: what it is called, and the jobs that come before its parts.

use serde_json::Value;

use crate::model::{NodeMap, Text};
use crate::resolve::context::Context;
use crate::resolve::image::ImageRef;
use crate::resolve::labels;
use crate::resolve::plan::View;
use crate::resolve::workload::{Container, Workload};

/// The label `app` of objects that no part owns: `nameOverride`, or `gitlab`.
pub fn app(cx: &Context) -> String {
    cx.text("nameOverride").unwrap_or_else(|| "gitlab".to_owned())
}

/// Settings of a job that talks to the API server: the image is `global.kubectl.image`.
pub fn kubectl_job<'a>(cx: &'a Context<'a>, key: &str, app: &str, name: String) -> Workload<'a> {
    let mut w = Workload::of(cx, key, app, cx.section(key));
    w.set.image = cx.global.kubectl.image.clone();
    w.name = name;
    w
}

/// Lays `nodeSelector` and `podLabels` of the deployment under a job's own.
pub fn place(w: &mut Workload) {
    if w.set.node_selector.is_empty() {
        w.set.node_selector = w.cx.read("nodeSelector");
    }
    let given: NodeMap = w.cx.read("podLabels");
    for (label, value) in labels::text_map(&given) {
        w.labels.pod.entry(label).or_insert(value);
    }
}

/// The image of such a job.
pub fn kubectl(cx: &Context) -> ImageRef {
    cx.image(&cx.global.kubectl.image, cx.gitlab_version())
}

/// A container with the job's resources and privileges, and nothing that GitLab's own containers share.
pub fn job_container(w: &Workload, name: &str, image: ImageRef) -> Container {
    Container {
        name: name.to_owned(),
        image: image.reference,
        image_pull_policy: image.pull_policy,
        resources: w.set.resources.clone(),
        security_context: w.set.container_security_context.clone(),
        ..Container::default()
    }
}

/// A pod that runs once: it may share a node with its kind, and uses its account's token.
pub fn job_pod(w: &Workload, init: Vec<Container>, main: Container, volumes: Vec<Value>, restart: &str) -> View {
    let mut labels = w.labels.pod.clone();
    labels.remove("app.kubernetes.io/name");
    w.pod(init, vec![main], volumes)
        .with("labels", labels)
        .with("affinity", Value::Null)
        .with("automount_service_account_token", Value::Null)
        .with("restart_policy", restart)
}

/// `-<suffix>` where `global.job.nameSuffixOverride` gives one.
pub fn job_suffix(cx: &Context) -> Option<String> {
    cx.global.job.name_suffix_override.as_ref().and_then(Text::set).map(|suffix| format!("-{suffix}"))
}
