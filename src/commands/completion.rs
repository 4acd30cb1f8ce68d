//! `gitlab-render completion`.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionArgs};
use crate::commands::{Exit, Stop};
use crate::ui::Ui;

/// Writes the script.
pub fn run(args: &CompletionArgs, ui: &Ui) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gitlab-render", &mut script);
    ui.out(&script)?;
    Ok(Exit::Done)
}
