//! `why` is exact: no value that changes a field is missing from the answer, and none in it changes nothing.
//!
//! The answers are held against renders of the whole release in which one value is changed, by values that the tests of
//! coverage make: of each value that is set, of each key that a schema or `tests/data/value-paths.tsv` knows and nobody has
//! set, and of each list as a whole. A run tries a small share of them; `COVERAGE=why` tries all, for one field of every
//! object and for 300 others, and `COVERAGE=why:5:20` every fifth value for every twentieth of the fields.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gitlab_render::bundle;
use gitlab_render::diag::{Step, ValuePath};
use gitlab_render::manifest::Manifest;
use gitlab_render::pipeline::{self, Request};
use gitlab_render::values::{self, Input, tree};
use gitlab_render::why::field::{FieldPath, leaves};
use serde_json::{Value, json};

use crate::common::{Ran, file, release, root, run};
use crate::coverage::candidates::candidates;
use crate::coverage::given;
use crate::source_schemas;

/// One in so many values is tried in the sample, and one in so many fields is asked for.
const SAMPLE: (usize, usize) = (607, 131);

fn prod() -> Request {
    release("prod", "gitlab", vec![file(fs::read(root().join("tests/why/prod.yaml")).unwrap())])
}

/// Fields by object, without what follows from the content of other objects.
type Seen = BTreeMap<(String, String), (FieldPath, Value)>;

fn seen(manifests: &[Manifest]) -> Seen {
    let mut all = Seen::new();
    for manifest in manifests {
        let id = stem(&manifest.id.to_string());
        for (path, value) in leaves(&manifest.body) {
            let text = path.to_string();
            let follows = text.contains("checksum/") || (id.contains('*') && text == "metadata.name");
            if !follows {
                all.insert((id.clone(), text), (path, value));
            }
        }
    }
    all
}

/// Objects by their names.
type Bodies = HashMap<String, Value>;

/// Whether a field is another one in other objects. It is read by its path, as `why` does: the name of an item of a list may
/// change with its neighbours, as it is used only where no two items have it.
fn differs(field: &(String, String), base: &Seen, other: &Bodies) -> bool {
    let (path, value) = &base[field];
    other.get(&field.0).and_then(|body| path.read(body)).as_deref() != Some(value)
}

/// The object without the hash of its content in its name.
fn stem(id: &str) -> String {
    let hash = |part: &&str| part.len() == 7 && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match id.starts_with("Job/") {
        true => id.split('-').map(|part| if hash(&part) { "*" } else { part }).collect::<Vec<_>>().join("-"),
        false => id.to_owned(),
    }
}

/// One value, and documents to lay over the others that change it.
struct Tried {
    path: String,
    documents: Vec<Value>,
}

/// The document that has a value at a path. A list replaces another, so it is given as a whole.
fn document(merged: &Value, path: &ValuePath, value: Value) -> Value {
    let list = path.0.iter().position(|step| matches!(step, Step::Index(_)));
    let (at, value) = match list {
        None => (path.clone(), value),
        Some(position) => {
            let at = ValuePath(path.0[..position].to_vec());
            let mut list = at.within(merged).cloned().unwrap_or_default();
            let inside = ValuePath(path.0[position..].to_vec());
            match (inside.within_mut(&mut list).is_some(), inside.parent(), inside.last_key()) {
                (false, Some(item), Some(key)) => item.within_mut(&mut list).unwrap()[key] = value,
                _ => *inside.within_mut(&mut list).unwrap() = value,
            }
            (at, list)
        }
    };
    nested(&at, value)
}

fn nested(path: &ValuePath, value: Value) -> Value {
    path.0.iter().rev().fold(value, |inner, step| match step {
        Step::Key(key) => json!({ &**key: inner }),
        Step::Index(_) => unreachable!("the list is given as a whole"),
    })
}

fn merged(request: &Request) -> Value {
    let user = values::load(&request.inputs).unwrap().value.own().0;
    let defaults = bundle::defaults();
    tree::over_defaults(user, defaults.into())
}

