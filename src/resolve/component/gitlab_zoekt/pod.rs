//! The nodes and the gateway.

use serde_json::{Value, json};

use super::settings::{Part, Program};
use super::{COMPONENT, Zoekt, some};
use crate::bundle::Difference;
use crate::model::workload::Image;
use crate::model::{Node, NodeMap, NonEmpty, Port, Text};
use crate::resolve::plan::View;
use crate::resolve::shared::{gitlab_chart, hosts, workhorse};
use crate::resolve::workload::{
    Container, bare_pod, certificate_mounts, env, env_over, http_probe, image_pull_secrets,
};
use crate::resolve::{Plan, labels};
use crate::tree::overlay_map;
use crate::view;

/// The path of the secret that indexer and web server share with GitLab.
const SECRET: &str = ".gitlab_shell_secret";

pub fn plan(zoekt: &Zoekt, plan: &mut Plan) {
    let (set, w) = (&zoekt.set, &zoekt.w);
    let pod = pod(zoekt, &zoekt.nodes, &set.stateful_set, nodes(zoekt), volumes(zoekt, "internal", &w.name))
        .with("service_account_name", account(zoekt))
        .with("security_context", gitlab_chart::non_empty(&set.pod_security_context))
        .with("termination_grace_period_seconds", 60);
    let view = view! {
        name: w.name, labels: zoekt.labels, annotations: gitlab_chart::non_empty(&labels::text_map(&set.stateful_set_annotations)),
        replicas: set.replicas, strategy: strategy(&set.update_strategy), selector: zoekt.nodes, pod: moved(pod),
        storage_class: set.index_storage_class_name.non_empty(), storage: set.index_storage,
    };
    plan.add(COMPONENT.name, "statefulset.yaml", view).follows("checksum/config", &format!("{}-nginx-conf", w.name));

    let name = zoekt.gateway_name();
    let volumes = volumes(zoekt, "external", &name);
    let pod = self::pod(zoekt, &zoekt.gateway, &set.deployment, vec![nginx(zoekt, "external")], volumes);
    let view = view! {
        name, labels: zoekt.labels, annotations: gitlab_chart::non_empty(&labels::text_map(&set.deployment_annotations)),
        replicas: set.gateway.replicas, strategy: strategy(&set.gateway.update_strategy), selector: zoekt.gateway,
        pod: moved(pod),
    };
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &format!("{name}-nginx-conf"));
}

/// The update strategy. The defaults have parameters of a rolling update, which Kubernetes accepts only with that type.
fn strategy(set: &NodeMap) -> NodeMap {
    let mut own = set.clone();
    if own.get("type").is_some_and(|kind| kind != "RollingUpdate") {
        own.shift_remove("rollingUpdate");
    }
    own
}

/// The name of the nodes' ServiceAccount.
pub fn account(zoekt: &Zoekt) -> String {
    let set = &zoekt.set.service_account;
    let named = set.name.non_empty().map(str::to_owned);
    named.unwrap_or_else(|| if set.create { zoekt.w.name.clone() } else { "default".to_owned() })
}

/// The common parts of both pods.
fn pod(zoekt: &Zoekt, selector: &NodeMap, part: &Part, containers: Vec<Container>, mut volumes: Vec<Node>) -> View {
    let (set, w) = (&zoekt.set, &zoekt.w);
    let mut pod_labels = selector.clone();
    let mut annotations = NodeMap::new();
    for (all, more) in [
        (&mut pod_labels, [&set.pod_labels, &part.pod_labels]),
        (&mut annotations, [&set.pod_annotations, &part.pod_annotations]),
    ] {
        more.into_iter().for_each(|more| labels::put(all, more));
    }
    let nodes = selector == &zoekt.nodes;
    let init = if nodes && trusts(zoekt) { vec![w.certificates()] } else { Vec::new() };
    if nodes && trusts(zoekt) {
        volumes.extend(w.certificate_volumes());
    }
    volumes.extend(w.list("extraVolumes", &w.set.extra_volumes));
    bare_pod(&pod_labels, init, containers, volumes)
        .with("annotations", annotations)
        .with("image_pull_secrets", image_pull_secrets(&set.image_pull_secrets))
        .with("node_selector", gitlab_chart::non_empty(&labels::text_map(&set.node_selector)))
        .with("tolerations", some(&set.tolerations))
        .with("affinity", gitlab_chart::non_empty(&set.affinity))
        .with("extra_init_containers", w.list("extraInitContainers", &w.set.extra_init_containers))
        .with("extra_containers", w.list("extraContainers", &w.set.extra_containers))
}

