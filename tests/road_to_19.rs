//! The roads of `docs/gitlab-19.md` from 18.8 to 19.2: production that stays with Ingress, production that goes over to the
//! Gateway, and a trial with the stores that the chart brought. Their values are kept in `tests/upgrade/road-to-19/`.

use std::collections::BTreeMap;

use crate::common::{Ran, root, run, words};
use crate::readme::{run_samples, samples};

fn ask(command: &str) -> Ran {
    run(&root().join("tests/upgrade/road-to-19"), &words(command), &BTreeMap::new(), "")
}

/// What `diff` says of the objects between the last release of 18 and 19.2.
fn change(file: &str) -> String {
    let got = ask(&format!("diff -f {file} --from-gitlab 18.11 --to-gitlab 19.2 --name prod"));
    assert!(got.stdout.contains("objects differ"), "{}\n{}", got.stdout, got.stderr);
    got.stdout
}

#[test]
fn the_plan_of_each_stops_at_18_11_and_19_2() {
    for file in ["ingress.yaml", "gateway.yaml", "trial.yaml"] {
        let got = ask(&format!("upgrade plan --from 18.8 --to 19.2 -f {file} --name prod -n gitlab"));
        let stops: Vec<_> =
            got.stdout.lines().filter(|line| line.starts_with("  1. ") || line.starts_with("  2. ")).collect();
        assert!(stops[0].contains("GitLab 18.11.") && stops[1].contains("GitLab 19.2."), "{file}: {stops:?}");
        assert_eq!(got.stdout.contains("pg_dump"), file == "trial.yaml", "{file}\n{}", got.stdout);
    }
}

#[test]
fn production_that_stays_with_ingress_keeps_its_way_in() {
    let change = change("ingress.yaml");
    assert!(!change.contains("Ingress/") && !change.contains("Gateway/"), "{change}");
}

#[test]
fn production_that_goes_over_to_the_gateway_sees_the_outage_and_the_new_way_in() {
    let change = change("gateway.yaml");
    for line in [
        "Ingress/prod-webservice-default is removed [outage]",
        "Service/prod-nginx-ingress-controller is removed [outage]",
        "Gateway/prod-gw is new [exposure]",
        "HTTPRoute/prod-gitlab is new [exposure]",
        "TCPRoute/prod-gitlab-shell is new [exposure]",
    ] {
        assert!(change.lines().any(|shown| shown == line), "{line}\n{change}");
    }
    let got = ask("companions -f gateway.yaml --gitlab-version 19.2");
    assert!(got.stdout.contains("gateway-helm --version 1.8.2"), "{}", got.stdout);
}

#[test]
fn a_trial_is_refused_with_each_store_and_its_plan_has_the_moves() {
    let got = ask("template prod -f trial.yaml --gitlab-version 19.2");
    assert_eq!((got.status, got.stdout.as_str()), (Some(3), ""));
    for code in
        ["database-needed", "redis-needed", "registry-storage", "backup-object-storage", "object-storage-connection"]
    {
        assert!(got.stderr.contains(&format!("error[{code}]")), "{code}\n{}", got.stderr);
    }
    let plan = ask("upgrade plan --from 18.8 --to 19.2 -f trial.yaml --name prod -n gitlab").stdout;
    for step in ["pg_restore", "as many rows", "Sidekiq's queues are empty", "as many objects"] {
        assert!(plan.contains(step), "{step}\n{plan}");
    }
    assert!(plan.matches("the way back, still on the release before").count() >= 3, "{plan}");
}

/// Each road from 18.8 over 18.11 to 19.2: the answers, what the last file renders, and what it does not.
const ROADS: [(&str, &str, &str, &str); 4] = [
    ("ingress.yaml", "", "Ingress", "Gateway"),
    ("gateway.yaml", "--answer way-in=ingress", "Ingress", "Gateway"),
    ("gateway.yaml", "--answer way-in=gateway", "Gateway", "Ingress"),
    (
        "trial.yaml",
        "--answer way-in=gateway,postgresql=external,redis=external,objects=external,registry=external,backups=external \
         --answer global.psql.host=db.internal,global.psql.password.secret=db,global.redis.host=redis.internal \
         --answer global.redis.auth.secret=redis,global.appConfig.object_store.connection.secret=objects \
         --answer registry.storage.secret=registry,gitlab.toolbox.backups.objectStorage.config.secret=backups",
        "Gateway",
        "Ingress",
    ),
];