/// All values of a request, defaults and others, and what could be there and is not.
fn tried(request: &Request) -> Vec<Tried> {
    let merged = merged(request);
    let one = |(path, value): (ValuePath, &Value)| {
        let part = part(&path);
        let mut others: Vec<Value> = candidates(part.as_ref(), value).into_iter().map(|c| c.value).collect();
        if path.last_key().is_some() && !value.is_null() {
            others.push(Value::Null);
        }
        match value {
            Value::String(_) => others.push("".into()),
            Value::Number(_) => others.push(0.into()),
            _ => {}
        }
        others.dedup();
        let documents = others.into_iter().map(|other| document(&merged, &path, other)).collect();
        Tried { path: path.to_string(), documents }
    };
    let mut all: Vec<Tried> = tree::leaves(&merged).into_iter().map(one).collect();
    let mut unset = BTreeSet::new();
    missing(&source_schemas::document(), &merged, &ValuePath::root(), &mut unset);
    given::paths()
        .iter()
        .for_each(|path| expand(&source_schemas::steps(path), &merged, &ValuePath::root(), &mut unset));
    all.extend(unset.into_iter().map(|path| one((path, &Value::Null))));
    let whole = |(path, items): (ValuePath, Vec<Value>)| {
        let documents = lists(&path, &items).into_iter().map(|other| document(&merged, &path, other)).collect();
        Tried { path: path.to_string(), documents }
    };
    let mut there = Vec::new();
    filled_lists(&merged, &ValuePath::root(), &mut there);
    all.extend(there.into_iter().map(whole));
    all
}

/// The schema of a path.
fn part(path: &ValuePath) -> Option<source_schemas::Part> {
    path.0.iter().try_fold(source_schemas::document(), |part, step| match step {
        Step::Key(key) => part.property(key).or_else(|| part.others()),
        Step::Index(_) => part.items(),
    })
}

/// The keys that the schemas know and that are not in the maps of a tree.
fn missing(part: &source_schemas::Part, value: &Value, path: &ValuePath, found: &mut BTreeSet<ValuePath>) {
    match value {
        Value::Object(map) => {
            let known = part.properties();
            found.extend(known.iter().filter(|(key, _)| !map.contains_key(*key)).map(|(key, _)| path.key(key)));
            for (key, inner) in map {
                if let Some(below) = part.property(key).or_else(|| part.others()) {
                    missing(&below, inner, &path.key(key), found);
                }
            }
        }
        Value::Array(items) => {
            let Some(below) = part.items() else { return };
            items.iter().enumerate().for_each(|(n, item)| missing(&below, item, &path.index(n), found));
        }
        _ => {}
    }
}

/// A path of the table with the numbers of the items that are there, where nothing is at its end. Maps on the way may be missing.
fn expand(steps: &[source_schemas::Step<'_>], value: &Value, path: &ValuePath, found: &mut BTreeSet<ValuePath>) {
    match steps.split_first() {
        None => {
            if value.is_null() {
                found.insert(path.clone());
            }
        }
        Some((source_schemas::Step::Key(key), rest)) if value.is_object() || value.is_null() => {
            expand(rest, value.get(*key).unwrap_or(&Value::Null), &path.key(key), found);
        }
        Some((source_schemas::Step::Item, rest)) => {
            let items = value.as_array().into_iter().flatten();
            items.enumerate().for_each(|(n, item)| expand(rest, item, &path.index(n), found));
        }
        Some(_) => {}
    }
}

fn filled_lists(value: &Value, path: &ValuePath, found: &mut Vec<(ValuePath, Vec<Value>)>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| filled_lists(inner, &path.key(key), found)),
        Value::Array(items) if !items.is_empty() => {
            found.push((path.clone(), items.clone()));
            items.iter().enumerate().for_each(|(n, item)| filled_lists(item, &path.index(n), found));
        }
        _ => {}
    }
}

/// A list with an item more, fewer, and with another instead of the last.
fn lists(path: &ValuePath, items: &[Value]) -> Vec<Value> {
    let rest = &items[..items.len() - 1];
    let item = part(path).and_then(|part| part.items());
    let mut others: Vec<Value> =
        candidates(item.as_ref(), &items[0]).into_iter().take(2).map(|candidate| candidate.value).collect();
    if let Some(Value::Object(last)) = items.last() {
        let named = |(key, value): (&String, &Value)| match value {
            Value::String(text) => (key.clone(), json!(format!("{text}-cover"))),
            other => (key.clone(), other.clone()),
        };
        others.push(Value::Object(last.iter().map(named).collect()));
    }
    let with = |before: &[Value], other: &Value| json!([before, std::slice::from_ref(other)].concat());
    let changed = others.iter().flat_map(|other| [with(items, other), with(rest, other)]);
    changed.chain([json!(rest), json!(items[1..])]).collect()
}

