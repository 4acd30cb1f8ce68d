//! A release for the page of `explore`: every object with the user's values that decide its fields.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::lint::lint;
use super::parts::{Parts, each};
use super::probe::{Probe, Trial};
use super::upgrade::PlannedUpgrade;
use super::why::{Layered, stem};
use super::{Output, Request, selected};
use crate::diag::{Failure, Step, ValuePath};
use crate::diff::report::shown;
use crate::explore::{Exploration, ExploredFinding, ExploredObject, ExploredValue};
use crate::lint::allow::Settings;
use crate::manifest::Manifest;
use crate::redact;
use crate::schema;
use crate::schema::Checked;
use crate::validate::Finding;
use crate::values::tree;
use crate::why::field;

/// How many alternatives are tried for each of the user's values, besides its default.
const ALTERNATIVES: usize = 2;

/// The content of the page; `planned` adds the stops of an upgrade, and `why` is the command that explains a field.
///
/// # Errors
/// Everything for which the values are refused.
pub fn explore(request: &Request, why: String, planned: Option<&PlannedUpgrade>) -> Result<Exploration, Failure> {
    let (rendered, checked) = selected(request, &Output::default())?;
    let layered = Layered::new(request, &checked)?;
    let manifests = rendered.objects.manifests();
    let base: Vec<Fields> = manifests.iter().map(fields).collect();
    let paths: Vec<ValuePath> = tree::leaves(checked.user()).into_iter().map(|(path, _)| path).collect();
    let trials = trials(&paths, &checked, &layered);
    let reached = reached(request, &checked, manifests, &base, &trials);
    let mut objects = Vec::with_capacity(manifests.len());
    for (number, (manifest, fields)) in manifests.iter().zip(&base).enumerate() {
        let fields = fields.iter().enumerate().map(|(field, (path, value))| {
            let values = reached.get(&(number, field)).cloned().unwrap_or_default();
            (redact::text(path), shown(&manifest.id.kind, path, value), values)
        });
        objects.push(ExploredObject {
            id: manifest.id.to_string(),
            component: manifest.component.to_string(),
            fields: fields.collect(),
        });
    }
    let values = paths.iter().map(|path| {
        let (at, overridden) = layered.of(path);
        ExploredValue { path: path.to_string(), at, overridden }
    });
    let target = &request.target;
    Ok(Exploration {
        title: format!("{} in {}", target.name, target.namespace),
        why,
        objects,
        values: values.collect(),
        findings: lint(request, &Settings::default(), false)?.0.all.iter().map(finding).collect(),
        stops: planned.map(stops).unwrap_or_default(),
    })
}

type Fields = Vec<(String, Value)>;

fn fields(manifest: &Manifest) -> Fields {
    field::leaves(&manifest.body).into_iter().map(|(path, value)| (path.to_string(), value)).collect()
}

/// The alternatives that are tried for each of the user's values.
fn trials(paths: &[ValuePath], checked: &Checked, layered: &Layered<'_>) -> Vec<Trial> {
    let mut all = Vec::new();
    for (candidate, path) in paths.iter().enumerate() {
        let mut add = |to| all.push(Trial { candidate, path: path.clone(), to });
        let value = path.within(checked.tree());
        if let Some(value) = value {
            schema::alternatives(path, value).into_iter().take(ALTERNATIVES).for_each(|other| add(Some(other)));
        }
        let default = layered.default(path).cloned();
        if !path.0.iter().any(|step| matches!(step, Step::Index(_))) && default.as_ref() != value {
            add(default);
        }
    }
    all
}

/// The values that decide each field, by the number of the object and of the field.
fn reached(
    request: &Request,
    checked: &Checked,
    manifests: &[Manifest],
    base: &[Fields],
    trials: &[Trial],
) -> BTreeMap<(usize, usize), Vec<usize>> {
    let mut reached: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    let Some(parts) = Parts::new(request, checked.tree()) else { return reached };
    let numbers: HashMap<(String, String), usize> =
        manifests.iter().enumerate().map(|(number, manifest)| (key(manifest), number)).collect();
    let ask = |probe: &mut Probe<'_>, trial: &Trial| {
        let compared = parts.with(probe, &[trial]).unwrap_or_default();
        let changed = compared.into_iter().flat_map(|(before, after)| changed(&numbers, base, before, &after));
        changed.collect::<Vec<_>>()
    };
    let answers = each(trials, &|| Probe::new(request, checked.tree().clone()), &ask);
    for (trial, fields) in trials.iter().zip(answers) {
        for field in fields {
            let values = reached.entry(field).or_default();
            if !values.contains(&trial.candidate) {
                values.push(trial.candidate);
            }
        }
    }
    reached
}

/// By what an object is known in two renders.
fn key(manifest: &Manifest) -> (String, String) {
    (manifest.id.kind.clone(), stem(&manifest.id).0)
}

/// The fields that are not there any more or have another value, by the numbers of their objects and their own.
fn changed(
    numbers: &HashMap<(String, String), usize>,
    base: &[Fields],
    before: &[Manifest],
    after: &[Manifest],
) -> Vec<(usize, usize)> {
    let there: HashMap<(String, String), &Manifest> = after.iter().map(|manifest| (key(manifest), manifest)).collect();
    let mut changed = Vec::new();
    for manifest in before {
        let key = key(manifest);
        let Some(number) = numbers.get(&key).copied() else { continue };
        match there.get(&key) {
            None => changed.extend((0..base[number].len()).map(|field| (number, field))),
            Some(after) if after.body == manifest.body => {}
            Some(after) => {
                let before: HashMap<String, Value> = fields(manifest).into_iter().collect();
                let after: HashMap<String, Value> = fields(after).into_iter().collect();
                let differs = |(_, (path, _)): &(usize, &(String, Value))| before.get(path) != after.get(path);
                changed.extend(base[number].iter().enumerate().filter(differs).map(|(field, _)| (number, field)));
            }
        }
    }
    changed
}

fn finding(found: &Finding) -> ExploredFinding {
    let place = (found.file != "defaults").then(|| format!("{}:{}:{}", found.file, found.line, found.column));
    ExploredFinding {
        severity: found.severity.word(),
        code: found.code,
        message: redact::text(&found.message),
        hint: found.hint.as_deref().map(redact::text),
        places: place.into_iter().collect(),
    }
}

fn stops(planned: &PlannedUpgrade) -> Vec<(String, Vec<String>)> {
    let stop = |stop: &crate::upgrade::plan::PlannedStop| {
        let notes = stop.notes.iter().cloned();
        let before = stop.before.iter().map(|check| format!("Before: {}", check.what));
        let values = stop.values.iter().map(|value| format!("Values: {}", value.what));
        let steps = stop.steps.iter().map(|step| format!("Step: {}", step.what));
        let lines = notes.chain(before).chain(values).chain(steps).map(|line| redact::text(&line)).collect();
        (format!("GitLab {} (chart {})", stop.gitlab, stop.chart), lines)
    };
    planned.plan.stops.iter().map(stop).collect()
}
