//! The pod that every workload has: containers, environment, volumes, placement.
//!
//! A component says what is its own (ports, probes, mounts); everything that all workloads have in
//! common is added here, and its shape is `charts/_shared/pod.yaml`.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::context::{Context, overlay_map};
use super::image::ImageRef;
use super::labels::{self, Labels};
use super::plan::{Plan, View};
use super::shared::{gitaly_clients, tls};
use crate::diag::{Diagnostic, ValuePath};
use crate::model::{self, Node, NodeMap, Text};
use crate::view;

/// A command line whose last word is the text of a file: `/bin/bash -c <text>`.
#[derive(Debug, Clone, Serialize)]
pub struct Script {
    /// What comes before the text.
    pub words: Vec<&'static str>,
    /// The file, `shared-secrets/files/selfsign.sh`.
    pub file: &'static str,
    /// What the file may read.
    pub view: View,
}

/// One container of a pod. `charts/_shared/container.yaml` shows its shape.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Container {
    /// Unique in the pod.
    pub name: String,
    /// `repository:tag`.
    pub image: String,
    /// Missing: the cluster's default.
    pub image_pull_policy: Option<String>,
    /// In place of the image's entry point.
    pub command: Option<Node>,
    /// The same, and a script as its last word; in place of `command`.
    pub command_script: Option<Script>,
    /// Arguments.
    pub args: Option<Node>,
    /// The same, and a script as the last of them; in place of `args`.
    pub args_script: Option<Script>,
    /// Environment, in order.
    pub env: Vec<Node>,
    /// Environment from whole Secrets and ConfigMaps.
    pub env_from: Option<Node>,
    /// Ports.
    pub ports: Vec<Node>,
    /// Where volumes are mounted.
    pub volume_mounts: Vec<Node>,
    /// Restarted when it fails.
    pub liveness_probe: Option<Node>,
    /// No traffic while it fails.
    pub readiness_probe: Option<Node>,
    /// Before the other two count.
    pub startup_probe: Option<Node>,
    /// Hooks.
    pub lifecycle: Option<Node>,
    /// Where the container's last words are read from.
    pub termination_message_path: Option<String>,
    /// `File`, or the end of the log.
    pub termination_message_policy: Option<String>,
    /// Requests and limits.
    pub resources: NodeMap,
    /// What a change of the resources restarts.
    pub resize_policy: Option<Node>,
    /// Privileges.
    pub security_context: NodeMap,
}

impl Container {
    /// Adds variables that have a plain value.
    #[must_use]
    pub fn with_env<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        self.env.extend(variables.into_iter().map(|(name, value)| env(name, value)));
        self
    }

    /// Adds a mount; `options` is `readOnly`, `subPath` ...
    #[must_use]
    pub fn mount(mut self, volume: &str, path: &str, options: Value) -> Self {
        self.volume_mounts.push(mount(volume, path, options));
        self
    }

    /// Adds a port with a name.
    #[must_use]
    pub fn port(mut self, name: &str, number: impl Serialize) -> Self {
        self.ports.push(json!({"containerPort": number, "name": name}));
        self
    }
}

/// A variable with a plain value.
pub fn env(name: &str, value: impl Into<String>) -> Node {
    json!({"name": name, "value": value.into()})
}

/// A volume mount; `options` is laid over `name` and `mountPath`.
pub fn mount(volume: &str, path: &str, options: Value) -> Node {
    let mut mount = Map::new();
    mount.insert("name".to_owned(), volume.into());
    mount.insert("mountPath".to_owned(), path.into());
    if let Value::Object(options) = options {
        mount.extend(options);
    }
    Value::Object(mount)
}

/// Keys of a Secret as files of a projected volume: `secret_items("s", [("key", "path")])`; no items: all keys.
pub fn secret_items<'a>(name: &str, items: impl IntoIterator<Item = (&'a str, &'a str)>) -> Node {
    let items: Vec<Node> = items.into_iter().map(|(key, path)| json!({"key": key, "path": path})).collect();
    if items.is_empty() { json!({"secret": {"name": name}}) } else { json!({"secret": {"name": name, "items": items}}) }
}

