//! What an upgrade requires of a person: stops, preconditions, values that break, steps.
//!
//! Pure: its input are releases and values, its output is an [`UpgradePlan`]. The pipeline adds what only a render
//! shows.

mod commands;
mod decisions;
mod facts;
mod path;
mod preconditions;
pub mod report;
mod save;
mod steps;
mod ways;

use serde::Serialize;
use serde_json::Value;

pub use commands::Flags;
pub use decisions::{DecisionLine, PlannedAnswer, PlannedDecision, PlannedLeft};
pub(super) use facts::facts;
pub use path::{Halt, path};

use super::rules::{self, Action, Hit, ReleaseSpan};
use crate::bundle;
use crate::diag::Sources;
use crate::releases::catalogue::Release;
use crate::releases::{self, ChartVersion, GitlabVersion, Series, StopWhen, series_of};
use crate::values::Origins;

/// The input of a plan.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The running release.
    pub from: Release,
    /// The oldest chart that `from` may be, where the user named only its series: rules apply from there.
    pub oldest: ChartVersion,
    /// The path, from [`path()`].
    pub halts: &'a [Halt],
    /// The user's values, if any.
    pub values: Option<Values<'a>>,
    /// Whether GitLab has to stay available.
    pub zero_downtime: bool,
    /// Whether the values put objects into another namespace, too: renders then say the namespace of each, and kubectl
    /// refuses `-n` for them.
    pub apart: bool,
    /// The tool that brings releases into the cluster.
    pub with: With,
    /// Additional arguments of the commands.
    pub flags: &'a Flags,
    /// The release's name.
    pub name: &'a str,
    /// The release's namespace.
    pub namespace: &'a str,
}

/// A tool that brings a release into the cluster.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum With {
    /// `kubectl apply` by a person or a pipeline; this program renders.
    #[default]
    Kubectl,
    /// Helm with the official chart.
    Helm,
    /// Argo CD with a directory in git; with the chart before that.
    ArgoCd,
    /// Flux with Kustomizations over such a directory; with a HelmRelease before that.
    Flux,
}

/// The user's values and their places.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// The merged layers.
    pub tree: &'a Value,
    /// The place of each value.
    pub origins: &'a Origins,
    /// The sources of the places.
    pub sources: &'a Sources,
    /// The names of the files; `profile:NAME` for a profile, `stdin` for stdin.
    pub files: &'a [String],
}

/// The whole upgrade. `schemas/upgrade-plan.schema.json` is its form as JSON.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradePlan {
    /// The version of this form: 1.
    pub version: u32,
    /// The running release.
    pub from: Versions,
    /// The target.
    pub to: Versions,
    /// Whether GitLab stays available.
    pub zero_downtime: bool,
    /// The tool whose commands it has.
    pub with: With,
    /// Notes about the plan itself.
    pub notes: Vec<String>,
    /// Decisions before it begins.
    pub decisions: Vec<PlannedDecision>,
    /// The stops in order; the last one is the target.
    pub stops: Vec<PlannedStop>,
}

impl UpgradePlan {
    /// Keeps only the stop at a position; the plan is then the hop that leads to it.
    pub fn keep_stop(&mut self, position: usize) {
        if let Some(before) = position.checked_sub(1).and_then(|before| self.stops.get(before)) {
            self.from = Versions { gitlab: before.gitlab.clone(), chart: before.chart.clone() };
        }
        self.decisions.retain(|decision| decision.stop == position + 1);
        self.decisions.iter_mut().for_each(|decision| decision.stop = 1);
        self.stops = self.stops.drain(..).skip(position).take(1).collect();
        if let Some(stop) = self.stops.first() {
            self.to = Versions { gitlab: stop.gitlab.clone(), chart: stop.chart.clone() };
        }
    }
}

/// A release with both of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// GitLab's version.
    pub gitlab: String,
    /// The chart's version.
    pub chart: String,
}

impl Versions {
    fn of(release: Release) -> Self {
        Versions { gitlab: release.gitlab.to_string(), chart: release.chart_name() }
    }
}

