//! Settings on which the servers of Gitaly and Praefect must agree with their clients: storages, ports, tokens, TLS.

use serde::Deserialize;

use crate::model::app_config::SecretKey;
use crate::model::workload::Metrics;
use crate::model::{Node, NodeMap, NonEmpty, Number, Port, Text};
use crate::resolve::context::Context;
use crate::resolve::workload::secret_items;

/// `global.gitaly`, with a component's own settings merged over it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Gitaly {
    /// Whether Gitaly is deployed with GitLab.
    pub enabled: bool,
    /// An external server.
    pub host: Option<Text>,
    /// Its port.
    pub port: Option<Text>,
    /// The Service of the pods.
    pub service_name: Option<Text>,
    /// The token for its clients.
    pub auth_token: SecretKey,
    /// The storages that are deployed with GitLab.
    pub internal: Internal,
    /// External storages.
    pub external: Vec<External>,
    /// Ports.
    pub service: Service,
    /// Whether connections are encrypted.
    pub tls: Tls,
    /// ConfigMaps with server hooks, `preReceive`, `postReceive` and `update`.
    pub hooks: NodeMap,
}

/// `global.gitaly.internal`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Internal {
    /// The names of storages, each with a pod of its own, in this order.
    pub names: Vec<Text>,
}

/// One of `global.gitaly.external`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct External {
    /// The storage.
    pub name: Text,
    /// Its address.
    pub hostname: Text,
    /// Its port.
    pub port: Option<Text>,
    /// Replaces `global.gitaly.tls.enabled`.
    pub tls_enabled: Option<bool>,
}

/// `global.praefect`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Praefect {
    /// Whether Praefect is deployed.
    pub enabled: bool,
    /// Whether Gitaly is deployed only behind Praefect; missing means yes.
    pub replace_internal_gitaly: Option<bool>,
    /// The Service of Praefect.
    pub service_name: Option<Text>,
    /// The token for its clients.
    pub auth_token: SecretKey,
    /// The password of its database.
    pub db_secret: SecretKey,
    /// Its database.
    pub psql: NodeMap,
    /// Whether it migrates its database's schema at the start.
    pub auto_migrate: Option<bool>,
    /// The NTP server of its self-check.
    pub ntp_host: Option<Text>,
    /// The virtual storages.
    pub virtual_storages: Vec<VirtualStorage>,
    /// Ports.
    pub service: Service,
    /// Whether connections are encrypted.
    pub tls: Tls,
}

/// One of `global.praefect.virtualStorages`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VirtualStorage {
    /// The storage's name for GitLab.
    pub name: Text,
    /// The number of Gitaly pods.
    pub gitaly_replicas: Option<Number>,
    /// How many of them may be unavailable.
    pub max_unavailable: Option<Node>,
    /// The Secret with their certificate.
    pub tls_secret_name: Option<Text>,
    /// The number of replicas of a new repository.
    pub default_replication_factor: Option<Number>,
    /// Merged over `gitlab.gitaly.persistence`.
    pub persistence: NodeMap,
}

/// Ports and type of a Service.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Service {
    /// The name after which its ports are called.
    pub name: Option<Text>,
    /// The port for clients, 8075.
    pub external_port: Option<Text>,
    /// The port of the process, 8075.
    pub internal_port: Option<Text>,
    /// The same with TLS, 8076.
    pub tls: ServiceTls,
    /// `ClusterIP` ...
    pub r#type: Option<Text>,
    /// `None` for a headless Service.
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Option<Text>,
    /// The address of a load balancer.
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Option<Text>,
    /// Annotations.
    pub annotations: NodeMap,
}

/// Ports with TLS.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceTls {
    /// The port for clients.
    pub external_port: Option<Text>,
    /// The port of the process.
    pub internal_port: Option<Text>,
}

/// `tls:` of Gitaly and Praefect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tls {
    /// Whether it is enabled.
    pub enabled: bool,
    /// The Secret with the certificate.
    pub secret_name: Option<Text>,
}

