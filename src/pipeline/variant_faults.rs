//! The faults of a variant of the values, in a form that can be compared with those of another.

use serde_json::Value;

use super::causes::{Answer, Cause, Search};
use super::variants::{Variant, Variants};
use crate::diag::{Diagnostic, Place, Severity, Step, ValuePath};
use crate::manifest::{self, Manifest};

/// The maximum number of variants that are rendered to explain one run of [`USUAL_OBJECTS`]; a render of these takes some ten
/// milliseconds. A larger release gets fewer, because each costs more, but never less than [`LEAST_VARIANTS`].
const MOST_VARIANTS: usize = 150;
/// Twice as many objects as a default render has.
const USUAL_OBJECTS: usize = 200;
/// Enough to find one value of a thousand by halves.
const LEAST_VARIANTS: usize = 25;
/// Up to this number of faults, all values that cause each are found, not only those that resemble it.
const FEW: usize = 8;
/// How many values are tried by themselves for each fault because they resemble the field.
const MOST_LIKELY: usize = 6;

/// The objects of a variant and their faults.
#[derive(Default)]
pub(super) struct VariantFaults {
    /// Template and identity of each object.
    pub objects: Vec<(String, String)>,
    /// Errors of resolving first, then those of objects.
    pub wrong: Vec<VariantFault>,
}

/// A fault.
pub(super) struct VariantFault {
    /// The number of the object, for a fault of an object.
    pub object: Option<usize>,
    /// The field of the object.
    pub field: ValuePath,
    /// The value of the field.
    pub value: Value,
    /// The finding, without the values that cause it.
    pub diagnostic: Diagnostic,
}

impl VariantFaults {
    /// Resolves, renders and verifies a variant.
    pub fn of(variant: &Variant) -> Self {
        let mut seen = VariantFaults::objects(&variant.manifests);
        let errors = variant.found.iter().filter(|d| d.severity == Severity::Error);
        seen.wrong = errors
            .map(|d| VariantFault { object: None, field: ValuePath::root(), value: Value::Null, diagnostic: d.clone() })
            .collect();
        seen.wrong.extend(manifest::check(&variant.manifests).into_iter().map(|(number, fault)| {
            let manifest = &variant.manifests[number];
            let value = fault.at.within(&manifest.body).cloned().unwrap_or_default();
            VariantFault {
                object: Some(number),
                field: fault.at.clone(),
                value,
                diagnostic: fault.diagnostic(&manifest.id),
            }
        }));
        seen
    }

    /// The objects of a variant, without faults yet.
    pub fn objects(manifests: &[Manifest]) -> Self {
        let objects = manifests.iter().map(|m| (m.source.clone(), m.id.to_string())).collect();
        VariantFaults { objects, wrong: Vec::new() }
    }

    /// The number of the corresponding object of another variant: the one of the same name, or else the one that the
    /// same template makes at the same position.
    fn counterpart(&self, number: usize, other: &VariantFaults) -> Option<usize> {
        let (source, id) = self.objects.get(number)?;
        let named = other.objects.iter().position(|(_, other)| other == id);
        named.or_else(|| {
            let of_source = |seen: &VariantFaults| -> Vec<usize> {
                seen.objects.iter().enumerate().filter(|(_, (s, _))| s == source).map(|(n, _)| n).collect()
            };
            let (ours, theirs) = (of_source(self), of_source(other));
            let position = ours.iter().position(|n| *n == number)?;
            theirs.get(position).copied().filter(|_| ours.len() == theirs.len())
        })
    }

    /// Whether a fault exists in another variant too.
    pub fn answer(&self, number: usize, other: &VariantFaults) -> Answer {
        let Some(wrong) = self.wrong.get(number) else { return Answer::Moot };
        let Some(object) = wrong.object else {
            let alike = |seen: &VariantFaults| seen.wrong.iter().filter(|w| w.same_finding(wrong)).count();
            return if alike(other) >= alike(self) { Answer::Same } else { Answer::Changed };
        };
        let Some(counterpart) = self.counterpart(object, other) else { return Answer::Moot };
        // Positions in lists change when items are left out, and a reason quotes the value: the fault remains where no
        // fewer fields of its kind have it.
        let alike = |seen: &VariantFaults, object: usize| {
            seen.wrong.iter().filter(|w| w.object == Some(object) && w.same_field(wrong)).count()
        };
        let exactly = |w: &VariantFault| {
            let same = w.diagnostic.message == wrong.diagnostic.message && w.field == wrong.field;
            w.object == Some(counterpart) && w.diagnostic.code == wrong.diagnostic.code && same
        };
        let still = other.wrong.iter().any(exactly) || alike(other, counterpart) >= alike(self, object);
        if still { Answer::Same } else { Answer::Changed }
    }
}

