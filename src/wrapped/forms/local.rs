//! What people run themselves: kustomize, helmfile and helmwave.

use super::{Carrier, ClusterFacts, ValuesPart, not_read, place, present, set_at, unknown_word};
use crate::values::set::Syntax;
use crate::wrapped::node::{Placed, get, items, placed, string, strings, text, words};
use crate::yaml::Node;

/// Where the values are that helmfile has to make first.
const HELMFILE: &str = "let helmfile write the values, `helmfile write-values`, and give that file with `-f`";

/// The keys of a Kustomization that change what its charts made.
const TRANSFORMERS: [&str; 15] = [
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "images",
    "imageTags",
    "replicas",
    "replacements",
    "vars",
    "transformers",
    "components",
];

/// The keys of a release of helmfile that change what its chart made.
const HELMFILE_CHANGES: [&str; 5] =
    ["strategicMergePatches", "jsonPatches", "transformers", "forceNamespace", "postRenderer"];

/// A chart of a Kustomization, or of its own generator object.
pub(super) fn kustomize<'n>(root: &'n Node, chart: &'n Node) -> Carrier<'n> {
    let file =
        |node: &'n Node| string(node).map(|path| ValuesPart::File { path, at: node.at, optional: false, set: None });
    // the second is the key of the older list `helmChartInflationGenerator`
    let own = get(chart, "valuesFile").or_else(|| get(chart, "values"));
    let file_of_chart = own.and_then(file);
    let inline = get(chart, "valuesInline").map(ValuesPart::Inline);
    // kustomize makes one file of these two, and gives it to Helm before the additional files, which win over both.
    let mut parts: Vec<ValuesPart<'n>> = match text(chart, "valuesMerge").as_deref() {
        Some("replace") if inline.is_some() => inline.into_iter().collect(),
        // The file wins.
        Some("merge") => inline.into_iter().chain(file_of_chart).collect(),
        _ => file_of_chart.into_iter().chain(inline).collect(),
    };
    parts.extend(items(chart, "additionalValuesFiles").iter().filter_map(file));
    // `values` is a key of the older list, and of the generator object.
    let known = ["valuesFile", "valuesInline", "valuesMerge", "additionalValuesFiles", "values"];
    parts.extend(not_read(Some(chart), &known, "kustomize"));
    parts.extend(unknown_word(chart, "valuesMerge", &["merge", "override", "replace"], "kustomize"));
    let mut changes = present(root, &TRANSFORMERS);
    // The chart's own namespace is the one in addresses; kustomize then writes that of the file into the objects.
    let moved =
        placed(root, "namespace").zip(placed(chart, "namespace")).filter(|(root, chart)| root.text != chart.text);
    changes.extend(moved.map(|(root, _)| Placed { text: "namespace".to_owned(), at: root.at }));
    let chart_name = get(chart, "name").or_else(|| get(chart, "chartName"));
    Carrier {
        kind: "Kustomization",
        name: text(chart, "releaseName").or_else(|| chart_name.and_then(string)),
        at: chart_name.map_or(chart.at, place),
        place: "valuesInline",
        chart: chart_name.and_then(string),
        version: text(chart, "version").or_else(|| text(chart, "chartVersion")),
        release: placed(chart, "releaseName").or_else(|| placed(chart, "nameTemplate")),
        namespace: placed(chart, "namespace").or_else(|| placed(root, "namespace")),
        cluster: ClusterFacts::of(chart),
        changes,
        parts,
    }
}

