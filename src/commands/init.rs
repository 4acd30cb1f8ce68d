//! `gitlab-render init`.

use std::path::Path;

use crate::cli::InitArgs;
use crate::commands::outputs::write_file;
use crate::commands::{Exit, Stop};
use crate::diag::{Diagnostic, Sources};
use crate::pipeline::{self, FIRST_PROFILE, Profile};
use crate::ui::Ui;

/// Writes the profile, then says what it could not know.
pub fn run(args: &InitArgs, ui: &Ui) -> Result<Exit, Stop> {
    let profile = pipeline::find_profile(args.profile.as_deref().unwrap_or(FIRST_PROFILE))?;
    let file = args.output.as_deref().filter(|path| *path != Path::new("-"));
    match file {
        Some(path) => write_file(path, profile.text, args.force)?,
        None => ui.out(profile.text.as_bytes())?,
    }
    let name = file.map_or_else(|| format!("profile:{}", profile.name), |path| path.display().to_string());
    let mut sources = Sources::default();
    // A place is enough: the question is in the message, and the line may be one that excerpts mask.
    let source = sources.add(name, "");
    let mut said = Vec::new();
    if args.profile.is_none() {
        let message = format!("no profile is named, so this is `{FIRST_PROFILE}`: {}", profile.purpose());
        said.push(Diagnostic::note("profile", message).hint("`gitlab-render profiles` lists the others"));
    }
    said.extend(questions(&profile, source));
    ui.report(&said, &sources);
    Ok(Exit::Done)
}

fn questions(profile: &Profile, source: usize) -> impl Iterator<Item = Diagnostic> {
    profile.questions().into_iter().map(move |question| {
        Diagnostic::note("question", format!("to be answered: {}", question.text)).at(question.at(source))
    })
}
