//! What is sent: our renders of the profiles, the corpus and people's files.

use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use gitlab_render::diag::{Failure, Fault, Severity};
use gitlab_render::manifest::Manifest;
use gitlab_render::pipeline;
use gitlab_render::profiles;
use gitlab_render::values::{Flag, Input};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::common::{release, root};
use crate::security::EVERYTHING;

/// The least values that the default render takes.
pub const EMAIL: &str = "certmanager-issuer.email=me@example.com";

/// One set of values, as a user would render it.
pub struct Document {
    /// For messages: a case, a file.
    pub name: String,
    pub release: String,
    pub namespace: String,
    pub inputs: Vec<Input>,
    pub api_versions: Vec<String>,
}

impl Document {
    /// The default render.
    pub fn defaults() -> Self {
        Document {
            name: "defaults".to_owned(),
            release: "gitlab".to_owned(),
            namespace: "gitlab".to_owned(),
            inputs: vec![set(EMAIL)],
            api_versions: Vec::new(),
        }
    }

    /// Values that stand in a record; JSON is YAML, and so laid out every key has a line.
    pub fn recorded(name: &str, release: &str, namespace: &str, values: &Value) -> Self {
        let bytes = serde_json::to_vec_pretty(values).expect("JSON can be written");
        Document {
            name: name.to_owned(),
            release: release.to_owned(),
            namespace: namespace.to_owned(),
            inputs: vec![Input::File { name: format!("{name}.yaml"), bytes }],
            api_versions: Vec::new(),
        }
    }

    /// The objects, in output order.
    ///
    /// # Errors
    /// Why the values are refused.
    ///
    /// # Panics
    /// Where the refusal is a bug of ours.
    pub fn render(&self) -> Result<Vec<Manifest>, Failure> {
        let mut request = release(&self.release, &self.namespace, self.inputs.clone());
        request.target.api_versions.clone_from(&self.api_versions);
        let failure = match pipeline::render(&request) {
            Ok(rendered) => return Ok(rendered.objects.manifests().to_vec()),
            Err(failure) => failure,
        };
        let bug = failure.report.0.iter().find(|d| d.severity == Severity::Error && d.fault == Fault::Bug);
        assert!(bug.is_none(), "{}: {bug:?}", self.name);
        Err(failure)
    }
}

/// Every way to install that is built in.
pub fn profiles() -> Vec<Document> {
    profiles::all()
        .map(|profile| Document {
            name: format!("profile:{}", profile.name),
            inputs: vec![set(EMAIL), pipeline::profile(profile.name).expect("it is built in")],
            ..Document::defaults()
        })
        .collect()
}

/// What no profile turns on.
pub fn everything() -> Document {
    let bytes = EVERYTHING.as_bytes().to_vec();
    Document { inputs: vec![Input::File { name: "everything.yaml".to_owned(), bytes }], ..Document::defaults() }
}

#[derive(Deserialize)]
struct Corpus {
    bases: Vec<Case>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    release: String,
    values: Value,
    args: Vec<String>,
}

/// The conformance corpus, the bases first.
pub fn corpus() -> Option<Vec<Document>> {
    let corpus: Corpus = shared("conformance/cases.json.gz")?;
    let document = |case: Case| {
        let versions = case.args.iter().map(|arg| arg.strip_prefix("--api-versions=").expect("a flag that is known"));
        Document {
            api_versions: versions.map(str::to_owned).collect(),
            ..Document::recorded(&case.name, &case.release, "default", &case.values)
        }
    };
    Some(corpus.bases.into_iter().chain(corpus.cases).map(document).collect())
}

#[derive(Deserialize)]
struct Person {
    file: String,
}

/// Values files that people wrote.
pub fn people() -> Option<Vec<Document>> {
    let people: Vec<Person> = shared("users/expected.json.gz")?;
    let document = |person: Person| {
        let bytes = std::fs::read(folder().join("users").join(&person.file)).expect("the file is there");
        Document {
            name: format!("users/{}", person.file),
            release: "prod".to_owned(),
            inputs: vec![Input::File { name: person.file, bytes }, set(EMAIL)],
            ..Document::defaults()
        }
    };
    Some(people.into_iter().map(document).collect())
}

/// What a release of the official chart leaves in a cluster.
#[derive(Deserialize)]
pub struct Left {
    pub name: String,
    pub release: String,
    pub namespace: String,
    pub values: Value,
    pub objects: Vec<Value>,
}

/// The recorded releases to take over.
pub fn left() -> Option<Vec<Left>> {
    shared("adopt/releases.json.gz")
}

/// A compressed file of the recorded facts, which a bare clone does not have.
fn shared<T: DeserializeOwned>(name: &str) -> Option<T> {
    let path = folder().join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        println!("left out: {} is not there", path.display());
        return None;
    };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("the file is compressed text");
    Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

fn folder() -> PathBuf {
    std::env::var_os("SHARED").map_or_else(|| root().join("../shared"), PathBuf::from)
}

fn set(text: &str) -> Input {
    Input::Set(Flag { number: 1, text: text.to_owned() })
}

/// The pod that a workload would make; none where it makes none.
pub fn pod(workload: &Value) -> Option<Value> {
    let template = match workload["kind"].as_str()? {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => &workload["spec"]["template"],
        "CronJob" => &workload["spec"]["jobTemplate"]["spec"]["template"],
        "Pod" => workload,
        _ => return None,
    };
    let mut pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]});
    pod["metadata"]["name"] = workload["metadata"]["name"].clone();
    // the StatefulSet's controller adds a volume for each claim
    for claim in workload["spec"]["volumeClaimTemplates"].as_array().map_or(&[][..], Vec::as_slice) {
        let name = &claim["metadata"]["name"];
        let volume = json!({"name": name, "persistentVolumeClaim": {"claimName": name}});
        match pod["spec"]["volumes"].as_array_mut() {
            Some(volumes) => volumes.push(volume),
            None => pod["spec"]["volumes"] = json!([volume]),
        }
    }
    Some(pod)
}
