//! Routes to a second set: an Ingress of its own that NGINX treats as a canary, and routes of the Gateway API.

use serde_json::{Map, Value, json};

use super::Split;
use crate::diag::Diagnostic;
use crate::manifest::{Manifest, Phase};

/// The cookie that GitLab's own fleet uses to let people choose.
const COOKIE: &str = "gitlab_canary";
/// The header for clients that keep no cookies, such as `git -c http.extraHeader`.
const HEADER: &str = "gitlab-canary";
/// The value that both must have: NGINX knows this word and `never`.
const ALWAYS: &str = "always";

const CLASS: &str = "kubernetes.io/ingress.class";
const PROVIDER: &str = "kubernetes.io/ingress.provider";
const NGINX: &str = "nginx.ingress.kubernetes.io/";

/// Points the routes of the release that are in the set at the set.
pub fn lead(chosen: &mut [Manifest], components: &[String], suffix: &str, weight: u32, found: &mut Vec<Diagnostic>) {
    let (mut ingresses, mut routes) = (0, 0);
    for manifest in chosen {
        match manifest.id.kind.as_str() {
            "Ingress" => {
                ingresses += 1;
                nginx(manifest, weight, found);
            }
            "HTTPRoute" => {
                routes += 1;
                chosen_by_request(&mut manifest.body);
            }
            _ => {}
        }
    }
    if ingresses + routes == 0 {
        let message =
            format!("`--weight {weight}`: no Ingress and no HTTPRoute leads to `{}`", components.join("`, `"));
        let hint =
            "leave `--weight` out: jobs are shared by the number of pods, other requests by the clients of the Service";
        found.push(Diagnostic::error("no-route", message).hint(hint));
    } else if routes > 0 && weight > 0 {
        let message = format!(
            "`--weight {weight}`: the Gateway API sets shares in the release's own routes, not in additional ones"
        );
        let hint = format!(
            "use `--weight 0`, which routes only requests with the cookie or the header, and render the release with `--split {}:{suffix}={weight}`",
            components.first().map_or("COMPONENT", String::as_str),
        );
        found.push(Diagnostic::error("no-route", message).hint(hint));
    }
}

/// Marks an Ingress as a canary for NGINX. NGINX takes every other setting from the Ingress of the same host and path,
/// so annotations that other programs would read (certificate issuer, DNS name) stay on that one.
fn nginx(manifest: &mut Manifest, weight: u32, found: &mut Vec<Diagnostic>) {
    let class = manifest.body.pointer("/spec/ingressClassName").and_then(Value::as_str).unwrap_or("none").to_owned();
    let annotations = manifest.body.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let Some(annotations) = annotations.filter(|all| all.get(PROVIDER).is_some_and(|name| name == "nginx")) else {
        let message =
            format!("`--weight {weight}`: `{}` is not NGINX's, and only NGINX accepts a second Ingress", manifest.id);
        let hint = "leave `--weight` out, and configure the share of the second Service as your controller documents \
                    it; `global.ingress.provider` names the controller";
        return found.push(Diagnostic::error("no-route", message).hint(hint));
    };
    let class = annotations.get(CLASS).and_then(Value::as_str).map_or(class, str::to_owned);
    if !class.contains("nginx") {
        let message =
            format!("`--weight {weight}`: `{}` has the class `{class}`, which may not be NGINX's", manifest.id);
        let hint = "other controllers ignore the canary annotations and find the same host twice: with them, leave `--weight` out";
        found.push(Diagnostic::warning("second-ingress", message).hint(hint));
    }
    annotations.retain(|key, _| key.starts_with(NGINX) || key == CLASS || key == PROVIDER);
    for (key, value) in [
        ("canary", "true".to_owned()),
        ("canary-by-header", HEADER.to_owned()),
        ("canary-by-cookie", COOKIE.to_owned()),
        ("canary-weight", weight.to_string()),
    ] {
        annotations.insert(format!("{NGINX}{key}"), value.into());
    }
    if let Some(spec) = manifest.body.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("tls");
    }
}

/// Restricts a route to requests that select the set: a match with a header precedes the same match without one.
fn chosen_by_request(body: &mut Value) {
    let cookie = format!("(.*; *)?{COOKIE}={ALWAYS}(;.*)?");
    let asks = [
        json!({"name": HEADER, "value": ALWAYS}),
        json!({"name": "Cookie", "type": "RegularExpression", "value": cookie}),
    ];
    for rule in rules(body) {
        let matches = match rule.get("matches").and_then(Value::as_array) {
            Some(matches) => matches.clone(),
            None => vec![json!({})],
        };
        let matches = matches.iter().filter_map(Value::as_object).flat_map(|old| asks.iter().map(|ask| with(old, ask)));
        let matches: Vec<Value> = matches.collect();
        rule.insert("matches".to_owned(), matches.into());
    }
}

fn with(old: &Map<String, Value>, header: &Value) -> Value {
    let mut new = old.clone();
    if let Value::Array(headers) = new.entry("headers").or_insert_with(|| json!([])) {
        headers.push(header.clone());
    }
    new.into()
}

fn rules(body: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let rules = body.pointer_mut("/spec/rules").and_then(Value::as_array_mut);
    rules.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Lets the release's own routes of the Gateway API share requests with second sets. Returns the components that have
/// no such route.
pub fn split(manifests: &mut [Manifest], splits: &[Split]) -> Vec<Diagnostic> {
    splits.iter().filter_map(|split| share(manifests, split)).collect()
}

fn share(manifests: &mut [Manifest], Split { component, suffix, weight }: &Split) -> Option<Diagnostic> {
    let mut shared = false;
    let route = |m: &&mut Manifest| matches!(m.id.kind.as_str(), "HTTPRoute" | "TCPRoute") && m.phase == Phase::Main;
    for manifest in manifests.iter_mut().filter(|m| *m.component == **component).filter(route) {
        for backends in rules(&mut manifest.body).filter_map(|rule| rule.get_mut("backendRefs")?.as_array_mut()) {
            let second: Vec<Value> = backends.iter_mut().filter_map(|old| weigh(old, suffix, *weight)).collect();
            shared |= !second.is_empty();
            backends.extend(second);
        }
    }
    (!shared).then(|| {
        let message =
            format!("`--split {component}:{suffix}={weight}`: no route of the Gateway API leads to `{component}`");
        Diagnostic::error("no-route", message).hint("an Ingress gets its share by `--suffix` and `--weight`")
    })
}

/// Takes a share from a backend and returns the backend that receives it.
fn weigh(old: &mut Value, suffix: &str, weight: u32) -> Option<Value> {
    let name = format!("{}-{suffix}", old.get("name")?.as_str()?);
    let mut second = old.clone();
    for (backend, weight) in [(&mut *old, 100 - weight), (&mut second, weight)] {
        backend.as_object_mut()?.insert("weight".to_owned(), weight.into());
    }
    second.as_object_mut()?.insert("name".to_owned(), name.into());
    Some(second)
}
