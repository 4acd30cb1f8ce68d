//! Outgoing mail, and the mailboxes that GitLab reads.

use super::{is_set, refuse, refuse_beside, required, warn};
use crate::resolve::context::Context;

/// Reports contradictory settings of mail.
pub(super) fn check(cx: &Context) {
    encryption(cx);
    smtp_password(cx);
    smtp_user(cx);
    smime(cx);
    for mailbox in ["incomingEmail", "serviceDeskEmail"] {
        login(cx, mailbox);
    }
    // Some users write `serviceDesk` for `serviceDeskEmail`; the official chart checks that spelling too.
    for mailbox in ["incomingEmail", "serviceDeskEmail", "serviceDesk"] {
        graph(cx, mailbox);
    }
    service_desk(cx);
    graph_mailer(cx);
}

/// A port of a mail server uses TLS from the first byte, or switches to it by STARTTLS.
fn encryption(cx: &Context) {
    if cx.enabled("global.smtp.tls") && cx.enabled("global.smtp.starttls_auto") {
        refuse_beside(
            cx,
            "smtp-encryption",
            ["global.smtp.tls", "global.smtp.starttls_auto"],
            "implicit TLS and `global.smtp.starttls_auto`, which begins without TLS, exclude each other",
            "keep `global.smtp.tls: true` for port 465, or `global.smtp.starttls_auto: true` for port 587",
        );
    }
}

fn smtp_password(cx: &Context) {
    let login = cx.text("global.smtp.authentication").filter(|method| method != "none");
    let login = login.filter(|_| cx.enabled("global.smtp.enabled") && !is_set(cx, "global.smtp.password.secret"));
    if let Some(method) = login {
        refuse_beside(
            cx,
            "smtp-password",
            ["global.smtp.password.secret", "global.smtp.authentication"],
            &format!("is missing, and `global.smtp.authentication` is `{method}`"),
            "name the Secret with the password here, or set `global.smtp.authentication: \"\"` for a server without login",
        );
    }
}

/// Ruby's SMTP client refuses to log in without a user.
fn smtp_user(cx: &Context) {
    let login = cx.text("global.smtp.authentication").filter(|method| !method.is_empty() && method != "none");
    let named = is_set(cx, "global.smtp.user_name") || is_set(cx, "global.smtp.user_name_secret.secret");
    if cx.enabled("global.smtp.enabled") && login.is_some() && !named {
        warn(
            cx,
            "smtp-user",
            "global.smtp.user_name",
            "is missing, and without it GitLab cannot log in to the mail server, as `global.smtp.authentication` asks for",
            "name the user, or set `global.smtp.authentication: \"\"` for a server without login",
        );
    }
}

fn smime(cx: &Context) {
    if cx.enabled("global.email.smime.enabled") {
        required(
            cx,
            "smime-secret",
            "global.email.smime.secretName",
            "`global.email.smime.enabled` enables signed mail",
            "name a Secret with the certificate and its key, `tls.crt` and `tls.key`",
        );
    }
}

/// Mailroom needs a password for a mailbox, except with Microsoft Graph.
fn login(cx: &Context, mailbox: &str) {
    let base = format!("global.appConfig.{mailbox}");
    let reads = cx.enabled("gitlab.mailroom.enabled") && cx.enabled("global.appConfig.incomingEmail.enabled");
    if reads && cx.enabled(&format!("{base}.enabled")) && !is_graph(cx, &base) {
        required(
            cx,
            "mailbox-password",
            &format!("{base}.password.secret"),
            &format!("`{base}.enabled` makes Mailroom log in to the mailbox"),
            "create a Secret with the password of the mailbox, and name it here",
        );
    }
}

fn is_graph(cx: &Context, base: &str) -> bool {
    cx.section(&format!("{base}.inboxMethod")) == "microsoft_graph"
}

fn graph(cx: &Context, mailbox: &str) {
    let base = format!("global.appConfig.{mailbox}");
    if !cx.enabled(&format!("{base}.enabled")) || !is_graph(cx, &base) {
        return;
    }
    for key in ["tenantId", "clientId", "clientSecret.secret"] {
        required(
            cx,
            "mailbox-incomplete",
            &format!("{base}.{key}"),
            &format!("`{base}.inboxMethod` is `microsoft_graph`"),
            "copy the tenant and the client from the app registration in Microsoft Entra; the client's secret goes into a Secret",
        );
    }
}

/// Replies to an issue of Service Desk arrive at the address of incoming mail, so both need a placeholder for the key.
fn service_desk(cx: &Context) {
    if !cx.enabled("global.appConfig.serviceDeskEmail.enabled") {
        return;
    }
    if !cx.enabled("global.appConfig.incomingEmail.enabled") {
        refuse_beside(
            cx,
            "service-desk",
            ["global.appConfig.serviceDeskEmail.enabled", "global.appConfig.incomingEmail.enabled"],
            "Service Desk needs incoming mail, and `global.appConfig.incomingEmail.enabled` is false",
            "set up `global.appConfig.incomingEmail` as well, or remove the mailbox of Service Desk",
        );
        return;
    }
    for mailbox in ["incomingEmail", "serviceDeskEmail"] {
        let path = format!("global.appConfig.{mailbox}.address");
        if !cx.text(&path).is_some_and(|address| address.contains("+%{key}@")) {
            refuse(
                cx,
                "service-desk",
                &path,
                "`global.appConfig.serviceDeskEmail.enabled` needs an address with a placeholder for the key of a project or reply",
                "write the address with `+%{key}` before the `@`, for example `inbox+%{key}@example.com`",
            );
        }
    }
}

fn graph_mailer(cx: &Context) {
    let base = "global.appConfig.microsoft_graph_mailer";
    if cx.enabled(&format!("{base}.enabled")) {
        required(
            cx,
            "graph-mailer",
            &format!("{base}.client_secret.secret"),
            &format!("`{base}.enabled` sends mail with Microsoft Graph"),
            "create a Secret with the client secret of the app registration, and name it here",
        );
    }
}
