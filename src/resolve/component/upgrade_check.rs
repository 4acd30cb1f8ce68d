//! The upgrade check: the deployed version, and whether it may replace the previous one.

use serde_json::{Value, json};

use crate::manifest::Phase;
use crate::model::NodeMap;
use crate::releases::{self, ChartVersion};
use crate::resolve::shared::{kubectl_job, postgres};
use crate::resolve::workload::{Workload, config_volume, env, mount};
use crate::resolve::{Component, Context, Plan, labels};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "upgrade-check", key: "upgradeCheck", resolve };

fn resolve(cx: &Context, plan: &mut Plan) {
    let app = kubectl_job::app_label(cx);
    let mut w = Workload::of(cx, COMPONENT.key, &app, cx.section(COMPONENT.key));
    w.name = format!("{}-{app}-upgrade-check", cx.release.name);
    kubectl_job::inherit_placement(&mut w);
    // Its own image takes precedence over `global.gitlabBase.image`, as an init container's does.
    w.set.init.image = w.set.image.clone();
    let info = format!("{}-{app}-chart-info", cx.release.name);
    let chart = releases::chart_of(cx.release.version());
    let view = view! {
        name: info, labels: w.labels.object, chart_version: chart.to_string(), gitlab_version: cx.gitlab_version(),
    };
    // It is applied last: until then the check of a repeated upgrade sees the previous version.
    plan.add(COMPONENT.name, "configmap-chart-info.yaml", view).phase(Phase::Post);
    if cx.enabled("upgradeCheck.enabled") {
        plan_check(&w, chart, &info, plan);
    }
}

fn plan_check(w: &Workload, chart: ChartVersion, info: &str, plan: &mut Plan) {
    let cx = w.cx;
    let database = postgres::databases(cx, "gitlab").into_iter().find(|db| db.name == "main");
    // Only the bundled PostgreSQL is checked for its version.
    let database = database.filter(|_| cx.enabled("postgresql.install"));
    let minimum = releases::minimum(chart);
    let admin = cx.section("postgresql.auth.secretKeys.adminPasswordKey").as_str();
    let script = view! {
        minimum_gitlab: minimum.map_or("0.0", |guard| guard.gitlab.as_str()),
        minimum_chart: minimum.map_or("0.0", |guard| guard.chart.as_str()),
        postgresql: database.as_ref().map(|db| json!({
            "secret": db.server_secret(cx), "password_key": db.key, "admin_key": admin.unwrap_or("postgresql-postgres-password"),
        })),
    };
    let annotations: NodeMap = cx.read("upgradeCheck.configMapAnnotations");
    let view = view! {
        name: w.name, labels: w.labels.object, script,
        annotations: hook("-11", "before-hook-creation", &annotations),
    };
    plan.add(COMPONENT.name, "configmap.yaml", view).phase(Phase::Pre);

    let mut main = kubectl_job::container(w, "run-check", w.base_image());
    main.image_pull_policy = main.image_pull_policy.or_else(|| cx.pull_policy(&w.set.image));
    main.command = Some(json!(["/bin/sh", "/scripts/runcheck"]));
    main.env = vec![env("GITLAB_VERSION", cx.gitlab_version()), env("CHART_VERSION", chart.to_string())];
    main.volume_mounts =
        vec![mount("chart-info", "/chart-info", Value::Null), mount("scripts", "/scripts", Value::Null)];
    let mut volumes = vec![
        json!({"name": "chart-info", "configMap": {"name": info, "optional": true}}),
        config_volume("scripts", &w.name),
    ];
    if let Some(db) = &database {
        main.volume_mounts.push(mount("postgresql-secret", "/etc/secrets/postgresql", Value::Null));
        volumes.push(
            json!({"name": "postgresql-secret", "secret": {"secretName": db.server_secret(w.cx), "optional": true}}),
        );
    }
    let view = view! {
        name: w.name, labels: w.labels.object, backoff_limit: 2,
        annotations: hook("-10", "hook-succeeded,before-hook-creation", &NodeMap::new()),
        // It does not use the API server, so it has no account, not even the common one.
        pod: moved(
            kubectl_job::pod(w, Vec::new(), main, volumes, "Never")
                .with("service_account_name", Value::Null)
                .with("automount_service_account_token", w.token_refused()),
        ),
    };
    plan.add(COMPONENT.name, "job.yaml", view).phase(Phase::Pre).name_by_content_without_helm();
}

/// Helm's hook annotations, with others merged over them.
fn hook(weight: &str, delete: &str, more: &NodeMap) -> NodeMap {
    let mut annotations = NodeMap::new();
    annotations.insert("helm.sh/hook".to_owned(), "pre-upgrade".into());
    annotations.insert("helm.sh/hook-weight".to_owned(), weight.into());
    annotations.insert("helm.sh/hook-delete-policy".to_owned(), delete.into());
    labels::put(&mut annotations, more);
    annotations
}
