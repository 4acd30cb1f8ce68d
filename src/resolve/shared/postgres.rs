//! PostgreSQL: where it is, who connects, and where the password is mounted.

use serde::Serialize;

use crate::model::psql::Psql;
use crate::model::{Node, Text};
use crate::resolve::context::Context;
use crate::resolve::workload::secret_items;

/// One connection of GitLab, `main` or `ci`.
#[derive(Debug, Clone, Serialize)]
pub struct Database {
    /// The name under which Rails knows it.
    pub name: &'static str,
    /// The server's host name.
    pub host: String,
    /// The server's port.
    pub port: String,
    /// The user.
    pub username: String,
    /// The database.
    pub database: String,
    /// The Secret with the password.
    pub secret: String,
    /// The Secret's key.
    pub key: String,
}

/// The connections of a component whose section is `own`.
pub fn databases(cx: &Context, own: &str) -> Vec<Database> {
    ["ci", "main"].into_iter().map(|name| database(cx, own, name)).collect()
}

fn database(cx: &Context, own: &str, name: &'static str) -> Database {
    let set: Psql = cx.inherited("global.psql", &format!("{own}.psql"));
    let release = &cx.release;
    let text = |value: &Option<Text>, default: &str| value.as_ref().and_then(Text::set).unwrap_or(default).to_owned();
    Database {
        name,
        host: text(&set.host, &format!("{}-postgresql.{}.svc", release.name, release.namespace)),
        port: text(&set.port, "5432"),
        username: text(&set.username, "gitlab"),
        database: text(&set.database, "gitlabhq_production"),
        secret: text(&set.password.secret, &format!("{}-postgresql-password", release.name)),
        key: text(&set.password.key, "postgresql-password"),
    }
}

/// The passwords as sources of a projected volume: `postgres/psql-password-main`.
pub fn password_sources(databases: &[Database]) -> Vec<Node> {
    let source = |db: &Database| {
        secret_items(&db.secret, [(db.key.as_str(), format!("postgres/psql-password-{}", db.name).as_str())])
    };
    databases.iter().map(source).collect()
}
