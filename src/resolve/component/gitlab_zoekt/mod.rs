//! gitlab-zoekt: exact code search. Nodes store the index and serve searches; a gateway is in front of them.

mod network;
mod pod;
mod settings;

use serde_json::{Map, Value};

use crate::diag::{Diagnostic, ValuePath};
use crate::model::{NodeMap, NonEmpty, Text};
use crate::resolve::labels;
use crate::resolve::shared::gitlab_chart;
use crate::resolve::workload::Workload;
use crate::resolve::{Component, Context, Plan, tpl};
use crate::view;
use settings::{Budget, Settings};

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "gitlab-zoekt", key: "gitlab-zoekt", resolve };

/// The input of the component's parts.
struct Zoekt<'a> {
    cx: &'a Context<'a>,
    /// The parts that it shares with GitLab's own components: names, certificates, the user's additions.
    w: Workload<'a>,
    /// Labels of every object.
    labels: NodeMap,
    /// The selector of the nodes.
    nodes: NodeMap,
    /// The selector of the gateway's pods.
    gateway: NodeMap,
    set: Settings,
}

impl Zoekt<'_> {
    /// A string of the settings, where it is set; templates in it are evaluated.
    fn text(&self, path: &str, value: &Option<Text>) -> Option<String> {
        let text = value.non_empty()?;
        let chart = tpl::ValuesOwner { name: COMPONENT.name, key: COMPONENT.key };
        Some(tpl::text(self.cx, chart, &format!("{}.{path}", COMPONENT.key), text))
    }

    /// The gateway's name.
    fn gateway_name(&self) -> String {
        format!("{}-gateway", self.w.name)
    }

    /// Whether gateway and nodes use TLS.
    fn has_tls(&self) -> bool {
        self.set.gateway.tls.certificate.enabled
    }

    /// `https` or `http`.
    fn scheme(&self) -> &'static str {
        if self.has_tls() { "https" } else { "http" }
    }

    /// The full DNS name of a Service. The cluster's domain is that of its name server.
    fn full_host(&self, service: &str) -> String {
        // Parameters such as `valid=10s` may follow the name.
        let resolver = self.set.gateway.dns_resolver.as_str().split(' ').next().unwrap_or_default();
        let domain = resolver.find(".svc.").map_or("svc.cluster.local", |at| &resolver[at + 1..]);
        format!("{service}.{}.{domain}", self.cx.release.namespace)
    }
}

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("gitlab-zoekt.install") {
        return;
    }
    let w = Workload::new(cx, &COMPONENT);
    let selector = |name: &str| {
        let mut selector = Map::new();
        selector.insert("app.kubernetes.io/name".to_owned(), name.into());
        selector.insert("app.kubernetes.io/instance".to_owned(), cx.release.name.clone().into());
        selector
    };
    let nodes = selector(&w.app);
    let mut object = labels::identity(&w.app, &cx.release.name);
    object.extend(nodes.clone());
    let gateway = selector(&format!("{}-gateway", w.app));
    let zoekt = Zoekt { cx, labels: object, nodes, gateway, set: cx.read(COMPONENT.key), w };
    warn(&zoekt);
    plan_config(&zoekt, plan);
    pod::plan(&zoekt, plan);
    network::plan(&zoekt, plan);
    let name = |part: &str| format!("{}-{part}-pdb", zoekt.w.name);
    plan_budget(&zoekt, name("statefulset"), &zoekt.nodes, &zoekt.set.stateful_set.pod_disruption_budget, plan);
    plan_budget(&zoekt, name("deployment"), &zoekt.gateway, &zoekt.set.deployment.pod_disruption_budget, plan);
    let account = &zoekt.set.service_account;
    if account.create {
        let annotations = labels::text_map(&account.annotations);
        let view = view! {
            name: pod::account(&zoekt), labels: zoekt.labels, annotations: gitlab_chart::non_empty(&annotations),
        };
        plan.add(COMPONENT.name, "serviceaccount.yaml", view);
    }
}

fn plan_budget(zoekt: &Zoekt, name: String, selector: &NodeMap, set: &Budget, plan: &mut Plan) {
    if set.enabled {
        let view = view! { name, labels: zoekt.labels, selector, max_unavailable: set.max_unavailable };
        plan.add(COMPONENT.name, "poddisruptionbudget.yaml", view);
    }
}

/// The ConfigMaps with the two files of NGINX.
fn plan_config(zoekt: &Zoekt, plan: &mut Plan) {
    let (set, w) = (&zoekt.set, &zoekt.w);
    let gateway = &set.gateway;
    let body_size = gateway.client_max_body_size.non_empty().unwrap_or("10m");
    let config = view! {
        port: gateway.listen.port.to_string(), tls: zoekt.has_tls(), http2: gateway.http2, body_size,
        indexer_port: set.indexer.program.listen.port.to_string(),
        webserver_port: set.webserver.program.listen.port.to_string(),
    };
    let view = view! { name: format!("{}-nginx-conf", w.name), labels: zoekt.labels, config };
    plan.add(COMPONENT.name, "configmap.yaml", view);
    let config = view! {
        port: gateway.listen.port.to_string(), tls: zoekt.has_tls(), http2: gateway.http2, body_size,
        resolver: gateway.dns_resolver, scheme: zoekt.scheme(),
        grpc_scheme: if zoekt.has_tls() { "grpcs" } else { "grpc" }, backend: zoekt.full_host(&w.name),
    };
    let view = view! { name: format!("{}-nginx-conf", zoekt.gateway_name()), labels: zoekt.labels, config };
    plan.add(COMPONENT.name, "configmap-gateway.yaml", view);
}

/// What does not do what it promises.
fn warn(zoekt: &Zoekt) {
    let path = "gitlab-zoekt.gateway.basicAuth.enabled";
    if zoekt.cx.enabled(path) {
        let message = format!("`{path}`: the gateway does not ask for the password, unlike with the official chart");
        zoekt.cx.say(
            Diagnostic::warning("differs-from-helm", message).at_value(ValuePath::dotted(path)).hint(
                "keep others away with `gitlab-zoekt.networkpolicy`; later releases of GitLab send a token instead",
            ),
        );
    }
    let certificate = &zoekt.set.gateway.tls.certificate;
    if certificate.create && certificate.issuer.name.non_empty().is_none() {
        let path = "gitlab-zoekt.gateway.tls.certificate.create";
        zoekt.cx.say(
            Diagnostic::error("no-issuer", format!("`{path}` creates a Certificate that no Issuer signs"))
                .at_value(ValuePath::dotted(path))
                .hint("name one in `gitlab-zoekt.gateway.tls.certificate.issuer.name`"),
        );
    }
}

/// A list of Kubernetes' own entries; `None` where it is empty.
fn some(list: &[Value]) -> Option<&[Value]> {
    (!list.is_empty()).then_some(list)
}
