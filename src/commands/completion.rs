//! `gitlab-render completion`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit};
use crate::diag::Failure;
use crate::ui::Ui;

/// `gitlab-render completion`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gitlab-render completion bash > ~/.local/share/bash-completion/completions/gitlab-render
  gitlab-render completion fish > ~/.config/fish/completions/gitlab-render.fish")]
pub struct CompletionArgs {
    /// The shell to write for.
    #[arg(value_enum)]
    pub shell: Shell,
}

impl CompletionArgs {
    /// Writes the script.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "gitlab-render", &mut script);
        if self.shell == Shell::Bash {
            // clap_complete 4.6 treats the hyphen in the program's name as a subcommand in half of the script, and
            // completes nothing after a command (clap issue 6421).
            let text = String::from_utf8_lossy(&script);
            script = text.replace("gitlab__subcmd__render", "gitlab__render").into_bytes();
        }
        ui.out(&script)?;
        Ok(Exit::Done)
    }
}
