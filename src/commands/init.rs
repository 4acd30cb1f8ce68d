//! `gitlab-render init`.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::cli::InitArgs;
use crate::commands::{Exit, Stop};
use crate::diag::{Diagnostic, Sources};
use crate::pipeline::{self, FIRST_PROFILE, Profile};
use crate::ui::Ui;

/// Writes the profile, then says what it could not know.
pub fn run(args: &InitArgs, ui: &Ui) -> Result<Exit, Stop> {
    let profile = pipeline::find_profile(args.profile.as_deref().unwrap_or(FIRST_PROFILE))?;
    let file = args.output.as_deref().filter(|path| *path != Path::new("-"));
    match file {
        Some(path) => write(path, profile.text, args.force).map_err(|error| refused(path, &error))?,
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

/// Writes the whole file or none of it.
fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What the umask leaves of it, as for any other new file.
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if force {
        file.persist(path)?
    } else {
        file.persist_noclobber(path)?
    };
    Ok(())
}

fn refused(path: &Path, error: &io::Error) -> Diagnostic {
    let path = path.display();
    let (why, hint) = match error.kind() {
        io::ErrorKind::AlreadyExists => {
            ("is there already".to_owned(), "name another file, or write over it with `--force`")
        }
        io::ErrorKind::NotFound => ("is in a directory that does not exist".to_owned(), "make the directory first"),
        io::ErrorKind::IsADirectory => ("is a directory".to_owned(), "name a file"),
        io::ErrorKind::StorageFull => ("cannot be written: the disk is full".to_owned(), "make room, and run it again"),
        _ => (format!("cannot be written: {error}"), "check the path and its permissions"),
    };
    Diagnostic::environment("output", format!("`{path}` {why}")).hint(hint)
}
