//! `config.yml`: the registry's listeners, trusted authorities, and storage.

use serde_json::{Map, Value, json};

use super::{HOME, Registry, Tls, secrets};
use crate::bundle::Difference;
use crate::model::psql::Ssl;
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::Context;
use crate::resolve::plan::View;
use crate::resolve::shared::{hosts, marks, object_storage, workhorse};
use crate::tree::without_nulls;
use crate::view;

/// The view of `config.yml.tpl` and `migrations-config.yml.tpl`.
pub fn view(registry: &Registry) -> View {
    let (cx, set) = (registry.w.cx, &registry.set);
    let data = |path: &str| cx.section(&format!("registry.{path}")).clone();
    let realm = cx.text("registry.authEndpoint").unwrap_or_else(|| hosts::public(cx, "gitlab").url());
    let issuer = cx.text("registry.tokenIssuer").or_else(|| cx.text("global.registry.tokenIssuer"));
    let (minio, local) = (registry.in_minio(), registry.keeps_images_itself());
    let redirect = cx.enabled("registry.minio.redirect");
    let view = view! {
        log: data("log"), health: Some(data("health")).filter(Value::is_object), gc: data("gc"), maintenance: data("maintenance"),
        rate_limiter: data("rateLimiter"), validation: validation(data("validation")),
        http_tls: registry.speaks_tls().then(|| tls(&set.tls, "tls")),
        debug_tls: set.debug.tls.enabled.then(|| {
            // Without a certificate of its own, the debug server uses that of the registry.
            let own = set.debug.tls.secret_name.non_empty();
            let mut tls = own.map(|_| tls(&set.debug.tls, "tls-debug")).unwrap_or_default();
            tls.insert("enabled".to_owned(), true.into());
            tls
        }),
        address: format!(":{}", set.service.internal_port), debug_address: format!(":{}", set.debug.addr.port),
        drain_timeout: number(data("draintimeout")), relative_urls: data("relativeurls"),
        prometheus: registry.has_metrics(), prometheus_path: registry.metrics_path(),
        realm: format!("{}{}/jwt/auth", realm.trim_end_matches('/'), workhorse::relative_root(cx)),
        token_service: data("tokenService"), issuer: issuer, auto_redirect: data("authAutoRedirect"),
        s3: minio.then(|| json!({"bucket": bucket(cx), "endpoint": minio_url(cx, redirect)})),
        filesystem: local.then_some("/tmp/registry"),
        cache: minio || local,
        delete: (minio || local).then(|| json!({"enabled": true})),
        // Clients cannot reach MinIO by its name inside the cluster, so the registry proxies the data.
        redirect: match set.storage.redirect.as_object().filter(|fields| !fields.is_empty()) {
            Some(own) => {
                let disable = own.get("disable").cloned().unwrap_or(Value::Bool(false));
                Some(without_nulls(json!({"disable": disable, "exceptions": own.get("exceptions")})))
            }
            None => (minio && !redirect).then(|| json!({"disable": true})),
        },
        middleware: middleware(registry), endpoints: endpoints(cx),
        notification_events: Some(cx.section("global.registry.notifications.events").clone()).filter(|v| !v.is_null()),
        redis: registry.redis.iter().map(super::redis::Instance::view).collect::<Vec<_>>(),
        database: registry.has_database().then(|| database(registry)),
        sentry: cx.enabled("registry.reporting.sentry.enabled").then(|| data("reporting.sentry")),
        stackdriver: cx.enabled("registry.profiling.stackdriver.enabled").then(|| stackdriver(registry)),
    };
    refuse_marks(cx, &view);
    view
}

/// The marks of `configure.sh`, besides those of the headers of notifications, which begin with [`HEADER_MARK`].
///
/// [`HEADER_MARK`]: secrets::HEADER_MARK
const MARKS: [&str; 7] = [
    "HTTP_SECRET",
    "DB_PASSWORD_FILE",
    "ACCESS_KEY",
    "SECRET_KEY",
    "REDIS_CACHE_PASSWORD",
    "REDIS_RATE_LIMITING_PASSWORD",
    "REDIS_LOAD_BALANCING_PASSWORD",
];

