//! Marks masked parts whose secrets differ: two masks look alike, and a line with one would pass for unchanged.

use std::collections::HashSet;

use serde_json::Value;

use crate::redact::MASK;

/// A value and its masked form.
type Side<'a> = (&'a Value, &'a mut Value);

/// Adds `(old)` and `(new)` to masked strings, or to their lines, that are equal and stand for different secrets.
pub(super) fn put(old: Side<'_>, new: Side<'_>) {
    match (old, new) {
        ((Value::Object(old), Value::Object(before)), (Value::Object(new), Value::Object(after))) => {
            for (key, old) in old {
                if let (Some(new), Some(before), Some(after)) = (new.get(key), before.get_mut(key), after.get_mut(key))
                {
                    put((old, before), (new, after));
                }
            }
        }
        ((Value::Array(old), Value::Array(before)), (Value::Array(new), Value::Array(after)))
            if old.len() == new.len() && old.len() == before.len() && new.len() == after.len() =>
        {
            for ((old, before), (new, after)) in old.iter().zip(before).zip(new.iter().zip(after)) {
                put((old, before), (new, after));
            }
        }
        ((old, Value::String(before)), (new, Value::String(after))) if old != new => {
            let (old, new) = (text(old), text(new));
            let (is_old, is_new) = (hides(&old, before, &new, after), hides(&new, after, &old, before));
            write(before, &is_old, "(old)");
            write(after, &is_new, "(new)");
        }
        _ => {}
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether each masked line of one side reads as one of the other side whose secret is not there.
fn hides(here: &str, masked: &str, there: &str, masked_there: &str) -> Vec<bool> {
    if here.lines().count() != masked.lines().count() {
        // The mask stands for all lines.
        return masked.lines().map(|line| line.contains(MASK) && masked == masked_there).collect();
    }
    let originals: HashSet<&str> = there.lines().collect();
    let shown: HashSet<&str> = masked_there.lines().collect();
    let pairs = here.lines().zip(masked.lines());
    pairs.map(|(line, mask)| mask.contains(MASK) && shown.contains(mask) && !originals.contains(line)).collect()
}

fn write(masked: &mut String, marked: &[bool], word: &str) {
    if !marked.contains(&true) {
        return;
    }
    let ends = masked.ends_with('\n');
    let line = |(line, mark): (&str, &bool)| if *mark { format!("{line} {word}") } else { line.to_owned() };
    let mut text = masked.lines().zip(marked).map(line).collect::<Vec<_>>().join("\n");
    if ends {
        text.push('\n');
    }
    *masked = text;
}
