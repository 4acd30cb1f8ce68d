//! `gitlab-render values`: what can be done with values files.

mod migrate;

use clap::{Args, Subcommand};

use super::Exit;
use crate::diag::Failure;
use crate::ui::Ui;

/// `gitlab-render values`.
#[derive(Debug, Args)]
pub struct ValuesCommandArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ValuesCommand,
}

/// What can be done with values files.
#[derive(Debug, Subcommand)]
pub enum ValuesCommand {
    /// Rewrite values files for a newer release.
    ///
    /// Keys that moved, changed their form or were removed are rewritten where a machine can do it; comments, order,
    /// quotes, anchors and blank lines of everything else stay byte for byte. What a person has to decide is reported
    /// with its place and marked by a comment above it. Running it again changes nothing.
    ///
    /// Exits with 1 where a decision is left or the render changes, and, with --diff, where the files change.
    Migrate(migrate::MigrateArgs),
}

impl ValuesCommandArgs {
    /// Runs the command below `values`.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        match &self.command {
            ValuesCommand::Migrate(args) => args.run(ui),
        }
    }
}
