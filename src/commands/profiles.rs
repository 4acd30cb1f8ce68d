//! `gitlab-render profiles`.

use clap::Args;
use serde_json::json;

use super::Exit;
use crate::cli::AnswerForm;
use crate::diag::Failure;
use crate::profiles;
use crate::ui::Ui;

/// `gitlab-render profiles`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gitlab-render profiles -o json")]
pub struct ProfilesArgs {
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = AnswerForm::Text)]
    pub output: AnswerForm,
}

impl ProfilesArgs {
    /// Lists the profiles with their purposes; the JSON form has the questions of each as well.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let text = match self.output {
            AnswerForm::Json => {
                let listed = profiles::all().map(|profile| {
                    let questions = profile.questions();
                    let questions = questions.iter().map(|q| json!({ "line": q.line, "question": q.text }));
                    json!({ "name": profile.name, "purpose": profile.purpose(), "questions": questions.collect::<Vec<_>>() })
                });
                format!("{:#}\n", json!(listed.collect::<Vec<_>>()))
            }
            AnswerForm::Text => {
                let width = profiles::all().map(|profile| profile.name.len()).max().unwrap_or_default();
                profiles::all().map(|profile| format!("{:width$}  {}\n", profile.name, profile.purpose())).collect()
            }
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
