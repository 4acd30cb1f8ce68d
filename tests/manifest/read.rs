//! Rendered templates, marks and the errors about them.

use gitlab_render::yaml::template::{ReadError, parse, parse_by_events};
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

/// A template with everything that the quick reader knows.
const TEMPLATE: &str = "# a comment\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: \u{e000}0\u{e001}\n  labels: \u{e000}1\u{e001}\n\nspec:\n  replicas: 3\n  on.x/y: \"on\"\n  list:\n  - \u{e000}2\u{e001}\n  - name: a b\n    image: 'x: y'\n    args:\n      - -c\n      - \"1\"\n      - {}\n    # inside\n    ports: []\n  - - 1\n    - - true\n      - 010\n  -\n    k: v\n  deep:\n      deeper:\n        path: /a:b#c\n        url: http://x:80/y\n  last: yes\n";

fn both(text: &str) -> (Result<Value, ReadError>, Result<Value, ReadError>) {
    let aside = [json!("n"), Value::Null, json!({ "a": null, "b": [null, 1] })];
    let quick = parse(text, &mut |n| aside.get(n).cloned());
    let full = parse_by_events(text, &mut |n| aside.get(n).cloned());
    (quick, full)
}

#[test]
fn the_quick_reader_agrees_with_the_full_one() {
    let (quick, full) = both(TEMPLATE);
    assert_eq!(quick, full);
    assert_eq!(quick.unwrap()["spec"]["list"][3], json!({ "k": "v" }));
    // Every character left out, doubled or changed for another one.
    let characters: Vec<char> = TEMPLATE.chars().collect();
    let mut differ = Vec::new();
    for at in 0..characters.len() {
        let (before, after) = (&characters[..at], &characters[at + 1..]);
        let mut changes: Vec<Vec<char>> = vec![vec![], vec![characters[at]; 2]];
        changes.extend(" \n:-#\"'\t{}[]|>&*!?%@,0a\u{e000}~".chars().map(|c| vec![c]));
        changes.extend([": ", " #", "\n ", "\n- ", "- ", "  ", "null"].map(|s| s.chars().collect()));
        for change in changes {
            let text: String = before.iter().chain(&change).chain(after).collect();
            let (quick, full) = both(&text);
            // A value that is taken out of order or a mistake beside another may be reported elsewhere.
            if quick != full && !(quick.is_err() && full.is_err()) {
                differ.push(format!("{at} {change:?}: {quick:?} is not {full:?}"));
            }
        }
    }
    assert!(differ.is_empty(), "{} differ, as {:#?}", differ.len(), &differ[..differ.len().min(5)]);
}
