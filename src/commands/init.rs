//! `gitlab-render init`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use crate::cli::ProfileName;
use crate::diag::{Diagnostic, Failure, Sources};
use crate::files::write_file;
use crate::profiles::{self, FIRST, Profile};
use crate::ui::Ui;

/// `gitlab-render init`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct InitArgs {
    /// The profile; `gitlab-render profiles` lists them. Without it: `evaluation`.
    #[arg(value_name = "PROFILE", value_parser = ProfileName, hide_possible_values = true)]
    pub profile: Option<String>,
    /// File to write to; without it, and with `-`, stdout.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing file.
    #[arg(long, requires = "output")]
    pub force: bool,
}

const EXAMPLES: &str = "\
Examples:
  gitlab-render init aws -o values.yaml
  gitlab-render init | gitlab-render template -f -";

impl InitArgs {
    /// Writes the profile, then prints the questions that it leaves open.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let profile = profiles::find(self.profile.as_deref().unwrap_or(FIRST))?;
        let file = self.output.as_deref().filter(|path| *path != Path::new("-"));
        match file {
            Some(path) => write_file(path, profile.text, self.force)?,
            None => ui.out(profile.text.as_bytes())?,
        }
        let name = file.map_or_else(|| format!("profile:{}", profile.name), |path| path.display().to_string());
        let mut sources = Sources::default();
        // The place alone is given: the question is in the message, and an excerpt would mask some lines.
        let source = sources.add(name, "");
        let mut notes = Vec::new();
        if self.profile.is_none() {
            let message = format!("no profile was named, so the default is used: `{FIRST}`: {}", profile.purpose());
            notes.push(Diagnostic::note("profile", message).hint("`gitlab-render profiles` lists the others"));
        }
        notes.extend(questions(&profile, source));
        ui.report(&notes, &sources);
        Ok(Exit::Done)
    }
}

fn questions(profile: &Profile, source: usize) -> impl Iterator<Item = Diagnostic> {
    profile.questions().into_iter().map(move |question| {
        Diagnostic::note("question", format!("open question: {}", question.text)).at(question.at(source))
    })
}
