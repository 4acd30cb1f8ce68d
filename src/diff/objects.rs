//! Normalizes the objects of both sides and pairs them.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use crate::companions::{self, CompanionChart};
use crate::manifest::{Manifest, ObjectId, Phase};

/// An object of one side, without what only a server writes.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its identity.
    pub id: ObjectId,
    /// Its content.
    pub body: Value,
    /// Whether it was read from a cluster, which fills in fields of its own.
    pub live: bool,
    /// Whether it was rendered from values for this comparison.
    pub rendered: bool,
    /// The author of its scripts and configuration.
    pub(super) author: Author,
    /// Whether Helm or Argo CD runs it as a hook, and may have deleted it since.
    pub(super) is_hook: bool,
    /// Whether a controller or Kubernetes created it, and not a person or a pipeline.
    made_by_a_controller: bool,
    /// The third-party chart that it belongs to.
    pub(super) companion: Option<&'static CompanionChart>,
}

/// The author of the scripts and the configuration of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// This program.
    Ours,
    /// The templates of a Helm chart.
    Helm,
    /// The object does not tell.
    Unknown,
}

impl Author {
    fn of(body: &Value) -> Self {
        let label = |name: &str| body.pointer(&format!("/metadata/labels/{name}")).and_then(Value::as_str);
        match label("app.kubernetes.io~1managed-by") {
            Some("gitlab-render") => Author::Ours,
            Some("Helm") => Author::Helm,
            _ if label("heritage") == Some("Helm") => Author::Helm,
            _ => Author::Unknown,
        }
    }
}

/// The same object before and after.
#[derive(Debug)]
pub(super) struct ObjectPair {
    pub id: ObjectId,
    pub old: Option<Object>,
    pub new: Option<Object>,
    /// The new object's name, where it ends in another hash.
    pub renamed: Option<String>,
}

/// Whether one object was written by Helm's chart, and the other by this program.
pub(super) fn are_foreign(old: &Object, new: &Object) -> bool {
    matches!((old.author, new.author), (Author::Helm, Author::Ours) | (Author::Ours, Author::Helm))
}

pub(super) struct Pairs {
    pub pairs: Vec<ObjectPair>,
    /// Objects that Kubernetes or a controller created, and those that tell a deployment tool what to apply.
    pub passed_over: usize,
    /// Hooks that only one side has.
    pub hooks: usize,
    /// Objects of charts that are not rendered here, where one side is ours.
    pub companions: Vec<(&'static CompanionChart, ObjectId)>,
}

/// Annotations that tools keep for themselves; an entry that ends in `/` covers all with that prefix. Those that Helm
/// and Argo CD read decide when and by which tool an object is applied, not what it is.
const ANNOTATIONS_OF_TOOLS: [&str; 17] = [
    "kubectl.kubernetes.io/",
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "autoscaling.alpha.kubernetes.io/",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "batch.kubernetes.io/",
    "meta.helm.sh/",
    "helm.sh/hook",
    "helm.sh/hook-weight",
    "helm.sh/hook-delete-policy",
    "helm.sh/hook-output-log-policy",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "endpoints.kubernetes.io/",
];

/// Labels with the name of the tool and the version of its package.
const LABELS_OF_TOOLS: [&str; 13] = [
    "chart",
    "helm.sh/chart",
    "heritage",
    "app.kubernetes.io/version",
    "app.kubernetes.io/managed-by",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "applyset.kubernetes.io/part-of",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
];

impl Object {
    /// Normalizes an object of any source; `None` where the document is not an object.
    pub fn new(mut body: Value) -> Option<Self> {
        let id = ObjectId::of(&body).ok()?;
        let metadata = body.get("metadata");
        let has = |field: &str| metadata.and_then(|m| m.get(field)).is_some();
        // Some tools take out what identifies an object in its cluster, and leave its state.
        let created = metadata.and_then(|m| m.get("creationTimestamp")).is_some_and(|time| !time.is_null());
        let has_state = body.get("status").and_then(Value::as_object).is_some_and(|status| !status.is_empty());
        let is_definition = id.kind == "CustomResourceDefinition";
        let live =
            has("uid") || has("resourceVersion") || has("managedFields") || created || (has_state && !is_definition);
        let made_by_a_controller = has("ownerReferences") || is_of_kubernetes(&id, &body);
        let author = Author::of(&body);
        let companion = match author {
            Author::Ours => None,
            Author::Helm | Author::Unknown => companions::owner(&body),
        };
        let is_hook = ["helm.sh/hook", "argocd.argoproj.io/hook"]
            .iter()
            .any(|name| metadata.and_then(|m| m.get("annotations")).and_then(|a| a.get(*name)).is_some());
        if let Value::Object(map) = &mut body {
            without_what_the_server_keeps(map, live);
            if id.kind == "Secret" {
                secret_data(map);
            }
            without_marks_of_tools(map);
            pod_lists(map);
        }
        Some(Object { id, body, live, rendered: false, author, is_hook, made_by_a_controller, companion })
    }

