//! `gitlab-render images`.

use clap::{Args, ValueEnum};

use super::Exit;
use crate::cli::{ReleaseArgs, RewriteArgs, ValuesArgs};
use crate::diag::Failure;
use crate::images::report;
use crate::pipeline::{self, Request};
use crate::ui::Ui;

/// `gitlab-render images`.
///
/// Lists every image that the objects of a render name, with the components that need it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImagesArgs {
    /// Which release, on what cluster.
    #[command(flatten)]
    pub release: ReleaseArgs,
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Where they come from.
    #[command(flatten)]
    pub rewrite: RewriteArgs,
    /// Form of the list.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = ImagesForm::Text, help_heading = "Output")]
    pub output: ImagesForm,
}

const EXAMPLES: &str = "\
Examples:
  gitlab-render images -f values.yaml

  Copy them into a registry of your own, and render for it:
    gitlab-render images -f values.yaml -o csv | tail -n +2 \\
      | while IFS=, read -r image _ repository tag _; do
      crane copy \"$image\" \"mirror.example.com/gitlab/$repository:$tag\"
    done
    gitlab-render template prod -f values.yaml \\
      --registry-mirror mirror.example.com/gitlab";

/// The form of a list of images.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImagesForm {
    /// One line for each image.
    #[default]
    Text,
    /// A list of objects.
    Json,
    /// What `skopeo sync --src yaml` reads.
    Skopeo,
    /// What `oc mirror` reads.
    OcMirror,
    /// A table for a spreadsheet.
    Csv,
}

impl ImagesArgs {
    /// Lists the images of a render.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let request = Request { images: self.rewrite.rewrite()?, ..self.values.request(self.release.wanted())? };
        let (images, rendered) = pipeline::images::images(&request)?;
        ui.report(&rendered.warnings, &rendered.sources);
        let text = match self.output {
            ImagesForm::Text => report::text(&images),
            ImagesForm::Json => report::json(&images),
            ImagesForm::Skopeo => report::skopeo(&images),
            ImagesForm::OcMirror => report::oc_mirror(&images),
            ImagesForm::Csv => report::csv(&images),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
