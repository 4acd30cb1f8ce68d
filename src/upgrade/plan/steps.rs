//! The steps to reach a release, with commands that can be copied.

use super::commands::Writer;
use super::{Hop, StepKind, Todo, UpgradeStep, UpgradeValueChange, With, facts, renders};
use crate::releases::catalogue::Release;
use crate::releases::{Series, series_of};
use crate::shell::written;
use crate::upgrade::minima;

pub(super) fn steps(hop: &Hop<'_>, values: &[UpgradeValueChange]) -> Vec<UpgradeStep> {
    let write = Writer { hop, name: hop.ask.name, namespace: hop.ask.namespace };
    // Destructive work comes last before the new release, after its manifests have been reviewed.
    let (late, early): (Vec<_>, Vec<_>) = hop.manual().partition(|row| row.downtime);
    let mut steps = Vec::new();
    // Before the state is saved: the checks need the toolbox, and a rollback to that state restores the backup in it.
    steps.extend(write.toolbox_on().filter(|_| hop.first));
    steps.push(write.save());
    steps.extend(write.cluster());
    if hop.first {
        steps.extend(hop.at_once().map(|(row, work)| write.at_once(row, work)));
    }
    steps.extend(early.into_iter().map(|row| write.manual(row)));
    steps.push(write.migrate(values));
    steps.push(write.render());
    steps.push(write.diff());
    let held = !late.is_empty();
    steps.extend(write.hold().filter(|_| held));
    steps.extend(late.into_iter().map(|row| write.manual(row)));
    let applied = if hop.ask.zero_downtime { write.apply_while_running() } else { vec![write.apply(held)] };
    let stopped = applied.iter().any(|step| step.downtime) || hop.manual().any(|row| !row.stops.is_empty());
    steps.extend(applied);
    steps.extend(hop.manual().filter_map(|row| write.after(row)));
    steps.extend(write.start_again().filter(|_| stopped));
    steps.push(write.verify());
    steps.push(write.wait());
    steps.extend(write.hand_over());
    steps.push(write.back());
    steps
}

pub(super) fn step(kind: StepKind, what: impl Into<String>, commands: Vec<String>) -> UpgradeStep {
    UpgradeStep { id: None, kind, what: what.into(), details: Vec::new(), commands, downtime: false }
}

