//! The StatefulSet of the server.

use serde_json::{Value, json};

use super::{COMPONENT, MASTER, Redis};
use crate::model::Node;
use crate::resolve::Plan;
use crate::resolve::labels;
use crate::resolve::plan::Checksum;
use crate::resolve::shared::bitnami::env_from_secret;
use crate::resolve::workload::{Container, config_volume, env, env_over, mount};
use crate::tree::without_nulls;
use crate::view;

impl Redis<'_> {
    pub(super) fn plan_server(&self, plan: &mut Plan) {
        let chart = &self.chart;
        let selector = chart.selector(Some(MASTER));
        let metrics = chart.on("metrics.enabled");
        let mut pod_labels = chart.labels(Some(MASTER));
        labels::put(&mut pod_labels, &chart.map("master.podLabels"));
        let mut annotations = chart.strings("master.podAnnotations");
        let mut containers = vec![self.server()];
        if metrics {
            containers.push(self.exporter());
            labels::put(&mut pod_labels, &chart.map("metrics.podLabels"));
            annotations.extend(chart.strings("metrics.podAnnotations"));
        }
        let (volume, claims) = chart.storage("master.persistence", "redis-data", selector.clone());
        let mut volumes = self.volumes();
        volumes.extend(volume);
        let mut init = Vec::new();
        if chart.on("volumePermissions.enabled") {
            init.push(self.permissions());
        }
        if chart.on("sysctl.enabled") {
            init.push(self.kernel());
        }
        let images = ["image", "metrics.image", "volumePermissions.image", "sysctl.image"];
        let pod = chart
            .pod("master", &selector, &pod_labels, init, containers, volumes)
            .with("annotations", annotations)
            .with("image_pull_secrets", chart.pull_secrets(&images))
            .with("service_account_name", self.account());
        let view = view! {
            name: self.master(), labels: chart.labels(Some(MASTER)), annotations: chart.annotations(&[]), selector,
            service: format!("{}-headless", self.name), update_strategy: chart.tree("master.updateStrategy"),
            min_ready_seconds: chart.tree("master.minReadySeconds").filter(|seconds| seconds != 0),
            retention: chart.retention("master"), pod: moved(pod), claims,
        };
        let planned = plan.add(COMPONENT.name, "statefulset.yaml", view);
        for (annotation, end) in [("configmap", "configuration"), ("health", "health"), ("scripts", "scripts")] {
            planned.follows(&format!("checksum/{annotation}"), &format!("{}-{end}", self.name));
        }
        // The Secret is not rendered, so this never changes; running pods have the annotation.
        let secret = self.password.as_ref().map_or(String::new(), |password| password.secret.clone());
        planned.checksums.push(Checksum { annotation: "checksum/secret".to_owned(), kind: "Secret", name: secret });
    }

    fn server(&self) -> Container {
        let chart = &self.chart;
        let mut main = chart.container("redis", "image", "master");
        main = main.port("redis", chart.value("master.containerPorts.redis"));
        if main.command.is_none() {
            main.command = Some(json!(["/bin/bash"]));
        }
        if main.args.is_none() {
            main.args = Some(json!(["-c", "/opt/bitnami/scripts/start-scripts/start-master.sh"]));
        }
        main.env = env_over(self.environment(), &chart.list("master.extraEnvVars"));
        main.env_from = chart.env_from("master");
        main.liveness_probe = self.ping("liveness");
        main.readiness_probe = self.ping("readiness");
        main.startup_probe = chart.probe("master", "startup", json!({"tcpSocket": {"port": "redis"}}));
        main.volume_mounts = vec![
            mount("start-scripts", "/opt/bitnami/scripts/start-scripts", Value::Null),
            mount("health", "/health", Value::Null),
        ];
        if self.password_file().is_some() {
            main.volume_mounts.push(mount("redis-password", "/opt/bitnami/redis/secrets/", Value::Null));
        }
        main.volume_mounts.extend([
            self.data_mount(),
            mount("config", "/opt/bitnami/redis/mounted-etc", Value::Null),
            mount("empty-dir", "/opt/bitnami/redis/etc/", json!({"subPath": "app-conf-dir"})),
            mount("empty-dir", "/tmp", json!({"subPath": "tmp-dir"})),
        ]);
        main.volume_mounts.extend(chart.list("master.extraVolumeMounts"));
        main
    }

    /// A probe by a script, which gets the probe's timeout; the cluster waits a second longer.
    fn ping(&self, kind: &str) -> Option<Node> {
        let chart = &self.chart;
        let path = format!("master.{kind}Probe.timeoutSeconds");
        let seconds = chart.text(&path).and_then(|text| text.parse::<i64>().ok()).unwrap_or(1);
        let script = format!("/health/ping_{kind}_local.sh {seconds}");
        let mut probe = chart.probe("master", kind, json!({"exec": {"command": ["sh", "-c", script]}}))?;
        if probe.get("exec").is_some() && probe.get("timeoutSeconds") == Some(chart.value(&path)) {
            probe["timeoutSeconds"] = (seconds + 1).into();
        }
        Some(probe)
    }

    fn environment(&self) -> Vec<Node> {
        let chart = &self.chart;
        let debug = chart.on("image.debug") || chart.sleeps();
        let mut all = vec![
            env("BITNAMI_DEBUG", debug.to_string()),
            env("REDIS_REPLICATION_MODE", "master"),
            env("ALLOW_EMPTY_PASSWORD", if self.password.is_some() { "no" } else { "yes" }),
        ];
        all.extend(self.password_variable());
        if self.password_file().is_some() {
            all.push(env("REDIS_PASSWORD_FILE", "/opt/bitnami/redis/secrets/redis-password"));
        }
        all.push(env("REDIS_TLS_ENABLED", "no"));
        all.push(env("REDIS_PORT", chart.text("master.containerPorts.redis").unwrap_or_default()));
        all
    }

    /// The password as a variable, where it is not in a file.
    pub(super) fn password_variable(&self) -> Option<Node> {
        let password = self.password.as_ref().filter(|_| !self.chart.on("auth.usePasswordFiles"))?;
        Some(env_from_secret("REDIS_PASSWORD", &password.secret, &password.key))
    }

    /// The volume with the password, where it is in a file.
    pub(super) fn password_file(&self) -> Option<Node> {
        let password = self.password.as_ref().filter(|_| self.chart.on("auth.usePasswordFiles"))?;
        let items = json!([{"key": password.key, "path": "redis-password"}]);
        Some(json!({"name": "redis-password", "secret": {"secretName": password.secret, "items": items}}))
    }

    fn data_mount(&self) -> Node {
        let of = |key: &str| self.chart.text(&format!("master.persistence.{key}"));
        let options = json!({"subPath": of("subPath"), "subPathExpr": of("subPathExpr")});
        mount("redis-data", &of("path").unwrap_or_default(), without_nulls(options))
    }

    fn volumes(&self) -> Vec<Node> {
        let chart = &self.chart;
        let scripts = |volume: &str, end: &str| {
            let name = format!("{}-{end}", self.name);
            json!({"name": volume, "configMap": {"name": name, "defaultMode": 0o755}})
        };
        let of = |key: &str| chart.text(&format!("master.persistence.{key}"));
        let scratch = json!({"medium": of("medium"), "sizeLimit": of("sizeLimit")});
        let mut all = vec![scripts("start-scripts", "scripts"), scripts("health", "health")];
        all.extend(self.password_file());
        all.push(config_volume("config", &format!("{}-configuration", self.name)));
        if chart.on("sysctl.enabled") && chart.on("sysctl.mountHostSys") {
            all.push(json!({"name": "host-sys", "hostPath": {"path": "/sys"}}));
        }
        all.push(json!({"name": "empty-dir", "emptyDir": without_nulls(scratch)}));
        all.extend(chart.list("master.extraVolumes"));
        all.extend(chart.list("metrics.extraVolumes"));
        all
    }

    /// An init container that gives the volume to the server's user, where the storage does not do that by itself.
    fn permissions(&self) -> Container {
        let chart = &self.chart;
        let mut init = chart.container("volume-permissions", "volumePermissions.image", "volumePermissions");
        let user = chart.text("master.containerSecurityContext.runAsUser").unwrap_or_else(|| "1001".to_owned());
        let group = chart.text("master.podSecurityContext.fsGroup").unwrap_or_else(|| "1001".to_owned());
        let path = chart.text("master.persistence.path").unwrap_or_default();
        init.command = Some(json!(["/bin/bash", "-ec", format!("chown -R {user}:{group} {path}")]));
        init.args = None;
        init.volume_mounts = vec![self.data_mount(), mount("empty-dir", "/tmp", json!({"subPath": "tmp-dir"}))];
        init
    }

    /// An init container that sets kernel parameters of the node, as `sysctl.command` defines.
    fn kernel(&self) -> Container {
        let chart = &self.chart;
        let mut init = chart.container("init-sysctl", "sysctl.image", "sysctl");
        init.security_context.insert("privileged".to_owned(), true.into());
        init.security_context.insert("runAsUser".to_owned(), 0.into());
        init.command = chart.tree("sysctl.command");
        init.args = None;
        if chart.on("sysctl.mountHostSys") {
            init.volume_mounts = vec![mount("host-sys", "/host-sys", Value::Null)];
        }
        init
    }
}
