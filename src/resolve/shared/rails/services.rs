//! Rails' settings for other parts of GitLab: Pages, KAS, the registry, OpenBao, workspaces, the shell.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Process, first_set, optional};
use crate::bundle::Difference;
use crate::model::app_config::{AppConfig, SecretKey};
use crate::model::{Node, NonEmpty, Switch, Text};
use crate::resolve::context::Context;
use crate::resolve::plan::View;
use crate::resolve::shared::{hosts, object_storage};
use crate::resolve::workload::secret_items;
use crate::view;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Pages {
    enabled: bool,
    access_control: Node,
    artifacts_server: Node,
    path: Option<Text>,
    host: Option<Text>,
    port: Option<Node>,
    https: Option<bool>,
    external_http: Vec<Node>,
    external_https: Vec<Node>,
    custom_domain_mode: Option<Text>,
    namespace_in_path: Node,
    local_store: LocalStore,
    api_secret: SecretKey,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalStore {
    enabled: Node,
    path: Option<Text>,
}

/// The external address of Pages: the host, and whether it uses HTTPS.
fn pages_address(cx: &Context, pages: &Pages) -> (String, bool) {
    let public = hosts::public(cx, "pages");
    let host = pages.host.non_empty().map_or(public.host, str::to_owned);
    (host, pages.https.unwrap_or(public.https))
}

/// Whether there is a Pages: our own, or an external one, which has a host.
fn uses_pages(pages: &Pages) -> bool {
    pages.enabled || pages.host.non_empty().is_some()
}

/// The domain of Pages' sites: `global.pages.host`, or else the host of `global.hosts`.
pub fn pages_host(cx: &Context) -> String {
    pages_address(cx, &cx.read("global.pages")).0
}

/// The host of the sites: a subdomain for each, or one host for all where sites are distinguished by path.
pub fn pages_sites(cx: &Context) -> String {
    let host = pages_host(cx);
    if cx.enabled("global.pages.namespaceInPath") { host } else { format!("*.{host}") }
}

/// Pages.
pub fn pages(cx: &Context, own: &str) -> View {
    let pages: Pages = cx.read("global.pages");
    let (host, https) = pages_address(cx, &pages);
    let mode = match pages.custom_domain_mode.non_empty() {
        Some(mode) => Some(mode.to_owned()),
        None if !pages.external_https.is_empty() => Some("https".to_owned()),
        None if !pages.external_http.is_empty() => Some("http".to_owned()),
        None => None,
    };
    view! {
        enabled: uses_pages(&pages),
        access_control: pages.access_control,
        artifacts_server: pages.artifacts_server,
        path: pages.path.non_empty().unwrap_or("/srv/gitlab/shared/pages"),
        host: host,
        port: pages.port.filter(|p| !p.is_null()).unwrap_or_else(|| Value::from(if https { 443 } else { 80 })),
        https: https,
        external_http: !pages.external_http.is_empty(),
        external_https: !pages.external_https.is_empty(),
        custom_domain_mode: mode,
        namespace_in_path: pages.namespace_in_path,
        local_store: view! { enabled: pages.local_store.enabled, path: pages.local_store.path.non_empty() },
        store: object_storage::pages_store(cx, own),
    }
}

/// The redirect URI of Pages' OAuth application.
pub fn pages_redirect_uri(cx: &Context) -> String {
    let set = cx.section("global.oauth.gitlab-pages.redirectUri").as_str().filter(|uri| !uri.is_empty());
    let pages: Pages = cx.read("global.pages");
    let (host, https) = pages_address(cx, &pages);
    let scheme = if https { "https" } else { "http" };
    match set {
        Some(uri) => uri.to_owned(),
        None if pages.namespace_in_path == Value::Bool(true) => format!("{scheme}://{host}/projects/auth"),
        None => format!("{scheme}://projects.{host}/auth"),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Kas {
    enabled: bool,
    service: KasService,
    tls: Switch,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct KasService {
    api_external_port: Option<Text>,
}

/// KAS: our own, or an external one.
pub fn kas(cx: &Context, app: &AppConfig) -> Node {
    let kas: Kas = cx.read("global.kas");
    let set = &app.gitlab_kas;
    let public = hosts::public(cx, "kas");
    let external = match set.external_url.non_empty() {
        Some(url) => url.to_owned(),
        None => format!("{}://{}", if public.https { "wss" } else { "ws" }, public.host),
    };
    let internal = match set.internal_url.non_empty() {
        Some(url) => url.to_owned(),
        None => {
            let scheme = if kas.tls.enabled { "grpcs" } else { "grpc" };
            let port = kas.service.api_external_port.non_empty().unwrap_or("8153");
            format!("{scheme}://{}-kas.{}.svc:{port}", cx.release.name, cx.release.namespace)
        }
    };
    optional(uses_kas(cx, app), || {
        view! { external_url: external, internal_url: internal, client_timeout_seconds: set.client_timeout_seconds }
    })
}

fn uses_kas(cx: &Context, app: &AppConfig) -> bool {
    cx.enabled("global.kas.enabled") || app.gitlab_kas.enabled.unwrap_or(false)
}

/// Remote development.
pub fn workspaces(cx: &Context, app: &AppConfig) -> Node {
    let there = app.workspaces.enabled || cx.enabled("global.workspaces.enabled");
    let host = app.workspaces.host.non_empty().map(str::to_owned);
    optional(there, || view! { host: host.unwrap_or_else(|| hosts::public(cx, "workspaces").host) })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OpenBao {
    enabled: bool,
    host: Option<Text>,
    https: Option<bool>,
    url: Option<Text>,
    internal_host: Option<Text>,
    internal_url: Option<Text>,
    jwt_audience: Option<Text>,
    #[serde(rename = "httpAudit")]
    http_audit: SecretKey,
}

/// The host of OpenBao for users and runners.
pub fn openbao_host(cx: &Context) -> String {
    let set: OpenBao = cx.read("global.openbao");
    first_set([&set.host]).map_or_else(|| hosts::public(cx, "openbao").host, str::to_owned)
}

/// The URL of OpenBao for users and runners.
pub fn openbao_url(cx: &Context) -> String {
    let set: OpenBao = cx.read("global.openbao");
    first_set([&set.url]).map_or_else(|| format!("{}://{}", openbao_scheme(cx, &set), openbao_host(cx)), str::to_owned)
}

fn openbao_scheme(cx: &Context, set: &OpenBao) -> &'static str {
    if set.https.unwrap_or_else(|| hosts::public(cx, "openbao").https) { "https" } else { "http" }
}

/// OpenBao, the store of CI secrets.
pub fn openbao(cx: &Context) -> Node {
    let set: OpenBao = cx.read("global.openbao");
    let address = |host: &str| format!("{}://{host}", openbao_scheme(cx, &set));
    optional(set.enabled, || {
        let internal = first_set([&set.internal_url]).map(str::to_owned);
        view! {
            url: openbao_url(cx),
            internal_url: internal.or_else(|| first_set([&set.internal_host]).map(address)),
            jwt_audience: first_set([&set.jwt_audience]),
            token: cx.release.has(Difference::OpenbaoAuditToken),
        }
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Registry {
    enabled: Option<bool>,
    host: Option<Text>,
    port: Option<Node>,
    api: RegistryApi,
    tls: Switch,
    token_issuer: Option<Text>,
    certificate: SecretKey,
    notification_secret: SecretKey,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RegistryApi {
    protocol: Option<Text>,
    service_name: Option<Text>,
    port: Option<Text>,
}

/// `global.hosts.registry`, as far as it names the Service.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RegistryHost {
    protocol: Option<Text>,
    service_name: Option<Text>,
    service_port: Option<Text>,
}

/// The container registry.
pub fn registry(cx: &Context, own: &str) -> View {
    let set: Registry = cx.inherited("global.registry", &format!("{own}.registry"));
    let at: RegistryHost = cx.read("global.hosts.registry");
    let scheme = if set.tls.enabled { "https" } else { first_set([&at.protocol, &set.api.protocol]).unwrap_or("http") };
    let service = first_set([&at.service_name, &set.api.service_name]).unwrap_or("registry");
    let port = first_set([&at.service_port, &set.api.port]).unwrap_or("5000");
    view! {
        enabled: set.enabled.unwrap_or(true),
        host: first_set([&set.host]).map_or_else(|| hosts::public(cx, "registry").host, str::to_owned),
        port: set.port.filter(|p| !p.is_null()),
        api_url: format!("{scheme}://{}-{service}.{}.svc:{port}", cx.release.name, cx.release.namespace),
        issuer: first_set([&set.token_issuer]).unwrap_or("gitlab-issuer"),
    }
}

/// GitLab Shell.
pub fn shell(cx: &Context, own: &str, process: Process) -> View {
    let port = |path: &str| Some(cx.section(path).clone()).filter(|p| !p.is_null());
    let known = matches!(process, Process::Webservice | Process::Toolbox);
    view! {
        port: port(&format!("{own}.shell.port")).or_else(|| port("global.shell.port")).unwrap_or_else(|| Value::from(22)),
        secret_file: known.then_some("/etc/gitlab/shell/.gitlab_shell_secret"),
    }
}

/// The Secret with the credentials for Zoekt's gateway.
fn zoekt_secret(cx: &Context) -> String {
    let named = cx.text("global.zoekt.gateway.basicAuth.secretName");
    named.unwrap_or_else(|| format!("{}-zoekt-basicauth", cx.release.name))
}

/// The secrets that Rails shares with other parts, as sources of a projected volume.
pub fn sources(cx: &Context, own: &str, app: &AppConfig, process: Process) -> Vec<Node> {
    let release = &cx.release.name;
    let source = |set: &SecretKey, secret: &str, key: &str, path: &str| {
        let default = format!("{release}-{secret}");
        let secret = set.secret.non_empty().unwrap_or(&default);
        secret_items(secret, [(set.key.non_empty().unwrap_or(key), path)])
    };
    let mut sources = Vec::new();
    if matches!(process, Process::Webservice | Process::Toolbox | Process::ToolboxJob) {
        let shell: SecretKey = cx.inherited("global.shell.authToken", &format!("{own}.shell.authToken"));
        sources.push(source(&shell, "gitlab-shell-secret", "secret", "shell/.gitlab_shell_secret"));
    }
    let registry: Registry = cx.inherited("global.registry", &format!("{own}.registry"));
    if app.iam_auth_service.enabled {
        let token = &app.iam_auth_service.auth_token;
        sources.push(source(token, "iam-auth-secret", "iam_auth_service_token", "iam-auth/.gitlab_iam_auth_secret"));
    }
    // The key's name in the Secret is fixed.
    let certificate = SecretKey { secret: registry.certificate.secret, key: None };
    sources.push(source(&certificate, "registry-secret", "registry-auth.key", "registry/gitlab-registry.key"));
    sources.push(source(
        &registry.notification_secret,
        "registry-notification",
        "secret",
        "registry/notificationSecret",
    ));
    if process == Process::Webservice {
        let workhorse: SecretKey = cx.read("global.workhorse");
        sources.push(source(&workhorse, "gitlab-workhorse-secret", "shared_secret", "gitlab-workhorse/secret"));
        let openbao: OpenBao = cx.read("global.openbao");
        if openbao.enabled && cx.release.has(Difference::OpenbaoAuditToken) {
            let path = "openbao/.gitlab_openbao_authentication_token_secret";
            sources.push(source(&openbao.http_audit, "openbao-audit-secret", "token", path));
        }
    }
    let pages: Pages = cx.read("global.pages");
    if uses_pages(&pages) {
        sources.push(source(&pages.api_secret, "gitlab-pages-secret", "shared_secret", "pages/secret"));
    }
    if uses_kas(cx, app) {
        let kas = SecretKey { secret: app.gitlab_kas.secret.clone(), key: app.gitlab_kas.key.clone() };
        sources.push(source(&kas, "gitlab-kas-secret", "kas_shared_secret", "kas/.gitlab_kas_secret"));
    }
    // A backup uses neither Zoekt nor the service that suggests reviewers.
    let asks = process != Process::ToolboxJob;
    if asks && cx.release.has(Difference::ZoektBasicAuthSecret) {
        let name = zoekt_secret(cx);
        let items = [("gitlab_username", "username"), ("gitlab_password", "password")];
        let items = items.map(|(key, what)| json!({"key": key, "path": format!("zoekt/.gitlab_zoekt_{what}")}));
        // Only processes that search have it.
        sources.push(json!({"secret": {"name": name, "optional": true, "items": items}}));
    }
    if asks && cx.release.has(Difference::SuggestedReviewers) {
        let set: SecretKey = cx.read("global.appConfig.suggested_reviewers");
        let path = "suggested_reviewers/.gitlab_suggested_reviewers_secret";
        sources.push(source(&set, "gitlab-suggested-reviewers", "suggested_reviewers_secret", path));
    }
    sources
}
