//! The preconditions of a release, and how to check them.

use serde_json::Value;

use super::{Check, Hop, With, facts, renders, series_name, toolbox_of};
use crate::diag::ValuePath;
use crate::releases::catalogue::Release;
use crate::releases::{self, Series};
use crate::shell::{add_repository, backup_once, quoted};
use crate::upgrade::minima::{self, Minimum};

pub(super) fn preconditions(hop: &Hop<'_>) -> Vec<Check> {
    let groups =
        [toolbox(hop), charts(hop), services(hop), cluster(hop), migrations(hop), without_downtime(hop), saved(hop)];
    groups.into_iter().flatten().collect()
}

impl Hop<'_> {
    /// A command to run in the toolbox while `running` is the release in the cluster.
    pub(super) fn toolbox(&self, running: Release, command: &str) -> String {
        let (namespace, name, toolbox) = (self.ask.namespace, self.ask.name, toolbox_of(running));
        format!("kubectl exec -n {namespace} deploy/{name}-{toolbox} -- {command}")
    }

    /// Whether the values switch the toolbox off, by the name of today or by that of charts before 5.5.
    pub(super) fn is_toolbox_off(&self) -> bool {
        ["toolbox", "task-runner"].iter().any(|name| self.is_off(&format!("gitlab.{name}.enabled")))
    }

    /// Whether KEDA scales pods of GitLab by these values: globally, for a component, or for one of its pods.
    pub(super) fn has_keda(&self) -> bool {
        fn within(value: &Value) -> bool {
            match value {
                Value::Object(map) => {
                    map.get("keda").is_some_and(|keda| keda.get("enabled") == Some(&Value::Bool(true)))
                        || map.values().any(within)
                }
                Value::Array(items) => items.iter().any(within),
                _ => false,
            }
        }
        self.user().is_some_and(within)
    }

    /// The name of the Secret with the keys that encrypt the database.
    pub(super) fn rails_secret(&self) -> String {
        self.named("global.railsSecrets.secret", "rails-secret")
    }

    /// The name of an object that the values may name; without that, it is the release's with an ending.
    pub(super) fn named(&self, path: &str, ending: &str) -> String {
        self.text(path).map_or_else(|| format!("{}-{ending}", self.ask.name), quoted)
    }

    /// The name of a part of the chart: the release's with that of the part, which `nameOverride` changes.
    pub(super) fn fullname(&self, section: &str) -> String {
        let last = section.rsplit('.').next().unwrap_or(section);
        let own = format!("{}-{}", self.ask.name, self.text(&format!("{section}.nameOverride")).unwrap_or(last));
        self.text(&format!("{section}.fullnameOverride")).map_or(own, str::to_owned)
    }

    /// The label `app` of the pods of a component.
    pub(super) fn app<'n>(&'n self, component: &'n str) -> &'n str {
        self.text(&format!("gitlab.{component}.nameOverride")).unwrap_or(component)
    }

    /// The ConfigMap with the versions that run.
    pub(super) fn chart_info(&self) -> String {
        format!("{}-{}-chart-info", self.ask.name, self.text("nameOverride").unwrap_or("gitlab"))
    }

    /// The file with the name of the backup of the previous release.
    pub(super) fn backup_file(&self) -> String {
        format!("backup-{}.txt", self.from.gitlab)
    }

    /// The user's value at a path, if it is a string and not empty.
    fn text(&self, path: &str) -> Option<&str> {
        self.user_value(path).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The user's value at a path.
    fn user_value(&self, path: &str) -> Option<&Value> {
        ValuePath::dotted(path).within(self.user()?)
    }

    /// The minimum number of a component's pods by the values; `default` where they do not set it.
    fn least_pods(&self, component: &str, default: u64) -> u64 {
        let said = ["hpa.minReplicas", "minReplicas", "replicas"]
            .iter()
            .filter_map(|key| self.user_value(&format!("gitlab.{component}.{key}"))?.as_u64());
        said.max().unwrap_or(default)
    }

    fn has(&self, path: &str) -> bool {
        self.user_value(path).is_some_and(|value| !value.is_null())
    }

    fn is_on(&self, path: &str) -> bool {
        self.user_value(path).is_some_and(|value| value == true)
    }

    /// Whether the user turned it off.
    pub(super) fn is_off(&self, path: &str) -> bool {
        self.user_value(path).is_some_and(|value| value == false)
    }
}

