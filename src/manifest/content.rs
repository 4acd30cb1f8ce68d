//! Values that follow from the content of objects: checksum annotations, and names that end in a hash.

use std::collections::HashMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_128;

use crate::tree::{self, field, field_mut};

/// Sets pod annotations to the hash of the object that they track: `(annotation, kind, name)`.
///
/// A missing object has the hash of an empty string: adding or removing it restarts pods as well.
pub fn checksums<'a>(
    body: &mut Value,
    follows: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
    hashes: &Hashes,
) {
    let Some(spec) = field_mut(body, "spec") else { return };
    // A CronJob has the pod's template in its Job's.
    let spec = match field(spec, "jobTemplate").is_some() {
        true => field_mut(spec, "jobTemplate").and_then(|job| field_mut(job, "spec")),
        false => Some(spec),
    };
    let template = spec.and_then(|spec| field_mut(spec, "template"));
    let metadata = template.and_then(|template| field_mut(template, "metadata")).and_then(Value::as_object_mut);
    let Some(metadata) = metadata else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    let Some(annotations) = annotations.as_object_mut() else { return };
    for (annotation, kind, name) in follows {
        let hash = hashes.0.get(&(kind.to_owned(), name.to_owned())).cloned();
        annotations.insert(annotation.to_owned(), hash.unwrap_or_else(|| hash_of(&Value::Null)).into());
    }
}

/// Hashes of objects, by kind and name.
#[derive(Debug, Default)]
pub struct Hashes(HashMap<(String, String), String>);

impl Hashes {
    /// Hashes those of `bodies` whose kind and name are in `wanted`.
    pub fn of<'a>(bodies: impl IntoIterator<Item = &'a Value>, wanted: &[(String, String)]) -> Self {
        let mut hashes = Hashes::default();
        for body in bodies {
            let text = |value: Option<&'a Value>| value.and_then(Value::as_str).unwrap_or_default();
            let kind = text(field(body, "kind"));
            let name = text(field(body, "metadata").and_then(|metadata| field(metadata, "name")));
            if wanted.iter().any(|(k, n)| k == kind && n == name) {
                hashes.0.insert((kind.to_owned(), name.to_owned()), hash_of(body));
            }
        }
        hashes
    }
}

/// Appends the first seven digits of the content's hash to an object's name, and then `end`.
///
/// The ConfigMaps that a pod reads belong to its content: a Job whose script changed has to run again.
pub fn name_by_content(body: &mut Value, end: &str, hashes: &Hashes) {
    let mut content = hash_of(body);
    for name in mounted(body) {
        content.extend(hashes.0.get(&("ConfigMap".to_owned(), name.to_owned())).map(String::as_str));
    }
    let suffix: String = quick_hash(content.as_bytes()).chars().take(7).collect();
    if let Some(Value::String(name)) = field_mut(body, "metadata").and_then(|metadata| field_mut(metadata, "name")) {
        *name = format!("{name}-{suffix}{end}");
    }
}

/// The ConfigMaps that a Job's pod reads, in the order of its fields.
pub fn mounted(body: &Value) -> Vec<&str> {
    let mut names = Vec::new();
    if let Some(pod) = tree::at(body, "spec.template.spec") {
        collect_mounted(pod, &mut names);
    }
    names
}

fn collect_mounted<'a>(node: &'a Value, names: &mut Vec<&'a str>) {
    match node {
        Value::Object(map) => {
            for (key, value) in map {
                if matches!(key.as_str(), "configMap" | "configMapRef" | "configMapKeyRef") {
                    names.extend(value.get("name").and_then(Value::as_str));
                } else {
                    collect_mounted(value, names);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_mounted(item, names)),
        _ => {}
    }
}

/// A hash of a tree, in hexadecimal.
fn hash_of(body: &Value) -> String {
    let mut content = Vec::with_capacity(4096);
    append(&mut content, body);
    quick_hash(&content)
}

/// Appends a value in a form that no other value has: each collection and each string has its length in front.
fn append(content: &mut Vec<u8>, value: &Value) {
    let mut sized = |kind: u8, length: usize| {
        content.push(kind);
        content.extend_from_slice(&length.to_le_bytes());
    };
    match value {
        Value::Null => content.push(b'z'),
        Value::Bool(on) => content.push(if *on { b't' } else { b'f' }),
        Value::Number(number) => {
            let text = number.to_string();
            sized(b'n', text.len());
            content.extend_from_slice(text.as_bytes());
        }
        Value::String(text) => {
            sized(b's', text.len());
            content.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            sized(b'a', items.len());
            items.iter().for_each(|item| append(content, item));
        }
        Value::Object(map) => {
            sized(b'o', map.len());
            for (key, value) in map {
                content.extend_from_slice(&key.len().to_le_bytes());
                content.extend_from_slice(key.as_bytes());
                append(content, value);
            }
        }
    }
}

/// XXH3 with 128 bits, in hexadecimal. It only has to differ where the content differs: nobody gains by a collision that
/// he would have to write into his own values, and SHA-256 is an eighth of a render's instructions.
fn quick_hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = |byte: u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    Sha256::digest(bytes).into_iter().flat_map(digits).collect()
}

/// A configuration file in which `with` replaces each tag of ERB or gomplate, `<% … %>` and `{% … %}`. An unclosed tag
/// and everything after it stay.
pub fn replace_tags(text: &str, mut with: impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, close)) = [("<%", "%>"), ("{%", "%}")]
        .iter()
        .filter_map(|(open, close)| Some((rest.find(open)?, *close)))
        .min_by_key(|(at, _)| *at)
    {
        let Some(end) = rest[at..].find(close).map(|end| at + end + close.len()) else { break };
        out.push_str(&rest[..at]);
        out.push_str(&with(&rest[at..end]));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}
