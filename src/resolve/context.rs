//! The input of every component: the release, the values, and the findings of reading them.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bundle::Difference;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::global::Global;
use crate::model::{self, Text};
use crate::releases::{self, GitlabVersion};
use crate::tree::{self, overlay, without_null_entries};

/// A Kubernetes version: major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubeVersion {
    /// 1.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl KubeVersion {
    /// The default version: the newest that the output was checked against and on which the GitLab release is known to
    /// run.
    pub fn newest_for(gitlab: Option<&str>) -> Self {
        let checked = releases::kubernetes::checked();
        let named = gitlab.and_then(|text| releases::catalogue::find(text).ok());
        let newest = named.and_then(|release| releases::kubernetes::newest(release.gitlab.series()));
        let (major, minor) = newest.map_or(checked, |newest| newest.min(checked));
        KubeVersion { major, minor }
    }
}

/// The target of a render.
#[derive(Debug, Clone)]
pub struct Release {
    /// The release's name, the prefix of most object names.
    pub name: String,
    /// The namespace it goes to.
    pub namespace: String,
    /// Whether it replaces an earlier one.
    pub is_upgrade: bool,
    /// The cluster's version.
    pub kube_version: KubeVersion,
    /// API versions that the cluster has besides Kubernetes' own.
    pub api_versions: Vec<String>,
    /// Image tags of the GitLab version that is deployed.
    pub images: crate::releases::ImageTags,
}

impl Release {
    /// The release of GitLab whose behaviour is rendered; a development build behaves as the newest known one.
    pub fn version(&self) -> GitlabVersion {
        self.images.release.unwrap_or_else(releases::default_version)
    }

    /// Whether this release has a named difference, see `charts/releases/differences.json`.
    pub fn has(&self, difference: Difference) -> bool {
        self.version().has(difference)
    }
}

/// Parses a value that is a string of YAML; the error is a reason without the content.
pub type ReadYaml = fn(&str) -> Result<Value, String>;

/// The input of every component.
pub struct Context<'a> {
    /// The target of the render.
    pub release: &'a Release,
    /// `global`, as far as it is about pods and names.
    pub global: Global,
    tree: &'a Value,
    user: Option<&'a Value>,
    read_yaml: ReadYaml,
    findings: RefCell<Vec<Diagnostic>>,
    /// Sections that were parsed and are cached, by path.
    once: RefCell<Vec<(&'static str, Rc<dyn Any>)>>,
    /// The paths that were read, where they are recorded.
    reads: Option<RefCell<BTreeSet<String>>>,
}

impl<'a> Context<'a> {
    /// Creates the context for checked values.
    pub fn new(release: &'a Release, tree: &'a Value, read_yaml: ReadYaml) -> Self {
        let mut context = Context {
            release,
            global: Global::default(),
            tree,
            user: None,
            read_yaml,
            findings: RefCell::default(),
            once: RefCell::default(),
            reads: None,
        };
        context.global = context.read("global");
        context
    }

    /// The same, with the user's own values, which the tree has over the defaults.
    #[must_use]
    pub fn of_user(self, user: Option<&'a Value>) -> Self {
        Context { user, ..self }
    }

    /// Whether it is known that the user sets nothing in a section, so that all of it is defaults.
    pub fn is_untouched(&self, section: &str) -> bool {
        self.user.is_some_and(|user| tree::at(user, section).is_none())
    }

    /// The same as [`Self::new`], and keeps the paths of what is read from now on for [`Self::take_reads`].
    pub fn recording(release: &'a Release, tree: &'a Value, read_yaml: ReadYaml) -> Self {
        Context { reads: Some(RefCell::default()), ..Context::new(release, tree, read_yaml) }
    }

    /// The dotted paths that were read: a value beside and outside of all of them has no effect. The whole tree is the empty
    /// path. The keys of `global` that are always read are not among them: [`is_always_read`].
    pub fn take_reads(&self) -> BTreeSet<String> {
        self.reads.as_ref().map(RefCell::take).unwrap_or_default()
    }

