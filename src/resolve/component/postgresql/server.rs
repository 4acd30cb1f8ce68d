//! The StatefulSet of the server.

use serde_json::{Map, Value, json};

use super::{COMPONENT, PRIMARY, Postgresql};
use crate::model::Node;
use crate::resolve::Plan;
use crate::resolve::labels;
use crate::resolve::shared::bitnami::env_from_secret;
use crate::resolve::workload::{Container, config_volume, env, env_over, mount};
use crate::tree::without_nulls;
use crate::view;

/// The mount path of the passwords, where the server reads them from files.
pub(super) const PASSWORDS: &str = "/opt/bitnami/postgresql/secrets";

impl Postgresql<'_> {
    pub(super) fn plan_server(&self, plan: &mut Plan) {
        let chart = &self.chart;
        let selector = chart.selector(Some(PRIMARY));
        let mut labels = chart.labels(Some(PRIMARY));
        labels::put(&mut labels, &chart.map("primary.labels"));
        let mut pod_labels = chart.labels(Some(PRIMARY));
        labels::put(&mut pod_labels, &chart.map("primary.podLabels"));

        let mut containers = vec![self.server()];
        let mut volumes = self.volumes();
        if chart.on("metrics.enabled") {
            containers.push(self.exporter());
            volumes.extend(self.exporter_volume());
        }
        let (volume, claims) = chart.storage("primary.persistence", "data", Map::new());
        volumes.extend(volume);
        let init = chart.on("volumePermissions.enabled").then(|| self.permissions());
        let images = ["image", "metrics.image", "volumePermissions.image"];
        let pod = chart
            .pod("primary", &selector, &pod_labels, init.into_iter().collect(), containers, volumes)
            .with("name", &self.name)
            .with("annotations", chart.strings("primary.podAnnotations"))
            .with("image_pull_secrets", chart.pull_secrets(&images))
            .with("service_account_name", self.account());
        let view = view! {
            name: self.name, labels, annotations: chart.annotations(&["primary.annotations"]), selector,
            service: format!("{}-hl", self.name), update_strategy: chart.tree("primary.updateStrategy"), min_ready_seconds: Value::Null,
            retention: chart.retention("primary"), pod: moved(pod), claims,
        };
        let planned = plan.add(COMPONENT.name, "statefulset.yaml", view);
        if let Some(more) = chart.tree("primary.extraPodSpec") {
            planned.overlay(json!({"spec": {"template": {"spec": more}}}));
        }
        if self.has_configuration() {
            planned.follows("checksum/configuration", &format!("{}-configuration", self.name));
        }
        if self.has_more_configuration() {
            planned.follows("checksum/extended-configuration", &format!("{}-extended-configuration", self.name));
        }
    }

    fn server(&self) -> Container {
        let chart = &self.chart;
        let listen = chart.value("containerPorts.postgresql");
        let mut main = chart.container("postgresql", "image", "primary").port("tcp-postgresql", listen);
        main.env = env_over(self.environment(), &chart.list("primary.extraEnvVars"));
        main.env_from = chart.env_from("primary");
        main.volume_mounts = self.mounts();
        let shell = |words: &[&str]| {
            let words: Vec<Value> = ["/bin/sh", "-c"].iter().chain(words).map(|word| Value::from(*word)).collect();
            json!({"exec": {"command": words}})
        };
        let ready = self.is_ready();
        main.liveness_probe = chart.probe("primary", "liveness", shell(&[&ready]));
        // Bitnami's image marks a data directory that is completely initialized.
        let marked = chart.text("image.repository").is_some_and(|repository| repository.contains("bitnami/"));
        let tmp = "/opt/bitnami/postgresql/tmp/.initialized";
        let set_up = format!("{ready} &&\n{{ [ -f {tmp} ] || [ -f /bitnami/postgresql/.initialized ]; }}");
        let set_up = set_up.trim_start_matches("exec ");
        main.readiness_probe =
            chart.probe("primary", "readiness", shell(&["-e", if marked { set_up } else { &ready }]));
        main.startup_probe = chart.probe("primary", "startup", shell(&[&ready]));
        main
    }

    fn is_ready(&self) -> String {
        let (user, database) = (&self.database.username, &self.database.database);
        let port = self.chart.text("containerPorts.postgresql").unwrap_or_default();
        format!("exec pg_isready -U \"{user}\" -d \"dbname={database}\" -h 127.0.0.1 -p {port}")
    }

    fn environment(&self) -> Vec<Node> {
        let chart = &self.chart;
        let text = |path: &str| chart.text(path).unwrap_or_default();
        let debug = chart.on("image.debug") || chart.sleeps();
        let mut all = vec![
            env("BITNAMI_DEBUG", debug.to_string()),
            env("POSTGRESQL_PORT_NUMBER", text("containerPorts.postgresql")),
            env("POSTGRESQL_VOLUME_DIR", text("primary.persistence.mountPath")),
            env("PGDATA", text("postgresqlDataDir")),
            env("POSTGRES_USER", &self.database.username),
        ];
        if chart.on("auth.enablePostgresUser") {
            all.push(self.password("POSTGRES_POSTGRES_PASSWORD", &self.admin_key));
        }
        all.push(self.password("POSTGRES_PASSWORD", &self.user_key));
        all.push(env("POSTGRES_DATABASE", &self.database.database));
        let key = chart.text("auth.secretKeys.replicationPasswordKey").unwrap_or_default();
        let standby = [
            env("POSTGRES_REPLICATION_MODE", "slave"),
            env("POSTGRES_REPLICATION_USER", text("auth.replicationUsername")),
            self.password("POSTGRES_REPLICATION_PASSWORD", &key),
            env("POSTGRES_CLUSTER_APP_NAME", text("replication.applicationName")),
            without_nulls(json!({"name": "POSTGRES_MASTER_HOST", "value": chart.text("primary.standby.primaryHost")})),
            env("POSTGRES_MASTER_PORT_NUMBER", text("primary.standby.primaryPort")),
        ];
        all.extend(standby.into_iter().filter(|_| chart.on("primary.standby.enabled")));
        let optional = |name: &str, path: &str| Some(env(name, chart.text(path)?));
        let initdb = [
            optional("POSTGRES_INITDB_ARGS", "primary.initdb.args"),
            optional("POSTGRES_INITDB_WALDIR", "primary.initdb.postgresqlWalDir"),
            optional("POSTGRES_INITSCRIPTS_USERNAME", "primary.initdb.user"),
            optional("POSTGRES_INITSCRIPTS_PASSWORD", "primary.initdb.password"),
        ];
        all.extend(initdb.into_iter().flatten());
        all.extend([
            env("POSTGRESQL_ENABLE_LDAP", "no"),
            env("POSTGRESQL_ENABLE_TLS", "no"),
            env("POSTGRESQL_LOG_HOSTNAME", text("audit.logHostname")),
            env("POSTGRESQL_LOG_CONNECTIONS", text("audit.logConnections")),
            env("POSTGRESQL_LOG_DISCONNECTIONS", text("audit.logDisconnections")),
        ]);
        all.extend(optional("POSTGRESQL_PGAUDIT_LOG", "audit.pgAuditLog"));
        all.push(env("POSTGRESQL_PGAUDIT_LOG_CATALOG", text("audit.pgAuditLogCatalog")));
        all.extend(optional("POSTGRESQL_LOG_LINE_PREFIX", "audit.logLinePrefix"));
        all.extend(optional("POSTGRESQL_LOG_TIMEZONE", "audit.logTimezone"));
        all.push(env("POSTGRESQL_CLIENT_MIN_MESSAGES", text("audit.clientMinMessages")));
        all.push(env("POSTGRESQL_SHARED_PRELOAD_LIBRARIES", text("postgresqlSharedPreloadLibraries")));
        all
    }

    /// A password as a variable, or the path of its file.
    fn password(&self, name: &str, key: &str) -> Node {
        if self.in_files() {
            return env(&format!("{name}_FILE"), format!("{PASSWORDS}/{key}"));
        }
        env_from_secret(name, &self.secret, key)
    }

    pub(super) fn in_files(&self) -> bool {
        self.chart.on("auth.usePasswordFiles")
    }

    fn mounts(&self) -> Vec<Node> {
        let chart = &self.chart;
        let mut all = vec![mount("custom-init-scripts", "/docker-entrypoint-initdb.d/", Value::Null)];
        if chart.text("primary.initdb.scriptsSecret").is_some() {
            all.push(mount("custom-init-scripts-secret", "/docker-entrypoint-initdb.d/secret", Value::Null));
        }
        if chart.text("primary.existingExtendedConfigmap").is_some() || self.has_more_configuration() {
            all.push(mount("postgresql-extended-config", "/bitnami/postgresql/conf/conf.d/", Value::Null));
        }
        if chart.text("primary.existingConfigmap").is_some() || self.has_configuration() {
            all.push(mount("postgresql-config", "/bitnami/postgresql/conf", Value::Null));
        }
        if self.in_files() {
            all.push(mount("postgresql-password", &format!("{PASSWORDS}/"), Value::Null));
        }
        if chart.on("shmVolume.enabled") {
            all.push(mount("dshm", "/dev/shm", Value::Null));
        }
        all.push(self.data_mount());
        all.extend(chart.list("primary.extraVolumeMounts"));
        all
    }

    fn data_mount(&self) -> Node {
        let path = self.chart.text("primary.persistence.mountPath").unwrap_or_default();
        let sub_path = self.chart.text("primary.persistence.subPath");
        mount("data", &path, sub_path.map_or(Value::Null, |sub_path| json!({"subPath": sub_path})))
    }

    fn volumes(&self) -> Vec<Node> {
        let chart = &self.chart;
        let scripts = chart.text("primary.initdb.scriptsConfigMap").unwrap_or_else(|| self.scripts_name());
        let mut all = vec![config_volume("custom-init-scripts", &scripts)];
        if let Some(secret) = chart.text("primary.initdb.scriptsSecret") {
            all.push(json!({"name": "custom-init-scripts-secret", "secret": {"secretName": secret}}));
        }
        let mut config = |volume: &str, existing: &str, own: bool, end: &str| {
            let own = own.then(|| format!("{}-{end}", self.name));
            all.extend(chart.text(existing).or(own).map(|name| config_volume(volume, &name)));
        };
        config("postgresql-config", "primary.existingConfigmap", self.has_configuration(), "configuration");
        let more = self.has_more_configuration();
        config("postgresql-extended-config", "primary.existingExtendedConfigmap", more, "extended-configuration");
        if self.in_files() {
            all.push(json!({"name": "postgresql-password", "secret": {"secretName": self.secret}}));
        }
        if chart.on("shmVolume.enabled") {
            let memory = json!({"medium": "Memory", "sizeLimit": chart.text("shmVolume.sizeLimit")});
            all.push(json!({"name": "dshm", "emptyDir": without_nulls(memory)}));
        }
        match chart.value("primary.extraVolumes") {
            Value::Null => all.push(self.registry_password()),
            _ => all.extend(chart.list("primary.extraVolumes")),
        }
        all
    }

    /// The password of the registry's role, for the script that creates it.
    fn registry_password(&self) -> Node {
        let cx = self.chart.cx;
        let pick = |key: &str| {
            let own = cx.text(&format!("registry.database.password.{key}"));
            own.or_else(|| cx.text(&format!("global.registry.database.password.{key}")))
        };
        let secret = pick("secret").unwrap_or_else(|| format!("{}-registry-database-password", cx.release.name));
        let key = pick("key").unwrap_or_else(|| "password".to_owned());
        let items = json!([{"key": key, "path": "database_password"}]);
        json!({"name": "registry-database-password", "projected": {"sources": [{"secret": {"name": secret, "items": items}}]}})
    }

    /// An init container that gives the volume to the server's user, where the storage does not do that by itself.
    fn permissions(&self) -> Container {
        let chart = &self.chart;
        let mut init = chart.container("init-chmod-data", "volumePermissions.image", "volumePermissions");
        let user = chart.text("primary.containerSecurityContext.runAsUser").unwrap_or_else(|| "1001".to_owned());
        let group = chart.text("primary.podSecurityContext.fsGroup").unwrap_or_else(|| "1001".to_owned());
        let data = chart.text("postgresqlDataDir").unwrap_or_default();
        let volume = chart.text("primary.persistence.mountPath").unwrap_or_default();
        let script = format!(
            "mkdir -p '{data}'\nchmod 700 '{data}'\nchown {user}:{group} '{volume}'\n\
             find '{volume}' -mindepth 1 -maxdepth 1 ! -name conf ! -name .snapshot ! -name lost+found \
             -exec chown -R {user}:{group} {{}} +\nchmod 777 /dev/shm\n"
        );
        init.command = Some(json!(["/bin/sh", "-ec", script]));
        init.args = None;
        init.volume_mounts = vec![self.data_mount()];
        if chart.on("shmVolume.enabled") {
            init.volume_mounts.push(mount("dshm", "/dev/shm", Value::Null));
        }
        init
    }
}
