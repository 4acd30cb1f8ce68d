//! Marks: words of a configuration file that a script of an init container replaces by a secret.
//!
//! A value of the user's that contains such a word would get the secret too, and might show it to others.

use serde_json::Value;

use crate::diag::{Diagnostic, ValuePath};
use crate::resolve::Context;

/// Refuses the strings and keys of a part of a file in which a script would replace a word; `sections` are those of the values
/// that the part comes from, for the place.
pub fn refuse(cx: &Context, written: &Value, sections: &[&str], is_mark: &dyn Fn(&str) -> bool) {
    strings(written, &mut |text| {
        let Some(mark) = words(text).find(|word| is_mark(word)) else { return };
        let mut place = None;
        for section in sections {
            each(cx.glance(section), &ValuePath::dotted(section), &mut |path, own| {
                if place.is_none() && own == text {
                    place = Some(path.clone());
                }
            });
        }
        let place = place.unwrap_or_else(|| ValuePath::dotted(sections.first().copied().unwrap_or_default()));
        let message = format!(
            "`{place}`: contains the word `{mark}`, in whose place a script of this deployment writes a secret"
        );
        cx.say(Diagnostic::error("reserved-word", message).at_value(place).hint("write another word"));
    });
}

/// The parts of a text that may be a mark.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "\"'`,;=(){}[]".contains(c))
}

/// The strings and keys of a value.
fn strings(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, visit)),
        Value::Object(map) => {
            for (key, inner) in map {
                visit(key);
                strings(inner, visit);
            }
        }
        _ => {}
    }
}

/// The same, each with its path.
fn each(value: &Value, path: &ValuePath, visit: &mut dyn FnMut(&ValuePath, &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| each(item, &path.index(number), visit));
        }
        Value::Object(map) => {
            for (key, inner) in map {
                let here = path.key(key);
                visit(&here, key);
                each(inner, &here, visit);
            }
        }
        _ => {}
    }
}
