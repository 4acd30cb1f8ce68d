//! Values: parsing, merging over each other and over the defaults, and the origin of each.
//!
//! [`load`] reads the user's inputs, [`merge`] merges them over the defaults. Both follow Helm to the letter;
//! `tests/dialect/exceptions.md` gives a reason for each deviation.

pub mod merge;
pub mod set;
pub mod tree;

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diag::{Diagnostic, Failure, Location, Report, Severity, Source, Sources, ValuePath, Warned, code};
use crate::yaml::{Kind, Node, limits, read};
use set::Syntax;

pub use crate::yaml::MAX_BYTES;
pub use merge::{ChartDefaults, component_view};
pub use set::path_of;

/// An input with values. The caller reads files.
#[derive(Debug, Clone)]
pub enum Input {
    /// A values file: `-f`, a profile, stdin.
    File {
        /// The user's name for it.
        name: String,
        /// Its content; the caller may drop what exceeds [`MAX_BYTES`].
        bytes: Vec<u8>,
    },
    /// Values from files of other tools, already parsed.
    Composed(Arc<Composed>),
    /// `--set`.
    Set(Flag),
    /// `--set-string`.
    SetString(Flag),
    /// `--set-json`.
    SetJson(Flag),
    /// `--set-literal`.
    SetLiteral(Flag),
    /// `--set-file`; [`set_file_paths`] lists the files that it needs.
    SetFile(Flag, Vec<FileContent>),
}

impl Input {
    /// The name of the user's file, where it is one and not a profile.
    pub fn file(&self) -> Option<&str> {
        let name = match self {
            Input::File { name, .. } => name.as_str(),
            Input::Composed(composed) => &composed.texts.first()?.name,
            _ => return None,
        };
        (!name.starts_with("profile:")).then_some(name)
    }

    /// An input that cannot be read: it sets nothing, and whoever reads the values gets the reason among the errors.
    pub fn unreadable(why: Diagnostic) -> Input {
        let values = Node::empty_map(Location { source: 0, line: 1, column: 1, len: 1 });
        Input::Composed(Arc::new(Composed { texts: Vec::new(), values, found: vec![why], layers: Vec::new() }))
    }
}

/// Values from one or several sources, with the place of each part.
#[derive(Debug, Clone)]
pub struct Composed {
    /// The sources; all places below refer to them by number.
    pub texts: Vec<Source>,
    /// The values.
    pub values: Node,
    /// Notes and warnings about the values.
    pub found: Vec<Diagnostic>,
    /// The layers that the values are merged from, lowest first; empty where there is one.
    pub layers: Vec<Node>,
}

/// The argument of one flag of the `--set` family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its number among the flags of its kind, from 1.
    pub number: usize,
    /// The argument itself.
    pub text: String,
}

/// A file to which a `--set-file` refers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// The path in the flag.
    pub path: String,
    /// Its content, or the reason why it could not be read.
    pub content: Result<Vec<u8>, String>,
}

/// The user's values: all layers merged, each with its place.
#[derive(Debug, Clone)]
pub struct Layers {
    user: Arc<Node>,
    /// Whether an input could not be read: what it would have set is not known.
    pub is_partial: bool,
    /// The top-level keys of each file that has any.
    pub files: Vec<TopKeys>,
    /// The sources to which the places point.
    pub sources: Sources,
}

/// The top-level keys of a values file.
#[derive(Debug, Clone)]
pub struct TopKeys {
    /// The keys in their order.
    pub keys: Vec<TopKey>,
    /// The string at `kind`, which Kubernetes objects have.
    pub kind: Option<String>,
}

/// A top-level key of a values file.
#[derive(Debug, Clone)]
pub struct TopKey {
    /// The key.
    pub name: String,
    /// Its place.
    pub at: Location,
    /// The keys below it, where its value is a map.
    pub inner: Vec<InnerKey>,
}

