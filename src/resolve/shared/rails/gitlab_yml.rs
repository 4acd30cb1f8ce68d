//! `gitlab.yml`: the fields of `_shared/files/gitlab.yml.erb`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Process, mail, optional, services, sign_in};
use crate::bundle::Difference;
use crate::model::app_config::AppConfig;
use crate::model::{Node, NodeMap, Text};
use crate::resolve::context::Context;
use crate::resolve::plan::{View, node};
use crate::resolve::shared::{gitaly_clients, hosts, object_storage};
use crate::resolve::workload::{Workload, non_empty};
use crate::view;

/// The whole view.
pub fn view(w: &Workload, process: Process, app: &AppConfig) -> View {
    let (cx, own) = (w.cx, w.key.as_str());
    let client = |key: &str| cx.section(&format!("global.gitaly.client.{key}"));
    let web = process == Process::Webservice;
    view! {
        serves: process.serves(),
        web: web,
        app: moved(general(app)),
        gitlab: moved(gitlab(cx, own, process, app)),
        email: moved(mail::email(cx)),
        docs: view! { enabled: app.gitlab_docs.get("enabled"), host: app.gitlab_docs.get("host") },
        mailboxes: moved(mail::mailboxes(app, process)),
        cell: app.cell,
        traffic_capture: process.serves().then(|| traffic_capture(app)),
        geo: moved(geo(cx)),
        sidekiq: moved(sidekiq(cx, process, app)),
        gitaly: view! { max_attempts: client("maxAttempts"), max_backoff: client("maxBackoff") },
        storages: gitaly_clients::storages(cx, own),
        consolidated: moved(consolidated(cx, own, app)),
        stores: moved(stores(cx, own, process, app)),
        graph_mailer: app.microsoft_graph_mailer,
        pages: moved(services::pages(cx, own)),
        kas: moved(services::kas(cx, app)),
        iam_auth_service: cx.release.has(Difference::IamAuthService),
        suggested_reviewers: cx.release.has(Difference::SuggestedReviewers),
        zoekt_basic_auth: cx.release.has(Difference::ZoektBasicAuthSecret),
        workspaces: moved(services::workspaces(cx, app)),
        openbao: moved(services::openbao(cx)),
        registry: moved(services::registry(cx, own)),
        shell: services::shell(cx, own, process),
        cron_jobs: full(&app.cron_jobs),
        ci_id_tokens: app.ci_id_tokens.issuer_url.non_empty().map(|url| json!({"issuer_url": url})),
        extra: moved(extra(cx, own, process, app)),
        rack_attack: moved(rack_attack(cx, own)),
        monitoring: moved(monitoring(cx, own, process)),
        sentry: process.works().then_some(&app.sentry),
        ldap: moved(sign_in::ldap(app)),
        omniauth: app.omniauth,
        providers: moved(sign_in::providers(app)),
        kerberos: sign_in::kerberos(app),
        duo: sign_in::duo(app),
        smartcard: sign_in::smartcard(cx, app),
    }
}

/// The settings of the application that go into the file unchanged; serializing all of them costs five times as much.
fn general(app: &AppConfig) -> View {
    view! {
        application_settings_cache_seconds: app.application_settings_cache_seconds,
        default_projects_features: app.default_projects_features,
        default_theme: app.default_theme,
        enable_impersonation: app.enable_impersonation,
        enable_seat_link: app.enable_seat_link,
        enable_usage_ping: app.enable_usage_ping,
        git_timeout: app.git_timeout,
        graphql_timeout: app.graphql_timeout,
        gravatar: app.gravatar,
        iam_auth_service: app.iam_auth_service,
        initial_defaults: app.initial_defaults,
        issue_closing_pattern: app.issue_closing_pattern,
        oidc_provider: app.oidc_provider,
        username_changing_enabled: app.username_changing_enabled,
        webhook_timeout: app.webhook_timeout,
    }
}

/// A map that is not empty.
fn full(map: &NodeMap) -> Option<&NodeMap> {
    Some(map).filter(|map| !map.is_empty())
}

fn gitlab(cx: &Context, own: &str, process: Process, app: &AppConfig) -> View {
    let public = hosts::public(cx, "gitlab");
    let list = |node: &Node| node.as_array().filter(|items| !items.is_empty()).cloned();
    let timeout = cx.section("global.webservice.workerTimeout");
    // A request ends a little before Puma would kill the worker.
    let longest = timeout.as_f64().map(|seconds| (seconds * 0.95).ceil() as i64);
    let csp = &app.content_security_policy;
    // Only the web server sends it.
    let policy = optional(csp.enabled && process == Process::Webservice, || {
        view! { enabled: true, report_only: csp.report_only, directives: full(&csp.directives) }
    });
    let web = process == Process::Webservice;
    view! {
        host: public.host,
        https: public.https,
        relative_url_root: app.relative_url_root.non_empty().filter(|_| process.works()),
        cdn_host: if process.serves() { app.cdn_host.clone() } else { Value::Null },
        initial_gitlab_product_usage_data:
            if process == Process::Toolbox { Value::Null } else { app.initial_defaults.gitlab_product_usage_data.clone() },
        ssh_host: cx.section("global.hosts.ssh"),
        action_cable_allowed_origins: list(&app.action_cable_allowed_origins).filter(|_| process.works()),
        trusted_proxies: list(cx.section(&format!("{own}.trusted_proxies"))),
        content_security_policy: policy,
        max_request_duration_seconds: app.max_request_duration_seconds.map(|n| n.0).or(longest),
        default_color_mode: if web { app.default_color_mode.clone() } else { Value::Null },
        default_syntax_highlighting_theme:
            if web { app.default_syntax_highlighting_theme.clone() } else { Value::Null },
        container_registry: match &app.default_projects_features.container_registry {
            Value::Null => Value::Bool(true),
            said => said.clone(),
        },
        time_zone: cx.global.time_zone,
    }
}

