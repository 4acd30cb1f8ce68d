//! One JSON Schema of all values, in draft 7, which every editor knows.
//!
//! It accepts what a render accepts: null removes a default, and a quoted number is a number. Groups of keys are
//! inlined, since this draft has no `unevaluatedProperties`; what several keys share becomes a definition.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{SchemaPart, ValuesReference, document, tree};
use crate::releases::GitlabVersion;
use crate::schema;
use crate::upgrade::rules;

/// Longer defaults are left out; they are of no use in an editor's tooltip.
const LONGEST_DEFAULT: usize = 400;

/// Keywords that are the same in both drafts and contain no schema.
const PLAIN: [&str; 14] = [
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "format",
];

/// The referenced definitions: those that are written, and those that are still to be written.
#[derive(Default)]
struct Definitions {
    written: BTreeMap<String, Value>,
    open: Vec<(String, SchemaPart)>,
}

struct Writer<'a> {
    reference: &'a ValuesReference,
    definitions: Definitions,
}

/// The schema of the values of a release.
pub fn write(reference: &ValuesReference) -> Value {
    let mut writer = Writer { reference, definitions: Definitions::default() };
    let Value::Object(whole) = writer.whole(&document(), Some("")) else { return Value::Bool(true) };
    while let Some((name, part)) = writer.definitions.open.pop() {
        let body = writer.whole(&part, None);
        writer.definitions.written.insert(name, body);
    }
    let release = reference.release;
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!(format!("Values of gitlab-render for GitLab {release}")));
    schema.extend(whole);
    // The key under which people keep anchors.
    schema.insert("patternProperties".to_owned(), json!({ "^(x-|\\.)": {} }));
    schema.insert("definitions".to_owned(), Value::Object(writer.definitions.written.into_iter().collect()));
    let mut schema = Value::Object(schema);
    let mut with_default = BTreeSet::new();
    required_with_default(&schema, "", &reference.defaults, &mut with_default);
    for (part, key) in with_default {
        if let Some(Value::Array(keys)) = schema.pointer_mut(&format!("{part}/required")) {
            keys.retain(|other| *other != *key);
        }
    }
    schema
}

/// Adds the pointers of maps with a required key that the defaults have, each with the key: the user's map is merged over
/// them, and may be without it.
fn required_with_default(schema: &Value, at: &str, default: &Value, found: &mut BTreeSet<(String, String)>) {
    let (Some(part), Some(map)) = (schema.pointer(at), default.as_object()) else { return };
    if let Some(target) = part.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#')) {
        required_with_default(schema, target, default, found);
    }
    for number in 0..part.get("allOf").and_then(Value::as_array).map_or(0, Vec::len) {
        required_with_default(schema, &format!("{at}/allOf/{number}"), default, found);
    }
    let required = part.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    found.extend(required.filter(|key| map.contains_key(*key)).map(|key| (at.to_owned(), key.to_owned())));
    for (key, inner) in map {
        let below = format!("{at}/properties/{}", key.replace('~', "~0").replace('/', "~1"));
        required_with_default(schema, &below, inner, found);
    }
}

/// Whether a release reads a key.
fn reads(part: &SchemaPart, release: GitlabVersion) -> bool {
    let numbers = |word: &str, patch: u32| {
        let text = part.keyword(word)?.as_str()?;
        let mut numbers = text.split('.').map(|n| n.parse().ok());
        Some((numbers.next()??, numbers.next()??, numbers.next().flatten().unwrap_or(patch)))
    };
    let release = release.numbers();
    numbers("since", 0).is_none_or(|since| since <= release)
        && numbers("until", u32::MAX).is_none_or(|until| release <= until)
}

