//! Stand-ins for the data stores that GitLab needs, for a trial on releases that bring none.
//!
//! They have the names of the bundled stores, so that GitLab finds them where nothing else is configured.

use serde_json::Value;

use crate::bundle::Difference;
use crate::resolve::context::Context;

/// Whether stand-ins are wanted and the release brings no data stores of its own.
fn wanted(cx: &Context) -> bool {
    !cx.release.has(Difference::BundledDataStores) && cx.enabled("trialStores.enabled")
}

fn is_named(cx: &Context, paths: &[&str]) -> bool {
    paths.iter().any(|path| !matches!(cx.section(path), Value::Null) && cx.section(path) != "")
}

/// Whether PostgreSQL has a stand-in: no server is named.
pub fn database(cx: &Context) -> bool {
    wanted(cx) && !is_named(cx, &["global.psql.host", "global.psql.main.host"])
}

/// Whether Redis has a stand-in: no server is named.
pub fn redis(cx: &Context) -> bool {
    let in_full = cx.section("global.redis.redisYmlOverride").as_object().is_some_and(|map| !map.is_empty());
    wanted(cx) && !in_full && !is_named(cx, &["global.redis.host"])
}

/// Whether object storage has a stand-in: no connection is named for all kinds of objects.
pub fn objects(cx: &Context) -> bool {
    wanted(cx) && !is_named(cx, &["global.appConfig.object_store.connection.secret"])
}

/// Whether MinIO keeps the objects: the bundled one, or its stand-in.
pub fn has_minio(cx: &Context) -> bool {
    cx.enabled("global.minio.enabled") || objects(cx)
}
