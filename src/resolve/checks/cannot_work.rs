//! Combinations that the official chart renders, and that cannot work in a cluster. They are warnings, because what is written is what
//! the official chart writes.

use std::collections::HashMap;

use serde_json::Value;

use super::{is_set, parsed};
use crate::diag::Diagnostic;
use crate::resolve::context::Context;

/// Reports combinations that cannot work.
pub(super) fn check(cx: &Context) {
    for rule in [
        smtp_port,
        mailboxes,
        nobody_reads_mail,
        one_address,
        ldap,
        sign_in_without_provider,
        providers_twice,
        kerberos,
        smartcards,
        buckets,
        pages_store,
        click_house,
        gitaly_of_praefect,
        sidekiq_pods,
    ] {
        rule(cx);
    }
}

/// Warns about the value at the first of two paths, which does not go with the second.
fn warn(cx: &Context, [path, other]: [&str; 2], message: &str, hint: &str) {
    let diagnostic = Diagnostic::warning("cannot-work", format!("`{path}`: {message}")).at_value(parsed(path));
    let second = (other != path).then(|| parsed(other));
    cx.say(diagnostic.at_values(second).hint(hint));
}

fn number(cx: &Context, path: &str) -> Option<u64> {
    cx.text(path)?.parse().ok()
}

/// Servers speak TLS from the first byte at port 465, and begin without it at the others.
fn smtp_port(cx: &Context) {
    if !cx.enabled("global.smtp.enabled") {
        return;
    }
    let paths = ["global.smtp.port", "global.smtp.tls"];
    match (number(cx, paths[0]), cx.enabled(paths[1])) {
        (Some(465), false) => warn(
            cx,
            paths,
            "mail servers speak TLS from the first byte at port 465, and `global.smtp.tls` is not on: sending waits until it times out",
            "set `global.smtp.tls: true` and `global.smtp.starttls_auto: false`, or take port 587 with `global.smtp.starttls_auto: true`",
        ),
        (Some(port @ (25 | 587)), true) => warn(
            cx,
            paths,
            &format!("mail servers begin without TLS at port {port}, and `global.smtp.tls` makes GitLab begin with it"),
            "take port 465, or set `global.smtp.tls: false` and `global.smtp.starttls_auto: true`",
        ),
        _ => {}
    }
}

/// Mailboxes that are read by IMAP.
fn mailboxes(cx: &Context) {
    for base in ["global.appConfig.incomingEmail", "global.appConfig.serviceDeskEmail"] {
        let on = format!("{base}.enabled");
        if !cx.enabled(&on) || cx.section(&format!("{base}.inboxMethod")) == "microsoft_graph" {
            continue;
        }
        let needed = [
            ("address", "GitLab does not know which address to put into its mails"),
            ("host", "no server is named from which mail is read"),
            ("user", "nobody can log in to the mailbox"),
        ];
        for (key, why) in needed {
            let path = format!("{base}.{key}");
            if !is_set(cx, &path) {
                let message = format!("is missing, and `{on}` is on: {why}");
                warn(cx, [&path, &on], &message, "write it as your provider of mail names it");
            }
        }
        let [port, ssl, start] = ["port", "ssl", "startTls"].map(|key| format!("{base}.{key}"));
        if cx.enabled(&ssl) && cx.enabled(&start) {
            warn(
                cx,
                [&start, &ssl],
                &format!("begins without TLS, and `{ssl}` begins with it: Mailroom cannot do both"),
                &format!("keep `{ssl}: true` for port 993, or `{start}: true` for port 143"),
            );
        } else if number(cx, &port) == Some(993) && !cx.enabled(&ssl) {
            warn(
                cx,
                [&ssl, &port],
                &format!("is off, and mail servers speak TLS from the first byte at port 993, which `{port}` names"),
                &format!("set `{ssl}: true`, or take port 143 with `{start}: true`"),
            );
        } else if number(cx, &port) == Some(143) && cx.enabled(&ssl) {
            warn(
                cx,
                [&port, &ssl],
                &format!("mail servers begin without TLS at port 143, and `{ssl}` begins with it"),
                &format!("take port 993, or set `{ssl}: false` and `{start}: true`"),
            );
        }
    }
}

