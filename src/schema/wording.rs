//! Describes a violation that `jsonschema` found: the place, the error, the expected value.
//!
//! The user's value is never repeated, only its type: it could be a secret.

use std::collections::HashMap;

use jsonschema::JsonType;
use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind as Kind};
use serde_json::Value;

use crate::diag::{Diagnostic, Step, ValuePath, marks};

/// Adds the findings for an error; of alternatives, the one that matches best is described.
pub(super) fn describe(
    error: &ValidationError<'_>,
    user: &Value,
    kinds: &HashMap<String, &'static str>,
    all: &mut Vec<Diagnostic>,
) {
    let pointer = error.instance_path().as_str();
    let path = path_of(error, user);
    let value = error.instance().as_ref();
    let finding = match error.kind() {
        Kind::Type { kind } => wrong_type(&path, kind, value),
        Kind::Enum { options } => not_an_option(&path, options, value),
        Kind::Constant { expected_value } => {
            Diagnostic::error("not-allowed", format!("`{path}` must be {}", literal(expected_value)))
        }
        Kind::Required { property } => {
            let missing = path.key(property.as_str().unwrap_or_default());
            Diagnostic::error("missing-key", format!("`{missing}` must be set here"))
                .hint(format!("add `{}` under `{path}`", property.as_str().unwrap_or_default()))
        }
        Kind::AdditionalProperties { unexpected } => {
            for key in unexpected.iter().take(super::MOST_UNKNOWN) {
                all.push(super::unknown::finding(&path.key(key), user));
            }
            if let Some(next) = unexpected.get(super::MOST_UNKNOWN) {
                all.push(super::unknown::more(&path.key(next), unexpected.len() - super::MOST_UNKNOWN));
            }
            return;
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            if let Some(best) = best_branch(context, pointer) {
                best.iter().for_each(|error| describe(error, user, kinds, all));
                return;
            }
            Diagnostic::error("malformed", format!("`{path}` does not match any of the allowed forms"))
        }
        Kind::OneOfMultipleValid { .. } => {
            Diagnostic::error("contradiction", format!("`{path}` contains keys that exclude each other"))
                .hint("keep one of them")
        }
        Kind::PropertyNames { error: name } => {
            let key = name.instance().as_str().unwrap_or_default();
            let form = form(kinds.get(&names_of(pointer)).copied().unwrap_or_default());
            let wanted = form.map_or_else(|| "of another form".to_owned(), str::to_owned);
            Diagnostic::error(
                "malformed",
                format!("`{}` is not allowed as a key here, it must be {wanted}", path.key(key)),
            )
        }
        Kind::Pattern { pattern } => {
            let wanted = match kinds.get(pointer).copied().and_then(form) {
                Some(form) => form.to_owned(),
                None if numeric(pattern) => "a number".to_owned(),
                None => format!("of the form `{pattern}`"),
            };
            match value.as_str().is_some_and(super::placeholder::is_one) {
                true if value.as_str().is_some_and(marks::is_mark) => {
                    Diagnostic::warning("placeholder", format!("`{path}` still holds a placeholder"))
                        .hint(format!("it must be replaced by {wanted}: {}", marks::RENDER_FIRST))
                }
                true => Diagnostic::warning("placeholder", format!("`{path}` still holds a placeholder"))
                    .hint(format!("it must be replaced by {wanted}")),
                false => Diagnostic::error("malformed", format!("`{path}` must be {wanted}")),
            }
        }
        Kind::Format { format } => Diagnostic::error("malformed", format!("`{path}` must have the form `{format}`")),
        Kind::Minimum { .. } | Kind::Maximum { .. } if kinds.get(pointer) == Some(&"Port") => {
            Diagnostic::error("out-of-bounds", format!("`{path}` must be a port, 1 to 65535"))
        }
        Kind::Minimum { limit } => bound(&path, "at least", limit),
        Kind::Maximum { limit } => bound(&path, "at most", limit),
        Kind::ExclusiveMinimum { limit } => bound(&path, "more than", limit),
        Kind::ExclusiveMaximum { limit } => bound(&path, "less than", limit),
        Kind::MultipleOf { .. } => {
            Diagnostic::error("out-of-bounds", format!("`{path}` is not one of the allowed steps"))
        }
        Kind::MaxLength { limit: 0 } => Diagnostic::error("not-allowed", format!("`{path}` must not be set here")),
        Kind::MaxLength { limit } => bound(&path, "at most", limit).with_unit("characters long"),
        Kind::MinLength { limit: 1 } => Diagnostic::error("out-of-bounds", format!("`{path}` must not be empty")),
        Kind::MinLength { limit } => bound(&path, "at least", limit).with_unit("characters long"),
        Kind::MinItems { .. } | Kind::MinProperties { .. } => {
            Diagnostic::error("out-of-bounds", format!("`{path}` must not be empty"))
        }
        Kind::MaxProperties { limit: 0 } => wrong(&path, "a list", value),
        Kind::MaxItems { limit } | Kind::MaxProperties { limit } => {
            Diagnostic::error("out-of-bounds", format!("`{path}` must not have more than {limit} entries"))
        }
        Kind::UniqueItems => Diagnostic::error("malformed", format!("`{path}` holds the same entry twice")),
        Kind::FalseSchema | Kind::Not { .. } => {
            Diagnostic::error("not-allowed", format!("`{path}` must not be set together with the keys beside it"))
        }
        _ => Diagnostic::error("malformed", format!("`{path}` does not have the expected form")),
    };
    all.push(finding.at_value(path));
}

