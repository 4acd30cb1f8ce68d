//! Keys that nothing reads, and what to write in their place.
//!
//! A guess is made only where it is certain: within the component that the user names, or between `global` and the
//! section of the same component, if the keys below it are those of the suggested position. Otherwise there is no
//! suggestion.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::misplaced::{self, SYNONYMS};
use super::prune::{self, SchemaFindings};
use super::store::{self, At};
use super::{ignored, pattern};
use crate::bundle::REFUSED_KEYS;
use crate::diag::{Diagnostic, Step, ValuePath};
use crate::tree::without_null_entries;

/// Reports an unknown key and what to write instead.
pub(super) fn finding(path: &ValuePath, user: &Value) -> Diagnostic {
    let finding = Diagnostic::error("unknown-key", format!("`{path}` is not a known key")).at_value(path.clone());
    let Some(keys) = keys(path) else {
        return in_a_list(finding, path);
    };
    finding.hint(meant(&keys, path.within(user)))
}

/// A value without its unknown keys.
pub(super) fn without(at: At, value: &Value) -> Value {
    let at = at.resolved();
    match value {
        Value::Object(map) => {
            let others = at.others();
            let known = map.iter().filter_map(|(key, inner)| {
                let inner = match (at.property(key), others) {
                    (Some(part), _) => without(part, inner),
                    (None, Some(Value::Bool(false))) => return None,
                    (None, Some(part)) => without(at.part(part), inner),
                    (None, None) => inner.clone(),
                };
                Some((key.clone(), inner))
            });
            Value::Object(known.collect())
        }
        Value::Array(items) => match at.schema.get("items") {
            Some(part) => Value::Array(items.iter().map(|item| without(at.part(part), item)).collect()),
            None => value.clone(),
        },
        scalar => scalar.clone(),
    }
}

/// Reports how many more keys are unknown; `next` is the first of them.
pub(super) fn more(next: &ValuePath, count: usize) -> Diagnostic {
    let message = match count {
        1 => format!("`{next}` is not a known key"),
        count => format!("`{next}` and {} keys after it are not known", count - 1),
    };
    let hint = "correct the keys above first; check that this is a values file for GitLab";
    Diagnostic::error("unknown-key", message).at_value(next.clone()).hint(hint)
}

/// A warning for each known key without effect.
pub(super) fn unread(user: &Value) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (unread, instead) in misplaced::without_effect() {
        pattern::each(user, unread, &mut |path, value, _| {
            if !value.is_null() {
                let message = format!("`{path}` changes nothing: it affects no object");
                found.push(Diagnostic::warning("unread-key", message).at_value(path).hint(instead));
            }
        });
    }
    found
}

/// What to write instead of a known key without effect.
pub(super) fn unread_hint(keys: &[&str]) -> Option<&'static str> {
    let unread = misplaced::without_effect().chain(ignored::hints());
    unread.into_iter().find(|(unread, _)| pattern::matches(unread, keys)).map(|(_, hint)| hint)
}

/// What to write instead of a key that never existed; the most specific hint.
pub(super) fn misplaced_hint(keys: &[&str]) -> Option<&'static str> {
    let stars = |pattern: &str| pattern.matches('*').count();
    let rows = misplaced::unknown().filter(|(pattern, _)| pattern::matches(pattern, keys));
    rows.min_by_key(|(pattern, _)| stars(pattern)).map(|(_, hint)| hint)
}

/// Whether a key is known and has no effect: it is no suggestion.
fn is_unread(keys: &[&str]) -> bool {
    unread_hint(keys).is_some()
}

/// All unknown keys.
pub(super) fn all(user: &Value) -> Vec<ValuePath> {
    let mut found = SchemaFindings::default();
    prune::prune(store::root(), &without_null_entries(user), None, &mut found);
    found.unknown
}

/// Unknown keys below `global` that resemble none there, each with the hint about exactly this key.
pub(super) fn foreign_globals(globals: &Value) -> Vec<(ValuePath, Option<&'static str>)> {
    let user = json!({ "global": globals });
    let foreign = all(&user).into_iter().filter_map(|path| {
        let keys = keys(&path)?;
        (!resembles_one(&keys, path.within(&user)))
            .then(|| misplaced::answer(&keys.join(".")))
            .map(|hint| (path.clone(), hint))
    });
    foreign.collect()
}

