//! GitLab Pages: serves the static sites of projects.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::app_config::SecretKey;
use crate::model::workload::{Annotated, Metrics};
use crate::model::{Node, NodeMap, NonEmpty, Port, Text};
use crate::resolve::gateway::{GatewayRoute, prefix_rule};
use crate::resolve::network::{Ingress, Route};
use crate::resolve::plan::View;
use crate::resolve::shared::{hosts, object_storage, rails, workhorse};
use crate::resolve::workload::{
    Workload, config_volume, configure_script, evictable, memory_volume, projected_volume, secret_items,
};
use crate::resolve::{Component, Context, Plan, labels};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "gitlab-pages", key: "gitlab.gitlab-pages", resolve };

/// The folder of its secrets in the container.
const SECRETS: &str = "/etc/gitlab-secrets";

/// The component's own settings; those of the daemon are read by name, see [`plan_config`].
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    artifacts_server_url: Option<Text>,
    deployment: Deployment,
    gitlab_server: Option<Text>,
    internal_gitlab_server: Option<Text>,
    log_format: Text,
    metrics: Metrics,
    service: Service,
    status_uri: Option<Text>,
    #[serde(rename = "useHTTPProxy")]
    use_http_proxy: bool,
    use_proxy_v2: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Deployment {
    readiness_probe: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Service {
    r#type: Text,
    annotations: NodeMap,
    primary: Annotated,
    metrics: Annotated,
    custom_domains: CustomDomains,
    external_port: Port,
    internal_port: Port,
    session_affinity: Option<Text>,
    session_affinity_config: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CustomDomains {
    r#type: Text,
    annotations: NodeMap,
    internal_https_port: Port,
    node_port: NodePorts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodePorts {
    http: Option<Node>,
    https: Option<Node>,
}

/// `global.pages`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Global {
    enabled: bool,
    access_control: bool,
    namespace_in_path: bool,
    external_http: Vec<Node>,
    external_https: Vec<Node>,
    api_secret: SecretKey,
    auth_secret: SecretKey,
}

struct Pages<'a> {
    w: Workload<'a>,
    set: Settings,
    global: Global,
    /// The domain of the sites.
    host: String,
    /// Whether users connect directly, for custom domains, and not through an Ingress.
    direct: bool,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let global: Global = cx.read("global.pages");
    if !global.enabled {
        return;
    }
    let direct = !global.external_http.is_empty() || !global.external_https.is_empty();
    let w = Workload::new(cx, &COMPONENT);
    let pages = Pages { set: cx.read(&w.key), global, host: rails::pages_host(cx), direct, w };
    let (name, w) = (COMPONENT.name, &pages.w);
    plan_config(&pages, plan);
    plan_deployment(&pages, plan);
    plan_services(&pages, plan);
    plan_ingress(&pages, plan);
    let of = w.scaled("Deployment");
    w.plan_scaling(name, &of, &Value::Null, &Value::Null, plan);
    w.plan_pdb(name, &of, &json!(w.set.max_unavailable), plan);
    w.plan_network_policy(name, plan);
    w.plan_service_account(name, plan);
    plan_monitor(&pages, plan);
}

impl Pages<'_> {
    fn metrics_tls(&self) -> Option<String> {
        let tls = self.w.cx.section("gitlab.gitlab-pages.metrics.tls");
        let on = self.set.metrics.enabled && tls.get("enabled").and_then(Value::as_bool).unwrap_or(false);
        let named = tls.get("secretName").and_then(Value::as_str).filter(|name| !name.is_empty());
        on.then(|| named.map_or_else(|| format!("{}-pages-metrics-tls", self.w.cx.release.name), str::to_owned))
    }

    /// The Secret with the certificate of `*.<host>`.
    fn tls_secret(&self) -> String {
        let cx = self.w.cx;
        let ingress = Ingress::of(cx, &self.w.key);
        let managed = cx.enabled("global.ingress.configureCertmanager");
        let default = if managed { "pages-tls" } else { "wildcard-tls" };
        ingress.tls.secret_name.non_empty().map_or_else(|| format!("{}-{default}", cx.release.name), str::to_owned)
    }

    /// The listener for plain requests: from users, from a proxy, or only from the kubelet.
    fn http_port(&self) -> String {
        if self.direct && (self.set.use_http_proxy || !self.global.external_http.is_empty()) {
            self.set.service.internal_port.to_string()
        } else {
            "9090".to_owned()
        }
    }
}

