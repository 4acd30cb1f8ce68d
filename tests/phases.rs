//! What takes the place of Helm's hooks: phases, their order, the marks of Argo CD and Flux, names of Jobs.

use std::collections::{BTreeMap, BTreeSet};

use gitlab_render::manifest::Manifest;
use gitlab_render::manifest::Phase;
use gitlab_render::phases::Hooks;
use gitlab_render::pipeline::{self, Output, Rendered, Request};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::common::{names, request, root, run, unpack, words};

/// A sample of the values documents of the conformance corpus; those about Jobs are more than a sample.
#[derive(Deserialize)]
struct Document {
    name: String,
    release: String,
    values: Value,
}

fn of(values: &Value, hooks: Hooks, is_upgrade: bool) -> Request {
    let mut request = request("test", "gitlab", values);
    request.target.is_upgrade = is_upgrade;
    Request { hooks, ..request }
}

fn rendered(request: &Request, phases: &[Phase]) -> Rendered {
    let output = Output { phases: phases.to_vec(), ..Output::default() };
    pipeline::template(request, &output).unwrap_or_else(|failed| panic!("{:?}", failed.report))
}

fn render(values: &Value, hooks: Hooks, is_upgrade: bool) -> Vec<Manifest> {
    phase(values, hooks, is_upgrade, &[])
}

fn phase(values: &Value, hooks: Hooks, is_upgrade: bool, phases: &[Phase]) -> Vec<Manifest> {
    rendered(&of(values, hooks, is_upgrade), phases).objects.manifests().to_vec()
}

/// What shows every kind of Job.
fn everything() -> Value {
    json!({
        "certmanager-issuer": {"email": "me@example.com"},
        "registry": {"database": {"enabled": true}},
        "nginx-ingress": {"controller": {"admissionWebhooks": {"enabled": true}}},
    })
}

fn annotation<'a>(object: &'a Manifest, name: &str) -> Option<&'a str> {
    object.body["metadata"]["annotations"].get(name)?.as_str()
}

/// Without the suffix that comes from the content.
fn stem(object: &Manifest) -> &str {
    object.id.name.rsplit_once('-').map_or("", |(stem, _)| stem)
}

#[test]
fn a_changed_job_has_a_new_name() {
    let documents: Vec<Document> = unpack("phases/documents.json.gz");
    assert!(documents.len() > 80);
    let mut versions = vec![None, Some("18.8")];
    let mut known: BTreeMap<(String, String), (Value, String)> = BTreeMap::new();
    let (mut jobs, mut refused) = (0, Vec::new());
    for document in &documents {
        // a name that the user chose is the user's to change
        if document.values.pointer("/global/job/nameSuffixOverride").is_some() {
            continue;
        }
        for version in &versions {
            let mut request = of(&document.values, Hooks::None, true);
            request.target.name.clone_from(&document.release);
            request.target.gitlab_version = version.map(str::to_owned);
            let Ok(rendered) = pipeline::render(&request) else {
                refused.push(&document.name);
                continue;
            };
            for job in rendered.objects.manifests().iter().filter(|object| object.id.kind == "Job") {
                jobs += 1;
                let id = (document.release.clone(), job.id.name.clone());
                let (body, first) = known.entry(id).or_insert_with(|| (job.body.clone(), document.name.clone()));
                assert_eq!(*body, job.body, "{} of {} and of {first}", job.id, document.name);
            }
        }
        versions.truncate(1); // one document is enough to see another GitLab
    }
    assert!(jobs > 200, "{jobs}");
    assert!(refused.len() < documents.len() / 10, "{refused:?}");
}

#[test]
fn every_job_ends_in_a_hash_and_keeps_its_name_while_nothing_changes() {
    let before = render(&everything(), Hooks::None, true);
    let jobs: Vec<_> = before.iter().filter(|object| object.id.kind == "Job").collect();
    let stems: BTreeSet<_> = jobs.iter().map(|job| stem(job)).collect();
    let expected = [
        "test-gitlab-upgrade-check",
        "test-issuer",
        "test-migrations",
        "test-minio-create-buckets",
        "test-nginx-ingress-admission-create",
        "test-nginx-ingress-admission-patch",
        "test-registry-migrations",
        "test-shared-secrets",
    ];
    assert_eq!(stems.into_iter().collect::<Vec<_>>(), expected);
    // what no Job uses
    let mut values = everything();
    values["gitlab"] = json!({"webservice": {"minReplicas": 3}});
    let after = names(&render(&values, Hooks::None, true));
    for job in jobs {
        assert!(after.contains(&job.id.to_string()), "{} has another name", job.id);
    }
}

