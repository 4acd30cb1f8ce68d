//! The files of a Rails process below `/etc/gitlab`, and their volumes.

use serde_json::json;

use super::{ClickHouse, Process, mail, services, sign_in};
use crate::model::app_config::{AppConfig, SecretKey};
use crate::model::{Node, NonEmpty};
use crate::resolve::Context;
use crate::resolve::shared::{gitaly_clients, object_storage, postgres, redis};
use crate::resolve::workload::{Workload, mount, projected_volume, secret_items};

/// The volume with Kerberos' keytab.
pub const KEYTAB: &str = "kerberos-keytab";
/// The volume with the key that signs mails.
pub const SMIME: &str = "smime-creds";

/// The folder of the certificate for the topology service, which coordinates cells.
const TOPOLOGY: &str = "topology-service";
/// The certificate and its key: their names in the Secret, and below [`TOPOLOGY`].
const TOPOLOGY_FILES: [&str; 2] = ["tls.crt", "tls.key"];

/// The Secret with the certificate for the topology service, where the connection has TLS.
fn topology_secret(cx: &Context, app: &AppConfig) -> Option<String> {
    let tls = &app.cell.topology_service_client.tls;
    let named = tls.secret.non_empty().map(str::to_owned);
    let there = app.cell.enabled && tls.enabled;
    there.then(|| named.unwrap_or_else(|| format!("{}-topology-service-tls", cx.release.name)))
}

/// The mounts of that certificate at the paths in `gitlab.yml`, from the secrets' volume.
pub fn topology_mounts(cx: &Context, app: &AppConfig, secrets: &str) -> Vec<Node> {
    let file = |file| {
        let options = json!({"subPath": format!("{TOPOLOGY}/{file}"), "readOnly": true});
        mount(secrets, &format!("/srv/gitlab/config/{TOPOLOGY}/{file}"), options)
    };
    topology_secret(cx, app).map(|_| TOPOLOGY_FILES.map(file).into()).unwrap_or_default()
}

/// The sources of the projected volume `init-<component>-secrets`.
pub fn secret_sources(w: &Workload, process: Process) -> Vec<Node> {
    let (cx, own) = (w.cx, w.key.as_str());
    let app = cx.once::<AppConfig>("global.appConfig");
    let rails: SecretKey = cx.read("global.railsSecrets");
    let default = format!("{}-rails-secret", cx.release.name);
    let rails = rails.secret.non_empty().unwrap_or(&default).to_owned();
    let mut sources = vec![secret_items(&rails, [("secrets.yml", "rails-secrets/secrets.yml")])];
    // Only the databases and Redis: this process uses neither repositories nor objects.
    let follows = process == Process::GeoLogcursor;
    if !follows {
        sources.extend(gitaly_clients::token_sources(cx, own));
    }
    sources.extend(redis::all_sources(cx, own));
    let mut databases = postgres::databases(cx, own);
    databases.extend(postgres::geo_tracking(cx));
    sources.extend(postgres::password_sources(&databases));
    sources.extend(postgres::ssl_sources(&databases));
    if !follows {
        sources.extend(object_storage::sources(cx, &app, process.serves(), process == Process::Sidekiq));
        let files = TOPOLOGY_FILES.map(|file| (file, format!("{TOPOLOGY}/{file}")));
        let items = files.each_ref().map(|(key, path)| (*key, path.as_str()));
        sources.extend(topology_secret(cx, &app).map(|secret| secret_items(&secret, items)));
    }
    if process.serves() {
        sources.extend(services::sources(cx, own, &app, process));
        sources.extend(mail::sources(cx, &app, process));
        sources.extend(sign_in::sources(&app, process));
    }
    let clickhouse: ClickHouse = cx.read("global.clickhouse.main");
    if let Some((secret, key)) =
        clickhouse.password.named("main_password").filter(|_| cx.enabled("global.clickhouse.enabled"))
    {
        sources.push(secret_items(secret, [(key, "clickhouse/.main_password")]));
    }
    sources
}

/// Additional volumes that settings require; [`super::mounts`] mounts them.
pub fn volumes(w: &Workload) -> Vec<Node> {
    let app = w.cx.once::<AppConfig>("global.appConfig");
    let mut volumes = Vec::new();
    if let Some((secret, key)) = app.kerberos.keytab.named("keytab") {
        let source = secret_items(secret, [(key, secret)]);
        volumes.push(json!({"name": KEYTAB, "projected": {"sources": [source]}}));
    }
    if let Some((secret, key, certificate)) = mail::smime_secret(w.cx) {
        let source = secret_items(&secret, [(key.as_str(), "smime-key"), (certificate.as_str(), "smime-cert")]);
        volumes.push(projected_volume(SMIME, 0o440, vec![source]));
    }
    volumes
}
