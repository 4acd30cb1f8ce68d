//! What only a person can decide on the way to a release: which decisions a user's values leave open, and what each answer
//! writes. The table is `charts/releases/decisions.json`; `charts/releases/README.md` explains it.
//!
//! [`migrate`](super::migrate) writes an open decision into the file as an example with a question, in the form of the
//! questions of profiles; the [plan](super::plan) lists it with the user's lines.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::rules::ReleaseSpan;
use crate::diag::ValuePath;
use crate::releases::{self, ChartVersion};
use crate::values::{Origins, tree};

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
    /// What nothing reads any more with it, by the path of a section.
    #[serde(default)]
    left: Vec<Left>,
    /// The last keys of values that need no counterpart.
    #[serde(default)]
    quiet: Vec<String>,
}

/// A section that an answer leaves without a reader.
#[derive(Debug, Deserialize)]
struct Left {
    path: String,
    /// What takes its place.
    instead: String,
}

/// The user's values of a section that nothing reads any more.
pub struct LeftBehind {
    /// Their paths.
    pub paths: Vec<ValuePath>,
    /// What takes the place of the section.
    pub instead: &'static str,
}

/// A value that an answer writes.
#[derive(Debug, Deserialize)]
pub(super) struct Write {
    pub path: String,
    #[serde(default)]
    value: Value,
    /// The question about an example that only the user can replace.
    pub ask: Option<String>,
    #[serde(default)]
    fill: bool,
    #[serde(rename = "as", default)]
    like: Vec<String>,
    #[serde(default)]
    form: Form,
    when: Option<Condition>,
    unless: Option<Condition>,
}

/// What is made of the value that a write takes from another path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// The same value; without one, the write's own.
    #[default]
    Same,
    /// A list that names the Secret; nothing without a name.
    Certificate,
    /// The annotations that are for cert-manager; nothing without one.
    Issuer,
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
    ValuePath::dotted(path).within(user).filter(|value| !is_empty(value))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
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
            let mut writes = answer.write.iter().filter(|write| !write.is_kept());
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
    /// `path: value` of everything that it writes over these values; without values, of all that does not depend on them.
    pub fn writes(&self, user: Option<&Value>) -> Vec<String> {
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let all = self.for_values(user.unwrap_or(&Value::Null), false).into_iter();
        all.map(|(write, value)| format!("{}: {}", write.path, shown(&value))).collect()
    }

    /// The writes with their values. What the user set stays where a write only fills, and in an example.
    pub(super) fn for_values(&self, user: &Value, is_example: bool) -> Vec<(&Write, Value)> {
        let kept = |write: &Write| (is_example || write.is_kept()) && set(&write.path, user).is_some();
        let all = self.write.iter().filter(|write| !kept(write));
        all.filter_map(|write| Some((write, write.value_for(user)?))).collect()
    }

    /// The values of the user's that stay although the answer would write others, each with what it would write.
    pub fn kept<'u>(&self, user: &'u Value) -> Vec<(ValuePath, &'u Value, Value)> {
        let of = |write: &Write| {
            let there = set(&write.path, user).filter(|_| write.fill && write.form == Form::Same)?;
            let other = write.value_for(user).filter(|value| value != there)?;
            Some((ValuePath::dotted(&write.path), there, other))
        };
        self.write.iter().filter_map(of).collect()
    }

    /// Whether these values are such an answer: what it decides is as it writes it, or as it is by default.
    pub fn is_taken(&self, user: &Value) -> bool {
        let mut decided = self.write.iter().filter(|write| !write.is_kept());
        decided.all(|write| set(&write.path, user).is_none_or(|there| *there == write.value))
    }

    /// The user's values that nothing reads any more with this answer, by the section that has a counterpart of its own.
    pub fn left(&'static self, user: &Value) -> Vec<LeftBehind> {
        let carried: Vec<ValuePath> =
            self.write.iter().flat_map(|w| &w.like).map(|path| ValuePath::dotted(path)).collect();
        let mut all: Vec<LeftBehind> = Vec::new();
        for (path, value) in tree::leaves(user) {
            let quiet = path.last_key().is_some_and(|key| self.quiet.iter().any(|quiet| quiet == key));
            let is_issuer = path.last_key().is_some_and(|key| key.starts_with(CERT_MANAGER));
            if quiet || is_issuer || carried.contains(&path) || is_empty(value) {
                continue;
            }
            let of = self.left.iter().find(|left| path.0.starts_with(&ValuePath::dotted(&left.path).0));
            let Some(left) = of else { continue };
            match all.iter_mut().find(|other| std::ptr::eq(other.instead, left.instead.as_str())) {
                Some(other) => other.paths.push(path),
                None => all.push(LeftBehind { paths: vec![path], instead: &left.instead }),
            }
        }
        all
    }
}

/// What the annotations for cert-manager begin with.
const CERT_MANAGER: &str = "cert-manager.io/";

impl Write {
    /// Whether a value of the user's stays.
    fn is_kept(&self) -> bool {
        self.fill || self.ask.is_some()
    }

    /// What is written over the user's values; `None` where it is not.
    fn value_for(&self, user: &Value) -> Option<Value> {
        let holds = |condition: &Condition| condition.holds(user);
        if self.unless.as_ref().is_some_and(holds) || !self.when.as_ref().is_none_or(holds) {
            return None;
        }
        let like = self.like.iter().find_map(|path| set(path, user));
        match self.form {
            Form::Same => Some(like.unwrap_or(&self.value).clone()),
            Form::Certificate => like.filter(|name| name.is_string()).map(|name| json!([{ "name": name }])),
            Form::Issuer => {
                let own = like.and_then(Value::as_object)?.iter().filter(|(key, _)| key.starts_with(CERT_MANAGER));
                let own: Map<String, Value> = own.map(|(key, value)| (key.clone(), value.clone())).collect();
                (!own.is_empty()).then_some(Value::Object(own))
            }
        }
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
