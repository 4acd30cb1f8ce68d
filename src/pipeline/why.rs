//! Finds the values that decide a field: every value is replaced by others, and those that change the field are
//! reported.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::candidates::{self, About, Candidates};
use super::causes::Answer;
use super::objects::{self, RenderPart};
use super::parts::{Reads, each};
use super::probe::{Probe, Trial, TrialEffect, search};
use super::{Causes, Output, Rendered, Request, Target, impact, layers, selected};
use crate::diag::{Diagnostic, Failure, Severity, Sources, Step, ValuePath};
use crate::diff::report::shown;
use crate::manifest::{self, Manifest, ObjectId};
use crate::redact;
use crate::releases;
use crate::render::Renderer;
use crate::resolve::{KubeVersion, component};
use crate::schema::{self, Checked};
use crate::values::{self, Input, Origins, tree};
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
        Ok(subject) => Inquiry::new(request, &checked, subject, path)?.answer(),
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

/// Whether a key is taken out of the user's values before a render: it is no answer, though a default that nobody can change
/// is read.
fn is_unread(path: &ValuePath) -> bool {
    let keys: Vec<&str> = path.0.iter().map_while(Step::key).collect();
    (1..=keys.len()).any(|end| schema::unread_hint(&keys[..end]).is_some())
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
        let mut found = Vec::new();
        let (request, tree) = (self.request, self.checked.tree());
        let read = objects::recorded(request, tree, component, &Renderer::new(), &mut found).unwrap_or_default().1;
        let by_position = self.field.as_ref().is_some_and(FieldPath::is_by_position);
        let about = About { section: key, reads: &Reads::new(&read), by_position };
        let candidates = Candidates::of(tree, self.checked.user(), &self.layered.defaults, &about);
        let mut hits: Vec<TrialEffect> = Vec::new();
        for groups in candidates.rounds {
            // A value that is known to decide the only question need not be tried with another alternative.
            let known = |edit: &Trial| base.len() == 1 && hits.iter().any(|hit| hit.edit.candidate == edit.candidate);
            let open: Vec<Vec<Trial>> =
                groups.into_iter().map(|group| group.into_iter().filter(|edit| !known(edit)).collect()).collect();
            let found = each(&open, &|| self.probe(), &|probe: &mut Probe<'_>, group: &Vec<Trial>| {
                let renders = probe.renders;
                let found = self.found_in(group, &base, probe, part);
                (found, probe.renders - renders)
            });
            for (found, renders) in found {
                hits.extend(found.into_iter().filter(|hit| !is_unread(&hit.edit.path)));
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
        Ok(ObjectOrigin { object, template, fields, one, flags, release: None, renders: probe.renders })
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

    /// The edits of a group that change a field, each alone.
    fn found_in(
        &self,
        group: &[Trial],
        base: &Fields,
        probe: &mut Probe<'_>,
        part: RenderPart<'_>,
    ) -> Vec<TrialEffect> {
        let questions: Vec<usize> = (0..base.len()).collect();
        let mut ask = |edits: &[&Trial]| Some(self.compare(base, &probe.render(edits, part)?));
        let mut hits = Vec::new();
        search(group, &questions, &mut ask, &mut hits);
        // What fills an empty place may be something that a render refuses: that would be no answer.
        let (filled, mut found): (Vec<_>, Vec<_>) = hits.into_iter().partition(|hit| self.fills(&hit.edit));
        let mut fills: Vec<(Trial, Vec<TrialEffect>)> = Vec::new();
        for hit in filled {
            match fills.iter_mut().find(|(edit, _)| *edit == hit.edit) {
                Some((_, hits)) => hits.push(hit),
                None => fills.push((hit.edit.clone(), vec![hit])),
            }
        }
        for (edit, whole) in fills {
            // a map that was filled as a whole: the keys in it that count
            let open: Vec<usize> = whole.iter().map(|hit| hit.question).collect();
            let mut keys = Vec::new();
            search(&candidates::keys(&edit), &open, &mut ask, &mut keys);
            let mut judged: Vec<(Trial, bool)> = Vec::new();
            for hit in keys.into_iter().chain(whole) {
                let is_whole = hit.edit == edit;
                if is_whole
                    && found
                        .iter()
                        .any(|other| other.question == hit.question && other.edit.path.0.starts_with(&edit.path.0))
                {
                    continue;
                }
                let known = judged.iter().find(|(known, _)| *known == hit.edit).map(|(_, taken)| *taken);
                let taken = known.unwrap_or_else(|| self.is_taken(&hit.edit, part));
                if known.is_none() {
                    judged.push((hit.edit.clone(), taken));
                }
                if taken {
                    found.push(hit);
                }
            }
        }
        found
    }

    /// Whether an edit puts something where there is nothing.
    fn fills(&self, edit: &Trial) -> bool {
        let empty = match edit.path.within(self.checked.tree()) {
            None | Some(Value::Null) => true,
            Some(Value::Object(map)) => map.is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            Some(_) => false,
        };
        empty && edit.to.is_some()
    }

    /// Whether a render takes the values with an edit, and the object is still another one then: keys that nothing reads
    /// are gone by then.
    fn is_taken(&self, edit: &Trial, part: RenderPart<'_>) -> bool {
        let to = edit.to.clone().unwrap_or_default();
        let user = impact::put(self.checked.user(), self.checked.tree(), &edit.path, &to);
        let bytes = serde_json::to_vec(&user).unwrap_or_default();
        let inputs = vec![Input::File { name: String::new(), bytes }];
        let request = Request { inputs, profile: None, ..self.request.clone() };
        let Ok((checked, found)) = super::checked(&request, Causes::Ignored) else { return false };
        let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
        if found.iter().any(is_error) || objects::contradictions(&request, checked.tree()).iter().any(is_error) {
            return false;
        }
        let mut probe = Probe::new(&request, checked.tree().clone());
        let Some(manifests) = probe.render(&[], part).filter(|_| !probe.found.iter().any(is_error)) else {
            return false;
        };
        let there = self.find(&manifests).map(|there| self.fields(&there.body));
        there.is_none_or(|there| there != self.fields(&self.subject.body)) && manifest::verify(manifests).is_ok()
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
