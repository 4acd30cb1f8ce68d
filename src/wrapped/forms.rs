//! The files of other tools that install a chart: the paths of its values, its release and its version.

use super::node::{get, is_true, items, string, text};
use super::{FileDocument, ReleaseFacts, umbrella};
use crate::diag::{Diagnostic, Location};
use crate::releases;
use crate::releases::catalogue;
use crate::values::set::Syntax;
use crate::wrapped::compose::Composer;
use crate::yaml::{Kind, Node};

/// The code of the finding that the files belong to several releases.
pub(super) const SEVERAL: &str = "several-releases";

/// A part of the values, lowest first.
pub(super) enum ValuesPart<'n> {
    /// Inline values: a map, or YAML in a string.
    Inline(&'n Node),
    /// A value at a path.
    Set { path: String, value: String, syntax: Syntax, at: Location },
    /// A local values file; with `set`, its content is the value at that path.
    File { path: String, at: Location, optional: bool, set: Option<String> },
    /// A key of a ConfigMap or Secret; with a target, its content is the value at that path.
    Object { kind: String, name: String, key: String, at: Location, optional: bool, target: Option<String> },
    /// A part that is not available here.
    Missing { what: String, at: Location, hint: &'static str },
}

/// One installation of a chart.
pub(super) struct Carrier<'n> {
    /// Its kind in the terms of its tool: `HelmRelease`.
    kind: &'static str,
    /// Its own name.
    name: Option<String>,
    /// The place of its name.
    pub(super) at: Location,
    /// The path of the values in it.
    place: &'static str,
    /// The chart that it names.
    chart: Option<String>,
    version: Option<String>,
    release: Option<String>,
    namespace: Option<String>,
    pub(super) parts: Vec<ValuesPart<'n>>,
}

/// The certainty that a carrier installs GitLab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    /// Another chart is named.
    Other,
    /// No chart is named, or a local directory.
    Open,
    /// The chart is GitLab's, or the values have a section for it.
    Gitlab,
}

impl Carrier<'_> {
    fn certainty(&self) -> Certainty {
        let inline = || {
            self.parts.iter().filter_map(|part| match part {
                ValuesPart::Inline(node) => Some(*node),
                _ => None,
            })
        };
        let chart = self.chart.as_deref().map(|chart| chart.trim_end_matches('/'));
        let last = chart.map(|chart| chart.rsplit('/').next().unwrap_or(chart));
        match (chart, last) {
            (_, Some("gitlab")) => Certainty::Gitlab,
            _ if inline().any(|node| umbrella::find(node).is_some()) => Certainty::Gitlab,
            (None, _) => Certainty::Open,
            (Some(chart), _) if chart.starts_with('.') || chart.starts_with("path:") => Certainty::Open,
            _ => Certainty::Other,
        }
    }

    /// Whether nothing indicates that it installs GitLab.
    pub(super) fn is_open(&self) -> bool {
        self.certainty() == Certainty::Open
    }

    fn shown(&self) -> String {
        match &self.name {
            Some(name) => format!("the {} `{name}`", self.kind),
            None => format!("the {}", self.kind),
        }
    }
}

/// The carriers that install GitLab, all of one release; empty where no document installs a chart.
pub(super) fn chosen<'n>(documents: &'n [FileDocument], composer: &mut Composer<'_>) -> Option<Vec<Carrier<'n>>> {
    let all: Vec<Carrier<'n>> = documents.iter().flat_map(|document| carriers(&document.root)).collect();
    let most = all.iter().map(Carrier::certainty).max()?;
    if most == Certainty::Other {
        for carrier in &all {
            let chart = carrier.chart.as_deref().unwrap_or_default();
            composer.findings.push(
                Diagnostic::error("not-values", format!("{} installs the chart `{chart}`, not GitLab's", carrier.shown()))
                    .at(carrier.at)
                    .hint("name the file that installs GitLab; `--values-at PATH` says where a file has values that are to be taken nevertheless"),
            );
        }
        return None;
    }
    let best: Vec<Carrier<'n>> = all.into_iter().filter(|carrier| carrier.certainty() == most).collect();
    let first = &best[0];
    let mut others = best.iter().filter(|one| (one.kind, &one.name) != (first.kind, &first.name));
    if others.next().is_some() {
        let names: Vec<String> = best.iter().map(Carrier::shown).collect();
        let finding = Diagnostic::error(SEVERAL, format!("several releases are given: {}", names.join(", "))).hint(
            "render one at a time: name a file that has one of them, or name the values of one with `--values-at PATH`",
        );
        composer.findings.push(best.iter().fold(finding, |finding, carrier| finding.at(carrier.at)));
        return None;
    }
    Some(best)
}

