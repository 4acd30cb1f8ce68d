//! Really applied, by kubectl as a user does it: from an empty namespace to a complete one in output order, again
//! without a change, and from one version of GitLab to the next.

use std::collections::BTreeMap;

use gitlab_render::releases;

use super::renders;
use super::server::Server;
use crate::common;

/// What the program writes for a release in a namespace of the same name, for kubectl: as `docs/apply.md` says it.
pub fn template(name: &str, args: &[&str]) -> String {
    let head = ["template", name, "-n", name, "--set", renders::EMAIL, "--hooks", "none"];
    let args: Vec<_> = head.iter().chain(args).map(|&arg| arg.to_owned()).collect();
    let ran = common::run(common::root(), &args, &BTreeMap::new(), "");
    assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
    ran.stdout
}

/// The default render and three profiles, each in a namespace and under a release name of its own.
fn installs(prefix: &str) -> Vec<(String, String)> {
    let installs = [None, Some("evaluation"), Some("gateway-api"), Some("reference-hybrid-10k")];
    let installs = installs.into_iter().zip(0..);
    installs
        .map(|(profile, number)| {
            let name = format!("{prefix}-{number}");
            let args = profile.map(|profile| ["--profile", profile]);
            let text = template(&name, args.as_ref().map_or(&[], |args| args.as_slice()));
            (name, text)
        })
        .collect()
}

/// Lines of `kubectl apply` by how they end: created, configured, unchanged, serverside-applied.
fn outcomes(stdout: &str) -> BTreeMap<&str, usize> {
    let mut outcomes = BTreeMap::new();
    for line in stdout.lines() {
        *outcomes.entry(line.rsplit(' ').next().unwrap_or_default()).or_default() += 1;
    }
    outcomes
}

/// Applies each install to an empty namespace, then again, and expects that this changes nothing.
fn apply_twice(server: &Server, how: &str, flags: &[&str], outcome: &str) {
    for (namespace, text) in installs(how) {
        let namespace = namespace.as_str();
        server.namespace(namespace, &BTreeMap::new());
        let objects = text.matches("\n# Source: ").count();
        let kubectl = |command: &str| {
            let ran = server.kubectl(&[&[command, "-n", namespace, "-f", "-"], flags].concat(), &text);
            assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{namespace}: {command}\n{}", ran.stdout);
            ran.stdout
        };
        assert_eq!(outcomes(&kubectl("apply")), BTreeMap::from([(outcome, objects)]), "{namespace}");
        let first = read_back(server, namespace, &text);
        // What kubectl prints says less: it sends a field with a value that the server leaves out, `readOnly: false`,
        // each time, and calls that `configured`.
        kubectl("apply");
        assert_same(&first, &read_back(server, namespace, &text), namespace);
        assert_eq!(kubectl("diff"), "", "{namespace}");
        assert_eq!(our_diff(namespace, &first, &text), "", "{namespace}");
        println!("applied ({how}): {objects} objects of {namespace}, and again without a change");
    }
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_is_applied_to_once_and_then_nothing_changes() {
    let server = Server::start();
    apply_twice(&server, "client-side", &[], "created");
    apply_twice(&server, "server-side", &["--server-side"], "serverside-applied");
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_lets_every_version_follow_the_one_before() {
    let server = Server::start();
    server.namespace("upgrade", &BTreeMap::new());
    let versions = releases::known_versions();
    let apply = |namespace: &str, args: &[&str]| {
        let text = template(namespace, args);
        let ran = server.kubectl(&["apply", "-n", namespace, "-f", "-"], &text);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{args:?}: {}", ran.stdout);
    };
    let outside = |file: &str| format!("tests/upgrade/road-to-19/{file}.yaml");
    for version in &versions {
        // from 19 on no data store comes with GitLab; the Ingresses stay
        let (values, bundled) = (outside("ingress"), !version.starts_with("19."));
        let stores = if bundled { Vec::new() } else { vec!["-f", values.as_str()] };
        apply("upgrade", &[&["--gitlab-version", version.as_str()][..], &stores].concat());
    }
    // the newest again, behind a Gateway
    server.namespace("gateway", &BTreeMap::new());
    let newest = versions.last().expect("there are versions");
    apply("gateway", &["--gitlab-version", newest, "-f", &outside("gateway")]);
    println!("upgraded: {} versions of GitLab, one over the other: {}", versions.len(), versions.join(", "));
    assert!(versions.len() > 5);
}

/// What `gitlab-render diff` says of the objects as they are stored and as they were written.
pub fn our_diff(name: &str, stored: &str, written: &str) -> String {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("written.yaml");
    std::fs::write(&file, written).expect("there is room");
    let args = ["diff", "-", "written.yaml", "--name", name, "-n", name, "-o", "diff"].map(str::to_owned);
    let ran = common::run(folder.path(), &args, &BTreeMap::new(), stored);
    assert!(matches!(ran.status, Some(0 | 1)), "{}", ran.stderr);
    ran.stdout
}

/// The objects of a render as the server has them, as `kubectl get -o yaml` shows them.
pub fn read_back(server: &Server, namespace: &str, manifests: &str) -> String {
    let ran = server.kubectl(&["get", "-n", namespace, "-f", "-", "-o", "yaml"], manifests);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    // counted up by each apply of a volume claim, changed or not; a change of a spec shows in `generation`
    let lines = ran.stdout.lines().filter(|line| !line.trim_start().starts_with("resourceVersion:"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn assert_same(before: &str, after: &str, when: &str) {
    let changed = before.lines().zip(after.lines()).enumerate().find(|(_, (before, after))| before != after);
    assert!(changed.is_none() && before.lines().count() == after.lines().count(), "{when}: {changed:?}");
}
