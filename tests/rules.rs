//! The rules about values: for each of the recorded changes the least values that meet it.
//!
//! `tests/upgrade/rules.json` has a row for every change that is known of the official chart: the path as it was
//! recorded, the chart release, whether the chart refuses the value, and cases: least values, the path that is to
//! be told, and what a machine makes of them: `values`, `decide` (a person has to), `keep` (nothing is to be done).

use gitlab_render::releases::ChartVersion;
use gitlab_render::releases::catalogue;
use gitlab_render::upgrade::rules::{self, Action, Hit, ReleaseSpan};
use gitlab_render::values::{self, Input};
use serde_json::Value;

use crate::common::root;

/// One case of one recorded change.
pub struct Case {
    pub name: String,
    pub since: ChartVersion,
    /// Whether the chart refuses the value.
    pub refused: bool,
    pub path: String,
    pub values: Value,
    /// `decide`, `keep`, or an object with `values`.
    pub then: Value,
}

/// All cases, in the order of the records.
pub fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(root().join("tests/upgrade/rules.json")).expect("the cases are there");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("the cases are JSON");
    assert_eq!(rows.len(), 208, "every recorded change has a row");
    let mut cases = Vec::new();
    for row in &rows {
        let since = ChartVersion::parse(row["since"].as_str().unwrap()).unwrap();
        let all = row["cases"].as_array().unwrap();
        assert!(!all.is_empty(), "{} has no case", row["entry"]);
        cases.extend(all.iter().map(|case| Case {
            name: format!("{} ({})", row["entry"], case["path"]),
            since,
            refused: row["refused"] == true,
            path: case["path"].as_str().unwrap().to_owned(),
            values: case["values"].clone(),
            then: case["then"].clone(),
        }));
    }
    cases
}

/// The release before, near enough: none is between the two.
pub fn before(version: ChartVersion) -> ChartVersion {
    let down = |n: u32| n.saturating_sub(1);
    match version {
        ChartVersion { patch, .. } if patch > 0 => ChartVersion { patch: patch - 1, ..version },
        ChartVersion { minor, .. } if minor > 0 => ChartVersion { minor: minor - 1, patch: 999, ..version },
        _ => ChartVersion { major: down(version.major), minor: 999, patch: 999 },
    }
}

fn hits(values: &Value, from: Option<ChartVersion>, to: ChartVersion) -> Vec<Hit> {
    let bytes = serde_json::to_vec(values).unwrap();
    let layers = values::load(&[Input::File { name: "values.yaml".into(), bytes }]).unwrap();
    let (user, origins) = layers.value.own();
    rules::hits(&user, &origins, &ReleaseSpan { from, to })
}

#[test]
fn every_recorded_change_is_told_when_its_release_is_passed_and_only_then() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = hits(&case.values, Some(before(case.since)), case.since);
        let told: Vec<_> = found.iter().filter(|hit| hit.path.to_string() == case.path).collect();
        let [hit] = told[..] else {
            let paths: Vec<_> = found.iter().map(|hit| hit.path.to_string()).collect();
            wrong.push(format!("{}: told {} times, of {paths:?}", case.name, told.len()));
            continue;
        };
        let action = match &hit.action {
            Action::Move { .. } | Action::Delete => "values",
            Action::Decide { .. } => "decide",
            Action::Keep => "keep",
        };
        let want = case.then.as_str().unwrap_or("values");
        if action != want {
            wrong.push(format!("{}: {action}, not {want}", case.name));
        }
        let there = rules::hits(
            &case.values,
            &gitlab_render::values::Origins::none(),
            &ReleaseSpan { from: None, to: case.since },
        );
        let shows = there.iter().any(|hit| hit.path.to_string() == case.path);
        if hit.effect.shows() != shows {
            wrong.push(format!("{}: told without `from`: {shows}", case.name));
        }
        let says_place = hit.place.is_some();
        if says_place != hit.rule_is_about_a_value(&case.values) {
            wrong.push(format!("{}: place {:?}", case.name, hit.place));
        }
        let secret = hit.what.contains("not-shown") || hit.new_form.as_deref().is_some_and(|f| f.contains("not-shown"));
        assert!(!secret, "{}: shows a secret", case.name);
        for (from, to) in
            [(Some(case.since), ChartVersion { major: 11, minor: 0, patch: 0 }), (None, before(case.since))]
        {
            let found = hits(&case.values, from, to);
            if found.iter().any(|hit| hit.path.to_string() == case.path && hit.since == case.since) {
                wrong.push(format!("{}: told between {from:?} and {to}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a test may ask of a hit.
trait About {
    /// Whether the values have something at its path.
    fn rule_is_about_a_value(&self, values: &Value) -> bool;
}

impl About for Hit {
    fn rule_is_about_a_value(&self, values: &Value) -> bool {
        use gitlab_render::diag::Step;
        let at = self.path.0.iter().try_fold(values, |at, step| match step {
            Step::Key(key) => at.get(&**key),
            Step::Index(index) => at.get(*index),
        });
        at.is_some()
    }
}

#[test]
fn what_the_chart_refuses_is_known_to_be_refused() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = hits(&case.values, Some(before(case.since)), case.since);
        let fails = found.iter().any(|h| h.path.to_string() == case.path && h.effect == rules::Effect::Fails);
        let is_value = !matches!(case.then.as_str(), Some("keep"));
        if case.refused && is_value && !fails {
            wrong.push(case.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_met_by_a_case() {
    let mut met = std::collections::BTreeSet::new();
    for case in cases() {
        for hit in hits(&case.values, Some(before(case.since)), case.since) {
            met.insert(format!("{} {}", hit.rule.path, hit.rule.since));
        }
    }
    let all = rules::table().iter().map(|rule| format!("{} {}", rule.path, rule.since));
    let missed: Vec<_> = all.filter(|rule| !met.contains(rule)).collect();
    assert!(missed.is_empty(), "no case for {missed:#?}");
    assert!(rules::table().is_sorted_by_key(|rule| rule.since), "rules stand in the order of releases");
}

#[test]
fn a_release_is_found_by_either_of_its_names() {
    let found = |text: &str| catalogue::find(text).map(|r| format!("{} {}", r.chart, r.gitlab)).map_err(|d| d.message);
    assert_eq!(found("9.9.2").unwrap(), "9.9.2 18.9.1");
    assert_eq!(found("v18.9.1").unwrap(), "9.9.2 18.9.1");
    assert_eq!(found("17.3.0").unwrap(), "8.3.0 17.3.0");
    assert_eq!(found("8.3").unwrap(), found("17.3").unwrap());
    assert!(found("9").unwrap().starts_with("9.11."));
    assert_eq!(found("18.9").unwrap().split(' ').nth(1), Some("18.9.8"));
    for wrong in ["17.30", "1.99", "20.0", "99"] {
        assert!(found(wrong).unwrap_err().contains("not among the known releases"), "{wrong}");
    }
    for wrong in ["", "latest", "18.9.1.2", "18.", "-1", "18.9.1-rc1"] {
        assert!(found(wrong).unwrap_err().contains("is not a version"), "{wrong}");
    }
}
