//! The common parts of Bitnami's charts for PostgreSQL and Redis: names, labels, placement and probes.
//!
//! Both charts have one section with the settings of the whole chart, and below it one for the server (`primary`,
//! `master`) and one for the exporter (`metrics`) with the same keys. Paths here are relative to the section.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::diag::{self, Diagnostic, Step, ValuePath};
use crate::model::{Node, NodeMap, Text};
use crate::resolve::context::Context;
use crate::resolve::plan::{Plan, View};
use crate::resolve::shared::gitlab_chart;
use crate::resolve::workload::{Container, bare_pod, image_pull_secrets, yaml_list};
use crate::resolve::{Component, labels, tpl};
use crate::tree::{overlay, without_nulls};
use crate::view;

/// The values of one of the two charts. It records which of them were read.
pub struct Chart<'a> {
    /// The input of all components.
    pub cx: &'a Context<'a>,
    /// The section, which is the chart's name as well.
    pub key: &'static str,
    /// The settings that were read, some of them more than once.
    asked: RefCell<Vec<String>>,
}

impl<'a> Chart<'a> {
    /// Creates it for the section of that name.
    pub fn new(cx: &'a Context<'a>, key: &'static str) -> Self {
        Chart { cx, key, asked: RefCell::default() }
    }

    /// The path in the whole values of a setting that was read.
    fn path(&self, path: &str) -> String {
        self.asked.borrow_mut().push(path.to_owned());
        [self.key, ".", path].concat()
    }

