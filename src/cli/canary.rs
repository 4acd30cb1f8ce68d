//! A second set of a component's pods beside the release's.

use clap::Args;

use crate::commands::canary::{parse_split, parse_suffix, parse_weight};
use crate::pipeline::Split;

/// A second set of pods, for another version or other values.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Canary and blue-green")]
pub struct CanaryArgs {
    /// Write a second set of the components' pods to run beside the release's; its names end in this: `canary`, `green`.
    #[arg(long, value_name = "NAME", requires = "components", value_parser = parse_suffix)]
    pub suffix: Option<String>,
    /// Lead N of 100 requests to the second set by an Ingress; `0`: only those that ask for it by cookie or header.
    #[arg(long, value_name = "N", requires = "suffix", value_parser = parse_weight)]
    pub weight: Option<u32>,
    /// Let the release's own routes of the Gateway API lead N of 100 requests to a second set. Repeatable.
    #[arg(long, value_name = "COMPONENT:NAME=N", conflicts_with = "suffix", value_parser = parse_split)]
    pub split: Vec<Split>,
}
