//! mailroom: reads the mailboxes for incoming mail and Service Desk, and delivers the mails to GitLab.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::app_config::SecretKey;
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::plan::View;
use crate::resolve::shared::redis::{self, Redis};
use crate::resolve::shared::workhorse;
use crate::resolve::workload::{
    Workload, config_volume, configure_script, memory_volume, projected_volume, secret_items,
};
use crate::resolve::{Component, Context, Plan};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "mailroom", key: "gitlab.mailroom", resolve };

/// `global.appConfig.incomingEmail` and `serviceDeskEmail`: one mailbox.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Mailbox {
    enabled: bool,
    host: Node,
    port: Node,
    ssl: Node,
    start_tls: Node,
    user: Option<Text>,
    password: SecretKey,
    mailbox: Node,
    idle_timeout: Node,
    expunge_deleted: Node,
    delete_after_delivery: Node,
    delivery_method: Option<Text>,
    auth_token: SecretKey,
    inbox_method: Option<Text>,
    poll_interval: Node,
    tenant_id: Option<Text>,
    client_id: Option<Text>,
    client_secret: SecretKey,
    azure_ad_endpoint: Option<Text>,
    graph_endpoint: Option<Text>,
    logger: Logger,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Logger {
    log_path: Node,
}

/// The names of each mailbox in different places.
struct Kind {
    /// The key in the values.
    key: &'static str,
    /// Its name in paths of the API and of files.
    name: &'static str,
    /// Its name in the files with passwords.
    short: &'static str,
    /// The Secret with the token.
    token: &'static str,
    /// Sidekiq's queue and worker.
    job: (&'static str, &'static str),
}

const KINDS: [Kind; 2] = [
    Kind {
        key: "incomingEmail",
        name: "incoming_email",
        short: "incoming_email",
        token: "incoming-email-auth-token",
        job: ("email_receiver", "EmailReceiverWorker"),
    },
    Kind {
        key: "serviceDeskEmail",
        name: "service_desk_email",
        short: "service_desk",
        token: "service-desk-email-auth-token",
        job: ("service_desk_email_receiver", "ServiceDeskEmailReceiverWorker"),
    },
];

impl Mailbox {
    fn graph(&self) -> bool {
        self.inbox_method.non_empty() == Some("microsoft_graph")
    }

    fn webhook(&self) -> bool {
        self.delivery_method.non_empty().unwrap_or("webhook") == "webhook"
    }
}

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("gitlab.mailroom.enabled") {
        return;
    }
    let w = Workload::new(cx, &COMPONENT);
    let name = COMPONENT.name;
    w.plan_network_policy(name, plan);
    w.plan_service_account(name, plan);
    let boxes: Vec<(&Kind, Mailbox)> =
        KINDS.iter().map(|kind| (kind, cx.read(&format!("global.appConfig.{}", kind.key)))).collect();
    // Service Desk's mailbox is an additional one of the same daemon; it requires incoming mail.
    if !boxes[0].1.enabled {
        return;
    }
    let boxes: Vec<(&Kind, Mailbox)> = boxes.into_iter().filter(|(_, mailbox)| mailbox.enabled).collect();
    let redis = redis::instance(cx, &w.key, "queues");
    let config = view! {
        redis: redis,
        mailboxes: boxes.iter().map(|(kind, mailbox)| section(&w, kind, mailbox)).collect::<Vec<_>>(),
    };
    let view = view! { name: w.name, labels: w.labels.object, config, configure: configure_script() };
    plan.add(name, "configmap.yaml", view);
    plan_deployment(&w, &boxes, &redis, plan);
    w.plan_scaling(name, &w.scaled("Deployment"), &Value::Null, &Value::Null, plan);
}

