//! Taking over a release that Helm runs: what to do, in which order, for one release and one tool.
//!
//! No cluster is contacted: what Helm leaves behind follows from the values, as our own objects do. [`guide`] collects
//! the facts, `steps` orders them, [`write`] prints them for people.

mod steps;
pub mod write;

use serde_json::{Value, json};

use crate::companions::Companion;
use crate::manifest::{Manifest, ObjectId, Phase, claim_names};
use crate::phases::marks::is_kept;
use crate::phases::script::is_apart;

/// The tool that applies manifests from now on.
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
    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Tool::Kubectl => "kubectl",
            Tool::ArgoCd => "argocd",
            Tool::Flux => "flux",
        }
    }

    /// Its name in prose.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Kubectl => "kubectl",
            Tool::ArgoCd => "Argo CD",
            Tool::Flux => "Flux",
        }
    }
}

/// The release that is taken over from Helm.
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
    /// A stable name for programs.
    pub id: &'static str,
    /// What this step does.
    pub title: String,
    /// The reason for it and what to check, one paragraph per item.
    pub text: Vec<String>,
    /// Shell commands or the text of a file, one block per item.
    pub commands: Vec<String>,
}

/// All facts about a hand-over.
#[derive(Debug, Clone)]
pub struct Guide {
    /// The release that is handed over.
    pub release: TakeoverRelease,
    /// The tool that takes it over.
    pub tool: Tool,
    /// Our objects: those with the same name as one that Helm made are adopted.
    pub objects: Vec<ObjectId>,
    /// Objects that Helm runs as hooks and that nothing runs by itself afterwards.
    pub hooks: Vec<ObjectId>,
    /// Objects that Helm would leave in the cluster when it uninstalls the release.
    pub kept: Vec<ObjectId>,
    /// Names of the volume claims that hold data, as they are in the cluster.
    pub claims: Vec<String>,
    /// The Secret with the keys that encrypt the database, where pods read it.
    pub rails_secret: Option<String>,
    /// Third-party charts that are part of the release and not rendered here.
    pub others: Vec<Companion>,
    /// Whether objects go to another namespace, too: renders then say the namespace of each.
    pub apart: bool,
    /// The steps, in order.
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
        rails_secret: objects.iter().find_map(|object| rails_secret(&object.body)),
        others,
        apart: is_apart(objects, &release.namespace),
        release,
        tool,
        steps: Vec::new(),
    };
    guide.steps = steps::steps(&guide);
    guide
}

/// The names of the claims that an object is or creates: `repo-data-prod-gitaly-0`.
fn claims(object: &Manifest) -> Vec<String> {
    let name = &object.id.name;
    match object.id.kind.as_str() {
        "PersistentVolumeClaim" => vec![name.clone()],
        "StatefulSet" => {
            let replicas = object.body.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
            claim_names(&object.body, name, 0..replicas)
        }
        _ => Vec::new(),
    }
}

/// The name of the Secret from which pods read the keys of the database, by the place at which they expect it.
fn rails_secret(value: &Value) -> Option<String> {
    let source = value.get("secret").filter(|secret| {
        let items = secret.get("items").and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.get("path")?.as_str()).any(|path| path == "rails-secrets/secrets.yml")
    });
    let name = source.and_then(|secret| secret.get("name").or_else(|| secret.get("secretName")));
    if let Some(name) = name.and_then(Value::as_str) {
        return Some(name.to_owned());
    }
    match value {
        Value::Object(map) => map.values().find_map(rails_secret),
        Value::Array(items) => items.iter().find_map(rails_secret),
        _ => None,
    }
}

impl Guide {
    /// The guide as JSON for programs.
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
