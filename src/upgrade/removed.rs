//! Values of older releases that were moved or removed: a sentence tells where each went, not only "unknown key". The
//! rows are those of `charts/releases/value-rules.json` that have `refused`.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::pattern;
use super::rules::{Refused, Rule, RuleKind, When};
use crate::bundle;
use crate::diag::{Diagnostic, Severity, Step, ValuePath};
use crate::releases::{self, GitlabVersion};

/// The rules that a render applies.
fn table() -> &'static [Rule] {
    #[derive(Deserialize)]
    struct Table {
        rules: Vec<Rule>,
    }
    static READ: OnceLock<Table> = OnceLock::new();
    &READ.get_or_init(|| releases::read(bundle::REFUSED_VALUES)).rules
}

/// An error for each of the user's values that was moved or removed in `release` or before it.
///
/// `lenient`: a warning where the official chart ignores the value silently.
pub fn check(user: &Value, release: GitlabVersion, lenient: bool) -> Vec<Diagnostic> {
    if user.as_object().is_none_or(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let told = |row: &Rule| {
        let severity = match row.refused {
            Some(Refused::Warn) => Severity::Warning,
            Some(Refused::Strict) if lenient => Severity::Warning,
            _ => Severity::Error,
        };
        row.check(user).into_iter().map(move |found| Diagnostic { severity, ..found }).collect::<Vec<_>>()
    };
    table().iter().filter(|row| reached(row, release)).flat_map(told).collect()
}

/// Whether the chart series of a release has the rule.
fn reached(row: &Rule, release: GitlabVersion) -> bool {
    row.since.series() <= releases::chart_series(release)
}

/// The user's values without those that [`check`] reports, and without the maps that become empty.
pub fn without(mut user: Value, found: &[Diagnostic]) -> Value {
    for path in found.iter().filter_map(|diagnostic| diagnostic.places.first()?.path()) {
        remove(&mut user, &path.0);
    }
    user
}

/// Removes the value at `steps`; returns whether `at` is empty afterwards.
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

impl Rule {
    fn check(&self, user: &Value) -> Vec<Diagnostic> {
        self.hits(user).iter().map(|found| self.tell(&found.path, &found.names)).collect()
    }

    fn tell(&self, path: &ValuePath, names: &[String]) -> Diagnostic {
        let to = self.to.as_ref().map(|to| pattern::fill(to, names, path));
        let (code, message, hint) = match &to {
            Some(to) => (
                "moved",
                format!("`{path}`: moved to `{to}` in chart {}", self.since),
                self.say.clone().unwrap_or_else(|| format!("write the value under `{to}`")),
            ),
            None => (
                "removed",
                match self.when {
                    Some(When::RuleKind(RuleKind::Text)) => {
                        format!("`{path}`: no longer a string since chart {}", self.since)
                    }
                    Some(When::Volume { .. }) => {
                        format!(
                            "`{path}`: Git's own configuration can no longer be a volume since chart {}",
                            self.since
                        )
                    }
                    _ => format!("`{path}`: no longer read since chart {}", self.since),
                },
                self.say.clone().unwrap_or_else(|| "remove it".to_owned()),
            ),
        };
        Diagnostic::error(code, message).at_value(path.clone()).at_values(to).hint(hint)
    }
}
