//! The YAML writer against readers that are not ours.
//!
//! Here: `saphyr-parser`'s events, and the strings that some YAML 1.1 or 1.2 reader takes plain for
//! something else. `.ci/yaml-readers.py` sends the same document through PyYAML, ruamel.yaml and
//! `kubectl`; [`for_other_readers`] writes what it reads.

use std::collections::BTreeSet;

use gitlab_render::yaml::write::{write_document, write_stream};
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value, json};

/// Strings that a careless writer breaks.
pub fn nasty() -> Vec<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    for word in
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nil", "none", "nan", "inf", "~", "undefined"]
    {
        let title = word[..1].to_uppercase() + &word[1..];
        all.extend([word.to_owned(), title, word.to_uppercase(), format!("{word} "), format!("{word}x")]);
    }
    let fixed = [
        "",
        " ",
        "  ",
        "0",
        "-0",
        "+0",
        "00",
        "0400",
        "0777",
        "08",
        "09",
        "0o7",
        "0o17",
        "0x1F",
        "0xfeed",
        "0b101",
        "-0x1",
        "+12",
        "-12",
        "1_000",
        "1__0",
        "_1",
        "_",
        "1e3",
        "1E3",
        "1e+3",
        "1.e3",
        ".5",
        "5.",
        "-.5",
        "+.5",
        "1.5",
        "1.5e10",
        "6.02E23",
        "685.230_15e+03",
        ".inf",
        "-.inf",
        "+.inf",
        ".Inf",
        ".INF",
        ".nan",
        ".NaN",
        ".NAN",
        "-.INF",
        "1:30",
        "1:30:59",
        "190:20:30",
        "190:20:30.15",
        "-1:30",
        "2024-01-01",
        "2001-12-14t21:59:43.10-05:00",
        "2001-12-14 21:59:43.10 -5",
        "2001-12-15 2:59:43.10",
        "2002-1-1",
        "12e03",
        "0.",
        "0.0",
        "10Gi",
        "100m",
        "1Ti",
        "5e",
        "0e0",
        "1e",
        "0x",
        "0b",
        "0o",
        "0x_",
        "1.2.3",
        "10.0.0.1",
        "v1.2.3",
        "18.9",
        "1,000",
        "1,2",
        "123456789012345678901234567890",
        "9007199254740993",
        "18446744073709551616",
        "-9223372036854775809",
        "1e400",
        "=",
        "<<",
        "<",
        ">",
        "|",
        "|-",
        ">+",
        "!",
        "!!str",
        "!tag x",
        "&",
        "&a",
        "&a b",
        "*",
        "*a",
        "@",
        "@a",
        "`",
        "`a",
        "%",
        "%YAML 1.2",
        "#",
        "# x",
        "a #b",
        "a# b",
        "a#b",
        "#!/bin/sh",
        "?",
        "? a",
        "?a",
        ":",
        ": a",
        ":a",
        "a:",
        "a: b",
        "a:b",
        "a :b",
        "a : b",
        "::",
        "-",
        "- a",
        "-a",
        "--",
        "--flag",
        "--flag=x",
        "-c",
        "---",
        "--- a",
        "...",
        "... a",
        "---a",
        "-1",
        "- ",
        "-\n",
        ",",
        "[",
        "]",
        "{",
        "}",
        "[]",
        "{}",
        "[a]",
        "{a: b}",
        "[a",
        "{a",
        "a]",
        "a}",
        "a, b",
        "'",
        "''",
        "'a'",
        "\"",
        "\"\"",
        "\"a\"",
        "a'b",
        "a\"b",
        "a'b\"c",
        "it's: \"x\"",
        "\\",
        "\\n",
        "a\\",
        "\\\"",
        "C:\\x",
        "'a",
        "\"a",
        "a'",
        "a\"",
        " a",
        "a ",
        "  a  ",
        "\t",
        "\ta",
        "a\t",
        "a\tb",
        "a\t#b",
        "a:\tb",
        "\n",
        "\n\n",
        "\n\n\n",
        "a\n",
        "a\n\n",
        "a\n\n\n",
        "\na",
        "\n\na\n",
        "a\nb",
        "a\nb\n",
        "a\nb\n\n",
        "a\n\nb",
        "a\n\n\nb\n",
        " a\nb",
        "  a\n b\n",
        "\n a\n",
        "\n\n  a\nb",
        "a\n b\n  c\n",
        "a \nb",
        "a\nb ",
        "a\n \nb",
        "a\n  \n",
        " \na",
        "\n ",
        "\n \n",
        " \n",
        "\ta\nb",
        "a\n\tb",
        "a\tb\nc",
        "a\nb\tc\n",
        "a\t\nb",
        "a\n\t\nb",
        "a\r",
        "\ra",
        "a\rb",
        "a\r\nb",
        "a\r\nb\r\n",
        "\r",
        "\r\n",
        "a\nb\r",
        "# a\n# b",
        "# a\n",
        "- a\n- b\n",
        "a: b\nc: d\n",
        "---\na\n",
        "a\n---\nb\n",
        "a\n...\nb\n",
        "%TAG\na\n",
        "'a\nb'",
        "\"a\nb\"",
        "|\na",
        "> a\nb",
        "a\n#b\n",
        "a\n # b\n",
        "{a\n}",
        "[a\n]\n",
        "a:\n",
        "?\n",
        "a\n\n b\n",
        "\u{0}",
        "\u{1}",
        "\u{7}",
        "\u{8}",
        "\u{b}",
        "\u{c}",
        "\u{1b}",
        "\u{1b}[0m",
        "\u{1f}",
        "\u{7f}",
        "\u{80}",
        "\u{85}",
        "a\u{85}b",
        "a\u{85}\nb",
        "\u{9f}",
        "\u{a0}",
        "a\u{a0}b",
        "\u{ad}",
        "\u{200b}",
        "\u{200d}",
        "\u{200e}",
        "\u{2028}",
        "a\u{2028}b",
        "a\u{2028}\nb",
        "\u{2029}",
        "a\u{2029}b\n",
        "\u{202e}abc",
        "\u{2060}",
        "\u{feff}",
        "\u{feff}a",
        "a\u{feff}",
        "a\n\u{feff}b",
        "\u{e000}0\u{e001}",
        "\u{e000}",
        "\u{f8ff}",
        "\u{fdd0}",
        "\u{fffd}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{1fffe}",
        "\u{10ffff}",
        "\u{d7ff}",
        "\u{10000}",
        "é",
        "Ünï",
        "é\nü\n",
        "日本語",
        "日本語\nテスト\n",
        "🦊",
        "a🦊",
        "🦊\n🦊\n",
        "Ｙ",
        "ｔｒｕｅ",
        "٣",
        "１２",
        "e\u{301}",
        "Привет",
        "שלום",
        "a\u{e9}: b",
        "é #b",
        "$(X)",
        "${X}",
        "$",
        "(a)",
        "/",
        "/a",
        "/a: b",
        "~a",
        "~/x",
        "./a",
        "../a",
        "http://x/y?z=1#f",
        "https://[::1]:8080",
        "a@b.c",
        "*.example.com",
        "user:pass",
        "sha256:abc",
        "0.0.0.0:8080",
        "127.0.0.1",
        "::1",
        "fe80::1",
        "0:0",
        "00:00:00:00:00:00",
        "10:00",
        "12:00:00",
        "1:",
        "1 2",
        "1 ",
        "+1 2",
        "1-2",
        "2024-13-45",
        "2024",
        "{{ x }}",
        "<%= x %>",
        "<a>",
        "a > b",
        "a | b",
        "a & b",
        "a * b",
        "a ! b",
        "a % b",
        "a ? b",
        "a, b: c",
        "key: {a: [b]}",
        "true\n",
        "null\n",
        "1\n",
        "on\n",
        "~\n",
        "=\n",
        "<<\n",
        "true\nfalse",
        "0\n1\n",
    ];
    all.extend(fixed.iter().map(|s| (*s).to_owned()));
    all.extend([40, 119, 120, 121, 900, 1023, 1024, 1025, 2000].map(|n| "k".repeat(n)));
    all.extend([119, 1025].map(|n| "a ".repeat(n) + "b"));
    all.extend([60, 500].map(|n| "é\"\\".repeat(n)));
    all.into_iter().collect()
}

