//! Values without some of their parts, and the paths of all parts.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{ChartDefaults, merge};
use crate::diag::{Step, ValuePath};

/// Every scalar and every empty map or list, with its path, in the order of the tree.
pub fn leaves(tree: &Value) -> Vec<(ValuePath, &Value)> {
    let mut all = Vec::new();
    collect(tree, &ValuePath::root(), &mut all);
    all
}

fn collect<'v>(value: &'v Value, path: &ValuePath, all: &mut Vec<(ValuePath, &'v Value)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, inner)| collect(inner, &path.key(key), all));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(n, item)| collect(item, &path.index(n), all));
        }
        _ if path.0.is_empty() => {}
        _ => all.push((path.clone(), value)),
    }
}

/// The tree without the values at these paths, and without the maps, lists and items that become empty.
///
/// Positions in lists are those of `tree`, regardless of earlier items that are left out.
pub fn without(tree: &Value, paths: &HashSet<&ValuePath>) -> Value {
    if paths.is_empty() {
        return tree.clone();
    }
    kept(tree, &ValuePath::root(), paths).unwrap_or_else(|| Value::Object(Map::new()))
}

fn kept(value: &Value, path: &ValuePath, paths: &HashSet<&ValuePath>) -> Option<Value> {
    if paths.contains(path) {
        return None;
    }
    match value {
        Value::Object(map) if !map.is_empty() => {
            let left: Map<String, Value> = map
                .iter()
                .filter_map(|(key, inner)| Some((key.clone(), kept(inner, &path.key(key), paths)?)))
                .collect();
            (!left.is_empty()).then_some(Value::Object(left))
        }
        Value::Array(items) if !items.is_empty() => {
            let left: Vec<Value> =
                items.iter().enumerate().filter_map(|(n, item)| kept(item, &path.index(n), paths)).collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        other => Some(other.clone()),
    }
}

/// The tree without the entries at these paths, and without the maps that become empty; lists and their items stay.
pub fn without_entries(tree: &Value, paths: &HashSet<&ValuePath>) -> Value {
    fn left(value: &Value, path: &mut ValuePath, paths: &HashSet<&ValuePath>) -> Value {
        match value {
            Value::Object(map) => {
                let mut kept = Map::with_capacity(map.len());
                for (key, inner) in map {
                    path.0.push(Step::Key(key.as_str().into()));
                    if !paths.contains(path) {
                        let new = left(inner, path, paths);
                        let emptied = |value: &Value| value.as_object().is_some_and(Map::is_empty);
                        if !emptied(&new) || emptied(inner) {
                            kept.insert(key.clone(), new);
                        }
                    }
                    path.0.pop();
                }
                Value::Object(kept)
            }
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(number, item)| {
                    path.0.push(Step::Index(number));
                    let item = left(item, path, paths);
                    path.0.pop();
                    item
                });
                Value::Array(items.collect())
            }
            scalar => scalar.clone(),
        }
    }
    left(tree, &mut ValuePath::root(), paths)
}

/// The tree with another value at an existing path.
pub fn with(tree: &Value, path: &ValuePath, value: Value) -> Value {
    let mut tree = tree.clone();
    if let Some(at) = path.within_mut(&mut tree) {
        *at = value;
    }
    tree
}

/// The user's values over the defaults of a chart, without findings.
pub fn over_defaults(user: Value, chart: ChartDefaults) -> Value {
    let user = match user {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    merge::coalesce(user, chart, &ValuePath::root(), &mut merge::MergeFindings::default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_takes_empty_containers_with_it() {
        let tree = json!({"a": {"b": 1}, "list": [{"x": 1}, {"x": 2, "y": 3}], "empty": {}});
        let paths = ["a.b", "list[0].x", "list[1].y"].map(|path| ValuePath::indexed(path).expect("it is a path"));
        let left = without(&tree, &paths.iter().collect());
        assert_eq!(left, json!({"list": [{"x": 2}], "empty": {}}));
    }

    #[test]
    fn leaves_are_scalars_and_empty_containers() {
        let tree = json!({"a": {"b": 1, "c": {}}, "list": [null, []]});
        let paths: Vec<String> = leaves(&tree).iter().map(|(path, _)| path.to_string()).collect();
        assert_eq!(paths, ["a.b", "a.c", "list[0]", "list[1]"]);
        assert_eq!(with(&tree, &ValuePath::dotted("a.b"), json!(2))["a"]["b"], 2);
    }
}
