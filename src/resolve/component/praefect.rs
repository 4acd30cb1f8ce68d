//! Praefect: the proxy in front of Gitaly that replicates each repository.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::workload::Metrics;
use crate::model::{Node, NodeMap, NonEmpty, Number, Port, Text, number_or_text};
use crate::resolve::shared::gitaly::{Gitaly, Praefect, Service, certificate, metrics_port};
use crate::resolve::workload::{
    Container, Workload, configure_script, memory_volume, mount, projected_volume, secret_items,
};
use crate::resolve::{Component, Context, Plan, labels};
use crate::tree::overlay;
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "praefect", key: "gitlab.praefect", resolve };

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    replicas: Option<Node>,
    metrics: PraefectMetrics,
    failover: Failover,
    statefulset: StatefulSet,
    logging: Logging,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatefulSet {
    strategy: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Failover {
    enabled: Option<bool>,
    readonly_after: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Logging {
    level: Option<Text>,
    format: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PraefectMetrics {
    #[serde(rename = "separate_database_metrics")]
    separate_database: Option<bool>,
}

struct Server<'a> {
    w: Workload<'a>,
    set: Settings,
    metrics: Metrics,
    praefect: Praefect,
    gitaly: Gitaly,
    service: Service,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let praefect = Praefect::of(cx);
    if !praefect.enabled {
        return;
    }
    let server = Server {
        w: Workload::new(cx, &COMPONENT),
        set: cx.read(COMPONENT.key),
        metrics: cx.read("gitlab.praefect.metrics"),
        praefect,
        gitaly: Gitaly::seen_by(cx, COMPONENT.key),
        service: cx.inherited("global.praefect.service", "gitlab.praefect.service"),
    };
    let w = &server.w;
    server.plan_config(plan);
    server.plan_stateful_set(plan);
    server.plan_service(plan);
    w.plan_pdb(COMPONENT.name, &w.scaled("StatefulSet"), &w.set.max_unavailable.clone().unwrap_or(json!(1)), plan);
    w.plan_service_account(COMPONENT.name, plan);
    w.plan_network_policy(COMPONENT.name, plan);
    w.plan_service_monitor(COMPONENT.name, &server.metrics, "http-metrics", plan);
}

impl Server<'_> {
    fn tls(&self) -> bool {
        self.praefect.tls.enabled
    }

    fn listens(&self, tls: bool) -> Port {
        Port(self.service.listens(tls).to_owned())
    }

    fn metrics_port(&self) -> Port {
        metrics_port(self.w.cx, COMPONENT.key, &self.metrics)
    }

    fn plan_config(&self, plan: &mut Plan) {
        let cx = self.w.cx;
        let release = &cx.release;
        let database = |key: &str| self.praefect.psql.get(key).and_then(scalar).filter(|v| !v.is_empty());
        let default_host = format!("{}-postgresql.{}.svc", release.name, release.namespace);
        let config = view! {
            port: self.listens(false),
            tls_port: if self.tls() { self.listens(true).to_string() } else { String::new() },
            metrics_port: if self.metrics.enabled { self.metrics_port().to_string() } else { String::new() },
            separate_database_metrics: self.set.metrics.separate_database.unwrap_or(true),
            log_level: self.set.logging.level.non_empty(),
            log_format: self.set.logging.format.non_empty(),
            failover: self.set.failover.enabled.unwrap_or(true),
            read_only: self.set.failover.readonly_after.unwrap_or(true),
            storages: self.virtual_storages(),
            host: database("host").or_else(|| cx.text("global.psql.host")).unwrap_or(default_host),
            db_port: number_or_text(&database("port").unwrap_or_else(|| "5432".to_owned())),
            user: database("user").unwrap_or_else(|| "praefect".to_owned()),
            dbname: database("dbName").unwrap_or_else(|| "praefect".to_owned()),
            sslmode: database("sslMode").unwrap_or_else(|| "disable".to_owned()),
        };
        let files = ["praefect_token", "gitaly_token", "db_password", "praefect.crt", "praefect.key"];
        let place: Vec<Node> = files.iter().map(|file| json!({"file": file, "directory": "praefect"})).collect();
        let configure = configure_script().with("place", place);
        let view = view! { name: self.w.name, labels: self.w.labels.object, config, configure };
        plan.add(COMPONENT.name, "configmap.yaml", view);
    }

    /// The virtual storages, each with the Gitaly pods behind it.
    fn virtual_storages(&self) -> Vec<Node> {
        let release = &self.w.cx.release;
        let tls = self.gitaly.tls.enabled;
        let gitaly = labels::full_name(&release.name, "gitaly", None, None);
        let mut service: Value = self.w.cx.inherited("global.gitaly.service", "gitlab.gitaly.service");
        overlay(&mut service, self.w.cx.section("gitlab.praefect.gitaly.service"));
        let service: Service = self.w.cx.read_value("gitlab.praefect.gitaly.service", &service);
        let scheme = if tls { "tls" } else { "tcp" };
        let all = self.praefect.virtual_storages.iter().map(|storage| {
            let name = storage.workload(&gitaly);
            let nodes: Vec<Node> = (0..storage.replicas())
                .map(|number| {
                    let host = format!("{name}-{number}.{name}.{}.svc", release.namespace);
                    let address = format!("{scheme}://{host}:{}", service.listens(tls));
                    json!({"storage": format!("{name}-{number}"), "address": address})
                })
                .collect();
            json!({"name": storage.name.as_str(), "factor": storage.default_replication_factor, "nodes": nodes})
        });
        all.collect()
    }

    fn plan_stateful_set(&self, plan: &mut Plan) {
        let w = &self.w;
        let init = vec![w.certificates(), w.configure("praefect-config", "init-praefect-secrets", "praefect-secrets")];
        let volumes = [w.certificate_volumes(), self.volumes()].concat();
        let mut pod = w.pod(init, vec![self.main()], volumes);
        pod = pod
            .with("termination_grace_period_seconds", 30)
            .with("restart_policy", "Always")
            .with("dns_policy", "ClusterFirst");
        // `global.serviceAccount` does not apply to Praefect's token; its own values may disable it.
        if w.set.service_account.automount_service_account_token != Some(true) {
            pod = pod.with("automount_service_account_token", w.token_refused());
        }
        pod.annotate(&w.prometheus_annotations(&self.metrics, &self.metrics_port().to_string()));
        let view = view! {
            name: w.name, labels: w.controller_labels(), annotations: w.controller_annotations(),
            selector: w.labels.selector, service_name: self.service_name(),
            replicas: self.set.replicas, strategy: self.set.statefulset.strategy, pod: moved(pod),
        };
        plan.add(COMPONENT.name, "statefulset.yaml", view).follows("checksum/config", &w.name);
    }

    fn service_name(&self) -> &str {
        self.praefect.service_name.non_empty().unwrap_or(&self.w.name)
    }

    fn main(&self) -> Container {
        let w = &self.w;
        let image = w.cx.image(&w.set.image, &w.cx.release.images.gitaly);
        let migrate = if self.praefect.auto_migrate.unwrap_or(true) { "1" } else { "0" };
        let mut main = w.container("praefect", image).with_env([
            ("CONFIG_TEMPLATE_DIRECTORY", "/etc/gitaly/templates".to_owned()),
            ("CONFIG_DIRECTORY", "/etc/gitaly".to_owned()),
            ("PRAEFECT_CONFIG_FILE", "/etc/gitaly/config.toml".to_owned()),
            ("SSL_CERT_DIR", "/etc/ssl/certs".to_owned()),
            ("USE_PRAEFECT_SERVICE", "1".to_owned()),
            ("PRAEFECT_AUTO_MIGRATE", migrate.to_owned()),
            ("PRAEFECT_PROMETHEUS_LISTEN_ADDR", format!(":{}", self.metrics_port())),
            ("NTP_HOST", self.praefect.ntp_host.non_empty().unwrap_or("pool.ntp.org").to_owned()),
            // Some load balancers and firewalls drop the larger TLS greeting of post-quantum keys.
            ("GODEBUG", "tlsmlkem=0,tlskyber=0".to_owned()),
        ]);
        main.termination_message_path = Some("/dev/termination-log".to_owned());
        main.termination_message_policy = Some("File".to_owned());
        main.ports.push(json!({"containerPort": self.listens(false)}));
        if self.tls() {
            main.ports.push(json!({"containerPort": self.listens(true)}));
        }
        if self.metrics.enabled {
            main = main.port("http-metrics", self.metrics_port());
        }
        main.volume_mounts.splice(
            0..0,
            [
                mount("praefect-config", "/etc/gitaly/templates", json!({})),
                mount("praefect-secrets", "/etc/gitlab-secrets", json!({"readOnly": true})),
            ],
        );
        main
    }

    fn volumes(&self) -> Vec<Node> {
        let cx = self.w.cx;
        let password = &self.praefect.db_secret;
        let default_password = format!("{}-praefect-dbsecret", cx.release.name);
        let key = password.key.non_empty().unwrap_or("secret");
        let mut sources = vec![
            self.gitaly.token(cx, "gitaly_token"),
            self.praefect.token(cx, "praefect_token"),
            secret_items(password.secret.non_empty().unwrap_or(&default_password), [(key, "db_password")]),
        ];
        if self.tls() {
            let secret = certificate(cx, &self.praefect.tls.secret_name, "praefect");
            sources.push(secret_items(&secret, [("tls.crt", "praefect.crt"), ("tls.key", "praefect.key")]));
        }
        vec![
            // 0644
            json!({"name": "praefect-config", "configMap": {"name": self.w.name, "defaultMode": 0o644}}),
            memory_volume("praefect-secrets"),
            // 0440: the group of `fsGroup` may read.
            projected_volume("init-praefect-secrets", 0o440, sources),
        ]
    }

    fn plan_service(&self, plan: &mut Plan) {
        let w = &self.w;
        let port = |tls: bool| Number(self.service.port(tls).parse().unwrap_or_default());
        let mut annotations = w.service_annotations(&self.service.annotations);
        if self.metrics.enabled {
            for domain in ["gitlab.com/prometheus_", "prometheus.io/"] {
                annotations.insert(format!("{domain}scrape"), "true".into());
                // Empty: Prometheus scrapes each port of the Service's endpoints, as it did before.
                annotations.insert(format!("{domain}port"), "".into());
            }
        }
        let view = view! {
            name: self.service_name(), labels: w.labels.service, annotations, selector: w.labels.selector,
            service_type: self.service.r#type.non_empty(), cluster_ip: self.service.address(Some("None")),
            port_name: self.service.port_name("grpc", COMPONENT.name), tls_name: self.service.port_name("tls", COMPONENT.name),
            port: port(false), target: self.listens(false),
            tls_port: self.tls().then(|| port(true)), tls_target: self.tls().then(|| self.listens(true)),
            metrics_port: self.metrics.enabled.then(|| self.metrics_port()),
        };
        plan.add(COMPONENT.name, "service.yaml", view);
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) | Value::Array(_) => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
