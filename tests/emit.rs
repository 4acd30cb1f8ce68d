//! Writing to a stream and to a directory: all or nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use gitlab_render::diag::{Diagnostic, Fault};
use gitlab_render::emit::{self, Format, MARKER, OutputScope, Written, to_stdout};
use gitlab_render::manifest::{Manifest, Ordered, Phase, order, verify};
use serde_json::{Value, json};

fn to_dir(objects: &Ordered, format: Format, dir: &Path) -> Result<Written, Diagnostic> {
    emit::to_dir(objects, format, dir, &OutputScope { release: "prod".to_owned(), ..OutputScope::default() })
}

fn config_map(component: &str, name: &str, text: &str) -> Manifest {
    let body = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "a": text } });
    Manifest::new(component, format!("{component}/configmap.yaml"), Phase::Main, body).expect("an object")
}

fn ordered(manifests: Vec<Manifest>) -> Ordered {
    order(verify(manifests).expect("good objects"))
}

/// Files of a tree and what is in them; links by where they lead.
fn tree(dir: &Path) -> BTreeMap<String, String> {
    fn walk(dir: &Path, root: &Path, out: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("inside").display().to_string();
            let kind = fs::symlink_metadata(&path).expect("there").file_type();
            if kind.is_symlink() {
                out.insert(name, format!("-> {}", fs::read_link(&path).expect("a link").display()));
            } else if kind.is_dir() {
                out.insert(name + "/", String::new());
                walk(&path, root, out);
            } else {
                out.insert(name, fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(dir, dir, &mut out);
    out
}

fn names(dir: &Path) -> Vec<String> {
    tree(dir).into_keys().collect()
}

fn beside(dir: &Path) -> PathBuf {
    let name = format!(".{}.gitlab-render", dir.file_name().expect("a name").to_string_lossy());
    dir.parent().expect("a parent").join(name)
}

struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Scratch(tempfile::tempdir().expect("a scratch folder"))
    }
    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }
}

#[test]
fn a_stream_has_every_object_in_order() {
    let mut out = Vec::new();
    to_stdout(&ordered(vec![config_map("kas", "b", "2"), config_map("gitaly", "a", "1")]), Format::Yaml, &mut out)
        .unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "---\n# Source: gitaly/configmap.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: \"1\"\n\
         ---\n# Source: kas/configmap.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\ndata:\n  a: \"2\"\n"
    );
}

#[test]
fn json_is_one_list() {
    let mut out = Vec::new();
    to_stdout(&ordered(vec![config_map("kas", "b", "2"), config_map("kas", "a", "1")]), Format::Json, &mut out)
        .unwrap();
    let list: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&list["apiVersion"], &list["kind"]), (&json!("v1"), &json!("List")));
    assert_eq!(list["items"][1]["metadata"]["name"], "b");
}

#[test]
fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
    struct Broken(io::ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let objects = ordered(vec![config_map("kas", "a", "1")]);
    assert_eq!(to_stdout(&objects, Format::Yaml, &mut Broken(io::ErrorKind::BrokenPipe)), Ok(()));
    let error = to_stdout(&objects, Format::Yaml, &mut Broken(io::ErrorKind::StorageFull)).unwrap_err();
    assert_eq!(error.fault, Fault::Environment);
    assert!(error.message.starts_with("the output could not be written: "), "{}", error.message);
}

#[test]
fn a_directory_has_a_file_for_each_object() {
    let scratch = Scratch::new();
    let dir = scratch.0.path().join("deep/er/out");
    to_dir(&ordered(vec![config_map("kas", "a", "1"), config_map("gitaly", "b.c", "2")]), Format::Yaml, &dir).unwrap();
    assert_eq!(names(&dir), [MARKER, "gitaly/", "gitaly/configmap-b.c.yaml", "kas/", "kas/configmap-a.yaml"]);
    assert!(tree(&dir)["kas/configmap-a.yaml"].starts_with("---\n# Source: kas/configmap.yaml\napiVersion: v1\n"));
    assert!(!beside(&dir).exists());
    to_dir(&ordered(vec![config_map("kas", "a", "1")]), Format::Json, &dir).unwrap();
    assert_eq!(names(&dir), [MARKER, "kas/", "kas/configmap-a.json"]);
}

