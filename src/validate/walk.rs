//! Compares an object with the published schema of its kind.

use std::collections::{HashMap, HashSet};

use regex::Regex;
use serde_json::Value;

use super::schema::{FieldSchema, Fields, MINORS, Schemas, Type};
use crate::manifest::{FieldValue, ObjectFault, format};

/// Compares objects with their schemas, for one Kubernetes version.
pub struct Walk<'s> {
    schemas: &'s Schemas,
    minor: u32,
    patterns: HashMap<(usize, usize), Option<Regex>>,
    faults: Vec<ObjectFault>,
}

impl<'s> Walk<'s> {
    /// Creates a walk without faults.
    pub fn new(schemas: &'s Schemas, minor: u32) -> Self {
        Walk { schemas, minor, patterns: HashMap::new(), faults: Vec::new() }
    }

    /// The faults of an object with these fields.
    pub fn object(&mut self, root: &FieldValue<'_, '_>, fields: &Fields) -> Vec<ObjectFault> {
        self.fields(root, fields, true);
        std::mem::take(&mut self.faults)
    }

    fn add(&mut self, code: &'static str, at: &FieldValue<'_, '_>, reason: impl Into<String>) -> &mut ObjectFault {
        self.faults.push(ObjectFault::error(code, at, reason));
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }

    fn fields(&mut self, node: &FieldValue<'_, '_>, fields: &Fields, top: bool) {
        let Some(map) = node.map() else { return self.wrong(node, "a map") };
        for (key, child) in node.entries() {
            if top && matches!(key, "apiVersion" | "kind") {
                continue;
            }
            let named = fields.named(key);
            match named.iter().find(|field| field.span.has(self.minor)) {
                Some(field) => self.value(&child, &field.holds),
                None if fields.open => {}
                None => self.unknown(&child, key, named, fields),
            }
        }
        if fields.requires {
            // Of Kubernetes' own kinds a missing list or map is an empty one; where that is invalid, a field in it is
            // missing, and other rules know which lists may not be empty.
            let (schemas, minor) = (self.schemas, self.minor);
            let missing = |field: &&FieldSchema| {
                field.required
                    && field.span.has(minor)
                    && map.get(field.name).is_none_or(Value::is_null)
                    && !(fields.built_in && may_be_empty(schemas, &field.holds))
            };
            for field in fields.iter().filter(missing) {
                let at = node.child(field.name, &Value::Null);
                self.faults.push(ObjectFault::error("missing-field", &at, "required, but missing"));
            }
        }
    }

    fn unknown(&mut self, child: &FieldValue<'_, '_>, key: &str, named: &[FieldSchema], fields: &Fields) {
        let minor = self.minor;
        let hint = match named {
            [] => {
                let known = fields.iter().filter(|field| field.span.has(minor)).map(|field| field.name);
                format::nearest(key, known).map(|name| format!("did you mean `{name}`?"))
            }
            [first, ..] if first.span.first > minor => {
                Some(format!("the field exists since Kubernetes 1.{}", first.span.first))
            }
            [.., last] => Some(format!("the field was removed in Kubernetes 1.{}", last.span.last.min(MINORS.1) + 1)),
        };
        let reason = match named {
            [] => "Kubernetes has no such field here".to_owned(),
            _ => format!("Kubernetes 1.{minor} has no such field"),
        };
        self.add("unknown-field", child, reason).hint = hint;
    }

