//! How messages look and how many there are.

use clap::{Args, ValueEnum};

/// The flags about messages; every command takes them.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Messages")]
pub struct MessageArgs {
    /// When to colour messages; `auto` follows the terminal and NO_COLOR.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Form of the messages on stderr; `json` writes one object a line.
    #[arg(long, global = true, value_name = "FORM", value_enum, default_value_t = ErrorFormat::Text)]
    pub error_format: ErrorFormat,
    /// Print errors only.
    #[arg(short = 'q', long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Also print which values were read and how much was written.
    #[arg(short = 'v', long, global = true)]
    pub verbose: bool,
}

/// When messages are coloured.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always, whatever NO_COLOR says.
    Always,
    /// Never.
    Never,
}

/// The form of messages.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    /// For people, with the line that a message is about.
    #[default]
    Text,
    /// For programs.
    Json,
}
