//! A container of a pod, and the common parts of a workload's containers: environment, mounts, resources.

use serde::Serialize;
use serde_json::{Value, json};

use super::Workload;
use super::volumes::{certificate_mounts, mount};
use crate::model::workload::Image;
use crate::model::{Node, NodeMap, NonEmpty};
use crate::resolve::image::ImageRef;
use crate::resolve::labels;
use crate::resolve::plan::View;
use crate::tree::{self, field, overlay_map};
use crate::view;

/// A command line whose last word is the content of a file: `/bin/bash -c <content>`.
#[derive(Debug, Clone, Serialize)]
pub struct Script {
    /// The words before the content.
    pub words: Vec<&'static str>,
    /// The file, `shared-secrets/files/selfsign.sh`.
    pub file: &'static str,
    /// The view of the file.
    pub view: View,
}

/// One container of a pod. `charts/_shared/container.yaml` shows its shape.
#[derive(Debug, Clone, Default)]
pub struct Container {
    /// Unique in the pod.
    pub name: String,
    /// `repository:tag`.
    pub image: String,
    /// Missing: the cluster's default.
    pub image_pull_policy: Option<String>,
    /// Replaces the image's entry point.
    pub command: Option<Node>,
    /// The same with a script as its last word; replaces `command`.
    pub command_script: Option<Script>,
    /// Arguments.
    pub args: Option<Node>,
    /// The same with a script as the last of them; replaces `args`.
    pub args_script: Option<Script>,
    /// Environment, in order.
    pub env: Vec<Node>,
    /// Environment from whole Secrets and ConfigMaps.
    pub env_from: Option<Node>,
    /// Ports.
    pub ports: Vec<Node>,
    /// Where volumes are mounted.
    pub volume_mounts: Vec<Node>,
    /// The liveness probe: the container is restarted when it fails.
    pub liveness_probe: Option<Node>,
    /// The readiness probe: no traffic while it fails.
    pub readiness_probe: Option<Node>,
    /// The startup probe: the other two begin after it.
    pub startup_probe: Option<Node>,
    /// Hooks.
    pub lifecycle: Option<Node>,
    /// The path of the termination message.
    pub termination_message_path: Option<String>,
    /// `File`, or the end of the log.
    pub termination_message_policy: Option<String>,
    /// Requests and limits.
    pub resources: NodeMap,
    /// The resize policy: which changes of resources restart the container.
    pub resize_policy: Option<Node>,
    /// The security context.
    pub security_context: NodeMap,
}

impl Container {
    /// Adds variables with a plain value that the user has not set.
    #[must_use]
    pub fn with_env<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        for (name, value) in variables {
            self.default_env(env(name, value));
        }
        self
    }

    /// Adds a variable, unless its name exists: the user's variables are added first, and Kubernetes would use the last
    /// of two.
    pub fn default_env(&mut self, variable: Node) {
        let name = field(&variable, "name");
        if !self.env.iter().any(|other| field(other, "name") == name) {
            self.env.push(variable);
        }
    }

    /// Adds a mount; `options` is `readOnly`, `subPath` ...
    #[must_use]
    pub fn mount(mut self, volume: &str, path: &str, options: Value) -> Self {
        self.volume_mounts.push(mount(volume, path, options));
        self
    }

    /// Adds a port with a name.
    #[must_use]
    pub fn port(mut self, name: &str, number: impl Serialize) -> Self {
        self.ports.push(json!({"containerPort": number, "name": name}));
        self
    }
}

/// A variable with a plain value.
pub fn env(name: &str, value: impl Into<String>) -> Node {
    tree::map([("name", name.into()), ("value", Value::String(value.into()))])
}

/// Variables with others merged over them; each name occurs once, with the last value.
pub fn env_over(mut variables: Vec<Node>, over: &[Node]) -> Vec<Node> {
    for variable in over {
        variables.retain(|other| other["name"] != variable["name"]);
        variables.push(variable.clone());
    }
    variables
}

/// The view of the script `configure.sh`: it copies all of `/init-config` to `/init-secrets`.
pub fn configure_script() -> View {
    view! { source: "/init-config", target: "/init-secrets", only: json!([]), place: json!([]), s3cfg: Value::Null }
}