/// A key below a top-level key.
#[derive(Debug, Clone)]
pub struct InnerKey {
    /// The key.
    pub name: String,
    /// The keys below it, where its value is a map.
    pub keys: Vec<String>,
}

impl TopKeys {
    fn of(node: &Node) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else { return None };
        let keys = |node: &Node| match &node.kind {
            Kind::Map(entries) => entries.iter().map(|(name, _)| name.clone()).collect(),
            _ => Vec::new(),
        };
        let inner = |node: &Node| match &node.kind {
            Kind::Map(entries) => {
                entries.iter().map(|(name, node)| InnerKey { name: name.clone(), keys: keys(node) }).collect()
            }
            _ => Vec::new(),
        };
        let key = |(name, node): (&String, &Node)| TopKey {
            name: name.clone(),
            at: node.key.unwrap_or(node.at),
            inner: inner(node),
        };
        let kind = entries.get("kind").and_then(|node| node.to_value().as_str().map(str::to_owned));
        (!entries.is_empty()).then(|| TopKeys { keys: entries.iter().map(key).collect(), kind })
    }
}

impl Layers {
    /// The user's values, and the origin of each part.
    pub fn own(&self) -> (Value, Origins) {
        (self.user.to_value(), Origins(Some(Arc::clone(&self.user))))
    }
}

/// The user's values over the defaults.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The user's values; nulls are kept.
    pub user: Value,
    /// The values with the defaults.
    pub tree: Value,
    /// The places at which the user set each value.
    pub origins: Origins,
    /// The sources to which the origins point.
    pub sources: Sources,
}

/// The origins of the user's values.
#[derive(Debug, Clone)]
pub struct Origins(Option<Arc<Node>>);

/// The origin of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The place of the key; list items have none.
    pub key: Option<Location>,
    /// The place of the value.
    pub value: Location,
    /// Whether it is neither a map nor a list.
    pub is_scalar: bool,
}

impl Origins {
    /// No origins: all values are defaults.
    pub fn none() -> Self {
        Origins(None)
    }

    /// The origins of one tree.
    pub fn of(node: Node) -> Self {
        Origins(Some(Arc::new(node)))
    }

    /// The place of the value at a path, or of the closest parent that the user wrote.
    pub fn get(&self, path: &ValuePath) -> Option<Origin> {
        self.nearest(path).map(|(_, origin)| origin)
    }

    /// The exact place of the value at a path; `None` where it is a default.
    pub fn exact(&self, path: &ValuePath) -> Option<Origin> {
        self.nearest(path).filter(|(steps, _)| *steps == path.0.len()).map(|(_, origin)| origin)
    }

    /// The scalars of one source: the line of each, and its path.
    pub fn values_of(&self, source: usize) -> impl Iterator<Item = (usize, ValuePath)> {
        fn walk(node: &Node, path: ValuePath, source: usize, found: &mut Vec<(usize, ValuePath)>) {
            match &node.kind {
                Kind::Map(entries) => entries.iter().for_each(|(key, node)| walk(node, path.key(key), source, found)),
                Kind::List(items) => {
                    items.iter().enumerate().for_each(|(number, item)| walk(item, path.index(number), source, found));
                }
                Kind::Scalar(_) if node.at.source == source => found.push((node.at.line, path)),
                Kind::Scalar(_) => {}
            }
        }
        let mut found = Vec::new();
        if let Some(node) = &self.0 {
            walk(node, ValuePath::root(), source, &mut found);
        }
        found.into_iter()
    }

    /// The closest value that the user wrote on the way to a path, and the number of steps that lead to it.
    ///
    /// `None` where the user wrote nothing except perhaps the root.
    pub fn nearest(&self, path: &ValuePath) -> Option<(usize, Origin)> {
        let mut node = self.0.as_deref()?;
        let mut found = None;
        for (i, step) in path.0.iter().enumerate() {
            let Some(next) = node.child(step) else { break };
            node = next;
            let is_scalar = matches!(node.kind, Kind::Scalar(_));
            found = Some((i + 1, Origin { key: node.key, value: node.at, is_scalar }));
        }
        found
    }
}

