//! What is asked about values: `explain`, `schema`, `values`, `secrets`, `lint`.
//!
//! `UPDATE_EXPECT=1 cargo test ask` writes the answers in `tests/ask/` anew.

mod explain;
mod lint;
mod schema;
mod secrets;
mod values;

use std::collections::BTreeMap;

use crate::common::{answer, root, run, unexpected, words};

/// Runs each command line in `tests/ask/` and compares the answer with `tests/ask/<name>.txt`.
fn check(cases: &[(&str, &str)]) {
    let folder = root().join("tests/ask");
    let wrong = cases.iter().filter_map(|(name, line)| {
        let ran = run(&folder, &words(line), &BTreeMap::new(), "");
        unexpected(&folder.join(format!("{name}.txt")), &format!("$ gitlab-render {line}\n{}", answer(&ran)))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
