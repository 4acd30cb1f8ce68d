//! The values dialect: 705 cases recorded from Helm, see `tests/dialect/README.md`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use gitlab_render::diag::Diagnostic;
use gitlab_render::values::{
    ChartDefaults, FileContent, Flag, Input, component_view, load, merge_charts, set_file_paths,
};
use serde_json::{Map, Value};

/// What a case came to: what each chart sees, or that it was refused; and what was said.
type Seen = (Option<(Value, Value)>, Vec<Diagnostic>);

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialect").join(name)
}

fn cases() -> (ChartDefaults, Vec<Value>) {
    let file = std::fs::File::open(data("cases.json.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut all: Value = serde_json::from_str(&text).unwrap();
    let sub = ChartDefaults::from(all["base"]["sub"].take());
    let chart = ChartDefaults {
        values: all["base"]["parent"].take(),
        charts: vec![("sub".to_owned(), sub)],
        ..ChartDefaults::default()
    };
    let Value::Array(mut cases) = all["cases"].take() else { panic!("no cases") };
    // Deeper than JSON readers go: the file only has the number.
    for case in cases.iter_mut().filter(|case| case.get("nested_lists").is_some()) {
        let depth = case["nested_lists"].as_u64().unwrap();
        case["parent"]["x"] = (1..depth).fold(Value::Array(Vec::new()), |inner, _| Value::Array(vec![inner]));
    }
    (chart, cases)
}

/// The cases that are taken otherwise, with the reason.
fn exceptions() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(data("exceptions.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].to_owned(), cells[1].to_owned())
    })
    .collect()
}

fn inputs(case: &Value) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (i, text) in case["files"].as_array().unwrap().iter().enumerate() {
        inputs.push(Input::File { name: format!("{i}.yaml"), bytes: text.as_str().unwrap().into() });
    }
    let args: Vec<&str> = case["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    for (i, pair) in args.chunks(2).enumerate() {
        let flag = Flag { number: i + 1, text: pair[1].to_owned() };
        inputs.push(match pair[0] {
            "--set" => Input::Set(flag),
            "--set-string" => Input::SetString(flag),
            "--set-json" => Input::SetJson(flag),
            "--set-literal" => Input::SetLiteral(flag),
            "--set-file" => {
                let read = |path: String| {
                    let text = case.get("file_for_set_file").filter(|_| path == "@FILE").and_then(Value::as_str);
                    FileContent { content: text.map(|t| t.as_bytes().to_vec()).ok_or("no such file".to_owned()), path }
                };
                let files = set_file_paths(&flag.text).into_iter().map(read).collect();
                Input::SetFile(flag, files)
            }
            other => panic!("{other}"),
        });
    }
    inputs
}

fn run(case: &Value, chart: &ChartDefaults) -> Seen {
    let layers = match load(&inputs(case)) {
        Ok(layers) => layers,
        Err(failure) => return (None, failure.report.0),
    };
    let mut said = layers.warnings;
    match merge_charts(layers.value, chart.clone()) {
        Ok(merged) => {
            said.extend(merged.warnings);
            let sub = component_view(&merged.value.tree, &["sub"]);
            let mut parent = merged.value.tree;
            parent.as_object_mut().unwrap().shift_remove("sub");
            (Some((parent, sub)), said)
        }
        Err(refused) => {
            said.extend(refused.0.0);
            (None, said)
        }
    }
}

/// Whether two values are the same, the order of keys and the kind of number aside.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let missing = |a: &Map<String, Value>, b: &Map<String, Value>| a.keys().any(|key| !b.contains_key(key));
            !missing(a, b) && !missing(b, a) && a.iter().all(|(key, value)| same(value, &b[key]))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        // An integer must come out digit by digit.
        (Value::Number(a), Value::Number(b)) => a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// What differs from the record; `None` where nothing does.
fn difference(case: &Value, (seen, said): &Seen) -> Option<String> {
    let refused = case.get("error").is_some();
    match seen {
        None if refused => None,
        None => Some(format!("refused: {}", said.iter().map(|d| d.message.as_str()).collect::<Vec<_>>().join("; "))),
        Some(_) if refused => Some("taken, Helm refuses it".to_owned()),
        Some((parent, _)) if !same(parent, &case["parent"]) => Some(format!("parent: {parent}")),
        Some((_, sub)) if !same(sub, &case["sub"]) => Some(format!("sub: {sub}")),
        Some(_) if case.get("warnings").is_some() && said.is_empty() => Some("Helm warns, we do not".to_owned()),
        Some(_) => None,
    }
}

