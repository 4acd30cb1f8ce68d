//! Access to kas: its Service, Ingresses and routes.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{COMPONENT, Kas};
use crate::bundle::Difference;
use crate::model::{Node, NodeMap, NonEmpty, Port, Switch, Text};
use crate::resolve::Plan;
use crate::resolve::gateway::{GatewayRoute, plan_backend_tls, prefix_rule, with_envoy};
use crate::resolve::network::{Ingress, Route};
use crate::resolve::shared::tls::Trust;
use crate::resolve::shared::{hosts, workhorse};
use crate::view;

/// `ingress:` of kas, besides the common settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Paths {
    agent_path: Text,
    k8s_api_path: Text,
    autoflow_codec_server_api_path: Text,
    workspaces_server_api_path: Text,
    grpc: Switch,
}

pub fn plan(kas: &Kas, plan: &mut Plan) {
    plan_service(kas, plan);
    plan_ingresses(kas, plan);
    plan_routes(kas, plan);
}

fn plan_service(kas: &Kas, plan: &mut Plan) {
    let (w, service) = (&kas.w, &kas.set.service);
    let port = |name: &str, port: &Port, target: Node| json!({"name": name, "port": port, "targetPort": target, "protocol": "TCP"});
    let same = |name: &str, number: &Port| port(name, number, json!(number));
    let mut ports = vec![
        port("tcp-kas-external-api", &service.external_port, json!(service.internal_port)),
        port("tcp-kas-internal-api", &kas.global.service.api_external_port, json!(service.api_internal_port)),
        same("tcp-kas-k8s-api", &service.kubernetes_api_port),
    ];
    if kas.set.workspaces.enabled {
        ports.push(same("tcp-kas-workspaces-server", &service.workspaces_server_port));
    }
    if kas.set.autoflow.enabled {
        ports.push(same("tcp-kas-autoflow-codec-server-api", &service.autoflow_codec_server_api_port));
    }
    if kas.set.metrics.enabled {
        ports.push(port("http-metrics", &kas.set.observability.port, json!("http-metrics")));
    }
    let balanced = service.r#type.as_str() == "LoadBalancer";
    let view = view! {
        name: w.name, labels: w.labels.service, annotations: kas.w.service_annotations(&kas.set.service.annotations), selector: w.labels.selector,
        service_type: service.r#type, ports: ports,
        load_balancer_ip: service.load_balancer_ip.non_empty().filter(|_| balanced),
        load_balancer_source_ranges: service.load_balancer_source_ranges.as_ref().filter(|_| balanced),
    };
    plan.add(COMPONENT.name, "service.yaml", view);
}

fn plan_ingresses(kas: &Kas, plan: &mut Plan) {
    let w = &kas.w;
    let ingress = Ingress::of(w.cx, &w.key);
    if !ingress.on() {
        return;
    }
    let paths: Paths = w.cx.read(&format!("{}.ingress", w.key));
    let service = &kas.set.service;
    // `/k8s-proxy` and the usual `/` or `/*` below it.
    let end = ingress.path.as_ref().map_or("/", Text::as_str);
    let to = |path: &Text, port: &Port| {
        (format!("{}{end}", path.as_str().trim_end_matches('/')), w.name.clone(), json!(port))
    };
    let mut all = vec![to(&paths.k8s_api_path, &service.kubernetes_api_port)];
    if kas.workspaces {
        all.push(to(&paths.workspaces_server_api_path, &service.workspaces_server_port));
    }
    if kas.set.autoflow.enabled {
        all.push(to(&paths.autoflow_codec_server_api_path, &service.autoflow_codec_server_api_port));
    }
    all.push(to(&paths.agent_path, &service.external_port));
    let host = hosts::public(w.cx, "kas").host;
    let tls_secret = ingress.tls_secret(w.cx, &format!("{}-tls", w.name));
    let main = Route { host: host.clone(), paths: all, tls_secret: tls_secret.clone() };
    ingress.plan(w, COMPONENT.name, &w.name, &annotations(kas, &ingress, "https"), &[main], plan);
    if kas.workspaces {
        let name = format!("{}-workspaces", w.name);
        let route = Route {
            host: format!("*.{}", hosts::public(w.cx, "workspaces").host),
            paths: vec![(end.to_owned(), w.name.clone(), json!(service.workspaces_server_port))],
            tls_secret: ingress.tls_secret(w.cx, &format!("{name}-tls")),
        };
        ingress.plan(w, COMPONENT.name, &name, &annotations(kas, &ingress, "https"), &[route], plan);
    }
    // gRPC does not work below a path, so there is no route for it where GitLab has a relative URL.
    if paths.grpc.enabled && workhorse::relative_root(w.cx).is_empty() {
        plan_grpc(kas, &ingress, host, tls_secret, plan);
    }
}

