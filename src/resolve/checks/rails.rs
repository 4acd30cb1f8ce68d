//! Settings of Rails and its tools.

use serde_json::Value;

use super::{is_set, refuse, refuse_beside, required, warn};
use crate::diag::{Diagnostic, ValuePath};
use crate::resolve::context::Context;

/// Reports contradictory or missing settings.
pub fn check(cx: &Context) {
    for rule in [
        redis_file_entries,
        iam_auth_service,
        toolbox_replicas,
        ldap_servers,
        omniauth_providers,
        routing_rules,
        cell,
        sentry,
        documentation,
        kerberos_keytab,
        duo_auth,
    ] {
        rule(cx);
    }
}

fn iam_auth_service(cx: &Context) {
    let section = "global.appConfig.iamAuthService";
    if !cx.enabled(&format!("{section}.enabled")) {
        return;
    }
    for key in ["http.host", "http.port", "grpc.host", "grpc.port"].map(|key| format!("{section}.{key}")) {
        // Port 0 is the default and means that none is named.
        if !is_set(cx, &key) || cx.section(&key) == 0 {
            let why = format!("is missing, and `{section}.enabled` enables the service");
            refuse(cx, "iam-auth-service", &key, &why, "write the address of the service");
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

/// Rails cannot connect to an LDAP server of which it does not know the address.
fn ldap_servers(cx: &Context) {
    let Some(servers) = cx.section("global.appConfig.ldap.servers").as_object() else { return };
    for (name, server) in servers.iter().filter(|(_, server)| server.is_object()) {
        let there = |key: &str| server.get(key).is_some_and(|value| !value.is_null() && value != "");
        let missing: Vec<String> =
            ["host", "port", "uid"].into_iter().filter(|key| !there(key)).map(|key| format!("`{key}`")).collect();
        if !missing.is_empty() {
            let path = ValuePath::dotted("global.appConfig.ldap.servers").key(name);
            let message =
                format!("`{path}`: nobody can sign in by this server, because it has no {}", missing.join(" and no "));
            let hint = "write the host and the port of the server, and in `uid` the attribute with the name that people sign in with";
            cx.say(Diagnostic::warning("ldap-server", message).at_value(path).hint(hint));
        }
    }
}

fn toolbox_replicas(cx: &Context) {
    let replicas = cx.section("gitlab.toolbox.replicas").as_i64().unwrap_or(1);
    let enabled = cx.enabled("gitlab.toolbox.enabled") && cx.enabled("gitlab.toolbox.persistence.enabled");
    if enabled && replicas > 1 {
        refuse_beside(
            cx,
            "toolbox-replicas",
            ["gitlab.toolbox.replicas", "gitlab.toolbox.persistence.enabled"],
            &format!("{replicas} pods cannot share the one volume that `gitlab.toolbox.persistence.enabled` creates"),
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
                &format!("global.appConfig.omniauth.providers[{index}]"),
                "expected `secret` and optionally `key`, or `name` and optionally `label` and `icon`",
                "put the whole configuration of the provider into a Secret and name that here",
            );
        }
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
            "expected a list of pairs, each of a query and the queue for matching jobs",
            "write each rule as `[\"resource_boundary=cpu\", \"cpu\"]`, the most specific one first",
        );
    }
}

fn cell(cx: &Context) {
    let path = "global.appConfig.cell.topologyServiceClient.tls";
    let on = cx.enabled("global.appConfig.cell.enabled") && cx.enabled(&format!("{path}.enabled"));
    if on && !is_set(cx, &format!("{path}.secret")) {
        warn(
            cx,
            "cell-tls",
            &format!("{path}.enabled"),
            &format!("`{path}.secret` is missing, so Rails has no client certificate for the topology service"),
            "name a Secret with `tls.crt` and `tls.key`, or set `enabled: false` beside it",
        );
    }
}

fn sentry(cx: &Context) {
    let base = "global.appConfig.sentry";
    if cx.enabled(&format!("{base}.enabled")) && !is_set(cx, &format!("{base}.clientside_dsn")) {
        required(
            cx,
            "sentry-dsn",
            &format!("{base}.dsn"),
            &format!("`{base}.enabled` sends errors to Sentry"),
            "copy the DSN from the settings of the project in Sentry; `clientside_dsn` alone reports errors of browsers only",
        );
    }
}

fn documentation(cx: &Context) {
    let path = "global.appConfig.gitlab_docs.host";
    let host = cx.text(path).unwrap_or_default();
    let fits = ["http://", "https://"].iter().any(|scheme| host.starts_with(scheme));
    if cx.enabled("global.appConfig.gitlab_docs.enabled") && !fits {
        refuse(
            cx,
            "documentation-host",
            path,
            "`global.appConfig.gitlab_docs.enabled` needs the address of the documentation with its scheme",
            "write `https://` before the host name",
        );
    }
}

fn kerberos_keytab(cx: &Context) {
    let path = "gitlab.gitlab-shell.config.gssapi";
    if cx.enabled(&format!("{path}.enabled")) {
        required(
            cx,
            "kerberos-keytab",
            &format!("{path}.keytab.secret"),
            &format!("`{path}.enabled` makes the SSH server authenticate with a keytab"),
            "name the Secret that contains the keytab",
        );
    }
}

fn duo_auth(cx: &Context) {
    let base = "global.appConfig.duoAuth";
    if !cx.enabled(&format!("{base}.enabled")) {
        return;
    }
    for key in ["hostname", "integrationKey", "secretKey.secret"] {
        required(
            cx,
            "duo-auth",
            &format!("{base}.{key}"),
            &format!("`{base}.enabled` uses Duo for two-factor authentication"),
            "copy it from the application in Duo's admin panel; the secret key goes into a Secret",
        );
    }
}