/// The key under which [`super::prune`] stores the format of a map's keys.
pub(super) fn names_of(pointer: &str) -> String {
    format!("{pointer}\0")
}

fn path_of(error: &ValidationError<'_>, user: &Value) -> ValuePath {
    let mut steps = Vec::new();
    let mut at = Some(user);
    for segment in error.instance_path().iter() {
        let text = segment.to_string();
        let step = match at {
            Some(Value::Array(_)) => Step::Index(text.parse().unwrap_or_default()),
            _ => Step::Key(text.as_str().into()),
        };
        at = match &step {
            Step::Index(index) => at.and_then(|v| v.get(*index)),
            Step::Key(key) => at.and_then(|v| v.get(&**key)),
        };
        steps.push(step);
    }
    ValuePath(steps)
}

fn wrong_type(path: &ValuePath, kind: &TypeKind, value: &Value) -> Diagnostic {
    let wanted: Vec<JsonType> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(set) => set.iter().collect(),
    };
    let finding = wrong(path, &or(wanted.iter().map(|t| named(*t).to_owned())), value);
    let hint = match value {
        Value::String(text) if marks::is_mark(text) => marks::RENDER_FIRST.to_owned(),
        Value::String(text) if wanted.contains(&JsonType::Boolean) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => "write `true` without quotes".to_owned(),
            "false" | "no" | "off" => "write `false` without quotes".to_owned(),
            _ => "write `true` or `false`".to_owned(),
        },
        Value::String(text) if wanted.iter().any(|t| matches!(t, JsonType::Integer | JsonType::Number)) => {
            match text.parse::<f64>() {
                Ok(_) => "write the number without quotes".to_owned(),
                Err(_) => "write a number".to_owned(),
            }
        }
        Value::Object(map) if wanted == [JsonType::String] && map.contains_key("secret") => {
            "write only the name of the Secret here; its key is set in the field beside it".to_owned()
        }
        Value::Number(_) | Value::Bool(_) if wanted.contains(&JsonType::String) => "put it in quotes".to_owned(),
        Value::Bool(_) if wanted.contains(&JsonType::Object) && path.last_key().is_some() => {
            format!("write a map below it, for example `{}: {{}}`", path.last_key().unwrap_or_default())
        }
        Value::Array(list) if wanted.contains(&JsonType::Object) => match list.iter().all(is_name_value) {
            true if !list.is_empty() => "write one `NAME: value` line for each entry, without `- name:`".to_owned(),
            _ => "write `key: value` lines, without dashes".to_owned(),
        },
        _ if wanted.contains(&JsonType::Array) => "write one `- ` line for each entry".to_owned(),
        _ if wanted.contains(&JsonType::Object) => "write `key: value` lines below it".to_owned(),
        _ => format!("write {}", or(wanted.iter().map(|t| named(*t).to_owned()))),
    };
    finding.hint(hint)
}

fn is_name_value(entry: &Value) -> bool {
    entry.get("name").is_some() && (entry.get("value").is_some() || entry.get("valueFrom").is_some())
}

