//! The explanation of a key.

use serde_json::{Map, Value, json};

use super::{PathStep, Resolved, SchemaPart, ValuesReference, tree};
use crate::bundle::{self, Releases};
use crate::schema;

/// Longer defaults are shortened.
const LONGEST_LIST: usize = 12;

/// The explanation of a key.
pub struct Explanation {
    /// Its path.
    pub path: String,
    /// The description, without a capital letter and a period.
    pub description: &'static str,
    /// Its type in words.
    pub kind: String,
    /// The format of the value, where the type alone does not tell it.
    pub form: Option<String>,
    /// The default of the release; `None` where there is none.
    pub default: Option<Value>,
    /// Defaults of other releases.
    pub by_release: Vec<ByRelease>,
    /// The values that it may have, where they are listed.
    pub allowed: Vec<Value>,
    /// The releases that read it, in words; `None` where all do.
    pub releases: Option<String>,
    /// Keys of older releases whose place it took.
    pub replaces: Vec<String>,
    /// The reason why it has no effect, and what to write instead.
    pub unread: Option<String>,
    /// An example: a values file that sets it.
    pub example: Value,
    /// URLs of pages about it, and of our own page.
    pub documentation: Vec<String>,
    /// The component that it belongs to.
    pub component: Option<&'static str>,
    /// The keys below it.
    pub keys: Vec<Key>,
}

/// The default of some releases.
pub struct ByRelease {
    /// The releases in words, `before GitLab 18.7`.
    pub releases: String,
    /// Their default; `None`: no default.
    pub default: Value,
}

/// A key below the explained one.
pub struct Key {
    /// Its path below the explained one.
    pub name: String,
    /// Its type in words.
    pub kind: String,
    /// Its description.
    pub description: &'static str,
    /// Its default, where that is not a map.
    pub default: Option<Value>,
    /// How many keys are between the two.
    pub depth: usize,
}

impl ValuesReference {
    /// Explains a key; `deep` lists all keys below it and not only its children.
    pub fn explain(&self, at: &Resolved, deep: bool) -> Explanation {
        let Resolved { path, part, .. } = at;
        let default = tree::default_at(&self.defaults, path).or_else(|| part.keyword("default")).cloned();
        let component = self.component(path);
        Explanation {
            description: part.description(),
            kind: kind(part),
            form: form(part),
            by_release: by_release(path, self.release.numbers()),
            allowed: allowed(part),
            releases: tree::releases_of(path).map(span),
            replaces: crate::upgrade::rules::replaced_by(path),
            unread: schema::unread_hint(&path.split('.').collect::<Vec<_>>()).map(str::to_owned),
            example: schema::usable(nested(path, example(part, path, default.as_ref(), 0))),
            documentation: documentation(path, component.map(|component| component.name)),
            component: component.map(|component| component.name),
            keys: self.keys(path, part, if deep { 12 } else { 1 }),
            path: path.clone(),
            default,
        }
    }

    fn keys(&self, path: &str, part: &SchemaPart, depth: usize) -> Vec<Key> {
        let start = if path.is_empty() { 0 } else { path.len() };
        let mut below = tree::below(part, path, depth, self.release);
        for (entry, mark) in [(part.items(), "[]"), (part.others().filter(|others| !others.is_free()), ".*")] {
            if let Some(entry) = entry {
                let path = format!("{path}{mark}");
                below.push((path.clone(), entry.clone()));
                below.extend(tree::below(&entry, &path, depth, self.release));
            }
        }
        let keys = below.into_iter().map(|(whole, part)| {
            let name = whole[start..].trim_start_matches('.').to_owned();
            let depth = name.matches('.').count();
            let default = tree::default_at(&self.defaults, &whole).or_else(|| part.keyword("default"));
            let default = default.filter(|value| !value.is_object() && !value.is_null()).cloned();
            Key { name, kind: kind(&part), description: part.description(), default, depth }
        });
        keys.collect()
    }
}

/// A type in words.
pub fn kind(part: &SchemaPart) -> String {
    let mut words: Vec<&str> = part.types().into_iter().map(word).collect();
    if words == ["whole number", "string"]
        && (part.schema.contains_key("pattern") || part.schema.contains_key("minimum"))
    {
        // A quoted number, and nothing else.
        words.pop();
    }
    match (words.is_empty(), allowed(part).is_empty()) {
        (true, false) => "string".to_owned(),
        (true, true) => match part.alternatives().iter().map(kind).reduce(|all, next| format!("{all} or {next}")) {
            Some(all) => all,
            None => "any".to_owned(),
        },
        _ => words.join(" or "),
    }
}

