//! The tables of `docs/security.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use gitlab_render::manifest::Manifest;
use serde_json::Value;

use super::pods::{Container, Pod};
use super::{WITH_TOKEN, WITHOUT_LIMIT, WITHOUT_POLICY, documents, hardened, objects};
use crate::common::{root, unexpected};

#[test]
fn the_tables_of_the_security_page_are_current() {
    let path = root().join("docs/security.md");
    let mut page = std::fs::read_to_string(&path).expect("the page is there");
    let plain: Vec<_> = documents().into_iter().map(|(name, request)| (objects(&name, &request), name)).collect();
    let plain: Vec<_> = plain.into_iter().map(|(objects, name)| (name, objects)).collect();
    let hardened = hardened();
    for (mark, text) in [
        ("pods", permissions(&plain)),
        ("hardened", permissions(&hardened)),
        ("network", network(&hardened)),
        ("reasons", reasons()),
    ] {
        let (begin, end) = (format!("<!-- {mark}:begin -->\n"), format!("<!-- {mark}:end -->"));
        let (head, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("there is no place for {mark}"));
        let (_, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("the place for {mark} has no end"));
        page = format!("{head}{begin}{text}{end}{tail}");
    }
    let wrong = unexpected(&path, &page);
    assert!(wrong.is_none(), "`UPDATE_EXPECT=1 cargo test security` writes the tables anew");
}

/// The pods of all renders by template: one row a container, with all that any render gives it.
fn permissions(renders: &[(String, Vec<Manifest>)]) -> String {
    let mut rows: BTreeMap<(String, String), Vec<BTreeSet<String>>> = BTreeMap::new();
    for pod in renders.iter().flat_map(|(_, objects)| Pod::all(objects)) {
        for container in &pod.containers {
            let row =
                rows.entry((pod.source.clone(), container.name.clone())).or_insert_with(|| vec![BTreeSet::new(); 5]);
            for (cell, said) in row.iter_mut().zip(cells(&pod, container)) {
                cell.extend(said);
            }
        }
    }
    let mut text =
        "| pod | container | user | capabilities | may write to | token | permissions in the API server |\n".to_owned();
    text.push_str("|---|---|---|---|---|---|---|\n");
    let mut last = String::new();
    for ((source, container), cells) in rows {
        let shown = if source == last { String::new() } else { format!("`{source}`") };
        last = source;
        let cells: Vec<String> = cells.iter().map(|cell| cell.iter().cloned().collect::<Vec<_>>().join("; ")).collect();
        writeln!(text, "| {shown} | {container} | {} |", cells.join(" | ")).expect("a string takes all");
    }
    text
}

fn cells(pod: &Pod, container: &Container) -> [Vec<String>; 5] {
    let user = container.user.map_or_else(|| "the image's".to_owned(), |user| user.to_string());
    let mut writable: Vec<String> = container.writable.iter().map(|path| format!("`{path}`")).collect();
    if !container.read_only {
        writable.push("the image's files".to_owned());
    }
    let token = if pod.token { "yes" } else { "no" };
    let rules = if pod.token { pod.rules.iter().cloned().collect() } else { Vec::new() };
    [vec![user], vec![container.capabilities.clone()], writable, vec![token.to_owned()], rules]
}

/// What the policies let each pod reach, and who may reach it.
fn network(renders: &[(String, Vec<Manifest>)]) -> String {
    let mut rows: BTreeMap<String, [BTreeSet<String>; 2]> = BTreeMap::new();
    for pod in renders.iter().flat_map(|(_, objects)| Pod::all(objects)) {
        let row = rows.entry(pod.source.clone()).or_default();
        for policy in &pod.policies {
            for (cell, (kind, key, peers)) in
                row.iter_mut().zip([("Ingress", "ingress", "from"), ("Egress", "egress", "to")])
            {
                if policy.types.iter().any(|t| t == kind) {
                    let rules = policy.spec[key].as_array().map_or(&[][..], Vec::as_slice);
                    cell.extend(rules.iter().map(|rule| spoken(rule, peers)));
                    if rules.is_empty() {
                        cell.insert("nobody".to_owned());
                    }
                }
            }
        }
    }
    let mut text = "| pod | may be reached by | may reach |\n|---|---|---|\n".to_owned();
    for (source, cells) in rows {
        let cells = cells.map(|cell| match cell.is_empty() {
            true => "no rule: all".to_owned(),
            false => cell.into_iter().collect::<Vec<_>>().join("; "),
        });
        writeln!(text, "| `{source}` | {} |", cells.join(" | ")).expect("a string takes all");
    }
    text
}

/// A rule in words: `webservice, sidekiq on 8080, 8181`.
fn spoken(rule: &Value, peers: &str) -> String {
    let who: Vec<String> = rule[peers].as_array().map_or(Vec::new(), |peers| peers.iter().map(peer).collect());
    let ports: Vec<String> = rule["ports"].as_array().map_or(Vec::new(), |ports| {
        let protocol = |port: &Value| if port["protocol"] == "UDP" { "/UDP" } else { "" };
        ports.iter().map(|port| format!("{}{}", port["port"], protocol(port)).replace('"', "")).collect()
    });
    let who = if who.is_empty() { "any address".to_owned() } else { who.join(", ") };
    if ports.is_empty() { who } else { format!("{who} on {}", ports.join(", ")) }
}

fn peer(peer: &Value) -> String {
    let mut words = Vec::new();
    for (selector, what) in [("podSelector", ""), ("namespaceSelector", "namespace ")] {
        let labels = peer[selector]["matchLabels"].as_object().into_iter().flatten();
        words.extend(labels.map(|(_, value)| format!("{what}{}", value.as_str().unwrap_or_default())));
        for expression in peer[selector]["matchExpressions"].as_array().into_iter().flatten() {
            let values = expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
            words.push(format!("{what}{}", values.collect::<Vec<_>>().join(", ")));
        }
    }
    if words.is_empty() { "any pod".to_owned() } else { words.join(" in ") }
}

/// What the profile leaves, with the reasons.
fn reasons() -> String {
    let mut text = String::new();
    for (title, list) in [
        ("No NetworkPolicy of both directions", WITHOUT_POLICY),
        ("No limit of memory", WITHOUT_LIMIT),
        ("A token is mounted", WITH_TOKEN),
    ] {
        writeln!(text, "\n{title}:\n").expect("a string takes all");
        for (what, reason) in list {
            writeln!(text, "- `{what}`: {reason}").expect("a string takes all");
        }
    }
    text
}
