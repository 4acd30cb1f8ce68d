//! A fleet: many environments of GitLab, each made of layers of values. One `fleet.yaml` names them.
//!
//! [`read`] gives the environments of a file and of those that it includes; [`matrix`] makes environments of
//! combinations, [`shard`] divides them among machines, [`ci`] writes pipelines that do so.

pub mod ci;
mod fields;
mod matrix;
pub mod shard;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use self::fields::FleetFields;
use crate::diag::{Diagnostic, Failure, Location, Report, Severity, Sources, code};
use crate::yaml::{Kind, Node, read as yaml};

/// The name of the file that is read without `-f`.
pub const FILE: &str = "fleet.yaml";

/// One environment. Flags and defaults stand in for what it leaves out.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Its name, and that of its folder.
    pub name: String,
    /// The release's name.
    pub release: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The GitLab version.
    pub gitlab: Option<String>,
    /// The cluster's version.
    pub kubernetes: Option<String>,
    /// What the cluster has besides Kubernetes' own API versions.
    pub api_versions: Vec<String>,
    /// The built-in profile below all layers.
    pub profile: Option<String>,
    /// The values files, lowest first, as paths from the current directory.
    pub values: Vec<String>,
    /// Single values, as after `--set`.
    pub set: Vec<String>,
    /// The tool that runs hooks: `helm`, `argocd`, `flux` or `none`.
    pub hooks: Option<String>,
    /// The form of the manifests: `yaml` or `json`.
    pub output: Option<String>,
    /// Whether it is an upgrade.
    pub is_upgrade: bool,
    /// Whether unknown keys are warnings.
    pub unknown_keys: Option<String>,
    /// The places of its keys, and of its values files by path.
    pub places: BTreeMap<String, Location>,
    /// The files that the places refer to.
    pub sources: Arc<Sources>,
}

impl Environment {
    /// A finding about a key or a values file, at its place.
    pub fn at(&self, name: &str, finding: Diagnostic) -> Diagnostic {
        match self.places.get(name) {
            Some(place) => finding.at(*place),
            None => finding,
        }
    }

    /// The place of the setting that a finding is about: an item of `set`, which a render names by its number, or a version or
    /// profile, for which it has no place. `files` are the names of the sources that it points to.
    pub fn setting<'s>(&self, code: &str, mut files: impl Iterator<Item = &'s str>) -> Option<Location> {
        let key = match code {
            code::VERSION | code::GITLAB_VERSION => "gitlab",
            code::UNKNOWN_PROFILE => "profile",
            _ => files.find(|name| name.starts_with(SET))?,
        };
        self.places.get(key).copied()
    }

    /// Adds the places in `fleet.yaml` to findings about its settings.
    pub fn placed(&self, findings: Vec<Diagnostic>, sources: &Sources) -> (Vec<Diagnostic>, Sources) {
        let mut all = sources.clone();
        let first = all.all().count();
        for (_, source) in self.sources.all() {
            all.add(source.name.as_str(), Arc::clone(&source.text));
        }
        let placed = |finding: Diagnostic| {
            let names =
                finding.places.iter().filter_map(|place| Some(sources.get(place.location()?.source)?.name.as_str()));
            match self.setting(finding.code, names) {
                Some(at) => finding.at(Location { source: first + at.source, ..at }),
                None => finding,
            }
        };
        (findings.into_iter().map(placed).collect(), all)
    }
}

/// What a render calls an item of `set`, before its number, counted from 1.
const SET: &str = "--set #";

/// The environments of a fleet, by name.
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    /// All environments, sorted by name.
    pub environments: Vec<Environment>,
}

/// How deep files may include each other.
const DEEPEST: usize = 8;
/// The most environments of a fleet.
pub const MOST: usize = 10_000;

/// Reads a fleet. `text` gives the content of a path.
///
/// # Errors
/// All errors in the files: unknown keys, wrong types, duplicate names, an include that cannot be read.
pub fn read(path: &str, text: &mut dyn FnMut(&str) -> Result<String, Diagnostic>) -> Result<Fleet, Failure> {
    let (sources, findings, found) = (Sources::default(), Vec::new(), BTreeMap::new());
    let mut reader = Reader { text, sources, findings, found, read: BTreeMap::new() };
    reader.file(path, 0, None);
    let Reader { sources, mut findings, found, .. } = reader;
    if found.is_empty() && findings.is_empty() {
        findings.push(
            Diagnostic::error("fleet", format!("`{path}` has no environments"))
                .hint("write `environments:` with a name each, and their `values:`"),
        );
    }
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Failure { report: Report(findings), sources });
    }
    let sources = Arc::new(sources);
    let environments =
        found.into_values().map(|(environment, _)| Environment { sources: sources.clone(), ..environment });
    Ok(Fleet { environments: environments.collect() })
}

struct Reader<'r> {
    text: &'r mut dyn FnMut(&str) -> Result<String, Diagnostic>,
    sources: Sources,
    findings: Vec<Diagnostic>,
    found: BTreeMap<String, (Environment, Location)>,
    /// The files that were read, and the places that include them.
    read: BTreeMap<PathBuf, Option<Location>>,
}