    /// A section of the values by its dotted path; null where it is missing.
    pub fn section(&self, path: &str) -> &'a Value {
        static NULL: Value = Value::Null;
        self.record(path);
        tree::at(self.tree, path).unwrap_or(&NULL)
    }

    /// The same for a rule about all values of a section, which gives none of them an effect: the read is not kept.
    pub fn glance(&self, path: &str) -> &'a Value {
        static NULL: Value = Value::Null;
        tree::at(self.tree, path).unwrap_or(&NULL)
    }

    /// All values.
    pub fn tree(&self) -> &'a Value {
        self.record("");
        self.tree
    }

    fn record(&self, path: &str) {
        if let Some(reads) = &self.reads {
            reads.borrow_mut().insert(path.to_owned());
        }
    }

    /// Whether a switch is on; a missing one is off.
    pub fn enabled(&self, path: &str) -> bool {
        self.section(path).as_bool().unwrap_or(false)
    }

    /// A scalar as a string; `None` where it is missing or empty.
    pub fn text(&self, path: &str) -> Option<String> {
        match self.section(path) {
            Value::Null => None,
            Value::String(text) => (!text.is_empty()).then(|| text.clone()),
            other => Some(self.read_value::<Text>(path, other).0),
        }
    }

    /// A section as a type. Where a type does not match, the finding is kept and the default is returned.
    pub fn read<T: DeserializeOwned + Default>(&self, path: &str) -> T {
        self.read_value(path, self.section(path))
    }

    /// The same for a section that several components read: it is parsed once.
    pub fn once<T: DeserializeOwned + Default + 'static>(&self, path: &'static str) -> Rc<T> {
        self.once_as(path, || self.read::<T>(path))
    }

    /// A value that several components need and that follows from `global` alone: it is made once. `name` is a path, or
    /// another name that nothing else of that type has.
    pub fn once_as<T: 'static>(&self, name: &'static str, make: impl FnOnce() -> T) -> Rc<T> {
        let kept =
            |(at, value): &(&str, Rc<dyn Any>)| if *at == name { Rc::clone(value).downcast().ok() } else { None };
        let known = self.once.borrow().iter().find_map(kept);
        known.unwrap_or_else(|| {
            let value = Rc::new(make());
            self.once.borrow_mut().push((name, value.clone()));
            value
        })
    }

    /// One of the user's values as a type; `path` is its position.
    pub fn read_value<T: DeserializeOwned + Default>(&self, path: &str, value: &Value) -> T {
        self.read_from(value, |_| path)
    }

    /// The same; `section` is the position of the section that a part of the value, by its path, comes from.
    fn read_from<'p, T: DeserializeOwned + Default>(
        &self,
        value: &Value,
        section: impl Fn(&ValuePath) -> &'p str,
    ) -> T {
        // A null removes a default: what remains is as if nothing were written.
        let without_null = |misfit: model::Misfit| match misfit.path.within(value) {
            Some(Value::Null) => model::read(&without_null_entries(value)),
            _ => Err(misfit),
        };
        model::read(value).or_else(without_null).unwrap_or_else(|misfit| {
            let path = section(&misfit.path);
            let section = ValuePath::indexed(path).unwrap_or_else(|| ValuePath::dotted(path));
            let full = ValuePath([section.0, misfit.path.0].concat());
            self.say(
                Diagnostic::error("wrong-type", format!("`{full}`: {}", misfit.reason))
                    .at_value(full)
                    .unreadable()
                    .hint("write a value of that type, or remove the key to get the default"),
            );
            T::default()
        })
    }

    /// A section of `global` with the component's own section of the same name merged over it, as a type: `global.psql`
    /// and `gitlab.webservice.psql`.
    pub fn inherited<T: DeserializeOwned + Default>(&self, global: &str, own: &str) -> T {
        if !self.has_own(own) {
            return self.read_value(global, self.section(global));
        }
        let mut tree = self.section(global).clone();
        overlay(&mut tree, self.section(own));
        let mine = self.section(own);
        self.read_from(&tree, |part| if part.within(mine).is_some_and(|value| !value.is_null()) { own } else { global })
    }

    /// Whether a component has a section of its own that is merged over the one of `global`.
    pub fn has_own(&self, own: &str) -> bool {
        match self.section(own) {
            Value::Null => false,
            Value::Object(map) => !map.is_empty(),
            _ => true,
        }
    }

    /// A setting that is a string of YAML, as a tree. A syntax error is a finding, and the result is null.
    pub fn yaml(&self, path: &str, text: &str) -> Value {
        (self.read_yaml)(text).unwrap_or_else(|reason| {
            self.say(
                Diagnostic::error("not-yaml", format!("`{path}`: the string is not YAML: {reason}"))
                    .at_value(ValuePath::dotted(path))
                    .unreadable()
                    .hint("write the setting as YAML instead of a string"),
            );
            Value::Null
        })
    }

    /// Adds a finding.
    pub fn say(&self, diagnostic: Diagnostic) {
        let mut findings = self.findings.borrow_mut();
        if !findings.contains(&diagnostic) {
            findings.push(diagnostic);
        }
    }

    /// Returns and clears the findings.
    pub fn take_findings(&self) -> Vec<Diagnostic> {
        self.findings.take()
    }
}

/// Whether every component reads a key of `global`.
pub fn is_always_read(key: &str) -> bool {
    Global::keys().contains(&key)
}
