//! What a scalar is: the same in a value, in a text inside a value, and in a manifest; and what `kubectl` makes of it.

use gitlab_render::manifest::stream;
use gitlab_render::tree;
use gitlab_render::values::{self, Input};
use gitlab_render::yaml::{lines, read};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What `x: SCALAR` is in a values file; `None` where it is refused.
fn in_a_value(scalar: &str) -> Option<Value> {
    let bytes = format!("x: {scalar}\n").into_bytes();
    let layers = values::load(&[Input::File { name: String::new(), bytes }]).ok()?;
    let (mut values, _) = layers.value.own();
    // in a text and in a manifest null means absent
    tree::drop_nulls(&mut values);
    Some(values.get_mut("x").map(Value::take).unwrap_or_default())
}

fn in_a_text(scalar: &str) -> Option<Value> {
    read::inner(&format!("x: {scalar}\n")).ok().map(|mut value| value["x"].take())
}

/// In a manifest, with something before it that only the full reader takes, or not.
fn in_a_manifest(scalar: &str, before: &str) -> Option<Value> {
    let objects = stream::objects(&format!("kind: A\n{before}x: {scalar}\n"), 0).ok()?;
    Some(objects.into_iter().next()?["x"].take())
}

fn everywhere(scalar: &str) -> Vec<(&'static str, Option<Value>)> {
    vec![
        ("a value", in_a_value(scalar)),
        ("a text", in_a_text(scalar)),
        ("a manifest", in_a_manifest(scalar, "")),
        ("a manifest with an anchor", in_a_manifest(scalar, "a: &a 1\n")),
    ]
}

fn assert_one_meaning(scalar: &str) {
    let all = everywhere(scalar);
    assert!(all.iter().all(|(_, meaning)| *meaning == all[0].1), "{scalar:?} is {all:#?}");
}

/// `(scalar, what kubectl 1.33 makes of it)`, recorded from `kubectl annotate --local -o json`; null is what it leaves out.
fn recorded() -> Vec<(&'static str, Value)> {
    vec![
        ("y", json!(true)),
        ("n", json!(false)),
        ("Y", json!(true)),
        ("yes", json!(true)),
        ("on", json!(true)),
        ("Off", json!(false)),
        ("true", json!(true)),
        ("~", json!(null)),
        ("null", json!(null)),
        ("", json!(null)),
        ("1e3", json!(1000)),
        ("1E3", json!(1000)),
        ("0.0", json!(0)),
        ("1.0", json!(1)),
        ("-0.0", json!(0)),
        ("010", json!(8)),
        ("0o17", json!(15)),
        ("0o8", json!("0o8")),
        ("08", json!(8)),
        ("0x1F", json!(31)),
        ("-0x1", json!(-1)),
        ("0b11", json!(3)),
        ("1_000", json!(1000)),
        ("0x_1", json!(1)),
        ("0_1", json!(1)),
        ("_1", json!("_1")),
        ("1__0", json!(10)),
        ("+12", json!(12)),
        ("-3", json!(-3)),
        (".5", json!(0.5)),
        ("+.5", json!(0.5)),
        ("5.", json!(5)),
        ("1.5", json!(1.5)),
        ("0.10", json!(0.1)),
        ("1e-7", json!(1e-7)),
        ("6.02E23", json!(6.02e23)),
        ("1e21", json!(1e21)),
        ("1e17", json!(1e17)),
        ("1e400", json!("1e400")),
        ("9007199254740993", json!(9_007_199_254_740_993_u64)),
        ("!!str 5", json!("5")),
        ("!!int \"5\"", json!(5)),
        ("!!float 5", json!(5)),
        ("!!binary aGk=", json!("hi")),
        ("1:30", json!("1:30")),
        ("2024-01-01", json!("2024-01-01")),
        ("10Gi", json!("10Gi")),
        ("=", json!("=")),
        ("<<", json!("<<")),
        ("012", json!(10)),
        ("'012'", json!("012")),
        ("\"1e3\"", json!("1e3")),
    ]
}

#[test]
fn scalars_are_what_kubectl_makes_of_them() {
    for (scalar, kubectl) in recorded() {
        assert_one_meaning(scalar);
        assert_eq!(in_a_manifest(scalar, ""), Some(kubectl), "{scalar:?}");
    }
    // no JSON has these, and kubectl refuses them too
    for scalar in [".inf", "-.Inf", ".nan"] {
        assert_one_meaning(scalar);
        assert_eq!(in_a_manifest(scalar, ""), None, "{scalar:?}");
    }
}

#[test]
fn numbers_of_json_are_the_same() {
    for number in ["1.0", "0.0", "1e3", "1.5", "-2.0", "6.02e23", "12"] {
        let json = stream::objects(&format!("{{\"kind\": \"A\", \"x\": {number}}}"), 0).expect("it is JSON");
        assert_eq!(json[0].get("x").cloned(), in_a_manifest(number, ""), "{number}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_scalar_means_the_same_everywhere(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "0", "1", "7", "9", "00", ".", "-", "+", "_", "e", "E", "x", "o", "b", "a", "f", "y", "n", "on", "no",
                "true", "null", "~", ":", " ", "#", "\"", "'", "\\", "[", "]", "{", "}", ",", "!!int ", "!!str ", "!!float ",
                "!!bool ", "|", ">", "é", "inf", "nan", "Gi", "=", "<", "*q", "&b ",
            ]),
            0..6,
        ),
    ) {
        assert_one_meaning(&parts.concat());
    }
}

/// Keys are text everywhere, whatever they look like.
#[test]
fn keys_mean_the_same_everywhere() {
    for key in ["y", "on", "1", "1e3", "0x10", "010", "true", "\"y\"", "'1'", "1.0", "a b", "a/b.c"] {
        let text = format!("{key}: v\nkind: A\n");
        let layers = values::load(&[Input::File { name: String::new(), bytes: text.clone().into_bytes() }]);
        let value = layers.expect("a key").value.own().0;
        assert_eq!(read::inner(&text), Ok(value.clone()), "{key}");
        assert_eq!(stream::objects(&text, 0), Ok(vec![value.clone()]), "{key}");
        assert!(lines::value(&text).is_none_or(|quick| quick == value), "{key}");
    }
}
