//! Releases without bundled data stores: PostgreSQL, Redis and object storage have to be set, and remaining settings of
//! the bundled ones are reported.

use serde_json::Value;

use super::database::oldest;
use super::{is_set, refuse, required, warn};
use crate::bundle::{Difference, POSTGRESQL_MINIMA, REDIS_MINIMA};
use crate::resolve::context::Context;
use crate::resolve::shared::trial_stores;

/// The documentation of the migration, and the command that asks for what is missing.
const GUIDE: &str = "move the data first: https://docs.gitlab.com/charts/installation/migration/bundled_chart_migration/; \
                     `gitlab-render values migrate` writes all missing values into the file as questions";

/// Reports data stores that are not set.
pub(super) fn check(cx: &Context) {
    if cx.release.has(Difference::BundledDataStores) {
        return;
    }
    database(cx);
    redis(cx);
    images(cx);
    backups(cx);
    leftovers(cx);
}

fn database(cx: &Context) {
    if trial_stores::database(cx) {
        return;
    }
    let either =
        |key: &str| is_set(cx, &format!("global.psql.{key}")) || is_set(cx, &format!("global.psql.main.{key}"));
    if !either("host") {
        let oldest = oldest(cx, POSTGRESQL_MINIMA);
        refuse(
            cx,
            "database-needed",
            "global.psql.host",
            "is missing, and this release of GitLab does not include PostgreSQL",
            &format!(
                "name your server, PostgreSQL {oldest} or newer; if the data is still in the PostgreSQL that came with GitLab, {GUIDE}"
            ),
        );
    }
    // A password in a file of the containers is in no Secret.
    let in_a_file = cx.section("global.psql.password.useSecret") == &Value::Bool(false);
    if !in_a_file && !either("password.secret") {
        refuse(
            cx,
            "database-needed",
            "global.psql.password.secret",
            "is missing, and no Secret with the password of an external server is created automatically",
            "create a Secret with the password of GitLab's user and name it here, its key in `global.psql.password.key`",
        );
    }
}

fn redis(cx: &Context) {
    let given = cx.section("global.redis.redisYmlOverride").as_object().is_some_and(|map| !map.is_empty());
    if !given && !is_set(cx, "global.redis.host") && !trial_stores::redis(cx) {
        let oldest = oldest(cx, REDIS_MINIMA);
        refuse(
            cx,
            "redis-needed",
            "global.redis.host",
            "is missing, and this release of GitLab does not include Redis",
            &format!(
                "name your server, Redis {oldest} or newer, or Valkey; if the data is still in the Redis that came with GitLab, {GUIDE}"
            ),
        );
    }
}

fn images(cx: &Context) {
    if cx.enabled("registry.enabled") && !trial_stores::objects(cx) {
        required(
            cx,
            "registry-storage",
            "registry.storage.secret",
            "this release of GitLab does not include MinIO, which would store the images",
            "create a Secret with the registry's storage configuration and name it here, or set `registry.enabled: false`",
        );
    }
}

fn backups(cx: &Context) {
    let toolbox = "gitlab.toolbox.backups.objectStorage";
    // A pod on Google Cloud authenticates as its service account and needs no configuration.
    let by_identity = cx.section(&format!("{toolbox}.backend")) == "gcs"
        && !is_set(cx, &format!("{toolbox}.config.secret"))
        && !is_set(cx, &format!("{toolbox}.config.key"));
    if cx.enabled("gitlab.toolbox.enabled") && !by_identity && !trial_stores::objects(cx) {
        required(
            cx,
            "backup-object-storage",
            &format!("{toolbox}.config.secret"),
            "this release of GitLab does not include MinIO, which would store the backups",
            "create a Secret with the configuration of s3cmd, gsutil or Azure's tool, and name it here",
        );
    }
}

/// Sections that are not read any more, and the switch in each.
const LEFTOVERS: [(&str, &str); 8] = [
    ("postgresql", "install"),
    ("redis", "install"),
    ("minio", ""),
    ("global.minio", "enabled"),
    ("global.hosts.minio", ""),
    ("registry.minio", "enabled"),
    ("global.spamcheck", "enabled"),
    ("gitlab.spamcheck", ""),
];

/// A section that is switched off is harmless; one with more keys was meant to have an effect.
fn leftovers(cx: &Context) {
    for (section, switch) in LEFTOVERS {
        let more =
            |map: &serde_json::Map<String, Value>| map.iter().any(|(key, value)| key != switch && !value.is_null());
        if cx.section(section).as_object().is_some_and(more) {
            warn(
                cx,
                "unread-key",
                section,
                "is not read: this component is no longer included in GitLab's chart",
                "remove it after the data has been moved",
            );
        }
    }
}
