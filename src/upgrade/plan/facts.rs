//! What is known of each chart series that an upgrade passes: `charts/releases/upgrades.json`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::releases;
use crate::upgrade::rules::ValueCondition;

/// `upgrades.json`.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// How long a minor is supported.
    pub support: SupportPolicy,
    /// How to find out whether a condition of a stop holds, by the condition.
    pub find_out: BTreeMap<String, FindOut>,
    /// Background migrations worth knowing.
    pub background: Vec<Background>,
    /// What a person has to do, in the order of charts.
    pub manual: Vec<Manual>,
    /// What becomes of objects, in the order of charts.
    pub objects: Vec<ObjectFact>,
    /// What becomes of objects in every upgrade.
    pub every: Vec<EveryFact>,
    /// What holds between two series where nothing may stop.
    pub zero_downtime: Vec<Between>,
}

/// How long a minor is supported, in minors that come out after it.
#[derive(Debug, Deserialize)]
pub struct SupportPolicy {
    /// In a sentence.
    pub policy: String,
    /// Minors until bug fixes end.
    pub bug_fixes: usize,
    /// Minors until security fixes end.
    pub security: usize,
}

/// How to find out whether a condition holds.
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
    /// What it does, and how long it may take.
    pub what: String,
}

/// What a person has to do.
#[derive(Debug, Deserialize)]
pub struct Manual {
    /// The first chart series that asks for it.
    pub chart: String,
    /// Its name.
    pub id: String,
    /// Whom it is about; empty: everybody.
    #[serde(rename = "if")]
    pub whom: String,
    when: Vec<ValueCondition>,
    /// Whether GitLab does not answer meanwhile.
    pub downtime: bool,
    /// What changes.
    pub what: String,
    /// What to do, in order.
    #[serde(rename = "do")]
    pub todo: Vec<String>,
    /// With which commands.
    pub commands: Vec<String>,
    /// Values that this one upgrade is applied with, by their paths.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// What to do once it is applied.
    pub after: Option<Work>,
    /// What the way back needs before the old release is put back.
    pub back: Option<Work>,
    /// What an upgrade that ends before this chart needs from its first stop on: the outside world has changed.
    pub from_start: Option<Work>,
}

/// A piece of work for a person.
#[derive(Debug, Deserialize)]
pub struct Work {
    /// What it is for.
    #[serde(default)]
    pub what: String,
    /// What to do or to know, in order.
    #[serde(rename = "do")]
    pub todo: Vec<String>,
    /// With which commands.
    #[serde(default)]
    pub commands: Vec<String>,
    /// Values that are set with it, by their paths.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
}

/// What becomes of an object.
#[derive(Debug, Deserialize)]
pub struct ObjectFact {
    /// The first chart series that does it.
    pub chart: String,
    /// The rest.
    #[serde(flatten)]
    pub fact: EveryFact,
}

/// What becomes of an object, at any time.
#[derive(Debug, Deserialize)]
pub struct EveryFact {
    /// `Kind/name`.
    pub object: String,
    /// How bad it is, in the words of `gitlab-render diff`.
    pub effect: String,
    /// Whom it is about; empty: everybody.
    #[serde(rename = "if")]
    pub whom: String,
    when: Vec<ValueCondition>,
    /// The reason.
    pub why: String,
    /// What to do about it.
    pub way: Option<String>,
}

/// What holds between two series.
#[derive(Debug, Deserialize)]
pub struct Between {
    /// The series before.
    pub from: String,
    /// The series after.
    pub to: String,
    /// What to do.
    pub what: String,
    /// With which command.
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
    /// Whether no value says whom it is about.
    pub fn is_for_the_reader(&self) -> bool {
        self.when.is_empty() && !self.whom.is_empty()
    }

    /// Whether it is about whoever has these values; without values, it may be.
    pub fn counts(&self, user: Option<&Value>) -> bool {
        all_hold(&self.when, user)
    }
}

impl EveryFact {
    /// Whether it is about whoever has these values; without values, it may be.
    pub fn counts(&self, user: Option<&Value>) -> bool {
        all_hold(&self.when, user)
    }
}
