//! kas: the agent server for Kubernetes. Agents in other clusters keep a connection to it; GitLab and users reach those
//! clusters through it.

mod config;
mod network;

use serde::Deserialize;
use serde_json::json;

use crate::diag::{Diagnostic, ValuePath};
use crate::model::app_config::SecretKey;
use crate::model::workload::{Certificate, Metrics};
use crate::model::{Node, NodeMap, NonEmpty, Port, Text};
use crate::resolve::shared::redis::{self, Redis};
use crate::resolve::workload::{Workload, projected_volume, safe_to_evict, secret_items};
use crate::resolve::{Component, Context, Plan};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "kas", key: "gitlab.kas", resolve };

/// The folders of the configuration and the secrets in the container.
const HOME: &str = "/etc/kas";

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    autoflow: Autoflow,
    custom_config: Node,
    max_replicas: Node,
    metrics: Metrics,
    min_replicas: Node,
    observability: Observability,
    private_api: SecretKey,
    service: Service,
    websocket_token: SecretKey,
    workspaces: Workspaces,
    hpa: Evict,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Evict {
    safe_to_evict: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Observability {
    port: Port,
    liveness_probe: Probe,
    readiness_probe: Probe,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Probe {
    path: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Service {
    r#type: Text,
    annotations: NodeMap,
    external_port: Port,
    internal_port: Port,
    api_internal_port: Port,
    kubernetes_api_port: Port,
    private_api_port: Port,
    workspaces_server_port: Port,
    autoflow_codec_server_api_port: Port,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: Option<Text>,
    load_balancer_source_ranges: Option<Vec<Node>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Workspaces {
    enabled: bool,
    listen_grace_period: Node,
    shutdown_grace_period: Node,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Autoflow {
    enabled: bool,
    temporal: Temporal,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Temporal {
    namespace: Option<Text>,
    host: Option<Text>,
    host_port: Option<Text>,
    worker_mtls: WorkerMtls,
    workflow_data_encryption: Encryption,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WorkerMtls {
    secret_name: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Encryption {
    secret: Option<Text>,
    key: Option<Text>,
    codec_server: CodecServer,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CodecServer {
    authorized_user_emails: Vec<Node>,
    temporal_web_ui_url: Option<Text>,
    temporal_oidc_url: Option<Text>,
}

/// `global.kas`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Global {
    enabled: bool,
    service: GlobalService,
    tls: Certificate,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GlobalService {
    api_external_port: Port,
}

/// The input of the component's parts.
struct Kas<'a> {
    w: Workload<'a>,
    set: Settings,
    global: Global,
    /// Whether users' workspaces are reached through it.
    workspaces: bool,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let global: Global = cx.read("global.kas");
    if !global.enabled {
        return;
    }
    let w = Workload::new(cx, &COMPONENT);
    let kas = Kas { set: cx.read(&w.key), global, workspaces: cx.enabled("global.workspaces.enabled"), w };
    check(&kas, plan);
    let name = COMPONENT.name;
    if plan.wants("configmap.yaml") {
        let view = view! { name: kas.w.name, labels: kas.w.labels.object, config: config::tree(&kas) };
        plan.add(name, "configmap.yaml", view);
    }
    plan_deployment(&kas, plan);
    network::plan(&kas, plan);
    let of = kas.w.scaled("Deployment");
    kas.w.plan_scaling(name, &of, &kas.set.min_replicas, &kas.set.max_replicas, plan);
    kas.w.plan_pdb(name, &of, &json!(kas.w.set.max_unavailable), plan);
    kas.w.plan_network_policy(name, plan);
    kas.w.plan_service_account(name, plan);
    kas.w.plan_service_monitor(name, &kas.set.metrics, "http-metrics", plan);
    kas.w.plan_pod_monitor(name, &kas.set.metrics, "http-metrics", plan);
}

fn check(kas: &Kas, plan: &mut Plan) {
    let metrics = &kas.set.metrics;
    if metrics.pod_monitor.enabled && metrics.service_monitor.enabled {
        let path = "gitlab.kas.metrics.podMonitor.enabled";
        plan.say(
            Diagnostic::error(
                "two-monitors",
                format!("`{path}`: a ServiceMonitor is enabled as well, and each metric would be scraped twice"),
            )
            .at_value(ValuePath::dotted(path))
            .hint("disable this one or `gitlab.kas.metrics.serviceMonitor.enabled`"),
        );
    }
}

/// The Redis of its state: its own, that of shared state, or the main one.
fn redis_instance(kas: &Kas) -> Redis {
    let own = |key| redis::own_instance(kas.w.cx, &kas.w.key, key);
    own("kas").or_else(|| own("sharedState")).unwrap_or_else(|| redis::redis(kas.w.cx, &kas.w.key))
}

fn plan_deployment(kas: &Kas, plan: &mut Plan) {
    let (w, set) = (&kas.w, &kas.set);
    let release = w.cx.release;
    let port = &set.observability.port;
    let image = w.cx.image_as_tagged(&w.set.image, &release.images.kas);
    let mut main = w
        .container("kas", image)
        .with_env([
            ("OWN_PRIVATE_API_HOST", format!("{}.{}.svc", w.name, release.namespace)),
            // Some middleboxes still drop the larger handshakes of post-quantum key exchange.
            ("GODEBUG", "tlsmlkem=0,tlskyber=0".to_owned()),
        ])
        .port("http-metrics", port)
        .port("kas", &set.service.internal_port)
        .port("kas-k8s-api", &set.service.kubernetes_api_port)
        .port("kas-private-api", &set.service.private_api_port)
        .mount("init-etc-kas", HOME, json!({"readOnly": true}));
    if set.workspaces.enabled {
        main = main.port("kas-ws-srv", &set.service.workspaces_server_port);
    }
    if set.autoflow.enabled {
        main = main.port("kas-af-cs-api", &set.service.autoflow_codec_server_api_port);
    }
    main.args = Some(json!([format!("--configuration-file={HOME}/config.yaml")]));
    let probe = |path: &Text, delay: u32, period: u32| json!({"httpGet": {"path": path, "port": port}, "initialDelaySeconds": delay, "periodSeconds": period});
    main.liveness_probe = Some(probe(&set.observability.liveness_probe.path, 15, 20));
    main.readiness_probe = Some(probe(&set.observability.readiness_probe.path, 5, 10));
    let volumes = [
        w.certificate_volumes(),
        // 0440: the group of `fsGroup` may read.
        vec![projected_volume("init-etc-kas", 0o440, sources(kas))],
    ];
    let mut pod = w.pod(vec![w.certificates()], vec![main], volumes.concat());
    if let Some(evict) = set.hpa.safe_to_evict.non_empty() {
        pod.annotate(&safe_to_evict(evict));
    }
    pod.annotate(&w.prometheus_annotations(&set.metrics, &port.to_string()));
    let view = w.deployment(pod).with("min_ready_seconds", &w.set.deployment.min_ready_seconds);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}

/// The sources of the volume at [`HOME`].
fn sources(kas: &Kas) -> Vec<Node> {
    let (w, set) = (&kas.w, &kas.set);
    let release = &w.cx.release.name;
    let item = |of: &SecretKey, secret: String, key: &str, path: &str| {
        let secret = of.secret.non_empty().map_or(secret, str::to_owned);
        secret_items(&secret, [(of.key.non_empty().unwrap_or(key), path)])
    };
    let shared: SecretKey = w.cx.read("global.appConfig.gitlab_kas");
    let mut sources = vec![
        json!({"configMap": {"name": w.name}}),
        item(&shared, format!("{release}-gitlab-kas-secret"), "kas_shared_secret", config::SHARED_SECRET),
        item(
            &set.private_api,
            format!("{release}-kas-private-api"),
            "kas_private_api_secret",
            config::PRIVATE_API_SECRET,
        ),
        item(
            &set.websocket_token,
            format!("{release}-kas-websocket-token"),
            "kas_websocket_token_secret",
            config::WEBSOCKET_SECRET,
        ),
    ];
    let main = redis::redis(w.cx, &w.key);
    let own = redis_instance(kas);
    sources.extend(redis::sources([&main, &own]));
    if let Some(secret) = kas.global.tls.secret(|| format!("{release}-kas-tls")) {
        sources.push(secret_items(&secret, [("tls.crt", "tls.crt"), ("tls.key", "tls.key")]));
    }
    if set.autoflow.enabled {
        let temporal = &set.autoflow.temporal;
        if let Some(secret) = temporal.worker_mtls.secret_name.non_empty() {
            let items = [("tls.crt", config::TEMPORAL_CERTIFICATE), ("tls.key", config::TEMPORAL_KEY)];
            sources.push(secret_items(secret, items));
        }
        let encryption = &temporal.workflow_data_encryption;
        let of = SecretKey { secret: encryption.secret.clone(), key: encryption.key.clone() };
        let default = format!("{release}-kas-autoflow-temporal-workflow-data-encryption-secret");
        sources.push(item(&of, default, "kas_autoflow_temporal_workflow_data_encryption", config::TEMPORAL_SECRET));
    }
    sources
}
