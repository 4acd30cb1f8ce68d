//! The form of values changes nothing: in blocks, in braces, in several files or inside the file of another tool, the same
//! values render the same objects after a migration.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gitlab_render::pipeline::{migrate, render};
use gitlab_render::upgrade::migrate::migrate;
use gitlab_render::yaml;
use serde_json::{Map, Value, json};

use crate::common::{entries, file, release, run, words};

/// What the migrated files render, as one value; none where they are refused.
fn objects(files: &[String]) -> Option<Vec<Value>> {
    let span = migrate::span(None, None).expect("releases are known");
    let migrated = |text: &String| migrate("values.yaml", text, &span).ok().map(|done| done.text);
    let texts: Option<Vec<String>> = files.iter().map(migrated).collect();
    let inputs = texts?.into_iter().map(|text| file(text.into_bytes())).collect();
    let rendered = render(&release("prod", "default", inputs)).ok()?;
    Some(rendered.objects.manifests().iter().map(|manifest| manifest.body.clone()).collect())
}

/// The same of a file of another tool, by the commands that its owner runs.
fn inside(wrapped: &Value) -> Option<Vec<Value>> {
    let directory = tempfile::tempdir().expect("a directory");
    let ran = |line: &str| run(directory.path(), &words(line), &BTreeMap::new(), "");
    let mut text = String::new();
    yaml::write::write_document(&mut text, wrapped);
    fs::write(directory.path().join("app.yaml"), text).expect("a file");
    let done = ran("values migrate -f app.yaml --in-place --no-verify");
    assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
    let rendered = ran("template prod -n default -f app.yaml -o json -q --kube-version 1.35 --unknown-keys warn");
    assert_eq!(rendered.status, Some(0), "{}", rendered.stderr);
    let list: Value = serde_json::from_str(&rendered.stdout).expect("it is JSON");
    list["items"].as_array().cloned()
}

fn read(case: &Path) -> Option<(String, Map<String, Value>)> {
    let text = fs::read_to_string(case.join("before.yaml")).ok()?;
    match yaml::read::read_plain(&text) {
        // An anchor may be all that one of two files holds, which is refused.
        Ok(Value::Object(values)) if !values.is_empty() && !text.contains("&") => Some((text, values)),
        _ => None,
    }
}

#[test]
fn the_form_of_values_changes_no_render() {
    let (mut seen, mut wrapped) = (0, 0);
    for case in entries("migrate") {
        let name = case.display();
        let Some((text, values)) = read(&case) else { continue };
        let Some(plain) = objects(&[text]) else { continue };
        seen += 1;
        let whole = Value::Object(values.clone());
        assert!(objects(&[whole.to_string()]) == Some(plain.clone()), "{name}: in braces");
        let (first, second): (Vec<_>, Vec<_>) =
            values.clone().into_iter().enumerate().partition(|(n, _)| n * 2 < values.len());
        let layer = |keys: Vec<(usize, (String, Value))>| {
            let map: Map<String, Value> = keys.into_iter().map(|(_, entry)| entry).collect();
            Value::Object(map).to_string()
        };
        assert!(objects(&[layer(first), layer(second)]) == Some(plain.clone()), "{name}: in two files");
        // The program is run for these, which takes its time.
        if seen % 4 != 0 {
            continue;
        }
        wrapped += 1;
        let sorted = |mut all: Vec<Value>| {
            all.sort_by_key(|object| object["kind"].to_string() + &object["metadata"]["name"].to_string());
            all
        };
        let flux = json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "prod"},
            "spec": {"chart": {"spec": {"chart": "gitlab"}}, "values": whole},
        });
        assert!(inside(&flux).map(sorted) == Some(sorted(plain)), "{name}: inside a HelmRelease");
    }
    assert!(seen >= 8 && wrapped >= 2, "{seen} and {wrapped} are too few");
}