    /// Whether this program rendered it for a release, and nothing else owns it.
    pub fn is_of(&self, release: &str) -> bool {
        let label = |name: &str| self.body.pointer(&format!("/metadata/labels/{name}")).and_then(Value::as_str);
        let named = label("release").or_else(|| label("app.kubernetes.io~1instance"));
        self.author == Author::Ours && !self.made_by_a_controller && named == Some(release)
    }

    /// Whether a release of the official chart, or a person, made it: it has the release's label and not this program's.
    pub fn is_of_helm(&self, release: &str) -> bool {
        let label = |name: &str| self.body.pointer(&format!("/metadata/labels/{name}")).and_then(Value::as_str);
        let named = label("release").or_else(|| label("app.kubernetes.io~1instance"));
        let is_ours = self.author == Author::Ours;
        !is_ours && !self.made_by_a_controller && !self.is_hook && self.companion.is_none() && named == Some(release)
    }

    /// Normalizes an object that was rendered for this comparison; see [`Object::new`].
    pub fn rendered(manifest: &Manifest) -> Option<Self> {
        let object = Self::new(manifest.body.clone())?;
        // A directory for Argo CD or Flux contains neither tests nor the objects that only tests read.
        let is_hook = object.is_hook || manifest.phase == Phase::Test;
        Some(Object { rendered: true, is_hook, author: Author::Ours, ..object })
    }
}

fn is_of_kubernetes(id: &ObjectId, body: &Value) -> bool {
    match id.kind.as_str() {
        "Event" | "Endpoints" | "EndpointSlice" | "Lease" | "ControllerRevision" | "ReplicaSet" => true,
        "ConfigMap" => id.name == "kube-root-ca.crt",
        "ServiceAccount" => id.name == "default",
        "Service" => id.name == "kubernetes",
        "Secret" => body
            .get("type")
            .and_then(Value::as_str)
            .is_some_and(|kind| kind.starts_with("helm.sh/release") || kind == "kubernetes.io/service-account-token"),
        _ => false,
    }
}

fn without_what_the_server_keeps(map: &mut Map<String, Value>, live: bool) {
    map.remove("status");
    let Some(Value::Object(metadata)) = map.get_mut("metadata") else { return };
    for field in [
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "managedFields",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        metadata.remove(field);
    }
    if live {
        metadata.remove("finalizers");
    }
}

/// Normalizes lists in pods: the last of two variables with the same name counts, the sources of a projected volume
/// that read the same object are merged, and ports of pods in the network of their node are ports of the node, which a server
/// writes out.
fn pod_lists(map: &mut Map<String, Value>) {
    if map.get("hostNetwork").is_some_and(|value| *value == true) {
        for list in ["containers", "initContainers"] {
            let containers = map.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            let ports = containers.filter_map(|container| container.get_mut("ports")?.as_array_mut()).flatten();
            for port in ports.filter_map(Value::as_object_mut) {
                if port.get("hostPort") == port.get("containerPort") {
                    port.remove("hostPort");
                }
            }
        }
    }
    for (key, value) in map.iter_mut() {
        match value {
            Value::Array(items) if key == "env" => {
                let mut seen = HashSet::new();
                let mut kept: Vec<Value> = Vec::with_capacity(items.len());
                for item in std::mem::take(items).into_iter().rev() {
                    let name = item.get("name").and_then(Value::as_str).map(str::to_owned);
                    if name.is_none_or(|name| seen.insert(name)) {
                        kept.push(item);
                    }
                }
                kept.reverse();
                *items = kept;
            }
            Value::Array(items) if key == "sources" => merge_sources(items),
            Value::Object(inner) => pod_lists(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(pod_lists),
            _ => {}
        }
    }
}

fn merge_sources(sources: &mut Vec<Value>) {
    let mut merged: Vec<Value> = Vec::with_capacity(sources.len());
    for mut source in std::mem::take(sources) {
        let key = source_key(&source);
        let has_items = |source: &Value| source.as_object().and_then(|m| m.values().next()?.get("items")).is_some();
        let whole = !has_items(&source);
        let same = merged.iter_mut().find(|other| !whole && source_key(other) == key && has_items(other));
        match same {
            Some(other) => {
                let added = items_of(&mut source).map(std::mem::take).unwrap_or_default();
                if let Some(items) = items_of(other) {
                    for item in added {
                        if !items.contains(&item) {
                            items.push(item);
                        }
                    }
                }
            }
            None => merged.push(source),
        }
    }
    *sources = merged;
}

/// The object that a source of a projected volume reads: `secret gitlab-rails`.
pub(super) fn source_key(source: &Value) -> String {
    let entry = source.as_object().and_then(|map| map.iter().next());
    let Some((kind, inner)) = entry else { return String::new() };
    let text = |field: &str| inner.get(field).and_then(Value::as_str).unwrap_or_default();
    let optional = if inner.get("optional").is_some_and(|value| *value == true) { " optional" } else { "" };
    format!("{kind} {}{}{optional}", text("name"), text("path"))
}

fn items_of(source: &mut Value) -> Option<&mut Vec<Value>> {
    source.as_object_mut()?.values_mut().next()?.get_mut("items")?.as_array_mut()
}

/// Removes annotations and labels of tools from the object and from the pods and claims that it creates.
fn without_marks_of_tools(map: &mut Map<String, Value>) {
    // The job template of a CronJob may have no metadata.
    if let Some(Value::Object(metadata)) = map.get_mut("metadata") {
        for (field, marks) in [("annotations", &ANNOTATIONS_OF_TOOLS[..]), ("labels", &LABELS_OF_TOOLS[..])] {
            if let Some(Value::Object(entries)) = metadata.get_mut(field) {
                entries.retain(|name, _| !marks.iter().any(|mark| is_mark(mark, name)));
            }
        }
    }
    let Some(Value::Object(spec)) = map.get_mut("spec") else { return };
    for field in ["template", "jobTemplate"] {
        if let Some(Value::Object(inner)) = spec.get_mut(field) {
            if let Some(Value::Object(metadata)) = inner.get_mut("metadata") {
                metadata.remove("creationTimestamp");
            }
            without_marks_of_tools(inner);
        }
    }
    if let Some(Value::Array(claims)) = spec.get_mut("volumeClaimTemplates") {
        claims.iter_mut().filter_map(Value::as_object_mut).for_each(|claim| without_what_the_server_keeps(claim, true));
    }
}

fn is_mark(mark: &str, name: &str) -> bool {
    if mark.ends_with('/') { name.starts_with(mark) } else { name == mark }
}

/// Merges `stringData` into `data`.
fn secret_data(map: &mut Map<String, Value>) {
    let mut decoded = Map::new();
    if let Some(Value::Object(data)) = map.remove("data") {
        for (key, value) in data {
            let text = value.as_str().and_then(decode).map_or(value, Value::String);
            decoded.insert(key, text);
        }
    }
    if let Some(Value::Object(plain)) = map.remove("stringData") {
        decoded.extend(plain);
    }
    if !decoded.is_empty() {
        map.insert("data".to_owned(), Value::Object(decoded));
    }
}

/// The string behind base64; `None` for bytes that are not UTF-8, which are then compared as they are.
fn decode(text: &str) -> Option<String> {
    use base64::Engine as _;
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?).ok()
}

/// How often the names of Services that do not say their namespace are followed by one, `prod-kas.gitlab.svc`.
fn called(objects: &[Object]) -> BTreeMap<&str, usize> {
    let services = objects.iter().filter(|object| object.id.kind == "Service" && object.id.namespace.is_none());
    let names: HashSet<&str> = services.map(|object| object.id.name.as_str()).collect();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    if names.is_empty() {
        return found;
    }
    let data = objects.iter().filter_map(|object| object.body.get("data")?.as_object());
    for text in data.flat_map(Map::values).filter_map(Value::as_str) {
        for (end, _) in text.match_indices(".svc") {
            let word = text[..end].rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))).next();
            let parts = word.and_then(|word| word.rsplit_once('.')).filter(|(name, _)| names.contains(name));
            if let Some((_, namespace)) = parts {
                *found.entry(namespace).or_default() += 1;
            }
        }
    }
    found
}