impl Workload<'_> {
    /// The variables of every container: the global ones, the component's merged over them, the time zone.
    ///
    /// `extraEnv` comes first, then `extraEnvFrom`; a plain value of the component replaces a source only where the
    /// source is a global one.
    pub fn env(&self) -> Vec<Node> {
        let global = &self.cx.global;
        let (own, own_from) = (&self.set.extra_env, &self.set.extra_env_from);
        let mut plain = labels::text_map(&global.extra_env);
        plain.retain(|name, _| !global.extra_env_from.contains_key(name) && !own_from.contains_key(name));
        let mut taken = global.extra_env_from.clone();
        taken.retain(|name, _| !own.contains_key(name));
        overlay_map(&mut taken, own_from);
        let mut over = own.clone();
        over.retain(|name, _| !own_from.contains_key(name));
        labels::put(&mut plain, &over);
        let mut all = Vec::with_capacity(plain.len() + taken.len() + 1);
        let zone = global.time_zone.non_empty().filter(|_| !plain.contains_key("TZ") && !taken.contains_key("TZ"));
        all.extend(zone.map(|zone| env("TZ", zone)));
        all.extend(plain.into_iter().map(|(name, value)| tree::map([("name", name.into()), ("value", value)])));
        all.extend(taken.into_iter().map(|(name, source)| tree::map([("name", name.into()), ("valueFrom", source)])));
        all
    }

    /// A main container with the common parts: environment, certificates, extra mounts, the component's resources and
    /// security context.
    pub fn container(&self, name: &str, image: ImageRef) -> Container {
        let mut volume_mounts = certificate_mounts();
        volume_mounts.extend(self.list("extraVolumeMounts", &self.set.extra_volume_mounts));
        Container {
            name: name.to_owned(),
            image: image.reference,
            image_pull_policy: image.pull_policy,
            env: self.env(),
            volume_mounts,
            resources: self.set.resources.clone(),
            security_context: self.set.container_security_context.clone(),
            ..Container::default()
        }
    }

    /// An init container with the common parts.
    pub fn init_container(&self, name: &str, image: ImageRef) -> Container {
        Container {
            name: name.to_owned(),
            image: image.reference,
            image_pull_policy: image.pull_policy,
            env: self.env(),
            volume_mounts: self.list("extraVolumeMounts", &self.set.extra_volume_mounts),
            resources: self.set.init.resources.clone(),
            security_context: self.set.init.container_security_context.clone(),
            ..Container::default()
        }
    }

    /// The init container that copies secrets into place with the script `configure` of a ConfigMap.
    pub fn configure(&self, config: &str, from: &str, to: &str) -> Container {
        let mut container = self.init_container("configure", self.base_image());
        container.command = Some(json!(["sh", "/config/configure"]));
        container.volume_mounts.splice(
            0..0,
            [
                mount(config, "/config", json!({"readOnly": true})),
                mount(from, "/init-config", json!({"readOnly": true})),
                mount(to, "/init-secrets", json!({"readOnly": false})),
            ],
        );
        container
    }

    /// The image of init containers that prepare the configuration: the component's `init.image` merged over
    /// `global.gitlabBase.image`.
    pub fn base_image(&self) -> ImageRef {
        let base = &self.cx.global.gitlab_base.image;
        let own = &self.set.init.image;
        let image = Image {
            repository: own.repository.clone().filter(|r| r.non_empty().is_some()).or_else(|| base.repository.clone()),
            tag: own.tag.clone().filter(|t| t.non_empty().is_some()).or_else(|| base.tag.clone()),
            digest: own.digest.clone().or_else(|| base.digest.clone()),
            pull_policy: own.pull_policy.clone().or_else(|| base.pull_policy.clone()),
            pull_secrets: Vec::new(),
            registry: None,
        };
        // The global pull policy does not apply to it: its tag does not move.
        let pull_policy = image.pull_policy.non_empty().map(str::to_owned);
        ImageRef { pull_policy, ..self.cx.image(&image, self.cx.gitlab_version()) }
    }
}

/// The view of `_shared/templates/container.yaml`.
pub(super) fn view_of(container: Container) -> View {
    let Container {
        name,
        image,
        image_pull_policy,
        command,
        command_script,
        args,
        args_script,
        env,
        env_from,
        ports,
        volume_mounts,
        liveness_probe,
        readiness_probe,
        startup_probe,
        lifecycle,
        termination_message_path,
        termination_message_policy,
        resources,
        resize_policy,
        security_context,
    } = container;
    view! {
        name: moved(name),
        image: moved(image),
        image_pull_policy: moved(image_pull_policy),
        command: moved(command),
        command_script: command_script,
        args: moved(args),
        args_script: args_script,
        env: moved(env),
        env_from: moved(env_from),
        ports: moved(ports),
        volume_mounts: moved(volume_mounts),
        liveness_probe: moved(liveness_probe),
        readiness_probe: moved(readiness_probe),
        startup_probe: moved(startup_probe),
        lifecycle: moved(lifecycle),
        termination_message_path: moved(termination_message_path),
        termination_message_policy: moved(termination_message_policy),
        resources: moved(resources),
        resize_policy: moved(resize_policy),
        security_context: moved(security_context),
    }
}