impl Writer<'_> {
    /// The schema of a key, or a reference to it, with the prose that an editor shows. `path` is its path where
    /// defaults are known.
    fn key(&mut self, part: &SchemaPart, path: Option<&str>) -> Value {
        let component = path.is_some_and(|path| self.reference.components.iter().any(|c| c.key == path));
        let mut out = match part.target {
            Some(target) if !component => json!({ "allOf": [{ "$ref": self.refer(target, part) }] }),
            _ => self.whole(part, path),
        };
        let Some(map) = out.as_object_mut() else { return out };
        if !part.description().is_empty() {
            map.insert("description".to_owned(), json!(super::write::sentence(part.description())));
        }
        let default = path.and_then(|path| tree::default_at(&self.reference.defaults, path));
        if let Some(default) = default.or_else(|| part.keyword("default"))
            && !default.is_null()
            && default.as_object().is_none_or(|map| map.is_empty() || part.target.is_some() && !component)
            && default.to_string().len() <= LONGEST_DEFAULT
        {
            map.insert("default".to_owned(), default.clone());
        }
        let keys: Vec<&str> = path.into_iter().flat_map(|path| path.split('.')).collect();
        let unread = schema::unread_hint(&keys).map(|hint| format!("changes nothing: {hint}"));
        if let Some(why) = unread.or_else(|| rules::deprecation(path?)) {
            map.insert("deprecated".to_owned(), json!(true));
            map.insert("deprecationMessage".to_owned(), json!(why));
        }
        out
    }

    /// A reference to a definition; the definition is written later.
    fn refer(&mut self, (file, pointer): (&str, &str), part: &SchemaPart) -> String {
        let last = pointer.strip_prefix("/$defs/").map_or_else(|| pointer.replace('/', "."), |name| format!(".{name}"));
        let name = match file {
            "definitions" => last.trim_start_matches('.').to_owned(),
            file => format!("{file}{last}"),
        };
        let known = self.definitions.written.contains_key(&name);
        if !known {
            // The entry is reserved, so that it is written once.
            self.definitions.written.insert(name.clone(), Value::Null);
            self.definitions.open.push((name.clone(), part.clone()));
        }
        format!("#/definitions/{name}")
    }

    /// The schema of a key's value.
    fn whole(&mut self, part: &SchemaPart, path: Option<&str>) -> Value {
        let mut out = Map::new();
        self.types(part, &mut out);
        for word in PLAIN {
            if let Some(value) = part.schema.get(word) {
                out.insert(word.to_owned(), value.clone());
            }
        }
        // Null removes a default everywhere, so it is a valid value.
        if let Some(Value::Array(options)) = part.schema.get("enum") {
            let with_null = options.iter().cloned().chain([Value::Null]);
            out.insert("enum".to_owned(), with_null.collect());
        }
        let properties = self.properties(part, path);
        if !properties.is_empty() {
            out.insert("properties".to_owned(), Value::Object(properties));
        }
        let is_map = part.schema.contains_key("properties")
            || part.types().contains(&"object")
            || part.groups().next().is_some();
        match part.others() {
            None => drop(out.insert("additionalProperties".to_owned(), json!(false))),
            Some(others) if is_map && !others.is_free() => {
                let others = self.key(&others, None);
                out.insert("additionalProperties".to_owned(), others);
            }
            Some(_) => {}
        }
        if let Some(items) = part.items() {
            let items = self.key(&items, None);
            out.insert("items".to_owned(), items);
        }
        if let Some(required) = self.required(part, path) {
            out.insert("required".to_owned(), required);
        }
        self.conditions(part, &mut out);
        Value::Object(out)
    }

    /// The types of a value, including those that a render converts.
    fn types(&self, part: &SchemaPart, out: &mut Map<String, Value>) {
        let mut types = part.types();
        if types.is_empty() {
            return;
        }
        let only = |name: &str| types == [name];
        let bounded = ["pattern", "enum", "const", "minLength", "maxLength", "format"];
        let free = !bounded.iter().any(|word| part.schema.contains_key(*word));
        if only("integer") {
            types.push("string");
            if free {
                out.insert("pattern".to_owned(), json!("^-?[0-9]*$"));
            }
        } else if only("string") && free && part.file != "kubernetes" {
            types.push("integer");
        }
        types.push("null");
        out.insert("type".to_owned(), json!(types));
    }

    fn properties(&mut self, part: &SchemaPart, path: Option<&str>) -> Map<String, Value> {
        let mut properties = Map::new();
        for (key, inner) in part.properties() {
            if !reads(&inner, self.reference.release) {
                continue;
            }
            let below = match path {
                Some("") => Some(key.to_owned()),
                Some(path) => Some(format!("{path}.{key}")),
                None => None,
            };
            let value = self.key(&inner, below.as_deref());
            properties.insert(key.to_owned(), value);
        }
        properties
    }

    /// The keys that are required and have no default.
    fn required(&self, part: &SchemaPart, path: Option<&str>) -> Option<Value> {
        let listed = part.schema.get("required")?.as_array()?;
        let default = path.and_then(|path| tree::default_at(&self.reference.defaults, path));
        let missing = |key: &&Value| key.as_str().and_then(|key| default?.get(key)).is_none();
        let missing: Vec<Value> = listed.iter().filter(missing).cloned().collect();
        (!missing.is_empty()).then(|| Value::Array(missing))
    }

    /// Conditions between keys, unchanged.
    fn conditions(&mut self, part: &SchemaPart, out: &mut Map<String, Value>) {
        for word in ["const", "if", "then", "else", "not", "anyOf", "oneOf", "propertyNames"] {
            if let Some(condition) = part.schema.get(word) {
                let condition = self.copied(part, condition);
                out.insert(word.to_owned(), condition);
            }
        }
        let dependent =
            ["dependentSchemas", "dependentRequired"].iter().filter_map(|word| part.schema.get(*word)?.as_object());
        let mut dependencies = Map::new();
        for (key, needs) in dependent.flatten() {
            let needs = self.copied(part, needs);
            dependencies.insert(key.clone(), needs);
        }
        if !dependencies.is_empty() {
            out.insert("dependencies".to_owned(), Value::Object(dependencies));
        }
        let all = part.schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let conditions: Vec<Value> =
            all.filter(|part| part.get("$ref").is_none()).map(|one| self.copied(part, one)).collect();
        if !conditions.is_empty() {
            out.insert("allOf".to_owned(), Value::Array(conditions));
        }
    }

    /// A copy with references to definitions. Where a condition forbids a key, null counts as absent.
    fn copied(&mut self, of: &SchemaPart, schema: &'static Value) -> Value {
        match schema {
            Value::Object(map) if map.contains_key("$ref") => {
                let part = of.inner(schema);
                match part.target {
                    Some(target) => json!({ "$ref": self.refer(target, &part) }),
                    None => json!({}),
                }
            }
            Value::Bool(false) => json!({ "type": "null" }),
            Value::Object(map) => {
                let kept = map.iter().filter(|(word, inner)| *word != "$comment" || inner.is_object());
                Value::Object(kept.map(|(word, inner)| (word.clone(), self.copied(of, inner))).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.copied(of, item)).collect()),
            other => other.clone(),
        }
    }
}
