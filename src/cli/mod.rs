//! The flags that commands share, and what they mean.
//!
//! Flags that `helm template` has are spelt and mean the same here. [`crate::commands`] has a file for each command,
//! with the flags of its own.

pub mod enums;
mod helm;
mod images;
mod inputs;
mod messages;
mod release;
mod rerun;
pub mod usage;

use clap::ValueEnum;

pub use self::images::RewriteArgs;
pub use self::inputs::{ProfileName, ValuesArgs, local_file, read_fleet, values_file};
pub use self::messages::{Color, ErrorFormat, MessageArgs};
pub use self::release::{
    ClusterArgs, DEFAULT_NAME, ReleaseArgs, ReleaseFlags, Wanted, newest_kubernetes, parse_api_version,
    parse_kube_version, parse_label, parse_namespace, parse_release_name,
};
pub use self::rerun::Rerun;

/// The form of an answer that is either a table or one JSON document.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerForm {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}
