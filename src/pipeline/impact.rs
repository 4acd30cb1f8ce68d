//! The effect of a value: the release is compared with and without a change of it.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::parts::{Parts, each};
use super::probe::{Probe, Trial};
use super::{Causes, Output, Request, layers, selected, selected_with};
use crate::diag::{Diagnostic, Failure, Report, Sources, Step, ValuePath};
use crate::diff::{self, Comparison, Object, ObjectChange, ObjectFate};
use crate::escape;
use crate::manifest::Manifest;
use crate::redact;
use crate::schema::{self, Checked};
use crate::shell;
use crate::values::set::{self, Syntax};
use crate::values::{self, Flag, Input, tree};
use crate::why::field;

/// A change of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueChange<'t> {
    /// It is set: `path=value`, as `--set` takes it.
    Set(&'t str),
    /// The user's value is removed, so that its default applies.
    Unset(&'t str),
    /// All values that it can have.
    Any(&'t str),
}

/// The effect of a change.
#[derive(Debug)]
pub struct Impact {
    /// The value and its alternatives, in sentences.
    pub heading: String,
    /// The differences.
    pub comparison: Comparison,
    /// New notes and warnings.
    pub warnings: Vec<(Vec<Diagnostic>, Sources)>,
}

/// Compares the release before and after a change of a value.
///
/// # Errors
/// Everything for which the values are refused, before and after the change; an invalid path.
pub fn impact(request: &Request, change: ValueChange<'_>) -> Result<Impact, Failure> {
    let (rendered, checked) = selected(request, &Output::default())?;
    let defaults = tree::over_defaults(Value::Null, layers::chart(&request.target)?);
    let now = |path: &ValuePath| path.within(checked.tree()).or_else(|| path.within(&defaults));
    let whole = |user: Value| {
        let bytes = serde_json::to_vec_pretty(&user).unwrap_or_default();
        let input = Input::File { name: "the values with this change".to_owned(), bytes };
        Request { inputs: vec![input], profile: None, ..request.clone() }
    };
    let (heading, variants) = match change {
        ValueChange::Set(text) => {
            let paths = paths(text)?;
            let heading: Vec<String> = paths.iter().map(|path| is(path, now(path))).collect();
            let number = request.inputs.iter().filter(|input| matches!(input, Input::Set(_))).count() + 1;
            let flag = Input::Set(Flag { number, text: text.to_owned() });
            // The value that is set here has to win over all other flags.
            let later =
                |input: &Input| matches!(input, Input::SetString(_) | Input::SetFile(..) | Input::SetLiteral(_));
            let mut changed = match request.inputs.iter().any(later) {
                true => whole(checked.user().clone()),
                false => request.clone(),
            };
            changed.inputs.push(flag);
            (format!("{}; set: {}", heading.join("; "), redact::text(text)), vec![changed.into()])
        }
        ValueChange::Unset(text) => {
            let path = path(text)?;
            let Some(left) = left_out(request, &path)? else {
                let message = match path.within(checked.user()) {
                    Some(_) => format!("`{path}` is set by the profile only, so it cannot be removed from your values"),
                    None => format!("`{path}` is not set, so it cannot be removed"),
                };
                let shown = shell::quoted(&path.to_string());
                let hint = format!(
                    "`gitlab-render impact {}` removes a default; `gitlab-render impact {shown}` shows what it can reach",
                    shell::quoted(&format!("{path}=null"))
                );
                return Err(Diagnostic::usage("not-set", message).hint(hint).into());
            };
            (format!("{}; left out", is(&path, now(&path))), vec![left.into()])
        }
        ValueChange::Any(text) => {
            let path = path(text)?;
            let mut changes = alternatives(&path, now(&path), checked.tree());
            changes.dedup();
            let left = left_out(request, &path)?;
            let set = left.is_some();
            let effects = effects(request, &checked, &changes);
            let mut variants: Vec<Variant> = changes
                .iter()
                .zip(effects)
                .filter(|(_, fields)| fields.as_ref().is_none_or(|fields| !fields.is_empty()))
                .map(|((at, to), fields)| Variant {
                    request: whole(put(checked.user(), checked.tree(), at, to)),
                    fields,
                })
                .collect();
            if variants.is_empty() {
                // Without an effect it may be refused all the same.
                let first = changes.first().map(|(at, to)| whole(put(checked.user(), checked.tree(), at, to)));
                variants.extend(first.map(Variant::from));
            }
            variants.extend(left.map(Variant::from));
            let with: Vec<String> = changes.iter().map(|(at, to)| short(&redact::value(&at.to_string(), to))).collect();
            let count = with.len();
            let tried = match (set, count) {
                (_, 9..) => format!("{count} changes below it"),
                (true, _) => format!("{} and left out", with.join(", ")),
                (false, _) => with.join(", "),
            };
            (format!("{}; tried: {tried}", is(&path, now(&path))), variants)
        }
    };
    let all_must_pass = !matches!(change, ValueChange::Any(_));
    let before = |finding: &Diagnostic| {
        rendered.warnings.iter().any(|known| known.code == finding.code && known.message == finding.message)
    };
    let old = rendered.objects.manifests();
    let compared = |(): &mut (), variant: &&Variant| -> Result<_, Failure> {
        let causes = if all_must_pass { Causes::Sought } else { Causes::Ignored };
        let (new, _) = selected_with(&variant.request, &Output::default(), causes)?;
        let objects = |manifests: &[Manifest]| manifests.iter().filter_map(Object::rendered).collect();
        let comparison = diff::compare(objects(old), objects(new.objects.manifests()), "default");
        Ok((comparison, new.warnings, new.sources))
    };
    let mut comparisons = Vec::new();
    let mut warnings = Vec::new();
    let mut refused = None;
    let mut seen = HashSet::new();
    for some in variants.chunks(AT_ONCE) {
        let new: Vec<&Variant> = some.iter().filter(|variant| variant.shows_more_than(&seen)).collect();
        for (variant, answer) in new.iter().zip(each(&new, &|| (), &compared)) {
            match answer {
                Ok((comparison, found, sources)) => {
                    comparisons.push(comparison);
                    warnings.push((found.into_iter().filter(|finding| !before(finding)).collect(), sources));
                    seen.extend(variant.fields.iter().flatten().cloned());
                }
                Err(failure) if all_must_pass => return Err(failure),
                Err(failure) => refused = Some(failure),
            }
        }
    }
    match (comparisons.is_empty(), refused) {
        (true, Some(failure)) => Err(failure),
        _ => {
            if !all_must_pass {
                warnings.clear();
            }
            Ok(Impact { heading: escape::line(&heading).to_string(), comparison: union(comparisons), warnings })
        }
    }
}

/// How many variants are rendered before it is known what they show.
const AT_ONCE: usize = 8;

/// An object, and the path of a field in it.
type ObjectField = (String, String);

/// The release with a change.
struct Variant {
    request: Request,
    /// The fields that differ in the components which read what is changed; `None` where that is not known.
    fields: Option<Vec<ObjectField>>,
}

impl From<Request> for Variant {
    fn from(request: Request) -> Self {
        Variant { request, fields: None }
    }
}

impl Variant {
    fn shows_more_than(&self, seen: &HashSet<ObjectField>) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.iter().any(|field| !seen.contains(field)))
    }
}

