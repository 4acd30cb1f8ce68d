//! `gitlab-render version`.

use clap::Args;

use super::Exit;
use crate::cli::AnswerForm;
use crate::diag::Failure;
use crate::releases;
use crate::ui::Ui;

/// `gitlab-render version`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gitlab-render version -o json")]
pub struct VersionArgs {
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = AnswerForm::Text)]
    pub output: AnswerForm,
}

impl VersionArgs {
    /// Prints the versions.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let own = env!("CARGO_PKG_VERSION");
        let (chart, gitlab) = (releases::compared_chart(), releases::known_versions());
        let text = match self.output {
            AnswerForm::Json => {
                let answer = serde_json::json!({ "version": own, "chart": chart, "gitlab": gitlab });
                format!("{answer:#}\n")
            }
            AnswerForm::Text => {
                format!("gitlab-render {own}\nreplaces the chart gitlab {chart}\nknows GitLab {}\n", gitlab.join(", "))
            }
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
