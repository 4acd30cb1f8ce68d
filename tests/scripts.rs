//! The shell scripts that go into ConfigMaps: they parse, and they do what they say, with stand-ins for
//! the programs of a cluster. Needs `sh`, `bash` and the usual small tools; `openssl` and `ssh-keygen`
//! are stood in for when they are not installed, and then only the shape of their output is looked at.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Value, json};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The text of a script; `name` is `component/script.sh`.
fn render(name: &str, view: &Value) -> String {
    let (component, file) = name.split_once('/').unwrap();
    let path = Path::new(ROOT).join("charts").join(component).join("files").join(format!("{file}.j2"));
    let source = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_keep_trailing_newline(true);
    engine.render_str(&source, view).unwrap_or_else(|e| panic!("{name}: {e:#}"))
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

mod configure {
    use super::*;

    /// A directory made as kubelet makes it: the names are links into a directory with a date.
    fn mounted(sandbox: &Sandbox) {
        sandbox
            .write("from/..2026_11_23/redis/redis-password", "secret\n")
            .write("from/..2026_11_23/gitlab-workhorse/secret", "w")
            .write("from/..2026_11_23/minio/accesskey", "AK")
            .write("from/..2026_11_23/minio/secretkey", "SK")
            .write("from/..2026_11_23/.gitlab_shell_secret", "s")
            .write("from/..2026_11_23/gitaly_token", "t")
            .write("from/..2026_11_23/ssh_host_rsa_key", "k")
            .write("from/..2026_11_23/ssh_host_rsa_key.pub", "p");
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, sandbox.path("from").join(at)).unwrap();
        link("..2026_11_23", "..data");
        for name in [
            "redis",
            "gitlab-workhorse",
            "minio",
            ".gitlab_shell_secret",
            "gitaly_token",
            "ssh_host_rsa_key",
            "ssh_host_rsa_key.pub",
        ] {
            link(&format!("..data/{name}"), name);
        }
    }

    fn run(index: usize) -> Sandbox {
        let sandbox = Sandbox::new();
        mounted(&sandbox);
        let mut view = view("_shared/configure.sh", index);
        view["source"] = json!(sandbox.str("from"));
        view["target"] = json!(sandbox.str("to"));
        let script = render("_shared/configure.sh", &view);
        sandbox.succeeds("sh", &script, &[]);
        let first = sandbox.files("to");
        sandbox.succeeds("sh", &script, &[]);
        assert_eq!(first, sandbox.files("to"), "a second run changes nothing");
        sandbox
    }

    fn names(sandbox: &Sandbox) -> Vec<String> {
        sandbox.files("to").into_keys().collect()
    }

    #[test]
    fn copies_every_file_to_the_same_place() {
        let sandbox = run(0);
        let expected = [
            ".gitlab_shell_secret",
            "gitaly_token",
            "gitlab-workhorse/secret",
            "minio/accesskey",
            "minio/secretkey",
            "redis/redis-password",
            "ssh_host_rsa_key",
            "ssh_host_rsa_key.pub",
        ];
        assert_eq!(names(&sandbox), expected);
        assert_eq!(sandbox.read("to/redis/redis-password"), "secret\n");
        assert_eq!(sandbox.mode("to/redis/redis-password"), 0o440);
        assert_eq!(sandbox.mode("to/redis") & 0o777, 0o750);
        assert!(!fs::symlink_metadata(sandbox.path("to/gitaly_token")).unwrap().is_symlink());
    }

    #[test]
    fn takes_only_what_a_container_needs() {
        let sandbox = run(1);
        let expected = ["gitlab-workhorse/secret", "minio/accesskey", "minio/secretkey", "redis/redis-password"];
        assert_eq!(names(&sandbox), expected);
    }

    #[test]
    fn puts_files_where_the_component_looks() {
        let sandbox = run(2);
        assert_eq!(sandbox.read("to/gitaly/gitaly_token"), "t");
        assert_eq!(sandbox.read("to/shell/.gitlab_shell_secret"), "s");
        assert_eq!(sandbox.read("to/ssh/ssh_host_rsa_key.pub"), "p");
        assert_eq!(sandbox.mode("to/ssh/ssh_host_rsa_key"), 0o400, "sshd refuses a key that a group can read");
        assert_eq!(sandbox.mode("to/ssh/ssh_host_rsa_key.pub"), 0o440);
    }

    #[test]
    fn writes_s3cmds_configuration_from_minios_keys() {
        let sandbox = run(3);
        let s3cfg = sandbox.read("to/objectstorage/.s3cfg");
        for line in ["access_key = AK", "secret_key = SK", "host_base = minio.example.com", "use_https = True"] {
            assert!(s3cfg.lines().any(|l| l == line), "{line} is not in {s3cfg}");
        }
    }

    #[test]
    fn a_pod_runs_the_scripts_of_all_its_containers() {
        let sandbox = Sandbox::new();
        sandbox.write("a", "echo first").write("b", "echo second");
        let view = json!({"scripts": [sandbox.str("a"), sandbox.str("b")], "tmp": sandbox.str("tmp/gitlab")});
        let script = render("_shared/configure-pod.sh", &view);
        assert_eq!(sandbox.succeeds("sh", &script, &[]), "first\nsecond\n");
        assert_eq!(sandbox.mode("tmp/gitlab"), 0o3770);
        sandbox.write("a", "exit 3");
        assert_eq!(sandbox.fails("sh", &script, &[]), "", "the second script does not run after a failure");
    }
}