#[test]
fn all_cases_are_as_recorded_or_listed() {
    let (chart, cases) = cases();
    let mut exceptions = exceptions();
    let listed = exceptions.len();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let difference = difference(case, &run(case, &chart));
        match (difference, exceptions.remove(name)) {
            (None, None) => {}
            (Some(_), Some(reason)) => assert!(reason.len() > 20, "{name}: no reason given"),
            (Some(difference), None) => wrong.push(format!("{name} {} {}: {difference}", case["args"], case["files"])),
            (None, Some(_)) => wrong.push(format!("{name} is as recorded, yet listed in exceptions.md")),
        }
    }
    wrong.extend(exceptions.keys().map(|name| format!("{name} is listed in exceptions.md, but there is no such case")));
    let text = wrong.iter().map(|w| w.chars().take(400).collect::<String>()).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differ:\n{text}", wrong.len());
    assert_eq!(cases.len(), 705);
    assert!(listed * 100 <= cases.len() * 3, "{listed} exceptions are more than 3 %");
}

#[test]
fn every_finding_has_a_place_and_says_what_to_do() {
    let (chart, cases) = cases();
    let mut findings = 0;
    for case in &cases {
        let name = &case["name"];
        for finding in run(case, &chart).1 {
            findings += 1;
            assert!(!finding.places.is_empty(), "{name}: {finding:?}");
            assert!(finding.hint.is_some(), "{name}: {finding:?}");
            assert!(!finding.message.ends_with('.'), "{name}: {finding:?}");
        }
    }
    assert!(findings > 100);
}

/// Each file and flag with a byte removed, doubled, or replaced by one that means something in YAML or to `--set`.
#[test]
fn a_changed_byte_never_makes_a_panic_or_a_finding_without_place() {
    let (_, cases) = cases();
    let mut changed = 0;
    let mut check = |input: Input| {
        changed += 1;
        let found = match load(std::slice::from_ref(&input)) {
            Ok(layers) => layers.warnings,
            Err(failure) => failure.report.0,
        };
        assert!(found.iter().all(|d| !d.places.is_empty() && d.hint.is_some()), "{input:?}: {found:?}");
    };
    for case in &cases {
        for input in inputs(case) {
            let bytes = match &input {
                Input::File { bytes, .. } => bytes.clone(),
                Input::Set(flag) | Input::SetJson(flag) | Input::SetLiteral(flag) => flag.text.clone().into_bytes(),
                _ => continue,
            };
            if bytes.len() > 120 {
                continue;
            }
            for i in 0..bytes.len() {
                let new = b"\t\n :-[]{}&*!|>\"'\\#%,=.<\x00\xff0e"[i % 27];
                for part in [vec![], vec![bytes[i]; 2], vec![new]] {
                    let bytes = [&bytes[..i], &part, &bytes[i + 1..]].concat();
                    let text = || Flag { number: 1, text: String::from_utf8_lossy(&bytes).into_owned() };
                    check(match &input {
                        Input::Set(_) => Input::Set(text()),
                        Input::SetJson(_) => Input::SetJson(text()),
                        Input::SetLiteral(_) => Input::SetLiteral(text()),
                        _ => Input::File { name: "a.yaml".to_owned(), bytes },
                    });
                }
            }
        }
    }
    assert!(changed > 10_000, "{changed}");
}

/// Tools that write YAML anew, as yq and Ruby do, put a tag before `<<`: recorded from Helm 4.1.4.
#[test]
fn merge_keys_with_a_tag_merge_as_in_helm() {
    let merges =
        ["!!merge <<: *a", "!!merge \"<<\": *a", "! <<: *a", "!<tag:yaml.org,2002:merge> <<: *a", "!!merge <<: [*a]"];
    let does_not = ["\"<<\": *a", "!!str <<: *a"];
    for (line, merged) in merges.iter().map(|line| (line, true)).chain(does_not.iter().map(|line| (line, false))) {
        let text = format!("one: &a\n  p: 1\ntwo:\n  {line}\n  q: 2\n");
        let layers = load(&[Input::File { name: "v.yaml".to_owned(), bytes: text.into_bytes() }]).unwrap();
        let tree = merge_charts(layers.value, ChartDefaults::default()).unwrap().value.tree;
        let expected =
            if merged { serde_json::json!({"p": 1, "q": 2}) } else { serde_json::json!({"<<": {"p": 1}, "q": 2}) };
        assert!(same(&tree["two"], &expected), "{line}: {}", tree["two"]);
    }
}
