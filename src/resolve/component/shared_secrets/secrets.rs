//! The Secrets that this deployment mounts and that the user did not name: the user provides those that the values
//! name.

use serde::Serialize;
use serde_json::Value;

use crate::bundle::Difference;
use crate::resolve::context::Context;
use crate::resolve::shared::trial_stores;

/// A Secret to be created where it is missing.
#[derive(Debug, Serialize)]
pub struct Secret {
    /// Its name in the cluster.
    pub name: String,
    entries: Vec<Entry>,
}

/// How one key of a Secret, or a group of keys, is generated.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "generator", rename_all = "snake_case")]
enum Entry {
    Random { key: String, charset: &'static str, length: u32 },
    Base64 { key: String, length: u32 },
    YamlList { key: String, length: u32 },
    Literal { key: String, value: &'static str },
    Certificate { certificate: String, key: String, common_name: String, bits: u32, days: u32 },
    SshHostKeys {},
    Rails { key: String, environment: String },
}

fn random(key: impl Into<String>, length: u32) -> Entry {
    Entry::Random { key: key.into(), charset: "alphanumeric", length }
}

fn base64(key: impl Into<String>, length: u32) -> Entry {
    Entry::Base64 { key: key.into(), length }
}

/// Collects the Secrets in the order in which they are created.
struct List<'a> {
    cx: &'a Context<'a>,
    secrets: Vec<Secret>,
}

impl List<'_> {
    /// A string at a path, or the default.
    fn text(&self, path: &str, default: &str) -> String {
        self.cx.text(path).unwrap_or_else(|| default.to_owned())
    }

    /// A Secret under its default name without the release's, unless the user named one at one of the paths.
    fn add(&mut self, named_at: &[&str], name: &str, entries: impl IntoIterator<Item = Entry>) {
        let named = named_at.iter().any(|path| self.cx.text(path).is_some());
        if !named {
            let name = format!("{}-{name}", self.cx.release.name);
            self.secrets.push(Secret { name, entries: entries.into_iter().collect() });
        }
    }

    /// The same for a section with `secret` and `key`.
    fn pair(&mut self, section: &str, name: &str, key: &str, entry: impl FnOnce(String) -> Entry) {
        let key = self.text(&format!("{section}.key"), key);
        self.add(&[&format!("{section}.secret")], name, [entry(key)]);
    }

    fn on(&self, path: &str) -> bool {
        self.cx.enabled(path)
    }
}

/// The Secrets to be created; `environment` is Rails' environment.
pub fn missing(cx: &Context, environment: &str) -> Vec<Secret> {
    let mut list = List { cx, secrets: Vec::new() };
    rails(&mut list, environment);
    gitaly(&mut list);
    data_services(&mut list);
    registry(&mut list);
    kas(&mut list);
    pages(&mut list);
    mail(&mut list);
    others(&mut list);
    list.secrets
}

fn rails(list: &mut List, environment: &str) {
    list.add(&["global.shell.hostKeys.secret"], "gitlab-shell-host-keys", [Entry::SshHostKeys {}]);
    let environment = environment.to_owned();
    list.pair("global.railsSecrets", "rails-secret", "secrets.yml", |_| Entry::Rails {
        key: "secrets.yml".to_owned(),
        environment,
    });
    list.pair("global.initialRootPassword", "gitlab-initial-root-password", "password", |key| random(key, 64));
    list.pair("global.shell.authToken", "gitlab-shell-secret", "secret", |key| random(key, 64));
    list.pair("global.workhorse", "gitlab-workhorse-secret", "shared_secret", |key| base64(key, 32));
    let token = random("runner-registration-token", 64);
    let new_token = Entry::Literal { key: "runner-token".to_owned(), value: "" };
    list.add(&["global.runner.registrationToken.secret"], "gitlab-runner-secret", [token, new_token]);
}

fn gitaly(list: &mut List) {
    list.pair("global.gitaly.authToken", "gitaly-secret", "token", |key| random(key, 64));
    if list.on("global.praefect.enabled") {
        list.pair("global.praefect.authToken", "praefect-secret", "token", |key| random(key, 64));
        list.pair("global.praefect.dbSecret", "praefect-dbsecret", "secret", |key| random(key, 32));
    }
}

/// Bundled databases and stores; external ones have passwords of their own.
fn data_services(list: &mut List) {
    let asked = list.cx.section("global.redis.auth.enabled") != &Value::Bool(false) || list.on("redis.auth.enabled");
    if (list.on("redis.install") && asked) || trial_stores::redis(list.cx) {
        list.pair("global.redis.auth", "redis-secret", "secret", |key| random(key, 64));
    }
    if list.on("postgresql.install") || trial_stores::database(list.cx) {
        let user = list.text("global.psql.password.key", "postgresql-password");
        let admin = list.text("postgresql.auth.secretKeys.adminPasswordKey", "postgresql-postgres-password");
        let entries = [random(user, 64), random(admin, 64)];
        list.add(&["global.psql.password.secret"], "postgresql-password", entries);
    }
    if trial_stores::has_minio(list.cx) {
        let entries = [random("accesskey", 20), random("secretkey", 40)];
        list.add(&["global.minio.credentials.secret"], "minio-secret", entries);
    }
}

