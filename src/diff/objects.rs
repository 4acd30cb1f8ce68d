//! The objects of the two sides: what of them counts, and which belong together.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use crate::manifest::ObjectId;

/// One object of a side, without what only a server writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Which one it is.
    pub id: ObjectId,
    /// What it says.
    pub body: Value,
    /// Whether it was read from a cluster, which fills in fields of its own.
    pub live: bool,
    /// Whether something else than a person or a pipeline made it.
    made_by_a_controller: bool,
}

/// Two objects that are the same one before and after.
#[derive(Debug)]
pub(super) struct Pair {
    pub id: ObjectId,
    pub old: Option<Object>,
    pub new: Option<Object>,
    /// The new object's name, where it ends in another hash.
    pub renamed: Option<String>,
}

pub(super) struct Pairs {
    pub pairs: Vec<Pair>,
    pub passed_over: usize,
}

/// Annotations that tools keep for themselves; an entry that ends in `/` or `-` stands for all that begin so.
const ANNOTATIONS_OF_TOOLS: [&str; 13] = [
    "kubectl.kubernetes.io/",
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "autoscaling.alpha.kubernetes.io/",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "batch.kubernetes.io/",
    "meta.helm.sh/",
    "argocd.argoproj.io/tracking-id",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "endpoints.kubernetes.io/",
];

/// Labels that tools keep for themselves.
const LABELS_OF_TOOLS: [&str; 8] = [
    "app.kubernetes.io/managed-by",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
];

impl Object {
    /// Takes an object of any origin; `None` for what is none.
    pub fn new(mut body: Value) -> Option<Self> {
        let id = ObjectId::of(&body).ok()?;
        let metadata = body.get("metadata");
        let has = |field: &str| metadata.and_then(|m| m.get(field)).is_some();
        let live = has("uid") || has("resourceVersion") || has("managedFields");
        let made_by_a_controller = has("ownerReferences") || is_of_kubernetes(&id, &body);
        if let Value::Object(map) = &mut body {
            without_what_the_server_keeps(map, live);
            if id.kind == "Secret" {
                secret_data(map);
            }
            without_marks_of_tools(map);
            if live {
                without_what_the_server_chose(&id.kind, map);
            }
        }
        Some(Object { id, body, live, made_by_a_controller })
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

/// Annotations and labels of tools, in the object and in the pods and claims it makes.
fn without_marks_of_tools(map: &mut Map<String, Value>) {
    // a CronJob's template of Jobs has no metadata where nobody wrote any
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

/// Fields whose value a server or a controller chose: they say nothing about what was asked for.
fn without_what_the_server_chose(kind: &str, map: &mut Map<String, Value>) {
    let chosen: &[&str] = match kind {
        "Service" => &["clusterIP", "clusterIPs", "ipFamilies", "healthCheckNodePort"],
        "PersistentVolumeClaim" => &["volumeName"],
        "Job" => &["selector", "manualSelector"],
        "Pod" => &["nodeName", "priority", "preemptionPolicy"],
        _ => return,
    };
    let Some(Value::Object(spec)) = map.get_mut("spec") else { return };
    let headless = spec.get("clusterIP").is_some_and(|ip| ip == "None");
    spec.retain(|field, _| !chosen.contains(&field.as_str()) || (headless && field == "clusterIP"));
    if kind == "Service"
        && let Some(Value::Array(ports)) = spec.get_mut("ports")
        && ports.iter().all(|port| port.get("nodePort").is_some())
    {
        ports.iter_mut().filter_map(Value::as_object_mut).for_each(|port| {
            port.remove("nodePort");
        });
    }
}

/// `stringData` is only another spelling of `data`.
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

/// The text behind base64; `None` for what is no text, which is then compared as it is.
fn decode(text: &str) -> Option<String> {
    use base64::Engine as _;
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?).ok()
}

/// The release and the namespace that objects say they are of, where all that say so agree.
pub fn release_of(objects: &[Object]) -> (Option<String>, Option<String>) {
    let mut releases = HashSet::new();
    let mut namespaces = HashSet::new();
    for object in objects {
        if let Some(release) = object.body.pointer("/metadata/labels/release").and_then(Value::as_str) {
            releases.insert(release);
        }
        // a namespaced object need not say where it goes, but a binding must
        let subjects = object.body.get("subjects").and_then(Value::as_array);
        let bound = subjects.into_iter().flatten().filter_map(|s| s.get("namespace").and_then(Value::as_str));
        namespaces.extend(object.id.namespace.as_deref().into_iter().chain(bound));
    }
    let only = |found: HashSet<&str>| match found.len() {
        1 => found.into_iter().next().map(str::to_owned),
        _ => None,
    };
    (only(releases), only(namespaces))
}

/// Group, kind, namespace, name: API versions of one group name the same object.
type Key = (String, String, String, String);

fn key(id: &ObjectId, namespace: &str) -> Key {
    let namespace = id.namespace.as_deref().unwrap_or(namespace);
    (id.group().to_owned(), id.kind.clone(), namespace.to_owned(), id.name.clone())
}

pub(super) fn pair(old: Vec<Object>, new: Vec<Object>, namespace: &str) -> Pairs {
    let mut passed_over = 0;
    let mut olds: BTreeMap<Key, Object> = BTreeMap::new();
    let mut news: BTreeMap<Key, Object> = BTreeMap::new();
    for (side, objects) in [(&mut olds, old), (&mut news, new)] {
        for object in objects {
            if object.made_by_a_controller {
                passed_over += 1;
            } else {
                side.insert(key(&object.id, namespace), object);
            }
        }
    }
    let mut pairs = Vec::with_capacity(olds.len().max(news.len()));
    let mut gone: BTreeMap<Key, Object> = BTreeMap::new();
    for (key, old) in olds {
        match news.remove(&key) {
            Some(new) => pairs.push(Pair { id: old.id.clone(), old: Some(old), new: Some(new), renamed: None }),
            None => {
                gone.insert(key, old);
            }
        }
    }
    pair_by_stem(&mut gone, &mut news, &mut pairs);
    pairs.extend(gone.into_values().map(|old| Pair { id: old.id.clone(), old: Some(old), new: None, renamed: None }));
    pairs.extend(news.into_values().map(|new| Pair { id: new.id.clone(), old: None, new: Some(new), renamed: None }));
    pairs.sort_by(|a, b| a.id.cmp(&b.id));
    Pairs { pairs, passed_over }
}

/// Objects whose names end in a hash of their content: what is left of a name without it says which belong together.
fn pair_by_stem(gone: &mut BTreeMap<Key, Object>, come: &mut BTreeMap<Key, Object>, pairs: &mut Vec<Pair>) {
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
            pairs.push(Pair { id: old.id.clone(), old: Some(old), new: Some(new), renamed });
        }
    }
}

/// The key without the hash at the end of the name, of kinds whose objects are named so.
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
