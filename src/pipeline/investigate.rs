//! Explains why values are refused: finds everything that can be checked in one run, and reports each fault once, at
//! the value that causes it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::advice;
use super::causes::Answer;
use super::variant_faults::{self, VariantFaults};
use super::variants::Variants;
use super::{Request, layers};
use crate::diag::{Diagnostic, Fault, Place, Severity, ValuePath, code};
use crate::schema;
use crate::values::tree;

/// More places than this do not help the reader.
const MOST_PLACES: usize = 3;
/// The maximum number of refused values for which an acceptable substitute is searched.
const MOST_STAND_INS: usize = 12;

/// The maximum number of passes in which unreadable values are searched, each without those found before.
const MOST_ROUNDS: usize = 4;

/// Keys that no schema knows decide nothing, except for a few that a rule names. A file that does not hold values may
/// have very many of them: with more than this number, they are left out of all variants.
const MOST_UNKNOWN: usize = 500;

/// All faults of the user's values besides `refused`, which earlier stages found.
///
/// A value that was refused or that resolving cannot read is left out, so that its default applies. A fault that exists
/// only because a value is left out is not reported: a real fault remains with some acceptable value in its place.
pub(super) fn errors(request: &Request, user: &Value, refused: &[Diagnostic]) -> Vec<Diagnostic> {
    let known = schema::known(user);
    let user = if entries(user) - entries(&known) > MOST_UNKNOWN { &known } else { user };
    let wrong = refused.iter().filter(|d| d.severity == Severity::Error);
    let left_out: Vec<ValuePath> = wrong.filter_map(|d| d.places.first()?.path().cloned()).collect();
    let judge = |left_out| Variants::new(request, user, left_out).map(|variants| Judge { request, user, variants });
    let judged = judge(left_out).and_then(|mut rest| {
        let mut all: Vec<Diagnostic> = Vec::new();
        // What cannot be read hides the next of its kind, in one file for example.
        for _ in 0..MOST_ROUNDS {
            let left_out = rest.variants.left_out().to_vec();
            let unread = rest.unreadable(!left_out.is_empty());
            let more: Vec<_> = unread.iter().filter_map(|d| d.places.first()?.path().cloned()).collect();
            all.extend(unread);
            if more.is_empty() {
                break;
            }
            rest = judge(left_out.into_iter().chain(more).collect())?;
        }
        Ok((all, rest))
    });
    let (mut all, rest) = match judged {
        Ok(judged) => judged,
        Err(bug) => return vec![bug],
    };
    let alone = refused.is_empty() && all.is_empty();
    for found in rest.all(alone) {
        // a file that cannot be written for a reason that was not found is reported already
        if !all.contains(&found) {
            all.push(found);
        }
    }
    all
}

/// The number of keys and items of a value, at all depths.
fn entries(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.values().map(|inner| 1 + entries(inner)).sum(),
        Value::Array(items) => items.iter().map(|inner| 1 + entries(inner)).sum(),
        _ => 0,
    }
}

/// Finds the faults of values of which some are left out.
struct Judge<'r> {
    request: &'r Request,
    user: &'r Value,
    variants: Variants<'r>,
}

