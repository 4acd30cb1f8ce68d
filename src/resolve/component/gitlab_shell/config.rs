//! Configuration of gitlab-shell and of the two SSH daemons.

use serde::Deserialize;
use serde_json::json;

use super::{COMPONENT, Server, text};
use crate::model::app_config::SecretKey;
use crate::model::{Node, NonEmpty, Text, number_or_text};
use crate::resolve::shared::workhorse;
use crate::resolve::workload::{configure_script, secret_items};
use crate::resolve::{Plan, View};
use crate::view;

/// The path of the GSSAPI keytab.
pub(super) const KEYTAB: &str = "/etc/krb5.keytab";

/// `config:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Settings {
    ciphers: Vec<Text>,
    kex_algorithms: Vec<Text>,
    macs: Vec<Text>,
    public_key_algorithms: Vec<Text>,
    client_alive_interval: Option<Text>,
    login_grace_time: Option<Text>,
    max_startups: MaxStartups,
    pub(super) proxy_protocol: bool,
    pub(super) proxy_policy: Option<Text>,
    proxy_header_timeout: Option<Text>,
    pub(super) gssapi: Gssapi,
    lfs: Lfs,
    pat: Pat,
    #[serde(rename = "trustedUserCAKeys")]
    pub(super) trusted_user_ca_keys: CaKeys,
}

/// Certificate authorities whose user certificates GitLab's own daemon accepts: public keys in a Secret.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CaKeys {
    secret: Option<Text>,
    keys: Vec<Text>,
}

impl CaKeys {
    /// The folder of the keys below the folder of secrets.
    const FOLDER: &str = "ssh/trusted-ca-keys";

    /// The Secret with its keys as a source of a projected volume; `None` where the Secret or the keys are missing.
    pub(super) fn source(&self) -> Option<Node> {
        let secret = self.secret.non_empty().filter(|_| !self.keys.is_empty())?;
        let paths: Vec<_> = self.keys.iter().map(|key| format!("{}/{}", Self::FOLDER, key.as_str())).collect();
        Some(secret_items(secret, self.keys.iter().map(Text::as_str).zip(paths.iter().map(String::as_str))))
    }

    fn files(&self) -> Vec<String> {
        let file = |key: &Text| format!("/etc/gitlab-secrets/{}/{}", Self::FOLDER, key.as_str());
        self.source().map(|_| self.keys.iter().map(file).collect()).unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MaxStartups {
    start: Option<Text>,
    rate: Option<Text>,
    full: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Gssapi {
    pub(super) enabled: bool,
    pub(super) keytab: SecretKey,
    krb5_config: Text,
    libpath: Option<Text>,
    service_principal_name: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Lfs {
    #[serde(rename = "pureSSHProtocol")]
    pure_ssh_protocol: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Pat {
    enabled: Option<bool>,
    allowed_scopes: Vec<Text>,
}

/// `logging:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Logging {
    format: Option<Text>,
    sshd_log_level: Option<Text>,
}

/// `opensshd:`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Opensshd {
    supplemental_config: Node,
}

impl Server<'_> {
    pub(super) fn plan_configs(&self, plan: &mut Plan) {
        let w = &self.w;
        let krb5 = &self.set.config.gssapi.krb5_config;
        let place = json!([{"file": "ssh_host_*", "directory": "ssh"}]);
        let view = view! {
            name: w.name, labels: w.labels.object, configure: configure_script().with("place", place),
            config: self.config(), krb5: krb5,
        };
        plan.add(COMPONENT.name, "configmap.yaml", view);
        if !self.own_daemon() {
            let view = view! { name: self.sshd_config_map(), labels: w.labels.object, config: self.sshd_config() };
            plan.add(COMPONENT.name, "configmap-sshd.yaml", view);
        }
    }

    fn config(&self) -> View {
        let cx = self.w.cx;
        let set_to = &self.set.config;
        let tracing: Option<Text> = cx.read("global.tracing.connection.string");
        let number = |value: &Option<Text>, default: &str| number_or_text(value.non_empty().unwrap_or(default));
        view! {
            own_daemon: self.own_daemon(),
            gitlab_url: format!("{}/", workhorse::url(cx, COMPONENT.key)),
            log_file: if self.own_daemon() { "/dev/stdout" } else { "/var/log/gitlab-shell/gitlab-shell.log" },
            log_format: self.set.logging.format.non_empty().unwrap_or("json"),
            tracing: tracing.non_empty(),
            pure_ssh: set_to.lfs.pure_ssh_protocol,
            pat: set_to.pat.enabled.unwrap_or(true),
            scopes: texts(&set_to.pat.allowed_scopes),
            listen: format!("[::]:{}", self.listens()),
            web_listen: format!("0.0.0.0:{}", text(&self.metrics_port())),
            proxy_protocol: set_to.proxy_protocol,
            proxy_policy: set_to.proxy_policy.non_empty().unwrap_or("use"),
            proxy_header_timeout: number(&set_to.proxy_header_timeout, "500ms"),
            sessions: number(&set_to.max_startups.full, "100"),
            client_alive_interval: number(&set_to.client_alive_interval, "0"),
            // A little less than the grace period of Kubernetes.
            grace_period: self.grace() - 5,
            login_grace_time: number(&set_to.login_grace_time, "60"),
            ciphers: texts(&set_to.ciphers),
            kex_algorithms: texts(&set_to.kex_algorithms),
            macs: texts(&set_to.macs),
            public_key_algorithms: texts(&set_to.public_key_algorithms),
            gssapi: set_to.gssapi.enabled,
            gssapi_library: set_to.gssapi.libpath.non_empty().unwrap_or("libgssapi_krb5.so.2"),
            gssapi_principal: set_to.gssapi.service_principal_name.non_empty(),
            keytab: KEYTAB,
            ca_keys: set_to.trusted_user_ca_keys.files(),
        }
    }

    fn sshd_config(&self) -> View {
        let set_to = &self.set.config;
        let or = |value: &Option<Text>, default: &str| value.non_empty().unwrap_or(default).to_owned();
        let startups = &set_to.max_startups;
        let supplemental = &self.set.opensshd.supplemental_config;
        view! {
            port: self.listens(),
            log_level: or(&self.set.logging.sshd_log_level, "ERROR"),
            client_alive_interval: or(&set_to.client_alive_interval, "0"),
            login_grace_time: or(&set_to.login_grace_time, "60"),
            max_startups: [or(&startups.start, "10"), or(&startups.rate, "30"), or(&startups.full, "100")].join(":"),
            ciphers: texts(&set_to.ciphers), kex_algorithms: texts(&set_to.kex_algorithms),
            macs: texts(&set_to.macs), public_key_algorithms: texts(&set_to.public_key_algorithms),
            supplemental: if supplemental.is_null() { String::new() } else { text(supplemental) },
        }
    }
}

fn texts(list: &[Text]) -> Vec<&str> {
    list.iter().map(Text::as_str).collect()
}
