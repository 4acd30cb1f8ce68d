//! gitlab-shell: Git over SSH, by OpenSSH's daemon or GitLab's own.

mod config;
mod network;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::workload::{Hpa, Keda, Metrics};
use crate::model::{Node, NodeMap, NonEmpty, Number, Port, Text};
use crate::resolve::gateway::GatewayRoute;
use crate::resolve::scaling::Scaling;
use crate::resolve::shared::gitaly::shell_secret;
use crate::resolve::workload::{
    Container, Workload, config_volume, evictable, memory_volume, mount, probe, projected_volume, secret_items,
};
use crate::resolve::{Component, Context, Plan};

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "gitlab-shell", key: "gitlab.gitlab-shell", resolve };

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    ssh_daemon: Option<Text>,
    config: config::Settings,
    logging: config::Logging,
    opensshd: config::Opensshd,
    deployment: Probes,
    metrics: Metrics,
    hpa: Hpa,
    keda: Keda,
    min_replicas: Option<Node>,
    max_replicas: Option<Node>,
    service: network::Service,
    gateway_route: GatewayRoute,
    traefik: network::Traefik,
    tcp_external_config: Option<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Probes {
    liveness_probe: NodeMap,
    readiness_probe: NodeMap,
    termination_grace_period_seconds: Option<Number>,
}

struct Server<'a> {
    w: Workload<'a>,
    set: Settings,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    if !set.enabled {
        return;
    }
    let server = Server { w: Workload::new(cx, &COMPONENT), set };
    let w = &server.w;
    server.plan_configs(plan);
    server.plan_deployment(plan);
    server.plan_scaling(plan);
    server.plan_network(plan);
    w.plan_pdb(COMPONENT.name, &w.scaled("Deployment"), &w.set.max_unavailable.clone().unwrap_or(json!(1)), plan);
    w.plan_service_account(COMPONENT.name, plan);
    w.plan_network_policy(COMPONENT.name, plan);
    w.plan_service_monitor(COMPONENT.name, &server.set.metrics, "http-metrics", plan);
}

