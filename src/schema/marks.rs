//! Keys that only some releases of GitLab read: those with `since` or `until` in their schema.

use serde_json::{Map, Value};

use crate::bundle::{self, Releases};
use crate::diag::{Diagnostic, ValuePath};
use crate::releases::GitlabVersion;
use crate::values::Merged;

/// Reports the user's keys that this release does not read. They are removed from the values, and so are their
/// defaults: no later stage has to know which release reads what.
pub(super) fn unread(release: GitlabVersion, merged: &mut Merged) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (path, releases) in bundle::MARKED_VALUES.iter().filter(|(_, releases)| !releases.has(release.numbers())) {
        let steps: Vec<&str> = path.split('.').collect();
        take(&mut merged.user, &steps, &ValuePath::root(), &mut |path| found.push(finding(path, release, *releases)));
        take(&mut merged.tree, &steps, &ValuePath::root(), &mut |_| {});
    }
    found
}

/// Removes the keys that a release does not read from a tree of defaults.
pub(super) fn remove_unread(release: GitlabVersion, tree: &mut Value) {
    for (path, _) in bundle::MARKED_VALUES.iter().filter(|(_, releases)| !releases.has(release.numbers())) {
        let steps: Vec<&str> = path.split('.').collect();
        take(tree, &steps, &ValuePath::root(), &mut |_| {});
    }
}

fn finding(path: ValuePath, release: GitlabVersion, releases: Releases) -> Diagnostic {
    let read = match (releases.since, releases.until) {
        (Some(since), _) if release.numbers() < since => format!("it is read from {} on", named(since)),
        (_, Some(until)) => format!("it was read up to {}; remove it", named(until)),
        (_, None) => "remove it".to_owned(),
    };
    let message = format!("`{path}` is not read by GitLab {release}");
    Diagnostic::error("unknown-key", message).at_value(path).hint(read)
}

/// A bound as people write it: a series where it is the first or the last patch of one.
fn named((major, minor, patch): (u32, u32, u32)) -> String {
    match patch {
        0 | u32::MAX => format!("GitLab {major}.{minor}"),
        patch => format!("GitLab {major}.{minor}.{patch}"),
    }
}

/// Removes the values at `steps`, where `*` is any key and `[]` each item of a list, and calls `taken` with the path of
/// each.
fn take(at: &mut Value, steps: &[&str], path: &ValuePath, taken: &mut dyn FnMut(ValuePath)) {
    let (Value::Object(map), Some((step, rest))) = (at, steps.split_first()) else { return };
    if rest.is_empty() {
        remove(map, step, path, taken);
    } else if *step == "*" {
        map.iter_mut().for_each(|(key, below)| take(below, rest, &path.key(key), taken));
    } else if let Some(list) = step.strip_suffix("[]") {
        let items = map.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        items.enumerate().for_each(|(index, item)| take(item, rest, &path.key(list).index(index), taken));
    } else if let Some(below) = map.get_mut(*step) {
        take(below, rest, &path.key(step), taken);
    }
}

fn remove(map: &mut Map<String, Value>, step: &str, path: &ValuePath, taken: &mut dyn FnMut(ValuePath)) {
    if map.shift_remove(step).is_some_and(|value| !is_off(&value)) {
        taken(path.key(step));
    }
}

/// Whether a value only turns off what the release does not have anyway: nothing is lost with it.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Object(map) => map.values().all(is_off),
        _ => false,
    }
}
