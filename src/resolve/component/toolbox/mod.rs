//! toolbox: a pod for operators, with Rails' console and the backup tools; and scheduled backups.

mod cron;
mod registry;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::app_config::{AppConfig, SecretKey};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::shared::rails::{self, Process};
use crate::resolve::shared::{object_storage, trial_stores};
use crate::resolve::workload::{
    Container, Script, Workload, configure_script, evictable, memory_volume, projected_volume, secret_items,
};
use crate::resolve::{Component, Context, Plan, View};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "toolbox", key: "gitlab.toolbox", resolve };

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    replicas: Node,
    persistence: Persistence,
    backups: Backups,
    database_reindex: Reindex,
    anti_affinity_labels: AntiAffinity,
}

/// A claim for the temporary files of a backup.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Persistence {
    enabled: bool,
    volume_name: Option<Text>,
    access_mode: Node,
    size: Node,
    storage_class: Option<Text>,
    sub_path: Text,
    match_labels: NodeMap,
    match_expressions: Vec<Node>,
    annotations: NodeMap,
    use_generic_ephemeral_volume: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Backups {
    cron: cron::Cron,
    object_storage: ObjectStorage,
    registry: registry::Registry,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ObjectStorage {
    backend: Text,
    config: Config,
}

impl ObjectStorage {
    fn is_azure(&self) -> bool {
        self.backend.as_str() == "azure"
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    #[serde(flatten)]
    at: SecretKey,
    gcp_project: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reindex {
    cron: cron::Cron,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AntiAffinity {
    match_labels: NodeMap,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    if !set.enabled {
        return;
    }
    let w = Workload::new(cx, &COMPONENT);
    if plan.wants("configmap.yaml") {
        let config = rails::config(&w, Process::Toolbox)
            .with("configure", configure_script().with("s3cfg", s3cfg(&w, &set)))
            .with("gsutil", view! { project: set.backups.object_storage.config.gcp_project });
        let view = view! { name: w.name, labels: w.labels.object, config: moved(config) };
        plan.add(COMPONENT.name, "configmap.yaml", view);
    }
    registry::plan_users(&w, &set.backups.registry, plan);
    plan_deployment(&w, &set, plan);
    if set.persistence.enabled {
        plan_claim(&w, &set.persistence, "tmp", plan);
    }
    cron::plan_backup(&w, &set, plan);
    cron::plan_reindex(&w, &set, plan);
    w.plan_service_account(COMPONENT.name, plan);
    w.plan_bounding_network_policy(COMPONENT.name, plan);
}

fn plan_deployment(w: &Workload, set: &Settings, plan: &mut Plan) {
    let mut main = registry::mount(w.cx, container(w, set, "toolbox", &set.persistence).with_env(bootsnap(w.cx)));
    main = rails::mounts(w.cx, main, Process::Toolbox, "toolbox-config", "toolbox-secrets", false);
    main.args_script = Some(tools(Value::Null));
    let mut selector = w.labels.selector.clone();
    selector.extend(set.anti_affinity_labels.match_labels.clone());
    let own = [vec![claim(w, &set.persistence, "tmp")], registry::volumes(w.cx, &set.backups.registry)];
    let mut pod = w
        .pod(init(w), vec![main], [volumes(w, set, Process::Toolbox), own.concat(), rails::volumes(w)].concat())
        .with("affinity", w.affinity_apart_from(&selector));
    pod.annotate(&evictable());
    let view = w.deployment(pod).with("replicas", &set.replicas);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}

/// Where s3cmd finds MinIO, bundled or a stand-in, from inside the cluster; null where the user's own configuration is mounted.
fn s3cfg(w: &Workload, set: &Settings) -> Option<View> {
    let own = set.backups.object_storage.config.at.named("config").is_some();
    let endpoint = (trial_stores::has_minio(w.cx) && !own).then(|| object_storage::minio_endpoint(w.cx, &w.key))?;
    Some(view! { host: endpoint.trim_start_matches("http://"), secure: false })
}

/// The script of both containers; null: keep running, a string: make a backup with these arguments and end.
fn tools(backup: Value) -> Script {
    Script { words: vec!["/bin/bash", "-c"], file: "toolbox/files/backup-tools.sh", view: view! { backup } }
}

fn bootsnap(cx: &Context) -> Vec<(&'static str, String)> {
    rails::env(cx).into_iter().filter(|(name, _)| name.starts_with("ENABLE")).collect()
}

/// The common settings of the toolbox and its Jobs: buckets, and a volume for temporary files.
fn container(w: &Workload, set: &Settings, name: &str, persistence: &Persistence) -> Container {
    let cx = w.cx;
    let app = cx.once::<AppConfig>("global.appConfig");
    let text = |path: &str| cx.section(path).as_str().unwrap_or_default().to_owned();
    let buckets = [
        ("ARTIFACTS_BUCKET_NAME", app.artifacts.bucket.0.clone()),
        ("REGISTRY_BUCKET_NAME", text("global.registry.bucket")),
        ("LFS_BUCKET_NAME", app.lfs.bucket.0.clone()),
        ("UPLOADS_BUCKET_NAME", app.uploads.bucket.0.clone()),
        ("PACKAGES_BUCKET_NAME", app.packages.bucket.0.clone()),
        ("EXTERNAL_DIFFS_BUCKET_NAME", app.external_diffs.bucket.0.clone()),
        ("TERRAFORM_STATE_BUCKET_NAME", app.terraform_state.bucket.0.clone()),
        ("CI_SECURE_FILES_BUCKET_NAME", app.ci_secure_files.bucket.0.clone()),
        ("PAGES_BUCKET_NAME", object_storage::pages_store(cx, &w.key).bucket),
        ("BACKUP_BUCKET_NAME", text("global.appConfig.backups.bucket")),
        ("TMP_BUCKET_NAME", text("global.appConfig.backups.tmpBucket")),
    ];
    let backend = set.backups.object_storage.backend.non_empty().unwrap_or("s3").to_owned();
    let azure = set.backups.object_storage.is_azure();
    let azure = azure.then(|| ("AZURE_CONFIG_FILE", "/etc/gitlab/objectstorage/azure_config".to_owned()));
    let plain = rails::env(cx).into_iter().filter(|(name, _)| name.starts_with("CONFIG"));
    let sub_path = persistence.sub_path.non_empty().filter(|_| persistence.enabled);
    w.container(name, cx.edition_image(&w.set.image, "toolbox"))
        .with_env(buckets)
        .with_env([("BACKUP_BACKEND", backend)])
        .with_env(azure)
        .with_env(plain)
        .mount("toolbox-tmp", "/srv/gitlab/tmp", json!({"readOnly": false, "subPath": sub_path}))
}

fn init(w: &Workload) -> Vec<Container> {
    vec![w.certificates(), w.configure("toolbox-config", "init-toolbox-secrets", "toolbox-secrets")]
}

fn volumes(w: &Workload, set: &Settings, process: Process) -> Vec<Node> {
    let mut sources = rails::secret_sources(w, process);
    let store = &set.backups.object_storage;
    if let Some((secret, key)) = store.config.at.named("config") {
        let file = if store.is_azure() { "objectstorage/azure_config" } else { "objectstorage/.s3cfg" };
        sources.insert(0, secret_items(secret, [(key, file)]));
    }
    [
        w.certificate_volumes(),
        vec![
            json!({"name": "toolbox-config", "projected": {"sources": [{"configMap": {"name": w.name}}]}}),
            projected_volume("init-toolbox-secrets", 0o400, sources),
            memory_volume("toolbox-secrets"),
        ],
    ]
    .concat()
}

fn claim_spec(set: &Persistence) -> Node {
    let selector = view! {
        matchLabels: (!set.match_labels.is_empty()).then_some(&set.match_labels),
        matchExpressions: crate::resolve::workload::non_empty(&set.match_expressions),
    };
    let selects = !set.match_labels.is_empty() || !set.match_expressions.is_empty();
    json!({
        "accessModes": [set.access_mode],
        "resources": {"requests": {"storage": set.size}},
        "volumeName": set.volume_name.non_empty(),
        // `-`: the empty class, not the cluster's default.
        "storageClassName": set.storage_class.non_empty().map(|c| if c == "-" { "" } else { c }),
        "selector": selects.then_some(selector),
    })
}

/// The volume for temporary files.
fn claim(w: &Workload, set: &Persistence, end: &str) -> Node {
    if !set.enabled {
        return json!({"name": "toolbox-tmp", "emptyDir": {}});
    }
    if set.use_generic_ephemeral_volume {
        let template = json!({"metadata": {"labels": w.labels.object}, "spec": claim_spec(set)});
        return json!({"name": "toolbox-tmp", "ephemeral": {"volumeClaimTemplate": template}});
    }
    json!({"name": "toolbox-tmp", "persistentVolumeClaim": {"claimName": format!("{}-{end}", w.name)}})
}

fn plan_claim(w: &Workload, set: &Persistence, end: &str, plan: &mut Plan) {
    let view = view! {
        name: format!("{}-{end}", w.name), labels: w.labels.object,
        annotations: crate::resolve::labels::text_map(&set.annotations), spec: claim_spec(set),
    };
    plan.add(COMPONENT.name, "persistentvolumeclaim.yaml", view);
}
