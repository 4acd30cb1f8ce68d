//! The Secrets that are made, and those that are left alone.

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
    let secrets = view("shared-secrets/generate-secrets.sh", 0)["secrets"].as_array().unwrap().len();
    assert_eq!(log.lines().filter(|l| l.starts_with("create ")).count(), secrets, "{log}");
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
    let old = "# from an older release\ndevelopment:\n    encrypted_settings_key_base: other\nproduction:\n    secret_key_base: aaa\n    \"otp_key_base\": ccc\n    db_key_base: bbb\n    own: 1\n";
    sandbox.write("store/test-rails-secret/secrets.yml", old).write("store/test-rails-secret.version", "x\n");
    generate(&sandbox);
    let yaml = sandbox.read("store/test-rails-secret/secrets.yml");
    let kept: Vec<_> = yaml.lines().filter(|l| old.lines().any(|o| o == *l)).collect();
    assert_eq!(kept, old.lines().collect::<Vec<_>>(), "{yaml}");
    assert!(
        yaml.contains("production:\n    encrypted_settings_key_base: \""),
        "same indentation, in its environment: {yaml}"
    );
    assert_eq!(yaml.matches("secret_key_base:").count(), 1);
    assert_eq!(yaml.matches("  db_key_base:").count(), 1);
    let log = sandbox.read("store.log");
    generate(&sandbox);
    assert_eq!(log, sandbox.read("store.log"), "complete now");
}

#[test]
fn a_lost_database_key_is_not_replaced() {
    let sandbox = sandbox();
    let old = "production:\n  secret_key_base: aaa\n  otp_key_base: ccc\n";
    sandbox.write("store/test-rails-secret/secrets.yml", old).write("store/test-rails-secret.version", "x\n");
    let printed = sandbox.fails("bash", &script(), &[]);
    assert!(printed.contains("has no db_key_base"), "{printed}");
    assert_eq!(sandbox.read("store/test-rails-secret/secrets.yml"), old);
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
