//! LDAP servers, OmniAuth providers and environment variables: settings with secrets among them.

use serde_json::{Map, Value, json};

use super::special::name;
use super::{From, Import, Secret, shown};
use crate::redact;

/// The maximum number of characters of a name that goes into the name of a Secret.
const LONGEST: usize = 80;

impl Import {
    pub(super) fn ldap(&mut self, value: &Value, line: usize) {
        self.ldap_servers = line;
        let setting = "gitlab_rails.ldap_servers";
        let Some(servers) = value.as_object() else {
            let hint = "write the servers into `global.appConfig.ldap.servers`";
            return self.lost("not-carried", setting, "this is not a map of servers", line, hint);
        };
        for (id, server) in servers {
            let Some(fields) = server.as_object() else {
                let hint = "write the server into `global.appConfig.ldap.servers`";
                self.lost("not-carried", &format!("{setting}.{id}"), "this is not a map of settings", line, hint);
                continue;
            };
            for (field, value) in fields {
                self.ldap_field(id, field, value, fields, line);
            }
        }
    }

    fn ldap_field(&mut self, id: &str, field: &str, value: &Value, fields: &Map<String, Value>, line: usize) {
        let key = format!("gitlab_rails.ldap_servers.{id}.{field}");
        let servers = ["global", "appConfig", "ldap", "servers", id];
        match field {
            "password" => {
                let secret = format!("gitlab-ldap-{}", name(id));
                self.put_at(&[&servers[..], &["password", "secret"]].concat(), secret.clone().into());
                self.put_at(&[&servers[..], &["password", "key"]].concat(), "password".into());
                self.add_secret(&secret, "password", From::Setting(shown(&key), line));
            }
            // The name of `encryption` before GitLab 10.
            "method" if !fields.contains_key("encryption") => {
                let encryption = match value.as_str() {
                    Some("tls") => "start_tls".into(),
                    Some("ssl") => "simple_tls".into(),
                    _ => value.clone(),
                };
                self.put_at(&[&servers[..], &["encryption"]].concat(), encryption);
            }
            "method" => {}
            // the attribute of the directory that has the public keys
            _ if field != "sync_ssh_keys" && redact::value(field, value) != *value => {
                let hint = "mount it from a Secret, and name the file: `global.extraEnvFrom` or `extraVolumes`";
                self.lost(
                    "not-carried",
                    &key,
                    "it looks like a secret, which must not be written into values",
                    line,
                    hint,
                );
            }
            "ca_file" if value.as_str().is_some_and(|path| !path.is_empty()) => {
                let hint = "name the certificate in `global.certificates.customCAs`";
                self.lost("by-hand", &key, "the file is on the machine of the package, not in a container", line, hint);
            }
            _ => self.put_at(&[&servers[..], &[field]].concat(), value.clone()),
        }
    }

    /// Providers have secrets among their settings, so each becomes a Secret as a whole.
    pub(super) fn omniauth(&mut self, value: &Value, line: usize) {
        let setting = "gitlab_rails.omniauth_providers";
        let hint = "create a Secret for each provider, and name it in `global.appConfig.omniauth.providers`";
        let Some(list) = value.as_array() else {
            return self.lost("not-carried", setting, "this is not a list of providers", line, hint);
        };
        // A second assignment replaces the first.
        self.secrets.retain(|secret| !secret.name.starts_with("gitlab-omniauth-"));
        let mut providers = Vec::new();
        for (number, provider) in list.iter().enumerate() {
            let Some(id) = provider.get("name").and_then(Value::as_str) else {
                let key = format!("{setting}.{number}");
                self.lost("computed", &key, "the name of the provider cannot be read", line, hint);
                continue;
            };
            let mut secret = format!("gitlab-omniauth-{}", name(id));
            if self.secrets.iter().any(|other| other.name == secret) {
                secret = format!("{secret}-{}", number + 1);
            }
            providers.push(json!({"secret": secret, "key": "provider"}));
            let from = From::Setting(format!("{} ({}, as YAML)", shown(setting), one_line(id)), line);
            self.add_secret(&secret, "provider", from);
        }
        if self.get("global.appConfig.omniauth.enabled").is_none() {
            self.put("global.appConfig.omniauth.enabled", true.into());
        }
        self.put("global.appConfig.omniauth.providers", Value::Array(providers));
    }

    /// Environment variables: one that is or looks like a secret is read from a Secret.
    pub(super) fn environment(&mut self, value: &Value, line: usize) {
        let setting = "gitlab_rails.env";
        let Some(variables) = value.as_object() else {
            return self.lost("not-carried", setting, "this is not a map", line, "set `global.extraEnv`");
        };
        for (name, value) in variables {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let key = format!("{setting}.{name}");
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if !name.chars().all(is_name) || name.is_empty() {
                self.lost("not-carried", &key, "this is not the name of a variable", line, "set `global.extraEnv`");
            } else if matches!(name.as_str(), "PATH" | "BUNDLE_GEMFILE" | "LD_PRELOAD") || text.contains("/opt/gitlab/")
            {
                let hint = "leave it out: the images set their own value";
                self.lost("not-carried", &key, "it names directories of the package", line, hint);
            } else if redact::value(name, &Value::String(text.clone())) != Value::String(text.clone()) {
                let from = ["global", "extraEnvFrom", name, "secretKeyRef"];
                self.put_at(&[&from[..], &["name"]].concat(), "gitlab-env".into());
                self.put_at(&[&from[..], &["key"]].concat(), name.as_str().into());
                self.add_secret("gitlab-env", name, From::Setting(shown(&key), line));
            } else {
                self.put_at(&["global", "extraEnv", name], text.into());
            }
        }
    }

    /// Adds a Secret that the user has to create; a later line about the same item replaces an earlier one.
    pub(super) fn add_secret(&mut self, name: &str, item: &str, from: From) {
        self.secrets.retain(|secret| secret.name != name || secret.item != item);
        self.secrets.push(Secret { name: name.to_owned(), item: item.to_owned(), from });
    }
}

/// A name that can be part of a comment.
pub(super) fn one_line(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{feff}');
    text[..end].replace(breaks, " ")
}
