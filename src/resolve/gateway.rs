//! Routes of the Gateway API, instead of an Ingress or beside it.
//!
//! A component has `gatewayRoute`; its Gateway follows from that and `global.gatewayApi`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::context::Context;
use super::labels;
use super::plan::Plan;
use super::workload::Workload;
use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::view;

/// `gatewayRoute:` of a component.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewayRoute {
    /// Whether the route is rendered; missing means `global.gatewayApi.enabled`.
    pub enabled: Option<bool>,
    /// Annotations of the route.
    pub annotations: NodeMap,
    /// The name of a Gateway, instead of the common one.
    pub gateway_name: Option<Text>,
    /// Its namespace.
    pub gateway_namespace: Option<Text>,
    /// The Gateway's listener.
    pub section_name: Option<Text>,
    /// The timeouts: `request` and `backendRequest`.
    pub timeouts: Option<Node>,
    /// Filters of the Gateway API for each rule.
    pub filters: Vec<Node>,
}

/// `global.gatewayApi.gatewayRef`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Reference {
    name: Option<Text>,
    namespace: Option<Text>,
}

/// The name of the Gateway that is rendered here.
pub fn gateway_name(cx: &Context) -> String {
    format!("{}-gw", cx.release.name)
}

/// The issuer of the certificates of the Gateway's listeners.
pub fn gateway_issuer(cx: &Context) -> String {
    format!("{}-gw-issuer", cx.release.name)
}

/// The settings in whose `listeners` the Gateway's listeners are.
pub fn listeners_of(cx: &Context) -> &'static str {
    match cx.release.has(Difference::GatewayResources) {
        true => "gatewayApiResources.gateway",
        false => "global.gatewayApi",
    }
}

/// Whether requests come in by routes, and by no Ingress.
pub fn is_alone(cx: &Context) -> bool {
    cx.enabled("global.gatewayApi.enabled") && !cx.enabled("global.ingress.enabled")
}

/// Whether the Gateway of a route is rendered here, and not named by the user.
fn managed(cx: &Context) -> bool {
    let shared: Reference = cx.read("global.gatewayApi.gatewayRef");
    cx.enabled("global.gatewayApi.enabled") && shared.name.non_empty().is_none()
}

/// Whether Envoy serves a Gateway that is rendered here, so that policies of Envoy Gateway apply.
pub fn with_envoy(cx: &Context) -> bool {
    managed(cx) && cx.enabled("global.gatewayApi.installEnvoy")
}

/// Plans the policy by which the Gateway verifies a Service that uses TLS.
///
/// The Gateway always verifies the certificate, so a Secret with the authority has to be named: `authority` is its
/// name, `ca_path` its path in the values, `own` the section with `backendTLSPolicy`.
pub fn plan_backend_tls(
    w: &Workload,
    component: &'static str,
    (own, ca_path): (&str, &str),
    authority: Option<String>,
    service: &str,
    plan: &mut Plan,
) {
    let cx = w.cx;
    if !cx.release.has(Difference::BackendTlsPolicies) || !GatewayRoute::of(cx, &w.key).on(cx) {
        return;
    }
    let Some(authority) = authority.filter(|name| !name.is_empty()) else {
        let message =
            format!("`{ca_path}`: not set, so the Gateway does not trust the Service `{service}`, which uses TLS");
        let diagnostic = Diagnostic::warning("backend-tls", message).at_value(ValuePath::dotted(ca_path));
        cx.say(
            diagnostic
                .hint("name the Secret with the CA certificate in `ca.crt`: the Gateway verifies every certificate"),
        );
        return;
    };
    let hostname = cx.text(&format!("{own}.backendTLSPolicy.hostname")).filter(|host| !host.is_empty());
    let view = view! {
        name: service, labels: w.labels.object, service, authority,
        hostname: hostname.unwrap_or_else(|| format!("{service}.{}.svc", cx.release.namespace)),
    };
    plan.add(component, "backendtlspolicy.yaml", view);
}

/// A rule that forwards the requests below a path to a Service.
pub fn prefix_rule(path: &str, service: &str, port: impl serde::Serialize) -> Node {
    json!({
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        "backendRefs": [backend(service, port)],
    })
}

/// A Service as the backend of a rule.
pub fn backend(service: &str, port: impl serde::Serialize) -> Node {
    json!({"kind": "Service", "name": service, "port": port, "weight": 1})
}

impl GatewayRoute {
    /// `gatewayRoute` of the component whose section is `own`.
    pub fn of(cx: &Context, own: &str) -> Self {
        cx.read(&format!("{own}.gatewayRoute"))
    }

    /// Whether the component has a route.
    pub fn on(&self, cx: &Context) -> bool {
        self.enabled.unwrap_or_else(|| cx.enabled("global.gatewayApi.enabled"))
    }

    /// The Gateway and its listener, as an item of `parentRefs`.
    pub fn parent(&self, cx: &Context, listener: Option<&Text>) -> Node {
        let shared: Reference = cx.read("global.gatewayApi.gatewayRef");
        let first = |own: &Option<Text>, shared: &Option<Text>, default: String| {
            own.non_empty().or(shared.non_empty()).map_or(default, str::to_owned)
        };
        let name = first(&self.gateway_name, &shared.name, gateway_name(cx));
        let listener = listener.and_then(Text::non_empty);
        if !cx.release.has(Difference::FullParentRefs) {
            return json!({"name": name, "sectionName": listener});
        }
        json!({
            "group": "gateway.networking.k8s.io",
            "kind": "Gateway",
            "name": name,
            "namespace": first(&self.gateway_namespace, &shared.namespace, cx.release.namespace.clone()),
            "sectionName": listener,
        })
    }

    /// Plans an HTTPRoute from the template `httproute.yaml`: one host, one listener.
    pub fn plan_http(
        &self,
        w: &Workload,
        component: &'static str,
        name: &str,
        host: &str,
        rules: Vec<Node>,
        plan: &mut Plan,
    ) {
        let parents = vec![self.parent(w.cx, self.section_name.as_ref())];
        self.plan_http_for(w, component, name, (&[host.to_owned()], parents), rules, plan);
    }

    /// The same for several hosts and listeners.
    pub fn plan_http_for(
        &self,
        w: &Workload,
        component: &'static str,
        name: &str,
        (hosts, parents): (&[String], Vec<Node>),
        mut rules: Vec<Node>,
        plan: &mut Plan,
    ) {
        if let Some(timeouts) = self.timeouts.as_ref().filter(|t| t.as_object().is_some_and(|t| !t.is_empty())) {
            for rule in rules.iter_mut().filter_map(Value::as_object_mut) {
                rule.entry("timeouts").or_insert_with(|| timeouts.clone());
            }
        }
        if !self.filters.is_empty() {
            for rule in rules.iter_mut().filter_map(Value::as_object_mut) {
                rule.entry("filters").or_insert_with(|| self.filters.clone().into());
            }
        }
        let view = view! {
            name, labels: w.labels.object, annotations: labels::text_map(&self.annotations),
            parents: parents, hosts: hosts, rules: rules,
        };
        plan.add(component, "httproute.yaml", view);
    }
}
