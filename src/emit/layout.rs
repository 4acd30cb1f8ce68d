//! The file of an object within a directory.

use std::collections::HashMap;

use super::Format;
use crate::manifest::Manifest;
use crate::manifest::content::hex;

/// The maximum length of a name in most file systems, less some room.
const LONGEST: usize = 200;

/// One path for each object: lower case, so that no file system folds two into one.
///
/// Objects that would share a path all get a part of a hash of their identity, so that a path does not depend on which
/// other objects there are before it.
pub(super) fn paths(manifests: &[Manifest], format: Format) -> Vec<String> {
    let stems: Vec<String> = manifests.iter().map(stem).collect();
    let mut uses: HashMap<&str, usize> = HashMap::with_capacity(stems.len());
    for stem in &stems {
        *uses.entry(stem).or_default() += 1;
    }
    let extension = match format {
        Format::Yaml => "yaml",
        Format::Json => "json",
    };
    let path = |(stem, manifest): (&String, &Manifest)| match uses.get(stem.as_str()) {
        Some(1) if stem.len() <= LONGEST => format!("{stem}.{extension}"),
        _ => format!("{}-{}.{extension}", &stem[..stem.len().min(LONGEST)], hash(manifest)),
    };
    stems.iter().zip(manifests).map(path).collect()
}

/// `webservice/deployment-test-webservice-default`, ASCII only.
fn stem(manifest: &Manifest) -> String {
    let component = match plain(&manifest.component) {
        // The folder must be neither hidden nor outside of the directory.
        name if name.is_empty() || name.starts_with('.') => format!("component{name}"),
        name => name,
    };
    format!("{component}/{}-{}", plain(&manifest.id.kind), plain(&manifest.id.name))
}

fn plain(text: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(safe).collect()
}

fn hash(manifest: &Manifest) -> String {
    let id = &manifest.id;
    let namespace = id.namespace.as_deref().unwrap_or_default();
    let whole = [id.api_version.as_str(), &id.kind, namespace, &id.name].join("\0");
    hex(whole.as_bytes()).chars().take(8).collect()
}
