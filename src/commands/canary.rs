//! What the flags about a second set of pods mean.

use std::fmt::Write;

use crate::cli::canary::CanaryArgs;
use crate::commands::release::label;
use crate::pipeline::{Canary, Split};

/// The set that is asked for.
pub fn canary(args: &CanaryArgs) -> Option<Canary> {
    args.suffix.clone().map(|suffix| Canary { suffix, weight: args.weight })
}

/// The flags as a later run needs them, each after a space.
pub fn flags(args: &CanaryArgs) -> String {
    let mut text = String::new();
    // writing to a String cannot fail
    let _ = args.suffix.iter().try_for_each(|suffix| write!(text, " --suffix {suffix}"));
    let _ = args.weight.iter().try_for_each(|weight| write!(text, " --weight {weight}"));
    let _ = args
        .split
        .iter()
        .try_for_each(|Split { component, suffix, weight }| write!(text, " --split {component}:{suffix}={weight}"));
    text
}

/// A suffix: what may stand after a dash at the end of a name. How much room there is depends on the name.
pub fn parse_suffix(text: &str) -> Result<String, String> {
    label(text, 61)?;
    Ok(text.to_owned())
}

/// Of 100 requests, how many.
pub fn parse_weight(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|weight| *weight <= 100);
    number.ok_or_else(|| "give a whole number from 0 to 100: it is of 100 requests".to_owned())
}

/// `webservice:canary=10`
pub fn parse_split(text: &str) -> Result<Split, String> {
    let wrong = || "give it as `COMPONENT:SUFFIX=N`, `webservice:canary=10`".to_owned();
    let (component, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (suffix, weight) = rest.split_once('=').ok_or_else(wrong)?;
    label(component, 63)?;
    Ok(Split { component: component.to_owned(), suffix: parse_suffix(suffix)?, weight: parse_weight(weight)? })
}
