//! Values inside the files of other tools: `-f` accepts a values file, or a file that contains values.
//!
//! [`unwrap`] classifies each file. [`forms`] knows the tools and where their files have values, releases and versions;
//! [`umbrella`] the charts with GitLab's as a dependency; [`compose`] merges the parts of a release; [`text`] parses
//! YAML inside a string. All values keep their line and column in the user's file.

mod at_path;
mod compose;
mod encrypted;
mod forms;
mod guess;
mod node;
mod objects;
mod region;
mod templates;
mod text;
mod umbrella;

use std::sync::Arc;

use self::compose::Composer;
use self::forms::Carrier;
pub use self::region::Region;
use crate::diag::{Diagnostic, Failure, Report, Severity, Sources, ValuePath};
use crate::values::{Composed, Input};
use crate::yaml::{Kind, MAX_NODES, Node, stream};

/// The facts that a file has about the release of its values. Flags override them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReleaseFacts {
    /// The release's name.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The GitLab version.
    pub gitlab: Option<String>,
    /// The version of the Kubernetes cluster: `1.35` or `1.35.2`.
    pub kube_version: Option<String>,
    /// API versions that the cluster has besides Kubernetes' own.
    pub api_versions: Vec<String>,
}

/// How files are classified.
pub struct Options<'o> {
    /// The severity of a repeated key.
    pub duplicates: Severity,
    /// The path of the values in each file, where the user names it.
    pub at: Option<&'o str>,
    /// The name of the release, where the user gives one: it selects one of several.
    pub name: Option<&'o str>,
    /// Reads a local file: `None` where it does not exist, otherwise its content, or the reason why it cannot be read.
    pub read: &'o mut dyn FnMut(&str) -> Option<Result<String, String>>,
}

/// The inputs, with files that contain values replaced by these, and the facts about the release.
#[derive(Debug, Default)]
pub struct Unwrapped {
    /// In the order of the files.
    pub inputs: Vec<Input>,
    /// The facts of the files.
    pub release: ReleaseFacts,
}

/// A document of a file.
struct FileDocument {
    /// The number of its file.
    file: usize,
    root: Node,
}

/// Extracts the values of files that contain values.
///
/// # Errors
/// A file that is referred to and missing, several releases in one file, an encrypted file, a path without values.
pub fn unwrap(inputs: Vec<Input>, options: Options<'_>) -> Result<Unwrapped, Failure> {
    let texts: Vec<Option<&str>> = inputs.iter().map(text_of).collect();
    let suspicious = |text: &&str| options.at.is_some() || looks_wrapped(text);
    let mut composer = Composer::new(options.duplicates, options.read);
    let locked = inputs.iter().filter_map(|input| match input {
        Input::File { name, bytes } => encrypted::whole(bytes).map(|what| (name, what)),
        _ => None,
    });
    composer.findings.extend(locked.map(|(name, what)| what.finding(name, None)));
    let written = inputs.iter().zip(&texts).enumerate();
    let terraform = written.filter_map(|(file, (input, text))| templates::terraform(file, name_of(input), (*text)?));
    composer.findings.extend(terraform);
    if composer.findings.is_empty() && !texts.iter().flatten().any(suspicious) {
        return Ok(Unwrapped { inputs, release: ReleaseFacts::default() });
    }
    let mut documents = Vec::new();
    for (file, input) in inputs.iter().enumerate() {
        // The number of a file is that of its source.
        let text = texts[file].unwrap_or_default();
        composer.sources.add(name_of(input), text);
        if composer.findings.is_empty() && texts[file].is_some_and(|text| suspicious(&text)) {
            documents.extend(composer.documents(file, text));
        }
    }
    composer.encrypted(&documents);
    let mut taken: Vec<Option<Input>> = inputs.into_iter().map(Some).collect();
    let mut release = ReleaseFacts::default();
    if let Some(path) = options.at {
        from_path(&mut composer, path, &documents, &mut taken);
    } else {
        documents = documents.into_iter().flat_map(generated).collect();
        composer.findings.extend(documents.iter().filter_map(|document| templates::openshift(&document.root)));
        if let Some(carriers) = forms::chosen(&documents, options.name, &mut composer) {
            release = from_carriers(&mut composer, carriers, &documents, &mut taken);
        }
        from_umbrellas(&mut composer, &documents, &mut taken);
        // What was recognised and refused is no unknown form.
        let refused = composer.findings.iter().any(|finding| finding.severity == Severity::Error);
        let documents = if refused { Vec::new() } else { documents };
        let left = documents.iter().filter(|document| matches!(taken[document.file], Some(Input::File { .. })));
        composer.findings.extend(left.filter_map(guess::finding).collect::<Vec<_>>());
    }
    let Composer { sources, findings, .. } = composer;
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Failure { report: Report(findings), sources });
    }
    let mut inputs: Vec<Input> = taken.into_iter().flatten().collect();
    let sources: Vec<_> = sources.all().map(|(_, source)| source.clone()).collect();
    let mut findings = Some(findings);
    for input in &mut inputs {
        if let Input::Composed(composed) = input {
            *composed = Arc::new(Composed {
                texts: sources.clone(),
                values: composed.values.clone(),
                // An input that could not be read has its reason there already.
                found: composed.found.iter().cloned().chain(findings.take().unwrap_or_default()).collect(),
                layers: composed.layers.clone(),
            });
        }
    }
    Ok(Unwrapped { inputs, release })
}