fn is(path: &ValuePath, now: Option<&Value>) -> String {
    match now {
        Some(value) => format!("`{path}` is {}", short(&redact::value(&path.to_string(), value))),
        None => format!("`{path}` is not set"),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.chars().count() > 60 {
        true => format!("{}…", text.chars().take(60).collect::<String>()),
        false => text,
    }
}

fn paths(text: &str) -> Result<Vec<ValuePath>, Failure> {
    let mut sources = Sources::default();
    let source = sources.add("PATH=VALUE", text);
    match set::parse(text, source, Syntax::Typed) {
        Ok(parsed) if parsed.assignments.is_empty() => {
            let hint = "write `global.ingress.tls.enabled`, or `global.ingress.tls.enabled=false`";
            Err(Diagnostic::usage("bad-path", format!("`{text}` is not a values path")).hint(hint).into())
        }
        Ok(parsed) => Ok(parsed.assignments.iter().map(|assignment| assignment.place().0).collect()),
        Err(finding) => Err(Failure { report: Report(vec![finding]), sources }),
    }
}

fn path(text: &str) -> Result<ValuePath, Failure> {
    Ok(paths(&format!("{text}=null"))?.into_iter().next().unwrap_or_default())
}

/// The request without the user's own value, and above a profile's; `None` where the user has none.
fn left_out(request: &Request, path: &ValuePath) -> Result<Option<Request>, Failure> {
    let own = values::load(&request.inputs)?.value.own().0;
    if path.within(&own).is_none() {
        return Ok(None);
    }
    let bytes = serde_json::to_vec_pretty(&tree::without(&own, &[path].into_iter().collect())).unwrap_or_default();
    let input = Input::File { name: "the values without this key".to_owned(), bytes };
    Ok(Some(Request { inputs: vec![input], ..request.clone() }))
}

/// The alternatives of a value, or of the values, lists and keys below a section.
fn alternatives(path: &ValuePath, now: Option<&Value>, tree: &Value) -> Vec<(ValuePath, Value)> {
    let of = |path: &ValuePath, value: &Value| -> Vec<(ValuePath, Value)> {
        schema::alternatives(path, value).into_iter().flat_map(|other| by_key(path.clone(), other)).collect()
    };
    match now {
        Some(section @ (Value::Object(_) | Value::Array(_))) if !tree::leaves(section).is_empty() => {
            let below = |inner: &ValuePath| ValuePath(path.0.iter().chain(&inner.0).cloned().collect());
            let leaves = tree::leaves(section).into_iter();
            let mut all: Vec<_> = leaves.flat_map(|(inner, value)| of(&below(&inner), value)).collect();
            // On the way to the section, in it, and below it.
            let shared = |other: &ValuePath| path.0.iter().zip(&other.0).all(|(a, b)| a == b);
            let open = schema::open_places(tree, &shared);
            let inside = |other: &ValuePath| other.0.starts_with(&path.0);
            for list in open.lists.iter().filter(|list| inside(list)) {
                let items = list.within(tree).and_then(Value::as_array);
                let others = items.map(|items| schema::list_alternatives(list, items)).unwrap_or_default();
                all.extend(others.into_iter().map(|other| (list.clone(), other)));
            }
            all.extend(open.unset.iter().filter(|unset| inside(unset)).flat_map(|unset| of(unset, &Value::Null)));
            all
        }
        value => of(path, value.unwrap_or(&Value::Null)),
    }
}

/// The fields that each change alters in the components which read it; `None` where that is not known.
fn effects(request: &Request, checked: &Checked, changes: &[(ValuePath, Value)]) -> Vec<Option<Vec<ObjectField>>> {
    let Some(parts) = Parts::new(request, checked.tree()) else { return vec![None; changes.len()] };
    let fields = |probe: &mut Probe<'_>, (path, to): &(ValuePath, Value)| {
        let trial = Trial { candidate: 0, path: path.clone(), to: Some(to.clone()) };
        let compared = parts.with(probe, &[&trial])?;
        Some(compared.into_iter().flat_map(|(before, after)| differing(before, &after)).collect())
    };
    each(changes, &|| Probe::new(request, checked.tree().clone()), &fields)
}

