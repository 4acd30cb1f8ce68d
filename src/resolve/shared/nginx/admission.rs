//! The admission webhook: nginx validates each Ingress before the API server accepts it.
//!
//! Its certificate comes from cert-manager, or from two Jobs: one creates it, the other writes its authority into the
//! webhook's configuration.

use serde::Deserialize;
use serde_json::{Value, json};

use super::settings::{Image, ServiceSettings};
use super::{Nginx, Part, non_zero, set};
use crate::manifest::Phase;
use crate::model::workload::ServiceAccount;
use crate::model::{Node, NodeMap, Port, Switch, Text};
use crate::resolve::labels;
use crate::resolve::plan::{Plan, View};
use crate::resolve::workload::{Container, Workload, env_over, image_pull_secrets, mount};
use crate::view;

/// `controller.admissionWebhooks`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Admission {
    pub enabled: bool,
    pub name: Text,
    pub annotations: NodeMap,
    pub labels: NodeMap,
    pub cert_manager: CertManager,
    pub certificate: Text,
    pub key: Text,
    pub port: Port,
    pub failure_policy: Option<Text>,
    pub timeout_seconds: Option<Node>,
    pub namespace_selector: NodeMap,
    pub object_selector: NodeMap,
    pub service: ServiceSettings,
    pub create_secret_job: Step,
    pub patch_webhook_job: Step,
    pub patch: Patch,
    pub extra_envs: Vec<Node>,
}

/// `certManager`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct CertManager {
    pub enabled: bool,
    pub issuer_ref: Option<Node>,
    pub root_cert: Certificate,
    pub admission_cert: Certificate,
}

/// A certificate of cert-manager.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Certificate {
    pub duration: Option<Text>,
    pub revision_history_limit: Option<Node>,
}

/// One of the two Jobs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Step {
    pub name: Text,
    pub active_deadline_seconds: Option<Node>,
    pub resources: NodeMap,
    pub security_context: NodeMap,
    pub volumes: Vec<Node>,
    pub volume_mounts: Vec<Node>,
}

/// The common settings of both Jobs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Patch {
    pub enabled: bool,
    pub image: Image,
    pub labels: NodeMap,
    pub pod_annotations: NodeMap,
    pub network_policy: Switch,
    pub rbac: super::settings::Rbac,
    pub runtime_class_name: Option<Text>,
    pub security_context: NodeMap,
    pub service_account: ServiceAccount,
}

