//! Settings that contradict each other, or that need another one: rules that a schema cannot express.
//!
//! There is one function per rule. A rule names the paths as the user writes them and gives the next step.

mod cannot_work;
mod data_stores;
mod database;
mod gateway;
mod gitaly;
mod ingress;
mod kas;
mod kubernetes;
mod mail;
mod monitors;
mod rails;
mod redis_tls;
mod registry;
mod services;
mod storage;
mod webservice;

use serde_json::Value;

use super::context::Context;
use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath};

/// Reports all contradictory settings.
pub fn check(cx: &Context) {
    for rule in [
        service_account_that_all_share,
        redis_of_ours_and_others,
        redis_of_ours_and_its_file,
        redis_without_server,
        redis_database,
        application_object,
        geo_registry,
    ] {
        rule(cx);
    }
    cannot_work::check(cx);
    data_stores::check(cx);
    database::check(cx);
    gitaly::check(cx);
    ingress::check(cx);
    gateway::check(cx);
    kas::check(cx);
    kubernetes::check(cx);
    mail::check(cx);
    monitors::check(cx);
    rails::check(cx);
    redis_tls::check(cx);
    registry::check(cx);
    services::check(cx);
    storage::check(cx);
    webservice::check(cx);
}

/// Refuses the value at `path`.
fn refuse(cx: &Context, code: &'static str, path: &str, message: &str, hint: &str) {
    refuse_beside(cx, code, [path, path], message, hint);
}

/// Refuses the value at the first of two paths because it contradicts the second; both places are shown.
fn refuse_beside(cx: &Context, code: &'static str, [path, other]: [&str; 2], message: &str, hint: &str) {
    let diagnostic = Diagnostic::error(code, format!("`{path}`: {message}")).at_value(parsed(path));
    let second = (other != path).then(|| parsed(other));
    cx.say(diagnostic.at_values(second).hint(hint));
}

/// The same as a warning: the official chart accepts it.
fn warn(cx: &Context, code: &'static str, path: &str, message: &str, hint: &str) {
    let diagnostic = Diagnostic::warning(code, format!("`{path}`: {message}"));
    cx.say(diagnostic.at_value(parsed(path)).hint(hint));
}

/// Refuses values without `path`; `why` names the setting that requires it.
fn required(cx: &Context, code: &'static str, path: &str, why: &str, hint: &str) {
    if !is_set(cx, path) {
        refuse(cx, code, path, &format!("is missing, and {why}"), hint);
    }
}

fn parsed(path: &str) -> ValuePath {
    ValuePath::indexed(path).unwrap_or_else(|| ValuePath::dotted(path))
}

fn is_set(cx: &Context, path: &str) -> bool {
    !matches!(cx.section(path), Value::Null) && cx.section(path) != ""
}

/// The paths of a section that are not set, as `a.b`, `a.c`.
fn missing<'p>(cx: &Context, paths: &[&'p str]) -> Vec<&'p str> {
    paths.iter().copied().filter(|path| !is_set(cx, path)).collect()
}

fn list(paths: &[&str]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

fn service_account_that_all_share(cx: &Context) {
    if cx.enabled("global.serviceAccount.enabled")
        && cx.enabled("global.serviceAccount.create")
        && is_set(cx, "global.serviceAccount.name")
    {
        refuse_beside(
            cx,
            "shared-service-account",
            ["global.serviceAccount.name", "global.serviceAccount.create"],
            "a ServiceAccount that all components share must exist already, but `global.serviceAccount.create` would create it",
            "set `global.serviceAccount.create: false` and create the ServiceAccount yourself, or remove the name to give each component its own",
        );
    }
}

/// Redis instances with a single purpose each.
const REDIS_INSTANCES: [&str; 11] = [
    "actioncable",
    "cache",
    "clusterCache",
    "clusterQueuesMetadata",
    "clusterRateLimiting",
    "queues",
    "rateLimiting",
    "repositoryCache",
    "sessions",
    "sharedState",
    "traceChunks",
];

fn redis_of_ours_and_others(cx: &Context) {
    if !cx.enabled("redis.install") {
        return;
    }
    let own = |name: &&str| is_set(cx, &format!("global.redis.{name}.host"));
    let instance = REDIS_INSTANCES.iter().copied().chain(["workhorse"]).find(own);
    if let Some(name) = instance {
        refuse(
            cx,
            "redis-install",
            &format!("global.redis.{name}.host"),
            "separate Redis instances are configured, but `redis.install` deploys the bundled Redis",
            "set `redis.install: false` and name the main server in `global.redis.host`",
        );
    }
}

fn redis_of_ours_and_its_file(cx: &Context) {
    let path = "global.redis.redisYmlOverride";
    let given = cx.section(path).as_object().is_some_and(|map| !map.is_empty());
    if given && cx.enabled("redis.install") {
        refuse_beside(
            cx,
            "redis-install",
            [path, "redis.install"],
            "replaces the connections to Redis, but `redis.install` deploys the bundled Redis",
            "set `redis.install: false`",
        );
    }
}

fn redis_without_server(cx: &Context) {
    let given = cx.section("global.redis.redisYmlOverride").as_object().is_some_and(|map| !map.is_empty());
    let bundled = cx.release.has(Difference::BundledDataStores);
    if bundled && !cx.enabled("redis.install") && !given && !is_set(cx, "global.redis.host") {
        refuse_beside(
            cx,
            "redis-host",
            ["global.redis.host", "redis.install"],
            "is missing, and no Redis is deployed: `redis.install` is false",
            "name your server in `global.redis.host`, or remove `redis.install: false`",
        );
    }
}

/// The official chart writes the value, and so does this program: Workhorse's configuration is then no TOML, and no other client starts
/// with it either.
fn redis_database(cx: &Context) {
    let of_instance = |name: &str| format!("global.redis.{name}.database");
    let instances = REDIS_INSTANCES.iter().copied().chain(["workhorse"]).map(of_instance);
    for path in instances.chain(["global.redis.database".to_owned()]) {
        if cx.text(&path).is_some_and(|text| text.parse::<u32>().is_err()) {
            let message = "is not a whole number, and Redis clients refuse to start with it; it is written unchanged";
            warn(cx, "not-a-number", &path, message, "write the number of a database, for example `0`");
        }
    }
}

fn application_object(cx: &Context) {
    if cx.enabled("global.application.create") {
        let message =
            "`global.application.create`: no Application is written, because clusters no longer have this kind";
        let diagnostic = Diagnostic::warning("application", message);
        cx.say(diagnostic.at_value(ValuePath::dotted("global.application.create")).hint("remove it"));
    }
}

fn geo_registry(cx: &Context) {
    if cx.enabled("global.geo.enabled") && cx.enabled("global.geo.registry.replication.enabled") {
        required(
            cx,
            "geo-registry",
            "global.geo.registry.replication.primaryApiUrl",
            "`global.geo.registry.replication.enabled` copies images from the primary site",
            "write the URL at which this site reaches the primary's registry, for example `https://registry.example.com`",
        );
    }
}
