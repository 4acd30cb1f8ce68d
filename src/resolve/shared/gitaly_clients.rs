//! Where repositories are, as Gitaly's clients see it: storages, their addresses and tokens.

use serde::{Deserialize, Serialize};

use crate::model::app_config::SecretKey;
use crate::model::{Node, Text};
use crate::resolve::context::Context;
use crate::resolve::workload::secret_items;

/// One storage of `gitlab.yml`.
#[derive(Debug, Clone, Serialize)]
pub struct Storage {
    /// Its name, `default`.
    pub name: String,
    /// `tcp://host:8075` or `tls://host:8076`.
    pub address: String,
    /// The file with its token, where it is not the one of all.
    pub token_file: Option<&'static str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Gitaly {
    enabled: bool,
    host: Option<Text>,
    port: Option<Text>,
    service_name: Option<Text>,
    auth_token: SecretKey,
    internal: Internal,
    external: Vec<External>,
    service: Service,
    tls: Tls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Internal {
    names: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct External {
    name: Text,
    hostname: Text,
    port: Option<Text>,
    tls_enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Praefect {
    enabled: bool,
    replace_internal_gitaly: Option<bool>,
    service_name: Option<Text>,
    auth_token: SecretKey,
    virtual_storages: Vec<VirtualStorage>,
    service: Service,
    tls: Tls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VirtualStorage {
    name: Text,
    #[serde(rename = "tlsSecretName")]
    tls_secret_name: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Service {
    internal_port: Option<Text>,
    tls: ServiceTls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServiceTls {
    internal_port: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Tls {
    enabled: bool,
    secret_name: Option<Text>,
}

impl Service {
    fn port(&self, tls: bool) -> &str {
        let (port, default) = if tls { (&self.tls.internal_port, "8076") } else { (&self.internal_port, "8075") };
        set(port).unwrap_or(default)
    }
}

fn set(text: &Option<Text>) -> Option<&str> {
    text.as_ref().and_then(Text::set)
}

fn scheme(tls: bool) -> &'static str {
    if tls { "tls" } else { "tcp" }
}

fn gitaly(cx: &Context, own: &str) -> Gitaly {
    cx.inherited("global.gitaly", &format!("{own}.gitaly"))
}

/// The storages, in the order of the values: Praefect's, those deployed with GitLab, others.
pub fn storages(cx: &Context, own: &str) -> Vec<Storage> {
    let gitaly = gitaly(cx, own);
    let praefect: Praefect = cx.read("global.praefect");
    let (release, namespace) = (&cx.release.name, &cx.release.namespace);
    let mut all = Vec::new();
    let tls = gitaly.tls.enabled;
    // The addresses are the pods' own: what counts is where Gitaly listens.
    let port = gitaly.service.port(tls);
    let replaced = praefect.enabled && praefect.replace_internal_gitaly.unwrap_or(true);
    if (gitaly.enabled || set(&gitaly.host).is_some()) && !replaced {
        let prefix = format!("{release}-gitaly");
        let service = set(&gitaly.service_name).unwrap_or(&prefix);
        for (index, name) in gitaly.internal.names.iter().enumerate() {
            let host = match set(&gitaly.host) {
                Some(host) => host.to_owned(),
                None => format!("{prefix}-{index}.{service}.{namespace}.svc"),
            };
            let port = set(&gitaly.port).unwrap_or(port);
            all.push(Storage {
                name: name.0.clone(),
                address: format!("{}://{host}:{port}", scheme(tls)),
                token_file: None,
            });
        }
    }
    for external in &gitaly.external {
        let tls = external.tls_enabled.unwrap_or(tls);
        let port = set(&external.port).unwrap_or(if tls { "8076" } else { "8075" });
        let address = format!("{}://{}:{port}", scheme(tls), external.hostname);
        all.push(Storage { name: external.name.0.clone(), address, token_file: None });
    }
    if praefect.enabled {
        let tls = praefect.tls.enabled;
        let service = set(&praefect.service_name).map_or_else(|| format!("{release}-praefect"), str::to_owned);
        let address = format!("{}://{service}.{namespace}.svc:{}", scheme(tls), praefect.service.port(tls));
        for storage in &praefect.virtual_storages {
            all.push(Storage {
                name: storage.name.0.clone(),
                address: address.clone(),
                token_file: Some("/etc/gitlab/gitaly/gitaly_token_praefect"),
            });
        }
    }
    all
}

/// The tokens as sources of a projected volume: `gitaly/gitaly_token`, and Praefect's.
pub fn token_sources(cx: &Context, own: &str) -> Vec<Node> {
    let gitaly = gitaly(cx, own);
    let praefect: Praefect = cx.read("global.praefect");
    let token = |from: &SecretKey, default: String, path: &str| {
        let key = set(&from.key).unwrap_or("token");
        secret_items(set(&from.secret).unwrap_or(&default), [(key, path)])
    };
    let mut sources =
        vec![token(&gitaly.auth_token, format!("{}-gitaly-secret", cx.release.name), "gitaly/gitaly_token")];
    if praefect.enabled {
        let default = format!("{}-praefect-secret", cx.release.name);
        sources.push(token(&praefect.auth_token, default, "gitaly/gitaly_token_praefect"));
    }
    sources
}

/// Secrets with the certificates that Gitaly and Praefect show, each with the name of its file among the authorities.
pub fn tls_authorities(cx: &Context) -> Vec<(String, String)> {
    let gitaly: Tls = cx.read("global.gitaly.tls");
    let praefect: Praefect = cx.read("global.praefect");
    let secret = |tls: &Tls, default: &str| {
        set(&tls.secret_name).map_or_else(|| format!("{}-{default}", cx.release.name), str::to_owned)
    };
    let mut all = Vec::new();
    if gitaly.enabled {
        // Behind Praefect, each virtual storage has a certificate of its own.
        let storages = praefect.virtual_storages.iter().filter(|_| praefect.enabled);
        for storage in storages {
            if let Some(secret) = set(&storage.tls_secret_name) {
                all.push((secret.to_owned(), format!("gitaly-{}-tls.crt", storage.name)));
            }
        }
        if !praefect.enabled || !praefect.replace_internal_gitaly.unwrap_or(true) {
            all.push((secret(&gitaly, "gitaly-tls"), "gitaly-internal-tls.crt".to_owned()));
        }
    }
    if praefect.tls.enabled {
        all.push((secret(&praefect.tls, "praefect-tls"), "praefect-internal-tls.crt".to_owned()));
    }
    all
}