impl Nginx<'_> {
    /// `<release>-nginx-ingress-admission`: the name of the webhook, of its Secret, and of the objects that create it.
    fn admission_name(&self) -> String {
        labels::cut(&format!("{}-{}", self.name, self.set.controller.admission_webhooks.name))
    }

    /// The mount and the volume of the webhook's certificate.
    pub(super) fn webhook_certificate(&self) -> (Node, Node) {
        let own = &self.set.controller.admission_webhooks;
        let items = own
            .cert_manager
            .enabled
            .then(|| json!([{"key": "tls.crt", "path": "cert"}, {"key": "tls.key", "path": "key"}]));
        let volume = json!({"name": "webhook-cert", "secret": {"secretName": self.admission_name(), "items": items}});
        (mount("webhook-cert", "/usr/local/certificates/", json!({"readOnly": true})), volume)
    }

    fn admission_labels(&self, more: &[&NodeMap]) -> NodeMap {
        let mut all = self.labels();
        all.insert("app.kubernetes.io/component".to_owned(), "admission-webhook".into());
        for labels in more {
            labels::put(&mut all, labels);
        }
        all
    }

    pub(super) fn plan_admission(&self, plan: &mut Plan) {
        let own = &self.set.controller.admission_webhooks;
        if !own.enabled {
            return;
        }
        let service = format!("{}-admission", self.controller_name());
        let name = self.admission_name();
        let mut annotations = labels::text_map(&own.annotations);
        if own.cert_manager.enabled {
            let authority = format!("{}/{name}", self.namespace());
            annotations.insert("cert-manager.io/inject-ca-from".to_owned(), authority.into());
        }
        let not_empty = |map: &NodeMap| (!map.is_empty()).then(|| map.clone());
        let view = view! {
            name, labels: self.admission_labels(&[&own.labels]), annotations, service,
            service_namespace: self.namespace(), port: own.service.service_port,
            failure_policy: set(&own.failure_policy), timeout: non_zero(&own.timeout_seconds),
            namespace_selector: not_empty(&own.namespace_selector), object_selector: not_empty(&own.object_selector),
        };
        plan.add(super::TEMPLATES, "validatingwebhookconfiguration.yaml", view);
        let port = json!({
            "name": "https-webhook", "port": own.service.service_port, "protocol": "TCP", "targetPort": "webhook",
            "appProtocol": self.set.controller.service.all.app_protocol.unwrap_or(false).then_some("https"),
        });
        let labels = self.object_labels(Part::Controller);
        let view = super::service::service(&service, labels, self.selector(Part::Controller), &own.service);
        self.add(plan, "service.yaml", view.with("ports", [port]));
        if own.cert_manager.enabled {
            self.plan_certificates(&service, plan);
        } else if own.patch.enabled {
            self.plan_patch(&service, plan);
        }
    }

    /// cert-manager: a self-signed authority, unless the user names an issuer.
    fn plan_certificates(&self, service: &str, plan: &mut Plan) {
        let own = &self.set.controller.admission_webhooks.cert_manager;
        let labels = self.admission_labels(&[]);
        let issuer = |name: &str| json!({"name": name, "kind": "Issuer"});
        let root = format!("{}-root-issuer", self.name);
        let certificate = |name: String, secret: String, of: &Certificate, default: &str, issuer: Node| {
            view! {
                name, labels: labels, secret, duration: set(&of.duration).unwrap_or(default),
                revisions: non_zero(&of.revision_history_limit), issuer, is_ca: Value::Null,
                common_name: Value::Null, dns_names: Value::Null,
            }
        };
        if own.issuer_ref.is_none() {
            let (selfsigned, authority) =
                (format!("{}-self-signed-issuer", self.name), format!("{}-root-cert", self.name));
            let view = view! { name: selfsigned, labels, spec: json!({"selfSigned": {}}) };
            self.add(plan, "issuer.yaml", view);
            let view =
                certificate(authority.clone(), authority.clone(), &own.root_cert, "43800h0m0s", issuer(&selfsigned));
            self.add(
                plan,
                "certificate.yaml",
                view.with("is_ca", true).with("common_name", "ca.webhook.ingress-nginx"),
            );
            let view = view! { name: root, labels, spec: json!({"ca": {"secretName": authority}}) };
            self.add(plan, "issuer.yaml", view);
        }
        let by = own.issuer_ref.clone().unwrap_or_else(|| issuer(&root));
        let name = self.admission_name();
        let view = certificate(name.clone(), name, &own.admission_cert, "8760h0m0s", by);
        let names = [
            service.to_owned(),
            format!("{service}.{}", self.namespace()),
            format!("{service}.{}.svc", self.namespace()),
        ];
        self.add(plan, "certificate.yaml", view.with("dns_names", names));
    }

    /// The two Jobs and their permissions.
    fn plan_patch(&self, service: &str, plan: &mut Plan) {
        let own = &self.set.controller.admission_webhooks;
        let patch = &own.patch;
        let name = self.admission_name();
        let labels = self.admission_labels(&[&patch.labels]);
        let account = set(&patch.service_account.name).unwrap_or(&name).to_owned();
        if patch.service_account.create.unwrap_or(true) {
            let view = view! {
                name: account, labels, annotations: NodeMap::new(),
                automount: patch.service_account.automount_service_account_token.unwrap_or(true),
            };
            self.add(plan, "serviceaccount.yaml", view).phase(Phase::Pre);
        }
        if patch.rbac.create {
            let view = view! { name, labels, account, account_namespace: self.namespace() };
            let bare = view.clone().with("namespace", Value::Null);
            plan.add(super::TEMPLATES, "clusterrole-admission.yaml", bare.clone()).phase(Phase::Pre);
            plan.add(super::TEMPLATES, "clusterrolebinding.yaml", bare).phase(Phase::Pre);
            self.add(plan, "role-admission.yaml", view.clone()).phase(Phase::Pre);
            self.add(plan, "rolebinding.yaml", view).phase(Phase::Pre);
        }
        if patch.network_policy.enabled {
            let mut selector = labels::identity(&self.app, &self.cx.release.name);
            selector.remove("app.kubernetes.io/managed-by");
            selector.insert("app.kubernetes.io/component".to_owned(), "admission-webhook".into());
            let view = view! { name, labels, selector, ports: Value::Null, outward: true };
            self.add(plan, "networkpolicy.yaml", view).phase(Phase::Pre);
        }
        let hosts = format!("--host={service},{service}.$(POD_NAMESPACE).svc");
        let secret = format!("--secret-name={name}");
        let create = json!(["create", hosts, "--namespace=$(POD_NAMESPACE)", secret]);
        let view = self.patch_job(&own.create_secret_job, create, &account);
        self.add(plan, "job.yaml", view).phase(Phase::Pre).name_by_content_without_helm();
        let failure = format!("--patch-failure-policy={}", set(&own.failure_policy).unwrap_or("Fail"));
        let args = json!([
            "patch",
            format!("--webhook-name={name}"),
            "--namespace=$(POD_NAMESPACE)",
            "--patch-mutating=false",
            secret,
            failure,
        ]);
        let view = self.patch_job(&own.patch_webhook_job, args, &account);
        self.add(plan, "job.yaml", view).phase(Phase::Post).name_by_content_without_helm();
    }

    fn patch_job(&self, step: &Step, args: Node, account: &str) -> View {
        let own = &self.set.controller.admission_webhooks;
        let patch = &own.patch;
        let namespace =
            json!({"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}});
        let main = Container {
            args: Some(args),
            env: env_over(vec![namespace], &own.extra_envs),
            resources: step.resources.clone(),
            security_context: step.security_context.clone(),
            volume_mounts: step.volume_mounts.clone(),
            ..self.container(step.name.as_str(), self.image(&patch.image, false, false))
        };
        let labels = self.admission_labels(&[&patch.labels]);
        let path = format!("{}.controller.admissionWebhooks.patch", self.key);
        let mut common = NodeMap::new();
        for name in ["nodeSelector", "tolerations", "priorityClassName"] {
            if let Some(value) = self.cx.section(&path).get(name) {
                common.insert(name.to_owned(), value.clone());
            }
        }
        let pod = Workload::of(self.cx, &path, &self.app, &Value::Object(common))
            .pod(Vec::new(), vec![main], step.volumes.clone())
            .with("labels", &labels)
            .with("annotations", labels::text_map(&patch.pod_annotations))
            .with(
                "automount_service_account_token",
                patch.service_account.automount_service_account_token.unwrap_or(true),
            )
            .with("service_account_name", account)
            .with("image_pull_secrets", image_pull_secrets(&self.set.image_pull_secrets))
            .with("affinity", Value::Null)
            .with("security_context", &patch.security_context)
            .with("runtime_class_name", set(&patch.runtime_class_name))
            .with("restart_policy", "OnFailure");
        view! {
            name: format!("{}-{}", self.admission_name(), step.name), labels, pod: moved(pod),
            annotations: labels::text_map(&own.annotations), deadline: non_zero(&step.active_deadline_seconds),
        }
    }
}