/// Whether a key is probably a misspelt one of ours.
fn resembles_one(keys: &[&str], value: Option<&Value>) -> bool {
    let Some((key, parent)) = keys.split_last() else { return false };
    let siblings = siblings(parent);
    let one_letter = |sibling: &&str| key.len() > 2 && strsim::damerau_levenshtein(&plain(key), &plain(sibling)) <= 1;
    near(key, parent, &siblings, value).is_some()
        || siblings.iter().any(one_letter)
        || near_of_another_type(key, parent, &siblings).is_some()
        || parent.len() > 1 && beside_the_parent(keys, value).is_some()
}

fn meant(keys: &[&str], value: Option<&Value>) -> String {
    let Some((key, parent)) = keys.split_last() else { return "remove it".to_owned() };
    let siblings = siblings(parent);
    let near = near(key, parent, &siblings, value);
    if let Some(answer) = misplaced::answer(&keys.join(".")) {
        return match is_of_another_chart(keys, answer, value) {
            true => format!(
                "{answer} if that is meant; none of these keys exists there, so it may be another chart's section"
            ),
            false => answer.to_owned(),
        };
    }
    // A key that differs only in case or separators is more certain than any sentence about keys of a kind.
    if let Some(sibling) = near.filter(|sibling| plain(sibling) == plain(key)) {
        return format!("did you mean `{sibling}`?");
    }
    if let Some(answer) = misplaced_hint(keys) {
        return answer.to_owned();
    }
    // Whatever stands below it.
    let same = |sibling: &&&str| plain(sibling) == plain(key) && is_offered(&[parent, &[**sibling]].concat());
    if let Some(sibling) = siblings.iter().find(same) {
        return format!("did you mean `{sibling}`?");
    }
    // Dots join keys only on the command line.
    let split: Vec<&str> = parent.iter().copied().chain(key.split('.')).collect();
    if split.len() > keys.len() && fits(&split, value) {
        return format!("did you mean `{}`?", split.join("."));
    }
    // Probes are settings of the workload.
    let of_workload = |kind: &&str| key.ends_with("Probe") && knows(&[parent, &[*kind, *key]].concat());
    if let Some(kind) = ["deployment", "statefulset"].iter().find(|kind| of_workload(kind)) {
        return format!("write `{}`", [parent, &[*kind, *key]].concat().join("."));
    }
    let of_an_ingress = parent.last().is_some_and(|section| *section == "ingress");
    if matches!(*key, "ingressClassName" | "ingressClass") || of_an_ingress && *key == "className" {
        return "write `global.ingress.class`".to_owned();
    }
    if let Some((_, there, sentence)) = SYNONYMS.iter().find(|(k, there, _)| k == key && siblings.contains(there)) {
        return format!("{sentence} `{there}`");
    }
    if let Some(sibling) = near {
        return format!("did you mean `{sibling}`?");
    }
    if let Some(hint) = near_a_misplaced(key, parent) {
        return hint.to_owned();
    }
    if let Some(place) = beside_the_parent(keys, value) {
        return format!("did you mean `{place}`?");
    }
    if let Some((sibling, kind)) = near_of_another_type(key, parent, &siblings) {
        return match value.is_some_and(Value::is_object) && kind == "map" {
            true => format!("did you mean `{sibling}`?"),
            false => format!("did you mean `{sibling}`, which is a {kind}?"),
        };
    }
    if let Some(place) = elsewhere(keys, value) {
        return format!("did you mean `{place}`?");
    }
    let place = if parent.is_empty() { "at the top level".to_owned() } else { format!("under `{}`", parent.join(".")) };
    match siblings.len() {
        0 => "nothing reads it, remove it".to_owned(),
        1..=8 => format!("{place} there is {}", list(&siblings)),
        _ => format!("nothing {place} has this name, remove it"),
    }
}