/// One mailbox of `mail_room.yml`.
fn section(w: &Workload, kind: &Kind, mailbox: &Mailbox) -> View {
    let text = |value: &Option<Text>| value.non_empty().map(str::to_owned);
    let url = workhorse::url(w.cx, &w.key);
    view! {
        graph: mailbox.graph(),
        webhook: mailbox.webhook(),
        email: text(&mailbox.user),
        host: mailbox.host, port: mailbox.port, ssl: mailbox.ssl, start_tls: mailbox.start_tls,
        password_file: format!("/etc/gitlab/mailroom/password_{}", kind.short),
        name: mailbox.mailbox, idle_timeout: mailbox.idle_timeout,
        tenant_id: text(&mailbox.tenant_id), client_id: text(&mailbox.client_id),
        client_secret_file: format!("/etc/gitlab/mailroom/client_id_{}", kind.short),
        poll_interval: mailbox.poll_interval,
        azure_ad_endpoint: text(&mailbox.azure_ad_endpoint), graph_endpoint: text(&mailbox.graph_endpoint),
        log_path: mailbox.logger.log_path,
        delete_after_delivery: mailbox.delete_after_delivery, expunge_deleted: mailbox.expunge_deleted,
        delivery_url: format!("{url}/api/v4/internal/mail_room/{}", kind.name),
        token_file: format!("/etc/gitlab/mailroom/{}_webhook_secret", kind.name),
        queue: kind.job.0, worker: kind.job.1,
    }
}

fn plan_deployment(w: &Workload, boxes: &[(&Kind, Mailbox)], redis: &Redis, plan: &mut Plan) {
    let image = w.cx.image_in_parts(&w.set.image, &w.cx.release.images.mailroom);
    let mut main = w
        .container("mailroom", image)
        .mount("mailroom-config", "/var/opt/gitlab/mail_room.yml", json!({"subPath": "mail_room.yml"}))
        .mount("mailroom-secrets", "/etc/gitlab", json!({"readOnly": true}));
    main.liveness_probe = Some(json!({"httpGet": {"path": "/liveness", "port": 8080}}));
    main.readiness_probe = Some(json!({"exec": {"command": ["/scripts/healthcheck"]}}));
    main.lifecycle = Some(json!({"preStop": {"exec": {"command": ["/bin/bash", "-c", "pkill -f 'mail_room'"]}}}));
    let volumes = [
        w.certificate_volumes(),
        vec![
            config_volume("mailroom-config", &w.name),
            // 0400: only the user of the container may read.
            projected_volume("init-mailroom-secrets", 0o400, sources(w.cx, boxes, redis)),
            memory_volume("mailroom-secrets"),
        ],
    ];
    let mut configure = w.configure("mailroom-config", "init-mailroom-secrets", "mailroom-secrets");
    // Only the script of the ConfigMap: the other file is for the main container.
    configure.volume_mounts[0] =
        json!({"name": "mailroom-config", "mountPath": "/config/configure", "subPath": "configure", "readOnly": true});
    let pod = w.pod(vec![w.certificates(), configure], vec![main], volumes.concat());
    let view = w.deployment(pod);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &w.name);
}

/// The sources of the volume at `/etc/gitlab`.
fn sources(cx: &Context, boxes: &[(&Kind, Mailbox)], redis: &Redis) -> Vec<Node> {
    let mut sources = redis::sources([redis]);
    for (kind, mailbox) in boxes {
        if mailbox.graph() {
            if let Some((secret, key)) = mailbox.client_secret.named("secret") {
                sources.push(secret_items(secret, [(key, format!("mailroom/client_id_{}", kind.short).as_str())]));
            }
        } else if let Some((secret, key)) = mailbox.password.named("password") {
            sources.push(secret_items(secret, [(key, format!("mailroom/password_{}", kind.short).as_str())]));
        }
        if mailbox.webhook() {
            let token = &mailbox.auth_token;
            let default = format!("{}-{}", cx.release.name, kind.token);
            let secret = token.secret.non_empty().unwrap_or(&default);
            let key = token.key.non_empty().unwrap_or("authToken");
            sources.push(secret_items(secret, [(key, format!("mailroom/{}_webhook_secret", kind.name).as_str())]));
        }
    }
    sources
}
