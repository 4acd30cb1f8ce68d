//! `global.psql`, and `psql` of a component over it.

use serde::Deserialize;

use super::{Node, Text};

/// The settings of a PostgreSQL connection. `main`, `ci` ... below `psql` have the same keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Psql {
    /// Whether GitLab uses this database; missing means yes.
    pub enabled: Option<bool>,
    /// The server; missing means the one that is deployed with GitLab.
    pub host: Option<Text>,
    /// Replaces the name of the server that is deployed with GitLab.
    pub service_name: Option<Text>,
    /// The port, 5432.
    pub port: Option<Text>,
    /// The user, `gitlab`.
    pub username: Option<Text>,
    /// The database, `gitlabhq_production`.
    pub database: Option<Text>,
    /// The application name that the server shows.
    pub application_name: Option<Node>,
    /// Whether Rails uses prepared statements; not with PgBouncer.
    pub prepared_statements: Option<Node>,
    /// Whether migrations run against it.
    pub database_tasks: Option<bool>,
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
    /// Load balancing over replicas: `hosts` or `discover`; false means none.
    #[serde(rename = "load_balancing")]
    pub load_balancing: Option<Node>,
    /// The source of the password.
    pub password: Password,
    /// Client certificates.
    pub ssl: Ssl,
    /// The databases that may differ from `main`.
    pub known_decompositions: Vec<Text>,
}

/// The source of a password: a Secret or a file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Password {
    /// Whether a Secret holds it; missing means yes.
    pub use_secret: Option<bool>,
    /// The Secret.
    pub secret: Option<Text>,
    /// Its key.
    pub key: Option<Text>,
    /// The file that holds it, without a Secret.
    pub file: Option<Text>,
}

/// Certificates for a mutual TLS connection, as keys of one Secret.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ssl {
    /// The Secret; missing means no mutual TLS.
    pub secret: Option<Text>,
    /// The key of the authority's certificate.
    #[serde(rename = "serverCA")]
    pub server_ca: Option<Text>,
    /// The key of the client's certificate.
    pub client_certificate: Option<Text>,
    /// The key of the client's private key.
    pub client_key: Option<Text>,
}
