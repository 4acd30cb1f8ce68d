//! PostgreSQL: the scripts that make GitLab's databases, and a server in place of the chart of others.

use serde_json::{Value, json};

use crate::resolve::shared::{deployment, postgres, stand_in};
use crate::resolve::workload::{Workload, env, memory_volume, projected_volume, secret_items};
use crate::resolve::{Component, Context, Plan};
use crate::view;

/// What `build.rs` puts into the table of components. Its section is the settings of the chart of others.
pub const COMPONENT: Component = Component { name: "postgresql", key: "", resolve };

/// The official image; GitLab 18 needs 16.8 or newer.
const IMAGE: &str = "docker.io/library/postgres:16.11";
/// User and group `postgres` in that image.
const POSTGRES: u32 = 999;
const PASSWORDS: &str = "/etc/gitlab/postgres";

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("postgresql.install") {
        return;
    }
    let app = deployment::app(cx);
    let scripts = Workload::of(cx, COMPONENT.name, &app, &Value::Null);
    let init = format!("{}-postgresql-init-db", cx.release.name);
    let registry = |key: &str, default: &str| {
        let global = cx.text(&format!("global.registry.database.{key}"));
        cx.text(&format!("registry.database.{key}")).or(global).unwrap_or_else(|| default.to_owned())
    };
    let view = view! {
        name: init, labels: scripts.labels.object, none: json!({}),
        registry: json!({"user": registry("user", "registry"), "database": registry("name", "registry")}),
        revision: json!({"revision": revision(cx)}),
    };
    plan.add(COMPONENT.name, "configmap.yaml", view);
    plan_server(cx, &init, plan);
}

/// Pods restart when it changes.
fn revision(cx: &Context) -> String {
    let annotations = cx.section("postgresql.primary.podAnnotations");
    let revision = annotations.get("postgresql.gitlab/init-revision").and_then(Value::as_str);
    revision.unwrap_or("1").to_owned()
}

fn plan_server(cx: &Context, init: &str, plan: &mut Plan) {
    let Some(database) = postgres::main(cx, "gitlab") else { return };
    stand_in::warn_on_upgrade(cx, COMPONENT.name, "PostgreSQL");
    let mut w = stand_in::workload(cx, "postgresql", format!("{}-postgresql", cx.release.name));
    let own = format!("{}-stand-in", w.name);
    plan.add(COMPONENT.name, "configmap-stand-in.yaml", view! { name: own, labels: w.labels.object, none: json!({}) });
    for (name, headless) in [(w.name.clone(), false), (format!("{}-hl", w.name), true)] {
        let view = view! {
            name, labels: w.labels.service, selector: w.labels.selector,
            cluster_ip: headless.then_some("None"), publish_not_ready: headless.then_some(true),
        };
        plan.add(COMPONENT.name, "service.yaml", view);
    }

    let mut main = stand_in::container("postgresql", IMAGE, cx.section("postgresql.primary.resources"));
    let data = "/var/lib/postgresql/data";
    main = main
        .with_env([
            ("PGDATA", format!("{data}/pgdata")),
            ("POSTGRES_PASSWORD_FILE", format!("{PASSWORDS}/postgres_password")),
            ("POSTGRES_DATABASE", database.database.clone()),
            ("GITLAB_USER", database.username.clone()),
        ])
        .port("tcp-postgresql", 5432)
        .mount("data", data, Value::Null)
        .mount("passwords", PASSWORDS, json!({"readOnly": true}))
        .mount("init", "/docker-entrypoint-initdb.d", json!({"readOnly": true}))
        .mount("run", "/var/run/postgresql", Value::Null)
        .mount("tmp", "/tmp", Value::Null)
        .mount("shared-memory", "/dev/shm", Value::Null);
    // While the databases are made, the server listens on its socket only.
    let ready = json!(["pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres"]);
    main.readiness_probe = Some(json!({"exec": {"command": ready}, "periodSeconds": 5, "timeoutSeconds": 5}));
    main.startup_probe =
        Some(json!({"exec": {"command": ready}, "periodSeconds": 5, "failureThreshold": 120, "timeoutSeconds": 5}));
    main.liveness_probe =
        Some(json!({"exec": {"command": ready}, "periodSeconds": 10, "failureThreshold": 6, "timeoutSeconds": 5}));
    main.default_env(env("POSTGRES_INITDB_ARGS", "--encoding=UTF8 --auth-host=scram-sha-256"));

    let admin = cx.text("postgresql.auth.secretKeys.adminPasswordKey");
    let admin = admin.unwrap_or_else(|| "postgresql-postgres-password".to_owned());
    let items = [(database.key.as_str(), "gitlab_password"), (admin.as_str(), "postgres_password")];
    let volumes = vec![
        projected_volume(
            "passwords",
            0o440,
            vec![secret_items(&database.server_secret(cx), items), registry_password(cx)],
        ),
        projected_volume(
            "init",
            0o440,
            vec![
                config_items(&own, "create_user.sh", "10-create-user.sh"),
                config_items(init, "enable_extensions.sh", "20-enable-extensions.sh"),
                config_items(init, "init_registry.sh", "30-init-registry.sh"),
            ],
        ),
        json!({"name": "run", "emptyDir": {}}),
        json!({"name": "tmp", "emptyDir": {}}),
        memory_volume("shared-memory"),
    ];
    let mut pod = stand_in::pod(&mut w, POSTGRES, POSTGRES, main, volumes);
    pod = pod.with("termination_grace_period_seconds", 120);
    let view = view! {
        name: w.name, labels: w.labels.object, selector: w.labels.selector, service: format!("{}-hl", w.name), pod: moved(pod),
        claim: stand_in::claim(cx, "postgresql.primary.persistence", "8Gi"),
    };
    plan.add(COMPONENT.name, "statefulset.yaml", view);
}

/// The registry's database is made where its password is there.
fn registry_password(cx: &Context) -> Value {
    let pick = |key: &str| {
        let own = cx.text(&format!("registry.database.password.{key}"));
        own.or_else(|| cx.text(&format!("global.registry.database.password.{key}")))
    };
    let secret = pick("secret").unwrap_or_else(|| format!("{}-registry-database-password", cx.release.name));
    let key = pick("key").unwrap_or_else(|| "password".to_owned());
    json!({"secret": {"name": secret, "optional": true, "items": [{"key": key, "path": "registry_database_password"}]}})
}

fn config_items(name: &str, key: &str, path: &str) -> Value {
    json!({"configMap": {"name": name, "items": [{"key": key, "path": path}]}})
}
