//! The container registry: marks in its configuration.

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
fn a_secret_with_what_ends_a_line_comes_through_unchanged() {
    let secret = "a\nb\r\nc\u{85}d\u{2028}e\u{2029}f\\n \"g\" é\tü: # 012\n\n- x";
    for locale in ["C", "C.UTF-8"] {
        let sandbox = Sandbox::new();
        sandbox.write("templates/config.yml.tpl", TEMPLATE).write("config/httpSecret", &format!("{secret}\n"));
        let env = [
            ("REGISTRY_SECRETS_DIRECTORY", sandbox.str("config")),
            ("CONFIG_TEMPLATE_DIRECTORY", sandbox.str("templates")),
            ("CONFIG_DIRECTORY", sandbox.str("registry")),
            ("LC_ALL", locale.to_owned()),
        ];
        let env: Vec<_> = env.iter().map(|(k, v)| (*k, v.as_str())).collect();
        sandbox.succeeds("sh", &render("registry/configure.sh", &json!({})), &env);
        let config: Value = serde_yaml::from_str(&sandbox.read("registry/config.yml")).unwrap();
        assert_eq!(config["http"]["secret"], json!(secret), "{locale}");
    }
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
    let store = "  gcs:\n    bucket: b\n    keyfile: /etc/docker/registry/storage/key.json\n";
    // Images can be deleted unless the store says otherwise.
    let expected = format!("storage:\n{store}  delete:\n    enabled: true\n  maintenance: {{}}\n");
    assert_eq!(run(&sandbox), expected);
    assert!(sandbox.exists("registry/storage/key.json"));
}

/// A value that is one of these words is refused, so that no secret is written into its place.
#[test]
fn every_mark_of_the_scripts_is_refused_as_a_value() {
    let script = render("registry/configure.sh", &json!({}));
    let marks: Vec<&str> = script.lines().filter_map(|l| l.strip_prefix("put_secret ")?.split(' ').next()).collect();
    assert!(marks.len() >= 7, "{marks:?}");
    let of_registry = marks.into_iter().chain(["SECRET_prod-registry-notification_secret"]);
    let fields = of_registry.map(|mark| (format!("registry.log.fields.a={mark}"), mark));
    let minio = ["ACCESS_KEY", "SECRET_KEY"].map(|mark| (format!("minio.minioConfig.region={mark}"), mark));
    for (set, mark) in fields.chain(minio) {
        let args = ["template", "prod", "--set", set.as_str()].map(str::to_owned);
        let ran = crate::common::run(Path::new(ROOT), &args, &BTreeMap::new(), "");
        assert_eq!(ran.status, Some(3), "{set}");
        assert!(ran.stderr.contains("error[reserved-word]") && ran.stderr.contains(mark), "{set}: {}", ran.stderr);
    }
}