fn nobody_reads_mail(cx: &Context) {
    let paths = ["gitlab.mailroom.enabled", "global.appConfig.incomingEmail.enabled"];
    if cx.section(paths[0]) == &Value::Bool(false) && cx.enabled(paths[1]) {
        warn(
            cx,
            paths,
            "nobody reads the mailbox that `global.appConfig.incomingEmail.enabled` asks for",
            "remove it, or set `global.appConfig.incomingEmail.enabled: false`",
        );
    }
}

/// Which of both a mail is for follows from its address.
fn one_address(cx: &Context) {
    let paths = ["global.appConfig.serviceDeskEmail.address", "global.appConfig.incomingEmail.address"];
    let on = ["global.appConfig.serviceDeskEmail.enabled", "global.appConfig.incomingEmail.enabled"];
    let [desk, incoming] = paths.map(|path| cx.text(path));
    if on.iter().all(|path| cx.enabled(path)) && desk.is_some() && desk == incoming {
        warn(
            cx,
            paths,
            "is that of `global.appConfig.incomingEmail.address` too, and a mail can be for one of both only",
            "give Service Desk a mailbox of its own",
        );
    }
}

fn ldap(cx: &Context) {
    let base = "global.appConfig.ldap.servers";
    for (name, server) in cx.section(base).as_object().into_iter().flatten() {
        let word = |key: &str| server.get(key).and_then(Value::as_str).unwrap_or_default();
        let [port_path, encryption] = ["port", "encryption"].map(|key| format!("{base}.{name}.{key}"));
        let port = server.get("port").and_then(|port| port.as_u64().or_else(|| port.as_str()?.parse().ok()));
        match (port, word("encryption")) {
            (Some(port @ (636 | 3269)), "plain" | "start_tls") => warn(
                cx,
                [&encryption, &port_path],
                &format!("directories speak TLS from the first byte at port {port}: nobody can sign in by this server"),
                "write `simple_tls`, or take port 389",
            ),
            (Some(port @ (389 | 3268)), "simple_tls") => warn(
                cx,
                [&encryption, &port_path],
                &format!("directories begin without TLS at port {port}: nobody can sign in by this server"),
                "write `start_tls`, or take port 636",
            ),
            _ => {}
        }
        let password = server.get("password").is_some_and(|value| !value.is_null() && value != "");
        if !word("bind_dn").is_empty() && !password {
            let [bind, password] = ["bind_dn", "password"].map(|key| format!("{base}.{name}.{key}"));
            warn(
                cx,
                [&bind, &bind],
                &format!("`{password}` is missing, and directories refuse an account without a password"),
                &format!("name the Secret with it in `{password}.secret`, or remove `bind_dn` for an anonymous search"),
            );
        }
    }
}

fn sign_in_without_provider(cx: &Context) {
    let base = "global.appConfig.omniauth";
    let path = format!("{base}.autoSignInWithProvider");
    let providers = format!("{base}.providers");
    let none = cx.section(&providers).as_array().is_none_or(Vec::is_empty);
    if cx.enabled(&format!("{base}.enabled")) && none && is_set(cx, &path) && cx.section(&path) != false {
        warn(
            cx,
            [&path, &providers],
            &format!("everybody is sent to a provider of sign-ins, and `{providers}` has none"),
            &format!("list the provider in `{providers}`, or remove this line"),
        );
    }
}

/// The same key of the same Secret is the same provider.
fn providers_twice(cx: &Context) {
    let base = "global.appConfig.omniauth.providers";
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (index, provider) in cx.section(base).as_array().into_iter().flatten().enumerate() {
        let Some(secret) = provider.get("secret").and_then(Value::as_str) else { continue };
        let key = provider.get("key").and_then(Value::as_str).unwrap_or("provider");
        if let Some(first) = seen.insert(format!("{secret} {key}"), index) {
            warn(
                cx,
                [&format!("{base}[{index}]"), &format!("{base}[{first}]")],
                &format!(
                    "is the provider of `{base}[{first}]` once more: both read the key `{key}` of the Secret `{secret}`"
                ),
                "name another key or another Secret, or remove one of both",
            );
        }
    }
}