/// The list of Secrets is in a ConfigMap: the Job's own fields are the same, and yet it has to run again.
#[test]
fn a_job_whose_script_changes_has_a_new_name() {
    let job = |values: &Value, component: &str| {
        let objects = render(values, Hooks::None, false);
        objects.into_iter().find(|o| o.id.kind == "Job" && *o.component == *component).expect("it has a Job")
    };
    for (component, change) in [
        ("shared-secrets", json!({"global": {"praefect": {"enabled": true}}})),
        ("certmanager-issuer", json!({"certmanager-issuer": {"email": "you@example.com"}})),
    ] {
        let mut values = everything();
        let before = job(&values, component);
        values.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let after = job(&values, component);
        assert_eq!(before.body["spec"], after.body["spec"]);
        assert_ne!(before.id, after.id);
    }
}

#[test]
fn helms_own_annotations_stay_unless_another_tool_is_named() {
    let helm = render(&json!({}), Hooks::Helm, false);
    let hooks = helm.iter().filter(|object| annotation(object, "helm.sh/hook").is_some()).count();
    assert_eq!(hooks, 8);
    assert!(names(&helm).contains("Job/test-gitlab-upgrade-check"));
    for hooks in [Hooks::None, Hooks::ArgoCd, Hooks::Flux] {
        for object in render(&json!({}), hooks, true) {
            for name in ["helm.sh/hook", "helm.sh/hook-weight", "helm.sh/hook-delete-policy"] {
                assert_eq!(annotation(&object, name), None, "{hooks:?}: {}", object.id);
            }
        }
    }
}

#[test]
fn the_upgrade_check_belongs_to_upgrades_and_tests_to_nobody() {
    let check = |hooks: Hooks, is_upgrade, phases: &[Phase]| {
        let objects = phase(&json!({}), hooks, is_upgrade, phases);
        let is = |phase: Phase| objects.iter().any(|object| object.phase == phase);
        (objects.iter().any(|object| stem(object).ends_with("upgrade-check")), is(Phase::Test))
    };
    assert_eq!(check(Hooks::Helm, false, &[]), (false, true));
    assert_eq!(check(Hooks::None, false, &[]), (false, false));
    assert_eq!(check(Hooks::None, true, &[]), (true, false));
    assert_eq!(check(Hooks::None, true, &[Phase::Test]), (false, true));
}

/// The check reads what the last phase writes.
#[test]
fn what_is_installed_is_recorded_after_the_check_has_read_it() {
    let objects = render(&json!({}), Hooks::None, true);
    let phase = |end: &str| {
        let object = objects.iter().find(|object| object.id.name.contains(end)).expect("it is there");
        object.phase
    };
    assert_eq!(phase("-upgrade-check"), Phase::Pre);
    assert_eq!(phase("-chart-info"), Phase::Post);
    let one_phase = |phase| {
        let request = of(&json!({}), Hooks::None, true);
        let rendered = rendered(&request, &[phase]);
        pipeline::at_once(&request, &rendered).map(|warning| warning.code)
    };
    assert_eq!(Phase::ALL.map(one_phase), [None; 4]);
    let install = of(&json!({}), Hooks::None, false);
    assert!(pipeline::at_once(&install, &rendered(&install, &[])).is_none());
    let upgrade = of(&json!({}), Hooks::None, true);
    assert_eq!(pipeline::at_once(&upgrade, &rendered(&upgrade, &[])).map(|d| d.code), Some("phases-at-once"));
}

#[test]
fn the_phases_are_all_objects_and_no_object_is_in_two() {
    let mut seen = BTreeSet::new();
    for object in Phase::ALL.into_iter().flat_map(|one| phase(&everything(), Hooks::None, true, &[one])) {
        assert!(seen.insert(object.id.to_string()), "{} is in two phases", object.id);
    }
    let mut helm = names(&render(&everything(), Hooks::Helm, true));
    let fixed = [
        "Job/test-gitlab-upgrade-check",
        "Job/test-nginx-ingress-admission-create",
        "Job/test-nginx-ingress-admission-patch",
    ];
    for name in fixed {
        assert!(helm.remove(name), "{name}");
        seen.retain(|other| !other.starts_with(&format!("{name}-")));
    }
    assert_eq!(seen, helm);
}

