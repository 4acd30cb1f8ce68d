//! `gitlab-render completion`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::{Cli, CompletionArgs};
use crate::commands::{Exit, Stop};
use crate::ui::Ui;

/// Writes the script.
pub fn run(args: &CompletionArgs, ui: &Ui) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gitlab-render", &mut script);
    if args.shell == Shell::Bash {
        // clap_complete 4.6 takes the hyphen in the program's name for a subcommand in half of the
        // script, and completes nothing behind a command (clap issue 6421)
        let text = String::from_utf8_lossy(&script);
        script = text.replace("gitlab__subcmd__render", "gitlab__render").into_bytes();
    }
    ui.out(&script)?;
    Ok(Exit::Done)
}
