//! Settings that contradict each other, or that need one more to work: what a schema cannot say.
//!
//! One function a rule. A rule names the paths as the user writes them and says what to do next.

mod gitaly;
mod kubernetes;
mod monitors;
mod rails;
mod services;

use serde_json::Value;

use super::context::Context;
use crate::diag::{Diagnostic, ValuePath};

/// Says all that is contradictory.
pub fn check(cx: &Context) {
    for rule in [
        service_account_that_all_share,
        redis_of_ours_and_others,
        redis_of_ours_and_its_file,
        redis_of_nobody,
        kas_certificate,
        kerberos_keytab,
        application_object,
        duo_auth,
        geo_database,
        geo_tracking_database,
        geo_registry,
        ingress_controller_scope,
        postgresql_version,
    ] {
        rule(cx);
    }
    gitaly::check(cx);
    kubernetes::check(cx);
    monitors::check(cx);
    rails::check(cx);
    services::check(cx);
}

fn refuse(cx: &Context, code: &'static str, path: &str, message: &str, hint: &str) {
    let diagnostic = Diagnostic::error(code, format!("`{path}`: {message}"));
    cx.say(diagnostic.at_value(ValuePath::dotted(path)).hint(hint));
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
        refuse(
            cx,
            "shared-service-account",
            "global.serviceAccount.name",
            "one ServiceAccount for all components has to exist already, but `global.serviceAccount.create` asks to make it",
            "set `global.serviceAccount.create: false` and make the ServiceAccount, or remove the name to give each component its own",
        );
    }
}

/// Redis instances for one purpose each.
const REDIS_INSTANCES: [&str; 12] = [
    "actioncable",
    "cache",
    "clusterCache",
    "clusterQueuesMetadata",
    "clusterRateLimiting",
    "clusterSharedState",
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
            "there are Redis servers for single purposes, but `redis.install` asks for the one that comes with GitLab",
            "set `redis.install: false` and name the main server in `global.redis.host`",
        );
    }
}

fn redis_of_ours_and_its_file(cx: &Context) {
    let path = "global.redis.redisYmlOverride";
    let given = cx.section(path).as_object().is_some_and(|map| !map.is_empty());
    if given && cx.enabled("redis.install") {
        refuse(
            cx,
            "redis-install",
            path,
            "replaces the connections to Redis, but `redis.install` asks for the one that comes with GitLab",
            "set `redis.install: false`",
        );
    }
}

fn redis_of_nobody(cx: &Context) {
    let given = cx.section("global.redis.redisYmlOverride").as_object().is_some_and(|map| !map.is_empty());
    if !cx.enabled("redis.install") && !given && !is_set(cx, "global.redis.host") {
        refuse(
            cx,
            "redis-host",
            "redis.install",
            "no Redis comes with GitLab then, and `global.redis.host` does not say where yours is",
            "name your server in `global.redis.host`, or remove `redis.install: false`",
        );
    }
}

fn kas_certificate(cx: &Context) {
    if cx.enabled("global.kas.tls.enabled") && !is_set(cx, "global.kas.tls.secretName") {
        refuse(
            cx,
            "kas-tls",
            "global.kas.tls.secretName",
            "is missing, but `global.kas.tls.enabled` asks for TLS between the parts of the agent server and GitLab",
            "make a Secret of the type `kubernetes.io/tls` and name it here",
        );
    }
}

fn kerberos_keytab(cx: &Context) {
    let path = "gitlab.gitlab-shell.config.gssapi";
    if cx.enabled(&format!("{path}.enabled")) && !is_set(cx, &format!("{path}.keytab.secret")) {
        refuse(
            cx,
            "kerberos-keytab",
            &format!("{path}.keytab.secret"),
            "is missing, but Kerberos is enabled for Git over SSH, and the server proves itself with a keytab",
            "name the Secret that holds the keytab",
        );
    }
}

