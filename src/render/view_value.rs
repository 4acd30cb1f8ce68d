//! The values of a view as minijinja objects: read in place, and copied only where a template writes them.
//!
//! A view has thousands of nodes, and a template reads few of them, so nothing is converted in advance.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use serde_json::Value as Tree;

/// A map or a list somewhere in a view.
#[derive(Debug)]
pub struct ViewValue {
    root: Arc<Tree>,
    path: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Key(Arc<str>),
    Index(usize),
}

impl ViewValue {
    /// A view, or a part of one.
    pub fn value(tree: Tree) -> Value {
        match scalar(&tree) {
            Some(value) => value,
            None => Value::from_object(ViewValue { root: Arc::new(tree), path: Vec::new() }),
        }
    }

    /// The node.
    pub fn tree(&self) -> &Tree {
        self.path.iter().fold(&*self.root, |at, step| match step {
            Step::Key(key) => at.get(&**key).unwrap_or(&Tree::Null),
            Step::Index(index) => at.get(index).unwrap_or(&Tree::Null),
        })
    }

    /// A child: a scalar by value, a map or a list by reference.
    fn child(&self, step: impl FnOnce() -> Step, tree: &Tree) -> Value {
        if let Some(value) = scalar(tree) {
            return value;
        }
        let mut path = Vec::with_capacity(self.path.len() + 1);
        path.extend_from_slice(&self.path);
        path.push(step());
        Value::from_object(ViewValue { root: Arc::clone(&self.root), path })
    }
}

/// The value of a scalar; `None` for a map or a list.
fn scalar(tree: &Tree) -> Option<Value> {
    match tree {
        Tree::Null => Some(Value::from(())),
        Tree::Bool(yes) => Some(Value::from(*yes)),
        Tree::String(text) => Some(Value::from(text.as_str())),
        Tree::Number(number) => Some(match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(n), _, _) => Value::from(n),
            (_, Some(n), _) => Value::from(n),
            (_, _, n) => Value::from(n.unwrap_or_default()),
        }),
        Tree::Array(_) | Tree::Object(_) => None,
    }
}

impl Object for ViewValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.tree() {
            Tree::Array(_) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.tree() {
            Tree::Array(items) => {
                let index = key.as_usize()?;
                items.get(index).map(|item| self.child(|| Step::Index(index), item))
            }
            tree => {
                let key = key.as_str()?;
                tree.get(key).map(|value| self.child(|| Step::Key(key.into()), value))
            }
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.tree() {
            Tree::Array(items) => Enumerator::Seq(items.len()),
            Tree::Object(map) => Enumerator::Values(map.keys().map(|key| Value::from(key.as_str())).collect()),
            _ => Enumerator::Empty,
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        match self.tree() {
            Tree::Array(items) => !items.is_empty(),
            Tree::Object(map) => !map.is_empty(),
            _ => false,
        }
    }
}