/// Whether the user's certificate authorities are trusted.
fn trusts(zoekt: &Zoekt) -> bool {
    zoekt.cx.release.has(Difference::ZoektTrustsAuthorities)
        && zoekt.set.certificates.init_containers.enabled
        && !zoekt.cx.global.certificates.custom_cas.is_empty()
}

/// Merges one set of settings over another.
fn over(common: &NodeMap, own: &NodeMap) -> NodeMap {
    let mut all = common.clone();
    overlay_map(&mut all, own);
    all
}

/// A container with the common parts: image, the user's mounts, liveness and readiness probes.
fn container(zoekt: &Zoekt, name: String, image: &Image, version: &str, probe: Node) -> Container {
    let w = &zoekt.w;
    let image = Image {
        pull_policy: image.pull_policy.clone().or_else(|| zoekt.set.image.pull_policy.clone()),
        ..image.clone()
    };
    let image = zoekt.cx.image_as_tagged(&image, version);
    Container {
        name,
        image: image.reference,
        image_pull_policy: image.pull_policy,
        liveness_probe: Some(probe.clone()),
        readiness_probe: Some(probe),
        volume_mounts: w.list("extraVolumeMounts", &w.set.extra_volume_mounts),
        ..Container::default()
    }
}

/// The NGINX of a node (`internal`) or of the gateway (`external`).
fn nginx(zoekt: &Zoekt, side: &str) -> Container {
    let set = &zoekt.set;
    let gateway = &set.gateway;
    let mut probe = http_probe("/health", &gateway.listen.port, &NodeMap::new());
    if zoekt.has_tls() {
        probe["httpGet"]["scheme"] = "HTTPS".into();
    }
    let mut main = container(zoekt, format!("zoekt-{side}-gateway"), &gateway.image, "latest", probe)
        .port("gateway", &gateway.listen.port)
        .mount("nginx-conf", "/etc/nginx/nginx.conf", json!({"subPath": "nginx.conf", "readOnly": true}))
        .mount(&format!("{side}-nginx-var-cache-nginx"), "/var/cache/nginx", Value::Null)
        .mount(&format!("{side}-nginx-var-run"), "/var/run", Value::Null);
    for key in ["tls.crt", "tls.key"].into_iter().filter(|_| zoekt.has_tls()) {
        main = main.mount("gateway-cert", &format!("/etc/ssl/{key}"), json!({"subPath": key, "readOnly": true}));
    }
    main.resources = over(&set.resources, &gateway.resources);
    main.security_context = gateway.security_context.clone();
    main
}

