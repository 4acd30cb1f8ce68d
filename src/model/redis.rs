//! `global.redis`, and `redis` of a component over it.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::app_config::SecretKey;
use super::{Node, NodeMap, Text};

/// The settings of a Redis connection: the main one, or an instance like `cache` over it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Redis {
    /// `redis` or `rediss`.
    pub scheme: Option<Text>,
    /// The server, or the name of the master that Sentinel monitors; missing means the one that is deployed with
    /// GitLab.
    pub host: Option<Text>,
    /// Replaces `redis` in the name of the server that is deployed with GitLab.
    pub service_name: Option<Text>,
    /// 6379.
    pub port: Option<Text>,
    /// The user.
    pub user: Option<Text>,
    /// The number of the database.
    pub database: Option<Text>,
    /// The password of the main instance.
    pub auth: Auth,
    /// The password of another instance; also accepted for the main one.
    pub password: Auth,
    /// Sentinels.
    #[serde(deserialize_with = "servers")]
    pub sentinels: Vec<Server>,
    /// The password of the Sentinels.
    pub sentinel_auth: Auth,
    /// Certificates towards the server, read where the scheme is `rediss`.
    #[serde(rename = "redisTLS")]
    pub redis_tls: Tls,
    /// Certificates towards the Sentinels.
    #[serde(rename = "sentinelTLS")]
    pub sentinel_tls: Tls,
    /// The nodes of a Redis Cluster.
    #[serde(deserialize_with = "servers")]
    pub cluster: Vec<Server>,
    /// In seconds.
    pub connect_timeout: Option<Node>,
    /// In seconds.
    pub read_timeout: Option<Node>,
    /// In seconds.
    pub write_timeout: Option<Node>,
    /// The prefix of Action Cable's channels.
    pub channel_prefix: Option<Text>,
    /// The whole content of `redis.yml`.
    pub redis_yml_override: NodeMap,
}

/// The source of a password.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Auth {
    /// Whether there is a password.
    pub enabled: Option<bool>,
    /// The Secret.
    pub secret: Option<Text>,
    /// Its key.
    pub key: Option<Text>,
}

/// Certificates of one connection, each an entry of a Secret.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tls {
    /// Whether Sentinels speak TLS that do not say so themselves; not read for a server.
    pub enabled: Option<bool>,
    /// The client's certificate.
    pub cert: SecretKey,
    /// Its private key.
    pub key: SecretKey,
    /// The authority that the server's certificate is checked with.
    pub ca_file: SecretKey,
}

/// An empty map counts as an empty list: some users write `sentinels: {}`.
fn servers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Server>, D::Error> {
    match Node::deserialize(deserializer)? {
        Node::Null => Ok(Vec::new()),
        Node::Object(map) if map.is_empty() => Ok(Vec::new()),
        other => Vec::deserialize(other).map_err(|_| D::Error::custom("expected a list of hosts and ports")),
    }
}

/// A host and a port.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Server {
    /// The host.
    pub host: Text,
    /// The port.
    pub port: Option<Text>,
    /// Whether a Sentinel speaks TLS.
    pub ssl: Option<bool>,
}
