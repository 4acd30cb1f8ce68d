//! Tables of the fields of each kind, and the comparison of an object with them.

use serde_json::Value;

use super::format::{self, shown};
use super::kinds::META;
use super::{FieldValue, Findings};
use crate::tree::field;

/// The shape of a value.
pub(super) enum Shape {
    /// Any value: the controller that reads it checks it.
    Any,
    /// Any string.
    Text,
    /// A string in a format of [`format`].
    As(fn(&str) -> Result<(), String>),
    /// The name of something, in a format of [`format`].
    Named(fn(&str) -> Result<(), String>),
    /// A string of a set that is larger than a list.
    Words(fn(&str) -> Result<(), String>),
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A boolean.
    Bool,
    /// An integer within bounds.
    Int(i64, i64),
    /// A port, by number or by name.
    Port,
    /// A number, or a percentage: `1`, `25%`.
    Share,
    /// A quantity: `500m`, `2`, `1.5Gi`.
    Quantity,
    /// A map of keys in a format to values of one shape.
    Free(fn(&str) -> Result<(), String>, &'static Shape),
    /// A list of items of one shape.
    List(&'static Shape),
    /// A map with these fields and no others.
    Map(&'static [FieldShape]),
    /// A map with these fields and other, unknown ones.
    Having(&'static [FieldShape]),
    /// A whole object with a `spec` of this shape.
    Object(&'static Shape),
    /// A shape, and a rule about its fields together.
    Also(&'static Shape, fn(&FieldValue<'_, '_>, &mut Findings<'_>)),
}

/// A field of a map.
pub(super) struct FieldShape {
    name: &'static str,
    required: bool,
    shape: &'static Shape,
}

/// An optional field.
pub(super) const fn opt(name: &'static str, shape: &'static Shape) -> FieldShape {
    FieldShape { name, required: false, shape }
}

/// A required field that may not be empty.
pub(super) const fn req(name: &'static str, shape: &'static Shape) -> FieldShape {
    FieldShape { name, required: true, shape }
}

/// Any 32-bit integer from 0.
pub(super) const COUNT: Shape = Shape::Int(0, i32::MAX as i64);
/// A port number.
pub(super) const PORT: Shape = Shape::Int(1, 65535);
/// A map of strings.
pub(super) const TEXTS: Shape = Shape::Free(|_| Ok(()), &Shape::Text);
/// The name of most objects.
pub(super) const NAME: Shape = Shape::As(format::subdomain);

/// Compares a value with its shape and adds every difference.
pub(super) fn compare(node: &FieldValue<'_, '_>, shape: &Shape, out: &mut Findings<'_>) {
    let value = node.value;
    match shape {
        Shape::Any => {}
        Shape::Text => {
            if !value.is_string() {
                wrong(node, "a string", out);
            }
        }
        Shape::As(check) => match value.as_str().map(check) {
            Some(Ok(())) => {}
            Some(Err(reason)) => {
                out.add("bad-format", node, reason);
            }
            None => wrong(node, "a string", out),
        },
        Shape::Named(check) => match value.as_str().map(check) {
            Some(Ok(())) => {}
            Some(Err(reason)) => {
                out.add("bad-name", node, reason);
            }
            None => wrong(node, "a string", out),
        },
        Shape::Words(check) => match value.as_str().map(check) {
            Some(Ok(())) => {}
            Some(Err(reason)) => {
                out.add("unknown-value", node, reason);
            }
            None => wrong(node, "a string", out),
        },
        Shape::OneOf(words) => match value.as_str() {
            Some(text) if words.contains(&text) => {}
            Some(text) => {
                let known: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
                out.add("unknown-value", node, format!("{} is not one of {}", shown(text), known.join(", ")));
            }
            None => wrong(node, "a string", out),
        },
        Shape::Bool => {
            if !value.is_boolean() {
                wrong(node, "`true` or `false`", out);
            }
        }
        Shape::Int(least, most) => match format::whole(value) {
            Some(n) if (*least..=*most).contains(&n) => {}
            Some(n) => {
                out.add("out-of-range", node, format!("{n} is not between {least} and {most}"));
            }
            None => wrong(node, "a whole number", out),
        },
        Shape::Port => match value.as_str() {
            Some(name) => {
                if let Err(reason) = format::port_name(name) {
                    out.add("bad-format", node, reason);
                }
            }
            None => compare(node, &PORT, out),
        },
        Shape::Share => match value.as_str() {
            Some(text) if percent(text) => {}
            Some(text) => {
                let reason = format!("{} is neither a number nor a percentage like `25%`", shown(text));
                out.add("bad-format", node, reason);
            }
            None => compare(node, &COUNT, out),
        },
        Shape::Quantity => match value {
            Value::Number(_) => {}
            Value::String(text) => {
                if let Err(reason) = format::quantity(text) {
                    out.add("bad-quantity", node, reason);
                }
            }
            _ => wrong(node, "a quantity", out),
        },
        Shape::Free(key_format, inner) => match node.map() {
            Some(_) => {
                for (key, child) in node.entries() {
                    if let Err(reason) = key_format(key) {
                        out.add("bad-key", node, reason);
                    }
                    compare(&child, inner, out);
                }
            }
            None => wrong(node, "a map", out),
        },
        Shape::List(inner) => match value.is_array() {
            true => node.items().for_each(|item| compare(&item, inner, out)),
            false => wrong(node, "a list", out),
        },
        Shape::Map(fields) => compare_map(node, fields, false, out),
        Shape::Having(fields) => compare_map(node, fields, true, out),
        Shape::Object(spec) => compare_object(node, spec, out),
        Shape::Also(inner, rule) => {
            compare(node, inner, out);
            rule(node, out);
        }
    }
}

fn compare_object(node: &FieldValue<'_, '_>, spec: &Shape, out: &mut Findings<'_>) {
    for (key, child) in node.entries() {
        match key {
            "apiVersion" | "kind" => compare(&child, &Shape::Text, out),
            "metadata" => compare(&child, &META, out),
            "spec" => compare(&child, spec, out),
            _ => {
                out.add("unknown-field", &child, "Kubernetes has no such field here");
            }
        }
    }
    // A PodDisruptionBudget without a spec is an empty one.
    if !node.has("spec") && out.kind != "PodDisruptionBudget" {
        out.add("missing-field", &node.child("spec", &Value::Null), "required, but missing");
    }
}

fn compare_map(node: &FieldValue<'_, '_>, fields: &'static [FieldShape], others: bool, out: &mut Findings<'_>) {
    if node.map().is_none() {
        return wrong(node, "a map", out);
    }
    for (key, child) in node.entries() {
        match fields.iter().find(|f| f.name == key) {
            Some(field) if !field.required && as_if_missing(field.shape, child.value) => {}
            Some(field) => compare(&child, field.shape, out),
            None if others => {}
            None => {
                let nearest = format::nearest(key, fields.iter().map(|field| field.name));
                let fault = out.add("unknown-field", &child, "Kubernetes has no such field here");
                if let Some(name) = nearest {
                    fault.hint = Some(format!("did you mean `{name}`?"));
                }
            }
        }
    }
    for shape in fields.iter().filter(|f| f.required) {
        let empty = match field(node.value, shape.name) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty() && !matches!(shape.shape, Shape::As(_)),
            Some(Value::Array(items)) => items.is_empty(),
            Some(_) => false,
        };
        if empty {
            out.add("missing-field", &node.child(shape.name, &Value::Null), "required, but missing");
        }
    }
}

/// Whether Kubernetes replaces an empty value by its default.
fn as_if_missing(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::OneOf(_) | Shape::As(_) => value.as_str() == Some(""),
        Shape::Port => value.as_str() == Some("") || value.as_i64() == Some(0),
        _ => false,
    }
}

fn wrong(node: &FieldValue<'_, '_>, wanted: &str, out: &mut Findings<'_>) {
    let found = format::sort_of(node.value);
    out.add("wrong-type", node, format!("{wanted} is needed, {found} was found"));
}

fn percent(text: &str) -> bool {
    text.strip_suffix('%').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}
