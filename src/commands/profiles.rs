//! `gitlab-render profiles`.

use serde_json::json;

use crate::cli::{ProfilesArgs, VersionForm};
use crate::commands::{Exit, Stop};
use crate::pipeline;
use crate::ui::Ui;

/// Lists the profiles: names and purposes, for programs also what each asks.
pub fn run(args: &ProfilesArgs, ui: &Ui) -> Result<Exit, Stop> {
    let profiles = pipeline::profiles();
    let text = match args.output {
        Some(VersionForm::Json) => {
            let listed = profiles.map(|profile| {
                let questions = profile.questions();
                let questions = questions.iter().map(|q| json!({ "line": q.line, "question": q.text }));
                json!({ "name": profile.name, "purpose": profile.purpose(), "questions": questions.collect::<Vec<_>>() })
            });
            format!("{:#}\n", json!(listed.collect::<Vec<_>>()))
        }
        None => {
            let width = pipeline::profiles().map(|profile| profile.name.len()).max().unwrap_or_default();
            profiles.map(|profile| format!("{:width$}  {}\n", profile.name, profile.purpose())).collect()
        }
    };
    ui.out(text.as_bytes())?;
    Ok(Exit::Done)
}