#[test]
fn each_road_ends_in_a_file_that_19_2_renders() {
    for (file, answers, comes, goes) in ROADS {
        let folder = tempfile::tempdir().expect("a folder");
        let ask = |command: &str| run(folder.path(), &words(command), &BTreeMap::new(), "");
        std::fs::copy(root().join("tests/upgrade/road-to-19").join(file), folder.path().join("a.yaml"))
            .expect("a copy");
        let got = ask("values migrate -f a.yaml --from 18.8 --to 18.11 -o b.yaml --strict");
        assert_eq!(got.status, Some(0), "{file}: nothing is to be decided before 19\n{}", got.stderr);
        // Unanswered: the file is written with questions, and `--strict` refuses it.
        let got = ask("values migrate -f b.yaml --from 18.11 --to 19.2 -o open.yaml");
        assert_eq!(got.status, Some(i32::from(!answers.is_empty())), "{file}\n{}", got.stderr);
        let got = ask("template prod -f open.yaml --gitlab-version 19.2 -q");
        assert_eq!(got.status, Some(0), "{file}\n{}", got.stderr);
        let got = ask("template prod -f open.yaml --gitlab-version 19.2 --strict");
        assert_eq!(got.stderr.contains("error[open-questions]"), !answers.is_empty(), "{file}\n{}", got.stderr);
        // Answered at once, or in a second run.
        for before in ["b.yaml", "open.yaml"] {
            let got =
                ask(&format!("values migrate -f {before} --from 18.11 --to 19.2 -o c.yaml --force --strict {answers}"));
            assert_eq!(got.status, Some(0), "{file}\n{}", got.stderr);
            let got = ask("template prod -f c.yaml --gitlab-version 19.2 --strict -q");
            assert_eq!(got.status, Some(0), "{file}\n{}", got.stderr);
            let has = |kind: &str| got.stdout.contains(&format!("\nkind: {kind}\n"));
            assert!(has(comes) && !has(goes), "{file} {answers}");
        }
    }
}

/// The guide's commands, in its order, on the kept files.
#[test]
fn the_transcripts_of_the_guide_are_real() {
    let folder = tempfile::tempdir().expect("a folder");
    for (kept, name) in [("gateway.yaml", "production.yaml"), ("trial.yaml", "trial.yaml")] {
        std::fs::copy(root().join("tests/upgrade/road-to-19").join(kept), folder.path().join(name)).expect("a copy");
    }
    let page = std::fs::read_to_string(root().join("docs/gitlab-19.md")).expect("there is a guide");
    let samples = samples(&page);
    assert_eq!(samples.len(), 12, "three roads with their commands");
    run_samples(folder.path(), "docs/gitlab-19.md", samples);
}

#[test]
fn the_plan_begins_with_the_decisions_and_the_lines_that_raise_them() {
    let plan = |file: &str| ask(&format!("upgrade plan --from 18.8 --to 19.2 -f {file} --name prod -n gitlab")).stdout;
    assert!(!plan("ingress.yaml").contains("`--answer "), "it is decided");
    let open = plan("trial.yaml");
    let head = open.split("\nstops:").next().expect("a head");
    for id in ["way-in", "postgresql", "redis", "objects", "registry", "backups"] {
        assert!(head.contains(&format!("  - {id} (stop 2)")) || head.contains(&format!("  - {id}: ")), "{id}\n{head}");
    }
    assert!(open.contains("postgresql, redis, objects, registry, backups (an example is used in its place)"), "{open}");
    let raised = plan("gateway.yaml");
    assert!(raised.contains("`--answer way-in=gateway`") && !raised.contains("`--answer redis=external`"), "{raised}");
}

/// Profiles that a release does not read in full: what they set is newer, and the report says from when on it is read.
const NEWER: [(&str, &str); 6] = [
    ("gateway-api", "global.gatewayApi"),
    ("hardened", "gitlab.toolbox.databaseReindex"),
    ("reference-cloud-native-large", "global.gatewayApi"),
    ("reference-cloud-native-medium", "global.gatewayApi"),
    ("reference-cloud-native-small", "global.gatewayApi"),
    ("reference-cloud-native-xlarge", "global.gatewayApi"),
];

