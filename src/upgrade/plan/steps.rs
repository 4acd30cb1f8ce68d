//! What to do to reach a release: commands that can be typed as they stand.

use super::commands::Writer;
use super::{Hop, Step, ValueChange, facts, renders};
use crate::releases::{Series, series_of};
use crate::shell::kubectl_apply;
use crate::upgrade::minima;
use crate::upgrade::series::all_series;

pub(super) fn steps(hop: &Hop<'_>, values: &[ValueChange]) -> Vec<Step> {
    let write = Writer { hop, name: hop.ask.name, namespace: hop.ask.namespace };
    // what takes something away comes last before the new release, once its manifests have been looked at
    let (late, early): (Vec<_>, Vec<_>) = hop.manual().partition(|row| row.downtime);
    let mut steps = Vec::new();
    steps.push(write.save());
    steps.extend(write.cluster());
    if hop.first {
        steps.extend(write.toolbox_on());
        steps.extend(hop.at_once().map(|(row, work)| write.at_once(row, work)));
    }
    steps.extend(early.into_iter().map(|row| write.manual(row)));
    steps.push(write.migrate(values));
    steps.push(write.render());
    steps.push(write.diff());
    steps.extend(late.into_iter().map(|row| write.manual(row)));
    steps.extend(if hop.ask.zero_downtime { write.apply_while_running() } else { vec![write.apply()] });
    steps.extend(hop.manual().filter_map(|row| write.after(row)));
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
        let replicas = "{range .items[*]}{.metadata.name} {.spec.replicas}{\"\\n\"}{end}";
        let mut commands = Vec::new();
        if self.hop.first || !self.ours() {
            commands.push(format!("helm get manifest {name} -n {namespace} > {old}"));
        }
        if !self.ours() {
            let revision = self.revision();
            commands.push(format!(
                "helm get metadata {name} -n {namespace} -o yaml | sed -n 's/^revision: //p' > {revision}"
            ));
        }
        commands.push(format!(
            "kubectl get deployment -n {namespace} -l 'app in (webservice,sidekiq)' -o jsonpath='{replicas}' > {}",
            self.replicas()
        ));
        commands.push(format!(
            "kubectl get secret {} -n {namespace} -o yaml > {}",
            self.hop.rails_secret(),
            self.rails_secret_file()
        ));
        let mut kept = step("prepare", format!("keep what the way back to {from} needs"), commands);
        if self.ours() && self.hop.first {
            kept = kept
                .detail(format!("where the release is not Helm's, keep what was applied last as `{old}`"))
                .detail("where it is, hand it over first, and upgrade then: `gitlab-render adopt` has the steps");
        }
        match self.read_stdin() && self.hop.first {
            true => kept.detail("the values came from stdin: write them to `values.yaml`, which the commands name"),
            false => kept,
        }
    }

    /// A cluster that is older than the release takes, and what the release before takes of newer ones.
    fn cluster(&self) -> Option<Step> {
        let least = |series: Series| {
            let versions = minima::kubernetes(series)?;
            versions.deprecated.iter().chain(&versions.supported).filter_map(|v| series_of(v)).min()
        };
        let (from, to) = (self.hop.from.gitlab.series(), self.hop.to.gitlab.series());
        let needed = least(to)?;
        if least(from).is_some_and(|had| had >= needed) {
            return None;
        }
        let newest = minima::kubernetes(from).and_then(|versions| series_of(&versions.newest));
        let shown = |(major, minor): Series| format!("{major}.{minor}");
        let what = format!(
            "upgrade the cluster to Kubernetes {} or newer, one minor after the other, if it is older",
            shown(needed)
        );
        let known = match newest {
            Some(newest) if newest < needed => format!(
                "GitLab {} is known to run on Kubernetes up to {}: the cluster has to go past that before GitLab can, so \
                 keep the time between the two short",
                self.hop.from.gitlab,
                shown(newest)
            ),
            Some(newest) => format!(
                "GitLab {} is known to run on Kubernetes up to {}; go no further before GitLab {} runs",
                self.hop.from.gitlab,
                shown(newest),
                self.hop.to.gitlab
            ),
            None => return None,
        };
        Some(step("cluster", what, vec!["kubectl version".to_owned()]).detail(known))
    }

    /// Commands of a plan run in the toolbox; where the values leave it out, it has to be there meanwhile.
    fn toolbox_on(&self) -> Option<Step> {
        if !self.hop.is_off("gitlab.toolbox.enabled") {
            return None;
        }
        let Writer { name, namespace, .. } = self;
        let from = self.hop.from;
        let command = match self.ours() {
            true => format!(
                "gitlab-render template {name} -n {namespace}{}{} --gitlab-version {} --component toolbox | kubectl apply -n \
                 {namespace} -f -",
                self.values_before(),
                self.hop.ask.flags.render,
                from.gitlab
            ),
            false => format!(
                "helm upgrade {name} gitlab/gitlab --version {} -n {namespace}{}",
                from.chart,
                self.values_before()
            ),
        };
        let what = "switch the toolbox on: `gitlab.toolbox.enabled` is false, and backups and checks run in it";
        Some(
            step("manual", what, vec![command]).detail(
                "the commands of this plan keep it on; when the last stop is done, apply once without that flag",
            ),
        )
    }

    fn at_once(&self, row: &'static facts::Manual, work: &facts::Work) -> Step {
        let mut made = self.worked("manual", work);
        made.id = Some(&row.id);
        let written = work.set.iter().map(|(path, value)| match value {
            serde_json::Value::String(text) => format!("write `{path}: {text}`"),
            other => format!("write `{path}: {other}`"),
        });
        made.details.extend(written);
        made
    }

    fn worked(&self, kind: &'static str, work: &facts::Work) -> Step {
        let mut made =
            step(kind, work.what.clone(), work.commands.iter().map(|command| self.hop.command(command)).collect());
        made.details.extend(work.todo.iter().map(|text| self.hop.command(text)));
        made
    }

    fn manual(&self, row: &'static facts::Manual) -> Step {
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
            details: row.todo.iter().map(|text| self.hop.command(text)).collect(),
            commands: row.commands.iter().map(|command| self.hop.command(command)).collect(),
            downtime: row.downtime,
        }
    }

    fn after(&self, row: &'static facts::Manual) -> Option<Step> {
        let mut made = self.worked("manual", row.after.as_ref()?);
        made.id = Some(&row.id);
        made.downtime = row.downtime;
        Some(made)
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
                vec![
                    self.template(&format!(" --list-phases --prune-from {} > {script}", self.old_manifests())),
                    format!("sh {script}"),
                ],
            ),
            // a Job that is switched off has nothing to wait for
            false if self.sets().contains("gitlab.migrations.enabled=false") => {
                (format!("apply GitLab {to}"), vec![self.helm("")])
            }
            false => (format!("apply GitLab {to}"), vec![self.helm(""), self.migrations_done()]),
        };
        let mut step = step("apply", what, commands);
        if self.ours() {
            let old = self.old_manifests();
            step.details.push(format!(
                "the script contains the manifests, and deletes at its end what {old} has and GitLab {to} no longer needs"
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
        let known = facts::facts().background.iter();
        let started = known.filter(|row| series_of(&row.gitlab).is_some_and(|s| from < s && s <= series));
        step.details.extend(started.map(|row| format!("{}: {}", row.gitlab, row.what)));
        step
    }

    /// Where Helm's way ends: the first release that is rendered here runs.
    fn hand_over(&self) -> Step {
        let to = self.hop.to.gitlab;
        let commands = vec![
            format!("{} > adopt-{to}.txt", self.ours_by("adopt")),
            format!("{} --phase main,post > {}", self.ours_by("template"), self.new_manifests()),
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
        let Writer { name, namespace, .. } = self;
        let put_back = match self.ours() {
            true => format!("{} -f {}", kubectl_apply(namespace), self.old_manifests()),
            false => format!("helm rollback {name} \"$(cat {})\" -n {namespace}", self.revision()),
        };
        let back: Vec<_> = self.hop.manual().filter_map(|row| row.back.as_ref()).collect();
        let extra: Vec<String> =
            back.iter().flat_map(|work| &work.commands).map(|command| self.hop.command(command)).collect();
        let alone = back.is_empty();
        let commands = [
            vec![self.stop_writing()],
            extra,
            vec![
                put_back,
                self.stop_writing(),
                format!("kubectl apply -n {namespace} -f {}", self.rails_secret_file()),
                format!("kubectl rollout status deployment/{name}-toolbox -n {namespace} --timeout=15m"),
                self.hop.toolbox("backup-utility --restore -t BACKUP_ID"),
                format!(
                    "while read -r deployment replicas; do kubectl scale deployment \"$deployment\" -n {namespace} \
                     --replicas=\"$replicas\"; done < {}",
                    self.replicas()
                ),
            ],
        ]
        .concat();
        let mut step = step("back", format!("if it goes wrong: the way back to GitLab {from}"), commands);
        step.details.extend(back.iter().flat_map(|work| &work.todo).cloned());
        if alone {
            let which = if self.ours() { "`kubectl apply` of the old manifests" } else { "`helm rollback`" };
            step.details.push(match self.hop.ask.zero_downtime {
                true => format!(
                    "as long as no post-deployment migration has run, {which} is all: pods of the minor before can live with \
                     the other migrations"
                ),
                false => format!("as long as no migration has run, {which} is all"),
            });
        }
        step.detail(format!(
            "otherwise all of them: GitLab has no downgrade of the database, so the backup that GitLab {from} made is restored on \
             GitLab {from}, with the Rails secret of then; what was written since is lost"
        ))
    }
}
