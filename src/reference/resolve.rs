//! Resolves a path as people type it.

use serde_json::Value;

use super::{PathStep, SchemaPart, ValuesReference, document, steps, tree, unescaped};
use crate::schema;
use crate::upgrade::removed;

/// A path that was found.
pub struct Resolved {
    /// The path with its right spelling.
    pub path: String,
    /// The position.
    pub part: SchemaPart,
    /// Whether one of its keys was misspelt.
    pub corrected: bool,
}

/// A path that does not exist.
#[derive(Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The longest known prefix; empty where not even the first key is known.
    pub known: String,
    /// The first unknown key.
    pub key: String,
    /// The keys that may be meant, the most likely one first.
    pub near: Vec<String>,
    /// The releases that have the key, in words, where others than this one do.
    pub releases: Option<String>,
    /// What to write instead, where that is known.
    pub instead: Option<String>,
}

impl ValuesReference {
    /// Resolves a path. A misspelt key is corrected where exactly one key resembles it.
    ///
    /// # Errors
    /// The known prefix of the path, and the keys that may be meant.
    pub fn resolve(&self, path: &str) -> Result<Resolved, Unresolved> {
        let misplaced = || schema::misplaced_hint(&path.split('.').collect::<Vec<_>>()).map(str::to_owned);
        let instead = || misplaced().or_else(|| removed::instead(path));
        self.walk(path).map_err(|unresolved| Unresolved { instead: instead(), ..unresolved })
    }

    fn walk(&self, path: &str) -> Result<Resolved, Unresolved> {
        let mut at = Resolved { path: String::new(), part: document(), corrected: false };
        // Whether the last key was one that users choose.
        let mut free = false;
        let path = with_keys(path);
        for step in steps(&path) {
            let is_key = matches!(step, PathStep::Key(_));
            // An annotation or a label whose dots have no backslashes: a value without keys has none of this name.
            if let PathStep::Key(key) = step
                && free
                && !is_a(&at.part, "object")
                && !is_a(&at.part, "array")
            {
                at.path.push_str(&format!("\\.{key}"));
                continue;
            }
            free = false;
            let key = match step {
                PathStep::Item => {
                    at.part = at.part.items().ok_or_else(|| unresolved(&at, "[]", Vec::new(), None))?;
                    at.path.push_str("[]");
                    continue;
                }
                // `pods.0.name`, as `--set` of other tools has it.
                PathStep::Key(key) if key.bytes().all(|b| b.is_ascii_digit()) && is_a(&at.part, "array") => {
                    at.part = at.part.items().ok_or_else(|| unresolved(&at, key, Vec::new(), None))?;
                    at.path.push_str("[]");
                    at.corrected = true;
                    continue;
                }
                PathStep::Key(key) if !is_a(&at.part, "object") => return Err(unresolved(&at, key, Vec::new(), None)),
                PathStep::Key(key) => key,
            };
            free = is_key && at.part.property(&unescaped(key)).is_none();
            let (key, part) = self.key(&mut at, key)?;
            at.path = below(&at.path, &key);
            at.part = part;
        }
        Ok(at)
    }

    fn key(&self, at: &mut Resolved, key: &str) -> Result<(String, SchemaPart), Unresolved> {
        if let Some(part) = at.part.property(&unescaped(key)) {
            let path = below(&at.path, key);
            if tree::is_read(&path, self.release) {
                return Ok((key.to_owned(), part));
            }
            let releases = tree::releases_of(&path).map(super::explanation::span);
            return Err(unresolved(at, key, Vec::new(), releases));
        }
        let mut near = near(key, tree::keys(&at.part));
        near.retain(|(_, name, _)| tree::is_read(&below(&at.path, name), self.release));
        // A free key may have any name, so only a difference in case or separators counts as a mistake.
        let others = at.part.others();
        let sure = if others.is_some() { 0.99 } else { 0.85 };
        if let [(likeness, name, part), rest @ ..] = &near[..]
            && *likeness >= sure
            && rest.first().is_none_or(|(next, ..)| *next < *likeness)
        {
            at.corrected = true;
            return Ok(((*name).to_owned(), part.clone()));
        }
        match others {
            Some(part) => Ok((key.to_owned(), part)),
            None => {
                let names = near.into_iter().take(4).map(|(_, name, _)| below(&at.path, name)).collect();
                Err(unresolved(at, key, names, None))
            }
        }
    }
}

/// A path whose keys in brackets are written after a dot: `annotations["a.b/c"]` is `annotations.a\.b/c`.
fn with_keys(path: &str) -> String {
    let mut plain = String::new();
    let mut rest = path;
    while let Some((before, (inside, after))) = rest.split_once('[').and_then(|(b, r)| Some((b, r.split_once(']')?))) {
        plain.push_str(before);
        let key = inside.trim_matches(['"', '\'']);
        match key.is_empty() || key == "*" || key.bytes().all(|b| b.is_ascii_digit()) {
            true => plain.push_str("[]"),
            false => plain.push_str(&format!(".{}", unescaped(key).replace('.', "\\."))),
        }
        rest = after;
    }
    plain + rest
}

/// Whether a value of a JSON type fits a schema; one that names no types takes all.
fn is_a(part: &SchemaPart, wanted: &str) -> bool {
    match part.schema.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => true,
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn unresolved(at: &Resolved, key: &str, near: Vec<String>, releases: Option<String>) -> Unresolved {
    Unresolved { known: at.path.clone(), key: key.to_owned(), near, releases, instead: None }
}

/// The keys that resemble one, the most similar first.
fn near(key: &str, all: Vec<(&'static str, SchemaPart)>) -> Vec<(f64, &'static str, SchemaPart)> {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let wanted = plain(key);
    let likeness = |name: &str| {
        let name = plain(name);
        match () {
            () if name == wanted => 1.0,
            () if wanted.len() > 3 && (name.starts_with(&wanted) || wanted.starts_with(&name) && name.len() > 3) => 0.9,
            () => strsim::normalized_damerau_levenshtein(&name, &wanted),
        }
    };
    let mut found: Vec<_> = all.into_iter().map(|(name, part)| (likeness(name), name, part)).collect();
    found.retain(|(likeness, ..)| *likeness >= 0.6);
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    found
}
