//! Sign-in: LDAP, OmniAuth, Kerberos, Duo, smartcards.

use crate::model::NonEmpty;
use serde_json::Value;

use super::{Process, optional};
use crate::model::Node;
use crate::model::app_config::AppConfig;
use crate::resolve::context::Context;
use crate::resolve::plan::View;
use crate::resolve::shared::hosts;
use crate::resolve::workload::secret_items;
use crate::view;

fn text<'v>(map: &'v Value, key: &str) -> Option<&'v str> {
    map.get(key).and_then(Value::as_str).filter(|s| !s.is_empty())
}

/// LDAP servers; a password in a Secret is mounted as a file.
pub fn ldap(app: &AppConfig) -> View {
    let server = |(name, set): (&String, &Node)| {
        let secret = set.get("password").is_some_and(|p| p.is_object());
        let fields = set.as_object().into_iter().flatten();
        let settings: Vec<(&String, &Value)> =
            fields.filter(|(key, value)| !(value.is_null() || secret && *key == "password")).collect();
        view! { name: name, settings: settings, password_file: secret.then(|| format!("/etc/gitlab/ldap/{name}/password")) }
    };
    let servers: Vec<View> = app.ldap.servers.iter().filter(|(_, set)| set.is_object()).map(server).collect();
    view! {
        enabled: !servers.is_empty(),
        prevent_sign_in: app.ldap.prevent_signin.then_some(true),
        servers: servers,
    }
}

/// OmniAuth providers: in a Secret, or inline.
pub fn providers(app: &AppConfig) -> Vec<View> {
    let provider = |set: &Node| {
        let secret = text(set, "secret").filter(|_| text(set, "name").is_none());
        let file =
            secret.map(|secret| format!("/etc/gitlab/omniauth/{secret}/{}", text(set, "key").unwrap_or("provider")));
        view! { file: file, settings: set }
    };
    app.omniauth.providers.iter().map(provider).collect()
}

/// Duo's second factor.
pub fn duo(app: &AppConfig) -> View {
    let duo = &app.duo_auth;
    let file = duo.secret_key.named("secretKey").filter(|_| duo.enabled);
    view! {
        enabled: duo.enabled,
        hostname: duo.hostname,
        integration_key: duo.integration_key,
        secret_file: file.map(|(secret, key)| format!("/etc/gitlab/duo/{secret}/{key}")),
    }
}

/// Smartcards.
pub fn smartcard(cx: &Context, app: &AppConfig) -> View {
    let set = &app.smartcard;
    let host = set.client_certificate_required_host.non_empty();
    view! {
        enabled: set.enabled,
        host: host.map_or_else(|| hosts::public(cx, "smartcard").host, str::to_owned),
        required_for_git_access: set.required_for_git_access,
        san_extensions: set.san_extensions,
    }
}

/// Kerberos.
pub fn kerberos(app: &AppConfig) -> Node {
    let set = &app.kerberos;
    optional(true, || {
        view! {
            enabled: set.enabled,
            service_principal_name: set.service_principal_name.non_empty(),
            dedicated_port: set.dedicated_port,
            simple_ldap_linking_allowed_realms: crate::resolve::workload::non_empty(&set.simple_ldap_linking_allowed_realms),
        }
    })
}

/// The secrets of sign-in, as sources of a projected volume.
pub fn sources(app: &AppConfig, process: Process) -> Vec<Node> {
    let mut sources = Vec::new();
    for (name, server) in &app.ldap.servers {
        let password = server.get("password").unwrap_or(&Value::Null);
        if let Some(secret) = text(password, "secret") {
            let key = text(password, "key").unwrap_or("password");
            sources.push(secret_items(secret, [(key, format!("ldap/{name}/password").as_str())]));
        }
    }
    for provider in &app.omniauth.providers {
        if let Some(secret) = text(provider, "secret").filter(|_| text(provider, "name").is_none()) {
            let key = text(provider, "key").unwrap_or("provider");
            sources.push(secret_items(secret, [(key, format!("omniauth/{secret}/{key}").as_str())]));
        }
    }
    if let Some((secret, key)) = app.duo_auth.secret_key.named("secretKey").filter(|_| app.duo_auth.enabled) {
        sources.push(secret_items(secret, [(key, format!("duo/{secret}/{key}").as_str())]));
    }
    let card = app.smartcard.ca_secret.non_empty();
    if let Some(secret) = card.filter(|_| app.smartcard.enabled && process == Process::Webservice) {
        sources.push(secret_items(secret, [("ca.crt", "rails-secrets/smartcard-ca.crt")]));
    }
    sources
}