/// An `emptyDir` in memory, for secrets that must not touch a disk.
pub fn memory_volume(name: &str) -> Node {
    json!({"name": name, "emptyDir": {"medium": "Memory"}})
}

/// A volume made of several Secrets and ConfigMaps.
pub fn projected_volume(name: &str, default_mode: u32, sources: Vec<Node>) -> Node {
    json!({"name": name, "projected": {"defaultMode": default_mode, "sources": sources}})
}

/// Where containers that talk TLS find the certificates of authorities.
pub fn certificate_mounts() -> Vec<Node> {
    vec![
        mount("etc-ssl-certs", "/etc/ssl/certs/", json!({"readOnly": true})),
        mount("etc-pki-ca-trust-extracted-pem", "/etc/pki/ca-trust/extracted/pem", json!({"readOnly": true})),
    ]
}

/// A probe by HTTP; `times` is `periodSeconds` and the like, passed on.
pub fn http_probe(path: &str, port: impl Serialize, times: &NodeMap) -> Node {
    let mut probe = json!({"httpGet": {"path": path, "port": port}});
    super::context::overlay(&mut probe, &Value::Object(times.clone()));
    probe
}

/// The annotation that lets the cluster's autoscaler move pods: they keep nothing.
pub fn evictable() -> NodeMap {
    let mut annotations = Map::new();
    annotations.insert("cluster-autoscaler.kubernetes.io/safe-to-evict".to_owned(), "true".into());
    annotations
}

/// A certificate and its key as sources of a projected volume, `<folder>/<file>.crt` and `.key`.
pub fn certificate_source(secret: &str, path: &str) -> Node {
    secret_items(secret, [("tls.crt", format!("{path}.crt").as_str()), ("tls.key", format!("{path}.key").as_str())])
}

/// A probe: what is asked, and `periodSeconds` and the like from the settings.
pub fn probe(handler: &Node, settings: &NodeMap) -> Node {
    let mut probe = handler.clone();
    if let Some(probe) = probe.as_object_mut() {
        probe.extend(settings.iter().filter(|(key, _)| *key != "enabled").map(|(k, v)| (k.clone(), v.clone())));
    }
    probe
}

/// A volume with a ConfigMap's keys as files.
pub fn config_volume(name: &str, config_map: &str) -> Node {
    json!({"name": name, "configMap": {"name": config_map}})
}

/// The view of the script `configure.sh`: all of `/init-config` is copied to `/init-secrets`.
pub fn configure_script() -> View {
    view! { source: "/init-config", target: "/init-secrets", only: json!([]), place: json!([]), s3cfg: Value::Null }
}

/// A workload's common settings, and the parts made of them.
pub struct Workload<'a> {
    /// What all components read.
    pub cx: &'a Context<'a>,
    /// Where its section is in the values.
    pub key: String,
    /// The full name, `prod-gitaly`.
    pub name: String,
    /// The label `app`.
    pub app: String,
    /// Labels of its objects.
    pub labels: Labels,
    /// Its common settings.
    pub set: model::workload::Workload,
}

impl<'a> Workload<'a> {
    /// Reads a component's section.
    pub fn new(cx: &'a Context<'a>, component: &super::Component) -> Self {
        Self::of(cx, component.key, component.name, cx.section(component.key))
    }

    /// The same over a section that was merged before, as one of several deployments of a component.
    pub fn of(cx: &'a Context<'a>, key: &str, component: &str, section: &Value) -> Self {
        let set: model::workload::Workload = cx.read_value(key, section);
        let release = &cx.release.name;
        let app = set.name_override.as_ref().and_then(Text::set).unwrap_or(component).to_owned();
        let name = labels::full_name(release, component, set.name_override.as_ref(), set.fullname_override.as_ref());
        let mut object = labels::identity(&app, release);
        labels::put(&mut object, &cx.global.common.labels);
        labels::put(&mut object, &set.common.labels);
        let mut selector = Map::new();
        selector.insert("app".to_owned(), app.clone().into());
        selector.insert("release".to_owned(), release.clone().into());
        let mut pod = labels::identity(&app, release);
        pod.insert("app.kubernetes.io/name".to_owned(), release.clone().into());
        for more in
            [&cx.global.common.labels, &cx.global.pod.labels, &set.common.labels, &set.pod.labels, &set.pod_labels]
        {
            labels::put(&mut pod, more);
        }
        let mut service = labels::identity(&app, release);
        for more in [&cx.global.common.labels, &cx.global.service.labels, &set.common.labels, &set.service_labels] {
            labels::put(&mut service, more);
        }
        Workload { cx, key: key.to_owned(), name, app, labels: Labels { object, selector, pod, service }, set }
    }

