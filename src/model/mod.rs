//! Checked values as Rust types, one file a topic. No derivation: what follows from values is in
//! [`crate::resolve`].
//!
//! Every field may be missing: the defaults are in `values.yaml`, and a user may delete any of them
//! with null. A component's own settings are a type beside its decisions, in
//! `resolve/component/<name>.rs`; the types here are those that two or more components share.

pub mod app_config;
pub mod global;
pub mod psql;
pub mod redis;
mod scalar;
pub mod workload;

pub use scalar::{Number, Port, Text};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A part of the values that is passed on as it is.
pub type Node = Value;
/// A map that is passed on as it is, in the order of the values file.
pub type NodeMap = serde_json::Map<String, Value>;

/// A section with a switch, as far as only that matters.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Switch {
    /// On or off.
    pub enabled: bool,
}

/// A value whose type does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where, below the section that was read, joined by dots.
    pub path: String,
    /// What was expected there.
    pub reason: String,
}

/// Reads a section of the values as a type; a missing section (null) reads as nothing where the
/// type has that, and else as an empty map.
///
/// # Errors
/// The first place where the type does not fit, without the value that stands there.
pub fn read<T: DeserializeOwned>(section: &Value) -> Result<T, Misfit> {
    static EMPTY: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| Value::Object(NodeMap::new()));
    if section.is_null()
        && let Ok(nothing) = T::deserialize(section)
    {
        return Ok(nothing);
    }
    let section = if section.is_null() { &*EMPTY } else { section };
    // Keeping track of the path costs as much as reading: it is done again for what does not fit.
    T::deserialize(section).or_else(|_| {
        serde_path_to_error::deserialize(section)
            .map_err(|e| Misfit { path: e.path().to_string(), reason: reason(&e.into_inner().to_string()) })
    })
}

/// serde says `invalid type: string "x", expected a boolean`: the value itself is left out.
fn reason(message: &str) -> String {
    match message.rfind(", expected ") {
        Some(at) => format!("expected {}", &message[at + ", expected ".len()..]),
        None => "the value does not fit".to_owned(),
    }
}
