//! Gitaly's configuration, `config.toml`, which gomplate processes in the pod.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{COMPONENT, Server};
use crate::diag::{Diagnostic, ValuePath};
use crate::model::{Node, NodeMap, Text};
use crate::resolve::shared::snake_case;
use crate::resolve::shared::workhorse;
use crate::resolve::workload::configure_script;
use crate::resolve::{Context, Plan, View};
use crate::view;

/// The settings of the file.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    backup: NodeMap,
    bundle_uri: NodeMap,
    cgroups: NodeMap,
    daily_maintenance: NodeMap,
    git: NodeMap,
    logging: NodeMap,
    pack_objects_cache: NodeMap,
    prometheus: NodeMap,
    shell: Shell,
    timeout: NodeMap,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shell {
    concurrency: Vec<Node>,
}

impl Server<'_> {
    /// Plans a ConfigMap; without names of storages, each pod's storage has the pod's name.
    pub(super) fn plan_config(&self, name: &str, storages: &[Text], plan: &mut Plan) {
        let place = json!([
            {"file": ".gitlab_shell_secret", "directory": "shell"},
            {"file": "gitaly_token", "directory": "gitaly"},
            {"file": "gitaly.crt", "directory": "gitaly"},
            {"file": "gitaly.key", "directory": "gitaly"},
            {"file": "signing_key.gpg", "directory": "gitaly"},
        ]);
        let view = view! {
            name, labels: self.w.labels.object,
            config: self.config(storages), configure: configure_script().with("place", place),
        };
        plan.add(COMPONENT.name, "configmap.yaml", view);
    }

    fn config(&self, storages: &[Text]) -> View {
        let cx = self.w.cx;
        let set_to: Settings = cx.read(COMPONENT.key);
        let cgroups = if self.set.cgroups.enabled { set_to.cgroups } else { NodeMap::new() };
        let repositories = cgroups.get("repositories").and_then(Value::as_object).cloned().unwrap_or_default();
        let limits = [("memoryBytes", "memory_bytes"), ("cpuShares", "cpu_shares"), ("cpuQuotaUs", "cpu_quota_us")];
        let counts = [("count", "count"), ("maxCgroupsPerRepo", "max_cgroups_per_repo")];
        let grace = self.set.graceful_restart_timeout.map_or(25, |n| n.0);
        let cache = &set_to.pack_objects_cache;
        let git = &set_to.git;
        view! {
            port: self.listens(false),
            tls_port: if self.gitaly.tls.enabled { self.listens(true).to_string() } else { String::new() },
            metrics_port: if self.set.metrics.enabled { self.metrics_port().to_string() } else { String::new() },
            graceful_restart_timeout: duration(grace),
            storages: storages.iter().map(Text::as_str).collect::<Vec<_>>(),
            gitlab_url: format!("{}/", workhorse::url(cx, COMPONENT.key)),
            logging: settings(&set_to.logging, &[
                ("level", "level"), ("format", "format"), ("sentryDsn", "sentry_dsn"),
                ("sentryEnvironment", "sentry_environment"),
            ]),
            prometheus: buckets(cx, &set_to.prometheus),
            signing_key: self.set.gpg_signing.enabled,
            git: settings(git, &[("catFileCacheSize", "catfile_cache_size")]),
            git_config: tables(git.get("config").and_then(Value::as_array), &["key", "value"], &[("key", "key"), ("value", "value")]),
            concurrency: concurrency(&set_to.shell.concurrency),
            pack_objects_cache: cache.get("enabled") == Some(&Value::Bool(true)),
            pack_objects_cache_lines: settings(cache, &[
                ("dir", "dir"), ("max_age", "max_age"), ("min_occurrences", "min_occurrences"),
            ]),
            backup: settings(&set_to.backup, &[("goCloudUrl", "go_cloud_url")]),
            bundle_uri: !set_to.bundle_uri.is_empty(),
            bundle_uri_url: set_to.bundle_uri.get("goCloudUrl").and_then(Value::as_str).unwrap_or_default(),
            cgroups: self.set.cgroups.enabled,
            // The default is a gomplate tag, which the template has itself.
            cgroups_mountpoint: cgroups.get("mountpoint").filter(|mountpoint| !is_own_cgroup(mountpoint)),
            cgroups_lines: settings(&cgroups, &[&[("hierarchyRoot", "hierarchy_root")], &limits[..]].concat()),
            cgroups_repositories: settings(&repositories, &[&counts[..], &limits[..]].concat()),
            daily_maintenance: !set_to.daily_maintenance.is_empty(),
            daily_maintenance_lines: settings(&lists_only(set_to.daily_maintenance, "storages"), &[
                ("disabled", "disabled"), ("startHour", "start_hour"), ("startMinute", "start_minute"),
                ("duration", "duration"), ("storages", "storages"),
            ]),
            timeout: settings(&set_to.timeout, &[
                ("uploadPackNegotiation", "upload_pack_negotiation"),
                ("uploadArchiveNegotiation", "upload_archive_negotiation"),
            ]),
        }
    }
}

