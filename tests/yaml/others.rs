//! What we write, read by another reader: `serde_yaml`, by which many programs in Rust read manifests.
//! `.ci/yaml-readers.py` does the same with readers of other languages.

use std::collections::BTreeMap;

use gitlab_render::yaml::{read, write::write_document};
use proptest::prelude::*;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::common::{root, run, words};

fn by_serde_yaml(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).expect(text)).collect()
}

/// The manifests of a command line, as YAML and as JSON.
fn rendered(line: &str) -> (Vec<Value>, Vec<Value>) {
    let yaml = run(root(), &words(&format!("template {line}")), &BTreeMap::new(), "");
    assert_eq!(yaml.status, Some(0), "{line}: {}", yaml.stderr);
    let json = run(root(), &words(&format!("template -o json {line}")), &BTreeMap::new(), "");
    let mut list: Value = serde_json::from_str(&json.stdout).expect("it is JSON");
    let Value::Array(items) = list["items"].take() else { panic!("a list") };
    (by_serde_yaml(&yaml.stdout), items)
}

#[test]
fn every_manifest_is_read_as_it_was_meant() {
    let profiles = std::fs::read_dir(root().join("values")).expect("the profiles are there");
    let names = profiles.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let lines = names.filter_map(|name| Some(format!("--profile {}", name.strip_suffix(".yaml")?)));
    for line in lines.chain([String::new()]) {
        let (yaml, json) = rendered(&line);
        assert!(!yaml.is_empty());
        assert_eq!(yaml, json, "{line}");
    }
}

/// Parts of strings that some reader takes for something else.
fn strange() -> impl Strategy<Value = String> {
    let parts = vec![
        "a", "y", "no", "on", "0", "012", "1", "9", ".", "-", "+", "_", "e", "x", ":", " ", "  ", "#", "\"", "'", "\\",
        "\n", "\n\n", "\t", "\r", "[", "]", "{", "}", ",", "&", "*", "!", "|", ">", "%", "@", "`", "~", "?", "<%",
        "%>", "{%", "#{", "---", "...", "é", "\u{7f}", "\u{85}", "\u{a0}", "\u{ad}", "\u{2028}", "\u{2029}",
        "\u{feff}", "\u{200b}", "\u{202e}", "\u{e002}", "\u{e003}", "\u{1}", "🦊",
    ];
    prop::collection::vec(prop::sample::select(parts), 0..7).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_string_is_found_unchanged(text in strange()) {
        let tree = json!({ "a": text, "l": [text, [text]], "m": { "k": text }, "z": 1 });
        let mut written = String::new();
        write_document(&mut written, &tree);
        prop_assert_eq!(by_serde_yaml(&written), vec![tree.clone()], "{}", &written);
        prop_assert_eq!(read::data(&written, 0, 0), Ok(Some(tree)), "{}", &written);
    }

    #[test]
    fn a_key_is_found_unchanged(text in strange()) {
        let tree = json!({ &text: { &text: 1 }, "l": [{ &text: "x" }] });
        let mut written = String::new();
        write_document(&mut written, &tree);
        prop_assert_eq!(by_serde_yaml(&written), vec![tree.clone()], "{}", &written);
        prop_assert_eq!(read::data(&written, 0, 0), Ok(Some(tree)), "{}", &written);
    }
}

/// The registry's configuration and the Rails application's, with strings that could break out of their place.
#[test]
fn configuration_files_hold_values_unchanged() {
    let tags = ["<%= 1 %>", "#{1}", "{% x %}", "012", "a\u{85}b", "\u{e002}", "\u{e003}x\u{e004}"];
    // what could be a tag keeps a value on one line, where each character can be escaped
    check_configuration(&tags, false);
    let nasty = [
        "012",
        "0x1",
        "1e3",
        "y",
        "on",
        "~",
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "- a",
        "\"",
        "'",
        "\\",
        "a\nb",
        "a\n\nb\n",
        "a\tb",
        "a\rb",
        "\u{85}",
        "a\u{85}b",
        "\u{2028}",
        "a\u{2029}b",
        "\u{feff}",
        "\u{7f}",
        "\u{200b}",
        "\u{e002}",
        "\u{e003}x\u{e004}",
        "🦊",
        "é",
        "[a",
        "{a",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
    ];
    check_configuration(&nasty, true);
}

fn check_configuration(nasty: &[&str], block: bool) {
    let fields: serde_json::Map<String, Value> =
        nasty.iter().enumerate().map(|(n, text)| (format!("f{n}"), json!(text))).collect();
    let values = json!({
        "registry": { "log": { "level": "info", "fields": fields, "hooks": [{ "type": "x", "levels": nasty }] } },
        "global": { "email": { "display_name": "a\u{85}b \u{2028}", "from": "012" } },
        "certmanager-issuer": { "email": "a@example.com" },
    });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("v.yaml"),
        values
            .to_string()
            .replace('\u{7f}', "\\u007f")
            .replace('\u{85}', "\\u0085")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
            .replace('\u{feff}', "\\ufeff"),
    )
    .expect("it is written");
    let args = words("template x -f v.yaml -o json --unknown-keys warn");
    let ran = run(folder.path(), &args, &BTreeMap::new(), "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let list: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let texts = |name: &str| -> Vec<String> {
        let objects = list["items"].as_array().expect("a list").iter().filter(|object| object["kind"] == "ConfigMap");
        let found = objects.filter_map(|object| object["data"].get(name)?.as_str());
        found.filter(|text| !text.starts_with("version: 0.1\nlog: {}")).map(str::to_owned).collect()
    };
    let registry: Vec<Value> = texts("config.yml.tpl")
        .into_iter()
        .filter(|text| text.contains("\nauth:\n"))
        .map(|text| {
            assert_eq!(!text.contains("log: {"), block, "{text}");
            by_serde_yaml(&text).remove(0)
        })
        .collect();
    assert_eq!(registry.len(), 1);
    for (key, text) in &fields {
        assert_eq!(registry[0]["log"]["fields"][key], *text, "{key}");
    }
    let rails = texts("gitlab.yml.erb");
    assert!(!rails.is_empty());
    for text in rails {
        // what Ruby would fill in
        let plain: String = text
            .lines()
            .map(|line| match (line.find("<%="), line.rfind("%>")) {
                (Some(from), Some(to)) => format!("{}filled{}\n", &line[..from], &line[to + 2..]),
                _ => format!("{line}\n"),
            })
            .collect();
        let gitlab = by_serde_yaml(&plain).remove(0)["production"]["gitlab"].take();
        if !gitlab["email_from"].is_null() {
            assert_eq!(gitlab["email_from"], "012");
            assert_eq!(gitlab["email_display_name"], "a\u{85}b \u{2028}");
        }
    }
}
