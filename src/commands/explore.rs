//! `gitlab-render explore`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use crate::cli::{ReleaseFlags, ValuesArgs};
use crate::diag::Failure;
use crate::explore::html;
use crate::files::write_file;
use crate::pipeline;
use crate::pipeline::upgrade::{self, PlanRequest};
use crate::shell::quoted;
use crate::ui::Ui;
use crate::upgrade::plan::{Flags, With};

/// `gitlab-render explore`.
///
/// Writes one page for a browser that needs no network: all objects by component, a search over names, fields and values,
/// each field with your values that decide it, each of your values with the fields that it reaches, and the findings. Every
/// value was tried with others by a render. Secrets are masked.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gitlab-render explore --name prod -f values.yaml -o explore.html\n\n  With the stops of the next upgrade:\n    gitlab-render explore --name prod -f values.yaml --from 18.2 -o explore.html"
)]
pub struct ExploreArgs {
    /// Which release, on what cluster.
    #[command(flatten)]
    pub release: ReleaseFlags,
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// GitLab version that runs now: the stops of the upgrade from it are part of the page.
    #[arg(long, value_name = "VERSION", help_heading = "Output")]
    pub from: Option<String>,
    /// File to write to; without it, and with `-`, stdout.
    #[arg(short = 'o', long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Replace an existing file.
    #[arg(long, requires = "output", help_heading = "Output")]
    pub force: bool,
}

impl ExploreArgs {
    /// Writes the page.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let request = self.values.request(self.release.wanted())?;
        let planned = match &self.from {
            None => None,
            Some(from) => Some(upgrade::plan(&PlanRequest {
                from: from.clone(),
                to: self.release.gitlab_version.clone(),
                without: Vec::new(),
                zero_downtime: false,
                with: With::default(),
                flags: Flags::default(),
                render: request.clone(),
            })?),
        };
        let mut why = format!("gitlab-render why OBJECT 'FIELD' --name {}", quoted(&request.target.name));
        for file in &self.values.files {
            why.push_str(&format!(" -f {}", quoted(file)));
        }
        let (exploration, questions) = pipeline::explore::explore(&request, why, planned.as_ref())?;
        ui.report(&questions.warnings, &questions.value);
        let page = html(&exploration);
        match self.output.as_deref().filter(|path| *path != Path::new("-")) {
            Some(path) => write_file(path, &page, self.force)?,
            None => ui.out(page.as_bytes())?,
        }
        Ok(Exit::Done)
    }
}