/// The release and the namespace that most objects belong to by their labels.
pub fn release_of(objects: &[Object]) -> (Option<String>, Option<String>) {
    let mut releases: BTreeMap<&str, usize> = BTreeMap::new();
    let mut namespaces: BTreeMap<&str, usize> = BTreeMap::new();
    for object in objects.iter().filter(|object| !is_of_a_tool(&object.id)) {
        if let Some(release) = object.body.pointer("/metadata/labels/release").and_then(Value::as_str) {
            *releases.entry(release).or_default() += 1;
        }
        // A namespaced object may leave out its namespace, but the subject of a binding may not.
        let subjects = object.body.get("subjects").and_then(Value::as_array);
        let bound = subjects.into_iter().flatten().filter_map(|s| s.get("namespace").and_then(Value::as_str));
        for namespace in object.id.namespace.as_deref().into_iter().chain(bound) {
            *namespaces.entry(namespace).or_default() += 1;
        }
    }
    let most = |found: BTreeMap<&str, usize>| {
        found.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name.to_owned())
    };
    (most(releases), most(called(objects)).or_else(|| most(namespaces)))
}

/// Whether Flux, kustomize or Argo CD read the object to know what to apply: it is not part of a deployment.
fn is_of_a_tool(id: &ObjectId) -> bool {
    matches!(
        (id.group(), id.kind.as_str()),
        ("kustomize.toolkit.fluxcd.io" | "kustomize.config.k8s.io", "Kustomization" | "Component")
            | ("argoproj.io", "Application" | "AppProject")
            | ("helm.toolkit.fluxcd.io", "HelmRelease")
            | ("source.toolkit.fluxcd.io", _)
    )
}

