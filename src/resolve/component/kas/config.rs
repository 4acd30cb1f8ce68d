//! `config.yaml`: listeners, trusted authorities, and the addresses of GitLab and Redis.

use serde_json::{Map, Value, json};

use super::{HOME, Kas, redis_instance};
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::shared::redis::{Redis, SecretFile, Tls};
use crate::resolve::shared::{hosts, workhorse};
use crate::tree::{overlay, without_null_entries};

pub const SHARED_SECRET: &str = ".gitlab_kas_secret";
pub const PRIVATE_API_SECRET: &str = ".gitlab_kas_private_api_secret";
pub const WEBSOCKET_SECRET: &str = ".gitlab_kas_websocket_token_secret";
pub const TEMPORAL_CERTIFICATE: &str = "temporal-worker-client-mtls.crt";
pub const TEMPORAL_KEY: &str = "temporal-worker-client-mtls.key";
pub const TEMPORAL_SECRET: &str = ".gitlab_kas_autoflow_temporal_workflow_data_encryption_secret";

/// The file as a tree, with `customConfig` merged over it.
pub fn tree(kas: &Kas) -> Node {
    let (cx, set) = (kas.w.cx, &kas.set);
    let service = &set.service;
    let root = workhorse::relative_root(cx);
    let mut tree = json!({
        "gitlab": {
            "address": format!("{}{root}", workhorse::address(cx, &kas.w.key)),
            "external_url": format!("{}{root}", hosts::public(cx, "gitlab").url()),
            "authentication_secret_file": in_home(SHARED_SECRET),
        },
        "agent": {
            "listen": listen(kas, &service.internal_port, json!({"websocket": true})),
            "kubernetes_api": {
                "listen": listen(kas, &service.kubernetes_api_port, Value::Null),
                "url_path_prefix": cx.section("gitlab.kas.ingress.k8sApiPath"),
                "websocket_token_secret_file": in_home(WEBSOCKET_SECRET),
            },
        },
        "api": {
            "listen": listen(kas, &service.api_internal_port, json!({"authentication_secret_file": in_home(SHARED_SECRET)})),
        },
        "private_api": {
            "listen": listen(kas, &service.private_api_port, json!({
                "authentication_secret_file": in_home(PRIVATE_API_SECRET),
                "ca_certificate_file": kas.global.tls.on().then_some("/etc/ssl/certs/ca-certificates.crt"),
            })),
        },
        "observability": {
            "listen": {"address": format!(":{}", set.observability.port)},
            "liveness_probe": {"url_path": set.observability.liveness_probe.path},
            "readiness_probe": {"url_path": set.observability.readiness_probe.path},
        },
        "redis": redis(&redis_instance(kas)),
        "workspaces": workspaces(kas),
        "autoflow": autoflow(kas),
    });
    overlay(&mut tree, cx.section("global.kas.customConfig"));
    overlay(&mut tree, &set.custom_config);
    without_null_entries(&tree)
}

fn in_home(file: &str) -> String {
    format!("{HOME}/{file}")
}

/// A `listen` section: the port, the certificate where TLS is enabled, and settings of its own.
fn listen(kas: &Kas, port: impl std::fmt::Display, more: Node) -> Node {
    let tls = kas.global.tls.on();
    let mut listen = json!({
        "address": format!(":{port}"),
        "certificate_file": tls.then(|| in_home("tls.crt")),
        "key_file": tls.then(|| in_home("tls.key")),
    });
    overlay(&mut listen, &more);
    listen
}

fn redis(redis: &Redis) -> Node {
    let mut section = Map::new();
    let addresses: Vec<String> =
        redis.sentinels.iter().map(|s| format!("{}:{}", s["host"].as_str().unwrap_or_default(), s["port"])).collect();
    if addresses.is_empty() {
        section.insert("server".to_owned(), json!({"address": format!("{}:{}", redis.host, redis.port)}));
    } else {
        let password = redis.sentinel_password.as_ref().map(|p| in_home(&p.item));
        let sentinel = json!({
            "master_name": redis.host, "addresses": addresses, "sentinel_password_file": password,
            "tls": tls(&redis.sentinel_tls),
        });
        section.insert("sentinel".to_owned(), sentinel);
    }
    let database = redis.database.parse::<i64>().map_or_else(|_| json!(redis.database), Value::from);
    section.insert("database_index".to_owned(), database);
    section.insert("username".to_owned(), json!(Some(&redis.user).filter(|u| !u.is_empty())));
    section.insert("password_file".to_owned(), json!(redis.password.as_ref().map(|p| in_home(&p.item))));
    section.insert("tls".to_owned(), tls(&redis.tls));
    Value::Object(section)
}

/// TLS of a connection to Redis; null where it is off.
fn tls(set: &Tls) -> Node {
    if !set.enabled {
        return Value::Null;
    }
    let file = |of: &Option<SecretFile>| of.as_ref().map(|file| in_home(&file.item));
    json!({
        "enabled": true, "certificate_file": file(&set.cert), "key_file": file(&set.key), "ca_certificate_file": file(&set.ca),
    })
}

fn workspaces(kas: &Kas) -> Node {
    if !kas.workspaces {
        return Value::Null;
    }
    let set = &kas.set.workspaces;
    let own = json!({
        "network": "tcp",
        "listen_grace_period": set.listen_grace_period,
        "shutdown_grace_period": set.shutdown_grace_period,
    });
    json!({"enabled": true, "listen": listen(kas, &kas.set.service.workspaces_server_port, own)})
}

fn autoflow(kas: &Kas) -> Node {
    if !kas.set.autoflow.enabled {
        return Value::Null;
    }
    let temporal = &kas.set.autoflow.temporal;
    let set = |text: &Option<Text>| text.non_empty().map(str::to_owned);
    let namespace = set(&temporal.namespace);
    let cloud = namespace.as_ref().map(|n| format!("{n}.tmprl.cloud:7233"));
    let mtls = set(&temporal.worker_mtls.secret_name).is_some();
    let server = &temporal.workflow_data_encryption.codec_server;
    let emails = &server.authorized_user_emails;
    json!({"temporal": {
        "host_port": set(&temporal.host_port).or(set(&temporal.host)).or(cloud),
        "namespace": namespace,
        "enable_tls": true,
        "certificate_file": mtls.then(|| in_home(TEMPORAL_CERTIFICATE)),
        "key_file": mtls.then(|| in_home(TEMPORAL_KEY)),
        "workflow_data_encryption": {
            "secret_key_file": in_home(TEMPORAL_SECRET),
            "codec_server": {
                "listen": {"network": "tcp", "address": format!(":{}", kas.set.service.autoflow_codec_server_api_port)},
                "temporal_web_ui_url": set(&server.temporal_web_ui_url).unwrap_or_else(|| "https://cloud.temporal.io".to_owned()),
                "temporal_oidc_url": set(&server.temporal_oidc_url)
                    .unwrap_or_else(|| "https://login.tmprl.cloud/.well-known/openid-configuration".to_owned()),
                "authorized_user_emails": (!emails.is_empty()).then_some(emails),
            },
        },
    }})
}
