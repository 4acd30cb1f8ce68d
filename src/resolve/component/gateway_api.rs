//! The Gateway that all routes use, and the objects for Envoy Gateway.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bundle::Difference;
use crate::model::workload::Monitor;
use crate::model::{Node, NodeMap, NonEmpty, Port, Text};
use crate::resolve::gateway::{gateway_issuer, gateway_name};
use crate::resolve::plan::View;
use crate::resolve::shared::{hosts, rails};
use crate::resolve::{Component, Context, Plan, labels};
use crate::tree::overlay;
use crate::view;

/// The entry of `build.rs`'s table of components. Its settings are in `global.gatewayApi`.
pub const COMPONENT: Component = Component { name: "gateway-api", key: "", resolve };

/// The listener for plain HTTP: it answers challenges of certificates and redirects to HTTPS.
const PLAIN: &str = "http-default";

/// The switches of `global.gatewayApi`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Switches {
    enabled: bool,
    install_envoy: bool,
    configure_certmanager: bool,
    http_to_https_redirect: bool,
    gateway_ref: Reference,
}

/// The Gateway: `gatewayApiResources.gateway`, in older releases in `global.gatewayApi`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Made {
    protocol: Option<Text>,
    addresses: Vec<Node>,
    listeners: NodeMap,
}

/// Objects of Envoy: `gatewayApiResources.envoy`, in older releases in `global.gatewayApi` with longer names.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Envoy {
    #[serde(alias = "envoyProxySpec")]
    proxy_spec: NodeMap,
    #[serde(alias = "envoyClientTrafficPolicySpec")]
    client_traffic_policy_spec: NodeMap,
    #[serde(alias = "envoySecurityPolicySpec")]
    security_policy_spec: NodeMap,
    metrics: Metrics,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metrics {
    envoy_gateway: Monitors,
    envoy_proxy: Monitors,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Monitors {
    service_monitor: Monitor,
    pod_monitor: Monitor,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Class {
    name: Text,
    controller_name: Text,
}

/// The user's additions to the Gateway: in `gatewayApiResources.gateway`, in older releases in
/// `global.gatewayApi.gateway`.
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

/// One listener; its other fields are passed on unchanged.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Listener {
    protocol: Option<Text>,
    port: Option<Node>,
    tls: Option<Node>,
}

struct Gateway<'a> {
    cx: &'a Context<'a>,
    switches: Switches,
    class: Class,
    /// The path of `made` in the values.
    path: &'static str,
    made: Made,
    own: Own,
    envoy: Envoy,
    name: String,
    labels: NodeMap,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let switches: Switches = cx.read("global.gatewayApi");
    // The user's own Gateway is not configured here.
    if !switches.enabled || switches.gateway_ref.name.as_ref().is_some_and(|name| name.non_empty().is_some()) {
        return;
    }
    let mut labels = labels::identity("gitlab", &cx.release.name);
    labels::put(&mut labels, &cx.global.common.labels);
    let gateway = if cx.release.has(Difference::GatewayResources) {
        let path = "gatewayApiResources.gateway";
        let own = cx.read(path);
        let (class, envoy) = (cx.read("gatewayApiResources.class"), cx.read("gatewayApiResources.envoy"));
        Gateway { cx, switches, class, path, made: cx.read(path), own, envoy, name: gateway_name(cx), labels }
    } else {
        let path = "global.gatewayApi";
        let own = cx.read("global.gatewayApi.gateway");
        let (class, envoy) = (cx.read("global.gatewayApi.class"), cx.read(path));
        Gateway { cx, switches, class, path, made: cx.read(path), own, envoy, name: gateway_name(cx), labels }
    };
    gateway.plan_gateway(plan);
    if gateway.redirects() {
        gateway.plan_redirect(plan);
    }
    if gateway.switches.install_envoy {
        gateway.plan_envoy(plan);
    }
}

