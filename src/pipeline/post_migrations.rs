//! A roll-out in two steps: the migrations that old and new code are compatible with come first, those that only the
//! new code is compatible with when no old code runs any more.

use serde_json::{Map, Value};

/// The variable by which Rails skips the second half of the migrations, as GitLab documents it.
const SKIP: &str = "SKIP_POST_DEPLOYMENT_MIGRATIONS";

/// The values for the first step: for Rails' migrations, and for the registry's where it has a database.
pub(super) fn skipped(mut tree: Value) -> Value {
    put(&mut tree, &["gitlab", "migrations", "extraEnv"]);
    if tree.pointer("/registry/database/enabled").is_some_and(|enabled| *enabled != false && !enabled.is_null()) {
        put(&mut tree, &["registry", "extraEnv"]);
    }
    tree
}

/// Sets the variable in a map of environment variables, which may be missing.
fn put(tree: &mut Value, path: &[&str]) {
    let mut at = tree;
    for key in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(map) = at else { return };
        at = map.entry(*key).or_insert(Value::Null);
    }
    match at {
        Value::Object(map) => {
            map.insert(SKIP.to_owned(), "true".into());
        }
        other => *other = Value::Object(Map::from_iter([(SKIP.to_owned(), "true".into())])),
    }
}
