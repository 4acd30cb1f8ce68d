//! A value together with the place of each of its parts.

use std::collections::HashMap;
use std::mem;

use serde_json::{Map, Value};

use crate::diag::{Location, Step, ValuePath};

/// One of the user's values, each part with its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// The place of its key; `None` for list items and the root.
    pub key: Option<Location>,
    /// The place of the value.
    pub at: Location,
    /// The value.
    pub kind: Kind,
}

/// The content of a [`Node`].
#[derive(Debug, Clone)]
pub enum Kind {
    /// Null, a boolean, a number or a string.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Entries),
}

impl Node {
    /// A scalar, or JSON data from a single place.
    pub fn from_value(value: Value, at: Location) -> Self {
        let kind = match value {
            Value::Array(items) => Kind::List(items.into_iter().map(|v| Node::from_value(v, at)).collect()),
            Value::Object(map) => {
                let mut entries = Entries::default();
                for (key, value) in map {
                    entries.insert(key, Node { key: Some(at), ..Node::from_value(value, at) });
                }
                Kind::Map(entries)
            }
            scalar => Kind::Scalar(scalar),
        };
        Node { key: None, at, kind }
    }

    /// An empty map.
    pub fn empty_map(at: Location) -> Self {
        Node { key: None, at, kind: Kind::Map(Entries::default()) }
    }

    /// Maps the place of each part.
    pub fn relocate(&mut self, to: &mut dyn FnMut(&mut Location)) {
        self.key.iter_mut().for_each(&mut *to);
        to(&mut self.at);
        match &mut self.kind {
            Kind::Scalar(_) => {}
            Kind::List(items) => items.iter_mut().for_each(|item| item.relocate(to)),
            Kind::Map(entries) => entries.0.iter_mut().for_each(|(_, node)| node.relocate(to)),
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Scalar(Value::Null))
    }

    /// The value without its places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Kind::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, node) in entries.iter() {
                    map.insert(key.clone(), node.to_value());
                }
                Value::Object(map)
            }
        }
    }

    /// As [`Self::to_value`], without a second copy of keys and strings.
    pub fn into_value(self) -> Value {
        match self.kind {
            Kind::Scalar(value) => value,
            Kind::List(items) => Value::Array(items.into_iter().map(Node::into_value).collect()),
            Kind::Map(entries) => {
                Value::Object(entries.0.into_iter().map(|(key, node)| (key, node.into_value())).collect())
            }
        }
    }

    /// Merges a later layer over this one: maps merge, other values replace.
    pub fn overlay(&mut self, over: Node) {
        match (&mut self.kind, over.kind) {
            (Kind::Map(mine), Kind::Map(theirs)) => {
                self.at = over.at;
                self.key = over.key.or(self.key);
                for (key, node) in theirs.0 {
                    match mine.get_mut(&key) {
                        Some(old) => old.overlay(node),
                        None => mine.insert(key, node),
                    }
                }
            }
            (_, kind) => *self = Node { kind, ..over },
        }
    }

    /// The part at this path.
    pub fn find(&self, path: &ValuePath) -> Option<&Node> {
        path.0.iter().try_fold(self, |node, step| node.child(step))
    }

    /// The part one step below.
    pub fn child(&self, step: &Step) -> Option<&Node> {
        match (step, &self.kind) {
            (Step::Key(key), Kind::Map(entries)) => entries.get(key),
            (Step::Index(index), Kind::List(items)) => items.get(*index),
            _ => None,
        }
    }

    /// The approximate memory cost of a copy: one for a node, one for every 64 bytes of its strings.
    pub fn weight(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar(Value::String(text)) => text.len() / 64,
            Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Node::weight).sum(),
            Kind::Map(entries) => entries.iter().map(|(key, node)| key.len() / 64 + node.weight()).sum(),
        }
    }
}

/// The entries of a map in the order they were written.
///
/// Small maps, nearly all of them, are searched linearly; an index is made only when a map grows.
#[derive(Debug, Clone, Default)]
pub struct Entries(Vec<(String, Node)>, HashMap<String, usize>);

/// A map has an index from this number of entries on.
const INDEXED: usize = 24;

impl Entries {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Node)> {
        self.0.iter().map(|(key, node)| (key, node))
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.1.is_empty() { self.0.iter().position(|(k, _)| k == key) } else { self.1.get(key).copied() }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.position(key).map(|i| &self.0[i].1)
    }

    /// The value of a key, mutable.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.position(key).map(|i| &mut self.0[i].1)
    }

    /// Sets a key; an existing one keeps its position.
    pub fn insert(&mut self, key: String, node: Node) {
        if let Some(old) = self.get_mut(&key) {
            *old = node;
            return;
        }
        if !self.1.is_empty() {
            self.1.insert(key.clone(), self.0.len());
        }
        self.0.push((key, node));
        if self.1.is_empty() && self.0.len() >= INDEXED {
            self.1 = self.0.iter().enumerate().map(|(i, (k, _))| (k.clone(), i)).collect();
        }
    }

    /// The node of a key, made with `new` where there is none.
    pub fn entry(&mut self, key: &str, new: impl FnOnce() -> Node) -> &mut Node {
        let position = self.position(key).unwrap_or_else(|| {
            self.insert(key.to_owned(), new());
            self.0.len() - 1
        });
        &mut self.0[position].1
    }

    /// Removes and returns all entries.
    pub fn take(&mut self) -> Vec<(String, Node)> {
        self.1.clear();
        mem::take(&mut self.0)
    }
}

/// Merges the entries of the value of `<<`, earlier maps of a list first; returns the explicit keys that it would
/// change.
pub(super) fn merge_maps(node: Node, explicit: &Entries, merged: &mut Entries) -> Result<Vec<String>, Location> {
    let maps = match node.kind {
        Kind::List(items) => items,
        _ => vec![node],
    };
    let mut shadowed = Vec::new();
    for map in maps.into_iter().rev() {
        let Kind::Map(mut entries) = map.kind else { return Err(map.at) };
        for (key, node) in entries.take() {
            if explicit.get(&key).is_some_and(|own| own.to_value() != node.to_value()) {
                shadowed.push(key.clone());
            }
            merged.insert(key, node);
        }
    }
    Ok(shadowed)
}