fn kerberos(cx: &Context) {
    let [on, secret] = ["enabled", "keytab.secret"].map(|key| format!("global.appConfig.kerberos.{key}"));
    if cx.enabled(&on) && !is_set(cx, &secret) {
        warn(
            cx,
            [&secret, &on],
            &format!("is missing, and `{on}` is on: GitLab has no keytab to check tickets with"),
            "name the Secret that contains the keytab",
        );
    }
}

fn smartcards(cx: &Context) {
    let [on, secret] = ["enabled", "CASecret"].map(|key| format!("global.appConfig.smartcard.{key}"));
    if cx.enabled(&on) && !is_set(cx, &secret) && !cx.enabled("global.gatewayApi.enabled") {
        warn(
            cx,
            [&secret, &on],
            &format!("is missing, and `{on}` is on: no smartcard is accepted"),
            "name the Secret with the certificate authority of the smartcards in `ca.crt`",
        );
    }
}

/// Kinds of objects that GitLab keeps in buckets of their own.
const KINDS: [&str; 8] =
    ["artifacts", "ciSecureFiles", "dependencyProxy", "externalDiffs", "lfs", "packages", "terraformState", "uploads"];

/// Files of two kinds may have one name, and a cleaned bucket loses the files of both.
fn buckets(cx: &Context) {
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut paths: Vec<String> = Vec::new();
    for store in KINDS.map(|kind| format!("global.appConfig.{kind}")) {
        if cx.enabled(&format!("{store}.enabled")) {
            paths.push(format!("{store}.bucket"));
        }
    }
    paths.extend(["bucket", "tmpBucket"].map(|key| format!("global.appConfig.backups.{key}")));
    for path in paths {
        let Some(bucket) = cx.text(&path) else { continue };
        // A prefix in the bucket keeps the kinds apart.
        if bucket.contains('/') {
            continue;
        }
        if let Some(first) = seen.get(&bucket) {
            warn(
                cx,
                [&path, first],
                &format!(
                    "the bucket `{bucket}` is that of `{first}` too, and one overwrites or removes files of the other"
                ),
                "name a bucket that nothing else uses",
            );
        } else {
            seen.insert(bucket, path);
        }
    }
}

fn pages_store(cx: &Context) {
    let [on, objects, local] =
        ["enabled", "objectStore.enabled", "localStore.enabled"].map(|key| format!("global.pages.{key}"));
    if cx.enabled(&on) && !cx.enabled(&objects) && !cx.enabled(&local) {
        warn(
            cx,
            [&objects, &on],
            &format!("is off, and `{local}` too: Pages has no place for the sites that people deploy"),
            &format!("set `{objects}: true` and name a bucket"),
        );
    }
}

fn click_house(cx: &Context) {
    let on = "global.clickhouse.enabled";
    if !cx.enabled(on) {
        return;
    }
    for (key, hint) in [
        ("url", "write the URL of the server, for example `https://clickhouse.example.com:8443`"),
        ("username", "name the user of GitLab in ClickHouse"),
        ("password.secret", "name the Secret with the password of the user"),
        ("database", "name the database of GitLab in ClickHouse"),
    ] {
        let path = format!("global.clickhouse.main.{key}");
        if !is_set(cx, &path) {
            let message = format!("is missing, and `{on}` is on: GitLab cannot connect to ClickHouse");
            warn(cx, [&path, on], &message, hint);
        }
    }
}

fn gitaly_of_praefect(cx: &Context) {
    if !cx.enabled("global.praefect.enabled") {
        return;
    }
    let storages = cx.section("global.praefect.virtualStorages").as_array();
    for (index, storage) in storages.into_iter().flatten().enumerate() {
        if storage.get("gitalyReplicas") == Some(&Value::from(0)) {
            let path = format!("global.praefect.virtualStorages[{index}].gitalyReplicas");
            warn(
                cx,
                [&path, &path],
                "no Gitaly stores the repositories of this storage",
                "write how many pods it has, 3 in most cases",
            );
        }
    }
}

/// A list without pods takes the place of the default one.
fn sidekiq_pods(cx: &Context) {
    let path = "gitlab.sidekiq.pods";
    if cx.enabled("gitlab.sidekiq.enabled") && cx.section(path).as_array().is_some_and(Vec::is_empty) {
        warn(
            cx,
            [path, path],
            "is empty: no pod works off the jobs of GitLab",
            "remove it for the default pods, or list at least one",
        );
    }
}
