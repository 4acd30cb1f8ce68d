//! The register of findings is complete: every code that is emitted is in it, every code in it is emitted, and its page of
//! documentation is current (`UPDATE_EXPECT=1 cargo test diagnostics` writes it).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gitlab_render::diag::register;

use crate::common::{root, unexpected};

/// Functions whose first text is a code.
const CALLS: [&str; 9] = [
    "::error(",
    "::warning(",
    "::note(",
    "::bug(",
    "::environment(",
    "out.add(",
    "refuse(cx,",
    "required(cx,",
    "Fault::at(",
];

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, all) } else { all.push(path) }
    }
}

fn texts(folder: &str) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    files(&root().join(folder), &mut all);
    all.into_iter().filter_map(|path| std::fs::read_to_string(&path).ok().map(|text| (path, text))).collect()
}

/// The code that a text begins with, `"unknown-key",`.
fn code(text: &str) -> Option<&str> {
    let (code, rest) = text.trim_start().strip_prefix('"')?.split_once('"')?;
    let kebab = !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    (kebab && rest.trim_start().starts_with(',')).then_some(code)
}

#[test]
fn every_code_that_is_emitted_is_in_the_register() {
    let mut missing = BTreeSet::new();
    let mut seen = 0;
    for (path, text) in texts("src").into_iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "rs")) {
        let source = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in CALLS {
            for found in source.split(call).skip(1).filter_map(code) {
                seen += 1;
                if register::find(found).is_none() {
                    missing.insert(format!("{found} in {}", path.display()));
                }
            }
        }
    }
    assert!(seen > 200, "{seen}: the calls have other names");
    assert!(missing.is_empty(), "add a line to src/diag/register.tsv for each of: {missing:#?}");
}

#[test]
fn every_code_of_the_register_is_emitted_and_shown_by_a_test() {
    let sources = texts("src");
    let tests = texts("tests");
    let mut stale = Vec::new();
    let mut hidden = BTreeSet::new();
    let here = Path::new(file!()).file_name();
    for entry in register::all() {
        let quoted = format!("\"{}\"", entry.code);
        if !sources.iter().any(|(path, text)| path.extension().is_some_and(|e| e == "rs") && text.contains(&quoted)) {
            stale.push(entry.code);
        }
        let shown =
            [format!("[{}]", entry.code), quoted, format!("finds: {} ", entry.code), format!("\"{} ", entry.code)];
        let in_test = |(path, text): &(PathBuf, String)| {
            path.file_name() != here && shown.iter().any(|shown| text.contains(shown.as_str()))
        };
        if !tests.iter().any(in_test) {
            hidden.insert(entry.code);
        }
    }
    assert!(stale.is_empty(), "nothing emits these: {stale:?}");
    assert!(hidden.is_empty(), "no test shows these: {hidden:?}");
}

#[test]
fn codes_are_sorted_and_their_sentences_whole() {
    let codes: Vec<_> = register::all().map(|entry| entry.code).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "sort src/diag/register.tsv by code, and keep each once");
    for entry in register::all() {
        assert!(entry.meaning.ends_with('.') && entry.next.ends_with('.'), "{entry:?}");
    }
}

#[test]
fn the_page_about_diagnostics_is_the_register() {
    if let Some(why) = unexpected(&root().join("docs/diagnostics.md"), &register::markdown()) {
        panic!("{why}");
    }
}

#[test]
fn codes_that_decide_something_are_in_the_register() {
    use gitlab_render::diag::code;
    for code in [
        code::CONTRADICTION,
        code::MISSING_KEY,
        code::NOT_A_MAP,
        code::UNKNOWN_FIELD,
        code::UNKNOWN_KEY,
        code::WRONG_TYPE,
    ] {
        assert!(register::find(code).is_some(), "{code}");
    }
}
