//! Values that a path could be changed to, made from its schema and its default.

use serde_json::{Map, Value, json};

use crate::source_schemas::Part;

/// A value to try, and a text that must show up in what it changes.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub value: Value,
    pub shows: Option<String>,
    /// Part of the message that refuses it, where that is the effect.
    pub refused: Option<String>,
}

/// How deep maps and lists are filled: deeper there is nothing that a shallower value would not show.
const DEPTH: usize = 7;
/// How many properties of one map are tried.
const WIDTH: usize = 6;

impl Candidate {
    fn plain(value: Value) -> Self {
        Candidate { value, shows: None, refused: None }
    }

    fn shown(value: impl Into<Value>) -> Self {
        let value = value.into();
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Candidate { value, shows: Some(text), refused: None }
    }

    fn marked(value: Value, shows: &str) -> Self {
        Candidate { value, shows: Some(shows.to_owned()), refused: None }
    }

    fn within(self, wrap: impl FnOnce(Value) -> Value) -> Self {
        Candidate { value: wrap(self.value), ..self }
    }
}

/// What to try, the likeliest first; never the default.
pub fn candidates(part: Option<&Part>, default: &Value) -> Vec<Candidate> {
    let mut all = match part {
        Some(part) => of_part(part, default, 0),
        None => free(default),
    };
    all.retain(|candidate| candidate.value != *default);
    all
}

fn of_part(part: &Part, default: &Value, depth: usize) -> Vec<Candidate> {
    if depth > DEPTH {
        return Vec::new();
    }
    if let Some(known) = part.kinds().iter().find_map(|kind| of_kind(kind)) {
        return known;
    }
    if let Some(options) = part.schema.get("enum").and_then(Value::as_array) {
        let others = options.iter().filter(|option| *option != default && **option != "");
        return others.cloned().map(Candidate::plain).collect();
    }
    let types = part.types();
    if types.is_empty() {
        let alternatives = part.alternatives();
        return match alternatives.is_empty() {
            true => free(default),
            false => alternatives.iter().flat_map(|part| of_part(part, default, depth)).collect(),
        };
    }
    let mut all: Vec<_> = types.iter().map(|name| (of_type(name, part, default, depth), fits(name, default))).collect();
    all.sort_by_key(|(_, fits)| !fits);
    all.into_iter().flat_map(|(candidates, _)| candidates).collect()
}

fn fits(name: &str, value: &Value) -> bool {
    match value {
        Value::Bool(_) => name == "boolean",
        Value::Number(_) => matches!(name, "integer" | "number"),
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
        Value::Null => false,
    }
}

fn of_type(name: &str, part: &Part, default: &Value, depth: usize) -> Vec<Candidate> {
    match name {
        "boolean" => match default {
            Value::Bool(on) => vec![Candidate::plain(json!(!on))],
            _ => vec![Candidate::plain(json!(true)), Candidate::plain(json!(false))],
        },
        "integer" | "number" => {
            let bound = |keyword| part.schema.get(keyword).and_then(Value::as_i64);
            let (low, high) = (bound("minimum").unwrap_or(0), bound("maximum").unwrap_or(i64::MAX));
            let likely = [4711, 47, 7, low + 1, low].into_iter().filter(|n| (low..=high).contains(n));
            likely.map(|n| Candidate::shown(json!(n))).take(3).collect()
        }
        "string" => texts(part, default),
        "array" => {
            let items = part
                .items()
                .map_or_else(|| vec![Candidate::shown("cover-item")], |items| of_part(&items, &Value::Null, depth + 1));
            let used = if items.is_empty() { vec![Candidate::plain(json!({}))] } else { items };
            used.into_iter().take(WIDTH).map(|item| item.within(|value| json!([value]))).collect()
        }
        "object" => of_map(part, default, depth),
        _ => Vec::new(),
    }
}

fn texts(part: &Part, default: &Value) -> Vec<Candidate> {
    match part.schema.get("pattern").and_then(Value::as_str) {
        None => {
            // A path stays a path, and a name a name.
            let near = default.as_str().filter(|text| !text.is_empty() && !text.contains('\n'));
            let near = near.map(|text| Candidate::shown(format!("{text}-cover")));
            near.into_iter().chain([Candidate::shown("cover-text")]).collect()
        }
        Some(pattern) if pattern.contains("[0-9]") => vec![Candidate::shown("47")],
        Some(_) => vec![Candidate::shown("cover-text")],
    }
}

fn of_map(part: &Part, default: &Value, depth: usize) -> Vec<Candidate> {
    let required: Vec<&str> =
        part.schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let with_required = |key: &str, value: Value| {
        let mut map = Map::from_iter([(key.to_owned(), value)]);
        for other in &required {
            let filled = part.property(other).and_then(|p| of_part(&p, &Value::Null, depth + 1).into_iter().next());
            map.entry((*other).to_owned()).or_insert_with(|| filled.map_or(json!("cover-required"), |c| c.value));
        }
        Value::Object(map)
    };
    let inner = |key: &str| default.get(key).unwrap_or(&Value::Null);
    let mut all = Vec::new();
    let mut properties = part.properties();
    // What must be there, and what has a default, is the likeliest to be read.
    properties.sort_by_key(|(key, _)| (!required.contains(key), inner(key).is_null()));
    for (key, property) in properties {
        let tried = of_part(&property, inner(key), depth + 1).into_iter().filter(|c| c.value != *inner(key)).take(2);
        all.extend(tried.map(|c| c.within(|value| with_required(key, value))));
    }
    all.truncate(WIDTH * 2);
    if let Some(others) = part.others().filter(|_| all.is_empty()) {
        let tried = of_part(&others, &Value::Null, depth + 1).into_iter().take(3);
        all.extend(tried.map(|c| c.within(|value| with_required("cover_key", value))));
    }
    all
}