impl VariantFault {
    fn same_finding(&self, other: &VariantFault) -> bool {
        let (a, b) = (&self.diagnostic, &other.diagnostic);
        let (a_at, b_at) = (a.places.iter().filter_map(Place::path), b.places.iter().filter_map(Place::path));
        let placed = !a.places.is_empty() || a.subject.is_some();
        let same_place = a_at.map(text_of_keys).eq(b_at.map(text_of_keys)) && a.subject == b.subject;
        self.object.is_none()
            && other.object.is_none()
            && a.code == b.code
            && same_place
            && (placed || a.message == b.message)
    }

    fn same_field(&self, other: &VariantFault) -> bool {
        self.diagnostic.code == other.diagnostic.code && keys(&self.field).eq(keys(&other.field))
    }

    /// How much a value resembles a fault: shared keys at the end of both paths, and the same string.
    pub fn likeness(&self, path: &ValuePath, value: &Value) -> Likeness {
        let keys_alike = keys(path).rev().zip(keys(&self.field).rev()).take_while(|(a, b)| a == b).count();
        let text = match (value, &self.value) {
            (Value::String(own), Value::String(there)) if own.len() <= 3 => TextLikeness::None,
            (Value::String(own), Value::String(there)) if own == there => TextLikeness::Same,
            (Value::String(own), Value::String(there)) if there.contains(own) || own.contains(there) => {
                TextLikeness::Part
            }
            (Value::Number(own), Value::Number(there)) if own == there => TextLikeness::Same,
            _ => TextLikeness::None,
        };
        Likeness { keys: keys_alike, text, setting: !value.is_boolean() }
    }
}

/// See [`VariantFault::likeness`]; a higher number is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Likeness {
    keys: usize,
    text: TextLikeness,
    /// Whether the value is not a switch: a switch decides whether an object exists, seldom its content.
    setting: bool,
}

/// Whether a value and that of a field are the same, or one is a part of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TextLikeness {
    None,
    Part,
    Same,
}

/// The keys of a path; positions in lists differ between values and objects.
fn keys(path: &ValuePath) -> impl DoubleEndedIterator<Item = &str> {
    path.0.iter().filter_map(Step::key)
}

fn text_of_keys(path: &ValuePath) -> Vec<&str> {
    keys(path).collect()
}

/// For each of `numbers` in `seen` the user's values that cause it, the most telling first.
///
/// `see` finds the faults of a variant. Values that resemble the field are tried first; all are searched where none of
/// those is a cause, and where there are few faults to explain.
pub(super) fn causes(
    variants: &Variants<'_>,
    seen: &VariantFaults,
    numbers: &[usize],
    see: &dyn Fn(&Variant) -> VariantFaults,
) -> Vec<Vec<ValuePath>> {
    let leaves = variants.leaves();
    let mut ask = |paths: &[&ValuePath]| {
        let other = see(&variants.without(paths));
        (0..seen.wrong.len()).map(|number| seen.answer(number, &other)).collect()
    };
    let fewer = MOST_VARIANTS * USUAL_OBJECTS / seen.objects.len().max(USUAL_OBJECTS);
    let mut search = Search::new(fewer.max(LEAST_VARIANTS), &mut ask);
    let mut all: Vec<Vec<Cause>> = Vec::with_capacity(numbers.len());
    for number in numbers {
        let wrong = &seen.wrong[*number];
        let mut likely: Vec<_> = leaves.iter().map(|(path, value)| (wrong.likeness(path, value), path)).collect();
        likely.retain(|(likeness, _)| likeness.keys > 0 || likeness.text > TextLikeness::None);
        likely.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
        let tried = likely.iter().take(MOST_LIKELY).map(|(_, path)| ((*path).clone(), search.one(path, *number)));
        all.push(tried.filter(|(_, answer)| *answer != Answer::Same).collect());
    }
    let open: Vec<usize> = match numbers.len() <= FEW {
        true => numbers.to_vec(),
        false => numbers.iter().zip(&all).filter(|(_, c)| !decided(c)).map(|(n, _)| *n).collect(),
    };
    if !open.is_empty() {
        let mut more = search.all(&leaves.iter().map(|(path, _)| path).collect::<Vec<_>>(), &open);
        for (number, causes) in numbers.iter().zip(&mut all) {
            causes.extend(more.remove(number).unwrap_or_default());
        }
    }
    let value = |path: &ValuePath| leaves.iter().find(|(leaf, _)| leaf == path).map_or(&Value::Null, |(_, v)| *v);
    let ranked = numbers.iter().zip(all).map(|(number, mut causes)| {
        let decided = decided(&causes);
        causes.retain(|(_, answer)| !decided || *answer == Answer::Changed);
        causes.sort_by_key(|(path, _)| std::cmp::Reverse(seen.wrong[*number].likeness(path, value(path))));
        let mut paths: Vec<ValuePath> = Vec::new();
        for (path, _) in causes {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    });
    ranked.collect()
}

fn decided(causes: &[Cause]) -> bool {
    causes.iter().any(|(_, answer)| *answer == Answer::Changed)
}
