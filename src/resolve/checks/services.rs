//! Settings of a load balancer at Services of another type.

use super::{Context, is_set};
use crate::diag::{Diagnostic, ValuePath};

/// The sections of Services whose type may be `LoadBalancer`.
const SERVICES: [&str; 15] = [
    "gitlab-runner.service",
    "gitlab.gitlab-shell.service",
    "gitlab.kas.service",
    "gitlab.webservice.service",
    "nginx-ingress.controller.service",
    "nginx-ingress.controller.metrics.service",
    "nginx-ingress.defaultBackend.service",
    "nginx-ingress-geo.controller.service",
    "nginx-ingress-geo.controller.metrics.service",
    "nginx-ingress-geo.defaultBackend.service",
    "postgresql.metrics.service",
    "postgresql.primary.service",
    "redis.master.service",
    "redis.metrics.service",
    "registry.service",
];

/// Keys that only a load balancer uses, and their purpose.
const KEYS: [(&str, &str); 2] = [
    ("loadBalancerSourceRanges", "only a load balancer can restrict the source addresses, and there is none"),
    ("loadBalancerIP", "only a load balancer has its own address, and there is none"),
];

/// Reports settings without effect.
pub(super) fn check(cx: &Context) {
    for section in SERVICES {
        check_service(cx, section, None);
    }
    check_service(cx, "gitlab.gitaly.service", cx.text("global.gitaly.service.type"));
    let deployments = cx.section("gitlab.webservice.deployments").as_object();
    for name in deployments.into_iter().flat_map(|deployments| deployments.keys()) {
        check_service(
            cx,
            &format!("gitlab.webservice.deployments.{name}.service"),
            cx.text(&kind("gitlab.webservice.service")),
        );
    }
}

/// The path of a Service's type.
fn kind(section: &str) -> String {
    format!("{section}.type")
}

fn check_service(cx: &Context, section: &str, inherited: Option<String>) {
    let keys = KEYS.iter().map(|(key, why)| (format!("{section}.{key}"), why));
    let given =
        keys.filter(|(path, _)| is_set(cx, path) && cx.section(path).as_array().is_none_or(|list| !list.is_empty()));
    for (path, why) in given {
        let kind = kind(section);
        if cx.text(&kind).or_else(|| inherited.clone()).as_deref() != Some("LoadBalancer") {
            let finding = Diagnostic::warning("no-load-balancer", format!("`{path}`: {why}"));
            let hint = format!("set `{kind}` to `LoadBalancer`, or remove the key");
            cx.say(finding.at_value(ValuePath::dotted(&path)).hint(hint));
        }
    }
}
