//! `gitlab-render import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::commands::release::parse_namespace;

/// `gitlab-render import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What is read.
    #[command(subcommand)]
    pub from: ImportFrom,
}

/// Ways to configure GitLab that can be carried over.
#[derive(Debug, Subcommand)]
pub enum ImportFrom {
    /// The configuration of a Linux package. It is parsed, never run.
    #[command(name = "gitlab.rb")]
    GitlabRb(GitlabRbArgs),
}

/// `gitlab-render import gitlab.rb FILE`.
///
/// Settings with a counterpart become values, secrets become Secrets with the commands to make them at the head of
/// the result, and everything else is told with its line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gitlab-render import gitlab.rb /etc/gitlab/gitlab.rb -o values.yaml

  With the keys that the package made for itself, so that what it encrypted can be read:
    gitlab-render import gitlab.rb gitlab.rb --secrets gitlab-secrets.json -n gitlab -o values.yaml")]
pub struct GitlabRbArgs {
    /// The file; `-` reads stdin.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The package's gitlab-secrets.json: its values are never shown, only how to put them into Secrets.
    #[arg(long, value_name = "FILE")]
    pub secrets: Option<PathBuf>,
    /// Namespace that the Secrets go to.
    #[arg(short = 'n', long, value_name = "NAMESPACE", default_value = "default", value_parser = parse_namespace)]
    pub namespace: String,
    /// Where the values go; stdout without it.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long, requires = "output")]
    pub force: bool,
}
