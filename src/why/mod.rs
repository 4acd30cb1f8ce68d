//! Why a field is what it is: the values that decide it, with their layers, and how that is written down.

mod embedded;
pub mod field;
mod object;
pub mod report;

use serde_json::Value;

use crate::diag::ValuePath;
use crate::manifest::ObjectId;

pub use object::{nearest, selects};

/// What is known about one field, or about an object as a whole.
#[derive(Debug, Clone)]
pub struct FieldOrigin {
    /// The field as `diff` writes it.
    pub field: String,
    /// What stands there, without secrets; none where the field is not there, and would be with another value.
    pub value: Option<Value>,
    /// The values that decide it, the most telling first.
    pub sources: Vec<ValueSource>,
}

/// The answer about an object.
#[derive(Debug, Clone)]
pub struct ObjectOrigin {
    /// Which object.
    pub object: ObjectId,
    /// The template that makes it, `webservice/deployment.yaml`.
    pub template: String,
    /// The fields that were asked for: one, or all that a value reaches.
    pub fields: Vec<FieldOrigin>,
    /// Whether one field was asked for.
    pub one: bool,
    /// The flags of the command line that decide a field too.
    pub flags: Vec<&'static str>,
    /// How many variants of the values were rendered for it.
    pub renders: usize,
}

/// A value that decides a field.
#[derive(Debug, Clone)]
pub struct ValueSource {
    /// Its path.
    pub path: ValuePath,
    /// Where it was written.
    pub at: LayerValue,
    /// The same path in lower layers, the highest first; the default is the last.
    pub overridden: Vec<LayerValue>,
    /// What shows that it decides the field: another value, and what the field would be with it.
    pub shown_by: Proof,
}

/// A value in a layer.
#[derive(Debug, Clone)]
pub struct LayerValue {
    /// `default`, `profile`, `file`, `--set`, and the other flags that set values.
    pub layer: &'static str,
    /// What the user calls the layer; none for defaults.
    pub file: Option<String>,
    /// The line and the column, from 1.
    pub place: Option<(usize, usize)>,
    /// The value, without secrets.
    pub value: Value,
}

/// What another value would do to a field.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The other value, without secrets; none: the key removed.
    pub with: Option<Value>,
    /// What the field would be.
    pub then: FieldOutcome,
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldOutcome {
    /// The object is not there.
    NoObject,
    /// The object is there without the field.
    NoField,
    /// It holds this, without secrets.
    Value(Value),
}
