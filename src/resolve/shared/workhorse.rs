//! GitLab's address inside the cluster for Gitaly, gitlab-shell and KAS: Workhorse of a webservice.

use serde::Deserialize;

use crate::model::{NonEmpty, Text};
use crate::resolve::context::Context;

/// `global.workhorse`, and `workhorse` of a component merged over it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Workhorse {
    host: Option<Text>,
    port: Option<Text>,
    scheme: Option<Text>,
    service_name: Option<Text>,
    tls: Tls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tls {
    enabled: bool,
}

/// `http://prod-webservice-default.gitlab.svc:8181`, without GitLab's relative URL.
pub fn address(cx: &Context, own: &str) -> String {
    let workhorse: Workhorse = cx.inherited("global.workhorse", &format!("{own}.workhorse"));
    let release = &cx.release;
    let service = workhorse.service_name.non_empty().unwrap_or("webservice-default");
    let host = workhorse
        .host
        .non_empty()
        .map_or_else(|| format!("{}-{service}.{}.svc", release.name, release.namespace), str::to_owned);
    let scheme = workhorse.scheme.non_empty().unwrap_or(if workhorse.tls.enabled { "https" } else { "http" });
    format!("{scheme}://{host}:{}", workhorse.port.non_empty().unwrap_or("8181"))
}

/// GitLab's relative URL, `/gitlab`; empty for the root.
pub fn relative_root(cx: &Context) -> String {
    let root: Option<Text> = cx.read("global.appConfig.relativeUrlRoot");
    root.non_empty().unwrap_or("").trim_end_matches('/').to_owned()
}

/// The address with GitLab's relative URL, without a slash at the end.
pub fn url(cx: &Context, own: &str) -> String {
    address(cx, own) + &relative_root(cx)
}