    fn templates(&self) -> tpl::ValuesOwner<'static> {
        tpl::ValuesOwner { name: self.key, key: self.key }
    }

    /// A setting unchanged; null where it is missing.
    pub fn value(&self, path: &str) -> &'a Value {
        self.cx.section(&self.path(path))
    }

    /// Whether a switch is on.
    pub fn on(&self, path: &str) -> bool {
        self.cx.enabled(&self.path(path))
    }

    /// A scalar as a string, with templates in it evaluated; `None` where it is missing or empty.
    pub fn text(&self, path: &str) -> Option<String> {
        let path = self.path(path);
        let text = tpl::text(self.cx, self.templates(), &path, &self.cx.text(&path)?);
        (!text.is_empty()).then_some(text)
    }

    /// A setting that is passed to Kubernetes, with templates in it evaluated; `None` where it is empty.
    pub fn tree(&self, path: &str) -> Option<Node> {
        let value = self.value(path);
        let empty = match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        (!empty).then(|| tpl::tree(self.cx, self.templates(), &self.path(path), value))
    }

    /// A setting that is a list, or a string of YAML that holds one.
    pub fn list(&self, path: &str) -> Vec<Node> {
        yaml_list(self.cx, self.templates(), &self.path(path), self.value(path))
    }

    /// A setting that is a map; empty where it is missing.
    pub fn map(&self, path: &str) -> NodeMap {
        match self.tree(path) {
            Some(Value::Object(map)) => map,
            Some(_) => {
                let path = self.path(path);
                let finding = Diagnostic::error("wrong-type", format!("`{path}`: expected a map"));
                self.cx.say(finding.at_value(ValuePath::dotted(&path)).hint("write keys and values"));
                NodeMap::new()
            }
            None => NodeMap::new(),
        }
    }

    /// Labels or annotations.
    pub fn strings(&self, path: &str) -> NodeMap {
        labels::text_map(&self.map(path))
    }

    /// Objects of the user's own, `extraDeploy`.
    pub fn plan_own_objects(&self, component: &Component, plan: &mut Plan) {
        let objects = self.value("extraDeploy").as_array().map_or(&[][..], Vec::as_slice);
        gitlab_chart::plan_own_objects(self.cx, component, &self.path("extraDeploy"), objects, plan);
    }

    /// The name in the labels.
    fn app(&self) -> String {
        self.text("nameOverride").unwrap_or_else(|| self.key.to_owned())
    }

    /// `<release>-<chart>`, or `fullnameOverride`.
    pub fn full_name(&self) -> String {
        let (name, full) = (self.text("nameOverride").map(Text), self.text("fullnameOverride").map(Text));
        labels::full_name(&self.cx.release.name, self.key, name.as_ref(), full.as_ref())
    }

    /// The selector of a part; without a part, of all pods of the chart. It never changes for a running release.
    pub fn selector(&self, part: Option<&str>) -> NodeMap {
        let mut selector = Map::new();
        selector.insert("app.kubernetes.io/instance".to_owned(), self.cx.release.name.clone().into());
        selector.insert("app.kubernetes.io/name".to_owned(), self.app().into());
        if let Some(part) = part {
            selector.insert("app.kubernetes.io/component".to_owned(), part.into());
        }
        selector
    }

    /// The labels of an object of a part.
    pub fn labels(&self, part: Option<&str>) -> NodeMap {
        let mut all = self.selector(part);
        all.insert("app.kubernetes.io/managed-by".to_owned(), "gitlab-render".into());
        labels::put(&mut all, &self.map("commonLabels"));
        all
    }

    /// The annotations of an object: the common ones, and its own merged over them.
    pub fn annotations(&self, own: &[&str]) -> NodeMap {
        let mut all = self.strings("commonAnnotations");
        own.iter().for_each(|path| all.extend(self.strings(path)));
        all
    }

    /// An image from its parts: `registry`, `repository`, and `tag` or `digest`.
    pub fn image(&self, path: &str) -> String {
        let part = |key: &str| self.text(&format!("{path}.{key}"));
        let registry = part("registry").map_or(String::new(), |registry| format!("{registry}/"));
        let version = match (part("digest"), part("tag")) {
            (Some(digest), _) => format!("@{digest}"),
            (None, Some(tag)) => format!(":{tag}"),
            (None, None) => String::new(),
        };
        format!("{registry}{}{version}", part("repository").unwrap_or_default())
    }

    /// The pull Secrets of all of these images.
    pub fn pull_secrets(&self, images: &[&str]) -> Option<Vec<Node>> {
        let named: Vec<Node> = images.iter().flat_map(|path| self.list(&format!("{path}.pullSecrets"))).collect();
        image_pull_secrets(&named)
    }

    /// A section with a switch, without the switch; `None` where it is off.
    pub fn switched(&self, path: &str) -> Option<NodeMap> {
        let mut map = self.map(path);
        let on = map.shift_remove("enabled");
        (on != Some(Value::Bool(false))).then_some(map)
    }

    /// Whether containers only sleep, so that people can inspect them.
    pub fn sleeps(&self) -> bool {
        self.on("diagnosticMode.enabled")
    }

    /// A container with the common parts: image, security context, resources, additional variables and mounts. In the
    /// chart's diagnostic mode, the container sleeps.
    pub fn container(&self, name: &str, image: &str, section: &str) -> Container {
        let of = |key: &str| format!("{section}.{key}");
        let mut resources = self.map(&of("resources"));
        resources.retain(|_, amounts| amounts.as_object().is_none_or(|map| !map.is_empty()));
        let command = |key: &str| match self.sleeps() {
            true => self.tree(&format!("diagnosticMode.{key}")),
            false => self.tree(&of(key)),
        };
        Container {
            name: name.to_owned(),
            image: self.image(image),
            image_pull_policy: self.text(&format!("{image}.pullPolicy")),
            command: command("command"),
            args: command("args"),
            resources,
            security_context: self.switched(&of("containerSecurityContext")).unwrap_or_default(),
            lifecycle: self.tree(&of("lifecycleHooks")).filter(|_| !self.sleeps()),
            ..Container::default()
        }
    }

    /// A probe of a container: the user's own, or `handler` with the periods of the settings, where it is enabled.
    /// `kind` is `liveness`, `readiness` or `startup`.
    pub fn probe(&self, section: &str, kind: &str, handler: Node) -> Option<Node> {
        if self.sleeps() {
            return None;
        }
        let mut letters = kind.chars();
        let title: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        if let Some(own) = self.tree(&format!("{section}.custom{title}Probe")) {
            return Some(own);
        }
        let mut probe = handler;
        let times = self.switched(&format!("{section}.{kind}Probe"))?;
        overlay(&mut probe, &Value::Object(times));
        Some(probe)
    }

    /// Variables from a whole ConfigMap and a whole Secret.
    pub fn env_from(&self, section: &str) -> Option<Node> {
        let source =
            |key: &str, kind: &str| self.text(&format!("{section}.{key}")).map(|name| json!({kind: {"name": name}}));
        let all = [source("extraEnvVarsCM", "configMapRef"), source("extraEnvVarsSecret", "secretRef")];
        let all: Vec<Node> = all.into_iter().flatten().collect();
        (!all.is_empty()).then_some(Value::Array(all))
    }

    /// The pod of a server whose settings are below `section`.
    pub fn pod(
        &self,
        section: &str,
        selector: &NodeMap,
        labels: &NodeMap,
        init: Vec<Container>,
        containers: Vec<Container>,
        volumes: Vec<Node>,
    ) -> View {
        let of = |key: &str| format!("{section}.{key}");
        bare_pod(labels, init, containers, volumes)
            .with("automount_service_account_token", self.on(&of("automountServiceAccountToken")))
            .with("security_context", self.switched(&of("podSecurityContext")))
            .with("priority_class_name", self.text(&of("priorityClassName")))
            .with("scheduler_name", self.text(&of("schedulerName")))
            .with_tree("node_selector", self.tree(&of("nodeSelector")))
            .with_tree("tolerations", self.tree(&of("tolerations")))
            .with_tree("affinity", self.affinity(section, selector))
            .with_tree("topology_spread_constraints", self.tree(&of("topologySpreadConstraints")))
            .with_tree("termination_grace_period_seconds", self.tree(&of("terminationGracePeriodSeconds")))
            .with_tree("share_process_namespace", self.tree(&of("shareProcessNamespace")).filter(|v| v != false))
            .with_tree("host_aliases", self.tree(&of("hostAliases")))
            .with_tree("host_network", self.tree(&of("hostNetwork")))
            .with_tree("host_ipc", self.tree(&of("hostIPC")))
            .with("dns_policy", self.text(&of("dnsPolicy")))
            .with_tree("dns_config", self.tree(&of("dnsConfig")))
            .with_tree("enable_service_links", self.tree(&of("enableServiceLinks")))
            .with_tree("extra_init_containers", self.list(&of("initContainers")))
            .with_tree("extra_containers", self.list(&of("sidecars")))
    }

    /// The affinity: `affinity` unchanged, or else the presets, `soft` or `hard`.
    fn affinity(&self, section: &str, selector: &NodeMap) -> Option<Node> {
        let of = |key: &str| format!("{section}.{key}");
        let own = self.tree(&of("affinity"));
        let mut all = Map::new();
        let mut put = |kind: &str, preset: Option<String>, term: Node, hard: &dyn Fn(Node) -> Node, soft: &str| {
            let rule = match preset.as_deref() {
                Some("hard") => json!({"requiredDuringSchedulingIgnoredDuringExecution": hard(term)}),
                Some("soft") => {
                    json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, soft: term}]})
                }
                _ => return,
            };
            all.insert(kind.to_owned(), rule);
        };
        let near = json!({"labelSelector": {"matchLabels": selector}, "topologyKey": "kubernetes.io/hostname"});
        let listed = |term: Node| json!([term]);
        put("podAffinity", self.text(&of("podAffinityPreset")), near.clone(), &listed, "podAffinityTerm");
        put("podAntiAffinity", self.text(&of("podAntiAffinityPreset")), near, &listed, "podAffinityTerm");
        let nodes = ["key", "values", "type"].map(|key| self.tree(&of(&format!("nodeAffinityPreset.{key}"))));
        if let [Some(key), Some(values), Some(Value::String(preset))] = nodes {
            let nodes = json!({"matchExpressions": [{"key": key, "operator": "In", "values": values}]});
            let terms = |term: Node| json!({"nodeSelectorTerms": [term]});
            put("nodeAffinity", Some(preset), nodes, &terms, "preference");
        }
        own.or_else(|| (!all.is_empty()).then_some(Value::Object(all)))
    }

    /// `spec` of a claim.
    pub fn claim(&self, section: &str) -> Node {
        let of = |key: &str| format!("{section}.{key}");
        let mut claim = json!({
            "accessModes": self.tree(&of("accessModes")),
            "resources": {"requests": {"storage": self.text(&of("size"))}},
        });
        // A dash is how these charts write the empty class: no volume is provisioned.
        let class = self.text(&of("storageClass")).map(|class| if class == "-" { String::new() } else { class });
        let more = [
            ("dataSource", self.tree(&of("dataSource"))),
            ("selector", self.tree(&of("selector"))),
            ("storageClassName", class.map(Value::from)),
        ];
        if let Value::Object(fields) = &mut claim {
            fields.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        claim
    }

    /// The storage of a server: a volume, or the claim that a StatefulSet creates for each pod. Exactly one of the two
    /// is returned.
    pub fn storage(&self, section: &str, volume: &str, labels: NodeMap) -> (Option<Node>, Option<Vec<Node>>) {
        let of = |key: &str| format!("{section}.{key}");
        if !self.on(&of("enabled")) {
            let empty = json!({"medium": self.text(&of("medium")), "sizeLimit": self.text(&of("sizeLimit"))});
            return (Some(json!({"name": volume, "emptyDir": without_nulls(empty)})), None);
        }
        if let Some(claim) = self.text(&of("existingClaim")) {
            return (Some(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim}})), None);
        }
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), volume.into());
        let mut all = labels;
        all.extend(self.strings(&of("labels")));
        for (key, map) in [("labels", all), ("annotations", self.strings(&of("annotations")))] {
            if !map.is_empty() {
                metadata.insert(key.to_owned(), Value::Object(map));
            }
        }
        let claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": self.claim(section),
        });
        (None, Some(vec![claim]))
    }

    /// The retention policy of claims when the StatefulSet is deleted or scaled down, where it is set.
    pub fn retention(&self, section: &str) -> Option<NodeMap> {
        let path = format!("{section}.persistentVolumeClaimRetentionPolicy");
        self.on(&format!("{path}.enabled")).then(|| self.switched(&path)).flatten()
    }

    /// A Service with the settings below `section`; its name, labels and selector are added by the caller.
    pub fn service(&self, section: &str, port: Node) -> View {
        let of = |key: &str| format!("{section}.{key}");
        let kind = self.text(&of("type")).unwrap_or_else(|| "ClusterIP".to_owned());
        let balanced = kind == "LoadBalancer";
        let outside = balanced || kind == "NodePort";
        let affinity = self.text(&of("sessionAffinity"));
        let affinity_config = self.tree(&of("sessionAffinityConfig")).filter(|_| affinity.is_some());
        let ports = [vec![port], self.list(&of("extraPorts"))].concat();
        plain_service(&kind, ports)
            .with("cluster_ip", self.text(&of("clusterIP")).filter(|_| !outside))
            .with("session_affinity", affinity)
            .with("session_affinity_config", affinity_config)
            .with("internal_traffic_policy", self.text(&of("internalTrafficPolicy")))
            .with("external_traffic_policy", self.text(&of("externalTrafficPolicy")).filter(|_| outside))
            .with_tree("external_ips", self.tree(&of("externalIPs")))
            .with("load_balancer_ip", self.text(&of("loadBalancerIP")).filter(|_| balanced))
            .with("load_balancer_class", self.text(&of("loadBalancerClass")).filter(|_| balanced))
            .with_tree("load_balancer_source_ranges", self.tree(&of("loadBalancerSourceRanges")).filter(|_| balanced))
    }

    /// The port of a Service, with a node port where one is set and the type has one.
    pub fn port(&self, section: &str, key: &str, name: &str, target: &str) -> Node {
        let mut port =
            json!({"name": name, "port": self.value(&format!("{section}.ports.{key}")), "targetPort": target});
        let kind = self.text(&format!("{section}.type"));
        let node = self.tree(&format!("{section}.nodePorts.{key}"));
        if let (Some("LoadBalancer" | "NodePort"), Some(node)) = (kind.as_deref(), node) {
            overlay(&mut port, &json!({"nodePort": node}));
        }
        port
    }

    /// `spec.endpoints` of a ServiceMonitor or PodMonitor whose settings are below `section`.
    pub fn endpoint(&self, section: &str, port: &str) -> Node {
        let of = |key: &str| self.tree(&format!("{section}.{key}")).filter(|v| v != false);
        without_nulls(json!({
            "port": port, "interval": of("interval"), "scrapeTimeout": of("scrapeTimeout"),
            "relabelings": of("relabelings"), "metricRelabelings": of("metricRelabelings"),
            "honorLabels": of("honorLabels"),
        }))
    }

    /// Warns of the user's settings that were not read: our defaults contain only those that are, so the others are the
    /// user's. A setting that the chart has is reported where it enables something, and not below a part that is off; one that
    /// the chart does not have is always reported. `known` are the chart's settings, sorted, a line each.
    pub fn warn_of_unread(&self, known: &str) {
        if self.cx.is_untouched(self.key) {
            return;
        }
        let asked: BTreeSet<String> = self.asked.take().into_iter().collect();
        let mut unread = Unread {
            asked: &asked,
            source: known,
            known: None,
            steps: Vec::new(),
            path: String::new(),
            found: Vec::new(),
        };
        unread.find(self.cx.section(self.key), false);
        let found = std::mem::take(&mut unread.found);
        if found.is_empty() {
            return;
        }
        let names: Vec<_> = found.iter().map(|path| format!("`{}.{path}`", self.key)).collect();
        let message = match names.as_slice() {
            [one] => format!("{one} is not read"),
            all => format!("{} are not read", all.join(", ")),
        };
        let finding = found.iter().fold(Diagnostic::warning("unread-key", message), |finding, path| {
            finding.at_value(ValuePath([ValuePath::dotted(self.key).0, path.0.clone()].concat()))
        });
        let meant: Vec<_> = found.iter().filter_map(|path| self.meant(&unread, path)).collect();
        self.cx.say(finding.hint(match meant.as_slice() {
            [] => format!(
                "remove it: the server is rendered without it; if you need it, install a server by other means and set `{}.install: false`",
                self.key
            ),
            meant => format!("did you mean {}?", meant.join(", ")),
        }));
    }

    /// The setting that an unread one is one level or two letters away from, where there is one only.
    fn meant(&self, unread: &Unread<'_>, path: &ValuePath) -> Option<String> {
        let text = path.to_string();
        let steps: Vec<&str> = text.split('.').collect();
        let scalar = path.within(self.cx.section(self.key)).is_some_and(|value| !value.is_object());
        let near = |there: &&str| {
            let there: Vec<&str> = there.split('.').collect();
            let (Some((key, parent)), Some((last, above))) = (steps.split_last(), there.split_last()) else {
                return false;
            };
            let edits = strsim::damerau_levenshtein(key, last);
            let misspelt = parent == above && (key.len() > 4 && edits <= 2 || key.len() > 2 && edits <= 1);
            misspelt || key.len() > 4 && key == last && there.len() == steps.len() + 1 && there.ends_with(&steps)
        };
        // What is read comes before what the chart has besides.
        let read = self.nearest(unread.asked.iter().map(String::as_str), &text, scalar, &near);
        read.or_else(|| self.nearest(unread.source.lines(), &text, scalar, &near))
    }

    /// The only setting, or section of settings, that is near to one; a section is no place for a scalar.
    fn nearest<'s>(
        &self,
        settings: impl Iterator<Item = &'s str>,
        own: &str,
        scalar: bool,
        near: &dyn Fn(&&str) -> bool,
    ) -> Option<String> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for setting in settings.map(|path| path.trim_end_matches(".*")).filter(|path| *path != own) {
            found.insert(setting);
            let dots = setting.char_indices().filter(|(_, c)| *c == '.' && !scalar);
            found.extend(dots.map(|(at, _)| &setting[..at]));
        }
        match found.into_iter().filter(near).collect::<Vec<_>>().as_slice() {
            [one] => Some(format!("`{}.{one}`", self.key)),
            _ => None,
        }
    }
}

