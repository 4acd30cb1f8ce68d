//! What several kinds of test use.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gitlab_render::manifest::Manifest;
use gitlab_render::pipeline::{Request, Target};
use gitlab_render::resolve::KubeVersion;
use gitlab_render::schema::UnknownKeys;
use gitlab_render::values::Input;

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The least values of a release that brings no data stores: PostgreSQL, Redis and object storage of one's own.
pub fn own_stores() -> serde_json::Value {
    serde_json::json!({
        "global": {
            "psql": {"host": "db.example.com", "password": {"secret": "db"}},
            "redis": {"host": "redis.example.com"},
            "appConfig": {"object_store": {"enabled": true, "connection": {"secret": "objects"}}},
        },
        "registry": {"storage": {"secret": "images"}},
        "gitlab": {"toolbox": {"backups": {"objectStorage": {"config": {"secret": "backups"}}}}},
    })
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

/// What a packed file below `tests/` holds.
pub fn unpack<T: serde::de::DeserializeOwned>(path: &str) -> T {
    let file = std::fs::File::open(root().join("tests").join(path)).expect("the file is there");
    serde_json::from_reader(flate2::read::GzDecoder::new(file)).expect("it holds what is expected")
}

/// `Deployment/test-kas` of each object.
pub fn names(objects: &[Manifest]) -> BTreeSet<String> {
    objects.iter().map(|object| object.id.to_string()).collect()
}

/// A values file.
pub fn file(bytes: Vec<u8>) -> Input {
    Input::File { name: "values.yaml".to_owned(), bytes }
}

/// A release of these layers, on the newest Kubernetes.
pub fn release(name: &str, namespace: &str, inputs: Vec<Input>) -> Request {
    let target = Target {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        is_upgrade: false,
        kube_version: KubeVersion { major: 1, minor: 35 },
        api_versions: Vec::new(),
        gitlab_version: None,
    };
    Request { unknown_keys: UnknownKeys::Warn, ..Request::new(target, inputs) }
}

/// The same of values that are at hand as a tree.
pub fn request(name: &str, namespace: &str, values: &serde_json::Value) -> Request {
    // JSON is YAML, and so laid out every key has a line
    let bytes = serde_json::to_vec_pretty(values).expect("values are a tree");
    release(name, namespace, vec![file(bytes)])
}

/// The words of a command line without quotes.
pub fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// What a run printed, and its exit status in the last line.
pub fn answer(ran: &Ran) -> String {
    format!("{}{}exit {}\n", ran.stdout, ran.stderr, ran.status.expect("it ends"))
}

/// What is wrong with a text that should be that of a file; `UPDATE_EXPECT` writes the file.
pub fn unexpected(path: &Path, text: &str) -> Option<String> {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, text).expect("the expectation is written");
        return None;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    (expected != text).then(|| format!("{}: says\n{text}\nnot\n{expected}", path.display()))
}
