//! The path of a field of an object, in the notation of kubectl and of `diff`, and its value.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::embedded;
use crate::diff;

/// A step on the path to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSegment {
    /// A key of a map.
    Key(String),
    /// A position in a list.
    Index(usize),
    /// The content of brackets that is not a position: the name of an item of a list, or a key with dots in it.
    Named(String),
    /// The items of a list in which a field has a value: `[?(@.name=="webservice")]`.
    Where(Vec<FieldSegment>, String),
    /// All items or values.
    All,
}

/// A path to a field: `spec.template.spec.containers[webservice].image`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldPath(pub Vec<FieldSegment>);

impl FieldPath {
    /// Parses a path in the notation of `kubectl -o jsonpath` or of `diff`: with or without the outer braces and the
    /// first dot.
    ///
    /// # Errors
    /// The error of syntax.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.trim();
        let inner = inner.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(inner);
        let inner = inner.strip_prefix('$').unwrap_or(inner);
        let mut segments = Vec::new();
        let mut rest = inner;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                let end = closing(after).ok_or_else(|| "a bracket is not closed".to_owned())?;
                segments.push(bracket(&after[..end])?);
                rest = &after[end + 1..];
                continue;
            }
            rest = rest.strip_prefix('.').unwrap_or(rest);
            if rest.starts_with('.') {
                return Err("two dots follow each other; name every part of the path".to_owned());
            }
            let (key, after) = key(rest);
            match key.as_str() {
                "" if rest.starts_with('[') => {}
                "" => return Err("a part of the path is empty".to_owned()),
                "*" => segments.push(FieldSegment::All),
                _ => segments.push(FieldSegment::Key(key)),
            }
            rest = after;
        }
        match segments.is_empty() {
            true => Err("the path is empty".to_owned()),
            false => Ok(FieldPath(segments)),
        }
    }

    /// Whether a step of it is a position in a list with other items in front, which decide what stands there.
    pub fn is_by_position(&self) -> bool {
        self.0.iter().any(|segment| matches!(segment, FieldSegment::Index(index) if *index > 0))
    }

    /// The value at the path. A string in the middle of the path is parsed as the configuration file that it is.
    pub fn read<'v>(&self, body: &'v Value) -> Option<Cow<'v, Value>> {
        walk(Cow::Borrowed(body), &self.0, "")
    }
}

/// Every leaf of an object: scalars, empty maps and lists, by their paths. Configuration files in a ConfigMap are
/// parsed.
pub fn leaves(body: &Value) -> Vec<(FieldPath, Value)> {
    let files = body.get("kind").is_some_and(|kind| kind == "ConfigMap");
    let mut all = Vec::new();
    collect(body, &mut Vec::new(), files, &mut all);
    all
}

fn collect(value: &Value, path: &mut Vec<FieldSegment>, files: bool, all: &mut Vec<(FieldPath, Value)>) {
    let mut below = |segment: FieldSegment, inner: &Value, files: bool| {
        path.push(segment);
        collect(inner, path, files, all);
        path.pop();
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, inner)| below(FieldSegment::Key(key.clone()), inner, files));
        }
        Value::Array(items) if !items.is_empty() => {
            let list = match path.last() {
                Some(FieldSegment::Key(key)) => key.as_str(),
                _ => "",
            };
            let names = diff::item_names(list, items);
            for (number, item) in items.iter().enumerate() {
                let named = names.as_ref().and_then(|names| names.get(number));
                let segment = named.map_or(FieldSegment::Index(number), |name| FieldSegment::Named(name.clone()));
                path.push(segment);
                collect(item, path, false, all);
                path.pop();
            }
        }
        Value::String(text) if files && path.len() == 2 && path[0] == FieldSegment::Key("data".to_owned()) => {
            let FieldSegment::Key(name) = &path[1] else { return };
            match embedded::tree(name, text).filter(|_| text.contains('\n')) {
                Some(tree) => collect(&tree, path, false, all),
                None => all.push((FieldPath(path.clone()), value.clone())),
            }
        }
        other => all.push((FieldPath(path.clone()), other.clone())),
    }
}

/// The path in the notation of `diff`.
impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, segment) in self.0.iter().enumerate() {
            match segment {
                FieldSegment::Key(key) if key.contains(['.', '/', '[', ' ']) => write!(f, "[{key}]")?,
                FieldSegment::Key(key) if number == 0 => f.write_str(key)?,
                FieldSegment::Key(key) => write!(f, ".{key}")?,
                FieldSegment::Index(index) => write!(f, "[{index}]")?,
                FieldSegment::Named(name) => write!(f, "[{name}]")?,
                FieldSegment::Where(inner, text) => match inner.as_slice() {
                    [FieldSegment::Key(key)] if key == "name" => write!(f, "[{text}]")?,
                    _ => write!(f, "[?(@.{}=={text:?})]", FieldPath(inner.clone()))?,
                },
                FieldSegment::All => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// The position of the bracket that closes one opened before the string; brackets in quotes do not count.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let quoted = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    quoted('"').or_else(|| quoted('\''))
}

fn bracket(text: &str) -> Result<FieldSegment, String> {
    if let Some(name) = unquoted(text) {
        return Ok(FieldSegment::Named(name.to_owned()));
    }
    if let Some(condition) = text.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
        let wrong = || format!("`{text}`: write a condition as `?(@.name==\"webservice\")`");
        let (left, right) = condition.split_once("==").ok_or_else(wrong)?;
        let inner = FieldPath::parse(left.trim().strip_prefix('@').ok_or_else(wrong)?)?;
        return Ok(FieldSegment::Where(inner.0, unquoted(right).unwrap_or(right.trim()).to_owned()));
    }
    Ok(match text {
        "" => return Err("a pair of brackets is empty".to_owned()),
        "*" => FieldSegment::All,
        text => text.parse().map_or_else(|_| FieldSegment::Named(text.to_owned()), FieldSegment::Index),
    })
}

