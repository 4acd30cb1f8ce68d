//! Access to the pods: NetworkPolicy and Ingress.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::labels;
use super::plan::Plan;
use super::workload::Workload;
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::{tree, view};

/// `global.ingress`, and `ingress` of a component merged over it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ingress {
    /// Whether the Ingress is rendered; missing means the global setting.
    pub enabled: Option<bool>,
    /// The IngressClass; `none` leaves it out.
    pub class: Option<Text>,
    /// The controller, `nginx`.
    pub provider: Option<Text>,
    /// Annotations.
    pub annotations: NodeMap,
    /// Whether cert-manager issues the certificate.
    pub configure_certmanager: Option<bool>,
    /// Whether the component's own setting is null: the Ingress then has the certificate's name, but no annotation that
    /// requests it.
    #[serde(skip)]
    pub asks_nobody: bool,
    /// Whether cert-manager creates an Ingress of its own to answer the challenge.
    pub use_new_ingress_for_certs: Option<bool>,
    /// The certificate.
    pub tls: IngressTls,
    /// The path of each rule.
    pub path: Option<Text>,
    /// `Prefix`, `Exact` or `ImplementationSpecific`.
    pub path_type: Option<Text>,
    /// nginx: body size.
    pub proxy_body_size: Option<Text>,
    /// nginx: read timeout in seconds.
    pub proxy_read_timeout: Option<Text>,
    /// nginx: connect timeout in seconds.
    pub proxy_connect_timeout: Option<Text>,
    /// nginx: buffering of answers.
    pub proxy_buffering: Option<Text>,
}

/// The class of Geo's own controller, which handles the requests of other sites.
pub fn geo_class(cx: &Context) -> String {
    cx.text("global.geo.ingressClass").unwrap_or_else(|| format!("{}-nginx-geo", cx.release.name))
}

/// `ingress.tls`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressTls {
    /// Whether TLS is used; missing means yes.
    pub enabled: Option<bool>,
    /// The Secret with the certificate.
    pub secret_name: Option<Text>,
}

/// A host of an Ingress and the backends of its paths.
pub struct Route {
    /// The host name.
    pub host: String,
    /// `(path, service, port)`.
    pub paths: Vec<(String, String, Node)>,
    /// The default Secret of the certificate.
    pub tls_secret: String,
}

impl Ingress {
    /// The settings of a component, merged over the global ones.
    pub fn of(cx: &Context, own: &str) -> Self {
        let path = format!("{own}.ingress");
        let mut ingress: Self = cx.inherited("global.ingress", &path);
        ingress.asks_nobody = cx.section(&path).get("configureCertmanager").is_some_and(Value::is_null);
        ingress.of_all(cx)
    }

    /// The same, with the global class and path type: no component has its own.
    pub fn of_all(mut self, cx: &Context) -> Self {
        self.class = cx.text("global.ingress.class").map(Text);
        self.path_type = cx.text("global.ingress.pathType").map(Text).or(self.path_type);
        self
    }

