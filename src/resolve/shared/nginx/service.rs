//! The Services of the controller: external, internal, for metrics.

use serde_json::{Map, Value, json};

use super::settings::ServiceSettings;
use super::{Nginx, Part, set};
use crate::model::{Node, NodeMap, Port};
use crate::resolve::labels;
use crate::resolve::plan::{Plan, View};
use crate::resolve::tpl;
use crate::view;

impl Nginx<'_> {
    pub(super) fn plan_services(&self, plan: &mut Plan) {
        let service = &self.set.controller.service;
        let name = self.controller_name();
        if service.enabled && service.external.enabled {
            let view = self.service(&name, &[&service.all.labels, &service.external.labels], &service.all);
            // `global.hosts.externalIP` takes precedence over the address in the controller's section.
            let address = self.external_address().or_else(|| set(&service.all.load_balancer_ip).map(str::to_owned));
            let view = view.with("load_balancer_ip", address).with("ports", self.service_ports(&service.all));
            self.add(plan, "service.yaml", view);
        }
        if self.has_internal_service() {
            let own = &service.internal;
            let mut own = own.clone();
            own.r#type = own.r#type.filter(|kind| kind.non_empty().is_some()).or_else(|| service.all.r#type.clone());
            let view = self.service(&format!("{name}-internal"), &[&service.all.labels, &own.labels], &own);
            let view = view.with("ports", self.service_ports(&own));
            self.add(plan, "service.yaml", view);
        }
        let metrics = &self.set.controller.metrics;
        if metrics.enabled && metrics.service.enabled.unwrap_or(true) {
            let own = &metrics.service;
            let mut port = json!({
                "name": metrics.port_name, "port": own.service_port, "protocol": "TCP", "targetPort": metrics.port_name,
            });
            node_port(&mut port, own, own.node_port.as_ref().map(crate::resolve::plan::node));
            let view = self.service(&format!("{name}-metrics"), &[&own.labels], own).with("ports", [port]);
            self.add(plan, "service.yaml", view);
        }
    }

    /// An annotation makes the load balancer internal, so without one it is not rendered.
    pub(super) fn has_internal_service(&self) -> bool {
        let service = &self.set.controller.service;
        let own = &service.internal;
        service.enabled && own.enabled.unwrap_or(false) && !own.annotations.is_empty()
    }

    /// Whether Git over SSH goes through the controller.
    pub(super) fn has_shell(&self) -> bool {
        let service = &self.set.controller.service;
        let internal = self.has_internal_service() && service.internal.enable_shell;
        (service.all.enable_shell || internal) && !self.lists_shell()
    }

    /// Whether one of the user's own TCP services uses the port of Git over SSH.
    fn lists_shell(&self) -> bool {
        let port = self.shell_port();
        self.set.tcp.contains_key(port.as_str().unwrap_or(&port.to_string()))
    }

    /// The port of Git over SSH.
    pub(super) fn shell_port(&self) -> Node {
        self.cx.section("global.shell").get("port").filter(|p| !p.is_null()).cloned().unwrap_or_else(|| 22.into())
    }

    /// TCP and UDP services: `(name, number, protocol)`.
    pub(super) fn streams(&self) -> Vec<(String, Node, &'static str)> {
        let prefix = set(&self.set.port_name_prefix).map_or(String::new(), |prefix| format!("{prefix}-"));
        let mut all = Vec::new();
        for (ports, protocol, end) in [(&self.set.tcp, "TCP", "tcp"), (&self.set.udp, "UDP", "udp")] {
            for port in ports.keys() {
                let number = crate::resolve::plan::node(Port(port.clone()));
                all.push((format!("{prefix}{port}-{end}"), number, protocol));
            }
        }
        all
    }

    fn service_ports(&self, own: &ServiceSettings) -> Vec<Node> {
        let service = &self.set.controller.service;
        let mut all = Vec::new();
        for (name, on) in [("http", service.enable_http), ("https", service.enable_https)] {
            let number = own.ports.get(name).or_else(|| service.all.ports.get(name));
            let target = own.target_ports.get(name).or_else(|| service.all.target_ports.get(name));
            if let Some(number) = number.filter(|_| on) {
                let protocol = own.app_protocol.unwrap_or(false).then_some(name);
                let target = target.cloned().unwrap_or_else(|| name.into());
                let mut port = json!({
                    "name": name, "port": number, "protocol": "TCP", "targetPort": target, "appProtocol": protocol,
                });
                node_port(&mut port, own, own.node_ports.get(name).cloned());
                all.push(port);
            }
        }
        if own.enable_shell && !self.lists_shell() {
            let name = "gitlab-shell";
            let mut port = json!({"name": name, "port": self.shell_port(), "protocol": "TCP", "targetPort": name});
            node_port(&mut port, own, own.node_ports.get(name).cloned());
            all.push(port);
        }
        for (name, number, protocol) in self.streams() {
            let table = own.node_ports.get(if protocol == "TCP" { "tcp" } else { "udp" });
            let chosen = table.and_then(|table| table.get(number.to_string())).cloned();
            let mut port = json!({"name": name, "port": number, "protocol": protocol, "targetPort": name});
            node_port(&mut port, own, chosen);
            all.push(port);
        }
        all
    }

    /// One Service of the controller, without ports.
    fn service(&self, name: &str, labels: &[&NodeMap], own: &ServiceSettings) -> View {
        service(name, self.part_labels(Part::Controller, labels), self.selector(Part::Controller), own)
    }

    /// `externalIpTpl`: the value to which it refers.
    fn external_address(&self) -> Option<String> {
        let text = set(&self.set.external_ip_tpl)?;
        let text = tpl::text(self.cx, self.chart(), &format!("{}.externalIpTpl", self.key), text);
        (!text.is_empty()).then_some(text)
    }
}

