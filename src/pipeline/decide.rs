//! Takes the answers to the decisions of an upgrade into values files, and writes what is left open into them as questions.

use serde_json::Value;

use super::migrate::{File, after};
use crate::diag::{Diagnostic, Failure, Location, ValuePath};
use crate::profiles::MARK;
use crate::upgrade::decisions::{self, Decision, DecisionAnswer, LeftBehind};
use crate::upgrade::migrate::{self, AnswerBy, Migrated};
use crate::upgrade::rules::ReleaseSpan;
use crate::values::{self, Input};

/// An answer of the user.
#[derive(Debug, Clone)]
pub enum GivenAnswer {
    /// To a decision, by the name of an answer: `way-in=ingress`.
    Named(&'static Decision, &'static DecisionAnswer),
    /// To an open question of a file, by the path of the example: `global.psql.host=db.example.com`.
    Value(ValuePath, String),
}

/// What was decided, and what is open.
#[derive(Debug, Default)]
pub struct Decided {
    /// Notes, and a warning for each open decision.
    pub report: Vec<Diagnostic>,
    /// How many decisions are open.
    pub open: usize,
}

impl GivenAnswer {
    /// Reads `ID=ANSWER` or `PATH=VALUE`.
    ///
    /// # Errors
    /// A text of another form, a decision that is not on this way, and an answer that it does not have.
    pub fn read(text: &str, span: &ReleaseSpan) -> Result<Self, Diagnostic> {
        let refuse = |message: String, hint: String| Err(Diagnostic::usage("answer", message).hint(hint));
        let Some((name, answer)) = text.split_once('=').filter(|(name, answer)| !name.is_empty() && !answer.is_empty())
        else {
            return refuse(format!("`--answer {text}`: an answer is `DECISION=ANSWER` or `PATH=VALUE`"), known(span));
        };
        if answer.chars().any(char::is_control) {
            return refuse(
                format!("`--answer {name}`: the answer has a line break or a control character"),
                known(span),
            );
        }
        if name.contains('.') {
            return Ok(GivenAnswer::Value(ValuePath::dotted(name), answer.to_owned()));
        }
        let Some(decision) = decisions::passed(span).find(|row| row.id == name) else {
            return refuse(
                format!("`--answer {name}`: there is no decision with this name between these releases"),
                known(span),
            );
        };
        match decision.answer(answer) {
            Some(answer) => Ok(GivenAnswer::Named(decision, answer)),
            None => refuse(format!("`--answer {name}={answer}`: this is not one of its answers"), answers(decision)),
        }
    }
}

/// The decisions on a way, for a hint.
fn known(span: &ReleaseSpan) -> String {
    let all: Vec<_> = decisions::passed(span).map(answers).collect();
    match all.is_empty() {
        true => "there are no decisions between these releases".to_owned(),
        false => format!("{}; or name the path of a value with an open question", all.join("; ")),
    }
}

fn answers(decision: &Decision) -> String {
    let all: Vec<_> = decision.answers.iter().map(|answer| format!("`{}={}`", decision.id, answer.id)).collect();
    all.join(", ")
}

/// Writes the answers into the files, and a question for each decision that stays open.
///
/// # Errors
/// An answer to a question that no file has.
pub fn decide(
    files: &[File],
    migrated: &mut [Migrated],
    span: &ReleaseSpan,
    given: &[GivenAnswer],
) -> Result<Decided, Failure> {
    let before: Vec<Input> = files.iter().map(File::input).collect();
    let (user, origins) = match values::load(&before) {
        Ok(layers) => layers.value.own(),
        // The files were read one by one; what is wrong with them together is reported by a render.
        Err(_) => return Ok(Decided::default()),
    };
    // Before the answers: a stand-in for one store would settle the questions about the others.
    let first = merged(files, migrated);
    let mut decided = Decided::default();
    let named = |decision: &Decision| {
        given.iter().find_map(|answer| match answer {
            GivenAnswer::Named(of, answer) if of.id == decision.id => Some(*answer),
            _ => None,
        })
    };
    let mut unwritten: Vec<(&Decision, Vec<String>)> = Vec::new();
    for decision in decisions::passed(span) {
        let named = named(decision);
        if named.is_some() {
            migrated.iter_mut().for_each(|one| migrate::take_back(one, decision));
        }
        let asked = migrated.iter().any(|one| migrate::asks(one, decision));
        let now = merged(files, migrated);
        let left = match named {
            Some(answer) => migrate::answer(migrated, decision, answer, AnswerBy::Flag, &now),
            None if asked || decision.is_settled(&first) => Vec::new(),
            None => match decision.example(&now) {
                Some(answer) => migrate::answer(migrated, decision, answer, AnswerBy::Example, &now),
                None => Vec::new(),
            },
        };
        unwritten.push((decision, left));
    }
    for answer in given {
        let GivenAnswer::Value(path, text) = answer else { continue };
        if !migrated.iter_mut().any(|one| migrate::answer_question(one, path, text)) {
            return Err(no_question(path, migrated).into());
        }
    }
    let now = merged(files, migrated);
    let place = |path: &ValuePath| origins.exact(path).map(|origin| origin.key.unwrap_or(origin.value));
    for (decision, left) in unwritten {
        decided.report.extend(named(decision).into_iter().flat_map(|answer| kept(decision, answer, &user, &place)));
        let taken = decision.answers.iter().find(|answer| decision.is_settled(&now) && answer.is_taken(&now));
        decided.report.extend(taken.into_iter().flat_map(|answer| left_behind(decision, answer, &now, &place)));
        let asked = migrated.iter().any(|one| migrate::asks(one, decision));
        if asked || !left.is_empty() || !decision.is_settled(&now) {
            let lines = decision.lines(&user, &origins).into_iter().filter_map(|(_, place)| place).collect();
            decided.report.push(open(decision, lines, asked, &left));
            decided.open += 1;
        }
    }
    Ok(decided)
}