fn registry(list: &mut List) {
    // GitLab mounts the signing key, whether the registry is deployed here or elsewhere.
    let pair = Entry::Certificate {
        certificate: "registry-auth.crt".to_owned(),
        key: "registry-auth.key".to_owned(),
        common_name: "gitlab-issuer".to_owned(),
        bits: 4096,
        days: 3650,
    };
    list.add(&["global.registry.certificate.secret", "registry.certificate.secret"], "registry-secret", [pair]);
    if list.on("registry.enabled") {
        list.pair("global.registry.httpSecret", "registry-httpsecret", "secret", |key| base64(key, 64));
    }
    let notification = |key| Entry::YamlList { key, length: 32 };
    list.pair("global.registry.notificationSecret", "registry-notification", "secret", notification);
    // The bundled PostgreSQL creates the registry's database at its first start, so that the registry can begin to use
    // it later.
    let used = list.on("registry.database.enabled") || list.on("registry.database.configure");
    if (list.on("registry.enabled") && used) || list.on("postgresql.install") {
        let global = list.text("global.registry.database.password.key", "password");
        let key = list.text("registry.database.password.key", &global);
        let named = ["registry.database.password.secret", "global.registry.database.password.secret"];
        list.add(&named, "registry-database-password", [random(key, 64)]);
    }
}

fn kas(list: &mut List) {
    if !list.on("global.kas.enabled") {
        return;
    }
    list.pair("global.appConfig.gitlab_kas", "gitlab-kas-secret", "kas_shared_secret", |key| base64(key, 32));
    list.pair("gitlab.kas.privateApi", "kas-private-api", "kas_private_api_secret", |key| base64(key, 32));
    let token = |key| base64(key, 72);
    list.pair("gitlab.kas.websocketToken", "kas-websocket-token", "kas_websocket_token_secret", token);
    if list.on("gitlab.kas.autoflow.enabled") {
        let section = "gitlab.kas.autoflow.temporal.workflowDataEncryption";
        let name = "kas-autoflow-temporal-workflow-data-encryption-secret";
        list.pair(section, name, "kas_autoflow_temporal_workflow_data_encryption", |key| base64(key, 32));
    }
}

fn pages(list: &mut List) {
    // An external Pages shares this Secret as well.
    if list.on("global.pages.enabled") || list.cx.text("global.pages.host").is_some() {
        list.pair("global.pages.apiSecret", "gitlab-pages-secret", "shared_secret", |key| base64(key, 32));
    }
    if !list.on("global.pages.enabled") {
        return;
    }
    if list.on("global.pages.accessControl") {
        list.pair("global.pages.authSecret", "gitlab-pages-auth-secret", "password", |key| random(key, 64));
        let section = "global.oauth.gitlab-pages";
        let id = list.text(&format!("{section}.appIdKey"), "appid");
        let secret = list.text(&format!("{section}.appSecretKey"), "appsecret");
        let entries = [random(id, 64), random(secret, 64)];
        list.add(&[&format!("{section}.secret")], "oauth-gitlab-pages-secret", entries);
    }
}

/// Tokens by which mailroom delivers to webservice.
fn mail(list: &mut List) {
    for (section, name) in
        [("incomingEmail", "incoming-email-auth-token"), ("serviceDeskEmail", "service-desk-email-auth-token")]
    {
        let section = format!("global.appConfig.{section}");
        let by_webhook = list.text(&format!("{section}.deliveryMethod"), "webhook") == "webhook";
        if list.on(&format!("{section}.enabled")) && by_webhook {
            list.pair(&format!("{section}.authToken"), name, "authToken", |key| base64(key, 32));
        }
    }
}

fn others(list: &mut List) {
    if list.cx.release.has(Difference::SuggestedReviewers) {
        let section = "global.appConfig.suggested_reviewers";
        list.pair(section, "gitlab-suggested-reviewers", "suggested_reviewers_secret", |key| random(key, 64));
    }
    if list.on("global.appConfig.iamAuthService.enabled") {
        let section = "global.appConfig.iamAuthService.authToken";
        list.pair(section, "iam-auth-secret", "iam_auth_service_token", |key| random(key, 64));
    }
    if list.cx.release.has(Difference::ZoektBasicAuthSecret) && list.on("gitlab-zoekt.install") {
        let user = Entry::Literal { key: "gitlab_username".to_owned(), value: "gitlab" };
        let password = random("gitlab_password", 32);
        list.add(&["global.zoekt.gateway.basicAuth.secretName"], "zoekt-basicauth", [user, password]);
    }
    if list.on("global.openbao.enabled") || list.on("openbao.install") {
        list.pair("global.openbao.httpAudit", "openbao-audit-secret", "token", |key| random(key, 64));
        let unseal = "global.openbao.unseal";
        list.pair(unseal, "openbao-unseal", "key", |key| random(key, 32));
    }
}
