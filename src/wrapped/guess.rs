//! The probable path of the values in a file of an unknown form.

use serde_json::Value;

use super::{FileDocument, objects, umbrella};
use crate::diag::{Diagnostic, Severity, ValuePath};
use crate::schema::known_keys;
use crate::yaml::{Kind, Node, read};

/// The maximum depth of the search.
const DEEPEST: usize = 12;

/// The finding about a document without values at the top level and with some at a deeper path.
pub(super) fn finding(document: &FileDocument) -> Option<Diagnostic> {
    let Kind::Map(entries) = &document.root.kind else { return None };
    let known = known_keys(&[]);
    if !objects::is_no_values(&document.root) && entries.iter().any(|(key, _)| known.contains(&key.as_str())) {
        return None;
    }
    let (path, node) = below(&document.root, &ValuePath::root(), DEEPEST)?;
    let message = format!("the form of this file is not known; the values may be at `{path}`");
    Some(
        Diagnostic::error("not-values", message)
            .at(node.key.unwrap_or(node.at))
            .hint(format!("`--values-at '{path}'` reads them from there")),
    )
}

fn below<'n>(node: &'n Node, path: &ValuePath, depth: usize) -> Option<(ValuePath, &'n Node)> {
    let depth = depth.checked_sub(1)?;
    if is_values(node) {
        return Some((path.clone(), node));
    }
    match &node.kind {
        Kind::Map(entries) => entries.iter().find_map(|(key, inner)| below(inner, &path.clone().key(key), depth)),
        Kind::List(items) => {
            items.iter().enumerate().find_map(|(at, inner)| below(inner, &path.clone().index(at), depth))
        }
        Kind::Scalar(_) => None,
    }
}

/// Whether a node is values, or a string of YAML with values.
fn is_values(node: &Node) -> bool {
    match &node.kind {
        Kind::Map(_) => umbrella::looks_like_values(node),
        Kind::Scalar(Value::String(text)) if text.contains(':') && text.contains('\n') => {
            read::read_with(text, node.at.source, Severity::Warning)
                .is_ok_and(|read| umbrella::looks_like_values(&read.value))
        }
        _ => false,
    }
}