/// The objects with another document laid over the values; none where it is refused.
fn with(request: &Request, document: &Value) -> Option<Bodies> {
    let mut request = request.clone();
    let bytes = document.to_string().into_bytes();
    request.inputs.push(Input::File { name: "changed.yaml".to_owned(), bytes });
    let rendered = pipeline::render(&request).ok()?;
    let all = rendered.objects.manifests().iter();
    Some(all.map(|manifest| (stem(&manifest.id.to_string()), manifest.body.clone())).collect())
}

/// Which of the chosen fields a change of each value changes, each with a document that does.
fn changes(
    request: &Request,
    base: &Seen,
    chosen: &BTreeSet<(String, String)>,
    tried: &[Tried],
) -> HashMap<String, HashMap<(String, String), String>> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(HashMap::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(one) = tried.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut changed = HashMap::new();
                    for document in &one.documents {
                        let Some(other) = with(request, document) else { continue };
                        let others = chosen.iter().filter(|field| differs(field, base, &other));
                        changed.extend(others.map(|field| (field.clone(), document.to_string())));
                    }
                    found.lock().unwrap().insert(one.path.clone(), changed);
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// A fixed sequence of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most).unwrap()).unwrap()
    }
}

/// One field of every object, and others; a few of them in a sample.
fn chosen(base: &Seen, numbers: &mut Numbers, one_in: usize) -> BTreeSet<(String, String)> {
    let mut by_object: BTreeMap<&String, Vec<&(String, String)>> = BTreeMap::new();
    base.keys().for_each(|field| by_object.entry(&field.0).or_default().push(field));
    let mut chosen = BTreeSet::new();
    for fields in by_object.values() {
        chosen.insert(fields[numbers.below(fields.len())].clone());
    }
    let every: Vec<&(String, String)> = base.keys().collect();
    for _ in 0..300 {
        chosen.insert(every[numbers.below(every.len())].clone());
    }
    chosen.into_iter().step_by(one_in).collect()
}

