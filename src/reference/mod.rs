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
pub use part::{PathStep, SchemaPart, definitions, document, part, steps, unescaped};
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

    /// The paths that continue an unfinished path with one more key; a map ends with a dot, a list with `[0]`. What stands
    /// behind the last dot of `open` is not looked at.
    pub fn next_keys(&self, open: &str) -> Vec<String> {
        let (above, dot) = open.rfind('.').map_or(("", ""), |at| (&open[..at], "."));
        let Some(at) = self.place(above) else { return Vec::new() };
        let keys = tree::keys(&at.part).into_iter().filter(|(key, _)| {
            let path = if at.path.is_empty() { (*key).to_owned() } else { format!("{}.{key}", at.path) };
            tree::is_read(&path, self.release)
        });
        let next = keys.map(|(key, part)| {
            let end = match () {
                () if !tree::keys(&part).is_empty() => ".",
                () if part.items().is_some() => "[0]",
                () => "",
            };
            format!("{above}{dot}{}{end}", key.replace('.', "\\."))
        });
        next.collect()
    }

    /// The values that are listed for a path; both values of a switch.
    pub fn values_at(&self, path: &str) -> Vec<String> {
        let Some(Resolved { part, .. }) = self.place(path) else { return Vec::new() };
        let listed = explanation::allowed(&part).into_iter().map(|value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        });
        let listed: Vec<String> = listed.collect();
        match listed.is_empty() && part.types() == ["boolean"] {
            true => vec!["true".to_owned(), "false".to_owned()],
            false => listed,
        }
    }

    /// The place of a path whose list items have numbers.
    fn place(&self, path: &str) -> Option<Resolved> {
        let mut plain = String::new();
        for (number, piece) in path.split('[').enumerate() {
            match piece.split_once(']') {
                Some((_, rest)) if number > 0 => plain.push_str(&format!("[]{rest}")),
                _ => plain.push_str(piece),
            }
        }
        self.resolve(&plain).ok().filter(|found| !found.corrected)
    }

    /// Every key of the release with its path, in the order of the schemas, at most `depth` keys deep; a value that is
    /// only passed to Kubernetes counts as one key.
    pub fn all(&self, depth: usize) -> Vec<(String, SchemaPart)> {
        tree::below(&document(), "", depth, self.release)
    }
}
