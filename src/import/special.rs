//! Settings that take more than a place in the values.

use serde_json::{Map, Value, json};

use super::{Import, ruby, shown};
use crate::diag::Diagnostic;
use crate::yaml::read::read_plain;

/// A value without anything that would have to be computed.
///
/// # Errors
/// What it would take, as `an environment variable`.
pub(super) fn plain(value: ruby::Value) -> Result<Value, &'static str> {
    Ok(match value {
        ruby::Value::Nil => Value::Null,
        ruby::Value::Bool(value) => Value::Bool(value),
        ruby::Value::Int(number) => number.into(),
        ruby::Value::Float(number) => number.into(),
        ruby::Value::Text(text) => Value::String(text),
        ruby::Value::List(items) => Value::Array(items.into_iter().map(plain).collect::<Result<_, _>>()?),
        ruby::Value::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = match plain(key)? {
                    Value::String(key) => key,
                    other => other.to_string(),
                };
                map.insert(key, plain(value)?);
            }
            Value::Object(map)
        }
        ruby::Value::Yaml(text) => read_plain(&text).map_err(|_| "a text that is no YAML")?,
        ruby::Value::Computed(what) => return Err(what),
    })
}

/// The same where only a part of a value is carried over: what would have to be computed is null.
pub(super) fn known_parts(value: ruby::Value) -> Value {
    match value {
        ruby::Value::List(items) => Value::Array(items.into_iter().map(known_parts).collect()),
        ruby::Value::Map(entries) => {
            let entries = entries.into_iter().filter_map(|(key, value)| match plain(key).ok()? {
                Value::String(key) => Some((key, known_parts(value))),
                other => Some((other.to_string(), known_parts(value))),
            });
            Value::Object(entries.collect())
        }
        other => plain(other).unwrap_or(Value::Null),
    }
}

/// An address in its parts.
struct Address<'a> {
    https: bool,
    host: &'a str,
    port: Option<u16>,
    path: &'a str,
}

fn address(url: &str) -> Option<Address<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (authority, None),
    };
    (!host.is_empty()).then_some(Address {
        https: matches!(scheme, "https" | "wss"),
        host,
        port,
        path: path.trim_end_matches('/'),
    })
}

impl Import {
    pub(super) fn special(&mut self, key: &str, value: &Value, line: usize) {
        match key {
            "external_url" => self.external_url(value, line),
            "registry_external_url" => self.host("registry", "global.registry.enabled", value, line),
            "pages_external_url" => self.host("pages", "global.pages.enabled", value, line),
            "gitlab_kas_external_url" => self.host("kas", "global.kas.enabled", value, line),
            "gitlab_rails.registry_host" => self.put("global.hosts.registry.name", value.clone()),
            "gitlab_rails.registry_enabled" => self.put("global.registry.enabled", value.clone()),
            "git_data_dirs" | "gitlab_rails.repositories_storages" | "gitaly.configuration.storage" => {
                self.storages(value, line);
            }
            "gitlab_rails.object_store" => self.object_store(value, line),
            "gitlab_rails.ldap_servers" => self.ldap(value, line),
            "gitlab_rails.omniauth_providers" => self.omniauth(value, line),
            "gitlab_rails.redis_sentinels" => self.sentinels(value),
            "redis.master_name" => self.put("global.redis.host", value.clone()),
            "roles" => self.roles(value, line),
            "letsencrypt.enable" => self.put("global.ingress.configureCertmanager", value.clone()),
            "letsencrypt.contact_emails" => {
                if let Some(email) = value.get(0).filter(|email| email.is_string()) {
                    self.put("certmanager-issuer.email", email.clone());
                }
            }
            "nginx.ssl_certificate" | "nginx.ssl_certificate_key" => self.certificate(key, line),
            "gitlab_rails.db_sslca" | "gitlab_rails.db_sslcert" | "gitlab_rails.db_sslkey" => self.database_tls(key, line),
            "gitlab_rails.ldap_enabled" | "nginx.enable" => {}
            "sidekiq.queue_groups" => self.note(
                "by-hand",
                format!("`{}`: each process is an entry of `gitlab.sidekiq.pods`", shown(key)),
                line,
                "give each entry a name and its `queues`, or one pod for all by `concurrency`",
            ),
            _ => self.note(
                "by-hand",
                format!("`{}`: it needs a file of its own in a Secret", shown(key)),
                line,
                "write the file, and name the Secret: `gitlab.toolbox.backups.objectStorage.config`, `registry.storage`, or extraEnv",
            ),
        }
    }

