//! Values of older releases that moved or are gone: each deserves a sentence that says where it went, not
//! "unknown key". The table is `charts/releases/removed-values.json`.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::diag::{Diagnostic, Place, Severity, Step, ValuePath};
use crate::releases;

/// A row of the table. `charts/releases/README.md` explains the patterns.
#[derive(Debug, Deserialize)]
struct Removed {
    path: String,
    to: Option<String>,
    say: Option<String>,
    since: String,
    when: Option<When>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    ignored: bool,
}

/// What the value has to be for the row to count.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum When {
    Kind(Kind),
    Equals {
        equals: Value,
    },
    #[serde(rename_all = "camelCase")]
    Volume {
        volume_named: Vec<String>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
}

impl When {
    fn holds(&self, value: &Value) -> bool {
        match self {
            When::Kind(Kind::Text) => value.is_string(),
            When::Equals { equals } => value == equals,
            When::Volume { volume_named } => {
                let text = value.to_string();
                volume_named.iter().any(|name| text.contains(name))
            }
        }
    }
}

fn table() -> &'static [Removed] {
    #[derive(Deserialize)]
    struct Table {
        removed: Vec<Removed>,
    }
    static READ: OnceLock<Table> = OnceLock::new();
    &READ.get_or_init(|| releases::read(releases::REMOVED)).removed
}

/// An error for each value of the user's that moved or is gone.
///
/// `lenient`: a warning where the official chart passes over the value without a word.
pub fn check(user: &Value, lenient: bool) -> Vec<Diagnostic> {
    if user.as_object().is_none_or(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let told = |row: &Removed| {
        let severity = if lenient && row.ignored { Severity::Warning } else { Severity::Error };
        row.check(user).into_iter().map(move |found| Diagnostic { severity, ..found }).collect::<Vec<_>>()
    };
    table().iter().flat_map(told).collect()
}

/// The user's values without those that [`check`] has spoken of, and without the maps that this leaves empty.
pub fn without(mut user: Value, found: &[Diagnostic]) -> Value {
    for place in found.iter().flat_map(|diagnostic| &diagnostic.places) {
        if let Place::Value(path) = place {
            remove(&mut user, &path.0);
        }
    }
    user
}

/// Removes what is at `steps`; whether nothing is left of `at`.
fn remove(at: &mut Value, steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    match (at, step) {
        (Value::Object(map), Step::Key(key)) => {
            if map.get_mut(&**key).is_some_and(|inner| remove(inner, rest)) {
                map.shift_remove(&**key);
            }
            map.is_empty()
        }
        (Value::Array(items), Step::Index(index)) => {
            if let Some(inner) = items.get_mut(*index) {
                remove(inner, rest);
            }
            false
        }
        _ => false,
    }
}

impl Removed {
    fn check(&self, user: &Value) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (pattern, names) in expand(&self.path) {
            let steps: Vec<&str> = pattern.split('.').collect();
            self.walk(user, &steps, &ValuePath::root(), &names, &mut found);
        }
        found
    }

    fn walk(&self, at: &Value, steps: &[&str], path: &ValuePath, names: &[String], found: &mut Vec<Diagnostic>) {
        let Some((step, rest)) = steps.split_first() else {
            let counts = !at.is_null() && self.when.as_ref().is_none_or(|when| when.holds(at));
            if counts {
                found.push(self.tell(path, names));
            }
            return;
        };
        let Value::Object(map) = at else { return };
        if *step == "*" {
            for (key, value) in map.iter().filter(|(key, _)| !self.except.contains(key)) {
                let names = [names, std::slice::from_ref(key)].concat();
                self.walk(value, rest, &path.key(key), &names, found);
            }
        } else if let Some(list) = step.strip_suffix("[]") {
            for (index, item) in map.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
                self.walk(item, rest, &path.key(list).index(index), names, found);
            }
        } else if let Some(value) = map.get(*step) {
            self.walk(value, rest, &path.key(step), names, found);
        }
    }

    fn tell(&self, path: &ValuePath, names: &[String]) -> Diagnostic {
        let to = self.to.as_ref().map(|to| {
            let named = names.iter().enumerate();
            named.fold(to.clone(), |to, (n, name)| to.replace(&format!("${}", n + 1), name))
        });
        let (code, message, hint) = match to {
            Some(to) => (
                "moved",
                format!("`{path}`: moved to `{to}` in chart {}", self.since),
                self.say.clone().unwrap_or_else(|| format!("write the value under `{to}`")),
            ),
            None => (
                "removed",
                match self.when {
                    Some(When::Kind(Kind::Text)) => format!("`{path}`: no longer a text since chart {}", self.since),
                    _ => format!("`{path}`: no longer read since chart {}", self.since),
                },
                self.say.clone().unwrap_or_else(|| "remove it".to_owned()),
            ),
        };
        Diagnostic::error(code, message).at_value(path.clone()).hint(hint)
    }
}

/// The patterns without `{a,b}`, each with what its braces stood for.
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
