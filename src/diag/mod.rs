//! Findings of a stage about its input, as data that is created where the knowledge is.
//!
//! A [`Diagnostic`] names a values path as the user writes it; the line and the column are looked
//! up in [`crate::values::Merged::origins`] by [`crate::pipeline`], and printed by [`crate::ui`].

pub mod code;
mod lines;
pub mod marks;
pub mod register;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

pub use self::lines::LineIndex;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Informative; nothing is wrong.
    Note,
    /// Something is probably not as intended; the run continues.
    Warning,
    /// The run stops and writes nothing.
    Error,
}

impl Severity {
    /// The word before the printed message.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// The origin of an error; it decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The values, or another input.
    Input,
    /// The command line, which contradicts itself.
    Usage,
    /// The machine: a full disk, a missing permission.
    Environment,
    /// This program.
    Bug,
}

/// One step of a values path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A key of a map.
    Key(Arc<str>),
    /// A position in a list, from 0.
    Index(usize),
}

impl Step {
    /// The key; `None` for a position in a list.
    pub fn key(&self) -> Option<&str> {
        match self {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }
}

/// A path in the values, `gitlab.webservice.extraEnvFrom[0].name`, or in an object.
///
/// [`fmt::Display`] writes it as `--set` would take it: a dot inside a key is escaped with a backslash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValuePath(pub Vec<Step>);

impl ValuePath {
    /// The root of the values.
    pub fn root() -> Self {
        Self::default()
    }

    /// Splits a path at its dots, as our own code names paths; no escapes, no indices.
    pub fn dotted(path: &str) -> Self {
        ValuePath(path.split('.').filter(|k| !k.is_empty()).map(|k| Step::Key(k.into())).collect())
    }

    /// The same with list positions, `a.b[0].c`; `None` where brackets hold anything but a number.
    pub fn indexed(path: &str) -> Option<Self> {
        let mut steps = Vec::new();
        for part in path.split('.') {
            let (key, indices) = part.split_once('[').unwrap_or((part, ""));
            steps.push(Step::Key(key.into()));
            for index in indices.split('[').filter(|index| !index.is_empty()) {
                steps.push(Step::Index(index.strip_suffix(']')?.parse().ok()?));
            }
        }
        Some(ValuePath(steps))
    }

    /// This path with one more key.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.into()));
        ValuePath(steps)
    }

    /// This path with one more list position.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        ValuePath(steps)
    }

    /// The value at this path of a tree.
    pub fn within<'v>(&self, tree: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(tree, |at, step| match step {
            Step::Key(key) => at.get(&**key),
            Step::Index(index) => at.get(*index),
        })
    }

    /// The same, mutable.
    pub fn within_mut<'v>(&self, tree: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(tree, |at, step| match step {
            Step::Key(key) => at.get_mut(&**key),
            Step::Index(index) => at.get_mut(*index),
        })
    }

    /// The path without its last step; `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(ValuePath(rest.to_vec()))
    }

    /// The first step, where it is a key: the section of the values.
    pub fn first_key(&self) -> Option<&str> {
        self.0.first().and_then(Step::key)
    }

    /// The last step, where it is a key.
    pub fn last_key(&self) -> Option<&str> {
        self.0.last().and_then(Step::key)
    }
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(the whole document)");
        }
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    if i > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(&escaped(key))?;
                }
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Appends a key to a path as [`ValuePath`] writes it; the empty path is the root.
pub fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(&escaped(key));
}

/// A key with its dots escaped.
fn escaped(key: &str) -> Cow<'_, str> {
    match key.bytes().any(|b| matches!(b, b'.' | b'\\')) {
        true => Cow::Owned(key.replace('\\', "\\\\").replace('.', "\\.")),
        false => Cow::Borrowed(key),
    }
}

/// A source of values, kept to show the line that a diagnostic is about.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the user calls it: a file's path, `-` for stdin, `--set` with its number.
    pub name: String,
    /// The content as it was read.
    pub text: Arc<str>,
    /// Whether it is a program in Ruby: `secret:` is the secret there, not the name of a Secret.
    pub is_ruby: bool,
}

/// All sources of a run; a [`Location`] points into them.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a source and returns the number that locations use for it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> usize {
        self.0.push(Source { name: name.into(), text: text.into(), is_ruby: false });
        self.0.len() - 1
    }

    /// The same for a program in Ruby.
    pub fn add_ruby(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> usize {
        self.0.push(Source { name: name.into(), text: text.into(), is_ruby: true });
        self.0.len() - 1
    }

    /// All sources with their numbers.
    pub fn all(&self) -> impl Iterator<Item = (usize, &Source)> {
        self.0.iter().enumerate()
    }

    /// The source with this number.
    pub fn get(&self, id: usize) -> Option<&Source> {
        self.0.get(id)
    }
}

