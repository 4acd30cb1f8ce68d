//! The scripts of the runner: what they export, how often they try, what they ask of the cluster.

use super::*;

/// Prints its arguments and the variables that matter.
const PROGRAM: &str = "#!/bin/bash\necho \"$(basename \"$0\") $*\" >>\"$STORE.log\"\nenv | grep -E '^(CI_SERVER_TOKEN|REGISTRATION_TOKEN|CACHE_|GOOGLE_)' | sort >>\"$STORE.log\"\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.program("gitlab-runner", PROGRAM);
    sandbox.program("entrypoint", PROGRAM);
    let register = render("gitlab-runner/register-the-runner.sh", &view("gitlab-runner/register-the-runner.sh", 0));
    sandbox.write("scripts/register-the-runner", &register);
    sandbox.write("scripts/config.toml", "advertise_address = \"SESSION_SERVER_ADDRESS:SESSION_SERVER_PORT\"\n");
    sandbox.write("scripts/pre-entrypoint-script", "");
    sandbox.write("secrets/none", "");
    sandbox
}

fn env(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    vec![
        ("RUNNER_SCRIPTS", sandbox.str("scripts")),
        ("RUNNER_SECRETS", sandbox.str("secrets")),
        ("RUNNER_CONFIG_DIR", sandbox.str("config")),
        ("RUNNER_ENTRYPOINT", "entrypoint".to_owned()),
    ]
}

fn succeeds(sandbox: &Sandbox, script: &str, env: &[(&str, String)]) -> String {
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    sandbox.succeeds("bash", script, &env)
}

#[test]
fn the_runner_registers_with_its_token_and_runs_without_it() {
    let sandbox = sandbox();
    let token = "to ken\"$(touch broken)'";
    sandbox.write("secrets/runner-token", token).write("secrets/runner-registration-token", "old");
    sandbox.write("secrets/accesskey", "a").write("secrets/secretkey", "s");
    sandbox.write("scripts/pre-entrypoint-script", "export CACHE_SHARED=true\n");
    succeeds(&sandbox, &render("gitlab-runner/entrypoint.sh", &view("gitlab-runner/entrypoint.sh", 0)), &env(&sandbox));
    let log = sandbox.read("store.log");
    let (registered, ran) = log.split_once("entrypoint run").unwrap();
    assert!(
        registered.starts_with(
            "gitlab-runner register --non-interactive --template-config /configmaps/config.template.toml\n"
        )
    );
    assert!(registered.contains("CACHE_S3_ACCESS_KEY=a\nCACHE_S3_SECRET_KEY=s\nCACHE_SHARED=true\n"), "{log}");
    assert!(registered.contains(&format!("CI_SERVER_TOKEN={token}\n")), "{log}");
    assert!(!registered.contains("REGISTRATION_TOKEN"), "the newer token goes before the old one: {log}");
    assert!(!ran.contains("TOKEN"), "{log}");
    assert!(!sandbox.exists("broken"));
    assert_eq!(sandbox.mode("config/config.toml") & 0o077, 0);
}

#[test]
fn the_session_server_gets_the_address_that_the_cluster_gave() {
    let sandbox = sandbox();
    sandbox.write("secrets/runner-registration-token", "old").write("account/token", "t").write("account/ca.crt", "c");
    let answer = r#"{"spec": {"ports": [{"port": 9000, "nodePort": 30123}]}, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}"#;
    sandbox.write("answer", answer);
    sandbox.program("curl", "#!/bin/sh\necho \"$*\" >>\"$STORE.log\"\ncat answer\n");
    for (name, n) in [("set-session-server-address", 0), ("set-session-server-port", 1)] {
        let file = format!("gitlab-runner/{name}.sh");
        sandbox.write(&format!("scripts/{name}"), &render(&file, &view(&file, n)));
    }
    let mut env = env(&sandbox);
    let account = sandbox.str("account");
    env.extend([
        ("RUNNER_ACCOUNT", account),
        ("KUBERNETES_SERVICE_HOST", "api".to_owned()),
        ("KUBERNETES_SERVICE_PORT", "443".to_owned()),
        ("KUBERNETES_NAMESPACE", "ci".to_owned()),
    ]);
    succeeds(&sandbox, &render("gitlab-runner/entrypoint.sh", &view("gitlab-runner/entrypoint.sh", 2)), &env);
    assert_eq!(sandbox.read("config/config.toml"), "advertise_address = \"192.0.2.7:30123\"\n");
    assert!(sandbox.read("store.log").contains("https://api:443/api/v1/namespaces/ci/services/given-session-server"));

    sandbox.write("answer", r#"{"status": {"loadBalancer": {}}}"#);
    env.extend([("RUNNER_ADDRESS_ATTEMPTS", "2".to_owned()), ("RUNNER_ADDRESS_PAUSE", "0".to_owned())]);
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let script = sandbox.read("scripts/set-session-server-address");
    assert!(sandbox.fails("bash", &script, &env).contains("has no address yet"));
}

#[test]
fn registering_ends_after_the_last_attempt() {
    let sandbox = Sandbox::new();
    sandbox.program("gitlab-runner", "#!/bin/sh\necho \"$*\" >>\"$STORE.log\"\nexit 1\n");
    let script = render("gitlab-runner/register-the-runner.sh", &view("gitlab-runner/register-the-runner.sh", 2));
    let env = [("RUNNER_REGISTER_ATTEMPTS", "3"), ("RUNNER_REGISTER_PAUSE", "0")];
    sandbox.fails("bash", &script, &env);
    assert_eq!(sandbox.read("store.log"), "register --non-interactive --template-config /mnt/it's\n".repeat(3));
    let script = render("gitlab-runner/register-the-runner.sh", &view("gitlab-runner/register-the-runner.sh", 1));
    sandbox.write("store.log", "").fails("bash", &script, &env[..]);
    assert_eq!(sandbox.read("store.log"), "register --non-interactive\n".repeat(3));
}

#[test]
fn only_a_runner_that_gitlab_removed_or_that_is_gone_is_dead() {
    let sandbox = Sandbox::new();
    let script = render("gitlab-runner/check-live.sh", &json!({}));
    sandbox.program("pgrep", "#!/bin/sh\ncase $* in *register*) exit 1 ;; *) [ ! -e gone ] ;; esac\n");
    sandbox.program("gitlab-runner", "#!/bin/sh\ncat verdict\nexit 1\n");
    sandbox.write("verdict", "ERROR: Verifying runner... failed  status=couldn't execute POST against GitLab\n");
    sandbox.succeeds("bash", &script, &[]);
    sandbox.write("verdict", "ERROR: Verifying runner... is removed\n");
    sandbox.fails("bash", &script, &[]);
    sandbox.write("verdict", "Verifying runner... is valid\n");
    sandbox.succeeds("bash", &script, &[]);
    sandbox.write("gone", "");
    sandbox.fails("bash", &script, &[]);
}
