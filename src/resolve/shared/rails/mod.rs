//! The common parts of all Rails processes: configuration files, secrets, environment and mounts.
//!
//! A component that runs Rails calls [`config`] for the `data` of its ConfigMap, through `data: {{
//! fragment("rails-config", config) }}`; [`secret_sources`] for the files below `/etc/gitlab`; [`env`] and [`mounts`]
//! for its containers, [`volumes`] for its pod.

mod gitlab_yml;
mod mail;
mod secrets;
pub mod services;
mod sign_in;

pub use services::{pages_host, pages_redirect_uri, pages_sites};

pub use secrets::{secret_sources, volumes};

use serde_json::{Map, Value, json};

use super::{hosts, postgres, redis};
use crate::bundle::Difference;
use crate::model::app_config::{AppConfig, SecretKey};
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::context::Context;
use crate::resolve::image::ImageRef;
use crate::resolve::plan::{Plan, View, node};
use crate::resolve::workload::{Container, Workload, certificate_mounts, configure_script, mount};
use crate::view;

/// The Rails process that reads the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Puma.
    Webservice,
    /// Background jobs.
    Sidekiq,
    /// Backups and the console.
    Toolbox,
    /// The toolbox's scheduled Jobs: backups and the rebuilding of indexes.
    ToolboxJob,
    /// The Job that changes the database's schema.
    Migrations,
    /// On a Geo secondary: the daemon that follows the primary.
    GeoLogcursor,
}

impl Process {
    /// Whether it needs more than a migration does.
    fn serves(self) -> bool {
        !matches!(self, Process::Migrations | Process::GeoLogcursor)
    }

    /// Whether it works for users, unlike a tool for operators.
    fn works(self) -> bool {
        matches!(self, Process::Webservice | Process::Sidekiq)
    }
}

/// The folder of the configuration templates in a container.
pub const TEMPLATES: &str = "/var/opt/gitlab/templates";

/// Plans the ConfigMap of a process that needs nothing else in it.
pub fn plan_config(component: &'static str, w: &Workload, process: Process, plan: &mut Plan) {
    if plan.wants("configmap.yaml") {
        let view = view! { name: w.name, labels: w.labels.object, config: moved(config(w, process)) };
        plan.add(component, "configmap.yaml", view);
    }
}

/// The configuration of a process: the fields of `_shared/templates/rails-config.yaml`, which gives the whole `data` of
/// the ConfigMap.
pub fn config(w: &Workload, process: Process) -> View {
    let (cx, own) = (w.cx, w.key.as_str());
    let app = cx.once::<AppConfig>("global.appConfig");
    let mut databases = postgres::databases(cx, own);
    databases.retain(|db| db.enabled);
    databases.extend(postgres::geo_tracking(cx));
    let clickhouse: ClickHouse = cx.read("global.clickhouse.main");
    let clickhouse = view! { database: clickhouse.database, url: clickhouse.url, username: clickhouse.username };
    let session = cx.section("global.rails.sessionStore.sessionCookieTokenPrefix");
    let install = process != Process::Toolbox;
    view! {
        configure: configure_script(),
        serves: process.serves(),
        sends_mail: process != Process::Migrations,
        gitlab_file: "gitlab.yml.erb",
        installation_type: install.then_some("gitlab-helm-chart\n"),
        pages_redirect_uri: (process == Process::Migrations).then(|| services::pages_redirect_uri(cx)),
        gsutil: Value::Null,
        databases: moved(view! { databases: databases }),
        redis: moved(redis_files(cx, own)),
        redis_override: redis::yml_override(cx).map(|tree| json!({"override": tree})),
        clickhouse: cx.enabled("global.clickhouse.enabled").then_some(clickhouse),
        session_store: view! { prefix: session },
        smtp: mail::smtp(cx),
        krb5_conf: app.kerberos.krb5_config,
        gitlab: moved(gitlab_yml::view(w, process, &app)),
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct ClickHouse {
    database: Node,
    url: Node,
    username: Node,
    password: SecretKey,
}

/// The instances by the names of their files; null where Rails uses the main one.
fn redis_files(cx: &Context, own: &str) -> Node {
    let file = |redis: redis::Redis| json!({"redis": redis});
    let mut files = Map::new();
    for (key, name) in redis::INSTANCES {
        files.insert(name.to_owned(), redis::own_instance(cx, own, key).map_or(Value::Null, file));
    }
    files.insert("main".to_owned(), file(redis::redis(cx, own)));
    files.insert("action_cable".to_owned(), file(redis::instance(cx, own, "actioncable")));
    files.insert("action_cable_of_rails".to_owned(), cx.release.has(Difference::ActionCableRedis).into());
    Value::Object(files)
}

/// The variables that every Rails container has.
pub fn env(cx: &Context) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("CONFIG_TEMPLATE_DIRECTORY", TEMPLATES.to_owned()),
        ("CONFIG_DIRECTORY", "/srv/gitlab/config".to_owned()),
    ];
    if cx.enabled("global.rails.bootsnap.enabled") {
        all.push(("ENABLE_BOOTSNAP", "1".to_owned()));
    }
    all
}

