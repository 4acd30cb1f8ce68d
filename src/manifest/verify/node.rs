//! A value and the path to it; the path becomes a string only when a fault is found.

use serde_json::{Map, Value};

use crate::diag::{self, ValuePath};
use crate::tree::field;

#[derive(Clone, Copy)]
enum Step<'v> {
    Root,
    Key(&'v str),
    Index(usize),
}

/// A value in an object, `'v`, and its parents on the stack, `'p`.
#[derive(Clone, Copy)]
pub struct FieldValue<'v, 'p> {
    /// The value.
    pub value: &'v Value,
    parent: Option<&'p FieldValue<'v, 'p>>,
    step: Step<'v>,
}

impl<'v, 'p> FieldValue<'v, 'p> {
    /// The root of an object.
    pub fn root(value: &'v Value) -> Self {
        FieldValue { value, parent: None, step: Step::Root }
    }

    /// A child under a key, whether or not the object has it.
    pub fn child<'c>(&'c self, key: &'v str, value: &'v Value) -> FieldValue<'v, 'c>
    where
        'p: 'c,
    {
        FieldValue { value, parent: Some(self), step: Step::Key(key) }
    }

    /// The value under a key.
    pub fn get<'c>(&'c self, key: &'v str) -> Option<FieldValue<'v, 'c>>
    where
        'p: 'c,
    {
        Some(self.child(key, field(self.value, key)?))
    }

    /// The string under a key.
    pub fn text(&self, key: &str) -> Option<&'v str> {
        field(self.value, key)?.as_str()
    }

    /// Whether there is a value under a key.
    pub fn has(&self, key: &str) -> bool {
        field(self.value, key).is_some()
    }

    /// The value as a map.
    pub fn map(&self) -> Option<&'v Map<String, Value>> {
        self.value.as_object()
    }

    /// The entries of a map; empty where the value is not a map.
    pub fn entries<'c>(&'c self) -> impl Iterator<Item = (&'v str, FieldValue<'v, 'c>)>
    where
        'p: 'c,
    {
        self.map().into_iter().flatten().map(move |(key, value)| (key.as_str(), self.child(key, value)))
    }

    /// The items of a list; empty where the value is not a list.
    pub fn items<'c>(&'c self) -> impl Iterator<Item = FieldValue<'v, 'c>>
    where
        'p: 'c,
    {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().enumerate().map(move |(i, value)| FieldValue { value, parent: Some(self), step: Step::Index(i) })
    }

    /// `spec.template.spec.containers[0].image`.
    pub fn path(&self) -> String {
        let mut out = self.parent.map(FieldValue::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) if key.contains(['.', '/']) => {
                out.push('[');
                out.push_str(key);
                out.push(']');
            }
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Step::Index(index) => {
                out.push('[');
                out.push_str(&index.to_string());
                out.push(']');
            }
        }
        out
    }

    /// [`FieldValue::path`] as steps.
    pub fn steps(&self) -> ValuePath {
        let mut steps = self.parent.map(FieldValue::steps).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => steps.0.push(diag::Step::Key(key.into())),
            Step::Index(index) => steps.0.push(diag::Step::Index(index)),
        }
        steps
    }
}
