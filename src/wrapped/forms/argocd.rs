//! Argo CD: `Application` and `ApplicationSet`.

use super::{Carrier, ClusterFacts, ValuesPart, kind_place, not_read, place, set_at};
use crate::diag::Diagnostic;
use crate::values::set::Syntax;
use crate::wrapped::node::{get, is_true, items, placed, string, strings, text};
use crate::yaml::Node;

/// Whether an object is an Application of Argo CD, and not one of the several other kinds of that name.
pub(super) fn is_application(root: &Node) -> bool {
    ["destination", "source", "sources", "sourceHydrator"].iter().any(|key| get(root, &format!("spec.{key}")).is_some())
}

/// One carrier for each source that is a chart.
pub(super) fn application<'n>(kind: &'static str, root: &'n Node, template: &'n Node) -> Vec<Carrier<'n>> {
    let single = get(template, "spec.source").or_else(|| get(template, "spec.sourceHydrator.drySource"));
    let sources = items(template, "spec.sources").iter().chain(single);
    let charts = sources.filter(|source| get(source, "helm").is_some() || get(source, "chart").is_some());
    let carrier = |source: &'n Node| {
        let mut parts = Vec::new();
        let path = text(source, "path").map(|path| path.trim_end_matches('/').to_owned());
        if let Some(path) = &path {
            let (path, at) = (format!("{path}/values.yaml"), place(source));
            parts.push(ValuesPart::ChartDefaults { path, at });
        }
        if let Some(helm) = get(source, "helm") {
            self::parts(path.as_deref(), helm, &mut parts);
        }
        if kind == "ApplicationSet" {
            parts.extend(placeholders(source));
            parts.extend(get(root, "spec.templatePatch").map(|patch| ValuesPart::Missing {
                what: "`templatePatch` changes this template for each of the generators' elements".to_owned(),
                at: place(patch),
                hint: GENERATE,
            }));
        }
        let has_object = get(source, "helm.valuesObject").is_some();
        Carrier {
            kind,
            name: text(root, "metadata.name"),
            at: kind_place(root),
            place: if has_object { "helm.valuesObject" } else { "helm.values" },
            version: text(source, "targetRevision").filter(|_| get(source, "chart").is_some()),
            chart: text(source, "chart").or(path.map(|path| format!("path:{path}"))),
            release: placed(source, "helm.releaseName").or_else(|| placed(template, "metadata.name")),
            namespace: placed(source, "helm.namespace").or_else(|| placed(template, "spec.destination.namespace")),
            cluster: get(source, "helm").map(ClusterFacts::of).unwrap_or_default(),
            changes: Vec::new(),
            parts,
        }
    };
    charts.map(carrier).collect()
}

/// The parts of `helm`, for a chart in a folder of a repository or, without one, in a registry of charts.
fn parts<'n>(folder: Option<&str>, helm: &'n Node, parts: &mut Vec<ValuesPart<'n>>) {
    let optional = is_true(helm, "ignoreMissingValueFiles");
    let local = |name: &str| match (name.strip_prefix('$'), folder) {
        // The root of the repository of another source.
        (Some(rest), _) => Some(rest.split_once('/').map_or(String::new(), |(_, path)| path.to_owned())),
        (None, Some(folder)) => Some(format!("{folder}/{name}")),
        (None, None) if name.contains("://") => Some(name.to_owned()),
        (None, None) => None,
    };
    for file in items(helm, "valueFiles") {
        let Some(name) = string(file) else { continue };
        match local(&name) {
            Some(path) => parts.push(ValuesPart::File { path, at: file.at, optional, set: None }),
            None => parts.extend(ValuesPart::of_chart(&name, file.at, optional)),
        }
    }
    let known = ["values", "valuesObject", "valueFiles", "parameters", "fileParameters", "ignoreMissingValueFiles"];
    parts.extend(not_read(Some(helm), &known, "Argo CD"));
    if let (Some(values), true) = (get(helm, "values"), get(helm, "valuesObject").is_some()) {
        let message = "`values`: Argo CD ignores it beside `valuesObject`, so nothing in it reaches the chart";
        let finding = Diagnostic::warning("tool-option", message).at(place(values));
        parts.push(ValuesPart::Finding(Box::new(finding.hint("merge the two into `valuesObject`"))));
    }
    parts.extend(get(helm, "valuesObject").or_else(|| get(helm, "values")).map(ValuesPart::Inline));
    for one in items(helm, "parameters") {
        let (Some(path), value) = (text(one, "name"), text(one, "value").unwrap_or_default()) else { continue };
        let syntax = if is_true(one, "forceString") { Syntax::Text } else { Syntax::Typed };
        parts.push(set_at(one, path, value, syntax));
    }
    for one in items(helm, "fileParameters") {
        let (Some(target), Some(path)) = (text(one, "name"), text(one, "path")) else { continue };
        let path = local(&path).unwrap_or(path);
        parts.push(ValuesPart::File { path, at: one.at, optional: false, set: Some(target) });
    }
}

const GENERATE: &str = "`argocd appset generate FILE -o yaml` writes the Applications: give one of them";

/// What the controller of ApplicationSets fills in.
fn placeholders(source: &Node) -> Option<ValuesPart<'_>> {
    let (text, at) = strings(source).into_iter().find(|(text, _)| text.contains("{{"))?;
    let mark: String = text.lines().find(|line| line.contains("{{")).unwrap_or(&text).trim().chars().take(60).collect();
    Some(ValuesPart::Missing {
        what: format!("`{mark}` is filled in by the controller of ApplicationSets, from its generators"),
        at,
        hint: GENERATE,
    })
}
