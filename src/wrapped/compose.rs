//! The values of one release from the parts that a file names: inline values, local files, ConfigMaps, Secrets.

use std::path::{Component, Path, PathBuf};

use super::FileDocument;
use super::forms::{Carrier, ValuesPart};
use super::objects::{self, Data};
use super::text::TextPlaces;
use crate::diag::{Diagnostic, Location, Report, Severity, Sources};
use crate::values::set::{self, Syntax};
use crate::yaml::{Kind, Node, read};

/// Reads parts, and keeps their findings.
pub(super) struct Composer<'o> {
    /// The user's files in their order, then the files to which these refer.
    pub(super) sources: Sources,
    pub(super) findings: Vec<Diagnostic>,
    pub(super) duplicates: Severity,
    /// The parts of a carrier's values, each on its own.
    pub(super) laid: Vec<Node>,
    read: &'o mut dyn FnMut(&str) -> Option<Result<String, String>>,
}

impl<'o> Composer<'o> {
    pub(super) fn new(
        duplicates: Severity,
        read: &'o mut dyn FnMut(&str) -> Option<Result<String, String>>,
    ) -> Composer<'o> {
        Composer { sources: Sources::default(), findings: Vec::new(), duplicates, laid: Vec::new(), read }
    }

    /// Merges the parts of a carrier over values, in their order.
    pub(super) fn lay(&mut self, values: &mut Node, carrier: &Carrier<'_>, documents: &[FileDocument]) {
        for part in &carrier.parts {
            // A single value extends a list that is there already, so it is no layer of its own.
            let is_layer = matches!(
                part,
                ValuesPart::Inline(_)
                    | ValuesPart::File { set: None, .. }
                    | ValuesPart::Object { target: None, .. }
                    | ValuesPart::ChartDefaults { .. }
            );
            if is_layer {
                let mut layer = Node::empty_map(carrier.at);
                self.part(&mut layer, part, documents);
                self.laid.push(layer.clone());
                values.overlay(layer);
                continue;
            }
            if let ValuesPart::Set { path, value, syntax, name, at } = part {
                let (mut layer, before) = (Node::empty_map(carrier.at), self.findings.len());
                self.set(&mut layer, path, value, *syntax, (*name, *at));
                self.findings.truncate(before);
                self.laid.push(layer);
            }
            self.part(values, part, documents);
        }
    }

    /// Merges one part over values.
    fn part(&mut self, values: &mut Node, part: &ValuesPart<'_>, documents: &[FileDocument]) {
        match part {
            ValuesPart::Inline(node) => values.overlay(self.inline(node)),
            ValuesPart::Set { path, value, syntax, name, at } => self.set(values, path, value, *syntax, (*name, *at)),
            ValuesPart::File { path, at, optional, set } => {
                match self.local(path, at.source) {
                    Some((source, text)) => match set {
                        Some(target) => self.set(values, target, &text, Syntax::Literal, (*at, *at)),
                        None => self.file(values, source, &text),
                    },
                    None if *optional => {}
                    None => self.elsewhere(
                        format!("`{path}` contains values, but is not a local file"),
                        *at,
                        "put the file beside this one, or run this command where its repository is checked out; or pass its content with `-f`, and remove it here",
                    ),
                }
            }
            ValuesPart::Object { kind, name, key, at, optional, target } => {
                let (found, at) = (objects::data(documents, kind, name, key), *at);
                let text = match found {
                    Some(Data::Text(node)) => Some((node.at, super::node::string(node).unwrap_or_default(), Some(node))),
                    Some(Data::Decoded(node, text)) => Some((node.at, text, None)),
                    Some(Data::File(path, file)) => self
                        .local(&path, file)
                        .map(|(source, text)| (Location { source, line: 1, column: 1, len: 1 }, text, None)),
                    None => None,
                };
                match text {
                    Some((_, text, _)) if target.is_some() => {
                        let target = target.as_deref().unwrap_or_default();
                        self.single(values, target, text.trim_end_matches('\n'), at);
                    }
                    Some((_, _, Some(node))) => values.overlay(self.inline(node)),
                    Some((at, text, None)) => {
                        if let Some(node) = self.inner(&text, at) {
                            values.overlay(node);
                        }
                    }
                    None if *optional => {}
                    None => self.elsewhere(
                        format!("`{key}` of the {kind} `{name}` contains values, but is not among the files"),
                        at,
                        &format!("give the manifest of the {kind} with another `-f`; or give only its values, and remove it here"),
                    ),
                }
            }
            ValuesPart::ChartDefaults { path, at } => self.chart_defaults(values, path, *at),
            ValuesPart::Missing { what, at, hint } => self.elsewhere(what.clone(), *at, hint),
            ValuesPart::Finding(finding) => self.findings.push(Diagnostic::clone(finding)),
        }
    }

    fn elsewhere(&mut self, message: String, at: Location, hint: &str) {
        self.findings.push(Diagnostic::error("values-elsewhere", message).at(at).hint(hint));
    }

    /// Inline values: a map, or YAML in a string.
    pub(super) fn inline(&mut self, node: &Node) -> Node {
        match &node.kind {
            Kind::Map(_) => node.clone(),
            Kind::Scalar(value) => match value.as_str() {
                Some(text) => self.inner(text, node.at).unwrap_or_else(|| Node::empty_map(node.at)),
                None if value.is_null() => Node::empty_map(node.at),
                None => self.no_values(node),
            },
            Kind::List(_) => self.no_values(node),
        }
    }

    fn no_values(&mut self, node: &Node) -> Node {
        self.findings.push(
            Diagnostic::error("not-a-map", "a map of values is expected here")
                .at(node.key.unwrap_or(node.at))
                .hint("write a map of values, or YAML in a string"),
        );
        Node::empty_map(node.at)
    }

    /// Parses YAML in a string at a place.
    fn inner(&mut self, text: &str, at: Location) -> Option<Node> {
        let written = self.sources.get(at.source).and_then(|source| TextPlaces::find(&source.text, at, text));
        let mut place = |inner: &mut Location| match &written {
            Some(written) => written.place(inner),
            None => *inner = at,
        };
        match read::read_on(text, at.source, self.duplicates) {
            Ok(mut read) => {
                read.value.relocate(&mut place);
                read.warnings.iter_mut().for_each(|finding| finding.relocate(&mut place));
                self.findings.extend(read.warnings);
                Some(read.value)
            }
            Err(Report(mut found)) => {
                found.iter_mut().for_each(|finding| finding.relocate(&mut place));
                self.findings.extend(found);
                None
            }
        }
    }

    /// Merges the values of a local file over others.
    fn file(&mut self, values: &mut Node, source: usize, text: &str) {
        match read::read_on(text, source, self.duplicates) {
            Ok(read) => {
                self.findings.extend(read.warnings);
                if super::node::get(&read.value, "sops.mac").is_some() {
                    let name = self.sources.get(source).map(|source| source.name.clone()).unwrap_or_default();
                    self.findings.push(super::encrypted::Cipher::Sops.finding(&name, None));
                }
                values.overlay(read.value);
            }
            Err(Report(found)) => self.findings.extend(found),
        }
    }

    /// Merges the own values of an umbrella chart in a folder over others. The values of GitLab's chart itself are its
    /// defaults, which are built in.
    fn chart_defaults(&mut self, values: &mut Node, path: &str, at: Location) {
        let Some((source, text)) = self.local(path, at.source) else { return };
        let is_umbrella = read::read_with(&text, source, Severity::Warning)
            .is_ok_and(|read| super::umbrella::find(&read.value).is_some());
        if is_umbrella {
            self.file(values, source, &text);
        }
    }

    /// Sets a value as `--set` does; commas have no meaning in it, unless it is a list.
    ///
    /// The places are those of the path and of the value.
    pub(super) fn set(
        &mut self,
        values: &mut Node,
        path: &str,
        value: &str,
        syntax: Syntax,
        (name, at): (Location, Location),
    ) {
        let escaped = match syntax {
            Syntax::Literal => value.to_owned(),
            _ if value.starts_with('{') => value.to_owned(),
            _ => value.replace('\\', "\\\\").replace(',', "\\,"),
        };
        match set::parse(&format!("{path}={escaped}"), at.source, syntax) {
            Ok(flag) => {
                for mut assignment in flag.assignments {
                    assignment.relocate(name, at);
                    if let Err(finding) = set::apply(values, assignment) {
                        self.findings.push(finding);
                    }
                }
            }
            Err(mut finding) => {
                let columns = path.chars().count();
                finding.relocate(&mut |place| *place = if place.column > columns { at } else { name });
                self.findings.push(finding);
            }
        }
    }

    /// A value of Flux's `targetPath`: a quoted one is a string.
    fn single(&mut self, values: &mut Node, path: &str, text: &str, at: Location) {
        let unquoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
        match unquoted {
            Some(text) => self.set(values, path, text, Syntax::Text, (at, at)),
            None => self.set(values, path, text, Syntax::Typed, (at, at)),
        }
    }

    /// Reads a local file to which the file with this number refers: relative to that file's directory, to each of its
    /// parents, and to the current directory.
    fn local(&mut self, path: &str, file: usize) -> Option<(usize, String)> {
        if path.contains("://") {
            return None;
        }
        let near = self.sources.get(file).map(|source| PathBuf::from(&source.name)).unwrap_or_default();
        let relative = path.trim_start_matches("./");
        let mut candidates = Vec::new();
        if Path::new(path).is_absolute() {
            candidates.push(PathBuf::from(path));
        } else {
            candidates.extend(near.ancestors().skip(1).map(|folder| folder.join(relative)));
            candidates.push(PathBuf::from(relative));
        }
        for candidate in candidates {
            let name = tidy(&candidate);
            match (self.read)(&name) {
                Some(Ok(text)) => {
                    let source = self.sources.add(name, text.as_str());
                    return Some((source, text));
                }
                Some(Err(why)) => {
                    self.findings.push(Diagnostic::error("file-unreadable", format!("`{name}` {why}")));
                    return Some((file, String::new()));
                }
                None => {}
            }
        }
        None
    }
}

/// A path without `..`: `a/../b` is `b`.
fn tidy(path: &Path) -> String {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy.display().to_string()
}
