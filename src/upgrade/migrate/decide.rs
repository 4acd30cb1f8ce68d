//! Writes decisions into a file: an answer as values, an open decision as an example with a question, in the form of the
//! questions of profiles.

use serde_json::Value;

use super::edit::{self, Edit};
use super::lines::Document;
use super::tree::{self, Op};
use super::{Migrated, value};
use crate::diag::{Step, ValuePath};
use crate::profiles::{self, MARK};
use crate::upgrade::decisions::{self, Decision, DecisionAnswer};
use crate::values::{self, Input};
use crate::yaml::spans;
use crate::yaml::write::write_document;

/// Who answers a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerBy {
    /// The user, by a flag.
    Flag,
    /// Nobody yet: the answer is an example with a question.
    Example,
}

/// Writes an answer into the last file, or where a later layer would lie over it, into that one. `user` are the merged
/// values of all files. Where the form of a file does not allow all of it, nothing is written: half an answer would be
/// another one. Then the result is `path: value` of each.
pub fn answer(
    files: &mut [Migrated],
    decision: &Decision,
    answer: &DecisionAnswer,
    by: AnswerBy,
    user: &Value,
) -> Vec<String> {
    let before: Vec<_> = files.iter().map(|file| (file.text.clone(), file.changed)).collect();
    let mut left = false;
    let writes = answer.for_values(user, by == AnswerBy::Example);
    // One question is enough where no value has one of its own.
    let one_for_all = by == AnswerBy::Example && writes.iter().all(|(write, _)| write.ask.is_none());
    for (number, (write, value)) in writes.iter().enumerate() {
        let asks = write.ask.is_some() || (one_for_all && number == 0);
        let question = asks.then(|| format!(" {MARK}{}", decision.question_about(write)));
        let path = ValuePath::dotted(&write.path);
        let has = |one: &Migrated| read(&one.text).is_some_and(|tree| path.within(&tree).is_some());
        let takes = |one: &Migrated| !one.only_globals || path.first_key() == Some("global");
        let file = files.iter().rposition(has).or_else(|| files.iter().rposition(takes));
        let Some(file) = file.and_then(|file| files.get_mut(file)) else {
            left = true;
            continue;
        };
        match put(&file.text, &path, value, question.as_deref()) {
            Some(text) => {
                file.changed += usize::from(text != file.text);
                file.text = text;
            }
            None => left = true,
        }
    }
    if !left {
        return Vec::new();
    }
    for (file, (text, changed)) in files.iter_mut().zip(before) {
        (file.text, file.changed) = (text, changed);
    }
    writes.iter().map(|(write, value)| format!("{}: {}", write.path, written(value))).collect()
}

/// Removes the examples of a decision with their questions.
pub fn take_back(file: &mut Migrated, decision: &Decision) {
    while let Some((path, _)) =
        open_in(&file.text).into_iter().find(|(_, of)| of.is_some_and(|of| of.id == decision.id))
    {
        let Some(text) = on_document(&file.text, |text| delete(text, &path)) else { return };
        file.text = text;
    }
}

/// Whether a file has an open question of a decision.
pub fn asks(file: &Migrated, decision: &Decision) -> bool {
    open_in(&file.text).iter().any(|(_, of)| of.is_some_and(|of| of.id == decision.id))
}

/// The paths of the open questions of a file.
pub fn open_questions(file: &Migrated) -> Vec<ValuePath> {
    open_in(&file.text).into_iter().map(|(path, _)| path).collect()
}

/// Puts a value in the place of an example, and takes its question away; false where no question is about this path, or
/// the form of the text does not allow it.
pub fn answer_question(file: &mut Migrated, path: &ValuePath, answer: &str) -> bool {
    let Some(question) = with_paths(&file.text).into_iter().find(|(at, _)| at == path).map(|(_, line)| line) else {
        return false;
    };
    let mut text = String::with_capacity(file.text.len());
    for (number, line) in (1..).zip(file.text.split_inclusive('\n')) {
        match profiles::questions(line).first().filter(|_| number == question) {
            Some(found) => {
                let start = line.char_indices().nth(found.column - 1).map_or(line.len(), |(at, _)| at);
                let end = &line[line.trim_end_matches(['\n', '\r']).len()..];
                text += &format!("{}{}{end}", &line[..start], written(&Value::String(answer.to_owned())));
            }
            None => text.push_str(line),
        }
    }
    let Some(mut expected) = read(&file.text) else { return false };
    tree::put(&mut expected, &path.0, Value::String(answer.to_owned()));
    let right = read(&text) == Some(expected);
    if right {
        file.text = text;
        file.changed += 1;
    }
    right
}

