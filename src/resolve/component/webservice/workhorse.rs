//! Workhorse, the reverse proxy in front of Puma: its container and its configuration.

use std::cell::OnceCell;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{COMPONENT, Web};
use crate::model::workload::{Certificate, Image, Metrics};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::plan::View;
use crate::resolve::shared::rails;
use crate::resolve::shared::{redis, snake_case};
use crate::resolve::workload::{Container, Workload, has_handler, http_probe, timed, timing};
use crate::resolve::{Context, Plan};
use crate::view;

/// `workhorse:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    image: Option<ImageName>,
    tag: Option<Text>,
    extra_args: Text,
    shutdown_timeout: Option<Text>,
    log_format: Text,
    #[serde(rename = "sentryDSN")]
    sentry_dsn: Text,
    resources: NodeMap,
    container_security_context: NodeMap,
    liveness_probe: NodeMap,
    readiness_probe: NodeMap,
    startup_probe: NodeMap,
    /// TLS between the Ingress and Workhorse.
    pub tls: Tls,
    /// Metrics of Workhorse.
    pub metrics: Metrics,
    monitoring: Monitoring,
    keywatcher: Option<bool>,
    image_scaler: ImageScaler,
    circuit_breaker: NodeMap,
    load_shedding: NodeMap,
    healthcheck_listener: HealthcheckListener,
    metadata: Metadata,
    adopt_cf_ray_header: Option<bool>,
    #[serde(rename = "trustedCIDRsForPropagation")]
    trusted_cidrs_for_propagation: Node,
    #[serde(rename = "trustedCIDRsForXForwardedFor")]
    trusted_cidrs_for_x_forwarded_for: Node,
}

/// `workhorse.image`: the repository alone, or the usual parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum ImageName {
    Repository(Text),
    Parts(Box<Image>),
}

/// `workhorse.tls`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tls {
    enabled: Option<bool>,
    secret_name: Option<Text>,
    /// The Secret with the authority by which the Ingress verifies the certificate.
    pub ca_secret_name: Option<Text>,
    /// Whether the Ingress verifies it.
    pub verify: Option<bool>,
}