/// What differs between two renders of the same part: objects, and the paths of their fields.
fn differing(before: &[Manifest], after: &[Manifest]) -> Vec<ObjectField> {
    let by_id = |all: &[Manifest]| -> BTreeMap<String, BTreeMap<String, Value>> {
        let fields =
            |body: &Value| field::leaves(body).into_iter().map(|(path, value)| (path.to_string(), value)).collect();
        all.iter().map(|manifest| (manifest.id.to_string(), fields(&manifest.body))).collect()
    };
    let (before, after) = (by_id(before), by_id(after));
    let empty = BTreeMap::new();
    let mut found = Vec::new();
    for id in before.keys().chain(after.keys().filter(|id| !before.contains_key(*id))) {
        let (old, new) = (before.get(id).unwrap_or(&empty), after.get(id).unwrap_or(&empty));
        let paths = old.keys().chain(new.keys().filter(|path| !old.contains_key(*path)));
        found.extend(paths.filter(|path| old.get(*path) != new.get(*path)).map(|path| (id.clone(), path.clone())));
    }
    found
}

/// A map that is put into an empty place, key by key.
fn by_key(path: ValuePath, to: Value) -> Vec<(ValuePath, Value)> {
    match to {
        Value::Object(map) => map.into_iter().flat_map(|(key, inner)| by_key(path.key(&key), inner)).collect(),
        other => vec![(path, other)],
    }
}

