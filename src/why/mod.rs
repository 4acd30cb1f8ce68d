//! The answer of `why`: the values that decide a field, with their layers, and its reports.

mod embedded;
pub mod field;
mod object;
pub mod report;

use serde_json::Value;

use crate::diag::{Sources, ValuePath, Warned};
use crate::manifest::ObjectId;

pub use object::{nearest, release_named, selects};

/// The answer about one field, or about an object as a whole.
#[derive(Debug, Clone)]
pub struct FieldOrigin {
    /// The path of the field in the notation of `diff`.
    pub field: String,
    /// Its value, without secrets; `None` where the field does not exist, and would with another value.
    pub value: Option<Value>,
    /// The values that decide it, the most telling first.
    pub sources: Vec<ValueSource>,
}

/// The answer about an object.
#[derive(Debug, Clone)]
pub struct ObjectOrigin {
    /// The object.
    pub object: ObjectId,
    /// Its template, `webservice/deployment.yaml`.
    pub template: String,
    /// The fields of the question: one, or all that a value affects.
    pub fields: Vec<FieldOrigin>,
    /// Whether the question is about one field.
    pub one: bool,
    /// The flags of the command line that decide a field too.
    pub flags: Vec<&'static str>,
    /// The release's name, where it was taken from the name of the object.
    pub release: Option<String>,
    /// The open questions of a profile or of a decision in the values, for stderr.
    pub questions: Warned<Sources>,
    /// The number of variants of the values that were rendered.
    pub renders: usize,
}

/// A value that decides a field.
#[derive(Debug, Clone)]
pub struct ValueSource {
    /// Its path.
    pub path: ValuePath,
    /// Its place.
    pub at: LayerValue,
    /// The same path in lower layers, the highest first; the default is the last.
    pub overridden: Vec<LayerValue>,
    /// The evidence: another value, and the field with it.
    pub shown_by: Proof,
}

/// A value in a layer.
#[derive(Debug, Clone)]
pub struct LayerValue {
    /// `default`, `profile`, `file`, `--set`, and the other flags that set values.
    pub layer: &'static str,
    /// The user's name for the layer; `None` for defaults.
    pub file: Option<String>,
    /// The line and the column, from 1.
    pub place: Option<(usize, usize)>,
    /// The value, without secrets.
    pub value: Value,
}

/// The effect of another value on a field.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The other value, without secrets; `None`: the key is removed.
    pub with: Option<Value>,
    /// The field with it.
    pub then: FieldOutcome,
}

/// The state of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldOutcome {
    /// The object does not exist.
    NoObject,
    /// The object exists without the field.
    NoField,
    /// The field has this value, without secrets.
    Value(Value),
}
