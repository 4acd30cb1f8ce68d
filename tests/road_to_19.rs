//! The roads of `docs/gitlab-19.md` from 18.8 to 19.2: production that stays with Ingress, production that goes over to the
//! Gateway, and a trial with the stores that the chart brought. Their values are kept in `tests/upgrade/road-to-19/`.

use std::collections::BTreeMap;

use crate::common::{Ran, root, run, words};

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
        "Ingress/prod-webservice-default goes [outage]",
        "Service/prod-nginx-ingress-controller goes [outage]",
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

/// `values/README.md` says which profiles are for which releases.
#[test]
fn each_profile_renders_on_19_or_is_said_to_need_something_first() {
    let mut wrong = Vec::new();
    for profile in gitlab_render::profiles::all() {
        let name = profile.name;
        let over = if name == "hardened" { "-f profile:on-premises " } else { "" };
        let got = match name {
            "gateway-api"
            | "reference-cloud-native-large"
            | "reference-cloud-native-medium"
            | "reference-cloud-native-small"
            | "reference-cloud-native-xlarge" => {
                let folder = tempfile::tempdir().expect("a folder for the profile");
                let here = |command: &str| run(folder.path(), &words(command), &BTreeMap::new(), "");
                here(&format!("init {name} -o old.yaml"));
                here("values migrate -f old.yaml --from 18.10 --to 19.2 -o new.yaml");
                here("template prod -f new.yaml --gitlab-version 19.2")
            }
            _ => ask(&format!("template prod {over}-f profile:{name} --gitlab-version 19.2")),
        };
        let expected = if name == "evaluation" { Some(3) } else { Some(0) };
        if got.status != expected {
            wrong.push(format!("{name}: {}", got.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