impl Server<'_> {
    /// Whether GitLab's own daemon serves, and not OpenSSH's.
    fn own_daemon(&self) -> bool {
        self.set.ssh_daemon.non_empty() == Some("gitlab-sshd")
    }

    fn listens(&self) -> Port {
        self.set.service.internal_port.clone().unwrap_or_else(|| Port("2222".to_owned()))
    }

    fn metrics_port(&self) -> Node {
        self.set.metrics.port.clone().unwrap_or(json!(9122))
    }

    fn sshd_config_map(&self) -> String {
        format!("{}-sshd", self.w.name)
    }

    /// The grace period in seconds in which connections may end.
    fn grace(&self) -> i64 {
        self.set.deployment.termination_grace_period_seconds.map_or(30, |n| n.0)
    }

    fn plan_deployment(&self, plan: &mut Plan) {
        let w = &self.w;
        let init = vec![w.certificates(), w.configure("shell-config", "shell-init-secrets", "shell-secrets")];
        let volumes = [w.certificate_volumes(), self.volumes()].concat();
        let mut pod = w.pod(init, vec![self.main()], volumes).with("termination_grace_period_seconds", self.grace());
        pod.annotate(&w.prometheus_annotations(&self.set.metrics, &text(&self.metrics_port())));
        // The pods keep no data: their `emptyDir` volumes would otherwise stop the autoscaler.
        pod.annotate(&evictable());
        let view = w.deployment(pod).with("min_ready_seconds", &w.set.deployment.min_ready_seconds);
        let sshd = if self.own_daemon() { w.name.clone() } else { self.sshd_config_map() };
        plan.add(COMPONENT.name, "deployment.yaml", view)
            .follows("checksum/config", &w.name)
            .follows("checksum/config-sshd", &sshd);
    }

    fn main(&self) -> Container {
        let w = &self.w;
        let daemon = self.set.ssh_daemon.non_empty().unwrap_or("openssh");
        let image = w.cx.image(&w.set.image, &w.cx.release.images.shell);
        let mut main = w
            .container("gitlab-shell", image)
            .with_env([
                ("CONFIG_TEMPLATE_DIRECTORY", "/etc/gitlab-shell".to_owned()),
                ("CONFIG_DIRECTORY", "/srv/gitlab-shell".to_owned()),
                ("KEYS_DIRECTORY", "/etc/gitlab-secrets/ssh".to_owned()),
                ("SSH_DAEMON", daemon.to_owned()),
                // Some load balancers and firewalls drop the larger TLS greeting of post-quantum keys.
                ("GODEBUG", "tlsmlkem=0,tlskyber=0".to_owned()),
            ])
            .port("ssh", self.listens());
        if self.set.metrics.enabled {
            main = main.port("http-metrics", self.metrics_port());
        }
        let read_only = |path: &str| json!({"readOnly": true, "subPath": path});
        let mut mounts = vec![
            mount("shell-config", "/etc/gitlab-shell", json!({})),
            mount("shell-secrets", "/etc/gitlab-secrets", json!({"readOnly": true})),
            mount("shell-config", "/etc/krb5.conf", read_only("krb5.conf")),
        ];
        if self.set.config.gssapi.enabled {
            mounts.push(mount("gssapi-keytab", config::KEYTAB, read_only("keytab")));
        }
        if !self.own_daemon() {
            mounts.push(mount("sshd-config", "/etc/ssh/sshd_config", read_only("sshd_config")));
        }
        main.volume_mounts.splice(0..0, mounts);
        let (alive, ready) = if self.own_daemon() {
            let get = |path: &str| json!({"httpGet": {"path": path, "port": self.metrics_port()}});
            (get("/health"), get("/start"))
        } else {
            (json!({"exec": {"command": ["/scripts/healthcheck"]}}), json!({"tcpSocket": {"port": self.listens()}}))
        };
        main.liveness_probe = Some(probe(&alive, &self.set.deployment.liveness_probe));
        main.readiness_probe = Some(probe(&ready, &self.set.deployment.readiness_probe));
        main
    }

    fn volumes(&self) -> Vec<Node> {
        let cx = self.w.cx;
        let keys: Option<Text> = cx.read("global.shell.hostKeys.secret");
        let default_keys = format!("{}-gitlab-shell-host-keys", cx.release.name);
        let mut sources = vec![
            secret_items(keys.non_empty().unwrap_or(&default_keys), []),
            shell_secret(cx, COMPONENT.key, "shell/.gitlab_shell_secret"),
        ];
        sources.extend(self.set.config.trusted_user_ca_keys.source().filter(|_| self.own_daemon()));
        let mut volumes = vec![
            config_volume("shell-config", &self.w.name),
            memory_volume("shell-secrets"),
            // 0440: the group of `fsGroup` may read.
            projected_volume("shell-init-secrets", 0o440, sources),
        ];
        let gssapi = &self.set.config.gssapi;
        if gssapi.enabled {
            let item = json!({"key": gssapi.keytab.key.non_empty().unwrap_or("keytab"), "path": "keytab"});
            let secret = json!({"secretName": gssapi.keytab.secret.non_empty(), "items": [item]});
            volumes.push(json!({"name": "gssapi-keytab", "secret": secret}));
        }
        if !self.own_daemon() {
            volumes.push(config_volume("sshd-config", &self.sshd_config_map()));
        }
        volumes
    }

    /// KEDA accepts a resource as trigger only where the container requests some of it.
    fn plan_scaling(&self, plan: &mut Plan) {
        let w = &self.w;
        let set = &self.set;
        let mut hpa = set.hpa.clone();
        if set.keda.enabled || w.cx.enabled("global.keda.enabled") {
            let requests = w.set.resources.get("requests");
            let requested = |name: &str| {
                requests.and_then(|r| r.get(name)).is_some_and(|v| !v.is_null() && *v != 0 && *v != "0" && *v != "")
            };
            if !requested("cpu") {
                hpa.cpu = crate::model::workload::HpaTarget::default();
            }
            if !requested("memory") {
                hpa.memory = crate::model::workload::HpaTarget::default();
            }
            let targets = [&hpa.cpu, &hpa.memory];
            let none =
                targets.iter().all(|t| t.target_average_value.is_none() && t.target_average_utilization.is_none());
            if none && set.keda.triggers.is_empty() {
                return;
            }
        }
        let min = set.min_replicas.clone().unwrap_or(json!(2));
        let max = set.max_replicas.clone().unwrap_or(json!(10));
        let by = Scaling { hpa: &hpa, keda: &set.keda, min: &min, max: &max };
        w.plan_scaling_by(COMPONENT.name, &w.scaled("Deployment"), &by, plan);
    }
}

/// A scalar as a string.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
