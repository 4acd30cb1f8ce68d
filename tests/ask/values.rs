//! `values`: merged, trimmed, defaults, with origins.

use std::collections::BTreeMap;

use gitlab_render::pipeline::{self, Request};
use gitlab_render::schema::UnknownKeys;
use gitlab_render::yaml::write::write_document;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::check;
use crate::common::{entries, file, release, root, run, words};

#[test]
fn values_are_written() {
    check(&[
        ("values-trim", "values -f values.yaml --trim"),
        ("values-trim-origins", "values -f values.yaml --trim --origins --set gitlab.sidekiq.concurrency=9"),
        ("values-defaults", "values --defaults mailroom"),
        ("values-defaults-path", "values --defaults global.hosts -o json"),
        ("values-defaults-older", "values --defaults global.zoekt --gitlab-version 18.4"),
        ("values-defaults-unknown", "values --defaults mailrom"),
        ("values-refused", "values --set gitlab.webservice.minReplicas=many"),
        ("values-masked", "values -f secret.yaml --trim"),
        ("values-shown", "values -f secret.yaml --trim --show-secrets"),
    ]);
}

/// The objects of values, as one text.
fn rendered(request: &Request) -> Option<String> {
    let rendered = pipeline::render(request).ok()?;
    let mut text = String::new();
    rendered.objects.manifests().iter().for_each(|manifest| write_document(&mut text, &manifest.body));
    Some(text)
}

fn request(values: &Value) -> Request {
    Request { unknown_keys: UnknownKeys::Error, ..release("test", "default", vec![file(values.to_string().into())]) }
}

/// What is wrong with the merged and the trimmed values of some values that a render takes; none where it takes them not.
fn fault(values: &Value) -> Option<String> {
    let request = request(values);
    let before = rendered(&request)?;
    for trim in [false, true] {
        let merged = match pipeline::merged_values(&request, trim) {
            Ok(merged) => merged.values,
            Err(failure) => return Some(format!("trim {trim}: {:?}", failure.report)),
        };
        let again = self::request(&merged);
        match rendered(&again) {
            Some(after) if after == before => {}
            Some(_) => return Some(format!("trim {trim}: another render: {merged:#}")),
            None => {
                let failure = pipeline::render(&again).err().map(|failure| failure.report);
                return Some(format!("trim {trim}: refused: {failure:?}"));
            }
        }
        if trim && pipeline::merged_values(&again, true).ok().map(|twice| twice.values) != Some(merged.clone()) {
            return Some(format!("trimmed twice it is another file: {merged:#}"));
        }
    }
    None
}

/// The profiles and the default file as people paste it.
#[test]
fn values_and_trimmed_values_render_the_same() {
    let mut wrong = Vec::new();
    let defaults = pipeline::default_values(None, None).unwrap();
    wrong.extend(fault(&defaults).map(|fault| format!("the defaults: {fault:.600}")));
    let trimmed = pipeline::merged_values(&request(&defaults), true).unwrap().values;
    assert_eq!(trimmed, json!({}), "the defaults are the defaults");
    for path in [entries("../values"), entries("ask")].concat() {
        if path.extension().is_some_and(|end| end == "yaml") {
            let values: Value = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            wrong.extend(fault(&merged_keys(values)).map(|fault| format!("{}: {fault:.600}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `serde_yaml` leaves `<<` to its callers.
fn merged_keys(mut values: Value) -> Value {
    if let Value::Object(map) = &mut values {
        if let Some(Value::Object(more)) = map.shift_remove("<<") {
            more.into_iter().for_each(|(key, value)| {
                let _ = map.entry(key).or_insert(value);
            });
        }
        map.values_mut().for_each(|inner| *inner = merged_keys(inner.take()));
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, failure_persistence: None, ..ProptestConfig::default() })]

    /// A part of the defaults, some of them changed or removed.
    #[test]
    fn any_part_of_the_defaults_renders_the_same(seed in any::<u64>()) {
        let defaults = pipeline::reference(None).unwrap().defaults;
        let values = part(&defaults, &mut seed.clone(), 0).unwrap_or(json!({}));
        prop_assert_eq!(fault(&values), None, "{}", values);
    }
}

/// A random part of a tree: keys are left out, switches turned over, numbers raised, nulls written.
fn part(value: &Value, seed: &mut u64, depth: usize) -> Option<Value> {
    let mut next = |most: u64| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % most
    };
    let dice = next(12);
    match value {
        Value::Object(map) => {
            if dice < 3 && depth > 0 {
                return None;
            }
            Some(Value::Object(
                map.iter().filter_map(|(key, inner)| Some((key.clone(), part(inner, seed, depth + 1)?))).collect(),
            ))
        }
        _ if dice < 6 => None,
        Value::Bool(on) if dice == 6 => Some(json!(!on)),
        Value::Number(number) if dice == 7 => Some(json!(number.as_i64().unwrap_or(1) + 1)),
        _ if dice == 8 => Some(Value::Null),
        other => Some(other.clone()),
    }
}

#[test]
fn the_merged_values_are_sorted_as_the_schemas_have_them() {
    let ran = run(root(), &words("values -f tests/ask/values.yaml -o json"), &BTreeMap::new(), "");
    let values: Value = serde_json::from_str(&ran.stdout).unwrap();
    let keys: Vec<_> = values.as_object().unwrap().keys().cloned().collect();
    let known: Vec<_> =
        gitlab_render::reference::document().properties().into_iter().map(|(key, _)| key.to_owned()).collect();
    let expected: Vec<_> = known.iter().filter(|key| keys.contains(key)).cloned().collect();
    assert_eq!(keys, expected);
    assert!(values.pointer("/x-common").is_none());
}
