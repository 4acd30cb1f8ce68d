//! `global.psql`, and `psql` of a component over it.

use serde::Deserialize;

use super::{Node, Text};

/// A PostgreSQL connection, as far as it is set. `main`, `ci` ... below `psql` have the same keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Psql {
    /// Whether GitLab uses this database; missing: yes.
    pub enabled: Option<bool>,
    /// The server; missing: the one that is deployed with GitLab.
    pub host: Option<Text>,
    /// In place of the name of the server that is deployed with GitLab.
    pub service_name: Option<Text>,
    /// The port, 5432.
    pub port: Option<Text>,
    /// The user, `gitlab`.
    pub username: Option<Text>,
    /// The database, `gitlabhq_production`.
    pub database: Option<Text>,
    /// Shown by the server.
    pub application_name: Option<Node>,
    /// Whether Rails keeps statements prepared; not with PgBouncer.
    pub prepared_statements: Option<Node>,
    /// Whether migrations run against it.
    pub database_tasks: Option<bool>,
    /// Seconds.
    pub connect_timeout: Option<Node>,
    /// 0 or 1.
    pub keepalives: Option<Node>,
    /// Seconds.
    pub keepalives_idle: Option<Node>,
    /// Seconds.
    pub keepalives_interval: Option<Node>,
    /// How many.
    pub keepalives_count: Option<Node>,
    /// Milliseconds.
    pub tcp_user_timeout: Option<Node>,
    /// Replicas: `hosts` or `discover`; false: none.
    #[serde(rename = "load_balancing")]
    pub load_balancing: Option<Node>,
    /// Where the password is.
    pub password: Password,
    /// Client certificates.
    pub ssl: Ssl,
    /// The databases that may be apart from `main`.
    pub known_decompositions: Vec<Text>,
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

/// Certificates for a mutual TLS connection, keys of one Secret.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ssl {
    /// The Secret; missing: no TLS of this kind.
    pub secret: Option<Text>,
    /// The key of the authority's certificate.
    #[serde(rename = "serverCA")]
    pub server_ca: Option<Text>,
    /// The key of the client's certificate.
    pub client_certificate: Option<Text>,
    /// The key of the client's private key.
    pub client_key: Option<Text>,
}
