//! Keys that change nothing with the official chart: here they change nothing either and are reported, or they have an
//! effect that is safer and a warning says so. `tests/data/ours-only.tsv` has them.

use gitlab_render::pipeline::{Rendered, render};
use gitlab_render::yaml::write::write_document;
use serde_json::{Value, json};

use crate::common::{request, root};

struct Row {
    path: String,
    value: Value,
    differs: bool,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("tests/data/ours-only.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [path, value, kind] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("three fields: {line}") };
            assert!(["ignored", "differs"].contains(&kind), "{line}");
            let value = serde_json::from_str(value).unwrap_or_else(|_| panic!("JSON: {line}"));
            Row { path: path.to_owned(), value, differs: kind == "differs" }
        })
        .collect()
}

fn text(rendered: &Rendered) -> String {
    let mut text = String::new();
    rendered.objects.manifests().iter().for_each(|object| write_document(&mut text, &object.body));
    text
}

#[test]
fn what_the_official_chart_ignores_is_ignored_and_reported_or_differs_and_is_reported() {
    let of = |values: &Value| render(&request("prod", "gitlab", values));
    let base = text(&of(&json!({})).unwrap());
    let mut wrong = Vec::new();
    let rows = rows();
    assert!(rows.len() >= 183 + 10, "{}", rows.len());
    for Row { path, value, differs } in &rows {
        let values = path.rsplit('.').fold(value.clone(), |below, key| json!({key: below}));
        let rendered = match of(&values) {
            Ok(rendered) => rendered,
            Err(failure) => {
                wrong.push(format!("{path} is refused: {:?}", failure.report.0.first().map(|d| &d.message)));
                continue;
            }
        };
        let codes: Vec<_> = rendered
            .warnings
            .iter()
            .filter(|d| d.message.starts_with('`') && path.starts_with(d.message[1..].split('`').next().unwrap()))
            .map(|d| d.code)
            .collect();
        let wanted = if *differs { "differs-from-helm" } else { "unread-key" };
        if !codes.contains(&wanted) {
            wrong.push(format!("{path}: no {wanted}, but {codes:?}"));
        }
        if !differs && text(&rendered) != base {
            wrong.push(format!("{path}: it changes the render"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
