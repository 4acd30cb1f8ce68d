//! Refused input: each directory under `tests/errors/` is named by a sentence and has `values.yaml`, `args` (one per line,
//! optional), `status` (optional, 3 without it) and `expected.txt`, the whole stderr. The message is the contract.
//!
//! A large input is made by its test: `values.yaml.parts` has lines of a count and a JSON string, which is repeated so often.
//!
//! `UPDATE_EXPECT=1 cargo test errors` writes the current messages; read the difference before it is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{entries, run, unexpected};

#[test]
fn refused_input_has_these_messages() {
    let mut wrong = Vec::new();
    let cases: Vec<_> = entries("errors").into_iter().filter(|path| path.is_dir()).collect();
    assert!(!cases.is_empty(), "no cases were found");
    for case in &cases {
        if let Err(problem) = check(case) {
            wrong.push(format!("{}: {problem}", case.file_name().expect("a case has a name").to_string_lossy()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn check(case: &Path) -> Result<(), String> {
    let read = |name: &str| fs::read_to_string(case.join(name)).ok();
    let made = tempfile::tempdir().expect("a directory for the case");
    let mut directory = case;
    if let Some(parts) = read("values.yaml.parts") {
        let parts = parts.lines().map(|line| line.split_once(' ').expect("a count and a string"));
        let text = parts.map(|(count, part)| {
            let part: String = serde_json::from_str(part).expect("a JSON string");
            part.repeat(count.parse().expect("a count"))
        });
        fs::write(made.path().join("values.yaml"), text.collect::<String>()).expect("the values are written");
        directory = made.path();
    }
    let mut args = vec!["template".to_owned()];
    if directory.join("values.yaml").exists() {
        args.extend(["-f".to_owned(), "values.yaml".to_owned()]);
    }
    args.extend(read("args").unwrap_or_default().lines().filter(|l| !l.is_empty()).map(str::to_owned));
    let status: i32 = read("status").map_or(3, |text| text.trim().parse().expect("`status` holds a number"));

    let got = run(directory, &args, &BTreeMap::new(), "");
    if got.status != Some(status) {
        return Err(format!("ended with {:?}, not {status}\n{}", got.status, got.stderr));
    }
    if status != 0 && !got.stdout.is_empty() {
        return Err("a refused run wrote to stdout".to_owned());
    }
    unexpected(&case.join("expected.txt"), &got.stderr).map_or(Ok(()), Err)
}
