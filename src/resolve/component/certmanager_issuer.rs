//! certmanager-issuer: a Job that creates an ACME issuer for cert-manager, which then gets the certificates of all
//! Ingresses.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath, code};
use crate::model::{Node, NodeMap, Text};
use crate::resolve::gateway::{self, GatewayRoute, gateway_issuer};
use crate::resolve::shared::{kubectl_job, tls};
use crate::resolve::workload::{Workload, config_volume, mount};
use crate::resolve::{Component, Context, Plan, labels};
use crate::tree::without_nulls;
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "certmanager-issuer", key: "certmanager-issuer", resolve };

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    server: Text,
    rbac: Rbac,
    use_new_ingress_for_certs: bool,
    ttl_seconds_after_finished: Option<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rbac {
    create: bool,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    if !tls::by_cert_manager(cx) {
        return;
    }
    let set: Settings = cx.read(COMPONENT.key);
    let Some(email) = tls::issuer_email(cx) else {
        cx.say(no_email(cx));
        return;
    };
    let email = email.as_str();
    if cx.enabled("installCertmanager") {
        cx.say(no_cert_manager());
    }
    let mut w = Workload::new(cx, &COMPONENT);
    w.set.image = cx.global.kubectl.image.clone();
    w.passed.security_context = cx.global.kubectl.security_context.clone();
    w.set.service_account.enabled = Some(set.rbac.create);
    kubectl_job::own_account(&mut w);
    plan_account(&w, &set, plan);
    let config = format!("{}-certmanager", w.name);
    // With Gateways, the certificates of their listeners have an issuer of their own: no controller serves an Ingress
    // there.
    let by_gateway = cx.release.has(Difference::GatewayApi) && cx.enabled("global.gatewayApi.configureCertmanager");
    let of_ingresses = !by_gateway || cx.enabled("global.ingress.configureCertmanager");
    let files = [("issuer.yml", of_ingresses), ("gateway_issuer.yaml", by_gateway)];
    let files: Vec<_> = files.iter().filter(|(_, there)| *there).map(|(file, _)| format!("/scripts/{file}")).collect();
    let for_gateway = || {
        issuer(&w, &set, email)
            .with("name", gateway_issuer(cx))
            .with("account_key", format!("{}-gateway-acme-key", cx.release.name))
            .with("gateway", gateway(cx))
    };
    let view = view! {
        name: config, labels: w.labels.object, script: view! { files },
        issuer: of_ingresses.then(|| issuer(&w, &set, email)),
        gateway_issuer: by_gateway.then(for_gateway),
    };
    plan.add(COMPONENT.name, "configmap.yaml", view);
    plan_job(&w, &set, &config, plan);
}

fn no_cert_manager() -> Diagnostic {
    Diagnostic::warning(
        code::THIRD_PARTY,
        "`installCertmanager`: cert-manager is not rendered, and certificates need it",
    )
    .at_value(ValuePath::dotted("installCertmanager"))
    .hint("install it first: `gitlab-render companions` writes how; then set `installCertmanager: false`")
}

fn no_email(cx: &Context) -> Diagnostic {
    // The certificates that Ingresses name are not those of the Gateway's listeners.
    let own = match gateway::is_alone(cx) {
        false => {
            "name a certificate in `global.ingress.tls.secretName` and set `global.ingress.configureCertmanager: false`"
                .to_owned()
        }
        true => format!(
            "name a certificate in `{}.listeners.<listener>.tls.certificateRefs` of each listener and set `global.gatewayApi.configureCertmanager: false`",
            gateway::listeners_of(cx),
        ),
    };
    Diagnostic::warning(
        "no-certificates",
        "`certmanager-issuer.email`: not set, so no certificate issuer is created, and browsers will get certificates that they do not trust",
    )
    .at_value(ValuePath::dotted("certmanager-issuer.email"))
    .hint(format!("set an e-mail address for Let's Encrypt and install cert-manager, or {own}"))
}

/// The view of `issuer.yml`.
fn issuer(w: &Workload, set: &Settings, email: &str) -> crate::resolve::View {
    let cx = w.cx;
    let release = &cx.release;
    let class = cx.text("global.ingress.class").unwrap_or_else(|| format!("{}-nginx", release.name));
    let new = set.use_new_ingress_for_certs || cx.enabled("global.ingress.useNewIngressForCerts");
    let mut labels = w.labels.object.clone();
    labels.remove("app.kubernetes.io/managed-by");
    labels.insert("chart".to_owned(), chart_label(cx).into());
    labels.insert("heritage".to_owned(), "Helm".into());
    view! {
        name: format!("{}-issuer", release.name), namespace: release.namespace,
        labels: entries(&labels),
        server: set.server, email,
        account_key: format!("{}-acme-key", release.name),
        class_field: if new { "ingressClassName" } else { "class" },
        class: (class != "none").then_some(class),
        gateway: Value::Null,
    }
}

/// The chart in the issuer's labels, which has a version of its own.
fn chart_label(cx: &Context) -> &'static str {
    if cx.release.has(Difference::IssuerInItsNamespace) {
        "certmanager-issuer-0.3.0"
    } else {
        "certmanager-issuer-0.2.1"
    }
}

/// The Gateway that all routes use, without a listener: the challenge uses any listener for plain HTTP.
fn gateway(cx: &Context) -> Node {
    without_nulls(GatewayRoute::default().parent(cx, None))
}

fn entries(map: &NodeMap) -> Vec<Value> {
    map.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

fn plan_job(w: &Workload, set: &Settings, config: &str, plan: &mut Plan) {
    let mut main = kubectl_job::container(w, "create-issuer", kubectl_job::image(w.cx));
    if w.cx.release.has(Difference::IssuerInItsNamespace) {
        let namespace = json!({"fieldRef": {"fieldPath": "metadata.namespace"}});
        main.command = Some(json!(["/bin/bash", "/scripts/create-issuer"]));
        main.env = vec![json!({"name": "POD_NAMESPACE", "valueFrom": namespace})];
    } else {
        main.command = Some(json!(["/bin/bash", "/scripts/create-issuer", "/scripts/issuer.yml"]));
    }
    main.volume_mounts = vec![mount("scripts", "/scripts", Value::Null)];
    let volumes = vec![config_volume("scripts", config)];
    let suffix = kubectl_job::name_suffix(w.cx);
    let by_content = suffix.is_none();
    let view = view! {
        name: format!("{}-issuer{}", w.cx.release.name, suffix.unwrap_or_default()), labels: w.labels.object,
        // cert-manager may still be starting; after five minutes it counts as failed.
        active_deadline_seconds: 300, ttl_seconds_after_finished: set.ttl_seconds_after_finished,
        pod: moved(kubectl_job::pod(w, Vec::new(), main, volumes, "OnFailure")),
    };
    let job = plan.add(COMPONENT.name, "job.yaml", view);
    if by_content {
        job.name_by_content();
    }
}

fn plan_account(w: &Workload, set: &Settings, plan: &mut Plan) {
    let namespace = &w.cx.release.namespace;
    let account = w.service_account_name();
    // The account that holds these permissions is created here.
    if set.rbac.create {
        let view = view! { name: account, labels: w.labels.object, namespace };
        plan.add(COMPONENT.name, "serviceaccount.yaml", view);
        plan.add(COMPONENT.name, "role.yaml", view! { name: w.name });
        let labels = labels::identity(&w.app, &w.cx.release.name);
        let view = view! { name: w.name, labels, account, namespace };
        plan.add(COMPONENT.name, "rolebinding.yaml", view);
    }
}
