//! The phases as steps: the objects of each, what to delete before, and what to wait for after.

use serde_json::Value;

use crate::manifest::{Manifest, ObjectId, Phase};
use crate::shell;

/// The time limit of a Job without a deadline of its own, in seconds.
const JOB_TIMEOUT: u64 = 600;
/// The time limit for replacing the pods of a workload, in seconds.
const ROLLOUT_TIMEOUT: u64 = 1800;

/// One phase of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseStep {
    /// The phase.
    pub phase: Phase,
    /// Its objects, in the order of application.
    pub objects: Vec<ObjectId>,
    /// Jobs that Helm always deletes before it runs them again.
    pub reset: Vec<ObjectId>,
    /// What to wait for before the next phase.
    pub waits: Vec<Wait>,
}

/// A condition to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The Job that has to end, or the workload whose pods have to be replaced.
    pub object: ObjectId,
    /// The time limit in seconds.
    pub timeout: u64,
}

impl PhaseStep {
    /// The purpose of the phase, in a few words.
    pub fn purpose(&self) -> &'static str {
        match self.phase {
            Phase::Pre => "before everything else: the upgrade check, and the Secrets that other objects mount",
            Phase::Main => "the deployment: pods that need the new database schema wait for the migrations",
            Phase::Post => "after the deployment: objects that need it, and the record of the installed version",
            Phase::Test => "on demand: the tests of the deployment",
        }
    }
}

/// The phases that have objects, in order.
pub fn steps(objects: &[Manifest]) -> Vec<PhaseStep> {
    Phase::ALL.into_iter().map(|phase| step(phase, objects)).filter(|step| !step.objects.is_empty()).collect()
}

fn step(phase: Phase, objects: &[Manifest]) -> PhaseStep {
    let objects: Vec<_> = objects.iter().filter(|object| object.phase == phase).collect();
    let runs = |object: &&&Manifest| matches!(object.id.kind.as_str(), "Job" | "Pod");
    let reset = |object: &&&Manifest| {
        let by_helm = object.hook.as_ref().is_some_and(|hook| hook.delete.iter().any(|p| p == "before-hook-creation"));
        by_helm || phase != Phase::Main
    };
    PhaseStep {
        phase,
        reset: objects.iter().filter(runs).filter(reset).map(|object| object.id.clone()).collect(),
        waits: objects.iter().filter_map(|object| wait(object)).collect(),
        objects: objects.iter().map(|object| object.id.clone()).collect(),
    }
}

fn wait(object: &Manifest) -> Option<Wait> {
    let deadline = object.body.pointer("/spec/activeDeadlineSeconds").and_then(Value::as_u64);
    let timeout = match object.id.kind.as_str() {
        "Job" => deadline.unwrap_or(JOB_TIMEOUT),
        "Pod" => JOB_TIMEOUT,
        "Deployment" | "DaemonSet" => ROLLOUT_TIMEOUT,
        // Others are replaced when their pods are deleted, which cannot be waited for.
        "StatefulSet" if object.body.pointer("/spec/updateStrategy/type").is_none_or(|t| t == "RollingUpdate") => {
            ROLLOUT_TIMEOUT
        }
        _ => return None,
    };
    Some(Wait { object: object.id.clone(), timeout })
}

impl PhaseStep {
    /// The commands before the objects are applied: they delete Jobs that run each time, and Jobs that have failed, so
    /// that they run again.
    pub fn before(&self, namespace: &str, form: Form) -> Vec<String> {
        let delete = |object: &ObjectId| {
            format!("kubectl delete -n {} --ignore-not-found {}", place(object, namespace), resource(object))
        };
        let failed = self.waits.iter().map(|wait| &wait.object).filter(|object| object.kind == "Job");
        let failed = failed.filter(|object| !self.reset.contains(object) && form == Form::Script);
        let forget = failed.map(|object| format!("forget_failed {} {}", place(object, namespace), object.name));
        self.reset.iter().map(delete).chain(forget).collect()
    }

    /// The commands after the objects were applied: Jobs first, because workloads may wait for them.
    pub fn after(&self, namespace: &str, form: Form) -> Vec<String> {
        let (runs, workloads): (Vec<_>, Vec<_>) =
            self.waits.iter().partition(|wait| matches!(wait.object.kind.as_str(), "Job" | "Pod"));
        runs.into_iter().chain(workloads).map(|wait| wait.command(namespace, form)).collect()
    }
}

/// The context of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A script that defines functions.
    Script,
    /// A single command.
    Alone,
}

impl Wait {
    fn command(&self, namespace: &str, form: Form) -> String {
        let (place, resource, timeout) = (place(&self.object, namespace), resource(&self.object), self.timeout);
        match self.object.kind.as_str() {
            "Job" if form == Form::Script => format!("job_ended {place} {} {timeout}", self.object.name),
            "Job" => shell::job_ended(place, &resource, timeout),
            "Pod" => {
                format!(
                    "kubectl wait -n {place} --for=jsonpath='{{.status.phase}}'=Succeeded --timeout={timeout}s {resource}"
                )
            }
            _ => format!("kubectl rollout status -n {place} --timeout={timeout}s {resource}"),
        }
    }
}

fn place<'a>(object: &'a ObjectId, namespace: &'a str) -> &'a str {
    object.namespace.as_deref().unwrap_or(namespace)
}

/// An object in kubectl's notation, `deployment/prod-kas`.
fn resource(object: &ObjectId) -> String {
    format!("{}/{}", object.kind.to_lowercase(), object.name)
}
