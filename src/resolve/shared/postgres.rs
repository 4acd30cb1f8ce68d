//! PostgreSQL: the databases, their clients, and the mounts of passwords and certificates.
//!
//! A database inherits each key from `psql.main`, then from `psql`; the component's section takes precedence over the
//! global one.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::psql::{Psql, Ssl};
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::context::Context;
use crate::resolve::labels::full_name;
use crate::resolve::workload::secret_items;
use crate::tree::overlay;

/// One connection of GitLab.
#[derive(Debug, Clone, Serialize)]
pub struct Database {
    /// Whether GitLab uses it; its password is mounted in any case.
    pub enabled: bool,
    /// Its name in Rails: `main`, `ci`, `sec`, `embedding` or `geo`.
    pub name: String,
    /// The server's host name.
    pub host: String,
    /// The server's port.
    pub port: Node,
    /// The user.
    pub username: String,
    /// The database.
    pub database: String,
    /// Whether migrations run against it.
    pub database_tasks: bool,
    /// Whether prepared statements are used; missing: Rails' own default.
    pub prepared_statements: Option<Node>,
    /// The application name that the server shows.
    pub application_name: Option<Node>,
    /// In seconds.
    pub connect_timeout: Option<Node>,
    /// 0 or 1.
    pub keepalives: Option<Node>,
    /// In seconds.
    pub keepalives_idle: Option<Node>,
    /// In seconds.
    pub keepalives_interval: Option<Node>,
    /// A count.
    pub keepalives_count: Option<Node>,
    /// In milliseconds.
    pub tcp_user_timeout: Option<Node>,
    /// Replicas.
    pub load_balancing: Option<Node>,
    /// The file with the password.
    pub password_file: String,
    /// Whether certificates are mounted.
    pub ssl: Option<&'static str>,
    /// The Secret with the password; empty: the password is in an existing file.
    pub secret: String,
    /// The Secret's key.
    pub key: String,
    #[serde(skip)]
    certificates: Ssl,
}

impl Database {
    /// The Secret of the bundled PostgreSQL, which has one regardless of where Rails reads the password.
    pub fn server_secret(&self, cx: &Context) -> String {
        let default = || format!("{}-postgresql-password", cx.release.name);
        if self.secret.is_empty() { default() } else { self.secret.clone() }
    }
}

/// The mount path of the databases' certificates.
const SSL: &str = "/etc/gitlab/postgres/ssl";
/// The same for Geo's tracking database.
const GEO_SSL: &str = "/etc/gitlab/postgres/geo-ssl";

/// The connections of a component whose section is `own`, by name; Geo's is not among them.
pub fn databases(cx: &Context, own: &str) -> Vec<Database> {
    if cx.has_own(&format!("{own}.psql")) {
        return read_databases(cx, own);
    }
    cx.once_as("databases", || read_databases(cx, own)).as_ref().clone()
}