/// A release of a helmfile, with what it inherits; or of helmwave, which has the same form with a map for its chart and for files.
pub(super) fn helmfile<'n>(root: &'n Node, release: &'n Node) -> Carrier<'n> {
    let mut parts = Vec::new();
    let handlers = [release, root].into_iter();
    parts.extend(handlers.clone().filter_map(|node| unknown_word(node, "missingFileHandler", &HANDLERS, "helmfile")));
    // All others only say how loudly helmfile passes over a missing file.
    let handler = handlers.filter_map(|node| text(node, "missingFileHandler")).next();
    let optional = handler.is_some_and(|handler| handler != HANDLERS[0]);
    for inherited in items(release, "inherit") {
        let template = text(inherited, "template").and_then(|name| get(root, &format!("templates.{name}")));
        if let Some(template) = template {
            helmfile_parts(template, optional, &mut parts);
        }
    }
    helmfile_parts(release, optional, &mut parts);
    let mut changes = present(release, &HELMFILE_CHANGES);
    changes.extend(get(root, "helmDefaults").into_iter().flat_map(|defaults| present(defaults, &["postRenderer"])));
    let is_helmwave = get(release, "chart.name").is_some();
    Carrier {
        kind: if is_helmwave { "helmwave release" } else { "helmfile release" },
        name: text(release, "name"),
        at: get(release, "name").map_or(release.at, place),
        place: "values",
        chart: text(release, "chart").or_else(|| text(release, "chart.name")),
        version: text(release, "version").or_else(|| text(release, "chart.version")),
        release: placed(release, "name"),
        namespace: placed(release, "namespace"),
        cluster: ClusterFacts::of(release).or(ClusterFacts::of(root)),
        changes,
        parts,
    }
}

/// Whether helmfile has to evaluate a string: what only its own templates have.
fn is_template(text: &str) -> bool {
    let marks = [".Environment", ".StateValues", "env ", "requiredEnv ", "exec ", "readFile ", "{{`"];
    text.contains("{{") && marks.iter().any(|mark| text.contains(mark))
}

/// What helmfile does about a file that is missing.
const HANDLERS: [&str; 4] = ["Error", "Warn", "Info", "Debug"];

fn helmfile_parts<'n>(release: &'n Node, optional: bool, parts: &mut Vec<ValuesPart<'n>>) {
    let prefix = text(release, "valuesPathPrefix").unwrap_or_default();
    for key in ["valuesTemplate", "setTemplate"] {
        parts.extend(get(release, key).map(|node| ValuesPart::Missing {
            what: format!("helmfile evaluates the templates of `{key}`"),
            at: place(node),
            hint: HELMFILE,
        }));
    }
    for one in items(release, "values") {
        // helmwave writes a file with options of its own, none of which changes what is in it.
        match string(one).or_else(|| text(one, "src")) {
            Some(path) if path.ends_with(".gotmpl") || path.contains("{{") => parts.push(ValuesPart::Missing {
                what: format!("`{path}` contains values, but is a template of helmfile"),
                at: one.at,
                hint: HELMFILE,
            }),
            Some(path) => {
                let path = format!("{prefix}{path}");
                parts.push(ValuesPart::File { path, at: one.at, optional, set: None });
            }
            None => {
                parts.extend(strings(one).into_iter().find(|(text, _)| is_template(text)).map(|(_, at)| {
                    let what = "helmfile evaluates a template in these values".to_owned();
                    ValuesPart::Missing { what, at, hint: HELMFILE }
                }));
                parts.push(ValuesPart::Inline(one));
            }
        }
    }
    for one in items(release, "secrets") {
        if let Some(path) = string(one) {
            let path = format!("{prefix}{path}");
            parts.push(ValuesPart::File { path, at: one.at, optional, set: None });
        }
    }
    for (list, syntax) in [("set", Syntax::Typed), ("setString", Syntax::Text)] {
        for one in items(release, list) {
            let Some(path) = text(one, "name") else { continue };
            if let Some(file) = text(one, "file") {
                parts.push(ValuesPart::File { path: file, at: one.at, optional: false, set: Some(path) });
                continue;
            }
            let listed = words(one, "values");
            let value = match listed.is_empty() {
                true => text(one, "value").unwrap_or_default(),
                false => {
                    let items: Vec<String> =
                        listed.iter().map(|item| item.replace('\\', "\\\\").replace(',', "\\,")).collect();
                    format!("{{{}}}", items.join(","))
                }
            };
            parts.push(set_at(one, path, value, syntax));
        }
    }
}
