//! Finds the values that decide a field: what is read for the object is replaced by other values, and those that change the
//! field are reported.
//!
//! [`candidates`] makes the edits: of the values that are read, of the known keys beside them that nobody has set, and of
//! lists as a whole. The least part of the release that gives the same field is rendered with them ([`search`]); an edit that
//! changes the field is then held against a render of all components that read it, as a user would get it
//! ([`Inquiry::taken`]). What is refused there, or changes nothing, is not reported.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::candidates::{self, About, Candidates};
use super::causes::Answer;
use super::objects::{self, RenderPart};
use super::parts::{Parts, Reads, each};
use super::probe::{Probe, Trial, TrialEffect, search};
use super::{Output, Rendered, Request, Target, impact, layers, questions, selected};
use crate::diag::{Diagnostic, Failure, Severity, Sources, ValuePath, Warned};
use crate::diff::report::shown;
use crate::manifest::{self, Manifest, ObjectId};
use crate::redact;
use crate::releases;
use crate::render::Renderer;
use crate::resolve::{KubeVersion, component};
use crate::schema::Checked;
use crate::values::{self, ChartDefaults, Input, Merged, Origins, tree};
use crate::why::field::{self, FieldPath};
use crate::why::{self, FieldOrigin, FieldOutcome, LayerValue, ObjectOrigin, Proof, ValueSource};

/// The values that decide a field of an object; without `field`, all values that affect the object, by field.
///
/// Where `is_named` is false, nobody named the release: an object that it would have under another name says
/// so.
///
/// # Errors
/// Everything for which the values are refused, and an object or a field that does not exist.
pub fn why(request: &Request, is_named: bool, object: &str, field: Option<&str>) -> Result<ObjectOrigin, Failure> {
    let path = field.map(FieldPath::parse).transpose().map_err(|reason| bad_field(&reason))?;
    let (rendered, checked) = selected(request, &Output::default())?;
    match subject(&rendered, object) {
        Ok(subject) => {
            let origin = Inquiry::new(request, &checked, subject, path)?.answer()?;
            Ok(ObjectOrigin { questions: questions::of(rendered.warnings, rendered.sources), ..origin })
        }
        Err(finding) => {
            let ids = rendered.objects.manifests().iter().map(|manifest| &manifest.id);
            let other = why::release_named(object, &request.target.name, ids).filter(|_| !is_named);
            let Some(name) = other else { return Err(finding.into()) };
            let target = Target { name: name.clone(), ..request.target.clone() };
            let origin = why(&Request { target, ..request.clone() }, true, object, field)?;
            Ok(ObjectOrigin { release: Some(name), ..origin })
        }
    }
}

fn bad_field(reason: &str) -> Diagnostic {
    Diagnostic::usage("bad-field", format!("the path of the field cannot be read: {reason}"))
        .hint("write it as `spec.replicas`, `spec.template.spec.containers[webservice].image` or `metadata.annotations[a.b/c]`")
}

/// Finds the object that a word names.
fn subject<'r>(rendered: &'r Rendered, word: &str) -> Result<&'r Manifest, Diagnostic> {
    let manifests = rendered.objects.manifests();
    let found: Vec<&Manifest> = manifests.iter().filter(|manifest| why::selects(word, &manifest.id)).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let near = why::nearest(word, manifests.iter().map(|manifest| &manifest.id));
            let hint = match near.is_empty() {
                true => {
                    "`gitlab-render template` writes all objects; name one in the form `Deployment/prod-kas`".to_owned()
                }
                false => format!("there is {}", quoted(&near)),
            };
            Err(Diagnostic::usage("no-object-named", format!("these values create no object `{word}`")).hint(hint))
        }
        several => {
            let names: Vec<String> = several.iter().map(|manifest| manifest.id.resource()).collect();
            let message = format!("`{word}` names {} objects", several.len());
            Err(Diagnostic::usage("no-object-named", message).hint(format!("name one of {}", quoted(&names))))
        }
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The question, and the values that it is about.
struct Inquiry<'r> {
    request: &'r Request,
    checked: &'r Checked,
    subject: &'r Manifest,
    /// The field in question; `None`: all fields.
    field: Option<FieldPath>,
    layered: Layered<'r>,
}

