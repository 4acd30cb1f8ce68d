//! Merged values to checked ones: every violation at once, reported at its values path.
//!
//! Only the user's values are checked; a test checks the defaults. The schema is walked together with the document
//! ([`prune`]), so that the compiled schema is as small as the document; the walk finds unknown keys ([`unknown`]),
//! `jsonschema` finds the rest ([`wording`]).

mod alternatives;
mod fast_match;
mod forms;
mod ignored;
mod marks;
mod misplaced;
mod pattern;
mod placeholder;
mod places;
mod prune;
mod scalars;
mod store;
mod unknown;
mod wording;

use std::collections::HashMap;

pub use self::alternatives::{alternatives, is_sample, list_alternatives, marker, trace, traces};
pub use self::places::{OpenPlaces, open_places};
use jsonschema::{Draft, PatternOptions};
use serde_json::Value;

use crate::diag::{Diagnostic, Report, Severity, Sources, ValuePath, Warned};
use crate::releases::{self, GitlabVersion};
use crate::tree::without_null_entries;
use crate::values::{Merged, Origins};

/// The treatment of unknown keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownKeys {
    /// They are errors.
    #[default]
    Error,
    /// They are warnings, and ignored.
    Warn,
}

/// The strictness of the check.
#[derive(Debug, Clone, Copy)]
pub struct CheckOptions {
    /// The release of GitLab that the values are for.
    pub release: GitlabVersion,
    /// The treatment of unknown keys.
    pub unknown_keys: UnknownKeys,
    /// Types and bounds become warnings.
    pub skip_schema_validation: bool,
}

impl CheckOptions {
    /// The finding of a violation, with the severity that the options give it.
    fn of_a_type(&self, finding: Diagnostic) -> Diagnostic {
        match self.skip_schema_validation {
            true => Diagnostic { severity: Severity::Warning, ..finding },
            false => finding,
        }
    }
}

impl Default for CheckOptions {
    fn default() -> Self {
        CheckOptions {
            release: releases::default_version(),
            unknown_keys: UnknownKeys::default(),
            skip_schema_validation: false,
        }
    }
}

/// Values without violations, or with violations that count as warnings.
#[derive(Debug, Clone)]
pub struct Checked(Merged);

impl Checked {
    /// The user's values over the defaults.
    pub fn tree(&self) -> &Value {
        &self.0.tree
    }

    /// The user's values; nulls are kept.
    pub fn user(&self) -> &Value {
        &self.0.user
    }

    /// The places at which the user set each value.
    pub fn origins(&self) -> &Origins {
        &self.0.origins
    }

    /// The sources to which the origins point.
    pub fn sources(&self) -> &Sources {
        &self.0.sources
    }
}

/// Checks merged values against the schemas.
///
/// # Errors
/// All violations, and the values for looking up places.
#[expect(clippy::result_large_err, reason = "once in a run; the caller needs the values to print places")]
pub fn check(mut merged: Merged, options: &CheckOptions) -> Result<Warned<Checked>, (Report, Merged)> {
    let unread = marks::unread(options.release, &mut merged).into_iter().map(|finding| leniently(finding, options));
    let mut findings: Vec<_> = unread.collect();
    findings.extend(ignored::apply(&mut merged));
    let Walked { findings: more, quoted, unquoted } = walk(&merged.user, &merged.tree, options);
    findings.extend(more);
    let lost = scalars::lost_texts(&merged, &unquoted).into_iter();
    findings.extend(lost.map(|finding| options.of_a_type(finding)));
    for pointer in &quoted {
        [&mut merged.user, &mut merged.tree].into_iter().filter_map(|t| t.pointer_mut(pointer)).for_each(unquote);
    }
    match findings.iter().any(|d| d.severity == Severity::Error) {
        true => Err((Report(findings), merged)),
        false => Ok(Warned { value: Checked(merged), warnings: findings }),
    }
}

/// The keys that may be set below a path.
pub fn known_keys(parent: &[&str]) -> Vec<&'static str> {
    unknown::siblings(parent)
}

/// The paths below `global` that nothing reads and that are not like a key there, each with what people who write it
/// usually mean, if that is known.
pub fn foreign_globals(globals: &Value) -> Vec<(ValuePath, Option<&'static str>)> {
    unknown::foreign_globals(globals)
}

/// All keys of values that nothing reads.
pub fn unknown_keys(user: &Value) -> Vec<ValuePath> {
    unknown::all(user)
}

/// The reason why a key of the schemas has no effect, as the next step; `None` where it has one.
pub fn unread_hint(keys: &[&str]) -> Option<&'static str> {
    unknown::unread_hint(keys)
}