    fn value(&mut self, node: &FieldValue<'_, '_>, holds: &Type) {
        let value = node.value;
        match holds {
            Type::Any => {}
            Type::AnyMap if value.is_object() => {}
            Type::AnyMap => self.wrong(node, "a map"),
            Type::Fields(text, name) => match self.schemas.fields(*text, name) {
                // A claim in a StatefulSet is a whole object, which may have a kind and an API version.
                Some(fields) => self.fields(node, fields, self.schemas.is_kind(*text, name)),
                None => debug_assert!(false, "no type {name}"),
            },
            Type::Map(item) => match node.map() {
                Some(_) => node.entries().for_each(|(_, child)| self.value(&child, item)),
                None => self.wrong(node, "a map"),
            },
            Type::List { item, least, most, unique } => match value.as_array() {
                Some(items) => {
                    node.items().for_each(|child| self.value(&child, item));
                    self.list(node, items, (*least, *most), unique);
                }
                None => self.wrong(node, "a list"),
            },
            Type::Bool if value.is_boolean() => {}
            Type::Bool => self.wrong(node, "`true` or `false`"),
            Type::Number if value.is_number() => {}
            Type::Number => self.wrong(node, "a number"),
            Type::Int(least, most) => match format::whole(value) {
                Some(n) if (*least..=*most).contains(&n) => {}
                Some(n) if *most == i64::MAX => {
                    self.add("out-of-range", node, format!("{n} is less than {least}"));
                }
                Some(n) => {
                    self.add("out-of-range", node, format!("{n} is not between {least} and {most}"));
                }
                None => self.wrong(node, "a whole number"),
            },
            Type::IntOrText if value.is_string() || format::whole(value).is_some() => {}
            Type::IntOrText => self.wrong(node, "a whole number or a string"),
            Type::Quantity => match value {
                Value::Number(_) => {}
                Value::String(text) => {
                    if let Err(reason) = format::quantity(text) {
                        self.add("bad-quantity", node, reason);
                    }
                }
                _ => self.wrong(node, "a quantity"),
            },
            Type::Bytes => match value.as_str().map(format::base64) {
                Some(Ok(())) => {}
                Some(Err(reason)) => {
                    self.add("bad-format", node, reason).hint =
                        Some("encode it, or use `stringData` in a Secret".to_owned());
                }
                None => self.wrong(node, "a string in base64"),
            },
            Type::Time if value.is_string() => {}
            Type::Time => self.wrong(node, "a time as text"),
            Type::OneOf(words) => match value.as_str() {
                Some(text) if words.iter().any(|word| word == text) => {}
                Some(text) => {
                    let known: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                    let reason = format!("{} is not one of {}", format::shown(text), known.join(", "));
                    self.add("unknown-value", node, reason);
                }
                None => self.wrong(node, "a string"),
            },
            Type::Text { least, most, pattern } => match value.as_str() {
                Some(text) => self.text(node, text, (*least, *most), *pattern),
                None => self.wrong(node, "a string"),
            },
        }
    }

    fn text(&mut self, node: &FieldValue<'_, '_>, text: &str, limits: (usize, usize), pattern: Option<(usize, usize)>) {
        if limits != (0, usize::MAX) {
            let length = text.chars().count();
            if length < limits.0 {
                let reason = if length == 0 { "empty".to_owned() } else { format!("shorter than {}", limits.0) };
                self.add("bad-format", node, reason);
                return;
            }
            if length > limits.1 {
                self.add("bad-format", node, format!("longer than {} characters", limits.1));
                return;
            }
        }
        let Some(number) = pattern else { return };
        let schemas = self.schemas;
        let regex = self.patterns.entry(number).or_insert_with(|| Regex::new(schemas.pattern(number)?).ok());
        if regex.as_ref().is_some_and(|regex| !regex.is_match(text)) {
            let pattern = schemas.pattern(number).unwrap_or_default();
            self.add("bad-format", node, format!("{} does not match `{pattern}`", format::shown(text)));
        }
    }

    fn list(&mut self, node: &FieldValue<'_, '_>, items: &[Value], (least, most): (usize, usize), unique: &[&str]) {
        if items.len() < least {
            self.add("bad-list", node, format!("{} items, at least {least} are needed", items.len()));
        }
        if items.len() > most {
            self.add("bad-list", node, format!("{} items, at most {most} are allowed", items.len()));
        }
        if unique.is_empty() || items.len() < 2 {
            return;
        }
        let mut seen = HashSet::new();
        for child in node.items() {
            let part = |key: &&str| if key.is_empty() { Some(child.value) } else { child.value.get(key) };
            let parts: Vec<Option<String>> = unique.iter().map(|key| part(key).map(Value::to_string)).collect();
            if !seen.insert(parts) {
                let what =
                    if unique == [""] { "it is".to_owned() } else { format!("its `{}` is", unique.join("`, `")) };
                self.add("duplicate-name", &child, format!("{what} the same as an earlier item's"));
            }
        }
    }

    fn wrong(&mut self, node: &FieldValue<'_, '_>, wanted: &str) {
        let hint = match node.value {
            Value::Number(_) | Value::Bool(_) if wanted.starts_with("a string") => Some("put it in quotes"),
            Value::String(text) if wanted == "a whole number" && text.parse::<i64>().is_ok() => {
                Some("remove the quotes")
            }
            Value::String(text) if wanted == "`true` or `false`" && matches!(text.as_str(), "true" | "false") => {
                Some("remove the quotes")
            }
            _ => None,
        };
        let reason = format!("{wanted} is needed, {} was found", format::sort_of(node.value));
        self.add("wrong-type", node, reason).hint = hint.map(str::to_owned);
    }
}

/// Whether a missing field is equivalent to an empty one.
fn may_be_empty(schemas: &Schemas, holds: &Type) -> bool {
    match holds {
        Type::List { .. } => true,
        Type::Fields(text, name) => schemas.fields(*text, name).is_some_and(|fields| !fields.requires),
        _ => false,
    }
}
