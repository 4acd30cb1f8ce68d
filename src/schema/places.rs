//! The places in a tree of values where something could be that is not there: known keys that are not set, lists, and maps
//! whose keys users choose.

use serde_json::Value;

use super::alternatives::{self, WORD};
use super::store::{self, At};
use crate::diag::{Step, ValuePath};

/// Places where a value could be added or left out.
#[derive(Debug, Default)]
pub struct OpenPlaces {
    /// Known keys that are not set, and a new key in each map whose keys users choose.
    pub unset: Vec<ValuePath>,
    /// Lists with items.
    pub lists: Vec<ValuePath>,
    /// Maps and lists under keys that users chose.
    pub entries: Vec<ValuePath>,
}

/// The open places of a tree that are `wanted`, with all that is below a place that is not.
pub fn open_places(tree: &Value, wanted: &dyn Fn(&ValuePath) -> bool) -> OpenPlaces {
    let mut found = OpenPlaces::default();
    walk(Some(store::root()), tree, &ValuePath::root(), wanted, &mut found);
    found
}

/// `at` is `None` where the schema says nothing.
fn walk(at: Option<At>, value: &Value, path: &ValuePath, wanted: &dyn Fn(&ValuePath) -> bool, found: &mut OpenPlaces) {
    match value {
        // An empty map is filled as a whole.
        Value::Object(map) if !map.is_empty() => {
            let known = at.map(At::properties).unwrap_or_default();
            let missing = known.iter().filter(|(key, _)| !map.contains_key(*key)).map(|(key, _)| path.key(key));
            found.unset.extend(missing.filter(|path| wanted(path)));
            let is_free = at.is_none_or(|at| at.resolved().others() != Some(&Value::Bool(false)));
            if known.is_empty() && is_free {
                found.unset.push(path.key(WORD));
            }
            for (key, inner) in map {
                let below = path.key(key);
                if !wanted(&below) {
                    continue;
                }
                if is_free && !known.iter().any(|(known, _)| known == key) && is_filled(inner) {
                    found.entries.push(below.clone());
                }
                let part = at.and_then(|at| alternatives::below(at, &Step::Key(key.as_str().into())));
                walk(part, inner, &below, wanted, found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            found.lists.push(path.clone());
            let part = at.and_then(|at| alternatives::below(at, &Step::Index(0)));
            items.iter().enumerate().for_each(|(number, item)| walk(part, item, &path.index(number), wanted, found));
        }
        _ => {}
    }
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}
