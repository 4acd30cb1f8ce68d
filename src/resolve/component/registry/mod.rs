//! registry: the container registry.

mod config;
mod network;
mod redis;
mod secrets;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bundle::Difference;
use crate::model::workload::{Certificate, Metrics};
use crate::model::{Node, NodeMap, NonEmpty, Port, Switch, Text};
use crate::resolve::image::ImageRef;
use crate::resolve::labels;
use crate::resolve::shared::{kubectl_job, trial_stores};
use crate::resolve::workload::{Container, Workload, env_over, evictable, memory_volume};
use crate::resolve::{Component, Context, Plan};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "registry", key: "registry", resolve };

/// The folder of the configuration in the container.
const HOME: &str = "/etc/docker/registry/";

/// The component's own settings; `config.rs` passes the others on.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    api: Switch,
    database: Database,
    debug: Debug,
    deployment: Probes,
    max_unavailable: Node,
    metrics: Metrics,
    service: Service,
    tls: Tls,
    storage: Storage,
    middleware: Middleware,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Database {
    enabled: bool,
    configure: bool,
    migrations: Migrations,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Migrations {
    enabled: bool,
    active_deadline_seconds: Option<Node>,
    backoff_limit: Option<Node>,
    ttl_seconds_after_finished: Option<Node>,
    annotations: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Debug {
    addr: Address,
    prometheus: Prometheus,
    tls: Tls,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Address {
    port: Port,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Prometheus {
    enabled: bool,
    path: Option<Text>,
}

/// `tls` of the registry or of its debug server, besides what [`Trust`](crate::resolve::shared::tls::Trust) reads.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Tls {
    enabled: bool,
    secret_name: Option<Text>,
    #[serde(rename = "clientCAs")]
    client_cas: Vec<Node>,
    #[serde(rename = "minimumTLS")]
    minimum_tls: Option<Text>,
    cipher_suites: Vec<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Probes {
    liveness_probe: Probe,
    readiness_probe: Probe,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Probe {
    enabled: bool,
    path: Text,
    port: Option<Port>,
    initial_delay_seconds: Node,
    period_seconds: Node,
    timeout_seconds: Node,
    success_threshold: Node,
    failure_threshold: Node,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Service {
    name: Text,
    r#type: Text,
    annotations: NodeMap,
    external_port: Port,
    internal_port: Port,
    #[serde(rename = "clusterIP")]
    cluster_ip: Option<Text>,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Storage {
    secret: Option<Text>,
    key: Option<Text>,
    extra_key: Option<Text>,
    redirect: Node,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Middleware {
    storage: Vec<Layer>,
}

/// One middleware of the storage.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Layer {
    name: Text,
    options: NodeMap,
}

/// The input of the component's parts.
struct Registry<'a> {
    w: Workload<'a>,
    set: Settings,
    redis: Vec<redis::Instance>,
}

impl Registry<'_> {
    /// Whether the configuration names the metadata database: it is in use, or is being prepared.
    fn has_database(&self) -> bool {
        self.set.database.enabled || self.set.database.configure
    }

    /// Whether the registry itself uses TLS.
    fn speaks_tls(&self) -> bool {
        self.set.tls.enabled || self.w.cx.enabled("global.registry.tls.enabled")
    }

    /// Whether MinIO stores the images: it is deployed, and `storage` is not set.
    fn in_minio(&self) -> bool {
        let storage = self.w.cx.section("registry.storage").as_object();
        trial_stores::has_minio(self.w.cx) && storage.is_none_or(|fields| fields.is_empty())
    }

    /// Whether no storage is set, so that images are stored in the container.
    fn keeps_images_itself(&self) -> bool {
        let storage = self.w.cx.section("registry.storage").as_object();
        !trial_stores::has_minio(self.w.cx) && storage.is_none_or(|fields| fields.is_empty())
    }

    /// Whether there are metrics: either of two settings enables them.
    fn has_metrics(&self) -> bool {
        self.set.metrics.enabled || self.set.debug.prometheus.enabled
    }

    /// The path of the metrics on the debug server.
    fn metrics_path(&self) -> &str {
        self.set.debug.prometheus.path.non_empty().unwrap_or(self.set.metrics.path.as_str())
    }

    /// The annotations by which Prometheus finds the metrics.
    fn scraped(&self) -> Metrics {
        let tls = Certificate { enabled: Some(self.set.debug.tls.enabled), ..Certificate::default() };
        let path = Text(self.metrics_path().to_owned());
        Metrics { enabled: self.has_metrics(), path, tls, ..self.set.metrics.clone() }
    }

    /// The tag of the image.
    fn version(&self) -> &str {
        self.w.set.image.tag.non_empty().unwrap_or(&self.w.cx.release.images.registry)
    }

    fn image(&self) -> ImageRef {
        self.w.cx.image_as_tagged(&self.w.set.image, &self.w.cx.release.images.registry)
    }

    fn container(&self, name: &str) -> Container {
        self.w.container(name, self.image())
    }
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    if !set.enabled {
        return;
    }
    let registry = Registry { w: Workload::new(cx, &COMPONENT), set, redis: redis::instances(cx) };
    let (w, name) = (&registry.w, COMPONENT.name);
    if plan.wants("configmap.yaml") {
        let view = view! {
            name: w.name, labels: w.labels.object, config: moved(config::view(&registry)),
            own_script: w.set.init.script.non_empty(),
        };
        plan.add(name, "configmap.yaml", view);
    }
    if registry.has_database() && cx.release.has(Difference::RegistryBackupInToolbox) {
        // The toolbox derives the name from the release's alone.
        let name_of_map = format!("{}-registry-db-connection-config", cx.release.name);
        let view = view! { name: name_of_map, labels: w.labels.object, config: moved(config::connection(&registry)) };
        plan.add(name, "configmap-database.yaml", view);
    }
    if registry.set.api.enabled {
        plan_deployment(&registry, plan);
        network::plan_service(&registry, plan);
        let of = w.scaled("Deployment");
        w.plan_scaling(name, &of, &Value::Null, &Value::Null, plan);
        let budget = format!("{}-v1", w.name);
        w.plan_pdb(name, &crate::resolve::scaling::Scaled { name: &budget, ..of }, &registry.set.max_unavailable, plan);
    }
    if registry.has_database() && registry.set.database.migrations.enabled {
        plan_migrations(&registry, plan);
    }
    network::plan_outside(&registry, plan);
    w.plan_network_policy(name, plan);
    w.plan_service_account(name, plan);
    w.plan_service_monitor(name, &registry.set.metrics, "http-metrics", plan);
}

fn plan_deployment(registry: &Registry, plan: &mut Plan) {
    let (w, set) = (&registry.w, &registry.set);
    let debug = &set.debug.addr.port;
    let mut main = registry
        .container("registry")
        .port(if registry.speaks_tls() { "https" } else { "http" }, &set.service.internal_port)
        .port("debug", debug)
        .mount("registry-server-config", HOME, json!({"readOnly": true}))
        // Some middleboxes still drop the larger handshakes of post-quantum key exchange.
        .with_env([("GODEBUG", "tlsmlkem=0,tlskyber=0".to_owned())]);
    main.liveness_probe = probe(&set.deployment.liveness_probe, set.debug.tls.enabled);
    main.readiness_probe = probe(&set.deployment.readiness_probe, set.debug.tls.enabled);
    // Load balancers need a moment to stop sending requests.
    main.lifecycle = Some(json!({"preStop": {"exec": {"command": ["/bin/bash", "-c", "sleep 5"]}}}));
    let mut init = vec![w.certificates(), configure(w)];
    if registry.has_database() {
        init.push(dependencies(registry));
    }
    let mut pod = w.pod(init, vec![main], volumes(registry, secrets::sources(registry), "config.yml.tpl"));
    pod.annotate(&evictable());
    pod.annotate(&w.prometheus_annotations(&registry.scraped(), &debug.to_string()));
    let view = w.deployment(pod);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/configmap", &w.name);
}

fn probe(set: &Probe, tls: bool) -> Option<Node> {
    let port = match &set.port {
        Some(port) if !port.0.is_empty() => json!(port),
        _ => json!("debug"),
    };
    set.enabled.then(|| {
        json!({
            "httpGet": {"path": set.path, "port": port, "scheme": if tls { "HTTPS" } else { "HTTP" }},
            "initialDelaySeconds": set.initial_delay_seconds, "periodSeconds": set.period_seconds,
            "timeoutSeconds": set.timeout_seconds, "successThreshold": set.success_threshold,
            "failureThreshold": set.failure_threshold,
        })
    })
}

/// The init container that inserts the secrets into the configuration.
fn configure(w: &Workload) -> Container {
    let mut container = w.init_container("configure", w.base_image()).with_env([
        ("CONFIG_TEMPLATE_DIRECTORY", "/templates".to_owned()),
        ("CONFIG_DIRECTORY", "/registry".to_owned()),
    ]);
    // The image's entry point is kept: it renders the templates.
    container.args = Some(json!(["sh", "/config/configure"]));
    container
        .mount("registry-secrets", "/config", Value::Null)
        .mount("registry-server-config-templates", "/templates", json!({"readOnly": true}))
        .mount("registry-server-config", "/registry", Value::Null)
}

/// The init container that waits until the database has the schema that this version needs.
fn dependencies(registry: &Registry) -> Container {
    let mut container = registry.container("dependencies");
    container.command = Some(json!(["/scripts/wait-for-deps"]));
    container.volume_mounts.clear();
    container.resources = registry.w.set.init.resources.clone();
    container.security_context = registry.w.set.init.container_security_context.clone();
    container.mount("registry-server-config", HOME, json!({"readOnly": true}))
}

fn volumes(registry: &Registry, sources: Vec<Node>, template: &str) -> Vec<Node> {
    let w = &registry.w;
    let items = [json!({"key": template, "path": "config.yml.tpl"})];
    let own = vec![
        json!({"name": "registry-server-config-templates", "configMap": {"name": w.name, "items": items}}),
        json!({"name": "registry-secrets", "projected": {"sources": sources}}),
        memory_volume("registry-server-config"),
    ];
    [w.certificate_volumes(), own].concat()
}

/// The Job that migrates the metadata database to the schema of this version.
fn plan_migrations(registry: &Registry, plan: &mut Plan) {
    let (w, set) = (&registry.w, &registry.set.database.migrations);
    // The pods must not have the labels by which the Service and the PodDisruptionBudget select.
    let app = Value::from(format!("{}-migrations", w.app));
    let mut labels = w.labels.object.clone();
    labels.insert("app".to_owned(), app.clone());
    let mut pod_labels = w.labels.pod.clone();
    pod_labels.remove("app.kubernetes.io/name");
    pod_labels.insert("app".to_owned(), app);
    let mut main = kubectl_job::container(w, "migrations", registry.image());
    main.args = Some(json!(["/scripts/wait-for-deps", "/scripts/db-migrate"]));
    // The init container for the database must not wait for the schema that this Job creates.
    let shared = registry.container("migrations");
    let bypass = json!({"name": "BYPASS_SCHEMA_VERSION", "value": "true"});
    main.env = env_over(vec![bypass], &without_time_zone(shared.env));
    main.volume_mounts = shared.volume_mounts;
    main = main.mount("registry-server-config", HOME, json!({"readOnly": true}));
    let volumes = volumes(registry, secrets::migration_sources(registry), "migrations-config.yml.tpl");
    let mut configure = configure(w);
    configure.env = without_time_zone(configure.env);
    let pod = kubectl_job::pod(w, vec![w.certificates(), configure], main, volumes, "OnFailure")
        .with("labels", pod_labels)
        .with("topology_spread_constraints", Value::Null)
        .with("termination_grace_period_seconds", Value::Null);
    let suffix = kubectl_job::name_suffix(w.cx);
    let by_content = suffix.is_none();
    let view = view! {
        name: format!("{}-migrations{}", w.name, suffix.unwrap_or_default()), labels,
        annotations: labels::text_map(&set.annotations), active_deadline_seconds: set.active_deadline_seconds,
        backoff_limit: set.backoff_limit, ttl_seconds_after_finished: set.ttl_seconds_after_finished, pod: moved(pod),
    };
    let planned = plan.add(COMPONENT.name, "job.yaml", view);
    if by_content {
        planned.name_by_content();
    }
}

/// The Job logs in the container's own time zone.
fn without_time_zone(env: Vec<Node>) -> Vec<Node> {
    env.into_iter().filter(|variable| variable.get("name").and_then(Value::as_str) != Some("TZ")).collect()
}
