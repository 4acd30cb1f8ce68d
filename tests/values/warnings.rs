//! What is read as Helm reads it, but is not what everyone would read.

use gitlab_render::diag::Diagnostic;
use gitlab_render::values::{ChartDefaults, Input, load, merge, merge_charts, set_file_paths};
use serde_json::{Value, json};

use super::{bad, file, flag, good, places};

fn warnings(text: &str) -> Vec<Diagnostic> {
    good(&[file("a.yaml", text)]).warnings
}

fn value(inputs: &[Input]) -> Value {
    merge(good(inputs).value, json!({})).value.user
}

#[test]
fn what_yaml_1_2_reads_otherwise_has_a_warning() {
    for (text, read) in [
        ("yes", json!(true)),
        ("Off", json!(false)),
        ("y", json!(true)),
        ("0400", json!(256)),
        ("-0777", json!(-511)),
        ("1_000", json!(1000)),
        ("0b11", json!(3)),
        ("0X1F", json!(31)),
    ] {
        let document = format!("a:\n  - k: {text}\n");
        let found = warnings(&document);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].code, "yaml-1.1");
        assert!(found[0].message.starts_with("`a[0].k`: "), "{}", found[0].message);
        let at = places(&found[0])[0];
        assert_eq!((at.line, at.column, at.len), (2, 8, text.len()), "{text}");
        assert_eq!(value(&[file("a.yaml", &document)])["a"][0]["k"], read, "{text}");
    }
}

#[test]
fn what_all_readers_agree_on_has_none() {
    for text in ["true", "False", "~", "Null", "1", "-1", "+1", "01", "08", "0o17", "0x1F", "1.0", ".5", "1e3", "text"]
    {
        assert_eq!(warnings(&format!("k: {text}\n")).len(), 0, "{text}");
    }
    for text in ["'yes'", "\"0400\"", "!!str on", "[1:30, 2024-01-01, 1e400, 12:30:45]", "|\n  yes\n", ">-\n  0400\n"] {
        assert_eq!(warnings(&format!("k: {text}\n")).len(), 0, "{text}");
    }
}

#[test]
fn a_key_that_is_a_boolean_in_yaml_1_1_has_a_warning() {
    let found = warnings("on: 1\n");
    assert_eq!(found[0].message, "the key `on` is read as `true`, as in YAML 1.1");
    assert_eq!(found[0].hint.as_deref(), Some("write `\"on\"`"));
}

