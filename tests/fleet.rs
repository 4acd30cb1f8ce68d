//! Many environments: the file that names them, their trees, what changes, and parts of them on several machines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{Ran, root, run};

const FLEET: &str = "\
defaults:
  release: gitlab
  namespace: gitlab
  values: [base.yaml]
environments:
  odd: {values: [wrong.yaml]}
matrix:
- name: '{stage}-{region}'
  of: {stage: [dev, prod], region: [eu, us]}
  exclude: [{stage: dev, region: us}]
  environment: {values: ['{region}.yaml'], set: ['global.edition=ce']}
include: [more/fleet.yaml]
";

fn folder(fleet: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("more")).expect("a folder");
    for (name, text) in [
        ("fleet.yaml", fleet),
        ("base.yaml", "certmanager-issuer: {email: a@example.com}\ninstallCertmanager: false\n"),
        ("eu.yaml", "global: {hosts: {domain: eu.example.com}}\n"),
        ("us.yaml", "global: {hosts: {domain: us.example.com}}\n"),
        ("wrong.yaml", "globl: {}\n"),
        ("more/fleet.yaml", "environments:\n  more:\n    values: [../base.yaml, own.yaml]\n"),
        (
            "more/own.yaml",
            "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nmetadata: {name: mine, namespace: there}\nspec:\n  chart: {spec: {chart: gitlab}}\n  values: {global: {edition: ce}}\n",
        ),
    ] {
        fs::write(dir.path().join(name), text).expect("it can be written");
    }
    dir
}

/// What a run ended with and printed.
struct Answer {
    status: i32,
    stdout: String,
    stderr: String,
}

fn gitlab_render(dir: &Path, args: &str) -> Answer {
    let args: Vec<String> = args.split(' ').map(str::to_owned).collect();
    let Ran { status, stdout, stderr } = run(dir, &args, &BTreeMap::new(), "");
    Answer { status: status.expect("it ended by itself"), stdout, stderr }
}

fn fleet(dir: &Path, args: &str) -> Answer {
    gitlab_render(dir, &format!("fleet {args}"))
}

/// Every file below a directory, with its bytes.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(dir).expect("inside").display().to_string();
                    all.insert(name, fs::read(&path).expect("a file"));
                }
            }
        }
    }
    all
}

#[test]
fn a_tree_is_what_template_writes_and_one_that_is_refused_stops_no_other() {
    let dir = folder(FLEET);
    let ran = fleet(dir.path(), "render -o out");
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "dev-eu: 95 objects\nmore: 95 objects\nodd: refused\nprod-eu: 95 objects\nprod-us: 95 objects\n"
    );
    assert!(ran.stderr.contains("error[unknown-key]: `odd`: `globl` is not a known key"), "{}", ran.stderr);
    assert!(!dir.path().join("out/odd").exists());
    let words = "template gitlab -n gitlab -f base.yaml -f eu.yaml --set global.edition=ce --output-dir one";
    assert_eq!(gitlab_render(dir.path(), words).status, 0);
    assert_eq!(tree(&dir.path().join("one")), tree(&dir.path().join("out/prod-eu")));
    // the release of an included file's HelmRelease
    assert!(dir.path().join("out/more/kas/deployment-mine-kas.yaml").exists());
    let again = fleet(dir.path(), "render -o out --only prod-eu,more");
    assert_eq!((again.status, again.stdout.as_str()), (0, "more: unchanged\nprod-eu: unchanged\n"));
}

#[test]
fn what_was_edited_or_changed_is_rendered_again() {
    let dir = folder(FLEET);
    assert_eq!(fleet(dir.path(), "render -o out --only prod-eu,more").status, 0);
    let before = tree(&dir.path().join("out"));
    fs::remove_file(dir.path().join("out/prod-eu/kas/service-gitlab-kas.yaml")).expect("it is there");
    let ran = fleet(dir.path(), "render -o out --only prod-eu,more");
    assert_eq!(ran.stdout, "more: unchanged\nprod-eu: 95 objects\n");
    assert_eq!(tree(&dir.path().join("out")), before);
    fs::write(dir.path().join("out/prod-eu/kas/service-gitlab-kas.yaml"), "mine").expect("it can be written");
    let ran = fleet(dir.path(), "render -o out --only prod-eu");
    assert_eq!(ran.status, 3);
    assert!(ran.stderr.contains("files were edited since they were written"), "{}", ran.stderr);
    assert_eq!(fleet(dir.path(), "render -o out --only prod-eu --force").status, 0);
    assert_eq!(tree(&dir.path().join("out")), before);
}