/// The search for settings that are not read: through all of them in each render, so that a path is made only of what is found.
struct Unread<'a> {
    asked: &'a BTreeSet<String>,
    /// The chart's settings, sorted, a line each.
    source: &'a str,
    /// The lines of `source`, split when the first one is looked up.
    known: Option<Vec<&'a str>>,
    /// The keys on the way to the present value.
    steps: Vec<&'a str>,
    /// The same as [`ValuePath`] writes them.
    path: String,
    found: Vec<ValuePath>,
}

impl<'a> Unread<'a> {
    /// Looks below a value at the present path; `off`: a part above it is off.
    fn find(&mut self, value: &'a Value, off: bool) {
        let Some(map) = value.as_object() else { return };
        let mut switched_off =
            |switch| map.get(switch) == Some(&Value::Bool(false)) && self.at(switch, |below| below.is_read());
        let off = off || ["enabled", "create"].into_iter().any(&mut switched_off);
        for (key, inner) in map {
            self.at(key, |below| match below.is_read() || (key == "architecture" && inner == "standalone") {
                true => {}
                false if below.reads_inside() => below.find(inner, off),
                false if !off && asks(inner) => below.add(),
                false => below.find_unknown(inner),
            });
        }
    }

    /// Adds what the chart does not have, whatever its value.
    fn find_unknown(&mut self, value: &'a Value) {
        match value.as_object().filter(|map| !map.is_empty()) {
            Some(map) => map.iter().for_each(|(key, inner)| self.at(key, |below| below.find_unknown(inner))),
            None if value.is_null() || self.is_known() => {}
            None => self.add(),
        }
    }