/// Whether a path is another, or below it.
fn within(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn wrong_answers(request: &Request, seed: u64, (values, fields): (usize, usize)) -> (usize, Vec<String>) {
    let rendered = pipeline::render(request).unwrap_or_else(|failure| panic!("{:?}", failure.report));
    let base = seen(rendered.objects.manifests());
    let ids: HashMap<String, String> =
        rendered.objects.manifests().iter().map(|m| (stem(&m.id.to_string()), m.id.to_string())).collect();
    let chosen = chosen(&base, &mut Numbers(seed), fields);
    let merged = merged(request);
    let mut named: BTreeMap<&(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for field in &chosen {
        let origin = pipeline::why::why(request, true, &ids[&field.0], Some(&field.1))
            .unwrap_or_else(|failure| panic!("{field:?}: {:?}", failure.report));
        for source in &origin.fields[0].sources {
            let path = &source.path;
            // what it names is held against a render of everything
            let document = document(&merged, path, source.shown_by.with.clone().unwrap_or_default());
            let other = with(request, &document);
            match other {
                None => wrong.push(format!("{} {}: `{path}` is named, and {document} is refused", field.0, field.1)),
                Some(other) if !differs(field, &base, &other) => {
                    wrong
                        .push(format!("{} {}: `{path}` is named, and {document} does not change it", field.0, field.1));
                }
                Some(_) => {}
            }
            named.entry(field).or_default().insert(path.to_string());
        }
    }
    let tried: Vec<Tried> = tried(request).into_iter().skip(values / 2).step_by(values).collect();
    for (path, changed) in changes(request, &base, &chosen, &tried) {
        for (field, by) in chosen.iter().filter_map(|field| Some((field, changed.get(field)?))) {
            if !named.get(field).is_some_and(|names| names.iter().any(|name| within(name, &path))) {
                wrong.push(format!("{} {}: `{path}` changes it and is not named: {by}", field.0, field.1));
            }
        }
    }
    wrong.sort();
    (chosen.len(), wrong)
}

#[test]
fn why_names_every_value_that_changes_a_field_and_no_other() {
    let shares = std::env::var("COVERAGE").ok().and_then(|what| {
        let mut numbers = what.strip_prefix("why")?.split(':').skip(1).map(|share| share.parse().unwrap());
        Some((numbers.next().unwrap_or(1), numbers.next().unwrap_or(1)))
    });
    let defaults = release("test", "default", vec![file(b"certmanager-issuer: {email: a@example.org}\n".to_vec())]);
    let mut found = Vec::new();
    for (name, request) in [("the defaults", defaults), ("prod.yaml", prod())] {
        let (count, wrong) = wrong_answers(&request, 0x5eed_1234_5678_9abc, shares.unwrap_or(SAMPLE));
        found.extend(wrong.iter().map(|why| format!("{name}, {count} fields: {why}")));
    }
    assert!(found.is_empty(), "{} wrong:\n{}", found.len(), found.join("\n"));
}

fn ask(args: &[&str]) -> Ran {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    run(&root().join("tests/why"), &args, &BTreeMap::new(), "")
}

fn answer(args: &[&str]) -> Value {
    let got = ask(&[args, &["-o", "json", "-f", "prod.yaml", "--name", "prod"]].concat());
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    serde_json::from_str(&got.stdout).unwrap()
}

#[test]
fn why_says_what_was_overridden_in_which_layer() {
    let set = ["--set", "gitlab.webservice.minReplicas=5,registry.hpa.maxReplicas=9", "--profile", "evaluation"];
    let found = answer(&[&["why", "hpa/prod-webservice-default", "spec.minReplicas"][..], &set].concat());
    assert_eq!(found["object"], "HorizontalPodAutoscaler/prod-webservice-default");
    assert_eq!((&found["field"], &found["value"]), (&json!("spec.minReplicas"), &json!(5)));
    let source = &found["sources"][0];
    let expected = json!({"path": "gitlab.webservice.minReplicas", "layer": "--set", "file": "--set #1", "line": 1, "column": 19, "value": 5});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&source[key], value, "{key}");
    }
    let layers: Vec<&Value> = source["overridden"].as_array().unwrap().iter().map(|layer| &layer["layer"]).collect();
    assert_eq!(layers, ["file", "profile", "default"]);
    assert_eq!(
        source["overridden"][0],
        json!({"layer": "file", "file": "prod.yaml", "line": 25, "column": 5, "value": 3})
    );
    assert!(source["overridden"][2].get("file").is_none());
    let otherwise = &source["otherwise"];
    assert_eq!(otherwise["object"], true);
    assert_ne!(otherwise["field"], 5);
    assert!(otherwise["field"] == otherwise["with"] || otherwise.get("with").is_none(), "{otherwise}");
}

#[test]
fn why_takes_paths_of_kubectl_and_of_diff() {
    for path in [
        "{.spec.template.spec.containers[?(@.name==\"webservice\")].resources.requests.cpu}",
        ".spec.template.spec.containers[0].resources.requests.cpu",
        "spec.template.spec.containers[webservice].resources.requests.cpu",
    ] {
        let found = answer(&["why", "deployments.apps/prod-webservice-default", path]);
        assert_eq!(found["sources"][0]["path"], "gitlab.webservice.resources.requests.cpu", "{path}");
        assert_eq!(found["sources"][0]["line"], 28, "{path}");
    }
    let found = answer(&["why", "cm/prod-webservice", "data[gitlab.yml.erb].production.gitlab.host"]);
    assert_eq!(found["value"], "gitlab.corp.example.org");
    assert_eq!(found["sources"][0]["path"], "global.hosts.domain");
    let found =
        answer(&["why", "sts/prod-gitaly", "spec.volumeClaimTemplates[repo-data].spec.resources.requests.storage"]);
    assert_eq!(found["sources"][0]["path"], "gitlab.gitaly.persistence.size");
}

/// A list as a whole, keys that are set nowhere, and nothing that a render refuses.
#[test]
fn why_names_lists_and_keys_that_nobody_has_set() {
    for (object, field, names) in [
        ("sts/prod-gitaly", "spec.replicas", &["global.gitaly.internal.names"][..]),
        (
            "deploy/prod-webservice-default",
            "spec.template.spec.containers[webservice].image",
            &["global.gitlabVersion", "gitlab.webservice.image.digest"],
        ),
        ("svc/prod-gitlab-shell", "spec.ports[0].port", &["global.shell.port"]),
        ("deploy/prod-webservice-default", "metadata.name", &["gitlab.webservice.nameOverride"]),
    ] {
        let found = answer(&["why", object, field]);
        let paths: Vec<&str> =
            found["sources"].as_array().unwrap().iter().map(|source| source["path"].as_str().unwrap()).collect();
        assert!(names.iter().all(|name| paths.contains(name)), "{object} {field}: {paths:?}");
    }
}