/// The values by layer.
pub(super) struct Layered<'c> {
    checked: &'c Checked,
    defaults: Value,
    layers: Vec<Layer>,
}

/// One input by itself.
struct Layer {
    kind: &'static str,
    /// The number of its first source among those of all inputs.
    first: usize,
    texts: Sources,
    own: Value,
    origins: Origins,
}

/// What a value is held against before it is named.
struct Judge<'r> {
    /// The components, by what they read; `None` where only all of them together can be rendered.
    parts: Option<Parts<'r>>,
    chart: ChartDefaults,
    /// The part that is rendered to find an effect.
    part: RenderPart<'r>,
    base: &'r Fields,
}

/// The subjects of the questions: fields by their paths, in the order of the object; a field may be missing.
type Fields = Vec<(String, Option<Value>)>;

impl<'r> Inquiry<'r> {
    fn new(
        request: &'r Request,
        checked: &'r Checked,
        subject: &'r Manifest,
        field: Option<FieldPath>,
    ) -> Result<Self, Failure> {
        Ok(Inquiry { request, checked, subject, field, layered: Layered::new(request, checked)? })
    }

    fn answer(&self) -> Result<ObjectOrigin, Failure> {
        let base = self.fields(&self.subject.body);
        let mut probe = self.probe();
        let part = self.part(&mut probe, &base);
        let component: &str = &self.subject.component;
        let key = component::ALL.iter().find(|known| known.name == component).map_or("", |known| known.key);
        let (request, tree) = (self.request, self.checked.tree());
        let reads = self.reads(part);
        let by_position = self.field.as_ref().is_some_and(FieldPath::is_by_position);
        let one_field = self.field.is_some();
        let about = About { section: key, reads: &reads, by_position, one_field };
        let candidates = Candidates::of(tree, self.checked.user(), &self.layered.defaults, &about);
        let judge =
            Judge { parts: Parts::new(request, tree), chart: layers::chart(&request.target)?, part, base: &base };
        let mut hits: Vec<TrialEffect> = Vec::new();
        for groups in candidates.rounds {
            // A value that is known to decide the only question need not be tried with another alternative.
            let known = |edit: &Trial| base.len() == 1 && hits.iter().any(|hit| hit.edit.candidate == edit.candidate);
            let open: Vec<Vec<Trial>> =
                groups.into_iter().map(|group| group.into_iter().filter(|edit| !known(edit)).collect()).collect();
            let found = each(&open, &|| self.probe(), &|probe: &mut Probe<'_>, group: &Vec<Trial>| {
                let renders = probe.renders;
                let found = self.found_in(group, &judge, probe);
                (found, probe.renders - renders)
            });
            for (found, renders) in found {
                hits.extend(found);
                probe.renders += renders;
            }
        }
        let flags = self.flags(&mut probe, part, &base);
        let mut by_field: BTreeMap<usize, Vec<TrialEffect>> = BTreeMap::new();
        for hit in hits {
            by_field.entry(hit.question).or_default().push(hit);
        }
        let mut fields = Vec::with_capacity(base.len());
        for (number, (path, value)) in base.iter().enumerate() {
            let hits = by_field.remove(&number).unwrap_or_default();
            let sources = self.sources(hits, path, &mut probe, part);
            if value.is_none() && sources.is_empty() {
                return Err(self.no_field().into());
            }
            let value = value.as_ref().map(|value| shown(&self.subject.id.kind, path, value));
            fields.push(FieldOrigin { field: path.clone(), value, sources });
        }
        let (object, template) = (self.subject.id.clone(), self.subject.source.clone());
        let one = self.field.is_some();
        let questions = Warned { value: Sources::default(), warnings: Vec::new() };
        Ok(ObjectOrigin { object, template, fields, one, flags, release: None, questions, renders: probe.renders })
    }

    fn probe(&self) -> Probe<'r> {
        Probe::new(self.request, self.checked.tree().clone())
    }

    /// The least part of the release that gives the same fields as the whole.
    fn part(&self, probe: &mut Probe<'_>, base: &Fields) -> RenderPart<'r> {
        let (_, template) = self.subject.source.split_once('/').unwrap_or(("", &self.subject.source));
        let component: &str = &self.subject.component;
        let parts = [RenderPart::Template(component, template), RenderPart::Component(component)];
        let mut same = |part: &RenderPart<'_>| {
            let manifests = probe.render(&[], *part);
            let there = manifests.as_deref().and_then(|manifests| self.find(manifests));
            there.is_some_and(|there| self.fields(&there.body) == *base)
        };
        parts.into_iter().find(|part| same(part)).unwrap_or(RenderPart::Whole)
    }

    /// What is read for a part of the release.
    fn reads(&self, part: RenderPart<'_>) -> Reads {
        let (request, tree) = (self.request, self.checked.tree());
        let recorded = |part| objects::recorded(request, tree, part, &Renderer::new(), &mut Vec::new());
        match part {
            RenderPart::Whole => Reads::of_everything(),
            part => recorded(part).map_or_else(Reads::of_everything, |(_, paths)| Reads::new(&paths)),
        }
    }

    /// The edits of a group that change a field, each alone, and that a render does not refuse.
    fn found_in(&self, group: &[Trial], judge: &Judge<'_>, probe: &mut Probe<'_>) -> Vec<TrialEffect> {
        let questions: Vec<usize> = (0..judge.base.len()).collect();
        let mut ask = |edits: &[&Trial]| Some(self.compare(judge.base, &probe.render(edits, judge.part)?));
        let mut whole = Vec::new();
        let failed = search(group, &questions, &mut ask, &mut whole);
        // A map that was filled as a whole: the keys in it that count.
        let mut filled: Vec<(Trial, Vec<usize>)> = failed.into_iter().map(|edit| (edit, questions.clone())).collect();
        for hit in &whole {
            match filled.iter_mut().find(|(edit, _)| *edit == hit.edit) {
                Some((_, open)) => open.push(hit.question),
                None => filled.push((hit.edit.clone(), vec![hit.question])),
            }
        }
        let mut hits = Vec::new();
        for (edit, open) in &filled {
            search(&candidates::keys(edit), open, &mut ask, &mut hits);
        }
        hits.extend(whole);
        let mut judged: Vec<(Trial, Option<Vec<Answer>>)> = Vec::new();
        let mut found: Vec<TrialEffect> = Vec::new();
        for hit in hits {
            let is_known = |other: &TrialEffect| {
                other.question == hit.question
                    && other.edit.path != hit.edit.path
                    && other.edit.path.0.starts_with(&hit.edit.path.0)
            };
            if found.iter().any(is_known) {
                continue;
            }
            let known = judged.iter().position(|(edit, _)| *edit == hit.edit).unwrap_or_else(|| {
                judged.push((hit.edit.clone(), self.taken(&hit.edit, judge)));
                judged.len() - 1
            });
            let answer = judged[known].1.as_ref().and_then(|answers| answers.get(hit.question).copied());
            if let Some(answer) = answer.filter(|answer| *answer != Answer::Same) {
                found.push(TrialEffect { answer, ..hit });
            }
        }
        found
    }

    /// The answers with an edit, as a user would get them who writes it into the values: all components that read it are
    /// rendered. `None` where these values are refused.
    fn taken(&self, edit: &Trial, judge: &Judge<'_>) -> Option<Vec<Answer>> {
        let to = edit.to.clone().unwrap_or_default();
        let user = impact::put(self.checked.user(), self.checked.tree(), &edit.path, &to);
        let tree = tree::over_defaults(user.clone(), judge.chart.clone());
        let merged = Merged { user, tree, origins: Origins::none(), sources: Sources::default() };
        let checked = super::rechecked(self.request, merged)?;
        let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
        if objects::contradictions(self.request, checked.tree()).iter().any(is_error) {
            return None;
        }
        let mut parts = judge.parts.as_ref().map_or_else(|| vec![RenderPart::Whole], |parts| parts.reached(edit));
        let own = RenderPart::Component(&self.subject.component);
        if judge.part == RenderPart::Whole {
            parts = vec![RenderPart::Whole];
        } else if !parts.contains(&RenderPart::Whole) && !parts.contains(&own) {
            parts.push(own);
        }
        let mut probe = Probe::new(self.request, checked.tree().clone());
        let mut all = Vec::new();
        for part in parts {
            all.extend(probe.render(&[], part).filter(|_| !probe.found.iter().any(is_error))?);
        }
        let answers = self.compare(judge.base, &all);
        manifest::verify(all).ok().map(|_| answers)
    }

    fn fields(&self, body: &Value) -> Fields {
        match &self.field {
            Some(path) => vec![(path.to_string(), path.read(body).map(Cow::into_owned))],
            None => field::leaves(body).into_iter().map(|(path, value)| (path.to_string(), Some(value))).collect(),
        }
    }

    fn no_field(&self) -> Diagnostic {
        let path = self.field.as_ref().map(ToString::to_string).unwrap_or_default();
        let id = &self.subject.id;
        let all: Vec<String> =
            field::leaves(&self.subject.body).into_iter().map(|(path, _)| path.to_string()).collect();
        let last = path.rsplit(['.', '[']).next().unwrap_or_default().trim_end_matches(']');
        let mut near: Vec<&String> = all.iter().filter(|other| !last.is_empty() && other.contains(last)).collect();
        near.truncate(3);
        let near: Vec<String> = near.into_iter().cloned().collect();
        let hint = match near.is_empty() {
            true => format!("`gitlab-render why {id}` lists its fields"),
            false => format!("there is {}", quoted(&near)),
        };
        Diagnostic::usage("no-field-named", format!("`{id}` has no field `{path}`")).hint(hint)
    }

    /// Finds the object in another set.
    fn find<'m>(&self, manifests: &'m [Manifest]) -> Option<&'m Manifest> {
        let by_content = self.subject.id.stem();
        let same = |id: &ObjectId| {
            let ours = &self.subject.id;
            let kind = id.kind == ours.kind && id.group() == ours.group();
            kind && (id.name == ours.name || (by_content.is_some() && id.stem() == by_content))
        };
        // An object in another namespace counts as the same.
        let mut alike = manifests.iter().filter(|manifest| same(&manifest.id));
        let first = alike.next()?;
        match first.id.namespace == self.subject.id.namespace {
            true => Some(first),
            false => Some(alike.find(|other| other.id.namespace == self.subject.id.namespace).unwrap_or(first)),
        }
    }

    fn compare(&self, base: &Fields, manifests: &[Manifest]) -> Vec<Answer> {
        let there = self.find(manifests).map(|there| self.fields(&there.body));
        let other: HashMap<String, Value> =
            there.into_iter().flatten().filter_map(|(path, value)| Some((path, value?))).collect();
        let answer = |(path, value): &(String, Option<Value>)| match (value, other.get(path)) {
            (value, other) if value.as_ref() == other => Answer::Same,
            (_, Some(_)) => Answer::Changed,
            (_, None) => Answer::Moot,
        };
        base.iter().map(answer).collect()
    }

    /// The values that decide a field: those that give it its value before those that it needs to exist, and the user's
    /// values before defaults.
    fn sources(
        &self,
        hits: Vec<TrialEffect>,
        field: &str,
        probe: &mut Probe<'_>,
        part: RenderPart<'_>,
    ) -> Vec<ValueSource> {
        let mut best: Vec<TrialEffect> = Vec::new();
        for hit in hits {
            match best.iter_mut().find(|other| other.edit.path == hit.edit.path) {
                Some(other) if other.answer < hit.answer => *other = hit,
                Some(_) => {}
                None => best.push(hit),
            }
        }
        let mut sources: Vec<(Answer, ValueSource)> = Vec::with_capacity(best.len());
        for hit in best {
            let then = match hit.answer {
                Answer::Changed if self.field.is_some() => self.outcome(probe, &hit.edit, field, part),
                _ => FieldOutcome::NoField,
            };
            let path = hit.edit.path.clone();
            let with = hit.edit.to.as_ref().map(|value| redact::value(&path.to_string(), value));
            let (at, overridden) = self.layered.of(&path);
            sources.push((hit.answer, ValueSource { path, at, overridden, shown_by: Proof { with, then } }));
        }
        sources.sort_by_key(|(answer, source)| (std::cmp::Reverse(*answer), source.at.layer == "default"));
        sources.into_iter().map(|(_, source)| source).collect()
    }

    fn outcome(&self, probe: &mut Probe<'_>, edit: &Trial, field: &str, part: RenderPart<'_>) -> FieldOutcome {
        let Some(manifests) = probe.render(&[edit], part) else { return FieldOutcome::NoObject };
        let Some(there) = self.find(&manifests) else { return FieldOutcome::NoObject };
        match self.fields(&there.body).into_iter().find(|(path, _)| path == field) {
            Some((path, Some(value))) => FieldOutcome::Value(shown(&self.subject.id.kind, &path, &value)),
            _ => FieldOutcome::NoField,
        }
    }

    /// Flags of the command line that decide a field too.
    fn flags(&self, probe: &mut Probe<'_>, part: RenderPart<'_>, base: &Fields) -> Vec<&'static str> {
        let target = &self.request.target;
        let mut tried = vec![("--name", Request { ..self.request.clone() }); 5];
        tried[0].1.target.name = format!("{}x", target.name);
        tried[1] = ("--namespace", self.request.clone());
        tried[1].1.target.namespace = format!("{}x", target.namespace);
        tried[2] = ("--is-upgrade", self.request.clone());
        tried[2].1.target.is_upgrade = !target.is_upgrade;
        tried[3] = ("--kube-version", self.request.clone());
        let older = KubeVersion { minor: target.kube_version.minor.saturating_sub(5), ..target.kube_version };
        tried[3].1.target.kube_version = older;
        tried[4] = ("--api-versions", self.request.clone());
        tried[4].1.target.api_versions = match target.api_versions.is_empty() {
            true => ["monitoring.coreos.com/v1", "cert-manager.io/v1", "keda.sh/v1alpha1"].map(str::to_owned).to_vec(),
            false => Vec::new(),
        };
        let position = |manifests: &[Manifest], id: &ObjectId| {
            manifests.iter().filter(|m| m.source == self.subject.source).position(|m| m.id == *id)
        };
        let place = probe.render(&[], part).and_then(|all| position(&all, &self.find(&all)?.id));
        let decides = |request: &Request, probe: &mut Probe<'_>| {
            let Some(manifests) = probe.render_for(request, &[], part) else { return true };
            let mut alike = manifests.iter().filter(|m| m.source == self.subject.source);
            let Some(there) = place.and_then(|place| alike.nth(place)) else { return true };
            self.fields(&there.body) != *base
        };
        let mut flags: Vec<&'static str> =
            tried.iter().filter(|(_, request)| decides(request, probe)).map(|(flag, _)| *flag).collect();
        if self.depends_on_version(part, base) {
            flags.push("--gitlab-version");
        }
        flags
    }

    /// Whether another release of GitLab, with its defaults, gives another field.
    fn depends_on_version(&self, part: RenderPart<'_>, base: &Fields) -> bool {
        let version = layers::version(&self.request.target);
        let other = releases::known_series().into_iter().rev().find(|series| *series < version.series());
        let Some(other) = other.and_then(releases::newest) else { return false };
        let mut request = self.request.clone();
        request.target.gitlab_version = Some(other.to_string());
        let Ok(chart) = layers::chart(&request.target) else { return false };
        let merged = tree::over_defaults(self.checked.user().clone(), chart);
        let Some(manifests) = Probe::new(&request, merged).render(&[], part) else { return false };
        self.find(&manifests).is_none_or(|there| self.fields(&there.body) != *base)
    }
}

