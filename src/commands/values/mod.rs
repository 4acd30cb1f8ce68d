//! `gitlab-render values`: what can be done with values files.

mod migrate;
mod parts;
mod show;

use clap::{Args, Subcommand};

use super::Exit;
use crate::diag::Failure;
use crate::ui::Ui;

/// `gitlab-render values`.
///
/// Without a command below it, it writes the merged values, in the order of the schemas.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct ValuesCommandArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<ValuesCommand>,
    /// What is written without a command.
    #[command(flatten)]
    pub show: show::ShowArgs,
}

const EXAMPLES: &str = "\
Examples:
  What a pasted default file really changes:
    gitlab-render values -f values.yaml --trim

  All values, each with the file and line that set it:
    gitlab-render values -f base.yaml -f prod.yaml --origins

  The defaults of a component, as `helm show values`:
    gitlab-render values --defaults sidekiq";

/// What can be done with values files.
#[derive(Debug, Subcommand)]
pub enum ValuesCommand {
    /// Rewrite values files for a newer release.
    ///
    /// Keys that were moved, removed or given another form are rewritten where that can be done safely; comments, order,
    /// quotes, anchors and blank lines of everything else stay byte for byte. Decisions that are left to you are reported
    /// with its place and marked by a comment above it. Running it again changes nothing.
    ///
    /// The exit status is 1 if a decision is left or the render changes and, with --diff, if the files change.
    Migrate(migrate::MigrateArgs),
}

impl ValuesCommandArgs {
    /// Runs the command below `values`.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        match &self.command {
            Some(ValuesCommand::Migrate(args)) => args.run(ui),
            None => self.show.run(ui),
        }
    }
}