/// The facts that carriers of one release have about it; the last one wins.
pub(super) fn facts(carriers: &[Carrier<'_>], composer: &mut Composer<'_>) -> ReleaseFacts {
    let last = |of: fn(&Carrier<'_>) -> Option<String>| carriers.iter().rev().find_map(of);
    let mut facts = ReleaseFacts {
        name: last(|one| one.release.clone()).filter(|name| is_label(name, 53)),
        namespace: last(|one| one.namespace.clone()).filter(|name| is_label(name, 63)),
        gitlab: None,
    };
    let Some((carrier, version)) = carriers.iter().rev().find_map(|one| Some((one, one.version.clone()?))) else {
        return facts;
    };
    let of_gitlab = carrier.chart.as_deref().is_none_or(|chart| chart.rsplit('/').next() == Some("gitlab"));
    let found = series(&version).filter(|_| of_gitlab).map(|version| catalogue::find(&format!("chart:{version}")));
    match found {
        Some(Ok(release)) if releases::rendered(release.gitlab).is_ok() => {
            facts.gitlab = Some(release.gitlab.to_string());
        }
        Some(_) => {
            let default = releases::default_version();
            let message = format!(
                "chart {version} cannot be rendered; these values are rendered for GitLab {default} (chart {})",
                releases::chart_of(default)
            );
            let hint =
                format!("`gitlab-render upgrade plan --from chart:{version} -f FILE` says what is on the way there");
            composer.findings.push(Diagnostic::warning("other-version", message).at(carrier.at).hint(hint));
        }
        None => {}
    }
    facts
}

/// The finding about a carrier that names no chart and has no values: the defaults would be rendered.
pub(super) fn nothing(carrier: &Carrier<'_>) -> Diagnostic {
    let message =
        format!("{} has no values at `{}`, and does not say that it installs GitLab", carrier.shown(), carrier.place);
    Diagnostic::error("not-values", message)
        .at(carrier.at)
        .hint("name the file that has the values; `--values-at PATH` says where they are in it")
}

/// The note about where values were found, and which other settings the file has.
pub(super) fn note(carriers: &[Carrier<'_>], below: &str, facts: &ReleaseFacts) -> Diagnostic {
    let carrier = &carriers[0];
    let defaults: Vec<String> = [
        facts.name.as_ref().map(|name| format!("release `{name}`")),
        facts.namespace.as_ref().map(|name| format!("namespace `{name}`")),
        facts.gitlab.as_ref().map(|version| format!("GitLab {version}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let message = format!("the values are `{}` of {}{below}", carrier.place, carrier.shown());
    let (message, hint) = match defaults.is_empty() {
        true => (message, None),
        false => (format!("{message}; {} are its defaults", defaults.join(", ")), Some("flags override them")),
    };
    let note = Diagnostic::note("values-inside", message).at(carrier.at);
    match hint {
        Some(hint) => note.hint(hint),
        None => note,
    }
}

fn is_label(text: &str, longest: usize) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= longest
        && text.chars().all(inner)
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
}

/// The version at the beginning of a range that is within one series: `9.10.0`, `9.10`, `9`.
fn series(range: &str) -> Option<String> {
    let text = range.trim().trim_start_matches(['=', 'v', ' ']);
    let (text, kept) = match text.strip_prefix('~') {
        Some(text) => (text, 2),
        None => match text.strip_prefix('^') {
            Some(text) => (text, 1),
            None => (text, 3),
        },
    };
    let text = text.trim().trim_start_matches('v');
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('.').collect();
    let numbers: Vec<&str> = parts.iter().copied().take_while(is_number).collect();
    let rest = &parts[numbers.len()..];
    let wild = rest.iter().all(|part| matches!(*part, "x" | "X" | "*"));
    (!numbers.is_empty() && wild).then(|| numbers[..numbers.len().min(kept)].join("."))
}

/// The installations of a document.
fn carriers(root: &Node) -> Vec<Carrier<'_>> {
    match text(root, "kind").as_deref() {
        Some("HelmRelease") => vec![helm_release(root)],
        Some("Application")
            if get(root, "spec.destination").is_some()
                || get(root, "spec.source").is_some()
                || get(root, "spec.sources").is_some() =>
        {
            application("Application", root, root)
        }
        Some("ApplicationSet") => {
            get(root, "spec.template").map_or_else(Vec::new, |inner| application("ApplicationSet", root, inner))
        }
        Some("GitLab") => vec![gitlab(root)],
        Some("HelmChart" | "HelmChartConfig") => vec![helm_chart(root)],
        Some("HelmChartInflationGenerator") => vec![kustomize(root, root)],
        Some("Kustomization" | "Component") => {
            items(root, "helmCharts").iter().map(|chart| kustomize(root, chart)).collect()
        }
        None if get(root, "helmCharts").is_some() => {
            items(root, "helmCharts").iter().map(|chart| kustomize(root, chart)).collect()
        }
        None if !items(root, "releases").is_empty() => items(root, "releases").iter().map(helmfile).collect(),
        _ => Vec::new(),
    }
}

/// The place of a node's name.
fn place(node: &Node) -> Location {
    node.key.unwrap_or(node.at)
}

fn kind_place(root: &Node) -> Location {
    get(root, "kind").map_or(root.at, place)
}

/// Flux: `helm.toolkit.fluxcd.io`, and the older `helm.fluxcd.io/v1`.
fn helm_release(root: &Node) -> Carrier<'_> {
    let own = text(root, "metadata.name");
    let target = text(root, "spec.targetNamespace");
    let prefixed = own.as_ref().map(|own| match &target {
        Some(target) => format!("{target}-{own}"),
        None => own.clone(),
    });
    let mut parts: Vec<ValuesPart<'_>> = items(root, "spec.valuesFrom").iter().map(flux_reference).collect();
    for file in items(root, "spec.chart.spec.valuesFiles") {
        let name = string(file).unwrap_or_default();
        if name != "values.yaml" {
            let what = format!("`{name}` is a file of the chart, and values are in it");
            parts.push(ValuesPart::Missing {
                what,
                at: file.at,
                hint: "give its values with `-f`, and leave it out here",
            });
        }
    }
    parts.extend(get(root, "spec.values").map(ValuesPart::Inline));
    Carrier {
        kind: "HelmRelease",
        name: own,
        at: kind_place(root),
        place: "spec.values",
        chart: text(root, "spec.chart.spec.chart").or_else(|| text(root, "spec.chart.name")),
        version: text(root, "spec.chart.spec.version").or_else(|| text(root, "spec.chart.version")),
        release: text(root, "spec.releaseName").or(prefixed),
        namespace: target.or_else(|| text(root, "metadata.namespace")),
        parts,
    }
}

fn flux_reference(node: &Node) -> ValuesPart<'_> {
    let old = ["configMapKeyRef", "secretKeyRef"].iter().find_map(|name| Some((*name, get(node, name)?)));
    let (kind, inner) = match old {
        Some((name, inner)) => (if name == "secretKeyRef" { "Secret" } else { "ConfigMap" }.to_owned(), inner),
        None => (text(node, "kind").unwrap_or_else(|| "ConfigMap".to_owned()), node),
    };
    if let Some(url) = text(node, "externalSourceRef.url") {
        let what = format!("`{url}` is fetched by Flux, and values are in it");
        return ValuesPart::Missing {
            what,
            at: node.at,
            hint: "download it, give it with `-f`, and leave it out here",
        };
    }
    ValuesPart::Object {
        kind,
        name: text(inner, "name").unwrap_or_default(),
        key: text(inner, "valuesKey").or_else(|| text(inner, "key")).unwrap_or_else(|| "values.yaml".to_owned()),
        at: get(inner, "name").map_or(node.at, |name| name.at),
        optional: is_true(inner, "optional"),
        target: text(node, "targetPath"),
    }
}

/// Argo CD: one carrier for each source that is a chart.
fn application<'n>(kind: &'static str, root: &'n Node, template: &'n Node) -> Vec<Carrier<'n>> {
    let single = get(template, "spec.source");
    let sources = items(template, "spec.sources").iter().chain(single);
    let charts = sources.filter(|source| get(source, "helm").is_some() || get(source, "chart").is_some());
    let carrier = |source: &'n Node| {
        let mut parts = Vec::new();
        if let Some(helm) = get(source, "helm") {
            argo_parts(source, helm, &mut parts);
        }
        let path = text(source, "path").map(|path| format!("path:{path}"));
        let has_object = get(source, "helm.valuesObject").is_some();
        Carrier {
            kind,
            name: text(root, "metadata.name"),
            at: kind_place(root),
            place: if has_object { "helm.valuesObject" } else { "helm.values" },
            version: text(source, "targetRevision").filter(|_| get(source, "chart").is_some()),
            chart: text(source, "chart").or(path),
            release: text(source, "helm.releaseName").or_else(|| text(template, "metadata.name")),
            namespace: text(template, "spec.destination.namespace"),
            parts,
        }
    };
    charts.map(carrier).collect()
}

