//! What follows from the content of objects: checksum annotations, and names that end in a hash.

use std::collections::HashMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Sets pod annotations to the hash of the object they follow: `(annotation, kind, name)`.
///
/// An object that is not there has the hash of nothing: its coming and going restarts pods too.
pub fn checksums<'a>(
    body: &mut Value,
    follows: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
    hashes: &Hashes,
) {
    let at = if body.pointer("/spec/jobTemplate").is_some() {
        "/spec/jobTemplate/spec/template/metadata"
    } else {
        "/spec/template/metadata"
    };
    let Some(metadata) = body.pointer_mut(at).and_then(Value::as_object_mut) else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    let Some(annotations) = annotations.as_object_mut() else { return };
    for (annotation, kind, name) in follows {
        let hash = hashes.0.get(&(kind.to_owned(), name.to_owned())).cloned();
        annotations.insert(annotation.to_owned(), hash.unwrap_or_else(|| hash_of(&Value::Null)).into());
    }
}

/// Hashes of objects by kind and name.
#[derive(Debug, Default)]
pub struct Hashes(HashMap<(String, String), String>);

impl Hashes {
    /// Hashes those of `bodies` whose kind and name are in `wanted`.
    pub fn of<'a>(bodies: impl IntoIterator<Item = &'a Value>, wanted: &[(&str, &str)]) -> Self {
        let mut hashes = Hashes::default();
        for body in bodies {
            let kind = body.get("kind").and_then(Value::as_str).unwrap_or_default();
            let name = body.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            if wanted.contains(&(kind, name)) {
                hashes.0.insert((kind.to_owned(), name.to_owned()), hash_of(body));
            }
        }
        hashes
    }
}

/// Appends the first seven digits of the content's hash to an object's name, and then `end`.
pub fn name_by_content(body: &mut Value, end: &str) {
    let suffix: String = hash_of(body).chars().take(7).collect();
    if let Some(Value::String(name)) = body.pointer_mut("/metadata/name") {
        *name = format!("{name}-{suffix}{end}");
    }
}

/// SHA-256 of the compact JSON, in hexadecimal.
fn hash_of(body: &Value) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(body.to_string().as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
