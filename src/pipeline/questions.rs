//! The open questions of a profile: examples that are still in the values.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Severity, Sources, ValuePath};
use crate::profiles::{self, MARK, Question};
use crate::values::Origins;

/// One finding that lists all examples in the values; an error where `strict`.
///
/// A question is answered where a later layer sets the value, where its comment was removed, and where the value beside
/// it is no longer the profile's.
pub(super) fn open(origins: &Origins, sources: &Sources, strict: bool) -> Option<Diagnostic> {
    let mut open: Vec<(ValuePath, Question<'_>, usize)> = Vec::new();
    for (number, source) in sources.all().filter(|(_, source)| source.text.contains(MARK)) {
        let questions = profiles::questions(&source.text);
        let lines: BTreeMap<usize, ValuePath> = origins.values_of(number).collect();
        open.extend(questions.into_iter().filter_map(|question| {
            let path = lines.get(&question.line)?.clone();
            is_example(&source.name, &question).then_some((path, question, number))
        }));
    }
    let (_, first, source) = open.first()?;
    let place = first.at(*source);
    // Without backticks: one place is enough, the lines of the others are in the message.
    let listed = open.iter().map(|(path, question, _)| format!("{path} (line {}: {})", question.line, question.text));
    let listed: Vec<_> = listed.collect();
    let (count, verb) = match open.len() {
        1 => ("1 value".to_owned(), "is"),
        n => (format!("{n} values"), "are"),
    };
    let message = format!("{count} {verb} still an example of a profile: {}", listed.join("; "));
    let finding = Diagnostic::warning("open-questions", message)
        .at(place)
        .hint("set them in a file of your own, `-f`; or write `gitlab-render init PROFILE -o FILE` and replace each example with its `# ?:`");
    Some(if strict { Diagnostic { severity: Severity::Error, ..finding } } else { finding })
}

/// Whether the value is the profile's: in a copy the user may have replaced it and kept the comment.
fn is_example(source: &str, question: &Question<'_>) -> bool {
    source.starts_with("profile:") || {
        let same = |of: &Question<'static>| of.text == question.text;
        let known: Vec<_> = profiles::all().flat_map(|profile| profile.questions()).filter(same).collect();
        known.is_empty() || known.iter().any(|of| of.example == question.example)
    }
}