#[test]
fn shards_give_the_bytes_of_one_run() {
    let dir = folder(&FLEET.replace("  odd: {values: [wrong.yaml]}", "  odd:"));
    assert_eq!(fleet(dir.path(), "render -o whole").status, 0);
    for count in [2, 3] {
        for number in 1..=count {
            assert_eq!(fleet(dir.path(), &format!("render -o parts{count} --shard {number}/{count}")).status, 0);
        }
        assert_eq!(tree(&dir.path().join("whole")), tree(&dir.path().join(format!("parts{count}"))));
    }
}

#[test]
fn a_change_that_several_have_is_shown_once() {
    let dir = folder(&FLEET.replace("  odd: {values: [wrong.yaml]}", "  odd:"));
    assert_eq!(fleet(dir.path(), "render -o out").status, 0);
    let same = fleet(dir.path(), "diff --against out");
    assert_eq!((same.status, same.stdout.as_str()), (0, "nothing changes\n"), "{}", same.stderr);
    fs::write(
        dir.path().join("eu.yaml"),
        "global: {hosts: {domain: eu.example.com}}\ngitlab: {kas: {maxReplicas: 3}}\n",
    )
    .expect("it can be written");
    let ran = fleet(dir.path(), "diff --against out");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with("In 2 of 5 environments (dev-eu, prod-eu):\nHorizontalPodAutoscaler/gitlab-kas changes"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("prod-eu: 1 change, at worst: none\n"), "{}", ran.stdout);
}

#[test]
fn a_wrong_file_is_refused_with_its_places() {
    let dir = folder(
        "defalts: {}\nenvironments:\n  a: {gitlab: 18.10, valus: [x]}\n  b/c: {}\nmatrix:\n- {name: x, of: {stage: [a, b]}}\n",
    );
    let ran = fleet(dir.path(), "render -o out");
    assert_eq!((ran.status, ran.stdout.as_str()), (3, ""));
    for part in [
        "`defalts` is not a key of a fleet",
        "did you mean `defaults`?",
        "fleet.yaml:3:15",
        "a number loses its trailing zeros",
        "did you mean `values`?",
        "`b/c` cannot be the name of an environment",
        "the name `x` does not contain `stage`",
    ] {
        assert!(ran.stderr.contains(part), "{part} is not in\n{}", ran.stderr);
    }
}