/// What an object names must be there when it is applied: in its own phase or in one before.
#[test]
fn nothing_needs_what_a_later_phase_brings() {
    let objects = render(&everything(), Hooks::None, true);
    let phases: BTreeMap<_, _> = objects.iter().map(|o| ((o.id.kind.as_str(), o.id.name.as_str()), o.phase)).collect();
    let mut seen = 0;
    for object in &objects {
        for name in gitlab_render::manifest::content::mounted(&object.body) {
            // optional: the first install has none; the users of the registry's backup are named by the user or nowhere
            if name.ends_with("-chart-info") || name.ends_with("-registry-db-backuprestore-users") {
                continue;
            }
            seen += 1;
            let other = phases.get(&("ConfigMap", name)).unwrap_or_else(|| panic!("{}: no {name}", object.id));
            assert!(*other <= object.phase, "{} needs {name}", object.id);
        }
        if let Some(account) = object.body.pointer("/spec/template/spec/serviceAccountName").and_then(Value::as_str)
            && let Some(other) = phases.get(&("ServiceAccount", account))
        {
            assert!(*other <= object.phase, "{} needs {account}", object.id);
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn argo_cd_has_hooks_with_their_order_and_delete_policy() {
    let objects = render(&everything(), Hooks::ArgoCd, true);
    let marks = |start: &str| {
        let object =
            objects.iter().find(|o| o.id.to_string().starts_with(start)).unwrap_or_else(|| panic!("no {start}"));
        let mark = |name: &str| annotation(object, &format!("argocd.argoproj.io/{name}")).unwrap_or("").to_owned();
        [mark("hook"), mark("sync-wave"), mark("hook-delete-policy")].join("|")
    };
    let once = "HookSucceeded,BeforeHookCreation";
    assert_eq!(marks("ConfigMap/test-gitlab-upgrade-check"), "PreSync|-11|BeforeHookCreation");
    assert_eq!(marks("Job/test-gitlab-upgrade-check-"), format!("PreSync|-10|{once}"));
    assert_eq!(marks("ServiceAccount/test-shared-secrets"), format!("PreSync|-5|{once}"));
    assert_eq!(marks("ConfigMap/test-shared-secrets"), format!("PreSync|-3|{once}"));
    assert_eq!(marks("Job/test-shared-secrets-"), format!("PreSync|0|{once}"));
    assert_eq!(marks("Job/test-nginx-ingress-admission-patch-"), format!("PostSync|0|{once}"));
    assert_eq!(marks("ConfigMap/test-migrations"), "|0|");
    assert_eq!(marks("StatefulSet/test-gitaly"), "|0|");
    assert_eq!(marks("Job/test-migrations-"), format!("Sync|1|{once}"));
    assert_eq!(marks("Deployment/test-webservice-default"), "|2|");
    assert_eq!(marks("Ingress/test-webservice-default"), "|2|");
    assert_eq!(marks("ConfigMap/test-gitlab-chart-info"), "|3|");
    let claim = objects.iter().find(|o| o.id.to_string() == "PersistentVolumeClaim/test-minio").expect("a claim");
    assert_eq!(annotation(claim, "argocd.argoproj.io/sync-options"), Some("Delete=false,Prune=false"));
    for object in phase(&json!({}), Hooks::ArgoCd, false, &[Phase::Test]) {
        assert_eq!(annotation(&object, "argocd.argoproj.io/hook"), Some("Skip"), "{}", object.id);
    }
}

/// Argo CD waits for a wave's health before the next: a claim binds when a pod of its own wave mounts it.
#[test]
fn a_claim_is_in_the_wave_of_the_pod_that_mounts_it() {
    let objects = render(&everything(), Hooks::ArgoCd, false);
    let wave = |object: &Manifest| annotation(object, "argocd.argoproj.io/sync-wave").map(str::to_owned);
    let mut seen = 0;
    for object in objects.iter().filter(|object| object.id.kind == "Deployment") {
        let volumes = object.body.pointer("/spec/template/spec/volumes").and_then(Value::as_array).cloned();
        for claim in volumes.iter().flatten().filter_map(|v| v.pointer("/persistentVolumeClaim/claimName")?.as_str()) {
            let claim = objects.iter().find(|o| o.id.kind == "PersistentVolumeClaim" && o.id.name == claim);
            assert_eq!(wave(claim.expect("the claim is there")), wave(object), "{}", object.id);
            seen += 1;
        }
    }
    assert!(seen >= 1, "{seen}");
}

#[test]
fn flux_gets_a_namespace_on_whatever_has_one() {
    for object in render(&everything(), Hooks::Flux, true) {
        let cluster_wide = ["ClusterRole", "ClusterRoleBinding", "IngressClass", "ValidatingWebhookConfiguration"];
        let namespace = object.body["metadata"].get("namespace").and_then(Value::as_str);
        let expected = if cluster_wide.contains(&object.id.kind.as_str()) { None } else { Some("gitlab") };
        assert_eq!(namespace, expected, "{}", object.id);
        let force = annotation(&object, "kustomize.toolkit.fluxcd.io/force");
        assert_eq!(force, (object.id.kind == "Job").then_some("enabled"), "{}", object.id);
    }
}

/// Every command of the readme and of the two guides that is ours runs, and writes what it is said to write.
#[test]
fn the_commands_of_the_guides_run() {
    let mut ran = 0;
    for guide in ["README.md", "docs/apply.md", "docs/adopt.md"] {
        let text = std::fs::read_to_string(root().join(guide)).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("    gitlab-render "));
        for line in lines.filter(|line| line.contains("prod -n gitlab -f values.yaml")) {
            let ours = line.split(['|', '>']).next().unwrap();
            let args: Vec<_> = ours.split_whitespace().map(str::to_owned).collect();
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join("values.yaml"), "global: {hosts: {domain: example.org}}").unwrap();
            // a dump of a cluster in which nothing of the release is left over
            std::fs::write(directory.path().join("live.yaml"), "apiVersion: v1\nkind: List\nitems: []\n").unwrap();
            let got = run(directory.path(), &args, &BTreeMap::new(), "");
            assert_eq!(got.status, Some(0), "{guide}: {line}: {}", got.stderr);
            let dir = args.iter().skip_while(|arg| *arg != "--output-dir").nth(1);
            match dir {
                Some(dir) => assert!(directory.path().join(dir).is_dir(), "{guide}: {line}"),
                None => assert!(!got.stdout.is_empty(), "{guide}: {line}"),
            }
            ran += 1;
        }
    }
    assert!(ran >= 12, "{ran}");
}

/// Flux's own objects name folders that are there, one after the other; each folder lists its files.
#[test]
fn the_directory_for_flux_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let words = "template prod -n gitlab --is-upgrade --hooks flux --output-dir deploy/gitlab";
    let args: Vec<_> = words.split(' ').map(str::to_owned).collect();
    let got = run(directory.path(), &args, &BTreeMap::new(), "");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let read = |path: &str| std::fs::read_to_string(directory.path().join("deploy/gitlab").join(path)).unwrap();
    let flux = read("flux.yaml");
    for (phase, before) in [("pre", None), ("main", Some("pre")), ("post", Some("main"))] {
        let own = flux.split("---\n").find(|text| text.contains(&format!("  name: prod-{phase}\n"))).unwrap();
        assert!(own.contains(&format!("path: \"./deploy/gitlab/{phase}\"\n")), "{own}");
        let depends = before.map(|before| format!("  dependsOn:\n  - name: prod-{before}\n"));
        assert!(depends.as_ref().is_none_or(|depends| own.contains(depends)), "{own}");
        assert_eq!(depends.is_some(), own.contains("dependsOn"));
        assert!(own.contains("  wait: true\n") || own.contains("    kind: Job\n"), "{own}");
        let index = read(&format!("{phase}/kustomization.yaml"));
        let listed: Vec<_> = index.lines().filter_map(|line| line.strip_prefix("- ")).collect();
        assert!(!listed.is_empty());
        for file in listed {
            read(&format!("{phase}/{file}"));
        }
    }
    assert!(!directory.path().join("deploy/gitlab/test").exists());
    assert!(read("kustomization.yaml").contains("- flux.yaml\n"));
}

