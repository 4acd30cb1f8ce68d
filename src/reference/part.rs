//! The schemas as they are written, with descriptions and defaults. The check of values uses a form without them
//! ([`crate::schema`]); these are decompressed for people.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::bundle;

/// A position in the schemas, with references resolved.
#[derive(Clone)]
pub struct SchemaPart {
    /// The schema at this position, which is not a reference.
    pub schema: &'static Map<String, Value>,
    /// The name of the file that contains it: a component's, `root`, `definitions` or `kubernetes`.
    pub file: &'static str,
    /// The target of the first reference: the name of a file, and the pointer in it.
    pub target: Option<(&'static str, &'static str)>,
    /// The references that led here, the first one first, and the schema itself.
    chain: Vec<&'static Map<String, Value>>,
}

/// A step of a values path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathStep<'a> {
    /// A key of a map.
    Key(&'a str),
    /// An item of a list.
    Item,
}

static FREE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// The schema of the whole document.
pub fn document() -> SchemaPart {
    of_file("root").unwrap_or_else(free)
}

/// A position where every value is valid.
fn free() -> SchemaPart {
    SchemaPart { schema: &FREE, file: "root", target: None, chain: Vec::new() }
}

fn of_file(name: &'static str) -> Option<SchemaPart> {
    Some(SchemaPart::at(parsed(name)?, name))
}

/// The definitions of a file of definitions: `definitions`, `kubernetes`.
pub fn definitions(file: &'static str) -> Vec<(&'static str, SchemaPart)> {
    let all = parsed(file).and_then(|tree| tree.get("$defs")?.as_object());
    all.into_iter().flatten().map(|(name, schema)| (name.as_str(), SchemaPart::at(schema, file))).collect()
}

/// A schema is parsed once per process and kept.
fn parsed(name: &str) -> Option<&'static Value> {
    static PARSED: LazyLock<Mutex<HashMap<String, &'static Value>>> = LazyLock::new(Mutex::default);
    let mut kept = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = kept.get(name) {
        return Some(schema);
    }
    let schema: Value = serde_json::from_str(bundle::described_schema(name)?).ok()?;
    let schema = &*Box::leak(Box::new(schema));
    kept.insert(name.to_owned(), schema);
    Some(schema)
}

impl SchemaPart {
    fn at(schema: &'static Value, file: &'static str) -> SchemaPart {
        let mut part =
            SchemaPart { schema: schema.as_object().unwrap_or(&FREE), file, target: None, chain: Vec::new() };
        // Chains of references are two or three long.
        for _ in 0..16 {
            part.chain.push(part.schema);
            let Some(target) = part.schema.get("$ref").and_then(Value::as_str) else { break };
            match followed(target, part.file) {
                Some(next) => {
                    (part.schema, part.file) = next;
                    let pointer = target.split_once('#').map_or("", |(_, pointer)| pointer);
                    part.target.get_or_insert((part.file, pointer));
                }
                None => break,
            }
        }
        part
    }

