//! A roll-out in two halves: the migrations that old and new code can both live with come first, those that only the new code
//! can live with when no old code runs any more.

use serde_json::{Map, Value};

/// The variable by which migrations leave the second half out, as GitLab documents it.
const SKIP: &str = "SKIP_POST_DEPLOYMENT_MIGRATIONS";

/// The values with the first half only: of Rails' migrations, and of the registry's where it keeps a database.
pub(super) fn skipped(mut tree: Value) -> Value {
    put(&mut tree, &["gitlab", "migrations", "extraEnv"]);
    if tree.pointer("/registry/database/enabled").is_some_and(|enabled| *enabled != false && !enabled.is_null()) {
        put(&mut tree, &["registry", "extraEnv"]);
    }
    tree
}

/// Sets the variable in a map of environment variables, which may not be there yet.
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
