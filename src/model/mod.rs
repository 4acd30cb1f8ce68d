//! Checked values as Rust types, one file per topic. Derived values are in [`crate::resolve`].
//!
//! Every field may be missing: the defaults are in `values.yaml`, and a user may remove any of them with null. A
//! component's own settings are a type beside its logic, in `resolve/component/<name>.rs`; the types here are shared by
//! two or more components.

pub mod app_config;
pub mod global;
pub mod psql;
pub mod redis;
mod scalar;
pub mod workload;

pub use scalar::{NonEmpty, Number, Port, Text, number_or_text};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::diag::{Step, ValuePath};

/// A part of the values that is passed on as it is.
pub type Node = Value;
/// A map that is passed on as it is, in the order of the values file.
pub type NodeMap = serde_json::Map<String, Value>;

/// A section of which only the switch matters.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Switch {
    /// On or off.
    pub enabled: bool,
}

/// A value of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Its path below the section that was read.
    pub path: ValuePath,
    /// The expected type.
    pub reason: String,
}

/// Reads a section of the values as a type; a missing section (null) is read as null where the type accepts that, and
/// as an empty map otherwise.
///
/// # Errors
/// The first place where the type does not match, without its value.
pub fn read<T: DeserializeOwned>(section: &Value) -> Result<T, Misfit> {
    static EMPTY: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| Value::Object(NodeMap::new()));
    if section.is_null()
        && let Ok(nothing) = T::deserialize(section)
    {
        return Ok(nothing);
    }
    let section = if section.is_null() { &*EMPTY } else { section };
    T::deserialize(section)
        .map_err(|_| innermost(section, &|part| T::deserialize(part).err().map(|error| reason(&error.to_string()))))
}

/// The innermost part of a section that fails by itself: every field may be missing, so the part can be read without
/// its surroundings. `wrong` has the expected type.
fn innermost(section: &Value, wrong: &dyn Fn(&Value) -> Option<String>) -> Misfit {
    let mut misfit = Misfit { path: ValuePath::root(), reason: wrong(section).unwrap_or_default() };
    let mut part = section;
    loop {
        let path = &misfit.path;
        let (empty, inner): (_, Vec<(ValuePath, &Value)>) = match part {
            Value::Object(map) => {
                (Value::Object(NodeMap::new()), map.iter().map(|(key, inner)| (path.key(key), inner)).collect())
            }
            Value::Array(items) => {
                (Value::Array(Vec::new()), items.iter().enumerate().map(|(n, item)| (path.index(n), item)).collect())
            }
            _ => return misfit,
        };
        if wrong(&alone(path, &empty)).is_some() {
            // The value itself has the wrong type, not what is in it.
            return misfit;
        }
        let next = inner
            .into_iter()
            .find_map(|(path, inner)| wrong(&alone(&path, inner)).map(|reason| (Misfit { path, reason }, inner)));
        let Some(next) = next else { return misfit };
        (misfit, part) = next;
    }
}

/// A tree with one part at its path; a list has it as the only item.
fn alone(path: &ValuePath, part: &Value) -> Value {
    path.0.iter().rev().fold(part.clone(), |inner, step| match step {
        Step::Key(key) => Value::Object([(key.to_string(), inner)].into_iter().collect()),
        Step::Index(_) => Value::Array(vec![inner]),
    })
}

/// serde's message is `invalid type: string "x", expected a boolean`: the value itself is left out, and types of ours have the
/// names that a user knows.
fn reason(message: &str) -> String {
    match message.rfind(", expected ") {
        Some(at) => format!("expected {}", in_words(&message[at + ", expected ".len()..])),
        // Said by a reader of ours, without the value.
        None if message.starts_with("expected ") => message.to_owned(),
        None => "the value has the wrong type".to_owned(),
    }
}

/// A type as serde names it, in the words of YAML.
fn in_words(expected: &str) -> &str {
    let first = expected.split(' ').next().unwrap_or_default();
    match first {
        "struct" | "map" => "a map",
        "tuple" | "array" => "a list",
        "enum" | "variant" | "internally" | "adjacently" => "another value",
        "unit" => "null",
        "f32" | "f64" => "a number",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize" => "a whole number",
        _ if expected == "a sequence" => "a list",
        _ => expected,
    }
}
