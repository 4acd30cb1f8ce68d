//! `gitlab-render import`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Exit;
use crate::cli::parse_namespace;
use crate::diag::Failure;
use crate::files::{Stdin, read_text_once, write_file};
use crate::pipeline::import;
use crate::ui::Ui;

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
    /// The configuration of a Linux package (`/etc/gitlab/gitlab.rb`). It is parsed, never run.
    #[command(name = "gitlab.rb")]
    GitlabRb(GitlabRbArgs),
}

/// `gitlab-render import gitlab.rb FILE`.
///
/// Settings with a counterpart become values, secrets become Secrets with the commands that create them at the top of
/// the result, and everything else is reported with its line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gitlab-render import gitlab.rb /etc/gitlab/gitlab.rb -o values.yaml

  With the keys that the package generated, so that what it encrypted can be read:
    gitlab-render import gitlab.rb gitlab.rb --secrets gitlab-secrets.json \\
      -n gitlab -o values.yaml

The exit status is 1 where something about the address, sign-in, mail, storage or databases was not carried over.")]
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
    /// File to write the values to; without it, stdout.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing file.
    #[arg(long, requires = "output")]
    pub force: bool,
}

impl ImportArgs {
    /// Reads, writes the values, and reports what is not in them.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        match &self.from {
            ImportFrom::GitlabRb(args) => args.run(ui),
        }
    }
}

impl GitlabRbArgs {
    fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let mut stdin = Stdin::default();
        let text = read_text_once(Path::new(&self.file), &mut stdin)?;
        let secrets = self.secrets.as_deref().map(|path| read_text_once(path, &mut stdin)).transpose()?;
        let name = if self.file == "-" { "stdin" } else { &self.file };
        let (imported, sources) = import::gitlab_rb(name, &text, secrets.as_deref(), &self.namespace)?;
        match self.output.as_deref().filter(|path| *path != Path::new("-")) {
            Some(path) => write_file(path, &imported.text, self.force)?,
            None => ui.out(imported.text.as_bytes())?,
        }
        ui.report(&imported.findings, &sources);
        Ok(if imported.complete { Exit::Done } else { Exit::Found })
    }
}