    /// Runs something at a key of the present value.
    fn at<R>(&mut self, key: &'a str, below: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.path.len();
        diag::push_key(&mut self.path, key);
        self.steps.push(key);
        let result = below(self);
        self.steps.pop();
        self.path.truncate(length);
        result
    }

    fn add(&mut self) {
        self.found.push(ValuePath(self.steps.iter().map(|key| Step::Key((*key).into())).collect()));
    }

    fn is_read(&self) -> bool {
        self.asked.contains(&self.path)
    }

    /// Whether a setting below the present one was read.
    fn reads_inside(&mut self) -> bool {
        self.path.push('.');
        let next = self.asked.range::<String, _>(&self.path..).next();
        let inside = next.is_some_and(|next| next.starts_with(&self.path));
        self.path.pop();
        inside
    }

    /// Whether the chart has the present setting, or a map of the user's above it, or settings below it.
    fn is_known(&mut self) -> bool {
        let source = self.source;
        let known = self.known.get_or_insert_with(|| source.lines().collect());
        let path = self.path.as_str();
        let has = |setting: &str| known.binary_search(&setting).is_ok();
        let below = format!("{path}.");
        let next = known.partition_point(|setting| *setting < below.as_str());
        let mut above = path.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| &path[..at]).chain([path]);
        has(path)
            || known.get(next).is_some_and(|next| next.starts_with(&below))
            || above.any(|above| has(&format!("{above}.*")))
    }
}