#[test]
fn the_schema_takes_the_fleet_that_is_read() {
    let text = fs::read_to_string(root().join("schemas/fleet.schema.json")).expect("there is a schema");
    let schema: Value = serde_json::from_str(&text).expect("it is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let fleet: Value = serde_yaml::from_str(FLEET).expect("it is YAML");
    assert!(validator.is_valid(&fleet));
    for wrong in [json!({"environments": {"a": {"valus": []}}}), json!({"environments": {"a": {"gitlab": 18.1}}})] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn pipelines_run_every_part_once() {
    let dir = folder(FLEET);
    let text = |runner: &str| fleet(dir.path(), &format!("ci -o {runner} --shards 3")).stdout;
    let yaml = |runner: &str| -> Value { serde_yaml::from_str(&text(runner)).expect("it is YAML") };
    let gitlab = yaml("gitlab");
    assert_eq!(gitlab["fleet-render"]["parallel"], 3);
    assert!(
        gitlab["fleet-render"]["script"][0]
            .as_str()
            .expect("a command")
            .ends_with("--shard \"$CI_NODE_INDEX/$CI_NODE_TOTAL\"")
    );
    let github = yaml("github");
    assert_eq!(github["jobs"]["render"]["strategy"]["matrix"]["shard"], json!([1, 2, 3]));
    let argo = yaml("argo-workflows");
    assert_eq!(argo["kind"], "WorkflowTemplate");
    let render = &argo["spec"]["templates"][1];
    assert_eq!(argo["spec"]["templates"][0]["steps"][0][0]["template"], render["name"]);
    assert_eq!(argo["spec"]["templates"][0]["steps"][0][0]["withSequence"], json!({"start": "1", "end": "3"}));
    assert_eq!(render["container"]["args"][7], "{{inputs.parameters.shard}}/3");
}

fn git(dir: &Path, args: &[&str]) {
    let mut command = std::process::Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]).args(args);
    let output = command.current_dir(dir).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_commit_is_compared_with_what_is_there() {
    let top = tempfile::tempdir().expect("a folder");
    let dir = top.path().join("deploy");
    fs::rename(folder(&FLEET.replace("  odd: {values: [wrong.yaml]}", "  odd:")).keep(), &dir).expect("it is moved");
    git(top.path(), &["init", "--quiet"]);
    git(top.path(), &["add", "."]);
    git(top.path(), &["commit", "--quiet", "-m", "one"]);
    let same = fleet(&dir, "diff --against main");
    assert_eq!((same.status, same.stdout.as_str()), (0, "nothing changes\n"), "{}", same.stderr);
    let changed = "global: {hosts: {domain: eu.example.com}}\ngitlab: {kas: {maxReplicas: 3}}\n";
    fs::write(dir.join("eu.yaml"), changed).expect("it can be written");
    let text = fs::read_to_string(dir.join("fleet.yaml")).expect("it is there").replace("  odd:", "  new:");
    fs::write(dir.join("fleet.yaml"), text).expect("it can be written");
    for reference in ["main", "HEAD"] {
        // also from another folder, and twice the same
        let ran = fleet(top.path(), &format!("diff --file deploy/fleet.yaml --against {reference}"));
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        for part in [
            "In 2 of 5 environments (dev-eu, prod-eu):\nHorizontalPodAutoscaler/gitlab-kas changes",
            "In 1 of 5 environments (new):\nthe environment is new",
            "\nodd: the environment was removed\n",
        ] {
            assert!(ran.stdout.contains(part), "{part} is not in\n{}", ran.stdout);
        }
    }
    // the commit itself cannot be rendered
    fs::write(dir.join("eu.yaml"), "globl: {}\n").expect("it can be written");
    git(top.path(), &["commit", "--quiet", "-a", "-m", "two"]);
    fs::write(dir.join("eu.yaml"), changed).expect("it can be written");
    let ran = fleet(&dir, "diff --against main --only prod-eu");
    assert_eq!(ran.status, 3, "{}", ran.stdout);
    assert!(ran.stderr.contains("--> main:deploy/eu.yaml:1:1\n"), "{}", ran.stderr);
    let ran = fleet(&dir, "diff --against nothing");
    assert_eq!(ran.status, 3);
    assert!(ran.stderr.contains("error[git]: `nothing` is neither a directory nor a commit"), "{}", ran.stderr);
    // the repository is as it was
    let status = std::process::Command::new("git").args(["status", "--short"]).current_dir(top.path()).output();
    assert_eq!(String::from_utf8_lossy(&status.expect("git runs").stdout), " M deploy/eu.yaml\n");
}

#[test]
fn findings_and_plans_that_are_alike_are_written_once() {
    let dir = folder(&FLEET.replace("  odd: {values: [wrong.yaml]}", "  odd:"));
    for name in ["eu", "us"] {
        let values = format!("global: {{hosts: {{domain: {name}.example.com}}}}\ncertmanager: {{install: false}}\n");
        fs::write(dir.path().join(format!("{name}.yaml")), values).expect("it can be written");
    }
    let ran = fleet(dir.path(), "plan --from 17.11 --to 18.10 --only dev-eu,prod-eu,prod-us");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let heads: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("# In ")).collect();
    let head = "# In all 3 environments: dev-eu, prod-eu, prod-us; the names of files, release and namespace below are those of dev-eu";
    assert_eq!(heads, [head], "{}", ran.stdout);
    let ran = fleet(dir.path(), "lint --only dev-eu,prod-eu,prod-us --fail-on warning");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let moved: Vec<&str> = ran.stdout.lines().filter(|line| line.contains("[moved]")).collect();
    assert!(
        moved.len() == 2 && moved[0].starts_with("eu.yaml:2:15: warning[moved]: in 2 of 3 environments: "),
        "{moved:?}"
    );
    assert!(moved[1].starts_with("us.yaml:2:15: warning[moved]: `prod-us`: "), "{moved:?}");
    // The names of Jobs end in a hash of their content, which is another one in each environment.
    let jobs = |line: &&str| line.contains("Job/") && line.contains("-migrations-");
    let of_jobs: Vec<&str> = ran.stdout.lines().filter(jobs).collect();
    assert!(of_jobs.iter().all(|line| line.contains("-migrations-*")), "{of_jobs:?}");
    fs::write(dir.path().join("us.yaml"), "globl: {}\n").expect("it can be written");
    let ran = fleet(dir.path(), "lint --only dev-eu,prod-us");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("us.yaml:1:1: error[unknown-key]: `prod-us`: "), "{}", ran.stdout);
}

