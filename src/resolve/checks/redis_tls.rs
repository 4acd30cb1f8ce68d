//! TLS towards Redis and its Sentinels: all Sentinels of an instance speak it or none does, and a certificate has its
//! Secret and the key in it.

use serde_json::Value;

use super::{is_set, refuse, refuse_beside};
use crate::resolve::context::Context;
use crate::resolve::shared::redis::INSTANCES;

/// The parts of `redisTLS` and `sentinelTLS`.
const ENTRIES: [&str; 3] = ["cert", "key", "caFile"];

/// Reports instances whose TLS is set in parts.
pub(super) fn check(cx: &Context) {
    let Some(sections) = cx.section("global.redis").as_object() else { return };
    let named = INSTANCES.iter().map(|(key, _)| *key).chain(["kas"]).filter(|key| sections.contains_key(*key));
    for instance in std::iter::once(String::new()).chain(named.map(|key| format!(".{key}"))) {
        let path = format!("global.redis{instance}");
        sentinels(cx, &path);
        for section in ["redisTLS", "sentinelTLS"] {
            for entry in ENTRIES {
                certificate(cx, &format!("{path}.{section}.{entry}"));
            }
        }
        for section in ["redisTLS", "sentinelTLS"] {
            client_certificate(cx, &format!("{path}.{section}"));
        }
    }
}

/// A client asks one Sentinel after the other, and has one way to do it.
fn sentinels(cx: &Context, path: &str) {
    let Some(list) = cx.section(&format!("{path}.sentinels")).as_array() else { return };
    let default = cx.enabled(&format!("{path}.sentinelTLS.enabled"));
    let speaks = |server: &Value| server.get("ssl").and_then(Value::as_bool).unwrap_or(default);
    let first = list.first().is_some_and(speaks);
    let Some(other) = list.iter().position(|server| speaks(server) != first) else { return };
    // The place is that of a key which is there: the other one follows from `sentinelTLS.enabled`.
    let written = if list[other].get("ssl").is_some() { other } else { 0 };
    refuse(
        cx,
        "redis-sentinel-tls",
        &format!("{path}.sentinels[{written}].ssl"),
        "only some of these Sentinels use TLS",
        &format!("give all of them the same `ssl`, or remove it and set `{path}.sentinelTLS.enabled`"),
    );
}

fn certificate(cx: &Context, path: &str) {
    if cx.section(path).as_object().is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let [secret, key] = ["secret", "key"].map(|part| format!("{path}.{part}"));
    for (missing, given) in [(&secret, &key), (&key, &secret)] {
        if !is_set(cx, missing) {
            refuse_beside(
                cx,
                "redis-tls",
                [missing, given],
                "is missing, and a certificate needs both the Secret and the key in it",
                "name both, or remove the entry",
            );
        }
    }
}

/// A certificate is shown together with its private key, or not at all.
fn client_certificate(cx: &Context, path: &str) {
    let [certificate, key] = ["cert", "key"].map(|part| format!("{path}.{part}"));
    let given = |path: &str| cx.section(path).as_object().is_some_and(|map| !map.is_empty());
    for (missing, there) in [(&key, &certificate), (&certificate, &key)] {
        if given(there) && !given(missing) {
            refuse_beside(
                cx,
                "redis-tls",
                [missing, there],
                "is missing, and a client certificate and its private key are only usable together",
                "name both, or neither",
            );
        }
    }
}
