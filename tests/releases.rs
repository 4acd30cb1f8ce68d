//! The release catalogue: each file has its shape, and the files agree with each other.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::BTreeMap;

use gitlab_render::bundle;
use gitlab_render::releases::{self, GitlabVersion, Series, StopStatus};
use serde_json::Value;

fn version(text: &str) -> GitlabVersion {
    GitlabVersion::parse(text).unwrap_or_else(|| panic!("`{text}` is no version"))
}

fn series(text: &str) -> Series {
    version(&format!("{text}.0")).series()
}

fn file(name: &str) -> Value {
    let text = releases::files().into_iter().find(|f| f.0 == name).expect("the file is embedded").1;
    serde_json::from_str(text).expect("the file is JSON")
}

/// The newest patch of each series in the version table.
fn newest_in_table() -> BTreeMap<Series, GitlabVersion> {
    let mut newest = BTreeMap::new();
    for pair in releases::pairs() {
        let gitlab = version(&pair.gitlab);
        let slot = newest.entry(gitlab.series()).or_insert(gitlab);
        *slot = gitlab.max(*slot);
    }
    newest
}

#[test]
fn every_file_has_the_shape_that_the_schema_says() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/releases.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    for (name, text) in releases::files() {
        let stem = name.strip_suffix(".json").unwrap();
        let mut root = schema.clone();
        root["$ref"] = Value::String(format!("#/$defs/{stem}"));
        let validator = jsonschema::validator_for(&root).unwrap();
        let data: Value = serde_json::from_str(text).unwrap();
        let errors: Vec<_> = validator.iter_errors(&data).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn every_chart_release_has_a_gitlab_release_and_they_follow_the_rule() {
    let pairs = releases::pairs();
    assert_eq!(pairs.len(), 840);
    let mut ruled = 0;
    for two in pairs.windows(2) {
        assert!(version(&two[0].chart) < version(&two[1].chart), "{} is out of order", two[1].chart);
    }
    for pair in pairs {
        let (chart, gitlab) = (version(&pair.chart), version(&pair.gitlab));
        if gitlab.major >= 13 {
            assert_eq!((chart.major + 9, chart.minor), gitlab.series(), "chart {chart} with GitLab {gitlab}");
            ruled += 1;
        }
    }
    assert_eq!(ruled, 657);
}

#[test]
fn stops_are_in_the_version_table_with_a_patch_that_is_no_older() {
    let newest = newest_in_table();
    let stops = releases::stops();
    assert_eq!(stops.stops.len(), 34);
    for stop in &stops.stops {
        assert_eq!(stop.newest.is_some(), stop.status == StopStatus::Documented, "{}", stop.gitlab);
        for condition in &stop.any_of {
            assert!(stops.conditions.contains_key(condition), "{}: no condition `{condition}`", stop.gitlab);
        }
        if let Some(patch) = &stop.newest {
            assert_eq!(version(patch).series(), series(&stop.gitlab));
            let table = newest.get(&series(&stop.gitlab)).unwrap_or_else(|| panic!("no row for {}", stop.gitlab));
            assert!(version(patch) >= *table, "{patch} is older than {table}");
        }
    }
    let names: Vec<_> = stops.stops.iter().map(|s| series(&s.gitlab)).collect();
    assert!(names.is_sorted());
}

#[test]
fn chart_guards_follow_each_other_and_ask_for_a_pair_that_exists() {
    let guards = releases::guards();
    assert!(guards.len() > 15);
    for two in guards.windows(2) {
        assert!(series(&two[0].charts.1) < series(&two[1].charts.0), "{:?}", two[1]);
    }
    let pairs = releases::pairs();
    for guard in guards {
        let wanted = (series(&guard.chart), series(&guard.gitlab));
        let found = pairs.iter().any(|p| (version(&p.chart).series(), version(&p.gitlab).series()) == wanted);
        assert!(found, "{guard:?}");
    }
}

#[test]
fn what_an_upgrade_asks_is_in_order_and_names_what_there_is() {
    let upgrades = file("upgrades.json");
    let pairs = releases::pairs();
    for list in ["manual", "objects"] {
        let charts: Vec<_> =
            upgrades[list].as_array().unwrap().iter().map(|row| series(row["chart"].as_str().unwrap())).collect();
        assert!(charts.len() > 10 && charts.is_sorted(), "{list}: {charts:?}");
        for chart in charts {
            assert!(pairs.iter().any(|p| version(&p.chart).series() == chart), "{list}: {chart:?}");
        }
    }
    let told: Vec<_> = upgrades["find_out"].as_object().unwrap().keys().collect();
    let mut conditions: Vec<_> = releases::stops().conditions.keys().collect();
    conditions.sort();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, conditions, "each condition of a stop can be found out");
    let known = newest_in_table();
    for row in upgrades["background"].as_array().unwrap() {
        assert!(known.contains_key(&series(row["gitlab"].as_str().unwrap())), "{row}");
    }
}