impl UpgradeStep {
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

impl Writer<'_> {
    /// The upgrade of a cluster that is too old for the release, within the versions that the previous release
    /// supports.
    fn cluster(&self) -> Option<UpgradeStep> {
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
            "upgrade the cluster to a Kubernetes that GitLab {} supports, one minor after the other, if it is older: {}",
            self.hop.to.gitlab,
            minima::kubernetes(to)?.in_words()
        );
        let known = match newest {
            Some(newest) if newest < needed => format!(
                "GitLab {} is known to run on Kubernetes up to {}: the cluster has to be upgraded beyond that before GitLab, \
                 so keep the time between the two short",
                self.hop.from.gitlab,
                shown(newest)
            ),
            Some(newest) => format!(
                "GitLab {} is known to run on Kubernetes up to {}; do not go beyond that before GitLab {} runs",
                self.hop.from.gitlab,
                shown(newest),
                self.hop.to.gitlab
            ),
            None => return None,
        };
        Some(step(StepKind::Cluster, what, vec!["kubectl version".to_owned()]).detail(known))
    }

    /// Commands of a plan run in the toolbox; where the values disable it, it is enabled meanwhile.
    fn toolbox_on(&self) -> Option<UpgradeStep> {
        if !self.hop.is_toolbox_off() {
            return None;
        }
        let commands = self.with_toolbox();
        let what = "enable the toolbox: the values disable it, and backups and checks run in it";
        Some(
            step(StepKind::Manual, what, commands)
                .detail("the commands of this plan keep it enabled; after the last stop, apply once without that flag"),
        )
    }

    fn at_once(&self, row: &'static facts::Manual, work: &facts::Work) -> UpgradeStep {
        let mut made = self.worked(StepKind::Manual, work, self.hop.from);
        made.id = Some(&row.id);
        let written = work.set.iter().map(|(path, value)| match value {
            serde_json::Value::String(text) => format!("write `{path}: {text}`"),
            other => format!("write `{path}: {other}`"),
        });
        made.details.extend(written);
        made
    }

    fn worked(&self, kind: StepKind, work: &facts::Work, running: Release) -> UpgradeStep {
        let filled = |texts: &[String]| texts.iter().map(|text| self.hop.command(text, running)).collect();
        let mut made = step(kind, work.what.clone(), filled(&work.commands));
        made.details = filled(&work.todo);
        made
    }

    fn manual(&self, row: &'static facts::Manual) -> UpgradeStep {
        let whom = match self.hop.user() {
            None if !row.whom.is_empty() => format!("if {}: ", row.whom),
            // The reader has to judge conditions that no value answers.
            Some(_) if row.is_for_the_reader() => format!("if {}: ", row.whom),
            _ => String::new(),
        };
        let filled = |text: &String| self.hop.command(text, self.hop.from);
        let stop = if row.stops.is_empty() { Vec::new() } else { self.stop(&row.stopped()) };
        UpgradeStep {
            id: Some(&row.id),
            kind: StepKind::Manual,
            what: format!("{whom}{} (chart {})", row.what, row.chart),
            details: row.todo.iter().map(filled).collect(),
            commands: stop.into_iter().chain(row.commands.iter().map(filled)).collect(),
            downtime: row.downtime,
        }
    }

    fn after(&self, row: &'static facts::Manual) -> Option<UpgradeStep> {
        let mut made = self.worked(StepKind::Manual, row.after.as_ref()?, self.hop.to);
        made.id = Some(&row.id);
        made.downtime = row.downtime;
        Some(made)
    }

    fn migrate(&self, values: &[UpgradeValueChange]) -> UpgradeStep {
        let (from, to) = (self.hop.from.gitlab, self.hop.to.gitlab);
        let rewritten = self.files().into_iter().filter(|file| file.rewritten);
        let mut commands: Vec<_> = rewritten
            .map(|file| {
                let (old, new) = (file.before, file.after);
                format!("gitlab-render values migrate -f {old} --from {from} --to {to} -o {new}")
            })
            .collect();
        let rewritten = !commands.is_empty();
        let profiles = self.profiles();
        if !self.ours() {
            commands.extend(profiles.iter().map(|name| format!("gitlab-render init {name} -o {name}.yaml --force")));
        }
        let mut step = step(StepKind::Values, format!("migrate the values to GitLab {to}"), commands);
        step.details.extend(profiles.iter().map(|name| match self.ours() {
            true => format!("`profile:{name}` is part of this program and needs no migration"),
            false => format!(
                "`profile:{name}` is written for the releases that gitlab-render renders: compare the file with \
                 `helm get values` of the running release, and remove what GitLab {to} does not know"
            ),
        }));
        let open = self.hop.decisions();
        if !open.is_empty() && rewritten {
            let named: Vec<_> = open.iter().map(|id| format!("`--answer {id}=…`")).collect();
            step.details.push(format!("it takes the answers to the decisions: {}", named.join(", ")));
        }
        let decide = values.iter().filter(|value| value.action == Todo::Decide);
        step.details.extend(decide.map(|value| {
            let hint = value.hint.as_deref().unwrap_or("check it");
            let place = match (&value.source, value.line) {
                (None, _) | (_, None) => " given on the command line",
                _ => "",
            };
            format!("decide about `{}`{place}: {hint}", value.path)
        }));
        step
    }

    fn render(&self) -> UpgradeStep {
        let to = self.hop.to.gitlab;
        let what = match (self.ours(), renders(to)) {
            (true, _) => "render".to_owned(),
            (false, true) if self.with() == With::Helm => "render with Helm".to_owned(),
            (false, true) => format!(
                "render with Helm: GitLab {} is not rendered by gitlab-render, so Helm manages the release until it has reached {to}",
                self.hop.from.gitlab
            ),
            (false, false) if self.with() == With::Helm => "render with Helm".to_owned(),
            (false, false) => {
                format!("render with Helm: GitLab {to} is older than the releases that gitlab-render renders")
            }
        };
        // The manifests for a rollback: the deployment, without the Jobs that run before it.
        let phases = if self.ours() { " --phase main,post" } else { "" };
        step(StepKind::Render, what, vec![written(&self.new_manifests(), &self.template(phases))])
    }

    fn diff(&self) -> UpgradeStep {
        let Writer { name, namespace, .. } = self;
        let (old, new) = (self.old_manifests(), self.new_manifests());
        step(
            StepKind::Diff,
            "review the changes; do not continue if the list of objects above does not explain one of them",
            vec![format!("gitlab-render diff {old} {new} --name {name} -n {namespace}")],
        )
    }

    fn verify(&self) -> UpgradeStep {
        let commands = vec![
            self.rolled_out(&format!("release={}", self.name)),
            self.hop.toolbox(self.hop.to, "gitlab-rake gitlab:check SANITIZE=true"),
            self.hop.toolbox(self.hop.to, "gitlab-rake gitlab:doctor:secrets"),
            self.hop.toolbox(self.hop.to, "gitlab-rake gitlab:env:info"),
        ];
        let step = step(StepKind::Verify, format!("check that GitLab {} works", self.hop.to.gitlab), commands)
            .detail("log in, open a project, clone and push, run a CI job, pull an image, search");
        match self.hop.last {
            true => step.detail("upgrade the runners to the same version, and disable maintenance mode"),
            false => step,
        }
    }

    fn wait(&self) -> UpgradeStep {
        let series = self.hop.to.gitlab.series();
        let what = match self.hop.last {
            true => "wait until all background migrations have finished: the upgrade ends here",
            false => "wait until all background migrations have finished, before the next stop",
        };
        let mut step = step(StepKind::Wait, what, self.hop.unfinished(self.hop.to));
        let from = self.hop.from.gitlab.series();
        let known = facts::facts().background.iter();
        let started = known.filter(|row| series_of(&row.gitlab).is_some_and(|s| from < s && s <= series));
        step.details.extend(started.map(|row| format!("{}: {}", row.gitlab, row.what)));
        step
    }
}
