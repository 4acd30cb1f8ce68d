//! The controller itself: a Deployment or a DaemonSet, and the arguments of its program.

use serde_json::json;

use super::{Nginx, Part, arguments, non_zero, security_context, set};
use crate::model::Node;
use crate::resolve::labels;
use crate::resolve::plan::{Plan, View};
use crate::resolve::workload::{Container, env, env_over, mount};
use crate::view;

/// The variables by which a controller identifies its own pod.
const NAMESPACE: &str = "$(POD_NAMESPACE)";

impl Nginx<'_> {
    pub(super) fn plan_controller(&self, plan: &mut Plan) {
        let set = &self.set.controller;
        let kind = set.kind.as_str();
        for (name, template) in [("Deployment", "deployment.yaml"), ("DaemonSet", "daemonset.yaml")] {
            if kind == name || kind == "Both" {
                let mut annotations = labels::text_map(&self.cx.global.deployment.annotations);
                labels::put(&mut annotations, &set.annotations);
                let scaled = set.autoscaling.enabled || set.keda.enabled;
                let view = self.workload(Part::Controller, self.controller_pod());
                let view = view.with("annotations", annotations);
                self.add(plan, template, view.with("replicas", set.replica_count.as_ref().filter(|_| !scaled)));
            }
        }
        if set.pods.network_policy.enabled {
            let mut ports: Vec<Node> =
                set.container_port.values().map(|port| json!({"port": port, "protocol": "TCP"})).collect();
            if set.metrics.enabled {
                ports.push(json!({"port": set.metrics.port, "protocol": "TCP"}));
            }
            if set.admission_webhooks.enabled {
                ports.push(json!({"port": set.admission_webhooks.port, "protocol": "TCP"}));
            }
            if self.has_shell() {
                ports.push(json!({"port": self.shell_port(), "protocol": "TCP"}));
            }
            ports.extend(
                self.streams().into_iter().map(|(_, port, protocol)| json!({"port": port, "protocol": protocol})),
            );
            self.plan_network_policy(Part::Controller, &ports, true, plan);
        }
    }

    /// Plans a NetworkPolicy: ingress to these ports from anywhere, and egress to anywhere or to nothing.
    pub(super) fn plan_network_policy(&self, part: Part, ports: &[Node], outward: bool, plan: &mut Plan) {
        let view = view! {
            name: self.part_name(part), labels: self.object_labels(part), selector: self.selector(part), ports, outward,
        };
        self.add(plan, "networkpolicy.yaml", view);
    }

    /// The view of a Deployment or DaemonSet; annotations and replicas are added later.
    pub(super) fn workload(&self, part: Part, pod: View) -> View {
        let pods = match part {
            Part::Controller => &self.set.controller.pods,
            Part::Backend => &self.set.default_backend.pods,
        };
        view! {
            name: self.part_name(part), labels: self.object_labels(part), selector: self.selector(part), pod: moved(pod),
            annotations: json!({}), replicas: json!(null),
            strategy: (!pods.update_strategy.is_empty()).then_some(&pods.update_strategy),
            min_ready_seconds: pods.min_ready_seconds, revision_history_limit: self.set.revision_history_limit,
            progress_deadline_seconds: non_zero(&pods.progress_deadline_seconds),
        }
    }

    fn controller_pod(&self) -> View {
        let own = &self.set.controller;
        let mut main = Container {
            args: Some(json!(self.controller_args())),
            env: self.controller_env(),
            ports: self.container_ports(),
            lifecycle: own.lifecycle.clone(),
            liveness_probe: own.liveness_probe.clone(),
            readiness_probe: own.readiness_probe.clone(),
            startup_probe: own.startup_probe.clone(),
            resources: own.pods.resources.clone(),
            resize_policy: (!own.resize_policy.is_empty()).then(|| json!(own.resize_policy)),
            ..self.container(own.container_name.as_str(), self.image(&own.image, own.image.chroot, true))
        };
        let mut add = vec!["NET_BIND_SERVICE"];
        if own.image.chroot {
            add.extend(["SYS_ADMIN", "SYS_CHROOT"]);
        }
        let capabilities = json!({"drop": ["ALL"], "add": add});
        main.security_context =
            security_context(&own.container_security_context, &own.image, capabilities, own.image.chroot);
        let (mounts, volumes, init) = self.controller_volumes();
        main.volume_mounts = mounts;
        let mut security = own.pods.pod_security_context.clone();
        if !own.sysctls.is_empty() {
            let sysctls: Vec<Node> = labels::text_map(&own.sysctls)
                .into_iter()
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect();
            security.insert("sysctls".to_owned(), sysctls.into());
        }
        self.pod(Part::Controller, main, init, volumes)
            .with("security_context", security)
            .with("dns_policy", set(&own.dns_policy))
            .with("dns_config", (!own.dns_config.is_empty()).then_some(&own.dns_config))
            .with("hostname", own.hostname.as_str().filter(|name| !name.is_empty()))
            .with("host_network", own.host_network.then_some(true))
            .with("host_aliases", (!own.host_aliases.is_empty()).then_some(&own.host_aliases))
            .with("share_process_namespace", own.share_process_namespace.then_some(true))
    }

    /// A container with an image and nothing else.
    pub(super) fn container(&self, name: &str, image: crate::resolve::image::ImageRef) -> Container {
        Container {
            name: name.to_owned(),
            image: image.reference,
            image_pull_policy: image.pull_policy,
            ..Container::default()
        }
    }

    fn controller_env(&self) -> Vec<Node> {
        let own = &self.set.controller;
        let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
        let mut all = vec![field("POD_NAME", "metadata.name"), field("POD_NAMESPACE", "metadata.namespace")];
        if own.enable_mimalloc {
            all.push(env("LD_PRELOAD", "/usr/local/lib/libmimalloc.so"));
        }
        if let Some(zone) = self.cx.global.time_zone.non_empty() {
            all.push(env("TZ", zone));
        }
        env_over(all, &own.extra_envs)
    }

    fn container_ports(&self) -> Vec<Node> {
        let own = &self.set.controller;
        let port = |name: &str, number: &Node| json!({"name": name, "containerPort": number, "protocol": "TCP"});
        let mut all = Vec::new();
        for (name, number) in &own.container_port {
            let mut port = port(name, number);
            let host = own.host_port.ports.get(name).filter(|_| own.host_port.enabled);
            if let (Some(host), Some(port)) = (host, port.as_object_mut()) {
                port.insert("hostPort".to_owned(), host.clone());
            }
            all.push(port);
        }
        if own.metrics.enabled {
            all.push(port(own.metrics.port_name.as_str(), &json!(own.metrics.port)));
        }
        if own.admission_webhooks.enabled {
            all.push(port("webhook", &json!(own.admission_webhooks.port)));
        }
        if self.has_shell() {
            all.push(port("gitlab-shell", &self.shell_port()));
        }
        for (name, number, protocol) in self.streams() {
            let mut port = json!({"name": name, "containerPort": number, "protocol": protocol});
            if let (true, Some(port)) = (own.host_port.enabled, port.as_object_mut()) {
                port.insert("hostPort".to_owned(), number);
            }
            all.push(port);
        }
        all
    }

    /// Mounts, volumes, and the init containers that fill them.
    fn controller_volumes(&self) -> (Vec<Node>, Vec<Node>, Vec<Container>) {
        let own = &self.set.controller;
        let (mut mounts, mut volumes, mut init) = (Vec::new(), Vec::new(), Vec::new());
        if !own.extra_modules.is_empty() {
            let at = if own.image.chroot { "/chroot/modules_mount" } else { "/modules_mount" };
            mounts.push(mount("modules", at, json!({})));
            volumes.push(json!({"name": "modules", "emptyDir": {}}));
        }
        for module in &own.extra_modules {
            let command = if module.distroless {
                json!(["/init_module"])
            } else {
                json!(["sh", "-c", "/usr/local/bin/init_module.sh"])
            };
            init.push(Container {
                command: Some(command),
                resources: module.resources.clone(),
                security_context: module.container_security_context.clone(),
                volume_mounts: vec![mount("modules", "/modules_mount", json!({}))],
                ..self.container(module.name.as_str(), self.image(&module.image, false, false))
            });
        }
        let template = &own.custom_template;
        if let Some(config_map) = set(&template.config_map_name) {
            let at = if own.image.chroot { "/chroot/etc/nginx/template" } else { "/etc/nginx/template" };
            mounts.push(mount("nginx-template-volume", at, json!({"readOnly": true})));
            let items = set(&template.config_map_key).map(|key| json!([{"key": key, "path": "nginx.tmpl"}]));
            volumes.push(json!({"name": "nginx-template-volume", "configMap": {"name": config_map, "items": items}}));
        }
        if own.admission_webhooks.enabled {
            let (webhook_mount, volume) = self.webhook_certificate();
            mounts.push(webhook_mount);
            volumes.push(volume);
        }
        mounts.extend(self.read_list("controller", "extraVolumeMounts", &own.extra_volume_mounts));
        (mounts, volumes, init)
    }

    /// The name of the lease by which controllers elect a leader.
    pub(super) fn election_id(&self) -> String {
        set(&self.set.controller.election_id).map_or_else(|| format!("{}-leader", self.name), str::to_owned)
    }

    fn published_service(&self) -> Option<String> {
        let own = &self.set.controller;
        if !own.publish_service.enabled || !own.service.enabled {
            return None;
        }
        let path = set(&own.publish_service.path_override)
            .map_or_else(|| format!("{NAMESPACE}/{}", self.controller_name()), str::to_owned);
        if own.service.external.enabled {
            Some(path)
        } else {
            self.has_internal_service().then(|| format!("{path}-internal"))
        }
    }

    fn controller_args(&self) -> Vec<String> {
        let own = &self.set.controller;
        let name = self.controller_name();
        let mut args = vec!["/nginx-ingress-controller".to_owned()];
        let mut say = |name: &str, value: Option<String>| args.extend(value.map(|value| format!("--{name}={value}")));
        let on = |on: bool| on.then(|| "true".to_owned());
        let text = |text| set(text).map(str::to_owned);
        let in_namespace = |namespace, name: &str| format!("{}/{name}", set(namespace).unwrap_or(NAMESPACE));

        say("enable-annotation-validation", (own.enable_annotation_validations == Some(false)).then(|| "false".into()));
        let backend = self.set.default_backend.enabled;
        say("default-backend-service", backend.then(|| format!("{NAMESPACE}/{}", self.part_name(Part::Backend))));
        say("publish-service", self.published_service());
        say("election-id", Some(self.election_id()));
        say("controller-class", Some(own.ingress_class_resource.controller_value.to_string()));
        say("ingress-class", text(&own.ingress_class));
        say("configmap", Some(in_namespace(&own.config_map_namespace, &name)));
        say("tcp-services-configmap", self.tcp_services());
        let udp = (!self.set.udp.is_empty())
            .then(|| in_namespace(&own.udp.config_map_namespace, &format!("{}-udp", self.name)));
        say("udp-services-configmap", udp);
        let scope = &own.scope;
        let watched = set(&scope.namespace).unwrap_or(NAMESPACE).to_owned();
        say("watch-namespace", scope.enabled.then_some(watched));
        say("watch-namespace-selector", text(&scope.namespace_selector).filter(|_| !scope.enabled));
        say("report-node-internal-ip-address", on(own.report_node_internal_ip && own.host_network));
        let webhooks = &own.admission_webhooks;
        say("validating-webhook", webhooks.enabled.then(|| format!(":{}", webhooks.port)));
        say("validating-webhook-certificate", webhooks.enabled.then(|| webhooks.certificate.to_string()));
        say("validating-webhook-key", webhooks.enabled.then(|| webhooks.key.to_string()));
        say("maxmind-license-key", text(&own.maxmind_license_key));
        say("healthz-host", text(&own.health_check_host));
        say("health-check-path", text(&own.health_check_path).filter(|path| path != "/healthz"));
        say("ingress-class-by-name", on(own.ingress_class_by_name));
        say("watch-ingress-without-class", on(own.watch_ingress_without_class));
        say("enable-metrics", on(own.metrics.enabled));
        say("enable-topology-aware-routing", on(own.enable_topology_aware_routing));
        say("disable-leader-election", on(own.disable_leader_election));
        say("election-ttl", text(&own.election_ttl));
        args.extend(arguments(&own.extra_args));
        args
    }

    /// The ConfigMap with the TCP services: gitlab-shell's, or our own.
    fn tcp_services(&self) -> Option<String> {
        let own = &self.set.controller;
        if self.tcp_is_external() {
            let namespace = set(&own.tcp.config_map_namespace).unwrap_or(&self.cx.release.namespace);
            let used = self.has_shell() || !self.set.tcp.is_empty();
            return used.then(|| format!("{namespace}/{}-nginx-ingress-tcp", self.cx.release.name));
        }
        let namespace = set(&own.tcp.config_map_namespace).unwrap_or(NAMESPACE);
        (!self.set.tcp.is_empty()).then(|| format!("{namespace}/{}-tcp", self.name))
    }

    /// A list, or a string of YAML that holds one.
    pub(super) fn read_list(&self, part: &str, key: &str, value: &Node) -> Vec<Node> {
        let path = format!("{}.{part}", self.key);
        let empty = serde_json::Value::Null;
        crate::resolve::workload::Workload::of(self.cx, &path, &self.app, &empty).list(key, value)
    }
}
