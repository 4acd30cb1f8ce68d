//! `gitlab-render adopt`.

use clap::{Args, ValueEnum};

use super::Exit;
use crate::adopt::Tool;
use crate::adopt::write::{Layout, write};
use crate::cli::{ReleaseArgs, Rerun, ValuesArgs};
use crate::diag::{Diagnostic, Failure};
use crate::manifest::Phase;
use crate::phases::Hooks;
use crate::pipeline::{self, Output, Request};
use crate::ui::Ui;

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
        if self.release.given_name().is_none() {
            let message = "the release to take over has no name here";
            let hint = "write `gitlab-render adopt NAME -n NAMESPACE`; `helm list -A` shows both";
            return Err(Diagnostic::usage("no-release", message).hint(hint).into());
        }
        let output =
            Output { phases: vec![Phase::Pre, Phase::Main, Phase::Post], skip_stand_ins: true, ..Output::default() };
        let request = Request { hooks: Hooks::None, ..self.values.request(self.release.target())? };
        let template = Rerun::template(&self.release, &self.values).line();
        let (guide, warnings, sources) = pipeline::adopt(&request, &output, self.to, template)?;
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