/// The commands of the other preconditions run in the toolbox.
fn toolbox(hop: &Hop<'_>) -> Vec<Check> {
    if !hop.first || !hop.is_toolbox_off() {
        return Vec::new();
    }
    vec![Check {
        id: "toolbox",
        what:
            "the toolbox runs: the values disable it, so do the step that enables it first; the commands below need it"
                .to_owned(),
        new: false,
        met: Some(false),
        commands: Vec::new(),
    }]
}

/// The commands of the steps name the official chart by its repository.
fn charts(hop: &Hop<'_>) -> Vec<Check> {
    let by_person = matches!(hop.ask.with, With::Kubectl | With::Helm);
    let ours = hop.ask.with != With::Helm && renders(hop.from.gitlab) && renders(hop.to.gitlab);
    if !hop.first || !by_person || ours {
        return Vec::new();
    }
    vec![Check {
        id: "charts",
        what: "Helm knows the repository of GitLab's charts as `gitlab`, and its newest list".to_owned(),
        new: false,
        met: None,
        commands: vec![add_repository()],
    }]
}

fn services(hop: &Hop<'_>) -> Vec<Check> {
    let (from, to) = (hop.from.gitlab.series(), hop.to.gitlab.series());
    let least = |id, name: &str, of: fn(Series) -> Option<&'static Minimum>, command: &str| {
        let least = of(to)?;
        Some(Check {
            id,
            what: format!("{name} is {} or newer", least.in_words()),
            new: of(from).is_none_or(|old| old.min != least.min),
            met: None,
            commands: vec![hop.toolbox(hop.from, command)],
        })
    };
    let show = "gitlab-rails runner 'puts ApplicationRecord.connection.select_value(%q(SHOW server_version))'";
    // The upgrade itself updates the bundled server.
    let leaves = hop.manual().any(|row| row.id == "postgresql-leaves");
    let bundled = hop.user().is_some() && !leaves && !hop.is_off("postgresql.install") && !hop.has("global.psql.host");
    let mut checks = Vec::new();
    if !bundled {
        checks.extend(least("postgresql", "PostgreSQL", minima::postgresql, show));
    }
    let extensions = minima::extensions(to);
    let new = minima::extensions(from) != extensions;
    if new || hop.first {
        checks.push(Check {
            id: "extensions",
            what: format!("PostgreSQL has the extensions {}", extensions.join(", ")),
            new,
            met: None,
            commands: vec![hop.toolbox(hop.from, "gitlab-rails runner 'puts ApplicationRecord.connection.select_values(%q(SELECT extname FROM pg_extension))'")],
        });
    }
    let info = "gitlab-rails runner 'puts Gitlab::Redis::SharedState.with { |r| r.info[%q(redis_version)] }'";
    checks.extend(least("redis", "Redis", minima::redis, info));
    if hop.has("global.psql.host") {
        checks.push(Check {
            id: "direct-database",
            what: "migrations connect to PostgreSQL directly: PgBouncer in between breaks their locks".to_owned(),
            new: false,
            met: None,
            commands: Vec::new(),
        });
    }
    checks
}

fn cluster(hop: &Hop<'_>) -> Vec<Check> {
    let to = hop.to.gitlab.series();
    let mut checks = Vec::new();
    if let Some(versions) = minima::kubernetes(to) {
        checks.push(Check {
            id: "kubernetes",
            what: format!("Kubernetes is {}", versions.in_words()),
            new: minima::kubernetes(hop.from.gitlab.series()).is_none_or(|old| old != versions),
            met: None,
            commands: vec!["kubectl version".to_owned()],
        });
    }
    if let Some(guard) = releases::minimum(hop.to.chart) {
        checks.push(Check {
            id: "running-release",
            what: format!(
                "GitLab {} (chart {}) or newer is running: chart {} checks this and stops otherwise",
                guard.gitlab,
                guard.chart,
                series_name(hop.to.chart.series()),
            ),
            new: false,
            met: None,
            commands: vec![format!(
                "kubectl get configmap {} -n {} -o jsonpath='{{.data}}'",
                hop.chart_info(),
                hop.ask.namespace
            )],
        });
    }
    checks
}

impl Hop<'_> {
    /// The commands that list unfinished background migrations of the release that runs then.
    pub(super) fn unfinished(&self, running: Release) -> Vec<String> {
        let series = running.gitlab.series();
        let commands = facts::facts().unfinished.iter().filter(|row| row.is_for(series));
        commands.map(|row| self.toolbox(running, &row.command)).collect()
    }
}

