//! The embedded schemas: unpacked when first asked for, by component and by definition.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use serde_json::Value;

use crate::bundle;

/// A schema, the file to which its references are relative, and the definition that led to it.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub schema: &'static Value,
    pub file: &'static str,
    /// The name of the definition, `Quantity`; messages describe formats by it.
    pub kind: Option<&'static str>,
}

impl At {
    /// A part of this schema.
    pub fn part(self, schema: &'static Value) -> At {
        At { schema, file: self.file, kind: None }
    }

    /// The final target of a `$ref`; keywords beside a `$ref` are only prose here.
    pub fn resolved(self) -> At {
        let mut at = self;
        // Chains of references are two or three long; a cycle ends somewhere in it.
        for _ in 0..16 {
            let Some(target) = at.schema.get("$ref").and_then(Value::as_str) else { break };
            match lookup(target, at.file) {
                Some(next) => at = next,
                None => return At { schema: &TRUE, ..at },
            }
        }
        at
    }

    /// A known key of a map: its own, or one of a group of keys that it includes by `allOf`.
    ///
    /// `false` under a key of its own excludes that key of a group.
    pub fn property(self, key: &str) -> Option<At> {
        let at = self.resolved();
        match at.schema.get("properties").and_then(|own| own.get(key)) {
            Some(Value::Bool(false)) => None,
            Some(part) => Some(at.part(part)),
            None => at.groups().find_map(|group| group.property(key)),
        }
    }

    /// All known keys of a map, those of groups after its own.
    pub fn properties(self) -> Vec<(&'static str, At)> {
        let at = self.resolved();
        let own = at.schema.get("properties").and_then(Value::as_object);
        let mut all: Vec<_> = own.into_iter().flatten().map(|(key, part)| (key.as_str(), at.part(part))).collect();
        for group in at.groups() {
            let more = group.properties();
            all.extend(more.into_iter().filter(|(key, _)| own.is_none_or(|own| !own.contains_key(*key))));
        }
        all.retain(|(_, part)| part.schema != &Value::Bool(false));
        all
    }

    /// The schema of unknown keys: `false` where none are allowed.
    pub fn others(self) -> Option<&'static Value> {
        ["additionalProperties", "unevaluatedProperties"].iter().find_map(|keyword| self.schema.get(*keyword))
    }

    /// The groups of keys that a map includes by `allOf`, such as `Pod`; an entry that is not a reference is a
    /// condition.
    fn groups(self) -> impl Iterator<Item = At> {
        let all = self.schema.get("allOf").and_then(Value::as_array);
        all.into_iter().flatten().filter(|part| lends_keys(part)).map(move |part| self.part(part))
    }
}

/// Whether a part of `allOf` is a group of keys.
pub(super) fn lends_keys(part: &Value) -> bool {
    part.get("$ref").is_some()
}

static TRUE: Value = Value::Bool(true);

/// The schema of the whole document.
pub(super) fn root() -> At {
    whole("root.schema").unwrap_or(At { schema: &TRUE, file: "root.schema", kind: None })
}

/// Follows `gitaly/values.schema.json`, `definitions.json#/$defs/Port` or `#/properties/image`.
pub(super) fn lookup(target: &'static str, file: &'static str) -> Option<At> {
    let (path, pointer) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() { file } else { file_of(path)? };
    if let Some(name) = pointer.strip_prefix("/$defs/")
        && let Some(schema) = unpacked(&format!("{file}#{name}"))
    {
        return Some(At { schema, file, kind: Some(name) });
    }
    let at = whole(file)?;
    let kind = pointer.rsplit('/').next().filter(|_| pointer.starts_with("/$defs/"));
    Some(At { schema: at.schema.pointer(pointer)?, file, kind })
}

/// A component's schema has the component's name, a shared one the name of its file.
fn file_of(path: &'static str) -> Option<&'static str> {
    let mut steps = path.rsplit('/');
    match steps.next()? {
        "values.schema.json" => steps.next(),
        name => name.strip_suffix(".json"),
    }
}

fn whole(file: &'static str) -> Option<At> {
    Some(At { schema: unpacked(file)?, file, kind: None })
}

/// Each schema is unpacked once per process and kept: the size of the embedded data bounds the memory.
fn unpacked(name: &str) -> Option<&'static Value> {
    static UNPACKED: LazyLock<Mutex<HashMap<String, Option<&'static Value>>>> = LazyLock::new(Mutex::default);
    let mut kept = match UNPACKED.lock() {
        Ok(kept) => kept,
        Err(poisoned) => poisoned.into_inner(),
    };
    if let Some(schema) = kept.get(name) {
        return *schema;
    }
    let schema = bundle::schema(name).map(|schema| &*Box::leak(Box::new(schema)));
    kept.insert(name.to_owned(), schema);
    schema
}