fn argo_parts<'n>(source: &'n Node, helm: &'n Node, parts: &mut Vec<ValuesPart<'n>>) {
    let optional = is_true(helm, "ignoreMissingValueFiles");
    for file in items(helm, "valueFiles") {
        let Some(name) = string(file) else { continue };
        let path = match name.strip_prefix('$') {
            // The root of the repository of another source.
            Some(rest) => rest.split_once('/').map_or(String::new(), |(_, path)| path.to_owned()),
            None => match text(source, "path") {
                Some(folder) => format!("{}/{name}", folder.trim_end_matches('/')),
                None => name,
            },
        };
        parts.push(ValuesPart::File { path, at: file.at, optional, set: None });
    }
    // Argo CD ignores `values` beside `valuesObject`.
    parts.extend(get(helm, "valuesObject").or_else(|| get(helm, "values")).map(ValuesPart::Inline));
    for one in items(helm, "parameters") {
        let (Some(path), value) = (text(one, "name"), text(one, "value").unwrap_or_default()) else { continue };
        let syntax = if is_true(one, "forceString") { Syntax::Text } else { Syntax::Typed };
        parts.push(ValuesPart::Set { path, value, syntax, at: get(one, "value").map_or(one.at, place) });
    }
    for one in items(helm, "fileParameters") {
        let (Some(target), Some(path)) = (text(one, "name"), text(one, "path")) else { continue };
        parts.push(ValuesPart::File { path, at: one.at, optional: false, set: Some(target) });
    }
}

