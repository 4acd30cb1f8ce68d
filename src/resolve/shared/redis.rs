//! Redis: the instances, and the mounts of their passwords and certificates.
//!
//! The main instance is `global.redis` with the component's own `redis` merged over it. Rails, Workhorse and KAS may
//! have instances of their own, `global.redis.cache` ...; their missing settings are those of the main one.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::model::app_config::SecretKey;
use crate::model::redis::{Auth, Server};
use crate::model::{self, Node, NonEmpty};
use crate::resolve::context::Context;
use crate::resolve::labels::full_name;
use crate::resolve::workload::secret_items;

/// A Redis instance.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Redis {
    /// Its key in the values: `cache`, `sharedState`; empty: the main one.
    pub key: String,
    /// `redis` or `rediss`.
    pub scheme: String,
    /// The user; empty: none.
    pub user: String,
    /// `host:port/database`.
    pub address: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: String,
    /// The number of the database.
    pub database: String,
    /// Whether the password is used.
    pub with_password: bool,
    /// The password; missing: no password.
    pub password: Option<SecretFile>,
    /// The certificates for the connection to the server; none where the scheme is not `rediss`.
    pub tls: Tls,
    /// The Sentinels, each with `host`, `port`, and where it speaks TLS `ssl` and `ssl_params`.
    pub sentinels: Vec<Node>,
    /// The password of the Sentinels.
    pub sentinel_password: Option<SecretFile>,
    /// The certificates towards the Sentinels.
    pub sentinel_tls: Tls,
    /// The nodes of a Redis Cluster.
    pub cluster: Vec<Node>,
    /// In seconds.
    pub connect_timeout: Option<Node>,
    /// In seconds.
    pub read_timeout: Option<Node>,
    /// In seconds.
    pub write_timeout: Option<Node>,
    /// The prefix of Action Cable.
    pub channel_prefix: Option<String>,
}

/// A password or a certificate in a Secret, and the file it is mounted as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SecretFile {
    /// The Secret.
    pub secret: String,
    /// The Secret's key.
    pub key: String,
    /// The file below `/etc/gitlab`.
    pub item: String,
    /// The whole path.
    pub file: String,
}

impl SecretFile {
    fn new(secret: &str, key: &str, item: String) -> Self {
        SecretFile { secret: secret.to_owned(), key: key.to_owned(), file: format!("/etc/gitlab/{item}"), item }
    }

    /// The password as a source of a projected volume.
    pub fn source(&self) -> Node {
        secret_items(&self.secret, [(self.key.as_str(), self.item.as_str())])
    }
}

/// The certificates of one connection; all missing: the trust of the container is enough, and no client certificate is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// Whether the connection is by TLS.
    pub enabled: bool,
    /// The client's certificate.
    #[serde(serialize_with = "path")]
    pub cert: Option<SecretFile>,
    /// Its private key.
    #[serde(serialize_with = "path")]
    pub key: Option<SecretFile>,
    /// The authority of the server's certificate.
    #[serde(serialize_with = "path")]
    pub ca: Option<SecretFile>,
}

/// In a view, a certificate is the path of its file.
fn path<S: Serializer>(file: &Option<SecretFile>, serializer: S) -> Result<S::Ok, S::Error> {
    file.as_ref().map(|file| &file.file).serialize(serializer)
}

impl Tls {
    /// The certificates of the instance `key` as files in `folder`. An entry that it shares with the main instance is the
    /// main one's file.
    fn resolve(folder: &str, key: &str, main: &model::redis::Tls, own: Option<&model::redis::Tls>) -> Self {
        let file = |get: fn(&model::redis::Tls) -> &SecretKey, name: &str| {
            let of_main = get(main).named_both();
            match own.and_then(|own| get(own).named_both()).filter(|own| Some(*own) != of_main) {
                Some((secret, entry)) => Some(SecretFile::new(secret, entry, format!("{folder}/{key}-{name}"))),
                None => of_main.map(|(secret, entry)| SecretFile::new(secret, entry, format!("{folder}/{name}"))),
            }
        };
        let enabled = own.and_then(|own| own.enabled).or(main.enabled).unwrap_or(false);
        Tls {
            enabled,
            cert: file(|t| &t.cert, "cert"),
            key: file(|t| &t.key, "key"),
            ca: file(|t| &t.ca_file, "ca.crt"),
        }
    }

