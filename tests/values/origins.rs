//! Where a value came from.

use gitlab_render::diag::{Failure, Location, Step, ValuePath};
use gitlab_render::values::{Input, Merged, Origin, load, merge};
use serde_json::json;

use super::{bad, file, flag, good, places};

fn merged(inputs: &[Input]) -> Merged {
    merge(good(inputs).value, json!({"global": {"hosts": {"domain": "example.com", "https": true}}, "m": [1]})).value
}

/// `source name:line:column+length`, of the key and of the value.
fn shown(merged: &Merged, origin: Option<Origin>) -> String {
    let one = |at: Location| {
        let name = &merged.sources.get(at.source).unwrap().name;
        format!("{name}:{}:{}+{}", at.line, at.column, at.len)
    };
    match origin {
        None => "default".to_owned(),
        Some(Origin { key: Some(key), value, .. }) => format!("{} = {}", one(key), one(value)),
        Some(Origin { key: None, value, .. }) => one(value),
    }
}

fn origin(merged: &Merged, path: &str) -> String {
    shown(merged, merged.origins.get(&ValuePath::dotted(path)))
}

#[test]
fn a_value_of_a_file_knows_its_line_and_column() {
    let merged = merged(&[file("a.yaml", "# c\nglobal:\n  hosts:\n    domain: x.org\nlist: [a, bcd]\n")]);
    assert_eq!(origin(&merged, "global.hosts.domain"), "a.yaml:4:5+6 = a.yaml:4:13+5");
    assert_eq!(origin(&merged, "global"), "a.yaml:2:1+6 = a.yaml:3:3+1");
    let second = ValuePath::dotted("list").index(1);
    assert_eq!(shown(&merged, merged.origins.get(&second)), "a.yaml:5:11+3");
}

#[test]
fn columns_count_characters_and_lines_count_documents() {
    let merged = merged(&[file("a.yaml", "\u{feff}a: 1\n---\n\"äö\": {ü: é}\n")]);
    assert_eq!(origin(&merged, "äö.ü"), "a.yaml:3:8+1 = a.yaml:3:11+1");
}

#[test]
fn a_default_has_the_closest_value_that_the_user_wrote() {
    let merged = merged(&[file("a.yaml", "global:\n  hosts: {domain: x.org}\n")]);
    let https = ValuePath::dotted("global.hosts.https");
    assert_eq!(shown(&merged, merged.origins.get(&https)), "a.yaml:2:3+5 = a.yaml:2:10+1");
    assert_eq!(merged.origins.nearest(&https).map(|(steps, _)| steps), Some(2));
    assert_eq!(merged.origins.exact(&https), None);
    assert!(merged.origins.exact(&ValuePath::dotted("global.hosts.domain")).is_some());
    assert_eq!(origin(&merged, "m"), "default");
    assert_eq!(origin(&merged, ""), "default");
}

#[test]
fn the_last_layer_is_the_origin() {
    let merged = merged(&[
        Input::Set(flag(1, "global.hosts.domain=a.org")),
        Input::Set(flag(2, "x=1,global.hosts.domain=b.org,l[1].k={1,2}")),
        file("a.yaml", "global: {hosts: {domain: x.org}, only: 1}\n"),
    ]);
    assert_eq!(merged.tree["global"]["hosts"], json!({"domain": "b.org", "https": true}));
    assert_eq!(origin(&merged, "global.hosts.domain"), "--set #2:1:18+6 = --set #2:1:25+5");
    assert_eq!(origin(&merged, "global.only"), "a.yaml:1:34+4 = a.yaml:1:40+1");
    assert_eq!(origin(&merged, "x"), "--set #2:1:1+1 = --set #2:1:3+1");
    let item = ValuePath(vec![Step::Key("l".into()), Step::Index(1), Step::Key("k".into()), Step::Index(1)]);
    assert_eq!(shown(&merged, merged.origins.get(&item)), "--set #2:1:41+1");
    assert_eq!(merged.user["l"], json!([null, {"k": [1, 2]}]));
}