impl<'c> Layered<'c> {
    /// Prepares checked values and the inputs that they come from.
    pub fn new(request: &Request, checked: &'c Checked) -> Result<Self, Failure> {
        let defaults = tree::over_defaults(Value::Null, layers::chart(&request.target)?);
        let inputs = layers::inputs(request)?;
        let mut layers: Vec<Layer> = Vec::with_capacity(inputs.len());
        for input in values::in_order(&inputs) {
            let first = layers.last().map_or(0, |below| below.first + below.texts.all().count());
            layers.push(Layer::of(input, first));
        }
        Ok(Layered { checked, defaults, layers })
    }

    /// The default at a path.
    pub fn default(&self, path: &ValuePath) -> Option<&Value> {
        path.within(&self.defaults)
    }

    /// The place of a value, and the values of lower layers.
    pub fn of(&self, path: &ValuePath) -> (LayerValue, Vec<LayerValue>) {
        let merged = path.within(self.checked.tree());
        let user = path.within(self.checked.user());
        // A null under `global` keeps the default.
        let ignored = user.is_some_and(Value::is_null) && merged.is_some_and(|value| !value.is_null());
        let written = self.checked.origins().exact(path).filter(|_| user.is_some() && !ignored);
        let default = path.within(&self.defaults).map(|value| LayerValue {
            layer: "default",
            file: None,
            place: None,
            value: redact::value(&path.to_string(), value),
        });
        let Some(origin) = written else {
            let none = LayerValue { layer: "default", file: None, place: None, value: Value::Null };
            let merged = merged.map(|value| redact::value(&path.to_string(), value));
            let at = default.unwrap_or(none);
            return (LayerValue { value: merged.unwrap_or_default(), ..at }, Vec::new());
        };
        let at = origin.key.unwrap_or(origin.value);
        // The last of those that begin at this source or before it.
        let top = self.layers.iter().rposition(|layer| layer.first <= at.source).unwrap_or_default();
        let effective = LayerValue {
            layer: self.layers.get(top).map_or("file", |layer| layer.kind),
            file: self.checked.sources().get(at.source).map(|text| text.name.clone()),
            place: Some((at.line, at.column)),
            value: redact::value(&path.to_string(), merged.or(user).unwrap_or(&Value::Null)),
        };
        let below = self.layers.iter().take(top).rev().filter_map(|layer| layer.value(path));
        (effective, below.chain(default).collect())
    }
}