    /// All its files.
    pub fn files(&self) -> impl Iterator<Item = &SecretFile> {
        [&self.ca, &self.cert, &self.key].into_iter().flatten()
    }

    /// As redis-rb's `ssl_params`; null without certificates.
    fn params(&self) -> Node {
        let names = ["ca_file", "cert", "key"].into_iter().zip([&self.ca, &self.cert, &self.key]);
        let given: Map<String, Node> =
            names.filter_map(|(name, file)| Some((name.to_owned(), file.as_ref()?.file.clone().into()))).collect();
        if given.is_empty() { Value::Null } else { Value::Object(given) }
    }
}

/// Instances that Rails knows: the key in the values, and the name in the file's, `redis.<name>.yml`.
pub const INSTANCES: [(&str, &str); 14] = [
    ("cache", "cache"),
    ("clusterCache", "cluster_cache"),
    ("sharedState", "shared_state"),
    ("queues", "queues"),
    ("actioncable", "action_cable"),
    ("actionCablePrimary", "action_cable_primary"),
    ("traceChunks", "trace_chunks"),
    ("rateLimiting", "rate_limiting"),
    ("clusterRateLimiting", "cluster_rate_limiting"),
    ("clusterQueuesMetadata", "cluster_queues_metadata"),
    ("clusterSharedState", "cluster_shared_state"),
    ("sessions", "sessions"),
    ("repositoryCache", "repository_cache"),
    ("workhorse", "workhorse"),
];

fn settings(cx: &Context, own: &str) -> model::redis::Redis {
    cx.inherited("global.redis", &format!("{own}.redis"))
}

/// The main instance of a component.
pub fn redis(cx: &Context, own: &str) -> Redis {
    let read = || resolve(cx, &settings(cx, own), "", None);
    if cx.has_own(&format!("{own}.redis")) { read() } else { cx.once_as("redis", read).as_ref().clone() }
}

/// An instance by its key, where the values have it.
pub fn own_instance(cx: &Context, own: &str, key: &str) -> Option<Redis> {
    let path = format!("global.redis.{key}");
    let section = cx.section(&path);
    let there = section.as_object().is_some_and(|map| map.values().any(|v| !v.is_null()));
    there.then(|| resolve(cx, &settings(cx, own), key, Some(&cx.read_value(&path, section))))
}

/// An instance by its key, or else the main one.
pub fn instance(cx: &Context, own: &str, key: &str) -> Redis {
    own_instance(cx, own, key).unwrap_or_else(|| redis(cx, own))
}

/// The instances that have settings of their own, in the order of [`INSTANCES`].
pub fn instances(cx: &Context, own: &str) -> Vec<Redis> {
    INSTANCES.iter().filter_map(|(key, _)| own_instance(cx, own, key)).collect()
}