/// All of them as values, keys, list items, at several depths, next to empty collections.
fn document() -> Value {
    let strings = nasty();
    let values: Map<String, Value> = strings.iter().enumerate().map(|(i, s)| (format!("v{i}"), json!(s))).collect();
    let keys: Map<String, Value> = strings.iter().map(|s| (s.clone(), json!(s))).collect();
    let key_maps: Map<String, Value> = strings.iter().map(|s| (s.clone(), json!({ s: [s] }))).collect();
    let items: Vec<Value> = strings.iter().map(|s| json!([s, { s: s, "x": [] }, [[s]], {}, []])).collect();
    json!({
        "values": values, "keys": keys, "keyMaps": key_maps, "list": strings, "items": items,
        "numbers": [0, -1, 1.5, 1e100, 1e-7, -2.5e-9, u64::MAX, i64::MIN, 1e15, 0.1], "other": [true, false, null, {}, []],
        "emptyMap": {}, "emptyList": [],
    })
}

fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write_document(&mut out, value);
    out
}

/// Whether a plain scalar is a string for YAML 1.1 and for 1.2, told by a way of its own.
fn plainly_string(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<", ".nan"];
    let digits = lower.trim_start_matches(['+', '-']);
    let numeric = digits.replace(['_', ':', ','], "").parse::<f64>().is_ok() && !lower.starts_with("inf");
    let based = ["0x", "0o", "0b"].iter().any(|p| digits.starts_with(p));
    let date = text.len() >= 8
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.matches('-').count() >= 2
        && lower.bytes().all(|b| b.is_ascii_digit() || b"-:.tz +".contains(&b));
    !(words.contains(&lower.as_str()) || numeric || based || date)
}

