//! Compares two sides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::diag::{Diagnostic, Failure, Location, Report, Severity, Sources};
use crate::diff::{self, Comparison, Object};
use crate::kubectl::Kubectl;
use crate::manifest::{ObjectId, stream};
use crate::phases::marks;
use crate::pipeline::{Request, render};

/// One side of a comparison.
#[derive(Debug, Clone)]
pub enum Side {
    /// Values to be rendered.
    Values(Box<Request>),
    /// Manifests: each document with the name that the user gave.
    Manifests(Vec<(String, String)>),
}

/// The result of a comparison.
#[derive(Debug)]
pub struct Compared {
    /// The differences.
    pub comparison: Comparison,
    /// Notes and warnings of the sides that were rendered, with the sources of their places.
    pub warnings: Vec<(Vec<Diagnostic>, Sources)>,
}

/// Whether a document holds manifests and not values: its first document has an `apiVersion` and a `kind`.
pub fn is_manifests(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['{', '[']) {
        return text.contains("\"apiVersion\"") && text.contains("\"kind\"");
    }
    let (mut version, mut kind) = (false, false);
    for line in text.lines() {
        version |= line.starts_with("apiVersion:");
        kind |= line.starts_with("kind:");
        if line.starts_with("---") && (version || kind) {
            break;
        }
    }
    version && kind
}

/// Compares an old side with a new one. Where a side is manifests, its release stands in for a `name` and a `namespace`
/// that the user did not give.
///
/// # Errors
/// Everything for which a side's values are refused, and a document that is not a manifest.
pub fn diff(old: Side, new: Side, name: Option<&str>, namespace: Option<&str>) -> Result<Compared, Failure> {
    let (old, new) = (read(old)?, read(new)?);
    let reported = [&old, &new].into_iter().find_map(|side| match side {
        Read::Objects(objects) => Some(diff::release_of(objects)),
        Read::Values(_) => None,
    });
    let (told_name, told_namespace) = reported.unwrap_or_default();
    let name = name.map(str::to_owned).or(told_name);
    let namespace = namespace.map(str::to_owned).or(told_namespace);
    let mut warnings = Vec::new();
    let mut finish = |side: Read| -> Result<Vec<Object>, Failure> {
        let mut request = match side {
            Read::Objects(objects) => return Ok(objects),
            Read::Values(request) => request,
        };
        if let Some(name) = &name {
            request.target.name.clone_from(name);
        }
        if let Some(namespace) = &namespace {
            request.target.namespace.clone_from(namespace);
        }
        let rendered = render(&request)?;
        warnings.push((rendered.warnings, rendered.sources));
        Ok(rendered.objects.manifests().iter().filter_map(Object::rendered).collect())
    };
    let (old, new) = (finish(old)?, finish(new)?);
    let comparison = diff::compare(old, new, namespace.as_deref().unwrap_or("default"));
    Ok(Compared { comparison, warnings })
}

/// The name and the namespace of the release that manifests are of, where they tell.
///
/// # Errors
/// A document that is not a manifest.
pub fn release_of(texts: Vec<(String, String)>) -> Result<(Option<String>, Option<String>), Failure> {
    Ok(diff::release_of(&objects(texts)?))
}

enum Read {
    Objects(Vec<Object>),
    Values(Box<Request>),
}

fn read(side: Side) -> Result<Read, Failure> {
    match side {
        Side::Values(request) => Ok(Read::Values(request)),
        Side::Manifests(texts) => objects(texts).map(Read::Objects),
    }
}

/// Shell commands that dump the objects of a render: all objects of its kinds in the namespace, and cluster-wide ones
/// by name, so that no object of another release is among them.
///
/// # Errors
/// Everything for which the values are refused.
pub fn kubectl_get(request: &Request) -> Result<String, Failure> {
    let gets = Gets::of(request)?;
    let lines = gets.inside(Some(&request.target.namespace)).into_iter().chain(gets.by_name());
    let lines: Vec<_> = lines.map(|args| format!("kubectl get {}\n", args.join(" "))).collect();
    Ok(format!("set -e\necho '{DUMP_BEGINS}'\n{}echo '{DUMP_ENDS}'\n", lines.join("echo ---\n")))
}

/// The first line of a dump by the commands of [`kubectl_get`].
const DUMP_BEGINS: &str = "# gitlab-render: a dump begins";
/// Its last line. A pipe has the exit status of its last command, so a dump that breaks off has to be seen by its reader: objects
/// that it lacks would be new ones.
const DUMP_ENDS: &str = "# gitlab-render: the dump is complete";

/// Whether a dump broke off.
fn broke_off(text: &str) -> bool {
    let has = |wanted: &str| text.lines().any(|line| line == wanted);
    has(DUMP_BEGINS) && !has(DUMP_ENDS)
}

