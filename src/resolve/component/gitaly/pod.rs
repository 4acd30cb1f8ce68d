//! The pod of Gitaly.

use serde_json::{Value, json};

use super::{Group, Server};
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::View;
use crate::resolve::shared::gitaly::{certificate, shell_secret};
use crate::resolve::workload::{
    Container, config_volume, env, memory_volume, mount, probe, projected_volume, secret_items,
};

/// The mount path of the node's control groups.
const CGROUP: &str = "/run/gitaly/cgroup";

/// Kinds of server hooks, and the folders in which Gitaly looks for them.
const HOOKS: [(&str, &str); 3] = [("preReceive", "pre-receive"), ("postReceive", "post-receive"), ("update", "update")];

impl Server<'_> {
    /// The pod of one StatefulSet.
    pub(super) fn pod(&self, group: &Group) -> View {
        let w = self.w;
        let mut init = vec![w.certificates(), w.configure("gitaly-config", "init-gitaly-secrets", "gitaly-secrets")];
        if self.set.cgroups.enabled {
            init.push(self.cgroups());
        }
        let volumes = [w.certificate_volumes(), self.volumes(group)].concat();
        let mut pod = w.pod(init, vec![self.main(group)], volumes);
        // Gitaly itself waits for open requests; Kubernetes must wait a little longer.
        let grace = self.set.graceful_restart_timeout.map_or(25, |n| n.0) + 5;
        pod = pod
            .with("labels", &group.labels.pod)
            .with("affinity", w.affinity_apart_from(&group.labels.selector))
            .with("termination_grace_period_seconds", grace)
            .with("share_process_namespace", self.set.share_process_namespace.then_some(true));
        pod.annotate(&w.prometheus_annotations(&self.set.metrics, &self.metrics_port().to_string()));
        pod
    }

    fn main(&self, group: &Group) -> Container {
        let w = self.w;
        let image = w.cx.image(&w.set.image, &w.cx.release.images.gitaly);
        let mut main = w.container("gitaly", image).with_env([
            ("CONFIG_TEMPLATE_DIRECTORY", "/etc/gitaly/templates".to_owned()),
            ("CONFIG_DIRECTORY", "/etc/gitaly".to_owned()),
            ("GITALY_CONFIG_FILE", "/etc/gitaly/config.toml".to_owned()),
            ("SSL_CERT_DIR", "/etc/ssl/certs".to_owned()),
            // Some load balancers and firewalls drop the larger TLS greeting of post-quantum keys.
            ("GODEBUG", "tlsmlkem=0,tlskyber=0".to_owned()),
        ]);
        let tracing: Option<Text> = w.cx.read("global.tracing.connection.string");
        if let Some(tracing) = tracing.non_empty() {
            main.default_env(env("GITLAB_TRACING", tracing));
        }
        let limited = w.set.resources.get("limits").and_then(|l| l.get("memory")).is_some_and(|m| !m.is_null());
        if self.set.gomemlimit.enabled && limited {
            let limit = json!({"containerName": "gitaly", "resource": "limits.memory"});
            main.default_env(json!({"name": "GOMEMLIMIT", "valueFrom": {"resourceFieldRef": limit}}));
        }
        main = main.port("grpc-gitaly", self.listens(false));
        if self.set.metrics.enabled {
            main = main.port("http-metrics", self.metrics_port());
        }
        main.volume_mounts.splice(0..0, self.mounts(group));
        let grpc = json!({"grpc": {"port": self.listens(false)}});
        let probes = &self.set.statefulset;
        main.liveness_probe = Some(probe(&grpc, &probes.liveness_probe));
        main.readiness_probe = Some(probe(&grpc, &probes.readiness_probe));
        let starts = probes.startup_probe.get("enabled") == Some(&Value::Bool(true));
        main.startup_probe = starts.then(|| probe(&grpc, &probes.startup_probe));
        main
    }

    fn mounts(&self, group: &Group) -> Vec<Node> {
        let sub_path = group.persistence.get("subPath").filter(|p| !p.is_null() && *p != "");
        let mut mounts = vec![
            mount("gitaly-config", "/etc/gitaly/templates", json!({})),
            mount("gitaly-secrets", "/etc/gitlab-secrets", json!({"readOnly": true})),
            mount("repo-data", "/home/git/repositories", json!({"subPath": sub_path})),
        ];
        for (kind, _, folder) in self.hooks() {
            let path = format!("/home/git/custom_hooks/{folder}.d");
            mounts.push(mount(&format!("gitaly-{kind}-hooks"), &path, json!({})));
        }
        if self.set.cgroups.enabled {
            mounts.push(mount("cgroup", CGROUP, json!({})));
        }
        mounts
    }

    /// Kind, ConfigMap and folder of the server hooks that are set.
    fn hooks(&self) -> Vec<(String, &str, &'static str)> {
        let config_map = |kind: &str| {
            let hook = self.gitaly.hooks.get(kind)?;
            hook.get("configmap").or(hook.get("configMap")).and_then(Value::as_str)
        };
        HOOKS.iter().filter_map(|(kind, folder)| Some(((*folder).to_owned(), config_map(kind)?, *folder))).collect()
    }

    /// Finds the pod's own control group, under which Gitaly creates one for each repository.
    fn cgroups(&self) -> Container {
        let w = self.w;
        let set = &self.set.cgroups.init_container;
        let mut container = w.init_container("init-cgroups", w.cx.image(&set.image, w.cx.gitlab_version()));
        container.security_context = set.security_context.clone();
        let uid = json!({"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.uid"}});
        container.default_env(json!({"name": "GITALY_POD_UID", "valueFrom": uid}));
        container = container.with_env([
            ("CGROUP_PATH", format!("{CGROUP}/kubepods.slice/")),
            ("OUTPUT_PATH", "/init-secrets/gitaly-pod-cgroup".to_owned()),
        ]);
        container.volume_mounts = vec![
            mount("gitaly-secrets", "/init-secrets", json!({"readOnly": false})),
            mount("cgroup", CGROUP, json!({"readOnly": false})),
        ];
        container
    }

    fn volumes(&self, group: &Group) -> Vec<Node> {
        let cx = self.w.cx;
        let mut sources = vec![
            self.gitaly.token(cx, "gitaly_token"),
            shell_secret(cx, "gitlab.gitaly.shell", ".gitlab_shell_secret"),
        ];
        if self.gitaly.tls.enabled {
            let secret = certificate(cx, &group.tls_secret, "gitaly");
            sources.push(secret_items(&secret, [("tls.crt", "gitaly.crt"), ("tls.key", "gitaly.key")]));
        }
        let gpg = &self.set.gpg_signing;
        if let (true, Some(secret), Some(key)) = (gpg.enabled, gpg.secret.non_empty(), gpg.key.non_empty()) {
            sources.push(secret_items(secret, [(key, "signing_key.gpg")]));
        }
        let mut volumes = vec![
            config_volume("gitaly-config", &group.config),
            memory_volume("gitaly-secrets"),
            // 0440: the group of `fsGroup` may read.
            projected_volume("init-gitaly-secrets", 0o440, sources),
        ];
        for (kind, config_map, _) in self.hooks() {
            // 0555: hooks are programs.
            let volume = json!({"name": config_map, "defaultMode": 0o555});
            volumes.push(json!({"name": format!("gitaly-{kind}-hooks"), "configMap": volume}));
        }
        if self.set.cgroups.enabled {
            volumes.push(json!({"name": "cgroup", "hostPath": {"path": "/sys/fs/cgroup", "type": "Directory"}}));
        }
        if self.claims(group).is_none() {
            volumes.push(json!({"name": "repo-data", "emptyDir": {}}));
        }
        volumes
    }
}