    /// Whether the component has an Ingress.
    pub fn on(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// Whether the Ingress terminates TLS.
    pub fn tls_on(&self) -> bool {
        self.tls.enabled.unwrap_or(true)
    }

    /// Whether nginx is the controller, and so reads nginx' annotations.
    pub fn is_nginx(&self) -> bool {
        self.provider.as_ref().is_some_and(|provider| provider.as_str() == "nginx")
    }

    /// The default Secret for a certificate: the one that cert-manager fills, or else the one that all hosts share.
    pub fn tls_secret(&self, cx: &Context, own: &str) -> String {
        let managed = self.configure_certmanager.unwrap_or(false);
        if managed { own.to_owned() } else { format!("{}-wildcard-tls", cx.release.name) }
    }

    /// The IngressClass: `<release>-nginx` unless another is named.
    pub fn class_name(&self, cx: &Context) -> Option<String> {
        match self.class.non_empty() {
            Some("none") => None,
            Some(class) => Some(class.to_owned()),
            None => Some(format!("{}-nginx", cx.release.name)),
        }
    }

    /// The common annotations of Ingresses: the controller, its proxy settings, cert-manager, the user's.
    pub fn all_annotations(&self, cx: &Context) -> NodeMap {
        let mut all = Map::new();
        if let Some(provider) = self.provider.non_empty() {
            all.insert("kubernetes.io/ingress.provider".to_owned(), provider.into());
            if provider == "nginx" {
                let nginx = [
                    ("proxy-body-size", &self.proxy_body_size),
                    ("proxy-read-timeout", &self.proxy_read_timeout),
                    ("proxy-connect-timeout", &self.proxy_connect_timeout),
                    ("proxy-buffering", &self.proxy_buffering),
                ];
                for (name, value) in nginx {
                    if let Some(value) = value.non_empty() {
                        all.insert(format!("nginx.ingress.kubernetes.io/{name}"), value.into());
                    }
                }
            }
        }
        if self.configure_certmanager.unwrap_or(false) && !self.asks_nobody {
            all.insert("cert-manager.io/issuer".to_owned(), format!("{}-issuer", cx.release.name).into());
            if !self.use_new_ingress_for_certs.unwrap_or(false) {
                all.insert("acme.cert-manager.io/http01-edit-in-place".to_owned(), "true".into());
            }
        }
        labels::put(&mut all, &self.annotations);
        all
    }

    /// nginx' settings for large requests, which are those for large responses.
    pub fn request_buffering(&self) -> NodeMap {
        let mut all = Map::new();
        if let Some(buffering) = self.proxy_buffering.non_empty().filter(|_| self.is_nginx()) {
            all.insert("nginx.ingress.kubernetes.io/proxy-request-buffering".to_owned(), buffering.into());
        }
        all
    }

    /// Rules and certificates of an Ingress: `(rules, tls)`.
    pub fn rules(&self, routes: &[Route]) -> (Vec<Node>, Vec<Node>) {
        let path_type = self.path_type.non_empty().unwrap_or("Prefix");
        let rules = routes.iter().map(|route| {
            let paths: Vec<Node> = route
                .paths
                .iter()
                .map(|(path, service, port)| {
                    let backend = json!({"service": {"name": service, "port": {"number": port}}});
                    tree::map([("path", path.as_str().into()), ("pathType", path_type.into()), ("backend", backend)])
                })
                .collect();
            let http = tree::map([("paths", paths.into())]);
            tree::map([("host", route.host.as_str().into()), ("http", http)])
        });
        let named = self.tls.secret_name.non_empty();
        let tls = routes
            .iter()
            .filter(|_| self.tls_on())
            .map(|route| json!({"hosts": [route.host], "secretName": named.unwrap_or(&route.tls_secret)}));
        (rules.collect(), tls.collect())
    }

    /// Plans an Ingress from the template `ingress.yaml`.
    pub fn plan(
        &self,
        w: &Workload,
        component: &'static str,
        name: &str,
        more: &NodeMap,
        routes: &[Route],
        plan: &mut Plan,
    ) {
        let mut annotations = self.all_annotations(w.cx);
        for (key, value) in more {
            annotations.entry(key.clone()).or_insert_with(|| value.clone());
        }
        let (rules, tls) = self.rules(routes);
        let view = view! {
            name, labels: w.labels.object, annotations: moved(annotations), class: self.class_name(w.cx),
            rules: moved(rules), tls: moved(tls),
        };
        plan.add(component, "ingress.yaml", view);
    }
}

impl Workload<'_> {
    /// The same where `enabled` alone writes none: the official chart has no policy for these pods, so there is one
    /// only where a direction is restricted.
    /// a direction is bounded.
    pub fn plan_bounding_network_policy(&self, component: &'static str, plan: &mut Plan) {
        let set = &self.set.networkpolicy;
        if set.ingress.enabled || set.egress.enabled {
            self.plan_network_policy(component, plan);
        }
    }

    /// Plans the NetworkPolicy from the template `networkpolicy.yaml`, where it is enabled.
    pub fn plan_network_policy(&self, component: &'static str, plan: &mut Plan) {
        let set = &self.set.networkpolicy;
        if !set.enabled {
            return;
        }
        let direction = |name: &str, on: bool| on.then(|| Value::from(name));
        let types: Vec<Value> = [direction("Ingress", set.ingress.enabled), direction("Egress", set.egress.enabled)]
            .into_iter()
            .flatten()
            .collect();
        let view = view! {
            name: format!("{}-v1", self.name), labels: self.labels.object, annotations: labels::text_map(&set.annotations),
            selector: self.labels.selector, policy_types: types,
            ingress: set.ingress.enabled.then_some(&set.ingress.rules),
            egress: set.egress.enabled.then_some(&set.egress.rules),
        };
        plan.add(component, "networkpolicy.yaml", view);
    }
}
