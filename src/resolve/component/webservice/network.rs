//! The path of requests to the pods: Services, Ingresses, the route of the Gateway API.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{COMPONENT, Web, workhorse};
use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::app_config::AppConfig;
use crate::model::{Node, NodeMap, NonEmpty, Port, Text};
use crate::resolve::gateway::{GatewayRoute, backend, gateway_name, plan_backend_tls, prefix_rule, with_envoy};
use crate::resolve::network::{Ingress, Route, geo_class};
use crate::resolve::shared::hosts;
use crate::resolve::workload::Workload;
use crate::resolve::{Context, Plan};
use crate::tree::overlay;
use crate::view;

const NGINX: &str = "nginx.ingress.kubernetes.io";

/// `service:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Service {
    r#type: Text,
    external_port: Port,
    /// Puma's port.
    pub internal_port: Port,
    /// The Service's port for Workhorse.
    pub workhorse_external_port: Port,
    /// Workhorse's port.
    pub workhorse_internal_port: Port,
    /// The same ports with TLS.
    pub tls: ServiceTls,
    annotations: NodeMap,
    /// Labels besides those of all Services.
    pub labels: NodeMap,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: Option<Text>,
    load_balancer_source_ranges: Option<Vec<Text>>,
}

/// `service.tls`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceTls {
    external_port: Port,
    /// Puma's port with TLS.
    pub internal_port: Port,
}

/// Plans the Service of one deployment.
pub fn plan_service(web: &Web, plan: &mut Plan) {
    let (w, set) = (&web.w, &web.set.service);
    let port = |name: String, number: Node, target: &str| json!({"name": name, "port": number, "targetPort": target, "protocol": "TCP"});
    let scheme = |tls: bool| if tls { "https" } else { "http" };
    let mut ports = Vec::new();
    if web.http() {
        ports.push(port("http-webservice".to_owned(), json!(set.external_port), "http-webservice"));
    }
    if web.certificate().is_some() {
        ports.push(port("https-ws".to_owned(), json!(set.tls.external_port), "https-ws"));
    }
    let tls = workhorse::certificate(web).is_some();
    ports.push(port(format!("{}-workhorse", scheme(tls)), json!(set.workhorse_external_port), "http-workhorse"));
    if web.set.shows_metrics_port() {
        let tls = web.metrics_certificate().is_some();
        ports.push(port(format!("{}-metrics-ws", scheme(tls)), json!(web.set.metrics.port), "http-metrics-ws"));
    }
    if let Some(number) = workhorse::metrics_port(web) {
        let tls = workhorse::metrics_tls(web);
        ports.push(port(format!("{}-metrics-wh", scheme(tls)), number, "http-metrics-wh"));
    }
    let balanced = set.r#type.as_str() == "LoadBalancer";
    let annotations = w.service_annotations(&set.annotations);
    let view = view! {
        name: web.name, labels: w.labels.service, annotations: annotations, selector: w.labels.selector,
        service_type: set.r#type, ports: ports,
        load_balancer_ip: set.load_balancer_ip.non_empty().filter(|_| balanced),
        load_balancer_source_ranges: set.load_balancer_source_ranges.as_ref().filter(|_| balanced),
    };
    plan.add(COMPONENT.name, "service.yaml", view);
}

