//! Patterns of values paths, as the rules write them: `gitlab.{sidekiq,toolbox}.pods[].cluster`.
//!
//! `{a,b}` is one of the two, `[]` each item of a list, `*` any key. A dot that belongs to a key has a backslash.

use serde_json::Value;

use crate::diag::{Step, ValuePath};

/// A match of a pattern.
pub(super) struct Found<'a> {
    /// Its path.
    pub path: ValuePath,
    /// Its value; `None` where the user wrote none.
    pub value: Option<&'a Value>,
    /// The strings that the braces, then the stars, matched: `$1` is the first.
    pub names: Vec<String>,
}

/// A parsed pattern.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Alternative>);

/// A pattern without braces.
#[derive(Debug)]
struct Alternative {
    keys: Vec<String>,
    /// The selected alternatives of the braces.
    names: Vec<String>,
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Self {
        let one = |(pattern, names): (String, _)| Alternative { keys: keys(&pattern), names };
        Pattern(expand(pattern).into_iter().map(one).collect())
    }

    /// The paths that its braces expand to, each with the selected alternatives.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = (String, &[String])> {
        self.0.iter().map(|one| (one.keys.join("."), &one.names[..]))
    }

    /// Its matches in the user's values; `*` does not match the keys in `except`.
    pub(super) fn set<'a>(&self, except: &[String], user: &'a Value) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        for Alternative { keys, names } in &self.0 {
            // Most rules are about sections that a user does not have.
            if keys.first().is_some_and(|first| user.get(first).is_some() || first.ends_with(['*', ']'])) {
                walk(user, keys, except, ValuePath::root(), names.clone(), &mut found);
            }
        }
        found
    }

    /// Its paths, where it has neither `*` nor `[]`, at which the user wrote nothing.
    pub(super) fn absent(&self, user: &Value) -> Vec<Found<'static>> {
        let path = |keys: &[String]| ValuePath(keys.iter().map(|key| Step::Key(key.as_str().into())).collect());
        let one = |one: &Alternative| Found { path: path(&one.keys), value: None, names: one.names.clone() };
        self.0.iter().map(one).filter(|found| found.path.within(user).is_none()).collect()
    }
}

/// A target, `$1` replaced by the first name and so on.
pub(super) fn named(pattern: &str, names: &[String]) -> String {
    let numbered = names.iter().zip(1..);
    numbered.fold(pattern.to_owned(), |filled, (name, n)| filled.replace(&format!("${n}"), name))
}

/// A target or the path of a condition, with `$1` replaced by the first name and so on.
///
/// The indices of `from` fill its `[]`: a rule stays within one item of a list.
pub(super) fn fill(pattern: &str, names: &[String], from: &ValuePath) -> ValuePath {
    let filled = named(pattern, names);
    let mut indices = from.0.iter().filter(|step| matches!(step, Step::Index(_)));
    let mut steps = Vec::new();
    for key in keys(&filled) {
        match key.strip_suffix("[]") {
            Some(list) => {
                steps.push(Step::Key(list.into()));
                steps.extend(indices.next().cloned());
            }
            None => steps.push(Step::Key(key.as_str().into())),
        }
    }
    ValuePath(steps)
}

fn walk<'a>(
    at: &'a Value,
    steps: &[String],
    except: &[String],
    path: ValuePath,
    names: Vec<String>,
    found: &mut Vec<Found<'a>>,
) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(Found { path, value: Some(at), names });
        return;
    };
    let Value::Object(map) = at else { return };
    if step == "*" {
        for (key, value) in map.iter().filter(|(key, _)| !except.contains(key)) {
            let names = [&names[..], std::slice::from_ref(key)].concat();
            walk(value, rest, except, path.key(key), names, found);
        }
    } else if let Some(list) = step.strip_suffix("[]") {
        for (index, item) in map.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
            walk(item, rest, except, path.key(list).index(index), names.clone(), found);
        }
    } else if let Some(value) = map.get(step) {
        walk(value, rest, except, path.key(step), names, found);
    }
}

/// The steps of a pattern without braces.
fn keys(pattern: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let key = match c {
            '.' => {
                keys.push(String::new());
                continue;
            }
            '\\' => chars.next(),
            c => Some(c),
        };
        if let Some(last) = keys.last_mut() {
            last.extend(key);
        }
    }
    keys
}

/// The patterns without `{a,b}`, each with the selected alternatives.
fn expand(pattern: &str) -> Vec<(String, Vec<String>)> {
    let braces =
        pattern.split_once('{').and_then(|(head, rest)| rest.split_once('}').map(|(all, tail)| (head, all, tail)));
    let Some((head, alternatives, tail)) = braces else { return vec![(pattern.to_owned(), Vec::new())] };
    let tails = expand(tail);
    let one = |alternative: &str| {
        let with = |(tail, names): &(String, Vec<String>)| {
            (format!("{head}{alternative}{tail}"), [vec![alternative.to_owned()], names.clone()].concat())
        };
        tails.iter().map(with).collect::<Vec<_>>()
    };
    alternatives.split(',').flat_map(one).collect()
}
