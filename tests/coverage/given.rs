//! `given.toml` and `no-effect.tsv`: what the schemas cannot tell.

use gitlab_render::values::{self, Input};
use serde::Deserialize;
use serde_json::Value;

use super::candidates::Candidate;
use crate::common::root;

#[derive(Deserialize)]
struct File {
    given: Vec<Needs>,
    #[serde(default)]
    value: Vec<Own>,
    #[serde(default)]
    reaches: Vec<Reaches>,
}

/// Values that are there before a path is changed.
#[derive(Deserialize)]
struct Needs {
    paths: Vec<String>,
    /// A whole file.
    values: Option<String>,
    /// What stands under the key of the path's component.
    own: Option<String>,
}

/// What to change a path to.
#[derive(Deserialize)]
struct Own {
    paths: Vec<String>,
    value: String,
    shows: Option<String>,
    /// What the message says, where the value is refused.
    refused: Option<String>,
}

/// Components that a path of another's section changes.
#[derive(Deserialize)]
struct Reaches {
    paths: Vec<String>,
    components: Vec<String>,
}

pub struct Rules {
    file: File,
    defaults: Value,
}

/// What is given for one path.
pub struct Given {
    /// Values files.
    pub layers: Vec<String>,
    /// All of it over the defaults.
    pub tree: Value,
}

impl Rules {
    pub fn read(defaults: &Value) -> Self {
        let text = std::fs::read_to_string(root().join("tests/coverage/given.toml")).unwrap();
        let file = toml::from_str(&text).unwrap_or_else(|e| panic!("given.toml: {e}"));
        Rules { file, defaults: defaults.clone() }
    }

    /// `key` is where the path's component has its section, `gitlab.gitaly`.
    pub fn given(&self, path: &str, key: Option<&str>) -> Given {
        let needed = self.file.given.iter().filter(|given| any(&given.paths, path));
        let below = |own: &String| {
            let key = key.unwrap_or_else(|| panic!("given.toml: `{path}` belongs to no component"));
            let keys: Vec<_> = key.split('.').map(|step| format!("{{\"{step}\": ")).collect();
            format!("{}{{{own}}}{}", keys.concat(), "}".repeat(keys.len()))
        };
        let both = |given: &Needs| given.values.clone().into_iter().chain(given.own.as_ref().map(below));
        let layers: Vec<_> = needed.flat_map(both).collect();
        let tree = tree(&layers, &self.defaults);
        Given { layers, tree }
    }

    pub fn value(&self, path: &str) -> Option<Candidate> {
        let own = self.file.value.iter().find(|own| any(&own.paths, path))?;
        let document = tree(&[format!("value: {}", own.value)], &Value::Object(serde_json::Map::new()));
        let (shows, refused) = (own.shows.clone(), own.refused.clone());
        Some(Candidate { value: document["value"].clone(), shows, refused })
    }

    pub fn reached(&self, path: &str) -> Vec<&str> {
        let reaches = self.file.reaches.iter().filter(|reaches| any(&reaches.paths, path));
        reaches.flat_map(|reaches| reaches.components.iter().map(String::as_str)).collect()
    }
}

/// Values files over the defaults.
fn tree(layers: &[String], defaults: &Value) -> Value {
    let input = |text: &String| Input::File { name: "given.yaml".to_owned(), bytes: text.clone().into_bytes() };
    let inputs: Vec<_> = layers.iter().map(input).collect();
    let layers = values::load(&inputs).unwrap_or_else(|failure| panic!("given.toml: {inputs:?}: {:?}", failure.report));
    values::merge(layers.value, defaults.clone()).value.tree
}

/// A line of `no-effect.tsv`.
pub struct Excuse {
    pub pattern: String,
    pub reason: String,
    expanded: Vec<String>,
}

impl Excuse {
    pub fn covers(&self, path: &str) -> bool {
        self.expanded.iter().any(|pattern| matches(pattern, path))
    }
}

pub fn excuses() -> Vec<Excuse> {
    let text = std::fs::read_to_string(root().join("tests/coverage/no-effect.tsv")).unwrap();
    let excuse = |line: &str| {
        let (pattern, reason) = line.split_once('\t').unwrap_or((line, ""));
        Excuse { pattern: pattern.to_owned(), reason: reason.to_owned(), expanded: expand(pattern) }
    };
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(excuse).collect()
}

/// Every path of `tests/data/value-paths.tsv`.
pub fn paths() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("tests/data/value-paths.tsv")).unwrap();
    text.lines().map(|line| line.split('\t').next().unwrap_or(line).to_owned()).collect()
}

fn any(patterns: &[String], path: &str) -> bool {
    patterns.iter().any(|pattern| covers(pattern, path))
}

/// Whether a pattern with `*`, `**` and `{a,b}` covers a path.
pub fn covers(pattern: &str, path: &str) -> bool {
    expand(pattern).iter().any(|pattern| matches(pattern, path))
}

/// The patterns without braces.
fn expand(pattern: &str) -> Vec<String> {
    let braces =
        pattern.split_once('{').and_then(|(head, rest)| rest.split_once('}').map(|(all, tail)| (head, all, tail)));
    let Some((head, alternatives, tail)) = braces else { return vec![pattern.to_owned()] };
    let tails = expand(tail);
    alternatives.split(',').flat_map(|one| tails.iter().map(move |tail| format!("{head}{one}{tail}"))).collect()
}

/// `*` is one key or a part of one, `**` at the end is the rest, also none.
fn matches(pattern: &str, path: &str) -> bool {
    if let Some(start) = pattern.strip_suffix(".**") {
        let depth = start.split('.').count();
        let head: Vec<_> = path.split('.').take(depth).collect();
        return head.len() == depth && matches(start, head.join(".").trim_end_matches("[]"));
    }
    let (patterns, keys): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), path.split('.').collect());
    patterns.len() == keys.len()
        && patterns.iter().zip(keys).all(|(pattern, key)| match pattern.split_once('*') {
            Some((start, end)) => key.len() >= start.len() + end.len() && key.starts_with(start) && key.ends_with(end),
            None => *pattern == key,
        })
}