/// What an answer finds set to something else: it stays.
fn kept(
    decision: &Decision,
    answer: &DecisionAnswer,
    user: &Value,
    place: &dyn Fn(&ValuePath) -> Option<Location>,
) -> Vec<Diagnostic> {
    let of = |(path, there, other): (ValuePath, &Value, Value)| {
        let message = format!("`{path}: {there}` stays; `{}={}` would write {other}", decision.id, answer.id);
        let note = Diagnostic::note("answer-kept", message).hint("change it yourself if the other value is meant");
        place(&path).into_iter().fold(note, Diagnostic::at)
    };
    answer.kept(user).into_iter().map(of).collect()
}

/// What nothing reads any more with an answer, by what takes its place.
fn left_behind(
    decision: &Decision,
    answer: &'static DecisionAnswer,
    now: &Value,
    place: &dyn Fn(&ValuePath) -> Option<Location>,
) -> Vec<Diagnostic> {
    let of = |left: LeftBehind| {
        let names: Vec<String> = left.paths.iter().map(|path| format!("`{path}`")).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        let message = format!("{} {verb} not read with `{}={}`", names.join(", "), decision.id, answer.id);
        let hint = format!("instead: {}; then remove the old values", left.instead);
        let warning = Diagnostic::warning("left-behind", message).hint(hint);
        left.paths.iter().filter_map(place).fold(warning, Diagnostic::at)
    };
    answer.left(now).into_iter().map(of).collect()
}

/// The values of all files as they are by now.
fn merged(files: &[File], migrated: &[Migrated]) -> Value {
    let layers = values::load(&after(files, migrated));
    layers.map(|layers| layers.value.own().0).unwrap_or_default()
}

fn open(decision: &Decision, lines: Vec<Location>, asked: bool, left: &[String]) -> Diagnostic {
    let each = decision.answers.iter().map(|of| format!("`--answer {}={}`: {}", decision.id, of.id, of.what));
    let by_flag: Vec<_> = each.collect();
    let until = match (asked, left.is_empty()) {
        (_, false) => {
            format!("; the format of the file does not allow this change, so make it manually: {}", left.join(", "))
        }
        (true, true) => format!("; until then the file contains an example with `{}`", MARK.trim()),
        (false, true) => String::new(),
    };
    let message = format!(
        "`{}`: a decision is needed: since chart {} {}: {}",
        decision.id,
        decision.since(),
        decision.what,
        decision.question
    );
    let warning = Diagnostic::warning("decision", message).hint(format!("{}{until}", by_flag.join("; ")));
    lines.into_iter().fold(warning, Diagnostic::at)
}

fn no_question(path: &ValuePath, migrated: &[Migrated]) -> Diagnostic {
    let open: Vec<_> = migrated.iter().flat_map(migrate::open_questions).map(|path| format!("`{path}`")).collect();
    let hint = match open.is_empty() {
        true => "no question is open; change the value in the file".to_owned(),
        false => format!("questions are open at {}", open.join(", ")),
    };
    Diagnostic::usage("answer", format!("`--answer {path}`: there is no open question about this value")).hint(hint)
}