fn migrations(hop: &Hop<'_>) -> Vec<Check> {
    let from = hop.from.gitlab.series();
    let mut checks = vec![Check {
        id: "background-migrations",
        what: format!(
            "all background migrations of GitLab {} have finished: the commands list none, including failed ones (status 4)",
            hop.from.gitlab
        ),
        new: false,
        met: None,
        commands: hop.unfinished(hop.from),
    }];
    if from.0 < hop.to.gitlab.major {
        checks.push(Check {
            id: "search-migrations",
            what:
                "if advanced search is enabled, its own migrations have finished: a new major version requires all those of the previous one"
                    .to_owned(),
            new: false,
            met: None,
            commands: vec![hop.toolbox(hop.from, "gitlab-rake gitlab:elastic:list_pending_migrations")],
        });
    }
    checks
}

fn without_downtime(hop: &Hop<'_>) -> Vec<Check> {
    if !hop.ask.zero_downtime {
        return Vec::new();
    }
    let mut checks = Vec::new();
    let mut add = |id, what: &str, met: Option<bool>, commands: Vec<String>| {
        checks.push(Check { id, what: what.to_owned(), new: false, met, commands });
    };
    if hop.first {
        let workloads = format!(
            "kubectl get deployments -n {} -l 'app in ({},{}),release={}'",
            hop.ask.namespace,
            hop.app("webservice"),
            hop.app("sidekiq"),
            hop.ask.name
        );
        add(
            "replicas",
            "webservice and Sidekiq have at least two pods each, and the cluster has capacity for a tenth more",
            hop.user().map(|_| hop.least_pods("webservice", 2) >= 2 && hop.least_pods("sidekiq", 1) >= 2),
            vec![workloads],
        );
        let outside = ["postgresql.install", "redis.install", "global.minio.enabled"];
        add(
            "services-outside",
            "PostgreSQL, Redis and object storage are outside of the release, and either Gitaly is as well, or its clients \
             retry (`global.gitaly.client`)",
            hop.user().map(|_| outside.iter().all(|path| hop.is_off(path))),
            Vec::new(),
        );
        let bypass = hop.user_value("global.extraEnv.BYPASS_SCHEMA_VERSION");
        add(
            "bypass",
            "`global.extraEnv.BYPASS_SCHEMA_VERSION` has been \"true\" since an earlier upgrade: pods start while \
             migrations are not finished",
            hop.user().map(|_| bypass.is_some_and(|value| value == "true" || *value == true)),
            Vec::new(),
        );
        let unavailable = hop.user_value("gitlab.webservice.deployment.strategy.rollingUpdate.maxUnavailable");
        add(
            "rolling",
            "`gitlab.webservice.deployment.strategy` has maxUnavailable 0, and the pods' \
             `deployment.terminationGracePeriodSeconds` are longer than the longest requests and jobs",
            hop.user().map(|_| unavailable.is_some_and(|value| value == 0 || value == "0%")),
            Vec::new(),
        );
    }
    let crossed = facts().zero_downtime.iter().filter(|between| {
        between.from == series_name(hop.from.gitlab.series()) && between.to == series_name(hop.to.gitlab.series())
    });
    for between in crossed {
        add(
            "between",
            &between.what,
            None,
            between.command.iter().map(|command| hop.command(command, hop.from)).collect(),
        );
    }
    checks
}

fn saved(hop: &Hop<'_>) -> Vec<Check> {
    let mut checks = vec![Check {
        id: "backup",
        what: format!(
            "there is a backup of GitLab {}, and copies of the Rails secret and the values, which no backup contains",
            hop.from.gitlab
        ),
        new: false,
        met: None,
        commands: vec![backup_once(
            &hop.backup_file(),
            &hop.toolbox(hop.from, "backup-utility"),
            &hop.from.gitlab.to_string(),
        )],
    }];
    let other = [("registry.database.enabled", "registry"), ("openbao.install", "OpenBao")];
    for (path, what) in other.into_iter().filter(|(path, _)| hop.is_on(path)) {
        checks.push(Check {
            id: "other-backups",
            what: format!(
                "the database of {what} has its own backup (`{path}` is on): GitLab's backup does not contain it"
            ),
            new: false,
            met: None,
            commands: Vec::new(),
        });
    }
    checks
}