fn plan_config(pages: &Pages, plan: &mut Plan) {
    let (w, set, global) = (&pages.w, &pages.set, &pages.global);
    let cx = w.cx;
    let set_text = |text: &Option<Text>| text.non_empty().map(str::to_owned);
    let root = workhorse::relative_root(cx);
    let internal = workhorse::url(cx, &w.key);
    let port = set.service.internal_port.to_string();
    let proxied = !pages.direct || set.use_http_proxy;
    let https = (!global.external_https.is_empty()).then(|| set.service.custom_domains.internal_https_port.to_string());
    let artifacts = set_text(&set.artifacts_server_url).unwrap_or_else(|| format!("{internal}/api/v4"));
    let config = view! {
        host: pages.host,
        listen_proxy: proxied.then_some(&port),
        listen_http: (!(pages.direct && set.use_http_proxy)).then(|| pages.http_port()),
        listen_https: https.as_ref().filter(|_| !set.use_proxy_v2),
        listen_https_proxyv2: https.as_ref().filter(|_| set.use_proxy_v2),
        certificate: https.is_some(),
        gitlab_server: set_text(&set.gitlab_server).unwrap_or_else(|| format!("{}{root}", hosts::public(cx, "gitlab").url())),
        internal_gitlab_server: set_text(&set.internal_gitlab_server).unwrap_or_else(|| internal.clone()),
        artifacts_server: artifacts,
        status: set_text(&set.status_uri),
        namespace_in_path: global.namespace_in_path,
        redirect_uri: global.access_control.then(|| rails::pages_redirect_uri(cx)),
        auth_scope: auth_scope(cx),
        metrics_port: set.metrics.enabled.then_some(&set.metrics.port),
        metrics_tls: pages.metrics_tls().is_some(),
        options: options(cx, &w.key),
    };
    let view = view! { name: w.name, labels: w.labels.object, config, configure: configure_script() };
    plan.add(COMPONENT.name, "configmap.yaml", view);
}

fn auth_scope(cx: &Context) -> String {
    let scope = cx.section("global.oauth.gitlab-pages.authScope").as_str().filter(|scope| !scope.is_empty());
    scope.unwrap_or("api").to_owned()
}

