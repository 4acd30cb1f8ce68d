//! `gitlab-render images`, and the flags about images that `template` has too.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ReleaseArgs, ValuesArgs};
use crate::pipeline::images::parse_mirror;

/// `gitlab-render images`.
///
/// Lists every image that the objects of a render name, with the components that need it.
#[derive(Debug, Args)]
#[command(after_help = IMAGES_EXAMPLES)]
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

const IMAGES_EXAMPLES: &str = "\
Examples:
  gitlab-render images -f values.yaml

  Copy them into a registry of one's own, and render for it:
    gitlab-render images -f values.yaml -o csv | tail -n +2 | while IFS=, read -r image _ repository tag _; do
      crane copy $image mirror.example.com/gitlab/$repository:$tag
    done
    gitlab-render template prod -f values.yaml --registry-mirror mirror.example.com/gitlab";

/// Where images come from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Images")]
pub struct RewriteArgs {
    /// Take every image from this registry, at the same path below it.
    #[arg(long, value_name = "HOST/PATH", value_parser = parse_mirror)]
    pub registry_mirror: Option<String>,
    /// Pin every image to the digest that this file has for it: lines of `IMAGE sha256:...`, or a JSON object.
    #[arg(long, value_name = "FILE")]
    pub digests: Option<PathBuf>,
}

/// The form of a list of images.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImagesForm {
    /// A line an image.
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