#[test]
fn an_alias_stands_where_it_is_used() {
    let merged = merged(&[file("a.yaml", "a: &a {k: 1}\nb: *a\nc:\n  <<: *a\n")]);
    assert_eq!(origin(&merged, "b"), "a.yaml:2:1+1 = a.yaml:2:4+2");
    assert_eq!(origin(&merged, "b.k"), "a.yaml:1:8+1 = a.yaml:1:11+1");
    assert_eq!(origin(&merged, "c.k"), "a.yaml:1:8+1 = a.yaml:1:11+1");
}

#[test]
fn an_empty_value_stands_at_its_key() {
    let merged = merged(&[file("a.yaml", "a:\n\n\nb: 1\n")]);
    assert_eq!(origin(&merged, "a"), "a.yaml:1:1+1 = a.yaml:1:1+1");
}

#[test]
fn nulls_stay_with_the_user_and_remove_defaults() {
    let merged = merged(&[file("a.yaml", "global: {hosts: {https: null}}\nm: ~\nown: null\n")]);
    assert_eq!(merged.user, json!({"global": {"hosts": {"https": null}}, "m": null, "own": null}));
    assert_eq!(merged.tree, json!({"global": {"hosts": {"domain": "example.com"}}, "own": null}));
    assert_eq!(origin(&merged, "m"), "a.yaml:2:1+1 = a.yaml:2:4+1");
}

#[test]
fn the_errors_of_all_inputs_are_reported_at_once() {
    let inputs = [
        file("a.yaml", "a: 1\na: 2\nb: .inf\na: 3\n"),
        file("b.yaml", "x: [1\n"),
        file("c.yaml", "ok: true\n"),
        Input::Set(flag(1, "y")),
        Input::Set(flag(2, "ok.x=1")),
    ];
    let Failure { report, sources } = load(&inputs).expect_err("must be refused");
    let found: Vec<String> = report
        .0
        .iter()
        .map(|d| {
            let at = places(d)[0];
            format!("{} {}:{}:{}", d.code, sources.get(at.source).unwrap().name, at.line, at.column)
        })
        .collect();
    assert_eq!(
        found,
        [
            "duplicate-key a.yaml:2:1",
            "not-finite a.yaml:3:4",
            "duplicate-key a.yaml:4:1",
            "yaml b.yaml:2:1",
            "set-syntax --set #1:1:1",
            "set-type --set #2:1:4",
        ]
    );
}

#[test]
fn a_conflict_shows_both_places() {
    let found = bad(&[file("a.yaml", "x:\n  k: text\n"), Input::Set(flag(1, "x.k.z=1"))]);
    assert_eq!(found[0].message, "`x.k` is a single value here, not a map");
    assert_eq!(places(&found[0]).iter().map(|at| (at.line, at.column)).collect::<Vec<_>>(), [(1, 5), (2, 6)]);
}

#[test]
fn a_secret_is_never_in_a_message() {
    let inputs = [
        file("a.yaml", "password: s3cr3t\npassword: s3cr3t\ntoken: &t [*t, s3cr3t\n"),
        Input::Set(flag(1, "password.x=s3cr3t")),
        Input::SetJson(flag(1, "password=s3cr3t")),
        Input::SetJson(flag(2, "{\"password\": s3cr3t}")),
    ];
    let found = bad(&inputs);
    assert_eq!(found.len(), 4, "{found:?}");
    for finding in found {
        assert!(!format!("{} {:?}", finding.message, finding.hint).contains("s3cr3t"), "{finding:?}");
    }
}

#[test]
fn a_flag_can_have_several_lines() {
    let merged = merged(&[Input::Set(flag(1, "a=x\ny,b.c=1"))]);
    assert_eq!(merged.user["a"], json!("x\ny"));
    assert_eq!(origin(&merged, "b.c"), "--set #1:2:5+1 = --set #1:2:7+1");
    let found = bad(&[Input::SetJson(flag(1, "a={\n\"b\": x}")), Input::SetJson(flag(2, "a=[x]"))]);
    assert_eq!(found.iter().map(|d| (places(d)[0].line, places(d)[0].column)).collect::<Vec<_>>(), [(2, 6), (1, 4)]);
}