impl Judge<'_> {
    /// The values that resolving cannot read, each once.
    fn unreadable(&self, refused: bool) -> Vec<Diagnostic> {
        let first = self.variants.without(&[]);
        let mut seen = VariantFaults::of(&first);
        seen.wrong.retain(|w| w.diagnostic.unreadable);
        let numbers = self.judged(&seen, refused);
        let causes = variant_faults::causes(&self.variants, &seen, &numbers, &VariantFaults::of);
        let told = numbers.iter().zip(causes).map(|(n, causes)| setting(&seen.wrong[*n].diagnostic, causes, self.user));
        let mut all: Vec<Diagnostic> = Vec::new();
        for found in told {
            // Many components may read the same value.
            let path = found.places.first().and_then(Place::path);
            let same = |other: &Diagnostic| {
                let other = other.places.first().and_then(Place::path);
                path.zip(other).is_some_and(|(path, other)| touch(path, other))
            };
            if !all.iter().any(same) {
                all.push(found);
            }
        }
        all
    }

    /// All other faults; `alone`: nothing was left out.
    fn all(&self, alone: bool) -> Vec<Diagnostic> {
        let first = self.variants.without(&[]);
        let mut seen = VariantFaults::of(&first);
        if !alone || seen.wrong.iter().any(|w| w.diagnostic.fault != Fault::Bug) {
            // A template may fail over a value that was refused before it ran.
            seen.wrong.retain(|w| w.diagnostic.fault != Fault::Bug);
        }
        // A finding with neither a place nor an object is about the command line.
        let (asked, plain): (Vec<usize>, Vec<usize>) = self.judged(&seen, !alone).into_iter().partition(|number| {
            let d = &seen.wrong[*number].diagnostic;
            !d.places.is_empty() || d.subject.is_some()
        });
        let causes = variant_faults::causes(&self.variants, &seen, &asked, &VariantFaults::of);
        let (mut settings, mut faults) = (Vec::new(), Vec::new());
        for (number, causes) in asked.into_iter().zip(causes) {
            match seen.wrong[number].object {
                None => settings.push(setting(&seen.wrong[number].diagnostic, causes, self.user)),
                Some(_) => faults.push((number, causes)),
            }
        }
        let told: Vec<ValuePath> = settings.iter().filter_map(|d| d.places.first()?.path().cloned()).collect();
        faults.retain(|(_, causes)| match causes.first() {
            Some(cause) => !told.contains(cause),
            // A fault that no value causes follows from the earlier errors.
            None => alone && settings.is_empty(),
        });
        let mut all: Vec<Diagnostic> = plain.iter().map(|number| seen.wrong[*number].diagnostic.clone()).collect();
        if alone {
            all.extend(first.found.into_iter().filter(|d| d.severity != Severity::Error));
        }
        all.extend(settings);
        all.extend(by_cause(&self.variants, &seen, faults));
        all
    }

    /// The findings that remain with acceptable values in place of those that were left out.
    fn judged(&self, seen: &VariantFaults, left_out: bool) -> Vec<usize> {
        let all = 0..seen.wrong.len();
        if !left_out || all.is_empty() {
            return all.collect();
        }
        let out = self.variants.left_out();
        let with = VariantFaults::of(&self.variants.with(&stand_ins(self.request, self.user, out)));
        let told = |place: &Place| place.path().is_some_and(|path| out.iter().any(|out| touch(out, path)));
        let judged = |number: &usize| {
            seen.answer(*number, &with) == Answer::Same && !seen.wrong[*number].diagnostic.places.iter().any(told)
        };
        all.filter(judged).collect()
    }
}

fn touch(a: &ValuePath, b: &ValuePath) -> bool {
    a.0.starts_with(&b.0) || b.0.starts_with(&a.0)
}

/// Whether a user who writes this value turns something off or leaves it empty.
fn nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// A finding about settings: its places are the values that it names, and the other values that decide it, those
/// closest to the named ones first.
///
/// Where one setting needs another that the user turned off or left empty, that other one comes first: its value has no
/// other purpose than to turn something off, and the first setting shows what is missing.
fn setting(found: &Diagnostic, causes: Vec<ValuePath>, user: &Value) -> Diagnostic {
    let named: Vec<ValuePath> = found.places.iter().filter_map(|place| place.path().cloned()).collect();
    let shared = |a: &ValuePath, b: &ValuePath| a.0.iter().zip(&b.0).take_while(|(a, b)| a == b).count();
    let mut causes = causes;
    causes.sort_by_key(|cause| Reverse(named.iter().map(|path| shared(path, cause)).max()));
    let (mut set, defaults): (Vec<_>, Vec<_>) = named.into_iter().partition(|path| path.within(user).is_some());
    set.sort_by_key(|path| !path.within(user).is_some_and(nothing));
    let mut places: Vec<ValuePath> = Vec::new();
    for path in set.into_iter().chain(causes) {
        // A path below another one adds nothing.
        if places.len() < MOST_PLACES && !places.iter().any(|there| touch(there, &path)) {
            places.push(path);
        }
    }
    // A finding about a file that is written says which file; the path comes first where it is known.
    let message = match (&found.places[..], places.first()) {
        ([], Some(cause)) => format!("`{cause}`: {}", found.message),
        _ => found.message.clone(),
    };
    places.extend(defaults);
    Diagnostic { message, places: places.into_iter().map(Place::Value).collect(), ..found.clone() }
}

