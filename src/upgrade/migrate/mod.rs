//! Rewrites a values file for a newer release, by the [`rules`](super::rules).
//!
//! The file's text is edited where a rule requires it, and nowhere else: [`tree`] computes what the file has to mean
//! afterwards, [`edit`] makes the text, and the result of each edit is read again and compared. Changes that the form
//! of the text does not allow, and those that a rule leaves to a person, are reported and [marked](mark).

mod comment;
mod decide;
mod edit;
mod lines;
mod mark;
mod tree;

use std::collections::HashMap;

use serde_json::Value;

use self::lines::Document;
use self::tree::{Change, Op, Open, Rules, Stuck};
use super::rules::{Effect, ReleaseSpan};
use crate::diag::{Diagnostic, Failure, Location, Place, Report, Sources, ValuePath};
use crate::values::{self, Input, Origins};
use crate::yaml::{Node, read, spans, stream};

pub use self::comment::comment_out;
pub use self::decide::{AnswerBy, answer, answer_question, asks, open_questions, take_back};
pub use self::mark::MARK;

/// A migrated file.
#[derive(Debug, Clone)]
pub struct Migrated {
    /// Its text for the newer release.
    pub text: String,
    /// What was done, as notes, and the decisions for a person, as warnings; in the order of the file.
    pub report: Vec<Diagnostic>,
    /// How many values were moved, rewritten or removed.
    pub changed: usize,
    /// How many decisions are left to a person.
    pub open: usize,
    /// The source to which the places of the report point.
    pub sources: Sources,
    /// Whether only `global` has a place in it: the globals of an umbrella chart.
    pub only_globals: bool,
}

/// A document of a file during its migration.
struct Job<'a> {
    rules: Rules<'a>,
    text: String,
    changes: Vec<Change>,
}

/// Rewrites one file.
///
/// # Errors
/// Errors in the file, so that it cannot be read; or a bug of ours: a text that does not have the meaning that the
/// rules require.
pub fn migrate(name: &str, text: &str, span: &ReleaseSpan) -> Result<Migrated, Failure> {
    let input = Input::File { name: name.to_owned(), bytes: text.as_bytes().to_vec() };
    // The values are not kept: each document is read again below, and a long file would be in memory twice.
    let sources = values::load(&[input])?.value.sources;
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let (head, body) = text.split_at(bom);
    let mut migrated =
        Migrated { text: head.to_owned(), report: Vec::new(), changed: 0, open: 0, sources, only_globals: false };
    let (mut done, mut lines) = (0, 0);
    for range in spans::documents(body) {
        migrated.text.push_str(&body[done..range.start]);
        lines += body[done..range.start].matches('\n').count();
        done = range.end;
        let text = &body[range];
        let before = lines;
        lines += text.matches('\n').count();
        match document(text, before, span, &mut migrated) {
            Ok(text) => migrated.text.push_str(&text),
            Err(report) => return Err(Failure { report, sources: migrated.sources }),
        }
    }
    migrated.text.push_str(&body[done..]);
    migrated.report.sort_by_key(|diagnostic| match diagnostic.places.first() {
        Some(Place::At(at)) => (at.line, at.column),
        _ => (usize::MAX, 0),
    });
    Ok(migrated)
}

/// The meaning of a values file for a newer release as far as it is decided: rewritten by the rules, and without the
/// values that the release would refuse until a person has decided about them. `None` where the file cannot be read.
pub fn decided(text: &str, span: &ReleaseSpan) -> Option<(Value, Vec<ValuePath>)> {
    let rules = Rules { span, stuck: Stuck::new() };
    let mut tree = rules.all(&value(text.trim_start_matches('\u{feff}'))?);
    let open = rules.open(&tree).into_iter().filter(|open| open.rule.refused.is_some());
    let undecided: Vec<_> = open.map(|open| open.path).collect();
    for path in &undecided {
        tree::apply(&mut tree, &Op::Delete { at: path.clone() });
    }
    Some((tree, undecided))
}

/// Sets a value of a tree; maps that are missing on the way are made.
pub(super) fn put(tree: &mut Value, path: &ValuePath, value: Value) {
    tree::put(tree, &path.0, value);
}