/// Settings that are passed to the daemon unchanged: the daemon's name and the values path of each.
const OPTIONS: [(&str, &str); 39] = [
    ("artifacts-server-timeout", "artifactsServerTimeout"),
    ("auth-cookie-session-timeout", "authCookieSessionTimeout"),
    ("auth-timeout", "authTimeout"),
    ("gitlab-cache-cleanup", "gitlabCache.cleanup"),
    ("gitlab-cache-expiry", "gitlabCache.expiry"),
    ("gitlab-cache-refresh", "gitlabCache.refresh"),
    ("gitlab-client-http-timeout", "gitlabClientHttpTimeout"),
    ("gitlab-client-jwt-expiry", "gitlabClientJwtExpiry"),
    ("gitlab-retrieval-interval", "gitlabRetrieval.interval"),
    ("gitlab-retrieval-retries", "gitlabRetrieval.retries"),
    ("gitlab-retrieval-timeout", "gitlabRetrieval.timeout"),
    ("insecure-ciphers", "insecureCiphers"),
    ("log-format", "logFormat"),
    ("log-verbose", "logVerbose"),
    ("max-conns", "maxConnections"),
    ("max-uri-length", "maxURILength"),
    ("propagate-correlation-id", "propagateCorrelationId"),
    ("rate-limit-domain", "rateLimitDomain"),
    ("rate-limit-domain-burst", "rateLimitDomainBurst"),
    ("rate-limit-source-ip", "rateLimitSourceIP"),
    ("rate-limit-source-ip-burst", "rateLimitSourceIPBurst"),
    ("rate-limit-subnets-allow-list", "rateLimitSubnetsAllowList"),
    ("rate-limit-tls-domain", "rateLimitTLSDomain"),
    ("rate-limit-tls-domain-burst", "rateLimitTLSDomainBurst"),
    ("rate-limit-tls-source-ip", "rateLimitTLSSourceIP"),
    ("rate-limit-tls-source-ip-burst", "rateLimitTLSSourceIPBurst"),
    ("redirect-http", "redirectHttp"),
    ("server-keep-alive", "serverKeepAlive"),
    ("server-read-header-timeout", "serverReadHeaderTimeout"),
    ("server-read-timeout", "serverReadTimeout"),
    ("server-shutdown-timeout", "serverShutdownTimeout"),
    ("server-write-timeout", "serverWriteTimeout"),
    ("tls-max-version", "tls.maxVersion"),
    ("tls-min-version", "tls.minVersion"),
    ("zip-cache-cleanup", "zipCache.cleanup"),
    ("zip-cache-expiration", "zipCache.expiration"),
    ("zip-cache-refresh", "zipCache.refresh"),
    ("zip-http-client-timeout", "zipHTTPClientTimeout"),
    ("zip-open-timeout", "zipOpenTimeout"),
];

fn options(cx: &Context, own: &str) -> Vec<View> {
    let line = |value: &Value| match value {
        // A YAML block ends in an unintended line break.
        Value::String(text) => text.trim_end_matches('\n').to_owned(),
        Value::Array(items) => {
            items.iter().map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned)).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    };
    let option = |name: &str, value: &Value| view! { name: name, value: line(value) };
    let mut options: Vec<View> = OPTIONS
        .iter()
        .map(|(name, key)| (name, cx.section(&format!("{own}.{key}"))))
        .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
        .map(|(name, value)| option(name, value))
        .collect();
    if let Value::Array(headers) = cx.section(&format!("{own}.headers"))
        && !headers.is_empty()
    {
        let all: Vec<String> = headers.iter().map(line).collect();
        options.push(option("header", &json!(all.join(";;"))));
    }
    if cx.enabled(&format!("{own}.sentry.enabled")) {
        options.push(option("sentry-dsn", cx.section(&format!("{own}.sentry.dsn"))));
        options.push(option("sentry-environment", cx.section(&format!("{own}.sentry.environment"))));
    }
    options
}

fn plan_deployment(pages: &Pages, plan: &mut Plan) {
    let (w, set) = (&pages.w, &pages.set);
    let image = w.cx.image_as_tagged(&w.set.image, &w.cx.release.images.pages);
    let mut main = w
        .container("gitlab-pages", image)
        .with_env([
            ("CONFIG_TEMPLATE_DIRECTORY", "/etc/gitlab-pages/templates".to_owned()),
            ("CONFIG_DIRECTORY", "/etc/gitlab-pages".to_owned()),
            ("PAGES_CONFIG_FILE", "/etc/gitlab-pages/config".to_owned()),
            ("GITLAB_PAGES_LOG_FORMAT", set.log_format.as_str().to_owned()),
            // Some middleboxes still drop the larger handshakes of post-quantum key exchange.
            ("GODEBUG", "tlsmlkem=0,tlskyber=0".to_owned()),
        ])
        .mount("pages-config", "/etc/gitlab-pages/templates", json!({}))
        .mount("pages-secrets", SECRETS, json!({"readOnly": true}));
    if set.metrics.enabled {
        main = main.port("http-metrics", &set.metrics.port);
    }
    if let Some(status) = set.status_uri.non_empty() {
        let mut probe =
            json!({"httpGet": {"path": status, "port": pages.http_port().parse::<i64>().unwrap_or_default()}});
        crate::tree::overlay(&mut probe, &Value::Object(set.deployment.readiness_probe.clone()));
        main.readiness_probe = Some(probe);
    }
    let volumes = [
        w.certificate_volumes(),
        vec![
            config_volume("pages-config", &w.name),
            // 0400: only the user of the container may read.
            projected_volume("init-pages-secrets", 0o400, sources(pages)),
            memory_volume("pages-secrets"),
        ],
    ];
    let init = vec![w.certificates(), w.configure("pages-config", "init-pages-secrets", "pages-secrets")];
    let mut pod = w.pod(init, vec![main], volumes.concat());
    let mut annotations = evictable();
    let port = set.metrics.port.as_ref().map(ToString::to_string).unwrap_or_default();
    let scraped = w.prometheus_annotations(&set.metrics, port.trim_matches('"'));
    if pages.metrics_tls().is_some() && !scraped.is_empty() {
        for domain in ["gitlab.com/prometheus_", "prometheus.io/"] {
            annotations.insert(format!("{domain}scheme"), "https".into());
        }
    }
    annotations.extend(scraped);
    pod.annotate(&annotations);
    let view = w.deployment(pod);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}

