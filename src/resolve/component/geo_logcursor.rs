//! geo-logcursor: on a Geo secondary, follows the event log of the primary.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{Node, NodeMap};
use crate::resolve::shared::rails::{self, Process};
use crate::resolve::workload::{
    Script, Workload, certificate_mounts, config_volume, evictable, memory_volume, mount, projected_volume,
};
use crate::resolve::{Component, Context, Plan};
use crate::tree::overlay;
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "geo-logcursor", key: "gitlab.geo-logcursor", resolve };

const PROCESS: Process = Process::GeoLogcursor;
const CONFIG: &str = "logcursor-config";
const SECRETS: &str = "logcursor-secrets";
/// Enables a cache of compiled code, which this process runs without.
const BOOTSNAP: &str = "ENABLE_BOOTSNAP";

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    replica_count: Node,
    deployment: Deployment,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Deployment {
    liveness_probe: NodeMap,
    readiness_probe: NodeMap,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    if !set.enabled {
        return;
    }
    let w = Workload::new(cx, &COMPONENT);
    w.plan_service_account(COMPONENT.name, plan);
    if !cx.enabled("global.geo.enabled") || cx.section("global.geo.role").as_str() != Some("secondary") {
        return;
    }
    if plan.wants("configmap.yaml") {
        let config = rails::config(&w, PROCESS).with("gitlab_file", "geo-logcursor/files/gitlab.yml.erb");
        let view = view! { name: w.name, labels: w.labels.object, config: moved(config) };
        plan.add(COMPONENT.name, "configmap.yaml", view);
    }
    plan_deployment(&w, &set, plan);
    w.plan_network_policy(COMPONENT.name, plan);
}

fn env_without_cache(cx: &Context) -> Vec<(&'static str, String)> {
    rails::env(cx).into_iter().filter(|(name, _)| *name != BOOTSNAP).collect()
}

fn plan_deployment(w: &Workload, set: &Settings, plan: &mut Plan) {
    let cx = w.cx;
    let image = cx.edition_image(&w.set.image, COMPONENT.name);
    let mut main = w.container("geo-logcursor", image.clone()).with_env(env_without_cache(cx));
    main = rails::mounts(cx, main, PROCESS, CONFIG, SECRETS, false).mount(
        CONFIG,
        "/srv/gitlab/INSTALLATION_TYPE",
        json!({"subPath": "installation_type"}),
    );
    let probe = |more: &NodeMap| {
        let mut probe = json!({"exec": {"command": ["/scripts/healthcheck"]}});
        overlay(&mut probe, &Value::Object(more.clone()));
        Some(probe)
    };
    main.liveness_probe = probe(&set.deployment.liveness_probe);
    main.readiness_probe = probe(&set.deployment.readiness_probe);
    main.lifecycle =
        Some(json!({"preStop": {"exec": {"command": ["/bin/bash", "-c", "pkill -SIGQUIT -f 'geo_log_cursor'"]}}}));

    let from = "init-logcursor-secrets";
    let at = "/config-logcursor";
    let mut configure = w.configure(CONFIG, from, SECRETS);
    configure.volume_mounts[0] = mount(CONFIG, at, json!({"readOnly": true}));
    configure.volume_mounts.extend(certificate_mounts());
    configure.command = Some(json!(["sh"]));
    configure.args_script = Some(Script {
        words: vec!["-c"],
        file: "_shared/files/configure-pod.sh",
        view: view! { scripts: [format!("{at}/configure")], tmp: Value::Null },
    });
    let mut dependencies =
        rails::dependencies(w, image, PROCESS, CONFIG, SECRETS).with_env([("DB_SCHEMA_TARGET", "geo".to_owned())]);
    dependencies.env.retain(|variable| variable["name"] != BOOTSNAP);
    let volumes = [
        w.certificate_volumes(),
        vec![
            config_volume(CONFIG, &w.name),
            // 0400: only the user of the container may read.
            projected_volume(from, 0o400, rails::secret_sources(w, PROCESS)),
            memory_volume(SECRETS),
        ],
    ];
    let mut pod = w.pod(vec![w.certificates(), configure, dependencies], vec![main], volumes.concat());
    pod.annotate(&evictable());
    let view = w.deployment(pod).with("replicas", &set.replica_count);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}
