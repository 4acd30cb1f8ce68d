//! The keys of a map of a `fleet.yaml`: each is read once, and the remaining ones are unknown.

use serde_json::Value;

use crate::diag::{Diagnostic, Location};
use crate::yaml::{Kind, Node};

/// A map that is being read.
pub(super) struct FleetFields<'n, 'f> {
    entries: Vec<(&'n str, &'n Node)>,
    known: Vec<String>,
    pub(super) findings: &'f mut Vec<Diagnostic>,
    node: &'n Node,
}

impl<'n, 'f> FleetFields<'n, 'f> {
    pub(super) fn of(node: &'n Node, findings: &'f mut Vec<Diagnostic>) -> Self {
        let entries = match &node.kind {
            Kind::Map(entries) => entries.iter().map(|(key, node)| (key.as_str(), node)).collect(),
            Kind::Scalar(Value::Null) => Vec::new(),
            _ => {
                findings.push(wrong(node, "a map"));
                Vec::new()
            }
        };
        FleetFields { entries, known: Vec::new(), findings, node }
    }

    pub(super) fn node(&mut self, key: &str) -> Option<&'n Node> {
        self.known.push(key.to_owned());
        let found = self.entries.iter().position(|(name, _)| *name == key)?;
        Some(self.entries.remove(found).1).filter(|node| !node.is_null())
    }

    /// The place of a key, whether it was read or not.
    pub(super) fn place(&self, key: &str) -> Option<Location> {
        let Kind::Map(entries) = &self.node.kind else { return None };
        entries.iter().find(|(name, _)| name.as_str() == key).map(|(_, node)| node.key.unwrap_or(node.at))
    }

    /// A string; a version that is written as a number counts as one.
    pub(super) fn string(&mut self, key: &str) -> Option<String> {
        let node = self.node(key)?;
        self.text(node)
    }

    fn text(&mut self, node: &Node) -> Option<String> {
        match &node.kind {
            Kind::Scalar(Value::String(text)) => Some(text.clone()),
            // The version would lose its last zero.
            Kind::Scalar(Value::Number(_)) => {
                self.findings.push(wrong(node, "a string").hint("put it in quotes: a number loses its trailing zeros"));
                None
            }
            _ => {
                self.findings.push(wrong(node, "a string"));
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, key: &str) -> Option<bool> {
        let node = self.node(key)?;
        match &node.kind {
            Kind::Scalar(Value::Bool(value)) => Some(*value),
            _ => {
                self.findings.push(wrong(node, "true or false"));
                None
            }
        }
    }

    pub(super) fn list(&mut self, key: &str) -> &'n [Node] {
        let Some(node) = self.node(key) else { return &[] };
        match &node.kind {
            Kind::List(items) => items,
            _ => {
                self.findings.push(wrong(node, "a list"));
                &[]
            }
        }
    }

    pub(super) fn strings(&mut self, key: &str) -> Vec<(String, Location)> {
        let items = self.list(key);
        items.iter().filter_map(|item| Some((self.text(item)?, item.at))).collect()
    }

    pub(super) fn map(&mut self, key: &str) -> Vec<(&'n str, &'n Node)> {
        let Some(node) = self.node(key) else { return Vec::new() };
        match &node.kind {
            Kind::Map(entries) => entries.iter().map(|(key, node)| (key.as_str(), node)).collect(),
            _ => {
                self.findings.push(wrong(node, "a map"));
                Vec::new()
            }
        }
    }

    /// Reports the remaining keys.
    pub(super) fn finish(self, what: &str) {
        for (key, node) in self.entries {
            let near =
                self.known.iter().max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
            let hint = match near.filter(|near| strsim::jaro_winkler(near, key) > 0.8) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys of {what} are {}", self.known.join(", ")),
            };
            self.findings.push(
                Diagnostic::error("fleet", format!("`{key}` is not a key of {what}"))
                    .at(node.key.unwrap_or(node.at))
                    .hint(hint),
            );
        }
    }
}

fn wrong(node: &Node, wanted: &str) -> Diagnostic {
    Diagnostic::error("fleet", format!("expected {wanted} here")).at(node.at)
}
