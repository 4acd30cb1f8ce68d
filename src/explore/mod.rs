//! A release as one HTML page: objects, fields with the values that decide them, findings, stops of an upgrade.
//!
//! The page holds its data as JSON; none of it becomes markup, and its content security policy forbids requests.

use serde_json::{Value, json};

use crate::why::LayerValue;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The content of the page. Secrets are masked in all values.
#[derive(Debug, Default)]
pub struct Exploration {
    /// The title, `prod in gitlab`.
    pub title: String,
    /// The command that explains a field, with `OBJECT` and `FIELD` in it.
    pub why: String,
    /// The objects, in the order of the render.
    pub objects: Vec<ExploredObject>,
    /// The values that the user wrote.
    pub values: Vec<ExploredValue>,
    /// The defaults that are written into fields: path and value.
    pub defaults: Vec<(String, Value)>,
    /// Notes and warnings.
    pub findings: Vec<ExploredFinding>,
    /// The stops of an upgrade: a title and the details.
    pub stops: Vec<(String, Vec<String>)>,
}

/// An object of the page.
#[derive(Debug)]
pub struct ExploredObject {
    /// Kind and name.
    pub id: String,
    /// Its component.
    pub component: String,
    /// Its fields: path, value, the numbers of the user's values that decide it, and those of the defaults that are written
    /// into it.
    pub fields: Vec<(String, Value, Vec<usize>, Vec<usize>)>,
}

/// A value that the user wrote.
#[derive(Debug)]
pub struct ExploredValue {
    /// Its path.
    pub path: String,
    /// The value and its place.
    pub at: LayerValue,
    /// The value of the same path in lower layers.
    pub overridden: Vec<LayerValue>,
}

/// A note or a warning.
#[derive(Debug)]
pub struct ExploredFinding {
    /// `note`, `warning` or `error`.
    pub severity: &'static str,
    /// Its code.
    pub code: &'static str,
    /// The message.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
    /// Its places: files with line and column, or values paths.
    pub places: Vec<String>,
}

/// The page.
pub fn html(page: &Exploration) -> String {
    let title = escaped(&page.title);
    // A `<` inside a string would end the script or open another.
    let data =
        data(page).to_string().replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<header><h1>{title}</h1></header>\n<main>\n\
         <section aria-label=\"Search\">\n<label for=\"search\">Search names, fields and values</label>\n\
         <input type=\"search\" id=\"search\" autocomplete=\"off\">\n<p id=\"count\" role=\"status\" aria-live=\"polite\"></p>\n<ul id=\"results\"></ul>\n</section>\n\
         <section><h2>Findings</h2>\n<ul id=\"findings\"></ul></section>\n\
         <section><h2>Your values</h2>\n<div id=\"values\"></div></section>\n\
         <section><h2>Objects by component</h2>\n<div id=\"objects\"></div></section>\n\
         <noscript><p>This page needs JavaScript; the same information is printed by <code>gitlab-render why</code> and <code>gitlab-render impact</code>.</p></noscript>\n\
         </main>\n<script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

fn data(page: &Exploration) -> Value {
    let objects = page
        .objects
        .iter()
        .map(|object| json!({"id": object.id, "component": object.component, "fields": object.fields}));
    let layer = |at: &LayerValue| json!({"layer": at.layer, "file": at.file, "line": at.place.map(|at| at.0), "column": at.place.map(|at| at.1), "value": at.value});
    let values = page.values.iter().map(|value| {
        let mut entry = layer(&value.at);
        entry["path"] = value.path.as_str().into();
        entry["overridden"] = value.overridden.iter().map(layer).collect();
        entry
    });
    let findings = page.findings.iter().map(|found| {
        json!({"severity": found.severity, "code": found.code, "message": found.message, "hint": found.hint, "places": found.places})
    });
    let stops = page.stops.iter().map(|(title, lines)| json!({"title": title, "lines": lines}));
    json!({
        "why": page.why,
        "objects": objects.collect::<Vec<_>>(),
        "values": values.collect::<Vec<_>>(),
        "defaults": page.defaults,
        "findings": findings.collect::<Vec<_>>(),
        "stops": stops.collect::<Vec<_>>(),
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
