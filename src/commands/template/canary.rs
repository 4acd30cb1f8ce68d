//! The flags about a second set of a component's pods beside the release's.

use clap::Args;

use crate::canary::{Canary, Split};
use crate::cli::{Rerun, parse_label};

/// A second set of pods, for another version or other values.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Canary and blue-green")]
pub struct CanaryArgs {
    /// Write a second set of the components' pods to run beside the release's; its names end in this: `canary`, `green`.
    #[arg(long, value_name = "NAME", requires = "components", value_parser = parse_suffix)]
    pub suffix: Option<String>,
    /// Send N of 100 requests to the second set by an Ingress; `0`: only those that ask for it by cookie or header.
    #[arg(long, value_name = "N", requires = "suffix", value_parser = parse_weight)]
    pub weight: Option<u32>,
    /// Let the release's own Gateway API routes send N of 100 requests to a second set. Repeatable or a comma list.
    #[arg(long, value_name = "COMPONENT:NAME=N", conflicts_with = "suffix", value_parser = parse_split, value_delimiter = ',')]
    pub split: Vec<Split>,
}

impl CanaryArgs {
    /// The second set of these components, where one was requested.
    pub fn canary(&self, components: &[String]) -> Option<Canary> {
        let canary = |suffix| Canary { components: components.to_vec(), suffix, weight: self.weight };
        self.suffix.clone().map(canary)
    }

    /// Adds the same flags to a command line.
    pub fn repeat(&self, words: &mut Rerun) {
        words.option("--suffix", self.suffix.as_deref());
        words.option("--weight", self.weight.map(|weight| weight.to_string()).as_deref());
        let text = |Split { component, suffix, weight }: &Split| format!("{component}:{suffix}={weight}");
        words.options("--split", self.split.iter().map(text));
    }
}

/// Parses a suffix: characters that may follow a dash at the end of a name. The room for it depends on the name.
fn parse_suffix(text: &str) -> Result<String, String> {
    parse_label(text, 61)?;
    Ok(text.to_owned())
}

/// Parses a share of 100 requests.
fn parse_weight(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|weight| *weight <= 100);
    number.ok_or_else(|| "write a whole number from 0 to 100: how many of 100 requests".to_owned())
}

/// Parses `webservice:canary=10`.
fn parse_split(text: &str) -> Result<Split, String> {
    let wrong = || "write it as `COMPONENT:SUFFIX=N`, `webservice:canary=10`".to_owned();
    let (component, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (suffix, weight) = rest.split_once('=').ok_or_else(wrong)?;
    parse_label(component, 63)?;
    Ok(Split { component: component.to_owned(), suffix: parse_suffix(suffix)?, weight: parse_weight(weight)? })
}