/// The key by which objects are paired: group, kind, namespace, name. API versions of one group name the same object.
type Key = (String, String, String, String);

fn key(id: &ObjectId, namespace: &str) -> Key {
    let namespace = id.namespace.as_deref().unwrap_or(namespace);
    (id.group().to_owned(), id.kind.clone(), namespace.to_owned(), id.name.clone())
}

pub(super) fn pair(old: Vec<Object>, new: Vec<Object>, namespace: &str) -> Pairs {
    let mut passed_over = 0;
    let any_rendered = |objects: &[Object]| objects.iter().any(|object| object.rendered);
    let both_rendered = any_rendered(&old) && any_rendered(&new);
    // A release of the official chart contains objects of charts that are not rendered here: they do not count as
    // deletions.
    let is_ours = |objects: &[Object]| objects.iter().any(|object| object.author == Author::Ours);
    let apart = is_ours(&old) != is_ours(&new);
    let mut companions = Vec::new();
    let mut olds: BTreeMap<Key, Object> = BTreeMap::new();
    let mut news: BTreeMap<Key, Object> = BTreeMap::new();
    for (side, objects) in [(&mut olds, old), (&mut news, new)] {
        for object in objects {
            if object.made_by_a_controller || is_of_a_tool(&object.id) {
                passed_over += 1;
            } else if let Some(chart) = object.companion.filter(|_| apart) {
                companions.push((chart, object.id));
            } else {
                side.insert(key(&object.id, namespace), object);
            }
        }
    }
    // A set of manifests contains only what existed at that moment: hooks are stored elsewhere, are deleted when they
    // are done, or are those of the last run.
    let mut hooks = 0;
    let mut pairs = Vec::with_capacity(olds.len().max(news.len()));
    let mut gone: BTreeMap<Key, Object> = BTreeMap::new();
    for (key, old) in olds {
        match news.remove(&key) {
            // Objects of the last run are not compared with those of the next one.
            Some(new) if (old.live || new.live) && (old.is_hook || new.is_hook) => hooks += 1,
            Some(new) => pairs.push(ObjectPair { id: old.id.clone(), old: Some(old), new: Some(new), renamed: None }),
            None => {
                gone.insert(key, old);
            }
        }
    }
    pair_by_stem(&mut gone, &mut news, &mut pairs);
    let mut without_hooks = |side: &mut BTreeMap<Key, Object>| {
        let before = side.len();
        side.retain(|key, object| {
            let of_an_old_run = object.live && object.id.kind == "Job" && stem(key).is_some();
            // The cluster deletes it some time after it is done.
            let deletes_itself =
                object.id.kind == "Job" && object.body.pointer("/spec/ttlSecondsAfterFinished").is_some();
            !(object.is_hook || of_an_old_run || deletes_itself)
        });
        hooks += before - side.len();
    };
    if !both_rendered {
        without_hooks(&mut gone);
        without_hooks(&mut news);
    }
    pairs.extend(gone.into_values().map(|old| ObjectPair {
        id: old.id.clone(),
        old: Some(old),
        new: None,
        renamed: None,
    }));
    pairs.extend(news.into_values().map(|new| ObjectPair {
        id: new.id.clone(),
        old: None,
        new: Some(new),
        renamed: None,
    }));
    pairs.sort_by(|a, b| a.id.cmp(&b.id));
    companions.sort_by(|a, b| (a.0.section, &a.1).cmp(&(b.0.section, &b.1)));
    Pairs { pairs, passed_over, hooks, companions }
}

