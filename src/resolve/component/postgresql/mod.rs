//! PostgreSQL: the server of Bitnami's chart 13.4.4, which the official chart brings along, and the scripts that
//! make GitLab's databases in it.
//! A running release keeps its data in the claim of this StatefulSet: names, selectors, mounts and images are the
//! chart's. There is one server; replicas are not rendered.
//! chart's. There is one server; replicas of it are not made.

mod backup;
mod exporter;
mod server;

use serde_json::{Value, json};

use crate::bundle::Difference;
use crate::model::NodeMap;
use crate::resolve::shared::bitnami::{self, Chart};
use crate::resolve::shared::postgres::Database;
use crate::resolve::shared::{kubectl_job, postgres};
use crate::resolve::workload::Workload;
use crate::resolve::{Component, Context, Plan, View};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "postgresql", key: "postgresql", resolve };

/// The server in the chart's terms.
const PRIMARY: &str = "primary";
/// The exporter in the chart's terms.
const METRICS: &str = "metrics";

/// The input of the objects.
struct Postgresql<'a> {
    chart: Chart<'a>,
    /// The name of the server's objects, which GitLab expects: it does not follow `nameOverride`.
    name: String,
    database: Database,
    /// The Secret with the passwords.
    secret: String,
    /// The key of the password of GitLab's user.
    user_key: String,
    /// The key of the password of the user `postgres`.
    admin_key: String,
    /// The port of the Service.
    port: String,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let chart = Chart::new(cx, COMPONENT.key);
    if !chart.on("install") || !cx.release.has(Difference::BundledDataStores) {
        return;
    }
    let Some(database) = postgres::main(cx, "gitlab") else { return };
    let service = cx.text("global.psql.serviceName");
    let secret = chart.text("auth.existingSecret").unwrap_or_else(|| database.server_secret(cx));
    let of = |path: &str, default: &str| chart.text(path).unwrap_or_else(|| default.to_owned());
    let pg = Postgresql {
        name: service.unwrap_or_else(|| format!("{}-postgresql", cx.release.name)),
        user_key: of("auth.secretKeys.userPasswordKey", &database.key),
        admin_key: of("auth.secretKeys.adminPasswordKey", "postgresql-postgres-password"),
        port: of("primary.service.ports.postgresql", "5432"),
        secret,
        database,
        chart,
    };
    pg.plan_scripts(plan);
    pg.plan_configuration(plan);
    pg.plan_services(plan);
    pg.plan_account(plan);
    pg.plan_server(plan);
    pg.plan_monitoring(plan);
    if pg.chart.on("backup.enabled") {
        pg.plan_backup(plan);
    }
    pg.chart.plan_own_objects(&COMPONENT, plan);
    pg.chart.warn_of_unread(include_str!("../../../../charts/postgresql/keys.txt"));
}

