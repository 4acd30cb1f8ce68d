//! Keys that only some releases of GitLab read: those with `since` or `until` in their schema.

use serde_json::Value;

use crate::bundle::{self, Releases};
use crate::diag::{Diagnostic, ValuePath};
use crate::releases::GitlabVersion;
use crate::tree::field_mut;
use crate::values::Merged;

/// Reports the user's keys that this release does not read. They are removed from the values, and so are their
/// defaults: no later stage has to know which release reads what.
pub(super) fn unread(release: GitlabVersion, merged: &mut Merged) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (steps, releases) in bundle::MARKED_VALUES.iter().filter(|(_, releases)| !releases.has(release.numbers())) {
        take(&mut merged.user, steps, None, &mut |path| found.push(finding(path.path(), release, *releases)));
        take(&mut merged.tree, steps, None, &mut |_| {});
    }
    found
}

/// Removes the keys that a release does not read from a tree of defaults.
pub(super) fn remove_unread(release: GitlabVersion, tree: &mut Value) {
    for (steps, _) in bundle::MARKED_VALUES.iter().filter(|(_, releases)| !releases.has(release.numbers())) {
        take(tree, steps, None, &mut |_| {});
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

/// The way to a value, made into a path only where one is reported.
struct Trail<'t> {
    above: Option<&'t Trail<'t>>,
    key: &'t str,
    index: Option<usize>,
}

impl Trail<'_> {
    fn path(&self) -> ValuePath {
        let path = self.above.map(Trail::path).unwrap_or_default().key(self.key);
        match self.index {
            Some(index) => path.index(index),
            None => path,
        }
    }
}

/// Removes the values at `steps`, where `*` is any key and `[]` each item of a list, and calls `taken` with the way to
/// each.
fn take(at: &mut Value, steps: &[&str], above: Option<&Trail<'_>>, taken: &mut dyn FnMut(&Trail<'_>)) {
    let Some((step, rest)) = steps.split_first() else { return };
    let key = |key| Trail { above, key, index: None };
    let list = step.strip_suffix("[]");
    if !rest.is_empty() && *step != "*" && list.is_none() {
        if let Some(below) = field_mut(at, step) {
            take(below, rest, Some(&key(step)), taken);
        }
        return;
    }
    let Value::Object(map) = at else { return };
    if rest.is_empty() {
        if map.shift_remove(*step).is_some_and(|value| !is_off(&value)) {
            taken(&key(step));
        }
    } else if let Some(list) = list {
        let items = map.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        let trail = |index| Trail { above, key: list, index: Some(index) };
        items.enumerate().for_each(|(index, item)| take(item, rest, Some(&trail(index)), taken));
    } else {
        map.iter_mut().for_each(|(name, below)| take(below, rest, Some(&key(name)), taken));
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
