//! Keys that nothing reads, and what was probably meant by them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::gone::{GONE, OTHER_WORDS};
use super::store::{self, At};
use crate::diag::{Diagnostic, Step, ValuePath};

/// Says that a key is unknown, and what to write in its place.
pub(super) fn tell(path: &ValuePath, user: &Value) -> Diagnostic {
    let finding = Diagnostic::error("unknown-key", format!("`{path}` is not a known key")).at_value(path.clone());
    let Some(keys) = keys(path) else {
        return in_a_list(finding, path);
    };
    finding.hint(meant(&keys, path.within(user)))
}

/// What an object for Kubernetes is that stands where values should, and which of its keys that explains.
pub(super) fn manifest(user: &Value) -> Option<(Diagnostic, &'static [&'static str])> {
    let kind =
        user.get("kind").and_then(Value::as_str).filter(|_| user.get("apiVersion").is_some_and(Value::is_string))?;
    let hint = match kind {
        "HelmRelease" => "the values are what stands below `spec.values`: write that into a file of its own",
        "Application" | "ApplicationSet" => {
            "the values are what stands below `helm.values` or `helm.valuesObject`: write that into a file of its own"
        }
        "GitLab" => "the values are what stands below `spec.chart.values`: write that into a file of its own",
        "HelmChart" | "HelmChartConfig" => {
            "the values are what stands below `spec.valuesContent`: write that into a file of its own"
        }
        _ => "give files with values only; objects of your own are applied beside ours",
    };
    let message = "`kind`: this is an object for Kubernetes, not a file with values, and nothing in it is read";
    let finding = Diagnostic::error("not-values", message).at_value(ValuePath::dotted("kind")).hint(hint);
    Some((finding, &["apiVersion", "kind", "metadata", "spec", "data", "stringData", "type", "status"]))
}

fn meant(keys: &[&str], value: Option<&Value>) -> String {
    let dotted = keys.join(".");
    if let Some((_, sentence)) = GONE.iter().find(|(path, _)| dotted == *path) {
        return (*sentence).to_owned();
    }
    let Some((key, parent)) = keys.split_last() else { return "remove it".to_owned() };
    if matches!(*key, "ingressClassName" | "ingressClass") {
        return "write `global.ingress.class`".to_owned();
    }
    let siblings = siblings(parent);
    if let Some((_, there, sentence)) = OTHER_WORDS.iter().find(|(k, there, _)| k == key && siblings.contains(there)) {
        return format!("{sentence} `{there}`");
    }
    let near = siblings.iter().map(|sibling| (likeness(key, sibling), *sibling)).max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((score, sibling)) = near
        && score >= 0.85
    {
        return format!("did you mean `{sibling}`?");
    }
    if let Some(place) = elsewhere(keys, value) {
        return format!("did you mean `{place}`?");
    }
    if let Some((score, sibling)) = near
        && score >= 0.7
    {
        return format!("did you mean `{sibling}`?");
    }
    let place = if parent.is_empty() { "at the top level".to_owned() } else { format!("under `{}`", parent.join(".")) };
    match siblings.len() {
        0 => "nothing reads it, remove it".to_owned(),
        1..=8 => format!("{place} there is {}", list(&siblings)),
        _ => format!("nothing {place} is called like this, remove it"),
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// In a list there is no other place that could have been meant: only the siblings help.
fn in_a_list(finding: Diagnostic, path: &ValuePath) -> Diagnostic {
    let Some((schema, key)) = path.parent().and_then(|p| Some((descend(&p.0)?, path.last_key()?))) else {
        return finding.hint("nothing reads it, remove it");
    };
    let known: Vec<_> = schema.properties().into_iter().map(|(key, _)| key).collect();
    match known.iter().max_by(|a, b| likeness(key, a).total_cmp(&likeness(key, b))) {
        Some(near) if likeness(key, near) >= 0.7 => finding.hint(format!("did you mean `{near}`?")),
        Some(_) if known.len() <= 12 => finding.hint(format!("an entry has {}", list(&known))),
        _ => finding.hint("nothing reads it, remove it"),
    }
}

/// From 0 to 1: equal but for case and separators, the same words in another order, few edits.
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
    // A plural, or an ending more.
    if plain_a.len() > 3
        && plain_b.len() > 3
        && (plain_a.strip_prefix(&plain_b) == Some("s") || plain_b.strip_prefix(&plain_a) == Some("s"))
    {
        return 0.9;
    }
    strsim::normalized_damerau_levenshtein(&plain_a, &plain_b)
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A place where a key of this name is known, the likeliest one.
fn elsewhere(keys: &[&str], value: Option<&Value>) -> Option<String> {
    let (key, parent) = keys.split_last()?;
    let whole = keys.join("");
    let section = component(parent);
    let candidates = PLACES.iter().filter_map(|place| {
        let (before, last) = place.rsplit_once('.').unwrap_or(("", place));
        // `gitlab-sidekiq` is `gitlab.sidekiq` with another joint.
        let same_whole = same(place, &whole) && place.split('.').count() != keys.len();
        if !same(last, key) && !same_whole {
            return None;
        }
        let steps: Vec<&str> = place.split('.').collect();
        let missed = parent.iter().filter(|p| !steps.contains(p)).count() as i64;
        let added = steps.len() as i64 - keys.len() as i64;
        let inside = children(value).filter(|child| knows(&[&steps[..], &[*child]].concat())).count() as i64;
        let global = i64::from(steps[0] == "global");
        let same_section = section.is_some_and(|section| place.starts_with(section));
        // What stands in one component's section was not meant for another.
        let foreign = section.is_some() && !same_section && before != "global" && missed as usize == parent.len();
        let sole = parent.len() > 1 && SOLE.contains(place.as_str()) && !COMMON.contains(&last);
        let says_nothing = missed > 0 && (COMMON.contains(&last) || global == 0) && inside == 0 && !sole;
        if !same_whole && (foreign || says_nothing || (section.is_some() && global == 0 && !same_section && added >= 0))
        {
            return None;
        }
        // A component without its `gitlab`.
        let bare = i64::from(keys.len() == 1 && before == "gitlab");
        let far = if added > 0 { 3 * added } else { -added };
        let alike = 6 * i64::from(same_whole) + 6 * bare + 5 * i64::from(same_section) + 3 * inside + 2 * global;
        let score = alike - 2 * missed - far;
        (score > -8).then_some((score, place))
    });
    candidates
        .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.len().cmp(&a.1.len())).then_with(|| b.1.cmp(a.1)))
        .map(|(_, place)| place.clone())
}

