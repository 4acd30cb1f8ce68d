//! Finds the effect of other values: the values are edited in place, and only the part in question is rendered.
//!
//! A part of a release renders in a fraction of a millisecond, so every value that it reads can be tried: a switch alone, other
//! edits in small groups at first, and then fewer and fewer of those that have an effect ([`search`]).

use serde_json::Value;

use super::causes::Answer;
use super::objects::{self, RenderPart};
use super::{Request, post_migrations};
use crate::diag::{Diagnostic, Step, ValuePath};
use crate::manifest::Manifest;
use crate::render::Renderer;
use crate::schema;

/// Another value at a path; `None` removes the key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trial {
    /// The number of the value that is tried.
    pub candidate: usize,
    /// Its path.
    pub path: ValuePath,
    /// The new value.
    pub to: Option<Value>,
}

impl Trial {
    /// Puts a string that no object has without it in the place of a string at a key that users choose, and returns that
    /// string; `None` for any other value.
    pub fn marked(candidate: usize, path: &ValuePath, value: Option<&Value>) -> Option<(Self, String)> {
        let marker = value.filter(|value| value.is_string()).and_then(|_| schema::marker(path, candidate))?;
        Some((Trial { candidate, path: path.clone(), to: Some(marker.clone().into()) }, marker))
    }
}

/// Renders parts of a release over edited values.
pub(super) struct Probe<'r> {
    request: &'r Request,
    renderer: Renderer,
    tree: Value,
    /// The number of variants that were rendered.
    pub renders: usize,
    /// What the last render reported.
    pub found: Vec<Diagnostic>,
}

impl<'r> Probe<'r> {
    /// Probes checked values.
    pub fn new(request: &'r Request, tree: Value) -> Self {
        Probe { request, renderer: Renderer::new(), tree, renders: 0, found: Vec::new() }
    }

    /// The objects of a part with these edits; `None` where an edited value cannot be read, or makes a template fail.
    pub fn render(&mut self, edits: &[&Trial], part: RenderPart<'_>) -> Option<Vec<Manifest>> {
        let request = self.request;
        self.render_for(request, edits, part)
    }

    /// The same with the options of another request.
    pub fn render_for(&mut self, request: &Request, edits: &[&Trial], part: RenderPart<'_>) -> Option<Vec<Manifest>> {
        self.renders += 1;
        let mut found = Vec::new();
        let manifests = self.edited(edits, |probe| match request.skip_post_migrations {
            true => {
                let tree = post_migrations::skipped(probe.tree.clone());
                objects::part(request, &tree, part, &probe.renderer, &mut found)
            }
            false => objects::part(request, &probe.tree, part, &probe.renderer, &mut found),
        });
        self.found = found;
        manifests.filter(|_| !self.found.iter().any(|finding| finding.unreadable))
    }

    /// How many findings settings that contradict each other give with these edits.
    pub fn contradictions(&mut self, edits: &[&Trial]) -> usize {
        self.edited(edits, |probe| objects::contradictions(probe.request, &probe.tree).len())
    }

    fn edited<A>(&mut self, edits: &[&Trial], ask: impl FnOnce(&Self) -> A) -> A {
        let undo: Vec<Undo> = edits.iter().map(|edit| put(&mut self.tree, &edit.path, edit.to.clone())).collect();
        let answer = ask(self);
        for (edit, undo) in edits.iter().zip(undo).rev() {
            undo.apply(&mut self.tree, &edit.path);
        }
        answer
    }
}

/// How an edit is undone.
enum Undo {
    Nothing,
    /// Restores the value.
    Value(Value),
    /// Restores the key at its position.
    Key(usize, Value),
    /// Removes the key.
    Remove,
    /// Removes the key after this number of steps of the path.
    RemoveAt(usize),
    /// Restores the value after this number of steps of the path.
    ValueAt(usize, Value),
}

fn at<'v>(tree: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    steps.iter().try_fold(tree, |at, step| match step {
        Step::Key(key) => at.get_mut(&**key),
        Step::Index(index) => at.get_mut(*index),
    })
}