/// Refuses what the user writes into the file and `configure.sh` would replace.
fn refuse_marks(cx: &Context, view: &View) {
    let is_mark = |word: &str| MARKS.contains(&word) || word.starts_with(secrets::HEADER_MARK);
    let mut written = Value::Object(view.0.clone());
    // These are marks of ours.
    for (list, keys) in [("redis", &["password", "sentinel_password"][..]), ("database", &["password"])] {
        let Some(part) = written.get_mut(list) else { continue };
        let of = match part {
            Value::Array(items) => items.iter_mut().collect(),
            one => vec![one],
        };
        for map in of.into_iter().filter_map(Value::as_object_mut) {
            map.retain(|key, _| !keys.contains(&key.as_str()));
        }
    }
    for endpoint in written.get_mut("endpoints").and_then(Value::as_array_mut).into_iter().flatten() {
        for header in endpoint.get_mut("headers").and_then(Value::as_array_mut).into_iter().flatten() {
            header.as_object_mut().into_iter().for_each(|header| header.retain(|key, _| key != "mark"));
        }
    }
    marks::refuse(cx, &written, &["registry", "global.registry"], &is_mark);
}

/// A number that is written as a string.
fn number(value: Node) -> Node {
    value.as_str().and_then(|text| text.parse::<i64>().ok()).map_or(value.clone(), Value::from)
}

fn tls(set: &Tls, file: &str) -> NodeMap {
    let mut tls = Map::new();
    tls.insert("certificate".to_owned(), format!("{HOME}tls/{file}.crt").into());
    tls.insert("key".to_owned(), format!("{HOME}tls/{file}.key").into());
    if let Some(least) = set.minimum_tls.non_empty() {
        tls.insert("minimumTLS".to_owned(), least.into());
    }
    for (name, list) in [("clientCAs", &set.client_cas), ("ciphersuites", &set.cipher_suites)] {
        if !list.is_empty() {
            tls.insert(name.to_owned(), list.clone().into());
        }
    }
    tls
}

/// Empty lists mean no rule, and are left out.
fn validation(mut set: Node) -> Node {
    if let Some(urls) = set.pointer_mut("/manifests/urls").and_then(Value::as_object_mut) {
        urls.retain(|_, list| list.as_array().is_none_or(|list| !list.is_empty()));
        if urls.is_empty()
            && let Some(manifests) = set.pointer_mut("/manifests").and_then(Value::as_object_mut)
        {
            manifests.shift_remove("urls");
        }
    }
    set
}

fn bucket(cx: &Context) -> String {
    let own = cx.text("registry.minio.bucket").or_else(|| cx.text("global.registry.bucket"));
    own.unwrap_or_else(|| "registry".to_owned())
}

/// MinIO's address for the registry, or for clients where they are redirected to it.
fn minio_url(cx: &Context, redirect: bool) -> String {
    if redirect {
        return hosts::public(cx, "minio").url();
    }
    object_storage::minio_endpoint(cx, "registry")
}

fn middleware(registry: &Registry) -> Vec<Node> {
    let layer = |(number, layer): (usize, &super::Layer)| {
        let mut options = layer.options.clone();
        if let Some((_, key)) = options.shift_remove("privatekeySecret").as_ref().and_then(secrets::header_secret) {
            options.insert("privatekey".to_owned(), format!("{HOME}{}", secrets::layer_path(number, &key)).into());
        }
        json!({"name": layer.name, "options": options})
    };
    registry.set.middleware.storage.iter().enumerate().map(layer).collect()
}

/// Whether this site of Geo notifies GitLab of pushes: the primary one, before a release also the others.
pub fn notifies_geo(cx: &Context) -> bool {
    cx.enabled("global.geo.enabled")
        && cx.enabled("global.geo.registry.replication.enabled")
        && (cx.section("global.geo.role") == "primary" || !cx.release.has(Difference::RegistryNotificationsOnPrimary))
}

/// The receivers of notifications about pushes and pulls: the user's endpoints, and GitLab for Geo.
fn endpoints(cx: &Context) -> Vec<View> {
    let given = cx.section("global.registry.notifications.endpoints").as_array();
    let mut all: Vec<View> = given.into_iter().flatten().filter_map(Value::as_object).map(endpoint).collect();
    if notifies_geo(cx) {
        let url = format!("{}{}", hosts::public(cx, "gitlab").url(), workhorse::relative_root(cx));
        let fields = [
            field("url", json!(format!("{url}/api/v4/container_registry_event/events"))),
            field("timeout", json!("2s")),
            field("threshold", json!(5)),
            field("backoff", json!("1s")),
            field("maxretries", json!(0)),
        ];
        let mark = secrets::header_mark(&secrets::notification(cx));
        let headers = [json!({"name": "Authorization", "mark": mark, "value": null})];
        all.push(view! { name: "geo_event", fields: fields, headers: headers });
    }
    all
}

