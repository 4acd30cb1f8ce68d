//! The named templates that `include` and `template` know: names, hosts, and the Secrets of the deployment.

use super::TplError;
use super::eval::{Datum, Scope};
use crate::model::Text;
use crate::resolve::labels::full_name;
use crate::resolve::network::geo_class;
use crate::resolve::shared::rails::services;
use crate::resolve::shared::{hosts, postgres, redis, tls, workhorse};

/// The arguments of named templates: the root, `.` or `$`.
pub(super) fn needs_root(argument: &Datum, at: usize) -> Result<(), TplError> {
    match argument {
        Datum::Root => Ok(()),
        _ => Err(TplError::new(at, "a named template takes `.` or `$` here, and nothing else")),
    }
}

/// Evaluates a named template.
pub(super) fn named(scope: &Scope, name: &str, at: usize) -> Result<String, TplError> {
    let found = of_the_chart(scope, name).or_else(|| of_services(scope, name)).or_else(|| of_secrets(scope, name));
    found.ok_or_else(|| TplError::new(at, format!("there is no named template `{name}` here")))
}

/// Names of the chart and of the deployment.
fn of_the_chart(scope: &Scope, name: &str) -> Option<String> {
    let cx = scope.cx;
    let release = &cx.release.name;
    let own = |key: &str| cx.text(&format!("{}.{key}", scope.chart.key)).map(Text);
    let truth = |holds: bool| if holds { "true".to_owned() } else { String::new() };
    let geo = |role: &str| truth(cx.enabled("global.geo.enabled") && cx.section("global.geo.role") == role);
    Some(match name {
        "name" | "gitlab.name" => own("nameOverride").map_or_else(|| scope.chart.name.to_owned(), |name| name.0),
        "fullname" | "gitlab.fullname" => {
            let (name, full) = (own("nameOverride"), own("fullnameOverride"));
            full_name(release, scope.chart.name, name.as_ref(), full.as_ref())
        }
        "ingress.class.name" => cx.text("global.ingress.class").unwrap_or_else(|| format!("{release}-nginx")),
        "gitlab.geo.ingress.class.name" => geo_class(cx),
        "gitlab.geo.primary" => geo("primary"),
        "gitlab.geo.secondary" => geo("secondary"),
        // The address of the runner's cache as a TOML string.
        "gitlab-runner.cache-tpl.s3ServerAddress" => format!("{:?}", hosts::public(cx, "minio").host),
        "gitlab.zoekt.indexer.internalApi.gitlabUrl" => cx
            .text("global.zoekt.indexer.internalApi.gitlabUrl")
            .unwrap_or_else(|| hosts::public(cx, "gitlab").url() + &workhorse::relative_root(cx)),
        "gitlab.zoekt.indexer.internalApi.secretName" => cx
            .text("global.zoekt.indexer.internalApi.secretName")
            .or_else(|| cx.text("global.shell.authToken.secret"))
            .unwrap_or_else(|| format!("{release}-gitlab-shell-secret")),
        "gitlab.zoekt.indexer.internalApi.secretKey" => cx
            .text("global.zoekt.indexer.internalApi.secretKey")
            .or_else(|| cx.text("global.shell.authToken.key"))
            .unwrap_or_else(|| "secret".to_owned()),
        "gitlab.psql.initdbscripts" => format!("{release}-postgresql-init-db"),
        "gitlab.versionTag" => cx.gitlab_version().to_owned(),
        "gitlab.wildcard-self-signed-cert-name" => {
            cx.text("global.ingress.tls.secretName").unwrap_or_else(|| tls::wildcard(cx))
        }
        _ => return None,
    })
}

/// Addresses for users and components.
fn of_services(scope: &Scope, name: &str) -> Option<String> {
    let (cx, key) = (scope.cx, scope.chart.key);
    let rest = name.strip_prefix("gitlab.")?;
    let (part, what) = rest.rsplit_once('.')?;
    match (part, what) {
        ("gitlab" | "registry" | "minio" | "kas" | "pages" | "smartcard" | "openbao" | "workspaces", "hostname") => {
            Some(hosts::public(cx, part).host)
        }
        ("gitlab", "url") => Some(hosts::public(cx, part).url() + &workhorse::relative_root(cx)),
        ("openbao", "url") => Some(services::openbao_url(cx)),
        ("minio", "url") => Some(hosts::public(cx, part).url()),
        ("workhorse", "url") => Some(workhorse::url(cx, key)),
        ("psql", _) => {
            let database = postgres::main(cx, key)?;
            match what {
                "host" => Some(database.host),
                "port" => Some(database.port.as_str().map_or_else(|| database.port.to_string(), str::to_owned)),
                "username" => Some(database.username),
                "database" => Some(database.database),
                _ => None,
            }
        }
        ("redis", "host") => Some(redis::redis(cx, key).host),
        ("redis", "port") => Some(redis::redis(cx, key).port),
        _ => None,
    }
}

