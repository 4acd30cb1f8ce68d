//! The controller's ConfigMaps, its Secret, and its IngressClasses.

use serde_json::{Map, Value, json};

use super::{Nginx, Part, set};
use crate::model::{NodeMap, Text};
use crate::resolve::plan::Plan;
use crate::resolve::{labels, network, tpl};
use crate::view;

impl Nginx<'_> {
    pub(super) fn plan_config(&self, plan: &mut Plan) {
        let controller = &self.set.controller;
        let mut data = Map::new();
        if controller.allow_snippet_annotations {
            data.insert("allow-snippet-annotations".to_owned(), "true".into());
        }
        let headers = [
            ("add-headers", "custom-add-headers", &controller.add_headers),
            ("proxy-set-headers", "custom-proxy-headers", &controller.proxy_set_headers),
        ];
        for (key, name, headers) in headers {
            if !headers.is_empty() {
                let name = format!("{}-{name}", self.name);
                data.insert(key.to_owned(), format!("{}/{name}", self.namespace()).into());
                self.plan_map(&name, &NodeMap::new(), headers, plan);
            }
        }
        if let Some(parameters) = set(&self.set.dh_param) {
            let name = self.controller_name();
            data.insert("ssl-dh-param".to_owned(), format!("{}/{name}", self.namespace()).into());
            let view = view! {
                name, labels: self.object_labels(Part::Controller), data: json!({"dhparam.pem": parameters}),
            };
            self.add(plan, "secret.yaml", view);
        }
        labels::put(&mut data, &controller.config);
        self.plan_map(&self.controller_name(), &controller.config_annotations, &data, plan);
        if !self.set.tcp.is_empty() && !self.tcp_is_external() {
            self.plan_map(&format!("{}-tcp", self.name), &controller.tcp.annotations, &self.set.tcp, plan);
        }
        if !self.set.udp.is_empty() {
            self.plan_map(&format!("{}-udp", self.name), &controller.udp.annotations, &self.set.udp, plan);
        }
    }

    fn plan_map(&self, name: &str, annotations: &NodeMap, data: &NodeMap, plan: &mut Plan) {
        let view = view! {
            name, labels: self.object_labels(Part::Controller), annotations: labels::text_map(annotations),
            data: labels::text_map(data),
        };
        self.add(plan, "configmap.yaml", view);
    }

    pub(super) fn plan_ingress_classes(&self, component: &str, plan: &mut Plan) {
        let class = &self.set.controller.ingress_class_resource;
        if !class.enabled {
            return;
        }
        let name = self.class_name(component);
        let aliases = class.aliases.iter().map(Text::to_string).map(|alias| (alias, false));
        for (name, first) in std::iter::once((name, true)).chain(aliases) {
            let mut annotations = labels::text_map(&class.annotations);
            if class.default && first {
                annotations.insert("ingressclass.kubernetes.io/is-default-class".to_owned(), "true".into());
            }
            let view = view! {
                name, labels: self.object_labels(Part::Controller), annotations,
                controller: class.controller_value,
                parameters: (!class.parameters.is_empty()).then(|| Value::Object(class.parameters.clone())),
            };
            plan.add(super::TEMPLATES, "ingressclass.yaml", view);
        }
    }

    /// The name in the values; the default refers to another setting, in the template language of the official chart.
    fn class_name(&self, component: &str) -> String {
        let Some(name) = set(&self.set.controller.ingress_class_resource.name) else {
            return self.default_class(component);
        };
        if !name.contains("{{") {
            return name.to_owned();
        }
        let path = format!("{}.controller.ingressClassResource.name", self.key);
        // There the string is a value of a YAML file, and may have quotes.
        let text = tpl::text(self.cx, self.chart(), &path, name);
        match self.cx.yaml(&path, &text) {
            Value::String(name) => name,
            _ => text,
        }
    }

    /// The class of the Ingresses of GitLab; the twin for Geo has a name of its own.
    fn default_class(&self, component: &str) -> String {
        if component != super::TEMPLATES {
            return network::geo_class(self.cx);
        }
        let global: network::Ingress = self.cx.read("global.ingress");
        set(&global.class).map_or_else(|| format!("{}-nginx", self.cx.release.name), str::to_owned)
    }
}