/// Where the schema says nothing: what is like the default, and then one of each form.
fn free(default: &Value) -> Vec<Candidate> {
    let like = match default {
        Value::Bool(on) => vec![Candidate::plain(json!(!on))],
        Value::Number(_) => vec![Candidate::shown(4711), Candidate::shown(47)],
        Value::String(text) if text.len() > 1 => vec![Candidate::shown(format!("{text}-cover"))],
        Value::Array(_) => vec![Candidate::marked(json!(["cover-item"]), "cover-item")],
        Value::Object(map) => {
            let leaf = map.iter().find_map(|(key, inner)| {
                free(inner).into_iter().next().map(|c| c.within(|value| json!({ key.as_str(): value })))
            });
            leaf.into_iter().collect()
        }
        _ => Vec::new(),
    };
    let forms = [
        Candidate::shown("cover-text"),
        Candidate::shown(4711),
        Candidate::shown(47),
        Candidate::plain(json!(true)),
        Candidate::marked(json!(["cover-item"]), "cover-item"),
        Candidate::marked(json!({"cover_key": "cover-text"}), "cover-text"),
    ];
    like.into_iter().chain(forms).collect()
}

/// Values for the definitions whose form a type does not tell.
fn of_kind(kind: &str) -> Option<Vec<Candidate>> {
    let one = |value: Value, shows: &str| Some(vec![Candidate::marked(value, shows)]);
    match kind {
        "Quantity" => one(json!("347Mi"), "347Mi"),
        "Name" | "DNSSubdomain" | "DNSLabel" | "DNS1035Label" | "DNSSubdomainOrEmpty" | "PortName" => {
            one(json!("cover-name"), "cover-name")
        }
        "IngressHost" => one(json!("cover.example.org"), "cover.example.org"),
        "Port" | "PortNumber" | "PortNumberOrName" => Some(vec![Candidate::shown(4711)]),
        "NodePort" => Some(vec![Candidate::shown(30711)]),
        "Seconds" | "Count" | "NonNegative" | "Positive" | "IntOrPercent" => {
            Some(vec![Candidate::shown(47), Candidate::shown(1), Candidate::shown(0)])
        }
        "UnixId" => Some(vec![Candidate::shown(4711)]),
        "FileMode" => Some(vec![Candidate::shown(256)]),
        "IPAddress" | "ClusterIP" => one(json!("10.47.1.1"), "10.47.1.1"),
        "CIDR" => one(json!("10.47.0.0/16"), "10.47.0.0/16"),
        "CronSchedule" => one(json!("47 3 * * *"), "47 3 * * *"),
        "AbsolutePath" => one(json!("/cover"), "/cover"),
        "LabelScalarMap" | "LabelMap" | "AnnotationScalarMap" | "AnnotationMap" | "Labels" | "Annotations" => {
            one(json!({"cover.test/key": "cover-value"}), "cover-value")
        }
        "Env" => one(json!({"COVER_NAME": "cover-value"}), "cover-value"),
        "EnvFrom" => one(json!({"COVER_NAME": {"secretKeyRef": {"name": "cover-name", "key": "cover"}}}), "cover-name"),
        "Tolerations" => one(json!([{"key": "cover-name", "operator": "Exists"}]), "cover-name"),
        "TopologySpread" => one(
            json!([{"maxSkew": 1, "topologyKey": "cover-name", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": "cover"}}}]),
            "cover-name",
        ),
        "ExtraVolumes" => one(json!("- name: cover-name\n  emptyDir: {}\n"), "cover-name"),
        "ExtraVolumeMounts" => one(json!("- name: given-volume\n  mountPath: /cover\n"), "/cover"),
        "ExtraContainers" => one(json!("- name: cover-name\n  image: cover:1\n  command: [\"true\"]\n"), "cover-name"),
        "PullSecrets" => one(json!([{"name": "cover-name"}]), "cover-name"),
        "Sentinels" => one(json!([{"host": "cover-host", "port": 4711}]), "cover-host"),
        "LabelSelectorRequirement" => one(json!({"key": "cover-name", "operator": "Exists"}), "cover-name"),
        "DeploymentStrategy" => Some(vec![
            Candidate::marked(json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 47}}), "47"),
            Candidate::marked(json!({"type": "Recreate", "rollingUpdate": null}), "Recreate"),
        ]),
        "MetricSpec" => one(
            json!({"type": "Resource", "resource": {"name": "cover-name", "target": {"type": "Utilization", "averageUtilization": 47}}}),
            "cover-name",
        ),
        "ScaledObjectTrigger" => {
            one(json!({"type": "cpu", "metricType": "Utilization", "metadata": {"value": "47"}}), "47")
        }
        "NetworkPolicyIngressRule" => one(json!({"ports": [{"port": 4711}]}), "4711"),
        "NetworkPolicyEgressRule" => one(json!({"ports": [{"port": 4711}]}), "4711"),
        "HorizontalPodAutoscalerBehavior" => one(json!({"scaleDown": {"stabilizationWindowSeconds": 47}}), "47"),
        _ => None,
    }
}
