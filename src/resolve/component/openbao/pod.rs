//! The Deployment, its autoscaler, and the test.

use serde_json::{Value, json};

use super::{COMPONENT, OpenBao, account, config, config_name};
use crate::bundle::Difference;
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::shared::gitlab_chart;
use crate::resolve::workload::{Container, bare_pod, config_volume, env, image_pull_secrets, mount};
use crate::resolve::{Plan, labels};
use crate::view;

/// The configuration of older releases, to which their command refers.
const CONFIG_FILE: &str = "/srv/openbao/config.json";

pub fn plan(bao: &OpenBao, plan: &mut Plan) {
    let set = &bao.set;
    let mut pod_labels = bao.selector.clone();
    labels::put(&mut pod_labels, &set.pod_labels);
    let mut annotations = annotations(bao);
    labels::put(&mut annotations, &set.pod_annotations);
    let pod = bare_pod(&pod_labels, Vec::new(), vec![container(bao)], volumes(bao))
        .with("annotations", annotations)
        .with("service_account_name", account(bao))
        .with("security_context", gitlab_chart::non_empty(&set.pod_security_context))
        .with("image_pull_secrets", image_pull_secrets(&set.image_pull_secrets))
        .with("node_selector", gitlab_chart::non_empty(&labels::text_map(&set.node_selector)))
        .with("tolerations", (!set.tolerations.is_empty()).then_some(&set.tolerations))
        .with("affinity", gitlab_chart::non_empty(&set.affinity))
        // Its own certificate is for the host, so it reaches itself under that name.
        .with("host_aliases", json!([{"ip": "127.0.0.1", "hostnames": [bao.host]}]));
    let view = view! { name: bao.name, labels: bao.labels, selector: bao.selector, pod: moved(pod) };
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &config_name(bao));
    let scaling = &set.autoscaling;
    let view = view! {
        name: bao.name, labels: bao.labels, min_replicas: scaling.min_replicas, max_replicas: scaling.max_replicas,
        utilization: scaling.target_cpu_utilization_percentage,
    };
    plan.add(COMPONENT.name, "horizontalpodautoscaler.yaml", view);
    let address = format!("{}-active:{}/v1/sys/health?standbyok=false", bao.name, set.config.api_port);
    let view = view! { name: format!("{}-test-connection", bao.name), labels: bao.labels, address };
    plan.add(COMPONENT.name, "pod.yaml", view).phase(crate::manifest::Phase::Test);
}

/// The annotations for Prometheus.
fn annotations(bao: &OpenBao) -> NodeMap {
    let listener = &bao.set.config.metrics_listener;
    let scheme = if listener.tls_disable { "http" } else { "https" };
    let mut all = NodeMap::new();
    for domain in ["gitlab.com/prometheus_", "prometheus.io/"] {
        all.insert(format!("{domain}scrape"), listener.enabled.to_string().into());
        if listener.enabled {
            all.insert(format!("{domain}port"), listener.port.to_string().into());
            all.insert(format!("{domain}path"), "/v1/sys/metrics".into());
            all.insert(format!("{domain}param_format"), "prometheus".into());
            all.insert(format!("{domain}scheme"), scheme.into());
        }
    }
    all
}

/// Whether any listener has a certificate.
fn has_tls(bao: &OpenBao) -> bool {
    let config = &bao.set.config;
    !config.tls_disable || (config.metrics_listener.enabled && !config.metrics_listener.tls_disable)
}

fn container(bao: &OpenBao) -> Container {
    let set = &bao.set;
    let image = bao.cx.image_as_tagged(&set.image, &bao.cx.release.images.openbao);
    let mut main = Container {
        name: "openbao-server".to_owned(),
        image: image.reference,
        image_pull_policy: image.pull_policy,
        env: environment(bao),
        resources: set.resources.clone(),
        security_context: set.security_context.clone(),
        ..Container::default()
    };
    let listener = &set.config.metrics_listener;
    main.ports.push(json!({"name": "api", "containerPort": set.config.api_port, "protocol": "TCP"}));
    if listener.enabled && set.config.telemetry.enabled {
        main.ports.push(json!({"name": "metrics", "containerPort": listener.port, "protocol": "TCP"}));
    }
    main.liveness_probe = Some(probe(bao, &set.liveness_probe));
    main.readiness_probe = Some(probe(bao, &set.readiness_probe));
    if bao.cx.release.has(Difference::OpenbaoConfigFolder) {
        main.volume_mounts.push(mount("config", "/srv/openbao/config", json!({"readOnly": true})));
    } else {
        main.args = Some(json!(["bao", "server", format!("-config={CONFIG_FILE}")]));
        main.volume_mounts.push(mount("config", CONFIG_FILE, json!({"subPath": "config.json", "readOnly": true})));
    }
    if has_tls(bao) {
        main.volume_mounts.push(mount("tls", config::TLS, json!({"readOnly": true})));
    }
    main.volume_mounts.extend(match &set.extra_volume_mounts {
        Value::Null => own_mounts(bao),
        given => list(bao, "extraVolumeMounts", given),
    });
    main
}

