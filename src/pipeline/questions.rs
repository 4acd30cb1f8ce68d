//! The open questions of profiles and of decisions: examples that are still in the values.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Severity, Sources, ValuePath};
use crate::profiles::{self, MARK, Question};
use crate::upgrade::decisions;
use crate::values::Origins;

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
    Some(Diagnostic::warning("open-questions", message).at(first.at(*source)).hint(hint))
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