/// Moves a key of the migrated text to the path at which it is read; returns false where the form of the text does not
/// allow it, or where that path has a value.
pub fn move_key(migrated: &mut Migrated, span: &ReleaseSpan, from: &ValuePath, to: &ValuePath) -> bool {
    let bom = migrated.text.len() - migrated.text.trim_start_matches('\u{feff}').len();
    for range in spans::documents(&migrated.text[bom..]) {
        let range = range.start + bom..range.end + bom;
        let text = migrated.text[range.clone()].to_owned();
        let Some(tree) = value(&text).filter(|tree| from.within(tree).is_some()) else { continue };
        if to.within(&tree).is_some() {
            return false;
        }
        let job = Job { rules: Rules { span, stuck: Stuck::new() }, text, changes: Vec::new() };
        let op = Op::Move { from: from.clone(), to: to.clone(), value: None };
        let Some((text, _)) = job.step(&tree, &op) else { return false };
        migrated.text.replace_range(range, &text);
        migrated.changed += 1;
        migrated.report.push(Diagnostic::note("migrated", format!("`{from}`: moved to `{to}`, where it is read")));
        return true;
    }
    false
}

/// Rewrites one document, which begins after this number of lines; adds to the report.
fn document(text: &str, lines_before: usize, span: &ReleaseSpan, migrated: &mut Migrated) -> Result<String, Report> {
    let node = match read::document(text, 0, lines_before)? {
        Some(node) => node,
        None => Node::empty_map(Location { source: 0, line: lines_before + 1, column: 1, len: 1 }),
    };
    let before = node.to_value();
    let mut job = Job { rules: Rules { span, stuck: Stuck::new() }, text: text.to_owned(), changes: Vec::new() };
    let after = job.run(before.clone())?;
    let open = job.rules.open(&after);
    drop(after);
    if !open.is_empty()
        && let Some(root) = spans::read(&job.text)
    {
        let document = Document::new(&job.text, &root);
        job.text = edit::applied(&job.text, mark::marks(&document, &open));
    }
    let found = findings(&job.changes, &open, &Origins::of(node));
    job.text = with_content(job.text, &before);
    let expected = job.rules.all(&before);
    // Of a long file only what is compared is still there while it is read again.
    drop(before);
    if value(&job.text).as_ref() != Some(&expected) {
        return Err(bug("the migrated file does not have the values that the rules give").into());
    }
    migrated.changed += job.changes.len();
    migrated.open += open.len();
    migrated.report.extend(found);
    Ok(job.text)
}

/// A document of which every key was removed is an empty map, where a line `...` ends it: some readers report an error
/// for that line where nothing precedes it.
fn with_content(text: String, before: &Value) -> String {
    let has_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    match text.lines().position(stream::is_end) {
        Some(number)
            if before.as_object().is_some_and(|map| !map.is_empty())
                && !text.lines().take(number).any(|line| has_content(line) && !line.starts_with("---")) =>
        {
            let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
            let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
            lines.insert(number, format!("{{}}{eol}"));
            lines.concat()
        }
        _ => text,
    }
}

fn bug(message: &str) -> Diagnostic {
    Diagnostic::bug("migrate", message).hint("nothing was written; please report it with the file, without its secrets")
}

/// The value of a text; `None` where it cannot be read.
fn value(text: &str) -> Option<Value> {
    read::read(text, 0).ok().map(|read| read.value.to_value())
}

