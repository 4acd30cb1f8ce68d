//! The files of other tools that install a chart: the paths of its values, its release and its version.

mod appset;
mod argocd;
mod cluster;
mod flux;
mod local;

use std::collections::HashSet;

pub(super) use self::appset::applications;
use super::node::{Placed, get, items, placed, text, words};
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
pub(in crate::wrapped) enum ValuesPart<'n> {
    /// Inline values: a map, or YAML in a string.
    Inline(&'n Node),
    /// A value at a path, with the places of the path and of the value.
    Set { path: String, value: String, syntax: Syntax, name: Location, at: Location },
    /// A local values file; with `set`, its content is the value at that path.
    File { path: String, at: Location, optional: bool, set: Option<String> },
    /// A key of a ConfigMap or Secret; with a target, its content is the value at that path.
    Object { kind: String, name: String, key: String, at: Location, optional: bool, target: Option<String> },
    /// The values that an umbrella chart in a local folder has of its own, where that folder is there.
    ChartDefaults { path: String, at: Location },
    /// A part that is not available here.
    Missing { what: String, at: Location, hint: &'static str },
    /// What there is to say about a setting: that its tool refuses it, or does more with it.
    Finding(Box<Diagnostic>),
}

impl ValuesPart<'_> {
    /// A file inside a chart that is nowhere here; none where these are its defaults, which are known.
    fn of_chart(name: &str, at: Location, optional: bool) -> Option<Self> {
        let missing = ValuesPart::Missing {
            what: format!("`{name}` contains values, but is a file of the chart"),
            at,
            hint: "pass its values with `-f`, and remove it here",
        };
        (!optional && name.trim_start_matches("./") != "values.yaml").then_some(missing)
    }

    /// The same object for the value at a path.
    fn into_target(self, path: String) -> Self {
        match self {
            ValuesPart::Object { kind, name, key, at, optional, .. } => {
                ValuesPart::Object { kind, name, key, at, optional, target: Some(path) }
            }
            other => other,
        }
    }
}

/// One installation of a chart.
pub(in crate::wrapped) struct Carrier<'n> {
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
    release: Option<Placed>,
    namespace: Option<Placed>,
    cluster: ClusterFacts,
    /// The keys by which its tool changes the objects after the chart has made them.
    changes: Vec<Placed>,
    pub(super) parts: Vec<ValuesPart<'n>>,
}

/// What a file says of the cluster, as its tool hands it to Helm.
#[derive(Default)]
struct ClusterFacts {
    kube_version: Option<Placed>,
    api_versions: Vec<String>,
}

impl ClusterFacts {
    /// The keys that Argo CD, kustomize and helmfile have for it.
    fn of(node: &Node) -> Self {
        ClusterFacts { kube_version: placed(node, "kubeVersion"), api_versions: words(node, "apiVersions") }
    }

    /// What this one does not say, as another says it.
    fn or(self, other: Self) -> Self {
        ClusterFacts {
            kube_version: self.kube_version.or(other.kube_version),
            api_versions: if self.api_versions.is_empty() { other.api_versions } else { self.api_versions },
        }
    }
}

