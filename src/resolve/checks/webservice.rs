//! The web server: its Services, its routes, its relative URL path, and its timeouts.

use serde_json::Value;

use super::{refuse, refuse_beside, warn};
use crate::bundle::Difference;
use crate::resolve::context::Context;

/// Reports contradictory settings of the web server.
pub(super) fn check(cx: &Context) {
    relative_root(cx);
    longest_request(cx);
    exporter_tls(cx);
    if cx.enabled("gitlab.webservice.enabled") {
        load_balancers(cx);
        route_rules(cx);
        shared_route(cx);
    }
}

/// The deployments by name; without any there is one named `default`.
fn deployments<'c>(cx: &'c Context) -> impl Iterator<Item = (&'c String, &'c Value)> {
    cx.section("gitlab.webservice.deployments").as_object().into_iter().flatten()
}

fn relative_root(cx: &Context) {
    let path = "global.appConfig.relativeUrlRoot";
    let Some(root) = cx.text(path).filter(|root| root != "/") else { return };
    let fault = match (root.starts_with('/'), root.ends_with('/')) {
        (true, false) => return,
        (false, _) => "has to begin with `/`",
        (true, true) => "must not end in `/`",
    };
    refuse(
        cx,
        "relative-url-root",
        path,
        fault,
        "write the path with a leading and without a trailing slash, for example `/gitlab`",
    );
}

/// Rails has to end a request before Puma kills its worker.
fn longest_request(cx: &Context) {
    let seconds = |path: &str| cx.text(path).and_then(|text| text.parse::<f64>().ok());
    let longest = seconds("global.appConfig.maxRequestDurationSeconds");
    let timeout = seconds("global.webservice.workerTimeout");
    if let (Some(longest), Some(timeout)) = (longest, timeout)
        && longest >= timeout
    {
        refuse_beside(
            cx,
            "longest-request",
            ["global.appConfig.maxRequestDurationSeconds", "global.webservice.workerTimeout"],
            &format!(
                "a request may take {longest} seconds, but `global.webservice.workerTimeout` ends its worker after {timeout}"
            ),
            "choose a value below `global.webservice.workerTimeout`, or increase that",
        );
    }
}

/// The exporter of Workhorse has no certificate of its own.
fn exporter_tls(cx: &Context) {
    let base = "gitlab.webservice.workhorse.monitoring.exporter";
    let own =
        deployments(cx).map(|(name, _)| format!("gitlab.webservice.deployments.{name}.workhorse.monitoring.exporter"));
    for base in std::iter::once(base.to_owned()).chain(own) {
        let switch = format!("{base}.tls.enabled");
        if cx.enabled(&switch) && !cx.enabled("global.workhorse.tls.enabled") {
            refuse_beside(
                cx,
                "workhorse-exporter-tls",
                [&switch, "global.workhorse.tls.enabled"],
                "the exporter serves TLS with the certificate of Workhorse, and `global.workhorse.tls.enabled` is false",
                "set `global.workhorse.tls.enabled: true`, or disable TLS of the exporter",
            );
        }
    }
}

/// A load balancer has an address of its own, which two deployments cannot share and no Ingress protects.
fn load_balancers(cx: &Context) {
    let balances = |path: &str| cx.section(&format!("{path}.type")) == "LoadBalancer";
    let shared = "gitlab.webservice.service";
    if balances(shared) && deployments(cx).count() > 1 {
        refuse_beside(
            cx,
            "webservice-load-balancer",
            [&format!("{shared}.type"), "gitlab.webservice.deployments"],
            "each of the `gitlab.webservice.deployments` would get its own load balancer and address",
            "set `gitlab.webservice.service.type: ClusterIP`, and `service.type: LoadBalancer` at the deployment that needs one",
        );
    }
    for (name, _) in deployments(cx) {
        let service = format!("gitlab.webservice.deployments.{name}.service");
        let ranges = [format!("{service}.loadBalancerSourceRanges"), format!("{shared}.loadBalancerSourceRanges")];
        let guarded = ranges.iter().any(|path| cx.section(path).as_array().is_some_and(|list| !list.is_empty()));
        if balances(&service) && !guarded {
            refuse_beside(
                cx,
                "webservice-load-balancer",
                [&format!("{service}.type"), &ranges[0]],
                &format!("the load balancer would be open to everyone: `{}` is empty", ranges[0]),
                &format!("list the networks that may reach it in `{}`", ranges[0]),
            );
        }
    }
}

/// `gatewayRoute.rule` used to be one rule; now there is a list.
fn route_rules(cx: &Context) {
    let all = deployments(cx).map(|(name, _)| format!("gitlab.webservice.deployments.{name}.gatewayRoute"));
    for route in std::iter::once("gitlab.webservice.gatewayRoute".to_owned()).chain(all) {
        if !cx.section(&format!("{route}.rule")).is_null() {
            refuse(
                cx,
                "route-rule",
                &format!("{route}.rule"),
                "`rules` is a list, not a single rule",
                &format!("write it as an entry of the list `{route}.rules`"),
            );
        }
    }
}

/// Without rules of their own, all deployments take all requests of the route, and the first one gets them.
fn shared_route(cx: &Context) {
    let all = "gitlab.webservice.gatewayRoute.rules";
    let routed = cx.enabled("global.gatewayApi.enabled") && cx.release.has(Difference::LongRunningRoute);
    if !routed || !cx.section(all).is_null() {
        return;
    }
    let own = |name: &str| format!("gitlab.webservice.deployments.{name}.gatewayRoute.rules");
    let mut greedy = deployments(cx).map(|(name, _)| name).filter(|name| cx.section(&own(name)).is_null());
    let Some(first) = greedy.next() else { return };
    for name in greedy {
        warn(
            cx,
            "shared-route",
            &own(name),
            &format!(
                "is not set: the Gateway's route sends all requests to the deployment `{first}` and none to `{name}`, because it does not read `ingress.path`"
            ),
            "write the requests that the deployment gets, as `[{matches: [{path: {type: PathPrefix, value: /api}}]}]`, or `[]` for none",
        );
    }
}
