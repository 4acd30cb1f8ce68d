//! `gitlab-render explain`.

use clap::Args;
use serde_json::json;

use super::Exit;
use crate::cli::AnswerForm;
use crate::diag::register::{self, Entry};
use crate::diag::{Diagnostic, Failure};
use crate::ui::Ui;

/// `gitlab-render explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  gitlab-render explain unknown-key\n  gitlab-render explain bad-format -o json")]
pub struct ExplainArgs {
    /// The code of a finding, the word in brackets after `error`; without it, all codes are listed.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = AnswerForm::Text)]
    pub output: AnswerForm,
}

impl ExplainArgs {
    /// Prints the entry of a code in the register, or the whole register.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let entries: Vec<Entry> = match &self.code {
            None => register::all().collect(),
            // as it is printed, `error[unknown-key]`, it is understood too
            Some(code) => {
                let bare = code.split(['[', ']']).nth(1).unwrap_or(code);
                vec![register::find(bare).ok_or_else(|| unknown(bare))?]
            }
        };
        let text = match (self.output, self.code.is_some()) {
            (AnswerForm::Json, one) => {
                let all: Vec<_> = entries.iter().map(as_json).collect();
                format!("{:#}\n", if one { json!(all[0]) } else { json!(all) })
            }
            (AnswerForm::Text, true) => entries.iter().map(as_text).collect(),
            (AnswerForm::Text, false) => {
                let width = entries.iter().map(|entry| entry.code.len()).max().unwrap_or_default();
                entries.iter().map(|entry| format!("{:width$}  {}\n", entry.code, entry.meaning)).collect()
            }
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}

fn as_text(entry: &Entry) -> String {
    let Entry { code, severities, meaning, next } = entry;
    format!("{code} ({})\n\n{meaning}\n\nWhat to do: {next}\n", severities.replace(',', ", "))
}

fn as_json(entry: &Entry) -> serde_json::Value {
    let severities: Vec<&str> = entry.severities.split(',').collect();
    json!({ "code": entry.code, "severities": severities, "meaning": entry.meaning, "next": entry.next })
}

fn unknown(code: &str) -> Diagnostic {
    let hint = match register::nearest(code) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`gitlab-render explain` lists all codes".to_owned(),
    };
    Diagnostic::error("unknown-code", format!("there is no finding with the code `{code}`")).hint(hint)
}
