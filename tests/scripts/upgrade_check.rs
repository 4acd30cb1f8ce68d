//! Which versions an upgrade may start from.

use super::*;

fn run(from: (&str, &str), to: (&str, &str), keys: &[&str]) -> Output {
    let sandbox = Sandbox::new();
    sandbox.write("info/gitlabVersion", from.0).write("info/gitlabChartVersion", from.1).write("pg/.keep", "");
    for key in keys {
        sandbox.write(&format!("pg/{key}"), "x");
    }
    let (info, pg) = (sandbox.str("info"), sandbox.str("pg"));
    let env = [
        ("CHART_INFO_DIRECTORY", info.as_str()),
        ("POSTGRESQL_SECRET_DIRECTORY", pg.as_str()),
        ("GITLAB_VERSION", to.0),
        ("CHART_VERSION", to.1),
    ];
    sandbox.run("sh", &render("upgrade-check/runcheck.sh", &view("upgrade-check/runcheck.sh", 0)), &env)
}

#[test]
fn permits_what_follows_the_path() {
    for from in [("v18.8.0", "9.8.0"), ("18.8.7", "9.8.7"), ("v18.9.1-ee", "9.9.1"), ("v19.0.0", "10.0.0")] {
        let output = run(from, ("v18.9.1", "9.9.1"), &[]);
        assert!(output.status.success(), "{from:?}: {}", text(&output));
    }
}

#[test]
fn refuses_what_skips_a_stop() {
    for from in [("v18.7.9", "9.7.9"), ("17.11.2", "8.11.2"), ("v18.8.1", "9.7.0"), ("v18.10.0", "8.12.0")] {
        let output = run(from, ("v18.9.1", "9.9.1"), &[]);
        assert!(!output.status.success(), "{from:?}: {}", text(&output));
        assert!(text(&output).contains("upgrade refused"), "{}", text(&output));
    }
}

#[test]
fn leaves_development_builds_alone() {
    for (from, to) in [("master", "v18.9.1"), ("v12.0.0", "master"), ("v12", "v18.9.1"), ("18.x.1", "v18.9.1")] {
        let output = run((from, "9.9.0"), (to, "9.9.1"), &[]);
        assert!(output.status.success(), "{from} {to}: {}", text(&output));
        assert!(text(&output).contains("not comparing"), "{}", text(&output));
    }
}

#[test]
fn refuses_when_it_is_not_known_what_runs() {
    let output = run(("", ""), ("v18.9.1", "9.9.1"), &[]);
    assert!(!output.status.success() && text(&output).contains("is missing"), "{}", text(&output));
}

#[test]
fn wants_both_keys_of_the_database_or_none() {
    let (from, to) = (("v18.9.0", "9.9.0"), ("v18.9.1", "9.9.1"));
    assert!(run(from, to, &["postgresql-password", "postgresql-postgres-password"]).status.success());
    for key in ["postgresql-password", "postgresql-postgres-password"] {
        let output = run(from, to, &[key]);
        assert!(!output.status.success() && text(&output).contains("has no key"), "{}", text(&output));
    }
}

/// The check of a release, as it is rendered: the script, and the versions that its Job passes to it.
fn rendered(gitlab: &str) -> (String, String, String) {
    let mut request = crate::common::request("prod", "gitlab", &crate::common::own_stores());
    request.target.gitlab_version = Some(gitlab.to_owned());
    let rendered = gitlab_render::pipeline::render(&request).unwrap_or_else(|failed| panic!("{:?}", failed.report));
    let of = |kind: &str| {
        let mut all = rendered.objects.manifests().iter();
        all.find(|m| &*m.component == "upgrade-check" && m.id.kind == kind && m.id.name.ends_with("upgrade-check"))
    };
    let script = of("ConfigMap").unwrap().body["data"]["runcheck"].as_str().unwrap().to_owned();
    let job = rendered.objects.manifests().iter().find(|m| &*m.component == "upgrade-check" && m.id.kind == "Job");
    let env = job.unwrap().body["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap().clone();
    let value = |name: &str| env.iter().find(|e| e["name"] == name).unwrap()["value"].as_str().unwrap().to_owned();
    (script, value("GITLAB_VERSION"), value("CHART_VERSION"))
}

#[test]
fn from_every_stop_to_every_rendered_stop_the_last_one_between_counts() {
    use gitlab_render::releases;
    let series = |text: &str| releases::series_of(text).unwrap();
    let stops: Vec<_> = releases::stops().stops.iter().filter(|stop| stop.newest.is_some()).collect();
    let (mut permitted, mut refused) = (0, 0);
    // the newest patch of each, among them those that no row of the catalogue gives a chart
    for to in stops.iter().filter_map(|stop| releases::newest(series(&stop.gitlab))) {
        let (script, gitlab, chart) = rendered(&to.to_string());
        assert_eq!(releases::GitlabVersion::parse(&chart).unwrap().minor, to.minor, "chart {chart} for GitLab {to}");
        let needed = stops.iter().map(|stop| series(&stop.gitlab)).filter(|stop| *stop < to.series()).max().unwrap();
        for stop in &stops {
            let from = releases::GitlabVersion::parse(stop.newest.as_deref().unwrap()).unwrap();
            if from > to {
                continue;
            }
            let sandbox = Sandbox::new();
            let old_chart = releases::chart_of(from).to_string();
            sandbox.write("info/gitlabVersion", &from.to_string()).write("info/gitlabChartVersion", &old_chart);
            sandbox.write("pg/postgresql-password", "x").write("pg/postgresql-postgres-password", "x");
            let (info, pg) = (sandbox.str("info"), sandbox.str("pg"));
            let env = [
                ("CHART_INFO_DIRECTORY", info.as_str()),
                ("POSTGRESQL_SECRET_DIRECTORY", pg.as_str()),
                ("GITLAB_VERSION", gitlab.as_str()),
                ("CHART_VERSION", chart.as_str()),
            ];
            let output = sandbox.run("sh", &script, &env);
            assert_eq!(output.status.success(), from.series() >= needed, "{from} to {to}: {}", text(&output));
            if output.status.success() { permitted += 1 } else { refused += 1 }
        }
    }
    assert!(permitted >= 9 && refused > 100, "{permitted} permitted, {refused} refused");
}
