//! Object storage: one connection for all kinds of files, or one for each kind.

use serde_json::{Map, Value};

use super::areas::Area;
use super::{DOCS, Import, shown};
use crate::diag::Diagnostic;

/// A kind of files: its name in the package and its values.
const KINDS: [(&str, &str); 9] = [
    ("artifacts", "global.appConfig.artifacts"),
    ("ci_secure_files", "global.appConfig.ciSecureFiles"),
    ("dependency_proxy", "global.appConfig.dependencyProxy"),
    ("external_diffs", "global.appConfig.externalDiffs"),
    ("lfs", "global.appConfig.lfs"),
    ("packages", "global.appConfig.packages"),
    ("pages", "global.pages.objectStore"),
    ("terraform_state", "global.appConfig.terraformState"),
    ("uploads", "global.appConfig.uploads"),
];

/// The consolidated connection.
const SETTING: &str = "gitlab_rails.object_store";

impl Import {
    pub(super) fn object_store(&mut self, value: &Value, line: usize) {
        for field in ["enabled", "proxy_download", "storage_options"] {
            if let Some(value) = value.get(field).filter(|value| !is_nothing(value)) {
                self.put(&format!("global.appConfig.object_store.{field}"), value.clone());
            }
        }
        let read = ["enabled", "proxy_download", "storage_options", "connection", "objects"];
        self.unread(SETTING, value, &read, line);
        // Whether it is used is known at the end of the file.
        if value.get("connection").is_some_and(|connection| !is_nothing(connection)) {
            self.connection = Some(line);
        }
        for (name, object) in value.get("objects").and_then(Value::as_object).into_iter().flatten() {
            let Some((_, to)) = KINDS.iter().find(|(kind, _)| kind == name) else {
                let key = format!("{SETTING}.objects.{name}");
                self.lost("not-carried", &key, "there is no such object type", line, DOCS);
                continue;
            };
            if !object.is_object() && !object.is_null() {
                self.lost(
                    "not-carried",
                    &format!("{SETTING}.objects.{name}"),
                    "this is not a map of settings",
                    line,
                    DOCS,
                );
            }
            let read = ["bucket", "enabled", "proxy_download"];
            self.unread(&format!("{SETTING}.objects.{name}"), object, &read, line);
            for field in read {
                let wanted = |value: &&Value| !value.is_null() && (name != "pages" || field != "proxy_download");
                if let Some(value) = object.get(field).filter(wanted) {
                    self.put(&format!("{to}.{field}"), value.clone());
                }
            }
        }
    }

    /// Reports the keys of a map that the package does not read there.
    fn unread(&mut self, setting: &str, map: &Value, read: &[&str], line: usize) {
        let keys = map.as_object().into_iter().flatten();
        for (name, _) in keys.filter(|(name, value)| !read.contains(&name.as_str()) && !is_nothing(value)) {
            let kind = KINDS.iter().any(|(kind, _)| kind == name);
            let hint = if kind { "object types belong below `objects`" } else { DOCS };
            self.lost("not-carried", &format!("{setting}.{name}"), "the package does not read it here", line, hint);
        }
    }

    /// `gitlab_rails['lfs_object_store_enabled']`: whether the connection of this kind is used.
    pub(super) fn kind_of_files(&mut self, key: &str, value: &Value, line: usize) {
        if *value == Value::Bool(true) {
            return self.kind_in_store(key);
        }
        let kind = key.strip_prefix("gitlab_rails.").and_then(|name| name.strip_suffix("_object_store_enabled"));
        self.on_disk.extend(KINDS.iter().filter(|(name, _)| Some(*name) == kind).map(|(_, to)| *to));
        let message = format!("`{}`: these files are on a disk, and have to move to object storage", shown(key));
        self.note("by-hand", message, line, "copy them into the bucket, or let a restore write them there");
    }

    /// The connection of this kind of files is used.
    pub(super) fn kind_in_store(&mut self, key: &str) {
        let kind = key.strip_prefix("gitlab_rails.").and_then(|name| name.strip_suffix("_object_store_enabled"));
        self.in_store.extend(KINDS.iter().filter(|(name, _)| Some(*name) == kind).map(|(_, to)| *to));
    }

    /// Conclusions after all lines have been read: connections that are used, and those that are disabled.
    pub(super) fn stores(&mut self) {
        // Off by default, as the switch of each kind is.
        let on = self.get("global.appConfig.object_store.enabled") == Some(&Value::Bool(true));
        match self.connection {
            Some(line) if on => {
                let to = "global.appConfig.object_store.connection";
                self.named_secret(to, "gitlab-object-storage", "connection", &format!("{SETTING}.connection"), line);
            }
            Some(line) if self.get("global.appConfig.object_store.enabled").is_none() => {
                let message = format!("`{}`: without `enabled` the package does not use it", shown(SETTING));
                self.note("not-carried", message, line, "set `global.appConfig.object_store` if it is in use");
            }
            _ => {}
        }
        for (kind, to) in KINDS {
            let switch = format!("gitlab_rails.{kind}_object_store_enabled");
            let without = self.get(&format!("{to}.connection")).is_some()
                && !self.in_store.contains(&to)
                && !self.on_disk.contains(&to);
            if without {
                self.on_disk.push(to);
                let message = format!(
                    "`{}` is not set: these files are on a disk, and have to move to object storage",
                    shown(&switch)
                );
                let hint = "copy them into the bucket, or let a restore write them there";
                self.findings.push(Diagnostic::warning("by-hand", message).hint(hint));
            }
        }
        self.store_defaults(on && self.connection.is_some());
        for to in std::mem::take(&mut self.on_disk) {
            let secret = self.get(&format!("{to}.connection.secret")).and_then(Value::as_str).map(str::to_owned);
            if let Some(secret) = secret {
                self.secrets.retain(|other| other.name != secret);
                self.remove(&format!("{to}.connection"));
            }
        }
        let off_disk = self.get("global.appConfig.object_store.connection").is_some();
        // MinIO is for trials; a user with a connection has a store.
        let elsewhere = |(_, to): &(&str, &str)| self.get(&format!("{to}.connection")).is_some();
        if (off_disk || KINDS.iter().any(elsewhere)) && self.get("global.minio.enabled").is_none() {
            self.put("global.minio.enabled", false.into());
        }
        if !off_disk && self.get("global.minio.enabled") == Some(&Value::Bool(false)) {
            self.kinds_without_a_store();
        }
    }

    /// Files that the package keeps on its disk while others are in a store: a cluster has no such disk.
    fn kinds_without_a_store(&mut self) {
        let needed = |(kind, to): &(&str, &str)| {
            let by_default = matches!(*kind, "artifacts" | "lfs" | "packages" | "uploads");
            let enabled = self.get(&format!("{to}.enabled")).and_then(Value::as_bool).unwrap_or(by_default);
            enabled && self.get(&format!("{to}.connection")).is_none()
        };
        let kinds: Vec<String> = KINDS.iter().filter(|kind| needed(kind)).map(|(_, to)| format!("`{to}`")).collect();
        if !kinds.is_empty() {
            self.missing.push((Area::Storage, 0));
            let message = format!(
                "no connection to object storage is configured for {}: these files are on a disk",
                kinds.join(", ")
            );
            let hint = "name a Secret in `connection` of each, or one for all in `global.appConfig.object_store`";
            self.findings.push(Diagnostic::warning("by-hand", message).hint(hint));
        }
    }
}

/// The package's template sets unused values to `nil` and `{}`.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}