/// The storage of recorded database queries; null where it is not set.
fn traffic_capture(app: &AppConfig) -> Node {
    let mut connector = node(&app.database_traffic_capture.config.storage.connector);
    connector.as_object_mut().into_iter().for_each(|keys| keys.retain(|_, value| !value.is_null()));
    let said = connector.as_object().is_some_and(|keys| !keys.is_empty());
    optional(said, || view! { config: json!({"storage": {"connector": connector}}) })
}

fn geo(cx: &Context) -> Node {
    let replication = cx.section("global.geo.registry.replication");
    let on = replication.get("enabled").and_then(Value::as_bool).unwrap_or(false);
    optional(cx.enabled("global.geo.enabled"), || {
        view! {
            node_name: cx.section("global.geo.nodeName"),
            replication: on,
            primary_api_url: replication.get("primaryApiUrl").filter(|_| on),
        }
    })
}

fn sidekiq(cx: &Context, process: Process, app: &AppConfig) -> View {
    let own = cx.section("gitlab.sidekiq.logging.format");
    let format = if process == Process::Sidekiq && !own.is_null() { own.clone() } else { Value::from("json") };
    view! { log_format: format, routing_rules: non_empty(&app.sidekiq.routing_rules) }
}

/// The consolidated connection for all kinds of objects, where it is used.
fn consolidated(cx: &Context, own: &str, app: &AppConfig) -> Node {
    let set = &app.object_store;
    optional(set.enabled, || {
        let mut objects = object_storage::stores(cx, own, app);
        objects.push(object_storage::pages_store(cx, own));
        objects.retain(|store| store.enabled);
        view! {
            proxy_download: set.proxy_download,
            storage_options: full(&set.storage_options),
            connection: object_storage::consolidated(cx, own, app),
            objects: objects,
        }
    })
}

fn stores(cx: &Context, own: &str, process: Process, app: &AppConfig) -> Vec<Node> {
    let mut stores = object_storage::stores(cx, own, app);
    stores.retain(|store| process.serves() || store.name != "dependency_proxy");
    for store in &mut stores {
        if store.proxy_download.is_null() {
            store.proxy_download = Value::Bool(true);
        }
    }
    stores.into_iter().map(node).collect()
}

/// Identifiers of web analytics services, and the component's additions.
fn extra(cx: &Context, own: &str, process: Process, app: &AppConfig) -> Option<NodeMap> {
    let mut all = if process.works() || process == Process::GeoLogcursor {
        node(&app.extra).as_object().cloned().unwrap_or_default()
    } else {
        NodeMap::new()
    };
    all.retain(|_, value| !value.is_null() && *value != Value::Bool(false) && value != "");
    if let Some(own) = cx.section(&format!("{own}.extra")).as_object() {
        all.extend(own.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())));
    }
    (!all.is_empty()).then_some(all)
}

/// The ban of addresses after too many wrong passwords.
fn rack_attack(cx: &Context, own: &str) -> Option<Node> {
    let set = cx.section(&format!("{own}.rack_attack.git_basic_auth"));
    let on = set.get("enabled").and_then(Value::as_bool).unwrap_or(false);
    on.then(|| json!({"git_basic_auth": set}))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metrics {
    enabled: bool,
    port: Node,
    listen_addr: Option<Text>,
    #[serde(rename = "log_enabled")]
    log_enabled: Node,
    tls: Tls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tls {
    enabled: Option<bool>,
}

/// The clients that may read the health checks, and their listener.
fn monitoring(cx: &Context, own: &str, process: Process) -> Node {
    let metrics: Metrics = cx.read(&format!("{own}.metrics"));
    let tls =
        metrics.tls.enabled.unwrap_or(process == Process::Webservice && cx.enabled(&format!("{own}.tls.enabled")));
    let folder = match process {
        Process::Webservice => "webservice-metrics",
        _ => "sidekiq-metrics",
    };
    let file = |end: &str| tls.then(|| format!("/etc/gitlab/{folder}/{folder}.{end}"));
    let certificate = view! { tls_enabled: tls.then_some(true), tls_cert_path: file("crt"), tls_key_path: file("key") };
    let with_certificate = |mut exporter: View| {
        exporter.0.extend(certificate.0.clone().into_iter().filter(|(_, value)| !value.is_null()));
        exporter
    };
    match process {
        Process::Webservice => {
            let old: Metrics = cx.read(&format!("{own}.monitoring.exporter"));
            let exporter = view! {
                // Another port at the old place brings the switch beside it.
                enabled: old.enabled || metrics.enabled && (old.port.is_null() || old.port == metrics.port),
                address: super::first_set([&old.listen_addr, &metrics.listen_addr]),
                port: if old.port.is_null() { &metrics.port } else { &old.port },
            };
            json!({
                "ip_whitelist": cx.section(&format!("{own}.monitoring.ipWhitelist")),
                "web_exporter": with_certificate(exporter),
            })
        }
        Process::Sidekiq => {
            let exporter = view! {
                enabled: metrics.enabled, log_enabled: metrics.log_enabled,
                address: metrics.listen_addr, port: metrics.port,
            };
            let checks: Metrics = cx.read(&format!("{own}.health_checks"));
            json!({
                "ip_whitelist": ["127.0.0.0/8", "::1/128"],
                "sidekiq_exporter": super::optional(metrics.enabled, || with_certificate(exporter)),
                "sidekiq_health_checks": {"enabled": true, "address": checks.listen_addr, "port": checks.port},
            })
        }
        _ => json!({"ip_whitelist": ["127.0.0.0/8"]}),
    }
}
