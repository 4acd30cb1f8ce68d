//! Certificates for the names that users reach: from cert-manager, from a Secret, or signed here.

use serde_json::Value;

use crate::resolve::context::Context;

/// Whether cert-manager is to be asked for certificates.
pub fn by_cert_manager(cx: &Context) -> bool {
    cx.enabled("global.ingress.configureCertmanager") || cx.enabled("global.gatewayApi.configureCertmanager")
}

/// Whether a job signs a certificate, because nobody else gives one.
pub fn self_signed(cx: &Context) -> bool {
    let tls = cx.section("global.ingress.tls");
    let off = tls.get("enabled").and_then(Value::as_bool) == Some(false);
    let named = tls.get("secretName").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    !by_cert_manager(cx) && !off && !named && cx.enabled("shared-secrets.enabled")
}

/// The Secret with the certificate that was signed here; `-ca` holds the authority, `-chain` the chain.
pub fn wildcard(cx: &Context) -> String {
    format!("{}-wildcard-tls", cx.release.name)
}