    fn external_url(&mut self, value: &Value, line: usize) {
        let Some(found) = value.as_str().and_then(address) else {
            return self.note("bad-url", "`external_url`: no address".to_owned(), line, "set `global.hosts.domain`");
        };
        let domain = found.host.split_once('.').map_or(found.host, |(_, domain)| domain);
        self.put("global.hosts.domain", domain.into());
        self.put("global.hosts.https", found.https.into());
        self.put("global.hosts.gitlab.name", found.host.into());
        if !found.https {
            self.put("global.ingress.configureCertmanager", false.into());
            self.put("global.ingress.tls.enabled", false.into());
        }
        if !found.path.is_empty() {
            self.put("global.appConfig.relativeUrlRoot", found.path.into());
        }
        if found.port.is_some_and(|port| port != if found.https { 443 } else { 80 }) {
            let hint = "let the load balancer before the ingress controller listen there";
            self.note("by-hand", "`external_url`: its port is not carried over".to_owned(), line, hint);
        }
    }

    fn host(&mut self, service: &str, switch: &str, value: &Value, line: usize) {
        let Some(found) = value.as_str().and_then(address) else {
            let hint = format!("set `global.hosts.{service}.name`");
            return self.note("bad-url", format!("`{service}`: no address"), line, &hint);
        };
        self.put(switch, true.into());
        self.put(&format!("global.hosts.{service}.name"), found.host.into());
        if service == "pages" {
            self.put("global.hosts.pages.https", found.https.into());
        }
    }

    /// Storages with an address elsewhere stay there; the others become Gitaly pods.
    fn storages(&mut self, value: &Value, line: usize) {
        let named: Vec<(String, &Value)> = match value {
            Value::Object(map) => map.iter().map(|(name, storage)| (name.clone(), storage)).collect(),
            Value::Array(items) => {
                let name = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
                items.iter().filter_map(|item| Some((name(item)?, item))).collect()
            }
            _ => Vec::new(),
        };
        let (mut internal, mut external) = (Vec::new(), Vec::new());
        for (name, storage) in named {
            let there = storage.get("gitaly_address").and_then(Value::as_str).filter(|a| !a.starts_with("unix:"));
            match there.and_then(address_of_gitaly) {
                Some((host, port, tls)) => {
                    let mut entry = json!({"name": name, "hostname": host});
                    if let Some(port) = port {
                        entry["port"] = port.into();
                    }
                    if tls {
                        entry["tlsEnabled"] = true.into();
                    }
                    external.push(entry);
                }
                None => internal.push(Value::String(name)),
            }
        }
        if !internal.is_empty() {
            let hint = "repositories move by a backup and a restore, or storage by storage through the API";
            let message = "repositories on a disk of this machine become Gitaly pods with empty volumes".to_owned();
            self.note("by-hand", message, line, hint);
        }
        self.put("global.gitaly.internal.names", Value::Array(internal));
        self.put("global.gitaly.external", Value::Array(external));
    }

    fn object_store(&mut self, value: &Value, line: usize) {
        let key = "gitlab_rails.object_store";
        for field in ["enabled", "proxy_download", "storage_options"] {
            if let Some(value) = value.get(field).filter(|value| !value.is_null()) {
                self.put(&format!("global.appConfig.object_store.{field}"), value.clone());
            }
        }
        if value.get("connection").is_some() {
            let to = "global.appConfig.object_store.connection";
            self.named_secret(to, "gitlab-object-storage", "connection", &format!("{key}.connection"), line);
            // MinIO is for trials, and whoever has a connection has a store
            self.put("global.minio.enabled", false.into());
        }
        for (name, object) in value.get("objects").and_then(Value::as_object).into_iter().flatten() {
            let to = match name.as_str() {
                "artifacts" | "lfs" | "uploads" | "packages" => format!("global.appConfig.{name}"),
                "external_diffs" => "global.appConfig.externalDiffs".to_owned(),
                "dependency_proxy" => "global.appConfig.dependencyProxy".to_owned(),
                "terraform_state" => "global.appConfig.terraformState".to_owned(),
                "ci_secure_files" => "global.appConfig.ciSecureFiles".to_owned(),
                "pages" => "global.pages.objectStore".to_owned(),
                _ => {
                    self.note(
                        "not-carried",
                        format!("`{}['objects']['{name}']`: there is no such type", shown(key)),
                        line,
                        super::DOCS,
                    );
                    continue;
                }
            };
            for (field, target) in [("bucket", "bucket"), ("enabled", "enabled"), ("proxy_download", "proxy_download")]
            {
                if let Some(value) = object.get(field).filter(|_| name != "pages" || field != "proxy_download") {
                    self.put(&format!("{to}.{target}"), value.clone());
                }
            }
        }
    }