    /// Marks the pods as those of one of several workloads of a component: a label that selects them.
    pub fn mark(&mut self, label: &str, name: &str) {
        for labels in [&mut self.labels.selector, &mut self.labels.pod] {
            labels.insert(label.to_owned(), name.into());
        }
    }

    /// Labels of a Deployment, StatefulSet or CronJob: the object's, and the application it belongs to.
    pub fn controller_labels(&self) -> NodeMap {
        let mut labels = self.labels.object.clone();
        labels.insert("app.kubernetes.io/name".to_owned(), self.cx.release.name.clone().into());
        labels
    }

    /// Annotations of a Deployment or StatefulSet: the global ones under its own.
    pub fn controller_annotations(&self) -> NodeMap {
        let mut annotations = labels::text_map(&self.cx.global.deployment.annotations);
        labels::put(&mut annotations, &self.set.deployment.annotations);
        annotations
    }

    /// The variables every container has: the global ones, the component's over them, the time zone.
    pub fn env(&self) -> Vec<Node> {
        let mut plain = labels::text_map(&self.cx.global.extra_env);
        labels::put(&mut plain, &self.set.extra_env);
        let mut taken = self.cx.global.extra_env_from.clone();
        overlay_map(&mut taken, &self.set.extra_env_from);
        let mut all = Vec::with_capacity(plain.len() + taken.len() + 1);
        if let Some(zone) = self.cx.global.time_zone.set().filter(|_| !plain.contains_key("TZ")) {
            all.push(env("TZ", zone));
        }
        all.extend(plain.into_iter().map(|(name, value)| json!({"name": name, "value": value})));
        all.extend(taken.into_iter().map(|(name, source)| json!({"name": name, "valueFrom": source})));
        all
    }

    /// A container with what all main containers have: environment, certificates, extra mounts,
    /// the component's resources and security context.
    pub fn container(&self, name: &str, image: ImageRef) -> Container {
        Container {
            name: name.to_owned(),
            image: image.reference,
            image_pull_policy: image.pull_policy,
            env: self.env(),
            volume_mounts: [certificate_mounts(), self.list("extraVolumeMounts", &self.set.extra_volume_mounts)]
                .concat(),
            resources: self.set.resources.clone(),
            security_context: self.set.container_security_context.clone(),
            ..Container::default()
        }
    }

    /// A container with what all init containers have.
    pub fn init_container(&self, name: &str, image: ImageRef) -> Container {
        Container {
            name: name.to_owned(),
            image: image.reference,
            image_pull_policy: image.pull_policy,
            env: self.env(),
            volume_mounts: self.list("extraVolumeMounts", &self.set.extra_volume_mounts),
            resources: self.set.init.resources.clone(),
            security_context: self.set.init.container_security_context.clone(),
            ..Container::default()
        }
    }

    /// The init container that collects the certificates of authorities.
    pub fn certificates(&self) -> Container {
        let image = &self.cx.global.certificates.image;
        let mut container = self.init_container("certificates", self.cx.image(image, self.cx.gitlab_version()));
        container.volume_mounts = vec![
            mount("etc-ssl-certs", "/etc/ssl/certs", json!({"readOnly": false})),
            mount("etc-pki-ca-trust-extracted-pem", "/etc/pki/ca-trust/extracted/pem", json!({"readOnly": false})),
        ];
        if self.authorities().is_some() {
            let at = "/usr/local/share/ca-certificates";
            container.volume_mounts.push(mount("custom-ca-certificates", at, json!({"readOnly": true})));
        }
        container
    }

