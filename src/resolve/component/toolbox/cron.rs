//! Scheduled backups and rebuilding of indexes.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{COMPONENT, Persistence, Settings, claim, container, init, plan_claim, registry, tools, volumes};
use crate::model::{Node, NodeMap, Text};
use crate::resolve::shared::rails::{self, Process};
use crate::resolve::workload::{Container, Workload, non_empty, safe_to_evict};
use crate::resolve::{Plan, View, labels};
use crate::view;

/// A CronJob.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cron {
    pub enabled: bool,
    schedule: Node,
    time_zone: Node,
    concurrency_policy: Node,
    starting_deadline_seconds: Node,
    successful_jobs_history_limit: Node,
    failed_jobs_history_limit: Node,
    suspend: Node,
    backoff_limit: Node,
    active_deadline_seconds: Node,
    ttl_seconds_after_finished: Node,
    restart_policy: Node,
    safe_to_evict: bool,
    extra_args: Text,
    resources: NodeMap,
    node_selector: NodeMap,
    affinity: Node,
    tolerations: Vec<Node>,
    annotations: NodeMap,
    persistence: Persistence,
}

/// The CronJob for backups.
pub fn plan_backup(w: &Workload, set: &Settings, plan: &mut Plan) {
    let cron = &set.backups.cron;
    if !cron.enabled {
        return;
    }
    let persistence = &cron.persistence;
    let mut main = registry::mount(w.cx, container(w, set, "toolbox-backup", persistence));
    if set.backups.object_storage.is_azure() {
        // The tools for Azure read their configuration from the mounted file.
        let words = format!("backup-utility {}", cron.extra_args);
        main.args = Some(json!(["/bin/bash", "-c", words.trim_end()]));
    } else {
        main.args_script = Some(tools(Value::from(cron.extra_args.as_str())));
    }
    let tmp = claim(w, persistence, "backup-tmp");
    let pod = pod(w, set, cron, main, [vec![tmp], registry::volumes(w.cx, &set.backups.registry)].concat());
    plan_cron(w, cron, "backup", pod, plan);
    if persistence.enabled && !persistence.use_generic_ephemeral_volume {
        plan_claim(w, persistence, "backup-tmp", plan);
    }
}

/// The CronJob for bloated indexes.
pub fn plan_reindex(w: &Workload, set: &Settings, plan: &mut Plan) {
    let cron = &set.database_reindex.cron;
    if !cron.enabled {
        return;
    }
    let config = rails::env(w.cx).into_iter().filter(|(name, _)| name.starts_with("CONFIG"));
    let mut main = w
        .container("toolbox-db-reindex", w.cx.edition_image(&w.set.image, "toolbox"))
        .with_env(config)
        .with_env([("BYPASS_SCHEMA_VERSION", "true".to_owned())])
        .mount("toolbox-tmp", "/srv/gitlab/tmp", json!({"readOnly": false}));
    main.args = Some(json!(["/bin/bash", "-c", "/scripts/wait-for-deps /scripts/db-reindex"]));
    let pod = pod(w, set, cron, main, vec![json!({"name": "toolbox-tmp", "emptyDir": {}})]);
    plan_cron(w, cron, "db-reindex", pod, plan);
}

fn pod(w: &Workload, set: &Settings, cron: &Cron, mut main: Container, own: Vec<Node>) -> View {
    main.resources = cron.resources.clone();
    main = rails::mounts(w.cx, main, Process::ToolboxJob, "toolbox-config", "toolbox-secrets", false);
    let mut labels = w.labels.pod.clone();
    labels.remove("app.kubernetes.io/name");
    let mut pod = w
        .pod(init(w), vec![main], [volumes(w, set, Process::ToolboxJob), own].concat())
        .with("labels", labels)
        .with("automount_service_account_token", w.token_refused())
        .with("affinity", cron.affinity.as_object().filter(|map| !map.is_empty()))
        .with("restart_policy", &cron.restart_policy);
    if !cron.node_selector.is_empty() {
        pod = pod.with("node_selector", labels::text_map(&cron.node_selector));
    }
    if let Some(tolerations) = non_empty(&cron.tolerations) {
        pod = pod.with("tolerations", tolerations);
    }
    pod.annotate(&safe_to_evict(&cron.safe_to_evict.to_string()));
    pod
}

fn plan_cron(w: &Workload, cron: &Cron, end: &str, pod: View, plan: &mut Plan) {
    let view = view! {
        name: format!("{}-{end}", w.name), labels: w.labels.object,
        annotations: labels::text_map(&cron.annotations),
        schedule: cron.schedule, time_zone: cron.time_zone, concurrency_policy: cron.concurrency_policy,
        starting_deadline_seconds: cron.starting_deadline_seconds,
        successful_jobs_history_limit: cron.successful_jobs_history_limit,
        failed_jobs_history_limit: cron.failed_jobs_history_limit,
        suspend: cron.suspend, backoff_limit: cron.backoff_limit,
        active_deadline_seconds: cron.active_deadline_seconds,
        ttl_seconds_after_finished: cron.ttl_seconds_after_finished, pod: moved(pod),
    };
    plan.add(COMPONENT.name, "cronjob.yaml", view).follows("checksum/config", &w.name);
}