/// Whether a section of values is one of another chart: none of its keys exists in the section that is written instead.
fn is_of_another_chart(keys: &[&str], answer: &str, value: Option<&Value>) -> bool {
    let instead = answer.strip_prefix("write `").and_then(|rest| rest.strip_suffix('`'));
    let (Some(instead), [_], Some(Value::Object(map))) = (instead, keys, value) else { return false };
    let place: Vec<&str> = instead.split('.').collect();
    let reads = |key: &String| is_declared(&[&place[..], &[key.as_str()]].concat());
    !instead.contains('`') && !map.is_empty() && !map.keys().any(reads)
}

/// The misspelt sibling: at most two letters differ, three after the same prefix, and the value is valid there.
fn near(key: &str, parent: &[&str], siblings: &[&'static str], value: Option<&Value>) -> Option<&'static str> {
    let misspelt = |sibling: &&'static str| {
        let likeness = likeness(key, sibling);
        let edits = strsim::damerau_levenshtein(&plain(key), &plain(sibling));
        let same_start = key.bytes().zip(sibling.bytes()).take_while(|(a, b)| a == b).count();
        let close = (edits <= 2 && likeness >= 0.8) || (edits <= 3 && same_start >= 6);
        (likeness >= 0.9 || close).then_some((likeness, *sibling))
    };
    let fits = |sibling: &str| fits(&[parent, &[sibling]].concat(), value);
    let likely = siblings.iter().filter_map(misspelt).filter(|(_, sibling)| fits(sibling));
    likely.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, sibling)| sibling)
}

/// What is said of a key that never existed and that this one is a misspelling of: `gitlab.kas.enable`.
fn near_a_misplaced(key: &str, parent: &[&str]) -> Option<&'static str> {
    let of_parent = |(pattern, hint): (&'static str, &'static str)| {
        let last = pattern.rsplit('.').next()?;
        let close = last != "*" && likeness(key, last) >= 0.8 && pattern::matches(pattern, &[parent, &[last]].concat());
        close.then_some((likeness(key, last), hint))
    };
    let rows = misplaced::unknown().filter_map(of_parent);
    rows.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, hint)| hint)
}

/// The same key below a section whose name is like the parent's: `global.hosts.domain` for `global.host.domain`.
fn beside_the_parent(keys: &[&str], value: Option<&Value>) -> Option<String> {
    let (key, parent) = keys.split_last()?;
    let (name, above) = parent.split_last()?;
    let like = |other: &&&str| *other != name && likeness(name, other) >= 0.8;
    let places = siblings(above);
    let places = places.iter().filter(like).map(|other| [above, &[*other], &[*key]].concat());
    let places: Vec<_> = places.filter(|place| is_declared(place) && fits(place, value)).collect();
    only(&places).map(|place| place.join("."))
}