/// A release on the path, and everything that is needed to reach it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStop {
    /// GitLab's version.
    pub gitlab: String,
    /// The chart's version.
    pub chart: String,
    /// Whether the upgrade has to stop here.
    pub required: Required,
    /// The conditions of a conditional stop; one of them is sufficient.
    pub conditions: Vec<StopCondition>,
    /// Notes about this release.
    pub notes: Vec<String>,
    /// The preconditions.
    pub before: Vec<Check>,
    /// The changes of the user's values.
    pub values: Vec<UpgradeValueChange>,
    /// The changes of the objects in the cluster.
    pub objects: Vec<UpgradeObjectChange>,
    /// What releases on the way begin or cease to do: `charts/releases/differences.json`.
    pub differences: Vec<PassedDifference>,
    /// The steps, in order.
    pub steps: Vec<UpgradeStep>,
}

/// A behaviour that a release on the way begins or ceases to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedDifference {
    /// Its name.
    pub id: &'static str,
    /// Whether it begins; it ceases otherwise.
    pub begins: bool,
    /// What it is, as the end of a sentence.
    pub what: &'static str,
}

/// Whether an upgrade has to stop at a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Required {
    /// Everybody has to stop.
    Always,
    /// An installation that meets one of the stop's conditions has to stop.
    Conditional,
    /// The stop is not required: it is the target, or a minor on the path of an upgrade without downtime.
    No,
}

/// The treatment of a value in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Todo {
    /// `values migrate` moves it to another path.
    Move,
    /// `values migrate` deletes it.
    Delete,
    /// A person has to decide.
    Decide,
    /// It stays.
    Keep,
}

/// The source of a change of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Both releases were rendered with these values.
    Render,
    /// The release has it for everybody: `charts/releases/upgrades.json`.
    Known,
}

/// The part of an upgrade to which a step belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Save the state for a rollback.
    Prepare,
    /// Upgrade the cluster to a version that the release supports.
    Cluster,
    /// Work for a person that this release requires.
    Manual,
    /// Migrate the values.
    Values,
    /// Render the manifests.
    Render,
    /// Compare them with the running ones.
    Diff,
    /// Apply them.
    Apply,
    /// Check that GitLab works.
    Verify,
    /// Wait for background migrations.
    Wait,
    /// Take the release over from Helm.
    HandOver,
    /// The rollback.
    Back,
}

/// A condition of a required stop.
#[derive(Debug, Clone, Serialize)]
pub struct StopCondition {
    /// Its name on the command line.
    pub id: String,
    /// The condition in words.
    pub what: String,
    /// How to check it.
    pub how: Option<String>,
    /// The command for it.
    pub command: Option<String>,
}

/// A precondition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub id: &'static str,
    /// The condition in words.
    pub what: String,
    /// Whether it is stricter than at the previous stop.
    pub new: bool,
    /// Whether the values meet it; `None` where they cannot tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// How to check or to meet it.
    pub commands: Vec<String>,
}

/// A change of a value.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeValueChange {
    /// Its path.
    pub path: String,
    /// The file, or the flag; `None` for a value that the user did not set.
    pub source: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column, from 1.
    pub column: Option<usize>,
    /// The chart release with the change.
    pub since: String,
    /// The effect of that release.
    pub effect: rules::Effect,
    /// The change in a sentence.
    pub what: String,
    /// The path, or `path: value`, with the same effect in the new release.
    pub new_form: Option<String>,
    /// The treatment of the value in its file.
    pub action: Todo,
    /// The next step, or a note.
    pub hint: Option<String>,
}

/// A change of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpgradeObjectChange {
    /// `Kind/name`.
    pub object: String,
    /// Its class, in the words of `gitlab-render diff`.
    pub effect: String,
    /// The reason.
    pub why: String,
    /// The next step.
    pub way: Option<String>,
    /// The installations that it applies to, where that is not known.
    #[serde(rename = "if")]
    pub whom: Option<String>,
    /// Its source.
    pub from: Evidence,
    /// Whether every upgrade has it; a comparison of renders is then more exact.
    #[serde(skip)]
    pub every_time: bool,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpgradeStep {
    /// The name of work for a person; `None` for a step of every upgrade.
    pub id: Option<&'static str>,
    /// The part of the upgrade to which it belongs.
    pub kind: StepKind,
    /// Its title.
    pub what: String,
    /// Its details, in order.
    pub details: Vec<String>,
    /// Its commands, in order.
    pub commands: Vec<String>,
    /// Whether GitLab is unavailable meanwhile.
    pub downtime: bool,
}

/// One hop: the previous release and the new one.
struct Hop<'a> {
    ask: &'a Ask<'a>,
    from: Release,
    to: Release,
    first: bool,
    last: bool,
}

