//! Marks masked parts whose secrets differ: two masks look alike, and a line with one would pass for unchanged.

use diffy::{DiffOptions, Line};
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
            if old.len() == before.len() && new.len() == after.len() =>
        {
            for (here, there) in pairs(before, after) {
                put((&old[here], &mut before[here]), (&new[there], &mut after[there]));
            }
        }
        ((old, Value::String(before)), (new, Value::String(after))) if old != new => {
            lines((&text(old), before), (&text(new), after));
        }
        _ => {}
    }
}

/// The same for two strings and their masked forms.
pub fn lines((old, before): (&str, &mut String), (new, after): (&str, &mut String)) {
    let (old, new) = (originals(old, before), originals(new, after));
    let mut marked = (vec![false; old.len()], vec![false; new.len()]);
    for (here, there) in common(before, after) {
        if before.lines().nth(here).is_some_and(|line| line.contains(MASK)) && old[here] != new[there] {
            (marked.0[here], marked.1[there]) = (true, true);
        }
    }
    write(before, &marked.0, "(old)");
    write(after, &marked.1, "(new)");
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What each masked line stands for: a line, or the whole string where one mask replaces several lines.
fn originals<'t>(text: &'t str, masked: &str) -> Vec<&'t str> {
    match masked.lines().count() {
        count if count == text.lines().count() => text.lines().collect(),
        count => vec![text; count],
    }
}

/// The positions of items that are compared with each other: in lists of the same length each with its neighbour, otherwise those that
/// look alike, in their order.
fn pairs(before: &[Value], after: &[Value]) -> Vec<(usize, usize)> {
    if before.len() == after.len() {
        return (0..before.len()).map(|at| (at, at)).collect();
    }
    let rows = |items: &[Value]| items.iter().map(|item| format!("{item}\n")).collect::<String>();
    common(&rows(before), &rows(after))
}

/// The positions of the lines that a comparison of two strings shows as unchanged.
fn common(before: &str, after: &str) -> Vec<(usize, usize)> {
    let mut all = DiffOptions::new();
    all.set_context_len(before.lines().count());
    let patch = all.create_patch(before, after);
    let (mut here, mut there) = (0, 0);
    let mut found = Vec::new();
    for line in patch.hunks().iter().flat_map(|hunk| hunk.lines()) {
        match line {
            Line::Context(_) => {
                found.push((here, there));
                (here, there) = (here + 1, there + 1);
            }
            Line::Delete(_) => here += 1,
            Line::Insert(_) => there += 1,
        }
    }
    match before == after {
        // Without a difference there is no hunk.
        true => (0..before.lines().count()).map(|at| (at, at)).collect(),
        false => found,
    }
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