#[test]
fn stale_files_go_and_foreign_ones_stay() {
    let scratch = Scratch::new();
    let dir = scratch.out();
    to_dir(&ordered(vec![config_map("kas", "a", "1"), config_map("gitaly", "b", "2")]), Format::Yaml, &dir).unwrap();
    fs::write(dir.join("kustomization.yaml"), "mine").unwrap();
    fs::write(dir.join("gitaly/notes.txt"), "mine too").unwrap();
    fs::create_dir_all(dir.join("mine/empty")).unwrap();
    symlink("/nowhere", dir.join("link")).unwrap();
    to_dir(&ordered(vec![config_map("kas", "a", "new")]), Format::Yaml, &dir).unwrap();
    let after = tree(&dir);
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        [
            MARKER,
            "gitaly/",
            "gitaly/notes.txt",
            "kas/",
            "kas/configmap-a.yaml",
            "kustomization.yaml",
            "link",
            "mine/",
            "mine/empty/"
        ]
    );
    assert_eq!(after["gitaly/notes.txt"], "mine too");
    assert_eq!(after["link"], "-> /nowhere");
    assert!(after["kas/configmap-a.yaml"].contains("a: new"));
}

#[test]
fn what_is_in_the_way_refuses_the_run_and_nothing_changes() {
    let objects = ordered(vec![config_map("kas", "a", "1")]);
    let outside = Scratch::new();
    type Prepare = fn(&Path, &Path);
    let ways: [(&str, Prepare); 5] = [
        ("a link where a folder belongs", |dir, outside| symlink(outside, dir.join("kas")).unwrap()),
        ("a link where a file belongs", |dir, outside| {
            fs::create_dir(dir.join("kas")).unwrap();
            symlink(outside.join("target"), dir.join("kas/configmap-a.yaml")).unwrap();
        }),
        ("a file where a folder belongs", |dir, _| fs::write(dir.join("kas"), "x").unwrap()),
        ("a file that we did not write", |dir, _| {
            fs::create_dir(dir.join("kas")).unwrap();
            fs::write(dir.join("kas/configmap-a.yaml"), "x").unwrap();
        }),
        ("a folder where a file belongs", |dir, _| fs::create_dir_all(dir.join("kas/configmap-a.yaml")).unwrap()),
    ];
    for (case, prepare) in ways {
        let scratch = Scratch::new();
        let dir = scratch.out();
        fs::create_dir(&dir).unwrap();
        prepare(&dir, outside.0.path());
        let before = tree(&dir);
        let error = to_dir(&objects, Format::Yaml, &dir).expect_err(case);
        assert!(
            error.message.contains("has the name of a file or directory to be written"),
            "{case}: {}",
            error.message
        );
        assert_eq!(tree(&dir), before, "{case}");
        assert!(!beside(&dir).exists(), "{case}");
    }
    assert_eq!(fs::read_dir(outside.0.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_that_cannot_be_taken_is_refused() {
    let objects = ordered(vec![config_map("kas", "a", "1")]);
    let scratch = Scratch::new();
    let root = scratch.0.path();
    let refused = |dir: &Path| to_dir(&objects, Format::Yaml, dir).unwrap_err();
    fs::create_dir(root.join("real")).unwrap();
    symlink(root.join("real"), root.join("link")).unwrap();
    assert!(refused(&root.join("link")).message.ends_with("is a symbolic link"));
    assert_eq!(fs::read_dir(root.join("real")).unwrap().count(), 0);
    fs::write(root.join("file"), "x").unwrap();
    assert!(refused(&root.join("file")).message.ends_with("is not a directory"));
    assert_eq!(refused(&root.join("file/below")).fault, Fault::Environment);
    assert_eq!(refused(Path::new("/proc/no-such/out")).fault, Fault::Environment);
    assert!(refused(Path::new(".")).message.contains("current directory"));
    assert!(refused(Path::new("/")).message.contains('`'));
    fs::create_dir_all(root.join("repository/.git")).unwrap();
    assert!(refused(&root.join("repository")).message.contains("Git repository"));
    fs::create_dir(root.join("marked")).unwrap();
    fs::write(root.join("marked").join(MARKER), "[]").unwrap();
    assert!(refused(&root.join("marked")).message.ends_with("is not in the format that this program writes"));
    fs::create_dir_all(root.join(".busy.gitlab-render/photos")).unwrap();
    assert!(refused(&root.join("busy")).message.ends_with("contains files that this program did not write"));
    assert!(root.join(".busy.gitlab-render/photos").exists());
}

#[test]
fn a_list_that_names_files_outside_deletes_nothing() {
    let scratch = Scratch::new();
    let dir = scratch.out();
    fs::create_dir(&dir).unwrap();
    fs::write(scratch.0.path().join("precious"), "x").unwrap();
    fs::write(dir.join(MARKER), json!({ "files": ["../precious", "/etc/hostname", "gone.yaml"] }).to_string()).unwrap();
    to_dir(&ordered(vec![config_map("kas", "a", "1")]), Format::Yaml, &dir).unwrap();
    assert!(scratch.0.path().join("precious").exists());
    assert_eq!(names(&dir), [MARKER, "kas/", "kas/configmap-a.yaml"]);
}

#[test]
fn names_that_a_file_system_would_fold_stay_apart() {
    let scratch = Scratch::new();
    let dir = scratch.out();
    let role = |name: &str| {
        let body = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": { "name": name }, "rules": [] });
        Manifest::new("kas", "kas/role.yaml", Phase::Main, body).unwrap()
    };
    let long = "x".repeat(250);
    to_dir(
        &ordered(vec![role("a:b"), role("A-b"), role("c"), role(&long), config_map("..", "up", "1")]),
        Format::Yaml,
        &dir,
    )
    .unwrap();
    let names = names(&dir);
    assert_eq!(names.iter().filter(|n| n.starts_with("kas/role-a-b-")).count(), 2, "{names:?}");
    assert!(
        names.contains(&"kas/role-c.yaml".to_owned()) && names.contains(&"component../configmap-up.yaml".to_owned()),
        "{names:?}"
    );
    assert!(names.iter().all(|n| n.rsplit('/').next().is_some_and(|file| file.len() < 255)));
}

#[test]
fn what_a_killed_run_left_is_put_right() {
    let first = ordered(vec![config_map("kas", "a", "1"), config_map("kas", "b", "1")]);
    let second = ordered(vec![config_map("kas", "a", "2")]);
    let scratch = Scratch::new();
    let dir = scratch.out();
    let work = beside(&dir);
    let half = |place: &str| {
        let tree = work.join(place);
        fs::create_dir_all(tree.join("kas")).unwrap();
        fs::write(tree.join(MARKER), json!({ "files": ["kas/configmap-z.yaml"] }).to_string()).unwrap();
        fs::write(tree.join("kas/configmap-z.yaml"), "half").unwrap();
    };
    // Killed while the new tree was built, before there was any.
    half("tree");
    to_dir(&first, Format::Yaml, &dir).unwrap();
    assert_eq!(names(&dir), [MARKER, "kas/", "kas/configmap-a.yaml", "kas/configmap-b.yaml"]);
    // Killed after the exchange; someone had put a file into the old tree meanwhile.
    half("tree");
    fs::write(work.join("tree/late.txt"), "mine").unwrap();
    to_dir(&second, Format::Yaml, &dir).unwrap();
    assert_eq!(names(&dir), [MARKER, "kas/", "kas/configmap-a.yaml", "late.txt"]);
    // Killed between two renames, where directories cannot be exchanged.
    fs::create_dir(&work).unwrap();
    fs::rename(&dir, work.join("old")).unwrap();
    half("tree");
    to_dir(&first, Format::Yaml, &dir).unwrap();
    assert_eq!(names(&dir), [MARKER, "kas/", "kas/configmap-a.yaml", "kas/configmap-b.yaml", "late.txt"]);
    assert!(!work.exists());
}

/// Thirty objects that all say the same letter.
fn lettered(letter: &str) -> Ordered {
    let count = if letter == "a" { 30 } else { 20 };
    ordered((0..count).map(|i| config_map("kas", &format!("{letter}{i}"), letter)).collect())
}

#[test]
fn a_kill_at_any_moment_leaves_one_whole_tree() {
    let scratch = Scratch::new();
    let dir = scratch.out();
    to_dir(&lettered("a"), Format::Yaml, &dir).unwrap();
    fs::write(dir.join("foreign.txt"), "mine").unwrap();
    let mut seen = BTreeMap::new();
    for round in 0..40_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "emit::writes_until_killed"])
            .env("EMIT_KILL_DIR", &dir)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(8_000 + round * 731));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = tree(&dir);
        let marker: Value = serde_json::from_str(&found[MARKER]).unwrap();
        let mut listed: Vec<&str> =
            marker["files"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
        listed.extend([MARKER, "foreign.txt", "kas/"]);
        listed.sort_unstable();
        assert_eq!(found.keys().collect::<Vec<_>>(), listed, "round {round}");
        let letter = if found.contains_key("kas/configmap-a0.yaml") { "a" } else { "b" };
        let whole = |(name, text): (&String, &String)| {
            !name.starts_with("kas/configmap") || text.ends_with(&format!("a: {letter}\n"))
        };
        assert!(found.iter().all(whole), "round {round}");
        *seen.entry(letter).or_insert(0) += 1;
    }
    to_dir(&lettered("a"), Format::Yaml, &dir).unwrap();
    assert!(!beside(&dir).exists());
    assert_eq!(names(&dir).len(), 33, "seen: {seen:?}");
}