/// The three containers of a node.
fn nodes(zoekt: &Zoekt) -> Vec<Container> {
    let set = &zoekt.set;
    let api = &set.indexer.internal_api;
    let mut indexer = program(zoekt, "indexer", &set.indexer.program, "/indexer/health");
    if api.enabled {
        let own = || hosts::public(zoekt.cx, "gitlab").url() + &workhorse::relative_root(zoekt.cx);
        let global = || zoekt.cx.text("global.zoekt.indexer.internalApi.gitlabUrl");
        let gateway = || {
            let host = zoekt.full_host(&zoekt.gateway_name());
            format!("{}://{host}:{}", zoekt.scheme(), set.gateway.listen.port)
        };
        let gitlab = zoekt.text("indexer.internalApi.gitlabUrl", &api.gitlab_url).or_else(global).unwrap_or_else(own);
        let service = zoekt.text("indexer.internalApi.serviceUrl", &api.service_url).unwrap_or_else(gateway);
        indexer = indexer.with_env([("GITLAB_URL", gitlab), ("SERVICE_URL", service)]);
    }
    let mut webserver = program(zoekt, "webserver", &set.webserver.program, "/healthz");
    let more = labels::text_map(&set.webserver.environment);
    let more: Vec<_> = more.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    webserver.env = env_over(webserver.env, &more);
    vec![indexer, webserver, nginx(zoekt, "internal")]
}

fn program(zoekt: &Zoekt, mode: &'static str, set: &Program, health: &str) -> Container {
    let common = &zoekt.set;
    let port: &Port = &set.listen.port;
    let probe = http_probe(health, port, &NodeMap::new());
    let version = &zoekt.cx.release.images.zoekt;
    let mut main = container(zoekt, format!("zoekt-{mode}"), &set.image, version, probe)
        .with_env([("GITLAB_ZOEKT_MODE", mode.to_owned())])
        .port(mode, port)
        .mount("zoekt-index", "/data/index", Value::Null);
    if set.google_cloud_profiler.enabled {
        main.env.push(env("GOOGLE_CLOUD_PROFILER_ENABLED", "true"));
    }
    if common.indexer.internal_api.enabled {
        main = main.mount("internal-api-secret", &format!("/{SECRET}"), json!({"subPath": SECRET, "readOnly": true}));
    }
    if trusts(zoekt) {
        main.volume_mounts.extend(certificate_mounts());
    }
    main.resources = over(&common.resources, &set.resources);
    main.security_context = over(&common.security_context, &set.security_context);
    main
}

/// The volumes of nodes (`internal`) or gateway (`external`); `name` is the prefix of their ConfigMap's name.
fn volumes(zoekt: &Zoekt, side: &str, name: &str) -> Vec<Node> {
    let items = |keys: &[&str]| keys.iter().map(|key| json!({"key": key, "path": key})).collect::<Vec<_>>();
    let mut volumes = vec![
        json!({"name": format!("{side}-nginx-var-cache-nginx"), "emptyDir": {}}),
        json!({"name": format!("{side}-nginx-var-run"), "emptyDir": {}}),
        json!({"name": "nginx-conf", "configMap": {"name": format!("{name}-nginx-conf"), "items": items(&["nginx.conf"])}}),
    ];
    let certificate = &zoekt.set.gateway.tls.certificate;
    if certificate.enabled {
        let secret = json!({"secretName": certificate.secret_name, "items": items(&["tls.crt", "tls.key"])});
        volumes.push(json!({"name": "gateway-cert", "secret": secret}));
    }
    let api = &zoekt.set.indexer.internal_api;
    if side == "internal" && api.enabled {
        let named = |key: &str, path: &str, value: &Option<Text>| {
            let global = || zoekt.cx.text(&format!("global.zoekt.indexer.internalApi.{path}"));
            let shell = || zoekt.cx.text(&format!("global.shell.authToken.{key}"));
            zoekt.text(&format!("indexer.internalApi.{path}"), value).or_else(global).or_else(shell)
        };
        let secret = named("secret", "secretName", &api.secret_name);
        let secret = secret.unwrap_or_else(|| format!("{}-gitlab-shell-secret", zoekt.cx.release.name));
        let key = named("key", "secretKey", &api.secret_key).unwrap_or_else(|| "secret".to_owned());
        let secret = json!({"secretName": secret, "items": [{"key": key, "path": SECRET}]});
        volumes.push(json!({"name": "internal-api-secret", "secret": secret}));
    }
    volumes
}
