//! gitlab-runner: a runner of CI jobs in place of the chart of others.

use serde_json::{Value, json};

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
    plan_account(&w, plan);
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
    let pod = stand_in::pod(&mut w, USER, GROUP, main, volumes)
        .with("automount_service_account_token", true)
        .with("service_account_name", &w.name)
        .with("termination_grace_period_seconds", 3600);
    let view = view! { name: w.name, labels: w.labels.object, selector: w.labels.selector, pod };
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}

fn runner(w: &Workload) -> Container {
    let cx = w.cx;
    let gitlab = hosts::public(cx, "gitlab");
    let url = cx.text("gitlab-runner.gitlabUrl").unwrap_or_else(|| gitlab.url());
    let mut main = stand_in::container("gitlab-runner", IMAGE, cx.section("gitlab-runner.resources"))
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
    main.command = Some(json!(["sh", "/scripts/start.sh"]));
    // Registered or not: until GitLab answers, it waits, and a restart would not help.
    main.liveness_probe = Some(
        json!({"exec": {"command": ["pgrep", "-f", "start.sh|gitlab-runner"]}, "periodSeconds": 30, "timeoutSeconds": 5}),
    );
    main
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