#[test]
fn known_patches_reach_at_least_as_far_as_the_version_table() {
    let table = newest_in_table();
    let known = releases::known_series();
    assert_eq!(known.first(), Some(&(18, 2)));
    for series in known {
        let newest = releases::newest(series).unwrap();
        if let Some(seen) = table.get(&series) {
            assert!(newest >= *seen, "{newest} is older than {seen}");
        }
        // An error here means a series that no row, no stop and no note of the catalogue speaks of.
        let unseen = file("versions.json")["unseen"].to_string();
        assert!(table.get(&series) == Some(&newest) || unseen.contains(&newest.to_string()), "{newest}");
    }
}

#[test]
fn tags_change_in_the_order_of_releases() {
    for (name, rows) in file("images.json")["since"].as_object().unwrap() {
        let from: Vec<_> = rows.as_array().unwrap().iter().map(|r| version(r[0].as_str().unwrap())).collect();
        assert!(from.is_sorted() && from[0] == version("18.2.0"), "{name}");
    }
}

#[test]
fn images_of_releases_are_those_that_were_read() {
    let seen = [
        ("18.2.7", "v14.45.2", "v4.24.0-gitlab", "15.6.0"),
        ("18.9.1", "v14.45.6", "v4.36.0-gitlab", "16.2.0"),
        ("18.5.0", "v14.45.2", "v4.27.0-gitlab", "16.1.0"),
        ("18.5.1", "v14.45.2", "v4.28.0-gitlab", "16.1.0"),
        ("18.11.11", "v14.50.0", "v4.39.0-gitlab", "16.7.0"),
        ("19.0.8", "v14.51.0", "v4.40.1-gitlab", "16.8.0"),
        ("19.2.4", "v14.56.1", "v4.40.2-gitlab", "16.9.0"),
        ("19.3.2", "v14.56.1", "v4.40.2-gitlab", "16.9.0"),
    ];
    for (release, shell, registry, exporter) in seen {
        let tags = releases::images(version(release)).unwrap();
        assert_eq!([&*tags.shell, &*tags.registry, &*tags.exporter], [shell, registry, exporter], "{release}");
        let own = format!("v{release}");
        assert_eq!([&tags.gitlab, &tags.gitaly, &tags.kas, &tags.pages, &tags.mailroom], [&own; 5]);
    }
}

