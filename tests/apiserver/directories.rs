//! The directories for Flux and Argo CD, applied as these do it: server-side, folder after folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gitlab_render::manifest::stream;
use serde_json::Value;

use super::renders;
use super::server::Server;
use crate::common;

/// Writes a release in a namespace of the same name below `folder`.
fn write(folder: &Path, name: &str, profile: &str, hooks: &str) {
    let words = ["template", name, "-n", name, "--profile", profile, "--set", renders::EMAIL, "--hooks", hooks];
    let args: Vec<_> = words.iter().chain(&["--output-dir", "out"]).map(|&word| word.to_owned()).collect();
    let ran = common::run(folder, &args, &BTreeMap::new(), "");
    assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
}

/// What stands in the YAML files of a folder and below, but for those that tell a program how to read it.
pub(super) fn objects_below(folder: &Path) -> Vec<Value> {
    let mut objects = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            objects.extend(objects_below(&path));
        } else if !path.ends_with("kustomization.yaml") && path.extension().is_some_and(|end| end == "yaml") {
            objects.extend(documents(&std::fs::read_to_string(&path).expect("the file can be read")));
        }
    }
    objects
}

fn documents(text: &str) -> Vec<Value> {
    stream::objects(text, 0).expect("manifests")
}

fn kubectl(server: &Server, args: &[&str], stdin: &str) -> String {
    let ran = server.kubectl(args, stdin);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{args:?}: {}", ran.stdout);
    ran.stdout
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_takes_the_directory_for_flux() {
    let server = Server::start();
    for (name, profile) in [("flux-0", "evaluation"), ("flux-1", "gateway-api")] {
        let folder = tempfile::tempdir().expect("there is room");
        write(folder.path(), name, profile, "flux");
        let out = folder.path().join("out");
        let build = |folder: &Path| kubectl(&server, &["kustomize", &folder.display().to_string()], "");
        let kustomizations = documents(&build(&out));
        assert_eq!(kustomizations.len(), 3, "{name}");
        for kustomization in &kustomizations {
            let complaints: Vec<_> = server.create(kustomization, "flux-system", true).complaints().collect();
            assert!(complaints.is_empty(), "{name}: {complaints:?}");
        }
        let mut applied = BTreeSet::new();
        let mut written = 0;
        for phase in ["pre", "main", "post"] {
            let built = build(&out.join(phase));
            let there = documents(&built);
            let lost: Vec<_> = objects_below(&out.join(phase)).into_iter().filter(|o| !there.contains(o)).collect();
            assert!(lost.is_empty(), "{name}: kustomize changes objects of {phase}: {lost:#?}");
            server.namespace(name, &BTreeMap::new());
            kubectl(&server, &["apply", "--server-side", "-f", "-"], &built);
            written += there.len();
            applied.extend(there.iter().map(|object| format!("{}/{}", object["kind"], object["metadata"]["name"])));
        }
        assert_eq!(applied.len(), written, "{name}: an object is in two phases");
        println!("Flux: {} Kustomizations and {written} objects of {name}", kustomizations.len());
    }
}

#[test]
#[ignore = "needs an API server, see docs/testing.md"]
fn apiserver_takes_the_directory_for_argo_cd() {
    let server = Server::start();
    let name = "argo";
    let folder = tempfile::tempdir().expect("there is room");
    write(folder.path(), name, "evaluation", "argocd");
    let out = folder.path().join("out");
    // the Application excludes itself, and this server has no Argo CD
    std::fs::remove_file(out.join("argocd.yaml")).expect("the Application is beside the objects");
    let mut waves: BTreeMap<(usize, i64), usize> = BTreeMap::new();
    for object in objects_below(&out) {
        let mark = |mark: &str| object["metadata"]["annotations"][format!("argocd.argoproj.io/{mark}")].as_str();
        let phase = match mark("hook") {
            Some("PreSync") => 0,
            Some("Sync") | None => 1,
            Some("PostSync") => 2,
            Some(other) => panic!("{other}: {object}"),
        };
        let wave = mark("sync-wave").map_or(0, |wave| wave.parse().expect("a wave is a number"));
        *waves.entry((phase, wave)).or_default() += 1;
    }
    assert!(waves.len() >= 6, "{waves:?}");
    server.namespace(name, &BTreeMap::new());
    let folder = out.display().to_string();
    let applied = kubectl(&server, &["apply", "--server-side", "-n", name, "-R", "-f", &folder], "");
    let written: usize = waves.values().sum();
    assert_eq!(applied.lines().count(), written, "{applied}");
    println!("Argo CD: {written} objects in {} waves", waves.len());
}
