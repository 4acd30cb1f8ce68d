//! Which of the user's values made a fault of an object: what a user passes through to Kubernetes is found again
//! by its key or by its words.

use serde_json::Value;

use crate::diag::{Diagnostic, Place, Step, ValuePath};

/// A word shorter than this is everywhere.
const SHORTEST: usize = 4;

/// More suspects than this tell nothing.
const MOST: usize = 3;

/// Adds the places that a fault probably comes from to faults that have none.
///
/// A fault reads `` `<object>`: `<field>`: <reason with `words`> ``.
pub(super) fn add_places(found: &mut [Diagnostic], user: &Value) {
    let mut all = Vec::new();
    walk(user, ValuePath::root(), &mut all);
    for fault in found.iter_mut().filter(|d| d.places.is_empty()) {
        let pieces: Vec<&str> = fault.message.split('`').skip(1).step_by(2).collect();
        let [object, field, words @ ..] = pieces.as_slice() else { continue };
        let words: Vec<&str> = words.iter().map(|word| named(word)).collect();
        let suspects = by_field(field, &all, object).or_else(|| by_words(&words, &all, object));
        let suspects = suspects.or_else(|| by_template(&all, object));
        let suspects = suspects.unwrap_or_default();
        fault.places.extend(suspects.into_iter().map(|path| Place::Value(path.clone())));
    }
}

/// The name in `ConfigMap/name`; other words as they are.
fn named(word: &str) -> &str {
    word.split_once('/').filter(|(kind, _)| kind.starts_with(char::is_uppercase)).map_or(word, |(_, name)| name)
}

/// Every value with its path, outer ones first.
fn walk<'v>(value: &'v Value, path: ValuePath, all: &mut Vec<(ValuePath, &'v Value)>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| walk(inner, path.key(key), all)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| walk(item, path.index(n), all)),
        _ => {}
    }
    if !path.0.is_empty() {
        all.push((path, value));
    }
}

/// Values with the key of the field, and with the key before it where that tells them apart.
fn by_field<'v>(field: &str, all: &'v [(ValuePath, &Value)], object: &str) -> Option<Vec<&'v ValuePath>> {
    let mut keys = field.rsplit('.').filter(|key| !key.ends_with(']'));
    let last = keys.next().filter(|key| *key != "name")?;
    let paths = all.iter().map(|(path, _)| path);
    let mut suspects: Vec<_> = paths.filter(|path| path.last_key() == Some(last)).collect();
    if let Some(before) = keys.next() {
        narrow(&mut suspects, |path| path.parent().is_some_and(|parent| parent.last_key() == Some(before)));
    }
    few(suspects, object)
}

/// Values whose text holds one of the words, or is a part of one.
fn by_words<'v>(words: &[&str], all: &'v [(ValuePath, &Value)], object: &str) -> Option<Vec<&'v ValuePath>> {
    let tells = |text: &str| {
        let holds = |word: &&str| word.len() >= SHORTEST && (text.contains(*word) || word.contains(text));
        text.len() >= SHORTEST && words.iter().any(holds)
    };
    let texts = all.iter().filter(|(_, value)| value.as_str().is_some_and(tells));
    few(texts.map(|(path, _)| path).collect(), object)
}

/// Values that are templates: what they gave has other words.
fn by_template<'v>(all: &'v [(ValuePath, &Value)], object: &str) -> Option<Vec<&'v ValuePath>> {
    let texts = all.iter().filter(|(_, value)| value.as_str().is_some_and(|text| text.contains("{{")));
    few(texts.map(|(path, _)| path).collect(), object)
}

/// The suspects in the section of the object's component where there are any; none where too many are left.
fn few<'v>(mut suspects: Vec<&'v ValuePath>, object: &str) -> Option<Vec<&'v ValuePath>> {
    narrow(&mut suspects, |path| {
        let section = path.0.iter().take(2).any(|step| matches!(step, Step::Key(key) if object.contains(&**key)));
        section && path.0.len() > 1
    });
    (!suspects.is_empty() && suspects.len() <= MOST).then_some(suspects)
}

/// Keeps those that `keep` says, unless that leaves none.
fn narrow(suspects: &mut Vec<&ValuePath>, keep: impl Fn(&ValuePath) -> bool) {
    if suspects.iter().any(|path| keep(path)) {
        suspects.retain(|path| keep(path));
    }
}
