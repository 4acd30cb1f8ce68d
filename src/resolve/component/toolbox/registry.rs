//! The registry's metadata database in backups: the connection, and the users with permission to read and restore it.

use serde::Deserialize;
use serde_json::json;

use super::COMPONENT;
use crate::bundle::Difference;
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::workload::{Container, Workload};
use crate::resolve::{Context, Plan};
use crate::view;

/// `backups.registry`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Registry {
    database: Database,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Database {
    backup_user: Option<Text>,
    restore_user: Option<Text>,
    password: Passwords,
}

/// The passwords of both users, keys of one Secret.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Passwords {
    secret: Option<Text>,
    backup_password_key: Option<Text>,
    restore_password_key: Option<Text>,
}

const VOLUME: &str = "registry-db-config";

fn users(cx: &Context) -> String {
    format!("{}-toolbox-registry-db-backuprestore-users", cx.release.name)
}

/// The ConfigMap with the names of the users, where it exists.
pub fn plan_users(w: &Workload, set: &Registry, plan: &mut Plan) {
    let user = |user: &Option<Text>| user.non_empty().map(|user| view! { user });
    let (backup, restore) = (user(&set.database.backup_user), user(&set.database.restore_user));
    if w.cx.release.has(Difference::RegistryBackupInToolbox) && (backup.is_some() || restore.is_some()) {
        let view = view! { name: users(w.cx), labels: w.labels.object, backup, restore };
        plan.add(COMPONENT.name, "configmap-registry.yaml", view);
    }
}

/// Mounts the files that `backup-utility` reads.
pub fn mount(cx: &Context, container: Container) -> Container {
    match cx.release.has(Difference::RegistryBackupInToolbox) {
        true => container.mount(VOLUME, "/etc/gitlab/registry-db/", json!({"readOnly": true})),
        false => container,
    }
}

/// The volume of [`mount`]. All of it is optional: without a metadata database or users there is nothing to read.
pub fn volumes(cx: &Context, set: &Registry) -> Vec<Node> {
    if !cx.release.has(Difference::RegistryBackupInToolbox) {
        return Vec::new();
    }
    let release = &cx.release.name;
    let text = |value: &Option<Text>, default: &str| value.non_empty().unwrap_or(default).to_owned();
    let passwords = &set.database.password;
    let map = |name: String, items: Node| json!({"configMap": {"name": name, "optional": true, "items": items}});
    let sources = [
        map(
            format!("{release}-registry-db-connection-config"),
            json!([{"key": "db-connection.env", "path": "connection.env"}]),
        ),
        map(
            users(cx),
            json!([
                {"key": "backup-user", "path": "backup-user.env"},
                {"key": "restore-user", "path": "restore-user.env"},
            ]),
        ),
        json!({"secret": {
            "name": text(&passwords.secret, &format!("{release}-toolbox-registry-database-password")),
            "optional": true,
            "items": [
                {"key": text(&passwords.backup_password_key, "backupPassword"), "path": "backup-pass"},
                {"key": text(&passwords.restore_password_key, "restorePassword"), "path": "restore-pass"},
            ],
        }}),
    ];
    vec![json!({"name": VOLUME, "projected": {"defaultMode": 0o440, "sources": sources}})]
}
