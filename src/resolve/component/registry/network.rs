//! Access to the registry: its Service, Ingress and route.

use serde_json::json;

use super::{COMPONENT, Registry};
use crate::model::{NodeMap, NonEmpty};
use crate::resolve::Plan;
use crate::resolve::gateway::{GatewayRoute, plan_backend_tls, prefix_rule};
use crate::resolve::network::{Ingress, Route};
use crate::resolve::shared::hosts;
use crate::resolve::shared::tls::Trust;
use crate::view;

/// Plans the Service.
pub fn plan_service(registry: &Registry, plan: &mut Plan) {
    let (w, set) = (&registry.w, &registry.set);
    let service = &set.service;
    let scheme = if registry.speaks_tls() { "https" } else { "http" };
    let mut ports = vec![json!({
        "name": format!("{scheme}-{}", service.name), "port": service.external_port, "targetPort": scheme, "protocol": "TCP",
    })];
    if registry.has_metrics() {
        let port = &set.debug.addr.port;
        ports.push(json!({"name": "http-metrics", "port": port, "targetPort": "debug", "protocol": "TCP"}));
    }
    let annotations = w.service_annotations(&service.annotations);
    let view = view! {
        name: w.name, labels: w.labels.service, annotations, selector: w.labels.selector,
        service_type: service.r#type, cluster_ip: service.cluster_ip.non_empty(),
        load_balancer_ip: service.load_balancer_ip.non_empty()
            .filter(|_| service.r#type.as_str() == "LoadBalancer"),
        ports: ports,
    };
    plan.add(COMPONENT.name, "service.yaml", view);
}

/// Plans the Ingress and the route.
pub fn plan_outside(registry: &Registry, plan: &mut Plan) {
    let (w, service) = (&registry.w, &registry.set.service);
    let host = hosts::public(w.cx, "registry").host;
    let ingress = Ingress::of(w.cx, &w.key);
    if ingress.on() {
        let path = ingress.path.non_empty().unwrap_or("/").to_owned();
        let route = Route {
            host: host.clone(),
            paths: vec![(path, w.name.clone(), json!(service.external_port))],
            tls_secret: ingress.tls_secret(w.cx, &format!("{}-registry-tls", w.cx.release.name)),
        };
        ingress.plan(w, COMPONENT.name, &w.name, &annotations(registry, &ingress), &[route], plan);
    }
    let route = GatewayRoute::of(w.cx, &w.key);
    if route.on(w.cx) {
        let rules = vec![prefix_rule("/", &w.name, &service.external_port)];
        route.plan_http(w, COMPONENT.name, &w.name, &host, rules, plan);
        if registry.speaks_tls() {
            let path = "registry.tls.caSecretName";
            plan_backend_tls(w, COMPONENT.name, (&w.key, path), w.cx.text(path), &w.name, plan);
        }
    }
}

/// How nginx forwards requests: unbuffered, because layers are large; by TLS where the registry uses it.
fn annotations(registry: &Registry, ingress: &Ingress) -> NodeMap {
    let mut all = ingress.request_buffering();
    if !ingress.is_nginx() {
        return all;
    }
    if registry.speaks_tls() {
        let cx = registry.w.cx;
        all.insert("nginx.ingress.kubernetes.io/backend-protocol".to_owned(), "https".into());
        all.extend(Trust::of(cx, "registry.tls").of_nginx(cx, &registry.w.name));
    }
    all
}
