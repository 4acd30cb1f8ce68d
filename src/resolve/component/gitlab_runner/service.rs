//! Access to the runner: the Service of its metrics, the session server, monitors, and the autoscaler.

use serde_json::{Map, Value, json};

use super::settings::{Monitor, SessionServer};
use super::{COMPONENT, Runner};
use crate::model::{Node, NodeMap, NonEmpty, Port, Text};
use crate::resolve::shared::gitlab_chart;
use crate::resolve::{Plan, labels};
use crate::view;

pub fn plan(runner: &Runner, plan: &mut Plan) {
    plan_metrics(runner, plan);
    plan_monitors(runner, plan);
    if runner.set.session_server.enabled {
        plan_session(runner, plan);
    }
    if runner.set.session_server.ingress.enabled {
        plan_session_ingress(runner, plan);
    }
    let (hpa, pdb) = (&runner.set.hpa, &runner.set.pod_disruption_budget);
    if let Some(max) = &hpa.max_replicas {
        let view = view! {
            name: runner.name, labels: runner.labels, min_replicas: hpa.min_replicas, max_replicas: max,
            metrics: gitlab_chart::list(&Value::Array(hpa.metrics.clone())), behavior: gitlab_chart::non_empty(&hpa.behavior),
        };
        plan.add(COMPONENT.name, "horizontalpodautoscaler.yaml", view);
    }
    if pdb.enabled {
        // Kubernetes accepts only one of the two.
        let view = view! {
            name: runner.name, labels: runner.labels, selector: runner.selector(), min_available: pdb.min_available,
            max_unavailable: pdb.max_unavailable.clone().or_else(|| pdb.min_available.is_none().then(|| json!(1))),
        };
        plan.add(COMPONENT.name, "poddisruptionbudget.yaml", view);
    }
}

/// The name of the metrics port.
pub fn metrics_port<'r>(runner: &'r Runner) -> &'r str {
    runner.set.metrics.port_name.non_empty().unwrap_or("metrics")
}

fn plan_metrics(runner: &Runner, plan: &mut Plan) {
    let service = &runner.set.service;
    let mut ports = Vec::new();
    if runner.has_metrics() {
        let mut port =
            json!({"name": metrics_port(runner), "port": runner.set.metrics.port, "targetPort": metrics_port(runner)});
        if let (Some(node), Value::Object(port)) = (&service.metrics.node_port, &mut port) {
            port.insert("nodePort".to_owned(), json!(node));
        }
        ports.push(port);
    }
    ports.extend(service.additional_ports.iter().cloned());
    if !service.enabled || ports.is_empty() {
        return;
    }
    let mut labels = runner.labels.clone();
    labels::put(&mut labels, &service.labels);
    let text = |value: &Option<Text>| value.non_empty().map(str::to_owned);
    let view = view! {
        name: runner.name, labels, annotations: gitlab_chart::non_empty(&labels::text_map(&service.annotations)),
        service_type: text(&service.r#type), cluster_ip: text(&service.cluster_ip),
        external_ips: (!service.external_ips.is_empty()).then_some(&service.external_ips),
        load_balancer_ip: text(&service.load_balancer_ip),
        load_balancer_source_ranges: ranges(&service.load_balancer_source_ranges),
        selector: runner.selector(), ports,
    };
    plan.add(COMPONENT.name, "service.yaml", view);
}

fn ranges(ranges: &[Node]) -> Option<&[Node]> {
    (!ranges.is_empty()).then_some(ranges)
}

fn plan_monitors(runner: &Runner, plan: &mut Plan) {
    let metrics = &runner.set.metrics;
    let service = &metrics.service_monitor;
    if metrics.enabled && service.enabled && runner.set.service.enabled {
        plan_monitor(runner, service, "servicemonitor.yaml", plan);
    }
    if metrics.enabled && metrics.pod_monitor.enabled {
        plan_monitor(runner, &metrics.pod_monitor, "podmonitor.yaml", plan);
    }
}

fn plan_monitor(runner: &Runner, set: &Monitor, template: &'static str, plan: &mut Plan) {
    let mut monitor_labels = runner.labels.clone();
    labels::put(&mut monitor_labels, &set.labels);
    let mut endpoint = Map::new();
    endpoint.insert("port".to_owned(), metrics_port(runner).into());
    let texts = [("interval", &set.interval), ("scheme", &set.scheme), ("path", &set.path)];
    for (key, value) in texts.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?.non_empty()?))) {
        endpoint.insert(key.to_owned(), value.into());
    }
    if !set.tls_config.is_empty() {
        endpoint.insert("tlsConfig".to_owned(), set.tls_config.clone().into());
    }
    for (key, list) in [("metricRelabelings", &set.metric_relabelings), ("relabelings", &set.relabelings)] {
        if !list.is_empty() {
            endpoint.insert(key.to_owned(), list.clone().into());
        }
    }
    let view = view! {
        name: runner.name, labels: monitor_labels, annotations: gitlab_chart::non_empty(&labels::text_map(&set.annotations)),
        namespace: set.namespace.non_empty(), selector: runner.selector(),
        namespace_selector: json!({"matchNames": [runner.cx.release.namespace]}),
        endpoints: [Value::Object(endpoint)],
    };
    plan.add(COMPONENT.name, template, view);
}

