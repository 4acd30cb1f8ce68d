//! The stages joined; one function for each point where a command may stop.

use serde_json::Value;

use crate::diag::{Diagnostic, Outcome, Report};
use crate::manifest::{content, read};
use crate::render::{Hole, Renderer, render};
use crate::resolve::{Context, Release, resolve};

/// Values to objects, each with the name of its template.
///
/// # Errors
/// What resolve refuses, and templates that do not fit their views.
pub fn objects(release: &Release, tree: &Value) -> Outcome<Vec<(String, Value)>> {
    let context = Context::new(release, tree, |text| read::parse(text, &mut |_| None).map_err(|e| e.to_string()));
    let plan = resolve(&context);
    let report = Report(plan.diagnostics);
    if report.has_errors() {
        return Err(report);
    }
    let renderer = Renderer::new();
    let rendered = render(&renderer, &plan.objects).map_err(Report)?;
    let mut bodies = Vec::with_capacity(rendered.len());
    let mut failed = Vec::new();
    for object in &rendered {
        match read_rendered(&renderer, &object.text) {
            Ok(body) => bodies.push(body),
            Err(reason) => {
                failed.push(Diagnostic::bug("template-failed", format!("template `{}`: {reason}", object.source)))
            }
        }
    }
    if !failed.is_empty() {
        return Err(Report(failed));
    }
    let follows = plan.objects.iter().flat_map(|o| &o.checksums);
    let wanted: Vec<(&str, &str)> = follows.map(|c| (c.kind, c.name.as_str())).collect();
    let hashes = content::Hashes::of(&bodies, &wanted);
    for (planned, body) in plan.objects.iter().zip(&mut bodies) {
        let follows = planned.checksums.iter().map(|c| (c.annotation.as_str(), c.kind, c.name.as_str()));
        if !planned.checksums.is_empty() {
            content::checksums(body, follows, &hashes);
        }
        if planned.name_by_content {
            content::name_by_content(body);
        }
    }
    Ok(rendered.into_iter().map(|r| r.source).zip(bodies).collect())
}

/// A rendered template as a tree; fragments are read where they stand.
fn read_rendered(renderer: &Renderer, text: &str) -> Result<Value, String> {
    let mut inner = None;
    let tree = read::parse(text, &mut |number| match renderer.take(number)? {
        Hole::Value(value) => Some(value),
        Hole::Fragment(text) => match read_rendered(renderer, &text) {
            Ok(value) => Some(value),
            Err(reason) => {
                inner.get_or_insert(format!("in a fragment: {reason}"));
                None
            }
        },
    });
    match inner {
        Some(reason) => Err(reason),
        None => tree.map_err(|e| e.to_string()),
    }
}