fn field(name: &str, value: Node) -> Node {
    json!({"name": name, "value": value})
}

/// The entries joined by spaces.
fn joined(list: &[Node]) -> String {
    let texts = list.iter().map(|entry| entry.as_str().map_or_else(|| entry.to_string(), str::to_owned));
    texts.collect::<Vec<_>>().join(" ")
}

fn endpoint(set: &NodeMap) -> View {
    let fields: Vec<Node> = set
        .iter()
        .filter(|(name, value)| !["name", "headers"].contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| field(name, value.clone()))
        .collect();
    let headers = set.get("headers").and_then(Value::as_object);
    let headers = headers.into_iter().flatten().map(|(name, value)| {
        let mark = secrets::header_secret(value).map(|secret| secrets::header_mark(&secret));
        // As in the official chart, the entries of a list become one value: the endpoint keeps receiving the value that
        // it expects.
        let value = value.as_array().map_or_else(|| value.clone(), |list| joined(list).into());
        let value = json!([value]);
        json!({"name": name, "value": value, "mark": mark})
    });
    view! { name: set.get("name"), fields: fields, headers: headers.collect::<Vec<_>>() }
}

fn database(registry: &Registry) -> View {
    let cx = registry.w.cx;
    let own = |name: &str| {
        Some(cx.section(&format!("registry.database.{name}")).clone()).filter(|v| !v.is_null() && *v != "")
    };
    let name = |key: &str| {
        let set = cx
            .text(&format!("registry.database.{key}"))
            .or_else(|| cx.text(&format!("global.registry.database.{key}")));
        set.unwrap_or_else(|| "registry".to_owned())
    };
    let (host, port) = secrets::database_server(cx);
    let map = |name: &str| own(name).filter(|v| v.as_object().is_some_and(|map| !map.is_empty()));
    let on = |name: &str| map(name).filter(|set| set["enabled"] == true);
    view! {
        enabled: registry.set.database.enabled, host, port, user: name("user"), dbname: name("name"),
        sslmode: own("sslmode"), ssl: secrets::database_ssl(cx).is_some(), primary: own("primary"),
        preparedstatements: own("preparedstatements"), connecttimeout: own("connecttimeout"),
        draintimeout: own("draintimeout"), pool: map("pool"),
        loadbalancing: on("loadBalancing").map(|set| json!({
            "enabled": true, "record": set.get("record"), "nameserver": set.pointer("/nameserver/host"),
            "port": set.pointer("/nameserver/port"), "replicacheckinterval": set.get("replicaCheckInterval"),
        })).map(without_nulls),
        backgroundmigrations: on("backgroundMigrations").map(|set| json!({
            "enabled": true, "jobinterval": set.get("jobInterval"), "maxjobretries": set.get("maxJobRetries"),
        })).map(without_nulls),
        metrics: on("metrics").map(|set| json!({
            "enabled": true, "interval": set.get("interval"), "leaseduration": set.get("leaseDuration"),
        })).map(without_nulls),
    }
}

/// The toolbox's connection to the metadata database. It has the certificates of GitLab's own database only.
pub fn connection(registry: &Registry) -> View {
    let mut database = database(registry);
    let cx = registry.w.cx;
    let global: Ssl = cx.read("global.psql.ssl");
    let file = |key: &Option<Text>, file: &str| {
        let has = global.secret.non_empty().is_some() && key.non_empty().is_some();
        has.then(|| format!("/etc/gitlab/postgres/ssl/{file}.pem"))
    };
    let mut taken = |name: &str| database.0.remove(name).unwrap_or_default();
    view! {
        host: taken("host"), port: taken("port"), name: taken("dbname"), sslmode: taken("sslmode"),
        connect_timeout: taken("connecttimeout"), ssl_root_cert: file(&global.server_ca, "server-ca"),
        ssl_cert: file(&global.client_certificate, "client-certificate"), ssl_key: file(&global.client_key, "client-key"),
    }
}

fn stackdriver(registry: &Registry) -> Node {
    let cx = registry.w.cx;
    let path = |name: &str| format!("registry.profiling.stackdriver.{name}");
    let key = cx.text(&path("credentials.secret")).map(|_| format!("{HOME}profiling-key.json"));
    without_nulls(json!({
        "enabled": true, "service": cx.text(&path("service")).unwrap_or_else(|| registry.w.name.clone()),
        "serviceversion": registry.version(), "projectid": cx.text(&path("projectid")), "keyfile": key,
    }))
}
