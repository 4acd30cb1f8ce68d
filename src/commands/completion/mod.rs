//! `gitlab-render completion`: the scripts that clap makes, and in front of them what `__complete` knows.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit};
use crate::diag::Failure;
use crate::ui::Ui;

/// `gitlab-render completion`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gitlab-render completion bash \\
    > ~/.local/share/bash-completion/completions/gitlab-render
  gitlab-render completion fish \\
    > ~/.config/fish/completions/gitlab-render.fish")]
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
        let mut text = String::from_utf8_lossy(&script).into_owned();
        match self.shell {
            // clap_complete 4.6 takes the hyphen in the program's name for a subcommand in half of the script, and
            // completes nothing after a command (clap issue 6421)
            Shell::Bash => {
                text = text.replace("gitlab__subcmd__render", "gitlab__render");
                text.push_str(include_str!("values.bash"));
            }
            Shell::Zsh => {
                // the end of clap's script registers its function: ours is registered instead, and calls that
                let end = text.rfind("if [ \"$funcstack[1]\"").unwrap_or(text.len());
                text.replace_range(end.., include_str!("values.zsh"));
            }
            Shell::Fish => text.push_str(include_str!("values.fish")),
            _ => {}
        }
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
