//! Issuer, database, toolbox and the login test.

use super::*;

#[test]
fn the_issuer_is_tried_until_cert_manager_takes_it() {
    let script = render("certmanager-issuer/create-issuer.sh", &json!({"files": ["/scripts/issuer.yml"]}));
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
    let expected = format!("[Credentials]\ngs_service_key_file = {key}\n[GSUtil]\ndefault_project_id = my-project\n");
    assert_eq!(sandbox.read("home/.boto"), expected);
    assert_eq!(sandbox.mode("home/.boto"), 0o600);

    sandbox.program("backup-utility", "#!/bin/sh\necho \"backup $*\"\n");
    let backup = render("toolbox/backup-tools.sh", &view("toolbox/backup-tools.sh", 1));
    assert_eq!(sandbox.succeeds("bash", &backup, &[("BACKUP_BACKEND", "s3")]), "backup --skip registry\n");
}

#[test]
fn the_idle_toolbox_ends_when_it_is_told_to() {
    let sandbox = Sandbox::new();
    let idle = render("toolbox/backup-tools.sh", &view("toolbox/backup-tools.sh", 0));
    sandbox.write("idle", &idle);
    // were the signal ignored until `sleep` ends, `wait` would take an hour
    let script = "bash idle & pid=$!; sleep 1; kill -TERM $pid; wait $pid; echo ended with $?";
    let printed = sandbox.succeeds("bash", script, &[("BACKUP_BACKEND", "s3")]);
    assert_eq!(printed, "ended with 0\n");
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
