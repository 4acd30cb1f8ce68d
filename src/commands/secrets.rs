//! `gitlab-render secrets`.

use clap::{Args, ValueEnum};

use super::Exit;
use crate::cli::{ReleaseArgs, ValuesArgs};
use crate::diag::Failure;
use crate::pipeline;
use crate::ui::Ui;
use crate::validate::installed;

/// `gitlab-render secrets`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SecretsArgs {
    /// The release.
    #[command(flatten)]
    pub release: ReleaseArgs,
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Form of the list.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = SecretsForm::Text, help_heading = "Output")]
    pub output: SecretsForm,
}

const EXAMPLES: &str = "\
Examples:
  gitlab-render secrets prod -n gitlab -f values.yaml

  The commands that create those that nothing else creates; each key is read from the file of its name:
    gitlab-render secrets prod -n gitlab -f values.yaml -o kubectl";

/// The form of the list of Secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SecretsForm {
    /// One line for each Secret; those that you have to create come first.
    Text,
    /// A list of objects, described by `schemas/secrets.schema.json`.
    Json,
    /// `kubectl create secret` commands for those that you have to create.
    Kubectl,
}

impl SecretsArgs {
    /// Lists the Secrets of a release.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let request = self.values.request(self.release.wanted())?;
        let (secrets, warnings, sources) = pipeline::validate::secrets(&request)?;
        ui.report(&warnings, &sources);
        let text = match self.output {
            SecretsForm::Text => installed::text(&secrets),
            SecretsForm::Json => format!("{:#}\n", installed::json(&secrets)),
            SecretsForm::Kubectl => installed::kubectl(&secrets),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
