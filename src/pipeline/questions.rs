//! What is still open in values: the questions of profiles and of decisions, and placeholders that nobody filled in.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::companions;
use crate::diag::{Diagnostic, Severity, Sources, Step, ValuePath, Warned, marks};
use crate::manifest::Manifest;
use crate::profiles::{self, MARK, Question};
use crate::upgrade::decisions;
use crate::values::{Origins, tree};

/// A finding that lists the examples of profiles in the values, and one with those of open decisions; errors where `strict`.
///
/// A question is answered where a later layer sets the value, where its comment was removed, and where the value beside
/// it is no longer the example.
pub(super) fn open(origins: &Origins, sources: &Sources, strict: bool) -> Vec<Diagnostic> {
    let mut open: Vec<(ValuePath, Question<'_>, usize)> = Vec::new();
    for (number, source) in sources.all().filter(|(_, source)| source.text.contains(MARK)) {
        let questions = profiles::questions(&source.text);
        let lines: BTreeMap<usize, ValuePath> = origins.values_of(number).collect();
        open.extend(questions.into_iter().filter_map(|question| {
            let path = lines.get(&question.line)?.clone();
            is_example(&source.name, &question).then_some((path, question, number))
        }));
    }
    let (decisions, examples): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|(_, question, _)| decisions::of_question(question.text).is_some());
    let of_profiles = finding(
        &examples,
        "still an example of a profile",
        "set them in a values file of your own; or run `gitlab-render init PROFILE -o FILE` and replace each example together with its `# ?:`",
    );
    let of_decisions = finding(
        &decisions,
        "still an example for an open decision",
        "replace each example together with its `# ?:`, or answer with `gitlab-render values migrate -f FILE --to VERSION --answer DECISION=ANSWER`",
    );
    let severity = if strict { Severity::Error } else { Severity::Warning };
    of_profiles.into_iter().chain(of_decisions).map(|finding| Diagnostic { severity, ..finding }).collect()
}

/// Sections in which `$NAME` is what a shell or a program reads.
const OF_PROGRAMS: [&str; 8] =
    ["args", "annotations", "command", "config", "customConfig", "extraArgs", "extraEnv", "script"];

/// More paths than this do not help the reader.
const MOST_PATHS: usize = 20;

/// A finding that lists the values that are visibly not filled in, besides those that `found` is about; an error where
/// `strict`.
pub(super) fn unfilled(user: &Value, found: &[Diagnostic], strict: bool) -> Option<Diagnostic> {
    let told = |path: &ValuePath| found.iter().flat_map(|d| &d.places).any(|place| place.path() == Some(path));
    let of_program = |path: &ValuePath| path.0.iter().filter_map(Step::key).any(|key| OF_PROGRAMS.contains(&key));
    let of_others = |path: &ValuePath| companions::CHARTS.iter().any(|chart| path.first_key() == Some(chart.section));
    // The name of a key, or of a file in a Secret, may be any word.
    let is_name = |path: &ValuePath| {
        path.last_key().is_some_and(|key| key.to_ascii_lowercase().ends_with("key") || key.ends_with("_file"))
    };
    let open = tree::leaves(user).into_iter().filter_map(|(path, value)| {
        let text = value.as_str().filter(|text| marks::is_unfilled(text))?;
        (!told(&path) && !of_program(&path) && !of_others(&path) && !is_name(&path)).then_some((path, text))
    });
    let open: Vec<_> = open.collect();
    let (first, _) = open.first()?;
    let shown: Vec<_> = open.iter().take(MOST_PATHS).map(|(path, _)| format!("`{path}`")).collect();
    let more = match open.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = match open.len() {
        1 => format!("{} still holds a placeholder", shown[0]),
        n => format!("{n} values still hold a placeholder: {}{more}", shown.join(", ")),
    };
    let hint = match open.iter().all(|(_, text)| marks::is_mark(text)) {
        true => marks::RENDER_FIRST,
        false => "write what is meant there",
    };
    let severity = if strict { Severity::Error } else { Severity::Warning };
    Some(Diagnostic { severity, ..Diagnostic::warning("placeholder", message).at_value(first.clone()).hint(hint) })
}

/// A warning for each value with a template that stands in an object as it is: the chart does not evaluate it there.
pub(super) fn unevaluated(user: &Value, objects: &[Manifest]) -> Vec<Diagnostic> {
    let with_template =
        |value: &Value| value.as_str().is_some_and(|text| text.contains("{{") && text.lines().count() == 1);
    let open: Vec<_> = tree::leaves(user).into_iter().filter(|(_, value)| with_template(value)).collect();
    let is_there = |text: &str| objects.iter().any(|object| holds(&object.body, text));
    let finding = |(path, value): (ValuePath, &Value)| {
        let text = value.as_str()?;
        let template = text.get(text.find("{{")?..text.rfind("}}")? + 2)?;
        let message =
            format!("`{path}` holds a template, and templates are not evaluated there: it is written as it is");
        is_there(template)
            .then(|| Diagnostic::warning("placeholder", message).at_value(path).hint("write the value itself"))
    };
    open.into_iter().filter_map(finding).collect()
}

/// Whether a string in a value contains another string.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(map) => map.values().any(|inner| holds(inner, text)),
        _ => false,
    }
}

/// The open questions among the findings of a render, with the sources of their places.
pub(super) fn of(found: Vec<Diagnostic>, sources: Sources) -> Warned<Sources> {
    Warned { value: sources, warnings: found.into_iter().filter(|finding| finding.code == CODE).collect() }
}

/// The code of the findings about open questions.
const CODE: &str = "open-questions";

fn finding(open: &[(ValuePath, Question<'_>, usize)], what: &str, hint: &str) -> Option<Diagnostic> {
    let (_, first, source) = open.first()?;
    // Without backticks: one place is enough, the lines of the others are in the message.
    let listed = open.iter().map(|(path, question, _)| format!("{path} (line {}: {})", question.line, question.text));
    let listed: Vec<_> = listed.collect();
    let (count, verb) = match open.len() {
        1 => ("1 value".to_owned(), "is"),
        n => (format!("{n} values"), "are"),
    };
    let message = format!("{count} {verb} {what}: {}", listed.join("; "));
    Some(Diagnostic::warning(CODE, message).at(first.at(*source)).hint(hint))
}

/// Whether the value is the example: in a copy the user may have replaced it and kept the comment.
fn is_example(source: &str, question: &Question<'_>) -> bool {
    if let Some((_, example)) = decisions::of_question(question.text) {
        return example.and_then(serde_json::Value::as_str).is_none_or(|example| example == question.example);
    }
    source.starts_with("profile:") || {
        let same = |of: &Question<'static>| of.text == question.text;
        let known: Vec<_> = profiles::all().flat_map(|profile| profile.questions()).filter(same).collect();
        known.is_empty() || known.iter().any(|of| of.example == question.example)
    }
}
