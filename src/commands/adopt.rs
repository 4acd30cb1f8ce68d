//! `gitlab-render adopt`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Exit;
use crate::adopt::Tool;
use crate::adopt::write::{Layout, write};
use crate::cli::{ReleaseArgs, Rerun, ValuesArgs};
use crate::diag::{Diagnostic, Failure};
use crate::files::{Stdin, read_text};
use crate::manifest::Phase;
use crate::phases::Hooks;
use crate::pipeline::{self, Output, Request};
use crate::ui::Ui;
use crate::wrapped::Unwrapped;

/// `gitlab-render adopt`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AdoptArgs {
    /// The release that Helm runs.
    #[command(flatten)]
    pub release: ReleaseArgs,
    /// Its values, as Helm has them.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// A file with the output of `helm get metadata`, `helm get manifest`, or of `kubectl get
    /// configmap` for the chart-info; `-` for stdin. The guide is for the GitLab version in it.
    #[arg(long, value_name = "FILE", conflicts_with = "gitlab_version", help_heading = "Release")]
    pub from: Option<PathBuf>,
    /// The tool that applies manifests from now on.
    #[arg(long, value_name = "TOOL", value_enum, default_value_t = Tool::Kubectl, help_heading = "Output")]
    pub to: Tool,
    /// Form of the guide.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = GuideForm::Text, help_heading = "Output")]
    pub output: GuideForm,
}

const EXAMPLES: &str = "\
Examples:
  gitlab-render adopt prod -n gitlab -f values.yaml
  gitlab-render adopt prod -n gitlab -f values.yaml --to flux -o markdown \\
    > handover.md";

/// The form of a guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GuideForm {
    /// For a terminal.
    Text,
    /// Markdown.
    Markdown,
    /// One object.
    Json,
}

impl AdoptArgs {
    /// Writes the guide for taking over a release.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let Unwrapped { inputs, release } = self.values.inputs(&mut Stdin::default())?;
        let mut wanted = self.release.wanted();
        if wanted.name.is_none() && release.name.is_none() {
            let message = "the name of the release to take over is missing";
            let hint = "write `gitlab-render adopt NAME -n NAMESPACE`; `helm list -A` shows both";
            return Err(Diagnostic::usage("no-release", message).hint(hint).into());
        }
        let output = Output { phases: vec![Phase::Pre, Phase::Main, Phase::Post], ..Output::default() };
        let installed = self.from.as_ref().map(|file| Installed::read(file)).transpose()?;
        wanted.gitlab_version = installed.as_ref().map(|installed| installed.gitlab.clone()).or(wanted.gitlab_version);
        let target = wanted.target(&release);
        if let Some(installed) = &installed {
            installed.is_of(&target.name, &target.namespace)?;
        }
        let is_known = target.gitlab_version.is_some();
        let template = Rerun::template(&self.release, &target, &self.values).line()?;
        let request = Request { hooks: Hooks::None, ..self.values.request_of(target, inputs) };
        let values = self.helm_values()?;
        let (guide, mut warnings, sources) = pipeline::adopt(&request, &output, self.to, template, &values)?;
        warnings.extend(guide.release.gitlab.as_deref().filter(|_| !is_known).map(default_version));
        ui.report(&warnings, &sources);
        let text = match self.output {
            GuideForm::Text => write(&guide, Layout::Text),
            GuideForm::Markdown => write(&guide, Layout::Markdown),
            GuideForm::Json => format!("{:#}\n", guide.as_json()),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}

impl AdoptArgs {
    /// The flags that give Helm the same values. It knows no profiles: `gitlab-render init NAME` writes one as `NAME.yaml`.
    fn helm_values(&self) -> Result<String, Diagnostic> {
        let profile = |name: &str| format!("{name}.yaml");
        let mut words = Rerun::default();
        words.options("-f", self.values.profile.as_deref().map(profile));
        words.options(
            "-f",
            self.values.files.iter().map(|file| file.strip_prefix("profile:").map_or_else(|| file.clone(), profile)),
        );
        words.sets(&self.values);
        words.tail()
    }
}

/// A warning that the version was not given: taking over must change nothing.
fn default_version(gitlab: &str) -> Diagnostic {
    let message = format!("the guide renders GitLab {gitlab}, the default; the version that runs was not given");
    let hint = "`helm get metadata NAME -n NAMESPACE > release.txt`, then `--from release.txt`; or `--gitlab-version`";
    Diagnostic::warning("version-not-given", message).hint(hint)
}

/// What a file of `--from` says about the running release.
struct Installed {
    /// The file, for messages.
    file: String,
    gitlab: String,
    name: Option<String>,
    namespace: Option<String>,
}

impl Installed {
    /// Reads the output of `helm get metadata` in each of its forms, or manifests with the chart-info ConfigMap.
    fn read(path: &Path) -> Result<Self, Failure> {
        let file = path.display().to_string();
        let text = read_text(path)?;
        // `-o json` writes one line.
        let json = serde_json::from_str::<serde_json::Value>(&text).ok();
        let text = json.map_or(text, |value| format!("{value:#}"));
        let (name, namespace) = match pipeline::diff::is_manifests(&text) {
            true => pipeline::diff::release_of(vec![(file.clone(), text.clone())])?,
            false => (of_metadata(&text, "name"), of_metadata(&text, "namespace")),
        };
        let gitlab = running(&text).ok_or_else(|| {
            let message = format!("`{file}` does not say which GitLab version runs");
            let hint = "give it the output of `helm get metadata NAME -n NAMESPACE`, or name the version with \
                        `--gitlab-version`";
            Diagnostic::error("no-version", message).hint(hint)
        })?;
        Ok(Installed { file, gitlab, name, namespace })
    }

    /// Refuses a file of another release: its version would be the wrong one.
    fn is_of(&self, name: &str, namespace: &str) -> Result<(), Diagnostic> {
        let is_other = |found: &Option<String>, wanted: &str| found.as_ref().is_some_and(|found| found != wanted);
        if !is_other(&self.name, name) && !is_other(&self.namespace, namespace) {
            return Ok(());
        }
        let found = self.name.as_deref().unwrap_or(name);
        let place = self.namespace.as_deref().unwrap_or(namespace);
        let message = format!(
            "`{}` is about the release `{found}` in namespace `{place}`, and the guide is for `{name}` in `{namespace}`",
            self.file
        );
        let hint = format!(
            "name that release, `gitlab-render adopt {found} -n {place}`, or give `--from` the output of \
             `helm get metadata {name} -n {namespace}`"
        );
        Err(Diagnostic::error("other-release", message).hint(hint))
    }
}

/// A line of `key: value` in a table, in YAML or in indented JSON.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let value = value.trim().trim_end_matches(',').trim_matches(['"', '\'']);
    Some((key.trim().trim_matches('"'), value))
}

/// A field of `helm get metadata`: in capitals in its table, else in lower case.
fn of_metadata(text: &str, field: &str) -> Option<String> {
    let found = text.lines().filter_map(pair).find(|(key, value)| key.eq_ignore_ascii_case(field) && !value.is_empty());
    found.map(|(_, value)| value.to_owned())
}

/// The GitLab version that Helm or the chart-info ConfigMap says is running.
fn running(text: &str) -> Option<String> {
    const NAMES: [&str; 4] = ["appVersion", "app_version", "APP_VERSION", "gitlabVersion"];
    let version = |(key, value): (&str, &str)| {
        let value = value.trim_start_matches('v');
        let is_version = value.split('.').count() == 3 && value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        (NAMES.contains(&key) && is_version).then(|| value.to_owned())
    };
    text.lines().filter_map(pair).find_map(version)
}
