//! What to do to reach a release: commands that can be typed as they stand.

use super::commands::Writer;
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
    steps.push(write.migrate(values));
    steps.push(write.render());
    steps.push(write.diff());
    steps.extend(if hop.ask.zero_downtime { write.apply_while_running() } else { vec![write.apply()] });
    steps.push(write.verify());
    steps.push(write.wait());
    if renders(hop.to.gitlab) && !write.ours() {
        steps.push(write.hand_over());
    }
    steps.push(write.back());
    steps
}

fn step(kind: &'static str, what: impl Into<String>, commands: Vec<String>) -> Step {
    Step { id: None, kind, what: what.into(), details: Vec::new(), commands, downtime: false }
}

impl Step {
    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

impl Writer<'_> {
    fn save(&self) -> Step {
        let Writer { name, namespace, .. } = self;
        let (from, old) = (self.hop.from, self.old_manifests());
        let mut kept = step(
            "prepare",
            format!("keep the manifests of what runs, {from}"),
            vec![format!("helm get manifest {name} -n {namespace} > {old}")],
        );
        if self.ours() {
            kept = kept
                .detail(format!("where the release is not Helm's, keep what was applied last as `{old}`"))
                .detail("where it is, hand it over first, and upgrade then: `gitlab-render adopt` has the steps");
        }
        match self.read_stdin() {
            true => kept.detail("the values came from stdin: write them to `values.yaml`, which the commands name"),
            false => kept,
        }
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

    fn migrate(&self, values: &[ValueChange]) -> Step {
        let (from, to) = (self.hop.from.gitlab, self.hop.to.gitlab);
        let rewritten = self.files().into_iter().filter(|file| file.rewritten);
        let mut commands: Vec<_> = rewritten
            .map(|file| {
                let (old, new) = (file.before, file.after);
                format!("gitlab-render values migrate -f {old} --from {from} --to {to} -o {new}")
            })
            .collect();
        let profiles = self.profiles();
        if !self.ours() {
            commands.extend(profiles.iter().map(|name| format!("gitlab-render init {name} -o {name}.yaml --force")));
        }
        let mut step = step("values", format!("rewrite the values for GitLab {to}"), commands);
        step.details.extend(profiles.iter().map(|name| match self.ours() {
            true => format!("`profile:{name}` comes with this program and needs no rewriting"),
            false => format!(
                "`profile:{name}` is written for the releases that gitlab-render writes: compare the file with \
                 `helm get values` of what runs, and take back what GitLab {to} does not know"
            ),
        }));
        let decide = values.iter().filter(|value| value.action == "decide");
        step.details.extend(decide.map(|value| {
            let hint = value.hint.as_deref().unwrap_or("look at it");
            let place = match (&value.source, value.line) {
                (None, _) | (_, None) => " given on the command line",
                _ => "",
            };
            format!("decide about `{}`{place}: {hint}", value.path)
        }));
        step
    }

    fn render(&self) -> Step {
        let to = self.hop.to.gitlab;
        let what = match (self.ours(), renders(to)) {
            (true, _) => "render".to_owned(),
            (false, true) => format!(
                "render by Helm: GitLab {} is not written by gitlab-render, so the release is Helm's until it has reached {to}",
                self.hop.from.gitlab
            ),
            (false, false) => {
                format!("render by Helm: GitLab {to} is older than the releases that gitlab-render writes")
            }
        };
        // what a way back would apply: the deployment, without the Jobs that run before it
        let phases = if self.ours() { " --phase main,post" } else { "" };
        step("render", what, vec![self.template(&format!("{phases} > {}", self.new_manifests()))])
    }

    fn diff(&self) -> Step {
        let Writer { name, namespace, .. } = self;
        let (old, new) = (self.old_manifests(), self.new_manifests());
        step(
            "diff",
            "look at what changes; do not go on with a change that the objects above do not explain",
            vec![format!("gitlab-render diff {old} {new} --name {name} -n {namespace}")],
        )
    }

    fn apply(&self) -> Step {
        let (from, to) = (self.hop.from.gitlab, self.hop.to.gitlab);
        let script = format!("upgrade-{to}.sh");
        let (what, commands) = match self.ours() {
            true => (
                format!("apply GitLab {to} in phases: the script waits for each, and stops where one fails"),
                vec![self.template(&format!(" --list-phases > {script}")), format!("sh {script}")],
            ),
            false => (format!("apply GitLab {to}"), vec![self.helm(""), self.migrations_done()]),
        };
        let mut step = step("apply", what, commands);
        if self.ours() {
            step.details.push(format!(
                "a release that was taken over by server-side apply stays with it: \
                 `sed -i 's/kubectl apply/& --server-side/' {script}`"
            ));
        }
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
        let sidekiq = vec![each("resume", "sidekiq"), self.rolled_out("app=sidekiq")];
        let web = vec![each("resume", "webservice"), self.rolled_out("app=webservice")];
        let done = || vec![self.migrations_done()];
        let outside =
            step("apply", "upgrade Gitaly outside of the cluster first: it must never be older than Rails", Vec::new());
        vec![
            outside.detail("and Praefect with it"),
            step("apply", "hold webservice and Sidekiq where they are", pause),
            step(
                "apply",
                "apply without the post-deployment migrations: the running pods can live with the others",
                [self.put(), done()].concat(),
            ),
            step("apply", "let Sidekiq go on", sidekiq),
            step("apply", "let webservice go on", web),
            step(
                "apply",
                "run the post-deployment migrations: no pod of the release before runs any more, and from here only the backup leads back",
                [self.put_post_migrations(), done(), self.put_record()].concat(),
            ),
        ]
    }

    fn verify(&self) -> Step {
        let commands = vec![
            self.rolled_out(&format!("release={}", self.name)),
            self.hop.toolbox("gitlab-rake gitlab:check SANITIZE=true"),
            self.hop.toolbox("gitlab-rake gitlab:doctor:secrets"),
            self.hop.toolbox("gitlab-rake gitlab:env:info"),
        ];
        let step = step("verify", format!("see that GitLab {} works", self.hop.to.gitlab), commands)
            .detail("log in, open a project, clone and push, run a CI job, pull an image, search");
        match self.hop.last {
            true => step.detail("upgrade the runners to the same version, and switch maintenance mode off"),
            false => step,
        }
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

    /// Where Helm's way ends: the first release that is rendered here runs.
    fn hand_over(&self) -> Step {
        let to = self.hop.to.gitlab;
        let commands = vec![
            format!("{} > adopt-{to}.txt", self.ours_by("adopt", false)),
            format!("{} --phase main,post > {}", self.ours_by("template", true), self.new_manifests()),
        ];
        let what = "hand the release over from Helm to kubectl, Argo CD or Flux: the guide has the steps";
        step("hand-over", what, commands)
            .detail(
                "later stops are rendered here and applied in phases; the second command keeps what they start from",
            )
            .detail(
                "or stay with Helm: then go on as for this stop, and use gitlab-render for values, diff and validate",
            )
    }

    fn back(&self) -> Step {
        let from = self.hop.from.gitlab;
        let old = format!("kubectl apply -n {} -f {}", self.namespace, self.old_manifests());
        let put_back = match self.ours() {
            true => old,
            false => format!("helm rollback {} -n {}", self.name, self.namespace),
        };
        let commands = vec![
            put_back,
            self.stop_writing(),
            format!("kubectl apply -n {} -f rails-secret.yaml", self.namespace),
            self.hop.toolbox("backup-utility --restore -t BACKUP_ID"),
        ];
        let step = step("back", format!("if it goes wrong: the way back to GitLab {from}"), commands);
        let step = match self.hop.ask.zero_downtime {
            true => step.detail(
                "as long as no post-deployment migration has run, the first command is all: pods of the minor before can live \
                 with the other migrations",
            ),
            false => step.detail("as long as no migration has run, the first command is all"),
        };
        step.detail(format!(
            "after that all four: GitLab has no downgrade of the database, so the backup that GitLab {from} made is restored on \
             GitLab {from}, with the Rails secret of then; what was written since is lost"
        ))
    }
}
