//! spamcheck: classifies issues and snippets as spam. GitLab calls it by gRPC.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::workload::Service;
use crate::model::{NodeMap, Text};
use crate::resolve::workload::{Workload, config_volume, evictable, memory_volume};
use crate::resolve::{Component, Context, Plan};
use crate::tree::overlay;
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "spamcheck", key: "gitlab.spamcheck", resolve };

/// It has releases of its own, which do not follow GitLab's.
const TAG: &str = "1.2.3";

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    deployment: Deployment,
    listen_addr: Text,
    logging: Logging,
    service: Service,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Deployment {
    liveness_probe: NodeMap,
    readiness_probe: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Logging {
    level: Text,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("global.spamcheck.enabled") {
        return;
    }
    let w = Workload::new(cx, &COMPONENT);
    let set: Settings = cx.read(&w.key);
    let name = COMPONENT.name;
    let address = format!("{}:{}", set.listen_addr, set.service.internal_port);
    let config = json!({"grpc_addr": address, "log_level": set.logging.level});
    plan.add(name, "configmap.yaml", view! { name: w.name, labels: w.labels.object, config });
    plan_deployment(&w, &set, plan);
    let annotations = w.service_annotations(&set.service.annotations);
    let view = view! {
        name: w.name, labels: w.labels.service, annotations, selector: w.labels.selector,
        service_type: set.service.r#type, port: set.service.external_port, target: set.service.internal_port,
    };
    plan.add(name, "service.yaml", view);
    let of = w.scaled("Deployment");
    w.plan_scaling(name, &of, &Value::Null, &Value::Null, plan);
    w.plan_pdb(name, &of, &json!(w.set.max_unavailable), plan);
    w.plan_service_account(name, plan);
    w.plan_network_policy(name, plan);
}

fn plan_deployment(w: &Workload, set: &Settings, plan: &mut Plan) {
    let config = "/app/config";
    let mut main = w
        .container("spamcheck", w.cx.image_in_parts(&w.set.image, TAG))
        .with_env([("SPAMCHECK_CONFIG", format!("{config}/config.yaml"))])
        .port("grpc", &set.service.internal_port)
        .mount("spamcheck-config-volume", config, json!({}));
    let probe = |flag: &str, more: &NodeMap| {
        let mut probe = json!({"exec": {"command": ["health-check", flag]}});
        overlay(&mut probe, &Value::Object(more.clone()));
        Some(probe)
    };
    main.liveness_probe = probe("--liveness", &set.deployment.liveness_probe);
    main.readiness_probe = probe("--readiness", &set.deployment.readiness_probe);
    let volumes = [
        w.certificate_volumes(),
        vec![config_volume("spamcheck-config-volume", &w.name), memory_volume("spamcheck-data-volume")],
    ];
    let mut pod = w.pod(vec![w.certificates()], vec![main], volumes.concat());
    pod.annotate(&evictable());
    let view = w.deployment(pod);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}
