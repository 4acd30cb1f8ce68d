//! The path of users' connections to the pods: the Service, and the TCP forwarding to it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{COMPONENT, Server};
use crate::model::{Node, NodeMap, NonEmpty, Number, Port, Text};
use crate::resolve::Plan;
use crate::resolve::labels::text_map;
use crate::resolve::network::Ingress;

use crate::resolve::workload::non_empty;
use crate::view;

/// `service:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Service {
    r#type: Option<Text>,
    pub(super) internal_port: Option<Port>,
    node_port: Option<Number>,
    annotations: NodeMap,
    #[serde(rename = "externalIPs")]
    external_ips: Vec<Node>,
    external_traffic_policy: Option<Text>,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: Option<Text>,
    load_balancer_source_ranges: Vec<Node>,
    allocate_load_balancer_node_ports: Option<bool>,
}

/// `traefik:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Traefik {
    api_version: Option<Text>,
    entrypoint: Option<Text>,
    ingress_class_name: Option<Text>,
    tcp_annotations: NodeMap,
    tcp_middlewares: Vec<Node>,
}

impl Server<'_> {
    pub(super) fn plan_network(&self, plan: &mut Plan) {
        let cx = self.w.cx;
        self.plan_service(plan);
        let ingress: Ingress = cx.read("global.ingress");
        let provider = ingress.provider.non_empty().unwrap_or("nginx");
        // The controller's own `tcp` replaces the ConfigMap where it does not use an external one.
        let asked = cx.section("nginx-ingress.tcpExternalConfig") != "";
        if provider == "nginx" && asked && self.set.tcp_external_config.as_ref().is_none_or(|set| *set == "") {
            self.plan_nginx(plan);
        }
        if provider == "traefik" {
            self.plan_traefik(plan);
        }
        let route = &self.set.gateway_route;
        if route.on(cx) {
            let view = view! {
                name: self.w.name, labels: self.w.labels.object, annotations: text_map(&route.annotations),
                parent: route.parent(cx, route.section_name.as_ref()), service: self.w.name, port: self.port(),
            };
            plan.add(COMPONENT.name, "tcproute.yaml", view);
        }
    }

    /// The port to which users connect.
    fn port(&self) -> Number {
        let port: Option<Number> = self.w.cx.read("global.shell.port");
        port.unwrap_or(Number(22))
    }

    fn plan_service(&self, plan: &mut Plan) {
        let w = &self.w;
        let service = &self.set.service;
        let kind = service.r#type.non_empty().unwrap_or("ClusterIP");
        let balanced = kind == "LoadBalancer";
        let outside = balanced || kind == "NodePort";
        let ranges = non_empty(&service.load_balancer_source_ranges);
        let annotations = w.service_annotations(&service.annotations);
        let view = view! {
            name: w.name, labels: w.labels.service, annotations,
            selector: w.labels.selector, service_type: kind,
            external_traffic_policy: service.external_traffic_policy.non_empty().filter(|_| outside),
            allocate_node_ports: service.allocate_load_balancer_node_ports.filter(|_| balanced),
            load_balancer_ip: service.load_balancer_ip.non_empty(),
            source_ranges: ranges.filter(|_| balanced),
            external_ips: non_empty(&service.external_ips),
            port: self.port(), target: self.listens(),
            node_port: service.node_port.filter(|_| outside),
            metrics_port: self.set.metrics.enabled.then(|| self.metrics_port()),
        };
        plan.add(COMPONENT.name, "service.yaml", view);
    }

    /// The ConfigMap from which the nginx controller reads TCP services: `namespace/service:port:in:out`, where `PROXY`
    /// enables the PROXY protocol on that side.
    fn plan_nginx(&self, plan: &mut Plan) {
        let w = &self.w;
        let spoken = |yes: bool| if yes { "PROXY" } else { "" };
        let from_users = w.cx.enabled("global.shell.tcp.proxyProtocol");
        // OpenSSH does not support the protocol: a user who enables it there has a proxy in front of it that does.
        let speaks = self.own_daemon() || self.set.config.proxy_protocol;
        let to_pods = speaks && self.set.config.proxy_policy.non_empty() != Some("reject");
        let target = format!("{}/{}:{}", w.cx.release.namespace, w.name, self.port());
        let mut data = Map::new();
        data.insert(self.port().to_string(), format!("{target}:{}:{}", spoken(from_users), spoken(to_pods)).into());
        let view = view! { name: format!("{}-nginx-ingress-tcp", w.cx.release.name), labels: w.labels.object, data };
        plan.add(COMPONENT.name, "configmap-nginx.yaml", view);
    }

    fn plan_traefik(&self, plan: &mut Plan) {
        let w = &self.w;
        let traefik = &self.set.traefik;
        let global: Option<Text> = w.cx.read("global.traefik.apiVersion");
        let named = |item: &Value| if item.is_string() { json!({"name": item}) } else { item.clone() };
        let middlewares: Vec<Node> = traefik.tcp_middlewares.iter().map(named).collect();
        let view = view! {
            api_version: traefik.api_version.non_empty().or(global.non_empty()).unwrap_or("traefik.io/v1alpha1"),
            name: w.name, labels: w.labels.object, annotations: text_map(&traefik.tcp_annotations),
            ingress_class: traefik.ingress_class_name.non_empty(),
            entry_point: traefik.entrypoint.non_empty().unwrap_or("gitlab-shell"),
            middlewares: non_empty(&middlewares),
            service: w.name, namespace: w.cx.release.namespace, port: self.port(),
        };
        plan.add(COMPONENT.name, "ingressroutetcp.yaml", view);
    }
}