impl Layer {
    fn of(input: &Input, first: usize) -> Self {
        let kind = match input {
            Input::File { name, .. } if name.starts_with("profile:") => "profile",
            Input::File { .. } | Input::Composed(_) => "file",
            Input::SetJson(_) => "--set-json",
            Input::Set(_) => "--set",
            Input::SetString(_) => "--set-string",
            Input::SetFile(..) => "--set-file",
            Input::SetLiteral(_) => "--set-literal",
        };
        // It was read before, together with the others.
        let (own, origins, texts) = match values::load_with(std::slice::from_ref(input), Severity::Warning) {
            Ok(read) => {
                let (own, origins) = read.value.own();
                (own, origins, read.value.sources)
            }
            Err(_) => (Value::Null, Origins::none(), Sources::default()),
        };
        Layer { kind, first, texts, own, origins }
    }

    /// The value of this layer at a path.
    fn value(&self, path: &ValuePath) -> Option<LayerValue> {
        let value = path.within(&self.own)?;
        // `--set list[1]=x` alone leaves a gap in front of it.
        let hole = value.is_null() && self.kind.starts_with("--") && path.last_key().is_none();
        let origin = self.origins.exact(path).filter(|_| !hole)?;
        let at = origin.key.unwrap_or(origin.value);
        Some(LayerValue {
            layer: self.kind,
            file: self.texts.get(at.source).map(|text| text.name.clone()),
            place: Some((at.line, at.column)),
            value: redact::value(&path.to_string(), value),
        })
    }
}
