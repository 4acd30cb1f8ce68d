//! migrations: the Job that migrates the databases to the release's schema. A changed Job has a new name.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::app_config::SecretKey;
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::shared::rails::{self, Process};
use crate::resolve::shared::{kubectl_job, postgres};
use crate::resolve::workload::{Script, Workload, config_volume, memory_volume, projected_volume, secret_items};
use crate::resolve::{Component, Context, Plan, labels, tpl};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "migrations", key: "gitlab.migrations", resolve };

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    active_deadline_seconds: Node,
    backoff_limit: Node,
    ttl_seconds_after_finished: Node,
    initial_root_password: SecretKey,
    annotations: NodeMap,
    pod_annotations: NodeMap,
    script_tpl: Text,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    if !set.enabled {
        return;
    }
    let w = Workload::new(cx, &COMPONENT);
    rails::plan_config(COMPONENT.name, &w, Process::Migrations, plan);
    plan_job(&w, &set, plan);
    w.plan_service_account(COMPONENT.name, plan);
    w.plan_bounding_network_policy(COMPONENT.name, plan);
}

fn plan_job(w: &Workload, set: &Settings, plan: &mut Plan) {
    let cx = w.cx;
    let mut main = w
        .container("migrations", cx.edition_image(&w.set.image, "migrations"))
        .with_env(rails::env(cx))
        // This Job changes the schema, so it must not wait for it.
        .with_env([("BYPASS_SCHEMA_VERSION", "true".to_owned())]);
    let geo = postgres::geo_tracking(cx).is_some();
    if geo {
        main = main.with_env([("DB_SCHEMA_TARGET", "geo".to_owned())]);
    }
    main = rails::mounts(cx, main, Process::Migrations, "migrations-config", "migrations-secrets", false);
    let secrets = initial_secrets(cx, set);
    for (item, _) in &secrets {
        let (path, sub) = (format!("/srv/gitlab/config/{}", place(item)), format!("migrations/{item}"));
        main = main.mount("migrations-secrets", &path, json!({"subPath": sub}));
    }
    match set.script_tpl.non_empty() {
        Some(script) => {
            let path = format!("{}.scriptTpl", COMPONENT.key);
            let chart = tpl::ValuesOwner { name: COMPONENT.name, key: COMPONENT.key };
            main.args = Some(json!(["/bin/bash", "-c", tpl::text(cx, chart, &path, script)]));
        }
        None => {
            let file = "migrations/files/migrate.sh";
            main.args_script = Some(Script { words: vec!["/bin/bash", "-c"], file, view: view! { geo } });
        }
    }
    let mut sources = rails::secret_sources(w, Process::Migrations);
    sources.extend(secrets.into_iter().map(|(_, source)| source));
    sources.extend(pages_application(w));
    let volumes = [
        w.certificate_volumes(),
        vec![
            config_volume("migrations-config", &w.name),
            projected_volume("init-migrations-secrets", 0o400, sources),
            memory_volume("migrations-secrets"),
        ],
    ]
    .concat();
    let init =
        vec![w.certificates(), w.configure("migrations-config", "init-migrations-secrets", "migrations-secrets")];
    let mut annotations = labels::text_map(&set.annotations);
    labels::put(&mut annotations, &set.pod_annotations);
    let mut labels = w.labels.pod.clone();
    labels.remove("app.kubernetes.io/name");
    let pod = w
        .pod(init, vec![main], volumes)
        .with("labels", labels)
        .with("annotations", annotations)
        .with("affinity", Value::Null)
        .with("restart_policy", "OnFailure");
    let suffix = kubectl_job::name_suffix(cx);
    let by_content = suffix.is_none();
    let view = view! {
        name: format!("{}{}", w.name, suffix.unwrap_or_default()), labels: w.labels.object,
        annotations: labels::text_map(&set.annotations),
        active_deadline_seconds: set.active_deadline_seconds, backoff_limit: set.backoff_limit,
        ttl_seconds_after_finished: set.ttl_seconds_after_finished, pod: moved(pod),
    };
    let job = plan.add(COMPONENT.name, "job.yaml", view);
    if by_content {
        job.name_by_content();
    }
}

/// The initial data of a new database: the file's name, and its Secret.
fn initial_secrets(cx: &Context, set: &Settings) -> Vec<(&'static str, Node)> {
    let release = &cx.release.name;
    let global: SecretKey = cx.read("global.initialRootPassword");
    let runner: SecretKey = cx.read("global.runner.registrationToken");
    let license: SecretKey = cx.read("global.gitlab.license");
    let text = |texts: [&Option<Text>; 2], default: String| {
        texts.into_iter().find_map(|t| t.non_empty()).map_or(default, str::to_owned)
    };
    let password =
        text([&global.secret, &set.initial_root_password.secret], format!("{release}-gitlab-initial-root-password"));
    let password_key = text([&global.key, &set.initial_root_password.key], "password".to_owned());
    let token = text([&runner.secret, &None], format!("{release}-gitlab-runner-secret"));
    let item =
        |secret: &str, key: &str, name: &str| secret_items(secret, [(key, format!("migrations/{name}").as_str())]);
    let mut token = item(&token, "runner-registration-token", "gitlab_shared_runners_registration_token");
    // Runners may be unwanted.
    token["secret"]["optional"] = true.into();
    let mut all = vec![
        ("initial_root_password", item(&password, &password_key, "initial_root_password")),
        ("gitlab_shared_runners_registration_token", token),
    ];
    if let Some((secret, key)) = license.named("license") {
        all.push(("enterprise_license", item(secret, key, "enterprise_license")));
    }
    all
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Application {
    secret: Option<Text>,
    app_id_key: Option<Text>,
    app_secret_key: Option<Text>,
}

/// The settings for registering Pages as an OAuth application.
fn pages_application(w: &Workload) -> Vec<Node> {
    let cx = w.cx;
    if !cx.enabled("global.pages.enabled") || !cx.enabled("global.pages.accessControl") {
        return Vec::new();
    }
    let set: Application = cx.read("global.oauth.gitlab-pages");
    let text = |text: &Option<Text>, default: &str| text.non_empty().unwrap_or(default).to_owned();
    let secret = text(&set.secret, &format!("{}-oauth-gitlab-pages-secret", cx.release.name));
    let (id, key) = (text(&set.app_id_key, "appid"), text(&set.app_secret_key, "appsecret"));
    let items =
        [(id.as_str(), "oauth-secrets/gitlab-pages/appid"), (key.as_str(), "oauth-secrets/gitlab-pages/appsecret")];
    let uri = json!({"key": "pages_redirect_uri", "path": "oauth-secrets/gitlab-pages/redirecturi"});
    vec![secret_items(&secret, items), json!({"configMap": {"name": w.name, "items": [uri]}})]
}

/// The path at which Rails reads an initial secret, below its configuration.
fn place(item: &str) -> &str {
    if item == "enterprise_license" { "Gitlab.gitlab-license" } else { item }
}