mod registry {
    use super::*;

    const TEMPLATE: &str = r#"version: 0.1
http:
  secret: HTTP_SECRET
database:
  password: "DB_PASSWORD_FILE"
redis:
  cache:
    password: 'REDIS_CACHE_PASSWORD'
storage:
  s3:
    accesskey: ACCESS_KEY
    secretkey: SECRET_KEY
  maintenance:
    readonly: {enabled: false}
notifications:
  endpoints:
    - name: geo
      headers:
        Authorization: SECRET_test-registry-notification_secret
# ACCESS_KEYS are not touched, nor is the text HTTP_SECRET inside of a line
"#;

    fn run(sandbox: &Sandbox) -> String {
        let env = [
            ("REGISTRY_SECRETS_DIRECTORY", sandbox.str("config")),
            ("CONFIG_TEMPLATE_DIRECTORY", sandbox.str("templates")),
            ("CONFIG_DIRECTORY", sandbox.str("registry")),
        ];
        let env: Vec<_> = env.iter().map(|(k, v)| (*k, v.as_str())).collect();
        sandbox.succeeds("sh", &render("registry/configure.sh", &json!({})), &env);
        sandbox.read("registry/config.yml")
    }

    #[test]
    fn fills_in_secrets_with_every_nasty_character() {
        let sandbox = Sandbox::new();
        sandbox
            .write("templates/config.yml.tpl", TEMPLATE)
            .write("config/httpSecret", "a\"b\\c&d/e@f'g $h `i` #j\n")
            .write("config/database_password", "pa: ss")
            .write("config/registry/redis-password", "*{[%")
            .write("config/accesskey", "AK")
            .write("config/secretkey", "SK")
            .write("config/notifications/SECRET_test-registry-notification_secret", "[\"tok\"]")
            .write("config/certificate.crt", "cert")
            .write("config/tls/tls.key", "key")
            .write("config/middleware.storage/0/private.pem", "pem");
        let config = run(&sandbox);
        let lines: Vec<_> = config.lines().map(str::trim).collect();
        for line in [
            r#"secret: "a\"b\\c&d/e@f'g $h `i` #j""#,
            r#"password: "pa: ss""#,
            r#"password: "*{[%""#,
            r#"accesskey: "AK""#,
            r#"secretkey: "SK""#,
            r#"Authorization: ["tok"]"#,
            "# ACCESS_KEYS are not touched, nor is the text HTTP_SECRET inside of a line",
        ] {
            assert!(lines.contains(&line), "{line} is not in\n{config}");
        }
        assert_eq!(config.lines().count(), TEMPLATE.lines().count());
        for file in ["certificate.crt", "tls/tls.key", "middleware.storage/0/private.pem"] {
            assert!(sandbox.exists(&format!("registry/{file}")), "{file}");
            assert_eq!(sandbox.mode(&format!("registry/{file}")) & 0o007, 0, "{file} is open to everyone");
        }
        assert_eq!(config, run(&sandbox), "a second run changes nothing");
    }

    #[test]
    fn takes_what_the_entry_point_has_rendered() {
        let sandbox = Sandbox::new();
        sandbox
            .write("templates/config.yml.tpl", "secret: not this")
            .write("registry/config.yml", "secret: HTTP_SECRET")
            .write("config/httpSecret", "x");
        assert_eq!(run(&sandbox), "secret: \"x\"\n");
    }

    #[test]
    fn puts_the_users_store_below_storage() {
        let sandbox = Sandbox::new();
        sandbox
            .write("templates/config.yml.tpl", "storage:\n  maintenance: {}\n")
            .write("config/storage/config", "gcs:\n  bucket: b\n  keyfile: /etc/docker/registry/storage/key.json")
            .write("config/storage/key.json", "{}");
        let expected = "storage:\n  gcs:\n    bucket: b\n    keyfile: /etc/docker/registry/storage/key.json\n  maintenance: {}\n";
        assert_eq!(run(&sandbox), expected);
        assert!(sandbox.exists("registry/storage/key.json"));
    }
}