/// Plans the Ingress of one deployment, the one for smartcards and the extra one.
pub fn plan_ingresses(web: &Web, all: &Workload, plan: &mut Plan) {
    let Some(path) = &web.path else { return };
    let (cx, w) = (web.w.cx, &web.w);
    let port = json!(web.set.service.workhorse_external_port);
    let release = &cx.release.name;
    let host = hosts::public(cx, "gitlab").host;
    let ingress = class_for_geo(web, web.ingress("ingress"), web.set.ingress.use_geo_class);
    let route = |host: String, path: &str, tls_secret: String| Route {
        host,
        paths: vec![(path.to_owned(), web.name.clone(), port.clone())],
        tls_secret,
    };
    if ingress.on() {
        let more = annotations(web, &ingress, web.set.ingress.service_upstream.as_ref());
        let secret = ingress.tls_secret(cx, &format!("{release}-gitlab-tls"));
        let ingress = own_certificate(web, "ingress", ingress.clone());
        ingress.plan(w, COMPONENT.name, &web.name, &more, &[route(host.clone(), path, secret)], plan);
    }
    let app = cx.once::<AppConfig>("global.appConfig");
    if ingress.on() && app.smartcard.enabled && web.is_base() {
        let mut card = ingress.clone();
        card.tls.secret_name = web.set.ingress.tls.smartcard_secret_name.clone().or(card.tls.secret_name);
        let secret = card.tls_secret(cx, &format!("{release}-gitlab-tls-smartcard"));
        let name = format!("{}-smartcard", web.name);
        let mut more = annotations(web, &card, None);
        more.extend(client_certificate(all, &card, &app));
        let host = hosts::public(cx, "smartcard").host;
        let card = own_certificate(web, "ingress", card);
        card.plan(all, COMPONENT.name, &name, &more, &[route(host, path, secret)], plan);
    }
    let wanted = web.ingresses.get("extraIngress").and_then(|e| e.get("enabled")).and_then(Value::as_bool);
    if wanted.unwrap_or(false) {
        let extra = class_for_geo(web, web.ingress("extraIngress"), web.set.extra_ingress.use_geo_class);
        let own = web.ingresses.get("extraIngress").and_then(|e| e.get("path")).and_then(Value::as_str);
        let path = own.map_or_else(|| path.clone(), |own| format!("{}{own}", web.root));
        let named = web.set.extra_ingress.hostname.non_empty();
        let more = annotations(web, &extra, web.set.extra_ingress.service_upstream.as_ref());
        let secret = extra.tls_secret(cx, &format!("{release}-gitlab-tls-extra"));
        let extra = own_certificate(web, "extraIngress", extra);
        let route = route(named.map_or(host, str::to_owned), &path, secret);
        extra.plan(w, COMPONENT.name, &format!("{}-extra", web.name), &more, &[route], plan);
    }
}

/// The annotations for cert-manager are written only where the component itself sets them: several Ingresses have the
/// same host, and the issuer's global annotations would make each of them request a certificate.
fn own_certificate(web: &Web, key: &str, mut ingress: Ingress) -> Ingress {
    let own = web.ingresses.get(key).and_then(|own| own.get("configureCertmanager"));
    ingress.configure_certmanager = own.and_then(Value::as_bool);
    ingress
}

/// Geo's own controller handles the requests of other sites.
fn class_for_geo(web: &Web, mut ingress: Ingress, geo: bool) -> Ingress {
    if geo {
        ingress.class = Some(Text(geo_class(web.w.cx)));
    }
    ingress
}

/// nginx's settings for Workhorse.
fn annotations(web: &Web, ingress: &Ingress, service_upstream: Option<&Text>) -> NodeMap {
    let mut all = NodeMap::new();
    if !ingress.is_nginx() {
        return all;
    }
    let mut put = |name: &str, value: String| all.insert(format!("{NGINX}/{name}"), value.into());
    if let Some(upstream) = service_upstream {
        put("service-upstream", upstream.0.clone());
    }
    if workhorse::certificate(web).is_some() {
        put("backend-protocol", "https".to_owned());
        let tls = &web.set.workhorse.tls;
        if tls.verify.unwrap_or(false) {
            let namespace = &web.w.cx.release.namespace;
            put("proxy-ssl-verify", "on".to_owned());
            put("proxy-ssl-name", format!("{}.{namespace}.svc", web.name));
            if let Some(authority) = tls.ca_secret_name.non_empty() {
                put("proxy-ssl-secret", format!("{namespace}/{authority}"));
            }
        }
    }
    all
}