    fn ldap(&mut self, value: &Value, line: usize) {
        for (id, server) in value.as_object().into_iter().flatten() {
            for (field, value) in server.as_object().into_iter().flatten() {
                let to = format!("global.appConfig.ldap.servers.{id}.{field}");
                match field.as_str() {
                    "password" => {
                        let key = format!("gitlab_rails.ldap_servers.{id}.password");
                        self.named_secret(&to, &format!("gitlab-ldap-{}", name(id)), "password", &key, line);
                    }
                    _ => self.put(&to, value.clone()),
                }
            }
        }
    }

    /// Providers hold secrets among their settings, so each is a Secret as a whole.
    fn omniauth(&mut self, value: &Value, line: usize) {
        let mut providers = Vec::new();
        for provider in value.as_array().into_iter().flatten() {
            let Some(id) = provider.get("name").and_then(Value::as_str) else { continue };
            let secret = format!("gitlab-omniauth-{}", name(id));
            providers.push(json!({"secret": secret, "key": "provider"}));
            // this goes into a comment
            let id = id.replace(char::is_control, " ");
            let from = super::From::Setting(format!("gitlab_rails['omniauth_providers'] ({id}, as YAML)"), line);
            self.secrets.push(super::Secret { name: secret, item: "provider".to_owned(), from });
        }
        self.put("global.appConfig.omniauth.enabled", true.into());
        self.put("global.appConfig.omniauth.providers", Value::Array(providers));
    }

    fn sentinels(&mut self, value: &Value) {
        let entry = |sentinel: &Value| {
            let mut entry = json!({"host": sentinel.get("host")?});
            if let Some(port) = sentinel.get("port") {
                entry["port"] = super::fitting("port", port.clone());
            }
            Some(entry)
        };
        let entries = value.as_array().into_iter().flatten().filter_map(entry).collect();
        self.put("global.redis.sentinels", Value::Array(entries));
    }

    /// `redis://:password@host:6379/1`
    pub(super) fn redis(&mut self, to: &str, key: &str, value: &Value, line: usize) {
        let Some(found) = value.as_str().and_then(address) else {
            let hint = format!("set `{to}.host`");
            return self.note("bad-url", format!("`{}`: no address of a Redis on a network", shown(key)), line, &hint);
        };
        self.put(&format!("{to}.host"), found.host.into());
        if let Some(port) = found.port {
            self.put(&format!("{to}.port"), port.into());
        }
        let has_password = value.as_str().is_some_and(|url| url.contains('@'));
        self.put(&format!("{to}.password.enabled"), has_password.into());
        if has_password {
            let last = to.rsplit('.').next().unwrap_or(to).to_ascii_lowercase();
            self.named_secret(&format!("{to}.password"), &format!("gitlab-redis-{last}"), "password", key, line);
        }
    }

    fn certificate(&mut self, key: &str, line: usize) {
        self.put("global.ingress.configureCertmanager", false.into());
        self.put("global.ingress.tls.secretName", "gitlab-tls".into());
        if key == "nginx.ssl_certificate" {
            let hint = "`kubectl create secret tls gitlab-tls --cert=FILE --key=FILE`; it has to cover all hosts";
            self.note("by-hand", format!("`{}`: the certificate goes into a Secret", shown(key)), line, hint);
        }
    }

    fn database_tls(&mut self, key: &str, line: usize) {
        let (field, item) = match key {
            "gitlab_rails.db_sslca" => ("serverCA", "server-ca.pem"),
            "gitlab_rails.db_sslcert" => ("clientCertificate", "client-cert.pem"),
            _ => ("clientKey", "client-key.pem"),
        };
        self.put("global.psql.ssl.secret", "gitlab-postgresql-tls".into());
        self.put(&format!("global.psql.ssl.{field}"), item.into());
        let from = super::From::Setting(format!("the file that {} names", shown(key)), line);
        self.secrets.push(super::Secret { name: "gitlab-postgresql-tls".to_owned(), item: item.to_owned(), from });
    }

