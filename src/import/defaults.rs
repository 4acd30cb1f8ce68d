//! What holds in the package where a setting is missing, and differs from the default of the chart.
//!
//! Sources: `attributes/default.rb` and `gitlab.rb.template` of the package, `lib/gitlab/mail_room.rb` of GitLab, and the
//! defaults of Action Mailer, through which the package sends mail.

use std::collections::BTreeMap;

use serde_json::Value;

use super::areas::Area;
use super::{From, How, Import, Row, ruby, shown, special};
use crate::diag::Diagnostic;

/// Kinds of files: the values path, the default bucket of the package, and whether the package has them on where the
/// chart has them off.
const BUCKETS: [(&str, &str, bool); 9] = [
    ("global.appConfig.artifacts", "artifacts", false),
    ("global.appConfig.ciSecureFiles", "ci-secure-files", true),
    ("global.appConfig.dependencyProxy", "dependency_proxy", true),
    ("global.appConfig.externalDiffs", "external-diffs", false),
    ("global.appConfig.lfs", "lfs-objects", false),
    ("global.appConfig.packages", "packages", false),
    ("global.pages.objectStore", "pages", false),
    ("global.appConfig.terraformState", "terraform", true),
    ("global.appConfig.uploads", "uploads", false),
];

/// The databases that GitLab may keep apart.
const DATABASES: [&str; 3] = ["ci", "sec", "embedding"];

impl Import {
    /// Sets a value that neither the file has nor a finding names.
    fn default(&mut self, setting: &str, path: &str, value: impl Into<Value>) {
        if self.get(path).is_none() && !self.lost.iter().any(|lost| lost == setting) {
            self.put(path, value.into());
        }
    }

    /// A switch whose value only a run would give: what it switches is carried over, and a finding names the switch.
    pub(super) fn unknown_switch(&mut self, key: &str, line: usize) {
        match key {
            "gitlab_rails.ldap_enabled" => self.ldap = Some((true, line)),
            "gitlab_rails.object_store.enabled" => self.put("global.appConfig.object_store.enabled", true.into()),
            key if key.ends_with("_object_store_enabled") => self.kind_in_store(key),
            _ => {}
        }
    }

    /// Action Mailer takes port 25 and STARTTLS where the server offers it, and authenticates where there is a password.
    pub(super) fn smtp_defaults(&mut self) {
        self.default("gitlab_rails.smtp_port", "global.smtp.port", 25);
        let has_password = self.get("global.smtp.password").is_some();
        let way = if has_password { "plain" } else { "" };
        self.default("gitlab_rails.smtp_authentication", "global.smtp.authentication", way);
        if self.get("global.smtp.tls") != Some(&Value::Bool(true)) {
            self.default("gitlab_rails.smtp_enable_starttls_auto", "global.smtp.starttls_auto", true);
        }
        let setting = "gitlab_rails.smtp_address";
        if self.get("global.smtp.address").is_none() && !self.lost.iter().any(|lost| lost == setting) {
            self.missing.push((Area::Mail, 0));
            let message =
                format!("`{}` is not set: the package then uses a mail server on its own machine", shown(setting));
            let hint = "write the address at which pods reach a mail server into `global.smtp.address`";
            self.findings.push(Diagnostic::warning("by-hand", message).hint(hint));
        }
    }

    /// Without settings, mail is fetched from port 143 without TLS.
    pub(super) fn incoming_mail(&mut self) {
        for (setting, to) in [
            ("gitlab_rails.incoming_email", "global.appConfig.incomingEmail"),
            ("gitlab_rails.service_desk_email", "global.appConfig.serviceDeskEmail"),
        ] {
            let on = self.get(&format!("{to}.enabled")) == Some(&Value::Bool(true));
            let graph = self.get(&format!("{to}.inboxMethod")).and_then(Value::as_str) == Some("microsoft_graph");
            // An address alone is what a machine has that does not fetch mail itself.
            if !on || graph || self.get(&format!("{to}.user")).is_none() {
                continue;
            }
            self.default(&format!("{setting}_port"), &format!("{to}.port"), 143);
            self.default(&format!("{setting}_ssl"), &format!("{to}.ssl"), false);
            let host = format!("{setting}_host");
            if self.get(&format!("{to}.host")).is_none() && !self.lost.contains(&host) {
                self.missing.push((Area::Mail, 0));
                let message = format!("`{}` is not set, so the server with the mailbox is not known", shown(&host));
                let hint = format!("set `{to}.host`; without it, the chart takes `imap.gmail.com`");
                self.findings.push(Diagnostic::warning("by-hand", message).hint(hint));
            }
        }
    }

