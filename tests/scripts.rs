//! The shell scripts that go into ConfigMaps: they parse, and they do what they say, with stand-ins for
//! the programs of a cluster. Needs `sh`, `bash` and the usual small tools; `openssl` and `ssh-keygen`
//! are stood in for when they are not installed, and then only the shape of their output is looked at.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
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
    engine.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap());
    engine.render_str(&source, Serde(view)).unwrap_or_else(|e| panic!("{name}: {e:#}"))
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
        let expected =
            "storage:\n  gcs:\n    bucket: b\n    keyfile: /etc/docker/registry/storage/key.json\n  maintenance: {}\n";
        assert_eq!(run(&sandbox), expected);
        assert!(sandbox.exists("registry/storage/key.json"));
    }
}

mod minio {
    use super::*;

    #[test]
    fn configures_the_keys() {
        let sandbox = Sandbox::new();
        sandbox
            .write(
                "from/config.json",
                "{\"credential\": {\"accessKey\": \"ACCESS_KEY\",\n\"secretKey\": \"SECRET_KEY\"}}",
            )
            .write("from/accesskey", "AK\n")
            .write("from/secretkey", "s\"e\\c&r");
        let (from, to) = (sandbox.str("from"), sandbox.str("to"));
        let env = [("MINIO_CONFIG_SOURCE", from.as_str()), ("MINIO_CONFIG_TARGET", to.as_str())];
        let script = render("minio/configure.sh", &json!({}));
        sandbox.succeeds("sh", &script, &env);
        let config: Value = serde_json::from_str(&sandbox.read("to/config.json")).unwrap();
        assert_eq!(config, json!({"credential": {"accessKey": "AK", "secretKey": "s\"e\\c&r"}}));
        assert_eq!(sandbox.mode("to/config.json"), 0o640);
        sandbox.succeeds("sh", &script, &env);
    }

