//! What controllers in a cluster install: the GitLab Operator, the Helm controller of k3s and RKE2, Crossplane, Rancher's Fleet.

use super::flux::reference;
use super::{Carrier, ClusterFacts, ValuesPart, kind_place, not_read, place, present, set_at};
use crate::values::set::Syntax;
use crate::wrapped::node::{Placed, get, items, placed, string, strings, text};
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
        release: placed(root, "metadata.name"),
        namespace: placed(root, "metadata.namespace"),
        cluster: ClusterFacts::default(),
        changes: Vec::new(),
        parts: get(root, "spec.chart.values").map(ValuesPart::Inline).into_iter().collect(),
    }
}

/// The Helm controller of k3s and RKE2; a `HelmChartConfig` of the same name lies over the `HelmChart`.
pub(super) fn helm_chart(root: &Node) -> Carrier<'_> {
    let mut parts: Vec<ValuesPart<'_>> = get(root, "spec.valuesContent").map(ValuesPart::Inline).into_iter().collect();
    parts.extend(get(root, "spec.values").map(ValuesPart::Inline));
    parts.extend(items(root, "spec.valuesSecrets").iter().flat_map(of_secret));
    let known = ["valuesContent", "values", "set", "valuesSecrets"];
    parts.extend(not_read(get(root, "spec"), &known, "the Helm controller"));
    if let Some(Kind::Map(entries)) = get(root, "spec.set").map(|node| &node.kind) {
        parts.extend(entries.iter().filter_map(|(path, node)| {
            let (path, value) = (path.clone(), string(node)?);
            Some(ValuesPart::Set { path, value, syntax: Syntax::Typed, name: place(node), at: node.at })
        }));
    }
    // The other object only adds values to what this one installs.
    let fact = |path: &str| placed(root, path).filter(|_| text(root, "kind").as_deref() == Some("HelmChart"));
    Carrier {
        kind: "HelmChart",
        name: text(root, "metadata.name"),
        at: kind_place(root),
        place: "spec.valuesContent",
        chart: text(root, "spec.chart"),
        version: text(root, "spec.version"),
        release: fact("metadata.name"),
        namespace: fact("spec.targetNamespace").or_else(|| fact("metadata.namespace")),
        cluster: ClusterFacts::default(),
        changes: Vec::new(),
        parts,
    }
}

/// The keys of a Secret in `valuesSecrets`.
fn of_secret(secret: &Node) -> impl Iterator<Item = ValuesPart<'_>> {
    let name = text(secret, "name").unwrap_or_default();
    items(secret, "keys").iter().filter_map(move |key| {
        Some(ValuesPart::Object {
            kind: "Secret".to_owned(),
            name: name.clone(),
            key: string(key)?,
            at: key.at,
            optional: false,
            target: None,
        })
    })
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
                let value = value.and_then(string).unwrap_or_default();
                parts.push(set_at(one, path, value, Syntax::Typed));
            }
        }
    }
    let name = text(root, "metadata.name");
    // a dotted key, which no path with dots finds
    let external = get(root, "metadata.annotations").and_then(|annotations| match &annotations.kind {
        Kind::Map(entries) => entries.get("crossplane.io/external-name"),
        _ => None,
    });
    let external = external.and_then(|node| Some(Placed { text: string(node)?, at: node.at }));
    let known = ["values", "set", "valuesFrom"];
    parts.extend(not_read(get(root, "spec.forProvider"), &known, "Crossplane's provider"));
    Carrier {
        kind: "Release",
        at: kind_place(root),
        place: "spec.forProvider.values",
        chart: text(root, "spec.forProvider.chart.name").or_else(|| text(root, "spec.forProvider.chart.url")),
        version: text(root, "spec.forProvider.chart.version"),
        release: external.or_else(|| placed(root, "metadata.name")),
        namespace: placed(root, "spec.forProvider.namespace"),
        cluster: ClusterFacts::default(),
        changes: get(root, "spec.forProvider").map_or_else(Vec::new, |inner| present(inner, &["patchesFrom"])),
        name,
        parts,
    }
}

const FOR_ONE_CLUSTER: &str = "write the values of one cluster into files, and pass those with `-f`; `--values-at helm.values` takes the values that all clusters share";

/// A bundle of Rancher's Fleet, in its `fleet.yaml` or below `spec`: its values, over them files, over them objects of the cluster.
pub(super) fn fleet<'n>(root: &'n Node, bundle: &'n Node) -> Carrier<'n> {
    let file = |node: &'n Node| Some(ValuesPart::File { path: string(node)?, at: node.at, optional: false, set: None });
    let mut parts: Vec<ValuesPart<'n>> = get(bundle, "helm.values").map(ValuesPart::Inline).into_iter().collect();
    parts.extend(not_read(get(bundle, "helm"), &["values", "valuesFiles", "valuesFrom", "templateValues"], "Fleet"));
    parts.extend(items(bundle, "helm.valuesFiles").iter().filter_map(file));
    parts.extend(items(bundle, "helm.valuesFrom").iter().map(reference));
    parts.extend(get(bundle, "helm.templateValues").map(|values| ValuesPart::Missing {
        what: "Fleet evaluates the templates of `templateValues` for each cluster".to_owned(),
        at: place(values),
        hint: FOR_ONE_CLUSTER,
    }));
    let labelled = get(bundle, "helm.values").map(strings).unwrap_or_default();
    parts.extend(
        labelled
            .into_iter()
            .find(|(text, _)| text.contains("${ .") || text.contains("global.fleet.clusterLabels"))
            .map(|(_, at)| ValuesPart::Missing {
                what: "Fleet fills labels of the cluster into these values".to_owned(),
                at,
                hint: FOR_ONE_CLUSTER,
            }),
    );
    let targets = items(bundle, "targetCustomizations").iter().filter_map(|target| get(target, "helm"));
    parts.extend(targets.take(1).map(|helm| ValuesPart::Missing {
        what: "the clusters of `targetCustomizations` have values of their own".to_owned(),
        at: place(helm),
        hint: FOR_ONE_CLUSTER,
    }));
    Carrier {
        kind: "bundle",
        name: text(bundle, "helm.releaseName").or_else(|| text(root, "name")),
        at: get(bundle, "helm").map_or(bundle.at, place),
        place: "helm.values",
        chart: text(bundle, "helm.chart"),
        version: text(bundle, "helm.version"),
        release: placed(bundle, "helm.releaseName"),
        namespace: placed(bundle, "namespace").or_else(|| placed(bundle, "defaultNamespace")),
        cluster: ClusterFacts::default(),
        changes: present(bundle, &["kustomize", "yaml", "overlays"]),
        parts,
    }
}
