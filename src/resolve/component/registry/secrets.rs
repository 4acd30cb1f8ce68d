//! The files for `configure`: the script, and each secret to which the configuration refers by a placeholder or a path.

use serde_json::{Value, json};

use super::Registry;
use crate::model::psql::{Password, Psql, Ssl};
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::Context;
use crate::resolve::shared::trial_stores;
use crate::resolve::workload::secret_items;

/// A Secret's name and a key of it, from the first section that names them.
fn named(cx: &Context, sections: &[&str], secret: &str, key: &str) -> (String, String) {
    let first = |field: &str| sections.iter().find_map(|section| cx.text(&format!("{section}.{field}")));
    let secret = first("secret").unwrap_or_else(|| format!("{}-{secret}", cx.release.name));
    (secret, first("key").unwrap_or_else(|| key.to_owned()))
}

fn item((secret, key): &(String, String), path: &str) -> Node {
    secret_items(secret, [(key.as_str(), path)])
}

/// The Secret that GitLab and the registry share for notifications.
pub fn notification(cx: &Context) -> (String, String) {
    named(cx, &["global.registry.notificationSecret"], "registry-notification", "secret")
}

/// The beginning of the mark of a header.
pub const HEADER_MARK: &str = "SECRET_";

/// The placeholder of a header's value, and the file below `notifications` that holds it.
pub fn header_mark((secret, key): &(String, String)) -> String {
    // A placeholder is one plain word, regardless of the names.
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    format!("{HEADER_MARK}{secret}_{key}").chars().map(safe).collect()
}

/// The headers of the user's endpoints whose values are in Secrets.
fn headers(cx: &Context) -> Vec<(String, String)> {
    let endpoints = cx.section("global.registry.notifications.endpoints").as_array();
    let all = endpoints.into_iter().flatten().filter_map(|endpoint| endpoint.get("headers")?.as_object());
    all.flat_map(|headers| headers.values()).filter_map(header_secret).collect()
}

/// A header's value that is in a Secret: the Secret's name and key.
pub fn header_secret(value: &Node) -> Option<(String, String)> {
    let field = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    Some((field("secret")?.to_owned(), field("key").unwrap_or("value").to_owned()))
}

/// The client certificates of the database: its own, or those of GitLab's database.
pub fn database_ssl(cx: &Context) -> Option<(String, Ssl)> {
    let set: Ssl = cx.inherited("global.psql.ssl", "registry.database.ssl");
    let secret = set.secret.non_empty()?.to_owned();
    Some((secret, set))
}

/// The secrets of the migrations Job.
pub fn migration_sources(registry: &Registry) -> Vec<Node> {
    let w = &registry.w;
    let items = [json!({"key": "configure", "path": "configure"})];
    let mut sources = vec![json!({"configMap": {"name": w.name, "items": items}})];
    sources.extend(database(registry));
    sources
}

fn database(registry: &Registry) -> Vec<Node> {
    let cx = registry.w.cx;
    if !registry.has_database() {
        return Vec::new();
    }
    let sections = ["registry.database.password", "global.registry.database.password"];
    let password = named(cx, &sections, "registry-database-password", "password");
    let mut sources = vec![item(&password, "database_password")];
    if let Some((secret, set)) = database_ssl(cx) {
        let keys = [
            (&set.client_certificate, "ssl/client-certificate.pem"),
            (&set.client_key, "ssl/client-key.pem"),
            (&set.server_ca, "ssl/server-ca.pem"),
        ];
        let items = keys.iter().filter_map(|(key, path)| Some((key.as_ref()?.non_empty()?, *path)));
        sources.push(secret_items(&secret, items));
    }
    sources
}