/// Whoever renders a profile's examples is told so by `template`; an answer about them says it too.
#[test]
fn an_answer_about_open_questions_says_so() {
    let profile = ["--profile", "reference-cloud-native-small", "--name", "prod"];
    for args in [
        &["why", "deploy/prod-kas", "spec.strategy.type"][..],
        &["explore"],
        &["upgrade", "plan", "--from", "18.5", "--to", "18.8"],
    ] {
        let got = ask(&[args, &profile].concat());
        assert_eq!(got.status, Some(0), "{args:?}: {}", got.stderr);
        assert_eq!(got.stderr.matches("[open-questions]").count(), 1, "{args:?}: {}", got.stderr);
    }
}

#[test]
fn why_refuses_what_is_not_there_with_a_hint() {
    for (args, code, hint) in [
        (&["why", "deploy/prod-webservice"][..], "no-object-named", "Deployment/prod-webservice-default"),
        (&["why", "deploy/prod-kas", "spec.replicaz"], "no-field-named", "why Deployment/prod-kas"),
        (&["why", "deploy/prod-kas", "spec["], "bad-field", "spec.replicas"),
        (&["why", "prod-kas"], "no-object-named", "deployment.apps/prod-kas"),
    ] {
        let got = ask(&[args, &["-f", "prod.yaml", "--name", "prod"]].concat());
        assert_eq!(got.status, Some(2), "{args:?}: {}", got.stderr);
        assert!(got.stderr.contains(&format!("[{code}]")) && got.stderr.contains(hint), "{args:?}: {}", got.stderr);
    }
}

/// Without `--name`, the object's own name says what the release is called.
#[test]
fn why_takes_the_release_from_the_name_of_the_object() {
    let got = ask(&["why", "deploy/my-gitlab-webservice-default", "spec.strategy.type", "-f", "prod.yaml"]);
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    assert!(got.stdout.starts_with("Deployment/my-gitlab-webservice-default spec.strategy.type"), "{}", got.stdout);
    assert!(got.stderr.contains("[release-assumed]") && got.stderr.contains("--name my-gitlab"), "{}", got.stderr);
    let got =
        ask(&["why", "deploy/my-gitlab-webservice-default", "spec.strategy.type", "-f", "prod.yaml", "--name", "prod"]);
    assert_eq!(got.status, Some(2), "{}", got.stdout);
}

/// A field takes few renders of a part: this is what keeps an answer within a tenth of a second.
#[test]
fn why_renders_little() {
    for (object, field) in [
        ("Ingress/prod-registry", "spec.rules[0].host"),
        ("Deployment/prod-webservice-default", "spec.template.spec.containers[webservice].image"),
        ("ConfigMap/prod-gitaly", "data[config.toml.tpl].listen_addr"),
    ] {
        let origin = pipeline::why::why(&prod(), true, object, Some(field)).unwrap();
        assert!(origin.renders < 340, "{object} {field}: {} renders", origin.renders);
    }
}

#[test]
fn why_answers_as_its_schema_says_and_shows_no_secret() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(root().join("schemas/why.schema.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let secret = ["--set", "global.extraEnv.API_TOKEN=hunter2hunter2", "--set", "redis.auth.enabled=false"];
    for args in [
        &["why", "job/prod-gitlab-upgrade-check"][..],
        &["why", "hpa/prod-registry", "spec.minReplicas"],
        &["why", "sts/prod-gitaly"],
    ] {
        let found = answer(&[args, &secret].concat());
        let errors: Vec<String> = validator.iter_errors(&found).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{args:?}: {errors:?}");
        assert!(!found.to_string().contains("hunter2"), "{args:?}");
    }
    let text = ask(&["why", "sts/prod-gitaly", "--name", "prod", "-f", "prod.yaml", secret[0], secret[1]]).stdout;
    assert!(text.contains("global.extraEnv.API_TOKEN") && !text.contains("hunter2"), "{text}");
}
