//! Charts with GitLab's chart as a dependency: their values have a section for it, and globals above that section.

use serde_json::Value;

use super::node::get;
use crate::diag::ValuePath;
use crate::schema::known_keys;
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
    // sections of the chart below `gitlab` may be misplaced; `gitlab` or `global` there, or hardly anything else, is another chart's file
    has("gitlab")
        || has("global") && (alone || foreign > 1)
        || alone && foreign > 1
        || beside(&["gitlab", "global"]) && foreign > 1 && foreign > domestic
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
/// another type, the inner value stays.
pub(super) fn pass_down(values: &mut Node, globals: Option<Node>) {
    let (Some(globals), Kind::Map(entries)) = (globals, &mut values.kind) else { return };
    let at = globals.at;
    let own = entries.entry("global", || Node { key: globals.key, ..Node::empty_map(at) });
    over(own, globals);
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