    /// The init container that copies secrets into place with the script `configure` of a ConfigMap.
    pub fn configure(&self, config: &str, from: &str, to: &str) -> Container {
        let mut container = self.init_container("configure", self.base_image());
        container.command = Some(json!(["sh", "/config/configure"]));
        container.volume_mounts.splice(
            0..0,
            [
                mount(config, "/config", json!({"readOnly": true})),
                mount(from, "/init-config", json!({"readOnly": true})),
                mount(to, "/init-secrets", json!({"readOnly": false})),
            ],
        );
        container
    }

    /// The image of configuring init containers: the component's `init.image` over `global.gitlabBase.image`.
    pub fn base_image(&self) -> ImageRef {
        let base = &self.cx.global.gitlab_base.image;
        let own = &self.set.init.image;
        let image = model::workload::Image {
            repository: own.repository.clone().filter(|r| r.set().is_some()).or_else(|| base.repository.clone()),
            tag: own.tag.clone().filter(|t| t.set().is_some()).or_else(|| base.tag.clone()),
            digest: own.digest.clone().or_else(|| base.digest.clone()),
            pull_policy: own.pull_policy.clone().or_else(|| base.pull_policy.clone()),
            pull_secrets: Vec::new(),
            registry: None,
        };
        // The global pull policy is not meant for it: its tag is one that does not move.
        let pull_policy = image.pull_policy.as_ref().and_then(Text::set).map(str::to_owned);
        ImageRef { pull_policy, ..self.cx.image(&image, self.cx.gitlab_version()) }
    }

    /// The volumes that [`Workload::certificates`] and [`Workload::container`] mount.
    pub fn certificate_volumes(&self) -> Vec<Node> {
        let mut volumes = vec![memory_volume("etc-ssl-certs"), memory_volume("etc-pki-ca-trust-extracted-pem")];
        let authorities = self.authorities();
        if let Some(authorities) = authorities {
            // 0440: the group that `fsGroup` sets may read.
            volumes.push(projected_volume("custom-ca-certificates", 0o440, authorities));
        }
        volumes
    }

    /// The authorities that are trusted besides the usual ones: the user's, and that of a certificate signed here.
    /// Gitaly and Praefect show certificates that nobody else signed: they are trusted as they are.
    fn authorities(&self) -> Option<Vec<Node>> {
        let given = self.cx.global.certificates.custom_cas.iter().filter_map(|authority| {
            let (kind, name) = match &authority.config_map {
                Some(name) => ("configMap", name),
                None => ("secret", authority.secret.as_ref()?),
            };
            let items = authority
                .keys
                .as_ref()
                .map(|keys| keys.iter().map(|key| json!({"key": key, "path": key})).collect::<Vec<_>>());
            Some(json!({kind: {"name": name, "items": items}}))
        });
        let own = tls::trusted(self.cx).then(|| secret_items(&format!("{}-ca", tls::wildcard(self.cx)), []));
        let internal = gitaly_clients::tls_authorities(self.cx)
            .into_iter()
            .map(|(secret, file)| secret_items(&secret, [("tls.crt", file.as_str())]));
        let all: Vec<Node> = given.chain(own).chain(internal).collect();
        (!all.is_empty() || !self.cx.global.certificates.custom_cas.is_empty()).then_some(all)
    }