#[test]
fn files_that_include_each_other_are_refused() {
    let dir = folder("environments: {a: {values: [base.yaml]}}\ninclude: [more/fleet.yaml]\n");
    fs::write(dir.path().join("more/fleet.yaml"), "environments: {b: {}}\ninclude: [../fleet.yaml]\n")
        .expect("it can be written");
    let ran = fleet(dir.path(), "render -o out");
    assert_eq!((ran.status, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.contains("is included twice") && ran.stderr.contains("more/fleet.yaml:2:11"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("occurs twice"), "{}", ran.stderr);
}

#[test]
fn what_an_environment_cannot_have_is_shown_at_its_line() {
    let dir = folder(
        "defaults: {values: [base.yaml]}\nenvironments:\n  a:\n    hooks: argo\n    values: [eu.yaml, nope.yaml]\n  b: {kubernetes: new}\n  c: {}\n",
    );
    let ran = fleet(dir.path(), "render -o out");
    assert_eq!((ran.status, ran.stdout.as_str()), (3, "a: refused\nb: refused\nc: 95 objects\n"), "{}", ran.stderr);
    for part in [
        "`a`: `hooks: argo`: write one of helm, argocd, flux, none\n --> fleet.yaml:4:5\n",
        "`a`: `nope.yaml` does not exist\n --> fleet.yaml:5:23\n",
        "`b`: `kubernetes: new`: write it as",
        " --> fleet.yaml:6:7\n",
        "2 of 3 environments failed: a, b\n",
    ] {
        assert!(ran.stderr.contains(part), "{part} is not in\n{}", ran.stderr);
    }
}

/// A render knows neither the line of a version nor that of an item of `set`.
#[test]
fn what_a_render_refuses_is_shown_at_its_line_of_the_fleet() {
    let dir = folder(
        "defaults: {values: [base.yaml], set: [global.hosts.https=true]}\nenvironments:\n  a: {gitlab: \"17.99\"}\n  b:\n    profile: nope\n  \
         c:\n    set: [global.edition=ee, a.b]\n  d:\n    set:\n    - global.nosuch=1\n  e: {unknownKeys: warn, set: [global.nosuch=1]}\n  f: {gitlab: \"17.0\"}\n",
    );
    for verb in ["render -o out", "lint", "images"] {
        let ran = fleet(dir.path(), verb);
        assert_eq!(ran.status, 3, "{verb}: {}", ran.stderr);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        for part in [
            "`17.99` is not among the known releases",
            "fleet.yaml:3:7",
            "`f`: GitLab 17.0.8 is not rendered",
            "fleet.yaml:12:7",
            "there is no profile `nope`",
            "fleet.yaml:5:5",
            "`c`: `b` has no value",
            "fleet.yaml:7:30",
            "`d`: `global.nosuch` is not a known key",
            "fleet.yaml:10:7",
        ] {
            assert!(all.contains(part), "{verb}: {part} is not in\n{all}");
        }
        assert!(verb != "render -o out" || ran.stderr.contains("fleet.yaml:11:32"), "{}", ran.stderr);
    }
}

/// A matrix without a combination, or one environment in the directory of another, would be seen by nobody.
#[test]
fn no_environment_is_lost() {
    let matrix = |rest: &str| {
        format!(
            "environments: {{a: {{values: [base.yaml]}}}}\nmatrix:\n- name: \"{{s}}-{{r}}\"\n  of: {rest}\n  environment: {{values: [base.yaml]}}\n"
        )
    };
    for (text, part, place) in [
        (matrix("{s: [], r: [x]}"), "the axis `s` has no values", "fleet.yaml:4:8\n"),
        (matrix("{s: [x], r: }"), "the axis `r` has no values", "fleet.yaml:4:16\n"),
        (matrix("{s: [x], r: [w]}\n  exclude: [{s: x}]"), "`exclude` leaves out every combination", "fleet.yaml:3:3\n"),
        ("environments: {prod: {}, Prod: {}}\n".to_owned(), "differ in case only", "fleet.yaml:1:26\n"),
    ] {
        let ran = fleet(folder(&text).path(), "render -o out");
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{text}");
        assert!(ran.stderr.contains(part) && ran.stderr.contains(place), "{text}{}", ran.stderr);
    }
}

#[test]
fn the_tree_of_an_environment_that_is_gone_is_named() {
    let dir = folder("environments: {a: {values: [base.yaml]}, b: {values: [base.yaml]}}\n");
    assert_eq!(fleet(dir.path(), "render -o out").status, 0);
    fs::write(dir.path().join("fleet.yaml"), "environments: {a: {values: [base.yaml]}}\n").expect("it can be written");
    let ran = fleet(dir.path(), "render -o out");
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "a: unchanged\n"));
    assert!(ran.stderr.contains("`out` still has the trees of environments that are gone: b"), "{}", ran.stderr);
    assert!(!fleet(dir.path(), "render -o out --only a").stderr.contains("are gone"));
    let ran = fleet(dir.path(), "diff --against out");
    assert_eq!((ran.status, ran.stdout.as_str()), (1, "b: the environment was removed\n"), "{}", ran.stderr);
}