fn resolve(cx: &Context, main: &model::redis::Redis, key: &str, own: Option<&model::redis::Redis>) -> Redis {
    let text = |get: fn(&model::redis::Redis) -> &Option<model::Text>| {
        let of = |set| get(set).non_empty().map(str::to_owned);
        own.and_then(of).or_else(|| of(main))
    };
    let node = |get: fn(&model::redis::Redis) -> &Option<Node>| {
        let of = |set| get(set).clone().filter(|v| !v.is_null());
        own.and_then(of).or_else(|| of(main))
    };
    let at = own.unwrap_or(main);
    let release = cx.release;
    let service = match main.service_name.non_empty() {
        Some(service) => service.to_owned(),
        None => format!("{}-master", full_name(&release.name, "redis", None, None)),
    };
    let host = text(|r| &r.host).unwrap_or_else(|| format!("{service}.{}.svc", release.namespace));
    let port = text(|r| &r.port).unwrap_or_else(|| "6379".to_owned());
    let database = text(|r| &r.database).unwrap_or_else(|| "0".to_owned());
    let scheme = text(|r| &r.scheme).unwrap_or_else(|| "redis".to_owned());
    let tls = match scheme.as_str() {
        "rediss" => {
            let files = Tls::resolve("redis", key, &main.redis_tls, own.map(|r| &r.redis_tls));
            Tls { enabled: true, ..files }
        }
        _ => Tls::default(),
    };
    let (sentinels, sentinel_tls) = sentinels(main, key, own);
    Redis {
        key: key.to_owned(),
        scheme,
        // A cluster is a different server with users of its own.
        user: match own.filter(|own| !own.cluster.is_empty()) {
            Some(own) => own.user.non_empty().unwrap_or_default().to_owned(),
            None => text(|r| &r.user).unwrap_or_default(),
        },
        address: format!("{host}:{port}/{database}"),
        host,
        port,
        database,
        // A cluster has a password only where the instance itself sets one; the Secret is mounted in any case.
        with_password: at.cluster.is_empty() || at.password.enabled.unwrap_or(false),
        password: password(cx, main, key, own),
        tls,
        sentinels,
        sentinel_password: sentinel_password(cx, main),
        sentinel_tls,
        cluster: servers(&at.cluster, 6379),
        connect_timeout: node(|r| &r.connect_timeout),
        read_timeout: node(|r| &r.read_timeout),
        write_timeout: node(|r| &r.write_timeout),
        channel_prefix: own.and_then(|r| r.channel_prefix.as_ref()).and_then(model::Text::non_empty).map(str::to_owned),
    }
}

fn password(
    cx: &Context,
    main: &model::redis::Redis,
    key: &str,
    own: Option<&model::redis::Redis>,
) -> Option<SecretFile> {
    // `password` of the main instance is an old spelling of `auth`.
    let chain: Vec<&Auth> = own.map(|r| &r.password).into_iter().chain([&main.password, &main.auth]).collect();
    if !chain.iter().find_map(|auth| auth.enabled).unwrap_or(true) {
        return None;
    }
    let item = if key.is_empty() { "redis/redis-password".to_owned() } else { format!("redis/{key}-password") };
    let secret = chain.iter().find_map(|auth| auth.secret.non_empty());
    let entry = chain.iter().find_map(|auth| auth.key.non_empty());
    let (default, default_key) = default_password(cx);
    Some(SecretFile::new(secret.unwrap_or(&default), entry.unwrap_or(&default_key), item))
}

/// The password that the bundled server requires; a different setting decides whether GitLab sends one.
pub fn server_password(cx: &Context) -> SecretFile {
    let mut main = settings(cx, "");
    main.auth.enabled = Some(true);
    main.password.enabled = None;
    password(cx, &main, "", None).unwrap_or_default()
}

/// The default Secret and key of a password: those of the main instance.
pub fn default_password(cx: &Context) -> (String, String) {
    let main: model::redis::Redis = cx.read("global.redis");
    let given = |get: fn(&Auth) -> &Option<model::Text>| {
        [&main.password, &main.auth].into_iter().find_map(|auth| get(auth).non_empty()).map(str::to_owned)
    };
    let secret = given(|auth| &auth.secret).unwrap_or_else(|| format!("{}-redis-secret", cx.release.name));
    (secret, given(|auth| &auth.key).unwrap_or_else(|| "secret".to_owned()))
}

fn sentinel_password(cx: &Context, main: &model::redis::Redis) -> Option<SecretFile> {
    let auth = &main.sentinel_auth;
    let default = format!("{}-redis-sentinel-secret", cx.release.name);
    let secret = auth.secret.non_empty().unwrap_or(&default);
    let key = auth.key.non_empty().unwrap_or("secret");
    let item = "redis-sentinel/redis-sentinel-password".to_owned();
    auth.enabled.unwrap_or(false).then(|| SecretFile::new(secret, key, item))
}

