//! Certificates for the names that users reach: from cert-manager, from a Secret, or signed here.

use serde::Deserialize;
use serde_json::Value;

use crate::bundle::Difference;
use crate::model::{NodeMap, NonEmpty, Text};
use crate::resolve::context::Context;

/// How the Ingress controller trusts what it reaches by TLS: a part of the `tls` of a component.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Trust {
    /// Whether it checks the certificate.
    verify: bool,
    /// The Secret with the authority that it checks by.
    ca_secret_name: Option<Text>,
}

impl Trust {
    /// What stands at a path.
    pub fn of(cx: &Context, path: &str) -> Self {
        cx.read(path)
    }

    /// The annotations by which nginx trusts a Service.
    pub fn of_nginx(&self, cx: &Context, service: &str) -> NodeMap {
        let namespace = &cx.release.namespace;
        let mut all = NodeMap::new();
        let mut put = |name: &str, value: String| {
            all.insert(format!("nginx.ingress.kubernetes.io/{name}"), value.into());
        };
        if self.verify {
            put("proxy-ssl-verify", "on".to_owned());
            put("proxy-ssl-name", format!("{service}.{namespace}.svc"));
        }
        if let Some(secret) = self.ca_secret_name.non_empty() {
            put("proxy-ssl-secret", format!("{namespace}/{secret}"));
        }
        all
    }
}

/// Whether cert-manager is to be asked for certificates.
pub fn by_cert_manager(cx: &Context) -> bool {
    cx.enabled("global.ingress.configureCertmanager") || cx.enabled("global.gatewayApi.configureCertmanager")
}

/// Whether a job signs a certificate, because nobody else gives one.
pub fn self_signed(cx: &Context) -> bool {
    let tls = cx.section("global.ingress.tls");
    let off = tls.get("enabled").and_then(Value::as_bool) == Some(false);
    let named = tls.get("secretName").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    // From chart 10 on, pods trust the authority even where cert-manager serves the Gateway.
    let asked = if cx.release.has(Difference::SelfSignBesideGateway) {
        cx.enabled("global.ingress.configureCertmanager")
    } else {
        by_cert_manager(cx)
    };
    !asked && !off && !named && !each_has_its_own(cx) && cx.enabled("shared-secrets.enabled")
}

/// Where components that users reach by a name of their own name their certificates.
const SITES: [&str; 4] = [
    "gitlab.webservice.ingress.tls.secretName",
    "registry.ingress.tls.secretName",
    "gitlab.kas.ingress.tls.secretName",
    "minio.ingress.tls.secretName",
];

/// One that is not on now counts too: turned on later, it has no certificate.
fn each_has_its_own(cx: &Context) -> bool {
    SITES.iter().all(|secret| cx.text(secret).is_some_and(|name| !name.is_empty()))
}

/// Whether components trust the authority of [`self_signed`] by default: with settings of one's own for TLS, the
/// authority is added by hand.
pub fn trusted(cx: &Context) -> bool {
    let plain = cx.section("global.ingress.tls").as_object().is_none_or(|tls| tls.values().all(Value::is_null));
    plain && self_signed(cx)
}

/// The Secret with the certificate that was signed here; `-ca` holds the authority, `-chain` the chain.
pub fn wildcard(cx: &Context) -> String {
    format!("{}-wildcard-tls", cx.release.name)
}
