//! All values that could cause something, with alternatives that would show it: those that are set, known keys that are not,
//! and lists as a whole.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::parts::Reads;
use super::probe::Trial;
use crate::diag::{Step, ValuePath};
use crate::schema;
use crate::values::tree;

/// The kind of an edit: edits of one kind are tried together, as long as few of them can hide the effect of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TrialKind {
    /// One string or number for another.
    Change,
    /// A value where there was none.
    Fill,
    /// A list with an item more or fewer.
    List,
    /// A switch where there was none.
    FillSwitch,
    /// An inverted switch.
    Flip,
    /// The default, or nothing, instead of the user's value.
    Restore,
    /// Nothing instead of a value.
    Empty,
    /// A key that is not there.
    Remove,
    /// A further alternative.
    Other(usize),
}

/// How the edits of one kind are grouped; the members of a group are far from each other in the values, because neighbours hide
/// each other most often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grouping {
    /// So many are tried at once.
    Of(usize),
    /// Each is tried twice, in groups so small that no two edits are together both times: what hides an effect once does not
    /// hide it then.
    Crossed,
}

impl TrialKind {
    /// How edits of this kind are tried.
    ///
    /// A switch may hide the effect of any other. Where all fields of an object are in question, nearly every switch has an effect,
    /// and each is tried alone.
    ///
    /// `by_position`: the question is about an item of a list without names. One edit that adds an item before it and one that
    /// removes one leave the field as it is, so more are tried alone.
    fn grouping(self, by_position: bool, one_field: bool) -> Grouping {
        match self {
            TrialKind::Flip if one_field && !by_position => Grouping::Crossed,
            TrialKind::Flip => Grouping::Of(1),
            TrialKind::Change | TrialKind::Fill | TrialKind::List | TrialKind::Restore if by_position => {
                Grouping::Of(1)
            }
            TrialKind::List | TrialKind::FillSwitch => Grouping::Of(4),
            TrialKind::Fill | TrialKind::Other(_) => Grouping::Of(8),
            TrialKind::Empty | TrialKind::Remove if by_position => Grouping::Of(4),
            TrialKind::Change | TrialKind::Restore | TrialKind::Empty => Grouping::Of(16),
            TrialKind::Remove => Grouping::Of(24),
        }
    }
}

impl Grouping {
    /// The groups of the first and of the second time.
    fn groups(self, all: &[&Trial]) -> [Vec<Vec<Trial>>; 2] {
        let count = match self {
            Grouping::Of(most) => all.len().div_ceil(most),
            // As many groups as members of each.
            Grouping::Crossed => all.len().isqrt() + 1,
        };
        let again = if self == Grouping::Crossed { count } else { 0 };
        let mut both = [vec![Vec::new(); count], vec![Vec::new(); again]];
        for (number, edit) in all.iter().enumerate() {
            let (row, column) = (number / count, number % count);
            both[0][column].push((*edit).clone());
            if again > 0 {
                both[1][(column + row) % count].push((*edit).clone());
            }
        }
        both
    }
}

/// Values and their alternatives.
pub(super) struct Candidates {
    /// The edits that are the likeliest to show an effect, and then all others; in groups of one kind, of which each is
    /// searched by itself.
    pub rounds: Vec<Vec<Vec<Trial>>>,
}

/// What the candidates are for.
pub(super) struct About<'a> {
    /// The section of the component in question, which is searched by itself.
    pub section: &'a str,
    /// What is read for the object in question.
    pub reads: &'a Reads,
    /// Whether an item of a list without names is in question.
    pub by_position: bool,
    /// Whether one field is in question, and not a whole object.
    pub one_field: bool,
}

