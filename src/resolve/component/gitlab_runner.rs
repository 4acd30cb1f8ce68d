//! gitlab-runner: a runner of CI jobs in place of the chart of others.

use serde_json::{Value, json};

use crate::diag::{Diagnostic, ValuePath};
use crate::model::NodeMap;
use crate::resolve::context::overlay_map;
use crate::resolve::shared::{hosts, stand_in, tls};
use crate::resolve::workload::{Container, Workload, config_volume, projected_volume};
use crate::resolve::{Component, Context, Plan};
use crate::view;

/// What `build.rs` puts into the table of components. Its section is the settings of the chart of others.
pub const COMPONENT: Component = Component { name: "gitlab-runner", key: "", resolve };

/// The official image; runners of one release work with GitLab of the neighbouring ones.
const IMAGE: &str = "registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v18.9.0";
/// User and group `gitlab-runner` in that image.
const USER: u32 = 100;
const GROUP: u32 = 65533;
/// Where the runner keeps its settings, and the token it got when it was registered.
const HOME: &str = "/home/gitlab-runner/.gitlab-runner";

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("gitlab-runner.install") {
        return;
    }
    let mut w = stand_in::workload(cx, "gitlab-runner", format!("{}-gitlab-runner", cx.release.name));
    w.set.annotations.extend(map(cx, "podAnnotations"));
    let account = account(&w);
    if account == w.name {
        plan_account(&w, plan);
    }
    let view = view! { name: w.name, labels: w.labels.object, none: json!({}) };
    plan.add(COMPONENT.name, "configmap.yaml", view);
    let view = view! {
        name: w.name, labels: w.labels.object, claim: stand_in::claim(cx, "gitlab-runner.persistence", "100Mi"),
    };
    plan.add(COMPONENT.name, "persistentvolumeclaim.yaml", view);

    let named = cx.text("global.runner.registrationToken.secret");
    let secret = named.unwrap_or_else(|| format!("{}-gitlab-runner-secret", cx.release.name));
    let volumes = vec![
        config_volume("scripts", &w.name),
        json!({"name": "home", "persistentVolumeClaim": {"claimName": w.name}}),
        json!({"name": "tmp", "emptyDir": {}}),
        projected_volume("token", 0o440, vec![json!({"secret": {"name": secret}})]),
        projected_volume("authorities", 0o440, vec![authorities(cx)]),
    ];
    let main = runner(&w);
    let mut pod = stand_in::pod(&mut w, USER, GROUP, main, volumes)
        .with("automount_service_account_token", true)
        .with("service_account_name", account)
        .with("termination_grace_period_seconds", 3600);
    let mut context = w.passed.security_context.clone();
    overlay_map(&mut context, &map(cx, "podSecurityContext"));
    pod = pod.with("security_context", context);
    if let Some(class) = set(cx, "priorityClassName") {
        pod = pod.with("priority_class_name", class);
    }
    let view = view! { name: w.name, labels: w.labels.object, selector: w.labels.selector, pod };
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}

fn runner(w: &Workload) -> Container {
    let cx = w.cx;
    let gitlab = hosts::public(cx, "gitlab");
    let url = set(cx, "gitlabUrl").unwrap_or_else(|| gitlab.url());
    let mut main = stand_in::container("gitlab-runner", &image(cx), cx.section("gitlab-runner.resources"))
        .with_env([
            ("CI_SERVER_URL", url),
            ("CI_SERVER_HOST", gitlab.host),
            ("RUNNER_NAME", w.name.clone()),
            ("RUNNER_EXECUTOR", "kubernetes".to_owned()),
            ("KUBERNETES_NAMESPACE", cx.release.namespace.clone()),
            ("KUBERNETES_IMAGE", "docker.io/library/ubuntu:22.04".to_owned()),
            ("RUNNER_HOME", HOME.to_owned()),
        ])
        .mount("scripts", "/scripts", json!({"readOnly": true}))
        .mount("home", HOME, Value::Null)
        .mount("tmp", "/tmp", Value::Null)
        .mount("token", "/etc/gitlab/runner", json!({"readOnly": true}))
        .mount("authorities", "/etc/gitlab/authorities", json!({"readOnly": true}));
    main = main.with_env(asked(cx));
    if let Some(policy) = set(cx, "imagePullPolicy") {
        main.image_pull_policy = Some(policy);
    }
    main.command = Some(json!(["sh", "/scripts/start.sh"]));
    // Registered or not: until GitLab answers, it waits, and a restart would not help.
    main.liveness_probe = Some(
        json!({"exec": {"command": ["pgrep", "-f", "start.sh|gitlab-runner"]}, "periodSeconds": 30, "timeoutSeconds": 5}),
    );
    main
}

