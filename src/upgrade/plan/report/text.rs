//! For a terminal.

use std::fmt::Write;

use super::{condition, heading, object, place, remedy, summary, title};
use crate::upgrade::plan::{Plan, Stop};

/// The plan in plain text.
pub fn text(plan: &Plan) -> String {
    let mut out = format!("{}\n{}\n", title(plan), summary(plan));
    for note in &plan.notes {
        let _ = writeln!(out, "note: {note}");
    }
    for (number, at) in (1..).zip(&plan.stops) {
        let _ = write!(out, "\n{number}. {}\n", heading(at, number == plan.stops.len()));
        stop(&mut out, at);
    }
    out
}

fn item(out: &mut String, indent: usize, text: &str) {
    let _ = writeln!(out, "{:indent$}- {text}", "");
}

fn commands(out: &mut String, indent: usize, commands: &[String]) {
    for command in commands {
        let _ = writeln!(out, "{:indent$}$ {command}", "");
    }
}

fn stop(out: &mut String, stop: &Stop) {
    for note in &stop.notes {
        let _ = writeln!(out, "   {note}");
    }
    section(out, "only if one of these holds", &stop.conditions, |out, it| {
        item(out, 5, &condition(it));
        commands(out, 7, it.command.as_slice());
    });
    section(out, "before", &stop.before, |out, check| {
        item(out, 5, &format!("{}{}", check.what, if check.new { " [new]" } else { "" }));
        commands(out, 7, &check.commands);
    });
    let (yours, defaults): (Vec<_>, Vec<_>) = stop.values.iter().partition(|value| value.source.is_some());
    section(out, "your values", &yours, |out, value| {
        let at = place(value).map(|place| format!("{place}: ")).unwrap_or_default();
        item(out, 5, &format!("{at}{} [{}]", value.what, value.effect));
        for line in remedy(value) {
            let _ = writeln!(out, "       {line}");
        }
    });
    section(out, "values that you do not set, and whose default changes", &defaults, |out, value| {
        item(out, 5, &value.what);
        for line in remedy(value) {
            let _ = writeln!(out, "       {line}");
        }
    });
    section(out, "objects", &stop.objects, |out, change| {
        item(out, 5, &format!("{} [{}]", object(change), change.effect));
    });
    out.push_str("   steps:\n");
    for (number, step) in (1..).zip(&stop.steps) {
        let down = if step.downtime { " [downtime]" } else { "" };
        let _ = writeln!(out, "     {number}. {}{down}", step.what);
        for detail in &step.details {
            item(out, 8, detail);
        }
        commands(out, 8, &step.commands);
    }
}

fn section<T>(out: &mut String, name: &str, items: &[T], mut each: impl FnMut(&mut String, &T)) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "   {name}:");
    for item in items {
        each(out, item);
    }
}