/// The sibling that differs in an ending or a letter, where the value is of another type than it takes.
fn near_of_another_type(key: &str, parent: &[&str], siblings: &[&'static str]) -> Option<(&'static str, &'static str)> {
    let close =
        siblings.iter().filter(|sibling| likeness(key, sibling) >= 0.9 && is_offered(&[parent, &[**sibling]].concat()));
    let sibling = close.max_by(|a, b| likeness(key, a).total_cmp(&likeness(key, b)))?;
    let steps: Vec<_> = parent.iter().chain([sibling]).map(|key| Step::Key((*key).into())).collect();
    let types = descend(&steps)?.schema.get("type")?;
    let is = |name: &str| types == name || types.as_array().is_some_and(|types| types.iter().any(|t| t == name));
    let kind = [("array", "list"), ("object", "map")].into_iter().find(|(name, _)| is(name))?.1;
    Some((sibling, kind))
}

/// Whether the schemas name each key of a path, and none is there only because its section takes any key.
fn is_declared(place: &[&str]) -> bool {
    (1..=place.len()).all(|end| siblings(&place[..end - 1]).contains(&place[end - 1]))
}

/// Whether a value is valid at a position: the position is known and not refused, expects a map exactly for a map, and
/// knows most keys of the map.
fn fits(place: &[&str], value: Option<&Value>) -> bool {
    let steps: Vec<_> = place.iter().map(|key| Step::Key((*key).into())).collect();
    let Some(at) = descend(&steps) else { return false };
    if !is_offered(place) {
        return false;
    }
    let takes = |name: &str| {
        let types = at.schema.get("type");
        types.is_none_or(|types| types == name || types.as_array().is_some_and(|types| types.iter().any(|t| t == name)))
    };
    match value {
        Some(Value::Object(map)) => {
            let reads = |keys: &[&str]| knows(keys) && is_offered(keys);
            let known = map.keys().filter(|key| reads(&[place, &[key.as_str()]].concat())).count();
            takes("object") && known * 2 >= map.len()
        }
        Some(Value::Array(_)) => takes("array"),
        Some(Value::Null) | None => true,
        Some(Value::Bool(_)) => takes("boolean"),
        Some(Value::Number(_)) => takes("number") || takes("integer") || takes("string"),
        Some(Value::String(_)) => !(takes("object") || takes("array")) || takes("string"),
    }
}

/// Whether a known key may be suggested: it is neither refused nor without effect, nor reported itself.
fn is_offered(place: &[&str]) -> bool {
    !REFUSED_KEYS.contains(&place.join(".").as_str()) && misplaced_hint(place).is_none() && !is_unread(place)
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// In a list no other position could be intended: only the siblings are suggested.
fn in_a_list(finding: Diagnostic, path: &ValuePath) -> Diagnostic {
    let Some((schema, key)) = path.parent().and_then(|p| Some((descend(&p.0)?, path.last_key()?))) else {
        return finding.hint("nothing reads it, remove it");
    };
    let known: Vec<_> = schema.properties().into_iter().map(|(key, _)| key).collect();
    match known.iter().max_by(|a, b| likeness(key, a).total_cmp(&likeness(key, b))) {
        Some(near) if likeness(key, near) >= 0.8 => finding.hint(format!("did you mean `{near}`?")),
        Some(_) if known.len() <= 12 => finding.hint(format!("an entry has {}", list(&known))),
        _ => finding.hint("nothing reads it, remove it"),
    }
}

/// A likeness from 0 to 1: equal except for case and separators, the same words in another order, few edits.
fn likeness(a: &str, b: &str) -> f64 {
    let (plain_a, plain_b) = (plain(a), plain(b));
    if plain_a == plain_b {
        return 1.0;
    }
    let words = |text: &str| {
        let mut words: Vec<_> = text.split(['-', '_']).map(str::to_lowercase).collect();
        words.sort();
        words
    };
    if a.contains(['-', '_']) && words(a) == words(b) {
        return 0.95;
    }
    // A plural, or a longer ending.
    if plain_a.len() >= 3
        && plain_b.len() >= 3
        && (plain_a.strip_prefix(&plain_b) == Some("s") || plain_b.strip_prefix(&plain_a) == Some("s"))
    {
        return 0.9;
    }
    strsim::normalized_damerau_levenshtein(&plain_a, &plain_b)
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The only other position of the same component at which such a value is valid.
fn elsewhere(keys: &[&str], value: Option<&Value>) -> Option<String> {
    let depth = if ["gitlab", "global"].contains(keys.first()?) { 2 } else { 1 };
    let component = bare(keys.get(depth - 1)?);
    let (section, rest) = keys.split_at(depth);
    // The same key in another section of the component: `global.shell.sshDaemon`, `gitlab.gitlab-shell.sshDaemon`.
    let sections = SECTIONS.iter().filter(|other| {
        let name = other.rsplit('.').next().unwrap_or(other);
        bare(name) == component && **other != section.join(".")
    });
    let moved = sections.map(|other| other.split('.').chain(rest.iter().copied()).collect::<Vec<_>>());
    let moved: Vec<_> = moved
        .filter(|place| is_declared(place) || place.last() == Some(&"install"))
        .filter(|place| fits(place, value))
        .collect();
    if let Some(place) = only(&moved) {
        return Some(place.join("."));
    }
    // The name of a misplaced component is sufficient.
    if keys.len() == 1 && value.is_some_and(Value::is_object) && knows(&["gitlab", keys[0]]) {
        return Some(format!("gitlab.{}", keys[0]));
    }
    // A level of the same section is missing, or superfluous: `registry.clusterIP`, `registry.service.clusterIP`.
    let key = rest.last()?;
    let own = section.join(".") + ".";
    let within = PLACES.iter().filter(|place| place.starts_with(&own)).map(|place| place.split('.').collect());
    let within: Vec<Vec<&str>> =
        within.filter(|place: &Vec<&str>| place.last() == Some(key) && is_one_level_apart(place, keys)).collect();
    let place = only(&within).filter(|place| fits(place, value))?;
    let says_something =
        !COMMON.contains(key) || value.is_some_and(|value| value.as_object().is_some_and(|map| !map.is_empty()));
    says_something.then(|| place.join("."))
}

/// Whether one of two paths is the other with a level more.
fn is_one_level_apart(a: &[&str], b: &[&str]) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let mut rest = long.iter();
    long.len() == short.len() + 1 && short.iter().all(|step| rest.any(|other| other == step))
}

fn only<T>(all: &[T]) -> Option<&T> {
    if let [one] = all { Some(one) } else { None }
}

/// A component's name without `gitlab-`, in lower case: `gitlab-shell`, `shell` and `gitlabShell` are equal.
fn bare(name: &str) -> String {
    let plain = plain(name);
    plain.strip_prefix("gitlab").filter(|rest| !rest.is_empty()).map_or_else(|| plain.clone(), str::to_owned)
}

/// Keys that occur everywhere, so that a match means nothing.
const COMMON: &[&str] = &[
    "affinity",
    "annotations",
    "bucket",
    "config",
    "connection",
    "create",
    "enabled",
    "format",
    "gateway",
    "host",
    "hpa",
    "https",
    "image",
    "install",
    "key",
    "labels",
    "level",
    "maxReplicas",
    "metrics",
    "minReplicas",
    "name",
    "path",
    "port",
    "replicas",
    "repository",
    "resources",
    "secret",
    "service",
    "size",
    "tag",
    "tls",
    "type",
    "url",
];

/// The sections of the schemas: the keys at the top level, and below `gitlab` and `global`.
static SECTIONS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let below = |place: &&String| match place.split_once('.') {
        None => *place != "gitlab" && *place != "global",
        Some((first, rest)) => ["gitlab", "global"].contains(&first) && !rest.contains('.'),
    };
    PLACES.iter().filter(below).map(String::as_str).collect()
});