/// The keys of a map that are there and not empty, with their places.
fn present(node: &Node, keys: &[&str]) -> Vec<Placed> {
    let found = keys.iter().filter_map(|key| Some((*key, get(node, key)?)));
    let filled = found.filter(|(_, node)| match &node.kind {
        Kind::Map(entries) => !entries.is_empty(),
        Kind::List(items) => !items.is_empty(),
        Kind::Scalar(_) => true,
    });
    filled.map(|(key, node)| Placed { text: key.to_owned(), at: place(node) }).collect()
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
        let last = chart.map(last_name);
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
///
/// `name` selects one of several releases.
pub(super) fn chosen<'n>(
    documents: &'n [FileDocument],
    name: Option<&str>,
    composer: &mut Composer<'_>,
) -> Option<Vec<Carrier<'n>>> {
    let all: Vec<Carrier<'n>> = documents.iter().flat_map(|document| carriers(&document.root, documents)).collect();
    let most = all.iter().map(Carrier::certainty).max()?;
    if most == Certainty::Other {
        for carrier in &all {
            let chart = carrier.chart.as_deref().unwrap_or_default();
            composer.findings.push(
                Diagnostic::error("not-values", format!("{} installs the chart `{chart}`, not GitLab's", carrier.shown()))
                    .at(carrier.at)
                    .hint("name the file that installs GitLab; `--values-at PATH` uses the values at a path of the file nevertheless"),
            );
        }
        return None;
    }
    let (mut best, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|carrier| carrier.certainty() == most);
    let is_one = |best: &[Carrier<'_>]| best.iter().all(|one| (one.kind, &one.name) == (best[0].kind, &best[0].name));
    let is_named = |one: &Carrier<'_>| name.is_some() && one.release.as_ref().map(|release| &*release.text) == name;
    if !is_one(&best) && best.iter().any(is_named) {
        best.retain(is_named);
    }
    if !is_one(&best) {
        let mut names: Vec<String> = best.iter().map(Carrier::shown).collect();
        names.dedup();
        let release = |one: &Carrier<'_>| one.release.as_ref().map(|release| release.text.clone());
        let releases: HashSet<Option<String>> = best.iter().map(release).collect();
        // Of those that share a name, none can be selected by it.
        let hint = match releases.len() == names.len() {
            true => {
                "render one at a time: `--name` selects one by the name of its release; or name a file that has one of them, or the values of one with `--values-at PATH`"
            }
            false => {
                "their releases have the same name, so render one at a time: name a file that has one of them, or the values of one with `--values-at PATH`; `argocd appset generate FILE -o yaml` writes the Applications of an ApplicationSet"
            }
        };
        let finding =
            Diagnostic::error(SEVERAL, format!("several releases are given: {}", names.join(", "))).hint(hint);
        let mut places: Vec<Location> = best.iter().map(|carrier| carrier.at).collect();
        places.dedup();
        composer.findings.push(places.into_iter().fold(finding, Diagnostic::at));
        return None;
    }
    let first = &best[0];
    let is_first = |one: &Carrier<'_>| (one.kind, &one.name) == (first.kind, &first.name);
    // what has the same name and names no chart adds to it
    let more: Vec<_> = rest.into_iter().filter(|one| is_first(one) && one.is_open()).collect();
    Some(best.into_iter().chain(more).collect())
}

/// The name of a chart in a path, a URL or the name of an archive: `gitlab` of `oci://host/gitlab` and `gitlab-9.1.0.tgz`.
fn last_name(chart: &str) -> &str {
    let last = chart.rsplit('/').next().unwrap_or(chart);
    let is_version = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    match last.strip_suffix(".tgz").and_then(|name| name.rsplit_once('-')) {
        Some((name, rest)) if is_version(rest) => name,
        _ => last,
    }
}