/// Whether a mount point is the documented default: the init container writes it into a file.
fn is_own_cgroup(mountpoint: &Node) -> bool {
    const DEFAULT: &str = r#"{%file.Read"/etc/gitlab-secrets/gitaly-pod-cgroup"|strings.TrimSpace%}"#;
    mountpoint.as_str().is_some_and(|text| text.split_whitespace().collect::<String>() == DEFAULT)
}

/// Every key that is set, under its name in TOML.
fn settings(given: &NodeMap, names: &[(&str, &str)]) -> Vec<View> {
    let setting = |(key, name): &(&str, &str)| {
        let value = given.get(*key).filter(|value| !value.is_null())?;
        Some(view! { key: *name, value })
    };
    names.iter().filter_map(setting).collect()
}

/// The settings of each table of an array, where all the keys in `needed` are set.
fn tables(list: Option<&Vec<Node>>, needed: &[&str], names: &[(&str, &str)]) -> Vec<Vec<View>> {
    let entries = list.into_iter().flatten().filter_map(Value::as_object);
    let whole = entries.filter(|entry| needed.iter().all(|key| entry.contains_key(*key)));
    whole.map(|entry| settings(entry, names)).collect()
}

/// Limits of calls, each key under its name in TOML.
fn concurrency(list: &[Node]) -> Vec<Vec<View>> {
    let entries = list.iter().filter_map(Value::as_object);
    let settings = entries.map(|entry| {
        let given = entry.iter().filter(|(_, value)| !value.is_null());
        given.map(|(key, value)| view! { key: snake_case(key), value }).collect()
    });
    settings.collect()
}

/// Buckets: a list, or a string that holds one. Another string is written as a word, as by the official chart.
fn buckets(cx: &Context, prometheus: &NodeMap) -> Option<View> {
    let given = prometheus.get("grpcLatencyBuckets").filter(|value| !value.is_null() && *value != "")?;
    let Value::String(text) = given else { return Some(view! { buckets: given, word: Value::Null }) };
    if let Ok(numbers) = serde_json::from_str::<Vec<serde_json::Number>>(text) {
        return Some(view! { buckets: numbers, word: Value::Null });
    }
    let path = "gitlab.gitaly.prometheus.grpcLatencyBuckets";
    let message = format!("`{path}` is not a list of numbers, and Gitaly does not start with it");
    let found = Diagnostic::warning("not-toml", message).at_value(ValuePath::dotted(path));
    cx.say(found.hint("write a list, for example `[0.1, 1, 10]`"));
    Some(view! { buckets: Value::Null, word: text })
}

/// A key whose value is not a list is left out.
fn lists_only(mut settings: NodeMap, key: &str) -> NodeMap {
    if !settings.get(key).is_some_and(Value::is_array) {
        settings.shift_remove(key);
    }
    settings
}

/// A duration in Go's notation: `25s`, `2m0s`, `1h0m0s`.
fn duration(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}