/// Whether a setting enables anything.
fn asks(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => map.get("enabled") != Some(&Value::Bool(false)) && map.values().any(asks),
        _ => true,
    }
}

/// The Service of a StatefulSet that gives its pods names.
pub fn headless(port: Node) -> View {
    plain_service("ClusterIP", vec![port]).with("cluster_ip", "None")
}

fn plain_service(kind: &str, ports: Vec<Node>) -> View {
    view! {
        service_type: kind,
        cluster_ip: Value::Null,
        session_affinity: Value::Null,
        session_affinity_config: Value::Null,
        internal_traffic_policy: Value::Null,
        external_traffic_policy: Value::Null,
        external_ips: Value::Null,
        load_balancer_ip: Value::Null,
        load_balancer_class: Value::Null,
        load_balancer_source_ranges: Value::Null,
        publish_not_ready: Value::Null,
        ports,
    }
}

/// A variable whose value is in a Secret.
pub fn env_from_secret(name: &str, secret: &str, key: &str) -> Node {
    json!({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
}

#[cfg(test)]
mod tests {
    #[test]
    fn settings_of_the_charts_are_sorted() {
        for settings in
            [include_str!("../../../charts/postgresql/keys.txt"), include_str!("../../../charts/redis/keys.txt")]
        {
            assert!(settings.lines().is_sorted(), "a binary search would miss some of them");
        }
    }
}
