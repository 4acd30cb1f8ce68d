//! Repositories from the point of view of Gitaly's clients: storages, their addresses and tokens.

use crate::model::NonEmpty;
use serde::Serialize;

use super::gitaly::{Gitaly, Praefect, certificate};
use crate::model::Node;
use crate::resolve::context::Context;

/// One storage of `gitlab.yml`.
#[derive(Debug, Clone, Serialize)]
pub struct Storage {
    /// Its name, `default`.
    pub name: String,
    /// `tcp://host:8075` or `tls://host:8076`.
    pub address: String,
    /// The file with its token, where it is not the common one.
    pub token_file: Option<&'static str>,
}

fn scheme(tls: bool) -> &'static str {
    if tls { "tls" } else { "tcp" }
}

/// The storages, in the order of the values: Praefect's, those deployed with GitLab, external ones.
pub fn storages(cx: &Context, own: &str) -> Vec<Storage> {
    let gitaly = Gitaly::seen_by(cx, own);
    let praefect = Praefect::of(cx);
    let (release, namespace) = (&cx.release.name, &cx.release.namespace);
    let mut all = Vec::new();
    let tls = gitaly.tls.enabled;
    // The addresses are the pods' own, so the port is the one on which Gitaly listens.
    let port = gitaly.service.listens(tls);
    if (gitaly.enabled || gitaly.host.non_empty().is_some()) && !praefect.replaces_gitaly() {
        let prefix = format!("{release}-gitaly");
        let service = gitaly.service_name.non_empty().unwrap_or(&prefix);
        for (index, name) in gitaly.internal.names.iter().enumerate() {
            let host = match gitaly.host.non_empty() {
                Some(host) => host.to_owned(),
                None => format!("{prefix}-{index}.{service}.{namespace}.svc"),
            };
            let port = gitaly.port.non_empty().unwrap_or(port);
            all.push(Storage {
                name: name.0.clone(),
                address: format!("{}://{host}:{port}", scheme(tls)),
                token_file: None,
            });
        }
    }
    for external in &gitaly.external {
        let tls = external.tls_enabled.unwrap_or(tls);
        let port = external.port.non_empty().unwrap_or(if tls { "8076" } else { "8075" });
        let address = format!("{}://{}:{port}", scheme(tls), external.hostname);
        all.push(Storage { name: external.name.0.clone(), address, token_file: None });
    }
    if praefect.enabled {
        let tls = praefect.tls.enabled;
        let service = praefect.service_name.non_empty().map_or_else(|| format!("{release}-praefect"), str::to_owned);
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
    let gitaly = Gitaly::seen_by(cx, own);
    let praefect = Praefect::of(cx);
    let mut sources = vec![gitaly.token(cx, "gitaly/gitaly_token")];
    if praefect.enabled {
        sources.push(praefect.token(cx, "gitaly/gitaly_token_praefect"));
    }
    sources
}

/// Secrets with the certificates of Gitaly and Praefect, each with its file name among the trusted authorities.
pub fn tls_authorities(cx: &Context) -> Vec<(String, String)> {
    let gitaly: Gitaly = cx.read("global.gitaly");
    let praefect = Praefect::of(cx);
    let mut all = Vec::new();
    if gitaly.tls.enabled && praefect.replaces_gitaly() {
        for storage in &praefect.virtual_storages {
            let secret = certificate(cx, &storage.tls_secret_name, "gitaly");
            all.push((secret, format!("gitaly-{}-tls.crt", storage.name)));
        }
    } else if gitaly.tls.enabled {
        all.push((certificate(cx, &gitaly.tls.secret_name, "gitaly"), "gitaly-internal-tls.crt".to_owned()));
    }
    if praefect.tls.enabled {
        all.push((certificate(cx, &praefect.tls.secret_name, "praefect"), "praefect-internal-tls.crt".to_owned()));
    }
    all
}