/// The user's values with one change. A list replaces another as a whole, so it is taken from the merged values.
pub(super) fn put(user: &Value, merged: &Value, path: &ValuePath, to: &Value) -> Value {
    let list = path.0.iter().position(|step| matches!(step, Step::Index(_))).unwrap_or(path.0.len());
    let (at, inside) = path.0.split_at(list);
    let at = ValuePath(at.to_vec());
    let mut value = to.clone();
    if !inside.is_empty() {
        value = at.within(merged).cloned().unwrap_or_default();
        let inside = ValuePath(inside.to_vec());
        if let Some(there) = inside.within_mut(&mut value) {
            *there = to.clone();
        } else if let (Some(Value::Object(item)), Some(key)) =
            (inside.parent().and_then(|item| item.within_mut(&mut value)), inside.last_key())
        {
            item.insert(key.to_owned(), to.clone());
        }
    }
    let mut user = user.clone();
    let mut here = &mut user;
    for step in &at.0 {
        let Step::Key(key) = step else { continue };
        if !here.is_object() {
            *here = Value::Object(serde_json::Map::new());
        }
        let Value::Object(map) = here else { continue };
        here = map.entry(&**key).or_insert(Value::Null);
    }
    *here = value;
    user
}

/// The union of several comparisons with the same old side.
fn union(comparisons: Vec<Comparison>) -> Comparison {
    let gone = |changes: &[ObjectChange]| changes.iter().filter(|change| change.what != ObjectFate::Added).count();
    let total = comparisons.first().map(|first| first.same + gone(&first.changes)).unwrap_or_default();
    let mut comparisons = comparisons.into_iter();
    let Some(mut all) = comparisons.next() else { return Comparison::default() };
    let mut by_id: BTreeMap<String, ObjectChange> = BTreeMap::new();
    let key = |change: &ObjectChange| {
        format!("{} {:?} {}", change.id.resource(), change.id.namespace, change.what == ObjectFate::Added)
    };
    for change in std::mem::take(&mut all.changes).into_iter().chain(comparisons.flat_map(|other| other.changes)) {
        match by_id.get_mut(&key(&change)) {
            None => drop(by_id.insert(key(&change), change)),
            Some(there) => {
                for field in change.fields {
                    if !there.fields.iter().any(|known| known.path == field.path) {
                        there.fields.push(field);
                    }
                }
                for risk in change.risks {
                    if !there.risks.contains(&risk) {
                        there.risks.push(risk);
                    }
                }
                there.risks.sort_by_key(|risk| std::cmp::Reverse(risk.class));
            }
        }
    }
    all.changes = by_id.into_values().collect();
    all.changes.sort_by(|a, b| {
        b.class().cmp(&a.class()).then_with(|| (&a.id.kind, &a.id.name).cmp(&(&b.id.kind, &b.id.name)))
    });
    all.same = total.saturating_sub(gone(&all.changes));
    all
}
