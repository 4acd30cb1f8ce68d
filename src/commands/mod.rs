//! What the commands do: each gives its arguments their meaning, makes one call into
//! [`crate::pipeline`], and hands what comes back to [`crate::ui`].

mod adopt;
mod again;
pub mod canary;
mod completion;
mod diff;
mod helm_flags;
mod images;
mod import;
mod init;
mod inputs;
mod migrate;
mod outputs;
mod phases;
mod profiles;
pub mod release;
mod request;
mod template;
mod texts;
mod upgrade;
mod validate;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use crate::cli::{Cli, Command, ValuesCommand};
use crate::diag::{Diagnostic, Fault, Report, Severity, Sources};
use crate::ui::{self, Ui};

/// How a run ended; the numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was done.
    Done = 0,
    /// Asked and found: a difference, a finding.
    Found = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Values, configuration, or a file that cannot be read or written.
    Refused = 3,
    /// Ours.
    Bug = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command stopped before it was done.
#[derive(Debug)]
pub struct Stop {
    /// What was found; at least one error.
    pub report: Report,
    /// The texts that the report points into.
    pub sources: Sources,
    /// What the run ends with.
    pub exit: Exit,
}

impl Stop {
    /// The command line is at odds with itself.
    pub fn usage(diagnostic: Diagnostic) -> Self {
        Stop { report: diagnostic.into(), sources: Sources::default(), exit: Exit::Usage }
    }

    /// A refused run. A disk that is full and a file that cannot be opened end like refused values
    /// do: the remedy is outside this program.
    pub fn refused(report: Report, sources: Sources) -> Self {
        let bug = report.0.iter().any(|d| d.severity == Severity::Error && d.fault == Fault::Bug);
        Stop { report, sources, exit: if bug { Exit::Bug } else { Exit::Refused } }
    }
}

impl From<Report> for Stop {
    fn from(report: Report) -> Self {
        Stop::refused(report, Sources::default())
    }
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Report::from(diagnostic).into()
    }
}

/// Runs the command that the arguments name; the first argument is the program's own name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return refuse_usage(&error),
    };
    let ui = Ui::new(&cli.talk);
    let result = match &cli.command {
        Command::Template(args) => template::run(args, &ui),
        Command::Init(args) => init::run(args, &ui),
        Command::Profiles(args) => profiles::run(args, &ui),
        Command::Adopt(args) => adopt::run(args, &ui),
        Command::Import(args) => import::run(args, &ui),
        Command::Images(args) => images::run(args, &ui),
        Command::Diff(args) => diff::run(args, &ui),
        Command::Validate(args) => validate::run(args, &ui),
        Command::Values(args) => match &args.command {
            ValuesCommand::Migrate(args) => migrate::run(args, &ui),
        },
        Command::Releases(args) => upgrade::releases(args, &ui),
        Command::Upgrade(args) => upgrade::run(args, &ui),
        Command::Version(args) => version::run(args, &ui),
        Command::Completion(args) => completion::run(args, &ui),
    };
    match result {
        Ok(exit) => exit,
        Err(stop) => {
            ui.report(&stop.report.0, &stop.sources);
            stop.exit
        }
    }
}

/// Prints what clap has to say, which for `--help` is an answer and no error.
fn refuse_usage(error: &clap::Error) -> Exit {
    let hint = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => helm_flags::hint(flag),
        _ => None,
    };
    ui::clap_message(error, hint);
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}