/// Whether a file belongs to another tool and installs GitLab, or may: it is not a manifest, though such files look
/// like one.
pub fn installs(text: &str) -> bool {
    if !looks_wrapped(text) {
        return false;
    }
    let mut read = |_: &str| None;
    let mut composer = Composer::new(Severity::Warning, &mut read);
    let documents = composer.documents(0, text);
    forms::chosen(&documents, None, &mut composer).is_some()
        || composer.findings.iter().any(|one| one.code == forms::SEVERAL)
}

/// A document; or the Applications that an ApplicationSet makes, where they follow from it alone.
fn generated(document: FileDocument) -> Vec<FileDocument> {
    match forms::applications(&document.root) {
        Some(all) => all.into_iter().map(|root| FileDocument { file: document.file, root }).collect(),
        None => vec![document],
    }
}

fn name_of(input: &Input) -> &str {
    match input {
        Input::File { name, .. } => name,
        _ => "",
    }
}

/// The content of a user's file; a profile is ours, and the reader of values reports bytes that are not UTF-8.
fn text_of(input: &Input) -> Option<&str> {
    match input {
        Input::File { name, bytes } if !name.starts_with("profile:") => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

/// Sections that stand beside `gitlab` in values, and below it in those of an umbrella chart.
const BESIDE_GITLAB: [&str; 8] = [
    "certmanager",
    "certmanager-issuer",
    "gitlab-runner",
    "nginx-ingress",
    "postgresql",
    "prometheus",
    "redis",
    "upgradeCheck",
];

/// Whether a file may contain something else than values: a quick look at its lines, so that values are not parsed
/// twice.
fn looks_wrapped(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let key = |line: &str| line.split_once(':').map(|(key, _)| key.trim_matches(['"', '\'']).to_owned());
    // The column of the keys below the last top-level key.
    let mut below = None;
    let mut in_gitlab = false;
    let mut plain = false;
    for line in text.lines() {
        let rest = line.trim_start_matches(' ');
        let column = line.len() - rest.len();
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        if column == 0 && rest.starts_with(['{', '[']) {
            return true;
        }
        let Some(key) = key(rest) else { continue };
        if column == 0 {
            below = None;
            in_gitlab = key == "gitlab";
            match key.as_str() {
                "apiVersion" | "kind" | "helmCharts" | "releases" | "sops" | "upstream" | "addons" => return true,
                "global" => plain = true,
                _ => {}
            }
        } else if *below.get_or_insert(column) == column
            && (matches!(key.as_str(), "global" | "gitlab") || in_gitlab && BESIDE_GITLAB.contains(&key.as_str()))
        {
            return true;
        }
    }
    !plain
}

/// Extracts the values at the path that the user names from every file.
fn from_path(composer: &mut Composer<'_>, path: &str, documents: &[FileDocument], taken: &mut [Option<Input>]) {
    for (file, input) in taken.iter_mut().enumerate() {
        if input.as_ref().and_then(text_of).is_some()
            && let Some(node) = at_path::node(composer, path, documents, file)
        {
            let values = composer.inline(node);
            *input = Some(composed(values, Vec::new()));
        }
    }
}

fn composed(values: Node, layers: Vec<Node>) -> Input {
    let layers = if layers.len() > 1 { layers } else { Vec::new() };
    Input::Composed(Arc::new(Composed { texts: Vec::new(), values, found: Vec::new(), layers }))
}

/// The globals of an umbrella chart without the keys of its other charts; `None` where they cannot be read.
pub fn globals(name: &str, text: &str) -> Option<Input> {
    let mut values = crate::yaml::read::read_with(text, 0, Severity::Warning).ok()?.value;
    if let Kind::Map(entries) = &mut values.kind
        && let Some(globals) = entries.get_mut("global")
    {
        umbrella::without_foreign(globals);
    }
    let mut sources = Sources::default();
    sources.add(name, text);
    let texts = sources.all().map(|(_, source)| source.clone()).collect();
    Some(Input::Composed(Arc::new(Composed { texts, values, found: Vec::new(), layers: Vec::new() })))
}

/// The values of the release that the files install, at the position of the first file that does.
fn from_carriers(
    composer: &mut Composer<'_>,
    carriers: Vec<Carrier<'_>>,
    documents: &[FileDocument],
    taken: &mut [Option<Input>],
) -> ReleaseFacts {
    let facts = forms::facts(&carriers, composer);
    let mut values = Node::empty_map(carriers[0].at);
    for carrier in &carriers {
        composer.lay(&mut values, carrier, documents);
    }
    let (mut path, mut globals) = (ValuePath::root(), None);
    while let Some((below, inherited)) = umbrella::find(&values) {
        let Some(section) = umbrella::section(values.clone(), &below, &mut globals, inherited) else { break };
        values = section;
        path.0.extend(below.0);
    }
    composer.findings.extend(umbrella::pass_down(&mut values, globals));
    let empty = matches!(&values.kind, Kind::Map(entries) if entries.is_empty());
    let refused = composer.findings.iter().any(|finding| finding.severity == Severity::Error);
    if empty && !refused && carriers.iter().all(Carrier::is_open) {
        composer.findings.push(forms::nothing(&carriers[0]));
    }
    let below = if path.0.is_empty() { String::new() } else { format!(", below `{path}`") };
    if !refused {
        composer.findings.push(forms::note(&carriers, &below, &facts));
    }
    for document in documents.iter().filter(|document| objects::is_no_values(&document.root)) {
        taken[document.file] = None;
    }
    let layers = std::mem::take(&mut composer.laid);
    taken[carriers[0].at.source] = Some(composed(values, if path.0.is_empty() { layers } else { Vec::new() }));
    facts
}

/// The values of an umbrella chart: all its files are merged first, as Helm does, because globals of any of them take
/// precedence over those of the section.
fn from_umbrellas(composer: &mut Composer<'_>, documents: &[FileDocument], taken: &mut [Option<Input>]) {
    let mut all: Option<(Node, ValuePath)> = None;
    let mut globals = None;
    let mut files: Vec<usize> = Vec::new();
    let mut layers = Vec::new();
    for document in documents {
        if taken[document.file].is_none() || matches!(taken[document.file], Some(Input::Composed(_))) {
            continue;
        }
        let (mut node, mut path) = (document.root.clone(), ValuePath::root());
        while let Some((below, inherited)) = umbrella::find(&node) {
            let Some(section) = umbrella::section(node.clone(), &below, &mut globals, inherited) else { break };
            node = section;
            path.0.extend(below.0);
        }
        if path.0.is_empty() {
            if let Some((package, node)) = umbrella::without_values(&document.root) {
                let message = format!("`{package}` has no `values`, and Big Bang makes all values of GitLab itself");
                let finding = Diagnostic::error("not-values", message).at(node.key.unwrap_or(node.at));
                composer.findings.push(finding.hint(format!("write those of the chart below `{package}.values`")));
            }
            continue;
        }
        files.push(document.file);
        layers.push(node.clone());
        match &mut all {
            Some((values, _)) => values.overlay(node),
            none => *none = Some((node, path)),
        }
    }
    let Some((mut values, path)) = all else { return };
    composer.findings.extend(umbrella::pass_down(&mut values, globals));
    let at = values.key.unwrap_or(values.at);
    let message = format!("the values are those below `{path}`, where another chart has GitLab's as a dependency");
    composer.findings.push(Diagnostic::note("values-inside", message).at(at));
    for file in &files {
        taken[*file] = None;
    }
    if let Some(last) = files.last() {
        taken[*last] = Some(composed(values, layers));
    }
}

impl Composer<'_> {
    /// The documents of a file, each a map; `None` where one of them cannot be read, or where there are more than a
    /// values file may have: the reader of values reports that.
    fn documents(&mut self, file: usize, text: &str) -> Vec<FileDocument> {
        let mut all = Vec::new();
        let mut left = MAX_NODES / 4;
        for (lines, part) in stream::of_manifests(text) {
            match crate::yaml::read::document_with(part, file, lines, self.duplicates) {
                Ok(read) => {
                    if let Some(root) = read.value {
                        let Some(rest) = left.checked_sub(root.weight()) else { return Vec::new() };
                        left = rest;
                        self.findings.extend(read.warnings);
                        all.extend(objects::of(root).into_iter().map(|root| FileDocument { file, root }));
                    }
                }
                Err(_) => {
                    let found = templates::of_a_tool(file, text).or_else(|| templates::script(file, text));
                    self.findings.extend(found);
                    return Vec::new();
                }
            }
        }
        all
    }

    /// Reports files that SOPS has encrypted.
    fn encrypted(&mut self, documents: &[FileDocument]) {
        for document in documents {
            if let Kind::Map(entries) = &document.root.kind
                && let Some(sops) = entries.get("sops").filter(|sops| node::get(sops, "mac").is_some())
            {
                let name = self.sources.get(document.file).map(|source| source.name.clone()).unwrap_or_default();
                let at = sops.key.unwrap_or(sops.at);
                self.findings.push(encrypted::Cipher::Sops.finding(&name, Some(at)));
            }
        }
    }
}