/// The address to which Rails and its sidecars report traces.
pub fn tracing(cx: &Context) -> Option<(&'static str, String)> {
    Some(("GITLAB_TRACING", cx.text("global.tracing.connection.string")?))
}

/// The mount of the keytab that verifies Kerberos tickets.
pub fn keytab_mount(cx: &Context) -> Option<Node> {
    let app = cx.once::<AppConfig>("global.appConfig");
    app.kerberos.keytab.named("keytab")?;
    Some(mount(secrets::KEYTAB, "/etc/krb5.keytab", json!({"readOnly": true})))
}

/// The mounts of a Rails main container from its ConfigMap's volume, its secrets' volume, and the volumes of
/// [`volumes`]. `volume` is the secrets' volume; `init`: an init container that waits for the databases, which needs
/// fewer.
pub fn mounts(
    cx: &Context,
    container: Container,
    process: Process,
    config: &str,
    volume: &str,
    init: bool,
) -> Container {
    let read_only = || json!({"readOnly": true});
    let mut secrets_yml = json!({"subPath": "rails-secrets/secrets.yml"});
    if let (true, Some(options)) = (init, secrets_yml.as_object_mut()) {
        options.insert("readOnly".to_owned(), true.into());
    }
    let templates = if process == Process::Sidekiq { read_only() } else { json!({}) };
    let mut container = container.mount(config, TEMPLATES, templates).mount(volume, "/etc/gitlab", read_only()).mount(
        volume,
        "/srv/gitlab/config/secrets.yml",
        secrets_yml,
    );
    if !init && process != Process::GeoLogcursor {
        let app = cx.once::<AppConfig>("global.appConfig");
        container.volume_mounts.extend(secrets::topology_mounts(cx, &app, volume));
    }
    if init || !process.serves() || process == Process::ToolboxJob {
        return container;
    }
    container = container
        .mount(config, "/srv/gitlab/config/initializers/smtp_settings.rb", json!({"subPath": "smtp_settings.rb"}))
        .mount(config, "/etc/krb5.conf", json!({"subPath": "krb5.conf"}));
    if process.works() {
        container = container.mount(config, "/srv/gitlab/INSTALLATION_TYPE", json!({"subPath": "installation_type"}));
    }
    container.volume_mounts.extend(keytab_mount(cx));
    if mail::smime_secret(cx).is_some() {
        for (file, path) in [("smime-key", ".gitlab_smime_key"), ("smime-cert", ".gitlab_smime_cert")] {
            let at = format!("/home/git/gitlab/{path}");
            container = container.mount(secrets::SMIME, &at, json!({"subPath": file, "readOnly": true}));
        }
    }
    container
}

/// The init container that waits until the database has the schema that this version needs.
pub fn dependencies(w: &Workload, image: ImageRef, process: Process, config: &str, secrets: &str) -> Container {
    let mut container = w.init_container("dependencies", image).with_env(env(w.cx));
    container.args = Some(json!(["/scripts/wait-for-deps"]));
    container.volume_mounts.extend(certificate_mounts());
    mounts(w.cx, container, process, config, secrets, true)
}

/// The first string that is set.
fn first_set<'t>(texts: impl IntoIterator<Item = &'t Option<Text>>) -> Option<&'t str> {
    texts.into_iter().find_map(|text| text.non_empty())
}

/// A view as an optional value.
fn optional(there: bool, view: impl FnOnce() -> View) -> Node {
    if there { node(view()) } else { Value::Null }
}

/// The domain of mail addresses.
fn domain(cx: &Context) -> String {
    cx.section("global.hosts.domain").as_str().map_or_else(|| hosts::public(cx, "gitlab").host, str::to_owned)
}
