//! Writes a plan for a terminal, for a change request and for programs.

mod html;
mod markdown;
mod shared;
mod text;

pub use html::html;
pub use markdown::markdown;
pub use text::text;

use super::{
    Check, DecisionLine, PassedDifference, PlannedAnswer, PlannedDecision, PlannedLeft, PlannedStop, Required,
    StepKind, StopCondition, Todo, UpgradeObjectChange, UpgradePlan, UpgradeValueChange,
};

/// The plan as JSON; `schemas/upgrade-plan.schema.json` says its shape.
pub fn json(plan: &UpgradePlan) -> String {
    let value = serde_json::to_value(plan).unwrap_or_default();
    format!("{value:#}\n")
}

fn title(plan: &UpgradePlan) -> String {
    format!(
        "GitLab {} (chart {}) to GitLab {} (chart {})",
        plan.from.gitlab, plan.from.chart, plan.to.gitlab, plan.to.chart
    )
}

fn summary(plan: &UpgradePlan) -> String {
    let count = plan.stops.len();
    let stops = if count == 1 { "one step".to_owned() } else { format!("{count} steps") };
    let ifs = plan.stops.iter().filter(|stop| stop.required == Required::Conditional).count();
    let ifs = if ifs == 0 { String::new() } else { format!(", {ifs} of them only where a condition holds") };
    let down = plan.stops.iter().flat_map(|stop| &stop.steps).filter(|step| step.downtime).count();
    let down = if down == 0 { String::new() } else { ", with downtime".to_owned() };
    format!("{stops}{ifs}{down}")
}

fn heading(stop: &PlannedStop, last: bool) -> String {
    let why = match (stop.required, last) {
        (Required::Always, true) => "the target, and a required stop",
        (Required::Conditional, true) => "the target, and a stop where a condition holds",
        (_, true) => "the target",
        (Required::Always, false) => "required stop",
        (Required::Conditional, false) => "stop where a condition holds",
        _ => "an intermediate minor",
    };
    format!("GitLab {}, chart {}: {why}", stop.gitlab, stop.chart)
}

/// `2 decisions, 1 manual step, downtime`: the parts of a stop that need a person.
fn needs(plan: &UpgradePlan, number: usize, stop: &PlannedStop) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let whole = plan.decisions.iter().filter(|decision| decision.stop == number).count();
    let decisions = decisions(stop).count() + whole;
    let by_hand = stop.steps.iter().filter(|step| step.kind == StepKind::Manual).count();
    let down = stop.steps.iter().any(|step| step.downtime).then(|| "downtime".to_owned());
    let parts = [counted(decisions, "decision", "decisions"), counted(by_hand, "manual step", "manual steps"), down];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "only the common steps".to_owned() } else { parts.join(", ") }
}

/// The question of a decision: `since chart 10.0.0 the chart no longer includes Redis: where is Redis from now on?`.
fn question(decision: &PlannedDecision) -> String {
    format!("{}: since chart {} {}: {}", decision.id, decision.since, decision.what, decision.question)
}

/// The user's lines that raise a decision, and what each answer means and writes.
fn choices(decision: &PlannedDecision) -> Vec<String> {
    let line = |line: &DecisionLine| match (&line.source, line.line, line.column) {
        (Some(source), Some(at), Some(column)) => format!("{source}:{at}:{column} `{}`", line.path),
        _ => format!("`{}`", line.path),
    };
    let lines: Vec<_> = decision.lines.iter().map(line).collect();
    let raised = match lines.is_empty() {
        true => "raised by defaults: your values do not set it".to_owned(),
        false => format!("raised by {}", lines.join(", ")),
    };
    let answer = |answer: &PlannedAnswer| {
        format!("`--answer {}={}`: {}; writes {}", decision.id, answer.id, answer.what, named(&answer.writes))
    };
    let left = |answer: &PlannedAnswer| -> Vec<String> {
        let of = |left: &PlannedLeft| format!("nothing reads {} then; instead: {}", named(&left.paths), left.instead);
        answer.left.iter().map(of).collect()
    };
    let answers = decision.answers.iter().flat_map(|one| std::iter::once(answer(one)).chain(left(one)));
    std::iter::once(raised).chain(answers).collect()
}

fn difference(passed: &PassedDifference) -> String {
    match passed.begins {
        true => format!("from here on, {}", passed.what),
        false => format!("no longer: {}", passed.what),
    }
}

fn named(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

/// The values of a stop that only a person can rewrite.
fn decisions(stop: &PlannedStop) -> impl Iterator<Item = &UpgradeValueChange> {
    stop.values.iter().filter(|value| value.action == Todo::Decide && value.source.is_some())
}

/// The change of a check since the previous stop, and whether the values meet it.
fn state(check: &Check) -> &'static str {
    match (check.met, check.new) {
        (Some(true), _) => " [met by these values]",
        (Some(false), _) => " [not met by these values]",
        (None, true) => " [new]",
        (None, false) => "",
    }
}

fn condition(condition: &StopCondition) -> String {
    let how = condition.how.as_ref().map(|how| format!("; to find out, {how}")).unwrap_or_default();
    format!("{}{how} (`--without {}` removes it)", condition.what, condition.id)
}

/// `values.yaml:3:5`; `None` for a value that the user did not set.
fn place(value: &UpgradeValueChange) -> Option<String> {
    let (source, line, column) = (value.source.as_ref()?, value.line?, value.column?);
    Some(format!("{source}:{line}:{column}"))
}

/// The consequences of a change of a value, one line each.
fn remedy(value: &UpgradeValueChange) -> Vec<String> {
    let form = value.new_form.as_ref().map(|form| match value.action {
        Todo::Keep => format!("to keep the previous behaviour: `{form}`"),
        _ => format!("new form: `{form}`"),
    });
    let form = form.or_else(|| (value.action == Todo::Delete).then(|| "new form: remove it".to_owned()));
    form.into_iter().chain(value.hint.clone()).collect()
}

fn object(change: &UpgradeObjectChange) -> String {
    let whom = change.whom.as_ref().map(|whom| format!(" if {whom}")).unwrap_or_default();
    let way = change.way.as_ref().map(|way| format!("; {way}")).unwrap_or_default();
    format!("{}{whom}: {}{way}", change.object, change.why)
}
