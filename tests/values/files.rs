//! Values as files: `tests/values/valid/` fits the schemas without a word; in `tests/values/invalid/` each line that is
//! wrong ends in a comment with the code of the finding, `port: http # wrong-type`, and there is no other finding.
//!
//! A file is named by a sentence.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gitlab_render::diag::{Diagnostic, Place};
use gitlab_render::schema::{self, CheckOptions};
use gitlab_render::{bundle, values};

use super::file;
use crate::common::entries;

/// What the schemas have to say, with the lines it is about.
fn findings(text: &str) -> Vec<(usize, Diagnostic)> {
    let layers =
        values::load(&[file("values.yaml", text)]).unwrap_or_else(|failure| panic!("{:?}", failure.report)).value;
    let defaults = bundle::defaults();
    let merged = values::merge(layers, defaults).value;
    let found = schema::violations(&merged.user, &merged.tree, &CheckOptions::default());
    let line = |finding: &Diagnostic| match finding.places.first() {
        Some(Place::Value(path)) => merged.origins.get(path).map_or(0, |at| at.key.unwrap_or(at.value).line),
        Some(Place::At(at) | Place::Set(_, at)) => at.line,
        None => 0,
    };
    found.into_iter().map(|finding| (line(&finding), finding)).collect()
}

fn texts(folder: &str, least: usize) -> Vec<(String, String)> {
    let files = entries(&format!("values/{folder}"));
    assert!(files.len() >= least, "only {} files in {folder}", files.len());
    let name = |path: &Path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).expect("the file can be read"))).collect()
}

#[test]
fn valid_files_fit_the_schemas() {
    let mut wrong = Vec::new();
    for (name, text) in texts("valid", 12) {
        let said = findings(&text);
        wrong.extend(said.iter().map(|(line, d)| format!("{name}:{line}: {}: {}", d.code, d.message)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn invalid_files_are_refused_at_the_lines_that_say_so() {
    let mut wrong = Vec::new();
    for (name, text) in texts("invalid", 13) {
        let mut expected = BTreeSet::new();
        for (n, line) in text.lines().enumerate() {
            if let Some((_, code)) = line.split_once(" # ") {
                expected.insert((n + 1, code.to_owned()));
            }
        }
        let said: BTreeSet<_> = findings(&text).into_iter().map(|(line, d)| (line, d.code.to_owned())).collect();
        if expected.is_empty() || said != expected {
            wrong.push(format!("{name}: finds {said:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
