//! Plans of upgrades: each directory under `tests/upgrade/plan/` is named by a sentence and holds `args`, mostly
//! `values.yaml`, and `expected.txt`, the answer with the exit status in its last line.
//!
//! `UPDATE_EXPECT=1 cargo test upgrade` writes what is answered now; read the difference before it is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::{CommandFactory, Parser};
use gitlab_render::commands::Cli;
use gitlab_render::releases::catalogue::{self, Release};
use gitlab_render::releases::{self, ChartVersion, GitlabVersion, StopWhen};
use gitlab_render::upgrade::plan::{self, Ask, Flags, Halt, Todo, UpgradePlan, Values, path};
use gitlab_render::values::{self, Input};
use serde_json::Value;

use crate::common::{Ran, answer, entries, root, run, unexpected, words};
use crate::rules;

fn ask(at: &Path, command: &str, more: &str) -> Ran {
    run(at, &words(&format!("{command} {more}")), &BTreeMap::new(), "{}\n")
}

fn args(case: &Path) -> String {
    fs::read_to_string(case.join("args")).expect("a case has arguments")
}

#[test]
fn plans_say_what_is_written_down() {
    let mut wrong = Vec::new();
    let cases = entries("upgrade/plan");
    assert!(cases.len() >= 7, "cases are missing");
    for case in &cases {
        let got = ask(case, "upgrade plan", &args(case));
        let answer = answer(&got);
        wrong.extend(unexpected(&case.join("expected.txt"), &answer));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn validator(schema: &str) -> jsonschema::Validator {
    let schema = fs::read_to_string(root().join("schemas").join(schema)).expect("there is a schema");
    jsonschema::validator_for(&serde_json::from_str(&schema).expect("the schema is JSON")).expect("the schema is one")
}

fn assert_fits(validator: &jsonschema::Validator, got: &Ran, what: &str) -> Value {
    let answer: Value = serde_json::from_str(&got.stdout).unwrap_or_else(|e| panic!("{what}: {e}: {}", got.stderr));
    let errors: Vec<_> = validator.iter_errors(&answer).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
    answer
}

#[test]
fn json_plans_have_the_shape_of_their_schema_and_their_commands_are_ours() {
    let validator = validator("upgrade-plan.schema.json");
    let rewrites = Cli::command().find_subcommand("values").is_some();
    for case in entries("upgrade/plan") {
        let args = args(&case).replace("-o markdown", "");
        let plan = assert_fits(&validator, &ask(&case, "upgrade plan", &format!("{args} -o json")), &args);
        let stops = plan["stops"].as_array().expect("there are stops");
        assert_eq!(stops.last().map(|stop| &stop["gitlab"]), Some(&plan["to"]["gitlab"]));
        let steps = stops.iter().flat_map(|stop| stop["steps"].as_array().expect("there are steps"));
        let commands = steps.flat_map(|step| step["commands"].as_array().expect("there are commands"));
        let mut ours = 0;
        for command in commands.filter_map(Value::as_str).filter(|command| command.starts_with("gitlab-render ")) {
            ours += 1;
            let command = command.split(['|', '>']).next().unwrap_or_default();
            if command.starts_with("gitlab-render values") && !rewrites {
                continue;
            }
            let parsed = Cli::try_parse_from(command.split_whitespace());
            assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
        }
        assert!(ours >= 2, "{args}");
    }
}

#[test]
fn the_catalogue_has_the_shape_of_its_schema() {
    let validator = validator("catalogue.schema.json");
    let directory = tempfile::tempdir().expect("a directory");
    let all = assert_fits(&validator, &ask(directory.path(), "releases", "-o json"), "all");
    let series = all["series"].as_array().expect("there are series");
    let rows = series.iter().map(|entry| entry["releases"].as_array().expect("there are releases").len());
    assert_eq!(rows.sum::<usize>(), releases::pairs().len());
    let changes = series.iter().map(|entry| entry["valueChanges"].as_array().expect("there are changes").len());
    let known = gitlab_render::upgrade::rules::table().iter().filter(|rule| rule.since.major < 11).count();
    assert!(changes.sum::<usize>() > known / 2);
    let some = assert_fits(&validator, &ask(directory.path(), "releases", "--from 9.5 --to 18.8 -o json"), "some");
    let names: Vec<_> = some["series"].as_array().expect("there are series").iter().map(|s| &s["gitlab"]).collect();
    assert_eq!(names, ["18.5", "18.6", "18.7", "18.8"]);
    let last = &some["series"][3];
    assert_eq!((&last["stop"], &last["postgresql"]["minimum"]), (&"always".into(), &"16".into()));
    assert_eq!((&last["bugFixesUntil"], &last["images"]["registry"]), (&"2026-02-18".into(), &"v4.33.0-gitlab".into()));
}

pub struct Stop {
    pub series: (u32, u32),
    pub newest: String,
    when: StopWhen,
}

/// The stops as GitLab documents them, apart from the catalogue.
pub fn documented() -> Vec<Stop> {
    let text = fs::read_to_string(root().join("tests/upgrade/stops.txt")).expect("the stops are there");
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let row: Vec<_> = line.split(' ').collect();
        let (major, minor) = row[0].split_once('.').expect("a series has two numbers");
        let series = (major.parse().expect("a number"), minor.parse().expect("a number"));
        Stop {
            series,
            newest: row[2].to_owned(),
            when: if row[3] == "always" { StopWhen::Always } else { StopWhen::Conditional },
        }
    });
    rows.collect()
}