#[test]
fn a_part_of_a_version_means_its_newest_release() {
    let found = |text: &str| {
        let release = releases::catalogue::find(text).unwrap();
        (release.gitlab.to_string(), release.chart.to_string())
    };
    let is = |gitlab: &str, chart: &str| (gitlab.to_owned(), chart.to_owned());
    assert_eq!(found("18.9"), is("18.9.8", "9.9.9"));
    assert_eq!(found("v18.9.1"), is("18.9.1", "9.9.2"));
    assert_eq!(found("9.9.1"), is("18.9.1", "9.9.1"));
    assert_eq!(found("chart:9.9"), is("18.9.8", "9.9.9"));
    assert_eq!(found("10.3.1"), is("19.3.1", "10.3.1"));
    let newest = releases::default_version();
    assert_eq!(newest, version("18.10.8"));
    let listed = releases::pairs().iter().rfind(|pair| pair.gitlab == newest.to_string()).unwrap();
    assert_eq!(releases::chart_of(newest).to_string(), listed.chart, "`default_chart` is out of date");
}

#[test]
fn a_patch_without_a_row_has_a_chart_of_its_series() {
    for (gitlab, chart) in [("18.11.12", "9.11.10"), ("19.0.8", "10.0.6"), ("19.2.4", "10.2.3"), ("19.4.1", "10.4.0")] {
        assert_eq!(releases::chart_of(version(gitlab)).to_string(), chart);
        assert_eq!(releases::catalogue::find(gitlab).unwrap().chart.to_string(), chart);
    }
}

#[test]
fn unknown_releases_are_refused_with_the_known_ones() {
    let cases = [
        (
            "18.9.77",
            "`18.9.77` is not among the known releases of GitLab",
            "the known patches of 18.9 are 18.9.0 to 18.9.8",
        ),
        (
            "9.9.77",
            "`9.9.77` is not among the known releases of the chart",
            "the known patches of 9.9 are 9.9.0 to 9.9.9",
        ),
        ("25.1", "`25.1` is not among the known releases of GitLab", "11.0.0 to 19.4.1"),
        ("latest", "`latest` is not a version", "write a version of GitLab, `18.10` or `18.10.8`, or of its chart"),
        ("", "`` is not a version", "18.10"),
        ("18.9.+1", "`18.9.+1` is not a version", "18.10"),
        ("99999999999.1", "`99999999999.1` is not a version", "18.10"),
    ];
    for (text, message, hint) in cases {
        let error = releases::catalogue::find(text).unwrap_err();
        assert!(error.message.starts_with(message), "{error:?}");
        assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{error:?}");
    }
}

#[test]
fn only_series_whose_changes_are_known_are_rendered() {
    for series in releases::known_series() {
        let newest = releases::newest(series).unwrap();
        match releases::rendered(newest) {
            Ok(None) => assert!(((18, 4)..=(18, 10)).contains(&series), "{series:?} was not compared"),
            Ok(Some(note)) => assert!(note.message.starts_with(&format!("GitLab {newest}: ")), "{note:?}"),
            Err(error) => {
                assert!(series > (19, 2), "{error:?}");
                assert!(error.hint.unwrap().starts_with("name a release of 18.2 to 19.2"));
            }
        }
    }
    assert!(releases::rendered(version("17.11.7")).is_err());
}

#[test]
fn a_difference_is_told_from_the_first_to_the_last_release_that_has_it() {
    use gitlab_render::bundle::{DIFFERENCES, Difference};
    let has = |text: &str, difference| version(text).has(difference);
    assert!(!has("18.8.11", Difference::SidekiqMaxReplicas) && has("18.9.0", Difference::SidekiqMaxReplicas));
    assert!(has("18.7.7", Difference::SuggestedReviewers) && !has("18.8.0", Difference::SuggestedReviewers));
    // What came to several series at once has a row for each, which no other row of it overlaps.
    let mut ids: Vec<_> = DIFFERENCES.iter().map(|row| (row.id, row.releases.since)).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), DIFFERENCES.len());
    for row in DIFFERENCES {
        assert!(row.releases.since.is_some() || row.releases.until.is_some(), "{} holds always", row.id);
        assert!(!row.what.ends_with('.'), "{}: the end of a sentence has no full stop", row.id);
    }
}

