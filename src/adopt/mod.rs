//! Taking over a release that Helm runs: what to do, in which order, for one release and one tool.
//!
//! Nothing is asked of a cluster: what Helm leaves behind follows from the values, as our own objects do.
//! [`guide`] collects the facts, `steps` puts them into an order, [`write`] writes them for people.

mod steps;
pub mod write;

use serde_json::{Value, json};

use crate::companions::Companion;
use crate::manifest::{Manifest, ObjectId, Phase};
use crate::phases::marks::is_kept;

/// Who applies manifests from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// A person or a pipeline with kubectl.
    Kubectl,
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
}

impl Tool {
    /// What it is called on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Tool::Kubectl => "kubectl",
            Tool::ArgoCd => "argocd",
            Tool::Flux => "flux",
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Kubectl => "kubectl",
            Tool::ArgoCd => "Argo CD",
            Tool::Flux => "Flux",
        }
    }
}

/// The release that is taken over.
#[derive(Debug, Clone)]
pub struct TakeoverRelease {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The command line that renders it, `gitlab-render template prod -n gitlab -f values.yaml`.
    pub template: String,
    /// The GitLab version that it renders, where it is known.
    pub gitlab: Option<String>,
    /// The command by which Helm upgrades it to the same version and values.
    pub helm: String,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeoverStep {
    /// For programs; stable.
    pub id: &'static str,
    /// What is done.
    pub title: String,
    /// Why, and what to look at: a paragraph each.
    pub text: Vec<String>,
    /// Commands for a shell, or a file's text: one block each.
    pub commands: Vec<String>,
}

/// Everything there is to know for a hand-over.
#[derive(Debug, Clone)]
pub struct Guide {
    /// Of which release.
    pub release: TakeoverRelease,
    /// To whom.
    pub tool: Tool,
    /// Our objects: those of the same name that Helm made become ours.
    pub objects: Vec<ObjectId>,
    /// Those that Helm runs as hooks, and nobody runs by themselves afterwards.
    pub hooks: Vec<ObjectId>,
    /// Those that Helm would leave in the cluster when it uninstalls.
    pub kept: Vec<ObjectId>,
    /// Volume claims with data of ours, as they are called in the cluster.
    pub claims: Vec<String>,
    /// Third-party charts that are part of the release and not rendered here.
    pub others: Vec<Companion>,
    /// What to do, in order.
    pub steps: Vec<TakeoverStep>,
}

/// The hand-over of a release: its objects without tests, and the third-party charts that its values turn on.
pub fn guide(release: TakeoverRelease, tool: Tool, objects: &[Manifest], others: Vec<Companion>) -> Guide {
    let ids = |keep: &dyn Fn(&Manifest) -> bool| -> Vec<ObjectId> {
        objects.iter().filter(|object| keep(object)).map(|object| object.id.clone()).collect()
    };
    let mut guide = Guide {
        objects: ids(&|_| true),
        hooks: ids(&|object| object.phase == Phase::Pre),
        kept: ids(&is_kept),
        claims: objects.iter().flat_map(claims).collect(),
        others,
        release,
        tool,
        steps: Vec::new(),
    };
    guide.steps = steps::steps(&guide);
    guide
}

/// The claims that an object is, or makes: `repo-data-prod-gitaly-0`.
fn claims(object: &Manifest) -> Vec<String> {
    let name = &object.id.name;
    match object.id.kind.as_str() {
        "PersistentVolumeClaim" => vec![name.clone()],
        "StatefulSet" => {
            let replicas = object.body.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
            let templates = object.body.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
            let names = templates.into_iter().flatten().filter_map(|claim| claim.pointer("/metadata/name")?.as_str());
            names.flat_map(|claim| (0..replicas).map(move |i| format!("{claim}-{name}-{i}"))).collect()
        }
        _ => Vec::new(),
    }
}

impl Guide {
    /// The guide for programs.
    pub fn as_json(&self) -> Value {
        let id = |id: &ObjectId| json!({"apiVersion": id.api_version, "kind": id.kind, "name": id.name});
        let ids = |list: &[ObjectId]| list.iter().map(id).collect::<Value>();
        let other = |other: &Companion| {
            json!({
                "name": other.chart.name, "switch": other.chart.switch, "has_data": other.chart.has_data,
                "advice": other.chart.if_deleted, "chart": other.chart.chart, "repository": other.chart.repository,
                "version": other.version, "release": other.release,
            })
        };
        let step = |step: &TakeoverStep| json!({"id": step.id, "title": step.title, "text": step.text, "commands": step.commands});
        json!({
            "release": self.release.name, "namespace": self.release.namespace, "to": self.tool.word(),
            "template": self.release.template, "gitlab": self.release.gitlab, "objects": ids(&self.objects), "hooks": ids(&self.hooks),
            "kept": ids(&self.kept), "claims": self.claims,
            "others": self.others.iter().map(other).collect::<Value>(),
            "steps": self.steps.iter().map(step).collect::<Value>(),
        })
    }
}
