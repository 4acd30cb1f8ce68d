//! The decisions of a plan.

use serde::Serialize;

use super::Ask;
use crate::profiles;
use crate::upgrade::decisions::{self, Decision, DecisionAnswer, LeftBehind};
use crate::upgrade::rules::ReleaseSpan;

/// A decision of the user that the plan depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedDecision {
    /// Its name on the command line of `values migrate`.
    pub id: String,
    /// The stop at which it has to be taken, from 1.
    pub stop: usize,
    /// The chart release that asks for it.
    pub since: String,
    /// What changes there.
    pub what: String,
    /// The question.
    pub question: String,
    /// The user's values that raise it; empty where defaults do.
    pub lines: Vec<DecisionLine>,
    /// The possible answers.
    pub answers: Vec<PlannedAnswer>,
}

/// A section of the user's values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionLine {
    /// Its path.
    pub path: String,
    /// The file, or the flag.
    pub source: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column, from 1.
    pub column: Option<usize>,
}

/// An answer to a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedAnswer {
    /// Its name on the command line.
    pub id: String,
    /// Its consequences.
    pub what: String,
    /// What it writes, `path: value` each.
    pub writes: Vec<String>,
    /// The user's values that nothing reads any more with it.
    pub left: Vec<PlannedLeft>,
}

/// Values that nothing reads any more with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedLeft {
    /// Their paths.
    pub paths: Vec<String>,
    /// What takes their place.
    pub instead: String,
}

fn left(answer: &'static DecisionAnswer, user: &serde_json::Value) -> Vec<PlannedLeft> {
    let of = |left: LeftBehind| PlannedLeft {
        paths: left.paths.iter().map(ToString::to_string).collect(),
        instead: left.instead.to_owned(),
    };
    answer.left(user).into_iter().map(of).collect()
}

/// The decisions between two releases that the values leave open, or that a file still has as a question; without values, all.
pub(super) fn open<'a>(ask: &'a Ask<'_>, span: &ReleaseSpan) -> impl Iterator<Item = &'static Decision> + use<'a> {
    let values = ask.values;
    let asked = move |decision: &Decision| {
        let texts = values.into_iter().flat_map(|values| values.sources.all()).map(|(_, source)| &source.text);
        let mut questions = texts.flat_map(|text| profiles::questions(text));
        questions.any(|question| decisions::of_question(question.text).is_some_and(|(of, _)| of.id == decision.id))
    };
    let counts = move |decision: &&Decision| values.is_none_or(|of| !decision.is_settled(of.tree)) || asked(decision);
    decisions::passed(span).collect::<Vec<_>>().into_iter().filter(counts)
}

/// All decisions of a plan.
pub(super) fn decisions(ask: &Ask<'_>) -> Vec<PlannedDecision> {
    let Some(to) = ask.halts.last().map(|halt| halt.release.chart) else { return Vec::new() };
    let span = ReleaseSpan { from: Some(ask.oldest), to };
    open(ask, &span).map(|decision| planned(ask, decision)).collect()
}

fn planned(ask: &Ask<'_>, decision: &'static Decision) -> PlannedDecision {
    let stop = ask.halts.iter().position(|halt| halt.release.chart >= decision.since()).unwrap_or_default() + 1;
    let lines = ask.values.map(|values| {
        let lines = decision.lines(values.tree, values.origins).into_iter();
        let line = |(path, place): (crate::diag::ValuePath, Option<crate::diag::Location>)| DecisionLine {
            path: path.to_string(),
            source: place.and_then(|place| values.sources.get(place.source)).map(|source| source.name.clone()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
        };
        lines.map(line).collect()
    });
    let answer = |answer: &'static DecisionAnswer| PlannedAnswer {
        id: answer.id.clone(),
        what: answer.what.clone(),
        writes: answer.writes(ask.values.map(|values| values.tree)),
        left: ask.values.map_or_else(Vec::new, |values| left(answer, values.tree)),
    };
    PlannedDecision {
        id: decision.id.clone(),
        stop,
        since: decision.since().to_string(),
        what: decision.what.clone(),
        question: decision.question.clone(),
        lines: lines.unwrap_or_default(),
        answers: decision.answers.iter().map(answer).collect(),
    }
}