fn wrong(path: &ValuePath, wanted: &str, value: &Value) -> Diagnostic {
    let given = match value {
        Value::Null => "empty",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    };
    Diagnostic::error("wrong-type", format!("`{path}` must be {wanted}, it is {given}"))
}

fn named(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "a list",
        JsonType::Object => "a map",
    }
}

fn not_an_option(path: &ValuePath, options: &Value, value: &Value) -> Diagnostic {
    let options: Vec<&Value> = options.as_array().map(|o| o.iter().collect()).unwrap_or_default();
    let shown = options.iter().filter(|o| o.as_str() != Some("")).map(|o| literal(o));
    let finding = Diagnostic::error("not-allowed", format!("`{path}` must be {}", or(shown)));
    let Some(text) = value.as_str() else { return finding };
    let near = options
        .iter()
        .filter_map(|o| o.as_str())
        .filter(|o| !o.is_empty())
        .map(|o| (strsim::jaro_winkler(&o.to_lowercase(), &text.to_lowercase()), o))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, option)) if likeness > 0.8 => finding.hint(format!("did you mean `{option}`?")),
        _ => finding,
    }
}

fn bound(path: &ValuePath, word: &str, limit: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("out-of-bounds", format!("`{path}` must be {word} {limit}"))
}

trait WithUnit {
    fn with_unit(self, unit: &str) -> Self;
}

impl WithUnit for Diagnostic {
    fn with_unit(mut self, unit: &str) -> Self {
        self.message = format!("{} {unit}", self.message);
        self
    }
}

/// The alternative that was probably intended: its errors are deepest, then fewest.
fn best_branch<'e>(
    context: &'e [Vec<ValidationError<'static>>],
    pointer: &str,
) -> Option<&'e [ValidationError<'static>]> {
    let score = |errors: &Vec<ValidationError<'static>>| {
        let depth = errors.iter().map(|e| e.instance_path().as_str().len()).max().unwrap_or_default();
        let other_type =
            errors.iter().any(|e| matches!(e.kind(), Kind::Type { .. }) && e.instance_path().as_str() == pointer);
        (!other_type, depth, std::cmp::Reverse(errors.len()))
    };
    context.iter().filter(|errors| !errors.is_empty()).max_by_key(|errors| score(errors)).map(Vec::as_slice)
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn or(words: impl Iterator<Item = String>) -> String {
    let words: Vec<_> = words.collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "something else".to_owned(),
    }
}

/// Whether a pattern only requires digits.
fn numeric(pattern: &str) -> bool {
    pattern.contains("[0-9") && pattern.chars().all(|c| "^$-?()+*.[]0123456789{},".contains(c))
}

/// The format of a definition in words, where its pattern alone would be hard to read.
pub(super) fn form(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Quantity" | "ResourceList" | "StorageList" => "a quantity such as `500m`, `2` or `1.5Gi`",
        "Port" => "a port number",
        "Seconds" => "whole seconds, without a unit",
        "Count" | "NonNegative" | "Positive" => "a whole number",
        "IntOrPercent" => "a whole number or a share such as `25%`",
        "DNSLabel" | "DNS1035Label" => "a name of lower-case letters, digits and `-`",
        "Name" | "DNSSubdomain" | "DNSSubdomainOrEmpty" | "StorageClass" => {
            "a name of lower-case letters, digits, `-` and `.`"
        }
        "EnvVarName" => "the name of an environment variable, without `=`",
        "LabelKey" => "a label key such as `example.com/name`",
        "LabelValue" | "LabelMap" | "LabelScalarMap" => {
            "a label value: at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends"
        }
        "AnnotationKey" => "an annotation key such as `example.com/name`",
        "ConfigMapKey" => "a key of letters, digits, `-`, `_` and `.`",
        "CronSchedule" => "a cron schedule of five fields such as `0 1 * * *`",
        "IPAddress" => "an IP address",
        "CIDR" => "a network such as `10.0.0.0/8`",
        "ClusterIP" => "an IP address or `None`",
        "IngressHost" => "a host name, which may begin with `*.`",
        "PortName" | "PortNumberOrName" => {
            "a port number, or a port name of at most 15 lower-case letters, digits and `-`"
        }
        "AbsolutePath" | "UrlPath" => "a path that starts with `/`",
        "RelativePath" | "SubPath" => "a relative path without `..`",
        "Base64" => "base64",
        "FileMode" => "a file mode such as `0400`",
        _ => return None,
    })
}
