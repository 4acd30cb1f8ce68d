//! Migrates values files to a newer release.

use std::collections::BTreeSet;

use super::{Request, Target, not_values, render};
use crate::diag::{Diagnostic, Failure, Location, Place, Report, Sources, Step, ValuePath, Warned, code};
use crate::diff::{self, Object, ObjectFate, report};
use crate::manifest::Manifest;
use crate::redact::Redacted;
use crate::releases;
use crate::releases::catalogue;
use crate::schema::{self, UnknownKeys};
use crate::upgrade::migrate::{self, Migrated};
use crate::upgrade::removed;
use crate::upgrade::rules::{self, Action, ReleaseSpan};
use crate::values::{self, Input};

/// A values file.
#[derive(Debug, Clone)]
pub struct File {
    /// The user's name for it.
    pub name: String,
    /// Its content.
    pub text: String,
    /// Makes values of its name and its content, where they are not all of GitLab's: the globals of an umbrella chart.
    pub reader: Option<Reader>,
}

/// Reads values from a source, by its name and its content; `None` where they cannot be read.
pub type Reader = fn(&str, &str) -> Option<Input>;

impl File {
    /// # Errors
    /// Bytes that are not UTF-8, and a file that is too large.
    pub fn new(name: String, bytes: Vec<u8>) -> Result<Self, Failure> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(File { name, text, reader: None }),
            Err(error) => match values::load(&[Input::File { name, bytes: error.into_bytes() }]) {
                Err(failure) => Err(failure),
                Ok(_) => Err(Diagnostic::bug("not-utf-8", "the input is not UTF-8").into()),
            },
        }
    }

    pub(super) fn input(&self) -> Input {
        if let Some(input) = self.reader.and_then(|read| read(&self.name, &self.text)) {
            return input;
        }
        Input::File { name: self.name.clone(), bytes: self.text.clone().into_bytes() }
    }
}

/// The releases that the user names; without a target, the one that is rendered by default.
///
/// # Errors
/// An unknown version, and a target that is not newer.
pub fn span(from: Option<&str>, to: Option<&str>) -> Result<ReleaseSpan, Diagnostic> {
    let default = releases::default_version().to_string();
    let to = catalogue::find(to.unwrap_or(&default))?;
    let Some(from) = from.map(catalogue::find).transpose()? else {
        return Ok(ReleaseSpan { from: None, to: to.chart });
    };
    if from.chart > to.chart {
        let message = format!("GitLab {} is newer than {}", from.gitlab, to.gitlab);
        return Err(Diagnostic::error("downgrade", message).hint("values are only rewritten for newer releases"));
    }
    Ok(ReleaseSpan { from: Some(from.chart), to: to.chart })
}

/// Rewrites each file on its own; the second list has the files that cannot be read.
pub fn migrate(files: &[File], span: &ReleaseSpan) -> (Vec<Migrated>, Vec<Failure>) {
    let mut migrated = Vec::new();
    let mut refused = Vec::new();
    for file in files {
        if let Err(failure) = only_values(file) {
            refused.push(failure);
            continue;
        }
        match migrate::migrate(&file.name, &file.text, span) {
            Ok(one) => migrated.push(one),
            Err(failure) => refused.push(failure),
        }
    }
    (migrated, refused)
}

/// Refuses a file that does not hold values: nothing in it would be rewritten.
fn only_values(file: &File) -> Result<(), Failure> {
    let input = Input::File { name: file.name.clone(), bytes: file.text.clone().into_bytes() };
    let layers = values::load(&[input])?.value;
    match not_values::find(&layers.files, UnknownKeys::Error) {
        found if found.is_empty() => Ok(()),
        found => Err(Failure { report: Report(found), sources: layers.sources }),
    }
}