impl Job<'_> {
    /// Applies all changes that are possible; returns the resulting value of the text.
    fn run(&mut self, mut tree: Value) -> Result<Value, Report> {
        // An alias may change together with its anchor: a change that is not possible now is tried again after each one
        // that is.
        let (mut failed, mut first) = (Stuck::new(), None);
        // How many changes are made at once: the file is read again after each time. Where the form of the text does not
        // allow all of them together, half as many are tried.
        let mut most = usize::MAX;
        for _ in 0..tree::MOST_CHANGES {
            let mut next = self.rules.next(&tree, &failed);
            next.truncate(most);
            let done = match &next[..] {
                [] => match first.take() {
                    Some(key) => {
                        self.rules.stuck.insert(key);
                        failed.clear();
                        continue;
                    }
                    None => return Ok(tree),
                },
                [(_, change)] => self.step(&tree, &change.op),
                all => self.steps(&tree, all),
            };
            match done {
                Some((text, after)) => {
                    (self.text, tree) = (text, after);
                    most = most.max(next.len()).saturating_mul(2);
                    self.changes.extend(next.into_iter().map(|(_, change)| change));
                    failed.clear();
                    first = None;
                }
                None if next.len() > 1 => most = next.len() / 2,
                None => {
                    let key = next.first().map(|(number, change)| (*number, change.op.from().clone()));
                    failed.extend(key.clone());
                    first = first.or(key);
                    most = usize::MAX;
                }
            }
        }
        Err(bug("the rules do not terminate").into())
    }

    /// The text with several changes, and its value; `None` where the form does not allow all of them together.
    fn steps(&self, tree: &Value, changes: &[(usize, Change)]) -> Option<(String, Value)> {
        let root = spans::read(&self.text)?;
        let document = Document::new(&self.text, &root);
        let mut all = Vec::new();
        for (_, change) in changes {
            all.extend(edit::edits(&document, &change.op)?);
        }
        all.sort_by_key(|(range, _)| (range.start, range.end));
        if all.windows(2).any(|pair| pair[1].0.start < pair[0].0.end) {
            return None;
        }
        let text = with_content(edit::applied(&self.text, all), tree);
        let after = value(&text)?;
        let mut expected = tree.clone();
        changes.iter().for_each(|(_, change)| tree::apply(&mut expected, &change.op));
        (after == expected).then_some((text, after))
    }

    /// The text with one change, and its value; `None` where the form does not allow the change.
    fn step(&self, tree: &Value, op: &Op) -> Option<(String, Value)> {
        let root = spans::read(&self.text)?;
        let document = Document::new(&self.text, &root);
        let text = with_content(edit::applied(&self.text, edit::edits(&document, op)?), tree);
        let after = value(&text)?;
        let mut expected = tree.clone();
        tree::apply(&mut expected, op);
        // An alias and its anchor change together: that is right where the final result is the same.
        let same = after == expected || (after != *tree && self.rules.all(&after) == self.rules.all(&expected));
        same.then_some((text, after))
    }
}

/// The report about one document.
fn findings(changes: &[Change], open: &[Open], origins: &Origins) -> Vec<Diagnostic> {
    let mut report = Vec::new();
    let mut moved = Moved::new();
    for change in changes {
        let rule = change.rule;
        let from = change.op.from();
        let done = match &change.op {
            Op::Move { to, value: None, .. } => format!("moved to `{to}`"),
            Op::Move { to, value: Some(value), .. } => format!("moved to `{to}`, as `{value}`"),
            Op::Set { value, .. } => format!("is `{value}` now"),
            Op::Delete { .. } if change.doubled => "removed: the new key has the same value".to_owned(),
            Op::Delete { .. } => "removed: nothing reads it".to_owned(),
        };
        let told = Diagnostic::note("migrated", format!("`{from}`: {done} (chart {})", rule.since));
        report.push(placed(told, place(origins, from, &moved), rule.note()));
        if let Op::Move { from, to, .. } = &change.op {
            let number = moved.len();
            moved.insert(to, (number, from));
        }
    }
    for Open { rule, path, question } in open {
        let why = rule.what().unwrap_or(match rule.effect {
            Effect::Fails => "the chart refuses it",
            Effect::Ignored => "it is not read any more",
            Effect::Deprecated => "it is deprecated",
            Effect::Type => "it is written in another form",
            Effect::Default | Effect::Meaning | Effect::Planned => "it changes",
        });
        let told = Diagnostic::warning(
            "decision",
            format!("`{path}`: a decision is needed: since chart {} {why}", rule.since),
        );
        report.push(placed(told, place(origins, path, &moved), Some(question)));
    }
    report
}

fn placed(diagnostic: Diagnostic, place: Option<Location>, hint: Option<&str>) -> Diagnostic {
    let diagnostic = match hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    };
    match place {
        Some(place) => diagnostic.at(place),
        None => diagnostic,
    }
}

/// The moves so far: from where each path has its value, with the number of the move.
type Moved<'m> = HashMap<&'m ValuePath, (usize, &'m ValuePath)>;

/// The user's place of the value that is at a path by now.
fn place(origins: &Origins, path: &ValuePath, moved: &Moved<'_>) -> Option<Location> {
    let (mut back, mut before) = (path.clone(), usize::MAX);
    loop {
        let moves = (1..=back.0.len()).filter_map(|end| {
            let (number, from) = moved.get(&ValuePath(back.0[..end].to_vec()))?;
            (*number < before).then_some((*number, end, *from))
        });
        let Some((number, end, from)) = moves.max_by_key(|(number, ..)| *number) else { break };
        back = ValuePath([&from.0[..], &back.0[end..]].concat());
        before = number;
    }
    origins.get(&back).map(|origin| origin.key.unwrap_or(origin.value))
}
