//! shared-secrets: a Job creates the Secrets that GitLab needs and that the user did not provide; another one signs a
//! certificate where no other source provides one.

mod secrets;

use secrets::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bundle::Difference;
use crate::manifest::Phase;
use crate::model::workload::Image;
use crate::model::{NodeMap, NonEmpty, Text};
use crate::resolve::shared::{hosts, kubectl_job, tls};
use crate::resolve::workload::{Container, Script, Workload, config_volume, env, mount};
use crate::resolve::{Component, Context, Plan, labels};
use crate::view;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "shared-secrets", key: "shared-secrets", resolve };

/// The component's own settings.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: bool,
    env: Text,
    rbac: Rbac,
    selfsign: SelfSign,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rbac {
    create: bool,
    /// Whether the Role lists the Secrets that may be read and changed.
    by_name: bool,
}

/// The certificate authority and its certificate.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SelfSign {
    image: Image,
    key_algorithm: Text,
    key_size: Text,
    expiry: Text,
    ca_subject: Text,
}

fn resolve(cx: &Context, plan: &mut Plan) {
    let set: Settings = cx.read(COMPONENT.key);
    if !set.enabled {
        return;
    }
    let app = kubectl_job::app_label(cx);
    let name = format!("{}-shared-secrets", cx.release.name);
    let mut w = kubectl_job::workload(cx, COMPONENT.key, &app, name);
    kubectl_job::inherit_placement(&mut w);
    if w.set.service_account.create == Some(true) {
        kubectl_job::own_account(&mut w);
    } else if w.set.service_account.name.non_empty().is_none() {
        // No account is created and none is named: the namespace's default one gets the permissions.
        w.set.service_account.name = Some("default".into());
    }
    let secrets = secrets::missing(cx, set.env.non_empty().unwrap_or("production"));
    plan_account(&w, &set, &secrets, plan);

    let script = view! {
        namespace: cx.release.namespace, labels: json_members(&w.labels.object), secrets,
    };
    let view = view! { name: w.name, labels: w.labels.object, script };
    plan.add(COMPONENT.name, "configmap.yaml", view).phase(Phase::Pre);
    plan_job(&w, generate(&w), plan, "");
    if tls::self_signed(cx) {
        plan_job(&w, sign(&w, &set.selfsign), plan, "-selfsign");
    }
}

/// The parts of a Job's pod.
struct Parts {
    init: Vec<Container>,
    main: Container,
    volumes: Vec<Value>,
    /// Whether the pod's security context lacks its `seccompProfile`.
    without_seccomp: bool,
}

fn plan_job(w: &Workload, parts: Parts, plan: &mut Plan, end: &'static str) {
    let suffix = kubectl_job::name_suffix(w.cx);
    let by_content = suffix.is_none();
    let mut pod = kubectl_job::pod(w, parts.init, parts.main, parts.volumes, "Never");
    if parts.without_seccomp
        && let Some(Value::Object(context)) = pod.0.get_mut("security_context")
    {
        context.shift_remove("seccompProfile");
    }
    let view = view! {
        name: format!("{}{}", w.name, suffix.map_or(String::new(), |s| s + end)),
        labels: w.labels.object, pod: moved(pod),
    };
    let job = plan.add(COMPONENT.name, "job.yaml", view).phase(Phase::Pre);
    if by_content {
        job.name_by_content_and(end);
    }
}

/// The pod that creates the Secrets.
fn generate(w: &Workload) -> Parts {
    let mut main = kubectl_job::container(w, "gitlab", kubectl_job::image(w.cx));
    main.command = Some(json!(["/bin/bash", "/scripts/generate-secrets"]));
    main.volume_mounts = vec![mount("scripts", "/scripts", Value::Null), mount("ssh", "/etc/ssh", Value::Null)];
    let volumes = vec![config_volume("scripts", &w.name), json!({"name": "ssh", "emptyDir": {}})];
    Parts { init: Vec::new(), main, volumes, without_seccomp: false }
}

