//! `gitlab-render adopt`.

use clap::{Args, ValueEnum};

use crate::cli::{ReleaseArgs, ValuesArgs};

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
    /// Who applies manifests from now on.
    #[arg(long, value_name = "TOOL", value_enum, default_value_t = AdoptTool::Kubectl)]
    pub to: AdoptTool,
    /// Form of the guide.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = GuideForm::Text)]
    pub output: GuideForm,
}

const EXAMPLES: &str = "\
Examples:
  gitlab-render adopt prod -n gitlab -f values.yaml
  gitlab-render adopt prod -n gitlab -f values.yaml --to flux -o markdown > handover.md";

/// Tools that apply manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AdoptTool {
    /// A person or a pipeline with kubectl.
    Kubectl,
    /// Argo CD.
    #[value(name = "argocd")]
    ArgoCd,
    /// Flux.
    Flux,
}

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