/// The address of a repository is the user's: a later render keeps it, and still has the workloads to wait for.
#[test]
fn edits_of_what_names_the_repository_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    for (tool, file, ours, theirs) in [
        ("argocd", "argocd.yaml", "https://git.example.com/deployments.git", "https://git.corp.example/gitlab.git"),
        ("flux", "flux.yaml", "name: flux-system", "name: platform"),
    ] {
        let render = |more: &str| {
            let set = "--set certmanager-issuer.email=a@example.com";
            let line = format!("template prod -n gitlab {set} --hooks {tool} --output-dir {tool} {more}");
            let ran = run(directory.path(), &words(&line), &BTreeMap::new(), "");
            assert_eq!(ran.status, Some(0), "{line}: {}", ran.stderr);
            ran.stderr.contains("[edits-kept]")
        };
        let path = directory.path().join(tool).join(file);
        let text = || std::fs::read_to_string(&path).unwrap();
        assert!(!render(""));
        let before = text();
        std::fs::write(&path, before.replace(ours, theirs)).unwrap();
        assert!(render("--is-upgrade --set global.kas.enabled=false"), "{tool}");
        let after = text();
        assert!(after.contains(theirs) && !after.contains(ours), "{after}");
        assert_eq!((before.contains("prod-kas"), after.contains("prod-kas")), (tool == "flux", false));
        // edited once more it is still the user's, and `--force` begins anew
        std::fs::write(&path, after.replace(theirs, "name: other")).unwrap();
        assert!(render("--is-upgrade"));
        assert!(!render("--is-upgrade --force"));
        assert!(text().contains(ours));
    }
}

