//! Stand-ins for PostgreSQL, Redis and object storage: one pod each with one volume, for a trial and nothing else.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::workload::Image;
use crate::model::{Node, NodeMap, Text};
use crate::resolve::shared::{object_storage, postgres, redis, trial_stores};
use crate::resolve::workload::{Container, Workload, bare_pod, env, mount, projected_volume, secret_items};
use crate::resolve::{Component, Context, Plan, labels};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "trial-stores", key: "trialStores", resolve };

/// The mark of all objects: a label, and an annotation with a sentence.
const MARK: &str = "gitlab-render/trial-store";
const SENTENCE: &str =
    "A stand-in for a trial: one pod without a replica and without backups. Do not store important data here.";
/// Where the Secret of a store is mounted.
const SECRETS: &str = "/run/secrets/trial";
/// Where a store keeps its data.
const DATA: &str = "/data";

/// One store's settings.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    image: Image,
    size: Text,
    resources: NodeMap,
}

/// One store: its names, its port, and its pod.
struct Store {
    /// The key of its settings, and the label `app`.
    key: &'static str,
    app: &'static str,
    service: String,
    port: u16,
    user: u32,
    secret: Node,
    command: Node,
    env: Vec<Node>,
    probe: Node,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let stores = [
        trial_stores::database(cx).then(|| database(cx)).flatten(),
        trial_stores::redis(cx).then(|| redis_store(cx)),
        trial_stores::objects(cx).then(|| objects(cx)),
    ];
    for store in stores.into_iter().flatten() {
        plan_store(cx, &store, plan);
    }
}

fn database(cx: &Context) -> Option<Store> {
    let of = postgres::main(cx, COMPONENT.key)?;
    Some(Store {
        key: "postgresql",
        app: "postgresql",
        service: labels::full_name(&cx.release.name, "postgresql", None, None),
        port: 5432,
        user: 999,
        secret: secret_items(&of.server_secret(cx), [(of.key.as_str(), "password")]),
        command: json!(["docker-entrypoint.sh", "postgres"]),
        env: vec![
            env("POSTGRES_USER", &*of.username),
            env("POSTGRES_DB", &*of.database),
            env("POSTGRES_PASSWORD_FILE", format!("{SECRETS}/password")),
            env("PGDATA", format!("{DATA}/pgdata")),
        ],
        probe: json!({"exec": {"command": ["pg_isready", "-h", "127.0.0.1", "-U", &*of.username]}}),
    })
}

fn redis_store(cx: &Context) -> Store {
    let password = redis::server_password(cx);
    let script =
        format!(r#"exec valkey-server --dir {DATA} --appendonly yes --requirepass "$(cat {SECRETS}/password)""#);
    Store {
        key: "redis",
        app: "redis",
        service: format!("{}-master", labels::full_name(&cx.release.name, "redis", None, None)),
        port: 6379,
        user: 999,
        secret: secret_items(&password.secret, [(password.key.as_str(), "password")]),
        command: json!(["sh", "-c", script]),
        env: Vec::new(),
        probe: json!({"tcpSocket": {"port": 6379}}),
    }
}

fn objects(cx: &Context) -> Store {
    let mut folders: Vec<String> =
        object_storage::buckets(cx).iter().map(|bucket| format!("{DATA}/{bucket}")).collect();
    folders.sort();
    folders.dedup();
    // MinIO takes each folder of its volume for a bucket.
    let script = format!("mkdir -p \"$@\" && exec minio server {DATA} --address :9000");
    let command: Vec<String> =
        ["sh", "-c", script.as_str(), "minio"].map(str::to_owned).into_iter().chain(folders).collect();
    Store {
        key: "objectStorage",
        app: "minio",
        service: format!("{}-minio-svc", cx.release.name),
        port: 9000,
        user: 1000,
        secret: secret_items(
            &format!("{}-minio-secret", cx.release.name),
            [("accesskey", "accesskey"), ("secretkey", "secretkey")],
        ),
        command: json!(command),
        env: vec![
            env("MINIO_ROOT_USER_FILE", format!("{SECRETS}/accesskey")),
            env("MINIO_ROOT_PASSWORD_FILE", format!("{SECRETS}/secretkey")),
        ],
        probe: json!({"httpGet": {"path": "/minio/health/live", "port": 9000}}),
    }
}

fn plan_store(cx: &Context, store: &Store, plan: &mut Plan) {
    let path = format!("{}.{}", COMPONENT.key, store.key);
    let set: Settings = cx.read(&path);
    let mut w = Workload::of(cx, &path, store.app, &Value::Null);
    for labels in [&mut w.labels.object, &mut w.labels.pod, &mut w.labels.service] {
        labels.insert(MARK.to_owned(), "true".into());
    }
    let annotations: NodeMap = NodeMap::from_iter([(MARK.to_owned(), SENTENCE.into())]);
    let image = cx.image_as_tagged(&set.image, "");
    let main = Container {
        name: store.app.to_owned(),
        image: image.reference,
        image_pull_policy: image.pull_policy,
        command: Some(store.command.clone()),
        env: store.env.clone(),
        ports: vec![json!({"name": store.app, "containerPort": store.port})],
        volume_mounts: vec![mount("data", DATA, Value::Null), mount("secrets", SECRETS, json!({"readOnly": true}))],
        readiness_probe: Some(store.probe.clone()),
        resources: set.resources.clone(),
        security_context: NodeMap::from_iter([
            ("allowPrivilegeEscalation".to_owned(), false.into()),
            ("runAsNonRoot".to_owned(), true.into()),
            ("runAsUser".to_owned(), store.user.into()),
            ("capabilities".to_owned(), json!({"drop": ["ALL"]})),
        ]),
        ..Container::default()
    };
    let secrets = projected_volume("secrets", 0o440, vec![store.secret.clone()]);
    let context = json!({"fsGroup": store.user, "seccompProfile": {"type": "RuntimeDefault"}});
    let pod = bare_pod(&w.labels.pod, Vec::new(), vec![main], vec![secrets])
        .with("annotations", &annotations)
        .with("automount_service_account_token", false)
        .with("image_pull_secrets", w.pull_secrets())
        .with("security_context", context);
    let claim = json!({
        "metadata": {"name": "data", "labels": w.labels.selector},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": set.size}},
            "storageClassName": cx.text(&format!("{}.storageClass", COMPONENT.key)).filter(|class| !class.is_empty()),
        },
    });
    let view = view! {
        name: w.name, labels: w.labels.object, annotations, selector: w.labels.selector, service: store.service,
        update_strategy: Value::Null, min_ready_seconds: Value::Null, retention: Value::Null, pod: moved(pod),
        claims: json!([claim]),
    };
    plan.add(COMPONENT.name, "statefulset.yaml", view);
    let view = view! {
        name: store.service, labels: w.labels.service, annotations, selector: w.labels.selector,
        service_type: "ClusterIP", load_balancer_ip: Value::Null, load_balancer_source_ranges: Value::Null,
        ports: json!([{"name": store.app, "port": store.port, "targetPort": store.port}]),
    };
    plan.add(COMPONENT.name, "service.yaml", view);
}
