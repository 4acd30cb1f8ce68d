//! Other values that a key could have, to find the effect of its current value.

use serde_json::{Map, Value, json};

use super::store::{self, At};
use crate::diag::{Step, ValuePath};
use crate::releases;

/// The maximum depth to which maps and lists are filled.
const DEPTH: usize = 6;
/// A string that no default contains.
pub(super) const WORD: &str = "example";

/// Values of the same type as `value` that its key could have, the most likely to have an effect first; never `value`
/// itself.
///
/// A boolean is inverted, a number incremented, a string of a fixed set replaced by the others; an empty value is
/// filled as its schema defines.
pub fn alternatives(path: &ValuePath, value: &Value) -> Vec<Value> {
    let at = path.0.iter().try_fold(store::root(), below);
    let mut all = match value {
        _ if is_version(path) => versions(value),
        Value::Bool(on) => vec![json!(!on)],
        Value::Number(number) => numbers(number, at),
        Value::String(text) if !text.is_empty() => match at.map(members) {
            Some(members) if !members.is_empty() => members,
            _ => strings(text, at),
        },
        _ => {
            let samples = at.map(|at| samples(at, 0)).unwrap_or_else(|| vec![json!(WORD)]);
            let off: Vec<Value> = samples.iter().filter(|sample| sample.is_object()).map(switched_off).collect();
            samples.into_iter().chain(off).collect()
        }
    };
    all.retain(|other| other != value);
    all.dedup();
    all
}

/// Other lists in the place of one with items: with an item more, of the schema's form and of that of the last one, and with
/// one fewer.
pub fn list_alternatives(path: &ValuePath, items: &[Value]) -> Vec<Value> {
    let at = path.0.iter().try_fold(store::root(), below).and_then(|at| below(at, &Step::Index(0)));
    let sample = at.and_then(|at| samples(at, 0).into_iter().next());
    let like_last = items.last().and_then(another);
    let more = [like_last, sample].into_iter().flatten().filter(|item| !items.contains(item));
    let mut all: Vec<Value> = more.map(|item| Value::Array([items, &[item]].concat())).collect();
    let (without_last, without_first) =
        (items.split_last().map(|(_, rest)| rest), items.split_first().map(|(_, rest)| rest));
    all.extend([without_last, without_first].into_iter().flatten().map(|rest| Value::Array(rest.to_vec())));
    all.dedup();
    all
}

/// An item of the same form as another: its strings and numbers differ.
fn another(item: &Value) -> Option<Value> {
    match item {
        Value::String(text) => strings(text, None).into_iter().next(),
        Value::Number(number) => numbers(number, None).into_iter().next(),
        Value::Object(map) => {
            let inner = map.iter().map(|(key, inner)| {
                let scalar = matches!(inner, Value::String(_) | Value::Number(_)).then(|| another(inner)).flatten();
                (key.clone(), scalar.unwrap_or_else(|| inner.clone()))
            });
            Some(Value::Object(inner.collect()))
        }
        _ => None,
    }
}

fn is_version(path: &ValuePath) -> bool {
    path.0.len() == 2 && path.first_key() == Some("global") && path.last_key() == Some("gitlabVersion")
}

/// Known versions of GitLab: any other is refused.
fn versions(value: &Value) -> Vec<Value> {
    let newest = releases::known_series().into_iter().rev().filter_map(releases::newest);
    newest.map(|version| json!(version.to_string())).filter(|other| other != value).take(2).collect()
}

/// A string for a key that the user chose, a label or a resource say, which no object has without it: `number` tells it from
/// others. `None` where the schema names the key, because a value there may decide more than the string that is written.
pub fn marker(path: &ValuePath, number: usize) -> Option<String> {
    let (last, above) = path.0.split_last()?;
    let (Step::Key(key), map) = (last, above.iter().try_fold(store::root(), below)?.resolved()) else { return None };
    if map.property(key).is_some() {
        return None;
    }
    let value = below(map, last)?.resolved();
    Some(match value.kind {
        Some("Quantity") => format!("{}Mi", 7_100_000 + number),
        _ => format!("gitlab-render-{:07}", 7_100_000 + number),
    })
}