    fn roles(&mut self, value: &Value, line: usize) {
        let roles: Vec<&str> = match value {
            Value::String(role) => vec![role],
            Value::Array(roles) => roles.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for role in roles {
            let what = match role {
                "application_role" | "default" => "all of GitLab's own parts are rendered",
                "geo_primary_role" => {
                    self.put("global.geo.enabled", true.into());
                    self.put("global.geo.role", "primary".into());
                    "the release is a Geo primary"
                }
                "geo_secondary_role" => {
                    self.put("global.geo.enabled", true.into());
                    self.put("global.geo.role", "secondary".into());
                    "the release is a Geo secondary"
                }
                "postgres_role" | "patroni_role" | "pgbouncer_role" | "consul_role" => {
                    "databases stay on machines of their own"
                }
                "redis_master_role" | "redis_replica_role" | "redis_sentinel_role" => {
                    "Redis stays on machines of its own"
                }
                "gitaly_role" | "praefect_role" => {
                    "a Gitaly machine may stay as it is: name it under `global.gitaly.external`"
                }
                "sidekiq_role" => "`gitlab.sidekiq` is a Deployment of its own in any case",
                "monitoring_role" => "monitoring is the cluster's",
                "pages_role" => "`global.pages.enabled` is the switch",
                _ => "it is not known",
            };
            let hint = "a cluster has no roles of machines: each part is a workload of its own";
            self.note("role", format!("`roles`: `{role}`: {what}"), line, hint);
        }
    }

    /// What follows from all settings together.
    pub(super) fn conclude(&mut self) {
        let has = |values: &Map<String, Value>, path: &str| {
            let value = path.split('.').try_fold(None::<&Value>, |at, key| match at {
                None => values.get(key).map(Some),
                Some(value) => value.get(key).map(Some),
            });
            value.flatten().is_some()
        };
        for (path, switch) in [("global.psql.host", "postgresql.install"), ("global.redis.host", "redis.install")] {
            if has(&self.values, path) && !has(&self.values, switch) {
                self.put(switch, false.into());
            }
        }
        let text = |values: &Map<String, Value>, path: &str| -> Option<String> {
            let (first, rest) = path.split_once('.')?;
            let found = rest.split('.').try_fold(values.get(first)?, |at, key| at.get(key))?;
            found.as_str().map(str::to_owned)
        };
        let gitlab = text(&self.values, "global.hosts.gitlab.name");
        if gitlab.is_some() && gitlab == text(&self.values, "global.hosts.registry.name") {
            if let Some(registry) =
                self.values.get_mut("global").and_then(|global| global.pointer_mut("/hosts/registry"))
            {
                registry.as_object_mut().map(|registry| registry.shift_remove("name"));
            }
            let message =
                "the container registry is on GitLab's own host, told apart by its port, which an Ingress cannot do";
            self.findings.push(Diagnostic::warning("by-hand", message).hint(
                "it gets a host of its own, `registry` in the same domain: add it to DNS and to the certificate, or set `global.hosts.registry.name`",
            ));
        }
        if !has(&self.values, "global.hosts.domain") {
            let message = "`external_url` is not set here, so the domain of GitLab is not known";
            self.findings.push(
                Diagnostic::warning("by-hand", message)
                    .hint("set `global.hosts.domain`; without it, `example.com` is taken"),
            );
        }
        const STORES: [&str; 8] = [
            "artifacts",
            "lfs",
            "uploads",
            "packages",
            "externalDiffs",
            "dependencyProxy",
            "terraformState",
            "ciSecureFiles",
        ];
        let elsewhere = STORES.iter().any(|store| has(&self.values, &format!("global.appConfig.{store}.connection")));
        if elsewhere && !has(&self.values, "global.minio.enabled") {
            self.put("global.minio.enabled", false.into());
        }
        let hint = "https://docs.gitlab.com/charts/installation/migration/package_to_helm/";
        let message =
            "values are half of a move: repositories, uploads and the database move by a backup and a restore";
        self.findings.push(Diagnostic::note("data", message).hint(hint));
    }
}

/// `tcp://host:8075`, `tls://host:9999`: host, port, whether it is TLS.
fn address_of_gitaly(text: &str) -> Option<(&str, Option<u16>, bool)> {
    let found = address(text)?;
    Some((found.host, found.port, text.starts_with("tls://")))
}

/// A name as Kubernetes takes it.
fn name(text: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(fits).collect::<String>().trim_matches('-').to_owned()
}
