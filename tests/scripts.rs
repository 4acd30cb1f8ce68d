//! The shell scripts that go into ConfigMaps: they parse, and they do what they say, with stand-ins for
//! the programs of a cluster. Needs `sh`, `bash` and the usual small tools; `openssl` and `ssh-keygen`
//! are stood in for when they are not installed, and then only the shape of their output is looked at.
#![allow(clippy::unwrap_used)] // a test may panic

mod configure;
mod hostile;
mod minio;
mod others;
mod registry;
mod runner;
mod shared_secrets;
mod upgrade_check;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gitlab_render::render::Renderer;
use gitlab_render::resolve::plan::View;
use serde_json::{Value, json};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The text of a script, as the program writes it; `name` is `component/script.sh`.
fn render(name: &str, view: &Value) -> String {
    let (component, file) = name.split_once('/').unwrap();
    let view = View(view.as_object().unwrap().clone());
    let text = Renderer::new().file(&format!("{component}/files/{file}"), view);
    text.unwrap_or_else(|e| panic!("{name}: {e:?}"))
}

fn views() -> BTreeMap<String, Vec<Value>> {
    serde_json::from_str(include_str!("scripts/views.json")).unwrap()
}

fn view(name: &str, index: usize) -> Value {
    views()[name][index].clone()
}

/// A directory to run a script in, with `bin` first in the path.
struct Sandbox(TempDir);

impl Sandbox {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        let sandbox = Self(dir);
        sandbox.program("kubectl", include_str!("scripts/kubectl"));
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn str(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    fn command(&self, shell: &str, script: &str) -> Command {
        self.write("script", script);
        let mut command = Command::new(shell);
        let path = std::env::var("PATH").unwrap();
        command
            .arg(self.path("script"))
            .current_dir(self.0.path())
            .env("PATH", format!("{}:{path}", self.str("bin")))
            .env("HOME", self.path("home"))
            .env("STORE", self.path("store"));
        command
    }

    fn run(&self, shell: &str, script: &str, env: &[(&str, &str)]) -> Output {
        let mut command = self.command(shell, script);
        command.envs(env.iter().copied());
        command.output().unwrap_or_else(|e| panic!("these tests need `{shell}`: {e}"))
    }

    fn succeeds(&self, shell: &str, script: &str, env: &[(&str, &str)]) -> String {
        let output = self.run(shell, script, env);
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    }

    fn fails(&self, shell: &str, script: &str, env: &[(&str, &str)]) -> String {
        let output = self.run(shell, script, env);
        assert!(!output.status.success(), "{}", text(&output));
        text(&output)
    }

    /// Every file below a directory, with its content.
    fn files(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        fn walk(base: &Path, dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(base, &path, found);
                } else {
                    let name = path.strip_prefix(base).unwrap().display().to_string();
                    found.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        let mut found = BTreeMap::new();
        walk(&self.path(name), &self.path(name), &mut found);
        found
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn installed(program: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success()
}

#[test]
fn every_script_renders_and_parses() {
    let mut rendered = BTreeMap::new();
    for (name, views) in views() {
        for (index, view) in views.iter().enumerate() {
            rendered.insert(format!("{}-{index}", name.replace('/', "-")), render(&name, view));
        }
    }
    for (name, script) in &rendered {
        let sandbox = Sandbox::new();
        sandbox.write("script", script);
        let shell = if script.starts_with("#!/bin/sh") { "sh" } else { "bash" };
        let output = Command::new(shell).arg("-n").arg(sandbox.path("script")).output().unwrap();
        assert!(output.status.success(), "{name}: {}", text(&output));
        assert!(script.ends_with('\n'), "{name} does not end with a newline");
    }
    // .ci/shellcheck.sh wants to see them
    if let Some(dir) = std::env::var_os("RENDERED_SCRIPTS") {
        for (name, script) in &rendered {
            fs::write(Path::new(&dir).join(name), script).unwrap();
        }
    }
}

#[test]
fn every_script_has_a_view_here() {
    let views = views();
    for component in fs::read_dir(Path::new(ROOT).join("charts")).unwrap() {
        let component = component.unwrap().path();
        let Ok(files) = fs::read_dir(component.join("files")) else { continue };
        for file in files {
            let file = file.unwrap().file_name().into_string().unwrap();
            let Some(script) = file.strip_suffix(".sh.j2") else { continue };
            let name = format!("{}/{script}.sh", component.file_name().unwrap().to_str().unwrap());
            assert!(views.contains_key(&name), "tests/scripts/views.json has no `{name}`");
        }
    }
}
