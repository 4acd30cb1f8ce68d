//! Contradictions in what Rails and its tools are told.

use serde_json::Value;

use super::{is_set, refuse};
use crate::diag::{Diagnostic, ValuePath};
use crate::resolve::context::Context;

/// Says all that is contradictory.
pub fn check(cx: &Context) {
    for rule in [
        load_balancing_of_ours,
        load_balancing_discovery,
        redis_file_entries,
        backup_object_storage,
        object_storage_connections,
        smime_secret,
        toolbox_replicas,
        omniauth_providers,
        longest_request,
        routing_rules,
        graph_mailboxes,
        cell,
    ] {
        rule(cx);
    }
}

/// Sections that may hold `load_balancing`, by their paths.
fn load_balancing<'c>(cx: &'c Context) -> impl Iterator<Item = (String, &'c Value)> {
    let components = ["global", "gitlab.webservice", "gitlab.sidekiq", "gitlab.toolbox", "gitlab.migrations"];
    let parts = ["", ".main", ".ci", ".sec", ".embedding"];
    let paths =
        components.into_iter().flat_map(move |c| parts.into_iter().map(move |p| format!("{c}.psql{p}.load_balancing")));
    paths
        .map(|path| (path.clone(), cx.section(&path)))
        .filter(|(_, set)| set.as_object().is_some_and(|m| !m.is_empty()))
}

fn load_balancing_of_ours(cx: &Context) {
    if !cx.enabled("postgresql.install") {
        return;
    }
    for (path, _) in load_balancing(cx) {
        // A host of one's own database means that the one deployed here is for something else.
        if path.matches('.').count() == 2 {
            refuse(
                cx,
                "load-balancing-without-replicas",
                &path,
                "reads are to be spread over replicas, but the PostgreSQL that is deployed with GitLab has none",
                "set `postgresql.install: false` and give the address of your own PostgreSQL in `global.psql.host`",
            );
        }
    }
}

fn load_balancing_discovery(cx: &Context) {
    for (path, set) in load_balancing(cx) {
        let hosts = set.get("hosts").filter(|hosts| !hosts.is_null());
        if hosts.is_some_and(|hosts| !hosts.is_array()) {
            let hint = "write the host names as a list, `[\"a\", \"b\"]`";
            refuse(cx, "load-balancing-hosts", &format!("{path}.hosts"), "expected a list of replicas", hint);
        }
        let Some(discover) = set.get("discover").filter(|discover| !discover.is_null()) else { continue };
        let record = discover.get("record").is_some_and(|record| !record.is_null());
        if !record {
            refuse(
                cx,
                "load-balancing-discovery",
                &format!("{path}.discover"),
                "expected a map with the DNS record that lists the replicas, `record`",
                "write `discover: {record: secondary.postgresql.example.com}`, or list the replicas in `hosts`",
            );
        }
    }
}

fn redis_file_entries(cx: &Context) {
    let Some(entries) = cx.section("global.redis.redisYmlOverride").as_object() else { return };
    for (name, _) in entries.iter().filter(|(_, entry)| !entry.is_object() && !entry.is_null()) {
        let path = ValuePath::dotted("global.redis.redisYmlOverride").key(name);
        let diagnostic = Diagnostic::error(
            "redis-file-entry",
            format!("`global.redis.redisYmlOverride.{name}`: expected a map with the settings of this instance"),
        );
        cx.say(diagnostic.at_value(path).hint("write `host`, `port` and `password` of the instance below its name"));
    }
}

fn backup_object_storage(cx: &Context) {
    let toolbox = "gitlab.toolbox.backups.objectStorage";
    let used = cx.enabled("gitlab.toolbox.enabled");
    let by_key = is_set(cx, &format!("{toolbox}.config.key"));
    let elsewhere = !cx.enabled("global.minio.enabled") && !cx.enabled("global.appConfig.object_store.enabled");
    if used && (by_key || elsewhere) && !is_set(cx, &format!("{toolbox}.config.secret")) {
        refuse(
            cx,
            "backup-object-storage",
            &format!("{toolbox}.config.secret"),
            match by_key {
                true => "the key of a Secret is named, the Secret is not",
                false => {
                    "backups need a Secret with the configuration of the tool that copies them to object storage: `global.minio.enabled` is false"
                }
            },
            "make a Secret with the configuration of s3cmd, gsutil or Azure's tool, and name it here",
        );
    }
}

/// Kinds of objects that have a store of their own, unless one connection serves all.
const STORES: [&str; 8] =
    ["artifacts", "ciSecureFiles", "dependencyProxy", "externalDiffs", "lfs", "packages", "terraformState", "uploads"];

fn object_storage_connections(cx: &Context) {
    if cx.enabled("global.minio.enabled") || cx.enabled("global.appConfig.object_store.enabled") {
        return;
    }
    for store in STORES.map(|name| format!("global.appConfig.{name}")) {
        let connection = cx.section(&format!("{store}.connection"));
        let none = connection.as_object().is_none_or(serde_json::Map::is_empty);
        if cx.enabled(&format!("{store}.enabled")) && none {
            refuse(
                cx,
                "object-storage-connection",
                &format!("{store}.connection"),
                "is missing, and there is no MinIO to keep such objects in: `global.minio.enabled` is false",
                "name the Secret with the connection in `connection.secret`, or one for all kinds in `global.appConfig.object_store`",
            );
        }
    }
}