/// The Sentinels of an instance and their certificates. They are not shared between instances, their certificates may be.
fn sentinels(main: &model::redis::Redis, key: &str, own: Option<&model::redis::Redis>) -> (Vec<Node>, Tls) {
    let list = &own.unwrap_or(main).sentinels;
    let mut nodes = servers(list, 26379);
    let mut tls = Tls::resolve("redis-sentinel", key, &main.sentinel_tls, own.map(|r| &r.sentinel_tls));
    // A check refuses Sentinels of which only some speak TLS.
    tls.enabled = !list.is_empty() && list.iter().any(|server| server.ssl.unwrap_or(tls.enabled));
    if !tls.enabled {
        return (nodes, Tls::default());
    }
    let params = tls.params();
    for node in &mut nodes {
        node["ssl"] = true.into();
        if !params.is_null() {
            node["ssl_params"] = params.clone();
        }
    }
    (nodes, tls)
}

fn servers(list: &[Server], port: i64) -> Vec<Node> {
    let number =
        |text: &model::Text| text.as_str().parse::<i64>().map_or_else(|_| Value::from(text.as_str()), Value::from);
    let server = |server: &Server| {
        let port = server.port.as_ref().filter(|p| p.non_empty().is_some()).map_or(Value::from(port), number);
        json!({"host": server.host, "port": port})
    };
    list.iter().map(server).collect()
}

/// The content of `redis.yml` where `global.redis.redisYmlOverride` has it: a password in a Secret is read from its
/// mounted file.
pub fn yml_override(cx: &Context) -> Option<Node> {
    let mut tree = cx.section("global.redis.redisYmlOverride").as_object()?.clone();
    if tree.is_empty() {
        return None;
    }
    for (name, instance) in &mut tree {
        let Some(fields) = instance.as_object_mut() else { continue };
        let Some(auth) = fields.get("password").filter(|p| p.is_object()) else { continue };
        if auth.get("enabled").and_then(Value::as_bool).unwrap_or(true) {
            let file = format!("/etc/gitlab/redis/{name}-override-password");
            let tag = format!("<%= ERB::Util.url_encode(File.read(\"{file}\").strip) %>");
            fields.insert("password".to_owned(), tag.into());
        } else {
            fields.shift_remove("password");
        }
    }
    Some(Value::Object(tree))
}

/// The passwords of `global.redis.redisYmlOverride` as sources of a projected volume.
fn override_sources(cx: &Context) -> Vec<Node> {
    let Some(tree) = cx.section("global.redis.redisYmlOverride").as_object() else { return Vec::new() };
    let mut names: Vec<&String> = tree.keys().collect();
    names.sort();
    let source = |name: &String| {
        let auth = tree.get(name).and_then(|i| i.get("password")).filter(|p| p.is_object());
        let field = |key: &str| auth.and_then(|a| a.get(key)).and_then(Value::as_str).filter(|s| !s.is_empty());
        if auth.and_then(|a| a.get("enabled")).and_then(Value::as_bool) == Some(false) {
            return None;
        }
        let (secret, key) = default_password(cx);
        let item = format!("redis/{name}-override-password");
        Some(SecretFile::new(field("secret").unwrap_or(&secret), field("key").unwrap_or(&key), item).source())
    };
    names.into_iter().filter_map(source).collect()
}

/// The passwords and certificates of instances as sources of a projected volume, each file once.
pub fn sources<'a>(instances: impl IntoIterator<Item = &'a Redis>) -> Vec<Node> {
    let mut files: Vec<&SecretFile> = Vec::new();
    for redis in instances {
        let passwords = redis.sentinel_password.iter().chain(&redis.password);
        for file in passwords.chain(redis.tls.files()).chain(redis.sentinel_tls.files()) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    files.into_iter().map(SecretFile::source).collect()
}

/// What all instances need, the main one last.
pub fn all_sources(cx: &Context, own: &str) -> Vec<Node> {
    let mut all = override_sources(cx);
    let mut named = instances(cx, own);
    for redis in &mut named {
        // The password of the Sentinels is the main instance's alone.
        redis.sentinel_password = None;
    }
    named.push(redis(cx, own));
    all.extend(sources(&named));
    all
}