/// One Service, without ports.
pub(super) fn service(name: &str, labels: NodeMap, selector: NodeMap, own: &ServiceSettings) -> View {
    let kind = set(&own.r#type);
    // The API server refuses these fields with the other types, and the defaults contain some of them.
    let outside = on_nodes(own) || !own.external_ips.is_empty();
    let balanced = kind == Some("LoadBalancer");
    let policy = set(&own.external_traffic_policy).filter(|_| outside);
    view! {
        name, labels, annotations: labels::text_map(&own.annotations), selector, service_type: kind,
        cluster_ip: set(&own.cluster_ip), cluster_ips: list(&own.cluster_ips),
        external_ips: list(&own.external_ips), load_balancer_ip: set(&own.load_balancer_ip),
        load_balancer_class: set(&own.load_balancer_class).filter(|_| balanced),
        load_balancer_source_ranges: list(&own.load_balancer_source_ranges).filter(|_| balanced),
        allocate_node_ports: own.allocate_load_balancer_node_ports.as_ref().filter(|_| balanced),
        external_traffic_policy: policy,
        health_check_node_port: own.health_check_node_port.as_ref().filter(|_| balanced && policy == Some("Local")),
        session_affinity: set(&own.session_affinity), ip_families: list(&own.ip_families),
        ip_family_policy: set(&own.ip_family_policy), traffic_distribution: set(&own.traffic_distribution),
        ports: Map::<String, Value>::new(),
    }
}

/// Whether a Service has node ports.
fn on_nodes(own: &ServiceSettings) -> bool {
    ["NodePort", "LoadBalancer"].contains(&set(&own.r#type).unwrap_or_default())
}

fn list(items: &[Node]) -> Option<&[Node]> {
    (!items.is_empty()).then_some(items)
}

/// Sets the node port, where the Service has node ports and one is chosen.
fn node_port(port: &mut Node, own: &ServiceSettings, chosen: Option<Node>) {
    let chosen = chosen.filter(|number| on_nodes(own) && !number.is_null() && number.as_str() != Some(""));
    if let (Some(number), Some(port)) = (chosen, port.as_object_mut()) {
        let number = number.as_str().and_then(|text| text.parse::<u16>().ok()).map_or(number.clone(), Value::from);
        port.insert("nodePort".to_owned(), number);
    }
}
