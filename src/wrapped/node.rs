//! Access to trees in the form of another tool.

use serde_json::Value;

use crate::diag::Location;
use crate::yaml::{Kind, Node};

/// The value at keys that are joined by dots; null counts as missing.
pub(super) fn get<'n>(node: &'n Node, path: &str) -> Option<&'n Node> {
    let found = path.split('.').try_fold(node, |node, key| match &node.kind {
        Kind::Map(entries) => entries.get(key),
        _ => None,
    });
    found.filter(|node| !node.is_null())
}

/// A scalar as a string; a version such as `9.1` is parsed as a number.
pub(super) fn string(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Scalar(Value::String(text)) => Some(text.clone()),
        Kind::Scalar(Value::Null) => None,
        Kind::Scalar(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The string at a path.
pub(super) fn text(node: &Node, path: &str) -> Option<String> {
    placed(node, path).map(|found| found.text)
}

/// A string with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wrapped) struct Placed {
    pub text: String,
    pub at: Location,
}

/// The string at a path, with its place.
pub(super) fn placed(node: &Node, path: &str) -> Option<Placed> {
    let found = get(node, path)?;
    string(found).filter(|text| !text.is_empty()).map(|text| Placed { text, at: found.at })
}

/// Whether the value at a path is `true`.
pub(super) fn is_true(node: &Node, path: &str) -> bool {
    get(node, path).is_some_and(|node| matches!(node.kind, Kind::Scalar(Value::Bool(true))))
}

/// The items of a list as strings.
pub(super) fn words(node: &Node, path: &str) -> Vec<String> {
    items(node, path).iter().filter_map(string).collect()
}

/// The items of the list at a path.
pub(super) fn items<'n>(node: &'n Node, path: &str) -> &'n [Node] {
    match get(node, path).map(|node| &node.kind) {
        Some(Kind::List(items)) => items,
        _ => &[],
    }
}

/// All strings below a node with their places.
pub(super) fn strings(node: &Node) -> Vec<(String, Location)> {
    match &node.kind {
        Kind::Scalar(Value::String(text)) => vec![(text.clone(), node.at)],
        Kind::Scalar(_) => Vec::new(),
        Kind::List(items) => items.iter().flat_map(strings).collect(),
        Kind::Map(entries) => entries.iter().flat_map(|(_, node)| strings(node)).collect(),
    }
}
