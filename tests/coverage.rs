//! Every values path does something: one path is changed at a time, and the objects of its component change.
//!
//! `tests/data/value-paths.tsv` has the paths. What to change one to follows from its schema and its default;
//! `tests/coverage/given.toml` has what must be given first, and the values that no schema tells. What has no effect is in
//! `tests/coverage/no-effect.tsv`, with the reason: there is nothing between the two. A run covers a sample; `COVERAGE=all`
//! covers all, `COVERAGE=gitlab.kas,minio` what starts so.

pub mod candidates;
mod change;
pub mod given;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use candidates::{Candidate, candidates};
use change::{Change, Objects};
use gitlab_render::bundle;
use gitlab_render::resolve::{Component, component};
use given::{Given, Rules};
use serde_json::{Value, json};

use crate::source_schemas::{self, Step};

/// One in so many paths is in the sample.
const SAMPLE: usize = 36;

struct Row {
    path: String,
    /// Whether it is among those that have no effect.
    excused: bool,
}

fn rows() -> Vec<Row> {
    let excuses = given::excuses();
    let excused = |path: &str| excuses.iter().any(|excuse| excuse.covers(path));
    given::paths().into_iter().map(|path| Row { excused: excused(&path), path }).collect()
}

fn chosen() -> Vec<Row> {
    let rows = rows();
    match std::env::var("COVERAGE").as_deref() {
        Ok("all") => rows,
        Ok(starts) => {
            rows.into_iter().filter(|row| starts.split(',').any(|start| row.path.starts_with(start))).collect()
        }
        Err(_) => rows.into_iter().step_by(SAMPLE).collect(),
    }
}

/// What was rendered, or why it was refused.
type Base = Arc<Result<Objects, String>>;

struct Bases {
    rules: Rules,
    /// By the layers that are given.
    rendered: Mutex<HashMap<Vec<String>, Base>>,
}

impl Bases {
    fn of(&self, given: &Given) -> Base {
        if let Some(there) = self.rendered.lock().unwrap().get(&given.layers) {
            return there.clone();
        }
        let made = Arc::new(change::render(&given.layers));
        self.rendered.lock().unwrap().insert(given.layers.clone(), made.clone());
        made
    }
}

/// What is wrong with a path; nothing where a change of it shows.
fn wrong(row: &Row, bases: &Bases) -> Option<String> {
    let given = bases.rules.given(&row.path, owner(&row.path).map(|c| c.key));
    let base = bases.of(&given);
    let base = match &*base {
        Ok(base) => base,
        Err(why) => return Some(format!("what is given is refused: {why}")),
    };
    let steps = source_schemas::steps(&row.path);
    let part = source_schemas::part(&row.path);
    let default = at(&given.tree, &steps);
    let own = bases.rules.value(&row.path);
    let tried = match own {
        Some(own) => vec![own],
        None => candidates(part.as_ref(), default),
    };
    let mut reasons = Vec::new();
    for candidate in &tried {
        let document = nested(&steps, &given.tree, candidate.value.clone());
        let mut layers = given.layers.clone();
        layers.push(document.to_string());
        match change::render(&layers).map(|objects| Change::between(base, &objects)) {
            Ok(change) => match judge(&row.path, candidate, &change, &bases.rules) {
                None => return row.excused.then(|| format!("has an effect: {}", change.summary())),
                Some(reason) => reasons.push((candidate, reason)),
            },
            Err(refused) => match &candidate.refused {
                Some(text) if refused.contains(text) => return None,
                _ => reasons.push((candidate, format!("refused: {refused}"))),
            },
        }
    }
    if row.excused {
        return None;
    }
    let mut text = String::new();
    for (candidate, reason) in reasons.iter().take(3) {
        let _ = write!(text, "\n    {}: {reason}", candidate.value);
    }
    Some(if text.is_empty() { "no value to try".to_owned() } else { text })
}