/// A value that no object has without it, in the place of a number or of a string that is free: `grq00042`, 40042 or `40042Mi`
/// for the number 42. [`traces`] finds it again. `None` where it could be misunderstood: a member of a fixed set, a template, a
/// format.
pub fn trace(path: &ValuePath, value: &Value, number: usize) -> Option<Value> {
    let at = path.0.iter().try_fold(store::root(), below).map(At::resolved);
    let kind = at.and_then(|at| at.kind);
    match value {
        Value::Number(old) if old.is_i64() => Some(json!(TRACE + number)),
        Value::String(text) if kind == Some("Quantity") && !text.is_empty() => {
            Some(json!(format!("{}Mi", TRACE + number)))
        }
        Value::String(text) if !text.is_empty() && !text.contains(['{', '\n']) => match (kind, at.map(members)) {
            (None, members) if members.as_ref().is_none_or(Vec::is_empty) => Some(json!(format!("grq{number:05}"))),
            (Some("AbsolutePath"), _) => Some(json!(format!("/grq{number:05}"))),
            _ => None,
        },
        _ => None,
    }
}

/// The numbers of the traces in a field.
pub fn traces(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let number = from[..end].parse::<usize>().ok().filter(|_| end == 5);
        let is_text = before.ends_with("grq");
        found.extend(number.and_then(|number| if is_text { Some(number) } else { number.checked_sub(TRACE) }));
        rest = &from[end..];
    }
    found
}

/// Added to the number of a trace that is a number: with five digits, and still a port.
const TRACE: usize = 40_000;

/// Whether a map was filled with an entry whose key could be any.
pub fn is_sample(map: &Map<String, Value>) -> bool {
    map.len() == 1 && map.contains_key(WORD)
}

/// A filled map with all its switches off.
fn switched_off(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, inner)| (key.clone(), switched_off(inner))).collect())
        }
        Value::Bool(_) => json!(false),
        other => other.clone(),
    }
}

/// The schema one step below.
pub(super) fn below(at: At, step: &Step) -> Option<At> {
    let at = at.resolved();
    match step {
        Step::Key(key) => at.property(key).or_else(|| {
            let others = at.others().filter(|others| others.is_object())?;
            Some(at.part(others))
        }),
        Step::Index(_) => Some(at.part(at.schema.get("items")?)),
    }
}

/// The members of a fixed set.
fn members(at: At) -> Vec<Value> {
    let at = at.resolved();
    match at.schema.get("enum").and_then(Value::as_array) {
        Some(members) => members.iter().filter(|member| !member.is_null() && *member != "").cloned().collect(),
        None => choices(at).into_iter().flat_map(members).collect(),
    }
}

/// The alternatives of which one has to match.
fn choices(at: At) -> Vec<At> {
    let parts = ["anyOf", "oneOf"].iter().filter_map(|keyword| at.schema.get(*keyword)?.as_array());
    parts.flatten().map(|part| at.part(part)).collect()
}

/// Within the bounds of the schema.
fn numbers(number: &serde_json::Number, at: Option<At>) -> Vec<Value> {
    let bound = |keyword| at.and_then(|at| at.resolved().schema.get(keyword)?.as_i64());
    let (least, most) = (bound("minimum").unwrap_or(i64::MIN), bound("maximum").unwrap_or(i64::MAX));
    match number.as_i64() {
        Some(whole) => {
            let fits = |other: &i64| (least..=most).contains(other);
            let next = [whole.saturating_add(1), whole.saturating_sub(1)].into_iter().find(fits);
            let mut all: Vec<i64> = next.into_iter().chain(Some(0).filter(fits)).collect();
            all.dedup();
            all.into_iter().map(Value::from).collect()
        }
        None => vec![json!(number.as_f64().unwrap_or_default() + 1.0)],
    }
}

/// A string that differs and has the same format: a number in it is incremented, `10Gi` to `11Gi`. A template gives way to a
/// plain string.
fn strings(text: &str, at: Option<At>) -> Vec<Value> {
    if text.contains("{{") {
        return vec![json!(WORD), json!("")];
    }
    let digits = text.find(|c: char| c.is_ascii_digit());
    let counted = digits.and_then(|start| {
        let rest = &text[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().ok()?;
        Some(format!("{}{}{}", &text[..start], number + 1, &rest[end..]))
    });
    let longer = match text.ends_with('\n') {
        true => format!("{text}# {WORD}\n"),
        false => format!("{text}x"),
    };
    let mut all: Vec<Value> = counted.into_iter().chain([longer]).map(Value::String).collect();
    all.extend(at.and_then(|at| of_kind(at.resolved().kind?)));
    all.push(json!(""));
    all
}

/// Values that a schema accepts.
fn samples(at: At, depth: usize) -> Vec<Value> {
    let at = at.resolved();
    if depth > DEPTH {
        return Vec::new();
    }
    let members = members(at);
    if !members.is_empty() {
        return members;
    }
    if let Some(known) = at.kind.and_then(of_kind) {
        return vec![known];
    }
    let types: Vec<&str> = match at.schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => {
            let choices: Vec<Value> = choices(at).into_iter().flat_map(|part| samples(part, depth)).collect();
            if !choices.is_empty() {
                return choices;
            }
            match at.schema.get("properties").is_some() || at.schema.get("allOf").is_some() {
                true => vec!["object"],
                false => vec!["string"],
            }
        }
    };
    types.iter().flat_map(|name| of_type(name, at, depth)).collect()
}

