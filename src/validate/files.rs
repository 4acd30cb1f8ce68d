//! Validates files with manifests: each is read once, and a document with findings once more for its places.

use std::sync::Arc;

use serde_json::Value;

use super::schema::Schemas;
use super::set::{Set, ValidateOptions};
use super::{Finding, Findings};
use crate::diag::{Diagnostic, Location, Report, Severity, Sources, Step, ValuePath};
use crate::manifest::stream::is_list;
use crate::manifest::{ObjectFault, ObjectId};
use crate::yaml::{Node, read, stream};

/// A file with manifests.
#[derive(Debug, Clone)]
pub struct ManifestText {
    /// Its name as given; `-` for stdin.
    pub name: String,
    /// Its content: YAML documents, or JSON.
    pub text: Arc<str>,
    /// Whether the user named it, and it was not found in a directory: then it must contain objects.
    pub named: bool,
}

/// Validates all files as one set.
///
/// A file that cannot be read is skipped and reported; the report points into the sources.
pub fn check(texts: Vec<ManifestText>, options: ValidateOptions) -> (Findings, Report, Sources) {
    let schemas = Schemas::new();
    let mut files =
        Files { texts, objects: Vec::new(), sources: Sources::default(), unreadable: Vec::new(), others: Vec::new() };
    let mut checked = Findings { minor: options.minor, ..Findings::default() };
    let mut set = Set::new(&schemas, options);
    let mut found: Vec<(usize, ObjectFault)> = Vec::new();
    for file in 0..files.texts.len() {
        let text = files.texts[file].text.clone();
        set.next_file();
        files.sources.add(files.texts[file].name.clone(), text.clone());
        for (lines, document) in stream::of_manifests(&text).into_iter().filter(|(_, text)| says_something(text)) {
            let offset = document.as_ptr() as usize - text.as_ptr() as usize;
            let part = Part { file, lines, range: (offset, offset + document.len()), item: None };
            files.document(part, document, &mut |body| {
                let number = set.len();
                found.extend(set.add(body).into_iter().map(|f| (number, f)));
            });
        }
    }
    checked.objects = set.len();
    let ids: Vec<Option<ObjectId>> = (0..set.len()).map(|number| set.id(number).cloned()).collect();
    let mut last = None;
    let end = set.finish(|number| files.load(number, &mut last));
    found.extend(end.found);
    checked.skipped = end.skipped;
    checked.secrets = end.secrets;
    checked.all = files.located(found, &ids);
    (checked, Report(files.unreadable), files.sources)
}

/// The position of an object.
#[derive(Debug, Clone, Copy)]
struct Part {
    file: usize,
    /// The number of lines before its document.
    lines: usize,
    /// The byte range of the document.
    range: (usize, usize),
    /// Its index in a `List`.
    item: Option<usize>,
}

impl Part {
    /// Whether both stand in one document.
    fn is_beside(self, other: Part) -> bool {
        (self.file, self.range) == (other.file, other.range)
    }
}

struct Files {
    texts: Vec<ManifestText>,
    /// The positions by the numbers that the set assigned.
    objects: Vec<Part>,
    sources: Sources,
    unreadable: Vec<Diagnostic>,
    /// Documents that contain no object.
    others: Vec<Finding>,
}

impl Files {
    /// Reads a document and passes on its objects.
    fn document(&mut self, part: Part, text: &str, add: &mut dyn FnMut(&Value)) {
        let body = match read::data(text, part.file, part.lines) {
            Ok(Some(body)) => body,
            Ok(None) => return,
            Err(Report(why)) => return self.unreadable.extend(why),
        };
        if body.get("kind").is_none() && body.get("apiVersion").is_none() {
            return self.other(part);
        }
        match items(&body) {
            Some(list) => {
                for (number, item) in list.iter().enumerate() {
                    self.objects.push(Part { item: Some(number), ..part });
                    add(item);
                }
            }
            None => {
                self.objects.push(part);
                add(&body);
            }
        }
    }

    /// The treatment of a document that is not an object. In a directory it may have another purpose.
    fn other(&mut self, part: Part) {
        let file = &self.texts[part.file];
        let severity = if file.named { Severity::Error } else { Severity::Warning };
        let fault =
            ObjectFault::at("not-an-object", severity, "", "is not an object: it has neither `apiVersion` nor `kind`");
        self.others.push(finding(fault, None, &file.name, (part.lines + 1, 1)));
    }