impl Reader<'_> {
    fn file(&mut self, path: &str, depth: usize, at: Option<Location>) {
        if let Some(first) = self.read.insert(plain(path), at) {
            let message = format!("`{path}` is included twice, so its environments would be defined twice");
            let finding = Diagnostic::error("fleet", message).hint("include each file once, and never in itself");
            let finding = [at, first].into_iter().flatten().fold(finding, Diagnostic::at);
            return self.findings.push(finding);
        }
        let text = match (self.text)(path) {
            Ok(text) => text,
            Err(finding) => {
                self.findings.push(match at {
                    Some(at) => finding.at(at),
                    None => finding,
                });
                return;
            }
        };
        let source = self.sources.add(path, text.as_str());
        let root = match yaml::read(&text, source) {
            Ok(read) => {
                self.findings.extend(read.warnings);
                read.value
            }
            Err(report) => return self.findings.extend(report.0),
        };
        let folder = Path::new(path).parent().map(Path::to_owned).unwrap_or_default();
        let mut fields = FleetFields::of(&root, &mut self.findings);
        let includes = fields.strings("include");
        let defaults = fields.node("defaults");
        let named = fields.map("environments");
        let matrices = fields.list("matrix");
        fields.finish("a fleet");
        let defaults = match defaults {
            Some(node) => self.environment(node, &Environment::default(), &folder, &BTreeMap::new()),
            None => Environment::default(),
        };
        for (name, node) in named {
            let environment = self.environment(node, &defaults, &folder, &BTreeMap::new());
            self.add(name, environment, node.key.unwrap_or(node.at));
        }
        for node in matrices {
            let Some(matrix) = matrix::Matrix::of(node, &mut self.findings) else { continue };
            for combination in matrix.combinations() {
                let environment = match matrix.environment {
                    Some(inner) => self.environment(inner, &defaults, &folder, &combination),
                    None => defaults.clone(),
                };
                self.add(&matrix::filled(&matrix.name, &combination), environment, node.at);
            }
        }
        for (include, at) in includes {
            if depth == DEEPEST {
                let message = format!("files include each other more than {DEEPEST} deep");
                self.findings
                    .push(Diagnostic::error("fleet", message).at(at).hint("include all of them from one file"));
                continue;
            }
            self.file(&joined(&folder, &include), depth + 1, Some(at));
        }
    }

    fn add(&mut self, name: &str, environment: Environment, at: Location) {
        let fine = !name.is_empty()
            && !name.starts_with('.')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !fine {
            self.findings.push(
                Diagnostic::error("fleet", format!("`{name}` cannot be the name of an environment"))
                    .at(at)
                    .hint("its directory is named after it: use letters, digits, `-`, `_` and `.`"),
            );
            return;
        }
        if self.found.len() >= MOST {
            let message = format!("a fleet of more than {MOST} environments");
            let finding = Diagnostic::error("fleet", message).at(at).hint("divide it into several files");
            if !self.findings.iter().any(|known| known.message == finding.message) {
                self.findings.push(finding);
            }
            return;
        }
        let alike = |other: &&String| other.as_str() != name && other.eq_ignore_ascii_case(name);
        if let Some(other) = self.found.keys().find(alike) {
            let message = format!("the names `{other}` and `{name}` differ in case only");
            let hint = "rename one: on some file systems their directories would be the same";
            let first = self.found.get(other).map(|(_, first)| *first);
            let finding = first.into_iter().fold(Diagnostic::error("fleet", message).at(at), Diagnostic::at);
            self.findings.push(finding.hint(hint));
        }
        let environment = Environment { name: name.to_owned(), ..environment };
        if let Some((_, first)) = self.found.insert(name.to_owned(), (environment, at)) {
            self.findings.push(
                Diagnostic::error("fleet", format!("the environment `{name}` is defined twice"))
                    .at(at)
                    .at(first)
                    .hint("give one of them another name; the names in a matrix come from its combinations"),
            );
        }
    }

    /// Merges an environment over the defaults of its file; lists of values are appended to those of the defaults.
    fn environment(
        &mut self,
        node: &Node,
        defaults: &Environment,
        folder: &Path,
        combination: &BTreeMap<String, String>,
    ) -> Environment {
        let mut places = defaults.places.clone();
        if let Kind::Map(entries) = &node.kind {
            places.extend(entries.iter().map(|(key, node)| (key.clone(), node.key.unwrap_or(node.at))));
        }
        let mut fields = FleetFields::of(node, &mut self.findings);
        let text = |fields: &mut FleetFields<'_, '_>, key: &str, default: &Option<String>| {
            fields.string(key).map(|text| matrix::filled(&text, combination)).or_else(|| default.clone())
        };
        let mut environment = Environment {
            name: String::new(),
            release: text(&mut fields, "release", &defaults.release),
            namespace: text(&mut fields, "namespace", &defaults.namespace),
            gitlab: text(&mut fields, "gitlab", &defaults.gitlab),
            kubernetes: text(&mut fields, "kubernetes", &defaults.kubernetes),
            profile: text(&mut fields, "profile", &defaults.profile),
            hooks: text(&mut fields, "hooks", &defaults.hooks),
            output: text(&mut fields, "output", &defaults.output),
            unknown_keys: text(&mut fields, "unknownKeys", &defaults.unknown_keys),
            is_upgrade: fields.boolean("isUpgrade").unwrap_or(defaults.is_upgrade),
            ..defaults.clone()
        };
        let fill = |(text, _): (String, Location)| matrix::filled(&text, combination);
        environment.api_versions.extend(fields.strings("apiVersions").into_iter().map(fill));
        for (value, at) in fields.strings("set") {
            environment.set.push(fill((value, at)));
            places.insert(format!("{SET}{}", environment.set.len()), at);
        }
        for (value, at) in fields.strings("values") {
            let path = joined(folder, &fill((value, at)));
            places.insert(path.clone(), at);
            environment.values.push(path);
        }
        fields.finish("an environment");
        Environment { places, ..environment }
    }
}

/// A path in a file, relative to the current directory.
fn joined(folder: &Path, path: &str) -> String {
    match path.starts_with("profile:") {
        true => path.to_owned(),
        false => {
            let joined: PathBuf = folder.join(path).components().collect();
            joined.display().to_string()
        }
    }
}

/// A path without `..`, to recognise a file.
fn plain(path: &str) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}