/// The facts that carriers of one release have about it; the last one wins.
pub(super) fn facts(carriers: &[Carrier<'_>], composer: &mut Composer<'_>) -> ReleaseFacts {
    for carrier in carriers {
        composer.findings.extend(changes(carrier));
    }
    let mut fact = |of: for<'a> fn(&'a Carrier<'_>) -> Option<&'a Placed>, what: &Fact| {
        let found = carriers.iter().rev().find_map(of)?;
        let taken = (what.read)(&found.text);
        composer.findings.extend(taken.is_none().then(|| what.unread(found)));
        taken
    };
    let mut facts = ReleaseFacts {
        name: fact(|one| one.release.as_ref(), &NAME),
        namespace: fact(|one| one.namespace.as_ref(), &NAMESPACE),
        kube_version: fact(|one| one.cluster.kube_version.as_ref(), &KUBE_VERSION),
        api_versions: carriers.iter().flat_map(|one| one.cluster.api_versions.iter().cloned()).collect(),
        gitlab: None,
    };
    let Some((carrier, version)) = carriers.iter().rev().find_map(|one| Some((one, one.version.clone()?))) else {
        return facts;
    };
    let of_gitlab = carrier.chart.as_deref().is_none_or(|chart| last_name(chart) == "gitlab");
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
            let hint = format!("`gitlab-render upgrade plan --from chart:{version} -f FILE` shows the path to it");
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
        .hint("name the file that has the values; `--values-at PATH` names their path in it")
}

/// The note about where values were found, and which other settings the file has.
pub(super) fn note(carriers: &[Carrier<'_>], below: &str, facts: &ReleaseFacts) -> Diagnostic {
    let carrier = &carriers[0];
    let defaults: Vec<String> = [
        facts.name.as_ref().map(|name| format!("release `{name}`")),
        facts.namespace.as_ref().map(|name| format!("namespace `{name}`")),
        facts.gitlab.as_ref().map(|version| format!("GitLab {version}")),
        facts.kube_version.as_ref().map(|version| format!("Kubernetes {version}")),
        (!facts.api_versions.is_empty()).then(|| format!("the API versions {}", facts.api_versions.join(", "))),
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

/// A fact that a file may have in a form that cannot be used.
struct Fact {
    what: &'static str,
    flag: &'static str,
    /// What it has to be.
    rule: &'static str,
    read: fn(&str) -> Option<String>,
}

const NAME: Fact = Fact {
    what: "the release",
    flag: "--name",
    rule: "a name has lower-case letters, digits and `-`, begins with a letter and has at most 53 characters",
    read: |text| is_label(text, 53).then(|| text.to_owned()),
};

const NAMESPACE: Fact = Fact {
    what: "the namespace",
    flag: "--namespace",
    rule: "a name has lower-case letters, digits and `-`, begins with a letter and has at most 63 characters",
    read: |text| is_label(text, 63).then(|| text.to_owned()),
};

const KUBE_VERSION: Fact = Fact {
    what: "the Kubernetes version",
    flag: "--kube-version",
    rule: "a version is two numbers with a dot between them",
    read: |text| series(text.split(['-', '+']).next()?).filter(|version| version.contains('.')),
};

impl Fact {
    fn unread(&self, found: &Placed) -> Diagnostic {
        let Fact { what, flag, rule, .. } = self;
        let filled_in = ["{{", "${", "$("].iter().any(|mark| found.text.contains(mark));
        let reason = if filled_in { "the tool of this file fills it in" } else { rule };
        let message = format!("`{}` is not used for {what}: {reason}", found.text);
        let hint = format!("pass {what} with `{flag}`: without it, the default is rendered");
        Diagnostic::warning("fact-unread", message).at(found.at).hint(hint)
    }
}

/// The warning that the tool of a carrier changes the objects once more; none where it does not.
fn changes(carrier: &Carrier<'_>) -> Option<Diagnostic> {
    let first = carrier.changes.first()?;
    let keys: Vec<String> = carrier.changes.iter().map(|key| format!("`{}`", key.text)).collect();
    let (verb, pronoun) = if keys.len() == 1 { ("changes", "it") } else { ("change", "them") };
    let message = format!(
        "{} of {} {verb} the objects after the chart has made them, and {} not applied here",
        keys.join(", "),
        carrier.shown(),
        if keys.len() == 1 { "is" } else { "are" },
    );
    let hint = match carrier.kind {
        "Kustomization" => "`kustomize build` applies them to the output of the function `gitlab-render krm`, as docs/packages.md shows".to_owned(),
        _ => format!("apply {pronoun} to the output, for example with kustomize"),
    };
    Some(Diagnostic::warning("not-applied", message).at(first.at).hint(hint))
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
fn carriers<'n>(root: &'n Node, documents: &'n [FileDocument]) -> Vec<Carrier<'n>> {
    let group = text(root, "apiVersion").unwrap_or_default();
    let group = group.split('/').next().unwrap_or_default();
    let kustomized = || {
        let lists = ["helmCharts", "helmChartInflationGenerator"].map(|key| items(root, key));
        lists.into_iter().flatten().map(|chart| local::kustomize(root, chart)).collect()
    };
    match text(root, "kind").as_deref() {
        Some("HelmRelease") => vec![flux::helm_release(root, documents)],
        Some("Application") if argocd::is_application(root) => argocd::application("Application", root, root),
        Some("ApplicationSet") => {
            get(root, "spec.template").map_or_else(Vec::new, |inner| argocd::application("ApplicationSet", root, inner))
        }
        Some("GitLab") => vec![cluster::gitlab(root)],
        // Flux has an object of that name, which only says where a chart is
        Some("HelmChart" | "HelmChartConfig") if group != "source.toolkit.fluxcd.io" => vec![cluster::helm_chart(root)],
        Some("Release") if group == "helm.crossplane.io" => vec![cluster::crossplane(root)],
        Some("Bundle") if group == "fleet.cattle.io" => get(root, "spec")
            .filter(|spec| get(spec, "helm").is_some())
            .map_or_else(Vec::new, |spec| vec![cluster::fleet(root, spec)]),
        Some("HelmChartInflationGenerator") => vec![local::kustomize(root, root)],
        Some("Kustomization" | "Component") => kustomized(),
        None if get(root, "helmCharts").is_some() => kustomized(),
        None if !items(root, "releases").is_empty() => {
            items(root, "releases").iter().map(|release| local::helmfile(root, release)).collect()
        }
        None if text(root, "helm.chart").is_some() => vec![cluster::fleet(root, root)],
        _ => Vec::new(),
    }
}

/// The refusal of a word that a tool does not know for a setting; `None` where it knows it, or there is none.
fn unknown_word<'n>(node: &Node, key: &str, words: &[&str], tool: &str) -> Option<ValuesPart<'n>> {
    let found = placed(node, key).filter(|found| !words.contains(&&*found.text))?;
    let message = format!("`{key}: {}`: {tool} does not know this word", found.text);
    let likeness =
        |word: &&&str| (strsim::jaro_winkler(&word.to_lowercase(), &found.text.to_lowercase()) * 100.0) as u32;
    let near = words.iter().max_by_key(likeness).filter(|word| likeness(word) > 80);
    let all = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let hint = match near {
        Some(near) => format!("did you mean `{near}`? The words are {all}"),
        None => format!("the words are {all}"),
    };
    Some(ValuesPart::Finding(Box::new(Diagnostic::error("tool-option", message).at(found.at).hint(hint))))
}

/// Refusals of keys that look as if they had values, and that their tool does not read: `known` are those that it reads.
fn not_read<'n>(node: Option<&'n Node>, known: &[&str], tool: &str) -> Vec<ValuesPart<'n>> {
    let Some(Kind::Map(entries)) = node.map(|node| &node.kind) else { return Vec::new() };
    let looks_like_values = |key: &str| {
        let key = key.to_lowercase();
        key.contains("value") || key.contains("parameter") || key == "set" || key == "setstring" || key == "setfile"
    };
    let unread = entries.iter().filter(|(key, _)| looks_like_values(key) && !known.contains(&key.as_str()));
    let finding = |(key, node): (&'n String, &'n Node)| {
        let message = format!("`{key}`: {tool} does not read this key, so nothing in it reaches the chart");
        let all = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
        let hint = format!("the keys with values are {all}");
        ValuesPart::Finding(Box::new(Diagnostic::error("tool-option", message).at(place(node)).hint(hint)))
    };
    unread.map(finding).collect()
}

/// A value at the path that an item of a list names.
fn set_at<'n>(item: &Node, path: String, value: String, syntax: Syntax) -> ValuesPart<'n> {
    let name = get(item, "name").map_or(item.at, place);
    let at = ["value", "values"].iter().find_map(|key| get(item, key)).map_or(item.at, place);
    ValuesPart::Set { path, value, syntax, name, at }
}

/// The place of a node's name.
fn place(node: &Node) -> Location {
    node.key.unwrap_or(node.at)
}

fn kind_place(root: &Node) -> Location {
    get(root, "kind").map_or(root.at, place)
}
