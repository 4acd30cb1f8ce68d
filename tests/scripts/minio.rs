//! MinIO: its configuration and its buckets.

use super::*;

#[test]
fn configures_the_keys() {
    let sandbox = Sandbox::new();
    sandbox
        .write("from/config.json", "{\"credential\": {\"accessKey\": \"ACCESS_KEY\",\n\"secretKey\": \"SECRET_KEY\"}}")
        .write("from/accesskey", "AK\n")
        .write("from/secretkey", "s\"e\\c&r\ttab\nline\r\nend\n");
    let (from, to) = (sandbox.str("from"), sandbox.str("to"));
    let env = [("MINIO_CONFIG_SOURCE", from.as_str()), ("MINIO_CONFIG_TARGET", to.as_str())];
    let script = render("minio/configure.sh", &json!({}));
    sandbox.succeeds("sh", &script, &env);
    let config: Value = serde_json::from_str(&sandbox.read("to/config.json")).unwrap();
    assert_eq!(config, json!({"credential": {"accessKey": "AK", "secretKey": "s\"e\\c&r\ttab\nline\r\nend"}}));
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
