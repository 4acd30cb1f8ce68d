//! Redis: where it is, and where its password is mounted.

use serde::Serialize;

use crate::model::Node;
use crate::resolve::context::Context;
use crate::resolve::workload::secret_items;

/// A Redis instance.
#[derive(Debug, Clone, Serialize)]
pub struct Redis {
    /// `redis://:<password>@host:port/database` without the password.
    pub host: String,
    /// The port.
    pub port: String,
    /// The Secret with the password; missing: no password.
    pub secret: Option<String>,
    /// The Secret's key.
    pub key: String,
}

/// The instance that a component uses.
pub fn redis(cx: &Context, _own: &str) -> Redis {
    Redis {
        host: format!("{}-redis-master.{}.svc", cx.release.name, cx.release.namespace),
        port: "6379".to_owned(),
        secret: Some(format!("{}-redis-secret", cx.release.name)),
        key: "secret".to_owned(),
    }
}

/// The password as a source of a projected volume.
pub fn password_sources(redis: &Redis) -> Vec<Node> {
    redis.secret.iter().map(|secret| secret_items(secret, [(redis.key.as_str(), "redis/redis-password")])).collect()
}