    /// The target of the first reference here.
    pub fn reference(&self) -> Option<&'static str> {
        self.chain.first()?.get("$ref")?.as_str()
    }

    /// Names of the definitions that led here, the nearest first: `Name`, `DNSSubdomainOrEmpty`.
    pub fn kinds(&self) -> Vec<&'static str> {
        let name = |s: &&'static Map<String, Value>| Some(s.get("$ref")?.as_str()?.split_once("#/$defs/")?.1);
        self.chain.iter().filter_map(name).collect()
    }

    /// A keyword such as `description`, from the nearest place that has it.
    pub fn keyword(&self, keyword: &str) -> Option<&'static Value> {
        self.chain.iter().find_map(|schema| schema.get(keyword))
    }

    /// The description, without its period; empty where there is none.
    pub fn description(&self) -> &'static str {
        self.keyword("description").and_then(Value::as_str).unwrap_or_default()
    }

    /// A known key of a map, its own or one of a group.
    pub fn property(&self, key: &str) -> Option<SchemaPart> {
        match self.schema.get("properties").and_then(|own| own.get(key)) {
            Some(Value::Bool(false)) => None,
            Some(schema) => Some(SchemaPart::at(schema, self.file)),
            None => self.groups().find_map(|group| group.property(key)),
        }
    }

    /// All known keys of a map, those of its groups first.
    pub fn properties(&self) -> Vec<(&'static str, SchemaPart)> {
        let without = self.without();
        let own: Vec<_> = self.own_properties().collect();
        let lent = self.groups().flat_map(|group| group.properties());
        let free = |key: &str| !without.contains(&key) && own.iter().all(|(mine, _)| *mine != key);
        let mut all: Vec<_> = lent.filter(|(key, _)| free(key)).collect();
        all.extend(own);
        all
    }

    /// The known keys of a map, without those of its groups.
    pub fn own_properties(&self) -> impl Iterator<Item = (&'static str, SchemaPart)> + use<> {
        let file = self.file;
        let known = self.schema.get("properties").and_then(Value::as_object);
        let known = known.into_iter().flatten().filter(|(_, schema)| **schema != Value::Bool(false));
        known.map(move |(key, schema)| (key.as_str(), SchemaPart::at(schema, file)))
    }

    /// Keys of groups that a map excludes.
    pub fn without(&self) -> Vec<&'static str> {
        let known = self.schema.get("properties").and_then(Value::as_object);
        known
            .into_iter()
            .flatten()
            .filter(|(_, schema)| **schema == Value::Bool(false))
            .map(|(key, _)| key.as_str())
            .collect()
    }

    /// The groups of keys that a map includes by `allOf`.
    pub fn groups(&self) -> impl Iterator<Item = SchemaPart> + use<> {
        let file = self.file;
        let all = self.schema.get("allOf").and_then(Value::as_array);
        all.into_iter().flatten().filter(|part| part.get("$ref").is_some()).map(move |part| SchemaPart::at(part, file))
    }

    /// The groups that several components share, including those that a component's own group includes.
    pub fn shared_groups(&self) -> Vec<SchemaPart> {
        let shared = |group: SchemaPart| match group.file {
            "definitions" => vec![group],
            _ => group.shared_groups(),
        };
        self.groups().flat_map(shared).collect()
    }

    /// The schema of a list's items.
    pub fn items(&self) -> Option<SchemaPart> {
        self.schema.get("items").map(|schema| SchemaPart::at(schema, self.file))
    }

    /// The alternatives of `oneOf` and `anyOf`.
    pub fn alternatives(&self) -> Vec<SchemaPart> {
        let all = ["anyOf", "oneOf"].iter().find_map(|keyword| self.schema.get(*keyword)?.as_array());
        all.into_iter().flatten().map(|schema| SchemaPart::at(schema, self.file)).collect()
    }

    /// A part of the same schema that has no method: a condition.
    pub fn inner(&self, schema: &'static Value) -> SchemaPart {
        SchemaPart::at(schema, self.file)
    }

    /// The schema of the values of free keys; `None` where the map has no free keys.
    pub fn others(&self) -> Option<SchemaPart> {
        let others = ["additionalProperties", "unevaluatedProperties"].iter().find_map(|word| self.schema.get(*word));
        match others {
            Some(Value::Bool(false)) => None,
            Some(schema) => Some(SchemaPart::at(schema, self.file)),
            None => Some(SchemaPart { schema: &FREE, file: self.file, target: None, chain: Vec::new() }),
        }
    }

    /// Whether this is below a map whose keys and values are free.
    pub fn is_free(&self) -> bool {
        self.chain.is_empty()
    }

    /// Whether the schema restricts the value by more than a type.
    pub fn is_restricted(&self) -> bool {
        ["enum", "const", "anyOf", "oneOf"].iter().any(|keyword| self.schema.contains_key(*keyword))
            || self.kinds().contains(&"Free")
    }

    /// The types of the value; empty: any type.
    pub fn types(&self) -> Vec<&'static str> {
        match self.schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Resolves `../../schemas/definitions.json#/$defs/Port`, `../charts/gitaly/values.schema.json` or
/// `#/properties/image`.
fn followed(target: &'static str, file: &'static str) -> Option<(&'static Map<String, Value>, &'static str)> {
    let (path, pointer) = target.split_once('#').unwrap_or((target, ""));
    let mut steps = path.rsplit('/');
    let file = match steps.next()? {
        "" => file,
        "values.schema.json" => steps.next()?,
        name => name.trim_end_matches(".json").trim_end_matches(".schema"),
    };
    Some((parsed(file)?.pointer(pointer)?.as_object()?, file))
}

/// Parses `gitlab.gitaly.external[].name` into steps, where the brackets may contain a number; a dot inside a key has a
/// backslash before it.
pub fn steps(path: &str) -> Vec<PathStep<'_>> {
    let mut steps = Vec::new();
    let mut start = 0;
    let bytes = path.as_bytes();
    for end in 0..=path.len() {
        let dot = end == path.len() || bytes[end] == b'.' && (end == 0 || bytes[end - 1] != b'\\');
        if !dot {
            continue;
        }
        let key = &path[start..end];
        start = end + 1;
        let name = key.split('[').next().unwrap_or_default();
        steps.extend((!name.is_empty()).then_some(PathStep::Key(name)));
        steps.extend(key.matches('[').map(|_| PathStep::Item));
    }
    steps
}

/// A key of [`steps`] as it is in a values file, without the backslashes before its dots.
pub fn unescaped(key: &str) -> String {
    key.replace("\\.", ".")
}

/// The schema of a values path; `None` where it is unknown.
pub fn part(path: &str) -> Option<SchemaPart> {
    steps(path).iter().try_fold(document(), |part, step| match step {
        PathStep::Key(key) => part.property(key).or_else(|| part.others()),
        PathStep::Item => part.items(),
    })
}
