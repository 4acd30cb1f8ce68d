//! Merged values to checked ones: every violation at once, told at its values path.
//!
//! Only what the user wrote is checked; the defaults are ours and a test checks them. The schema is
//! walked together with the document ([`prune`]), so that what is compiled is as small as the
//! document; the walk finds unknown keys ([`unknown`]), `jsonschema` finds the rest ([`wording`]).

mod alternatives;
mod fast_match;
mod gone;
mod ignored;
mod marks;
mod pattern;
mod placeholder;
mod prune;
mod scalars;
mod store;
mod unknown;
mod wording;

use std::collections::HashMap;

pub use self::alternatives::alternatives;
use jsonschema::{Draft, PatternOptions};
use serde_json::Value;

use crate::diag::{Diagnostic, Report, Severity, Sources, ValuePath, Warned};
use crate::releases::{self, GitlabVersion};
use crate::values::{Merged, Origins};

/// What to do with keys that nothing reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownKeys {
    /// They end the run.
    #[default]
    Error,
    /// They are told, and left out of account.
    Warn,
}

/// How strict the check is.
#[derive(Debug, Clone, Copy)]
pub struct CheckOptions {
    /// The release of GitLab that the values are for.
    pub release: GitlabVersion,
    /// What to do with keys that nothing reads.
    pub unknown_keys: UnknownKeys,
    /// Types and bounds become warnings.
    pub skip_schema_validation: bool,
}

impl CheckOptions {
    /// A finding about a type or a bound, as severe as it is to be.
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

/// Merged values that the schemas have nothing against, or only what was to be a warning.
#[derive(Debug, Clone)]
pub struct Checked(Merged);

impl Checked {
    /// What the user set, over the defaults.
    pub fn tree(&self) -> &Value {
        &self.0.tree
    }

    /// What the user set; nulls are kept.
    pub fn user(&self) -> &Value {
        &self.0.user
    }

    /// Where the user set what.
    pub fn origins(&self) -> &Origins {
        &self.0.origins
    }

    /// The texts that the origins point into.
    pub fn sources(&self) -> &Sources {
        &self.0.sources
    }
}

/// Checks merged values against the schemas.
///
/// # Errors
/// All violations, and the values again, to look places up in.
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

/// The keys that values may have below a path.
pub fn known_keys(parent: &[&str]) -> Vec<&'static str> {
    unknown::siblings(parent)
}

/// Why a key of the schemas changes nothing, as what to write in its place; `None` where it has an effect.
pub fn unread_hint(keys: &[&str]) -> Option<&'static str> {
    unknown::unread_hint(keys)
}

/// What to write in place of a key that was removed, or that people write and that never was.
pub fn gone_hint(keys: &[&str]) -> Option<&'static str> {
    unknown::gone_hint(keys)
}

/// What a value of a definition of `schemas/definitions.json` must look like, in words.
pub fn form(kind: &str) -> Option<&'static str> {
    wording::form(kind)
}

/// Default values without the keys that a release does not read.
pub fn read_by(release: GitlabVersion, mut defaults: Value) -> Value {
    marks::remove_unread(release, &mut defaults);
    defaults
}

/// The values without the keys that nothing reads.
pub fn known(user: &Value) -> Value {
    unknown::without(store::root(), user)
}

/// All that is wrong in `user`, the merged layers of the user without our defaults.
///
/// `tree` is the same over our defaults: a key that must be there may come from them.
pub fn violations(user: &Value, tree: &Value, options: &CheckOptions) -> Vec<Diagnostic> {
    walk(user, tree, options).findings
}

/// How many unknown keys are reported one by one: for each one the schemas are searched for what was meant.
const MOST_UNKNOWN: usize = 100;

/// What a walk through the values sees.
#[derive(Default)]
struct Walked {
    findings: Vec<Diagnostic>,
    /// Where a text in quotes stands for a number, as JSON pointers.
    quoted: Vec<String>,
    /// Where a string is meant, and a number or a boolean stands.
    unquoted: Vec<ValuePath>,
}

fn walk(user: &Value, tree: &Value, options: &CheckOptions) -> Walked {
    let mut user = without_nulls(user);
    if user.as_object().is_some_and(serde_json::Map::is_empty) {
        return Walked::default();
    }
    let mut found = prune::SchemaFindings::default();
    let pruned = prune::prune(store::root(), &user, Some(tree), &mut found);
    let unknown = &found.unknown;
    let named = unknown.iter().take(MOST_UNKNOWN).map(|path| unknown::tell(path, &user));
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
    Walked { findings: diagnostics, quoted: found.quoted, unquoted: found.unquoted }
}

/// A finding about a key that nothing reads, as severe as the user wants it.
fn leniently(finding: Diagnostic, options: &CheckOptions) -> Diagnostic {
    match options.unknown_keys {
        UnknownKeys::Error => finding,
        UnknownKeys::Warn => Diagnostic { severity: Severity::Warning, ..finding },
    }
}

/// What a text in quotes stands for where it is no text: Helm's templates write the one as the other.
fn unquote(value: &mut Value) {
    if value == "" {
        *value = Value::Null;
    } else if let Some(number) = value.as_str().and_then(|text| text.parse::<i64>().ok()) {
        *value = number.into();
    }
}

/// Whether a values path is known, `gitlab.gitaly.persistence.size`; free keys below a map are.
pub fn knows(path: &str) -> bool {
    unknown::knows(&path.split('.').collect::<Vec<_>>())
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
                wording::tell(&error, user, kinds, &mut all);
            }
            all.dedup();
            all
        }
        Err(error) => vec![Diagnostic::bug("schema", format!("our own schema does not compile: {error}"))],
    }
}

/// A null takes a default away; there is nothing in it to check.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