fn application_object(cx: &Context) {
    if cx.enabled("global.application.create") {
        let message = "`global.application.create`: no Application is written, clusters do not know that kind any more";
        let diagnostic = Diagnostic::warning("application", message);
        cx.say(diagnostic.at_value(ValuePath::dotted("global.application.create")).hint("remove it"));
    }
}

fn duo_auth(cx: &Context) {
    if !cx.enabled("global.appConfig.duoAuth.enabled") {
        return;
    }
    let needed = [
        "global.appConfig.duoAuth.hostname",
        "global.appConfig.duoAuth.integrationKey",
        "global.appConfig.duoAuth.secretKey.secret",
    ];
    let missing = missing(cx, &needed);
    if !missing.is_empty() {
        refuse(
            cx,
            "duo-auth",
            "global.appConfig.duoAuth",
            &format!("is enabled without {}", list(&missing)),
            "copy them from the application in Duo's admin panel; the secret key goes into a Secret",
        );
    }
}

fn geo_database(cx: &Context) {
    if !cx.enabled("global.geo.enabled") {
        return;
    }
    let missing = missing(cx, &["global.psql.host", "global.psql.password.secret"]);
    if !missing.is_empty() {
        refuse(
            cx,
            "geo-database",
            "global.geo.enabled",
            &format!("Geo needs a PostgreSQL of its own outside of the deployment, missing: {}", list(&missing)),
            "name the replicated database server and the Secret with its password",
        );
    }
}

fn geo_tracking_database(cx: &Context) {
    let secondary = cx.section("global.geo.role") == "secondary";
    if !cx.enabled("global.geo.enabled") || !secondary {
        return;
    }
    let missing = missing(cx, &["global.geo.psql.host", "global.geo.psql.password.secret"]);
    if !missing.is_empty() {
        refuse(
            cx,
            "geo-database",
            "global.geo.psql",
            &format!("a secondary site needs a tracking database of its own, missing: {}", list(&missing)),
            "name its server and the Secret with its password",
        );
    }
}

fn geo_registry(cx: &Context) {
    let replicates = cx.enabled("global.geo.enabled") && cx.enabled("global.geo.registry.replication.enabled");
    let url = "global.geo.registry.replication.primaryApiUrl";
    if replicates && !is_set(cx, url) {
        refuse(
            cx,
            "geo-registry",
            "global.geo.registry.replication.enabled",
            &format!("images are copied from the primary site, but `{url}` does not say where it is"),
            "give the URL under which this site reaches the primary's registry, `https://registry.example.com`",
        );
    }
}

fn ingress_controller_scope(cx: &Context) {
    for section in ["nginx-ingress", "nginx-ingress-geo"] {
        if cx.enabled(&format!("{section}.enabled")) && cx.enabled(&format!("{section}.rbac.scope")) {
            refuse(
                cx,
                "ingress-scope",
                &format!("{section}.rbac.scope"),
                "an IngressClass belongs to no namespace, so a controller that may read one namespace only cannot see its own",
                &format!("remove it; `{section}.controller.scope` says which namespace's Ingresses are watched"),
            );
        }
    }
}

/// The oldest PostgreSQL that GitLab 18 runs with.
const OLDEST_POSTGRESQL: u32 = 16;

fn postgresql_version(cx: &Context) {
    if !cx.enabled("postgresql.install") {
        return;
    }
    let tag = cx.text("postgresql.image.tag").unwrap_or_default();
    let major: String = tag.chars().take_while(char::is_ascii_digit).collect();
    if major.parse().is_ok_and(|major: u32| major < OLDEST_POSTGRESQL) {
        refuse(
            cx,
            "postgresql-version",
            "postgresql.image.tag",
            &format!("PostgreSQL {major} is too old for GitLab 18, which needs {OLDEST_POSTGRESQL} or newer"),
            "upgrade the database with its data first: changing the tag alone leaves files that the newer server cannot read",
        );
    }
}
