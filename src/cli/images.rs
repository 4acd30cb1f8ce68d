//! Flags for the source of images.

use std::path::PathBuf;

use clap::Args;

use crate::diag::{Failure, Report};
use crate::files::read_text;
use crate::images::{Rewrite, digests, parse_mirror};

/// The source of images.
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

impl RewriteArgs {
    /// The same as data; the digests are read.
    ///
    /// # Errors
    /// A file that cannot be read, or that holds anything else than digests.
    pub fn rewrite(&self) -> Result<Rewrite, Failure> {
        let digests = match &self.digests {
            Some(path) => Some(digests(&path.to_string_lossy(), &read_text(path)?).map_err(Report)?),
            None => None,
        };
        Ok(Rewrite { mirror: self.registry_mirror.clone(), digests })
    }
}