/// What [`a_kill_at_any_moment_leaves_one_whole_tree`] kills.
#[test]
#[ignore = "runs until it is killed"]
fn writes_until_killed() {
    let Some(dir) = std::env::var_os("EMIT_KILL_DIR").map(PathBuf::from) else { return };
    for letter in ["b", "a"].into_iter().cycle() {
        to_dir(&lettered(letter), Format::Yaml, &dir).expect("it is written");
    }
}

fn scoped(dir: &Path, objects: Vec<Manifest>, scope: &OutputScope) -> Result<Written, Diagnostic> {
    emit::to_dir(&ordered(objects), Format::Yaml, dir, scope)
}

/// A release of the same name in another namespace has the same files.
#[test]
fn a_release_of_the_same_name_in_another_namespace_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    let objects = |value: &str| vec![config_map("kas", "a", value)];
    let of = |namespace: &str, force| OutputScope { namespace: namespace.to_owned(), force, ..release("prod") };
    scoped(&dir, objects("1"), &of("one", false)).unwrap();
    let refused = scoped(&dir, objects("2"), &of("two", false)).unwrap_err();
    assert!(refused.message.contains("in the namespace `one`, and this run is for the namespace `two`"), "{refused:?}");
    scoped(&dir, objects("2"), &of("two", true)).unwrap();
    scoped(&dir, objects("1"), &of("two", false)).unwrap();
}