impl Hop<'_> {
    /// Whether the hop passes a fact of this chart series.
    fn passes(&self, chart: &str) -> bool {
        series_of(chart).is_some_and(|since| self.from.chart.series() < since && since <= self.to.chart.series())
    }

    fn user(&self) -> Option<&Value> {
        self.ask.values.map(|values| values.tree)
    }

    /// A command of the facts, to be run while `running` is the release in the cluster.
    fn command(&self, text: &str, running: Release) -> String {
        text.replace("{release}", self.ask.name)
            .replace("{namespace}", self.ask.namespace)
            .replace("{toolbox}", toolbox_of(running))
            .replace("{webservice}", self.app("webservice"))
            .replace("{chart-info}", &self.chart_info())
            .replace("{redis}", &self.fullname("redis"))
            .replace("{minio}", &self.fullname("minio"))
            .replace("{rails-secret}", &self.rails_secret())
            .replace("{runner-secret}", &self.named("gitlab-runner.runners.secret", "gitlab-runner-secret"))
            .replace("{chart}", &self.to.chart.to_string())
    }

    /// The names of the decisions that are open on this hop.
    fn decisions(&self) -> Vec<&'static str> {
        let span = ReleaseSpan { from: Some(self.from.chart), to: self.to.chart };
        decisions::open(self.ask, &span).map(|decision| decision.id.as_str()).collect()
    }

    /// The work for a person on this hop, for these values.
    fn manual(&self) -> impl Iterator<Item = &'static facts::Manual> {
        facts().manual.iter().filter(|row| self.passes(&row.chart) && row.counts(self.user()))
    }

    /// Workarounds for external changes, for every stop before the chart that solves them.
    fn at_once(&self) -> impl Iterator<Item = (&'static facts::Manual, &'static facts::Work)> {
        let before = |chart: &str| series_of(chart).is_some_and(|since| self.to.chart.series() < since);
        let rows = facts().manual.iter().filter(move |row| before(&row.chart) && row.counts(self.user()));
        rows.filter_map(|row| Some((row, row.from_start.as_ref()?)))
    }
}

/// The name of the toolbox in a release: charts before 5.5 call it the task runner.
fn toolbox_of(release: Release) -> &'static str {
    if release.chart.series() < (5, 5) { "task-runner" } else { "toolbox" }
}

/// What GitLab's page about upgrades of the chart says of those without downtime.
const TRIED_FIRST: &str = "GitLab documents upgrades without downtime for GitLab Operator, not for the chart: try the plan on a copy \
                           of the installation first";

/// Whether this program renders a release.
pub fn renders(gitlab: GitlabVersion) -> bool {
    releases::rendered(gitlab).is_ok()
}

/// Plans an upgrade over the releases of `ask.halts`.
pub fn plan(ask: &Ask<'_>) -> UpgradePlan {
    let mut from = ask.from;
    let mut stops = Vec::with_capacity(ask.halts.len());
    for (position, halt) in ask.halts.iter().enumerate() {
        let (first, last) = (position == 0, position + 1 == ask.halts.len());
        let hop = Hop { ask, from, to: halt.release, first, last };
        stops.push(stop(&hop, halt));
        from = halt.release;
    }
    UpgradePlan {
        version: 1,
        from: Versions::of(ask.from),
        to: Versions::of(from),
        zero_downtime: ask.zero_downtime,
        with: ask.with,
        notes: ask.zero_downtime.then(|| TRIED_FIRST.to_owned()).into_iter().collect(),
        decisions: decisions::decisions(ask),
        stops,
    }
}

fn stop(hop: &Hop<'_>, halt: &Halt) -> PlannedStop {
    let values = values(hop);
    PlannedStop {
        gitlab: hop.to.gitlab.to_string(),
        chart: hop.to.chart_name(),
        required: match halt.stop {
            Some(stop) if stop.when == StopWhen::Always => Required::Always,
            Some(_) => Required::Conditional,
            None => Required::No,
        },
        conditions: conditions(hop, halt),
        notes: notes(hop, halt),
        before: preconditions::preconditions(hop),
        objects: objects(hop),
        differences: differences(hop),
        steps: steps::steps(hop, &values),
        values,
    }
}

