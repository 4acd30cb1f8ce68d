//! Conclusions from all settings together.

use serde_json::Value;

use super::{Import, shown};
use crate::diag::Diagnostic;

impl Import {
    pub(super) fn conclude(&mut self) {
        for (path, switch) in [("global.psql.host", "postgresql.install"), ("global.redis.host", "redis.install")] {
            if self.get(path).is_some() && self.get(switch).is_none() {
                self.put(switch, false.into());
            }
        }
        self.database_password();
        self.stores();
        self.sign_in();
        self.mail();
        self.redis_defaults();
        self.incoming_mail();
        self.parts_of_the_chart();
        self.hosts();
        self.default_storage();
        if !self.missing.is_empty() {
            self.missing.sort_unstable();
            self.missing.dedup();
            let areas: Vec<String> = self
                .missing
                .chunk_by(|(a, _), (b, _)| a == b)
                .map(|same| {
                    let lines: Vec<String> =
                        same.iter().filter(|(_, line)| *line > 0).map(|(_, line)| line.to_string()).collect();
                    match lines.len() {
                        0 => same[0].0.to_string(),
                        1 => format!("{} (line {})", same[0].0, lines[0]),
                        _ => format!("{} (lines {})", same[0].0, lines.join(", ")),
                    }
                })
                .collect();
            let message = format!("settings that a release needs were not carried over: {}", areas.join(", "));
            let hint = "the warnings above explain what to write into the values; this is why the exit status is 1";
            self.findings.push(Diagnostic::warning("incomplete-import", message).hint(hint));
        }
        let hint = "https://docs.gitlab.com/charts/installation/migration/package_to_helm/";
        let message = "values are only half of a migration: move repositories, uploads and the database by a backup and a restore";
        self.findings.push(Diagnostic::note("data", message).hint(hint));
    }

    /// The package also logs in by a certificate or as a trusted host; a release reads a password.
    fn database_password(&mut self) {
        let has = |path: &str| self.get(path).is_some();
        if has("global.psql.host") && !has("global.psql.password") && !has("global.psql.ssl.clientCertificate") {
            let message = "`db_host` is set without `db_password`: a release logs in to its database by a password";
            let hint =
                "create a Secret with the password of GitLab's user, and name it in `global.psql.password.secret`";
            self.findings.push(Diagnostic::warning("by-hand", message).hint(hint));
        }
    }

    /// A switch, which is off by default, enables LDAP in the package; the list of servers does in the chart.
    fn sign_in(&mut self) {
        if matches!(self.ldap, Some((true, _))) || self.get("global.appConfig.ldap.servers").is_none() {
            return;
        }
        self.remove("global.appConfig.ldap.servers");
        self.secrets.retain(|secret| !secret.name.starts_with("gitlab-ldap-"));
        let switch = shown("gitlab_rails.ldap_enabled");
        let (why, line) = match self.ldap {
            Some((_, line)) => (format!("`{switch}` is false"), line),
            None => (format!("`{switch}` is not set, which the package takes as false"), self.ldap_servers),
        };
        let message = format!("{why}, so no server is written into the values");
        self.note("not-carried", message, line, "GitLab uses the servers as soon as they are in the values");
    }

    fn mail(&mut self) {
        let is_on = |import: &Self, key: &str| import.get(&format!("global.smtp.{key}")) == Some(&Value::Bool(true));
        if self.smtp_ssl {
            self.put("global.smtp.tls", true.into());
        }
        if is_on(self, "tls") && is_on(self, "starttls_auto") {
            self.put("global.smtp.starttls_auto", false.into());
            let message =
                "`smtp_tls` and `smtp_enable_starttls_auto` are both on: implicit TLS (`smtp_tls`) is carried over";
            let hint = "on port 587 the server probably expects STARTTLS: swap `global.smtp.tls` and `global.smtp.starttls_auto`";
            self.findings.push(Diagnostic::warning("by-hand", message).hint(hint));
        }
        let way = self.get("global.smtp.authentication").and_then(Value::as_str).map(str::to_owned);
        if way.is_some_and(|way| !way.is_empty()) && self.get("global.smtp.password").is_none() {
            // Without the key, the chart authenticates.
            self.put("global.smtp.authentication", "".into());
            let message = "`smtp_authentication` is set without `smtp_password`: mail is sent without authentication";
            let hint = "if the server requires a password, set `global.smtp.authentication` and `global.smtp.password`";
            self.findings.push(Diagnostic::warning("by-hand", message).hint(hint));
        }
        if self.without_mail && is_on(self, "enabled") {
            self.put("global.smtp.enabled", false.into());
        }
        if is_on(self, "enabled") {
            self.smtp_defaults();
        }
    }

    /// The file of one machine may name only the storages of that machine, and GitLab needs one that is named `default`.
    fn default_storage(&mut self) {
        let Some(internal) = self.get("global.gitaly.internal.names").or_else(|| self.get("global.gitaly.external"))
        else {
            return;
        };
        let external = self.get("global.gitaly.external").and_then(Value::as_array).into_iter().flatten();
        let mut names = internal.as_array().into_iter().flatten().chain(external);
        if names.any(|name| name == "default" || name.get("name").is_some_and(|name| name == "default")) {
            return;
        }
        self.missing.push((super::areas::Area::Storage, 0));
        let message = "no storage is named `default`, which GitLab needs; the file of another machine may name it";
        let hint = "name it in `global.gitaly.internal.names` or `global.gitaly.external`";
        self.findings.push(Diagnostic::warning("by-hand", message).hint(hint));
    }

    fn hosts(&mut self) {
        let gitlab = self.get("global.hosts.gitlab.name").and_then(Value::as_str).map(str::to_owned);
        for (service, what) in
            [("registry", "the container registry"), ("pages", "GitLab Pages"), ("kas", "the agent server")]
        {
            let name = self.get(&format!("global.hosts.{service}.name")).and_then(Value::as_str);
            if gitlab.is_none() || name != gitlab.as_deref() {
                continue;
            }
            self.remove(&format!("global.hosts.{service}.name"));
            let message = format!(
                "{what} shares GitLab's host and differs only by port or path, which an Ingress of the release cannot do"
            );
            let hint = format!(
                "it gets its own host, `{service}` in the same domain: add it to DNS and to the certificate, or set `global.hosts.{service}.name`"
            );
            self.findings.push(Diagnostic::warning("by-hand", message).hint(&hint));
        }
        if self.get("global.hosts.domain").is_none() {
            self.missing.push((super::areas::Area::Address, 0));
            let message = "the domain of GitLab is not known: there is no `external_url` with a name in DNS";
            self.findings.push(
                Diagnostic::warning("by-hand", message)
                    .hint("set `global.hosts.domain`; without it, `example.com` is used"),
            );
        }
    }
}
