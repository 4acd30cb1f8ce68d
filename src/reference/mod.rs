//! What is known about each value: description, type, default, allowed values, releases, and where it is documented.
//!
//! [`SchemaPart`] is a place in the schemas as they are written; [`ValuesReference`] joins it with the defaults of a release and
//! with what became of older keys. [`mod@search`] finds keys by words, [`write`](mod@write) prints an [`Explanation`], and
//! [`json_schema`] makes one schema of all for editors. No render reads any of this.

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

/// A component as the values name it.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// Its name, `sidekiq`.
    pub name: &'static str,
    /// Where its section is in the values, `gitlab.sidekiq`; empty where it has none.
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

    /// The section of the component with this name, where there is one.
    pub fn section(&self, name: &str) -> Option<&'static str> {
        self.components.iter().find(|c| c.name == name && !c.key.is_empty()).map(|c| c.key)
    }

    /// Every key of the release with its path, in the order of the schemas, `depth` keys deep at most; what only goes
    /// to Kubernetes as it is counts as one key.
    pub fn all(&self, depth: usize) -> Vec<(String, SchemaPart)> {
        tree::below(&document(), "", depth, self.release)
    }
}
