//! Object storage: buckets, how Rails connects to them, and where the connections are mounted.

use serde::{Deserialize, Serialize};

use super::{hosts, trial_stores};
use crate::model::app_config::{AppConfig, SecretKey, Store};
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::context::Context;
use crate::resolve::workload::secret_items;

/// The connection to a bucket.
#[derive(Debug, Clone, Serialize)]
pub struct Connection {
    /// The file with the whole connection; missing: MinIO, as below.
    pub file: Option<String>,
    /// MinIO's host for users.
    pub host: Option<String>,
    /// MinIO's address in the cluster.
    pub endpoint: Option<String>,
}

/// One kind of objects.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectStore {
    /// The name in `gitlab.yml`, `external_diffs`.
    pub name: &'static str,
    /// Whether GitLab stores such objects.
    pub enabled: bool,
    /// The bucket.
    pub bucket: String,
    /// Whether downloads go through GitLab; missing: not set.
    pub proxy_download: Node,
    /// A setting of external diffs.
    pub when: Node,
    /// Missing where it is not used.
    pub connection: Option<Connection>,
    /// The file with the settings of a content delivery network.
    pub cdn: Option<String>,
}

/// MinIO's settings for a component: `minio` of its section.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Minio {
    service_name: Option<Text>,
    port: Option<Text>,
}

/// Kinds of objects that all Rails processes know.
fn kinds(app: &AppConfig) -> [(&'static str, &Store); 8] {
    [
        ("artifacts", &app.artifacts),
        ("lfs", &app.lfs),
        ("uploads", &app.uploads),
        ("packages", &app.packages),
        ("external_diffs", &app.external_diffs),
        ("terraform_state", &app.terraform_state),
        ("ci_secure_files", &app.ci_secure_files),
        ("dependency_proxy", &app.dependency_proxy),
    ]
}

/// The buckets of all kinds of objects, of the registry and of backups.
pub fn buckets(cx: &Context) -> Vec<String> {
    let app = cx.once::<AppConfig>("global.appConfig");
    let mut all: Vec<String> = kinds(&app).into_iter().map(|(_, store)| store.bucket.0.clone()).collect();
    all.push(pages(cx).bucket.0);
    let more = ["global.registry.bucket", "global.appConfig.backups.bucket", "global.appConfig.backups.tmpBucket"];
    all.extend(more.into_iter().filter_map(|path| cx.text(path)));
    all.retain(|bucket| !bucket.is_empty());
    all
}

/// The object storage of Pages, which has settings of its own.
fn pages(cx: &Context) -> Store {
    cx.read("global.pages.objectStore")
}

/// Every kind but Pages'.
pub fn stores(cx: &Context, own: &str, app: &AppConfig) -> Vec<ObjectStore> {
    kinds(app).into_iter().map(|(name, store)| object_store(cx, own, name, store)).collect()
}

/// Pages' kind.
pub fn pages_store(cx: &Context, own: &str) -> ObjectStore {
    object_store(cx, own, "pages", &pages(cx))
}

fn object_store(cx: &Context, own: &str, name: &'static str, store: &Store) -> ObjectStore {
    ObjectStore {
        name,
        enabled: store.enabled,
        bucket: store.bucket.0.clone(),
        proxy_download: store.proxy_download.clone(),
        when: store.when.clone(),
        connection: if store.enabled { connection(cx, own, name, &store.connection) } else { None },
        cdn: store.cdn.named("cdn").map(|_| format!("/etc/gitlab/objectstorage/cdn/{name}")),
    }
}

/// The connection that all kinds share.
pub fn consolidated(cx: &Context, own: &str, app: &AppConfig) -> Option<Connection> {
    connection(cx, own, "object_store", &app.object_store.connection)
}

fn connection(cx: &Context, own: &str, name: &str, from: &SecretKey) -> Option<Connection> {
    if from.named("connection").is_some() {
        return Some(Connection {
            file: Some(format!("/etc/gitlab/objectstorage/{name}")),
            host: None,
            endpoint: None,
        });
    }
    trial_stores::has_minio(cx).then(|| Connection {
        file: None,
        host: Some(hosts::public(cx, "minio").host),
        endpoint: Some(minio_endpoint(cx, own)),
    })
}

/// MinIO's address in the cluster, `http://prod-minio-svc.gitlab.svc:9000`.
pub fn minio_endpoint(cx: &Context, own: &str) -> String {
    let minio: Minio = cx.read(&format!("{own}.minio"));
    let of_hosts: Minio = cx.read("global.hosts.minio");
    let pick = |get: fn(&Minio) -> &Option<Text>, default: &str| {
        let own = get(&minio).non_empty();
        own.or_else(|| get(&of_hosts).non_empty()).unwrap_or(default).to_owned()
    };
    let service = pick(|m| &m.service_name, "minio-svc");
    let port = pick(|m| &m.port, &cx.text("minio.servicePort").unwrap_or_else(|| "9000".to_owned()));
    format!("http://{}-{service}.{}.svc:{port}", cx.release.name, cx.release.namespace)
}

/// Secrets with connections, content delivery networks and MinIO's keys, as sources of a projected volume. `with_pages`
/// includes those of Pages. `lfs_first`: large files come before artifacts, as the official chart has it in Sidekiq's
/// pods.
///
/// The connection of a single store is mounted beside the consolidated one: Rails reads the file to which its settings
/// refer.
pub fn sources(cx: &Context, app: &AppConfig, with_pages: bool, lfs_first: bool) -> Vec<Node> {
    let mut sources = minio_source(cx).into_iter().collect::<Vec<Node>>();
    let item = |from: &SecretKey, default_key: &str, path: String| {
        from.named(default_key).map(|(secret, key)| secret_items(secret, [(key, path.as_str())]))
    };
    let of_pages = pages(cx);
    let mut all: Vec<(&str, &Store)> = kinds(app).into_iter().collect();
    if with_pages {
        all.push(("pages", &of_pages));
    }
    if app.object_store.enabled {
        sources.extend(item(&app.object_store.connection, "connection", "objectstorage/object_store".to_owned()));
    }
    if lfs_first {
        all.swap(0, 1);
    }
    for (name, store) in all {
        sources.extend(item(&store.connection, "connection", format!("objectstorage/{name}")));
        sources.extend(item(&store.cdn, "cdn", format!("objectstorage/cdn/{name}")));
    }
    sources
}

/// MinIO's keys, where MinIO is used.
pub fn minio_source(cx: &Context) -> Option<Node> {
    let set: SecretKey = cx.read("global.minio.credentials");
    let name = set.secret.non_empty().map_or_else(|| format!("{}-minio-secret", cx.release.name), str::to_owned);
    trial_stores::has_minio(cx)
        .then(|| secret_items(&name, [("accesskey", "minio/accesskey"), ("secretkey", "minio/secretkey")]))
}
