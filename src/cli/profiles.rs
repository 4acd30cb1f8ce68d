//! What may be said about profiles: `profiles`, `init`, and a profile's name.

use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Args, Command};

use crate::cli::VersionForm;
use crate::pipeline;

/// `gitlab-render profiles`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gitlab-render profiles -o json")]
pub struct ProfilesArgs {
    /// Form of the answer; a table without it.
    #[arg(short = 'o', long, value_name = "FORM", value_enum)]
    pub output: Option<VersionForm>,
}

/// `gitlab-render init`.
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// The profile; `gitlab-render profiles` lists them. Without it: `evaluation`.
    #[arg(value_name = "PROFILE", value_parser = ProfileName, hide_possible_values = true)]
    pub profile: Option<String>,
    /// Write to this file; without it, and with `-`, to stdout.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long, requires = "output")]
    pub force: bool,
}

const INIT_EXAMPLES: &str = "\
Examples:
  gitlab-render init aws -o values.yaml
  gitlab-render init | gitlab-render template -f -";

/// Takes any text, and tells completion scripts what it may be: a wrong name is refused where profiles are read.
#[derive(Debug, Clone, Copy)]
pub struct ProfileName;

impl TypedValueParser for ProfileName {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &std::ffi::OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(pipeline::profiles().map(|profile| PossibleValue::new(profile.name))))
    }
}
