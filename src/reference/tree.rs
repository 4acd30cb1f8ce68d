//! The keys below a position.

use serde_json::Value;

use super::SchemaPart;
use crate::bundle::{MARKED_VALUES, Releases};
use crate::releases::GitlabVersion;

/// Whether a release reads a path; `[]` is ignored.
pub(super) fn is_read(path: &str, release: GitlabVersion) -> bool {
    releases_of(path).is_none_or(|releases| releases.has(release.numbers()))
}

/// The releases that read a path or a parent of it, where not all do.
pub(super) fn releases_of(path: &str) -> Option<Releases> {
    let keys: Vec<&str> = path.split('.').map(|key| key.trim_end_matches("[]")).collect();
    let fits = |steps: &[&str]| {
        let mut keys = keys.iter();
        steps.iter().all(|step| keys.next().is_some_and(|key| *step == "*" || step.trim_end_matches("[]") == *key))
    };
    MARKED_VALUES.iter().find(|(pattern, _)| fits(pattern)).map(|(_, releases)| *releases)
}

/// All keys below a position, each before its children.
pub(super) fn below(part: &SchemaPart, path: &str, depth: usize, release: GitlabVersion) -> Vec<(String, SchemaPart)> {
    let mut all = Vec::new();
    gather(part, path, depth, release, &mut all);
    all
}

fn gather(part: &SchemaPart, path: &str, depth: usize, release: GitlabVersion, all: &mut Vec<(String, SchemaPart)>) {
    if depth == 0 || part.file == "kubernetes" && !path.is_empty() {
        return;
    }
    for (key, inner) in keys(part) {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        if !is_read(&path, release) {
            continue;
        }
        all.push((path.clone(), inner.clone()));
        within(&inner, &path, depth - 1, release, all);
    }
}

/// The children of a key: its own keys, those of the items of a list, and those below free keys.
fn within(inner: &SchemaPart, path: &str, depth: usize, release: GitlabVersion, all: &mut Vec<(String, SchemaPart)>) {
    gather(inner, path, depth, release, all);
    if let Some(item) = inner.items() {
        gather(&item, &format!("{path}[]"), depth, release, all);
    }
    if let Some(others) = inner.others().filter(|others| !others.is_free()) {
        gather(&others, &format!("{path}.*"), depth, release, all);
    }
}

/// The known keys of a map by name.
pub(super) fn keys(part: &SchemaPart) -> Vec<(&'static str, SchemaPart)> {
    let mut keys = part.properties();
    keys.sort_by_key(|(key, _)| *key);
    keys
}

/// The default at a path; `None` below lists and free keys.
pub(super) fn default_at<'v>(defaults: &'v Value, path: &str) -> Option<&'v Value> {
    super::steps(path).iter().try_fold(defaults, |at, step| match step {
        super::PathStep::Key(key) => at.get(super::unescaped(key)),
        super::PathStep::Item => None,
    })
}