    fn slice(&self, part: Part) -> Option<&str> {
        self.texts[part.file].text.get(part.range.0..part.range.1)
    }

    /// A document with its places.
    fn node(&self, part: Part) -> Option<Node> {
        read::document(self.slice(part)?, part.file, part.lines).ok()?
    }

    /// The body of an object; `last` is the document that was read before, which holds the next object where it is a list.
    fn load(&self, number: usize, last: &mut Option<(Part, Value)>) -> Option<Value> {
        let part = *self.objects.get(number)?;
        if last.as_ref().is_none_or(|(of, _)| !of.is_beside(part)) {
            *last = Some((part, read::data(self.slice(part)?, part.file, part.lines).ok()??));
        }
        let (_, body) = last.as_mut()?;
        match part.item {
            None => last.take().map(|(_, body)| body),
            Some(number) => body.get_mut("items")?.get_mut(number).map(Value::take),
        }
    }

    /// Adds the place to every finding and sorts by it.
    fn located(&self, mut found: Vec<(usize, ObjectFault)>, ids: &[Option<ObjectId>]) -> Vec<Finding> {
        found.sort_by_key(|(number, _)| *number);
        let mut findings = self.others.clone();
        let mut at: Option<(Part, Option<Node>)> = None;
        for (number, found) in found {
            let part = self.objects[number];
            if at.as_ref().is_none_or(|(of, _)| !of.is_beside(part)) {
                at = Some((part, self.node(part)));
            }
            let node = at.as_ref().and_then(|(_, node)| node.as_ref());
            let node = node.and_then(|node| match part.item {
                None => Some(node),
                Some(number) => node.child(&Step::Key("items".into()))?.child(&Step::Index(number)),
            });
            let place = node.map(|node| place(node, &found.at));
            let (line, column) = place.map_or((part.lines + 1, 1), |at| (at.line, at.column));
            findings.push(finding(found, ids.get(number), &self.texts[part.file].name, (line, column)));
        }
        let order: std::collections::HashMap<&str, usize> =
            self.texts.iter().enumerate().map(|(number, text)| (text.name.as_str(), number)).collect();
        findings.sort_by_key(|f| (order.get(f.file.as_str()).copied(), f.line, f.column));
        findings
    }
}

/// The place of a field, or of its closest existing parent.
fn place(root: &Node, path: &ValuePath) -> Location {
    let mut at = root;
    for step in &path.0 {
        let Some(child) = at.child(step) else { break };
        at = child;
    }
    at.key.unwrap_or(at.at)
}

/// The objects of a list of objects.
fn items(body: &Value) -> Option<&Vec<Value>> {
    body.as_object().filter(|map| is_list(map))?.get("items")?.as_array()
}

/// Whether a document contains more than comments.
fn says_something(document: &str) -> bool {
    document.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
}

/// Validates parsed objects, each with the name of its source.
pub fn check_bodies(bodies: &[(&str, &Value)], options: ValidateOptions) -> Findings {
    let schemas = Schemas::new();
    let mut checked = Findings { minor: options.minor, objects: bodies.len(), ..Findings::default() };
    let mut set = Set::new(&schemas, options);
    let mut found: Vec<(usize, ObjectFault)> = Vec::new();
    for (number, (_, body)) in bodies.iter().enumerate() {
        found.extend(set.add(body).into_iter().map(|f| (number, f)));
    }
    let ids: Vec<Option<ObjectId>> = (0..set.len()).map(|number| set.id(number).cloned()).collect();
    let end = set.finish(|number| bodies.get(number).map(|(_, body)| (*body).clone()));
    found.extend(end.found);
    found.sort_by_key(|(number, _)| *number);
    checked.skipped = end.skipped;
    checked.secrets = end.secrets;
    checked.all = found
        .into_iter()
        .map(|(number, found)| {
            finding(found, ids.get(number), bodies.get(number).map_or("", |(name, _)| *name), (1, 1))
        })
        .collect();
    checked
}

fn finding(found: ObjectFault, id: Option<&Option<ObjectId>>, file: &str, (line, column): (usize, usize)) -> Finding {
    Finding {
        code: found.code,
        severity: found.severity,
        file: file.to_owned(),
        line,
        column,
        object: id.cloned().flatten().filter(|id| !id.kind.is_empty()),
        path: found.path,
        message: found.reason,
        hint: found.hint,
    }
}
