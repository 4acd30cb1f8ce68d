//! Values of older releases that were moved or removed: a sentence tells where each went, not only "unknown key". The
//! table is `charts/releases/value-rules.json`.
//!
//! Two parts of it are used: [`check`] applies the rows that have `refused`, which every render reads, and [`name`] looks up
//! unknown keys in the others, on the way to an error or a warning only.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::pattern;
use super::rules::{self, Effect, Refused, Rule, RuleKind, When};
use crate::bundle;
use crate::diag::{Diagnostic, Severity, Step, ValuePath, code};
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
    let report = |row: &Rule| {
        let severity = match row.refused {
            Some(Refused::Warn) => Severity::Warning,
            Some(Refused::Strict) if lenient => Severity::Warning,
            _ => Severity::Error,
        };
        row.check(user).into_iter().map(move |found| Diagnostic { severity, ..found }).collect::<Vec<_>>()
    };
    table().iter().filter(|row| reached(row, release)).flat_map(report).collect()
}

/// Whether the chart series of a release has the rule.
fn reached(row: &Rule, release: GitlabVersion) -> bool {
    row.since.series() <= releases::chart_series(release)
}

/// Replaces findings about unknown keys that `release` or an earlier one removed: the key was read once, and the table knows
/// what became of it. The severity stays.
pub fn name(found: &mut [Diagnostic], user: &Value, release: GitlabVersion) {
    for finding in found.iter_mut().filter(|finding| finding.code == code::UNKNOWN_KEY) {
        let Some(path) = finding.places.first().and_then(|place| place.path()).cloned() else { continue };
        let rows = ignored().filter(|row| reached(row, release));
        let removed = rows.flat_map(|row| row.hits(user).into_iter().map(move |hit| (row, hit)));
        if let Some((row, hit)) = removed.into_iter().find(|(_, hit)| hit.path.0.starts_with(&path.0)) {
            *finding = Diagnostic { severity: finding.severity, ..row.finding(&hit.path, &hit.names) };
        }
    }
}

/// The rows about values that the official chart ignores and that [`check`] does not report.
fn ignored() -> impl Iterator<Item = &'static Rule> {
    rules::table().iter().filter(|row| row.effect == Effect::Ignored && row.refused.is_none())
}

/// Whether a path is one of a key that [`name`] reports.
pub fn is_ignored(path: &ValuePath) -> bool {
    ignored().any(|row| row.is_about(&path.to_string()))
}

/// What to write instead of a key that a release removed; `None` where no release did.
pub fn instead(path: &str) -> Option<String> {
    let gone = |row: &&Rule| matches!(row.effect, Effect::Ignored | Effect::Fails) && row.when.is_none();
    let row = rules::table().iter().filter(gone).find(|row| row.is_about(path))?;
    let to = row.to.as_deref().filter(|to| !to.contains('$')).map(|to| format!("write `{to}`"));
    Some(to.or_else(|| row.say.clone()).unwrap_or_else(|| "remove it".to_owned()))
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
        self.hits(user).iter().map(|found| self.finding(&found.path, &found.names)).collect()
    }

    fn finding(&self, path: &ValuePath, names: &[String]) -> Diagnostic {
        // A value that becomes another one where it stands is not moved.
        let to = self.to.as_ref().map(|to| pattern::fill(to, names, path)).filter(|to| to != path);
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
