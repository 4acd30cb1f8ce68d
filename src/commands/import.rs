//! `gitlab-render import`.

use std::path::Path;

use crate::cli::import::{GitlabRbArgs, ImportArgs, ImportFrom};
use crate::commands::outputs::write_file;
use crate::commands::texts::read_text;
use crate::commands::{Exit, Stop};
use crate::pipeline::import;
use crate::ui::Ui;

/// Reads, writes the values, and says what is not in them.
pub fn run(args: &ImportArgs, ui: &Ui) -> Result<Exit, Stop> {
    match &args.from {
        ImportFrom::GitlabRb(args) => gitlab_rb(args, ui),
    }
}

fn gitlab_rb(args: &GitlabRbArgs, ui: &Ui) -> Result<Exit, Stop> {
    let text = read_text(Path::new(&args.file))?;
    let secrets = args.secrets.as_deref().map(read_text).transpose()?;
    let name = if args.file == "-" { "stdin" } else { &args.file };
    let (imported, sources) = import::gitlab_rb(name, &text, secrets.as_deref(), &args.namespace)
        .map_err(|failure| Stop::refused(failure.report, failure.sources))?;
    match args.output.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => write_file(path, &imported.text, args.force)?,
        None => ui.out(imported.text.as_bytes())?,
    }
    ui.report(&imported.findings, &sources);
    Ok(Exit::Done)
}