/// Notes on changes that need no change of the values, where the release that they come from is known.
pub fn passed(files: &[File], migrated: &[Migrated], span: &ReleaseSpan) -> Warned<Sources> {
    let Ok(layers) = values::load(&after(files, migrated)) else {
        return Warned { value: Sources::default(), warnings: Vec::new() };
    };
    let (user, origins) = layers.value.own();
    let hits = rules::hits(&user, &origins, span).into_iter();
    let notes = hits.filter(|hit| hit.action == Action::Keep && span.from.is_some()).map(|hit| {
        let keep = hit.new_form.map(|form| format!("`{form}` keeps the previous behaviour"));
        let hint: Vec<String> = hit.hint.into_iter().chain(keep).collect();
        let note = Diagnostic::note("changes", hit.what);
        let note = if hint.is_empty() { note } else { note.hint(hint.join("; ")) };
        match hit.place {
            Some(place) => note.at(place),
            None => note,
        }
    });
    Warned { warnings: notes.collect(), value: layers.value.sources }
}

pub(super) fn after(files: &[File], migrated: &[Migrated]) -> Vec<Input> {
    let pairs = files.iter().zip(migrated);
    pairs.map(|(file, one)| File { text: one.text.clone(), ..file.clone() }.input()).collect()
}

/// The comparison of two renders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sameness {
    /// They are equal.
    Same,
    /// These objects differ.
    Differs(Vec<String>),
    /// The old values are refused.
    OldRefused,
    /// The new values are refused.
    NewRefused,
    /// The release cannot be rendered.
    Unknown,
}

/// Renders the values before and after with the new release; unknown keys are allowed.
pub fn compare_renders(files: &[File], migrated: &[Migrated], span: &ReleaseSpan, target: Target) -> Sameness {
    let Some(gitlab_version) = rendered(span) else { return Sameness::Unknown };
    let target = Target { gitlab_version: Some(gitlab_version), ..target };
    let render = |inputs: Vec<Input>| {
        // Only the objects are compared, and the values of the first side are not kept beside those of the second.
        render(&Request { unknown_keys: UnknownKeys::Warn, ..Request::new(target.clone(), inputs) })
            .map(|rendered| rendered.objects)
    };
    let Ok(old) = render(files.iter().map(File::input).collect()) else { return Sameness::OldRefused };
    let Ok(new) = render(after(files, migrated)) else { return Sameness::NewRefused };
    if old.manifests().iter().map(|m| &m.body).eq(new.manifests().iter().map(|m| &m.body)) {
        return Sameness::Same;
    }
    Sameness::Differs(differing(old.manifests(), new.manifests(), &target.namespace))
}

/// The GitLab version of the new chart, where its images are known.
fn rendered(span: &ReleaseSpan) -> Option<String> {
    let release = catalogue::find(&span.to.to_string()).ok()?;
    releases::images(release.gitlab).ok().map(|_| release.gitlab.to_string())
}

/// What `template` refuses in the migrated values; empty where they render, or where the release cannot be rendered
/// here.
pub fn refused(files: &[File], migrated: &[Migrated], span: &ReleaseSpan, target: Target) -> Option<Failure> {
    let target = Target { gitlab_version: Some(rendered(span)?), ..target };
    render(&Request::new(target, after(files, migrated))).err()
}

/// Moves unknown keys to their known place, where no other decision is needed: those whose hint is to write another
/// key. A move that does not reduce the number of errors is undone.
pub fn move_known(files: &[File], migrated: &mut [Migrated], span: &ReleaseSpan, target: &Target) {
    let mut tried: Vec<ValuePath> = Vec::new();
    while tried.len() < MOST_MOVES {
        let Some(failure) = refused(files, migrated, span, target.clone()) else { return };
        let known = failure.report.0.iter().find_map(|found| {
            let to =
                found.hint.as_deref()?.strip_prefix("write `")?.strip_suffix('`').filter(|to| !to.contains('`'))?;
            let (Place::Set(from, _) | Place::Value(from)) = found.places.first()? else { return None };
            (found.code == code::UNKNOWN_KEY && !tried.contains(from)).then(|| (from.clone(), to.to_owned()))
        });
        let Some((from, to)) = known else { return };
        let before = failure.report.0.len();
        drop(failure);
        let keys = to.split('.').map(|key| Step::Key(key.into()));
        let above = from.0.split_last().map(|(_, above)| above.to_vec()).unwrap_or_default();
        // Beside the key, or from the top.
        for to in [above.into_iter().chain(keys.clone()).collect(), keys.collect::<Vec<_>>()].map(ValuePath) {
            let old: Vec<Migrated> = migrated.to_vec();
            let moved = migrated.iter_mut().any(|one| migrate::move_key(one, span, &from, &to));
            let left = refused(files, migrated, span, target.clone()).map_or(0, |failure| failure.report.0.len());
            if moved && left < before {
                break;
            }
            migrated.clone_from_slice(&old);
        }
        tried.push(from);
    }
}