/// Takes out how many pods an autoscaler has chosen, where the other side leaves the choice to it.
pub(super) fn forget_scaling(pairs: &mut [ObjectPair]) {
    let target = |object: &Object| -> Option<(String, String)> {
        let default = match object.id.kind.as_str() {
            "HorizontalPodAutoscaler" => None,
            "ScaledObject" => Some("Deployment"),
            _ => return None,
        };
        let text = |field: &str| object.body.pointer(&format!("/spec/scaleTargetRef/{field}")).and_then(Value::as_str);
        Some((text("kind").or(default)?.to_owned(), text("name")?.to_owned()))
    };
    let scaled: HashSet<(String, String)> =
        pairs.iter().flat_map(|pair| [&pair.old, &pair.new]).flatten().filter_map(target).collect();
    for pair in pairs {
        let (Some(old), Some(new)) = (&mut pair.old, &mut pair.new) else { continue };
        let number = |object: &Object| object.body.pointer("/spec/replicas").and_then(Value::as_u64);
        // Nobody scales what somebody has stopped.
        let is_chosen = |one: &Object, other: &Object| {
            one.live && number(one).is_some_and(|pods| pods > 0) && number(other).is_none()
        };
        if scaled.contains(&(old.id.kind.clone(), old.id.name.clone())) {
            let chosen = (is_chosen(old, new), is_chosen(new, old));
            for object in [(old, chosen.0), (new, chosen.1)].into_iter().filter(|(_, chosen)| *chosen).map(|(o, _)| o) {
                if let Some(Value::Object(spec)) = object.body.get_mut("spec") {
                    spec.remove("replicas");
                }
            }
        }
    }
}

/// Pairs objects whose names end in a hash of their content: they belong together where the rest of the name is equal.
fn pair_by_stem(gone: &mut BTreeMap<Key, Object>, come: &mut BTreeMap<Key, Object>, pairs: &mut Vec<ObjectPair>) {
    let mut stems: HashMap<Key, Vec<Key>> = HashMap::new();
    for key in come.keys() {
        if let Some(stem) = stem(key) {
            stems.entry(stem).or_default().push(key.clone());
        }
    }
    let candidates: Vec<Key> = gone.keys().filter(|key| stem(key).is_some()).cloned().collect();
    for old_key in candidates {
        let Some([new_key]) = stem(&old_key).and_then(|stem| stems.get(&stem)).map(Vec::as_slice) else { continue };
        if let Some(new) = come.remove(new_key)
            && let Some(old) = gone.remove(&old_key)
        {
            let renamed = Some(new.id.name.clone());
            pairs.push(ObjectPair { id: old.id.clone(), old: Some(old), new: Some(new), renamed });
        }
    }
}

/// The key without the hash at the end of the name, for kinds whose objects are named so.
fn stem(key: &Key) -> Option<Key> {
    let (group, kind, namespace, name) = key;
    if !matches!(kind.as_str(), "Job" | "Pod" | "ConfigMap") {
        return None;
    }
    let (stem, hash) = name.rsplit_once('-')?;
    let hashed = (5..=10).contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let digit = hash.bytes().any(|b| b.is_ascii_digit());
    (hashed && digit).then(|| (group.clone(), kind.clone(), namespace.clone(), stem.to_owned()))
}
