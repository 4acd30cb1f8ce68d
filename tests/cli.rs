//! Command lines: each `tests/cli/*.toml` holds cases with what the program must answer.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::common::{Ran, entries, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// One command line. It runs in an empty directory that holds `files`, with no environment but `env`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    args: Vec<String>,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    status: i32,
    /// All of stdout; where it is missing, the two lists below say something about it.
    stdout: Option<String>,
    #[serde(default)]
    stdout_contains: Vec<String>,
    #[serde(default)]
    stdout_absent: Vec<String>,
    /// All of stderr.
    stderr: Option<String>,
    #[serde(default)]
    stderr_contains: Vec<String>,
    #[serde(default)]
    stderr_absent: Vec<String>,
    /// Files below the directory afterwards, other than `files`; checked when it is given.
    wrote: Option<Vec<String>>,
}

#[test]
fn command_lines_are_answered_as_written_down() {
    let mut wrong = Vec::new();
    let mut ran = 0;
    for path in entries("cli") {
        let text = fs::read_to_string(&path).expect("the cases can be read");
        let file: File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for case in file.case {
            ran += 1;
            let problems = problems(&case);
            if !problems.is_empty() {
                let file = path.file_name().expect("a file has a name").to_string_lossy();
                wrong.push(format!("{file}: {}\n  {}", case.name, problems.join("\n  ")));
            }
        }
    }
    assert!(ran > 0, "no cases were found");
    assert!(wrong.is_empty(), "{} of {ran} cases:\n{}", wrong.len(), wrong.join("\n"));
}

fn problems(case: &Case) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory for the case");
    for (name, text) in &case.files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("the directory is made");
        fs::write(path, text).expect("the file is written");
    }
    let got = run(directory.path(), &case.args, &case.env, &case.stdin);
    let mut problems = answer_problems(case, &got);
    if let Some(wrote) = &case.wrote {
        let mut found = files_below(directory.path());
        found.retain(|name| !case.files.contains_key(name));
        if &found != wrote {
            problems.push(format!("wrote {found:?}, not {wrote:?}"));
        }
    }
    problems
}

fn answer_problems(case: &Case, got: &Ran) -> Vec<String> {
    let mut problems = Vec::new();
    if got.status != Some(case.status) {
        problems.push(format!("ended with {:?}, not {}; stderr: {}", got.status, case.status, got.stderr));
    }
    for (stream, text, exact, contains, absent) in [
        ("stdout", &got.stdout, &case.stdout, &case.stdout_contains, &case.stdout_absent),
        ("stderr", &got.stderr, &case.stderr, &case.stderr_contains, &case.stderr_absent),
    ] {
        if let Some(exact) = exact
            && exact != text
        {
            problems.push(format!("{stream} is {text:?}, not {exact:?}"));
        }
        problems.extend(
            contains
                .iter()
                .filter(|part| !text.contains(*part))
                .map(|p| format!("{stream} lacks {p:?}: {}", start(text))),
        );
        problems.extend(
            absent.iter().filter(|part| text.contains(*part)).map(|p| format!("{stream} has {p:?}: {}", start(text))),
        );
    }
    problems
}

fn start(text: &str) -> String {
    text.chars().take(1500).collect()
}

fn files_below(root: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).expect("the directory can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.push(path.strip_prefix(root).expect("it is below").to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The hook ends the process, so the panic happens in another one: this test binary, running this test again.
#[test]
fn a_panic_ends_with_status_4_and_does_not_show_what_it_was_about() {
    const CHILD: &str = "GITLAB_RENDER_TEST_PANIC";
    if std::env::var_os(CHILD).is_some() {
        gitlab_render::ui::report_panics();
        panic!("hunter2");
    }
    let output = std::process::Command::new(std::env::current_exe().expect("the test binary has a path"))
        .args(["--exact", "cli::a_panic_ends_with_status_4_and_does_not_show_what_it_was_about", "--nocapture"])
        .env(CHILD, "1")
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("the test binary runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("this is a bug") && stderr.contains("please report it"), "{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
}
