//! `config.json`: OpenBao's listeners, its storage, how it unseals itself, and its initialization.

use serde_json::{Value, json};

use super::{COMPONENT, OpenBao};
use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::psql::Psql;
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::Context;
use crate::resolve::shared::postgres::{self, Database};
use crate::resolve::shared::rails::services;
use crate::resolve::shared::{hosts, workhorse};
use crate::tree::without_null_entries;

/// Where the certificate of a listener is mounted.
pub const TLS: &str = "/srv/openbao/tls/";

/// The file as a tree; null fields are left out.
pub fn tree(bao: &OpenBao) -> Node {
    let set = &bao.set.config;
    let metrics = &set.metrics_listener;
    let mut listeners = vec![json!({"tcp": listener(bao, &set.api_port, set.tls_disable)})];
    if metrics.enabled {
        let mut tcp = listener(bao, &metrics.port, metrics.tls_disable);
        tcp["telemetry"] = json!({"unauthenticated_metrics_access": metrics.unauthenticated_metrics_access});
        listeners.push(json!({"tcp": tcp}));
    }
    let unseal = &set.unseal.r#static;
    let file = |path: &Text| format!("file://{path}");
    let previous = unseal.previous_key_id.non_empty();
    let seal = unseal.enabled.then(|| {
        json!({"static": {
            "current_key": file(&unseal.current_key), "current_key_id": unseal.current_key_id,
            "previous_key": previous.map(|_| file(&unseal.previous_key)), "previous_key_id": previous,
        }})
    });
    let telemetry = &set.telemetry;
    let telemetry = telemetry.enabled.then(|| {
        json!({
            "disable_hostname": telemetry.disable_hostname, "metrics_prefix": telemetry.metrics_prefix,
            "num_lease_metrics_buckets": telemetry.num_lease_metrics_buckets,
            "prefix_filter": telemetry.prefix_filter, "usage_gauge_period": telemetry.usage_gauge_period,
            "prometheus_retention_time": telemetry.prometheus_retention_time,
        })
    });
    let tree = json!({
        "ui": set.ui,
        "cache_size": set.cache_size,
        "api_addr": format!("http://[::]:{}", set.api_port),
        "log_format": set.log_format, "log_level": set.log_level, "log_requests_level": set.log_requests_level,
        "listener": listeners,
        "storage": {"postgresql": storage(bao)},
        "seal": seal,
        "telemetry": telemetry,
        "audit": audit(bao),
        "initialize": if set.initialize.enabled { initialize(bao) } else { Value::Null },
    });
    without_null_entries(&tree)
}

fn listener(bao: &OpenBao, port: impl std::fmt::Display, tls_disable: bool) -> Node {
    let set = &bao.set.config;
    json!({
        "address": format!(":{port}"), "tls_disable": tls_disable,
        "tls_cert_file": (!tls_disable).then(|| format!("{TLS}tls.crt")),
        "tls_key_file": (!tls_disable).then(|| format!("{TLS}tls.key")),
        "max_request_size": set.max_request_size, "max_request_json_memory": set.max_request_json_memory,
    })
}

fn storage(bao: &OpenBao) -> Node {
    let set = &bao.set.config.storage.postgresql;
    json!({
        "connection_url": connection(bao),
        "table": set.table, "ha_enabled": set.ha_enabled.then_some(true), "ha_table": set.ha_table,
        "max_parallel": set.max_parallel, "max_idle_connections": set.max_idle_connections,
        "max_connect_retries": set.max_connect_retries, "skip_create_table": set.skip_create_table,
    })
}

/// The database: `config.storage.postgresql.connection` takes precedence, then OpenBao's own one of
/// `global.openbao.psql`, where a release has it, then GitLab's.
pub fn database(cx: &Context) -> Option<Database> {
    let mut database = postgres::main(cx, COMPONENT.key)?;
    if cx.release.has(Difference::OpenbaoDatabase) {
        let own: Psql = cx.read("global.openbao.psql");
        let over = |field: &mut String, own: &Option<Text>| {
            if let Some(own) = own.non_empty() {
                own.clone_into(field);
            }
        };
        over(&mut database.host, &own.host);
        over(&mut database.username, &own.username);
        over(&mut database.database, &own.database);
        over(&mut database.secret, &own.password.secret);
        over(&mut database.key, &own.password.key);
        if let Some(port) = own.port.non_empty() {
            database.port = port.into();
        }
    }
    Some(database)
}

