//! Outgoing and incoming mail.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Process, domain};
use crate::model::app_config::{AppConfig, IncomingEmail, SecretKey};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::context::Context;
use crate::resolve::plan::View;
use crate::resolve::workload::secret_items;
use crate::view;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Smtp {
    enabled: bool,
    pool: bool,
    address: Node,
    port: Node,
    user_name: Text,
    user_name_secret: SecretKey,
    password: SecretKey,
    domain: Node,
    authentication: Text,
    starttls_auto: Node,
    tls: Node,
    openssl_verify_mode: Node,
    ca_file: Node,
    open_timeout: Node,
    read_timeout: Node,
}

impl Smtp {
    fn logs_in(&self) -> bool {
        !matches!(self.authentication.as_str(), "" | "none")
    }
}

/// `smtp_settings.rb`, where mail is sent by SMTP.
pub fn smtp(cx: &Context) -> Option<View> {
    let smtp: Smtp = cx.read("global.smtp");
    if !smtp.enabled {
        return None;
    }
    let mut settings = NodeMap::new();
    let mut put = |key: &str, value: &Node| {
        if !value.is_null() && value.as_str() != Some("") {
            settings.insert(key.to_owned(), value.clone());
        }
    };
    put("address", &smtp.address);
    put("port", &smtp.port);
    put("domain", &smtp.domain);
    put("enable_starttls_auto", &smtp.starttls_auto);
    put("tls", &smtp.tls);
    put("openssl_verify_mode", &smtp.openssl_verify_mode);
    put("ca_file", &smtp.ca_file);
    put("open_timeout", &smtp.open_timeout);
    put("read_timeout", &smtp.read_timeout);
    if smtp.logs_in() {
        put("authentication", &json!(smtp.authentication));
        if smtp.user_name_secret.named("username").is_none() {
            put("user_name", &json!(smtp.user_name));
        }
    }
    Some(view! {
        // Ruby parses a string of JSON.
        settings: Value::Object(settings).to_string(),
        with_user_name: smtp.logs_in() && smtp.user_name_secret.named("username").is_some(),
        with_password: smtp.logs_in() && smtp.password.named("password").is_some(),
        pool: smtp.pool,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Email {
    from: Text,
    display_name: Node,
    reply_to: Text,
    subject_suffix: Node,
    smime: Smime,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Smime {
    enabled: bool,
    secret_name: Option<Text>,
    key_name: Option<Text>,
    cert_name: Option<Text>,
}

/// The sender of mails.
pub fn email(cx: &Context) -> View {
    let email: Email = cx.read("global.email");
    let or = |text: &Text, name: &str| text.non_empty().map_or_else(|| format!("{name}@{}", domain(cx)), str::to_owned);
    view! {
        from: or(&email.from, "gitlab"),
        display_name: email.display_name,
        reply_to: or(&email.reply_to, "noreply"),
        subject_suffix: email.subject_suffix,
        smime: smime_secret(cx).is_some(),
    }
}

/// The Secret with the key and the certificate that sign mails, and their names in it.
pub fn smime_secret(cx: &Context) -> Option<(String, String, String)> {
    let email: Email = cx.read("global.email");
    let smime = email.smime;
    let text = |value: &Option<Text>, default: &str| value.non_empty().unwrap_or(default).to_owned();
    let secret = smime.secret_name.non_empty()?.to_owned();
    smime.enabled.then(|| (secret, text(&smime.key_name, "tls.key"), text(&smime.cert_name, "tls.crt")))
}

/// Incoming mail: the sections of `gitlab.yml`.
pub fn mailboxes(app: &AppConfig, process: Process) -> Vec<View> {
    let boxes = [("incoming_email", &app.incoming_email), ("service_desk_email", &app.service_desk_email)];
    let section = |(name, set): (&str, &IncomingEmail)| {
        let webhook = set.delivery_method.non_empty().unwrap_or("webhook") == "webhook";
        view! {
            name: name,
            address: set.address,
            secret_file: webhook.then(|| format!("/etc/gitlab/mailroom/{name}_webhook_secret")),
        }
    };
    let reads = process.works() || process == Process::GeoLogcursor;
    boxes.into_iter().filter(|(_, set)| set.enabled && reads).map(section).collect()
}

/// The secrets of mail, as sources of a projected volume.
pub fn sources(cx: &Context, app: &AppConfig, process: Process) -> Vec<Node> {
    let smtp: Smtp = cx.read("global.smtp");
    let mut sources = Vec::new();
    if let Some((secret, key)) = smtp.password.named("password").filter(|_| smtp.enabled && smtp.logs_in()) {
        sources.push(secret_items(secret, [(key, "smtp/smtp-password")]));
    }
    if let Some((secret, key)) = smtp.user_name_secret.named("username").filter(|_| smtp.enabled && smtp.logs_in()) {
        sources.push(secret_items(secret, [(key, "smtp/smtp-username")]));
    }
    let mailer = &app.microsoft_graph_mailer;
    if let Some((secret, key)) = mailer.client_secret.named("secret").filter(|_| mailer.enabled) {
        sources.push(secret_items(secret, [(key, "microsoft_graph_mailer/client_secret")]));
    }
    let boxes = [
        ("incoming_email", &app.incoming_email, "incoming-email-auth-token"),
        ("service_desk_email", &app.service_desk_email, "service-desk-email-auth-token"),
    ];
    for (name, set, default) in boxes {
        let webhook = set.delivery_method.non_empty().unwrap_or("webhook") == "webhook";
        if process == Process::Webservice && set.enabled && webhook {
            let token = &set.auth_token;
            let default = format!("{}-{default}", cx.release.name);
            let secret = token.secret.non_empty().unwrap_or(&default);
            let key = token.key.non_empty().unwrap_or("authToken");
            sources.push(secret_items(secret, [(key, format!("mailroom/{name}_webhook_secret").as_str())]));
        }
    }
    sources
}
