//! `global.psql`, and `psql` of a component over it.

use serde::Deserialize;

use super::{Node, NodeMap, Text};

/// A PostgreSQL connection, as far as it is set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Psql {
    /// The server; missing: the one that is deployed with GitLab.
    pub host: Option<Text>,
    /// The port, 5432.
    pub port: Option<Text>,
    /// The user, `gitlab`.
    pub username: Option<Text>,
    /// The database, `gitlabhq_production`.
    pub database: Option<Text>,
    /// Where the password is.
    pub password: Password,
    /// Client certificates.
    pub ssl: NodeMap,
    /// Further settings of single databases, `ci`, `main` ...: the same keys again.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Node>,
}

/// A password in a Secret or a file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Password {
    /// Whether a Secret holds it; missing: yes.
    pub use_secret: Option<bool>,
    /// The Secret.
    pub secret: Option<Text>,
    /// Its key.
    pub key: Option<Text>,
    /// The file that holds it, where no Secret does.
    pub file: Option<Text>,
}
