//! minio: object storage in the cluster, for trials; not for production.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::bundle::Difference;
use crate::model::workload::{Annotated, Image};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::gateway::{GatewayRoute, prefix_rule};
use crate::resolve::image::ImageRef;
use crate::resolve::network::{Ingress, Route};
use crate::resolve::scaling::Scaled;
use crate::resolve::shared::hosts;
use crate::resolve::shared::kubectl_job;
use crate::resolve::shared::marks;
use crate::resolve::workload::{Container, Workload, env, memory_volume, mount};
use crate::resolve::{Component, Context, Plan, View, labels};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "minio", key: "minio", resolve };

/// The port that the server listens on.
const PORT: u16 = 9000;

/// The registry with permanent copies of the images, as the original ones may be removed.
const MIRROR: &str = "registry.gitlab.com/gitlab-org/cloud-native/mirror/images/";

/// The images of which there are copies.
const MIRRORED: [(&str, &str); 2] =
    [("minio/minio", "RELEASE.2017-12-28T01-21-00Z"), ("minio/mc", "RELEASE.2018-07-13T00-53-22Z")];

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    image: Text,
    image_tag: Text,
    image_pull_policy: Option<Text>,
    pull_secrets: Vec<Node>,
    minio_mc: Client,
    config_path: Option<Text>,
    mount_path: Text,
    default_buckets: Vec<Bucket>,
    minio_config: NodeMap,
    persistence: Persistence,
    pod_annotations: NodeMap,
    job_annotations: NodeMap,
    service: Annotated,
    service_type: Text,
    service_port: Node,
    #[serde(rename = "minioLoadBalancerIP")]
    minio_load_balancer_ip: Option<Text>,
    max_unavailable: Node,
    network_policy: NetworkPolicy,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Client {
    image: Text,
    tag: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bucket {
    name: Text,
    policy: Option<Text>,
    purge: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Persistence {
    enabled: bool,
    keep: bool,
    annotations: NodeMap,
    access_mode: Text,
    size: Text,
    storage_class: Option<Text>,
    volume_name: Option<Text>,
    sub_path: Option<Text>,
    match_labels: NodeMap,
    match_expressions: Vec<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NetworkPolicy {
    enabled: bool,
    allow_external: bool,
}

/// The input of the component's parts.
struct Minio<'a> {
    w: Workload<'a>,
    set: Settings,
    /// The Service's name.
    service: String,
    /// The ConfigMap's name.
    config: String,
    /// The selector of the server's pods; the Job's pods have the same `app`.
    selector: NodeMap,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("global.minio.enabled") {
        return;
    }
    let minio = read(cx);
    let (w, set, name) = (&minio.w, &minio.set, COMPONENT.name);
    let script = view! { buckets: set.default_buckets.iter().map(bucket).collect::<Vec<_>>() };
    let view = view! {
        name: minio.config, labels: w.labels.object, script, config: config(cx, &set.minio_config),
        own_script: w.set.init.script.non_empty(),
    };
    plan.add(name, "configmap.yaml", view);
    plan_claim(&minio, plan);
    plan_deployment(&minio, plan);
    plan_job(&minio, plan);
    plan_network(&minio, plan);
    let budget = Scaled { name: &format!("{}-v1", w.name), selector: &minio.selector, ..w.scaled("Deployment") };
    w.plan_pdb(name, &budget, &set.max_unavailable, plan);
}

fn read<'a>(cx: &'a Context<'a>) -> Minio<'a> {
    let set: Settings = cx.read(COMPONENT.key);
    // The image is written differently from all others.
    let mut section = cx.section(COMPONENT.key).clone();
    if let Some(fields) = section.as_object_mut() {
        fields.insert("image".to_owned(), json!({"pullSecrets": set.pull_secrets}));
    }
    let mut w = Workload::of(cx, COMPONENT.key, COMPONENT.name, &section);
    w.set.image.pull_policy = set.image_pull_policy.clone();
    w.set.annotations = set.pod_annotations.clone();
    let mut selector = w.labels.selector.clone();
    selector.insert("component".to_owned(), "app".into());
    let release = &cx.release.name;
    Minio { service: format!("{release}-minio-svc"), config: format!("{release}-minio-config-cm"), selector, w, set }
}

/// The image that the values name, or its copy.
fn image(w: &Workload, repository: &Text, tag: &Text) -> ImageRef {
    let copied = MIRRORED.contains(&(repository.as_str(), tag.as_str()));
    let mirrored = copied && w.cx.release.has(Difference::MinioImagesOfTheMirror);
    let reference = format!("{}{repository}:{tag}", if mirrored { MIRROR } else { "" });
    let policy = Image { pull_policy: w.set.image.pull_policy.clone(), ..Image::default() };
    ImageRef { reference, pull_policy: w.cx.pull_policy(&policy) }
}

fn bucket(set: &Bucket) -> Node {
    json!({"name": set.name, "policy": set.policy.non_empty().unwrap_or("none"), "purge": set.purge})
}

/// `config.json`; `configure` inserts the credentials.
fn config(cx: &Context, set: &NodeMap) -> String {
    let get = |name: &str| set.get(name).cloned().unwrap_or(Value::Null);
    let field = |of: &Node, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
    let logger = get("logger");
    let mut notify = Map::new();
    // The values spell AMQP as `aqmp`.
    for (to, from) in [
        ("amqp", "aqmp"),
        ("elasticsearch", "elasticsearch"),
        ("kafka", "kafka"),
        ("mqtt", "mqtt"),
        ("mysql", "mysql"),
        ("nats", "nats"),
        ("postgresql", "postgresql"),
        ("redis", "redis"),
        ("webhook", "webhook"),
    ] {
        notify.insert(to.to_owned(), json!({"1": get(from)}));
    }
    if let Some(nats) = notify.get_mut("nats").and_then(|nats| nats.get_mut("1")).and_then(Value::as_object_mut) {
        let mut streaming = Map::new();
        for (to, from) in [
            ("enable", "enableStreaming"),
            ("clusterID", "clusterID"),
            ("clientID", "clientID"),
            ("async", "async"),
            ("maxPubAcksInflight", "maxPubAcksInflight"),
        ] {
            streaming.insert(to.to_owned(), nats.shift_remove(from).unwrap_or(Value::Null));
        }
        nats.insert("streaming".to_owned(), streaming.into());
    }
    for name in ["mysql", "postgresql"] {
        // MinIO reads these two ports as strings.
        if let Some(port) =
            notify.get_mut(name).and_then(|of| of.pointer_mut("/1/port")).filter(|port| port.is_number())
        {
            *port = port.to_string().into();
        }
    }
    if let Some(brokers) = notify.get_mut("kafka").and_then(|kafka| kafka.pointer_mut("/1/brokers"))
        && brokers == "null"
    {
        *brokers = Value::Null;
    }
    let file = field(&logger, "file");
    let tree = json!({
        "version": "20",
        "credential": {"accessKey": "ACCESS_KEY", "secretKey": "SECRET_KEY"},
        "region": get("region"), "browser": get("browser"), "domain": get("domain"),
        "logger": {
            "console": field(&logger, "console"),
            "file": {"enable": field(&file, "enable"), "fileName": field(&file, "filename")},
        },
        "notify": notify,
    });
    let of_user = json!([tree["region"], tree["browser"], tree["domain"], tree["logger"], tree["notify"]]);
    // `configure.sh` puts the keys in the place of these two words.
    let is_mark = |word: &str| ["ACCESS_KEY", "SECRET_KEY"].contains(&word);
    marks::refuse(cx, &of_user, &["minio.minioConfig"], &is_mark);
    format!("{tree:#}\n")
}

fn plan_claim(minio: &Minio, plan: &mut Plan) {
    let (w, set) = (&minio.w, &minio.set.persistence);
    if !set.enabled {
        return;
    }
    let mut annotations = labels::text_map(&set.annotations);
    if set.keep {
        annotations.insert("helm.sh/resource-policy".to_owned(), "keep".into());
    }
    let selector = json!({
        "matchLabels": (!set.match_labels.is_empty()).then(|| labels::text_map(&set.match_labels)),
        "matchExpressions": (!set.match_expressions.is_empty()).then_some(&set.match_expressions),
    });
    let chosen = !set.match_labels.is_empty() || !set.match_expressions.is_empty();
    let view = view! {
        name: w.name, labels: w.labels.object, annotations, access_mode: set.access_mode, size: set.size,
        // `-` requests the empty class, which differs from the default class.
        storage_class: set.storage_class.non_empty().map(|class| if class == "-" { "" } else { class }),
        volume_name: set.volume_name.non_empty(), selector: chosen.then_some(selector),
    };
    plan.add(COMPONENT.name, "persistentvolumeclaim.yaml", view);
}

fn plan_deployment(minio: &Minio, plan: &mut Plan) {
    let (w, set) = (&minio.w, &minio.set);
    let home = set.config_path.non_empty().unwrap_or("/tmp/.minio");
    let sub_path = set.persistence.sub_path.non_empty();
    let mut main = w.container("minio", image(w, &set.image, &set.image_tag)).port("service", PORT);
    main.volume_mounts = vec![
        mount("export", set.mount_path.as_str(), sub_path.map_or(Value::Null, |path| json!({"subPath": path}))),
        mount("minio-server-config", home, Value::Null),
        mount("podinfo", "/podinfo", json!({"readOnly": false})),
    ];
    main.env = only_time_zone(main.env);
    main.args = Some(json!(["-C", home, "--quiet", "server", set.mount_path]));
    main.liveness_probe = Some(json!({"tcpSocket": {"port": PORT}, "timeoutSeconds": 1}));
    let export = if set.persistence.enabled {
        json!({"name": "export", "persistentVolumeClaim": {"claimName": w.name}})
    } else {
        json!({"name": "export", "emptyDir": {}})
    };
    let podinfo = json!([{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]);
    let volumes = vec![
        json!({"name": "podinfo", "downwardAPI": {"items": podinfo}}),
        export,
        memory_volume("minio-server-config"),
        configuration(minio),
    ];
    let mut labels = w.labels.pod.clone();
    labels.insert("component".to_owned(), "app".into());
    let pod = pod(w, vec![configure(w)], main, volumes).with("labels", labels).with("name", &w.name);
    let view = w.deployment(pod).with("selector", &minio.selector);
    plan.add(COMPONENT.name, "deployment.yaml", view);
}

/// A pod without placement rules and without a service account.
fn pod(w: &Workload, init: Vec<Container>, main: Container, volumes: Vec<Node>) -> View {
    w.pod(init, vec![main], volumes).with("affinity", Value::Null).with("service_account_name", Value::Null)
}

/// The init container that inserts the credentials into the configuration.
fn configure(w: &Workload) -> Container {
    let mut container = w.init_container("configure", w.base_image());
    container.env = only_time_zone(container.env);
    container.command = Some(json!(["sh", "/config/configure"]));
    container.mount("minio-configuration", "/config", Value::Null).mount("minio-server-config", "/minio", Value::Null)
}

/// `global.extraEnv` is for GitLab's own components.
fn only_time_zone(env: Vec<Node>) -> Vec<Node> {
    env.into_iter().filter(|variable| variable.get("name").and_then(Value::as_str) == Some("TZ")).collect()
}

fn configuration(minio: &Minio) -> Node {
    let cx = minio.w.cx;
    let secret = cx.text("global.minio.credentials.secret");
    let secret = secret.unwrap_or_else(|| format!("{}-minio-secret", cx.release.name));
    let sources = json!([{"secret": {"name": secret}}, {"configMap": {"name": minio.config}}]);
    json!({"name": "minio-configuration", "projected": {"sources": sources}})
}

/// The Job that creates the buckets.
fn plan_job(minio: &Minio, plan: &mut Plan) {
    let (w, set) = (&minio.w, &minio.set);
    let mut main = kubectl_job::container(w, "minio-mc", image(w, &set.minio_mc.image, &set.minio_mc.tag));
    main.command = Some(json!(["/bin/sh", "/config/initialize"]));
    main.env = vec![
        env("MINIO_ENDPOINT", format!("{}.{}.svc", minio.service, w.cx.release.namespace)),
        env("MINIO_PORT", set.service_port.as_str().map_or_else(|| set.service_port.to_string(), str::to_owned)),
        // The client stores its configuration in its home directory.
        env("HOME", "/tmp"),
    ];
    main.volume_mounts = vec![mount("minio-configuration", "/config", Value::Null)];
    main.resources = w.set.init.resources.clone();
    let mut labels = w.labels.pod.clone();
    labels.remove("app.kubernetes.io/name");
    labels.insert("component".to_owned(), "create-buckets".into());
    let pod = pod(w, Vec::new(), main, vec![configuration(minio)])
        .with("labels", labels)
        .with("annotations", labels::text_map(&set.job_annotations))
        .with("topology_spread_constraints", Value::Null)
        .with("restart_policy", "OnFailure");
    let suffix = kubectl_job::name_suffix(w.cx);
    let by_content = suffix.is_none();
    let name = format!("{}-create-buckets{}", w.name, suffix.unwrap_or_default());
    let job = plan.add(COMPONENT.name, "job.yaml", view! { name, labels: w.labels.object, pod: moved(pod) });
    if by_content {
        job.name_by_content();
    }
}

fn plan_network(minio: &Minio, plan: &mut Plan) {
    let (w, set, name) = (&minio.w, &minio.set, COMPONENT.name);
    let annotations = w.service_annotations(&set.service.annotations);
    let view = view! {
        name: minio.service, labels: w.labels.object, annotations, selector: minio.selector,
        service_type: set.service_type, port: set.service_port, target_port: PORT,
        load_balancer_ip: set.minio_load_balancer_ip.non_empty(),
    };
    plan.add(name, "service.yaml", view);
    let host = hosts::public(w.cx, "minio").host;
    let ingress = Ingress::of(w.cx, &w.key);
    if ingress.on() {
        let path = ingress.path.non_empty().unwrap_or("/").to_owned();
        let tls_secret = ingress.tls_secret(w.cx, &format!("{}-minio-tls", w.cx.release.name));
        let paths = vec![(path, minio.service.clone(), set.service_port.clone())];
        let route = Route { host: host.clone(), paths, tls_secret };
        ingress.plan(w, name, &w.name, &ingress.request_buffering(), &[route], plan);
    }
    let route = GatewayRoute::of(w.cx, &w.key);
    if route.on(w.cx) {
        route.plan_http(w, name, &w.name, &host, vec![prefix_rule("/", &minio.service, &set.service_port)], plan);
    }
    if set.network_policy.enabled {
        // Only pods with the client label are allowed, unless all are.
        let client = json!([{"podSelector": {"matchLabels": {(format!("{}-client", w.name)): "true"}}}]);
        let view = view! {
            name: w.name, labels: w.labels.object, selector: minio.selector, port: PORT,
            from: (!set.network_policy.allow_external).then_some(client),
        };
        plan.add(name, "networkpolicy.yaml", view);
    }
}