impl Postgresql<'_> {
    /// The scripts that the server runs when it starts on an empty volume; they belong to GitLab's chart.
    fn plan_scripts(&self, plan: &mut Plan) {
        let cx = self.chart.cx;
        let scripts = Workload::of(cx, COMPONENT.name, &kubectl_job::app_label(cx), &Value::Null);
        let registry = |key: &str, default: &str| {
            let global = cx.text(&format!("global.registry.database.{key}"));
            cx.text(&format!("registry.database.{key}")).or(global).unwrap_or_else(|| default.to_owned())
        };
        let revision = self.chart.map("primary.podAnnotations");
        let revision = revision.get("postgresql.gitlab/init-revision").and_then(Value::as_str).unwrap_or("1");
        let view = view! {
            name: self.scripts_name(), labels: scripts.labels.object, annotations: Value::Null, none: json!({}),
            registry: json!({"user": registry("user", "registry"), "database": registry("name", "registry")}),
            revision: json!({"revision": revision}),
        };
        plan.add(COMPONENT.name, "configmap-scripts.yaml", view);
    }

    fn scripts_name(&self) -> String {
        format!("{}-postgresql-init-db", self.chart.cx.release.name)
    }

    /// PostgreSQL's own configuration, where the values have one.
    fn plan_configuration(&self, plan: &mut Plan) {
        let mut add = |end: &str, data: Vec<(&str, Option<Value>)>| {
            let data: serde_json::Map<String, Value> =
                data.into_iter().filter_map(|(file, text)| Some((file.to_owned(), text?))).collect();
            let view = view! {
                name: format!("{}-{end}", self.name), labels: self.chart.labels(Some(PRIMARY)),
                annotations: self.chart.annotations(&[]), data,
            };
            plan.add(COMPONENT.name, "configmap-files.yaml", view);
        };
        if self.has_configuration() {
            let hosts = self.chart.tree("primary.pgHbaConfiguration");
            add(
                "configuration",
                vec![("postgresql.conf", self.settings("primary.configuration")), ("pg_hba.conf", hosts)],
            );
        }
        if self.has_more_configuration() {
            let more = self.settings("primary.extendedConfiguration");
            add("extended-configuration", vec![("override.conf", more)]);
        }
    }

    /// A configuration: the content of the file, or a map of its settings.
    fn settings(&self, path: &str) -> Option<Value> {
        let Value::Object(map) = self.chart.tree(path)? else { return self.chart.tree(path) };
        let lines = map.iter().map(|(name, value)| match value {
            Value::String(text) => format!("{name} = '{}'\n", text.replace('\'', "''")),
            other => format!("{name} = {other}\n"),
        });
        Some(lines.collect::<String>().into())
    }

    fn has_configuration(&self) -> bool {
        let asked = ["primary.configuration", "primary.pgHbaConfiguration"];
        self.chart.text("primary.existingConfigmap").is_none() && asked.iter().any(|p| self.chart.tree(p).is_some())
    }

    fn has_more_configuration(&self) -> bool {
        let existing = self.chart.text("primary.existingExtendedConfigmap");
        existing.is_none() && self.chart.tree("primary.extendedConfiguration").is_some()
    }

    fn plan_services(&self, plan: &mut Plan) {
        let (chart, labels) = (&self.chart, self.chart.labels(Some(PRIMARY)));
        let selector = chart.selector(Some(PRIMARY));
        let port = chart.port("primary.service", "postgresql", "tcp-postgresql", "tcp-postgresql");
        let service = chart.service("primary.service", port);
        let annotations = chart.annotations(&["primary.service.annotations"]);
        let mut add = |name: String, view: View, labels: NodeMap, annotations: NodeMap| {
            let more = view! { name, labels, annotations, selector };
            plan.add(COMPONENT.name, "service-in-full.yaml", view.over(more));
        };
        add(self.name.clone(), service, labels.clone(), annotations);

        // Pods reach each other while they start.
        let mut annotations = chart.annotations(&["primary.service.headless.annotations"]);
        annotations.insert("service.alpha.kubernetes.io/tolerate-unready-endpoints".to_owned(), "true".into());
        let port = json!({
            "name": "tcp-postgresql", "port": chart.value("primary.service.ports.postgresql"), "targetPort": "tcp-postgresql",
        });
        let headless = bitnami::headless(port).with("publish_not_ready", true);
        add(format!("{}-hl", self.name), headless, labels, annotations);

        if chart.on("metrics.enabled") {
            let port = chart.port("metrics.service", METRICS, "http-metrics", "http-metrics");
            let view = chart.service("metrics.service", port);
            let annotations = chart.annotations(&["metrics.service.annotations"]);
            add(format!("{}-metrics", self.name), view, chart.labels(Some(METRICS)), annotations);
        }
    }

    /// The name of the pods' service account.
    fn account(&self) -> String {
        let default =
            if self.chart.on("serviceAccount.create") { self.chart.full_name() } else { "default".to_owned() };
        self.chart.text("serviceAccount.name").unwrap_or(default)
    }

    fn plan_account(&self, plan: &mut Plan) {
        if !self.chart.on("serviceAccount.create") {
            return;
        }
        let view = view! {
            name: self.account(), labels: self.chart.labels(None),
            annotations: self.chart.annotations(&["serviceAccount.annotations"]),
            automount: self.chart.on("serviceAccount.automountServiceAccountToken"),
        };
        plan.add(COMPONENT.name, "serviceaccount-with-token.yaml", view);
    }
}
