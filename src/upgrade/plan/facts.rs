//! The known facts about each chart series that an upgrade passes: `charts/releases/upgrades.json`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::releases::{self, GitlabVersion, Series};
use crate::upgrade::rules::ValueCondition;

/// `upgrades.json`.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// How long a minor is supported.
    pub support: SupportPolicy,
    /// How to find out whether a condition of a stop is met, by the condition.
    pub find_out: BTreeMap<String, FindOut>,
    /// Background migrations worth knowing.
    pub background: Vec<Background>,
    /// Commands that list unfinished background migrations.
    pub unfinished: Vec<UnfinishedMigrations>,
    /// What a person has to do, in the order of charts.
    pub manual: Vec<Manual>,
    /// Changes of objects, in the order of charts.
    pub objects: Vec<ObjectFact>,
    /// Changes of objects in every upgrade.
    pub every: Vec<EveryFact>,
    /// Additional steps between two series of an upgrade without downtime.
    pub zero_downtime: Vec<Between>,
    /// Patches with a fault that a later one does not have.
    pub avoid: Vec<Avoid>,
    /// Known errors of migrations.
    pub failures: Vec<KnownFailure>,
}

/// How long a minor is supported, as a number of later minors.
#[derive(Debug, Deserialize)]
pub struct SupportPolicy {
    /// The rule as a sentence.
    pub policy: String,
    /// The number of minors until bug fixes end.
    pub bug_fixes: usize,
    /// The number of minors until security fixes end.
    pub security: usize,
}

/// How to find out whether a condition is met.
#[derive(Debug, Deserialize)]
pub struct FindOut {
    /// In words.
    pub how: String,
    /// The command.
    pub command: String,
}

/// A background migration worth knowing.
#[derive(Debug, Deserialize)]
pub struct Background {
    /// The series that starts it.
    pub gitlab: String,
    /// Its purpose, and its usual duration.
    pub what: String,
}

/// A command that lists unfinished background migrations in some GitLab series.
#[derive(Debug, Deserialize)]
pub struct UnfinishedMigrations {
    /// The first series; `None`: from the beginning.
    since: Option<String>,
    /// The last series; `None`: until now.
    until: Option<String>,
    /// The command, to be run in the toolbox.
    pub command: String,
}

impl UnfinishedMigrations {
    /// Whether the command is for a series.
    pub fn is_for(&self, series: Series) -> bool {
        let bound = |text: &Option<String>| text.as_deref().and_then(releases::series_of);
        bound(&self.since).is_none_or(|since| since <= series) && bound(&self.until).is_none_or(|until| series <= until)
    }
}

/// What a person has to do.
#[derive(Debug, Deserialize)]
pub struct Manual {
    /// The first chart series that requires it.
    pub chart: String,
    /// Its name.
    pub id: String,
    /// The values that it depends on; empty: everybody.
    #[serde(rename = "if")]
    pub whom: String,
    when: Vec<ValueCondition>,
    /// Whether GitLab is unavailable meanwhile.
    pub downtime: bool,
    /// What changes.
    pub what: String,
    /// The steps, in order.
    #[serde(rename = "do")]
    pub todo: Vec<String>,
    /// Which Deployments are scaled to 0 before these commands, by their label `app`; a later step starts them again.
    #[serde(default)]
    pub stops: Vec<String>,
    /// With which commands.
    pub commands: Vec<String>,
    /// Values with which this one upgrade is applied, by their paths.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// The steps after it is applied.
    pub after: Option<Work>,
    /// The steps of a rollback before the old release is put back.
    pub back: Option<Work>,
    /// A workaround for upgrades that end before this chart, from their first stop on: an external service has changed.
    pub from_start: Option<Work>,
}

/// Work for a person.
#[derive(Debug, Deserialize)]
pub struct Work {
    /// Its purpose.
    #[serde(default)]
    pub what: String,
    /// The steps or facts, in order.
    #[serde(rename = "do")]
    pub todo: Vec<String>,
    /// The commands.
    #[serde(default)]
    pub commands: Vec<String>,
    /// Values to be set with it, by their paths.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
}

/// A change of an object.
#[derive(Debug, Deserialize)]
pub struct ObjectFact {
    /// The first chart series with it.
    pub chart: String,
    /// The change.
    #[serde(flatten)]
    pub fact: EveryFact,
}

/// A change of an object at any time.
#[derive(Debug, Deserialize)]
pub struct EveryFact {
    /// `Kind/name`.
    pub object: String,
    /// Its class, in the words of `gitlab-render diff`.
    pub effect: String,
    /// The values that it depends on; empty: everybody.
    #[serde(rename = "if")]
    pub whom: String,
    when: Vec<ValueCondition>,
    /// The reason.
    pub why: String,
    /// The next step.
    pub way: Option<String>,
}

/// Patches with a fault.
#[derive(Debug, Deserialize)]
pub struct Avoid {
    /// The first of them.
    from: String,
    /// The last of them.
    to: String,
    when: Vec<ValueCondition>,
    /// The fault.
    what: String,
    /// The first patch without it; `None` where the fault has come to stay.
    fixed: Option<String>,
}

impl Avoid {
    /// Whether a version is one of them.
    pub fn is(&self, version: GitlabVersion) -> bool {
        let bound = |text: &str| GitlabVersion::parse(text);
        bound(&self.from).is_some_and(|from| from <= version) && bound(&self.to).is_some_and(|to| version <= to)
    }

    /// Whether it applies to these values; without values, it may.
    pub fn counts(&self, user: Option<&Value>) -> bool {
        all_hold(&self.when, user)
    }

    /// The fault and the way around it.
    pub fn in_words(&self) -> String {
        let fixed = self.fixed.as_ref().map(|fixed| format!("; {fixed} has the fix")).unwrap_or_default();
        format!("{}{fixed}", self.what)
    }
}

/// An error of the migrations of a release, and what to do about it.
#[derive(Debug, Deserialize)]
pub struct KnownFailure {
    /// The series whose migrations may fail.
    pub gitlab: String,
    /// What the log has then.
    pub error: String,
    /// The way on.
    #[serde(rename = "do")]
    pub todo: String,
}

/// An additional step between two series.
#[derive(Debug, Deserialize)]
pub struct Between {
    /// The earlier series.
    pub from: String,
    /// The later series.
    pub to: String,
    /// The step.
    pub what: String,
    /// The command.
    pub command: Option<String>,
}

/// The facts.
pub fn facts() -> &'static Facts {
    static READ: OnceLock<Facts> = OnceLock::new();
    READ.get_or_init(|| releases::read(releases::UPGRADES))
}

fn all_hold(conditions: &[ValueCondition], user: Option<&Value>) -> bool {
    user.is_none_or(|user| conditions.iter().all(|condition| condition.holds_as_written(user)))
}

impl Manual {
    /// Whether it depends on no values.
    pub fn is_for_the_reader(&self) -> bool {
        self.when.is_empty() && !self.whom.is_empty()
    }

    /// Whether it applies to these values; without values, it may.
    pub fn counts(&self, user: Option<&Value>) -> bool {
        all_hold(&self.when, user)
    }

    /// The components that are scaled to 0 before its commands.
    pub fn stopped(&'static self) -> Vec<&'static str> {
        self.stops.iter().map(String::as_str).collect()
    }
}

impl EveryFact {
    /// Whether it applies to these values; without values, it may.
    pub fn counts(&self, user: Option<&Value>) -> bool {
        all_hold(&self.when, user)
    }
}