    /// A server without a password, and the name of the primary server that Sentinels know.
    pub(super) fn redis_defaults(&mut self) {
        let sentinels = self.get("global.redis.sentinels").is_some();
        match self.redis_master.take() {
            Some((name, _)) if sentinels => self.put("global.redis.host", name),
            Some((_, line)) => {
                let message = format!("`{}`: without `redis_sentinels` nothing uses it", shown("redis.master_name"));
                self.note("not-carried", message, line, "name the server in `global.redis.host`");
            }
            None if sentinels => self.put("global.redis.host", "gitlab-redis".into()),
            None => {}
        }
        if self.get("global.redis.host").is_some() {
            self.put_if_external("redis.install");
            if self.get("global.redis.auth.secret").is_none() {
                self.default("gitlab_rails.redis_password", "global.redis.auth.enabled", false);
            }
        }
        if self.get("global.redis.sentinelAuth.secret").is_some() {
            self.put("global.redis.sentinelAuth.enabled", true.into());
        }
    }

    fn put_if_external(&mut self, switch: &str) {
        if self.get(switch).is_none() {
            self.put(switch, false.into());
        }
    }

    /// Buckets and switches of the kinds of files that are in object storage. Downloads go straight to the store, where
    /// the chart passes them through GitLab.
    pub(super) fn store_defaults(&mut self, consolidated: bool) {
        if consolidated {
            self.default(
                "gitlab_rails.object_store.proxy_download",
                "global.appConfig.object_store.proxy_download",
                false,
            );
        }
        for (to, bucket, on_in_the_package) in BUCKETS {
            let own = self.in_store.contains(&to) && self.get(&format!("{to}.connection")).is_some();
            if own {
                self.default("", &format!("{to}.bucket"), bucket);
                let proxied = !on_in_the_package || to.ends_with("dependencyProxy");
                if proxied && !to.ends_with("objectStore") {
                    self.default("", &format!("{to}.proxy_download"), false);
                }
            }
            let used = own || (consolidated && self.get(&format!("{to}.bucket")).is_some());
            if used && on_in_the_package {
                self.default("", &format!("{to}.enabled"), true);
            }
        }
    }

    /// The package has no runner, and a container registry only where the file names one or Let's Encrypt is used.
    pub(super) fn parts_of_the_chart(&mut self) {
        let http = self.get("global.hosts.https") == Some(&Value::Bool(false));
        if (http || self.own_certificate) && self.get("global.hosts.registry").is_none() {
            self.default("registry_external_url", "global.registry.enabled", false);
        }
        self.put("gitlab-runner.install", false.into());
    }

    /// `gitlab_rails['databases']['ci']['db_host']`: a database of its own for a part of the data.
    pub(super) fn database(
        &mut self,
        table: &BTreeMap<&str, Row>,
        name: &str,
        setting: &str,
        key: &str,
        value: ruby::Value,
        line: usize,
    ) {
        // The settings without a name are those of the main database.
        if name == "main" {
            return match setting {
                "enable" => {}
                _ => self.setting(table, &format!("gitlab_rails.{setting}"), value, line),
            };
        }
        if !DATABASES.contains(&name) {
            let hint = "`global.psql` has `main`, `ci`, `sec` and `embedding`, `global.geo.psql` the tracking database";
            return self.lost("not-carried", key, "there is no such database in the values", line, hint);
        }
        let to = format!("global.psql.{name}");
        if setting == "enable" {
            return match special::plain(value) {
                Ok(value) if value.is_null() => {}
                Ok(value) => self.put(&format!("{to}.enabled"), value),
                Err(what) => {
                    let hint = format!("write its result into `{to}.enabled`");
                    self.lost("computed", key, &format!("{what} cannot be evaluated"), line, &hint);
                }
            };
        }
        let row = table.get(format!("gitlab_rails.{setting}").as_str());
        if let Some(row) = row.filter(|row| row.how == How::None) {
            return self.note("not-carried", format!("`{}`: {}", shown(key), row.about), line, super::DOCS);
        }
        let known = row.and_then(|row| Some((row, row.to.strip_prefix("global.psql.")?)));
        let Some((row, field)) = known.filter(|(row, _)| matches!(row.how, How::Value | How::Secret)) else {
            let hint = format!("`{to}` has the settings that there are");
            return self.lost("not-carried", key, "there is no equivalent value for this setting", line, &hint);
        };
        let to = format!("{to}.{field}");
        if row.how == How::Secret {
            if value != ruby::Value::Nil {
                let secret = format!("gitlab-postgresql-{name}-password");
                self.put(&format!("{to}.secret"), secret.as_str().into());
                self.put(&format!("{to}.key"), "password".into());
                self.add_secret(&secret, "password", From::Setting(shown(key), line));
            }
            return;
        }
        match special::plain(value) {
            Ok(Value::Null) => self.remove(&to),
            Ok(value) => self.put(&to, super::fitting(&to, value)),
            Err(what) => {
                let hint = format!("write its result into `{to}`");
                self.lost("computed", key, &format!("{what} cannot be evaluated"), line, &hint);
            }
        }
    }
}