fn conditions(hop: &Hop<'_>, halt: &Halt) -> Vec<StopCondition> {
    let ids = halt.stop.into_iter().flat_map(|stop| &stop.any_of);
    ids.map(|id| {
        let find = facts().find_out.get(id);
        StopCondition {
            id: id.clone(),
            what: releases::condition(id).to_owned(),
            how: find.map(|find| find.how.clone()),
            command: find.map(|find| hop.command(&find.command, hop.from)),
        }
    })
    .collect()
}

fn notes(hop: &Hop<'_>, halt: &Halt) -> Vec<String> {
    let mut notes: Vec<String> = halt.stop.and_then(|stop| stop.note.clone()).into_iter().collect();
    let gitlab = hop.to.gitlab;
    if !hop.to.has_chart() {
        let newest = hop.to.newest_with_chart().map(|with| format!("; it is newer than {}", with.chart));
        notes.push(format!(
            "the chart version of GitLab {gitlab} is not known{}; `{}` shows it",
            newest.unwrap_or_default(),
            commands::search_chart(hop.to)
        ));
    }
    notes.extend(
        facts().avoid.iter().filter(|row| row.is(gitlab) && row.counts(hop.user())).map(facts::Avoid::in_words),
    );
    let newest = crate::releases::catalogue::find(&format!("{}.{}", gitlab.major, gitlab.minor)).ok();
    if let Some(newest) = newest.filter(|newest| newest.gitlab > gitlab) {
        notes.push(format!("the newest known patch of this series is {}", newest.gitlab));
    }
    notes
}

fn values(hop: &Hop<'_>) -> Vec<UpgradeValueChange> {
    let from = if hop.first { hop.ask.oldest } else { hop.from.chart };
    let span = ReleaseSpan { from: Some(from), to: hop.to.chart };
    let none = (Value::Object(serde_json::Map::new()), Origins::none(), Sources::default());
    let (tree, origins, sources) = match hop.ask.values {
        Some(values) => (values.tree, values.origins, values.sources),
        None => (&none.0, &none.1, &none.2),
    };
    rules::hits(tree, origins, &span).into_iter().map(|hit| value(hit, sources)).collect()
}

fn value(hit: Hit, sources: &Sources) -> UpgradeValueChange {
    let (action, question) = match hit.action {
        Action::Move { .. } => (Todo::Move, None),
        Action::Delete => (Todo::Delete, None),
        Action::Decide { question } => (Todo::Decide, Some(question)),
        Action::Keep => (Todo::Keep, None),
    };
    UpgradeValueChange {
        path: hit.path.to_string(),
        source: hit.place.and_then(|place| sources.get(place.source)).map(|source| source.name.clone()),
        line: hit.place.map(|place| place.line),
        column: hit.place.map(|place| place.column),
        since: hit.since.to_string(),
        effect: hit.effect,
        what: hit.what,
        new_form: hit.new_form,
        action,
        hint: question.or(hit.hint),
    }
}

fn objects(hop: &Hop<'_>) -> Vec<UpgradeObjectChange> {
    let known = facts().objects.iter().filter(|row| hop.passes(&row.chart)).map(|row| (&row.fact, false));
    let every = facts().every.iter().map(|fact| (fact, true));
    let counting = known.chain(every).filter(|(fact, _)| fact.counts(hop.user()));
    let mut all: Vec<UpgradeObjectChange> = counting
        .map(|(fact, every_time)| UpgradeObjectChange {
            object: hop.command(&fact.object, hop.to),
            effect: fact.effect.clone(),
            why: fact.why.clone(),
            way: fact.way.clone(),
            whom: Some(fact.whom.clone()).filter(|whom| !whom.is_empty() && hop.user().is_none()),
            from: Evidence::Known,
            every_time,
        })
        .collect();
    all.dedup();
    all
}

/// What the two releases of a hop do differently. Whether it matters depends on the values: a render of both says that.
fn differences(hop: &Hop<'_>) -> Vec<PassedDifference> {
    let numbers = |release: Release| (release.gitlab.major, release.gitlab.minor, release.gitlab.patch);
    let (from, to) = (numbers(hop.from), numbers(hop.to));
    let changes = bundle::DIFFERENCES.iter().filter_map(|row| {
        let (before, after) = (row.releases.has(from), row.releases.has(to));
        (before != after).then_some(PassedDifference { id: row.id, begins: after, what: row.what })
    });
    changes.collect()
}

/// The series of a GitLab version, in words.
fn series_name(series: Series) -> String {
    format!("{}.{}", series.0, series.1)
}
