//! openbao: the store of GitLab's Secrets Manager for the secrets of CI jobs.

mod config;
mod network;
mod pod;
mod settings;

use serde_json::{Map, Value, json};

use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::labels::{self, full_name};
use crate::resolve::shared::gitlab_chart;
use crate::resolve::shared::rails::services;
use crate::resolve::{Component, Context, Plan, tpl};
use crate::view;
use settings::Settings;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "openbao", key: "openbao", resolve };

/// The input of the component's parts.
struct OpenBao<'a> {
    cx: &'a Context<'a>,
    /// The name of most objects.
    name: String,
    /// The selector of its pods.
    selector: NodeMap,
    /// Labels of every object.
    labels: NodeMap,
    /// The host name for users and runners.
    host: String,
    set: Settings,
}

impl OpenBao<'_> {
    fn chart(&self) -> tpl::ValuesOwner<'static> {
        tpl::ValuesOwner { name: COMPONENT.name, key: COMPONENT.key }
    }

    /// A string of the settings, where it is set; templates in it are evaluated.
    fn text(&self, path: &str, value: &Option<Text>) -> Option<String> {
        let text = value.non_empty()?;
        Some(tpl::text(self.cx, self.chart(), &format!("openbao.{path}"), text))
    }

    /// A setting that is a string of YAML with templates, as a tree.
    fn yaml(&self, path: &str, text: &str) -> Node {
        let path = format!("openbao.{path}");
        self.cx.yaml(&path, &tpl::text(self.cx, self.chart(), &path, text))
    }

    /// The scheme of its API inside the cluster, `https` or `http`.
    fn scheme(&self) -> &'static str {
        if self.set.config.tls_disable { "http" } else { "https" }
    }

    /// The Secret with the certificate.
    fn certificate(&self) -> String {
        let own = [&self.set.tls_secret_name, &self.set.ingress.tls.secret_name];
        let named = own.into_iter().find_map(|name| name.as_ref()?.non_empty());
        named.map_or_else(|| self.own_certificate(), str::to_owned)
    }

    /// The default name of that Secret, regardless of OpenBao's own name.
    fn own_certificate(&self) -> String {
        format!("{}-openbao-tls", self.cx.release.name)
    }
}

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("openbao.install") {
        return;
    }
    if !cx.release.has(Difference::OpenbaoFromTheChart) {
        let found = Diagnostic::error(
            "gitlab-version",
            format!(
                "`openbao.install`: the OpenBao of GitLab {} is not rendered; it was an experiment",
                cx.release.version()
            ),
        );
        let hint = "choose a newer release with `--gitlab-version`, or set `openbao.install: false`";
        cx.say(found.at_value(ValuePath::dotted("openbao.install")).hint(hint));
        return;
    }
    let set: Settings = cx.read(COMPONENT.key);
    let release = &cx.release.name;
    let app = set.name_override.non_empty().unwrap_or(COMPONENT.name);
    let mut selector = Map::new();
    selector.insert("app.kubernetes.io/name".to_owned(), app.into());
    selector.insert("app.kubernetes.io/instance".to_owned(), release.clone().into());
    let mut object = selector.clone();
    object.insert("app.kubernetes.io/managed-by".to_owned(), "gitlab-render".into());
    let name = full_name(release, COMPONENT.name, set.name_override.as_ref(), set.fullname_override.as_ref());
    let bao = OpenBao { cx, name, selector, labels: object, host: services::openbao_host(cx), set };
    warn(&bao);
    let text = serde_json::to_string_pretty(&config::tree(&bao)).unwrap_or_default() + "\n";
    let view = view! { name: config_name(&bao), labels: bao.labels, config: text };
    plan.add(COMPONENT.name, "configmap.yaml", view);
    plan_account(&bao, plan);
    pod::plan(&bao, plan);
    network::plan(&bao, plan);
}

/// The name of the ConfigMap.
fn config_name(bao: &OpenBao) -> String {
    format!("{}-config", bao.name)
}

/// The name of the ServiceAccount.
fn account(bao: &OpenBao) -> String {
    let set = &bao.set.service_account;
    let named = set.name.non_empty().map(str::to_owned);
    named.unwrap_or_else(|| if set.create { bao.name.clone() } else { "default".to_owned() })
}

/// The ServiceAccount, and the Role by which a pod labels itself as the active one.
fn plan_account(bao: &OpenBao, plan: &mut Plan) {
    let set = &bao.set.service_account;
    if set.create {
        let view = view! {
            name: account(bao), labels: bao.labels, automount: set.automount.unwrap_or(true),
            annotations: gitlab_chart::non_empty(&labels::text_map(&set.annotations)),
        };
        plan.add(COMPONENT.name, "serviceaccount.yaml", view);
    }
    if !bao.set.role.create {
        return;
    }
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "update", "patch"]}]);
    plan.add(COMPONENT.name, "role.yaml", view! { name: bao.name, labels: bao.labels, rules });
    if set.create {
        let view = view! {
            name: bao.name, labels: bao.labels, account: account(bao), namespace: bao.cx.release.namespace,
        };
        plan.add(COMPONENT.name, "rolebinding.yaml", view);
    }
}

/// Settings without effect.
fn warn(bao: &OpenBao) {
    let say = |path: &str, hint: &str| {
        let path = format!("openbao.{path}");
        let found = Diagnostic::warning("unread-key", format!("`{path}` is not read"));
        bao.cx.say(found.at_value(ValuePath::dotted(&path)).hint(hint));
    };
    let generated = [
        ("httpAuditSecret.generate", &bao.set.http_audit_secret, "global.openbao.httpAudit"),
        ("staticUnsealSecret.generate", &bao.set.static_unseal_secret, "global.openbao.unseal"),
    ];
    for (path, secret, named) in generated {
        if secret.generate {
            say(path, &format!("shared-secrets creates the Secret; `{named}.secret` names a different one"));
        }
    }
    if !matches!(bao.cx.section("openbao.ingress.hostname"), Value::Null) {
        say("ingress.hostname", "write the host into `global.openbao.host`");
    }
}
