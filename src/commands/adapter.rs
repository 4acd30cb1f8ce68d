//! Entry points that other tools call as a plugin: their input becomes a command line of `template`.

use clap::Parser;

use super::template::TemplateArgs;
use crate::diag::{Diagnostic, Failure};

/// The arguments of `template`, parsed from words that a plugin's input gives.
#[derive(Debug, Parser)]
#[command(name = "template", no_binary_name = true, disable_help_flag = true)]
struct Words {
    #[command(flatten)]
    template: TemplateArgs,
}

/// Parses `words` as the arguments of `template`; `origin` names where the user wrote them.
///
/// # Errors
/// Everything that `template` would refuse, with clap's own message.
pub(super) fn arguments(words: Vec<String>, origin: &str) -> Result<TemplateArgs, Failure> {
    Words::try_parse_from(words).map(|words| words.template).map_err(|error| {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let hint = "`gitlab-render template --help` describes the values of each flag";
        Diagnostic::error("plugin-input", format!("{origin}: {first}")).hint(hint).into()
    })
}
