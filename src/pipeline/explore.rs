//! A release for the page of `explore`: every object with the user's values that decide its fields.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::lint::lint;
use super::parts::{Parts, each};
use super::probe::{Probe, Trial};
use super::upgrade::PlannedUpgrade;
use super::why::Layered;
use super::{Output, Request, questions, selected};
use crate::diag::{Failure, Sources, Step, ValuePath, Warned};
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

/// The content of the page, and the open questions in the values; `planned` adds the stops of an upgrade, and `why` is the
/// command that explains a field.
///
/// # Errors
/// Everything for which the values are refused.
pub fn explore(
    request: &Request,
    why: String,
    planned: Option<&PlannedUpgrade>,
) -> Result<(Exploration, Warned<Sources>), Failure> {
    let (rendered, checked) = selected(request, &Output::default())?;
    let layered = Layered::new(request, &checked)?;
    let manifests = rendered.objects.manifests();
    let base: Vec<Fields> = manifests.iter().map(fields).collect();
    let paths: Vec<ValuePath> = tree::leaves(checked.user()).into_iter().map(|(path, _)| path).collect();
    let trials = trials(&paths, &checked, &layered);
    let (mut reached, mut copied) = (BTreeMap::new(), Copied::default());
    if let Some(parts) = Parts::new(request, checked.tree()) {
        let numbers: HashMap<(String, String), usize> =
            manifests.iter().enumerate().map(|(number, manifest)| (key(manifest), number)).collect();
        let compare = Compare { request, checked: &checked, parts, numbers, base: &base };
        reached = compare.reached(&trials);
        copied = compare.copied(&paths);
    }
    let mut objects = Vec::with_capacity(manifests.len());
    for (number, (manifest, fields)) in manifests.iter().zip(&base).enumerate() {
        let fields = fields.iter().enumerate().map(|(field, (path, value))| {
            let values = reached.get(&(number, field)).cloned().unwrap_or_default();
            let defaults = copied.fields.get(&(number, field)).cloned().unwrap_or_default();
            (redact::text(path), shown(&manifest.id.kind, path, value), values, defaults)
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
    let exploration = Exploration {
        title: format!("{} in {}", target.name, target.namespace),
        why,
        objects,
        values: values.collect(),
        defaults: copied.defaults.iter().map(|path| (path.to_string(), layered.of(path).0.value)).collect(),
        findings: lint(request, &Settings::default(), false)?.0.all.iter().map(finding).collect(),
        stops: planned.map(stops).unwrap_or_default(),
    };
    Ok((exploration, questions::of(rendered.warnings, rendered.sources)))
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

/// The release, to compare with what it is with other values.
struct Compare<'r> {
    request: &'r Request,
    checked: &'r Checked,
    parts: Parts<'r>,
    /// The numbers of the objects.
    numbers: HashMap<(String, String), usize>,
    base: &'r [Fields],
}

/// Defaults that are written into fields.
#[derive(Default)]
struct Copied {
    defaults: Vec<ValuePath>,
    /// Their numbers, by field.
    fields: BTreeMap<Field, Vec<usize>>,
}

impl Copied {
    /// Those of `tried` that are in a field, numbered anew.
    fn used(tried: &[ValuePath], mut fields: BTreeMap<Field, Vec<usize>>) -> Self {
        let used: BTreeSet<usize> = fields.values().flatten().copied().collect();
        let numbers: HashMap<usize, usize> = used.iter().enumerate().map(|(number, of)| (*of, number)).collect();
        fields.values_mut().flatten().for_each(|of| *of = numbers[of]);
        Copied { defaults: used.into_iter().map(|of| tried[of].clone()).collect(), fields }
    }
}

impl Compare<'_> {
    fn probe(&self) -> Probe<'_> {
        Probe::new(self.request, self.checked.tree().clone())
    }

    /// The fields that these edits change, with the new values; none where they cannot be rendered.
    fn with(&self, probe: &mut Probe<'_>, edits: &[&Trial]) -> Option<Vec<(Field, Option<Value>)>> {
        let compared = self.parts.with(probe, edits)?;
        Some(
            compared
                .into_iter()
                .flat_map(|(before, after)| changed(&self.numbers, self.base, before, &after))
                .collect(),
        )
    }

    /// The values that decide each field, by the number of the object and of the field.
    fn reached(&self, trials: &[Trial]) -> BTreeMap<Field, Vec<usize>> {
        let ask = |probe: &mut Probe<'_>, edits: &[&Trial]| self.with(probe, edits).unwrap_or_default();
        let groups = marked(self.checked, trials);
        let together = |probe: &mut Probe<'_>, group: &Vec<Marked<'_>>| {
            let changed = ask(probe, &group.iter().map(|marked| &marked.edit).collect::<Vec<_>>());
            let by_marker = |(field, value): (Field, Option<Value>)| {
                let text = value?.to_string();
                let marked = group.iter().find(|marked| text.contains(&marked.marker))?;
                Some((field, marked.edit.candidate))
            };
            // A field that changes without a marker in it, or without the values only, follows from them in another way: each
            // is tried then.
            let found = changed.into_iter().map(by_marker).collect::<Option<Vec<_>>>()?;
            let seen: HashSet<Field> = found.iter().map(|(field, _)| *field).collect();
            let without = ask(probe, &group.iter().filter_map(|marked| marked.default).collect::<Vec<_>>());
            without.iter().all(|(field, _)| seen.contains(field)).then_some(found)
        };
        let mut answers: Vec<(Field, usize)> =
            each(&groups, &|| self.probe(), &together).into_iter().flatten().flatten().collect();
        let known: HashSet<usize> = answers.iter().map(|(_, candidate)| *candidate).collect();
        let open: Vec<&Trial> = trials.iter().filter(|trial| !known.contains(&trial.candidate)).collect();
        let alone = |probe: &mut Probe<'_>, trial: &&Trial| {
            ask(probe, &[*trial]).into_iter().map(|(field, _)| (field, trial.candidate)).collect::<Vec<_>>()
        };
        answers.extend(each(&open, &|| self.probe(), &alone).into_iter().flatten());
        by_field(answers)
    }

    /// The defaults that are written into fields: all of a section get values that no object has, and are looked for.
    fn copied(&self, own: &[ValuePath]) -> Copied {
        let own: HashSet<&ValuePath> = own.iter().collect();
        let mut sections: BTreeMap<String, Vec<Trial>> = BTreeMap::new();
        let mut defaults = Vec::new();
        for (path, value) in tree::leaves(self.checked.tree()) {
            let candidate = defaults.len();
            let Some(to) = schema::trace(&path, value, candidate).filter(|_| !own.contains(&path)) else { continue };
            let depth = if path.first_key() == Some("gitlab") { 2 } else { 1 };
            let section = ValuePath(path.0.iter().take(depth).cloned().collect()).to_string();
            defaults.push(path.clone());
            sections.entry(section).or_default().push(Trial { candidate, path, to: Some(to) });
        }
        let groups: Vec<Vec<Trial>> = sections.into_values().collect();
        let look = |probe: &mut Probe<'_>, group: &Vec<Trial>| {
            let mut found = Vec::new();
            self.look(probe, &group.iter().collect::<Vec<_>>(), &mut found);
            found
        };
        let found = each(&groups, &|| self.probe(), &look).into_iter().flatten().collect();
        Copied::used(&defaults, by_field(found))
    }

    /// Looks for values in the fields that change with them; where they cannot be rendered together, in halves.
    fn look(&self, probe: &mut Probe<'_>, edits: &[&Trial], found: &mut Vec<(Field, usize)>) {
        match (self.with(probe, edits), edits.len()) {
            (Some(changed), _) => {
                for (field, value) in changed.into_iter().filter_map(|(field, value)| Some((field, value?))) {
                    let traces = schema::traces(&value.to_string()).into_iter();
                    found.extend(
                        traces.filter(|of| edits.iter().any(|edit| edit.candidate == *of)).map(|of| (field, of)),
                    );
                }
            }
            (None, 0 | 1) => {}
            (None, count) => {
                let (first, second) = edits.split_at(count / 2);
                self.look(probe, first, found);
                self.look(probe, second, found);
            }
        }
    }
}