/// The custom resource of the GitLab Operator.
fn gitlab(root: &Node) -> Carrier<'_> {
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

/// The Helm controller of k3s and RKE2.
fn helm_chart(root: &Node) -> Carrier<'_> {
    let mut parts: Vec<ValuesPart<'_>> = get(root, "spec.valuesContent").map(ValuesPart::Inline).into_iter().collect();
    parts.extend(get(root, "spec.values").map(ValuesPart::Inline));
    if let Some(Kind::Map(entries)) = get(root, "spec.set").map(|node| &node.kind) {
        parts.extend(entries.iter().filter_map(|(path, node)| {
            let (path, value) = (path.clone(), string(node)?);
            Some(ValuesPart::Set { path, value, syntax: Syntax::Typed, at: place(node) })
        }));
    }
    Carrier {
        kind: "HelmChart",
        name: text(root, "metadata.name"),
        at: kind_place(root),
        place: "spec.valuesContent",
        chart: text(root, "spec.chart"),
        version: text(root, "spec.version"),
        release: text(root, "metadata.name"),
        namespace: text(root, "spec.targetNamespace").or_else(|| text(root, "metadata.namespace")),
        parts,
    }
}

/// A chart of a Kustomization, or of its own generator object.
fn kustomize<'n>(root: &'n Node, chart: &'n Node) -> Carrier<'n> {
    let file =
        |node: &'n Node| string(node).map(|path| ValuesPart::File { path, at: node.at, optional: false, set: None });
    let mut files: Vec<ValuesPart<'n>> = get(chart, "valuesFile").and_then(file).into_iter().collect();
    files.extend(items(chart, "additionalValuesFiles").iter().filter_map(file));
    let inline = get(chart, "valuesInline").map(ValuesPart::Inline);
    let parts = match text(chart, "valuesMerge").as_deref() {
        Some("replace") if inline.is_some() => inline.into_iter().collect(),
        // The file wins.
        Some("merge") => inline.into_iter().chain(files).collect(),
        _ => files.into_iter().chain(inline).collect(),
    };
    Carrier {
        kind: "Kustomization",
        name: text(chart, "releaseName").or_else(|| text(chart, "name")),
        at: get(chart, "name").map_or(chart.at, place),
        place: "valuesInline",
        chart: text(chart, "name"),
        version: text(chart, "version"),
        release: text(chart, "releaseName"),
        namespace: text(chart, "namespace").or_else(|| text(root, "namespace")),
        parts,
    }
}

