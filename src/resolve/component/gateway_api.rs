//! The Gateway that all routes use, and what Envoy Gateway needs to serve it.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bundle::Difference;
use crate::model::{Node, NodeMap, NonEmpty, Port, Text};
use crate::resolve::context::overlay;
use crate::resolve::gateway::gateway_name;
use crate::resolve::plan::View;
use crate::resolve::shared::{hosts, rails};
use crate::resolve::{Component, Context, Plan, labels};
use crate::view;

/// What `build.rs` puts into the table of components. Its settings are in `global.gatewayApi`.
pub const COMPONENT: Component = Component { name: "gateway-api", key: "", resolve };

/// The listener for plain HTTP.
const PLAIN: &str = "http-default";

/// `global.gatewayApi`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    install_envoy: bool,
    configure_certmanager: bool,
    protocol: Option<Text>,
    http_to_https_redirect: bool,
    addresses: Vec<Node>,
    class: Class,
    gateway: Own,
    gateway_ref: Reference,
    listeners: NodeMap,
    envoy_proxy_spec: NodeMap,
    envoy_client_traffic_policy_spec: NodeMap,
    envoy_security_policy_spec: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Class {
    name: Text,
    controller_name: Text,
}

/// What the user adds to the Gateway.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Own {
    annotations: NodeMap,
    infrastructure: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    name: Option<Text>,
}

/// One listener, besides what is passed on.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Listener {
    protocol: Option<Text>,
    port: Option<Node>,
    tls: Option<Node>,
}

struct Gateway<'a> {
    cx: &'a Context<'a>,
    set: Settings,
    name: String,
    labels: NodeMap,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read("global.gatewayApi");
    // Another's Gateway is another's affair.
    if !set.enabled || set.gateway_ref.name.as_ref().is_some_and(|name| name.non_empty().is_some()) {
        return;
    }
    let mut labels = labels::identity("gitlab", &cx.release.name);
    labels::put(&mut labels, &cx.global.common.labels);
    let gateway = Gateway { cx, set, name: gateway_name(cx), labels };
    gateway.plan_gateway(plan);
    if gateway.redirects() {
        gateway.plan_redirect(plan);
    }
    if gateway.set.install_envoy {
        gateway.plan_envoy(plan);
    }
}

