//! `gitlab-render values`: what can be done with values files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Keys that moved, changed their form or went are rewritten where a machine can do it; comments, order, quotes,
    /// anchors and blank lines of all else stay byte for byte. What a person has to decide is said with its place and
    /// marked by a comment above it. Running it again changes nothing.
    ///
    /// Ends with 1 where a decision is left or the render is another one, and, with --diff, where something changes.
    Migrate(MigrateArgs),
}

/// `gitlab-render values migrate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MigrateArgs {
    /// Values file; `-` reads stdin. Repeatable: each is rewritten on its own, and all are rendered together.
    #[arg(short = 'f', long = "values", value_name = "FILE", required = true)]
    pub files: Vec<String>,
    /// Release that the values were written for; with it, changed defaults and meanings on the way are told too.
    #[arg(long, value_name = "VERSION")]
    pub from: Option<String>,
    /// Release that they are to be for, by GitLab's version or the chart's; the default is what `template` renders.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Write each file back where it came from.
    #[arg(short = 'i', long, conflicts_with_all = ["output", "diff"])]
    pub in_place: bool,
    /// Write to this file; without it, and with `-`, to stdout.
    #[arg(short = 'o', long, value_name = "FILE", conflicts_with = "diff")]
    pub output: Option<PathBuf>,
    /// Print what would change as a unified diff, and write nothing.
    #[arg(long)]
    pub diff: bool,
    /// Render the values before and after, and say whether that is the same; done where the release can be rendered.
    #[arg(long, overrides_with = "no_verify")]
    pub verify: bool,
    /// Do not render.
    #[arg(long)]
    pub no_verify: bool,
}

const EXAMPLES: &str = "\
Examples:
  What would change, and what is to be decided:
    gitlab-render values migrate -f values.yaml --diff

  For GitLab 18.9, coming from 16.11, in the file itself:
    gitlab-render values migrate -f values.yaml --from 16.11 --to 18.9 --in-place

  Into another file:
    gitlab-render values migrate -f values.yaml -o values-18.yaml";
