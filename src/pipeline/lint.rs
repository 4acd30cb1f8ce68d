//! Checks values without a cluster and returns all findings as one list.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::variants::{Variant, Variants};
use super::{Output, Request, layers, places, selected};
use crate::diag::{Diagnostic, Failure, Place, Sources, ValuePath};
use crate::lint::allow::{Settings, apply};
use crate::lint::{Linted, check};
use crate::manifest::Manifest;
use crate::reference;
use crate::resolve::component;
use crate::schema::Checked;
use crate::validate::{Finding, Findings};
use crate::values::tree;

/// Checks values and their objects; `pedantic` also reports values that equal their defaults.
///
/// # Errors
/// Errors before there are values: a profile that does not exist.
pub fn lint(request: &Request, settings: &Settings, pedantic: bool) -> Result<(Findings, Sources), Failure> {
    let (found, sources) = match selected(request, &Output::default()) {
        Err(failure) if failure.report.0.iter().any(|d| d.fault != crate::diag::Fault::Input) => return Err(failure),
        Err(failure) => (failure.report.0, failure.sources),
        Ok((rendered, checked)) => {
            let objects = rendered.objects.manifests();
            let section = |name: &str| {
                let of = component::ALL.iter().find(|component| component.name == name).map(|component| component.key);
                of.filter(|key| !key.is_empty()).unwrap_or("global").to_owned()
            };
            let linted = Linted { tree: checked.tree(), user: checked.user(), objects, section: &section };
            let mut found = check(&linted);
            found.extend(without_effect(request, &checked, &rendered.warnings, pedantic)?);
            places::locate(&mut found, checked.origins());
            found.splice(0..0, rendered.warnings);
            (found, rendered.sources)
        }
    };
    let mut all: Vec<Finding> = apply(found, &sources, settings).into_iter().map(|d| finding(d, &sources)).collect();
    all.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    let minor = request.target.kube_version.minor;
    Ok((Findings { minor, all, ..Findings::default() }, sources))
}

/// The user's values that affect no object: neither removing nor changing them has an effect.
fn without_effect(
    request: &Request,
    checked: &Checked,
    told: &[Diagnostic],
    pedantic: bool,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let user = checked.user();
    let variants = Variants::new(request, user, Vec::new())?;
    let before = variants.of(user.clone());
    let defaults = tree::over_defaults(Value::Null, layers::chart(&request.target)?);
    let told: HashSet<&ValuePath> = told.iter().filter_map(|d| d.places.iter().find_map(Place::path)).collect();
    let leaves = variants.leaves();
    // Values of a third-party chart have their effect in `companions`.
    let is_ours = |path: &ValuePath| {
        let first = path.0.first().map(|step| ValuePath(vec![step.clone()]).to_string());
        let sections = component::ALL.iter().filter_map(|component| component.key.split('.').next());
        first.is_some_and(|first| first == "global" || sections.into_iter().any(|section| section == first))
    };
    let open = leaves.iter().filter(|(path, _)| is_ours(path) && !told.contains(path));
    let open: Vec<&(ValuePath, &Value)> = open.collect();
    // One render finds the sections without any effect; the values of the other sections are tried one by one.
    let mut quiet: Vec<&(ValuePath, &Value)> = Vec::new();
    for group in groups(&open) {
        if same(&before, &variants.of(tree::without(user, &group.iter().map(|(path, _)| path).collect()))) {
            quiet.extend(group);
        } else if group.len() > 1 {
            let alone = |leaf: &&&(ValuePath, &Value)| {
                same(&before, &variants.of(tree::without(user, &[&leaf.0].into_iter().collect())))
            };
            quiet.extend(group.iter().filter(alone).copied());
        }
    }
    let mut found = Vec::new();
    for (path, value) in quiet {
        let is_default = path.within(&defaults) == Some(*value);
        let changed = others(path, value).into_iter().map(|other| variants.with(&[(path, other)]));
        // A value that makes a render fail is read.
        let mut changed = changed.map(|variant| !same(&before, &variant) || variant.found.len() > before.found.len());
        if !is_default && !value.is_null() && !changed.any(|reaches| reaches) {
            let message = format!("`{path}` changes nothing here: no object follows from it");
            let hint = "remove it, or turn on what it belongs to; `gitlab-render explain` says what a key does";
            found.push(Diagnostic::warning("no-effect", message).at_value(path.clone()).hint(hint));
        } else if pedantic {
            let message = format!("`{path}` is what it would be without this line");
            let hint = "remove it; `gitlab-render values --trim` leaves out all that is as by default";
            found.push(Diagnostic::note("as-default", message).at_value(path.clone()).hint(hint));
        }
    }
    Ok(found)
}

/// Values by their first two keys.
fn groups<'l, 'v>(leaves: &[&'l (ValuePath, &'v Value)]) -> Vec<Vec<&'l (ValuePath, &'v Value)>> {
    let mut groups: Vec<Vec<&(ValuePath, &Value)>> = Vec::new();
    for leaf in leaves {
        let start = |leaf: &(ValuePath, &Value)| leaf.0.0.iter().take(2).cloned().collect::<Vec<_>>();
        match groups.last_mut().filter(|group| group.first().is_some_and(|first| start(first) == start(leaf))) {
            Some(group) => group.push(leaf),
            None => groups.push(vec![leaf]),
        }
    }
    groups
}

/// Other values of the same type, and those that the schema lists or that its description has in backticks.
fn others(path: &ValuePath, value: &Value) -> Vec<Value> {
    let part = reference::part(&path.to_string());
    let listed = part.as_ref().and_then(|part| part.schema.get("enum")?.as_array()).into_iter().flatten().cloned();
    let described =
        part.iter().flat_map(|part| part.description().split('`').skip(1).step_by(2)).map(|word| json!(word));
    let named = listed.chain(described.filter(|_| value.is_string()));
    let mut others: Vec<Value> = named.filter(|other| other != value).collect();
    others.extend(changed(value));
    others
}

fn changed(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(on) => vec![json!(!on)],
        Value::Number(number) => vec![json!(number.as_i64().unwrap_or(0).saturating_add(1))],
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => vec![json!(number.saturating_add(1).to_string())],
            Err(_) => vec![json!(format!("{text}x")), json!(format!("x{text}")), json!("")],
        },
        Value::Array(_) => vec![json!(["x"]), json!([{"name": "x"}])],
        Value::Object(_) => vec![json!({"x": "x"})],
        Value::Null => Vec::new(),
    }
}

fn same(before: &Variant, after: &Variant) -> bool {
    let bodies = |variant: &Variant| -> usize { variant.manifests.len() };
    let equal = |(a, b): (&Manifest, &Manifest)| a.id == b.id && a.body == b.body;
    bodies(before) == bodies(after) && before.manifests.iter().zip(&after.manifests).all(equal)
}

/// A diagnostic at its place in a file.
fn finding(diagnostic: Diagnostic, sources: &Sources) -> Finding {
    let at = diagnostic.places.iter().find_map(Place::location);
    let (file, line, column) = match at.and_then(|at| Some((sources.get(at.source)?.name.clone(), at))) {
        Some((name, at)) => (name, at.line, at.column),
        None => ("defaults".to_owned(), 1, 1),
    };
    Finding {
        code: diagnostic.code,
        severity: diagnostic.severity,
        file,
        line,
        column,
        object: None,
        path: String::new(),
        message: diagnostic.message,
        hint: diagnostic.hint,
    }
}
