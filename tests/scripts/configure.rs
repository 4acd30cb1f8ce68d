//! `configure` of the components that only need their Secrets copied.

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
