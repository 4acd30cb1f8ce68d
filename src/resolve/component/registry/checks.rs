//! Settings of the registry that contradict each other.

use super::Registry;
use super::redis::Instance;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::Text;

/// Says all that is contradictory.
pub fn check(registry: &Registry) {
    tls(registry);
    database(registry);
    for instance in &registry.redis {
        redis(registry, instance);
    }
}

fn refuse(registry: &Registry, code: &'static str, path: &str, message: &str, hint: &str) {
    let diagnostic = Diagnostic::error(code, format!("`{path}`: {message}"));
    registry.w.cx.say(diagnostic.at_value(ValuePath::dotted(path)).hint(hint));
}

fn tls(registry: &Registry) {
    let protocol = registry.w.cx.text("global.hosts.registry.protocol");
    if registry.set.tls.enabled && protocol.as_deref() != Some("https") {
        refuse(
            registry,
            "registry-tls",
            "registry.tls.enabled",
            "the registry speaks TLS, but `global.hosts.registry.protocol` makes others inside the cluster speak plain HTTP to it",
            "set `global.hosts.registry.protocol: https`",
        );
    }
}

fn database(registry: &Registry) {
    let cx = registry.w.cx;
    let used = registry.set.database.enabled;
    if !used && registry.redis.iter().any(|instance| instance.key == "cache") {
        refuse(
            registry,
            "registry-database",
            "registry.redis.cache.enabled",
            "the cache holds what the metadata database says, but `registry.database.enabled` is off",
            "turn on `registry.database.enabled`, or turn off the cache",
        );
    }
    if !used && cx.enabled("registry.database.metrics.enabled") {
        refuse(
            registry,
            "registry-database",
            "registry.database.metrics.enabled",
            "there are no metrics of a database that is not used: `registry.database.enabled` is off",
            "turn on `registry.database.enabled`, or turn off its metrics",
        );
    }
    if !cx.enabled("registry.database.loadBalancing.enabled") {
        return;
    }
    if cx.text("registry.database.loadBalancing.record").is_none() {
        refuse(
            registry,
            "registry-load-balancing",
            "registry.database.loadBalancing.enabled",
            "`registry.database.loadBalancing.record` does not say under which DNS record the replicas are found",
            "give the SRV record, `db-replica-registry.service.consul`",
        );
    }
}

fn redis(registry: &Registry, instance: &Instance) {
    let path = format!("registry.redis.{}", instance.key);
    if instance.set.host.as_ref().is_some_and(|host| host.set().is_none()) {
        refuse(
            registry,
            "registry-redis",
            &format!("{path}.host"),
            "is empty",
            "name the server, or remove the key to use the Redis of GitLab",
        );
    }
    let password = &instance.set.password;
    if !password.enabled.unwrap_or(false) {
        return;
    }
    for (field, value) in [("secret", &password.secret), ("key", &password.key)] {
        if value.as_ref().is_some_and(|text| Text::set(text).is_none()) {
            refuse(
                registry,
                "registry-redis",
                &format!("{path}.password.{field}"),
                "is empty, but the connection needs a password",
                "name the Secret and its key, or set `password.enabled: false`",
            );
        }
    }
}
