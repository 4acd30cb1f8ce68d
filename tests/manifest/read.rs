//! Rendered templates, marks and the errors about them.

use gitlab_render::manifest::read::{ReadError, parse};
use serde_json::{Value, json};

fn read(text: &str) -> Result<Value, ReadError> {
    let aside = [
        json!({ "a": null, "b": [null, { "c": null }] }),
        Value::Null,
        json!("text\nwith: yaml"),
        json!({}),
        json!([null]),
    ];
    parse(text, &mut |n| aside.get(n).cloned())
}

fn reason(text: &str) -> String {
    read(text).expect_err("refused").to_string()
}

#[test]
fn null_means_absent() {
    let text = "a: null\nb: ~\nc:\nd: {}\ne: []\nf: [1, null, x]\ng:\n  h: null\ni: \"null\"\n";
    assert_eq!(read(text).unwrap(), json!({ "d": {}, "e": [], "f": [1, "x"], "g": {}, "i": "null" }));
    assert_eq!(read("").unwrap(), Value::Null);
    assert_eq!(read("# nothing\n").unwrap(), Value::Null);
}

#[test]
fn marks_are_replaced_whole() {
    let text = "a: \u{e000}0\u{e001}\nb: \u{e000}1\u{e001}\nc:\n- \u{e000}1\u{e001}\n- \u{e000}2\u{e001}\nd: [\u{e000}2\u{e001}, \u{e000}3\u{e001}]\ne: \u{e000}4\u{e001}\n";
    let text_value = json!("text\nwith: yaml");
    assert_eq!(read(text).unwrap(), json!({ "a": { "b": [{}] }, "c": [text_value], "d": [text_value, {}], "e": [] }));
    assert_eq!(read("\u{e000}3\u{e001}").unwrap(), json!({}));
}

#[test]
fn scalars_are_typed_as_kubectl_does() {
    let text = "a: [yes, on, off, No, TRUE, 0400, 0x1F, 0b11, 0o17, 1_000, 1.5, 1e3, -3, 08, 1.2.3, 10Gi, 100m, -c, 1:30, 2024-01-01, .inf, y, '012', \"on\"]\n";
    assert_eq!(
        read(text).unwrap()["a"],
        json!([
            true,
            true,
            false,
            false,
            true,
            256,
            31,
            3,
            15,
            1000,
            1.5,
            1000.0,
            -3,
            8,
            "1.2.3",
            "10Gi",
            "100m",
            "-c",
            "1:30",
            "2024-01-01",
            ".inf",
            "y",
            "012",
            "on"
        ])
    );
}

#[test]
fn errors_give_the_line_and_no_value() {
    assert_eq!(
        reason("a: 1\nb: x\u{e000}0\u{e001}\n"),
        "line 2: a value is used as a part of a scalar: it must be the whole node"
    );
    assert_eq!(
        reason("a: \"\u{e000}0\u{e001}\"\n"),
        "line 1: a value is used as a part of a scalar: it must be the whole node"
    );
    assert_eq!(
        reason("a: \u{e000}0\u{e001}\u{e000}1\u{e001}\n"),
        "line 1: a value is used as a part of a scalar: it must be the whole node"
    );
    assert_eq!(reason("a:\n  \u{e000}0\u{e001}: 1\n"), "line 2: a value is used as a key or as a part of one");
    assert_eq!(reason("a: 1\n\nb: \u{e000}77\u{e001}\n"), "line 3: a mark stands for no value");
    assert_eq!(reason("a: 1\nb: 2\na: 3\n"), "line 3: key `a` is given twice");
    assert_eq!(reason("a: null\na: 3\n"), "line 2: key `a` is given twice");
    assert_eq!(reason("on: 1\n"), "line 1: key `on` is not a string for every reader: quote it");
    assert_eq!(reason("a: &x 1\nb: *x\n"), "line 1: an anchor; templates do without");
    assert_eq!(reason("a: !!str 1\n"), "line 1: a tag; templates do without");
    assert_eq!(reason("a: 1\n---\nb: 1\n"), "line 2: a second document");
    assert_eq!(reason("? [a]\n: 1\n"), "line 1: a key that is a map or a list");
    for text in ["a: [1\nb: 2\n", "a: 1\n b: 2\n", "a: 'secret\n", "a: \"se\\zcret\"\n", "a:\n\t- b\n"] {
        let reason = reason(text);
        assert!(reason.contains("not valid YAML") && !reason.contains("secret"), "{reason}");
    }
}