/// Secrets by purpose: the prefix of the named template, the values path of the Secret and its key, and the default
/// name after the release's.
const SECRETS: &[(&str, &[&str], &str, &str)] = &[
    ("gitlab.gitaly.authToken", &["global.gitaly.authToken"], "gitaly-secret", "token"),
    ("gitlab.praefect.authToken", &["global.praefect.authToken"], "praefect-secret", "token"),
    ("gitlab.praefect.dbSecret", &["global.praefect.dbSecret"], "praefect-dbsecret", "secret"),
    ("gitlab.gitlab-shell.authToken", &["global.shell.authToken"], "gitlab-shell-secret", "secret"),
    ("gitlab.gitlab-shell.hostKeys", &["global.shell.hostKeys"], "gitlab-shell-host-keys", ""),
    ("gitlab.workhorse", &["global.workhorse"], "gitlab-workhorse-secret", "shared_secret"),
    ("gitlab.rails-secrets", &["global.railsSecrets"], "rails-secret", ""),
    ("gitlab.registry.certificate", &["global.registry.certificate", "registry.certificate"], "registry-secret", ""),
    ("gitlab.registry.httpSecret", &["global.registry.httpSecret"], "registry-httpsecret", "secret"),
    ("gitlab.registry.notificationSecret", &["global.registry.notificationSecret"], "registry-notification", "secret"),
    (
        "gitlab.registry.database.password",
        &["registry.database.password", "global.registry.database.password"],
        "registry-database-password",
        "password",
    ),
    ("gitlab.minio.credentials", &["global.minio.credentials"], "minio-secret", ""),
    (
        "gitlab.migrations.initialRootPassword",
        &["global.initialRootPassword", "gitlab.migrations.initialRootPassword"],
        "gitlab-initial-root-password",
        "password",
    ),
    ("gitlab.gitlab-runner.registrationToken", &["global.runner.registrationToken"], "gitlab-runner-secret", ""),
    ("gitlab.kas", &["global.appConfig.gitlab_kas"], "gitlab-kas-secret", "kas_shared_secret"),
    ("gitlab.kas.privateApi", &["gitlab.kas.privateApi"], "kas-private-api", "kas_private_api_secret"),
    ("gitlab.kas.websocketToken", &["gitlab.kas.websocketToken"], "kas-websocket-token", "kas_websocket_token_secret"),
    ("gitlab.openbao.unseal", &["global.openbao.unseal"], "openbao-unseal", "key"),
    (
        "gitlab.openbao.authenticationTokenSecretFilePath",
        &["global.openbao.httpAudit"],
        "openbao-audit-secret",
        "token",
    ),
];

/// `<what it is for>.secret` and `.key`.
fn of_secrets(scope: &Scope, name: &str) -> Option<String> {
    let (cx, key) = (scope.cx, scope.chart.key);
    let (start, what) = name.rsplit_once('.')?;
    let either = |secret: String, entry: String| match what {
        "secret" => Some(secret),
        "key" => Some(entry),
        _ => None,
    };
    match start {
        "gitlab.psql.password" => return postgres::main(cx, key).and_then(|found| either(found.secret, found.key)),
        "gitlab.geo.psql.password" => {
            return postgres::geo_tracking(cx).and_then(|found| either(found.secret, found.key));
        }
        "gitlab.redis.password" => {
            return redis::redis(cx, key).password.and_then(|found| either(found.secret, found.key));
        }
        _ => {}
    }
    let (_, sections, secret, entry) = SECRETS.iter().find(|(known, ..)| *known == start)?;
    let own = sections.iter().find_map(|section| cx.text(&format!("{section}.{what}")));
    match (own, what) {
        (Some(own), "secret" | "key") => Some(own),
        (None, "secret") => Some(format!("{}-{secret}", cx.release.name)),
        (None, "key") if !entry.is_empty() => Some((*entry).to_owned()),
        _ => None,
    }
}