impl Candidates {
    /// The candidates in the merged values, and beside them, that are read.
    pub fn of(merged: &Value, user: &Value, defaults: &Value, about: &About<'_>) -> Self {
        let mut found: Vec<(ValuePath, Option<&Value>)> =
            tree::leaves(merged).into_iter().map(|(path, value)| (path, Some(value))).collect();
        let known: HashSet<ValuePath> = found.iter().map(|(path, _)| path.clone()).collect();
        // A null of the user's removes a default and leaves nothing.
        let nulls = tree::leaves(user).into_iter().filter(|(path, value)| value.is_null() && !known.contains(path));
        found.extend(nulls.map(|(path, _)| (path, None)));
        found.retain(|(path, _)| about.reads.meet(path));
        let open = schema::open_places(merged, &|path| about.reads.meet(path));
        found.extend(open.unset.into_iter().map(|path| (path, Some(&Value::Null))));
        let whole = |path: ValuePath| path.within(merged).map(|value| (path, Some(value)));
        found.extend(open.lists.into_iter().chain(open.entries).filter_map(whole));
        let mut edits: Vec<(TrialKind, usize, Trial)> = Vec::new();
        for (candidate, (path, value)) in found.iter().enumerate() {
            let area = area(path, about.section);
            let mut add = |kind, to| edits.push((kind, area, Trial { candidate, path: path.clone(), to }));
            let Some(value) = value else {
                add(TrialKind::Restore, path.within(defaults).cloned());
                continue;
            };
            let alternatives = match value {
                Value::Array(items) if !items.is_empty() => schema::list_alternatives(path, items),
                Value::Object(map) if !map.is_empty() => Vec::new(),
                value => schema::alternatives(path, value),
            };
            let restored = (path.within(user).is_some() && !path.0.iter().any(|step| matches!(step, Step::Index(_))))
                .then(|| path.within(defaults).cloned())
                .filter(|default| default.as_ref() != Some(*value));
            for (number, other) in alternatives.into_iter().enumerate() {
                let kind = match (number, *value) {
                    (_, Value::Bool(_)) => TrialKind::Flip,
                    (_, Value::Array(items)) if !items.is_empty() => TrialKind::List,
                    (_, Value::Null) if other.is_boolean() => TrialKind::FillSwitch,
                    _ if is_empty(&other) => TrialKind::Empty,
                    (0, value) if is_empty(value) => TrialKind::Fill,
                    (0, _) => TrialKind::Change,
                    (number, _) => TrialKind::Other(number),
                };
                add(kind, Some(other));
            }
            let removed = restored == Some(None);
            if let Some(default) = restored {
                add(TrialKind::Restore, default);
            }
            // A null below `global` does not remove a default.
            let stays = path.first_key() == Some("global") && path.within(defaults).is_some();
            if path.last_key().is_some() && !value.is_null() && !removed && !stays {
                add(TrialKind::Remove, None);
            }
        }
        edits.sort_by_key(|(kind, area, _)| (*kind, *area));
        let likely = edits.partition_point(|(kind, ..)| *kind <= TrialKind::Flip);
        let grouped = |edits: &[(TrialKind, usize, Trial)]| -> [Vec<Vec<Trial>>; 2] {
            let mut both = [Vec::new(), Vec::new()];
            for same in edits.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
                let all: Vec<&Trial> = same.iter().map(|(_, _, edit)| edit).collect();
                let grouping = same[0].0.grouping(about.by_position, about.one_field);
                both.iter_mut().zip(grouping.groups(&all)).for_each(|(set, found)| set.extend(found));
            }
            both
        };
        let [first, second] = grouped(&edits[..likely]);
        let [others, _] = grouped(&edits[likely..]);
        Candidates { rounds: vec![first, second, others] }
    }
}

/// The component's own section, what all components read, and the rest.
fn area(path: &ValuePath, own: &str) -> usize {
    let starts = |section: &str| !section.is_empty() && path.0.starts_with(&ValuePath::dotted(section).0);
    match () {
        () if starts(own) => 0,
        () if starts("global") => 1,
        () => 2,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(_) => false,
    }
}

/// The same edit key by key, where it puts a map into an empty place.
pub(super) fn keys(edit: &Trial) -> Vec<Trial> {
    let mut all = Vec::new();
    if let Some(Value::Object(map)) = &edit.to
        && !schema::is_sample(map)
    {
        split(edit.candidate, &edit.path, map, &mut all);
    }
    all
}

fn split(candidate: usize, path: &ValuePath, map: &Map<String, Value>, all: &mut Vec<Trial>) {
    for (key, value) in map {
        match value {
            // the names of the keys are free
            Value::Object(inner) if schema::is_sample(inner) => {
                all.push(Trial { candidate, path: path.key(key), to: Some(value.clone()) });
            }
            Value::Object(inner) => split(candidate, &path.key(key), inner, all),
            value => all.push(Trial { candidate, path: path.key(key), to: Some(value.clone()) }),
        }
    }
}
