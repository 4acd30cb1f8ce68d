//! Placement of pods: priority, nodes, zones, and separation from other pods.

use serde_json::{Map, Value, json};

use super::{Workload, non_empty};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::labels;
use crate::tree;

impl Workload<'_> {
    pub(super) fn priority_class(&self) -> Option<String> {
        let own = self.set.priority_class_name.non_empty();
        own.or_else(|| self.cx.global.priority_class_name.non_empty()).map(str::to_owned)
    }

    pub(super) fn node_selector(&self) -> Option<NodeMap> {
        let own = &self.set.node_selector;
        let chosen = if own.is_empty() { &self.cx.global.node_selector } else { own };
        (!chosen.is_empty()).then(|| labels::text_map(chosen))
    }

    pub(super) fn tolerations(&self) -> Option<Vec<Node>> {
        non_empty(&self.set.tolerations).or_else(|| non_empty(&self.cx.global.tolerations))
    }

    /// Own and global `affinity`: zones by node label, and anti-affinity of pods of the same kind.
    pub fn affinity(&self) -> Option<Node> {
        self.affinity_apart_from(&self.labels.selector)
    }

    /// `soft`, `hard`, or an unknown string: the component's own, or the global one.
    pub fn anti_affinity(&self) -> Option<&str> {
        first_set(&self.set.anti_affinity, &self.cx.global.anti_affinity)
    }

    /// The anti-affinity alone, for workloads without zone settings.
    pub fn pod_anti_affinity(&self, selector: &NodeMap) -> Option<Node> {
        let mut affinity = self.affinity_apart_from(selector)?;
        let rules = affinity.as_object_mut()?;
        rules.shift_remove("nodeAffinity");
        (!rules.is_empty()).then_some(affinity)
    }

    /// The same for pods that a selector matches.
    pub fn affinity_apart_from(&self, selector: &NodeMap) -> Option<Node> {
        let own = &self.set.affinity;
        let global = &self.cx.global.affinity;
        let mut affinity = Map::new();
        let zones = own.node_affinity.values.as_ref().or(global.node_affinity.values.as_ref());
        let zone_key = first_set(&own.node_affinity.key, &global.node_affinity.key);
        if let (Some(zones), Some(key)) = (zones.filter(|z| !z.is_empty()), zone_key) {
            let term = json!({"matchExpressions": [{"key": key, "operator": "In", "values": zones}]});
            match first_set(&self.set.node_affinity, &self.cx.global.node_affinity) {
                Some("hard") => {
                    let rule = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}});
                    affinity.insert("nodeAffinity".to_owned(), rule);
                }
                Some("soft") => {
                    let rule =
                        json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term}]});
                    affinity.insert("nodeAffinity".to_owned(), rule);
                }
                _ => {}
            }
        }
        let topology = first_set(&own.pod_anti_affinity.topology_key, &global.pod_anti_affinity.topology_key);
        let labels = tree::map([("matchLabels", selector.clone().into())]);
        let term = tree::map([("topologyKey", topology.into()), ("labelSelector", labels)]);
        let rule = match self.anti_affinity() {
            Some("hard") => Some(("requiredDuringSchedulingIgnoredDuringExecution", term)),
            Some("soft") => {
                let weighted = tree::map([("weight", 1.into()), ("podAffinityTerm", term)]);
                Some(("preferredDuringSchedulingIgnoredDuringExecution", weighted))
            }
            _ => None,
        };
        let rules = rule.map(|(strength, term)| tree::map([(strength, vec![term].into())]));
        affinity.extend(rules.map(|rules| ("podAntiAffinity".to_owned(), rules)));
        (!affinity.is_empty()).then_some(Value::Object(affinity))
    }
}

fn first_set<'t>(own: &'t Option<Text>, global: &'t Option<Text>) -> Option<&'t str> {
    own.non_empty().or_else(|| global.non_empty())
}
