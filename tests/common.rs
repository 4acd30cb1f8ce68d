//! What several kinds of test use.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a run of the program did.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the program in a directory, with no environment but what is given.
pub fn run(directory: &Path, args: &[String], env: &BTreeMap<String, String>, stdin: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitlab-render"));
    command.args(args).current_dir(directory).env_clear().envs(env);
    run_program(command, stdin)
}

/// Runs any program with a text as its stdin, and takes what it prints.
pub fn run_program(mut command: Command, stdin: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("stdin is piped");
    let text = stdin.to_owned();
    // a program may end without reading it all
    let writer = std::thread::spawn(move || drop(pipe.write_all(text.as_bytes())));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("stdin is written");
    Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// The entries of a directory under `tests/`, in order of their names.
pub fn entries(directory: &str) -> Vec<PathBuf> {
    let directory = root().join("tests").join(directory);
    let mut paths: Vec<_> = std::fs::read_dir(&directory)
        .unwrap_or_else(|e| panic!("{}: {e}", directory.display()))
        .map(|entry| entry.expect("the entry can be read").path())
        .collect();
    paths.sort();
    paths
}