/// Builds the tree from events; a plain scalar must be what both versions of YAML take it for.
fn read_back(text: &str) -> Value {
    fn key(value: Value) -> String {
        value.as_str().expect("every key is a string").to_owned()
    }
    let mut stack: Vec<(bool, Vec<Value>)> = vec![(false, Vec::new())];
    for event in Parser::new_from_str(text) {
        let (event, span) = event.expect("valid YAML");
        let value = match event {
            Event::MappingStart(..) => {
                stack.push((true, Vec::new()));
                continue;
            }
            Event::SequenceStart(..) => {
                stack.push((false, Vec::new()));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match stack.pop().expect("balanced") {
                (false, items) => Value::Array(items),
                (true, pairs) => {
                    let mut map = Map::new();
                    let mut pairs = pairs.into_iter();
                    while let (Some(k), Some(v)) = (pairs.next(), pairs.next()) {
                        assert!(map.insert(key(k), v).is_none(), "a key twice, line {}", span.start.line());
                    }
                    Value::Object(map)
                }
            },
            Event::Scalar(text, ScalarStyle::Plain, ..) => match text.as_ref() {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text => match serde_json::from_str::<serde_json::Number>(text) {
                    Ok(n) => Value::Number(n),
                    Err(_) => {
                        assert!(plainly_string(text), "`{text}` is plain, line {}", span.start.line());
                        json!(text)
                    }
                },
            },
            Event::Scalar(text, ..) => json!(text),
            Event::Alias(_) => panic!("an alias"),
            _ => continue,
        };
        stack.last_mut().expect("never empty").1.push(value);
    }
    let (_, mut documents) = stack.pop().expect("the root");
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

#[test]
fn nasty_scalars_read_back_as_keys_and_values() {
    assert!(nasty().len() >= 300, "{}", nasty().len());
    for text in nasty() {
        for value in [
            json!({ "a": text, "z": 1 }),
            json!({ &text: { &text: [text, [text], { &text: text }] } }),
            json!([text, text]),
        ] {
            let written = yaml(&value);
            assert_eq!(read_back(&written), value, "{text:?} was written as\n{written}");
        }
    }
    let all = document();
    assert_eq!(read_back(&yaml(&all)), all);
}

#[test]
fn scalars_at_the_root_read_back() {
    for value in [json!("a\nb\n"), json!("--- x"), json!(""), json!(null), json!(7), json!({}), json!([])] {
        assert_eq!(read_back(&yaml(&value)), value);
    }
}

#[test]
fn our_own_reader_agrees() {
    let mut all = document();
    let back = gitlab_render::yaml::read::data(&yaml(&all), 0, 0).expect("our own YAML").expect("a document");
    // What is read is without nulls, and without fractions of zero.
    gitlab_render::tree::drop_nulls(&mut all);
    gitlab_render::yaml::scalar::whole_numbers(&mut all);
    assert_eq!(back, all);
}

#[test]
fn layout_is_readable() {
    let value = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "test", "labels": {}, "annotations": { "a/b": "true" } },
        "data": { "run.sh": "#!/bin/sh\nset -e\n\n  exec x\n", "indented": "  a\nb", "port": "8080", "tail": "x\n\n", "say": "a \"b\"", "empty": "" },
        "list": ["--flag", { "name": "x", "args": ["-c", "echo"] }, [], [1, [2]]],
    });
    let expected = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: test
  labels: {}
  annotations:
    a/b: \"true\"
