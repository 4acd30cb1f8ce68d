//! The ingress controller of `nginx-ingress` and of its twin for Geo: the same objects with different settings.
//!
//! Templates of both are in `charts/nginx-ingress/templates`.

mod admission;
mod backend;
mod config;
mod controller;
mod monitoring;
mod rbac;
mod scaling;
mod service;
pub mod settings;

use serde_json::{Map, Value, json};

use self::settings::{Image, Pods, Settings};
use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::image::ImageRef;
use crate::resolve::plan::{Planned, View};
use crate::resolve::workload::{Container, Workload, image_pull_secrets};
use crate::resolve::{Component, Context, Plan, labels, tpl};

/// The folder of the templates.
const TEMPLATES: &str = "nginx-ingress";

/// One controller and its objects.
pub struct Nginx<'a> {
    cx: &'a Context<'a>,
    key: &'static str,
    set: Settings,
    /// The label `app`.
    app: String,
    /// The prefix of all names.
    name: String,
}

/// The controller or the default backend.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Controller,
    Backend,
}

/// Plans the objects of a controller, where it is enabled.
pub fn resolve(cx: &Context, component: &Component, plan: &mut Plan) {
    // The settings are many, and Geo's controller is rarely enabled.
    if cx.section(component.key).get("enabled") == Some(&Value::Bool(false)) {
        return;
    }
    let set: Settings = cx.read(component.key);
    if !set.enabled {
        return;
    }
    let (own, full) = (set.name_override.as_ref(), set.fullname_override.as_ref());
    let app = own.and_then(Text::non_empty).unwrap_or(component.name).to_owned();
    let name = labels::full_name(&cx.release.name, component.name, own, full);
    let nginx = Nginx { cx, key: component.key, set, app, name };
    nginx.check();
    nginx.plan_accounts(plan);
    nginx.plan_config(plan);
    nginx.plan_ingress_classes(component.name, plan);
    nginx.plan_services(plan);
    nginx.plan_controller(plan);
    nginx.plan_scaling(plan);
    nginx.plan_monitoring(plan);
    nginx.plan_admission(plan);
    if nginx.set.default_backend.enabled {
        nginx.plan_backend(plan);
    }
}

