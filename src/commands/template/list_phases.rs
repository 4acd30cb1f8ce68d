//! `gitlab-render template --list-phases`: what is in each phase, and the commands that apply it.

use std::fmt::Write as _;

use serde_json::json;

use crate::manifest::Phase;
use crate::phases::steps::Step;

/// A script that applies one phase after the other; the objects are comments in it.
pub fn script(steps: &[Step], template: &str, namespace: &str) -> String {
    let mut text = String::from("set -e\n");
    for step in steps {
        let _ = writeln!(text, "\n# {}: {}", step.phase.word(), step.purpose());
        for object in &step.objects {
            let _ = writeln!(text, "#   {object}");
        }
        // Nobody wants the tests to run because everything else did.
        let comment = if step.phase == Phase::Test { "# " } else { "" };
        for command in commands(step, template, namespace).concat() {
            let _ = writeln!(text, "{comment}{command}");
        }
    }
    text
}

/// The same for programs.
pub fn as_json(steps: &[Step], template: &str, namespace: &str) -> String {
    let phases: Vec<_> = steps
        .iter()
        .map(|step| {
            let [before, apply, wait] = commands(step, template, namespace);
            let objects: Vec<_> = step
                .objects
                .iter()
                .map(|id| json!({"apiVersion": id.api_version, "kind": id.kind, "namespace": id.namespace, "name": id.name}))
                .collect();
            json!({
                "phase": step.phase.word(), "purpose": step.purpose(), "on_demand": step.phase == Phase::Test,
                "objects": objects, "before": before, "apply": apply.concat(), "wait": wait,
            })
        })
        .collect();
    format!("{:#}\n", json!({ "phases": phases }))
}

/// What to run before, to apply, and to wait.
fn commands(step: &Step, template: &str, namespace: &str) -> [Vec<String>; 3] {
    let apply = format!("{template} --phase {} | kubectl apply -n {namespace} -f -", step.phase.word());
    [step.before(namespace), vec![apply], step.after(namespace)]
}
