//! gitlab-exporter: metrics of the database, Redis and Sidekiq's queues, for Prometheus.

use serde::Deserialize;
use serde_json::json;

use crate::model::workload::{Certificate, Metrics, Service};
use crate::model::{Node, Text};
use crate::resolve::shared::{postgres, redis};
use crate::resolve::workload::{
    Workload, config_volume, configure_script, memory_volume, projected_volume, secret_items,
};
use crate::resolve::{Component, Context, Plan};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "gitlab-exporter", key: "gitlab.gitlab-exporter", resolve };

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    listen_addr: Text,
    metrics: Metrics,
    service: Service,
    tls: Certificate,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    let w = Workload::new(cx, &COMPONENT);
    // The account is rendered even where the exporter is disabled: others may use it.
    w.plan_service_account(COMPONENT.name, plan);
    if !set.enabled {
        return;
    }
    plan_config(&w, &set, plan);
    plan_deployment(&w, &set, plan);
    let service_annotations = w.service_annotations(&set.service.annotations);
    let view = view! {
        name: w.name, labels: w.labels.service, selector: w.labels.selector,
        annotations: service_annotations,
        port_name: if set.tls.on() { "https-metrics" } else { "http-metrics" },
        service_type: set.service.r#type, port: set.service.external_port,
    };
    plan.add(COMPONENT.name, "service.yaml", view);
    w.plan_network_policy(COMPONENT.name, plan);
    w.plan_service_monitor(COMPONENT.name, &set.metrics, "http-metrics", plan);
}

fn plan_config(w: &Workload, set: &Settings, plan: &mut Plan) {
    let config = view! {
        db: postgres::main(w.cx, &w.key),
        redis: redis::instance(w.cx, &w.key, "queues"),
        tls: set.tls.on(),
        listen_address: set.listen_addr, listen_port: set.service.internal_port,
    };
    let view = view! { name: w.name, labels: w.labels.object, config, configure: configure_script() };
    plan.add(COMPONENT.name, "configmap.yaml", view);
}

fn plan_deployment(w: &Workload, set: &Settings, plan: &mut Plan) {
    let databases = postgres::databases(w.cx, &w.key);
    // Sidekiq's queues may have a Redis of their own.
    let redis = redis::instance(w.cx, &w.key, "queues");
    let image = w.cx.image_as_tagged(&w.set.image, &w.cx.release.images.exporter);
    let config = "/var/opt/gitlab-exporter/templates";
    let mut main = w
        .container("gitlab-exporter", image)
        .with_env([
            ("CONFIG_TEMPLATE_DIRECTORY", config.to_owned()),
            ("CONFIG_DIRECTORY", "/etc/gitlab-exporter".to_owned()),
        ])
        .port("http-metrics", &set.service.internal_port)
        .mount(
            "gitlab-exporter-config",
            &format!("{config}/gitlab-exporter.yml.erb"),
            json!({"subPath": "gitlab-exporter.yml.erb"}),
        )
        .mount("gitlab-exporter-secrets", "/etc/gitlab", json!({"readOnly": true}));
    let alive = json!({"exec": {"command": ["pgrep", "-f", "gitlab-exporter"]}});
    main.liveness_probe = Some(alive.clone());
    main.readiness_probe = Some(alive);
    main.lifecycle = Some(json!({"preStop": {"exec": {"command": ["/bin/bash", "-c", "pkill -f 'gitlab-exporter'"]}}}));
    let mut secrets =
        [postgres::password_sources(&databases), postgres::ssl_sources(&databases), redis::sources([&redis])].concat();
    if let Some(name) = set.tls.secret(|| format!("{}-gitlab-exporter-tls", w.cx.release.name)) {
        let files = [("tls.crt", "gitlab-exporter/tls.crt"), ("tls.key", "gitlab-exporter/tls.key")];
        secrets.push(secret_items(&name, files));
    }
    let volumes = [
        w.certificate_volumes(),
        vec![
            config_volume("gitlab-exporter-config", &w.name),
            // 0400: only the user of the container may read.
            projected_volume("init-gitlab-exporter-secrets", 0o400, secrets),
            memory_volume("gitlab-exporter-secrets"),
        ],
    ]
    .concat();
    let init = vec![
        w.certificates(),
        w.configure("gitlab-exporter-config", "init-gitlab-exporter-secrets", "gitlab-exporter-secrets"),
    ];
    let mut pod = w.pod(init, vec![main], volumes);
    let annotations =
        w.prometheus_annotations(&set.metrics, &set.metrics.port.as_ref().map_or_else(String::new, Node::to_string));
    pod.annotate(&annotations);
    let view = w.deployment(pod).with("replicas", 1);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}
