//! Certificates for the host names of users: from cert-manager, from a Secret, or self-signed.

use serde::Deserialize;
use serde_json::Value;

use crate::bundle::Difference;
use crate::model::{NodeMap, NonEmpty, Text};
use crate::resolve::context::Context;

/// How the Ingress controller verifies a backend by TLS: a part of the `tls` of a component.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Trust {
    /// Whether it verifies the certificate.
    verify: bool,
    /// The Secret with the authority by which it verifies.
    ca_secret_name: Option<Text>,
}

impl Trust {
    /// The value at a path.
    pub fn of(cx: &Context, path: &str) -> Self {
        cx.read(path)
    }

    /// The annotations by which nginx verifies a Service.
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

/// Whether cert-manager issues certificates.
pub fn by_cert_manager(cx: &Context) -> bool {
    cx.enabled("global.ingress.configureCertmanager") || cx.enabled("global.gatewayApi.configureCertmanager")
}

/// The address that an issuer is made for. `false` and an empty string both mean none, and without one there is no issuer.
pub fn issuer_email(cx: &Context) -> Option<String> {
    cx.text("certmanager-issuer.email").filter(|email| !email.is_empty() && email != "false")
}

/// Whether a Job signs a certificate, because there is no other source.
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

/// The settings in which components with a host name of their own name their certificates.
const SITES: [&str; 4] = [
    "gitlab.webservice.ingress.tls.secretName",
    "registry.ingress.tls.secretName",
    "gitlab.kas.ingress.tls.secretName",
    "minio.ingress.tls.secretName",
];

/// A disabled component counts too: it would have no certificate once it is enabled.
fn each_has_its_own(cx: &Context) -> bool {
    SITES.iter().all(|secret| cx.text(secret).is_some_and(|name| !name.is_empty()))
}

/// Whether components trust the authority of [`self_signed`] by default: with TLS settings of one's own, the authority
/// has to be added by hand.
pub fn trusted(cx: &Context) -> bool {
    let plain = cx.section("global.ingress.tls").as_object().is_none_or(|tls| tls.values().all(Value::is_null));
    plain && self_signed(cx)
}

/// The Secret with the self-signed certificate; `-ca` holds the authority, `-chain` the chain.
pub fn wildcard(cx: &Context) -> String {
    format!("{}-wildcard-tls", cx.release.name)
}
