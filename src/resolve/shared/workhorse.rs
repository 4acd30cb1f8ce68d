//! Workhorse: under which address other parts reach GitLab inside the cluster.

use serde::Deserialize;

use crate::model::Text;
use crate::resolve::context::Context;

/// `global.workhorse`, with the component's own `workhorse` over it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    scheme: Option<Text>,
    host: Option<Text>,
    port: Option<Text>,
    service_name: Option<Text>,
    tls: Tls,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Tls {
    enabled: bool,
}

/// `http://<host>:<port>`, without the path that GitLab may stand under.
pub fn url(cx: &Context, own: &str) -> String {
    let set: Settings = cx.inherited("global.workhorse", &format!("{own}.workhorse"));
    let text = |value: &Option<Text>| value.as_ref().and_then(Text::set).map(str::to_owned);
    let scheme = text(&set.scheme).unwrap_or_else(|| if set.tls.enabled { "https" } else { "http" }.to_owned());
    let host = text(&set.host).unwrap_or_else(|| {
        let service = text(&set.service_name).unwrap_or_else(|| "webservice-default".to_owned());
        format!("{}-{service}.{}.svc", cx.release.name, cx.release.namespace)
    });
    format!("{scheme}://{host}:{}", text(&set.port).unwrap_or_else(|| "8181".to_owned()))
}

/// The path that GitLab stands under, `/gitlab`; empty for the root.
pub fn relative_root(cx: &Context) -> String {
    let root: Text = cx.read_value("global.appConfig.relativeUrlRoot", match cx.section("global.appConfig.relativeUrlRoot") {
        null if null.is_null() => return String::new(),
        root => root,
    });
    root.as_str().trim_end_matches('/').to_owned()
}