/// The sources of the volume at [`SECRETS`].
fn sources(pages: &Pages) -> Vec<Node> {
    let (cx, global) = (pages.w.cx, &pages.global);
    let release = &cx.release.name;
    let of = |set: &SecretKey, secret: &str, key: &str, path: &str| {
        let default = format!("{release}-{secret}");
        let secret = set.secret.non_empty().unwrap_or(&default);
        secret_items(secret, [(set.key.non_empty().unwrap_or(key), path)])
    };
    let mut sources: Vec<Node> = object_storage::minio_source(cx).into_iter().collect();
    sources.push(of(&global.api_secret, "gitlab-pages-secret", "shared_secret", "pages/secret"));
    if !global.external_https.is_empty() {
        let files = (format!("pages/{}.crt", pages.host), format!("pages/{}.key", pages.host));
        sources.push(secret_items(&pages.tls_secret(), [("tls.crt", files.0.as_str()), ("tls.key", files.1.as_str())]));
    }
    if let Some(secret) = pages.metrics_tls() {
        let files = [("tls.crt", "pages-metrics/pages-metrics.crt"), ("tls.key", "pages-metrics/pages-metrics.key")];
        sources.push(secret_items(&secret, files));
    }
    if global.access_control {
        sources.push(of(&global.auth_secret, "gitlab-pages-auth-secret", "password", "pages/auth_secret"));
        let text =
            |key: &str| cx.section(&format!("global.oauth.gitlab-pages.{key}")).as_str().filter(|t| !t.is_empty());
        let default = format!("{release}-oauth-gitlab-pages-secret");
        let items = [
            (text("appIdKey").unwrap_or("appid"), "pages/gitlab_appid"),
            (text("appSecretKey").unwrap_or("appsecret"), "pages/gitlab_appsecret"),
        ];
        sources.push(secret_items(text("secret").unwrap_or(&default), items));
    }
    sources
}