fn release(name: &str) -> OutputScope {
    OutputScope { release: name.to_owned(), ..OutputScope::default() }
}

#[test]
fn a_part_replaces_its_own_files_only() {
    let scratch = Scratch::new();
    let dir = scratch.out();
    let all = || vec![config_map("kas", "a", "1"), config_map("kas", "b", "1"), config_map("gitaly", "c", "1")];
    scoped(&dir, all(), &release("prod")).unwrap();
    let kas = OutputScope { components: vec!["kas".to_owned()], ..release("prod") };
    let written = scoped(&dir, vec![config_map("kas", "a", "2")], &kas).unwrap();
    assert_eq!(written, Written { files: 1, removed: vec!["kas/configmap-b.yaml".to_owned()], kept: 1 });
    assert_eq!(names(&dir), [MARKER, "gitaly/", "gitaly/configmap-c.yaml", "kas/", "kas/configmap-a.yaml"]);
    let post = OutputScope { phases: vec![Phase::Post], ..release("prod") };
    assert_eq!(scoped(&dir, vec![config_map("kas", "d", "1")], &post).unwrap().kept, 2);
    // what a part left is still known as ours
    let whole = scoped(&dir, all(), &release("prod")).unwrap();
    assert_eq!(whole, Written { files: 3, removed: vec!["kas/configmap-d.yaml".to_owned()], kept: 0 });
}