/// kubectl refuses `-n` for an object of another namespace: then no apply has it, and each file says its own.
#[test]
fn files_beside_the_script_say_their_namespace_where_there_are_two() {
    for (set, apart) in [("nginx-ingress.namespaceOverride=ingress-ns", true), ("global.kas.enabled=false", false)] {
        let directory = tempfile::tempdir().unwrap();
        let line = format!(
            "template prod -n gitlab --set certmanager-issuer.email=a@example.com --set {set} --list-phases --output-dir out"
        );
        let got = run(directory.path(), &words(&line), &BTreeMap::new(), "");
        assert_eq!(got.status, Some(0), "{}", got.stderr);
        let out = directory.path().join("out");
        let script = std::fs::read_to_string(out.join("apply.sh")).unwrap();
        let applied: Vec<_> = script.lines().filter(|line| line.starts_with("kubectl apply")).collect();
        assert!(!applied.is_empty());
        assert!(applied.iter().all(|line| line.contains(" -n ") != apart), "{applied:#?}");
        let mut texts = Vec::new();
        for entry in std::fs::read_dir(out.join("main")).unwrap() {
            let path = entry.unwrap().path();
            let inner = if path.is_dir() {
                std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()).collect()
            } else {
                vec![path]
            };
            texts.extend(inner.iter().map(|path| std::fs::read_to_string(path).unwrap()));
        }
        let deployments = texts.iter().filter(|text| text.contains("kind: Deployment\n"));
        let placed = deployments.filter(|text| text.contains("\n  namespace: gitlab\n")).count();
        assert_eq!(placed > 0, apart);
        assert_eq!(texts.iter().any(|text| text.contains("\n  namespace: ingress-ns\n")), apart);
    }
}

/// What a failed `helm get manifest` leaves behind is no list of what ran before.
#[test]
fn an_empty_file_to_prune_from_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for text in ["", "---\n", "# nothing\n\n"] {
        std::fs::write(directory.path().join("old.yaml"), text).unwrap();
        let line =
            "template prod -n gitlab --set certmanager-issuer.email=a@example.com --list-phases --prune-from old.yaml";
        let got = run(directory.path(), &words(line), &BTreeMap::new(), "");
        assert_ne!(got.status, Some(0), "{text:?}");
        assert!(got.stderr.contains("[prune-from]: `old.yaml` has no objects"), "{}", got.stderr);
        assert!(got.stdout.is_empty());
    }
}