fn put(tree: &mut Value, path: &ValuePath, to: Option<Value>) -> Undo {
    let Some((last, above)) = path.0.split_last() else { return Undo::Nothing };
    // Missing maps on the path are created.
    let missing = (0..above.len()).find(|end| at(tree, &above[..=*end]).is_none_or(|value| value.is_null()));
    if let (Some(end), Some(to)) = (missing, &to) {
        let inner = path.0[end + 1..].iter().rev().fold(to.clone(), |inner, step| match step {
            Step::Key(key) => Value::Object([(key.to_string(), inner)].into_iter().collect()),
            Step::Index(_) => Value::Array(vec![inner]),
        });
        return match put(tree, &ValuePath(path.0[..=end].to_vec()), Some(inner)) {
            Undo::Remove => Undo::RemoveAt(end + 1),
            Undo::Value(value) => Undo::ValueAt(end + 1, value),
            other => other,
        };
    }
    match (at(tree, above), last) {
        (Some(Value::Object(map)), Step::Key(key)) => match (to, map.get_mut(&**key)) {
            (Some(value), Some(there)) => Undo::Value(std::mem::replace(there, value)),
            (Some(value), None) => {
                map.insert(key.to_string(), value);
                Undo::Remove
            }
            (None, Some(_)) => match map.keys().position(|other| **other == **key) {
                Some(position) => Undo::Key(position, map.shift_remove(&**key).unwrap_or_default()),
                None => Undo::Nothing,
            },
            (None, None) => Undo::Nothing,
        },
        (Some(Value::Array(items)), Step::Index(index)) => match (to, items.get_mut(*index)) {
            (Some(value), Some(there)) => Undo::Value(std::mem::replace(there, value)),
            _ => Undo::Nothing,
        },
        _ => Undo::Nothing,
    }
}

impl Undo {
    fn apply(self, tree: &mut Value, path: &ValuePath) {
        match self {
            Undo::Nothing => {}
            Undo::Value(value) => {
                if let Some(there) = path.within_mut(tree) {
                    *there = value;
                }
            }
            Undo::Key(position, value) => {
                if let (Some(Value::Object(map)), Some(key)) = (parent(tree, path), path.last_key()) {
                    map.shift_insert(position, key.to_owned(), value);
                }
            }
            Undo::RemoveAt(steps) => Undo::Remove.apply(tree, &ValuePath(path.0[..steps].to_vec())),
            Undo::ValueAt(steps, value) => Undo::Value(value).apply(tree, &ValuePath(path.0[..steps].to_vec())),
            Undo::Remove => {
                if let (Some(Value::Object(map)), Some(key)) = (parent(tree, path), path.last_key()) {
                    map.shift_remove(key);
                }
            }
        }
    }
}

fn parent<'v>(tree: &'v mut Value, path: &ValuePath) -> Option<&'v mut Value> {
    path.parent()?.within_mut(tree)
}

/// An edit that by itself changes the answer to a question.
pub(super) struct TrialEffect {
    /// The number of the question.
    pub question: usize,
    /// The edit.
    pub edit: Trial,
    /// The new answer.
    pub answer: Answer,
}

/// Finds the edits that by themselves change the answers to `questions`.
///
/// `ask` answers all questions with some edits applied; `None` where nothing can be rendered with one of them. A group
/// of edits without an effect is finished; one with an effect is halved. Every reported edit was rendered alone. Returns
/// the edits with which nothing can be rendered.
pub(super) fn search(
    edits: &[Trial],
    questions: &[usize],
    ask: &mut dyn FnMut(&[&Trial]) -> Option<Vec<Answer>>,
    hits: &mut Vec<TrialEffect>,
) -> Vec<Trial> {
    let all: Vec<&Trial> = edits.iter().collect();
    let mut failed = Vec::new();
    halves(&all, questions, false, ask, hits, &mut failed);
    failed
}

/// `known`: it is known that something changes. Returns whether something was found or could not be rendered.
fn halves(
    edits: &[&Trial],
    questions: &[usize],
    known: bool,
    ask: &mut dyn FnMut(&[&Trial]) -> Option<Vec<Answer>>,
    hits: &mut Vec<TrialEffect>,
    failed: &mut Vec<Trial>,
) -> bool {
    if edits.is_empty() || questions.is_empty() {
        return false;
    }
    let mut open = questions.to_vec();
    if !known || edits.len() == 1 {
        if let Some(answers) = ask(edits) {
            open.retain(|question| answers.get(*question).is_some_and(|answer| *answer != Answer::Same));
            if let [edit] = edits {
                let found = open.iter().filter_map(|question| Some((*question, *answers.get(*question)?)));
                hits.extend(found.map(|(question, answer)| TrialEffect { question, edit: (*edit).clone(), answer }));
            }
        } else if let [edit] = edits {
            failed.push((*edit).clone());
            return true;
        }
        if open.is_empty() || edits.len() == 1 {
            return !open.is_empty();
        }
    }
    let (first, second) = edits.split_at(edits.len() / 2);
    let in_first = halves(first, &open, false, ask, hits, failed);
    // With one question, an effect that is not in the first half is in the second.
    let in_second = halves(second, &open, !in_first && questions.len() == 1, ask, hits, failed);
    in_first || in_second
}