    /// The pod, with the containers every pod has: extra ones, and certificates first.
    pub fn pod(&self, init: Vec<Container>, containers: Vec<Container>, volumes: Vec<Node>) -> View {
        let init: Vec<View> = init.into_iter().map(container_view).collect();
        let containers: Vec<View> = containers.into_iter().map(container_view).collect();
        let volumes = [self.list("extraVolumes", &self.set.extra_volumes), volumes].concat();
        view! {
            name: Value::Null,
            labels: self.labels.pod,
            annotations: labels::text_map(&self.set.annotations),
            automount_service_account_token: self.automount(),
            service_account_name: self.service_account_name(),
            security_context: self.set.security_context,
            image_pull_secrets: self.pull_secrets(),
            priority_class_name: self.priority_class(),
            runtime_class_name: Value::Null,
            hostname: Value::Null,
            scheduler_name: self.set.scheduler_name,
            node_selector: self.node_selector(),
            tolerations: self.tolerations(),
            affinity: self.affinity(),
            topology_spread_constraints: non_empty(&self.set.topology_spread_constraints),
            termination_grace_period_seconds: self.set.deployment.termination_grace_period_seconds,
            restart_policy: Value::Null,
            share_process_namespace: Value::Null,
            dns_policy: Value::Null,
            host_network: Value::Null,
            host_aliases: Value::Null,
            dns_config: Value::Null,
            extra_init_containers: self.list("extraInitContainers", &self.set.extra_init_containers),
            init_containers: init,
            extra_containers: self.list("extraContainers", &self.set.extra_containers),
            containers: containers,
            volumes: volumes,
        }
    }

    /// The name of the ServiceAccount that the pods use, where they use one.
    pub fn service_account_name(&self) -> Option<String> {
        let own = &self.set.service_account;
        let global = &self.cx.global.service_account;
        if !own.enabled.unwrap_or(false) && !global.enabled.unwrap_or(false) {
            return None;
        }
        let name = own.name.as_ref().and_then(Text::set).or_else(|| global.name.as_ref().and_then(Text::set));
        Some(name.unwrap_or(&self.name).to_owned())
    }

    /// Whether the ServiceAccount that the pods use is made here.
    pub fn makes_service_account(&self) -> bool {
        let own = &self.set.service_account;
        let global = &self.cx.global.service_account;
        let create = own.create.unwrap_or(false) || global.create.unwrap_or(false);
        let named =
            global.name.as_ref().and_then(Text::set).is_some() && own.name.as_ref().and_then(Text::set).is_none();
        create && !named && self.service_account_name().is_some()
    }

    /// Plans the ServiceAccount, where it is made here.
    pub fn plan_service_account(&self, component: &'static str, plan: &mut Plan) {
        let own = &self.set.service_account;
        let global = &self.cx.global.service_account;
        let Some(name) = self.service_account_name().filter(|_| self.makes_service_account()) else { return };
        let mut annotations = labels::text_map(&global.annotations);
        labels::put(&mut annotations, &own.annotations);
        let view = view! { name, labels: self.labels.object, annotations };
        plan.add(component, "serviceaccount.yaml", view);
    }

    fn automount(&self) -> bool {
        let own = &self.set.service_account;
        let global = &self.cx.global.service_account;
        self.set
            .automount_service_account_token
            .or(own.automount_service_account_token)
            .or(global.automount_service_account_token)
            .unwrap_or(false)
    }

    /// The Secrets that images are pulled with: the global ones and the component's.
    pub fn pull_secrets(&self) -> Option<Vec<Node>> {
        let mut all: Vec<Node> = Vec::new();
        let lists = [&self.cx.global.image.pull_secrets, &self.set.image.pull_secrets];
        for secret in lists.into_iter().flatten() {
            let named = if secret.is_string() { json!({"name": secret}) } else { secret.clone() };
            if !all.contains(&named) {
                all.push(named);
            }
        }
        (!all.is_empty()).then_some(all)
    }

    fn priority_class(&self) -> Option<String> {
        let own = self.set.priority_class_name.as_ref().and_then(Text::set);
        own.or_else(|| self.cx.global.priority_class_name.as_ref().and_then(Text::set)).map(str::to_owned)
    }

    fn node_selector(&self) -> Option<NodeMap> {
        let own = &self.set.node_selector;
        let chosen = if own.is_empty() { &self.cx.global.node_selector } else { own };
        (!chosen.is_empty()).then(|| labels::text_map(chosen))
    }

    fn tolerations(&self) -> Option<Vec<Node>> {
        non_empty(&self.set.tolerations).or_else(|| non_empty(&self.cx.global.tolerations))
    }