/// What is to be left out must be in the matrix: a slip would render it.
#[test]
fn a_matrix_excludes_only_what_it_has() {
    let matrix = |exclude: &str| {
        format!(
            "matrix:\n- name: \"{{stage}}\"\n  of: {{stage: [dev, prod]}}\n  exclude: [{exclude}]\n  environment: {{values: \
             [base.yaml]}}\n"
        )
    };
    for (exclude, part) in [
        ("{stage: prd}", "`exclude` names the stage `prd`, which the matrix does not have"),
        ("{stge: dev}", "`stge` is not a key of an `exclude` of this matrix"),
    ] {
        let dir = folder(&matrix(exclude));
        let ran = fleet(dir.path(), "render -o out");
        assert!(ran.status != 0 && ran.stderr.contains(part), "{}", ran.stderr);
    }
}

#[test]
fn a_terminal_shows_a_bar_and_a_pipe_none() {
    let dir = folder(&FLEET.replace("  odd: {values: [wrong.yaml]}", "  odd:"));
    let ran = fleet(dir.path(), "render -o piped");
    assert!(ran.status == 0 && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    // script, of util-linux, gives a terminal to a program
    let line = format!("{} fleet render -o out", env!("CARGO_BIN_EXE_gitlab-render"));
    let mut command = std::process::Command::new("script");
    let output =
        command.args(["-qec", &line, "/dev/null"]).current_dir(dir.path()).stdin(std::process::Stdio::null()).output();
    let Ok(output) = output else { return };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("[####"), "{shown}");
    // the bar is gone when the results are written
    let bar = shown.rfind("/5 ").expect("it is shown");
    assert!(shown[bar..].contains("\r\u{1b}[2K") && shown[bar..].contains("prod-us: 95 objects"), "{shown}");
    assert_eq!(tree(&dir.path().join("out")), tree(&dir.path().join("piped")));
}
