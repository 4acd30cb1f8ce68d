//! Host names under which users reach GitLab.

use serde::Deserialize;

use crate::model::{NonEmpty, Text};
use crate::resolve::context::Context;

/// `global.hosts`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    domain: Text,
    host_suffix: Option<Text>,
    https: Option<bool>,
    ssh: Option<Text>,
}

/// One host of `global.hosts`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Host {
    name: Option<Text>,
    https: Option<bool>,
}

/// The external address of a part of GitLab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    /// The host name.
    pub host: String,
    /// Whether it uses HTTPS.
    pub https: bool,
}

impl Public {
    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// `https://host`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme(), self.host)
    }
}

/// The host of a part: `gitlab`, `registry`, `minio`, `kas`, `pages`, `smartcard`, `openbao`, `workspaces`.
pub fn public(cx: &Context, part: &str) -> Public {
    let all: Settings = cx.read("global.hosts");
    let own: Host = cx.read(&format!("global.hosts.{part}"));
    let suffix = all.host_suffix.non_empty().map_or(String::new(), |s| format!("-{s}"));
    let host = match own.name.non_empty() {
        Some(name) => name.to_owned(),
        None => format!("{part}{suffix}.{}", all.domain),
    };
    Public { host, https: own.https.or(all.https).unwrap_or(true) }
}

/// The host of Git over SSH: `global.hosts.ssh`, or GitLab's own.
pub fn ssh(cx: &Context) -> String {
    let all: Settings = cx.read("global.hosts");
    all.ssh.non_empty().map_or_else(|| public(cx, "gitlab").host, str::to_owned)
}
