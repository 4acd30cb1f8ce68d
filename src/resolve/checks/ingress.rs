//! Ingress controllers.

use serde_json::Value;

use super::{is_set, refuse, refuse_beside};
use crate::diag::{Diagnostic, ValuePath};
use crate::resolve::context::Context;

/// Reports contradictory settings of Ingress controllers.
pub(super) fn check(cx: &Context) {
    scope(cx);
    alternatives(cx);
    class(cx);
    snippets(cx);
}

fn scope(cx: &Context) {
    for section in ["nginx-ingress", "nginx-ingress-geo"] {
        if cx.enabled(&format!("{section}.enabled")) && cx.enabled(&format!("{section}.rbac.scope")) {
            refuse(
                cx,
                "ingress-scope",
                &format!("{section}.rbac.scope"),
                "an IngressClass has no namespace, so a controller that may read only one namespace cannot see its own",
                &format!("remove it; `{section}.controller.scope` says which namespace's Ingresses are watched"),
            );
        }
    }
}

/// Two controllers with the same ports, for the web and for SSH.
fn alternatives(cx: &Context) {
    if cx.enabled("haproxy.install") && cx.enabled("traefik.install") {
        refuse_beside(
            cx,
            "two-ingress-controllers",
            ["haproxy.install", "traefik.install"],
            "`traefik.install` installs another Ingress controller",
            "keep one of the two",
        );
    }
}

/// Without a class, Ingresses are for the bundled NGINX.
fn class(cx: &Context) {
    let class = cx.text("global.ingress.class");
    for (name, own) in [
        ("haproxy", ["haproxy.controller.ingressClass", "haproxy.controller.ingressClassResource.name"]),
        ("traefik", ["traefik.ingressClass.name", "traefik.providers.kubernetesIngress.ingressClass"]),
    ] {
        if !cx.enabled(&format!("{name}.install")) {
            continue;
        }
        let serves = |class: &String| class == name || own.iter().any(|path| cx.text(path).as_ref() == Some(class));
        let fault = match &class {
            None => {
                format!("`{name}.install` installs another controller, but no class assigns the Ingresses to it")
            }
            Some(class) if !serves(class) => {
                format!("Ingresses have the class `{class}`, which the controller of `{name}.install` does not serve")
            }
            Some(_) => continue,
        };
        refuse(cx, "ingress-class", "global.ingress.class", &fault, &format!("set `global.ingress.class: {name}`"));
    }
}

/// Sections whose annotations are written to an Ingress.
const INGRESSES: [&str; 8] = [
    "global.ingress",
    "gitlab.webservice.ingress",
    "gitlab.webservice.ingress.smartcard",
    "gitlab.kas.ingress",
    "gitlab.gitlab-pages.ingress",
    "minio.ingress",
    "openbao.ingress",
    "registry.ingress",
];

/// Since chart 9.2 the controller refuses an Ingress with a snippet, unless it is configured to accept snippets.
fn snippets(cx: &Context) {
    let switch = "nginx-ingress.controller.allowSnippetAnnotations";
    let data = "nginx-ingress.controller.config.allow-snippet-annotations";
    let told = cx.section(data) == "true" || cx.enabled(data);
    if !cx.enabled("nginx-ingress.enabled") || cx.enabled(switch) || told || is_set(cx, "global.ingress.class") {
        return;
    }
    let deployments = cx.section("gitlab.webservice.deployments").as_object();
    let own = deployments
        .into_iter()
        .flat_map(|d| d.keys())
        .map(|name| format!("gitlab.webservice.deployments.{name}.ingress"));
    for section in INGRESSES.into_iter().map(str::to_owned).chain(own) {
        let path = format!("{section}.annotations");
        let Some(annotations) = cx.section(&path).as_object() else { continue };
        for (key, _) in
            annotations.iter().filter(|(key, value)| key.ends_with("-snippet") && !matches!(value, Value::Null))
        {
            let message = format!(
                "`{path}`: the controller refuses an Ingress with the snippet `{key}`, because `{switch}` is false"
            );
            let hint = format!(
                "set `{switch}: true` if everyone who may write Ingresses is trusted, or configure this without a snippet"
            );
            cx.say(
                Diagnostic::warning("snippet-annotation", message)
                    .at_value(ValuePath::dotted(&path).key(key))
                    .hint(hint),
            );
        }
    }
}