/// Makes nginx request a client certificate and forward it.
fn client_certificate(all: &Workload, ingress: &Ingress, app: &AppConfig) -> NodeMap {
    let mut more = NodeMap::new();
    if ingress.is_nginx() {
        let secret = app.smartcard.ca_secret.as_ref().map_or("", Text::as_str);
        let header = "proxy_set_header X-SSL-Client-Certificate $ssl_client_escaped_cert;";
        for (name, value) in [
            ("auth-tls-secret", format!("{}/{secret}", all.cx.release.namespace)),
            ("auth-tls-verify-depth", "2".to_owned()),
            ("auth-tls-verify-client", "on".to_owned()),
            ("configuration-snippet", header.to_owned()),
        ] {
            more.insert(format!("{NGINX}/{name}"), value.into());
        }
    }
    more
}

/// Plans the route of the Gateway API, over all deployments.
pub fn plan_route(all: &Workload, webs: &[Web], plan: &mut Plan) {
    let cx = all.cx;
    let route = GatewayRoute::of(cx, &all.key);
    if !route.on(cx) {
        return;
    }
    let mut rules = Vec::new();
    for web in webs {
        if !cx.release.has(Difference::LongRunningRoute) {
            let Some(path) = &web.path else { continue };
            let mut rule = prefix_rule(path, &web.name, &web.set.service.workhorse_external_port);
            if cx.release.has(Difference::RouteForEachDeployment) {
                rule["name"] = format!("{}-deployment", web.key).into();
            } else if !rules.is_empty() {
                continue;
            }
            rules.push(rule);
            continue;
        }
        let to = || vec![backend(&web.name, &web.set.service.workhorse_external_port)];
        // What a deployment's Ingress takes says nothing about the route: only rules of its own narrow it.
        let path = format!("{}/", web.root);
        if let Some(own) = &web.set.gateway_route.rules {
            rules.extend(own.iter().map(|rule| own_rule(rule, web.key, &path, to())));
            continue;
        }
        let regular = |end: &str| json!({"path": {"type": "RegularExpression", "value": format!("^{path}.*/{end}$")}});
        // Pushes and pulls take as long as they need.
        let mut long = vec![regular("ssh-receive-pack"), regular("ssh-upload-pack")];
        if cx.release.has(Difference::GitOverHttpTakesItsTime) {
            long.extend([regular("git-receive-pack"), regular("git-upload-pack")]);
        }
        rules.push(json!({
            "name": format!("{}-long-running", web.key),
            "matches": long,
            "backendRefs": to(),
            "timeouts": {"request": "0s", "backendRequest": "0s"},
        }));
        let mut rule = json!({
            "name": format!("{}-root", web.key),
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "backendRefs": to(),
        });
        if route.timeouts.is_none() {
            rule["timeouts"] = json!({"request": "15s", "backendRequest": "15s"});
        }
        rules.push(rule);
    }
    let mut hosts = vec![hosts::public(cx, "gitlab").host];
    let mut parents = vec![route.parent(cx, route.section_name.as_ref())];
    let mut policies = vec![("ctp", route.section_name.clone(), Value::Null)];
    let listener = |key: &str| Text(cx.text(&format!("{}.gatewayRoute.{key}", all.key)).unwrap_or_default());
    if let Some(host) = cx.text("global.geo.gatewayApi.additionalHostname").filter(|_| cx.enabled("global.geo.enabled"))
    {
        let listener = listener("geoSectionName");
        hosts.push(host);
        parents.push(route.parent(cx, Some(&listener)));
        policies.push(("ctp-geo", Some(listener), Value::Null));
    }
    if cx.release.has(Difference::EnvoyTrafficPolicies) && cx.enabled("global.appConfig.smartcard.enabled") {
        let listener = listener("smartcardSectionName");
        hosts.push(hosts::public(cx, "smartcard").host);
        parents.push(route.parent(cx, Some(&listener)));
        policies.push(("ctp-smartcard", Some(listener), of_smartcards(cx)));
    }
    let name = format!("{}-gitlab", cx.release.name);
    route.plan_http_for(all, COMPONENT.name, &name, (&hosts, parents), rules, plan);
    for web in webs.iter().filter(|web| workhorse::certificate(web).is_some()) {
        let own = format!("{}.deployments.{}", all.key, web.key);
        let own = if cx.section(&format!("{own}.backendTLSPolicy")).is_null() { all.key.clone() } else { own };
        let authority = web.set.workhorse.tls.ca_secret_name.non_empty().map(str::to_owned);
        plan_backend_tls(&web.w, COMPONENT.name, (&own, "workhorse.tls.caSecretName"), authority, &web.name, plan);
    }
    if cx.release.has(Difference::EnvoyTrafficPolicies) && with_envoy(cx) {
        for (end, listener, more) in policies {
            // Envoy Gateway does not accept a policy for one of several listeners on the same plain HTTP port.
            if end == "ctp" && !hosts::public(cx, "gitlab").https {
                continue;
            }
            plan_client_policy(all, &format!("{}-{end}", all.name), listener.as_ref(), &more, plan);
        }
    }
}

