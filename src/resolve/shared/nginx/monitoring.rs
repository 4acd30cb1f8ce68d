//! Objects for the Prometheus operator.

use serde_json::{Map, Value, json};

use super::{Nginx, Part, non_zero, set};
use crate::resolve::labels;
use crate::resolve::plan::Plan;
use crate::view;

impl Nginx<'_> {
    pub(super) fn plan_monitoring(&self, plan: &mut Plan) {
        let metrics = &self.set.controller.metrics;
        if !metrics.enabled {
            return;
        }
        let name = self.controller_name();
        let monitor = &metrics.service_monitor;
        if monitor.enabled {
            let namespaces = if monitor.namespace_selector.is_empty() {
                json!({"matchNames": [self.namespace()]})
            } else {
                Value::Object(monitor.namespace_selector.clone())
            };
            let list = |items: &[Value]| (!items.is_empty()).then(|| items.to_vec());
            let mut endpoint = Map::new();
            let fields = [
                ("port", json!(metrics.port_name)),
                ("interval", json!(set(&monitor.scrape_interval))),
                ("scrapeTimeout", json!(set(&monitor.scrape_timeout))),
                ("honorLabels", json!(monitor.honor_labels)),
                ("relabelings", json!(list(&monitor.relabelings))),
                ("metricRelabelings", json!(list(&monitor.metric_relabelings))),
            ];
            endpoint.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
            let view = view! {
                name, labels: self.part_labels(Part::Controller, &[&monitor.additional_labels]),
                annotations: labels::text_map(&monitor.annotations),
                selector: self.selector(Part::Controller), namespace_selector: namespaces, endpoints: [endpoint],
                job_label: set(&monitor.job_label), target_labels: list(&monitor.target_labels),
                label_limit: non_zero(&monitor.label_limit),
                label_name_length_limit: non_zero(&monitor.label_name_length_limit),
                label_value_length_limit: non_zero(&monitor.label_value_length_limit),
                sample_limit: non_zero(&monitor.sample_limit), target_limit: non_zero(&monitor.target_limit),
            };
            let namespace = set(&monitor.namespace).or_else(|| self.own_namespace());
            plan.add(super::TEMPLATES, "servicemonitor.yaml", view.with("namespace", namespace));
        }
        let rule = &metrics.prometheus_rule;
        if rule.enabled {
            let groups = json!([{"name": self.name, "rules": rule.rules}]);
            let view = view! {
                name, labels: self.part_labels(Part::Controller, &[&rule.additional_labels]),
                annotations: labels::text_map(&rule.annotations),
                groups: if rule.rules.is_empty() { json!([]) } else { groups },
            };
            let namespace = set(&rule.namespace).or_else(|| self.own_namespace());
            plan.add(super::TEMPLATES, "prometheusrule.yaml", view.with("namespace", namespace));
        }
    }
}