fn read_databases(cx: &Context, own: &str) -> Vec<Database> {
    let general: Psql = cx.inherited("global.psql", &format!("{own}.psql"));
    let mut names: Vec<&str> = general.known_decompositions.iter().map(Text::as_str).collect();
    if !names.contains(&"main") {
        names.push("main");
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(|name| database(cx, own, name)).collect()
}

/// The main connection, for programs with only one.
pub fn main(cx: &Context, own: &str) -> Option<Database> {
    database(cx, own, "main")
}

fn database(cx: &Context, own: &str, name: &str) -> Option<Database> {
    let local = format!("{own}.psql");
    let is_there = |section: &Value| section.get(name).is_some_and(Value::is_object);
    if name != "main" && !is_there(cx.section("global.psql")) && !is_there(cx.section(&local)) {
        return None;
    }
    let main = layered(cx, &local, &["main"]);
    let tree = if name == "main" { main.clone() } else { layered(cx, &local, &["main", name]) };
    let set: Psql = cx.read_value("global.psql", &tree);
    let apart = name == "main" || ["host", "port", "database"].iter().any(|key| main.get(key) != tree.get(key));
    let release = cx.release;
    let service = text(&set.service_name, &full_name(&release.name, "postgresql", None, None));
    let host = text(&set.host, &format!("{service}.{}.svc", release.namespace));
    let mut database = connection(name, &set, host);
    database.enabled = set.enabled.unwrap_or(true);
    database.database_tasks = set.database_tasks.unwrap_or(apart);
    database.prepared_statements = Some(set.prepared_statements.clone().unwrap_or(Value::Bool(false)));
    if database.secret.is_empty() && set.password.use_secret.unwrap_or(true) {
        database.secret = format!("{}-postgresql-password", release.name);
    }
    Some(database)
}

/// Geo's tracking database, on a secondary site.
pub fn geo_tracking(cx: &Context) -> Option<Database> {
    let secondary = cx.section("global.geo.role").as_str() == Some("secondary");
    if !cx.enabled("global.geo.enabled") || !secondary {
        return None;
    }
    let set: Psql = cx.read("global.geo.psql");
    let mut geo = connection("geo", &set, text(&set.host, ""));
    geo.username = text(&set.username, "gitlab_geo");
    geo.database = text(&set.database, "gitlabhq_geo_production");
    geo.database_tasks = true;
    geo.password_file = "/etc/gitlab/postgres/geo-psql-password".to_owned();
    geo.ssl = geo.ssl.map(|_| GEO_SSL);
    if geo.secret.is_empty() {
        geo.secret = format!("{}-geo-postgresql-password", cx.release.name);
    }
    Some(geo)
}

/// `global.psql` and its parts, then the component's `psql` and its parts.
fn layered(cx: &Context, local: &str, parts: &[&str]) -> Value {
    let mut tree = Value::Null;
    let sections = [cx.section("global.psql"), cx.section(local)];
    let whole = |section: &Value| {
        let fields = section.as_object().into_iter().flatten();
        Value::Object(
            fields
                .filter(|(_, v)| !matches!(v, Value::String(s) if s.is_empty()))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        )
    };
    for section in sections {
        overlay(&mut tree, &whole(section));
    }
    for part in parts {
        for section in sections {
            overlay(&mut tree, &whole(section.get(part).unwrap_or(&Value::Null)));
        }
    }
    tree
}

fn connection(name: &str, set: &Psql, host: String) -> Database {
    let given = |value: &Option<Node>| value.clone().filter(|v| !v.is_null());
    let password = &set.password;
    let by_file = !password.use_secret.unwrap_or(true);
    let port = text(&set.port, "5432");
    Database {
        enabled: true,
        name: name.to_owned(),
        host,
        port: port.parse::<i64>().map_or_else(|_| Value::from(port.as_str()), Value::from),
        username: text(&set.username, "gitlab"),
        database: text(&set.database, "gitlabhq_production"),
        database_tasks: true,
        prepared_statements: None,
        application_name: given(&set.application_name),
        connect_timeout: given(&set.connect_timeout),
        keepalives: given(&set.keepalives),
        keepalives_idle: given(&set.keepalives_idle),
        keepalives_interval: given(&set.keepalives_interval),
        keepalives_count: given(&set.keepalives_count),
        tcp_user_timeout: given(&set.tcp_user_timeout),
        load_balancing: given(&set.load_balancing).filter(|v| v.as_object().is_some_and(|map| !map.is_empty())),
        password_file: match password.file.non_empty() {
            Some(file) if by_file => file.to_owned(),
            _ => format!("/etc/gitlab/postgres/psql-password-{name}"),
        },
        ssl: set.ssl.secret.non_empty().map(|_| SSL),
        secret: if by_file { String::new() } else { text(&password.secret, "") },
        key: text(&password.key, "postgresql-password"),
        certificates: set.ssl.clone(),
    }
}

fn text(value: &Option<Text>, default: &str) -> String {
    value.non_empty().unwrap_or(default).to_owned()
}

/// The passwords as sources of a projected volume: `postgres/psql-password-main`.
pub fn password_sources(databases: &[Database]) -> Vec<Node> {
    let source = |db: &Database| {
        let item = db.password_file.strip_prefix("/etc/gitlab/").unwrap_or(&db.password_file);
        secret_items(&db.secret, [(db.key.as_str(), item)])
    };
    databases.iter().filter(|db| !db.secret.is_empty()).map(source).collect()
}

/// The certificates as sources of a projected volume, once for all databases with the same Secret.
pub fn ssl_sources(databases: &[Database]) -> Vec<Node> {
    let mut sources = Vec::new();
    for db in databases {
        let (Some(folder), Some(secret)) = (db.ssl, db.certificates.secret.as_ref()) else { continue };
        let folder = folder.strip_prefix("/etc/gitlab/").unwrap_or(folder);
        let set = &db.certificates;
        let keys = [
            (&set.server_ca, "server-ca.pem"),
            (&set.client_certificate, "client-certificate.pem"),
            (&set.client_key, "client-key.pem"),
        ];
        let items: Vec<Node> = keys
            .iter()
            .filter_map(|(key, file)| {
                Some(json!({"key": key.as_ref()?.non_empty()?, "path": format!("{folder}/{file}")}))
            })
            .collect();
        let source = json!({"secret": {"name": secret, "items": items}});
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}