/// A setting of the section, as text.
fn set(cx: &Context, key: &str) -> Option<String> {
    cx.text(&format!("gitlab-runner.{key}"))
}

fn map(cx: &Context, key: &str) -> NodeMap {
    cx.section(&format!("gitlab-runner.{key}")).as_object().cloned().unwrap_or_default()
}

/// `image`: a reference, or its parts as newer charts of the runner have them.
fn image(cx: &Context) -> String {
    if !cx.section("gitlab-runner.image").is_object() {
        return set(cx, "image").unwrap_or_else(|| IMAGE.to_owned());
    }
    let (default, default_tag) = IMAGE.split_once(':').unwrap_or((IMAGE, "latest"));
    let (default_registry, default_name) = default.split_once('/').unwrap_or(("", default));
    let part = |key: &str, default: &str| set(cx, &format!("image.{key}")).unwrap_or_else(|| default.to_owned());
    let (registry, name) = (part("registry", default_registry), part("image", default_name));
    format!("{registry}/{name}:{}", part("tag", default_tag))
}

/// What is only said where the values say it: to `gitlab-runner register`, and to `start.sh`.
fn asked(cx: &Context) -> Vec<(&'static str, String)> {
    let text = |name: &'static str, key: &str| Some((name, set(cx, key)?));
    let count = |name: &'static str, key: &str| Some((name, number(cx, key)?));
    let all = [
        text("KUBERNETES_PRIVILEGED", "runners.privileged"),
        text("REGISTER_LOCKED", "runners.locked"),
        count("RUNNER_CONCURRENT", "concurrent"),
        count("RUNNER_CHECK_INTERVAL", "checkInterval"),
    ];
    all.into_iter().flatten().collect()
}

/// A whole number, after which an `s` for seconds may stand.
fn number(cx: &Context, key: &str) -> Option<String> {
    let text = set(cx, key)?;
    let digits = text.strip_suffix('s').unwrap_or(&text);
    if digits.parse::<u32>().is_ok() {
        return Some(digits.to_owned());
    }
    let path = format!("gitlab-runner.{key}");
    cx.say(
        Diagnostic::error("runner-number", format!("`{path}`: expected a whole number"))
            .at_value(ValuePath::dotted(&path))
            .hint("write it without a unit, as `30`"),
    );
    None
}

/// The ServiceAccount: one made here, or another's where `rbac.create` is false.
fn account(w: &Workload) -> String {
    let made = set(w.cx, "rbac.create").is_none_or(|create| create != "false");
    if made { w.name.clone() } else { set(w.cx, "rbac.serviceAccountName").unwrap_or_else(|| "default".to_owned()) }
}

/// The chain of a certificate that was signed here, by the name of the host; not there otherwise.
fn authorities(cx: &Context) -> Value {
    json!({"secret": {"name": format!("{}-chain", tls::wildcard(cx)), "optional": true}})
}

fn plan_account(w: &Workload, plan: &mut Plan) {
    let account = || view! { name: w.name, labels: w.labels.object, namespace: w.cx.release.namespace };
    for template in ["serviceaccount.yaml", "role.yaml", "rolebinding.yaml"] {
        plan.add(COMPONENT.name, template, account());
    }
}
