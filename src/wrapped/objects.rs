//! Kubernetes objects that contain values for others: ConfigMaps, Secrets, and their generators.

use super::FileDocument;
use super::node::{get, items, text};
use crate::yaml::{Kind, Node, scalar};

/// The objects of a document: the items of a `List`, or the document itself.
pub(super) fn of(root: Node) -> Vec<Node> {
    match text(&root, "kind").as_deref() {
        Some("List") => items(&root, "items").to_vec(),
        _ => vec![root],
    }
}

/// Whether a document has the form of a tool, so that it does not hold values even where none are extracted from it.
pub(super) fn is_no_values(root: &Node) -> bool {
    get(root, "kind").is_some() && get(root, "apiVersion").is_some()
        || ["configMapGenerator", "secretGenerator", "helmCharts", "releases"]
            .iter()
            .any(|key| get(root, key).is_some())
}

/// The values at a key of an object.
pub(super) enum Data<'n> {
    /// A string in the file.
    Text(&'n Node),
    /// A string in base64.
    Decoded(&'n Node, String),
    /// A local file.
    File(String, usize),
}

/// The value at a key of the ConfigMap or Secret with a name, or of its generator.
pub(super) fn data<'n>(documents: &'n [FileDocument], kind: &str, name: &str, key: &str) -> Option<Data<'n>> {
    let named = documents.iter().filter(|document| {
        text(&document.root, "kind").as_deref() == Some(kind)
            && text(&document.root, "metadata.name").as_deref() == Some(name)
    });
    let entry = |node: &'n Node, section: &str| match get(node, section).map(|node| &node.kind) {
        Some(Kind::Map(entries)) => entries.get(key),
        _ => None,
    };
    for document in named {
        if let Some(node) = entry(&document.root, "stringData") {
            return Some(Data::Text(node));
        }
        if let Some(node) = entry(&document.root, "data") {
            if kind == "ConfigMap" {
                return Some(Data::Text(node));
            }
            let decoded = super::node::string(node).and_then(|text| scalar::base64(&text));
            if let Some(text) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
                return Some(Data::Decoded(node, text));
            }
        }
    }
    let generator = if kind == "ConfigMap" { "configMapGenerator" } else { "secretGenerator" };
    documents.iter().find_map(|document| {
        let generated = items(&document.root, generator).iter();
        let mut files = generated
            .filter(|one| text(one, "name").as_deref() == Some(name))
            .flat_map(|one| items(one, "files"))
            .filter_map(super::node::string);
        files.find_map(|file| {
            let (as_key, path) = match file.split_once('=') {
                Some((key, path)) => (key.to_owned(), path.to_owned()),
                None => (file.rsplit('/').next().unwrap_or(&file).to_owned(), file.clone()),
            };
            (as_key == key).then_some(Data::File(path, document.file))
        })
    })
}
