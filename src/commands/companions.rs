//! `gitlab-render companions`.

use clap::{Args, ValueEnum};

use super::Exit;
use crate::cli::{ReleaseArgs, ValuesArgs};
use crate::companions::write;
use crate::diag::{Failure, code};
use crate::pipeline;
use crate::ui::Ui;

/// `gitlab-render companions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompanionsArgs {
    /// The release that they belong to.
    #[command(flatten)]
    pub release: ReleaseArgs,
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// The tool that installs them.
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t = CompanionForm::Helm, help_heading = "Output")]
    pub form: CompanionForm,
}

const EXAMPLES: &str = "\
Examples:
  gitlab-render companions prod -n gitlab -f values.yaml > companions.sh
  sh companions.sh --dry-run
  gitlab-render companions prod -n gitlab -f values.yaml --as flux \\
    > companions.yaml";

/// How the third-party charts are installed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompanionForm {
    /// A script with `helm upgrade --install`.
    #[default]
    Helm,
    /// A HelmRepository and a HelmRelease for each.
    Flux,
    /// An Application for each.
    Argocd,
}

impl CompanionsArgs {
    /// Writes how to install the third-party charts that the values turn on.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let request = self.values.request(self.release.wanted())?;
        let (companions, release, rendered) = pipeline::companions(&request)?;
        // That these charts are not rendered, and that this command writes how to install them, is what it was asked for.
        let warnings: Vec<_> = rendered.warnings.into_iter().filter(|found| found.code != code::THIRD_PARTY).collect();
        ui.report(&warnings, &rendered.sources);
        let text = match self.form {
            CompanionForm::Helm => write::helm(&companions, &release),
            CompanionForm::Flux => write::flux(&companions, &release),
            CompanionForm::Argocd => write::argocd(&companions, &release),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