fn plan_services(pages: &Pages, plan: &mut Plan) {
    let (w, set, global) = (&pages.w, &pages.set, &pages.global);
    let service = &set.service;
    let annotations = |more: &NodeMap| {
        let mut all = w.service_annotations(&service.annotations);
        labels::put(&mut all, more);
        all
    };
    let port = |name: &str, port: Node, target: Node, node_port: &Option<Node>| json!({"name": name, "port": port, "targetPort": target, "nodePort": node_port, "protocol": "TCP"});
    let affinity = service.session_affinity.non_empty();
    let config =
        affinity.filter(|a| *a == "ClientIP").map(|_| &service.session_affinity_config).filter(|c| !c.is_empty());
    if pages.direct {
        let custom = &service.custom_domains;
        let mut ports = Vec::new();
        if !global.external_http.is_empty() {
            ports.push(port("http-gitlab-pages", json!(80), json!(service.internal_port), &custom.node_port.http));
        }
        if !global.external_https.is_empty() {
            ports.push(port(
                "https-gitlab-pages",
                json!(443),
                json!(custom.internal_https_port),
                &custom.node_port.https,
            ));
        }
        let balanced = custom.r#type.as_str() == "LoadBalancer";
        let address = global.external_http.iter().chain(&global.external_https).next().filter(|_| balanced);
        let view = view! {
            name: format!("{}-custom-domains", w.name), labels: w.labels.service, annotations: annotations(&custom.annotations),
            selector: w.labels.selector, service_type: custom.r#type, ports: ports, load_balancer_ip: address,
            session_affinity: affinity, session_affinity_config: config,
        };
        plan.add(COMPONENT.name, "service.yaml", view);
    } else {
        let ports =
            [port("http-gitlab-pages-proxy", json!(service.external_port), json!(service.internal_port), &None)];
        let view = view! {
            name: w.name, labels: w.labels.service, annotations: annotations(&service.primary.annotations),
            selector: w.labels.selector, service_type: service.r#type, ports: ports, load_balancer_ip: Value::Null,
            session_affinity: affinity, session_affinity_config: config,
        };
        plan.add(COMPONENT.name, "service.yaml", view);
    }
    if set.metrics.enabled {
        let name = if pages.metrics_tls().is_some() { "https-metrics" } else { "http-metrics" };
        let mut labels = w.labels.service.clone();
        labels.insert("gitlab.com/metrics-service".to_owned(), "true".into());
        let view = view! {
            name: format!("{}-metrics", w.name), labels, annotations: annotations(&service.metrics.annotations),
            selector: w.labels.selector, service_type: "ClusterIP",
            ports: [port(name, json!(set.metrics.port), json!("http-metrics"), &None)],
            load_balancer_ip: Value::Null, session_affinity: Value::Null, session_affinity_config: Value::Null,
        };
        plan.add(COMPONENT.name, "service.yaml", view);
    }
}

fn plan_ingress(pages: &Pages, plan: &mut Plan) {
    let w = &pages.w;
    let service = &pages.set.service;
    let site = rails::pages_sites(pages.w.cx);
    let route = GatewayRoute::of(w.cx, &w.key);
    if route.on(w.cx) && !pages.direct {
        let rules = vec![prefix_rule("/", &w.name, &service.external_port)];
        route.plan_http(w, COMPONENT.name, &w.name, &site, rules, plan);
    }
    let ingress = Ingress::of(w.cx, &w.key);
    if pages.direct || !ingress.on() {
        return;
    }
    let path = ingress.path.non_empty().unwrap_or("/").to_owned();
    let to = Route {
        host: site.clone(),
        paths: vec![(path, w.name.clone(), json!(service.external_port))],
        tls_secret: pages.tls_secret(),
    };
    let (rules, _) = ingress.rules(&[to]);
    let mut hosts = vec![pages.host.clone()];
    if site != pages.host {
        hosts.push(site);
    }
    let tls = ingress.tls_on().then(|| json!([{"hosts": hosts, "secretName": pages.tls_secret()}]));
    let view = view! {
        name: w.name, labels: w.labels.object, annotations: ingress.all_annotations(w.cx),
        class: ingress.class_name(w.cx), rules, tls,
    };
    plan.add(COMPONENT.name, "ingress.yaml", view);
}

fn plan_monitor(pages: &Pages, plan: &mut Plan) {
    let tls = pages.metrics_tls().is_some();
    let before = plan.objects.len();
    let port = if tls { "https-metrics" } else { "http-metrics" };
    pages.w.plan_service_monitor(COMPONENT.name, &pages.set.metrics, port, plan);
    // The Service for users has the same labels; only the other one has metrics.
    for object in plan.objects.iter_mut().skip(before) {
        if let Some(Value::Object(selector)) = object.view.0.get_mut("selector") {
            selector.insert("gitlab.com/metrics-service".to_owned(), "true".into());
        }
    }
}
