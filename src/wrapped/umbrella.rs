//! Charts with GitLab's chart as a dependency: their values have a section for it, and globals above that section.

use serde_json::Value;

use super::node::get;
use crate::diag::{Diagnostic, Step, ValuePath};
use crate::schema::{foreign_globals, known_keys};
use crate::yaml::{Entries, Kind, Node};

/// Where Big Bang has its package of GitLab: up to its version 3, and from 4 on.
const BIG_BANG: [&str; 2] = ["addons.gitlab", "packages.gitlab"];

/// Where Big Bang's package of GitLab is, in a file that gives it no values.
pub(super) fn without_values(node: &Node) -> Option<(&'static str, &Node)> {
    let (package, found) = BIG_BANG.iter().find_map(|package| Some((*package, get(node, package)?)))?;
    let is_package = ["enabled", "values", "git", "sourceType", "sso", "database", "objectStorage"];
    let is_package = is_package.iter().any(|key| get(found, key).is_some());
    (is_package && find(node).is_none()).then_some((package, found))
}

/// The path of the section for GitLab's chart, and whether the globals above it apply to it; `None` where these are
/// GitLab's values, or another file.
pub(super) fn find(node: &Node) -> Option<(ValuePath, bool)> {
    let Kind::Map(entries) = &node.kind else { return None };
    if get(node, "kind").is_some() && get(node, "apiVersion").is_some() {
        return None;
    }
    // Big Bang installs each package by a HelmRelease: its own globals do not apply to them.
    for package in BIG_BANG {
        let path = format!("{package}.values");
        if get(node, &path).is_some_and(|values| matches!(values.kind, Kind::Map(_))) {
            return Some((ValuePath::dotted(&path), false));
        }
    }
    let known = known_keys(&[]);
    let knows = |key: &String| known.contains(&key.as_str());
    let keys = |node: &Node| -> Vec<String> {
        match &node.kind {
            Kind::Map(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
            _ => Vec::new(),
        }
    };
    if let Some(upstream) = entries.get("upstream")
        && keys(upstream).iter().any(knows)
    {
        return Some((ValuePath::dotted("upstream"), true));
    }
    if entries.iter().any(|(key, _)| knows(key)) {
        return is_dependency(entries, &known).then(|| (ValuePath::dotted("gitlab"), true));
    }
    let holds_values = |key: &&String| entries.get(key).is_some_and(looks_like_values);
    let mut sections = entries.iter().map(|(key, _)| key).filter(holds_values);
    match (sections.next(), sections.next()) {
        (Some(key), None) => Some((ValuePath::root().key(key), true)),
        _ => None,
    }
}

/// Whether the keys of a map are those of GitLab's chart: several of them, or a section of it with keys of that section.
pub(super) fn looks_like_values(node: &Node) -> bool {
    let Kind::Map(entries) = &node.kind else { return false };
    let known = known_keys(&[]);
    let global = known_keys(&["global"]);
    let count = |known: &[&str]| entries.iter().filter(|(key, _)| known.contains(&key.as_str())).count();
    let section = |name: &str| {
        let known = known_keys(&[name]);
        matches!(entries.get(name).map(|node| &node.kind), Some(Kind::Map(inner)) if inner.iter().any(|(key, _)| known.contains(&key.as_str())))
    };
    // Some keys exist at the top level and in `global`: those of a misspelt `global` are not values.
    let own = count(&known);
    section("global") || section("gitlab") || own > 1 && own > count(&global)
}

/// Whether `gitlab` is the section of a dependency: it has sections that GitLab's own `gitlab` does not have.
fn is_dependency(entries: &Entries, known: &[&str]) -> bool {
    let Some(Node { kind: Kind::Map(inner), .. }) = entries.get("gitlab") else { return false };
    let own = known_keys(&["gitlab"]);
    let count = |is: &dyn Fn(&str) -> bool| inner.iter().filter(|(key, _)| is(key)).count();
    let foreign = count(&|key| known.contains(&key) && !own.contains(&key));
    let domestic = count(&|key| own.contains(&key) && !known.contains(&key));
    let beside = |allowed: &[&str]| {
        entries.iter().all(|(key, _)| allowed.contains(&key.as_str()) || !known.contains(&key.as_str()))
    };
    let alone = beside(&["gitlab"]);
    let has = |key: &str| inner.get(key).is_some();
    // A section of another chart, or one that another chart and GitLab's have both.
    let is_map = |key: &str| matches!(entries.get(key).map(|node| &node.kind), Some(Kind::Map(_)));
    let another = || {
        entries.iter().any(|(key, _)| is_map(key) && (!known.contains(&key.as_str()) || key != "global" && has(key)))
    };
    // sections of the chart below `gitlab` may be misplaced; `gitlab` or `global` there, or hardly anything else, is another chart's file
    has("gitlab")
        || has("global") && (alone || foreign > 1)
        || alone && foreign > 1
        || (beside(&["gitlab", "global"]) || another()) && foreign > 1 && foreign > domestic
}

/// The section at a path. The globals beside it are merged with the outer ones, which win.
pub(super) fn section(node: Node, path: &ValuePath, globals: &mut Option<Node>, inherited: bool) -> Option<Node> {
    if inherited {
        if let Some(own) = get(&node, "global") {
            let mut own = own.clone();
            if let Some(above) = globals.take() {
                over(&mut own, above);
            }
            *globals = Some(own);
        }
    } else {
        *globals = None;
    }
    node.find(path).cloned()
}

/// Merges the globals of an outer chart over those of the section, as Helm does: a null removes, and where a map meets
/// another type, the inner value stays. What GitLab's chart does not read of them is left out, and the findings name it.
pub(super) fn pass_down(values: &mut Node, globals: Option<Node>) -> Vec<Diagnostic> {
    let (Some(mut globals), Kind::Map(entries)) = (globals, &mut values.kind) else { return Vec::new() };
    let findings = without_foreign(&mut globals);
    let at = globals.at;
    let own = entries.entry("global", || Node { key: globals.key, ..Node::empty_map(at) });
    over(own, globals);
    findings
}

/// Removes the keys from an umbrella chart's globals that GitLab's chart does not read: these globals belong to all its
/// charts. A key that is like one of ours stays, and is the error that a misspelt key is everywhere.
pub(super) fn without_foreign(globals: &mut Node) -> Vec<Diagnostic> {
    let mut foreign = Vec::new();
    let mut findings = Vec::new();
    for (path, hint) in foreign_globals(&globals.to_value()) {
        let Some(at) = globals.find(&ValuePath(path.0[1..].to_vec())).map(|node| node.key.unwrap_or(node.at)) else {
            continue;
        };
        remove(globals, &path.0[1..]);
        // Below a section of ours, or where it often stands for a key of ours, it may be meant for GitLab.
        if path.0.len() > 2 || hint.is_some() {
            let message = format!("`{path}` is not a key of GitLab's chart, and is left to the other charts beside it");
            let hint = match hint {
                Some(hint) => format!("nothing to do if it is theirs; if GitLab is meant: {hint}"),
                None => "nothing to do if it is theirs; GitLab is rendered without it".to_owned(),
            };
            findings.push(Diagnostic::warning("foreign-global", message).at(at).hint(hint));
        } else {
            foreign.push((path, at));
        }
    }
    if let [(_, at), ..] = foreign[..] {
        let names: Vec<String> = foreign.iter().map(|(path, _)| format!("`{path}`")).collect();
        let (is, are) = if names.len() == 1 { ("is not a key", "is") } else { ("are no keys", "are") };
        let message =
            format!("{} {is} of GitLab's chart, and {are} left to the other charts beside it", names.join(", "));
        findings.push(Diagnostic::note("foreign-global", message).at(at));
    }
    findings
}

fn remove(node: &mut Node, path: &[Step]) {
    let (Kind::Map(entries), Some((Step::Key(key), rest))) = (&mut node.kind, path.split_first()) else { return };
    if !rest.is_empty() {
        return entries.get_mut(key).map_or((), |inner| remove(inner, rest));
    }
    for (name, node) in entries.take() {
        if name != **key {
            entries.insert(name, node);
        }
    }
}

fn over(own: &mut Node, above: Node) {
    let (Kind::Map(own), Kind::Map(mut above)) = (&mut own.kind, above.kind) else { return };
    for (key, value) in above.take() {
        match (own.get_mut(&key), &value.kind) {
            (Some(inner @ Node { kind: Kind::Map(_), .. }), Kind::Map(_)) => over(inner, value),
            (Some(Node { kind: Kind::Map(_), .. }), kind) if !matches!(kind, Kind::Scalar(Value::Null)) => {}
            (Some(_), Kind::Map(_)) => {}
            _ => own.insert(key, value),
        }
    }
}