fn word(name: &str) -> &str {
    match name {
        "object" => "map",
        "array" => "list",
        "integer" => "whole number",
        other => other,
    }
}

/// The format of the value in words.
fn form(part: &SchemaPart) -> Option<String> {
    if let Some(form) = part.kinds().into_iter().find_map(schema::form) {
        return Some(form.to_owned());
    }
    if part.file == "kubernetes" {
        let name = part.kinds().last().copied().unwrap_or("type");
        return Some(format!("`{name}` of Kubernetes, passed on unchanged"));
    }
    let number = |word: &str| part.schema.get(word).filter(|limit| limit.is_number());
    match (number("minimum"), number("maximum")) {
        (Some(least), Some(most)) => Some(format!("from {least} to {most}")),
        (Some(least), None) if *least != json!(0) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        _ => None,
    }
}

/// The values that are listed for a key.
pub(super) fn allowed(part: &SchemaPart) -> Vec<Value> {
    let listed = part.schema.get("enum").and_then(Value::as_array);
    listed.into_iter().flatten().filter(|value| **value != "").cloned().collect()
}

/// The defaults that some releases have instead.
fn by_release(path: &str, release: (u32, u32, u32)) -> Vec<ByRelease> {
    let own = path.rsplit('.').next().unwrap_or_default();
    let others =
        bundle::DEFAULTS_BY_RELEASE.iter().filter(|(releases, text)| !releases.has(release) && text.contains(own));
    let others = others.filter_map(|(releases, text)| {
        let tree: Value = serde_json::from_str(text).ok()?;
        let default = tree::default_at(&tree, path)?.clone();
        Some(ByRelease { releases: span(*releases), default })
    });
    others.collect()
}

/// Releases in words.
pub(super) fn span(releases: Releases) -> String {
    let named = |(major, minor, patch): (u32, u32, u32)| match patch {
        0 | u32::MAX => format!("GitLab {major}.{minor}"),
        patch => format!("GitLab {major}.{minor}.{patch}"),
    };
    match (releases.since, releases.until) {
        (Some(since), Some(until)) => format!("from {} to {}", named(since), named(until)),
        (Some(since), None) => format!("since {}", named(since)),
        (None, Some(until)) => format!("up to {}", named(until)),
        (None, None) => "all".to_owned(),
    }
}

/// A value at a path, wrapped in the maps that contain it.
fn nested(path: &str, value: Value) -> Value {
    super::steps(path).into_iter().rev().fold(value, |inner, step| match step {
        PathStep::Key("*") => json!({ "NAME": inner }),
        PathStep::Key(key) => Value::Object(Map::from_iter([(super::unescaped(key), inner)])),
        PathStep::Item => json!([inner]),
    })
}

/// A valid value for a key, if possible not the default.
fn example(part: &SchemaPart, path: &str, default: Option<&Value>, depth: usize) -> Value {
    if let Some(other) = allowed(part).into_iter().find(|value| Some(value) != default) {
        return other;
    }
    let kinds = part.kinds();
    if let Some(text) = kinds.iter().find_map(|kind| of_kind(kind, path)) {
        return text;
    }
    let types = part.types();
    let first = types.first().copied().or_else(|| default.map(type_of)).unwrap_or("string");
    match first {
        "boolean" => json!(default != Some(&json!(true))),
        "integer" | "number" => {
            let limit = |word: &str| part.schema.get(word).and_then(Value::as_i64);
            let now = default.and_then(Value::as_i64).unwrap_or(0);
            let other = if now == 0 { 10 } else { now.saturating_mul(2) };
            json!(other.max(limit("minimum").unwrap_or(i64::MIN)).min(limit("maximum").unwrap_or(i64::MAX)))
        }
        "array" => match part.items().filter(|_| depth < 3) {
            Some(item) => json!([example(&item, path, None, depth + 1)]),
            None => json!([]),
        },
        "object" => object(part, default, depth),
        _ => of_key(path, default),
    }
}

fn object(part: &SchemaPart, default: Option<&Value>, depth: usize) -> Value {
    if depth >= 3 {
        return json!({});
    }
    let required: Vec<&str> =
        part.schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let keys = part.properties();
    let simple = |part: &SchemaPart| !matches!(kind(part).as_str(), "map" | "list" | "any");
    let named = |name: &str| keys.iter().find(|(key, _)| *key == name);
    let mut chosen: Vec<&(&str, SchemaPart)> = required.iter().filter_map(|name| named(name)).collect();
    if chosen.is_empty() {
        chosen.extend(["enabled", "secret", "key", "name"].iter().filter_map(|name| named(name)).take(2));
    }
    if chosen.is_empty() {
        chosen.extend(keys.iter().find(|(_, part)| simple(part)));
    }
    let inner = |key: &str| default.and_then(|default| default.get(key));
    let entries = chosen.iter().map(|(key, part)| ((*key).to_owned(), example(part, key, inner(key), depth + 1)));
    Value::Object(entries.collect())
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(_) | Value::Null => "string",
    }
}