/// The numbers of values by the fields that they decide.
fn by_field(answers: Vec<(Field, usize)>) -> BTreeMap<Field, Vec<usize>> {
    let mut fields: BTreeMap<Field, Vec<usize>> = BTreeMap::new();
    for (field, candidate) in answers {
        fields.entry(field).or_default().push(candidate);
    }
    for values in fields.values_mut() {
        values.sort_unstable();
        values.dedup();
    }
    fields
}

/// A string at a key that users choose, a label or a resource say.
struct Marked<'t> {
    /// Puts the marker in its place.
    edit: Trial,
    /// A string that no object has without it.
    marker: String,
    /// Puts its default in its place, where there is one to try.
    default: Option<&'t Trial>,
}

/// The strings at keys that users choose, by section of the values: two renders for each section show which fields they
/// reach.
fn marked<'t>(checked: &Checked, trials: &'t [Trial]) -> Vec<Vec<Marked<'t>>> {
    let mut sections: BTreeMap<String, Vec<Marked<'t>>> = BTreeMap::new();
    for of_value in trials.chunk_by(|a, b| a.candidate == b.candidate) {
        let [first, ..] = of_value else { continue };
        let value = first.path.within(checked.tree());
        let Some((edit, marker)) = Trial::marked(first.candidate, &first.path, value) else { continue };
        let section = ValuePath(first.path.0.iter().take(2).cloned().collect()).to_string();
        let default = of_value.last().filter(|trial| trial.to.as_ref().is_none_or(Value::is_null));
        sections.entry(section).or_default().push(Marked { edit, marker, default });
    }
    sections.into_values().filter(|group| group.len() > 1).collect()
}

/// By what an object is known in two renders.
fn key(manifest: &Manifest) -> (String, String) {
    (manifest.id.kind.clone(), manifest.id.stem().unwrap_or_else(|| manifest.id.name.clone()))
}

/// A field, by the number of its object and its own.
type Field = (usize, usize);

/// The fields that are not there any more or have another value, with the new one.
fn changed(
    numbers: &HashMap<(String, String), usize>,
    base: &[Fields],
    before: &[Manifest],
    after: &[Manifest],
) -> Vec<(Field, Option<Value>)> {
    let there: HashMap<(String, String), &Manifest> = after.iter().map(|manifest| (key(manifest), manifest)).collect();
    let mut changed = Vec::new();
    for manifest in before {
        let key = key(manifest);
        let Some(number) = numbers.get(&key).copied() else { continue };
        match there.get(&key) {
            None => changed.extend((0..base[number].len()).map(|field| ((number, field), None))),
            Some(after) if after.body == manifest.body => {}
            Some(after) => {
                let before: HashMap<String, Value> = fields(manifest).into_iter().collect();
                let mut after: HashMap<String, Value> = fields(after).into_iter().collect();
                for (field, (path, _)) in base[number].iter().enumerate() {
                    let after = after.remove(path);
                    if before.get(path) != after.as_ref() {
                        changed.push(((number, field), after));
                    }
                }
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