fn of_type(name: &str, at: At, depth: usize) -> Vec<Value> {
    match name {
        "string" => vec![json!(WORD)],
        "boolean" => vec![json!(true), json!(false)],
        "integer" | "number" => vec![json!(at.schema.get("minimum").and_then(Value::as_i64).unwrap_or(6) + 1)],
        "array" => {
            let item =
                at.schema.get("items").map_or_else(|| vec![json!(WORD)], |items| samples(at.part(items), depth + 1));
            item.into_iter().take(1).map(|item| json!([item])).collect()
        }
        "object" => map(at, depth).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn map(at: At, depth: usize) -> Option<Value> {
    let mut map = Map::new();
    for (key, part) in at.properties() {
        if let Some(sample) = samples(part, depth + 1).into_iter().next() {
            map.insert(key.to_owned(), sample);
        }
    }
    if let Some(most) = at.schema.get("maxProperties").and_then(Value::as_u64) {
        cut(&mut map, usize::try_from(most).unwrap_or(usize::MAX));
    }
    let others = at.others();
    if map.is_empty() && others != Some(&Value::Bool(false)) {
        let other = match others.filter(|others| others.is_object()) {
            Some(others) => samples(at.part(others), depth + 1).into_iter().next()?,
            None => json!(WORD),
        };
        map.insert(WORD.to_owned(), other);
    }
    (!map.is_empty()).then_some(Value::Object(map))
}

/// Leaves as many keys as a map may have: its type and the key of that type, `resource` of the type `Resource`, before others.
fn cut(map: &mut Map<String, Value>, most: usize) {
    let of_type = map.get("type").and_then(Value::as_str).map(|name| {
        let mut letters = name.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
    });
    let first = |key: &str| key == "type" || of_type.as_deref() == Some(key);
    let kept = map.keys().filter(|key| first(key)).chain(map.keys().filter(|key| !first(key)));
    let kept: Vec<String> = kept.take(most).cloned().collect();
    map.retain(|key, _| kept.contains(key));
}

/// An example value of a definition that describes its pattern.
fn of_kind(kind: &str) -> Option<Value> {
    let value = match kind {
        "Quantity" => json!("7Gi"),
        "ResourceList" | "StorageList" => json!({"memory": "7Gi"}),
        "Port" | "PortNumber" | "PortNumberOrName" | "NodePort" => json!(31007),
        "IPAddress" | "ClusterIP" => json!("192.0.2.7"),
        "CIDR" => json!("192.0.2.0/24"),
        "AbsolutePath" => json!("/example"),
        "CronSchedule" => json!("7 7 * * *"),
        "Base64" => json!("ZXhhbXBsZQ=="),
        "FileMode" => json!(256),
        _ => return None,
    };
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, value: &Value) -> Vec<Value> {
        alternatives(&ValuePath::dotted(path), value)
    }

    #[test]
    fn an_alternative_is_of_the_same_kind() {
        assert_eq!(of("global.ingress.enabled", &json!(true)), [json!(false)]);
        assert_eq!(of("gitlab.webservice.minReplicas", &json!(2)), [json!(3), json!(0)]);
        assert_eq!(of("gitlab.gitaly.persistence.size", &json!("50Gi"))[0], json!("51Gi"));
        assert_eq!(of("global.hosts.domain", &json!("example.com"))[0], json!("example.comx"));
        assert!(of("global.image.pullPolicy", &json!("Always")).contains(&json!("Never")));
    }

    #[test]
    fn what_is_empty_is_filled_as_its_schema_says() {
        assert!(of("gitlab.webservice.nodeSelector", &json!({}))[0].is_object());
        assert!(of("gitlab.webservice.tolerations", &json!([]))[0].is_array());
    }
}