/// A rule that the user wrote for a deployment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rule {
    name: Text,
    matches: Vec<Node>,
    filters: Vec<Node>,
    timeouts: NodeMap,
}

/// `gatewayRoute` of a deployment, besides the common settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// None: the default ones; an empty list: the deployment gets no requests by the route.
    rules: Option<Vec<Rule>>,
}

/// The rule in the route, with the deployment's Service as its backend.
fn own_rule(rule: &Rule, deployment: &str, path: &str, to: Vec<Node>) -> Node {
    let mut whole =
        json!({"name": format!("{deployment}-{}", rule.name.non_empty().unwrap_or("root")), "backendRefs": to});
    whole["matches"] = match rule.matches.as_slice() {
        [] => json!([{"path": {"type": "PathPrefix", "value": path}}]),
        given => given.into(),
    };
    if !rule.filters.is_empty() {
        whole["filters"] = rule.filters.clone().into();
    }
    if !rule.timeouts.is_empty() {
        whole["timeouts"] = Value::Object(rule.timeouts.clone());
    }
    whole
}

/// The policy that keeps `%2F` in paths: project names contain it.
fn plan_client_policy(all: &Workload, name: &str, listener: Option<&Text>, more: &Node, plan: &mut Plan) {
    let mut spec = json!({
        "targetRefs": [{
            "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway_name(all.cx),
            "sectionName": listener.and_then(Text::non_empty),
        }],
        "path": {"escapedSlashesAction": "KeepUnchanged"},
    });
    overlay(&mut spec, more);
    let view = view! { name, labels: all.labels.object, spec };
    plan.add(COMPONENT.name, "clienttrafficpolicy.yaml", view);
}

/// The policies of the smartcard listener: Envoy checks the client certificate and forwards it to Workhorse.
fn of_smartcards(cx: &Context) -> Node {
    let mut spec = json!({
        "headers": {"xForwardedClientCert": {"mode": "SanitizeSet", "certDetailsToAdd": ["Cert"]}},
    });
    let path = "global.appConfig.smartcard.CASecret";
    match cx.text(path).filter(|secret| !secret.is_empty()) {
        Some(secret) => {
            let authority = json!({"group": "", "kind": "Secret", "name": secret});
            spec["tls"] = json!({"clientValidation": {"caCertificateRefs": [authority]}});
        }
        None => {
            let message =
                format!("`{path}`: not set, so the Gateway requests no certificate, and no smartcard is accepted");
            let hint = "name the Secret with the certificate authority of the smartcards in `ca.crt`";
            cx.say(Diagnostic::warning("smartcard-ca", message).at_value(ValuePath::dotted(path)).hint(hint));
        }
    }
    spec
}
