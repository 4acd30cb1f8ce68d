//! `gitlab-render releases`.

use clap::Args;

use super::Exit;
use crate::cli::AnswerForm;
use crate::diag::Failure;
use crate::pipeline::upgrade;
use crate::ui::Ui;

/// `gitlab-render releases`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gitlab-render releases --from 18.5\n  gitlab-render releases --from 9.8 --to 9.9 -o json"
)]
pub struct ReleasesArgs {
    /// The first release to show, by GitLab's version or the chart's.
    #[arg(long, value_name = "VERSION")]
    pub from: Option<String>,
    /// The last release to show.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = AnswerForm::Text)]
    pub output: AnswerForm,
}

impl ReleasesArgs {
    /// Shows the catalogue.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let catalogue = upgrade::catalogue(self.from.as_deref(), self.to.as_deref())?;
        let text = match self.output {
            AnswerForm::Json => catalogue.json(),
            AnswerForm::Text => catalogue.text(),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