fn smime_secret(cx: &Context) {
    if cx.enabled("global.email.smime.enabled") && !is_set(cx, "global.email.smime.secretName") {
        refuse(
            cx,
            "smime-secret",
            "global.email.smime.secretName",
            "is missing, but `global.email.smime.enabled` asks for signed mail",
            "name a Secret with the certificate and its key, `tls.crt` and `tls.key`",
        );
    }
}

fn toolbox_replicas(cx: &Context) {
    let replicas = cx.section("gitlab.toolbox.replicas").as_i64().unwrap_or(1);
    let enabled = cx.enabled("gitlab.toolbox.enabled") && cx.enabled("gitlab.toolbox.persistence.enabled");
    if enabled && replicas > 1 {
        refuse(
            cx,
            "toolbox-replicas",
            "gitlab.toolbox.replicas",
            &format!("{replicas} pods cannot share one volume, which `gitlab.toolbox.persistence.enabled` asks for"),
            "set `gitlab.toolbox.replicas: 1`, or `gitlab.toolbox.persistence.enabled: false`",
        );
    }
}

fn omniauth_providers(cx: &Context) {
    let providers = cx.section("global.appConfig.omniauth.providers").as_array().map_or(&[][..], Vec::as_slice);
    for (index, provider) in providers.iter().enumerate() {
        let keys: Vec<&str> = provider.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str)).collect();
        let taken = keys.contains(&"secret") && keys.iter().all(|key| ["secret", "key"].contains(key));
        let plain = keys.contains(&"name") && keys.iter().all(|key| ["name", "icon", "label"].contains(key));
        if !taken && !plain {
            refuse(
                cx,
                "omniauth-provider",
                &format!("global.appConfig.omniauth.providers.{index}"),
                "expected `secret` and maybe `key`, or `name` and maybe `label` and `icon`",
                "put the whole configuration of the provider into a Secret and name that here",
            );
        }
    }
}

fn longest_request(cx: &Context) {
    let longest = cx.section("global.appConfig.maxRequestDurationSeconds").as_f64();
    let timeout = cx.section("global.webservice.workerTimeout").as_f64();
    if let (Some(longest), Some(timeout)) = (longest, timeout)
        && longest >= timeout
    {
        refuse(
            cx,
            "longest-request",
            "global.appConfig.maxRequestDurationSeconds",
            &format!("a request may take {longest} seconds, but its worker is ended after {timeout}"),
            "choose less than `global.webservice.workerTimeout`, or raise that",
        );
    }
}

fn routing_rules(cx: &Context) {
    let path = "global.appConfig.sidekiq.routingRules";
    let rule = |rule: &Value| {
        let Some(parts) = rule.as_array() else { return false };
        let texts = parts.iter().skip(1).all(|part| part.is_string() || part.is_null());
        (2..=3).contains(&parts.len()) && parts.first().is_some_and(Value::is_string) && texts
    };
    let good = match cx.section(path) {
        Value::Null => true,
        Value::Array(rules) => rules.iter().all(rule),
        _ => false,
    };
    if !good {
        refuse(
            cx,
            "routing-rules",
            path,
            "expected a list of pairs, each a query and the queue for its jobs",
            "write each rule as `[\"resource_boundary=cpu\", \"cpu\"]`, the most special one first",
        );
    }
}

fn graph_mailboxes(cx: &Context) {
    for mailbox in ["incomingEmail", "serviceDeskEmail", "serviceDesk"] {
        let path = format!("global.appConfig.{mailbox}");
        let set = cx.section(&path);
        let graph = set.get("inboxMethod").and_then(Value::as_str) == Some("microsoft_graph");
        if !cx.enabled(&format!("{path}.enabled")) || !graph {
            continue;
        }
        for key in ["tenantId", "clientId", "clientSecret.secret"] {
            let full = format!("{path}.{key}");
            if !is_set(cx, &full) {
                let hint = "Microsoft Graph asks for `tenantId`, `clientId` and `clientSecret.secret` of the registered application";
                refuse(cx, "graph-mailbox", &full, "is missing, but `inboxMethod` is `microsoft_graph`", hint);
            }
        }
    }
}

fn cell(cx: &Context) {
    let path = "global.appConfig.cell.topologyServiceClient.tls";
    let on = cx.enabled("global.appConfig.cell.enabled") && cx.enabled(&format!("{path}.enabled"));
    if on && !is_set(cx, &format!("{path}.secret")) {
        let hint = "name a Secret with `tls.crt` and `tls.key`, or set `enabled: false` beside it";
        refuse(
            cx,
            "cell-tls",
            &format!("{path}.secret"),
            "TLS to the topology service needs a client certificate",
            hint,
        );
    }
}