data:
  run.sh: |
    #!/bin/sh
    set -e

      exec x
  indented: |2-
      a
    b
  port: \"8080\"
  tail: |+
    x

  say: a \"b\"
  empty: \"\"
list:
- --flag
- name: x
  args:
  - -c
  - echo
- []
- - 1
  - - 2
";
    assert_eq!(yaml(&value), expected);
    let mut out = String::new();
    write_stream(&mut out, "web/service.yaml", &json!({ "a": 1 }));
    write_stream(&mut out, "evil\n- x\u{2028}", &json!(null));
    assert_eq!(out, "---\n# Source: web/service.yaml\na: 1\n---\n# Source: evil?- x?\nnull\n");
}

/// Writes `nasty.yaml` and `nasty.json` into the folder `WRITER_OUT` names, for `.ci/yaml-readers.py`.
#[test]
#[ignore = "run by .ci/yaml-readers.py"]
fn for_other_readers() {
    let folder = std::path::PathBuf::from(std::env::var_os("WRITER_OUT").expect("WRITER_OUT names a folder"));
    let all = document();
    std::fs::write(folder.join("nasty.yaml"), yaml(&all)).expect("writable");
    std::fs::write(folder.join("nasty.json"), all.to_string()).expect("writable");
    // What `kubectl` takes: an object, keys and values of its free maps.
    let data: Map<String, Value> = nasty().into_iter().enumerate().map(|(i, s)| (format!("v{i}"), json!(s))).collect();
    let annotations: Map<String, Value> = nasty().into_iter().map(|s| (s.clone(), json!(s))).collect();
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "x", "annotations": annotations }, "data": data });
    let mut stream = String::new();
    write_stream(&mut stream, "test/configmap.yaml", &object);
    std::fs::write(folder.join("object.yaml"), stream).expect("writable");
    std::fs::write(folder.join("object.json"), object.to_string()).expect("writable");
    assert!(folder.join("object.json").exists());
}
