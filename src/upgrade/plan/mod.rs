//! What an upgrade asks of the person who does it: where to stop, what must hold before, what breaks, what to do.
//!
//! Pure: releases and values in, a [`UpgradePlan`] out. What only a render shows is added by the pipeline.

mod commands;
mod facts;
mod path;
mod preconditions;
pub mod report;
mod steps;
mod ways;

use serde::Serialize;
use serde_json::Value;

pub use commands::Flags;
pub(super) use facts::facts;
pub use path::{Halt, path};

use super::rules::{self, Action, Hit, ReleaseSpan};
use crate::diag::Sources;
use crate::releases::catalogue::Release;
use crate::releases::{self, ChartVersion, GitlabVersion, Series, StopWhen, series_of};
use crate::values::Origins;

/// What is asked for.
#[derive(Debug)]
pub struct Ask<'a> {
    /// What runs now.
    pub from: Release,
    /// The oldest chart that `from` may be, where the user named only its series: rules count from there.
    pub oldest: ChartVersion,
    /// The way, from [`path()`].
    pub halts: &'a [Halt],
    /// The user's values, where there are any.
    pub values: Option<Values<'a>>,
    /// Whether GitLab has to answer all the time.
    pub zero_downtime: bool,
    /// The tool that brings releases into the cluster.
    pub with: With,
    /// What the commands have besides.
    pub flags: &'a Flags,
    /// The release's name.
    pub name: &'a str,
    /// Where it runs.
    pub namespace: &'a str,
}

/// A tool that brings a release into the cluster.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum With {
    /// What is rendered here, by a person or a pipeline.
    #[default]
    Kubectl,
    /// The official chart.
    Helm,
    /// What is rendered here, from a directory in git; the chart before that.
    ArgoCd,
    /// The same by Kustomizations; a HelmRelease before that.
    Flux,
}

/// The user's values and where they stand.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// As they lie over each other.
    pub tree: &'a Value,
    /// Where each was written.
    pub origins: &'a Origins,
    /// What the places point into.
    pub sources: &'a Sources,
    /// The names of the files; `profile:NAME` for a profile, `stdin` for that.
    pub files: &'a [String],
}

/// The whole upgrade. `schemas/upgrade-plan.schema.json` is its form as JSON.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradePlan {
    /// Of this form: 1.
    pub version: u32,
    /// What runs now.
    pub from: Versions,
    /// What will run.
    pub to: Versions,
    /// Whether GitLab answers all the time.
    pub zero_downtime: bool,
    /// The tool that its commands are of.
    pub with: With,
    /// What is worth knowing about the plan itself.
    pub notes: Vec<String>,
    /// In order; the last one is the target.
    pub stops: Vec<PlannedStop>,
}

impl UpgradePlan {
    /// Leaves only the stop at a position; the plan is then the hop that leads to it.
    pub fn keep_stop(&mut self, position: usize) {
        if let Some(before) = position.checked_sub(1).and_then(|before| self.stops.get(before)) {
            self.from = Versions { gitlab: before.gitlab.clone(), chart: before.chart.clone() };
        }
        self.stops = self.stops.drain(..).skip(position).take(1).collect();
        if let Some(stop) = self.stops.first() {
            self.to = Versions { gitlab: stop.gitlab.clone(), chart: stop.chart.clone() };
        }
    }
}

/// A release, by both its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// GitLab's version.
    pub gitlab: String,
    /// The chart's version.
    pub chart: String,
}

impl Versions {
    fn of(release: Release) -> Self {
        Versions { gitlab: release.gitlab.to_string(), chart: release.chart.to_string() }
    }
}

/// A release on the way, and all that belongs to reaching it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStop {
    /// GitLab's version.
    pub gitlab: String,
    /// The chart's version.
    pub chart: String,
    /// Whether the upgrade has to stop here.
    pub required: Required,
    /// Where it is conditional: when it counts. One that holds is enough.
    pub conditions: Vec<StopCondition>,
    /// What is worth knowing about this release.
    pub notes: Vec<String>,
    /// What must hold before.
    pub before: Vec<Check>,
    /// What becomes of the user's values.
    pub values: Vec<UpgradeValueChange>,
    /// What becomes of the objects in the cluster.
    pub objects: Vec<UpgradeObjectChange>,
    /// What to do, in order.
    pub steps: Vec<UpgradeStep>,
}

/// Whether an upgrade has to stop at a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Required {
    /// Everybody has to.
    Always,
    /// Whoever meets one of the stop's conditions has to.
    Conditional,
    /// Nobody has to: it is the target, or a minor on the way of an upgrade without downtime.
    No,
}

/// What has to be done about a value in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Todo {
    /// It moves to another path, which `values migrate` does.
    Move,
    /// It is deleted, which `values migrate` does.
    Delete,
    /// A person has to decide.
    Decide,
    /// Nothing.
    Keep,
}

/// How a change of an object is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Both releases were rendered with these values.
    Render,
    /// The release brings it to everybody: `charts/releases/upgrades.json`.
    Known,
}

/// What a step is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Save what the way back needs.
    Prepare,
    /// Bring the cluster to a version that the release supports.
    Cluster,
    /// Work for a person that this release asks for.
    Manual,
    /// Rewrite the values.
    Values,
    /// Render the manifests.
    Render,
    /// Compare them with those that run.
    Diff,
    /// Apply them.
    Apply,
    /// Check that GitLab works.
    Verify,
    /// Wait for background migrations.
    Wait,
    /// Take the release over from Helm.
    HandOver,
    /// The way back, if it goes wrong.
    Back,
}

