//! Lists of images for people and for the tools that copy them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Images, Reference};
use crate::yaml::write::write_document;

/// One line per image, followed by its components.
pub fn text(images: &Images) -> String {
    let names: Vec<String> = images.0.keys().map(Reference::to_string).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let components = images.0.values().map(|components| join(components.iter(), ", "));
    names.iter().zip(components).map(|(name, components)| format!("{name:width$}  {components}\n")).collect()
}

/// `[{"image", "registry", "repository", "tag", "digest", "components"}]`.
pub fn json(images: &Images) -> String {
    let rows: Vec<Value> = images
        .0
        .iter()
        .map(|(image, components)| {
            json!({
                "image": image.to_string(), "registry": image.registry, "repository": image.repository,
                "tag": image.tag, "digest": image.digest, "components": components,
            })
        })
        .collect();
    format!("{:#}\n", Value::Array(rows))
}

/// A CSV table with a header; no field needs quotes, because image names contain neither commas nor quotes.
pub fn csv(images: &Images) -> String {
    let mut out = "image,registry,repository,tag,digest,components\n".to_owned();
    for (image, components) in &images.0 {
        let or_empty = |part: &Option<String>| part.clone().unwrap_or_default();
        out.push_str(&format!(
            "{image},{},{},{},{},{}\n",
            image.registry,
            image.repository,
            or_empty(&image.tag),
            or_empty(&image.digest),
            join(components.iter(), " "),
        ));
    }
    out
}

/// The input of `skopeo sync --src yaml`: registry, images, tags or digests.
pub fn skopeo(images: &Images) -> String {
    let mut registries: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for image in images.0.keys() {
        let wanted = image.digest.as_deref().or(image.tag.as_deref()).unwrap_or("latest");
        registries.entry(&image.registry).or_default().entry(&image.repository).or_default().push(wanted);
    }
    let whole = registries.into_iter().map(|(registry, images)| (registry.to_owned(), json!({ "images": images })));
    yaml(&Value::Object(whole.collect()))
}

/// The input of `oc mirror`.
pub fn oc_mirror(images: &Images) -> String {
    let names: Vec<Value> = images.0.keys().map(|image| json!({ "name": image.to_string() })).collect();
    yaml(&json!({
        "apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration",
        "mirror": { "additionalImages": names },
    }))
}

fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write_document(&mut text, value);
    text
}

fn join<'a>(parts: impl Iterator<Item = &'a String>, with: &str) -> String {
    parts.map(String::as_str).collect::<Vec<_>>().join(with)
}