/// The secrets of the registry.
pub fn sources(registry: &Registry) -> Vec<Node> {
    let (w, set) = (&registry.w, &registry.set);
    let cx = w.cx;
    let certificate = cx.text("registry.certificate.secret").or_else(|| cx.text("global.registry.certificate.secret"));
    let certificate = certificate.unwrap_or_else(|| format!("{}-registry-secret", cx.release.name));
    let http = named(cx, &["registry.httpSecret", "global.registry.httpSecret"], "registry-httpsecret", "secret");
    let mut sources = vec![
        json!({"configMap": {"name": w.name}}),
        secret_items(&certificate, [("registry-auth.crt", "certificate.crt")]),
        item(&http, "httpSecret"),
    ];
    let mut headers = headers(cx);
    if super::config::notifies_geo(cx) {
        headers.push(notification(cx));
    }
    headers.dedup();
    sources.extend(headers.iter().map(|header| item(header, &format!("notifications/{}", header_mark(header)))));
    sources.extend(database(registry));
    sources.extend(storage(registry));
    if registry.speaks_tls() {
        let secret = tls_secret(registry);
        sources.push(secret_items(&secret, [("tls.crt", "tls/tls.crt"), ("tls.key", "tls/tls.key")]));
    }
    if let Some(secret) = set.debug.tls.secret_name.non_empty().filter(|_| set.debug.tls.enabled) {
        sources.push(secret_items(secret, [("tls.crt", "tls/tls-debug.crt"), ("tls.key", "tls/tls-debug.key")]));
    }
    sources.extend(super::redis::sources(cx));
    let profiling: Password = cx.read("registry.profiling.stackdriver.credentials");
    if let Some(secret) = profiling.secret.non_empty() {
        let key = profiling.key.non_empty().unwrap_or("credentials");
        sources.push(secret_items(secret, [(key, "profiling-key.json")]));
    }
    // Three Redis connections may share the password of their Sentinels.
    let mut once: Vec<Node> = Vec::with_capacity(sources.len());
    for source in sources {
        if !once.contains(&source) {
            once.push(source);
        }
    }
    once
}

fn tls_secret(registry: &Registry) -> String {
    let own = registry.set.tls.secret_name.non_empty().map(str::to_owned);
    own.or_else(|| registry.w.cx.text("global.registry.tls.secretName"))
        .unwrap_or_else(|| format!("{}-tls", registry.w.name))
}

fn storage(registry: &Registry) -> Vec<Node> {
    let (cx, set) = (registry.w.cx, &registry.set.storage);
    let mut sources = Vec::new();
    if let Some(secret) = set.secret.non_empty() {
        let key = set.key.non_empty().unwrap_or("config");
        let extra = set.extra_key.non_empty();
        let extra_path = extra.map(|key| format!("storage/{key}")).unwrap_or_default();
        let items = [(key, "storage/config")].into_iter().chain(extra.map(|key| (key, extra_path.as_str())));
        sources.push(secret_items(secret, items));
    }
    if trial_stores::has_minio(cx) {
        let secret = cx.text("global.minio.credentials.secret");
        sources.push(secret_items(&secret.unwrap_or_else(|| format!("{}-minio-secret", cx.release.name)), []));
    }
    for (number, layer) in registry.set.middleware.storage.iter().enumerate() {
        if let Some((secret, key)) = layer.options.get("privatekeySecret").and_then(header_secret) {
            sources.push(secret_items(&secret, [(key.as_str(), layer_path(number, &key).as_str())]));
        }
    }
    sources
}

/// The path of a middleware's private key, below the configuration.
pub fn layer_path(number: usize, key: &str) -> String {
    format!("middleware.storage/{number}/{key}")
}

/// The server of the metadata database: its own, or GitLab's.
pub fn database_server(cx: &Context) -> (String, Node) {
    let global: Psql = cx.read("global.psql");
    let text = |value: &Option<Text>| value.non_empty().map(str::to_owned);
    let service = text(&global.service_name).unwrap_or_else(|| format!("{}-postgresql", cx.release.name));
    let host = cx.text("registry.database.host").or_else(|| text(&global.host));
    let port = cx.text("registry.database.port").or_else(|| text(&global.port)).unwrap_or_else(|| "5432".to_owned());
    let port = port.parse::<i64>().map_or_else(|_| Value::from(port.as_str()), Value::from);
    (host.unwrap_or_else(|| format!("{service}.{}.svc", cx.release.namespace)), port)
}