    /// A stand-in for `mc`: buckets are directories.
    const MC: &str = r#"#!/bin/sh
set -eu
echo "mc $*" >>"$STORE.log"
case $1 in
config) n=$(cat "$STORE.tries" 2>/dev/null || echo 0); echo $((n + 1)) >"$STORE.tries"; [ "$n" -ge "$DOWN" ] ;;
ls) [ -d "$2" ] ;;
mb) mkdir -p "$2" ;;
rm) rm -rf "$4"/* ;;
rb) rmdir "$2" ;;
policy) : ;;
esac
"#;

    fn initialize(sandbox: &Sandbox, down: &str) -> Output {
        sandbox.program("mc", MC);
        sandbox.write("keys/accesskey", "AK").write("keys/secretkey", "SK");
        let keys = sandbox.str("keys");
        let env = [
            ("MINIO_SECRETS_DIRECTORY", keys.as_str()),
            ("MINIO_ENDPOINT", "minio"),
            ("MINIO_PORT", "9000"),
            ("MINIO_PAUSE", "0"),
            ("MINIO_ATTEMPTS", "3"),
            ("DOWN", down),
        ];
        sandbox.run("sh", &render("minio/initialize.sh", &view("minio/initialize.sh", 0)), &env)
    }

    #[test]
    fn makes_the_buckets_once_minio_answers() {
        let sandbox = Sandbox::new();
        sandbox.write("store/tmp/old", "").write("store/registry/kept", "");
        let output = initialize(&sandbox, "2");
        assert!(output.status.success(), "{}", text(&output));
        assert!(sandbox.exists("store/registry/kept"), "an existing bucket stays");
        assert!(!sandbox.exists("store/tmp/old") && sandbox.exists("store/tmp"), "a bucket with `purge` is emptied");
        let log = sandbox.read("store.log");
        assert!(log.contains("mc config host add store http://minio:9000 AK SK"), "{log}");
        assert!(log.contains("mc policy none store/registry") && log.contains("mc policy download store/tmp"), "{log}");
        assert!(!log.contains("mc mb store/registry"), "{log}");
    }

    #[test]
    fn gives_up_when_minio_stays_down() {
        let sandbox = Sandbox::new();
        let output = initialize(&sandbox, "100");
        assert!(!output.status.success());
        assert!(text(&output).contains("did not answer after 3 attempts"), "{}", text(&output));
        assert!(!text(&output).contains("SK"), "the secret key is not printed");
    }
}

mod upgrade_check {
    use super::*;

    fn run(from: (&str, &str), to: (&str, &str), keys: &[&str]) -> Output {
        let sandbox = Sandbox::new();
        sandbox.write("info/gitlabVersion", from.0).write("info/gitlabChartVersion", from.1).write("pg/.keep", "");
        for key in keys {
            sandbox.write(&format!("pg/{key}"), "x");
        }
        let (info, pg) = (sandbox.str("info"), sandbox.str("pg"));
        let env = [
            ("CHART_INFO_DIRECTORY", info.as_str()),
            ("POSTGRESQL_SECRET_DIRECTORY", pg.as_str()),
            ("GITLAB_VERSION", to.0),
            ("CHART_VERSION", to.1),
        ];
        sandbox.run("sh", &render("upgrade-check/runcheck.sh", &view("upgrade-check/runcheck.sh", 0)), &env)
    }

    #[test]
    fn permits_what_follows_the_path() {
        for from in [("v18.8.0", "9.8.0"), ("18.8.7", "9.8.7"), ("v18.9.1-ee", "9.9.1"), ("v19.0.0", "10.0.0")] {
            let output = run(from, ("v18.9.1", "9.9.1"), &[]);
            assert!(output.status.success(), "{from:?}: {}", text(&output));
        }
    }

    #[test]
    fn refuses_what_skips_a_stop() {
        for from in [("v18.7.9", "9.7.9"), ("17.11.2", "8.11.2"), ("v18.8.1", "9.7.0"), ("v18.10.0", "8.12.0")] {
            let output = run(from, ("v18.9.1", "9.9.1"), &[]);
            assert!(!output.status.success(), "{from:?}: {}", text(&output));
            assert!(text(&output).contains("upgrade refused"), "{}", text(&output));
        }
    }

    #[test]
    fn leaves_development_builds_alone() {
        for (from, to) in [("master", "v18.9.1"), ("v12.0.0", "master"), ("v12", "v18.9.1"), ("18.x.1", "v18.9.1")] {
            let output = run((from, "9.9.0"), (to, "9.9.1"), &[]);
            assert!(output.status.success(), "{from} {to}: {}", text(&output));
            assert!(text(&output).contains("not comparing"), "{}", text(&output));
        }
    }

    #[test]
    fn refuses_when_it_is_not_known_what_runs() {
        let output = run(("", ""), ("v18.9.1", "9.9.1"), &[]);
        assert!(!output.status.success() && text(&output).contains("is missing"), "{}", text(&output));
    }

    #[test]
    fn wants_both_keys_of_the_database_or_none() {
        let (from, to) = (("v18.9.0", "9.9.0"), ("v18.9.1", "9.9.1"));
        assert!(run(from, to, &["postgresql-password", "postgresql-postgres-password"]).status.success());
        for key in ["postgresql-password", "postgresql-postgres-password"] {
            let output = run(from, to, &[key]);
            assert!(!output.status.success() && text(&output).contains("has no key"), "{}", text(&output));
        }
    }
}

mod shared_secrets {
    use super::*;

    const OPENSSL: &str = r#"#!/bin/sh
[ "$1" = genrsa ] && { echo "-----BEGIN RSA PRIVATE KEY-----"; echo abc; echo "-----END RSA PRIVATE KEY-----"; exit; }
while [ $# -gt 0 ]; do
  case $1 in
  -keyout) echo "-----BEGIN PRIVATE KEY-----" >"$2" ;;
  -out) echo "-----BEGIN CERTIFICATE-----" >"$2" ;;
  esac
  shift
done
"#;
    const SSH_KEYGEN: &str = r#"#!/bin/sh
while [ "$1" != -f ]; do shift; done
echo "-----BEGIN OPENSSH PRIVATE KEY-----" >"$2"
echo "ssh-x AAAA" >"$2.pub"
"#;

    fn sandbox() -> Sandbox {
        let sandbox = Sandbox::new();
        if !installed("openssl") {
            sandbox.program("openssl", OPENSSL);
        }
        if !installed("ssh-keygen") {
            sandbox.program("ssh-keygen", SSH_KEYGEN);
        }
        fs::create_dir(sandbox.path("store")).unwrap();
        fs::create_dir(sandbox.path("tmp")).unwrap();
        sandbox
    }

    fn script() -> String {
        render("shared-secrets/generate-secrets.sh", &view("shared-secrets/generate-secrets.sh", 0))
    }

    fn generate(sandbox: &Sandbox) -> String {
        let tmp = sandbox.str("tmp");
        let output = sandbox.succeeds("bash", &script(), &[("TMPDIR", tmp.as_str())]);
        assert!(sandbox.files("tmp").is_empty(), "values stay behind in files");
        output
    }

    fn base64_of(text: &str) -> Vec<u8> {
        let output = Command::new("sh").args(["-c", &format!("printf %s '{text}' | base64 -d")]).output().unwrap();
        assert!(output.status.success());
        output.stdout
    }

    /// The fields of one environment of secrets.yml, in the plain form the script writes.
    fn field<'a>(yaml: &'a str, name: &str) -> &'a str {
        let start = yaml.find(&format!("{name}:")).unwrap_or_else(|| panic!("no {name} in {yaml}")) + name.len() + 1;
        let rest = &yaml[start..];
        let end = rest
            .match_indices('\n')
            .find(|(i, _)| {
                rest[i + 1..].chars().take(3).last() != Some(' ') && !rest[i + 1..].trim_start().starts_with('-')
            })
            .map_or(rest.len(), |(i, _)| i);
        rest[..end].trim()
    }

    #[test]
    fn values_have_the_right_form() {
        let sandbox = sandbox();
        let printed = generate(&sandbox);
        let alphanumeric = |s: &str| s.chars().all(|c| c.is_ascii_alphanumeric());

        let token = sandbox.read("store/test-gitaly-secret/token");
        assert!(token.len() == 64 && alphanumeric(&token), "{token}");
        assert!(!printed.contains(&token), "values are not printed");

        let shared = base64_of(&sandbox.read("store/test-gitlab-workhorse-secret/shared_secret"));
        assert_eq!(shared.len(), 32, "workhorse wants 32 bytes in base64");

        let list: Vec<String> = serde_json::from_str(&sandbox.read("store/test-registry-notification/secret")).unwrap();
        assert!(list.len() == 1 && list[0].len() == 32, "{list:?}");

        assert_eq!(sandbox.read("store/test-gitlab-runner-secret/runner-token"), "");
        assert_eq!(sandbox.read("store/test-gitlab-runner-secret/runner-registration-token").len(), 64);
        assert!(sandbox.read("store/test-gitaly-secret.labels").contains(r#""app": "gitlab", "release": "test""#));

        let certificate = sandbox.read("store/test-registry-secret/registry-auth.crt");
        assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"), "{certificate}");
        for kind in ["rsa", "ecdsa", "ed25519"] {
            let key = sandbox.read(&format!("store/test-gitlab-shell-host-keys/ssh_host_{kind}_key"));
            assert!(key.starts_with("-----BEGIN"), "{key}");
            assert!(sandbox.exists(&format!("store/test-gitlab-shell-host-keys/ssh_host_{kind}_key.pub")));
        }
        if installed("openssl") {
            let check = "openssl x509 -noout -subject -in store/test-registry-secret/registry-auth.crt && \
                         openssl rsa -noout -check -in store/test-registry-secret/registry-auth.key";
            let printed = sandbox.succeeds("sh", check, &[]);
            assert!(printed.contains("gitlab-issuer"), "{printed}");
        }
    }

    #[test]
    fn secrets_yml_has_every_field_of_gitlab() {
        let sandbox = sandbox();
        generate(&sandbox);
        let yaml = sandbox.read("store/test-rails-secret/secrets.yml");
        assert!(yaml.starts_with("production:\n  secret_key_base: "), "{yaml}");
        for name in ["secret_key_base", "otp_key_base", "db_key_base", "encrypted_settings_key_base"] {
            let value = field(&yaml, name).trim_matches('"');
            assert!(value.len() == 128 && value.chars().all(|c| c.is_ascii_hexdigit()), "{name}: {value}");
        }
        for name in ["active_record_encryption_primary_key", "active_record_encryption_deterministic_key"] {
            let value = field(&yaml, name);
            assert!(value.starts_with("- \"") && value.len() == 32 + 4, "{name}: {value}");
        }
        assert_eq!(field(&yaml, "active_record_encryption_key_derivation_salt").trim_matches('"').len(), 32);
        let pem: String = yaml
            .lines()
            .filter_map(|l| l.strip_prefix("    "))
            .filter(|l| !l.starts_with('-') || l.starts_with("-----"))
            .map(|l| format!("{l}\n"))
            .collect();
        assert!(pem.starts_with("-----BEGIN"), "{pem}");
        if installed("openssl") {
            sandbox.write("key.pem", &pem);
            sandbox.succeeds("sh", "openssl rsa -noout -check -in key.pem", &[]);
        }
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let sandbox = sandbox();
        generate(&sandbox);
        let (first, log) = (sandbox.files("store"), sandbox.read("store.log"));
        assert_eq!(log.lines().count(), 7, "{log}");
        generate(&sandbox);
        assert_eq!(first, sandbox.files("store"));
        assert_eq!(log, sandbox.read("store.log"), "nothing was written");
    }

    #[test]
    fn what_exists_is_kept_and_what_lacks_is_added() {
        let sandbox = sandbox();
        sandbox
            .write("store/test-gitaly-secret/token", "mine")
            .write("store/test-gitlab-runner-secret/runner-registration-token", "mine too")
            .write("store/test-gitlab-workhorse-secret/shared_secret", "");
        for name in ["test-gitaly-secret", "test-gitlab-runner-secret", "test-gitlab-workhorse-secret"] {
            sandbox.write(&format!("store/{name}.version"), "x\nx\n");
        }
        generate(&sandbox);
        assert_eq!(sandbox.read("store/test-gitaly-secret/token"), "mine");
        assert_eq!(sandbox.read("store/test-gitlab-workhorse-secret/shared_secret"), "", "even an empty value is kept");
        assert_eq!(sandbox.read("store/test-gitlab-runner-secret/runner-registration-token"), "mine too");
        assert!(sandbox.exists("store/test-gitlab-runner-secret/runner-token"));
        let log = sandbox.read("store.log");
        assert!(log.contains("patch test-gitlab-runner-secret") && !log.contains("test-gitaly-secret"), "{log}");
    }

    #[test]
    fn an_older_secrets_yml_gains_fields_and_keeps_the_rest() {
        let sandbox = sandbox();
        let old = "# from an older release\ndevelopment:\n    otp_key_base: other\nproduction:\n    secret_key_base: aaa\n    db_key_base: bbb\n    own: 1\n";
        sandbox.write("store/test-rails-secret/secrets.yml", old).write("store/test-rails-secret.version", "x\n");
        generate(&sandbox);
        let yaml = sandbox.read("store/test-rails-secret/secrets.yml");
        let kept: Vec<_> = yaml.lines().filter(|l| old.lines().any(|o| o == *l)).collect();
        assert_eq!(kept, old.lines().collect::<Vec<_>>(), "{yaml}");
        assert!(yaml.contains("production:\n    otp_key_base: \""), "same indentation, in its environment: {yaml}");
        assert_eq!(yaml.matches("secret_key_base:").count(), 1);
        assert_eq!(yaml.matches("  db_key_base:").count(), 1);
        let log = sandbox.read("store.log");
        generate(&sandbox);
        assert_eq!(log, sandbox.read("store.log"), "complete now");
    }

    #[test]
    fn a_secrets_yml_in_another_style_is_not_touched() {
        let sandbox = sandbox();
        let other = "{production: {secret_key_base: a}}";
        sandbox.write("store/test-rails-secret/secrets.yml", other).write("store/test-rails-secret.version", "x\n");
        let printed = generate(&sandbox);
        assert_eq!(sandbox.read("store/test-rails-secret/secrets.yml"), other);
        assert!(printed.contains("cannot be completed"), "{printed}");
    }

    #[test]
    fn half_of_a_pair_is_left_to_a_person() {
        let sandbox = sandbox();
        sandbox
            .write("store/test-registry-secret/registry-auth.key", "k")
            .write("store/test-registry-secret.version", "x\n");
        let printed = sandbox.fails("bash", &script(), &[]);
        assert!(printed.contains("has only some of the keys registry-auth.crt registry-auth.key"), "{printed}");
        assert_eq!(sandbox.files("store/test-registry-secret").len(), 1);
    }

    #[test]
    fn a_cluster_that_does_not_answer_is_not_an_empty_one() {
        let sandbox = sandbox();
        sandbox.fails("bash", &script(), &[("KUBECTL_FAILS", "yes")]);
        assert!(sandbox.files("store").is_empty());
        assert!(!sandbox.exists("store.log"));
    }

    #[test]
    fn self_signed_certificates_are_stored_once() {
        let sandbox = sandbox();
        sandbox.write("out/ca.pem", "ca\n").write("out/wildcard.pem", "cert\n").write("out/wildcard-key.pem", "key\n");
        let script = render("shared-secrets/selfsign.sh", &view("shared-secrets/selfsign.sh", 0));
        let out = sandbox.str("out");
        let env = [("SELFSIGN_OUTPUT", out.as_str())];
        sandbox.succeeds("bash", &script, &env);
        assert_eq!(sandbox.read("store/test-wildcard-tls/tls.key"), "key\n");
        assert_eq!(sandbox.read("store/test-wildcard-tls/tls.crt"), "cert\n");
        assert_eq!(sandbox.read("store/test-wildcard-tls-ca/cfssl_ca"), "ca\n");
        assert_eq!(sandbox.read("store/test-wildcard-tls-chain/gitlab.example.com.crt"), "cert\nca\n");
        let first = sandbox.files("store");
        sandbox.write("out/ca.pem", "another ca\n");
        sandbox.succeeds("bash", &script, &env);
        assert_eq!(first, sandbox.files("store"), "clients trust the first authority");
    }
}

mod others {
    use super::*;

    #[test]
    fn the_issuer_is_tried_until_cert_manager_takes_it() {
        let script = render("certmanager-issuer/create-issuer.sh", &json!({}));
        let env = [("POD_NAMESPACE", "default"), ("ISSUER_ATTEMPTS", "3"), ("ISSUER_PAUSE", "0")];
        let sandbox = Sandbox::new();
        sandbox.succeeds("bash", &script, &env);
        assert_eq!(sandbox.read("store.log"), "apply /scripts/issuer.yml\n");

        let sandbox = Sandbox::new();
        sandbox.fails("bash", &script, &[env[0], env[1], env[2], ("KUBECTL_FAILS", "yes")]);
        assert_eq!(sandbox.read("store.log").lines().count(), 3);
    }

    #[test]
    fn database_scripts_leave_the_shell_that_sources_them_alone() {
        let sandbox = Sandbox::new();
        sandbox.program("psql", "#!/bin/sh\necho \"$*\" >>\"$STORE.log\"\n[ \"$PGPASSWORD\" = pw ]\ncat >/dev/null\n");
        for name in ["postgresql/init_revision.sh", "postgresql/enable_extensions.sh", "postgresql/init_registry.sh"] {
            sandbox.write(name, &render(name, &view(name, 0)));
        }
        sandbox.write("volume/.user_scripts_initialized", "").write("password", "x");
        let (volume, password) = (sandbox.str("volume"), sandbox.str("password"));
        let env = [
            ("POSTGRESQL_VOLUME_DIR", volume.as_str()),
            ("REGISTRY_PASSWORD_FILE", password.as_str()),
            ("POSTGRES_POSTGRES_PASSWORD", "pw"),
        ];
        let source = "for f in postgresql/*.sh; do . ./\"$f\"; done; false; echo \"still here ${volume:-unset}\"";
        assert!(sandbox.succeeds("bash", source, &env).contains("still here unset"));
        assert!(!sandbox.exists("volume/.user_scripts_initialized"), "a new revision runs the scripts again");
        let log = sandbox.read("store.log");
        for extension in ["pg_trgm", "btree_gist", "amcheck"] {
            assert!(log.contains(&format!("CREATE EXTENSION IF NOT EXISTS {extension}")), "{log}");
        }
        assert!(log.contains("--set role=registry --set database=registry"), "{log}");

        sandbox.write("volume/.user_scripts_initialized", "");
        sandbox.succeeds("bash", source, &env);
        assert!(sandbox.exists("volume/.user_scripts_initialized"), "the same revision does not");
    }

    #[test]
    fn the_toolbox_gives_backups_their_credentials() {
        let sandbox = Sandbox::new();
        sandbox.write("key", "{}");
        let key = sandbox.str("key");
        let script = render("toolbox/configure-gsutil.sh", &view("toolbox/configure-gsutil.sh", 0));
        sandbox.succeeds("bash", &script, &[("GSUTIL_KEY_FILE", key.as_str())]);
        let expected =
            format!("[Credentials]\ngs_service_key_file = {key}\n[GSUtil]\ndefault_project_id = my-project\n");
        assert_eq!(sandbox.read("home/.boto"), expected);
        assert_eq!(sandbox.mode("home/.boto"), 0o600);

        sandbox.program("backup-utility", "#!/bin/sh\necho \"backup $*\"\n");
        let backup = render("toolbox/backup-tools.sh", &view("toolbox/backup-tools.sh", 1));
        assert_eq!(sandbox.succeeds("bash", &backup, &[("BACKUP_BACKEND", "s3")]), "backup --skip registry\n");
    }

    #[test]
    fn the_login_test_signs_in() {
        let curl = r#"#!/bin/sh
for a; do
  case $a in
  user\[password\]@*) grep -qx 'pa ss' "${a#*@}" && good=yes ;;
  authenticity_token=*) token=$a ;;
  esac
done
case $* in
*--write-out*) [ "$token" = 'authenticity_token=T+/=' ] && [ -n "$good" ] && printf 302 || printf 422 ;;
*) echo '<meta name="csrf-param" content="x" /><meta name="csrf-token" content="T+/=" /><p>' ;;
esac
"#;
        let sandbox = Sandbox::new();
        sandbox.program("curl", curl);
        let script = render("webservice/test_login.sh", &view("webservice/test_login.sh", 0));
        let password = sandbox.str("password");
        let env = [("TEST_PASSWORD_FILE", password.as_str())];
        sandbox.write("password", "pa ss");
        assert_eq!(sandbox.succeeds("sh", &script, &env), "signed in as root\n");
        sandbox.write("password", "wrong");
        let printed = sandbox.fails("sh", &script, &env);
        assert!(printed.contains("answered with 422"), "{printed}");
    }
}