/// Faults of objects, as one diagnostic for each value that causes them.
fn by_cause(variants: &Variants<'_>, seen: &VariantFaults, faults: Vec<(usize, Vec<ValuePath>)>) -> Vec<Diagnostic> {
    let mut groups: Vec<(Vec<ValuePath>, Vec<usize>)> = Vec::new();
    for (number, causes) in faults {
        let same = groups.iter_mut().find(|(other, _)| !causes.is_empty() && other.first() == causes.first());
        match same {
            Some((_, numbers)) => numbers.push(number),
            None => groups.push((causes, vec![number])),
        }
    }
    groups.into_iter().map(|(causes, numbers)| fault(variants, seen, causes, &numbers)).collect()
}

fn fault(variants: &Variants<'_>, seen: &VariantFaults, causes: Vec<ValuePath>, numbers: &[usize]) -> Diagnostic {
    let first = &seen.wrong[numbers[0]].diagnostic;
    let Some(cause) = causes.first() else { return first.clone() };
    // Two routes for the same requests are taken by most clusters.
    let refused = if first.code == code::DUPLICATE_ROUTE { "" } else { "a cluster would refuse " };
    let mut message = format!("`{cause}`: {refused}{}", first.message);
    if let [_, more @ ..] = numbers
        && !more.is_empty()
    {
        let fields = if more.len() == 1 { "field is" } else { "fields are" };
        let ids: BTreeSet<&str> =
            more.iter().filter_map(|n| Some(seen.objects.get(seen.wrong[*n].object?)?.1.as_str())).collect();
        let shown: Vec<String> = ids.iter().take(MOST_PLACES).map(|id| format!("`{id}`")).collect();
        let rest = match ids.len() - shown.len() {
            0 => String::new(),
            hidden => format!(" and {hidden} more"),
        };
        message = format!("{message}; {} more {fields} wrong, in {}{rest}", more.len(), shown.join(", "));
    }
    let hint = advice::for_value(variants, cause, &|variant| {
        let other = VariantFaults::of(variant);
        numbers.iter().all(|number| seen.answer(*number, &other) == Answer::Changed)
    });
    let hint = hint.or_else(|| first.hint.clone());
    let places = causes.into_iter().take(MOST_PLACES).map(Place::Value).collect();
    Diagnostic { message, places, hint, ..first.clone() }
}

/// An acceptable substitute for each value that was refused, where one is easily found.
fn stand_ins<'p>(request: &Request, user: &Value, refused: &'p [ValuePath]) -> Vec<(&'p ValuePath, Value)> {
    let options = schema::CheckOptions {
        release: layers::version(&request.target),
        unknown_keys: request.unknown_keys,
        skip_schema_validation: false,
    };
    let candidates = [json!("example"), json!(1), json!(true), json!({}), json!([])];
    let fits = |path: &ValuePath, value: &Value| {
        let tried = tree::with(user, path, value.clone());
        let empty = Value::Object(Map::new());
        let touched = |d: &Diagnostic| d.places.iter().filter_map(Place::path).any(|place| touch(place, path));
        !schema::violations(&tried, &empty, &options).iter().any(touched)
    };
    let there = refused.iter().filter(|path| path.within(user).is_some()).take(MOST_STAND_INS);
    there.filter_map(|path| Some((path, candidates.iter().find(|value| fits(path, value))?.clone()))).collect()
}
