//! Applies the rules to values as data. The result is what a migrated file has to mean; [`super::edit`] makes a text
//! with that meaning, and the two are compared.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::diag::{Step, ValuePath};
use crate::upgrade::pattern::Found;
use crate::upgrade::rules::{self, Action, ReleaseSpan, Rule};

/// One change of the values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Op {
    /// Moves the value at `from` to `to`, where there is none; with `value`, moves this value instead.
    Move { from: ValuePath, to: ValuePath, value: Option<Value> },
    /// Replaces a value.
    Set { at: ValuePath, value: Value },
    /// Removes a value.
    Delete { at: ValuePath },
}

impl Op {
    /// The path of the value that it reads.
    pub(super) fn from(&self) -> &ValuePath {
        match self {
            Op::Move { from, .. } => from,
            Op::Set { at, .. } | Op::Delete { at } => at,
        }
    }
}

/// A change and its rule.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub rule: &'static Rule,
    pub op: Op,
    /// Whether the value is at its new path already, so that only the old one has to be removed.
    pub doubled: bool,
}

/// A decision for a person.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub rule: &'static Rule,
    pub path: ValuePath,
    pub question: String,
}

/// Changes that the form of the text does not allow: the rule and the path.
pub(super) type Stuck = HashSet<(usize, ValuePath)>;

/// The rules applied to one document.
pub(super) struct Rules<'a> {
    pub span: &'a ReleaseSpan,
    pub stuck: Stuck,
}

/// More changes than any file needs: a rule that undoes another would loop.
pub(super) const MOST_CHANGES: usize = 100_000;

impl Rules<'_> {
    fn counting(&self) -> impl Iterator<Item = (usize, &'static Rule)> {
        rules::table().iter().enumerate().filter(|(_, rule)| self.span.has(rule))
    }

    /// The next changes that the values need, except for those to skip: of one rule, as many as do not touch each other.
    pub(super) fn next(&self, tree: &Value, skip: &Stuck) -> Vec<(usize, Change)> {
        for (number, rule) in self.counting() {
            let mut changes = Vec::new();
            for found in rule.hits(tree) {
                self.changes(number, rule, &found, tree, skip, &mut changes);
            }
            if !changes.is_empty() {
                let apart = apart(&changes);
                changes.truncate(apart);
                return changes.into_iter().map(|change| (number, change)).collect();
            }
        }
        Vec::new()
    }

    fn changes(
        &self,
        number: usize,
        rule: &'static Rule,
        found: &Found<'_>,
        tree: &Value,
        skip: &Stuck,
        changes: &mut Vec<Change>,
    ) {
        let mut ops = Vec::new();
        match rule.action(found) {
            Action::Delete => ops.push((Op::Delete { at: found.path.clone() }, false)),
            Action::Move { to, value } => self.moves(&found.path, &to, value, tree, &mut ops),
            Action::Decide { .. } | Action::Keep => {}
        }
        let free = ops.into_iter().filter(|(op, _)| self.free(number, op, skip));
        changes.extend(free.map(|(op, doubled)| Change { rule, op, doubled }));
    }

    fn free(&self, number: usize, op: &Op, skip: &Stuck) -> bool {
        let key = (number, op.from().clone());
        !self.stuck.contains(&key) && !skip.contains(&key)
    }

    /// The changes that move a value; none where the target has another value.
    ///
    /// Two maps are merged key by key.
    fn moves(&self, from: &ValuePath, to: &ValuePath, value: Option<Value>, tree: &Value, ops: &mut Vec<(Op, bool)>) {
        if from == to {
            ops.extend(value.map(|value| (Op::Set { at: from.clone(), value }, false)));
            return;
        }
        let Some(old) = from.within(tree) else { return };
        if to.0.starts_with(&from.0) {
            ops.push((Op::Move { from: from.clone(), to: to.clone(), value }, false));
            return;
        }
        match look(tree, to) {
            Target::Free => ops.push((Op::Move { from: from.clone(), to: to.clone(), value }, false)),
            Target::Taken(new) if value.as_ref().unwrap_or(old) == new => {
                ops.push((Op::Delete { at: from.clone() }, true));
            }
            Target::Taken(Value::Object(_)) if value.is_none() => {
                for key in old.as_object().into_iter().flat_map(Map::keys) {
                    self.moves(&from.key(key), &to.key(key), None, tree, ops);
                }
            }
            Target::Taken(_) | Target::Blocked => {}
        }
    }

    /// Applies all changes.
    pub(super) fn all(&self, tree: &Value) -> Value {
        let mut tree = tree.clone();
        for _ in 0..MOST_CHANGES {
            let changes = self.next(&tree, &Stuck::new());
            if changes.is_empty() {
                break;
            }
            changes.iter().for_each(|(_, change)| apply(&mut tree, &change.op));
        }
        tree
    }

    /// The decisions for a person in values that need no further change.
    pub(super) fn open(&self, tree: &Value) -> Vec<Open> {
        let mut open = Vec::new();
        for (number, rule) in self.counting() {
            for found in rule.hits(tree) {
                match rule.action(&found) {
                    Action::Decide { question } => open.push(Open { rule, path: found.path, question }),
                    Action::Move { to, .. } => self.collisions(number, rule, &found.path, &to, tree, &mut open),
                    Action::Delete => open.push(Open { rule, path: found.path, question: FORM.to_owned() }),
                    Action::Keep => {}
                }
            }
        }
        open
    }

    /// The parts of a value that could not be moved.
    fn collisions(
        &self,
        number: usize,
        rule: &'static Rule,
        from: &ValuePath,
        to: &ValuePath,
        tree: &Value,
        open: &mut Vec<Open>,
    ) {
        let stuck = self.stuck.contains(&(number, from.clone()));
        let maps = match (look(tree, to), from.within(tree)) {
            (Target::Taken(Value::Object(_)), Some(Value::Object(old))) if !old.is_empty() && !stuck => Some(old),
            _ => None,
        };
        let Some(old) = maps else {
            let question = match (stuck, look(tree, to)) {
                (true, _) => format!("{FORM}; write it under `{to}`"),
                (false, Target::Blocked) => {
                    format!("write it under `{to}`: a part of that path exists and is not a map")
                }
                (false, _) => format!("`{to}` is also set, to a different value: keep one of the two, at that path"),
            };
            open.push(Open { rule, path: from.clone(), question });
            return;
        };
        for key in old.keys() {
            self.collisions(number, rule, &from.key(key), &to.key(key), tree, open);
        }
    }
}