/// The meaning of a whole file: of its documents, the last that is not empty.
fn read(text: &str) -> Option<Value> {
    let file = Input::File { name: String::new(), bytes: text.as_bytes().to_vec() };
    Some(values::load(&[file]).ok()?.value.own().0)
}

/// The questions of a file with the paths that they are about, and their lines.
fn with_paths(text: &str) -> Vec<(ValuePath, usize)> {
    let file = Input::File { name: String::new(), bytes: text.as_bytes().to_vec() };
    let Ok(layers) = values::load(&[file]) else { return Vec::new() };
    let (_, origins) = layers.value.own();
    let Some((source, _)) = layers.value.sources.all().next() else { return Vec::new() };
    let lines: Vec<(usize, ValuePath)> = origins.values_of(source).collect();
    let at = |line: usize| lines.iter().find(|(of, _)| *of == line).map(|(_, path)| path.clone());
    profiles::questions(text).into_iter().filter_map(|question| Some((at(question.line)?, question.line))).collect()
}

/// The open questions of a file, with the decision that each belongs to; an example that was replaced is no question.
fn open_in(text: &str) -> Vec<(ValuePath, Option<&'static Decision>)> {
    let questions = profiles::questions(text);
    let open = with_paths(text).into_iter().filter_map(|(path, line)| {
        let question = questions.iter().find(|question| question.line == line)?;
        match decisions::of_question(question.text) {
            Some((_, Some(example))) if written(example) != question.example => None,
            of => Some((path, of.map(|(decision, _)| decision))),
        }
    });
    open.collect()
}

/// A value as it stands after its key, on one line.
fn written(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(within_brackets).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let key = |key: &String| within_brackets(&Value::String(key.clone()));
            let entries: Vec<_> =
                map.iter().map(|(name, inner)| format!("{}: {}", key(name), within_brackets(inner))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        scalar => {
            let mut text = String::new();
            write_document(&mut text, scalar);
            text.trim_end().to_owned()
        }
    }
}

/// A value between brackets, where more characters have a meaning.
fn within_brackets(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains([',', '[', ']', '{', '}', ':', '"', '\n']) => value.to_string(),
        other => written(other),
    }
}

/// Applies a change to the last non-empty document of a file.
fn on_document(text: &str, change: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let range =
        spans::documents(&text[bom..]).pop().map_or(bom..text.len(), |range| range.start + bom..range.end + bom);
    let new = change(&text[range.clone()])?;
    Some(format!("{}{new}{}", &text[..range.start], &text[range.end..]))
}

fn delete(text: &str, path: &ValuePath) -> Option<String> {
    let root = spans::read(text)?;
    let op = Op::Delete { at: path.clone() };
    let new = edit::applied(text, edit::edits(&Document::new(text, &root), &op)?);
    let mut expected = value(text)?;
    tree::apply(&mut expected, &op);
    (value(&new)? == expected).then_some(new)
}

/// The text of a file with one more value, or with another one; maps between braces on the way become lines where a
/// question has to stand beside the value.
fn put(text: &str, path: &ValuePath, new: &Value, question: Option<&str>) -> Option<String> {
    on_document(text, |text| {
        let mut expected =
            value(text).filter(Value::is_object).unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        tree::put(&mut expected, &path.0, new.clone());
        let mut text = text.to_owned();
        for _ in 0..=path.0.len() {
            let Some(root) = spans::read(&text) else {
                text = first_lines(&text, path, new, question.unwrap_or_default());
                break;
            };
            let document = Document::new(&text, &root);
            let edits: Vec<Edit> = match edit::put(&document, path, &written(new), question) {
                Some(edits) => {
                    text = edit::applied(&text, edits);
                    break;
                }
                None => edit::in_lines(&document, path)?,
            };
            text = edit::applied(&text, edits);
        }
        (value(&text)? == expected).then_some(text)
    })
}

/// A text without values, and the lines of the first one.
fn first_lines(text: &str, path: &ValuePath, new: &Value, question: &str) -> String {
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines = text.to_owned();
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines += eol;
    }
    for (depth, step) in path.0.iter().enumerate() {
        let Step::Key(key) = step else { continue };
        lines += &match depth + 1 == path.0.len() {
            true => format!("{:1$}{key}: {2}{question}{eol}", "", depth * 2, written(new)),
            false => format!("{:1$}{key}:{eol}", "", depth * 2),
        };
    }
    lines
}
