//! The plan for a terminal.

use std::fmt::Write;

use super::shared::Shared;
use super::{
    choices, condition, decisions, difference, heading, needs, object, place, question, remedy, state, summary, title,
};
use crate::upgrade::plan::{PlannedStop, UpgradePlan, UpgradeStep};

/// The plan as plain text: the stops and their work for a person, the common parts, and each stop.
pub fn text(plan: &UpgradePlan) -> String {
    let mut out = format!("{}\n{}\n", title(plan), summary(plan));
    for note in &plan.notes {
        let _ = writeln!(out, "note: {note}");
    }
    let many = plan.stops.len() > 1;
    head(&mut out, plan);
    let shared = many.then(|| Shared::of(plan));
    if let Some(shared) = &shared {
        overview(&mut out, plan);
        common(&mut out, shared);
    }
    for (position, at) in plan.stops.iter().enumerate() {
        let number = position + 1;
        let _ = write!(out, "\n{number}. {}\n", heading(at, number == plan.stops.len()));
        stop(&mut out, at, shared.as_ref().map(|shared| (shared, position)));
    }
    out
}

/// The decisions that concern the plan as a whole.
fn head(out: &mut String, plan: &UpgradePlan) {
    if plan.decisions.is_empty() {
        return;
    }
    out.push_str("\ndecisions to make before you begin; `values migrate` takes the answers, and writes open decisions into the file as questions:\n");
    for decision in &plan.decisions {
        let stop = if plan.stops.len() > 1 { format!(" (stop {})", decision.stop) } else { String::new() };
        item(out, 2, &format!("{}{stop}", question(decision)));
        for line in choices(decision) {
            item(out, 5, &line);
        }
    }
}

fn overview(out: &mut String, plan: &UpgradePlan) {
    out.push_str("\nstops:\n");
    for (number, stop) in (1..).zip(&plan.stops) {
        let _ =
            writeln!(out, "  {number}. {}; {}", heading(stop, number == plan.stops.len()), needs(plan, number, stop));
    }
    let decide: Vec<_> = (1..).zip(&plan.stops).flat_map(|(n, stop)| decisions(stop).map(move |v| (n, v))).collect();
    section(out, "decisions to make before you begin", &decide, |out, (number, value)| {
        let at = place(value).map(|place| format!("{place}: ")).unwrap_or_default();
        item(out, 5, &format!("{at}{} (stop {number})", value.what));
        for line in remedy(value) {
            let _ = writeln!(out, "       {line}");
        }
    });
}

/// The letter of a common step.
fn letter(number: usize) -> char {
    char::from_u32('A' as u32 + u32::try_from(number).unwrap_or(0)).unwrap_or('?')
}

fn common(out: &mut String, shared: &Shared) {
    out.push_str("\ncommon commands of the stops that refer to them; each stop sets the variables, and `--stop N` prints one stop with its versions filled in:\n");
    if !shared.checks.is_empty() {
        out.push_str("   before:\n");
    }
    for (number, check) in shared.checks.iter().enumerate() {
        let _ = writeln!(out, "     {}. {}{}", letter(number).to_ascii_lowercase(), check.what, state(check));
        commands(out, 8, &check.commands);
    }
    if !shared.steps.is_empty() {
        out.push_str("   steps:\n");
    }
    for (number, step) in shared.steps.iter().enumerate() {
        steps(out, &letter(number).to_string(), step);
    }
}

fn item(out: &mut String, indent: usize, text: &str) {
    let _ = writeln!(out, "{:indent$}- {text}", "");
}

fn commands(out: &mut String, indent: usize, commands: &[String]) {
    for command in commands {
        for (number, line) in command.lines().enumerate() {
            let prompt = if number == 0 { "$" } else { " " };
            let _ = writeln!(out, "{:indent$}{prompt} {line}", "");
        }
    }
}

fn stop(out: &mut String, stop: &PlannedStop, shared: Option<(&Shared, usize)>) {
    if let Some((shared, position)) = shared {
        let _ = writeln!(out, "   $ {}", shared.assignments(position));
    }
    for note in &stop.notes {
        let _ = writeln!(out, "   {note}");
    }
    section(out, "only if one of these holds", &stop.conditions, |out, it| {
        item(out, 5, &condition(it));
        commands(out, 7, it.command.as_slice());
    });
    let (own, mut also) = match shared {
        Some((shared, position)) => shared.own_checks(position, stop),
        None => (stop.before.iter().collect(), Vec::new()),
    };
    section(out, "before", &own, |out, check| {
        item(out, 5, &format!("{}{}", check.what, state(check)));
        commands(out, 7, &check.commands);
    });
    if !also.is_empty() {
        also.sort_unstable();
        let and = if own.is_empty() { "before: " } else { "  - and " };
        let letters: Vec<String> = also.iter().map(|n| letter(*n).to_ascii_lowercase().to_string()).collect();
        let _ = writeln!(out, "   {and}checks {}", letters.join(", "));
    }
    let (yours, defaults): (Vec<_>, Vec<_>) = stop.values.iter().partition(|value| value.source.is_some());
    section(out, "your values", &yours, |out, value| {
        let at = place(value).map(|place| format!("{place}: ")).unwrap_or_default();
        item(out, 5, &format!("{at}{} [{}]", value.what, value.effect));
        for line in remedy(value) {
            let _ = writeln!(out, "       {line}");
        }
    });
    section(out, "values that you do not set and whose default changes", &defaults, |out, value| {
        item(out, 5, &value.what);
        for line in remedy(value) {
            let _ = writeln!(out, "       {line}");
        }
    });
    section(out, "objects", &stop.objects, |out, change| {
        item(out, 5, &format!("{} [{}]", object(change), change.effect));
    });
    section(out, "what these releases do differently, where your values use it", &stop.differences, |out, passed| {
        item(out, 5, &difference(passed));
    });
    out.push_str("   steps:\n");
    for (number, step) in (1..).zip(&stop.steps) {
        match shared.and_then(|(shared, position)| shared.step(position, step)) {
            Some(common) => {
                let _ = writeln!(out, "     {number}. step {}: {}", letter(common), step.what);
            }
            None => steps(out, &number.to_string(), step),
        }
    }
}

fn steps(out: &mut String, number: &str, step: &UpgradeStep) {
    let down = if step.downtime { " [downtime]" } else { "" };
    let _ = writeln!(out, "     {number}. {}{down}", step.what);
    for detail in &step.details {
        item(out, 8, detail);
    }
    commands(out, 8, &step.commands);
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
