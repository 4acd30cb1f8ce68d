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
    /// What Helm says about the release: a file with the output of `helm get metadata`, `helm get manifest`, or of `kubectl get
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
  gitlab-render adopt prod -n gitlab -f values.yaml --to flux -o markdown > handover.md";

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
        if let Some(file) = &self.from {
            wanted.gitlab_version = Some(running(file, &read_text(file)?)?);
        }
        let target = wanted.target(&release);
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

/// The GitLab version that Helm or the chart-info ConfigMap says is running.
fn running(file: &Path, text: &str) -> Result<String, Diagnostic> {
    let version = |line: &str| {
        let (key, value) = line.split_once(':')?;
        let key = key.trim().trim_matches('"');
        let names = ["appVersion", "app_version", "APP_VERSION", "gitlabVersion"];
        let value = value.trim().trim_end_matches(',').trim_matches(['"', '\'']).trim_start_matches('v');
        let is_version = value.split('.').count() == 3 && value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        (names.contains(&key) && is_version).then(|| value.to_owned())
    };
    text.lines().find_map(version).ok_or_else(|| {
        let message = format!("`{}` does not say which GitLab version runs", file.display());
        let hint =
            "give it the output of `helm get metadata NAME -n NAMESPACE`, or name the version with `--gitlab-version`";
        Diagnostic::error("no-version", message).hint(hint)
    })
}