/// What a part does not render is not decided by it: objects for another tool, hooks and tests that it leaves out.
#[test]
fn a_part_keeps_what_it_does_not_decide() {
    let all = || vec![config_map("kas", "a", "1"), config_map("kas", "b", "1")];
    let parts = [
        OutputScope { phases: vec![Phase::Main], tool: "none", ..release("prod") },
        OutputScope { components: vec!["kas".to_owned()], tool: "argocd", ..release("prod") },
        OutputScope { templates: vec!["kas/configmap.yaml".to_owned()], tool: "none", ..release("prod") },
    ];
    for part in parts {
        let scratch = Scratch::new();
        let dir = scratch.out();
        scoped(&dir, all(), &OutputScope { tool: "helm", ..release("prod") }).unwrap();
        let written = scoped(&dir, vec![config_map("kas", "a", "2")], &part).unwrap();
        assert_eq!((written.removed, written.kept), (Vec::<String>::new(), 1), "{part:?}");
    }
}

#[test]
fn a_second_release_stands_beside_the_first() {
    let scratch = Scratch::new();
    let dir = scratch.out();
    scoped(&dir, vec![config_map("kas", "one-kas", "1")], &release("one")).unwrap();
    assert_eq!(scoped(&dir, vec![config_map("kas", "two-kas", "1")], &release("two")).unwrap().kept, 1);
    assert_eq!(names(&dir), [MARKER, "kas/", "kas/configmap-one-kas.yaml", "kas/configmap-two-kas.yaml"]);
    let error = scoped(&dir, vec![config_map("kas", "one-kas", "2")], &release("two")).unwrap_err();
    assert!(error.message.contains("belongs to the release `one`"), "{}", error.message);
}

#[test]
fn what_a_user_edited_is_replaced_only_by_force() {
    let scratch = Scratch::new();
    let dir = scratch.out();
    let objects = |text: &str| vec![config_map("kas", "a", text), config_map("kas", "b", "1")];
    scoped(&dir, objects("1"), &release("prod")).unwrap();
    fs::write(dir.join("kas/configmap-a.yaml"), "mine").unwrap();
    let before = tree(&dir);
    for run in [objects("1"), objects("2"), vec![config_map("kas", "b", "1")]] {
        let error = scoped(&dir, run, &release("prod")).unwrap_err();
        assert!(error.message.contains("`kas/configmap-a.yaml`"), "{}", error.message);
        assert_eq!(tree(&dir), before);
    }
    scoped(&dir, objects("2"), &OutputScope { force: true, ..release("prod") }).unwrap();
    assert!(tree(&dir)["kas/configmap-a.yaml"].contains("a: \"2\""));
    // a file that was deleted, or that has what is to be written, is no edit
    fs::remove_file(dir.join("kas/configmap-b.yaml")).unwrap();
    scoped(&dir, objects("3"), &release("prod")).unwrap();
}

#[test]
fn files_over_all_objects_are_not_replaced_by_those_over_a_part() {
    let scratch = Scratch::new();
    let dir = scratch.out();
    let all = vec![config_map("kas", "a", "1"), config_map("gitaly", "c", "1")];
    scoped(&dir, all, &release("prod")).unwrap();
    let part = OutputScope { components: vec!["kas".to_owned()], has_index: true, ..release("prod") };
    let error = scoped(&dir, vec![config_map("kas", "a", "2")], &part).unwrap_err();
    assert!(error.message.contains("holds other objects of this release"), "{}", error.message);
}