impl Nginx<'_> {
    /// The context of values that are templates.
    fn chart(&self) -> tpl::ValuesOwner<'_> {
        tpl::ValuesOwner { name: &self.app, key: self.key }
    }

    /// Settings that contradict each other or that the controller does not support.
    fn check(&self) {
        let controller = &self.set.controller;
        let kind = controller.kind.as_str();
        if !["Deployment", "DaemonSet", "Both"].contains(&kind) {
            let path = format!("{}.controller.kind", self.key);
            self.cx.say(
                Diagnostic::warning(
                    "no-controller",
                    format!("`{path}` is not a workload kind, so no controller is created"),
                )
                .at_value(ValuePath::dotted(&path))
                .hint("write `Deployment` or `DaemonSet`"),
            );
        }
        if controller.extra_args.get("force-namespace-isolation").is_some_and(|value| !value.is_null()) {
            let path = format!("{}.controller.extraArgs.force-namespace-isolation", self.key);
            self.cx.say(
                Diagnostic::error("removed-argument", format!("`{path}`: the controller no longer has this argument"))
                    .at_value(ValuePath::dotted(&path))
                    .hint("remove it; `controller.scope` sets which namespaces are watched"),
            );
        }
        if controller.keda.enabled && controller.keda.triggers.is_empty() {
            let path = format!("{}.controller.keda.triggers", self.key);
            self.cx.say(
                Diagnostic::error("no-triggers", format!("`{path}`: KEDA needs at least one trigger"))
                    .at_value(ValuePath::dotted(&path))
                    .hint(
                        "list at least one, such as `{type: cpu, metricType: Utilization, metadata: {value: \"50\"}}`",
                    ),
            );
        }
        for (protocol, ports) in [("tcp", &self.set.tcp), ("udp", &self.set.udp)] {
            for port in ports.keys().filter(|port| !port.parse::<u16>().is_ok_and(|number| number > 0)) {
                let path = format!("{}.{protocol}", self.key);
                self.cx.say(
                    Diagnostic::error("bad-port", format!("`{path}`: the key `{port}` is not a port number"))
                        .at_value(ValuePath::dotted(&path))
                        .hint("write `<port>: <namespace>/<service>:<port>`"),
                );
            }
        }
        if !self.set.tcp.is_empty() && self.tcp_is_external() {
            let path = format!("{}.tcp", self.key);
            self.cx.say(
                Diagnostic::warning("tcp-services", format!("`{path}` opens ports without a backend"))
                    .at_value(ValuePath::dotted(&path))
                    .hint(format!("set `{}.tcpExternalConfig` to \"\" and list Git's port under `tcp` too", self.key)),
            );
        }
    }

    /// `<release>-nginx-ingress-controller`.
    fn controller_name(&self) -> String {
        labels::cut(&format!("{}-{}", self.name, self.set.controller.name))
    }

    fn part_name(&self, part: Part) -> String {
        match part {
            Part::Controller => self.controller_name(),
            Part::Backend => labels::cut(&format!("{}-{}", self.name, self.set.default_backend.name)),
        }
    }

    /// The namespace of the objects, where it is not the release's.
    fn own_namespace(&self) -> Option<&str> {
        self.set.namespace_override.non_empty()
    }

    fn namespace(&self) -> &str {
        self.own_namespace().unwrap_or(&self.cx.release.namespace)
    }

    /// Whether gitlab-shell creates the ConfigMap of the TCP services.
    fn tcp_is_external(&self) -> bool {
        self.set.tcp_external_config.as_ref().map(Text::as_str) == Some("true")
    }

    /// The selector of a part. It never changes.
    fn selector(&self, part: Part) -> NodeMap {
        let component = match part {
            Part::Controller => &self.set.controller.name,
            Part::Backend => &self.set.default_backend.name,
        };
        let mut selector = Map::new();
        selector.insert("app".to_owned(), self.app.clone().into());
        selector.insert("component".to_owned(), component.as_str().into());
        selector.insert("release".to_owned(), self.cx.release.name.clone().into());
        selector
    }

    /// The common labels of all objects.
    fn labels(&self) -> NodeMap {
        let mut all = labels::identity(&self.app, &self.cx.release.name);
        all.insert("app.kubernetes.io/part-of".to_owned(), self.app.clone().into());
        for more in [&self.cx.global.common.labels, &self.set.common.labels, &self.set.common_labels] {
            labels::put(&mut all, more);
        }
        all
    }

    /// Labels of an object that belongs to a part; `more` are the user's.
    fn part_labels(&self, part: Part, more: &[&NodeMap]) -> NodeMap {
        let mut all = self.labels();
        let component = if part == Part::Controller { "controller" } else { "default-backend" };
        all.insert("app.kubernetes.io/component".to_owned(), component.into());
        all.extend(self.selector(part));
        for labels in more {
            labels::put(&mut all, labels);
        }
        all
    }

    /// The labels of most objects of a part: those above, and the part's own setting.
    fn object_labels(&self, part: Part) -> NodeMap {
        let own = match part {
            Part::Controller => &self.set.controller.labels,
            Part::Backend => &self.set.default_backend.labels,
        };
        self.part_labels(part, &[own])
    }

    /// The ServiceAccount that the pods of a part use.
    fn account_name(&self, part: Part) -> String {
        let (account, made) = match part {
            Part::Controller => (&self.set.service_account, self.name.clone()),
            Part::Backend => (&self.set.default_backend.service_account, format!("{}-backend", self.name)),
        };
        match account.name.non_empty() {
            Some(name) => name.to_owned(),
            None if account.create.unwrap_or(true) => made,
            None => "default".to_owned(),
        }
    }

    /// Plans an object; `view` has no `namespace` yet.
    fn add<'p>(&self, plan: &'p mut Plan, template: &'static str, view: View) -> &'p mut Planned {
        plan.add(TEMPLATES, template, view.with("namespace", self.own_namespace()))
    }

    /// The pod of a part: the common pod with the user's settings of this chart.
    fn pod(&self, part: Part, main: Container, init: Vec<Container>, volumes: Vec<Node>) -> View {
        let (key, pods, account, labels) = match part {
            Part::Controller => {
                ("controller", &self.set.controller.pods, &self.set.service_account, &self.set.controller.labels)
            }
            Part::Backend => {
                let set = &self.set.default_backend;
                ("defaultBackend", &set.pods, &set.service_account, &set.labels)
            }
        };
        let path = format!("{}.{key}", self.key);
        let section = self.cx.section(&path);
        let mut common = Map::new();
        for name in [
            "nodeSelector",
            "tolerations",
            "topologySpreadConstraints",
            "priorityClassName",
            "extraVolumes",
            "extraContainers",
            "extraInitContainers",
        ] {
            if let Some(value) = section.get(name) {
                common.insert(name.to_owned(), value.clone());
            }
        }
        let workload = Workload::of(self.cx, &path, &self.app, &Value::Object(common));
        let user = [&self.cx.global.pod.labels, labels, &pods.pod_labels];
        workload
            .pod(init, vec![main], volumes)
            .with("labels", self.part_labels(part, &user))
            .with("annotations", labels::text_map(&pods.pod_annotations))
            .with(
                "automount_service_account_token",
                self.cx
                    .release
                    .has(Difference::NginxTokenInPod)
                    .then(|| account.automount_service_account_token.unwrap_or(true)),
            )
            .with("service_account_name", self.account_name(part))
            .with("image_pull_secrets", image_pull_secrets(&self.set.image_pull_secrets))
            .with("affinity", (!pods.affinity.is_empty()).then_some(&pods.affinity))
            .with("security_context", &pods.pod_security_context)
            .with("runtime_class_name", set(&pods.runtime_class_name))
            .with("termination_grace_period_seconds", &pods.termination_grace_period_seconds)
    }

    /// The reference of an image that is given in parts.
    fn image(&self, image: &Image, chroot: bool, suffix: bool) -> ImageRef {
        let tail = if chroot { "-chroot" } else { "" };
        let repository = set(&image.repository).map_or_else(
            || {
                let global = set(&self.cx.global.image.registry).unwrap_or("registry.k8s.io");
                let registry = set(&image.registry).unwrap_or(global);
                format!("{registry}/{}{tail}", set(&image.image).unwrap_or_default())
            },
            str::to_owned,
        );
        let suffix = if suffix { set(&self.cx.global.image.tag_suffix).unwrap_or_default() } else { "" };
        let digest = if chroot { &image.digest_chroot } else { &image.digest };
        let digest = set(digest).map_or(String::new(), |digest| format!("@{digest}"));
        let tag = set(&image.tag).unwrap_or_default();
        ImageRef {
            reference: format!("{repository}:{tag}{suffix}{digest}"),
            pull_policy: set(&image.pull_policy).map(str::to_owned),
        }
    }
}