/// The maximum number of keys that are moved to a known place.
const MOST_MOVES: usize = 32;

/// Turns unknown keys into comments, as long as there are any; keys that the form of the file does not allow to be
/// commented out stay.
pub fn comment_unknown(files: &[File], migrated: &mut [Migrated], span: &ReleaseSpan, target: &Target) {
    // Removing a key may leave a map empty, or reveal another unknown key.
    for _ in 0..MOST_ROUNDS {
        let Some(failure) = refused(files, migrated, span, target.clone()) else { return };
        let mut places: Vec<Location> = Vec::new();
        for found in failure.report.0.iter().filter(|found| is_unread(found)) {
            places.extend(found.places.first().and_then(Place::location));
        }
        // A report names only the first of many unknown keys.
        if failure.report.0.iter().any(|found| found.code == code::UNKNOWN_KEY)
            && let Ok(layers) = values::load(&after(files, migrated))
        {
            let (user, origins) = layers.value.own();
            let unknown = schema::unknown_keys(&user);
            places.extend(unknown.iter().filter_map(|path| origins.exact(path)?.key));
        }
        let mut by_file: Vec<BTreeSet<(usize, usize)>> = vec![BTreeSet::new(); files.len()];
        for at in places {
            let Some(source) = failure.sources.get(at.source) else { continue };
            // the parts of a file have one name, and are read in their order
            let is_it = |file: &usize| files.get(*file).is_some_and(|file| file.name == source.name);
            let by_name = || files.iter().position(|file| file.name == source.name);
            if let Some(file) = Some(at.source).filter(is_it).or_else(by_name) {
                by_file[file].insert((at.line, at.column));
            }
        }
        let mut changed = false;
        for (file, places) in by_file.iter().enumerate() {
            changed |= migrate::comment_out(&mut migrated[file], places);
        }
        if !changed {
            return;
        }
    }
}

/// Whether a finding is about a key that nothing reads.
pub fn is_unread(found: &Diagnostic) -> bool {
    let removed = || found.places.first().and_then(|place| place.path()).is_some_and(removed::is_ignored);
    found.code == code::UNKNOWN_KEY || removed()
}

/// How many times values are checked again after keys became comments.
const MOST_ROUNDS: usize = 16;

/// The objects that differ, by name, and their fields: values are not shown because they may be secrets.
fn differing(old: &[Manifest], new: &[Manifest], namespace: &str) -> Vec<String> {
    let objects = |all: &[Manifest]| all.iter().filter_map(|m| Object::new(m.body.clone())).collect();
    let changes = diff::compare(objects(old), objects(new), namespace).changes;
    let reported = changes.iter().map(|change| {
        let what = match change.what {
            ObjectFate::Added => "new".to_owned(),
            ObjectFate::Removed => "gone".to_owned(),
            ObjectFate::Changed | ObjectFate::Renamed(_) => {
                change.fields.first().map_or_else(|| "changed".to_owned(), |field| field.path.clone())
            }
        };
        format!("{} ({what})", change.id)
    });
    let reported: Vec<_> = reported.collect();
    if reported.is_empty() {
        vec!["only written-out defaults or the order of objects differ".to_owned()]
    } else {
        reported
    }
}

/// A unified diff without secrets; empty where the two are equal.
pub fn text_diff(name: &str, old: &str, new: &str) -> String {
    let (mut before, mut after) = (Redacted::of(old).whole(), Redacted::of(new).whole());
    report::marks::lines((old, &mut before), (new, &mut after));
    report::unified::patch((name, &before), (name, &after))
}