/// Reads the user's inputs and merges them in Helm's order: the files as given, then `--set-json`, `--set`,
/// `--set-string`, `--set-file` and `--set-literal`. Reports the errors of all of them.
pub fn load(inputs: &[Input]) -> Result<Warned<Layers>, Failure> {
    load_with(inputs, Severity::Error)
}

/// The same; `duplicates` is the severity of a repeated key in a file, and where that is no error the last one counts.
///
/// # Errors
/// As [`load`].
pub fn load_with(inputs: &[Input], duplicates: Severity) -> Result<Warned<Layers>, Failure> {
    let (layers, findings) = load_on(inputs, duplicates);
    if findings.iter().any(|d| d.severity == Severity::Error) {
        return Err(Failure { report: Report(findings), sources: layers.sources });
    }
    Ok(Warned { value: layers, warnings: findings })
}

/// The same, with the findings beside the values, so that a run can report what else is wrong. Errors may be among them: of
/// keys that a file has twice the last one counts then, and an input that cannot be read is left out.
pub fn load_on(inputs: &[Input], duplicates: Severity) -> (Layers, Vec<Diagnostic>) {
    let mut loader = Loader {
        sources: Sources::default(),
        findings: Vec::new(),
        user: None,
        files: Vec::new(),
        duplicates,
        flags: HashMap::new(),
    };
    for input in in_order(inputs) {
        loader.take(input);
    }
    let Loader { sources, findings, user, files, .. } = loader;
    let is_partial = findings.iter().any(|d| d.severity == Severity::Error && d.code != code::DUPLICATE_KEY);
    let nowhere = Location { source: 0, line: 1, column: 1, len: 1 };
    let user = user.unwrap_or_else(|| Node::empty_map(nowhere));
    (Layers { user: Arc::new(user), is_partial, files, sources }, findings)
}

/// The inputs, lowest layer first. Their sources are numbered in this order.
pub fn in_order(inputs: &[Input]) -> Vec<&Input> {
    let mut ordered: Vec<&Input> = inputs.iter().collect();
    ordered.sort_by_key(|input| rank(input));
    ordered
}

/// The layers of the inputs, lowest first, each with its own places: a merged tree has only those of the last one.
pub fn layers_of(inputs: &[Input]) -> Vec<Origins> {
    let mut all = Vec::new();
    let mut sources = 0;
    for input in in_order(inputs) {
        let (layers, _) = load_on(std::slice::from_ref(input), Severity::Warning);
        let mut moved = |at: &mut Location| at.source += sources;
        let parts = match input {
            Input::Composed(composed) if !composed.layers.is_empty() => composed.layers.clone(),
            _ => vec![Arc::unwrap_or_clone(layers.user)],
        };
        all.extend(parts.into_iter().map(|mut node| {
            node.relocate(&mut moved);
            Origins::of(node)
        }));
        sources += layers.sources.all().count();
    }
    all
}

fn rank(input: &Input) -> u8 {
    match input {
        Input::File { .. } | Input::Composed(_) => 0,
        Input::SetJson(_) => 1,
        Input::Set(_) => 2,
        Input::SetString(_) => 3,
        Input::SetFile(..) => 4,
        Input::SetLiteral(_) => 5,
    }
}

struct Loader {
    sources: Sources,
    findings: Vec<Diagnostic>,
    user: Option<Node>,
    files: Vec<TopKeys>,
    duplicates: Severity,
    /// The values that flags have set, with their places: a path that is set twice is reported.
    flags: HashMap<ValuePath, (Location, Value)>,
}