/// Each profile on each of these releases; `tests/profiles.rs` has them on the default release.
#[test]
fn each_profile_renders_on_old_and_new_releases_or_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for profile in gitlab_render::profiles::all() {
        let name = profile.name;
        let over = if name == "hardened" { "-f profile:on-premises " } else { "" };
        for release in ["18.4", "18.11", "19.0", "19.2"] {
            let got = ask(&format!("template prod {over}-f profile:{name} --gitlab-version {release}"));
            let newer = NEWER.iter().find(|(newer, _)| *newer == name).filter(|_| release == "18.4");
            let right = match newer {
                None => got.status == Some(0),
                Some((_, key)) => {
                    let told = got.stderr.contains(&format!("`{key}` is not read by GitLab 18.4"));
                    got.status == Some(3) && told && got.stderr.contains("it is read from GitLab ")
                }
            };
            if !right {
                wrong.push(format!("{name} on {release}: {:?}\n{}", got.status, got.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_trial_runs_by_itself_with_stand_ins_that_say_what_they_are() {
    let list = |command: &str| {
        let got = ask(&format!("template prod -o json -q {command}"));
        assert_eq!(got.status, Some(0), "{}", got.stderr);
        let list: serde_json::Value = serde_json::from_str(&got.stdout).expect("the output is JSON");
        list["items"].as_array().expect("a List has items").clone()
    };
    let named = |objects: &[serde_json::Value], kind: &str| {
        let of_kind = objects.iter().filter(|object| object["kind"] == kind);
        let marked = of_kind.filter(|object| !object["metadata"]["labels"]["gitlab-render/trial-store"].is_null());
        marked.map(|object| object["metadata"]["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let trial = list("--profile evaluation --gitlab-version 19.2");
    assert_eq!(named(&trial, "StatefulSet"), ["prod-minio", "prod-postgresql", "prod-redis"]);
    assert_eq!(named(&trial, "Service"), ["prod-minio-svc", "prod-postgresql", "prod-redis-master"]);
    for object in trial.iter().filter(|object| !object["metadata"]["labels"]["gitlab-render/trial-store"].is_null()) {
        let told = object["metadata"]["annotations"]["gitlab-render/trial-store"].as_str().expect("an annotation");
        assert!(told.contains("for a trial"), "{object}");
    }
    // Every cluster knows these kinds: nothing has to be installed first.
    for object in &trial {
        let group = object["apiVersion"].as_str().expect("an API version");
        assert!(!group.contains('.') || group.contains(".k8s.io/"), "{group}");
        assert!(!group.starts_with("gateway."), "{group}");
    }
    let secrets = trial
        .iter()
        .find(|object| object["metadata"]["name"] == "prod-shared-secrets" && object["kind"] == "ConfigMap");
    let made = secrets.expect("the job has a ConfigMap")["data"].to_string();
    for secret in ["prod-postgresql-password", "prod-redis-secret", "prod-minio-secret"] {
        assert!(made.contains(secret), "{secret}");
    }
    // s3cmd, which makes the backups, finds MinIO from inside the cluster; so it does where MinIO is bundled.
    for objects in [&trial, &list("--profile evaluation --gitlab-version 18.11")] {
        let toolbox =
            objects.iter().find(|object| object["metadata"]["name"] == "prod-toolbox" && object["kind"] == "ConfigMap");
        let script = toolbox.expect("the toolbox has a ConfigMap")["data"]["configure"].as_str().expect("a script");
        assert!(script.contains("s3cfg=$target_dir/objectstorage/.s3cfg"), "{script}");
        assert!(script.contains("prod-minio-svc.default.svc:9000"), "{script}");
    }
    // The releases before have their own, and a store that is named needs none.
    assert!(named(&list("--profile evaluation --gitlab-version 18.11"), "StatefulSet").is_empty());
    let psql = "--set global.psql.host=db.example.com --set global.psql.password.secret=db";
    let own = list(&format!("--profile evaluation --gitlab-version 19.2 {psql}"));
    assert_eq!(named(&own, "StatefulSet"), ["prod-minio", "prod-redis"]);
    let lint = ask("lint -f profile:evaluation --gitlab-version 19.2");
    assert!(
        lint.stdout.contains("`trialStores.enabled`: PostgreSQL, Redis or object storage is a stand-in"),
        "{}",
        lint.stdout
    );
}

/// What only turns off what a release does not have is no fault.
#[test]
fn a_newer_key_that_is_off_is_taken_by_older_releases() {
    let template = |set: &str| ask(&format!("template prod -f profile:evaluation --gitlab-version 18.4 {set}"));
    assert_eq!(template("--set global.gatewayApi.httpToHttpsRedirect=false").status, Some(0));
    let got = template("--set global.gatewayApi.enabled=true");
    assert!(got.stderr.contains("it is read from GitLab 18.7 on"), "{}", got.stderr);
}
