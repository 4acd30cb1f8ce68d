//! Documents merged at random, as people's files are: whatever they ask for together, a render ends with objects or with a
//! report, never with a bug of ours, and flags mean what a file means. (That a render has passed the checks of objects is in
//! its type.)
//!
//! `tests/data/documents.json.gz` has the documents: small ones, each about one thing. `MIXED=1000` merges more of them.

use gitlab_render::diag::Fault;
use gitlab_render::pipeline::{Rendered, render};
use gitlab_render::values::{Flag, Input};
use gitlab_render::yaml::write::write_document;
use serde_json::Value;

use crate::common::{release, request, unpack};

/// A generator of numbers that gives the same ones in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// Whether `--set` takes a scalar for what it is.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty() && map.values().all(is_plain),
        Value::Array(_) | Value::Null => false,
        Value::String(text) => {
            let other = ["", "true", "false", "null"].contains(&text.as_str()) || text.parse::<f64>().is_ok();
            !other && !text.starts_with('{') && !text.contains(['\n', '\\', ','])
        }
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The values as flags, one for each leaf: `--set` where that is `plain`, else `--set-json`. Flags of one kind keep their order,
/// and with it that of the keys.
fn flags(values: &Value, path: &str, plain: bool, found: &mut Vec<Input>) {
    let escaped = |text: &str| {
        let special = ['.', '=', ',', '[', ']', '\\'];
        text.chars().flat_map(|c| special.contains(&c).then_some('\\').into_iter().chain([c])).collect::<String>()
    };
    match values {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let key = escaped(key);
                let path = if path.is_empty() { key } else { format!("{path}.{key}") };
                flags(value, &path, plain, found);
            }
        }
        Value::String(text) if plain => found.push(Input::Set(Flag { number: 1, text: format!("{path}={text}") })),
        leaf if plain => found.push(Input::Set(Flag { number: 1, text: format!("{path}={leaf}") })),
        leaf => found.push(Input::SetJson(Flag { number: 1, text: format!("{path}={leaf}") })),
    }
}

fn text(rendered: &Rendered) -> String {
    let mut text = String::new();
    rendered.objects.manifests().iter().for_each(|object| write_document(&mut text, &object.body));
    text
}

#[test]
fn merged_documents_render_or_are_refused_and_flags_mean_what_a_file_means() {
    let documents: Vec<Value> = unpack("data/documents.json.gz");
    assert!(documents.len() > 60, "{}", documents.len());
    let many = std::env::var("MIXED").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let mut numbers = Numbers(18);
    let mut wrong = Vec::new();
    let (mut taken, mut by_set) = (0, 0);
    let all: Vec<_> = documents.iter().collect();
    let plain_ones: Vec<_> = documents.iter().filter(|document| is_plain(document)).collect();
    for number in 0..many {
        let mut values = Value::Object(serde_json::Map::new());
        // some of those that `--set` takes as they are, alone
        let wanted = if number % 3 == 0 { &plain_ones } else { &all };
        for _ in 0..numbers.below(12) + 3 {
            merge(&mut values, wanted[numbers.below(wanted.len())]);
        }
        let by_file = render(&request("prod", "gitlab", &values));
        let mut inputs = Vec::new();
        let plain = is_plain(&values);
        by_set += usize::from(plain);
        flags(&values, "", plain, &mut inputs);
        let by_flags = render(&release("prod", "gitlab", inputs));
        match (&by_file, &by_flags) {
            (Ok(file), Ok(flags)) => {
                taken += 1;
                if text(file) != text(flags) {
                    wrong.push(format!("another render by flags: {values}"));
                }
            }
            (Err(file), Err(_)) => {
                if let Some(bug) = file.report.0.iter().find(|d| d.fault == Fault::Bug) {
                    wrong.push(format!("a bug: {}: {values}", bug.message));
                }
            }
            (Err(file), Ok(_)) => {
                wrong.push(format!("refused by file alone: {:?}: {values}", file.report.0[0].message))
            }
            (Ok(_), Err(flags)) => {
                wrong.push(format!("refused by flags alone: {:?}: {values}", flags.report.0[0].message))
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(by_set * 4 >= many, "{by_set} of {many} by `--set`");
    assert!(taken * 4 >= many, "{taken} of {many} are taken: the documents no longer go together");
}