fn minors() -> Vec<(u32, u32)> {
    let last = [(14, 10), (15, 11), (16, 11), (17, 11), (18, 9)];
    last.into_iter().flat_map(|(major, last)| (0..=last).map(move |minor| (major, minor))).collect()
}

#[test]
fn between_any_two_minors_the_stops_are_those_that_are_documented() {
    let documented = documented();
    assert_eq!(documented.len(), 34);
    let minors = minors();
    let find = |(major, minor): (u32, u32)| catalogue::find(&format!("{major}.{minor}")).expect("the minor is known");
    let all: Vec<_> = minors.iter().map(|minor| (*minor, find(*minor))).collect();
    let mut pairs = 0;
    for (low, from) in &all {
        for (high, to) in all.iter().filter(|(high, _)| high > low) {
            pairs += 1;
            let halts = path(*from, *to, &[], false, |_, _| false).expect("there is a way");
            let (target, way) = halts.split_last().expect("there is a target");
            let want = documented.iter().filter(|stop| *low < stop.series && stop.series <= *high);
            let (at_target, want): (Vec<_>, Vec<_>) = want.partition(|stop| stop.series == *high);
            let told: Vec<_> = way.iter().map(|halt| halt.release.gitlab.to_string()).collect();
            let newest: Vec<_> = want.iter().map(|stop| stop.newest.clone()).collect();
            assert_eq!(told, newest, "{low:?} to {high:?}");
            let when = |halt: &Halt| halt.stop.map(|stop| stop.when);
            let whens: Vec<_> = way.iter().map(|halt| when(halt).expect("it is a stop")).collect();
            assert_eq!(whens, want.iter().map(|stop| stop.when).collect::<Vec<_>>());
            assert_eq!((target.release, when(target)), (*to, at_target.first().map(|stop| stop.when)));
            for halt in way {
                let carries = releases::pairs().iter().any(|pair| {
                    pair.chart == halt.release.chart.to_string() && pair.gitlab == halt.release.gitlab.to_string()
                });
                assert!(carries, "{}", halt.release);
            }
        }
    }
    assert_eq!(pairs, 57 * 56 / 2);
}

#[test]
fn without_downtime_no_minor_is_passed_over() {
    let minors = minors();
    let find = |text: &str| catalogue::find(text).expect("it is known");
    let halts = path(find("14.0"), find("18.9"), &[], true, |_, _| false).expect("there is a way");
    let told: Vec<_> = halts.iter().map(|halt| halt.release.gitlab.series()).collect();
    assert_eq!(told, minors[1..]);
}

