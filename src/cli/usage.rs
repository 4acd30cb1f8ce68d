//! Usage errors as findings.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{ErrorFormat, MessageArgs, helm};
use crate::diag::Diagnostic;

/// The finding for a command line that clap refuses, where clap's own message is not printed: for programs, and where
/// the user typed a command or flag of Helm's, which is answered before any guess by likeness. `words` are the
/// arguments after the program's name.
pub fn finding(error: &clap::Error, words: &[String]) -> Option<Diagnostic> {
    let answer = answer(error, words);
    if answer.is_none() && messages(words).error_format == ErrorFormat::Text {
        return None;
    }
    let text = error.render().to_string();
    let paragraph = |start: &str| {
        let mut lines = text.lines().map(str::trim).skip_while(|line| !line.starts_with(start));
        let first = lines.next()?.strip_prefix(start)?.trim().to_owned();
        let rest = lines.take_while(|line| !line.is_empty());
        Some(rest.fold(first, |all, line| format!("{all} {line}")))
    };
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command was given".to_owned(),
        _ => paragraph("error:").unwrap_or_else(|| "the command line is wrong".to_owned()),
    };
    let likely = || paragraph("tip:").or_else(|| Some(format!("usage: {}", paragraph("Usage:")?)));
    let hint =
        answer.map(str::to_owned).or_else(likely).unwrap_or_else(|| "`--help` lists all commands and flags".to_owned());
    Some(Diagnostic::usage("usage", message).hint(hint))
}

fn answer(error: &clap::Error, words: &[String]) -> Option<&'static str> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => helm::command(words),
        ErrorKind::UnknownArgument => {
            // `upgrade --install` is a command of Helm's, whatever flag comes first.
            helm::command(words).or_else(|| helm::flag(context(ContextKind::InvalidArg)?))
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => None,
        _ => context(ContextKind::InvalidArg).and_then(helm::flag).filter(|_| error.kind() != ErrorKind::InvalidValue),
    }
}

/// The flags about messages of a command line that cannot be parsed.
pub fn messages(words: &[String]) -> MessageArgs {
    let mut after = words.iter().skip(1);
    let json = words.iter().any(|word| {
        let next = after.next();
        word == "--error-format=json" || word == "--error-format" && next.is_some_and(|next| next == "json")
    });
    MessageArgs { error_format: if json { ErrorFormat::Json } else { ErrorFormat::Text }, ..MessageArgs::default() }
}