impl Loader {
    /// A warning where another flag, or another part of the same one, has set the path to a different value. As in
    /// Helm, the last one counts.
    fn set_twice(&mut self, path: ValuePath, at: Location, value: Value) {
        let twice = match self.flags.entry(path) {
            Entry::Vacant(new) => {
                new.insert((at, value));
                return;
            }
            Entry::Occupied(mut old) => {
                let path = old.key().clone();
                let (first, before) = old.insert((at, value.clone()));
                (before != value).then_some((path, first))
            }
        };
        if let Some((path, first)) = twice {
            self.findings.push(
                Diagnostic::warning("duplicate-key", format!("`{path}` is set twice on the command line"))
                    .at(at)
                    .at(first)
                    .hint("the last one is used, as in Helm; keep one of the two"),
            );
        }
    }

    fn take(&mut self, input: &Input) {
        match input {
            Input::File { name, bytes } => self.file(name, bytes),
            Input::Composed(composed) => self.composed(composed),
            Input::Set(flag) => self.flag("--set", flag, Syntax::Typed, &[]),
            Input::SetString(flag) => self.flag("--set-string", flag, Syntax::Text, &[]),
            Input::SetFile(flag, files) => self.flag("--set-file", flag, Syntax::Path, files),
            Input::SetLiteral(flag) => self.flag("--set-literal", flag, Syntax::Literal, &[]),
            Input::SetJson(flag) if flag.text.trim_start().starts_with('{') => {
                let source = self.sources.add(format!("--set-json #{}", flag.number), flag.text.as_str());
                match set::parse_object(&flag.text, source) {
                    Ok((node, warnings)) => {
                        self.findings.extend(warnings);
                        self.overlay(node);
                    }
                    Err(finding) => self.findings.push(finding),
                }
            }
            Input::SetJson(flag) => self.flag("--set-json", flag, Syntax::Json, &[]),
        }
    }

    fn overlay(&mut self, node: Node) {
        match &mut self.user {
            Some(user) => user.overlay(node),
            none => *none = Some(node),
        }
    }

    fn composed(&mut self, composed: &Composed) {
        let texts = composed.texts.iter();
        let numbers: Vec<usize> = texts.map(|text| self.sources.add(text.name.clone(), text.text.clone())).collect();
        let mut number = |at: &mut Location| at.source = numbers.get(at.source).copied().unwrap_or_default();
        let mut found = composed.found.clone();
        found.iter_mut().for_each(|finding| finding.relocate(&mut number));
        self.findings.extend(found);
        let mut values = composed.values.clone();
        values.relocate(&mut number);
        self.files.extend(TopKeys::of(&values));
        self.overlay(values);
    }

    fn file(&mut self, name: &str, bytes: &[u8]) {
        if bytes.len() > MAX_BYTES {
            let source = self.sources.add(name, "");
            self.findings.push(limits::too_long(Location { source, line: 1, column: 1, len: 1 }, bytes.len()));
            return;
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let lossy: Cow<'_, str> = String::from_utf8_lossy(bytes);
                let source = self.sources.add(name, lossy.as_ref());
                let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let line_start = before.rfind('\n').map_or(0, |i| i + 1);
                let line = before.matches('\n').count() + 1;
                let column = before[line_start..].chars().count() + 1;
                self.findings.push(
                    Diagnostic::error("not-utf-8", "the file is not encoded in UTF-8")
                        .at(Location { source, line, column, len: 1 })
                        .hint("save it as UTF-8; put binary data into a Secret of your own"),
                );
                return;
            }
        };
        let source = self.sources.add(name, text);
        match read::read_on(text, source, self.duplicates) {
            Ok(read) => {
                self.findings.extend(read.warnings);
                self.files.extend(TopKeys::of(&read.value));
                self.overlay(read.value);
            }
            Err(report) => self.findings.extend(report.0),
        }
    }

    fn flag(&mut self, name: &str, flag: &Flag, syntax: Syntax, files: &[FileContent]) {
        let source = self.sources.add(format!("{name} #{}", flag.number), flag.text.as_str());
        let parsed = match set::parse(&flag.text, source, syntax) {
            Ok(parsed) => parsed,
            Err(finding) => return self.findings.push(finding),
        };
        self.findings.extend(parsed.warnings);
        let start = Location { source, line: 1, column: 1, len: 1 };
        for mut assignment in parsed.assignments {
            if syntax == Syntax::Path
                && let Err(finding) = put_content(assignment.value_mut(), files)
            {
                self.findings.push(finding);
                continue;
            }
            let (path, at) = assignment.place();
            self.set_twice(path, at.unwrap_or(start), assignment.value_mut().to_value());
            let user = self.user.get_or_insert_with(|| Node::empty_map(start));
            if let Err(finding) = set::apply(user, assignment) {
                self.findings.push(finding);
            }
        }
    }
}

