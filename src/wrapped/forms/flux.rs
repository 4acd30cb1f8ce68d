//! Flux: `HelmRelease`, and the objects that say where its chart comes from.

use super::{Carrier, ClusterFacts, ValuesPart, kind_place, not_read, present, unknown_word};
use crate::diag::Diagnostic;
use crate::wrapped::FileDocument;
use crate::wrapped::node::{Placed, get, is_true, items, placed, string, strings, text};
use crate::yaml::{Kind, Node};

/// Flux: `helm.toolkit.fluxcd.io`, and the older `helm.fluxcd.io/v1`.
pub(super) fn helm_release<'n>(root: &'n Node, documents: &'n [FileDocument]) -> Carrier<'n> {
    let own = text(root, "metadata.name");
    let target = placed(root, "spec.targetNamespace");
    let is_old = text(root, "apiVersion").is_some_and(|version| version.starts_with("helm.fluxcd.io/"));
    // the older controller also names the namespace of the object
    let above = text(root, "metadata.namespace").filter(|_| is_old);
    let prefixed = own.as_ref().map(|own| {
        let words = [above, target.as_ref().map(|target| target.text.clone()), Some(own.clone())];
        let text = words.into_iter().flatten().collect::<Vec<_>>().join("-");
        Placed { text, at: get(root, "metadata.name").map_or(root.at, |name| name.at) }
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
    let single = text(root, "spec.chart.spec.valuesFile");
    parts.extend(single.and_then(|name| ValuesPart::of_chart(&name, kind_place(root), false)));
    for one in items(root, "spec.valuesFrom") {
        parts.push(unknown_word(one, "kind", &["Secret", "ConfigMap"], "Flux").unwrap_or_else(|| reference(one)));
    }
    parts.extend(get(root, "spec.values").map(ValuesPart::Inline));
    if !is_old {
        parts.extend(not_read(get(root, "spec"), &["values", "valuesFrom"], "Flux"));
    }
    parts.extend(substituted(root));
    let (named, pinned) = get(root, "spec.chartRef").map_or((None, None), |node| referred(node, documents));
    Carrier {
        kind: "HelmRelease",
        name: own,
        at: kind_place(root),
        place: "spec.values",
        chart: chart.or(named),
        version: text(root, "spec.chart.spec.version").or_else(|| text(root, "spec.chart.version")).or(pinned),
        release: placed(root, "spec.releaseName").or(prefixed),
        namespace: target.or_else(|| placed(root, "metadata.namespace")),
        cluster: ClusterFacts::default(),
        changes: get(root, "spec").map_or_else(Vec::new, |spec| present(spec, &["postRenderers", "commonMetadata"])),
        parts,
    }
}

/// A variable that Flux may fill in when it applies the object.
fn substituted(root: &Node) -> Option<ValuesPart<'_>> {
    let annotation = get(root, "metadata.annotations").or_else(|| get(root, "metadata.labels"));
    let is_off = annotation.map(|node| &node.kind).is_some_and(|kind| match kind {
        Kind::Map(entries) => entries
            .get("kustomize.toolkit.fluxcd.io/substitute")
            .and_then(string)
            .is_some_and(|text| text == "disabled"),
        _ => false,
    });
    let found = get(root, "spec.values").map(strings).unwrap_or_default();
    let (name, at) = found.iter().filter(|_| !is_off).find_map(|(text, at)| Some((variable(text)?, *at)))?;
    let message =
        format!("`${{{name}}}` stays as it is here: Flux fills it in where a Kustomization's `postBuild` names it");
    let hint = "`flux build kustomization NAME --path DIR --dry-run` prints the objects with all variables filled in: give that output";
    Some(ValuesPart::Finding(Box::new(Diagnostic::warning("placeholder", message).at(at).hint(hint))))
}

/// The name of the first variable in a string, as in `${NAME}` or `${NAME:=default}`.
fn variable(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let name = &after[..end];
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        // `$${NAME}` is an escaped mark.
        if is_name && after[end..].starts_with(['}', ':']) && !before.ends_with('$') {
            return Some(name);
        }
        rest = after;
    }
    None
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
