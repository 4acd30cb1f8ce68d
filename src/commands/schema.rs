//! `gitlab-render schema`.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use crate::diag::Failure;
use crate::files::write_file;
use crate::pipeline;
use crate::reference::json_schema;
use crate::ui::Ui;

/// `gitlab-render schema`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SchemaArgs {
    /// GitLab version whose values are described; the default is the newest one that is rendered.
    #[arg(long, value_name = "VERSION")]
    pub gitlab_version: Option<String>,
    /// Write the schema to this file instead of stdout.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if it exists.
    #[arg(long, requires = "output")]
    pub force: bool,
}

const EXAMPLES: &str = "\
Examples:
  gitlab-render schema -o gitlab-values.schema.json

  The first line of a values file, for editors with the YAML language server:
    # yaml-language-server: $schema=gitlab-values.schema.json";

impl SchemaArgs {
    /// Writes the schema.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let reference = pipeline::reference(self.gitlab_version.as_deref())?;
        let text = format!("{:#}\n", json_schema::write(&reference));
        match &self.output {
            Some(path) => write_file(path, &text, self.force)?,
            None => ui.out(text.as_bytes())?,
        }
        Ok(Exit::Done)
    }
}