/// The server's address without the password, which is in the variable PGPASSWORD.
fn connection(bao: &OpenBao) -> String {
    let set = &bao.set.config.storage.postgresql.connection;
    let main = database(bao.cx);
    let of = |own: &Option<Text>, main: Option<String>| match own.non_empty() {
        Some(own) => own.to_owned(),
        None => main.unwrap_or_default(),
    };
    let host = of(&set.host, main.as_ref().map(|main| main.host.clone()));
    // 5432 is the chart's default: GitLab's own setting takes precedence over it.
    let port = set.port.non_empty().filter(|port| *port != "5432");
    let main_port = main.as_ref().map(|main| main.port.as_str().map_or_else(|| main.port.to_string(), str::to_owned));
    let port = port.map(str::to_owned).or(main_port).unwrap_or_default();
    let user = of(&set.username, main.as_ref().map(|main| main.username.clone()));
    let database = of(&set.database, main.as_ref().map(|main| main.database.clone()));
    let mut url = format!("postgres://{}@{host}:{port}/{}?", encoded(&user), encoded(&database));
    if let Some(mode) = set.ssl_mode.non_empty() {
        url += &format!("&sslmode={}", encoded(mode));
    }
    let numbers = [
        ("connect_timeout", "connectTimeout", &set.connect_timeout),
        ("keepalives", "keepalives", &set.keepalives),
        ("keepalives_idle", "keepalivesIdle", &set.keepalives_idle),
        ("keepalives_interval", "keepalivesInterval", &set.keepalives_interval),
        ("keepalives_count", "keepalivesCount", &set.keepalives_count),
        ("tcp_user_timeout", "tcpUserTimeout", &set.tcp_user_timeout),
    ];
    for (name, key, value) in numbers {
        if let Some(value) = value.non_empty() {
            url += &format!("&{name}={}", number(bao, key, value));
        }
    }
    url
}

/// An integer; 0 with a warning for any other value, as in the official chart.
fn number(bao: &OpenBao, key: &str, text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| {
        let path = format!("openbao.config.storage.postgresql.connection.{key}");
        bao.cx.say(
            Diagnostic::warning("not-a-number", format!("`{path}` is not a whole number, so 0 is written"))
                .at_value(ValuePath::dotted(&path))
                .hint("write a whole number, or leave the key out"),
        );
        0
    })
}

/// A percent-encoded part of a URL.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Audit devices: the log of the container, and GitLab.
fn audit(bao: &OpenBao) -> Node {
    if let Some(text) = bao.set.audit_tpl.non_empty() {
        return bao.yaml("auditTpl", text);
    }
    let mut devices = vec![json!({"file": {"stdout": {
        "description": "Stdout audit device", "options": {"file_path": "/dev/stdout"},
    }}})];
    let http = &bao.set.config.audit.http;
    if http.enabled {
        let uri = bao.text("config.audit.http.streamingUri", &http.streaming_uri).unwrap_or_else(|| {
            format!("{}/api/v4/internal/secrets_manager/audit_logs", workhorse::url(bao.cx, COMPONENT.key))
        });
        // OpenBao expects a string of JSON here, indented for readers.
        let headers = format!(
            "{{\n  \"Gitlab-Openbao-Auth-Token\": [{}],\n  \"Content-Type\": [\"application/json\"]\n}}\n",
            Value::from(format!("file://{}", http.auth_token_path))
        );
        let untested = bao.cx.release.has(Difference::OpenbaoUntestedAudit);
        devices.push(json!({"http": {"gitlab_stream": {
            "description": "Audit device for GitLab rails audit event streaming",
            "options": {"uri": uri, "skip_test": untested.then_some("true"), "headers": headers},
        }}}));
    }
    devices.into()
}

/// The requests with which OpenBao initializes itself: Rails authenticates with tokens of GitLab's OIDC provider.
fn initialize(bao: &OpenBao) -> Node {
    if let Some(text) = bao.set.initialize_tpl.non_empty() {
        return bao.yaml("initializeTpl", text);
    }
    let set = &bao.set.config.initialize;
    let gitlab = || hosts::public(bao.cx, "gitlab").url() + &workhorse::relative_root(bao.cx);
    let text = |key: &str, value: &Option<Text>| bao.text(&format!("config.initialize.{key}"), value);
    let create =
        |path: &str, data: Value| json!({"operation": "create", "path": path, "allow_failure": false, "data": data});
    let bound = bao.cx.release.has(Difference::OpenbaoBoundRole);
    let claims = ["correlation_id", "project_id", "group_id", "namespace_id", "user_id"];
    let claims = bound.then(|| claims.map(|claim| (claim.to_owned(), claim.into())).into_iter().collect::<NodeMap>());
    json!([{"gitlab-auth": {"request": [
        {"oidc": create("sys/auth/gitlab_rails_jwt", json!({"type": "jwt"}))},
        {"oidc-config": create("auth/gitlab_rails_jwt/config", json!({
            "oidc_discovery_url": text("oidcDiscoveryUrl", &set.oidc_discovery_url).unwrap_or_else(gitlab),
            "bound_issuer": text("boundIssuer", &set.bound_issuer).unwrap_or_else(gitlab),
            "skip_jwks_validation": true,
        }))},
        {"manager-policy": create("sys/policies/acl/secrets_manager", json!({
            "policy": r#"path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }"#,
        }))},
        {"manager-role": create("auth/gitlab_rails_jwt/role/app", json!({
            "role_type": "jwt",
            "bound_audiences": text("boundAudiences", &set.bound_audiences).unwrap_or_else(|| services::openbao_url(bao.cx)),
            "user_claim": "user_id",
            "token_policies": "secrets_manager",
            "bound_claims": bound.then(|| json!({"secrets_manager_scope": "privileged"})),
            "bound_subject": bound.then_some("gitlab_secrets_manager"),
            "claim_mappings": claims,
        }))},
    ]}}])
}