/// The commands of a plan.
fn commands(args: &str) -> Vec<String> {
    let got = ask(root(), "upgrade plan", &format!("{args} -o json"));
    assert_eq!(got.status, Some(0), "{args}: {}", got.stderr);
    let plan: Value = serde_json::from_str(&got.stdout).expect("it is JSON");
    let steps =
        plan["stops"].as_array().into_iter().flatten().flat_map(|stop| stop["steps"].as_array().into_iter().flatten());
    let commands = steps.flat_map(|step| step["commands"].as_array().into_iter().flatten());
    commands.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn helm_gets_no_chart_that_is_not_known() {
    let known: Vec<_> = releases::pairs().iter().map(|pair| pair.chart.as_str()).collect();
    let mut seen = 0;
    for from in ["15.4", "16.7", "17.11", "18.0", "18.6", "18.10"] {
        for to in ["18.11", "19.2", "19.3", "19.4"] {
            for more in ["--with helm", "--with helm --zero-downtime", "--with argocd", "--with flux", ""] {
                for command in commands(&format!("--from {from} --to {to} {more}")) {
                    let words: Vec<_> = command.split_whitespace().collect();
                    let named = words.windows(2).filter(|pair| ["--version", "--revision"].contains(&pair[0]));
                    for chart in named.map(|pair| pair[1]).filter(|chart| !chart.starts_with('"')) {
                        seen += 1;
                        assert!(known.contains(&chart), "{from} to {to} {more}: {command}");
                    }
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn a_patch_whose_chart_is_not_known_is_looked_up() {
    let all = commands("--from 18.10.8 --to 18.11.12 --with helm");
    let helm: Vec<_> = all.iter().filter(|c| c.contains("helm upgrade") || c.contains("helm template")).collect();
    assert_eq!(helm.len(), 2);
    for command in helm {
        let (find, run) = command.rsplit_once('\n').expect("it has two parts");
        assert!(find.contains("| grep -wF v18.11.12 |"), "{command}");
        assert!(run.contains(" --version \"${chart:?no chart of gitlab/gitlab has GitLab 18.11.12}\" "), "{command}");
    }
    let running = commands("--from 18.11.12 --to 19.1 --with helm -f tests/upgrade/toolbox-off.yaml");
    let on: Vec<_> =
        running.iter().filter(|c| c.contains("gitlab.toolbox.enabled=true") && !c.contains("$chart")).collect();
    assert!(
        on.iter().any(|c| c.contains("--version \"$(helm get metadata gitlab -n gitlab -o yaml | awk ")),
        "{on:#?}"
    );
}

/// The checks run in the toolbox, and so does the restore of a rollback: the state that is saved, or what puts it back, has it.
#[test]
fn a_toolbox_that_is_off_runs_before_anything_needs_it() {
    for with in ["kubectl", "helm", "argocd", "flux"] {
        for hop in ["--from 18.8 --to 18.9", "--from 17.8 --to 17.11"] {
            let all = commands(&format!("{hop} --with {with} -f tests/upgrade/toolbox-off.yaml"));
            let at = |what: &str| all.iter().position(|command| command.contains(what));
            let on =
                all.iter().position(|c| c.contains("toolbox") && c.contains("enabled") && !c.contains("--is-upgrade"));
            let saved = at("test -s replicas-").expect("the state is saved");
            assert!(on.is_some_and(|on| on < saved), "{with} {hop}: {all:#?}");
            let rendered = hop.contains("18.8") && with != "helm";
            let again = all.iter().rposition(|command| command.contains("--component toolbox"));
            assert_eq!(again.is_some_and(|again| saved < again), rendered, "{with} {hop}: {all:#?}");
            if let Some(again) = again {
                let restored = at("backup-utility --restore").expect("a backup is restored");
                assert!(again < restored, "{with} {hop}: {all:#?}");
            }
        }
    }
}

#[test]
fn the_last_step_without_downtime_is_one_script() {
    let all = commands("--from 18.9.8 --to 18.10.8 --zero-downtime");
    let post: Vec<_> =
        all.iter().filter(|c| c.starts_with("gitlab-render template") && !c.contains("--skip-post")).collect();
    assert!(!post.iter().any(|c| c.contains("--phase post") || c.contains("--component migrations")), "{post:#?}");
    assert!(
        all.iter().any(|c| c.contains("--list-phases --prune-from gitlab-18.9.8.yaml > upgrade-18.10.8.sh.part && ")),
        "{all:#?}"
    );
    assert!(all.contains(&"sh upgrade-18.10.8.sh".to_owned()));
}

/// A major upgrade of the bundled PostgreSQL switches the migrations off until its data are back, and only until then.
#[test]
fn a_release_is_handed_over_with_its_migrations() {
    let all = commands("--from 17.11 --to 18.2");
    let off = "gitlab.migrations.enabled=false";
    assert!(all.iter().any(|c| c.starts_with("helm upgrade") && c.contains(off)), "{all:#?}");
    let later: Vec<_> =
        all.iter().filter(|c| c.starts_with("gitlab-render adopt") || c.contains("--phase main,post")).collect();
    assert_eq!(later.len(), 2, "{all:#?}");
    assert!(later.iter().all(|c| !c.contains(off)), "{later:#?}");
}

/// The plan of one hop over one chart release, for these values.
fn hop(values: &Value, since: ChartVersion) -> UpgradePlan {
    let file = Input::File { name: "values.yaml".into(), bytes: serde_json::to_vec(values).expect("JSON is written") };
    let layers = values::load(&[file]).expect("the values are read");
    let sources = layers.value.sources.clone();
    let (tree, origins) = layers.value.own();
    let gitlab = |chart: ChartVersion| GitlabVersion { major: chart.major + 9, ..chart };
    let before = rules::before(since);
    let from = Release { chart: before, gitlab: gitlab(before) };
    let halts = [Halt { release: Release { chart: since, gitlab: gitlab(since) }, stop: None }];
    let files = ["values.yaml".to_owned()];
    plan::plan(&Ask {
        from,
        oldest: from.chart,
        halts: &halts,
        values: Some(Values { tree: &tree, origins: &origins, sources: &sources, files: &files }),
        zero_downtime: false,
        apart: false,
        with: plan::With::Kubectl,
        flags: &Flags::default(),
        name: "prod",
        namespace: "gitlab",
    })
}

#[test]
fn every_recorded_change_of_values_is_in_the_plan_that_passes_it() {
    let mut wrong = Vec::new();
    for case in rules::cases() {
        let plan = hop(&case.values, case.since);
        let told: Vec<_> = plan.stops[0].values.iter().filter(|value| value.path == case.path).collect();
        let [value] = told[..] else {
            wrong.push(format!("{}: told {} times", case.name, told.len()));
            continue;
        };
        let want: &[Todo] = match case.then.as_str() {
            Some("decide") => &[Todo::Decide],
            Some("keep") => &[Todo::Keep],
            _ => &[Todo::Move, Todo::Delete],
        };
        let placed = value.source.is_some() == value.line.is_some();
        if !want.contains(&value.action) || !placed || (value.action != Todo::Keep && value.line.is_none()) {
            wrong.push(format!("{}: {value:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_commands_of_the_guide_run() {
    let text = fs::read_to_string(root().join("docs/upgrade.md")).expect("there is a guide");
    let directory = tempfile::tempdir().expect("a directory");
    let values = "global: {hosts: {domain: example.org}}\ncertmanager-issuer: {email: ops@example.org}\n";
    fs::write(directory.path().join("values.yaml"), values).expect("the values are written");
    let rewrites = Cli::command().find_subcommand("values").is_some();
    let mut ran = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("    gitlab-render ")) {
        if line.starts_with("values ") && !rewrites {
            continue;
        }
        let (ours, file) = line.split_once(" > ").map_or((line, None), |(ours, file)| (ours, Some(file)));
        let got = ask(directory.path(), ours.split(" | ").next().unwrap_or_default(), "");
        let found = i32::from(line.starts_with("diff"));
        assert_eq!(got.status, Some(found), "{line}: {}", got.stderr);
        if let Some(file) = file {
            fs::write(directory.path().join(file), &got.stdout).expect("the file is written");
        }
        ran += 1;
    }
    assert!(ran >= 6, "{ran}");
}

/// What stands where the name of a Secret belongs may be the secret itself, and the plan quotes the first finding.
#[test]
fn a_key_in_the_place_of_a_secrets_name_is_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = "-----BEGIN PRIVATE KEY-----\n        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n        -----END PRIVATE KEY-----\n";
    let values = format!("global:\n  psql:\n    host: db.example.com\n    password:\n      secret: |\n        {key}");
    std::fs::write(folder.path().join("v.yaml"), values).expect("it is written");
    for form in ["text", "json", "markdown"] {
        let words = words(&format!("upgrade plan --from 17.0 -f v.yaml --name g -n g -o {form}"));
        let got = run(folder.path(), &words, &BTreeMap::new(), "");
        assert!(got.stdout.contains("cannot be rendered yet"), "{form}: {}", got.stderr);
        assert!(!(got.stdout + &got.stderr).contains("MIIE"), "{form}");
    }
}