/// A place in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Location {
    /// The number of the source in [`Sources`].
    pub source: usize,
    /// Counted from 1, in lines.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// How many characters to underline; at least 1.
    pub len: usize,
}

/// The subject of a diagnostic.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// A values path; the pipeline looks up where it was set before the report is printed.
    Value(ValuePath),
    /// A values path that the user set, and where.
    Set(ValuePath, Location),
    /// A place in a source.
    At(Location),
}

impl Place {
    /// The place in a source, where it is known.
    pub fn location(&self) -> Option<Location> {
        match self {
            Place::Value(_) => None,
            Place::Set(_, at) | Place::At(at) => Some(*at),
        }
    }

    /// The values path, where the subject is one.
    pub fn path(&self) -> Option<&ValuePath> {
        match self {
            Place::Value(path) | Place::Set(path, _) => Some(path),
            Place::At(_) => None,
        }
    }
}

/// The field of a Kubernetes object that a diagnostic is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The object, `Deployment/gitlab-webservice-default`.
    pub object: String,
    /// The field, `spec.template.spec.containers[0].image`; it may be absent from the object.
    pub field: ValuePath,
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// Stable, in kebab case: `unknown-key`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Whose fault it is.
    pub fault: Fault,
    /// The message: lower case, the path first, no final period; never a secret's value.
    pub message: String,
    /// The values that it is about, the most telling place first.
    pub places: Vec<Place>,
    /// The object's field that it is about.
    pub subject: Option<Box<Subject>>,
    /// The next step.
    pub hint: Option<String>,
    /// Whether the value cannot be read at all, so that nothing else can be checked in it.
    pub unreadable: bool,
}

impl Diagnostic {
    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity,
            fault: Fault::Input,
            message: message.into(),
            places: Vec::new(),
            subject: None,
            hint: None,
            unreadable: false,
        }
    }

    /// An error in the user's input.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// A note.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    /// An error of this program, to be reported as a bug.
    pub fn bug(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { fault: Fault::Bug, ..Self::new(code, Severity::Error, message) }
    }

    /// An error of the machine.
    pub fn environment(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { fault: Fault::Environment, ..Self::new(code, Severity::Error, message) }
    }

    /// An error of the command line.
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { fault: Fault::Usage, ..Self::new(code, Severity::Error, message) }
    }

    /// Adds a values path that the finding is about.
    #[must_use]
    pub fn at_value(mut self, path: ValuePath) -> Self {
        self.places.push(Place::Value(path));
        self
    }

    /// Adds a place in a source that the finding is about.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.places.push(Place::At(location));
        self
    }

    /// Adds several values paths that the finding is about.
    #[must_use]
    pub fn at_values(mut self, paths: impl IntoIterator<Item = ValuePath>) -> Self {
        self.places.extend(paths.into_iter().map(Place::Value));
        self
    }

    /// Names the field of an object that the finding is about.
    #[must_use]
    pub fn about(mut self, object: impl Into<String>, field: ValuePath) -> Self {
        self.subject = Some(Box::new(Subject { object: object.into(), field }));
        self
    }

    /// Marks the value as unreadable: every other problem in it follows from that.
    #[must_use]
    pub fn unreadable(mut self) -> Self {
        self.unreadable = true;
        self
    }

    /// Maps each place in a source.
    pub fn relocate(&mut self, to: &mut dyn FnMut(&mut Location)) {
        for place in &mut self.places {
            match place {
                Place::Set(_, at) | Place::At(at) => to(at),
                Place::Value(_) => {}
            }
        }
    }

    /// Sets the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// All findings of a run that stops here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report(pub Vec<Diagnostic>);

impl From<Diagnostic> for Report {
    fn from(diagnostic: Diagnostic) -> Self {
        Report(vec![diagnostic])
    }
}

/// Why a run stopped: its findings, at least one of them an error, and the sources that their places point into.
#[derive(Debug, Clone)]
pub struct Failure {
    /// All findings.
    pub report: Report,
    /// The sources.
    pub sources: Sources,
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Failure { report, sources: Sources::default() }
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Report::from(diagnostic).into()
    }
}

/// The result of a stage: its value, or all that was wrong.
pub type Outcome<T> = Result<T, Report>;

/// A value and the warnings that arose on the way to it.
#[derive(Debug, Clone)]
pub struct Warned<T> {
    /// The result.
    pub value: T,
    /// Notes and warnings; no errors.
    pub warnings: Vec<Diagnostic>,
}