const FORM: &str = "its form cannot be changed automatically";

/// The value at the target of a move.
enum Target<'a> {
    Free,
    Taken(&'a Value),
    /// A part of the target's path is not a map.
    Blocked,
}

fn look<'a>(tree: &'a Value, path: &ValuePath) -> Target<'a> {
    let mut at = tree;
    for step in &path.0 {
        let next = match (at, step) {
            (Value::Object(map), Step::Key(key)) => map.get(&**key),
            (Value::Array(items), Step::Index(index)) => items.get(*index),
            _ => return Target::Blocked,
        };
        match next {
            Some(next) => at = next,
            None => return Target::Free,
        }
    }
    Target::Taken(at)
}

/// How many of the first changes do not touch each other: none reads or writes what is at, above or below a path of another
/// one.
fn apart(changes: &[Change]) -> usize {
    let mut used: HashSet<&[Step]> = HashSet::new();
    let mut above: HashSet<&[Step]> = HashSet::new();
    for (number, Change { op, .. }) in changes.iter().enumerate() {
        let paths = match op {
            Op::Move { from, to, .. } => [Some(from), Some(to)],
            Op::Set { at, .. } | Op::Delete { at } => [Some(at), None],
        };
        let touches = |path: &&ValuePath| {
            above.contains(&path.0[..]) || (1..=path.0.len()).any(|end| used.contains(&path.0[..end]))
        };
        if paths.iter().flatten().any(touches) {
            return number;
        }
        for path in paths.into_iter().flatten() {
            above.extend((1..path.0.len()).map(|end| &path.0[..end]));
            used.insert(&path.0);
        }
    }
    changes.len()
}

/// Applies one change; maps that become empty are removed too.
pub(super) fn apply(tree: &mut Value, op: &Op) {
    match op {
        Op::Set { at, value } => put(tree, &at.0, value.clone()),
        Op::Delete { at } => {
            take(tree, &at.0);
        }
        Op::Move { from, to, value } => {
            let Some(old) = from.within(tree).cloned() else { return };
            let new = value.clone().unwrap_or(old);
            if to.0.starts_with(&from.0) {
                put(tree, &from.0, Value::Object(Map::new()));
                put(tree, &to.0, new);
            } else {
                put(tree, &to.0, new);
                take(tree, &from.0);
            }
        }
    }
}

/// Sets a value; maps that are missing on the way are made.
pub(super) fn put(at: &mut Value, steps: &[Step], value: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *at = value;
        return;
    };
    if at.is_null() {
        *at = Value::Object(Map::new());
    }
    match (at, step) {
        (Value::Object(map), Step::Key(key)) => {
            put(map.entry(&**key).or_insert_with(|| Value::Object(Map::new())), rest, value);
        }
        (Value::Array(items), Step::Index(index)) => {
            if let Some(item) = items.get_mut(*index) {
                put(item, rest, value);
            }
        }
        _ => {}
    }
}

/// Removes the value at `steps`; returns whether `at` is empty afterwards.
fn take(at: &mut Value, steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    match (at, step) {
        (Value::Object(map), Step::Key(key)) => {
            if map.get_mut(&**key).is_some_and(|inner| take(inner, rest)) {
                map.shift_remove(&**key);
            }
            map.is_empty()
        }
        (Value::Array(items), Step::Index(index)) => {
            if let Some(inner) = items.get_mut(*index) {
                take(inner, rest);
            }
            false
        }
        _ => false,
    }
}