/// An Ingress of its own for agents that use gRPC: nginx selects the protocol per Ingress.
fn plan_grpc(kas: &Kas, ingress: &Ingress, host: String, tls_secret: String, plan: &mut Plan) {
    let w = &kas.w;
    let mut grpc = ingress.clone();
    // The other Ingress of the same host gets the certificate for both.
    grpc.configure_certmanager = None;
    grpc.path_type = Some(Text::from("ImplementationSpecific"));
    let mut more = Map::new();
    more.insert("kube-score/ignore".to_owned(), "ingress-targets-service".into());
    if grpc.is_nginx() {
        let protocol = if kas.global.tls.on() { "GRPCS" } else { "GRPC" };
        for (name, value) in [("backend-protocol", protocol), ("ssl-redirect", "true"), ("use-regex", "true")] {
            more.insert(format!("nginx.ingress.kubernetes.io/{name}"), value.into());
        }
        more.extend(upstream_tls(kas));
    }
    let path = (r"/gitlab\.agent\.(.+)".to_owned(), w.name.clone(), json!(kas.set.service.external_port));
    let route = Route { host, paths: vec![path], tls_secret };
    grpc.plan(w, COMPONENT.name, &format!("{}-grpc", w.name), &more, &[route], plan);
}

/// nginx must neither buffer streams nor replace responses by error pages of its own.
fn annotations(kas: &Kas, ingress: &Ingress, protocol: &str) -> NodeMap {
    let mut all = Map::new();
    if ingress.is_nginx() {
        all.insert("nginx.ingress.kubernetes.io/proxy-buffering".to_owned(), "off".into());
        all.insert("nginx.ingress.kubernetes.io/custom-http-errors".to_owned(), "".into());
        if kas.global.tls.on() {
            all.insert("nginx.ingress.kubernetes.io/backend-protocol".to_owned(), protocol.into());
            all.extend(upstream_tls(kas));
        }
    }
    all
}

/// How nginx verifies kas, where kas uses TLS.
fn upstream_tls(kas: &Kas) -> NodeMap {
    if kas.global.tls.on() { Trust::of(kas.w.cx, "global.kas.tls").of_nginx(kas.w.cx, &kas.w.name) } else { Map::new() }
}

fn plan_routes(kas: &Kas, plan: &mut Plan) {
    let w = &kas.w;
    let route = GatewayRoute::of(w.cx, &w.key);
    if !route.on(w.cx) {
        return;
    }
    let paths: Paths = w.cx.read(&format!("{}.ingress", w.key));
    let service = &kas.set.service;
    let to = |path: &Text, port: &Port| prefix_rule(path.as_str(), &w.name, port);
    let host = hosts::public(w.cx, "kas").host;
    let proxy = to(&paths.k8s_api_path, &service.kubernetes_api_port);
    let apart = w.cx.release.has(Difference::KasProxyRoute);
    let mut rules: Vec<Node> = if apart { Vec::new() } else { vec![proxy.clone()] };
    rules.push(to(&paths.agent_path, &service.external_port));
    if !paths.autoflow_codec_server_api_path.as_str().is_empty() {
        rules.push(to(&paths.autoflow_codec_server_api_path, &service.autoflow_codec_server_api_port));
    }
    if kas.workspaces {
        rules.push(to(&paths.workspaces_server_api_path, &service.workspaces_server_port));
    }
    // The policy sets the request timeout for all of them.
    let policy = w.cx.release.has(Difference::EnvoyTrafficPolicies) && with_envoy(w.cx);
    let all = if policy { GatewayRoute { timeouts: None, ..route.clone() } } else { route.clone() };
    all.plan_http(w, COMPONENT.name, &w.name, &host, rules, plan);
    if apart {
        route.plan_http(w, COMPONENT.name, &format!("{}-k8s-proxy", w.name), &host, vec![proxy], plan);
    }
    let own_namespace = route.parent(w.cx, None)["namespace"] == w.cx.release.namespace.as_str();
    if policy && own_namespace {
        plan.add(COMPONENT.name, "backendtrafficpolicy.yaml", view! { name: w.name, labels: w.labels.object });
    }
    if kas.global.tls.on() {
        let path = "global.kas.tls.caSecretName";
        plan_backend_tls(w, COMPONENT.name, (&w.key, path), w.cx.text(path), &w.name, plan);
    }
    if kas.workspaces {
        let section: Value = w.cx.section(&format!("{}.gatewayRoute.workspacesSectionName", w.key)).clone();
        let listener = section.as_str().map(Text::from);
        let host = format!("*.{}", hosts::public(w.cx, "workspaces").host);
        let rules = vec![prefix_rule("/", &w.name, &service.workspaces_server_port)];
        let parents = vec![route.parent(w.cx, listener.as_ref())];
        route.plan_http_for(w, COMPONENT.name, &format!("{}-workspaces", w.name), (&[host], parents), rules, plan);
    }
}