/// What to write instead of a key that never existed and that people write.
pub fn misplaced_hint(keys: &[&str]) -> Option<&'static str> {
    unknown::misplaced_hint(keys)
}

/// The format of a definition of `schemas/definitions.json` in words.
pub fn form(kind: &str) -> Option<&'static str> {
    wording::form(kind)
}

/// Default values without the keys that a release does not read.
pub fn read_by(release: GitlabVersion, mut defaults: Value) -> Value {
    marks::remove_unread(release, &mut defaults);
    defaults
}

/// An example, with values that can be used in place of those that the schemas take and no program does.
pub fn usable(mut example: Value) -> Value {
    forms::make_usable(&mut example, &mut ValuePath::root());
    example
}

/// The values without unknown keys.
pub fn known(user: &Value) -> Value {
    unknown::without(store::root(), user)
}

/// All violations in `user`, the user's merged layers without our defaults.
///
/// `tree` has the defaults as well: a required key may come from them.
pub fn violations(user: &Value, tree: &Value, options: &CheckOptions) -> Vec<Diagnostic> {
    walk(user, tree, options).findings
}

/// How many unknown keys are reported one by one: for each one the schemas are searched for the intended key.
const MOST_UNKNOWN: usize = 100;

/// The results of a walk through the values.
#[derive(Default)]
struct Walked {
    findings: Vec<Diagnostic>,
    /// JSON pointers of quoted strings that stand for a number.
    quoted: Vec<String>,
    /// JSON pointers of numbers and booleans where a string is intended.
    unquoted: Vec<ValuePath>,
}

fn walk(user: &Value, tree: &Value, options: &CheckOptions) -> Walked {
    // A null removes a default; it has no content to check.
    let mut user = without_null_entries(user);
    if user.as_object().is_some_and(serde_json::Map::is_empty) {
        return Walked::default();
    }
    let mut found = prune::SchemaFindings::default();
    let pruned = prune::prune(store::root(), &user, Some(tree), &mut found);
    let unknown = &found.unknown;
    let named = unknown.iter().take(MOST_UNKNOWN).map(|path| unknown::finding(path, &user));
    let more = unknown.get(MOST_UNKNOWN).map(|next| unknown::more(next, unknown.len() - MOST_UNKNOWN));
    let mut diagnostics: Vec<_> = named.chain(more).map(|finding| leniently(finding, options)).collect();
    for pointer in &found.quoted {
        user.pointer_mut(pointer).into_iter().for_each(unquote);
    }
    if let Some(schema) = pruned {
        let wrong = compiled(&schema, &user, &found.kinds);
        diagnostics.extend(wrong.into_iter().map(|finding| options.of_a_type(finding)));
    }
    let odd = found.quantities.iter().filter_map(|path| scalars::unit(path, path.within(&user)?));
    diagnostics.extend(odd);
    diagnostics.extend(unknown::unread(&user));
    let unusable = forms::check(&user).into_iter();
    let told = |d: &Diagnostic| diagnostics.iter().any(|other| d.places.iter().any(|at| other.places.contains(at)));
    let unusable: Vec<_> = unusable.filter(|d| !told(d)).collect();
    diagnostics.extend(unusable);
    Walked { findings: diagnostics, quoted: found.quoted, unquoted: found.unquoted }
}

/// The finding about an unknown key, with the severity that the user selected.
fn leniently(finding: Diagnostic, options: &CheckOptions) -> Diagnostic {
    match options.unknown_keys {
        UnknownKeys::Error => finding,
        UnknownKeys::Warn => Diagnostic { severity: Severity::Warning, ..finding },
    }
}

/// The number for which a quoted string stands: Helm's templates write the two alike.
fn unquote(value: &mut Value) {
    if value == "" {
        *value = Value::Null;
    } else if let Some(number) = value.as_str().and_then(|text| text.parse::<i64>().ok()) {
        *value = number.into();
    }
}

/// Whether a values path is known, `gitlab.gitaly.persistence.size`; free keys of a map are known.
pub fn knows(path: &str) -> bool {
    knows_keys(&path.split('.').collect::<Vec<_>>())
}

/// As [`knows`], for keys that may hold dots.
pub fn knows_keys(keys: &[&str]) -> bool {
    unknown::knows(keys)
}

fn compiled(schema: &Value, user: &Value, kinds: &HashMap<String, &'static str>) -> Vec<Diagnostic> {
    let built = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .build(schema);
    match built {
        Ok(validator) => {
            let mut all = Vec::new();
            for error in validator.iter_errors(user) {
                wording::describe(&error, user, kinds, &mut all);
            }
            all.dedup();
            all
        }
        Err(error) => vec![Diagnostic::bug("schema", format!("our own schema does not compile: {error}"))],
    }
}