/// Replaces the paths of a `--set-file` by the contents of the files.
fn put_content(node: &mut Node, files: &[FileContent]) -> Result<(), Diagnostic> {
    match &mut node.kind {
        Kind::List(items) => items.iter_mut().try_for_each(|item| put_content(item, files)),
        Kind::Scalar(Value::String(text)) => {
            let refused = |why: &str| {
                Diagnostic::error("set-file", format!("the file cannot be read: {why}"))
                    .at(node.at)
                    .hint("write the path relative to the working directory")
            };
            let file = files.iter().find(|file| file.path == *text).ok_or_else(|| refused("it was not given"))?;
            let bytes = file.content.as_ref().map_err(|why| refused(why))?;
            if bytes.len() > MAX_BYTES {
                return Err(refused("it is too long for a value"));
            }
            let content = std::str::from_utf8(bytes).map_err(|_| refused("it is not encoded in UTF-8"))?;
            *text = content.to_owned();
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The paths of the files that a `--set-file` needs; empty where its syntax is wrong, which [`load`] reports.
pub fn set_file_paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    if let Ok(mut flag) = set::parse(text, 0, Syntax::Path) {
        for assignment in &mut flag.assignments {
            match assignment.value_mut().to_value() {
                Value::String(path) => paths.push(path),
                Value::Array(items) => paths.extend(items.iter().filter_map(Value::as_str).map(str::to_owned)),
                _ => {}
            }
        }
    }
    paths
}

/// Merges the user's values over the defaults.
pub fn merge(layers: Layers, defaults: Value) -> Warned<Merged> {
    lay(layers, ChartDefaults::from(defaults)).0
}

/// Merges the user's values over the defaults of a chart and of its subcharts.
///
/// Unlike [`merge`] it knows which sections are charts: a null over one restores its own defaults, and any other value
/// that is not a map is an error.
pub fn merge_charts(layers: Layers, chart: ChartDefaults) -> Result<Warned<Merged>, Box<(Report, Merged)>> {
    let (merged, errors) = lay(layers, chart);
    if errors.is_empty() {
        Ok(merged)
    } else {
        Err(Box::new((Report([errors, merged.warnings].concat()), merged.value)))
    }
}

fn lay(layers: Layers, chart: ChartDefaults) -> (Warned<Merged>, Vec<Diagnostic>) {
    let Layers { user: node, sources, .. } = layers;
    let user = node.to_value();
    let map = match &user {
        Value::Object(map) => map.clone(),
        _ => Map::new(),
    };
    let mut findings = merge::MergeFindings::default();
    let shape = shape(&chart);
    let tree = merge::coalesce(map, chart, &ValuePath::root(), &mut findings);
    merge::warn_of_globals(&tree, &shape, &ValuePath::root(), &mut findings);
    let merged = Merged { user, tree, origins: Origins(Some(node)), sources };
    (Warned { value: merged, warnings: findings.warnings }, findings.errors)
}

/// A chart's subcharts without their values.
fn shape(chart: &ChartDefaults) -> ChartDefaults {
    ChartDefaults {
        charts: chart.charts.iter().map(|(n, c)| (n.clone(), shape(c))).collect(),
        ..ChartDefaults::default()
    }
}