    /// Own and global `affinity`: zones by node label, and apart from pods of the same kind.
    pub fn affinity(&self) -> Option<Node> {
        self.affinity_apart_from(&self.labels.selector)
    }

    /// `soft`, `hard`, or nothing that is known: the component's own, or the global one.
    pub fn anti_affinity(&self) -> Option<&str> {
        first_set(&self.set.anti_affinity, &self.cx.global.anti_affinity)
    }

    /// The part of it that keeps pods apart, for workloads that no setting binds to zones.
    pub fn pod_anti_affinity(&self, selector: &NodeMap) -> Option<Node> {
        let mut affinity = self.affinity_apart_from(selector)?;
        let rules = affinity.as_object_mut()?;
        rules.shift_remove("nodeAffinity");
        (!rules.is_empty()).then_some(affinity)
    }

    /// The same, apart from pods that a selector names.
    pub fn affinity_apart_from(&self, selector: &NodeMap) -> Option<Node> {
        let own = &self.set.affinity;
        let global = &self.cx.global.affinity;
        let mut affinity = Map::new();
        let zones = own.node_affinity.values.as_ref().or(global.node_affinity.values.as_ref());
        let zone_key = first_set(&own.node_affinity.key, &global.node_affinity.key);
        if let (Some(zones), Some(key)) = (zones.filter(|z| !z.is_empty()), zone_key) {
            let term = json!({"matchExpressions": [{"key": key, "operator": "In", "values": zones}]});
            match self.cx.global.node_affinity.as_ref().and_then(Text::set) {
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
        let term = json!({"topologyKey": topology, "labelSelector": {"matchLabels": selector}});
        match self.anti_affinity() {
            Some("hard") => {
                let rule = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
                affinity.insert("podAntiAffinity".to_owned(), rule);
            }
            Some("soft") => {
                let rule = json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]});
                affinity.insert("podAntiAffinity".to_owned(), rule);
            }
            _ => {}
        }
        (!affinity.is_empty()).then_some(Value::Object(affinity))
    }

    /// A setting that is a list, or YAML text that holds one, as `extraVolumes: |`.
    pub fn list(&self, key: &str, value: &Node) -> Vec<Node> {
        let path = format!("{}.{key}", self.key);
        let read = match value {
            Value::String(text) => self.cx.yaml(&path, text),
            other => other.clone(),
        };
        match read {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            _ => {
                self.cx.say(
                    Diagnostic::error("wrong-type", format!("`{path}`: expected a list"))
                        .at_value(ValuePath::dotted(&path))
                        .hint("write a YAML list, or a block of text that holds one"),
                );
                Vec::new()
            }
        }
    }

    /// The three annotations that tell Prometheus where metrics are, in both spellings of the field.
    pub fn prometheus_annotations(&self, metrics: &model::workload::Metrics, port: &str) -> NodeMap {
        let mut annotations = Map::new();
        if !metrics.enabled || metrics.service_monitor.enabled || metrics.pod_monitor.enabled {
            return annotations;
        }
        if !metrics.annotations.is_empty() {
            return labels::text_map(&metrics.annotations);
        }
        for domain in ["gitlab.com/prometheus_", "prometheus.io/"] {
            annotations.insert(format!("{domain}scrape"), "true".into());
            annotations.insert(format!("{domain}port"), port.into());
            annotations.insert(format!("{domain}path"), metrics.path.as_str().into());
            if metrics.tls.enabled.unwrap_or(false) {
                annotations.insert(format!("{domain}scheme"), "https".into());
            }
        }
        annotations
    }
}

fn container_view(container: Container) -> View {
    match super::plan::node(container) {
        Value::Object(fields) => View(fields),
        _ => View::default(),
    }
}

fn first_set<'t>(own: &'t Option<Text>, global: &'t Option<Text>) -> Option<&'t str> {
    own.as_ref().and_then(Text::set).or_else(|| global.as_ref().and_then(Text::set))
}

/// A list, or nothing where it is empty.
pub fn non_empty(list: &[Node]) -> Option<Vec<Node>> {
    (!list.is_empty()).then(|| list.to_vec())
}
