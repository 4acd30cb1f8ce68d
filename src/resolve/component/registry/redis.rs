//! The registry's Redis: for the cache, the rate limiter, and the state of load balancing.
//!
//! Settings that `registry.redis.<purpose>` lacks are those of GitLab's main Redis, except for the password, which
//! `global.registry.redis.<purpose>` may set.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::redis::{Auth, Server};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::Context;
use crate::resolve::plan::View;
use crate::resolve::shared::redis;
use crate::resolve::workload::secret_items;
use crate::view;

/// The key in the values, the name in the file, the placeholder of the password, and the file that holds it.
const PURPOSES: [(&str, &str, &str, &str); 3] = [
    ("cache", "cache", "REDIS_CACHE_PASSWORD", "registry/redis-password"),
    ("rateLimiting", "ratelimiter", "REDIS_RATE_LIMITING_PASSWORD", "registry/redis-rateLimiting-password"),
    ("loadBalancing", "loadbalancing", "REDIS_LOAD_BALANCING_PASSWORD", "registry/redis-loadBalancing-password"),
];

/// `registry.redis.<purpose>`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub enabled: bool,
    pub host: Option<Text>,
    port: Option<Text>,
    username: Option<Text>,
    pub password: Auth,
    sentinels: Vec<Server>,
    sentinelpassword: Auth,
    cluster: Vec<Server>,
    db: Option<Node>,
    dialtimeout: Option<Node>,
    readtimeout: Option<Node>,
    writetimeout: Option<Node>,
    tls: Node,
    pool: Node,
}

/// One of the registry's connections.
pub struct Instance {
    /// Its settings.
    pub set: Settings,
    name: &'static str,
    mark: &'static str,
    item: &'static str,
    main: redis::Redis,
}

fn all(cx: &Context) -> impl Iterator<Item = Instance> {
    PURPOSES.into_iter().map(|(key, name, mark, item)| {
        let set: Settings = cx.inherited(&format!("global.registry.redis.{key}"), &format!("registry.redis.{key}"));
        Instance { set, name, mark, item, main: redis::redis(cx, "") }
    })
}

/// The enabled connections.
pub fn instances(cx: &Context) -> Vec<Instance> {
    all(cx).filter(|instance| instance.set.enabled).collect()
}

/// The passwords as sources of a projected volume. Those of disabled connections are included, so that enabling one
/// needs no other change.
pub fn sources(cx: &Context) -> Vec<Node> {
    let mut sources: Vec<Node> = all(cx).flat_map(|instance| instance.sources(cx)).collect();
    // Also the password of GitLab's Sentinels; an enabled connection brings the one that it uses.
    let main = redis::redis(cx, "").sentinel_password.filter(|_| all(cx).all(|i| !i.set.enabled));
    sources.extend(main.map(|password| password.source()));
    sources
}

/// Whether a value is written for the registry: zero and the empty string keep the registry's own default.
fn says_something(value: &Node) -> bool {
    !value.is_null() && *value != 0 && *value != ""
}

impl Instance {
    fn own_host(&self) -> Option<&str> {
        self.set.host.non_empty()
    }

    /// `host:port` of each server, and the name under which Sentinels know the master.
    fn address(&self) -> (String, Option<&str>) {
        let own = self.own_host();
        let list = |servers: &[Server], port: &str| {
            let server = |s: &Server| format!("{}:{}", s.host, s.port.non_empty().unwrap_or(port));
            servers.iter().map(server).collect::<Vec<_>>().join(",")
        };
        if !self.set.sentinels.is_empty() {
            return (list(&self.set.sentinels, "26379"), Some(own.unwrap_or(&self.main.host)));
        }
        if !self.set.cluster.is_empty() {
            return (list(&self.set.cluster, "6379"), None);
        }
        if let Some(host) = own {
            return (format!("{host}:{}", self.set.port.non_empty().unwrap_or("6379")), None);
        }
        if !self.main.sentinels.is_empty() {
            let address = |s: &Node| format!("{}:{}", s["host"].as_str().unwrap_or_default(), s["port"]);
            return (self.main.sentinels.iter().map(address).collect::<Vec<_>>().join(","), Some(&self.main.host));
        }
        (format!("{}:{}", self.main.host, self.main.port), None)
    }

    fn has_password(&self) -> bool {
        self.set.password.enabled.unwrap_or(false)
    }

    /// The Secret with the password of the Sentinels, its own or the main one's.
    fn sentinel_secret(&self) -> Option<(String, String)> {
        let auth = &self.set.sentinelpassword;
        if auth.enabled.unwrap_or(false) {
            let secret = auth.secret.non_empty()?;
            return Some((secret.to_owned(), auth.key.non_empty().unwrap_or("password").to_owned()));
        }
        let main = self.main.sentinel_password.as_ref();
        let of_main = self.own_host().is_none() && self.set.sentinels.is_empty() && self.set.cluster.is_empty();
        main.filter(|_| of_main).map(|password| (password.secret.clone(), password.key.clone()))
    }

    /// Its section of `config.yml`.
    pub fn view(&self) -> View {
        let (addr, mainname) = self.address();
        let set = &self.set;
        let map = |node: &Node| node.as_object().filter(|map| !map.is_empty()).cloned();
        let given = |node: &Option<Node>| node.clone().filter(says_something);
        let on = |tls: &NodeMap, key: &str| tls.get(key) == Some(&Value::Bool(true));
        view! {
            name: self.name, addr, mainname, username: set.username.non_empty(),
            password: self.has_password().then_some(self.mark), sentinel_password: self.asks_sentinels_with_password(),
            db: set.db, dialtimeout: given(&set.dialtimeout), readtimeout: given(&set.readtimeout),
            writetimeout: given(&set.writetimeout),
            tls: map(&set.tls).map(|tls| json!({"enabled": on(&tls, "enabled"), "insecure": on(&tls, "insecure")})),
            pool: map(&set.pool).map(|mut pool| {
                pool.retain(|_, value| says_something(value));
                pool
            }),
        }
    }

    /// The password is for Sentinels, its own or the main ones; no other server gets it.
    fn asks_sentinels_with_password(&self) -> bool {
        let of_main = self.set.cluster.is_empty() && self.own_host().is_none() && !self.main.sentinels.is_empty();
        let sentinels = !self.set.sentinels.is_empty() || of_main;
        sentinels && self.sentinel_secret().is_some()
    }

    fn sources(&self, cx: &Context) -> Vec<Node> {
        let mut sources = Vec::new();
        if self.has_password() {
            let auth = &self.set.password;
            let (secret, key) = redis::default_password(cx);
            let secret = auth.secret.non_empty().unwrap_or(&secret);
            let key = auth.key.non_empty().unwrap_or(&key);
            sources.push(secret_items(secret, [(key, self.item)]));
        }
        if let Some((secret, key)) = self.sentinel_secret().filter(|_| self.set.enabled) {
            sources.push(secret_items(&secret, [(key.as_str(), "redis-sentinel/redis-sentinel-password")]));
        }
        sources
    }
}
