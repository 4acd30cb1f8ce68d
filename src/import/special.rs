//! Settings that need more than a values path.

use serde_json::{Map, Value, json};

use super::{Import, ruby, shown};
use crate::yaml::read::read_plain;

/// A literal value, without any part that would have to be evaluated.
///
/// # Errors
/// What would have to be evaluated, such as `an environment variable`.
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
        ruby::Value::Yaml(text) => read_plain(&text).map_err(|_| "a string that is not YAML")?,
        ruby::Value::Computed(what) => return Err(what),
    })
}

/// The same where only a part of a value is carried over: parts that would have to be evaluated are null.
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

/// The parts of a value that would have to be evaluated: the path from its setting, and what it is.
pub(super) fn computed_parts(path: &str, value: &ruby::Value, found: &mut Vec<(String, &'static str)>) {
    match value {
        ruby::Value::Computed(what) => found.push((path.to_owned(), what)),
        ruby::Value::Yaml(text) if read_plain(text).is_err() => {
            found.push((path.to_owned(), "a string that is not YAML"))
        }
        ruby::Value::List(items) => {
            for (number, item) in items.iter().enumerate() {
                computed_parts(&format!("{path}.{number}"), item, found);
            }
        }
        ruby::Value::Map(entries) => {
            for (key, value) in entries {
                match plain(key.clone()) {
                    Ok(Value::String(key)) => computed_parts(&format!("{path}.{key}"), value, found),
                    Ok(_) => computed_parts(path, value, found),
                    Err(what) => found.push((path.to_owned(), what)),
                }
            }
        }
        _ => {}
    }
}

/// The parts of an address.
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
    // `${HOST}` and `{{ host }}` are marks that another program replaces.
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || "-._[]:".contains(c));
    is_host.then_some(Address {
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
            "git_data_dir" | "git_data_dirs" | "gitlab_rails.repositories_storages" | "gitaly.configuration.storage" => {
                self.storages(value, line);
            }
            "gitlab_rails.object_store" => self.object_store(value, line),
            "gitlab_rails.ldap_servers" => self.ldap(value, line),
            "gitlab_rails.omniauth_providers" => self.omniauth(value, line),
            "gitlab_rails.env" => self.environment(value, line),
            key if key.ends_with("_object_store_enabled") => self.kind_of_files(key, value, line),
            "gitlab_rails.redis_sentinels" => self.sentinels("global.redis", value),
            key if key.starts_with("gitlab_rails.redis_") && key.ends_with("_sentinels") => {
                // the row of the same server has the section
                let instance = format!("{}_instance", key.trim_end_matches("_sentinels"));
                if let Some(row) = super::table().get(instance.as_str()) {
                    self.sentinels(row.to, value);
                }
            }
            // `false` and `none` are how the package turns it off; the chart takes an empty string.
            "gitlab_rails.smtp_authentication" => {
                let kind = value.as_str().filter(|kind| *kind != "none").unwrap_or_default();
                self.put("global.smtp.authentication", kind.into());
            }
            "gitlab_rails.gitlab_email_enabled" => self.without_mail = *value == Value::Bool(false),
            "gitlab_rails.smtp_ssl" => self.smtp_ssl = *value == Value::Bool(true),
            "gitlab_rails.redis_ssl" => {
                if *value == Value::Bool(true) {
                    self.put("global.redis.scheme", "rediss".into());
                }
            }
            // The addresses of the storages tell where Gitaly runs.
            "gitaly.enable" => {}
            "redis.master_name" => self.redis_master = Some((value.clone(), line)),
            "prometheus_monitoring.enable" => {
                if *value == Value::Bool(false) {
                    self.put("prometheus.install", false.into());
                    self.put("gitlab.gitlab-exporter.enabled", false.into());
                }
            }
            "roles" => self.roles(value, line),
            "letsencrypt.enable" => {
                self.own_certificate |= *value == Value::Bool(false);
                if value.is_boolean() {
                    self.put("global.ingress.configureCertmanager", value.clone());
                }
            }
            "letsencrypt.contact_emails" => {
                if let Some(email) = value.get(0).filter(|email| email.is_string()) {
                    self.put("certmanager-issuer.email", email.clone());
                }
            }
            "nginx.ssl_certificate" | "nginx.ssl_certificate_key" => self.certificate(key, line),
            "gitlab_rails.db_sslrootcert" => self.lost(
                "not-carried",
                key,
                "`global.psql.ssl` takes an authority only together with a client certificate and its key; \
                 `global.certificates.customCAs` names a Secret with it for all pods",
                line,
                super::DOCS,
            ),
            "gitlab_rails.db_sslca"
            | "gitlab_rails.db_sslcert"
            | "gitlab_rails.db_sslkey"
            | "gitlab_rails.gitlab_email_smime_key_file"
            | "gitlab_rails.gitlab_email_smime_cert_file" => self.named_file(key, line),
            "gitlab_rails.ldap_enabled" => self.ldap = Some((*value == Value::Bool(true), line)),
            "nginx.enable" => {
                if *value == Value::Bool(false) {
                    let message = format!("`{}`: the web server in front of the package is not carried over", shown(key));
                    let hint = "an ingress controller takes its place; `nginx-ingress.enabled` and `global.ingress.class` choose another one";
                    self.note("not-carried", message, line, hint);
                }
            }
            "sidekiq.queue_groups" => self.note(
                "by-hand",
                format!("`{}`: each process is an entry of `gitlab.sidekiq.pods`", shown(key)),
                line,
                "give each entry a name and its `queues`, or use one entry for all queues and set `concurrency`",
            ),
            _ => self.lost(
                "by-hand",
                key,
                "it needs a separate file in a Secret",
                line,
                "write the file, and name the Secret: `gitlab.toolbox.backups.objectStorage.config`, `registry.storage`, or extraEnv",
            ),
        }
    }

    fn external_url(&mut self, value: &Value, line: usize) {
        let Some(found) = value.as_str().and_then(address) else {
            return self.lost("bad-url", "external_url", "this is not an address", line, "set `global.hosts.domain`");
        };
        if found.host.parse::<std::net::IpAddr>().is_ok() {
            let hint = "give GitLab a name in DNS, and set `global.hosts.domain`";
            return self.lost(
                "by-hand",
                "external_url",
                "this is an IP address, but an Ingress needs a host name",
                line,
                hint,
            );
        }
        self.put("global.hosts.domain", domain_of(found.host).into());
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
            let hint = "configure the load balancer in front of the ingress controller to listen on this port";
            self.note("by-hand", "`external_url`: its port is not carried over".to_owned(), line, hint);
        }
    }

    fn host(&mut self, service: &str, switch: &str, value: &Value, line: usize) {
        let Some(found) = value.as_str().and_then(address) else {
            let hint = format!("set `global.hosts.{service}.name`");
            return self.lost("bad-url", &format!("{service}_external_url"), "this is not an address", line, &hint);
        };
        if self.get(switch).is_none() {
            self.put(switch, true.into());
        }
        if found.host.parse::<std::net::IpAddr>().is_ok() {
            let hint = format!("give it a name in DNS, and set `global.hosts.{service}.name`");
            let message = "this is an IP address, but an Ingress needs a host name";
            return self.lost("by-hand", &format!("{service}_external_url"), message, line, &hint);
        }
        self.put(&format!("global.hosts.{service}.name"), found.host.into());
        let on_gitlab = self.get("global.hosts.gitlab.name").and_then(Value::as_str) == Some(found.host);
        if !on_gitlab && found.port.is_some_and(|port| port != if found.https { 443 } else { 80 }) {
            let hint = "configure the load balancer in front of the ingress controller to listen on this port";
            self.note("by-hand", format!("`{service}_external_url`: its port is not carried over"), line, hint);
        }
        if service == "pages" {
            self.put("global.hosts.pages.https", found.https.into());
        }
    }

    /// Storages with an address elsewhere stay external; the others become Gitaly pods.
    fn storages(&mut self, value: &Value, line: usize) {
        let named: Vec<(String, &Value)> = match value {
            Value::Object(map) => map.iter().map(|(name, storage)| (name.clone(), storage)).collect(),
            Value::Array(items) => {
                let name = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
                items.iter().filter_map(|item| Some((name(item)?, item))).collect()
            }
            // One directory, before storages had names.
            _ => vec![("default".to_owned(), value)],
        };
        let (mut internal, mut external) = (Vec::new(), Vec::new());
        for (name, storage) in named {
            if storage.get("gitaly_token").is_some() {
                let message = format!(
                    "storage `{name}`: `gitaly_token` is not carried over, because all storages share one token here"
                );
                self.note("not-carried", message, line, "`global.gitaly.authToken` names the Secret with it");
            }
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
            let hint = "move the repositories by a backup and a restore, or storage by storage through the API";
            let message = "storages on this machine become Gitaly pods with empty volumes".to_owned();
            self.note("by-hand", message, line, hint);
        }
        match internal.is_empty() && !external.is_empty() {
            true => self.put("global.gitaly.enabled", false.into()),
            false => {
                // Another setting may have named only storages elsewhere.
                if self.get("global.gitaly.enabled").is_some() {
                    self.put("global.gitaly.enabled", true.into());
                }
                self.put("global.gitaly.internal.names", Value::Array(internal));
            }
        }
        self.put("global.gitaly.external", Value::Array(external));
    }

    fn sentinels(&mut self, to: &str, value: &Value) {
        let entry = |sentinel: &Value| {
            let mut entry = json!({"host": sentinel.get("host")?});
            if let Some(port) = sentinel.get("port") {
                entry["port"] = super::fitting("port", port.clone());
            }
            Some(entry)
        };
        let entries = value.as_array().into_iter().flatten().filter_map(entry).collect();
        self.put(&format!("{to}.sentinels"), Value::Array(entries));
    }

    /// Parses `rediss://user:password@host:6379/1`.
    pub(super) fn redis(&mut self, to: &str, key: &str, value: &Value, line: usize) {
        let Some(found) = value.as_str().and_then(address) else {
            let hint = format!("set `{to}.host`");
            return self.lost("bad-url", key, "this is not a network address of a Redis server", line, &hint);
        };
        self.put(&format!("{to}.host"), found.host.into());
        if let Some(port) = found.port {
            self.put(&format!("{to}.port"), port.into());
        }
        let url = value.as_str().unwrap_or_default();
        if url.starts_with("rediss://") {
            self.put(&format!("{to}.scheme"), "rediss".into());
        }
        if let Some(database) = found.path.trim_start_matches('/').parse::<u32>().ok().filter(|number| *number > 0) {
            self.put(&format!("{to}.database"), database.into());
        }
        let login = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(login, _)| login);
        if let Some(user) = login.and_then(|login| login.split(':').next()).filter(|user| !user.is_empty()) {
            self.put(&format!("{to}.user"), user.into());
        }
        let has_password = login.is_some_and(|login| login.contains(':'));
        self.put(&format!("{to}.password.enabled"), has_password.into());
        if has_password {
            let last = to.rsplit('.').next().unwrap_or(to).to_ascii_lowercase();
            self.named_secret(&format!("{to}.password"), &format!("gitlab-redis-{last}"), "password", key, line);
        }
    }

    fn certificate(&mut self, key: &str, line: usize) {
        self.own_certificate = true;
        self.put("global.ingress.configureCertmanager", false.into());
        self.put("global.ingress.tls.secretName", "gitlab-tls".into());
        if key == "nginx.ssl_certificate" {
            let hint = "`kubectl create secret tls gitlab-tls --cert=FILE --key=FILE`; it has to cover all hosts";
            self.note("by-hand", format!("`{}`: the certificate belongs in a Secret", shown(key)), line, hint);
        }
    }

    /// A certificate or its key, which the package reads from a file and a release from a Secret.
    fn named_file(&mut self, key: &str, line: usize) {
        let (section, of_secret, name) = match key.contains("smime") {
            true => ("global.email.smime", "secretName", "gitlab-smime"),
            false => ("global.psql.ssl", "secret", "gitlab-postgresql-tls"),
        };
        let (field, item) = match key {
            "gitlab_rails.gitlab_email_smime_key_file" => ("keyName", "tls.key"),
            "gitlab_rails.gitlab_email_smime_cert_file" => ("certName", "tls.crt"),
            "gitlab_rails.db_sslcert" => ("clientCertificate", "client-cert.pem"),
            "gitlab_rails.db_sslkey" => ("clientKey", "client-key.pem"),
            _ => ("serverCA", "server-ca.pem"),
        };
        self.put(&format!("{section}.{of_secret}"), name.into());
        self.put(&format!("{section}.{field}"), item.into());
        let from = super::From::Setting(format!("the file that {} names", shown(key)), line);
        self.secrets.push(super::Secret { name: name.to_owned(), item: item.to_owned(), from });
    }

    fn roles(&mut self, value: &Value, line: usize) {
        let roles: Vec<&str> = match value {
            Value::String(role) => vec![role],
            Value::Array(roles) => roles.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for role in roles {
            let what = match role {
                "application_role" | "default" => "all of GitLab's own components are rendered",
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
                    "databases stay on their own machines"
                }
                "redis_master_role" | "redis_replica_role" | "redis_sentinel_role" => "Redis stays on its own machines",
                "gitaly_role" | "praefect_role" => {
                    "a Gitaly machine may stay as it is: name it under `global.gitaly.external`"
                }
                "sidekiq_role" => "`gitlab.sidekiq` is always a separate Deployment",
                "monitoring_role" => "the cluster provides monitoring",
                "pages_role" => "`global.pages.enabled` enables it",
                _ => "it is not known",
            };
            let hint = "a cluster has no roles for machines: each component is a separate workload";
            self.note("role", format!("`roles`: `{role}`: {what}"), line, hint);
        }
    }
}

/// Parses `tcp://host:8075` or `tls://host:9999`: host, port, whether it is TLS.
/// The domain in which GitLab and its other services have their names: what follows the first label of a host, unless that is a
/// suffix under which everybody registers names, such as `com` or `co.uk`.
fn domain_of(host: &str) -> &str {
    const SECOND: [&str; 14] =
        ["ac", "co", "com", "edu", "gob", "gov", "gouv", "ltd", "me", "ne", "net", "nom", "or", "org"];
    let Some((_, domain)) = host.split_once('.') else { return host };
    let is_suffix = match domain.split_once('.') {
        None => true,
        Some((second, top)) => SECOND.contains(&second) && top.len() == 2,
    };
    if is_suffix { host } else { domain }
}

fn address_of_gitaly(text: &str) -> Option<(&str, Option<u16>, bool)> {
    let found = address(text)?;
    Some((found.host, found.port, text.starts_with("tls://")))
}

/// A name that is valid in Kubernetes.
pub(super) fn name(text: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = text.chars().take(40).map(fits).collect();
    match name.trim_matches('-') {
        "" => "unnamed".to_owned(),
        name => name.to_owned(),
    }
}