/// Equal but for case and separators.
fn same(a: &str, b: &str) -> bool {
    let letters = |text: &'_ str| -> Vec<u8> { text.bytes().filter(u8::is_ascii_alphanumeric).collect() };
    a.len().abs_diff(b.len()) <= 3 && letters(a).eq_ignore_ascii_case(&letters(b))
}

/// The component whose section a path is in, `gitlab.kas`; what stands in it was not meant for another.
fn component(parent: &[&str]) -> Option<&'static str> {
    let depth = if parent.first() == Some(&"gitlab") { 2 } else { 1 };
    let section = parent.get(..depth)?.join(".");
    if section == "global" {
        return None;
    }
    PLACES.iter().find(|place| **place == section).map(String::as_str)
}

const COMMON: &[&str] = &[
    "enabled",
    "name",
    "host",
    "port",
    "secret",
    "key",
    "path",
    "type",
    "tls",
    "labels",
    "annotations",
    "resources",
    "image",
    "tag",
    "repository",
    "url",
    "size",
    "level",
    "format",
    "install",
    "create",
    "config",
    "service",
    "gateway",
    "metrics",
    "affinity",
    "hpa",
    "replicas",
    "minReplicas",
    "maxReplicas",
    "https",
    "bucket",
    "connection",
];

fn children(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_object).into_iter().flat_map(|map| map.keys().map(String::as_str))
}

/// Every path of the schemas down to four keys, deep enough for what people put in the wrong place.
static PLACES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut places = Vec::new();
    gather(store::root(), &mut Vec::new(), &mut places);
    places
});

/// Places whose last key is found nowhere else.
static SOLE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut by_key: HashMap<&str, Option<&str>> = HashMap::new();
    for place in PLACES.iter() {
        let key = place.rsplit('.').next().unwrap_or(place);
        by_key.entry(key).and_modify(|sole| *sole = None).or_insert(Some(place));
    }
    by_key.into_values().flatten().collect()
});

fn gather(at: At, steps: &mut Vec<&'static str>, places: &mut Vec<String>) {
    if steps.len() == 4 {
        return;
    }
    for (key, part) in at.properties() {
        steps.push(key);
        places.push(steps.join("."));
        gather(part, steps, places);
        steps.pop();
    }
}

fn siblings(parent: &[&str]) -> Vec<&'static str> {
    let steps: Vec<_> = parent.iter().map(|key| Step::Key((*key).into())).collect();
    descend(&steps).map(|at| at.properties().into_iter().map(|(key, _)| key).collect()).unwrap_or_default()
}

/// Whether the schemas know the path; below a map of free keys all is known.
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
    path.0
        .iter()
        .map(|step| match step {
            Step::Key(key) => Some(&**key),
            Step::Index(_) => None,
        })
        .collect()
}