/// A probe of the settings; it uses TLS where the API does.
fn probe(bao: &OpenBao, set: &NodeMap) -> Node {
    let mut probe = Value::Object(set.clone());
    if let Some(Value::Object(get)) = probe.get_mut("httpGet") {
        get.entry("scheme").or_insert_with(|| bao.scheme().to_uppercase().into());
    }
    probe
}

/// A setting that is a list, or a string of YAML that holds one.
fn list(bao: &OpenBao, key: &str, value: &Node) -> Vec<Node> {
    let read = match value {
        Value::String(text) => bao.yaml(key, text),
        other => other.clone(),
    };
    read.as_array().cloned().unwrap_or_default()
}

/// Secret and key of `global.openbao.<what>`.
fn secret(bao: &OpenBao, what: &str, name: &str, key: &str) -> (String, String) {
    let named = |part: &str| bao.cx.text(&format!("global.openbao.{what}.{part}"));
    let name = named("secret").unwrap_or_else(|| format!("{}-{name}", bao.cx.release.name));
    (name, named("key").unwrap_or_else(|| key.to_owned()))
}

fn unseal(bao: &OpenBao) -> (String, String) {
    secret(bao, "unseal", "openbao-unseal", "key")
}

fn audit(bao: &OpenBao) -> (String, String) {
    secret(bao, "httpAudit", "openbao-audit-secret", "token")
}

/// The files with the unseal key and the token for the audit log.
fn own_mounts(bao: &OpenBao) -> Vec<Node> {
    let file = |volume: &str, path: &str, key: String| mount(volume, path, json!({"subPath": key, "readOnly": true}));
    vec![
        file("unseal", "/srv/openbao/keys/gl-unseal-1", unseal(bao).1),
        file("audit", "/srv/openbao/audit/gitlab-auth", audit(bao).1),
    ]
}

fn volumes(bao: &OpenBao) -> Vec<Node> {
    let mut volumes = vec![config_volume("config", &config_name(bao))];
    if has_tls(bao) {
        volumes.push(json!({"name": "tls", "secret": {"secretName": bao.certificate()}}));
    }
    volumes.extend(match &bao.set.extra_volumes {
        Value::Null => vec![
            json!({"name": "unseal", "secret": {"secretName": unseal(bao).0}}),
            json!({"name": "audit", "secret": {"secretName": audit(bao).0}}),
        ],
        given => list(bao, "extraVolumes", given),
    });
    volumes
}

fn environment(bao: &OpenBao) -> Vec<Node> {
    let config = &bao.set.config;
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let folder = bao.cx.release.has(Difference::OpenbaoConfigFolder);
    let mut all: Vec<Node> =
        folder.then(|| env("OPENBAO_CONFIG_DIRECTORY", "/srv/openbao/config/")).into_iter().collect();
    all.extend([
        env("BAO_ADDR", format!("{}://{}:{}", bao.scheme(), bao.host, config.api_port)),
        field("BAO_K8S_POD_NAME", "metadata.name"),
        field("BAO_K8S_NAMESPACE", "metadata.namespace"),
        field("BAO_K8S_POD_IP", "status.podIP"),
        // Pods always use TLS among each other, with certificates that they create themselves.
        env("VAULT_CLUSTER_ADDR", format!("https://$(BAO_K8S_POD_IP):{}", config.cluster_port)),
    ]);
    let own = &config.storage.postgresql.connection.password;
    let main = config::database(bao.cx);
    let set = |text: &Option<Text>| text.non_empty().map(str::to_owned);
    let name = set(&own.secret).or_else(|| main.as_ref().map(|main| main.secret.clone()));
    let key = set(&own.key).or_else(|| main.as_ref().map(|main| main.key.clone()));
    if let (Some(name), Some(key)) = (name.filter(|name| !name.is_empty()), key) {
        all.push(json!({"name": "PGPASSWORD", "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}));
    }
    all
}
