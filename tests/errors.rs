//! Refused input: each directory under `tests/errors/` is named by a sentence and holds `values.yaml`
//! (or `values.yaml.gz`), `args` (one a line, optional), `status` (optional, 3 without it) and
//! `expected.txt`, which is all that the program says. The message is the contract.
//!
//! `UPDATE_EXPECT=1 cargo test errors` writes what is said now; read the difference before it is committed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::common::{entries, run, unexpected};

#[test]
fn what_is_refused_is_refused_with_these_words() {
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
    let packed = case.join("values.yaml.gz");
    let unpacked = tempfile::tempdir().expect("a directory for the case");
    let mut directory = case;
    if packed.exists() {
        let file = fs::File::open(&packed).expect("the packed values can be read");
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("the values can be unpacked");
        fs::write(unpacked.path().join("values.yaml"), bytes).expect("the values are written");
        directory = unpacked.path();
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
