//! Which components a value reaches: each is rendered by itself, and only where it reads what was edited.
//!
//! A component whose reads are all beside an edit cannot change by it: what decides what it reads is what it has read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use super::Request;
use super::objects::{self, RenderPart};
use super::probe::{Probe, Trial};
use crate::diag::{Step, ValuePath};
use crate::manifest::Manifest;
use crate::render::Renderer;
use crate::resolve::context::is_always_read;
use crate::resolve::{Component, component};

/// From so many components on, all of them are rendered at once: they share what they read.
const MANY: usize = 6;

/// A component by itself.
struct Part {
    name: &'static str,
    key: &'static str,
    reads: Reads,
    manifests: Vec<Manifest>,
    /// How many findings it has.
    found: usize,
}

/// All objects of a release, and how many findings there are.
type Whole = (Vec<Manifest>, usize);

/// The components of a release over some values.
pub(super) struct Parts<'r> {
    parts: Vec<Part>,
    whole: LazyLock<Whole, Box<dyn FnOnce() -> Whole + Send + 'r>>,
}

impl<'r> Parts<'r> {
    /// Renders each component by itself; none where one of them cannot be rendered.
    pub fn new(request: &'r Request, tree: &'r Value) -> Option<Self> {
        let part = |renderer: &mut Renderer, component: &&Component| {
            let mut found = Vec::new();
            let (manifests, reads) =
                objects::recorded(request, tree, RenderPart::Component(component.name), renderer, &mut found)?;
            let (name, key) = (component.name, component.key);
            Some(Part { name, key, reads: Reads::new(&reads), manifests, found: found.len() })
        };
        let parts = each(component::ALL, &Renderer::new, &part).into_iter().collect::<Option<Vec<_>>>()?;
        let whole = || {
            let mut found = Vec::new();
            let manifests = objects::part(request, tree, RenderPart::Whole, &Renderer::new(), &mut found);
            (manifests.unwrap_or_default(), found.len())
        };
        Some(Parts { parts, whole: LazyLock::new(Box::new(whole)) })
    }

    /// Whether any object is another one with these edits, or more is reported. What cannot be read with them is read,
    /// and so is what a template fails over.
    pub fn changes(&self, probe: &mut Probe<'_>, edits: &[&Trial]) -> bool {
        let reading = self.reading(edits);
        let differs = |part: &Part, probe: &mut Probe<'_>| {
            let after = probe.render(edits, RenderPart::Component(part.name));
            after.is_none_or(|after| !same(&part.manifests, &after)) || probe.found.len() > part.found
        };
        match reading.split_first() {
            Some((first, rest)) if rest.len() >= MANY => {
                differs(first, probe)
                    || probe.render(edits, RenderPart::Whole).is_none_or(|after| !same(&self.whole.0, &after))
                    || probe.found.len() > self.whole.1
            }
            _ => reading.into_iter().any(|part| differs(part, probe)),
        }
    }

    /// The objects that these edits can change, before and after them; none where they cannot be rendered.
    pub fn with(&self, probe: &mut Probe<'_>, edits: &[&Trial]) -> Option<Vec<(&[Manifest], Vec<Manifest>)>> {
        let reading = self.reading(edits);
        if reading.len() > MANY {
            return Some(vec![(&self.whole.0, probe.render(edits, RenderPart::Whole)?)]);
        }
        let mut after = |part: &Part| probe.render(edits, RenderPart::Component(part.name));
        reading.into_iter().map(|part| Some((part.manifests.as_slice(), after(part)?))).collect()
    }

    /// The least parts of the release that an edit can change.
    pub fn reached(&self, edit: &Trial) -> Vec<RenderPart<'static>> {
        let reading = self.reading(&[edit]);
        match reading.len() > MANY {
            true => vec![RenderPart::Whole],
            false => reading.into_iter().map(|part| RenderPart::Component(part.name)).collect(),
        }
    }

    /// The components that read what is edited, the one whose own section it is first.
    fn reading(&self, edits: &[&Trial]) -> Vec<&Part> {
        let mut reading: Vec<&Part> =
            self.parts.iter().filter(|part| edits.iter().any(|edit| part.reads.meet(&edit.path))).collect();
        reading.sort_by_key(|part| !edits.iter().any(|edit| part.owns(&edit.path)));
        reading
    }
}

impl Part {
    fn owns(&self, path: &ValuePath) -> bool {
        !self.key.is_empty() && path.0.starts_with(&ValuePath::dotted(self.key).0)
    }
}

/// The paths that a part of a release reads, as a tree of their keys.
#[derive(Default)]
pub(super) struct Reads {
    /// Whether a read ends here: all that is below is read.
    ends: bool,
    below: BTreeMap<String, Reads>,
}

impl Reads {
    /// The paths of [`objects::recorded`].
    pub fn new(paths: &BTreeSet<String>) -> Self {
        let mut all = Reads::default();
        for path in paths {
            let mut at = &mut all;
            for key in path.split('.').filter(|key| !key.is_empty()) {
                at = at.below.entry(key.to_owned()).or_default();
            }
            at.ends = true;
        }
        all
    }

    /// Everything is read.
    pub fn of_everything() -> Self {
        Reads { ends: true, ..Reads::default() }
    }

    /// Whether a value at this path, above it or below it is read.
    pub fn meet(&self, path: &ValuePath) -> bool {
        let mut keys = path.0.iter().map_while(Step::key);
        let of_all =
            path.first_key() == Some("global") && matches!(path.0.get(1), Some(Step::Key(key)) if is_always_read(key));
        if path.0.len() < 2 || of_all {
            return true;
        }
        let mut at = self;
        loop {
            let (false, Some(key)) = (at.ends, keys.next()) else { return true };
            let Some(below) = at.below.get(key) else { return false };
            at = below;
        }
    }
}

/// Whether two renders of the same part have the same objects.
pub(super) fn same(before: &[Manifest], after: &[Manifest]) -> bool {
    let equal = |(a, b): (&Manifest, &Manifest)| a.id == b.id && a.body == b.body;
    before.len() == after.len() && before.iter().zip(after).all(equal)
}

/// Answers `ask` for each item with some threads, each with a state of its own; the answers are in the order of the items.
pub(super) fn each<S, T: Sync, A: Send>(
    items: &[T],
    state: &(dyn Fn() -> S + Sync),
    ask: &(dyn Fn(&mut S, &T) -> A + Sync),
) -> Vec<A> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8).min(items.len());
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut state = state();
        let mut answers = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { return answers };
            answers.push((number, ask(&mut state, item)));
        }
    };
    let mut answers: Vec<(usize, A)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mut answers = worker();
        answers.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        answers
    });
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