#[test]
fn an_integer_keeps_its_digits() {
    let text = "a: 18446744073709551615\nb: -9223372036854775808\nc: 1.0\nd: 100000000000000000000\n";
    let value = value(&[file("a.yaml", text)]);
    assert_eq!(value.to_string(), r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":1,"d":1e+20}"#);
}

#[test]
fn what_follows_three_dots_is_not_read_and_said() {
    let found = warnings("a: 1\n...\nb: 2\n");
    assert_eq!((found.len(), found[0].code, places(&found[0])[0].line), (1, "unread", 3));
}

#[test]
fn a_merge_key_that_helm_would_let_win_has_a_warning() {
    let found = warnings("a: &a {k: 1, l: 1}\nb: {k: 2, l: 1, <<: *a}\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "`b.k` keeps its own value, although `<<` comes after it");
    assert_eq!(warnings("a: &a {k: 1}\nb: {<<: *a, k: 2}\n").len(), 0);
}

#[test]
fn a_flag_without_effect_is_said() {
    for text in ["=1", ".x=1", "[0]=1", "l[0=1"] {
        let loaded = good(&[Input::Set(flag(1, text))]);
        assert_eq!(loaded.warnings[0].code, "set-no-effect", "{text}");
    }
}

#[test]
fn tabs_are_allowed_where_they_do_not_indent() {
    let text = "a: [1,\n\t2]\nb: [\t3]\nd: |\n  x\n  \ty\n";
    assert_eq!(value(&[file("a.yaml", text)]), json!({"a": [1, 2], "b": [3], "d": "x\n\ty\n"}));
    for text in ["a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 1\n", "a:\n\t- 1\n", "\ta: 1\n"] {
        let found = bad(&[file("a.yaml", text)]);
        assert_eq!(found[0].message, "tabs cannot be used for indentation", "{text:?}: {found:?}");
    }
}

#[test]
fn the_files_of_set_file_are_asked_for_by_their_paths() {
    assert_eq!(set_file_paths("a=x.pem,b={y,z\\,z}"), ["x.pem", "y", "z,z"]);
    assert_eq!(set_file_paths("a"), Vec::<String>::new());
    let found = load(&[Input::SetFile(flag(1, "a=x.pem"), Vec::new())]).expect_err("no file").report.0;
    assert_eq!(found[0].code, "set-file");
}

#[test]
fn a_map_over_a_default_that_is_none_has_a_warning_with_its_path() {
    let layers = good(&[file("a.yaml", "a: {b: 1}\nc: 1\nd: 1\n")]).value;
    let merged = merge(layers, json!({"a": "text", "c": {"k": 1}, "d": {}}));
    let found: Vec<&str> = merged.warnings.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        found,
        [
            "`a`: a map replaces a default that is a single value",
            "`c`: a single value replaces a default that is a map"
        ]
    );
    assert_eq!(merged.value.tree, json!({"a": {"b": 1}, "c": 1, "d": 1}));
}

#[test]
fn a_null_over_a_component_brings_its_defaults_back() {
    let tree = json!({"gitlab": {"kas": {"i": 1, "m": {"k": 1}}, "x": 1}, "z": 1});
    let chart = ChartDefaults::with_sections(tree.clone(), &["gitlab", "gitlab.kas", "registry"]);
    let whole = tree;
    let merged = |text: &str| merge_charts(good(&[file("a.yaml", text)]).value, chart.clone());
    for text in ["gitlab: null\n", "gitlab: {kas: null}\n", "gitlab: {kas: {}}\n"] {
        let tree = merged(text).unwrap().value.tree;
        assert_eq!(tree, whole, "{text}");
    }
    let tree = merged("gitlab: {kas: {i: null, m: {k: null, l: 2}}}\n").unwrap().value.tree;
    assert_eq!(tree["gitlab"], json!({"kas": {"m": {"l": 2}}, "x": 1}));
    let refused = merged("gitlab: {kas: [1]}\n").unwrap_err();
    assert_eq!(refused.0.0[0].message, "`gitlab.kas` must be a map");
}

#[test]
fn a_null_under_global_keeps_the_default_that_components_have() {
    let chart = ChartDefaults::with_sections(json!({"global": {"hosts": {"domain": "a.b", "name": ""}}, "z": 1}), &[]);
    let text = "global: {hosts: {domain: null, name: null, other: null}}\nz: null\n";
    let merged = merge_charts(good(&[file("a.yaml", text)]).value, chart).unwrap();
    assert_eq!(merged.value.tree, json!({"global": {"hosts": {"domain": "a.b", "name": "", "other": null}}}));
    let found: Vec<&str> = merged.warnings.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(found, ["`global.hosts.domain`: null does not remove a default under `global`"]);
}

#[test]
fn values_of_another_type_than_the_defaults_have_a_warning() {
    let defaults = json!({"global": {"hosts": {"domain": "a.b"}}, "kas": {"map": {"k": 1}, "list": [1], "text": "x"}});
    let chart = ChartDefaults::with_sections(defaults, &["kas"]);
    let found = |text: &str| {
        let merged = merge_charts(good(&[file("a.yaml", text)]).value, chart.clone()).unwrap();
        merged.warnings.into_iter().map(|d| (d.code, d.message)).collect::<Vec<_>>()
    };
    for (text, code, message) in [
        ("kas: {map: 1}", "merge-type", "`kas.map`: a single value replaces a default that is a map"),
        ("kas: {map: [1]}", "merge-type", "`kas.map`: a list replaces a default that is a map"),
        ("kas: {list: {a: 1}}", "merge-type", "`kas.list`: a map replaces a default that is a list"),
        ("kas: {text: {a: 1}}", "merge-type", "`kas.text`: a map replaces a default that is a single value"),
        ("kas: {global: 1}", "global-type", "`kas.global`: the component cannot read global values"),
        (
            "kas: {global: {hosts: 1}}",
            "global-type",
            "`kas.global.hosts`: this is a map and the value under `global` is not, or the reverse",
        ),
    ] {
        assert_eq!(found(text), [(code, message.to_owned())], "{text}");
    }
    assert_eq!(found("kas: {map: {k: 2}, list: [], text: y, global: {hosts: {domain: c.d}}}"), []);
}