#[test]
fn the_default_release_has_the_plain_defaults() {
    use gitlab_render::bundle::DEFAULTS_BY_RELEASE;
    let default = releases::default_version().numbers();
    for (releases, values) in DEFAULTS_BY_RELEASE {
        assert!(!releases.has(default), "the default release has other defaults: {values}");
    }
}

#[test]
fn a_series_as_a_value_means_its_newest_patch() {
    let tag = |value| releases::select(None, Some(value)).map(|found| (found.value.gitlab, found.value.version));
    assert_eq!(tag("18.10").unwrap(), ("v18.10.8".to_owned(), "18.10.8".to_owned()));
    assert_eq!(tag("18.10.3").unwrap(), ("v18.10.3".to_owned(), "18.10.3".to_owned()));
    assert!(tag("18.77").unwrap_err().hint.unwrap().contains("patch number"));
    assert!(tag("18").unwrap_err().message.contains("is only a major version"));
    for chart in ["9.8.2", "v9.8.2"] {
        assert!(tag(chart).unwrap_err().hint.unwrap().contains("`18.8.2`"), "{chart}");
    }
}

#[test]
fn the_option_moves_every_image_and_the_value_only_those_of_rails() {
    let tags = |option, value| {
        let selected = releases::select(option, value).unwrap();
        (selected.value.gitlab, selected.value.gitaly, selected.value.registry, selected.warnings.len())
    };
    let of = |a: &str, b: &str, c: &str, n: usize| (a.to_owned(), b.to_owned(), c.to_owned(), n);
    assert_eq!(tags(None, None), of("v18.10.8", "v18.10.8", "v4.38.0-gitlab", 0));
    assert_eq!(tags(Some("18.8"), None), of("v18.8.11", "v18.8.11", "v4.33.0-gitlab", 0));
    assert_eq!(tags(None, Some("18.10.2")), of("v18.10.2", "v18.10.8", "v4.38.0-gitlab", 0));
    assert_eq!(tags(None, Some("18.8.2")), of("v18.8.2", "v18.10.8", "v4.38.0-gitlab", 1));
    assert_eq!(tags(Some("18.8"), Some("18.8.2")), of("v18.8.2", "v18.8.11", "v4.33.0-gitlab", 0));
    assert_eq!(tags(None, Some("my-branch")), of("my-branch", "v18.10.8", "v4.38.0-gitlab", 0));
    assert_eq!(tags(None, Some("v42.0.0")), of("v42.0.0", "master", "v4.37.0-gitlab", 1));
    assert_eq!(tags(None, Some("")), tags(None, None));
    let development = releases::select(None, Some("42.0.0")).unwrap().value;
    assert_eq!([&*development.gitlab, &*development.shell, &*development.exporter], ["v42.0.0", "main", "16.6.0"]);
}

#[test]
fn a_plain_release_gets_a_v_and_nothing_else_does() {
    let cases = [
        ("18.9.1", "v18.9.1"),
        ("18.9.0-rc42", "v18.9.0-rc42"),
        ("18.9.0-pre", "v18.9.0-pre"),
        ("18.9.0-rc42-pre", "v18.9.0-rc42-pre"),
        ("v18.9.1", "v18.9.1"),
        ("18.9", "18.9"),
        ("18.9.0-rc", "18.9.0-rc"),
        ("18.9.0-ee", "18.9.0-ee"),
        ("master", "master"),
        ("", ""),
    ];
    for (version, tag) in cases {
        assert_eq!(releases::image_tag(version), tag);
    }
}

/// A row that no code asks for is a sentence without effect.
#[test]
fn each_difference_between_releases_is_asked_for() {
    let mut sources = String::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/resolve"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let asked = |row: &&bundle::DifferenceRow| {
        let name = format!("Difference::{:?}", row.difference);
        sources.split(&name).skip(1).any(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let unasked: Vec<_> = bundle::DIFFERENCES.iter().filter(|row| !asked(row)).map(|row| row.id).collect();
    assert!(unasked.is_empty(), "no code asks for {unasked:?}");
}
