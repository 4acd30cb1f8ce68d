//! `gitlab-render template --list-phases`: the content of each phase, and the commands that apply it.

use serde_json::json;

use crate::manifest::Phase;
use crate::phases::script::deletions;
use crate::phases::steps::{Form, PhaseStep};
use crate::pipeline::NoLongerRendered;
use crate::shell::kubectl_apply;

/// The phases as data: for programs that run the commands themselves.
pub fn as_json(steps: &[PhaseStep], template: &str, namespace: &str, apart: bool, old: &NoLongerRendered) -> String {
    let phases: Vec<_> = steps
        .iter()
        .map(|step| {
            let [before, apply, wait] = commands(step, template, namespace, apart);
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
    format!(
        "{:#}\n",
        json!({ "phases": phases, "delete": deletions(&old.gone, namespace), "not_deleted": deletions(&old.left, namespace) })
    )
}

/// The commands before, the objects, and what to wait for.
fn commands(step: &PhaseStep, template: &str, namespace: &str, apart: bool) -> [Vec<String>; 3] {
    let place = Some(namespace).filter(|_| !apart);
    let apply = format!("{template} --phase {} | {} -f -", step.phase.word(), kubectl_apply(place));
    [step.before(namespace, Form::Alone), vec![apply], step.after(namespace, Form::Alone)]
}
