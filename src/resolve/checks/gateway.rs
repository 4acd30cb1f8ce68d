//! Certificates where the Gateway takes the place of Ingress.

use serde_json::Value;

use super::{is_set, list, warn};
use crate::bundle::Difference;
use crate::resolve::context::Context;
use crate::resolve::gateway::{is_alone, listeners_of};
use crate::resolve::shared::tls;

/// A listener, the Secret that it names by default, its component's switch, and where an Ingress names its own Secret.
const LISTENERS: [(&str, &str, &str, &str); 4] = [
    ("gitlab-web", "gitlab-tls", "gitlab.webservice.enabled", "gitlab.webservice.ingress.tls.secretName"),
    ("registry-web", "registry-tls", "registry.enabled", "registry.ingress.tls.secretName"),
    ("kas-web", "kas-tls", "global.kas.enabled", "gitlab.kas.ingress.tls.secretName"),
    ("pages-web", "pages-tls", "global.pages.enabled", "gitlab.gitlab-pages.ingress.tls.secretName"),
];

/// Reports certificates that were named for Ingresses, where the listeners of the Gateway name other Secrets and nobody makes
/// these.
pub(super) fn check(cx: &Context) {
    let own_gateway = is_set(cx, "global.gatewayApi.gatewayRef.name");
    if !is_alone(cx) || own_gateway {
        return;
    }
    let gateway = listeners_of(cx);
    let annotations = match cx.release.has(Difference::GatewayResources) {
        true => "gatewayApiResources.gateway.annotations",
        false => "global.gatewayApi.gateway.annotations",
    };
    let is_issuer = |key: &String| key.starts_with("cert-manager.io/");
    let issued = cx.section(annotations).as_object().is_some_and(|annotations| annotations.keys().any(is_issuer));
    let has_issuer = cx.enabled("global.gatewayApi.configureCertmanager") && tls::issuer_email(cx).is_some();
    if issued || has_issuer {
        return;
    }
    let shared = "global.ingress.tls.secretName";
    let mut unread: Vec<(&str, Vec<String>)> = Vec::new();
    for (listener, default, switch, own) in LISTENERS {
        let Some(secret) = [own, shared].into_iter().find(|path| is_set(cx, path)) else { continue };
        let refs = format!("{gateway}.listeners.{listener}.tls.certificateRefs");
        let named = cx.section(&refs).pointer("/0/name").and_then(Value::as_str);
        if cx.enabled(switch) && named == Some(default) && cx.text(secret).as_deref() != Some(default) {
            match unread.iter_mut().find(|(path, _)| *path == secret) {
                Some((_, all)) => all.push(refs),
                None => unread.push((secret, vec![refs])),
            }
        }
    }
    for (secret, refs) in unread {
        let refs: Vec<&str> = refs.iter().map(String::as_str).collect();
        let name = cx.text(secret).unwrap_or_default();
        warn(
            cx,
            "certificate-unread",
            secret,
            "only Ingresses read it, and the Gateway's listeners name other Secrets, which nothing creates: requests by HTTPS fail",
            &format!("set `[{{name: {name}}}]` at {}", list(&refs)),
        );
    }
}
