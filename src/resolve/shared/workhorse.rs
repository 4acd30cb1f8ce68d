//! Where Gitaly, gitlab-shell and KAS reach GitLab inside the cluster: Workhorse of a webservice.

use serde::Deserialize;

use super::gitaly::set;
use crate::model::Text;
use crate::resolve::context::Context;

/// `global.workhorse`, and `workhorse` of a component over it.
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

/// `http://prod-webservice-default.gitlab.svc:8181`, without the path that GitLab may stand under.
pub fn address(cx: &Context, own: &str) -> String {
    let workhorse: Workhorse = cx.inherited("global.workhorse", &format!("{own}.workhorse"));
    let release = &cx.release;
    let service = set(&workhorse.service_name).unwrap_or("webservice-default");
    let host = set(&workhorse.host)
        .map_or_else(|| format!("{}-{service}.{}.svc", release.name, release.namespace), str::to_owned);
    let scheme = set(&workhorse.scheme).unwrap_or(if workhorse.tls.enabled { "https" } else { "http" });
    format!("{scheme}://{host}:{}", set(&workhorse.port).unwrap_or("8181"))
}

/// The path that GitLab stands under, `/gitlab`; empty for the root.
pub fn relative_root(cx: &Context) -> String {
    let root: Option<Text> = cx.read("global.appConfig.relativeUrlRoot");
    set(&root).unwrap_or("").trim_end_matches('/').to_owned()
}

/// The address with GitLab's path, no slash after it.
pub fn url(cx: &Context, own: &str) -> String {
    address(cx, own) + &relative_root(cx)
}