/// `workhorse.monitoring`: the older place of `workhorse.metrics`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Monitoring {
    exporter: Exporter,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Exporter {
    enabled: bool,
    port: Option<Node>,
    tls: Certificate,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ImageScaler {
    max_procs: Text,
    max_file_size_bytes: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HealthcheckListener {
    enabled: bool,
    port: Text,
    puma_control: Option<bool>,
    check_interval: Node,
    timeout: Node,
    max_consecutive_failures: Node,
    min_successful_probes: Node,
    rails_skip_interval: Node,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    zip_reader_limit_bytes: Node,
}

/// The Secret with Workhorse's certificate, where it has one.
pub fn certificate(web: &Web) -> Option<String> {
    let tls = &web.set.workhorse.tls;
    let on = tls.enabled.unwrap_or_else(|| web.w.cx.enabled("global.workhorse.tls.enabled"));
    let named = tls.secret_name.non_empty().map(str::to_owned);
    on.then(|| named.unwrap_or_else(|| format!("{}-workhorse-tls", web.w.cx.release.name)))
}

/// The address of Workhorse's metrics, where it has any.
pub fn metrics_port(web: &Web) -> Option<Node> {
    let set = &web.set.workhorse;
    let old = set.monitoring.exporter.port.as_ref().filter(|_| set.monitoring.exporter.enabled);
    let on = set.metrics.enabled || set.monitoring.exporter.enabled;
    old.or(set.metrics.port.as_ref()).cloned().filter(|_| on)
}

/// Whether the metrics use TLS: as Workhorse itself, unless it is set.
pub fn metrics_tls(web: &Web) -> bool {
    let set = &web.set.workhorse;
    let own = set.metrics.tls.enabled.or(set.monitoring.exporter.tls.enabled);
    certificate(web).is_some() && own.unwrap_or(true)
}

/// Whether Workhorse reports its own and Puma's health, and delays its own shutdown.
pub fn health_checks(web: &Web) -> bool {
    web.set.workhorse.healthcheck_listener.enabled
}

/// The container; `env` is the environment that it shares with Puma's.
pub fn container(web: &Web, env: Vec<(&'static str, String)>) -> Container {
    let (w, set) = (&web.w, &web.set.workhorse);
    let given = match &set.image {
        Some(ImageName::Repository(repository)) => Image { repository: Some(repository.clone()), ..Image::default() },
        Some(ImageName::Parts(parts)) => (**parts).clone(),
        None => Image::default(),
    };
    let image = Image {
        tag: given.tag.clone().or_else(|| set.tag.clone()),
        pull_policy: given.pull_policy.clone().or_else(|| w.set.image.pull_policy.clone()),
        ..given
    };
    let service = &web.set.service;
    let listen = service.workhorse_internal_port.to_string();
    let mut container = w
        .container("gitlab-workhorse", w.cx.edition_image(&image, "workhorse"))
        .with_env(env)
        .with_env([
            ("GITLAB_WORKHORSE_AUTH_BACKEND", format!("http://localhost:{}{}", service.internal_port, web.root)),
            ("GITLAB_WORKHORSE_EXTRA_ARGS", set.extra_args.0.clone()),
            ("GITLAB_WORKHORSE_LISTEN_PORT", listen),
            ("GITLAB_WORKHORSE_LOG_FORMAT", set.log_format.0.clone()),
        ])
        .port("http-workhorse", &service.workhorse_internal_port)
        .mount("workhorse-config", "/var/opt/gitlab/templates", json!({}))
        .mount("workhorse-secrets", "/etc/gitlab", json!({"readOnly": true}))
        .mount("shared-upload-directory", "/srv/gitlab/public/uploads/tmp", json!({"readOnly": false}))
        .mount("shared-tmp", "/tmp", json!({"readOnly": false}));
    container = container.with_env(rails::tracing(w.cx));
    container.volume_mounts.extend(rails::keytab_mount(w.cx));
    if let Some(dsn) = set.sentry_dsn.non_empty() {
        container = container.with_env([("GITLAB_WORKHORSE_SENTRY_DSN", dsn.to_owned())]);
    }
    // Middleboxes that cannot handle the large first message of a post-quantum handshake are common.
    container = container.with_env([("GODEBUG", "tlsmlkem=0,tlskyber=0".to_owned())]);
    if let Some(port) = metrics_port(web) {
        container = container.port("http-metrics-wh", port);
    }
    let healthcheck = |times: &NodeMap| timed(json!({"exec": {"command": ["/scripts/healthcheck"]}}), times);
    container.liveness_probe = Some(healthcheck(&timing(&set.liveness_probe)));
    container.readiness_probe = Some(match &set.healthcheck_listener {
        listener if listener.enabled => {
            let port = listener.port.as_str().parse::<i64>().unwrap_or(8182);
            http_probe("/readiness", port, &timing(&set.readiness_probe))
        }
        _ => healthcheck(&timing(&set.readiness_probe)),
    });
    container.startup_probe = match &set.startup_probe {
        none if none.is_empty() => None,
        own if has_handler(own) => Some(json!(own)),
        times => Some(healthcheck(times)),
    };
    if !health_checks(web) {
        let wait = json!(["/bin/bash", "-c", "sleep $SHUTDOWN_BLACKOUT_SECONDS"]);
        container.lifecycle = Some(json!({"preStop": {"exec": {"command": wait}}}));
    }
    container.resources.clone_from(&set.resources);
    container.security_context.clone_from(&set.container_security_context);
    container
}

/// Plans the ConfigMap; `redis` is the view of its Redis, made for the first deployment that needs it.
pub fn plan_config(web: &Web, all: &Workload, redis: &OnceCell<View>, plan: &mut Plan) {
    if !plan.wants("configmap-workhorse.yaml") {
        return;
    }
    let only = ["gitlab-workhorse", "redis", "redis-sentinel", "minio", "objectstorage"];
    let configure = view! {
        source: "/init-config", target: "/init-secrets-workhorse", only: only, place: json!([]), s3cfg: Value::Null,
    };
    let view = view! {
        name: config_name(web), labels: all.labels.object, configure: moved(configure),
        installation_type: "gitlab-helm-chart\n", config: moved(config(web, redis)),
    };
    plan.add(COMPONENT.name, "configmap-workhorse.yaml", view);
}

/// The name of the ConfigMap.
pub fn config_name(web: &Web) -> String {
    format!("{}-workhorse-{}", web.w.cx.release.name, web.key)
}

fn config(web: &Web, redis: &OnceCell<View>) -> View {
    let set = &web.set.workhorse;
    let mut settings = Vec::new();
    settings.extend(setting("trusted_cidrs_for_x_forwarded_for", &listed(&set.trusted_cidrs_for_x_forwarded_for)));
    settings.extend(setting("trusted_cidrs_for_propagation", &listed(&set.trusted_cidrs_for_propagation)));
    if set.adopt_cf_ray_header.unwrap_or(false) {
        settings.extend(setting("adopt_cf_ray_header", &json!(true)));
    }
    let scaler = &set.image_scaler;
    let mut sections = vec![view! {
        name: "image_resizer",
        settings: [
            view! { key: "max_scaler_procs", value: number(&scaler.max_procs, 2) },
            view! { key: "max_filesize", value: number(&scaler.max_file_size_bytes, 250_000) },
        ],
    }];
    let zip = setting("zip_reader_limit_bytes", &set.metadata.zip_reader_limit_bytes);
    sections.extend(zip.map(|zip| view! { name: "metadata", settings: [zip] }));
    sections.extend(switched("circuit_breaker", &set.circuit_breaker));
    sections.extend(switched("load_shedding", &set.load_shedding));
    let health = &set.healthcheck_listener;
    let health = health.enabled.then(|| {
        let settings = [
            setting("addr", &json!(format!(":{}", health.port))),
            setting("check_interval", &health.check_interval),
            setting("timeout", &health.timeout),
            setting("max_consecutive_failures", &health.max_consecutive_failures),
            setting("min_successful_probes", &health.min_successful_probes),
            setting("rails_skip_interval", &health.rails_skip_interval),
        ];
        view! { settings: settings.into_iter().flatten().collect::<Vec<_>>(), puma_control: health.puma_control.unwrap_or(true) }
    });
    // The circuit breaker stores its counter in Redis, the watcher subscribes there.
    let needs_redis = set.keywatcher.unwrap_or(true) || is_on(&set.circuit_breaker);
    view! {
        shutdown_timeout: shutdown_timeout(web), settings: moved(settings),
        port: web.set.service.workhorse_internal_port.to_string(), tls: certificate(web).is_some(),
        metrics_port: metrics_port(web), metrics_tls: metrics_tls(web),
        sections: moved(sections), health: moved(health),
        redis: moved(needs_redis.then(|| redis.get_or_init(|| redis_view(web.w.cx)).clone())),
    }
}

/// The shutdown timeout; the default is a second more than Puma gives a request.
fn shutdown_timeout(web: &Web) -> String {
    match web.set.workhorse.shutdown_timeout.non_empty() {
        // Durations in Go need a unit.
        Some(own) if own.parse::<u64>().is_ok() => format!("{own}s"),
        Some(own) => own.to_owned(),
        None => {
            let longest = web.w.cx.text("global.webservice.workerTimeout").and_then(|s| s.parse::<i64>().ok());
            format!("{}s", longest.unwrap_or(60) + 1)
        }
    }
}

fn redis_view(cx: &Context) -> View {
    let redis = redis::instance(cx, COMPONENT.key, "workhorse");
    let sentinel = |server: &Node| {
        let port = server["port"].as_str().map_or_else(|| server["port"].to_string(), str::to_owned);
        let scheme = if redis.sentinel_tls.enabled { "rediss" } else { redis.scheme.as_str() };
        format!("{scheme}://{}:{port}", server["host"].as_str().unwrap_or_default())
    };
    let file = |of: &Option<redis::SecretFile>| of.as_ref().map(|file| file.file.clone());
    let tls = |set: &redis::Tls| {
        set.files()
            .next()
            .map(|_| view! { certificate: file(&set.cert), key: file(&set.key), authority: file(&set.ca) })
    };
    view! {
        scheme: redis.scheme, user: redis.user, host: redis.host, port: redis.port,
        sentinels: redis.sentinels.iter().map(sentinel).collect::<Vec<_>>(),
        sentinel_password: file(&redis.sentinel_password),
        password: file(&redis.password),
        database: redis.database,
        tls: tls(&redis.tls), sentinel_tls: tls(&redis.sentinel_tls),
    }
}

/// A section that exists where it is enabled: its settings by their names in TOML.
fn switched(name: &str, set: &NodeMap) -> Option<View> {
    is_on(set).then(|| {
        let settings: Vec<View> = set.iter().filter_map(|(key, value)| setting(&snake_case(key), value)).collect();
        view! { name, settings }
    })
}

fn is_on(set: &NodeMap) -> bool {
    set.get("enabled").and_then(Value::as_bool).unwrap_or(false)
}

/// A TOML setting; `None` where there is no value.
fn setting(key: &str, value: &Node) -> Option<View> {
    (!value.is_null() && !value.is_object()).then(|| view! { key, value })
}

/// A single string counts as a list of one.
fn listed(value: &Node) -> Node {
    match value {
        Value::String(text) if !text.is_empty() => json!([text]),
        Value::Array(items) if !items.is_empty() => value.clone(),
        _ => Value::Null,
    }
}

fn number(text: &Text, default: i64) -> i64 {
    text.as_str().parse().unwrap_or(default)
}
