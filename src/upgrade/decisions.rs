//! What only a person can decide on the way to a release: which decisions a user's values leave open, and what each answer
//! writes. The table is `charts/releases/decisions.json`; `charts/releases/README.md` explains it.
//!
//! [`migrate`](super::migrate) writes an open decision into the file as an example with a question, in the form of the
//! questions of profiles; the [plan](super::plan) lists it with the user's lines.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::rules::ReleaseSpan;
use crate::diag::ValuePath;
use crate::releases::{self, ChartVersion};
use crate::values::Origins;

/// A decision.
#[derive(Debug, Deserialize)]
pub struct Decision {
    /// Its name on the command line, `way-in`.
    pub id: String,
    #[serde(deserialize_with = "super::rules::version")]
    pub(super) since: ChartVersion,
    /// What changes, as the continuation of `since chart X`.
    pub what: String,
    /// The question.
    pub question: String,
    about: Vec<String>,
    settled: Vec<Vec<Condition>>,
    /// Whether a render fails while it is open.
    pub refused: bool,
    /// The answers; the first that does not contradict the values is the example while it is open.
    pub answers: Vec<DecisionAnswer>,
}

/// An answer.
#[derive(Debug, Deserialize)]
pub struct DecisionAnswer {
    /// Its name on the command line, `ingress`.
    pub id: String,
    /// Its consequences.
    pub what: String,
    pub(super) write: Vec<Write>,
}

/// A value that an answer writes.
#[derive(Debug, Deserialize)]
pub(super) struct Write {
    pub path: String,
    value: Value,
    /// The question about an example that only the user can replace.
    pub ask: Option<String>,
    #[serde(default)]
    fill: bool,
    #[serde(rename = "as")]
    like: Option<String>,
    unless: Option<Condition>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    path: String,
    is: Option<Value>,
}

impl Condition {
    fn holds(&self, user: &Value) -> bool {
        match (&self.is, set(&self.path, user)) {
            (Some(is), value) => value == Some(is),
            (None, value) => value.is_some(),
        }
    }
}

/// A value that the user set to something.
fn set<'v>(path: &str, user: &'v Value) -> Option<&'v Value> {
    let is_empty = |value: &&Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    ValuePath::dotted(path).within(user).filter(|value| !is_empty(value))
}

/// The whole table.
pub fn table() -> &'static [Decision] {
    #[derive(Deserialize)]
    struct Table {
        decisions: Vec<Decision>,
    }
    static READ: OnceLock<Table> = OnceLock::new();
    &READ.get_or_init(|| releases::read(releases::DECISIONS)).decisions
}

/// The decisions between two releases. Without the first, all up to the second: defaults that change do not show in
/// values.
pub fn passed(span: &ReleaseSpan) -> impl Iterator<Item = &'static Decision> {
    let (from, to) = (span.from, span.to);
    table().iter().filter(move |row| row.since <= to && from.is_none_or(|from| from < row.since))
}

/// The decision that a question of a file belongs to, and whether the question is about one example of its own: `None` for
/// the questions of a profile.
pub fn of_question(text: &str) -> Option<(&'static Decision, Option<&'static Value>)> {
    let (id, ask) = text.split_once(": ")?;
    let decision = table().iter().find(|row| row.id == id)?;
    let mut writes = decision.answers.iter().flat_map(|answer| &answer.write);
    Some((decision, writes.find(|write| write.ask.as_deref() == Some(ask)).map(|write| &write.value)))
}

impl Decision {
    /// The first chart release that asks for it.
    pub fn since(&self) -> ChartVersion {
        self.since
    }

    /// Whether the values have decided it.
    pub fn is_settled(&self, user: &Value) -> bool {
        self.settled.iter().all(|any| any.iter().any(|condition| condition.holds(user)))
    }

    /// The answer with a name.
    pub fn answer(&self, id: &str) -> Option<&DecisionAnswer> {
        self.answers.iter().find(|answer| answer.id == id)
    }

    /// The answer that is the example: the first that contradicts none of the user's values.
    pub fn example(&self, user: &Value) -> Option<&DecisionAnswer> {
        let fits = |answer: &&DecisionAnswer| {
            let mut writes = answer.write.iter().filter(|write| !write.fill && write.ask.is_none());
            writes.all(|write| set(&write.path, user).is_none_or(|there| *there == write.value))
        };
        self.answers.iter().find(fits).or(self.answers.last())
    }

    /// The sections of the user's values that raise it, with the place of each.
    pub fn lines(&self, user: &Value, origins: &Origins) -> Vec<(ValuePath, Option<crate::diag::Location>)> {
        let paths = self.about.iter().filter(|path| set(path, user).is_some()).map(|path| ValuePath::dotted(path));
        let placed = paths.map(|path| {
            let place = origins.exact(&path).map(|origin| origin.key.unwrap_or(origin.value));
            (path, place)
        });
        placed.collect()
    }

    /// The text of a question of this decision in a file.
    pub(super) fn question_about(&self, write: &Write) -> String {
        format!("{}: {}", self.id, write.ask.as_deref().unwrap_or(&self.question))
    }
}

impl DecisionAnswer {
    /// `path: value` of everything that it writes.
    pub fn writes(&self) -> Vec<String> {
        let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.write.iter().map(|write| format!("{}: {}", write.path, value(&write.value))).collect()
    }

    /// The writes with their values; an example leaves what the user set, an answer replaces it but for what it only fills.
    pub(super) fn for_values(&self, user: &Value, is_example: bool) -> Vec<(&Write, Value)> {
        let counts = |write: &&Write| {
            let kept = (is_example || write.fill || write.ask.is_some()) && set(&write.path, user).is_some();
            !kept && !write.unless.as_ref().is_some_and(|condition| condition.holds(user))
        };
        let value = |write: &Write| {
            let like = write.like.as_ref().and_then(|path| set(path, user));
            like.unwrap_or(&write.value).clone()
        };
        self.write.iter().filter(counts).map(|write| (write, value(write))).collect()
    }
}

/// Examples for the decisions without which a release is not rendered, as values to lie over the user's; `None` where there
/// is none.
pub fn examples(user: &Value, span: &ReleaseSpan) -> Option<Value> {
    let mut over = Value::Object(Map::new());
    for decision in passed(span).filter(|row| row.refused && !row.is_settled(user)) {
        for (write, value) in decision.example(user).into_iter().flat_map(|answer| answer.for_values(user, true)) {
            super::migrate::put(&mut over, &ValuePath::dotted(&write.path), value);
        }
    }
    over.as_object().is_some_and(|map| !map.is_empty()).then_some(over)
}