impl Gateway<'_> {
    fn view(&self, name: &str) -> View {
        view! { name, labels: self.labels }
    }

    /// The protocol of listeners without one of their own.
    fn protocol(&self) -> &str {
        self.made.protocol.non_empty().unwrap_or("HTTPS")
    }

    /// Whether requests by HTTP are redirected to HTTPS.
    fn redirects(&self) -> bool {
        self.switches.http_to_https_redirect
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
        let addresses = match (self.made.addresses.as_slice(), address) {
            ([], Some(ip)) => vec![json!({"type": "IPAddress", "value": ip})],
            (given, _) => given.to_vec(),
        };
        let mut annotations = labels::text_map(&self.own.annotations);
        if self.switches.configure_certmanager {
            annotations.insert("cert-manager.io/issuer".to_owned(), gateway_issuer(self.cx).into());
        }
        let listeners: Vec<Node> =
            self.made.listeners.iter().filter_map(|(name, set)| self.listener(name, set)).collect();
        let view = self
            .view(&self.name)
            .with("annotations", annotations)
            .with("class", &self.class.name)
            .with("infrastructure", &self.own.infrastructure)
            .with("addresses", (!addresses.is_empty()).then_some(addresses))
            .with("listeners", listeners);
        plan.add(COMPONENT.name, "gateway.yaml", view);
    }

    /// A listener, where its backend is deployed.
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
                let all = cx.release.has(Difference::PagesListenerForAllSites);
                let host = if all { rails::pages_sites(cx) } else { rails::pages_host(cx) };
                (cx.enabled("global.pages.enabled"), Some(host))
            }
            "openbao-web" => (cx.enabled("global.openbao.enabled"), public("openbao")),
            "gitlab-smartcard-web" => (cx.enabled("global.appConfig.smartcard.enabled"), public("smartcard")),
            // The answers to ACME challenges use plain HTTP, as the redirect does.
            PLAIN => (self.redirects() || self.switches.configure_certmanager, None),
            "certmanager-http" => (self.switches.configure_certmanager, None),
            _ => (true, None),
        };
        if !there {
            return None;
        }
        let set: Listener = cx.read_value(&format!("{}.listeners.{name}", self.path), section);
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

    /// The class of Envoy's Gateways, the deployment of its proxies, policies, and the monitors of their metrics.
    fn plan_envoy(&self, plan: &mut Plan) {
        let (cx, release) = (self.cx, &self.cx.release);
        let proxy = format!("{}-envoy-proxy", release.name);
        // The class has the labels of Services as well.
        let mut class_labels = self.labels.clone();
        labels::put(&mut class_labels, &cx.global.service.labels);
        let view = self
            .view(self.class.name.as_str())
            .with("labels", class_labels)
            .with("controller", &self.class.controller_name)
            .with("proxy", &proxy)
            .with("namespace", &release.namespace);
        plan.add(COMPONENT.name, "gatewayclass.yaml", view);
        plan.add(COMPONENT.name, "envoyproxy.yaml", self.view(&proxy).with("spec", self.proxy_spec()));
        let name = format!("{}-policy", release.name);
        let target = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": self.name});
        if !cx.release.has(Difference::EnvoyTrafficPolicies) {
            let listener = format!("{}/{}/gitlab-web", release.namespace, self.name);
            let view = self.view(&name).with("target", &target).with("listener", listener);
            plan.add(COMPONENT.name, "envoypatchpolicy.yaml", view);
        }
        let policies = [
            ("clienttrafficpolicy.yaml", &self.envoy.client_traffic_policy_spec),
            ("securitypolicy.yaml", &self.envoy.security_policy_spec),
        ];
        for (template, spec) in policies.into_iter().filter(|(_, spec)| !spec.is_empty()) {
            let mut whole = json!({"targetRefs": [target]});
            overlay(&mut whole, &Value::Object(spec.clone()));
            plan.add(COMPONENT.name, template, self.view(&name).with("spec", whole));
        }
        self.plan_monitors(&proxy, plan);
    }

    /// The monitors of the controller and of the proxies.
    fn plan_monitors(&self, proxy: &str, plan: &mut Plan) {
        let (cx, release) = (self.cx, &self.cx.release);
        let metrics = &self.envoy.metrics;
        let monitor = |name: &str, set: &Monitor, path: &str, selector: Node| {
            let mut labels = self.labels.clone();
            labels::put(&mut labels, &set.additional_labels);
            let mut endpoint = json!({"port": "metrics", "path": path});
            overlay(&mut endpoint, &Value::Object(set.endpoint_config.clone()));
            view! {
                name, labels, selector, endpoints: [endpoint],
                namespace_selector: json!({"matchNames": [release.namespace]}),
            }
        };
        if metrics.envoy_gateway.service_monitor.enabled && cx.takes_monitors() {
            let labels = json!({"control-plane": "envoy-gateway", "app.kubernetes.io/instance": release.name});
            let name = format!("{}-envoy-gateway", release.name);
            let view = monitor(&name, &metrics.envoy_gateway.service_monitor, "/metrics", labels);
            plan.add(COMPONENT.name, "servicemonitor.yaml", view);
        }
        if metrics.envoy_proxy.pod_monitor.enabled && cx.takes_monitors() {
            let labels = json!({
                "gateway.envoyproxy.io/owning-gateway-name": self.name,
                "gateway.envoyproxy.io/owning-gateway-namespace": release.namespace,
            });
            let view = monitor(proxy, &metrics.envoy_proxy.pod_monitor, "/stats/prometheus", labels);
            plan.add(COMPONENT.name, "podmonitor.yaml", view);
        }
    }

    /// The deployment of the proxies. Envoy accepts either a DaemonSet or a Deployment: the user's replaces that of the
    /// defaults.
    fn proxy_spec(&self) -> Node {
        let mut spec = Value::Object(self.envoy.proxy_spec.clone());
        let kubernetes = spec.pointer_mut("/provider/kubernetes").and_then(Value::as_object_mut);
        if let Some(kubernetes) = kubernetes.filter(|set| set.get("envoyDaemonSet").is_some_and(|set| !set.is_null())) {
            kubernetes.shift_remove("envoyDeployment");
        }
        spec
    }
}
