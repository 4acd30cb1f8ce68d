//! What values make: each directory under `tests/render/` is named by a sentence and holds `values.yaml`, `args` (one a
//! line, the release's name first; `test` without it), and what is expected of the objects:
//!
//! * `Kind.name.yaml`: the whole object. Small ones: what the case is about, no pods.
//! * `present`, `absent`: one `Kind/name` a line; `*` at the end stands for any rest.
//!
//! `UPDATE_EXPECT=1 cargo test render` writes the files of objects that are there (make an empty one for a new
//! object); read the difference before it is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{entries, run};

#[test]
fn values_make_the_objects_that_their_case_names() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let cases = entries("render");
    assert!(cases.len() >= 15, "only {} cases were found", cases.len());
    let wrong: Vec<_> = cases
        .iter()
        .flat_map(|case| {
            let name = case.file_name().expect("a case has a name").to_string_lossy().into_owned();
            check(case, update).into_iter().map(move |problem| format!("{name}: {problem}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All that is not as the case has it.
fn check(case: &Path, update: bool) -> Vec<String> {
    let lines = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(case.join(name)).unwrap_or_default();
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let mut args = vec!["template".to_owned(), "-f".to_owned(), "values.yaml".to_owned()];
    args.extend(if case.join("args").exists() { lines("args") } else { vec!["test".to_owned()] });
    let got = run(case, &args, &BTreeMap::new(), "");
    if got.status != Some(0) {
        return vec![format!("ended with {:?}\n{}", got.status, got.stderr)];
    }
    let objects = objects(&got.stdout);
    let mut wrong = Vec::new();
    let mut expectations = 0;
    for (file, wanted) in [("present", true), ("absent", false)] {
        for id in lines(file) {
            expectations += 1;
            let there = objects.keys().any(|object| match id.strip_suffix('*') {
                Some(start) => object.starts_with(start),
                None => *object == id,
            });
            if there != wanted {
                wrong.push(format!("{id} is {}", if there { "there" } else { "not there" }));
            }
        }
    }
    for path in fs::read_dir(case).expect("the case can be read").map(|entry| entry.expect("an entry").path()) {
        let file = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let Some((kind, name)) = file.strip_suffix(".yaml").and_then(|stem| stem.split_once('.')) else { continue };
        expectations += 1;
        let expected = fs::read_to_string(&path).expect("an expectation can be read");
        match objects.get(&format!("{kind}/{name}")) {
            None => wrong.push(format!("{kind}/{name} is not there")),
            Some(object) if update => fs::write(&path, object).expect("the expectation is written"),
            Some(object) if *object != expected => wrong.push(format!("{file} is\n{object}\nnot\n{expected}")),
            Some(_) => {}
        }
    }
    if expectations == 0 {
        wrong.push("expects nothing".to_owned());
    }
    wrong
}

/// The documents of a stream by `Kind/name`, as they are written, without the comment that says where they come from.
fn objects(stream: &str) -> BTreeMap<String, String> {
    let documents = stream.split("---\n# Source: ").skip(1).filter_map(|text| text.split_once('\n'));
    documents
        .map(|(_, body)| {
            let after = |start: &str, text: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
                line.trim_matches('"').to_owned()
            };
            let metadata = body.split_once("metadata:\n").unwrap_or_default().1;
            (format!("{}/{}", after("kind: ", body), after("  name: ", metadata)), body.to_owned())
        })
        .collect()
}
