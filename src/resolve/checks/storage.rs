//! Object storage, and the backups in it.

use serde_json::Map;

use super::{is_set, refuse_beside, required, warn};
use crate::bundle::Difference;
use crate::resolve::context::Context;
use crate::resolve::shared::trial_stores;

/// Reports contradictory settings of object storage.
pub(super) fn check(cx: &Context) {
    one_store_for_all(cx);
    stores_by_kind(cx);
    connections_without_a_secret(cx);
    backups(cx);
}

/// Kinds of objects with a store of their own, unless a consolidated connection is enabled.
const STORES: [&str; 8] =
    ["artifacts", "ciSecureFiles", "dependencyProxy", "externalDiffs", "lfs", "packages", "terraformState", "uploads"];

fn has_connection(cx: &Context, store: &str) -> bool {
    cx.section(&format!("{store}.connection")).as_object().is_some_and(|map: &Map<_, _>| !map.is_empty())
}

fn one_store_for_all(cx: &Context) {
    if !cx.enabled("global.appConfig.object_store.enabled") {
        return;
    }
    if !trial_stores::has_minio(cx) && !has_connection(cx, "global.appConfig.object_store") {
        warn(
            cx,
            "object-storage-connection",
            "global.appConfig.object_store.enabled",
            "nothing can be stored: `global.appConfig.object_store.connection` is missing, and there is no MinIO",
            "name the Secret with the connection in `global.appConfig.object_store.connection.secret`",
        );
    }
    let on = |store: &String| cx.enabled(&format!("{store}.enabled"));
    for store in STORES.map(|name| format!("global.appConfig.{name}")).iter().filter(|store| on(store)) {
        if has_connection(cx, store) {
            refuse_beside(
                cx,
                "object-storage-twice",
                [&format!("{store}.connection"), "global.appConfig.object_store.enabled"],
                "`global.appConfig.object_store.enabled` gives all object types one connection, and this type has its own as well",
                "remove this connection, or set `global.appConfig.object_store.enabled: false` and name a connection for each type",
            );
        }
        required(
            cx,
            "object-storage-bucket",
            &format!("{store}.bucket"),
            "`global.appConfig.object_store.enabled` needs a separate bucket for each object type",
            "name a bucket that no other object type uses",
        );
    }
}

fn stores_by_kind(cx: &Context) {
    if trial_stores::has_minio(cx) || cx.enabled("global.appConfig.object_store.enabled") {
        return;
    }
    for store in STORES.map(|name| format!("global.appConfig.{name}")) {
        if cx.enabled(&format!("{store}.enabled")) && !has_connection(cx, &store) {
            refuse_beside(
                cx,
                "object-storage-connection",
                [&format!("{store}.connection"), "global.minio.enabled"],
                if cx.release.has(Difference::BundledDataStores) {
                    "is missing, and there is no MinIO to store these objects in: `global.minio.enabled` is false"
                } else {
                    "is missing, and this release of GitLab does not include MinIO, which would store these objects"
                },
                "name the Secret with the connection in `connection.secret`, or one for all types in `global.appConfig.object_store`",
            );
        }
    }
}

/// A key says which part of a Secret has the connection, and there is no name that would be the default.
fn connections_without_a_secret(cx: &Context) {
    let mut stores: Vec<_> = STORES.iter().map(|name| format!("global.appConfig.{name}")).collect();
    stores.push("global.appConfig.object_store".to_owned());
    if cx.enabled("global.pages.enabled") {
        stores.push("global.pages.objectStore".to_owned());
    }
    for store in stores.iter().filter(|store| cx.enabled(&format!("{store}.enabled"))) {
        let key = format!("{store}.connection.key");
        if is_set(cx, &key) {
            required(
                cx,
                "object-storage-connection",
                &format!("{store}.connection.secret"),
                &format!("`{key}` names a key of it"),
                "name the Secret with the connection, or remove the key",
            );
        }
    }
}

/// The backup tool authenticates with a configuration of its own.
fn backups(cx: &Context) {
    if !cx.release.has(Difference::BundledDataStores) || !cx.enabled("gitlab.toolbox.enabled") {
        return;
    }
    let toolbox = "gitlab.toolbox.backups.objectStorage";
    let secret = format!("{toolbox}.config.secret");
    let hint = "create a Secret with the configuration of s3cmd, gsutil or Azure's tool, and name it here";
    if is_set(cx, &format!("{toolbox}.config.key")) {
        let why = format!("`{toolbox}.config.key` names a key of it");
        required(cx, "backup-object-storage", &secret, &why, hint);
        return;
    }
    // A pod on Google Cloud may authenticate as its service account; then the project is the only required setting.
    let by_identity =
        cx.section(&format!("{toolbox}.backend")) == "gcs" && is_set(cx, &format!("{toolbox}.config.gcpProject"));
    if cx.enabled("global.minio.enabled") || by_identity || is_set(cx, &secret) {
        return;
    }
    if !cx.enabled("global.appConfig.object_store.enabled") {
        let why = "backups are copied to object storage that is not MinIO: `global.minio.enabled` is false";
        required(cx, "backup-object-storage", &secret, why, hint);
    } else if cx.enabled("gitlab.toolbox.backups.cron.enabled") {
        warn(
            cx,
            "backup-object-storage",
            "gitlab.toolbox.backups.cron.enabled",
            &format!(
                "every backup will fail: Rails reads `global.appConfig.object_store.connection`, but the tool that copies backups reads `{secret}`, which is missing"
            ),
            hint,
        );
    }
}
