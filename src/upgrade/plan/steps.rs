//! What to do to reach a release: commands that can be typed as they stand.

use super::{Hop, Step, ValueChange, facts, renders};
use crate::releases::{Series, series_of};
use crate::upgrade::catalogue::all_series;

pub(super) fn steps(hop: &Hop<'_>, values: &[ValueChange]) -> Vec<Step> {
    let write = Writer { hop, name: hop.ask.name, namespace: hop.ask.namespace };
    let mut steps = Vec::new();
    if hop.first {
        steps.push(write.save());
    }
    steps.extend(write.manual());
    steps.extend(write.migrate(values));
    steps.push(write.render());
    steps.push(write.diff());
    steps.extend(if hop.ask.zero_downtime { write.apply_while_running() } else { vec![write.apply()] });
    steps.push(write.verify());
    steps.push(write.wait());
    steps.push(write.back());
    steps
}

struct Writer<'a> {
    hop: &'a Hop<'a>,
    name: &'a str,
    namespace: &'a str,
}

fn step(kind: &'static str, what: impl Into<String>, commands: Vec<String>) -> Step {
    Step { id: None, kind, what: what.into(), details: Vec::new(), commands, downtime: false }
}

impl Writer<'_> {
    /// The manifests of what runs before.
    fn old_manifests(&self) -> String {
        format!("gitlab-{}.yaml", self.hop.from.gitlab)
    }

    fn new_manifests(&self) -> String {
        format!("gitlab-{}.yaml", self.hop.to.gitlab)
    }

    /// The user's files, and what they are called once they fit this release.
    fn files(&self) -> Vec<(String, String)> {
        let named = self.hop.ask.values.map(|values| values.files.to_vec()).filter(|files| !files.is_empty());
        let named = named.unwrap_or_else(|| vec!["values.yaml".to_owned()]);
        let with = |file: &str, version: String| {
            let (stem, end) = file.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((file, "yaml"));
            format!("{}-{version}.{end}", stem.trim_start_matches("profile:"))
        };
        let before = |file: &str| match self.hop.first {
            true => file.to_owned(),
            false => with(file, self.hop.from.gitlab.to_string()),
        };
        named.iter().map(|file| (before(file), with(file, self.hop.to.gitlab.to_string()))).collect()
    }

    fn values(&self) -> String {
        self.files().iter().map(|(_, file)| format!(" -f {file}")).collect()
    }

    /// What renders the release: this program, or Helm where the release is older than what it knows.
    fn template(&self, more: &str) -> String {
        let Writer { name, namespace, .. } = self;
        let values = self.values();
        let (gitlab, chart) = (self.hop.to.gitlab, self.hop.to.chart);
        match renders(gitlab) {
            true => format!(
                "gitlab-render template {name} -n {namespace}{values} --gitlab-version {gitlab} --is-upgrade{more}"
            ),
            false => format!(
                "helm template {name} gitlab/gitlab --version {chart} -n {namespace}{values} --is-upgrade{more}"
            ),
        }
    }

    fn save(&self) -> Step {
        let Writer { name, namespace, .. } = self;
        let (from, old) = (self.hop.from, self.old_manifests());
        let mut step = step(
            "prepare",
            format!("keep the manifests of what runs, {from}"),
            vec![format!("helm get manifest {name} -n {namespace} > {old}")],
        );
        step.details.push(format!("where the release is not Helm's, keep what was applied last as `{old}`"));
        step
    }

    fn manual(&self) -> Vec<Step> {
        let counting = facts().manual.iter().filter(|row| self.hop.passes(&row.chart) && row.counts(self.hop.user()));
        counting
            .map(|row| {
                let whom = match self.hop.user() {
                    None if !row.whom.is_empty() => format!("if {}: ", row.whom),
                    // what no value says is for the reader to judge
                    Some(_) if row.is_for_the_reader() => format!("if {}: ", row.whom),
                    _ => String::new(),
                };
                Step {
                    id: Some(&row.id),
                    kind: "manual",
                    what: format!("{whom}{} (chart {})", row.what, row.chart),
                    details: row.todo.clone(),
                    commands: row.commands.iter().map(|command| self.hop.command(command)).collect(),
                    downtime: row.downtime,
                }
            })
            .collect()
    }

    fn migrate(&self, values: &[ValueChange]) -> Vec<Step> {
        let (from, to) = (self.hop.from.gitlab, self.hop.to.gitlab);
        let commands = self.files().into_iter();
        let commands = commands
            .map(|(old, new)| format!("gitlab-render values migrate -f {old} --from {from} --to {to} -o {new}"));
        let mut step = step("values", format!("rewrite the values for GitLab {to}"), commands.collect());
        let decide = values.iter().filter(|value| value.action == "decide");
        step.details.extend(decide.map(|value| {
            let hint = value.hint.as_deref().unwrap_or("look at it");
            format!("decide about `{}`: {hint}", value.path)
        }));
        vec![step]
    }

    fn render(&self) -> Step {
        let new = self.new_manifests();
        let what = match renders(self.hop.to.gitlab) {
            true => "render".to_owned(),
            false => format!(
                "render by Helm: GitLab {} is older than the releases that gitlab-render writes",
                self.hop.to.gitlab
            ),
        };
        step("render", what, vec![self.template(&format!(" > {new}"))])
    }

    fn diff(&self) -> Step {
        let Writer { name, namespace, .. } = self;
        let command = format!(
            "gitlab-render diff {} {} --name {name} -n {namespace}",
            self.old_manifests(),
            self.new_manifests()
        );
        step(
            "diff",
            "look at what changes; do not go on with a change that the objects above do not explain",
            vec![command],
        )
    }

    fn migrations_done(&self) -> String {
        format!(
            "kubectl wait --for=condition=complete job -n {} -l app=migrations,release={} --timeout=60m",
            self.namespace, self.name
        )
    }

    /// The commands that bring the new manifests into the cluster by hand, a phase at a time.
    fn put(&self, skip_post: bool) -> Vec<String> {
        let Writer { name, namespace, .. } = self;
        let (values, chart) = (self.values(), self.hop.to.chart);
        let skip = if skip_post {
            " --set-string gitlab.migrations.extraEnv.SKIP_POST_DEPLOYMENT_MIGRATIONS=true"
        } else {
            ""
        };
        if !renders(self.hop.to.gitlab) {
            return vec![format!(
                "helm upgrade {name} gitlab/gitlab --version {chart} -n {namespace}{values}{skip} --timeout 60m"
            )];
        }
        ["pre", "main"].map(|phase| self.phase(phase, skip)).to_vec()
    }

    fn phase(&self, phase: &str, more: &str) -> String {
        format!("{} | kubectl apply -n {} -f -", self.template(&format!("{more} --phase {phase}")), self.namespace)
    }

    fn after(&self) -> Vec<String> {
        if renders(self.hop.to.gitlab) { vec![self.phase("post", "")] } else { Vec::new() }
    }

    fn rolled_out(&self, what: &str) -> String {
        format!("kubectl rollout status deployment -n {} -l {what} --timeout=15m", self.namespace)
    }

    fn apply(&self) -> Step {
        let (from, to) = (self.hop.from.gitlab, self.hop.to.gitlab);
        let script = format!("upgrade-{to}.sh");
        let (what, commands) = match renders(to) {
            true => (
                format!("apply GitLab {to} in phases: the script waits for each, and stops where one fails"),
                vec![self.template(&format!(" --list-phases > {script}")), format!("sh {script}")],
            ),
            false => {
                let mut commands = self.put(false);
                commands.push(self.migrations_done());
                (format!("apply GitLab {to}"), commands)
            }
        };
        let mut step = step("apply", what, commands);
        let passed = |series: &Series| from.series() < *series && *series < to.series();
        if all_series().iter().any(passed) {
            step.downtime = true;
            let detail = "more than one minor is passed: switch maintenance mode on, or scale webservice and Sidekiq to 0 before";
            step.details.push(detail.to_owned());
        }
        step
    }

    fn apply_while_running(&self) -> Vec<Step> {
        let namespace = self.namespace;
        let each = |verb: &str, app: &str| {
            format!(
                "kubectl get deployments -n {namespace} -l app={app} -o name | xargs kubectl rollout {verb} -n {namespace}"
            )
        };
        let pause = vec![each("pause", "webservice"), each("pause", "sidekiq")];
        let mut first = self.put(true);
        first.push(self.migrations_done());
        let sidekiq = vec![each("resume", "sidekiq"), self.rolled_out("app=sidekiq")];
        let web = vec![each("resume", "webservice"), self.rolled_out("app=webservice")];
        let mut second = self.put(false);
        second.push(self.migrations_done());
        second.extend(self.after());
        let mut outside =
            step("apply", "upgrade Gitaly outside of the cluster first: it must never be older than Rails", Vec::new());
        outside.details.push("and Praefect with it".to_owned());
        vec![
            outside,
            step("apply", "hold webservice and Sidekiq where they are", pause),
            step("apply", "apply, with the migrations that the running pods can live with", first),
            step("apply", "let Sidekiq go on", sidekiq),
            step("apply", "let webservice go on", web),
            step("apply", "apply again, with the migrations that come after the deployment", second),
        ]
    }

    fn verify(&self) -> Step {
        let mut commands = vec![
            self.rolled_out(&format!("release={}", self.name)),
            self.hop.toolbox("gitlab-rake gitlab:check SANITIZE=true"),
            self.hop.toolbox("gitlab-rake gitlab:doctor:secrets"),
        ];
        commands.push(self.hop.toolbox("gitlab-rake gitlab:env:info"));
        let mut step = step("verify", format!("see that GitLab {} works", self.hop.to.gitlab), commands);
        step.details.push("log in, open a project, clone and push, run a CI job, pull an image, search".to_owned());
        if self.hop.last {
            step.details.push("upgrade the runners to the same version, and switch maintenance mode off".to_owned());
        }
        step
    }

    fn wait(&self) -> Step {
        let series = self.hop.to.gitlab.series();
        let what = match self.hop.last {
            true => "wait until all background migrations have finished: the upgrade ends here",
            false => "wait until all background migrations have finished, before the next stop",
        };
        let mut step = step("wait", what, self.hop.unfinished(series));
        let from = self.hop.from.gitlab.series();
        let known = facts().background.iter();
        let started = known.filter(|row| series_of(&row.gitlab).is_some_and(|s| from < s && s <= series));
        step.details.extend(started.map(|row| format!("{}: {}", row.gitlab, row.what)));
        step
    }

    fn back(&self) -> Step {
        let (from, namespace) = (self.hop.from.gitlab, self.namespace);
        let mut step = step(
            "back",
            format!("if it goes wrong, roll back to GitLab {from}"),
            vec![
                format!("kubectl apply -n {namespace} -f {}", self.old_manifests()),
                format!("kubectl scale deployment -n {namespace} -l 'app in (webservice,sidekiq)' --replicas=0"),
                self.hop.toolbox("backup-utility --restore -t BACKUP_ID"),
            ],
        );
        step.details.push("before its migrations ran: the first command is all".to_owned());
        step.details.push(format!("after them: restore the Rails secret and the backup of GitLab {from}, on GitLab {from}; the database cannot go back by itself"));
        step
    }
}