/// When a stop is required.
#[derive(Debug, Clone, Serialize)]
pub struct StopCondition {
    /// Its name on the command line.
    pub id: String,
    /// In words.
    pub what: String,
    /// How to find out.
    pub how: Option<String>,
    /// With which command.
    pub command: Option<String>,
}

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub id: &'static str,
    /// What must hold.
    pub what: String,
    /// Whether it asks for more than the stop before did.
    pub new: bool,
    /// Whether the values say that it holds; none where they cannot tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// How to see it, or how to bring it about.
    pub commands: Vec<String>,
}

/// What becomes of a value.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeValueChange {
    /// Which one.
    pub path: String,
    /// The file, or the flag; none for a value that nobody set.
    pub source: Option<String>,
    /// From 1.
    pub line: Option<usize>,
    /// From 1.
    pub column: Option<usize>,
    /// The chart release that does it.
    pub since: String,
    /// What it does.
    pub effect: rules::Effect,
    /// In a sentence.
    pub what: String,
    /// The path, or `path: value`, that has the same effect.
    pub new_form: Option<String>,
    /// What has to be done about it in the file.
    pub action: Todo,
    /// What to do or to know.
    pub hint: Option<String>,
}

/// What becomes of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpgradeObjectChange {
    /// `Kind/name`.
    pub object: String,
    /// How bad it is, in the words of `gitlab-render diff`.
    pub effect: String,
    /// The reason.
    pub why: String,
    /// What to do about it.
    pub way: Option<String>,
    /// Whom it is about, where that is not known.
    #[serde(rename = "if")]
    pub whom: Option<String>,
    /// How it is known.
    pub from: Evidence,
    /// Whether every upgrade brings it; a comparison of renders says it better.
    #[serde(skip)]
    pub every_time: bool,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpgradeStep {
    /// A name for what a person has to do; none for what every upgrade has.
    pub id: Option<&'static str>,
    /// What it is part of.
    pub kind: StepKind,
    /// What.
    pub what: String,
    /// In detail, in order.
    pub details: Vec<String>,
    /// With which commands, in order.
    pub commands: Vec<String>,
    /// Whether GitLab does not answer meanwhile.
    pub downtime: bool,
}

/// One hop: what ran before, and what is to run.
struct Hop<'a> {
    ask: &'a Ask<'a>,
    from: Release,
    to: Release,
    first: bool,
    last: bool,
}

impl Hop<'_> {
    /// Whether a fact of this chart series is met on the way.
    fn passes(&self, chart: &str) -> bool {
        series_of(chart).is_some_and(|since| self.from.chart.series() < since && since <= self.to.chart.series())
    }

    fn user(&self) -> Option<&Value> {
        self.ask.values.map(|values| values.tree)
    }

    /// A command of the facts, for this release.
    fn command(&self, text: &str) -> String {
        text.replace("{release}", self.ask.name)
            .replace("{namespace}", self.ask.namespace)
            .replace("{chart}", &self.to.chart.to_string())
    }

    /// What a person has to do on this hop, for these values.
    fn manual(&self) -> impl Iterator<Item = &'static facts::Manual> {
        facts().manual.iter().filter(|row| self.passes(&row.chart) && row.counts(self.user()))
    }

    /// What the world outside asks of every stop before a chart that has an answer built in.
    fn at_once(&self) -> impl Iterator<Item = (&'static facts::Manual, &'static facts::Work)> {
        let before = |chart: &str| series_of(chart).is_some_and(|since| self.to.chart.series() < since);
        let rows = facts().manual.iter().filter(move |row| before(&row.chart) && row.counts(self.user()));
        rows.filter_map(|row| Some((row, row.from_start.as_ref()?)))
    }
}

/// Whether this program renders a release itself.
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
        notes: Vec::new(),
        stops,
    }
}

fn stop(hop: &Hop<'_>, halt: &Halt) -> PlannedStop {
    let values = values(hop);
    PlannedStop {
        gitlab: hop.to.gitlab.to_string(),
        chart: hop.to.chart.to_string(),
        required: match halt.stop {
            Some(stop) if stop.when == StopWhen::Always => Required::Always,
            Some(_) => Required::Conditional,
            None => Required::No,
        },
        conditions: conditions(hop, halt),
        notes: notes(hop, halt),
        before: preconditions::preconditions(hop),
        objects: objects(hop),
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
            command: find.map(|find| hop.command(&find.command)),
        }
    })
    .collect()
}

fn notes(hop: &Hop<'_>, halt: &Halt) -> Vec<String> {
    let mut notes: Vec<String> = halt.stop.and_then(|stop| stop.note.clone()).into_iter().collect();
    let Release { gitlab, chart } = hop.to;
    if releases::listed_chart(gitlab).is_none() {
        notes.push(format!("which chart carries GitLab {gitlab} is not known; it is newer than {chart}"));
    }
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
            object: hop.command(&fact.object),
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

/// The series of a version of GitLab's, in words.
fn said(series: Series) -> String {
    format!("{}.{}", series.0, series.1)
}
