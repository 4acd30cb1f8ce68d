//! Reads JSON for its data, within the limits that hold for YAML.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Value};

use super::{MAX_NODES, limits, scalar};
use crate::diag::{Location, Report};

/// Why a text is not read as JSON.
#[derive(Debug)]
pub enum JsonFault {
    /// There are more than [`MAX_NODES`] values.
    TooLarge,
    /// It is no JSON, or a key occurs twice.
    Wrong(Error),
}

/// Whether a text is JSON, if it is anything: it begins with a bracket. It may be YAML all the same.
pub fn is_like(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// The values of a text, which stand one after another. Whole numbers are integers, as in YAML.
///
/// # Errors
/// The first thing that is wrong; nothing is read beyond it.
pub fn values(text: &str) -> Result<Vec<Value>, JsonFault> {
    let left = Cell::new(MAX_NODES);
    let mut all = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    while reader.end().is_err() {
        match Counted(&left).deserialize(&mut reader) {
            Ok(mut value) => {
                scalar::whole_numbers(&mut value);
                all.push(value);
            }
            Err(_) if left.get() == 0 => return Err(JsonFault::TooLarge),
            Err(error) => return Err(JsonFault::Wrong(error)),
        }
    }
    Ok(all)
}

/// The value of a text that holds one; `None` where the reader of YAML has to report what is wrong with it.
///
/// # Errors
/// There are more than [`MAX_NODES`] values.
pub fn value(text: &str, source: usize, lines: usize) -> Result<Option<Value>, Report> {
    match values(text) {
        Ok(mut values) if values.len() == 1 => Ok(values.pop()),
        Err(JsonFault::TooLarge) => {
            Err(limits::too_large(Location { source, line: lines + 1, column: 1, len: 1 }).into())
        }
        _ => Ok(None),
    }
}

/// Reads a value and takes each of its parts from what is left.
#[derive(Clone, Copy)]
struct Counted<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Counted<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1).filter(|left| *left > 0);
        self.0.set(left.unwrap_or(0));
        left.ok_or_else(|| D::Error::custom("too many values"))?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counted<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.insert(key, entries.next_value_seed(self)?).is_some() {
                return Err(A::Error::custom("a key occurs twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonFault, values};
    use crate::yaml::MAX_NODES;

    #[test]
    fn values_stand_one_after_another_and_whole_numbers_are_integers() {
        let read = values("{\"a\": [1.0, 2.5]}\n [null]true").expect("it can be read");
        assert_eq!(serde_json::to_string(&read).expect("it can be read"), r#"[{"a":[1,2.5]},[null],true]"#);
        assert!(values(" \n").expect("it can be read").is_empty());
    }

    #[test]
    fn a_key_that_is_there_twice_and_what_is_no_json_are_refused() {
        for text in [r#"{"a": 1, "a": 2}"#, "[1,", "[1] x", "{a: 1}", "[1,]"] {
            assert!(matches!(values(text), Err(JsonFault::Wrong(_))), "{text}");
        }
    }

    #[test]
    fn a_fault_in_a_later_value_has_its_line_in_the_whole_text() {
        for text in ["{}\n{\"a\": 1,\n \"a\": 2}", "{}\n{\"a\":\n}"] {
            assert!(matches!(values(text), Err(JsonFault::Wrong(error)) if error.line() == 3), "{text}");
        }
    }

    #[test]
    fn there_may_be_so_many_values_and_no_more() {
        let list = |items: usize| format!("[{}1]", "1,".repeat(items - 1));
        assert!(values(&list(MAX_NODES - 2)).is_ok());
        assert!(matches!(values(&list(MAX_NODES + 1)), Err(JsonFault::TooLarge)));
        assert!(matches!(values(&"{\"a\":1}".repeat(MAX_NODES)), Err(JsonFault::TooLarge)));
    }
}