/// The pod that signs a certificate: one container creates it, the other stores it.
fn sign(w: &Workload, set: &SelfSign) -> Parts {
    let cx = w.cx;
    let release = &cx.release;
    let domain = cx.text("global.hosts.domain").unwrap_or_default();
    let image = cx.image(&set.image, cx.gitlab_version());
    let output = vec![mount("certs-path", "/output", Value::Null)];
    let init = Container {
        env: vec![
            env("CA_SUBJECT", set.ca_subject.as_str()),
            env("CA_ORG", release.namespace.as_str()),
            env("CA_ORG_UNIT", release.name.as_str()),
            env("CERT_SUBJECT", domain.as_str()),
            env("CERT_DOMAIN", domain.as_str()),
            env("ALGORITHM", set.key_algorithm.as_str()),
            env("KEY_SIZE", set.key_size.as_str()),
            env("EXPIRY", set.expiry.as_str()),
        ],
        volume_mounts: output.clone(),
        security_context: NodeMap::new(),
        ..kubectl_job::container(w, "cfssl-self-sign", image)
    };
    let hosts = ["gitlab", "registry", "minio", "kas", "pages"].map(|part| hosts::public(cx, part).host);
    let script = view! {
        namespace: release.namespace, wildcard: tls::wildcard(cx), domain, hosts,
        labels: kubectl_labels(&w.labels.object),
    };
    let main = Container {
        command_script: Some(Script {
            words: vec!["/bin/bash", "-exc"],
            file: "shared-secrets/files/selfsign.sh",
            view: script,
        }),
        volume_mounts: output,
        security_context: NodeMap::new(),
        ..kubectl_job::container(w, "kubectl", kubectl_job::image(cx))
    };
    let volumes = vec![json!({"name": "certs-path", "emptyDir": {}})];
    let without_seccomp = !cx.release.has(Difference::SelfSignSeccomp);
    Parts { init: vec![init], main, volumes, without_seccomp }
}

fn plan_account(w: &Workload, set: &Settings, secrets: &[Secret], plan: &mut Plan) {
    let own = &w.set.service_account;
    let account = own.name.non_empty().unwrap_or(&w.name).to_owned();
    // The account that holds these permissions is created here.
    if own.create.unwrap_or(false) && set.rbac.create {
        let mut annotations = NodeMap::new();
        annotations.insert("helm.sh/hook".to_owned(), "pre-install,pre-upgrade".into());
        annotations.insert("helm.sh/hook-weight".to_owned(), "-5".into());
        annotations.insert("helm.sh/hook-delete-policy".to_owned(), "hook-succeeded,before-hook-creation".into());
        labels::put(&mut annotations, &own.annotations);
        let view = view! { name: account, labels: w.labels.object, annotations };
        plan.add(COMPONENT.name, "serviceaccount.yaml", view).phase(Phase::Pre);
    }
    if set.rbac.create {
        let mut labels = w.labels.object.clone();
        labels.insert("app".to_owned(), COMPONENT.name.into());
        let names = set.rbac.by_name.then(|| names(w.cx, secrets));
        plan.add(COMPONENT.name, "role.yaml", view! { name: w.name, labels, names }).phase(Phase::Pre);
        let view = view! { name: w.name, labels, account, namespace: w.cx.release.namespace };
        plan.add(COMPONENT.name, "rolebinding.yaml", view).phase(Phase::Pre);
    }
}

/// The Secrets that the Jobs read, create or complete.
fn names(cx: &Context, secrets: &[Secret]) -> Vec<String> {
    let mut names: Vec<String> = secrets.iter().map(|secret| secret.name.clone()).collect();
    if tls::self_signed(cx) {
        let certificate = tls::wildcard(cx);
        names.extend(["", "-ca", "-chain"].map(|end| format!("{certificate}{end}")));
    }
    names
}

/// Labels as the members of a JSON object: `"app": "gitlab", "release": "test"`.
fn json_members(labels: &NodeMap) -> String {
    let members = labels.iter().map(|(name, value)| format!("{}: {value}", Value::from(name.as_str())));
    members.collect::<Vec<_>>().join(", ")
}

/// Labels as an argument of `kubectl label`: `app=gitlab,release=test`.
fn kubectl_labels(labels: &NodeMap) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    labels.iter().map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join(",")
}