/// A value of a definition that several keys share.
fn of_kind(kind: &str, path: &str) -> Option<Value> {
    Some(match kind {
        "Quantity" if path.contains("cpu") => json!("500m"),
        "Quantity" => json!("500Mi"),
        "ResourceList" | "Resources" => json!({"requests": {"cpu": "500m", "memory": "1Gi"}}),
        "Port" => json!(8443),
        "Labels" | "LabelMap" | "LabelScalarMap" => json!({"team": "platform"}),
        "Annotations" => json!({"example.com/owner": "platform"}),
        "Tolerations" => json!([{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}]),
        "IntOrPercent" => json!("25%"),
        "CIDR" => json!("10.0.0.0/8"),
        "IPAddress" | "ClusterIP" => json!("203.0.113.10"),
        "CronSchedule" => json!("0 1 * * *"),
        "Env" => json!({"EXAMPLE": "value"}),
        "AbsolutePath" => json!("/srv/example"),
        "RelativePath" | "SubPath" => json!("example"),
        "IngressHost" | "DNSSubdomain" => json!("gitlab.example.com"),
        "StorageClass" => json!("fast"),
        "Base64" => json!("ZXhhbXBsZQ=="),
        "Name" | "DNSLabel" | "DNSSubdomainOrEmpty" | "DNS1035Label" => json!("example"),
        _ => return None,
    })
}

/// An example string for a key, by its name.
fn of_key(path: &str, default: Option<&Value>) -> Value {
    let small = path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]").to_lowercase();
    let ends = |words: &[&str]| words.iter().any(|word| small.ends_with(word));
    json!(match () {
        () if ends(&["secret", "secretname"]) => "my-secret",
        () if ends(&["host", "hostname", "domain"]) => "gitlab.example.com",
        () if ends(&["url", "endpoint"]) => "https://example.com",
        () if ends(&["email", "from", "reply_to", "replyto"]) => "gitlab@example.com",
        () if ends(&["tag"]) => "v1.2.3",
        () if ends(&["repository"]) => "registry.example.com/gitlab/image",
        () if ends(&["path"]) => "/",
        () if ends(&["timeout"]) => "30",
        () => match default.and_then(Value::as_str) {
            Some(text) if !text.is_empty() => text,
            _ => "example",
        },
    })
}

/// Pages about a key: those of the official chart, and our own.
fn documentation(path: &str, component: Option<&'static str>) -> Vec<String> {
    const CHART: &str = "https://docs.gitlab.com/charts/";
    let page = match component {
        Some("registry") => Some("charts/registry/".to_owned()),
        Some("minio") => Some("charts/minio/".to_owned()),
        Some("nginx-ingress" | "nginx-ingress-geo") => Some("charts/nginx/".to_owned()),
        Some("gateway-api") => Some("charts/gateway-api/".to_owned()),
        Some("gitlab-zoekt") => Some("charts/gitlab-zoekt/".to_owned()),
        Some("openbao") => Some("charts/openbao/".to_owned()),
        Some("certmanager-issuer" | "postgresql" | "redis") => Some("installation/command-line-options/".to_owned()),
        Some("shared-secrets") => Some("charts/shared-secrets/".to_owned()),
        Some("gitlab-runner") => Some("charts/gitlab/gitlab-runner/".to_owned()),
        Some("upgrade-check") => None,
        Some(name) => Some(format!("charts/gitlab/{name}/")),
        None if path == "global" || path.starts_with("global.") => Some("charts/globals/".to_owned()),
        None => Some("installation/command-line-options/".to_owned()),
    };
    let ours = match component {
        Some(name) => format!("docs/values/{name}.md"),
        None => "docs/values/global.md".to_owned(),
    };
    page.map(|page| format!("{CHART}{page}")).into_iter().chain([ours]).collect()
}

impl Explanation {
    /// The default where it can be shown whole; otherwise the number of entries.
    pub fn shown_default(&self) -> Option<String> {
        let default = self.default.as_ref()?;
        Some(match default {
            Value::Object(map) if map.is_empty() => "{}".to_owned(),
            Value::Object(_) => return None,
            Value::Array(items) if items.len() > LONGEST_LIST => format!("a list of {} entries", items.len()),
            Value::String(text) if text.contains('\n') => format!("a string of {} lines", text.lines().count()),
            Value::Null => return None,
            other => other.to_string(),
        })
    }
}