impl Gateway<'_> {
    fn view(&self, name: &str) -> View {
        view! { name, labels: self.labels }
    }

    /// The protocol of listeners that have none of their own.
    fn protocol(&self) -> &str {
        self.set.protocol.non_empty().unwrap_or("HTTPS")
    }

    /// Whether requests by HTTP are sent on to HTTPS.
    fn redirects(&self) -> bool {
        self.set.http_to_https_redirect
            && self.protocol() == "HTTPS"
            && self.cx.release.has(Difference::GatewayHttpRedirect)
    }

    fn plan_redirect(&self, plan: &mut Plan) {
        let filter = json!({"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}});
        let parent = json!({
            "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": self.name,
            "namespace": self.cx.release.namespace, "sectionName": PLAIN,
        });
        let view = self
            .view(&format!("{}-http-redirect", self.cx.release.name))
            .with("annotations", Value::Null)
            .with("hosts", Value::Null)
            .with("parents", vec![parent])
            .with("rules", vec![json!({"filters": [filter]})]);
        plan.add(COMPONENT.name, "httproute.yaml", view);
    }

    fn plan_gateway(&self, plan: &mut Plan) {
        let address = self.cx.section("global.hosts.externalIP").as_str().filter(|ip| !ip.is_empty());
        let addresses = match (self.set.addresses.as_slice(), address) {
            ([], Some(ip)) => vec![json!({"type": "IPAddress", "value": ip})],
            (given, _) => given.to_vec(),
        };
        let mut annotations = labels::text_map(&self.set.gateway.annotations);
        if self.set.configure_certmanager {
            annotations
                .insert("cert-manager.io/issuer".to_owned(), format!("{}-gw-issuer", self.cx.release.name).into());
        }
        let listeners: Vec<Node> =
            self.set.listeners.iter().filter_map(|(name, set)| self.listener(name, set)).collect();
        let view = self
            .view(&self.name)
            .with("annotations", annotations)
            .with("class", &self.set.class.name)
            .with("infrastructure", &self.set.gateway.infrastructure)
            .with("addresses", (!addresses.is_empty()).then_some(addresses))
            .with("listeners", listeners);
        plan.add(COMPONENT.name, "gateway.yaml", view);
    }

    /// A listener, where what it leads to is deployed.
    fn listener(&self, name: &str, section: &Node) -> Option<Node> {
        if section.is_null() {
            return None;
        }
        let cx = self.cx;
        let public = |part: &str| Some(hosts::public(cx, part).host);
        let geo = cx.section("global.geo.gatewayApi.additionalHostname").as_str().filter(|host| !host.is_empty());
        let (there, host) = match name {
            "gitlab-web" => (cx.enabled("gitlab.webservice.enabled"), public("gitlab")),
            "gitlab-web-geo" => (cx.enabled("global.geo.enabled") && geo.is_some(), geo.map(str::to_owned)),
            "gitlab-ssh" => (cx.enabled("gitlab.gitlab-shell.enabled"), None),
            "registry-web" => (cx.enabled("registry.enabled"), public("registry")),
            "minio-web" => (cx.enabled("global.minio.enabled"), public("minio")),
            "kas-web" => (cx.enabled("global.kas.enabled"), public("kas")),
            "kas-workspaces-web" => {
                let wildcard = public("workspaces").map(|host| format!("*.{host}"));
                (cx.enabled("global.kas.enabled") && cx.enabled("global.workspaces.enabled"), wildcard)
            }
            "pages-web" => {
                let host = rails::pages_host(cx);
                let all = cx.release.has(Difference::PagesListenerForAllSites);
                (cx.enabled("global.pages.enabled"), Some(if all { format!("*.{host}") } else { host }))
            }
            "openbao-web" => (cx.enabled("global.openbao.enabled"), public("openbao")),
            // The answers to challenges of ACME come by plain HTTP, as the redirect does.
            PLAIN => (self.redirects() || self.set.configure_certmanager, None),
            "certmanager-http" => (self.set.configure_certmanager, None),
            _ => (true, None),
        };
        if !there {
            return None;
        }
        let set: Listener = cx.read_value(&format!("global.gatewayApi.listeners.{name}"), section);
        let own = set.protocol.non_empty();
        let protocol = own.unwrap_or_else(|| self.protocol());
        let port = set.port.unwrap_or_else(|| match protocol {
            "HTTP" => json!(80),
            "TCP" => self.ssh_port(),
            _ => json!(443),
        });
        let mut listener = json!({
            "name": name,
            "protocol": protocol,
            "port": port,
            "hostname": host,
            "allowedRoutes": {"namespaces": {"from": "Same"}},
            "tls": set.tls.filter(|_| matches!(protocol, "HTTPS" | "TLS")),
        });
        if let Some(section) = section.as_object() {
            let more = section.iter().filter(|(key, _)| !matches!(key.as_str(), "protocol" | "port" | "tls"));
            overlay(&mut listener, &Value::Object(more.map(|(k, v)| (k.clone(), v.clone())).collect()));
        }
        Some(listener)
    }

    fn ssh_port(&self) -> Node {
        let port: Port = self.cx.read_value(
            "global.shell.port",
            match self.cx.section("global.shell.port") {
                none if none.is_null() => return json!(22),
                port => port,
            },
        );
        json!(port)
    }

    /// The class of Envoy's Gateways, how its proxies are deployed, and policies.
    fn plan_envoy(&self, plan: &mut Plan) {
        let proxy = format!("{}-envoy-proxy", self.cx.release.name);
        let view = self
            .view(self.set.class.name.as_str())
            .with("controller", &self.set.class.controller_name)
            .with("proxy", &proxy)
            .with("namespace", &self.cx.release.namespace);
        plan.add(COMPONENT.name, "gatewayclass.yaml", view);
        plan.add(COMPONENT.name, "envoyproxy.yaml", self.view(&proxy).with("spec", &self.set.envoy_proxy_spec));
        let name = format!("{}-policy", self.cx.release.name);
        let target = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": self.name});
        let listener = format!("{}/{}/gitlab-web", self.cx.release.namespace, self.name);
        let view = self.view(&name).with("target", &target).with("listener", listener);
        plan.add(COMPONENT.name, "envoypatchpolicy.yaml", view);
        let policies = [
            ("clienttrafficpolicy.yaml", &self.set.envoy_client_traffic_policy_spec),
            ("securitypolicy.yaml", &self.set.envoy_security_policy_spec),
        ];
        for (template, spec) in policies.into_iter().filter(|(_, spec)| !spec.is_empty()) {
            let mut whole = json!({"targetRefs": [target]});
            overlay(&mut whole, &Value::Object(spec.clone()));
            plan.add(COMPONENT.name, template, self.view(&name).with("spec", whole));
        }
    }
}
