//! What controllers in a cluster install: the GitLab Operator, the Helm controller of k3s and RKE2, Crossplane, Rancher's Fleet.

use super::flux::reference;
use super::{Carrier, ValuesPart, kind_place, place};
use crate::values::set::Syntax;
use crate::wrapped::node::{get, items, string, text};
use crate::yaml::{Kind, Node};

/// The custom resource of the GitLab Operator.
pub(super) fn gitlab(root: &Node) -> Carrier<'_> {
    Carrier {
        kind: "GitLab",
        name: text(root, "metadata.name"),
        at: kind_place(root),
        place: "spec.chart.values",
        chart: Some("gitlab".to_owned()),
        version: text(root, "spec.chart.version"),
        release: text(root, "metadata.name"),
        namespace: text(root, "metadata.namespace"),
        parts: get(root, "spec.chart.values").map(ValuesPart::Inline).into_iter().collect(),
    }
}

/// The Helm controller of k3s and RKE2; a `HelmChartConfig` of the same name lies over the `HelmChart`.
pub(super) fn helm_chart(root: &Node) -> Carrier<'_> {
    let mut parts: Vec<ValuesPart<'_>> = get(root, "spec.valuesContent").map(ValuesPart::Inline).into_iter().collect();
    parts.extend(get(root, "spec.values").map(ValuesPart::Inline));
    if let Some(Kind::Map(entries)) = get(root, "spec.set").map(|node| &node.kind) {
        parts.extend(entries.iter().filter_map(|(path, node)| {
            let (path, value) = (path.clone(), string(node)?);
            Some(ValuesPart::Set { path, value, syntax: Syntax::Typed, at: place(node) })
        }));
    }
    // The other object only adds values to what this one installs.
    let fact = |path: &str| text(root, path).filter(|_| text(root, "kind").as_deref() == Some("HelmChart"));
    Carrier {
        kind: "HelmChart",
        name: text(root, "metadata.name"),
        at: kind_place(root),
        place: "spec.valuesContent",
        chart: text(root, "spec.chart"),
        version: text(root, "spec.version"),
        release: fact("metadata.name"),
        namespace: fact("spec.targetNamespace").or_else(|| fact("metadata.namespace")),
        parts,
    }
}

/// Crossplane's provider for Helm: `valuesFrom`, then `values`, then `set`.
pub(super) fn crossplane(root: &Node) -> Carrier<'_> {
    let mut parts: Vec<ValuesPart<'_>> = items(root, "spec.forProvider.valuesFrom").iter().map(reference).collect();
    parts.extend(get(root, "spec.forProvider.values").map(ValuesPart::Inline));
    for one in items(root, "spec.forProvider.set") {
        let Some(path) = text(one, "name") else { continue };
        match (get(one, "value"), get(one, "valueFrom")) {
            (None, Some(from)) => parts.push(reference(from).into_target(path)),
            (value, _) => {
                let (value, at) = (value.and_then(string).unwrap_or_default(), value.map_or(one.at, place));
                parts.push(ValuesPart::Set { path, value, syntax: Syntax::Typed, at });
            }
        }
    }
    let name = text(root, "metadata.name");
    // a dotted key, which no path with dots finds
    let external = get(root, "metadata.annotations").and_then(|annotations| match &annotations.kind {
        Kind::Map(entries) => entries.get("crossplane.io/external-name").and_then(string),
        _ => None,
    });
    Carrier {
        kind: "Release",
        at: kind_place(root),
        place: "spec.forProvider.values",
        chart: text(root, "spec.forProvider.chart.name").or_else(|| text(root, "spec.forProvider.chart.url")),
        version: text(root, "spec.forProvider.chart.version"),
        release: external.or_else(|| name.clone()),
        namespace: text(root, "spec.forProvider.namespace"),
        name,
        parts,
    }
}

/// A bundle of Rancher's Fleet, in its `fleet.yaml` or below `spec`: its values, over them files, over them objects of the cluster.
pub(super) fn fleet<'n>(root: &'n Node, bundle: &'n Node) -> Carrier<'n> {
    let file = |node: &'n Node| Some(ValuesPart::File { path: string(node)?, at: node.at, optional: false, set: None });
    let mut parts: Vec<ValuesPart<'n>> = get(bundle, "helm.values").map(ValuesPart::Inline).into_iter().collect();
    parts.extend(items(bundle, "helm.valuesFiles").iter().filter_map(file));
    parts.extend(items(bundle, "helm.valuesFrom").iter().map(reference));
    let targets = items(bundle, "targetCustomizations").iter().filter_map(|target| get(target, "helm"));
    parts.extend(targets.take(1).map(|helm| ValuesPart::Missing {
        what: "the clusters of `targetCustomizations` have values of their own".to_owned(),
        at: place(helm),
        hint: "write the values of one cluster into files, and pass those with `-f`; `--values-at helm.values` takes the values that all clusters share",
    }));
    Carrier {
        kind: "bundle",
        name: text(bundle, "helm.releaseName").or_else(|| text(root, "name")),
        at: get(bundle, "helm").map_or(bundle.at, place),
        place: "helm.values",
        chart: text(bundle, "helm.chart"),
        version: text(bundle, "helm.version"),
        release: text(bundle, "helm.releaseName"),
        namespace: text(bundle, "namespace").or_else(|| text(bundle, "defaultNamespace")),
        parts,
    }
}