impl Service {
    /// The port for clients.
    pub fn port(&self, tls: bool) -> &str {
        if tls { number(&self.tls.external_port, "8076") } else { number(&self.external_port, "8075") }
    }

    /// The name of the port, `tcp-gitaly`: the protocol and the name; the default name is the component's.
    pub fn port_name(&self, protocol: &str, component: &str) -> String {
        format!("{protocol}-{}", self.name.non_empty().unwrap_or(component))
    }

    /// The cluster IP of the Service: `None` for a headless one, which a node port or a load balancer cannot be.
    pub fn address<'a>(&self, wanted: Option<&'a str>) -> Option<&'a str> {
        let headless = matches!(self.r#type.non_empty(), None | Some("ClusterIP"));
        wanted.filter(|ip| headless || *ip != "None")
    }

    /// The port on which the process listens.
    pub fn listens(&self, tls: bool) -> &str {
        if tls { number(&self.tls.internal_port, "8076") } else { number(&self.internal_port, "8075") }
    }
}

impl Gitaly {
    /// The settings of a component whose section is `own`.
    pub fn seen_by(cx: &Context, own: &str) -> Self {
        cx.inherited("global.gitaly", &format!("{own}.gitaly"))
    }

    /// The token as a file of a projected volume.
    pub fn token(&self, cx: &Context, path: &str) -> Node {
        token(&self.auth_token, format!("{}-gitaly-secret", cx.release.name), path)
    }
}

impl Praefect {
    /// The settings, whether Praefect is enabled or not.
    pub fn of(cx: &Context) -> Self {
        cx.read("global.praefect")
    }

    /// Whether Gitaly is deployed only behind Praefect.
    pub fn replaces_gitaly(&self) -> bool {
        self.enabled && self.replace_internal_gitaly.unwrap_or(true)
    }

    /// The token as a file of a projected volume.
    pub fn token(&self, cx: &Context, path: &str) -> Node {
        token(&self.auth_token, format!("{}-praefect-secret", cx.release.name), path)
    }
}

impl VirtualStorage {
    /// How many Gitaly pods Praefect is configured with; without a number, none.
    pub fn replicas(&self) -> i64 {
        self.gitaly_replicas.map_or(0, |n| n.0)
    }

    /// The StatefulSet and Service of its Gitaly pods, `prod-gitaly-default`.
    pub fn workload(&self, gitaly: &str) -> String {
        format!("{gitaly}-{}", self.name)
    }
}

/// The Secret with a certificate, `<release>-<part>-tls` by default.
pub fn certificate(cx: &Context, named: &Option<Text>, part: &str) -> String {
    named.non_empty().map_or_else(|| format!("{}-{part}-tls", cx.release.name), str::to_owned)
}

/// The secret that Gitaly and gitlab-shell send to Rails, as a file of a projected volume.
pub fn shell_secret(cx: &Context, own: &str, path: &str) -> Node {
    let from: SecretKey = cx.inherited("global.shell.authToken", &format!("{own}.authToken"));
    let default = format!("{}-gitlab-shell-secret", cx.release.name);
    secret_items(from.secret.non_empty().unwrap_or(&default), [(from.key.non_empty().unwrap_or("secret"), path)])
}

/// The port of metrics: the older key `metricsPort` takes precedence over `port`.
pub fn metrics_port(cx: &Context, own: &str, metrics: &Metrics) -> Port {
    let older: Option<Port> = cx.read(&format!("{own}.metrics.metricsPort"));
    let port = || metrics.port.as_ref().map(|port| cx.read_value(&format!("{own}.metrics.port"), port));
    older.or_else(port).unwrap_or_else(|| Port("9236".to_owned()))
}

fn token(from: &SecretKey, default: String, path: &str) -> Node {
    secret_items(from.secret.non_empty().unwrap_or(&default), [(from.key.non_empty().unwrap_or("token"), path)])
}

fn number<'t>(text: &'t Option<Text>, default: &'t str) -> &'t str {
    text.non_empty().unwrap_or(default)
}
