//! The reference of values: description, type, default, allowed values, releases, and documentation of each.
//!
//! [`SchemaPart`] is a position in the schemas as they are written; [`ValuesReference`] joins it with the defaults of a
//! release and with the removed keys. [`mod@search`] finds keys by words, [`write`](mod@write) prints an
//! [`Explanation`], and [`json_schema`] makes one schema of all values for editors. No render uses this module.

mod explanation;
pub mod json_schema;
mod part;
mod resolve;
pub mod search;
mod tree;
pub mod values_file;
pub mod write;

use serde_json::Value;

use crate::releases::GitlabVersion;

pub use explanation::{ByRelease, Explanation, Key};
pub use part::{PathStep, SchemaPart, definitions, document, part, steps};
pub use resolve::{Resolved, Unresolved};

/// A component under its name in the values.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// Its name, `sidekiq`.
    pub name: &'static str,
    /// The path of its section, `gitlab.sidekiq`; empty where it has none.
    pub key: &'static str,
}

/// All values of one release.
pub struct ValuesReference {
    /// The release.
    pub release: GitlabVersion,
    /// Its default values.
    pub defaults: Value,
    /// The components.
    pub components: Vec<Named>,
}

impl ValuesReference {
    /// The component that a path belongs to.
    pub fn component(&self, path: &str) -> Option<Named> {
        let within = |key: &str| path == key || path.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        self.components.iter().copied().filter(|c| !c.key.is_empty() && within(c.key)).max_by_key(|c| c.key.len())
    }

    /// The section of the component with this name.
    pub fn section(&self, name: &str) -> Option<&'static str> {
        self.components.iter().find(|c| c.name == name && !c.key.is_empty()).map(|c| c.key)
    }

    /// Every key of the release with its path, in the order of the schemas, at most `depth` keys deep; a value that is
    /// only passed to Kubernetes counts as one key.
    pub fn all(&self, depth: usize) -> Vec<(String, SchemaPart)> {
        tree::below(&document(), "", depth, self.release)
    }
}