/// Why a change does not prove that the path is read as it should be.
fn judge(path: &str, candidate: &Candidate, change: &Change, rules: &Rules) -> Option<String> {
    if change.is_empty() {
        return Some("nothing changes".to_owned());
    }
    if let Some(own) = owner(path) {
        let mut meant = rules.reached(path);
        meant.push(own.name);
        let strange: Vec<_> = change.components().into_iter().filter(|c| !meant.iter().any(|m| m == c)).collect();
        if !strange.is_empty() {
            return Some(format!("other components change: {strange:?}"));
        }
    }
    match &candidate.shows {
        Some(text) if !change.shows(text) => Some(format!("`{text}` does not show: {}", change.summary())),
        _ => None,
    }
}

/// The component whose section the path is in.
fn owner(path: &str) -> Option<&'static Component> {
    let inside = |key: &str| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    component::ALL.iter().find(|c| !c.key.is_empty() && c.key != "global" && inside(c.key)).copied()
}

fn at<'v>(tree: &'v Value, steps: &[Step]) -> &'v Value {
    static NULL: Value = Value::Null;
    let next = |at: &'v Value, step: &Step| match step {
        Step::Key(key) => at.get(*key),
        Step::Item => at.get(0),
    };
    steps.iter().try_fold(tree, next).unwrap_or(&NULL)
}

/// A document with the value at its place. A list replaces another, so its first item keeps what it is given beside.
fn nested(steps: &[Step], given: &Value, value: Value) -> Value {
    let Some((step, rest)) = steps.split_first() else { return value };
    match step {
        Step::Key(key) => json!({ *key: nested(rest, at(given, &[Step::Key(key)]), value) }),
        Step::Item => {
            let inner = nested(rest, at(given, &[Step::Item]), value);
            match (given.get(0), inner) {
                (Some(Value::Object(there)), Value::Object(inner)) => {
                    let mut item = there.clone();
                    item.extend(inner);
                    json!([item])
                }
                (_, inner) => json!([inner]),
            }
        }
    }
}

/// Every path of the rows that does not change what it should, with the reason.
fn without_effect(rows: &[Row]) -> Vec<String> {
    let defaults = bundle::defaults();
    let bases = Bases { rules: Rules::read(&defaults), rendered: Mutex::default() };
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(why) = wrong(row, &bases) {
                        found.lock().unwrap().push(format!("{}: {why}", row.path));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    found
}

#[test]
fn every_path_changes_what_it_should() {
    let rows = chosen();
    assert!(rows.len() > 3 || std::env::var("COVERAGE").is_ok());
    let lines = without_effect(&rows);
    assert!(lines.is_empty(), "{} of {} paths:\n{}", lines.len(), rows.len(), lines.join("\n"));
}

#[test]
fn what_has_no_effect_is_a_short_list_with_reasons() {
    let excuses = given::excuses();
    assert!(excuses.len() < 150, "{} lines", excuses.len());
    let rows = rows();
    for excuse in &excuses {
        assert!(excuse.reason.len() > 10, "`{}` has no reason", excuse.pattern);
        assert!(rows.iter().any(|row| excuse.covers(&row.path)), "`{}` covers no path", excuse.pattern);
    }
}

/// A key that a group of `schemas/definitions.json` lends to components has an effect in each of them, on the list or not.
#[test]
fn what_a_group_lends_has_an_effect_in_every_component() {
    let listed = given::paths();
    let mut rows = Vec::new();
    for component in component::ALL.iter().filter(|c| !c.key.is_empty()) {
        let section = source_schemas::part(component.key).unwrap();
        let lent = section.shared_groups().into_iter().flat_map(|group| group.properties());
        let there = lent.filter(|(key, _)| section.property(key).is_some());
        let paths = there.map(|(key, _)| format!("{}.{key}", component.key));
        let paths = paths.filter(|path| !listed.contains(path));
        rows.extend(paths.map(|path| Row { path, excused: false }));
    }
    let lines = without_effect(&rows);
    assert!(lines.is_empty(), "{} of {} paths:\n{}", lines.len(), rows.len(), lines.join("\n"));
}