/// The security context of a container: the user's as a whole, or the one that the image's settings give.
fn security_context(own: &NodeMap, image: &Image, capabilities: Node, chroot: bool) -> NodeMap {
    if !own.is_empty() {
        return own.clone();
    }
    let context = json!({
        "runAsNonRoot": image.run_as_non_root,
        "runAsUser": image.run_as_user,
        "runAsGroup": image.run_as_group,
        "allowPrivilegeEscalation": image.allow_privilege_escalation.unwrap_or(false) || chroot,
        "seccompProfile": image.seccomp_profile,
        "capabilities": capabilities,
        "readOnlyRootFilesystem": image.read_only_root_filesystem,
    });
    context.as_object().cloned().unwrap_or_default()
}

/// A string setting; `None` where it is empty.
fn set(text: &Option<Text>) -> Option<&str> {
    text.non_empty()
}

/// A number; `None` where it is zero, which means "not set".
fn non_zero(number: &Option<Node>) -> Option<&Node> {
    number.as_ref().filter(|n| !n.is_null() && n.as_f64() != Some(0.0) && n.as_str() != Some("0"))
}

/// Arguments for a program, `--name=value`, or `--name` alone.
fn arguments(extra: &NodeMap) -> impl Iterator<Item = String> + '_ {
    let text = labels::text_map(extra);
    text.into_iter().map(|(name, value)| match value.as_str() {
        Some("") | None => format!("--{name}"),
        Some(value) => format!("--{name}={value}"),
    })
}

/// The budget: at most this number unavailable, or at least that number available.
fn disruption(pods: &Pods) -> (Option<&Node>, Option<&Node>) {
    let most = pods.max_unavailable.as_ref().filter(|n| !n.is_null());
    (most, pods.min_available.as_ref().filter(|_| most.is_none()))
}
