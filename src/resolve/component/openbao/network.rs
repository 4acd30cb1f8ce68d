//! Access to OpenBao: Services, Ingress, route, monitor.

use serde_json::{Value, json};

use super::settings::Service;
use super::{COMPONENT, OpenBao};
use crate::bundle::Difference;
use crate::model::{NodeMap, NonEmpty};
use crate::resolve::gateway::{backend, gateway_name};
use crate::resolve::network::Ingress;
use crate::resolve::shared::gitlab_chart;
use crate::resolve::{Plan, labels};
use crate::tree::overlay;
use crate::view;

pub fn plan(bao: &OpenBao, plan: &mut Plan) {
    for (active, set) in [(true, &bao.set.service_active), (false, &bao.set.service_inactive)] {
        plan_service(bao, active, set, plan);
    }
    plan_ingress(bao, plan);
    if bao.set.gateway_route.on(bao.cx) {
        plan_route(bao, plan);
    }
    let monitor = &bao.set.pod_monitor;
    if monitor.monitor.enabled {
        let mut monitor_labels = bao.labels.clone();
        labels::put(&mut monitor_labels, &monitor.monitor.additional_labels);
        let mut selector = bao.selector.clone();
        labels::put(&mut selector, &monitor.selector_labels);
        let scheme = if bao.set.config.metrics_listener.tls_disable { "http" } else { "https" };
        let mut endpoint = json!({
            "port": "metrics", "path": "/v1/sys/metrics", "scheme": scheme, "params": {"format": ["prometheus"]},
        });
        overlay(&mut endpoint, &Value::Object(monitor.monitor.endpoint_config.clone()));
        let view = view! {
            name: bao.name, labels: monitor_labels, selector, endpoints: [endpoint],
            namespace_selector: json!({"matchNames": [bao.cx.release.namespace]}),
        };
        plan.add(COMPONENT.name, "podmonitor.yaml", view);
    }
}

fn active_name(bao: &OpenBao) -> String {
    format!("{}-active", bao.name)
}

fn plan_service(bao: &OpenBao, active: bool, set: &Service, plan: &mut Plan) {
    let mut selector = bao.selector.clone();
    selector.insert("openbao-active".to_owned(), active.to_string().into());
    let view = view! {
        name: if active { active_name(bao) } else { format!("{}-inactive", bao.name) }, labels: bao.labels, selector,
        annotations: gitlab_chart::non_empty(&labels::text_map(&set.annotations)),
        service_type: set.r#type.non_empty(), port: bao.set.config.api_port,
    };
    plan.add(COMPONENT.name, "service.yaml", view);
}

fn plan_ingress(bao: &OpenBao, plan: &mut Plan) {
    let set = &bao.set.ingress;
    let global: Ingress = bao.cx.read("global.ingress");
    let global = global.of_all(bao.cx);
    if !set.enabled.unwrap_or(global.on()) {
        return;
    }
    let mut annotations = NodeMap::new();
    // Older releases follow the global setting.
    let follows =
        !bao.cx.release.has(Difference::OpenbaoIngressIssuer) && global.configure_certmanager.unwrap_or(false);
    if set.configure_certmanager.unwrap_or(follows) {
        let issuer = bao.text("ingress.certmanagerIssuer", &set.certmanager_issuer);
        let issuer = issuer.unwrap_or_else(|| format!("{}-issuer", bao.cx.release.name));
        annotations.insert("cert-manager.io/issuer".to_owned(), issuer.into());
        // An unsigned certificate would be taken for a valid one.
        annotations.insert("cert-manager.io/issue-temporary-certificate".to_owned(), "false".into());
        annotations.insert("acme.cert-manager.io/http01-edit-in-place".to_owned(), "true".into());
    }
    if set.ssl_passthrough_nginx && !bao.set.config.tls_disable {
        annotations.insert("nginx.ingress.kubernetes.io/ssl-passthrough".to_owned(), "true".into());
        annotations.insert("nginx.ingress.kubernetes.io/backend-protocol".to_owned(), "HTTPS".into());
    }
    labels::put(&mut annotations, &set.annotations);
    let class = set.class_name.non_empty().map(str::to_owned);
    let secret = set.tls.secret_name.non_empty().map_or_else(|| bao.own_certificate(), str::to_owned);
    let tls = json!([{"hosts": [bao.host], "secretName": secret}]);
    let view = view! {
        name: bao.name, labels: bao.labels, annotations: gitlab_chart::non_empty(&annotations),
        class: class.or_else(|| global.class_name(bao.cx)), host: bao.host, service: active_name(bao),
        path_type: global.path_type.non_empty().unwrap_or("Prefix"),
        tls: set.tls.enabled.unwrap_or(true).then_some(tls),
    };
    plan.add(COMPONENT.name, "ingress.yaml", view);
}

fn plan_route(bao: &OpenBao, plan: &mut Plan) {
    let set = &bao.set.gateway_route;
    let own = set.gateway_name.non_empty().map(str::to_owned);
    let shared = own.or_else(|| bao.cx.text("global.gatewayApi.gatewayRef.name"));
    let made = || if bao.cx.enabled("global.gatewayApi.enabled") { gateway_name(bao.cx) } else { "gateway".to_owned() };
    let mut parent = json!({
        "name": shared.unwrap_or_else(made), "sectionName": set.section_name.non_empty(),
    });
    if let Some(namespace) = set.gateway_namespace.non_empty() {
        parent["namespace"] = namespace.into();
    }
    let mut rule = json!({
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [backend(&active_name(bao), &bao.set.config.api_port)],
    });
    if let Some(timeouts) = set.timeouts.as_ref().filter(|t| t.as_object().is_some_and(|t| !t.is_empty())) {
        rule["timeouts"] = timeouts.clone();
    }
    let view = view! {
        name: bao.name, labels: bao.labels, annotations: gitlab_chart::non_empty(&labels::text_map(&set.annotations)),
        parents: [parent], hosts: json!([bao.host]), rules: [rule],
    };
    plan.add(COMPONENT.name, "httproute.yaml", view);
}