/// The name of the session server's Service, and of the Role to read it.
pub fn session_name(runner: &Runner) -> String {
    format!("{}-session-server", runner.name)
}

/// The type of the session server's Service.
pub fn session_type<'r>(runner: &'r Runner) -> &'r str {
    runner.set.session_server.service_type.non_empty().unwrap_or("LoadBalancer")
}

/// The port on which the session server listens, and the port of its Service.
pub fn session_ports(server: &SessionServer) -> (Port, Port) {
    let or = |port: &Option<Port>, default: &str| port.clone().unwrap_or_else(|| Port(default.to_owned()));
    (or(&server.internal_port, "8093"), or(&server.external_port, "9000"))
}

fn plan_session(runner: &Runner, plan: &mut Plan) {
    let server = &runner.set.session_server;
    let (internal, external) = session_ports(server);
    let mut port = json!({"port": external, "targetPort": internal, "protocol": "TCP"});
    let kind = session_type(runner);
    if let (Some(node), "NodePort", Value::Object(port)) = (&server.node_port, kind, &mut port) {
        port.insert("nodePort".to_owned(), json!(node));
    }
    let headless = kind == "Headless";
    let view = view! {
        name: session_name(runner), labels: runner.labels,
        annotations: gitlab_chart::non_empty(&labels::text_map(&server.annotations)),
        service_type: if headless { "ClusterIP" } else { kind }, cluster_ip: headless.then_some("None"),
        external_ips: Value::Null, load_balancer_ip: Value::Null,
        load_balancer_source_ranges: ranges(&server.load_balancer_source_ranges).filter(|_| kind == "LoadBalancer"),
        selector: runner.selector(), ports: [port],
    };
    plan.add(COMPONENT.name, "service.yaml", view);
}

fn plan_session_ingress(runner: &Runner, plan: &mut Plan) {
    let server = &runner.set.session_server;
    let ingress = &server.ingress;
    let host = server.public_ip.non_empty();
    let with_host = |entry: &Node| {
        let mut entry: NodeMap = entry.as_object().cloned().unwrap_or_default();
        if let Some(host) = host {
            entry.entry("hosts").or_insert_with(|| json!([host]));
        }
        Value::Object(entry)
    };
    let tls: Vec<Node> = ingress.tls.iter().map(with_host).collect();
    let view = view! {
        name: format!("{}-ingress", session_name(runner)),
        annotations: gitlab_chart::non_empty(&labels::text_map(&ingress.annotations)),
        class: ingress.class_name.non_empty(), host, service: session_name(runner),
        port: session_ports(server).1, tls: (!tls.is_empty()).then_some(tls),
    };
    plan.add(COMPONENT.name, "ingress.yaml", view);
}
