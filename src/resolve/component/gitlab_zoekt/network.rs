//! Access to Zoekt: Services, Ingress, NetworkPolicy, the gateway's certificate.

use serde_json::Value;

use super::{COMPONENT, Zoekt, some};
use crate::model::{NodeMap, NonEmpty};
use crate::resolve::shared::gitlab_chart;
use crate::resolve::{Plan, labels};
use crate::view;

pub fn plan(zoekt: &Zoekt, plan: &mut Plan) {
    let (set, w) = (&zoekt.set, &zoekt.w);
    let port = &set.gateway.listen.port;
    // Each node has a name of its own below this Service.
    let view = view! {
        name: w.name, labels: zoekt.labels, selector: zoekt.nodes, port,
        annotations: gitlab_chart::non_empty(&labels::text_map(&set.service_backend.annotations)),
        service_type: Value::Null, cluster_ip: "None",
    };
    plan.add(COMPONENT.name, "service.yaml", view);
    let kind = set.service.r#type.non_empty().unwrap_or("ClusterIP");
    let view = view! {
        name: zoekt.gateway_name(), labels: zoekt.labels, selector: zoekt.gateway, port,
        annotations: gitlab_chart::non_empty(&labels::text_map(&set.service.annotations)), service_type: kind,
        cluster_ip: set.service.cluster_ip.non_empty().filter(|_| kind == "ClusterIP"),
    };
    plan.add(COMPONENT.name, "service.yaml", view);
    let ingress = &set.ingress;
    if ingress.enabled {
        let view = view! {
            name: w.name, labels: zoekt.labels, annotations: gitlab_chart::non_empty(&labels::text_map(&ingress.annotations)),
            class: ingress.class_name.non_empty(), host: ingress.host.non_empty(),
            port, tls: some(&ingress.tls),
        };
        plan.add(COMPONENT.name, "ingress.yaml", view);
    }
    plan_policy(zoekt, plan);
    let certificate = &set.gateway.tls.certificate;
    if certificate.create {
        let view = view! {
            name: certificate.name, labels: zoekt.labels, secret: certificate.secret_name,
            annotations: gitlab_chart::non_empty(&labels::text_map(&certificate.annotations)),
            dns_names: some(&certificate.dns_names), issuer: certificate.issuer.name.non_empty(),
            issuer_kind: certificate.issuer.kind, issuer_group: certificate.issuer.group,
        };
        plan.add(COMPONENT.name, "certificate.yaml", view);
    }
}

fn plan_policy(zoekt: &Zoekt, plan: &mut Plan) {
    let policy = &zoekt.w.set.networkpolicy;
    if !policy.enabled {
        return;
    }
    let types = [("Ingress", policy.ingress.enabled), ("Egress", policy.egress.enabled)];
    let types: Vec<_> = types.into_iter().filter_map(|(name, on)| on.then_some(name)).collect();
    let mut own: NodeMap = zoekt.nodes.clone();
    own.insert("app.kubernetes.io/managed-by".to_owned(), "gitlab-render".into());
    let view = view! {
        name: zoekt.w.name, labels: own, annotations: labels::text_map(&policy.annotations), selector: zoekt.nodes,
        policy_types: (!types.is_empty()).then_some(types),
        ingress: policy.ingress.enabled.then_some(&policy.ingress.rules),
        egress: policy.egress.enabled.then_some(&policy.egress.rules),
    };
    plan.add(COMPONENT.name, "networkpolicy.yaml", view);
}
