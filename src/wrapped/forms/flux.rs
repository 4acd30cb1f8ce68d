//! Flux: `HelmRelease`, and the objects that say where its chart comes from.

use super::{Carrier, ValuesPart, kind_place};
use crate::wrapped::FileDocument;
use crate::wrapped::node::{get, is_true, items, string, text};
use crate::yaml::Node;

/// Flux: `helm.toolkit.fluxcd.io`, and the older `helm.fluxcd.io/v1`.
pub(super) fn helm_release<'n>(root: &'n Node, documents: &'n [FileDocument]) -> Carrier<'n> {
    let own = text(root, "metadata.name");
    let target = text(root, "spec.targetNamespace");
    let is_old = text(root, "apiVersion").is_some_and(|version| version.starts_with("helm.fluxcd.io/"));
    // the older controller also names the namespace of the object
    let above = text(root, "metadata.namespace").filter(|_| is_old);
    let prefixed = own.as_ref().map(|own| {
        let words = [above, target.clone(), Some(own.clone())];
        words.into_iter().flatten().collect::<Vec<_>>().join("-")
    });
    let mut parts = Vec::new();
    let chart = text(root, "spec.chart.spec.chart").or_else(|| text(root, "spec.chart.name"));
    if let Some(folder) = chart.as_deref().filter(|chart| chart.starts_with('.') || chart.contains('/')) {
        let path = format!("{}/values.yaml", folder.trim_end_matches('/'));
        parts.push(ValuesPart::ChartDefaults { path, at: kind_place(root) });
    }
    for file in items(root, "spec.chart.spec.valuesFiles") {
        parts.extend(ValuesPart::of_chart(&string(file).unwrap_or_default(), file.at, false));
    }
    parts.extend(items(root, "spec.valuesFrom").iter().map(reference));
    parts.extend(get(root, "spec.values").map(ValuesPart::Inline));
    let (named, pinned) = get(root, "spec.chartRef").map_or((None, None), |node| referred(node, documents));
    Carrier {
        kind: "HelmRelease",
        name: own,
        at: kind_place(root),
        place: "spec.values",
        chart: chart.or(named),
        version: text(root, "spec.chart.spec.version").or_else(|| text(root, "spec.chart.version")).or(pinned),
        release: text(root, "spec.releaseName").or(prefixed),
        namespace: target.or_else(|| text(root, "metadata.namespace")),
        parts,
    }
}

/// The chart and the version of the object that `chartRef` names, where it is among the files.
fn referred(node: &Node, documents: &[FileDocument]) -> (Option<String>, Option<String>) {
    let (kind, name) = (text(node, "kind"), text(node, "name"));
    let is_it = |root: &&Node| text(root, "kind") == kind && text(root, "metadata.name") == name;
    match documents.iter().map(|document| &document.root).find(is_it) {
        Some(root) => (
            text(root, "spec.url").or_else(|| text(root, "spec.chart")),
            ["spec.ref.tag", "spec.ref.semver", "spec.version"].iter().find_map(|path| text(root, path)),
        ),
        None => (None, None),
    }
}

/// A key of a ConfigMap or Secret, as Flux names it, or as Crossplane and Rancher's Fleet do.
pub(super) fn reference(node: &Node) -> ValuesPart<'_> {
    let old = ["configMapKeyRef", "secretKeyRef"].iter().find_map(|name| Some((*name, get(node, name)?)));
    let (kind, inner) = match old {
        Some((name, inner)) => (if name == "secretKeyRef" { "Secret" } else { "ConfigMap" }.to_owned(), inner),
        None => (text(node, "kind").unwrap_or_else(|| "ConfigMap".to_owned()), node),
    };
    if let Some(path) = text(node, "chartFileRef.path") {
        let part = ValuesPart::of_chart(&path, node.at, is_true(node, "chartFileRef.optional"));
        return part.unwrap_or(ValuesPart::ChartDefaults { path, at: node.at });
    }
    if let Some(url) = text(node, "externalSourceRef.url") {
        let what = format!("`{url}` contains values, and only Flux downloads it");
        return ValuesPart::Missing { what, at: node.at, hint: "download it, pass it with `-f`, and remove it here" };
    }
    ValuesPart::Object {
        kind,
        name: text(inner, "name").unwrap_or_default(),
        key: text(inner, "valuesKey").or_else(|| text(inner, "key")).unwrap_or_else(|| "values.yaml".to_owned()),
        at: get(inner, "name").map_or(node.at, |name| name.at),
        optional: is_true(inner, "optional") || is_true(node, "optional"),
        target: text(node, "targetPath"),
    }
}