/// The key at the beginning of a string, and the rest; a backslash escapes a dot.
fn key(text: &str) -> (String, &str) {
    let mut key = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '.' | '[' if !escaped => return (key, &text[at..]),
            c => {
                key.push(c);
                escaped = false;
            }
        }
    }
    (key, "")
}

/// `last` is the key that led to `at`; it determines how the items of a list are identified.
fn walk<'v>(at: Cow<'v, Value>, segments: &[FieldSegment], last: &str) -> Option<Cow<'v, Value>> {
    let Some((first, rest)) = segments.split_first() else { return Some(at) };
    if let Value::String(text) = at.as_ref() {
        return embedded::read(last, text, segments).map(Cow::Owned);
    }
    let next_last = match first {
        FieldSegment::Key(key) | FieldSegment::Named(key) if at.is_object() => key.as_str(),
        _ => last,
    };
    if let FieldSegment::All | FieldSegment::Where(..) = first {
        let items: Vec<Value> = match at.as_ref() {
            Value::Array(items) => items.clone(),
            Value::Object(map) if *first == FieldSegment::All => map.values().cloned().collect(),
            _ => return None,
        };
        let chosen = items.into_iter().filter(|item| match first {
            FieldSegment::Where(inner, text) => {
                let there = walk(Cow::Borrowed(item), inner, last);
                there.is_some_and(|there| same_text(&there, text))
            }
            _ => true,
        });
        let mut found: Vec<Value> =
            chosen.filter_map(|item| walk(Cow::Owned(item), rest, last).map(Cow::into_owned)).collect();
        return match (found.len(), first) {
            (0, _) => None,
            (1, FieldSegment::Where(..)) => found.pop().map(Cow::Owned),
            _ => Some(Cow::Owned(Value::Array(found))),
        };
    }
    let next = match at {
        Cow::Borrowed(value) => Cow::Borrowed(step(value, first, last)?),
        Cow::Owned(value) => Cow::Owned(step(&value, first, last)?.clone()),
    };
    walk(next, rest, next_last)
}

fn step<'v>(value: &'v Value, segment: &FieldSegment, last: &str) -> Option<&'v Value> {
    match (value, segment) {
        (Value::Object(map), FieldSegment::Key(key) | FieldSegment::Named(key)) => map.get(key),
        (Value::Object(map), FieldSegment::Index(index)) => map.get(&index.to_string()),
        (Value::Array(items), FieldSegment::Index(index)) => {
            // `ports[8080]` is the port of that number where the list has fewer items.
            items.get(*index).or_else(|| items.get(diff::item(last, items, &index.to_string())?))
        }
        (Value::Array(items), FieldSegment::Named(name)) => items.get(diff::item(last, items, name)?),
        _ => None,
    }
}

fn same_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        other => {
            let own = other.to_string();
            own == text
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(path: &str, body: &Value) -> Option<Value> {
        FieldPath::parse(path).expect("it is a path").read(body).map(Cow::into_owned)
    }

    #[test]
    fn a_field_is_found_in_every_spelling() {
        let body = json!({"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]},
            "metadata": {"annotations": {"a.b/c": "z"}}});
        for path in [
            "spec.containers[b].image",
            "spec.containers[1].image",
            ".spec.containers[1].image",
            "{.spec.containers[1].image}",
            "{$.spec.containers[?(@.name==\"b\")].image}",
            "spec.containers[?(@.name=='b')].image",
            "spec['containers'][1]['image']",
        ] {
            assert_eq!(read(path, &body), Some(json!("y")), "{path}");
        }
        assert_eq!(read("spec.containers[*].image", &body), Some(json!(["x", "y"])));
        for path in ["metadata.annotations[a.b/c]", ".metadata.annotations.a\\.b/c", "metadata.annotations['a.b/c']"] {
            assert_eq!(read(path, &body), Some(json!("z")), "{path}");
        }
        assert_eq!(read("spec.containers[c].image", &body), None);
    }

    #[test]
    fn a_path_is_printed_as_diff_does() {
        for (written, printed) in [
            ("{.spec.containers[?(@.name==\"b\")].image}", "spec.containers[b].image"),
            ("metadata.annotations.a\\.b/c", "metadata.annotations[a.b/c]"),
            ("data['gitlab.yml.erb']", "data[gitlab.yml.erb]"),
        ] {
            assert_eq!(FieldPath::parse(written).expect("it is a path").to_string(), printed);
        }
    }

    #[test]
    fn a_broken_path_is_refused() {
        for path in ["", "a..b", "a[", "a[]", "a[?(x)]", "{}"] {
            assert!(FieldPath::parse(path).is_err(), "{path}");
        }
    }
}
