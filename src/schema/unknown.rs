//! Keys that nothing reads, and what was probably meant by them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::store::{self, At};
use crate::diag::{Diagnostic, Step, ValuePath};

/// Says that a key is unknown, and what to write in its place.
pub(super) fn tell(path: &ValuePath, user: &Value) -> Diagnostic {
    let finding = Diagnostic::error("unknown-key", format!("`{path}` is not a known key")).at_value(path.clone());
    let Some(keys) = keys(path) else {
        return in_a_list(finding, path);
    };
    finding.hint(meant(&keys, at_path(user, path)))
}

/// Keys that were, or that people write, and what became of them; a path or the start of one.
const GONE: &[(&str, &str)] = &[
    ("ai-gateway", "the AI gateway is not part of this deployment, remove it"),
    ("certmanager-issuer.install", "remove it; the issuer comes with `global.ingress.configureCertmanager`"),
    ("gitlab.gitaly.enabled", "write `global.gitaly.enabled`"),
    ("gitlab.gitlab-pages.enabled", "write `global.pages.enabled`"),
    ("gitlab.gitlab-runner.install", "write `gitlab-runner.install`"),
    ("gitlab.kas.enabled", "write `global.kas.enabled`"),
    ("gitlab.mattermost", "Mattermost is not part of GitLab's deployment any more, remove it"),
    ("gitlab.operator", "the operator was removed, remove the key"),
    ("gitlab.praefect.enabled", "write `global.praefect.enabled`"),
    ("gitlab.spamcheck.enabled", "write `global.spamcheck.enabled`"),
    ("gitlab.task-runner", "it is called `gitlab.toolbox` now"),
    ("gitlab.unicorn", "it is called `gitlab.webservice` now"),
    ("global.appConfig.defaultCanCreateGroup", "the setting moved into GitLab's Admin area, remove it"),
    ("global.appConfig.pages", "write `global.pages`"),
    ("global.appConfig.pseudonymizer", "GitLab removed the pseudonymizer, remove it"),
    ("global.appConfig.suggested_reviewers", "GitLab removed suggested reviewers, remove it"),
    ("global.busybox", "write `global.gitlabBase`; its image took the place of busybox"),
    ("global.cfssl", "write `shared-secrets.selfsign`"),
    ("global.editions", "write `global.edition`"),
    ("global.externalIP", "write `global.hosts.externalIP`"),
    ("global.grafana", "Grafana is not part of GitLab's deployment any more, remove it"),
    ("global.namespace", "give the namespace on the command line: `--namespace`"),
    ("global.operator", "the operator was removed, remove the key"),
    ("global.persistence", "a volume's class is set by component, as `gitlab.gitaly.persistence.storageClass`"),
    ("global.defaultStorageClass", "a volume's class is set by component, as `gitlab.gitaly.persistence.storageClass`"),
    ("global.rails.secret", "write `global.railsSecrets.secret`"),
    ("global.redis.enabled", "write `redis.install`"),
    ("global.runners", "write `global.runner.registrationToken`"),
    ("global.shell.metrics", "write `gitlab.gitlab-shell.metrics`"),
    ("global.gitlab.version", "write `global.gitlabVersion`"),
    ("global.gitlab-shell", "write `gitlab.gitlab-shell`"),
    ("global.postgresql.install", "write `postgresql.install`"),
    ("global.smtp.enable_starttls_auto", "write `global.smtp.starttls_auto`"),
    ("global.email.enabled", "write `global.smtp.enabled`"),
    ("grafana", "Grafana is not part of GitLab's deployment any more, remove it"),
    ("mattermost", "Mattermost is not part of GitLab's deployment any more, remove it"),
    ("minio.install", "write `global.minio.enabled`"),
    ("pages", "write `global.pages` for the site, `gitlab.gitlab-pages` for its pods"),
    ("postgres", "write `postgresql`"),
];

fn meant(keys: &[&str], value: Option<&Value>) -> String {
    let dotted = keys.join(".");
    if let Some((_, sentence)) = GONE.iter().find(|(path, _)| dotted == *path) {
        return (*sentence).to_owned();
    }
    let Some((key, parent)) = keys.split_last() else { return "remove it".to_owned() };
    let siblings = siblings(parent);
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
    let known: Vec<_> = properties(schema).map(|(k, _)| k.as_str()).collect();
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
    let whole = plain(&keys.join(""));
    PLACES
        .iter()
        .filter_map(|place| {
            let steps: Vec<&str> = place.split('.').collect();
            let (last, _) = steps.split_last()?;
            let same_key = plain(last) == plain(key);
            // `gitlab-sidekiq` is `gitlab.sidekiq` with another joint.
            let same_whole = plain(place) == whole && steps.len() != keys.len();
            if !same_key && !same_whole {
                return None;
            }
            let missed = parent.iter().filter(|p| !steps.contains(p)).count() as i64;
            let added = steps.len() as i64 - keys.len() as i64;
            let inside = children(value).filter(|child| knows(&[&steps[..], &[*child]].concat())).count() as i64;
            let global = i64::from(steps.first() == Some(&"global"));
            // The same name in another component is no better a guess than any other key of it.
            let sole = parent.len() > 1 && SOLE.contains(place.as_str()) && !COMMON.contains(last);
            let says_nothing = missed > 0 && (COMMON.contains(last) || global == 0) && inside == 0 && !sole;
            if !same_whole && (says_nothing || global == 0 && component(parent).is_some_and(|c| !place.starts_with(c)))
            {
                return None;
            }
            let same_section = i64::from(component(parent).is_some_and(|c| place.starts_with(c)));
            // A component without its `gitlab`.
            let section = i64::from(steps.len() == 2 && steps[0] == "gitlab" && keys.len() == 1);
            let far = if added > 0 { 3 * added } else { -added };
            let score =
                6 * i64::from(same_whole) + 6 * section + 5 * same_section + 3 * inside + 2 * global - 2 * missed - far;
            (score > -8).then_some((score, place))
        })
        .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.len().cmp(&a.1.len())).then_with(|| b.1.cmp(a.1)))
        .map(|(_, place)| place.clone())
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
    for (key, part) in properties(at) {
        steps.push(key);
        places.push(steps.join("."));
        gather(at.resolved().part(part), steps, places);
        steps.pop();
    }
}

fn properties(at: At) -> impl Iterator<Item = (&'static String, &'static Value)> {
    at.resolved().schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn siblings(parent: &[&str]) -> Vec<&'static str> {
    let steps: Vec<_> = parent.iter().map(|key| Step::Key((*key).into())).collect();
    descend(&steps).map(|at| properties(at).map(|(key, _)| key.as_str()).collect()).unwrap_or_default()
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
        let next = match step {
            Step::Index(_) => at.schema.get("items"),
            Step::Key(key) => match at.schema.get("properties").and_then(|p| p.get(&**key)) {
                Some(part) => Some(part),
                None => match at.schema.get("additionalProperties") {
                    Some(Value::Bool(false)) => return None,
                    Some(part) => Some(part),
                    None => Some(&FREE),
                },
            },
        };
        at = at.part(next.unwrap_or(&FREE));
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

fn at_path<'v>(user: &'v Value, path: &ValuePath) -> Option<&'v Value> {
    path.0.iter().try_fold(user, |at, step| match step {
        Step::Key(key) => at.get(&**key),
        Step::Index(index) => at.get(*index),
    })
}
