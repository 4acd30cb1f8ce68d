//! The plan as Markdown for a change request or an issue: checkboxes, and commands to copy.

use std::fmt::Write;

use super::{choices, condition, difference, heading, needs, object, place, question, remedy, state, summary, title};
use crate::upgrade::plan::{PlannedStop, UpgradePlan};

/// The plan in Markdown.
pub fn markdown(plan: &UpgradePlan) -> String {
    let mut out = format!("# Upgrade: {}\n\n{}.\n", title(plan), sentence(&summary(plan)));
    for note in &plan.notes {
        let _ = write!(out, "\n> {note}\n");
    }
    if !plan.decisions.is_empty() {
        out.push_str("\n## Decisions\n\n");
        for decision in &plan.decisions {
            task(&mut out, &question(decision), &choices(decision), &[]);
        }
    }
    if plan.stops.len() > 1 {
        out.push_str("\n| stop | why | needs |\n|---|---|---|\n");
        for (number, at) in (1..).zip(&plan.stops) {
            let heading = heading(at, number == plan.stops.len());
            let (release, why) = heading.split_once(": ").unwrap_or((&heading, ""));
            let _ = writeln!(out, "| {number}. {release} | {why} | {} |", needs(plan, number, at));
        }
    }
    for (number, at) in (1..).zip(&plan.stops) {
        let _ = write!(out, "\n## {number}. {}\n", heading(at, number == plan.stops.len()));
        stop(&mut out, at);
    }
    out
}

/// The sentence with a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A checkbox with its commands.
fn task(out: &mut String, text: &str, details: &[String], commands: &[String]) {
    let _ = writeln!(out, "- [ ] {text}");
    for detail in details {
        let _ = writeln!(out, "  - {detail}");
    }
    if !commands.is_empty() {
        out.push_str("\n  ```shell\n");
        for command in commands {
            for line in command.lines() {
                let _ = writeln!(out, "  {line}");
            }
        }
        out.push_str("  ```\n\n");
    }
}

/// Escapes a string for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn stop(out: &mut String, stop: &PlannedStop) {
    for note in &stop.notes {
        let _ = write!(out, "\n> {note}\n");
    }
    if !stop.conditions.is_empty() {
        out.push_str("\n### Only if one of these holds\n\n");
        for it in &stop.conditions {
            task(out, &condition(it), &[], it.command.as_slice());
        }
    }
    out.push_str("\n### Before\n\n");
    for check in &stop.before {
        task(out, &format!("{}{}", check.what, state(check)), &[], &check.commands);
    }
    let (yours, defaults): (Vec<_>, Vec<_>) = stop.values.iter().partition(|value| value.source.is_some());
    if !yours.is_empty() {
        out.push_str("\n### Values\n\n| where | what | effect | then |\n|---|---|---|---|\n");
        for value in yours {
            let at = place(value).unwrap_or_default();
            let then = cell(&remedy(value).join("; "));
            let _ = writeln!(out, "| {} | {} | {} | {then} |", cell(&at), cell(&value.what), value.effect);
        }
    }
    if !defaults.is_empty() {
        out.push_str("\n### Defaults that change\n\n");
        for value in defaults {
            let then: Vec<String> = std::iter::once(value.what.clone()).chain(remedy(value)).collect();
            let _ = writeln!(out, "- {}", then.join("; "));
        }
    }
    if !stop.objects.is_empty() {
        out.push_str("\n### Objects\n\n| effect | what |\n|---|---|\n");
        for change in &stop.objects {
            let _ = writeln!(out, "| {} | {} |", change.effect, cell(&object(change)));
        }
    }
    if !stop.differences.is_empty() {
        out.push_str("\n### What these releases do differently, where your values use it\n\n");
        for passed in &stop.differences {
            let _ = writeln!(out, "- {}", sentence(&difference(passed)));
        }
    }
    out.push_str("\n### Steps\n\n");
    for step in &stop.steps {
        let down = if step.downtime { " **(downtime)**" } else { "" };
        task(out, &format!("{}{down}", sentence(&step.what)), &step.details, &step.commands);
    }
}
