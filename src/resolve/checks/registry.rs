//! Settings of the container registry.
//!
//! The official chart checks them even where the registry is not deployed, and so does this module.

use serde_json::{Value, json};

use super::{database::tls_keys, refuse, refuse_beside, required, warn};
use crate::bundle::Difference;
use crate::model::NodeMap;
use crate::resolve::context::Context;

/// Reports contradictory settings of the registry.
pub(super) fn check(cx: &Context) {
    tls(cx);
    debug_tls(cx);
    database(cx);
    load_balancing(cx);
    database_metrics(cx);
    for purpose in ["cache", "rateLimiting", "loadBalancing"] {
        redis(cx, purpose);
    }
    sentry(cx);
    notifications(cx);
    images_in_the_container(cx);
}

fn tls(cx: &Context) {
    if cx.enabled("registry.tls.enabled") && cx.section("global.hosts.registry.protocol") != "https" {
        refuse_beside(
            cx,
            "registry-tls",
            ["registry.tls.enabled", "global.hosts.registry.protocol"],
            "the registry serves TLS, but `global.hosts.registry.protocol` makes clients inside the cluster use plain HTTP",
            "set `global.hosts.registry.protocol: https`",
        );
    }
}

fn debug_tls(cx: &Context) {
    let shared = cx.enabled("registry.tls.enabled");
    if !cx.enabled("registry.debug.tls.enabled") || (shared && cx.text("registry.tls.secretName").is_some()) {
        return;
    }
    required(
        cx,
        "registry-debug-tls",
        "registry.debug.tls.secretName",
        "`registry.debug.tls.enabled` enables TLS on the debug server, and the registry has no certificate to share with it",
        "create a Secret of the type `kubernetes.io/tls` and name it here, or set `registry.tls.enabled` and `registry.tls.secretName`",
    );
}

fn database(cx: &Context) {
    if !cx.enabled("registry.database.enabled") {
        return;
    }
    let own: NodeMap = cx.read("registry.database.ssl");
    if !own.is_empty() {
        let all: NodeMap = cx.inherited("global.psql.ssl", "registry.database.ssl");
        tls_keys(cx, "registry.database.ssl", &all);
    }
}

fn load_balancing(cx: &Context) {
    let switch = "registry.database.loadBalancing.enabled";
    if !cx.enabled(switch) {
        return;
    }
    needs_database(cx, switch, "reads cannot be distributed to replicas of a database that is not used");
    required(
        cx,
        "registry-load-balancing",
        "registry.database.loadBalancing.record",
        &format!("`{switch}` looks the replicas up in a DNS record"),
        "write the SRV record that lists the replicas, for example `db-replica-registry.service.consul`",
    );
    if !cx.enabled("registry.redis.loadBalancing.enabled") {
        refuse_beside(
            cx,
            "registry-load-balancing",
            [switch, "registry.redis.loadBalancing.enabled"],
            "the registry keeps the state of the replicas in Redis, and `registry.redis.loadBalancing.enabled` is false",
            "set `registry.redis.loadBalancing.enabled: true`",
        );
    }
}

fn database_metrics(cx: &Context) {
    let switch = "registry.database.metrics.enabled";
    if !cx.enabled(switch) {
        return;
    }
    needs_database(cx, switch, "a database that is not used has no metrics");
    if !cx.enabled("registry.redis.cache.enabled") {
        refuse_beside(
            cx,
            "registry-database-metrics",
            [switch, "registry.redis.cache.enabled"],
            "the replicas use the cache to agree on which of them collects the metrics, and `registry.redis.cache.enabled` is false",
            "set `registry.redis.cache.enabled: true`, or disable the metrics of the database",
        );
    }
}

fn needs_database(cx: &Context, switch: &str, why: &str) {
    if !cx.enabled("registry.database.enabled") {
        refuse_beside(
            cx,
            "registry-database",
            [switch, "registry.database.enabled"],
            &format!("{why}: `registry.database.enabled` is false"),
            &format!("set `registry.database.enabled: true`, or `{switch}: false`"),
        );
    }
}

fn redis(cx: &Context, purpose: &str) {
    let path = format!("registry.redis.{purpose}");
    let set: Value = cx.inherited(&format!("global.registry.redis.{purpose}"), &path);
    if set.get("enabled") != Some(&Value::Bool(true)) {
        return;
    }
    if purpose == "cache" {
        needs_database(cx, "registry.redis.cache.enabled", "the cache stores content of the metadata database");
    }
    if set.get("host").is_some_and(|host| host == "") {
        refuse_beside(
            cx,
            "registry-redis",
            [&format!("{path}.host"), &format!("{path}.enabled")],
            &format!("is empty, and `{path}.enabled` enables the connection"),
            "name the server, or remove the key to use the Redis of GitLab",
        );
    }
    let has = |key: &str| {
        set.get(key).is_some_and(|value| !matches!(value, Value::Null) && value != "" && *value != json!([]))
    };
    if purpose == "cache" && has("sentinels") && set.get("host").is_none_or(Value::is_null) {
        refuse_beside(
            cx,
            "registry-redis",
            [&format!("{path}.sentinels"), &format!("{path}.host")],
            &format!("Sentinels are asked for a name, and `{path}.host` is not set"),
            &format!("write the name of the main server, as the Sentinels know it, into `{path}.host`"),
        );
    }
    let Some(password) = set.get("password").filter(|p| p.get("enabled") == Some(&Value::Bool(true))) else { return };
    for field in ["secret", "key"].into_iter().filter(|field| password.get(*field).is_some_and(|text| text == "")) {
        refuse_beside(
            cx,
            "registry-redis",
            [&format!("{path}.password.{field}"), &format!("{path}.password.enabled")],
            &format!("is empty, and `{path}.password.enabled` requires a password"),
            "name the Secret and its key, or set `password.enabled: false`",
        );
    }
}

fn sentry(cx: &Context) {
    if cx.enabled("registry.reporting.sentry.enabled") {
        required(
            cx,
            "registry-sentry",
            "registry.reporting.sentry.dsn",
            "`registry.reporting.sentry.enabled` sends errors to Sentry",
            "copy the DSN from the settings of the project in Sentry, or disable these reports",
        );
    }
}

/// Rails sends its token to the endpoints as well, so both use one list.
fn notifications(cx: &Context) {
    if !cx.section("registry.notifications").is_null() {
        refuse(
            cx,
            "registry-notifications",
            "registry.notifications",
            "is not read here: GitLab needs the endpoints as well, and both read `global.registry.notifications`",
            "move it to `global.registry.notifications`",
        );
    }
}

/// The official chart accepts a registry without a store; it is accepted here with a warning.
fn images_in_the_container(cx: &Context) {
    let storage = cx.section("registry.storage").as_object();
    let none = storage.is_none_or(|fields| fields.is_empty());
    let bundled = cx.release.has(Difference::BundledDataStores);
    if bundled && cx.enabled("registry.enabled") && !cx.enabled("global.minio.enabled") && none {
        warn(
            cx,
            "registry-storage",
            "global.minio.enabled",
            "is false and `registry.storage` is empty: images are stored in the container, and are lost when its pod is deleted",
            "create a Secret with the storage settings and name it in `registry.storage.secret`, or set `registry.enabled: false`",
        );
    }
}