/// A release of a helmfile.
fn helmfile(release: &Node) -> Carrier<'_> {
    let mut parts = Vec::new();
    for one in items(release, "values") {
        match string(one) {
            Some(path) if path.ends_with(".gotmpl") => parts.push(ValuesPart::Missing {
                what: format!("`{path}` is a template of helmfile, and values are in it"),
                at: one.at,
                hint: "let helmfile write the values, `helmfile write-values`, and give that file with `-f`",
            }),
            Some(path) => parts.push(ValuesPart::File { path, at: one.at, optional: false, set: None }),
            None => parts.push(ValuesPart::Inline(one)),
        }
    }
    for one in items(release, "secrets") {
        if let Some(path) = string(one) {
            parts.push(ValuesPart::File { path, at: one.at, optional: false, set: None });
        }
    }
    for (list, syntax) in [("set", Syntax::Typed), ("setString", Syntax::Text)] {
        for one in items(release, list) {
            let Some(path) = text(one, "name") else { continue };
            let at = get(one, "value").map_or(one.at, place);
            if let Some(file) = text(one, "file") {
                parts.push(ValuesPart::File { path: file, at, optional: false, set: Some(path) });
                continue;
            }
            let listed: Vec<String> = items(one, "values").iter().filter_map(string).collect();
            let value = match listed.is_empty() {
                true => text(one, "value").unwrap_or_default(),
                false => format!("{{{}}}", listed.join(",")),
            };
            parts.push(ValuesPart::Set { path, value, syntax, at });
        }
    }
    Carrier {
        kind: "helmfile release",
        name: text(release, "name"),
        at: get(release, "name").map_or(release.at, place),
        place: "values",
        chart: text(release, "chart"),
        version: text(release, "version"),
        release: text(release, "name"),
        namespace: text(release, "namespace"),
        parts,
    }
}