/// The live objects of a release as a side. The namespace is kubectl's where none is given, and the release is the one
/// that is found there.
///
/// # Errors
/// Everything for which the values are refused, and errors of kubectl.
pub fn live(
    request: &Request,
    kubectl: &Kubectl,
    name: Option<&str>,
    namespace: Option<&str>,
) -> Result<Side, Failure> {
    let gets = Gets::of(request)?;
    let inside = gets.inside(namespace).map(|args| kubectl.get(&args)).transpose()?.unwrap_or_default();
    let side = |text: String| ("the cluster".to_owned(), text);
    let (found, _) = diff::release_of(&objects(vec![side(inside.clone())])?);
    // Objects outside of the namespace have the release in their names.
    let gets = match found.filter(|found| name.is_none() && *found != request.target.name) {
        Some(found) => {
            let mut request = request.clone();
            request.target.name = found;
            Gets::of(&request)?
        }
        None => gets,
    };
    let outside: Vec<_> = gets.by_name().map(|args| kubectl.get(&args)).collect::<Result<_, _>>()?;
    Ok(Side::Manifests([vec![inside], outside].concat().into_iter().map(side).collect()))
}

/// The arguments of `kubectl get`.
struct Gets {
    /// Kinds of objects in the namespace.
    kinds: Vec<String>,
    /// Objects outside of it, by the namespace of their own that their values give them; none for the whole cluster.
    alone: BTreeMap<Option<String>, BTreeSet<String>>,
}

impl Gets {
    fn of(request: &Request) -> Result<Self, Failure> {
        let rendered = render(request)?;
        let mut kinds = BTreeSet::new();
        let mut alone: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for object in rendered.objects.manifests() {
            let resource = object.id.resource();
            let elsewhere = object.id.namespace.as_ref().filter(|namespace| **namespace != request.target.namespace);
            if marks::is_cluster_wide(&object.id) {
                alone.entry(None).or_default().insert(resource);
            } else if let Some(namespace) = elsewhere {
                alone.entry(Some(namespace.clone())).or_default().insert(resource);
            } else {
                kinds.insert(resource.split_once('/').map_or(resource.as_str(), |(kind, _)| kind).to_owned());
            }
        }
        Ok(Gets { kinds: kinds.into_iter().collect(), alone })
    }

    fn inside(&self, namespace: Option<&str>) -> Option<Vec<String>> {
        let flag = namespace.map(|namespace| ["-n", namespace]).into_iter().flatten();
        let words = flag.map(str::to_owned).chain([self.kinds.join(",")]).chain(["-o", "yaml"].map(str::to_owned));
        (!self.kinds.is_empty()).then(|| words.collect())
    }

    fn by_name(&self) -> impl Iterator<Item = Vec<String>> {
        self.alone.iter().map(|(namespace, names)| {
            let place = namespace.iter().flat_map(|namespace| ["-n".to_owned(), namespace.clone()]);
            let flag = ["--ignore-not-found".to_owned()];
            place.chain(flag).chain(names.iter().cloned()).chain(["-o", "yaml"].map(str::to_owned)).collect()
        })
    }
}

/// The objects of manifests: each document with the name that the user gave.
///
/// # Errors
/// Documents that are not manifests.
pub fn objects(texts: Vec<(String, String)>) -> Result<Vec<Object>, Failure> {
    let mut objects = Vec::new();
    let mut wrong = Vec::new();
    let mut sources = Sources::default();
    for (name, text) in texts {
        if broke_off(&text) {
            let message = format!("`{name}` is a dump of a cluster that broke off");
            let hint =
                "run the commands of `--print-kubectl-get` again: what kubectl writes to stderr says why one failed";
            wrong.push(Diagnostic::error("incomplete-dump", message).hint(hint));
        }
        let text: Arc<str> = text.into();
        let source = sources.add(name, text.clone());
        match stream::placed(&text, source) {
            Ok(bodies) => {
                for (line, body) in bodies.into_iter().filter(|(_, body)| !is_index(body)) {
                    let at = Location { source, line, column: 1, len: 1 };
                    match ObjectId::of(&body) {
                        Ok(_) => objects.extend(Object::new(body)),
                        Err(missing) => wrong.push(not_an_object(&body, missing).at(at)),
                    }
                }
            }
            Err(Report(found)) => wrong.extend(found.into_iter().filter(|d| d.severity == Severity::Error)),
        }
    }
    if !wrong.is_empty() {
        return Err(Failure { report: Report(wrong), sources });
    }
    Ok(objects)
}

/// Whether a document configures kustomize and is not for a cluster.
fn is_index(body: &Value) -> bool {
    body.get("apiVersion")
        .and_then(Value::as_str)
        .is_some_and(|version| version.starts_with("kustomize.config.k8s.io/"))
}

/// The finding about a document that cannot be compared because it lacks the field `missing` of its identity.
fn not_an_object(body: &Value, missing: &str) -> Diagnostic {
    match body.get("kind").is_none() && body.get("apiVersion").is_none() {
        true => {
            Diagnostic::error("not-an-object", "this document is not an object: it has neither `apiVersion` nor `kind`")
                .hint("name only files with manifests, or remove the document")
        }
        false => Diagnostic::error("missing-field", format!("`{missing}` of the object is missing or is not a string"))
            .hint("objects of both sides are matched by `apiVersion`, `kind` and `metadata.name`"),
    }
}
