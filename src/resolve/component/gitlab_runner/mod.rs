//! gitlab-runner: takes CI jobs from GitLab and runs each in a pod of its own.

mod account;
mod config;
mod pod;
mod service;
mod settings;

use crate::diag::{Diagnostic, ValuePath};
use crate::model::{NodeMap, NonEmpty};
use crate::resolve::labels::{self, full_name};
use crate::resolve::shared::gitlab_chart;
use crate::resolve::{Component, Context, Plan, tpl};
use settings::Settings;

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "gitlab-runner", key: "gitlab-runner", resolve };

/// Settings of charts before 0.23, which described the executor by single keys; `runners.config` replaced them.
const UNREAD: &[(&str, &str)] = &[
    (
        "runnerToken",
        "put the token into a Secret under the key `runner-token` and name the Secret in `global.runner.registrationToken.secret`",
    ),
    (
        "runnerRegistrationToken",
        "put the token into a Secret under the key `runner-registration-token` and name the Secret in `global.runner.registrationToken.secret`",
    ),
    (
        "runners.builds",
        "write `cpu_limit`, `memory_limit`, `cpu_request` and `memory_request` below `[runners.kubernetes]` in `gitlab-runner.runners.config`",
    ),
    (
        "runners.helpers",
        "write `helper_cpu_limit` and its like below `[runners.kubernetes]` in `gitlab-runner.runners.config`",
    ),
    (
        "runners.services",
        "write `service_cpu_limit` and its like below `[runners.kubernetes]` in `gitlab-runner.runners.config`",
    ),
    ("runners.image", "write `image` below `[runners.kubernetes]` in `gitlab-runner.runners.config`"),
    ("runners.privileged", "write `privileged = true` below `[runners.kubernetes]` in `gitlab-runner.runners.config`"),
    ("runners.namespace", "write `namespace` below `[runners.kubernetes]` in `gitlab-runner.runners.config`"),
    ("runners.cache.cacheType", "write `Type` below `[runners.cache]` in `gitlab-runner.runners.config`"),
    ("runners.cache.cachePath", "write `Path` below `[runners.cache]` in `gitlab-runner.runners.config`"),
    ("runners.cache.s3CachePath", "write `Path` below `[runners.cache]` in `gitlab-runner.runners.config`"),
    ("runners.cache.cacheShared", "write `Shared` below `[runners.cache]` in `gitlab-runner.runners.config`"),
    (
        "runners.cache.s3ServerAddress",
        "write `ServerAddress` below `[runners.cache.s3]` in `gitlab-runner.runners.config`",
    ),
    ("runners.cache.s3BucketName", "write `BucketName` below `[runners.cache.s3]` in `gitlab-runner.runners.config`"),
    (
        "runners.cache.s3BucketLocation",
        "write `BucketLocation` below `[runners.cache.s3]` in `gitlab-runner.runners.config`",
    ),
    ("runners.cache.s3CacheInsecure", "write `Insecure` below `[runners.cache.s3]` in `gitlab-runner.runners.config`"),
    ("runners.cache.gcsBucketName", "write `BucketName` below `[runners.cache.gcs]` in `gitlab-runner.runners.config`"),
];

/// The input of the component's parts.
struct Runner<'a> {
    cx: &'a Context<'a>,
    /// The name of most objects and of the container.
    name: String,
    /// Labels of every object.
    labels: NodeMap,
    set: Settings,
}

impl Runner<'_> {
    /// A string of the settings in which templates are evaluated.
    fn evaluated(&self, path: &str, text: &str) -> String {
        let chart = tpl::ValuesOwner { name: COMPONENT.name, key: COMPONENT.key };
        tpl::text(self.cx, chart, &format!("{}.{path}", COMPONENT.key), text)
    }

    /// The labels by which a Service selects its pods. The Deployment selects by `app` alone.
    fn selector(&self) -> NodeMap {
        let own =
            ["app", "release"].into_iter().filter_map(|key| Some((key.to_owned(), self.labels.get(key)?.clone())));
        own.collect()
    }

    /// Whether it has a metrics listener.
    fn has_metrics(&self) -> bool {
        self.set.metrics.enabled
    }
}

fn resolve(cx: &Context, plan: &mut Plan) {
    if !cx.enabled("gitlab-runner.install") {
        return;
    }
    let set: Settings = cx.read(COMPONENT.key);
    let release = &cx.release.name;
    let name = full_name(release, COMPONENT.name, set.name_override.as_ref(), set.fullname_override.as_ref());
    let runner = Runner { cx, labels: labels::identity(&name, release), name, set };
    check(&runner);
    config::plan(&runner, plan);
    account::plan(&runner, plan);
    pod::plan(&runner, plan);
    service::plan(&runner, plan);
    let path = format!("{}.extraObjects", COMPONENT.key);
    gitlab_chart::plan_own_objects(cx, &COMPONENT, &path, &runner.set.extra_objects, plan);
}

/// Settings without effect.
fn check(runner: &Runner) {
    let set = &runner.set;
    gitlab_chart::warn_unread(runner.cx, COMPONENT.key, UNREAD);
    let say = |path: &str, message: &str, hint: &str| {
        let path = format!("{}.{path}", COMPONENT.key);
        let found = Diagnostic::warning("unread-key", format!("`{path}` {message}"));
        runner.cx.say(found.at_value(ValuePath::dotted(&path)).hint(hint));
    };
    // The default's value, which only says that the Secret exists.
    if set.runners.secret.non_empty().is_some_and(|secret| secret != "nonempty") {
        say(
            "runners.secret",
            "does not name the Secret that the runner uses",
            "write its name into `global.runner.registrationToken.secret`",
        );
    }
    if set.service.enabled && !runner.has_metrics() && set.service.additional_ports.is_empty() {
        say(
            "service.enabled",
            "creates no Service, because it would have no port",
            "set `gitlab-runner.metrics.enabled: true`",
        );
    }
    let monitors = [("serviceMonitor", &set.metrics.service_monitor), ("podMonitor", &set.metrics.pod_monitor)];
    for (key, monitor) in monitors {
        if monitor.enabled && !runner.has_metrics() {
            let path = format!("metrics.{key}.enabled");
            say(
                &path,
                "creates no monitor, because the metrics of the runner are disabled",
                "set `gitlab-runner.metrics.enabled: true`",
            );
        }
    }
    if set.metrics.service_monitor.enabled && runner.has_metrics() && !set.service.enabled {
        say(
            "metrics.serviceMonitor.enabled",
            "creates no ServiceMonitor, because there is no Service to monitor",
            "set `gitlab-runner.service.enabled: true`",
        );
    }
    if set.session_server.ingress.enabled && !set.session_server.enabled {
        say(
            "sessionServer.ingress.enabled",
            "creates an Ingress for a session server that is disabled",
            "set `gitlab-runner.sessionServer.enabled: true`",
        );
    }
}
