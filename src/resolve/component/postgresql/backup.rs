//! A CronJob that writes a dump of all databases to a claim.

use serde_json::{Value, json};

use super::{COMPONENT, Postgresql};
use crate::resolve::Plan;
use crate::resolve::labels;
use crate::resolve::shared::bitnami::env_from_secret;
use crate::resolve::workload::{Container, bare_pod, env, mount};
use crate::view;

/// The component in the chart's terms.
const PART: &str = "pg_dumpall";
const SET: &str = "backup.cronjob";

impl Postgresql<'_> {
    pub(super) fn plan_backup(&self, plan: &mut Plan) {
        let chart = &self.chart;
        let of = |key: &str| format!("{SET}.{key}");
        let name = format!("{}-pgdumpall", self.name);
        let mut labels = chart.labels(Some(PART));
        labels::put(&mut labels, &chart.map(&of("labels")));
        let existing = chart.text(&of("storage.existingClaim"));
        let claim = existing.clone().unwrap_or_else(|| name.clone());
        let volume = json!({"name": "datadir", "persistentVolumeClaim": {"claimName": claim}});
        let security = chart.switched(&of("podSecurityContext"));
        let pod = bare_pod(&labels, Vec::new(), vec![self.dump(&name)], vec![volume])
            .with("annotations", chart.annotations(&[&of("annotations")]))
            // Of the pod's security context this chart uses only `fsGroup`.
            .with("security_context", security.map(|map| json!({"fsGroup": map.get("fsGroup")})))
            .with("image_pull_secrets", chart.pull_secrets(&["image"]))
            .with("node_selector", chart.tree(&of("nodeSelector")))
            .with("restart_policy", chart.text(&of("restartPolicy")));
        let view = view! {
            name, labels, annotations: chart.annotations(&[&of("annotations")]), pod: moved(pod),
            schedule: chart.text(&of("schedule")), time_zone: chart.text(&of("timeZone")),
            concurrency_policy: chart.text(&of("concurrencyPolicy")),
            starting_deadline_seconds: chart.tree(&of("startingDeadlineSeconds")),
            successful_jobs_history_limit: chart.tree(&of("successfulJobsHistoryLimit")),
            failed_jobs_history_limit: chart.tree(&of("failedJobsHistoryLimit")),
            ttl_seconds_after_finished: chart.tree(&of("ttlSecondsAfterFinished")),
        };
        plan.add(COMPONENT.name, "cronjob.yaml", view);
        if existing.is_none() {
            let view = view! {
                name, labels, annotations: chart.annotations(&[&of("storage.annotations")]), spec: chart.claim(&of("storage")),
            };
            plan.add(COMPONENT.name, "persistentvolumeclaim.yaml", view);
        }
    }

    fn dump(&self, name: &str) -> Container {
        let chart = &self.chart;
        let folder = chart.text(&format!("{SET}.storage.mountPath")).unwrap_or_default();
        let mut dump = chart.container(name, "image", SET);
        dump.env = vec![
            env("PGUSER", "postgres"),
            env_from_secret("PGPASSWORD", &self.secret, &self.admin_key),
            env("PGHOST", &self.name),
            env("PGPORT", &self.port),
            env("PGDUMP_DIR", &folder),
        ];
        let sub_path = chart.text(&format!("{SET}.storage.subPath"));
        let options = sub_path.map_or(Value::Null, |sub_path| json!({"subPath": sub_path}));
        dump.volume_mounts = vec![mount("datadir", &folder, options)];
        dump
    }
}