/// Every path of the schemas down to five keys, which is deep enough for the usual misplaced keys.
static PLACES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut places = Vec::new();
    gather(store::root(), &mut Vec::new(), &mut places);
    places
});

fn gather(at: At, steps: &mut Vec<&'static str>, places: &mut Vec<String>) {
    if steps.len() == 5 {
        return;
    }
    for (key, part) in at.properties() {
        steps.push(key);
        places.push(steps.join("."));
        gather(part, steps, places);
        steps.pop();
    }
}

pub(super) fn siblings(parent: &[&str]) -> Vec<&'static str> {
    let steps: Vec<_> = parent.iter().map(|key| Step::Key((*key).into())).collect();
    descend(&steps).map(|at| at.properties().into_iter().map(|(key, _)| key).collect()).unwrap_or_default()
}

/// Whether the schemas know the path; every key of a map of free keys is known.
pub(super) fn knows(keys: &[&str]) -> bool {
    let steps: Vec<_> = keys.iter().map(|key| Step::Key((*key).into())).collect();
    descend(&steps).is_some()
}

fn descend(steps: &[Step]) -> Option<At> {
    static FREE: Value = Value::Bool(true);
    let mut at = store::root();
    for step in steps {
        at = at.resolved();
        let known = match step {
            Step::Index(_) => at.schema.get("items").map(|part| at.part(part)),
            Step::Key(key) => at.property(key),
        };
        at = match (known, at.others()) {
            (Some(part), _) => part,
            (None, Some(Value::Bool(false))) if matches!(step, Step::Key(_)) => return None,
            (None, Some(part)) if matches!(step, Step::Key(_)) => at.part(part),
            (None, _) => at.part(&FREE),
        };
    }
    Some(at.resolved())
}

/// The keys of a path without list positions; `None` where there is one.
fn keys(path: &ValuePath) -> Option<Vec<&str>> {
    path.0.iter().map(Step::key).collect()
}
