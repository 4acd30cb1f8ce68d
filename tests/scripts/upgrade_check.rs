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
