//! The only place that prints: data to stdout, everything else to stderr.

mod text;

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::cli::{Color, ErrorFormat, MessageArgs};
use crate::diag::{Diagnostic, Fault, Location, Place, Severity, Sources};
use crate::redact::{self, Excerpts};

/// The output settings of a run.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    coloured: bool,
    format: ErrorFormat,
    least: Severity,
    verbose: bool,
}

impl Ui {
    /// Reads them from the flags and the terminal.
    pub fn new(args: &MessageArgs) -> Self {
        let coloured = match args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => colour_is_welcome(),
        };
        let least = if args.quiet { Severity::Error } else { Severity::Note };
        Ui { coloured, format: args.error_format, least, verbose: args.verbose }
    }

    /// Whether additional output was requested.
    pub fn verbose(&self) -> bool {
        self.verbose
    }

    /// The least severe finding that is shown.
    pub fn least(&self) -> Severity {
        self.least
    }

    /// Prints findings to stderr, in their order.
    pub fn report(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        let shown = diagnostics.iter().filter(|d| d.severity >= self.least);
        let mut excerpts = Excerpts::of(sources);
        let text = match self.format {
            ErrorFormat::Json => shown.map(|d| format!("{}\n", as_json(d, sources, &mut excerpts))).collect(),
            ErrorFormat::Text => text::render(shown, sources, self.coloured),
        };
        to_stderr(&text);
    }

    /// The progress of a run of so many parts, shown where stderr is a terminal.
    pub fn progress(&self, all: usize) -> ProgressBar {
        let target =
            if self.least <= Severity::Note { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("[{bar:24}] {pos}/{len} {wide_msg}");
        let bar = ProgressBar::with_draw_target(Some(all as u64), target);
        match style {
            Ok(style) => bar.with_style(style.progress_chars("## ")),
            Err(_) => bar,
        }
    }

    /// The stream for results.
    pub fn stdout(&self) -> impl Write + use<> {
        io::stdout().lock()
    }

    /// Writes a textual result to stdout. A closed pipe is no error.
    pub fn out(&self, bytes: &[u8]) -> Result<(), Diagnostic> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let full = error.kind() == io::ErrorKind::StorageFull;
                let hint = if full { "free some space, and run it again" } else { "check where stdout goes" };
                Err(Diagnostic::environment("stdout", format!("the result cannot be written to stdout: {error}"))
                    .hint(hint))
            }
            _ => Ok(()),
        }
    }
}

fn colour_is_welcome() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !set("NO_COLOR") && !dumb
}

/// A closed stderr is ignored: nobody would read the error.
fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints clap's answers: help to stdout, a usage error to stderr.
pub fn clap_message(error: &clap::Error) {
    // A value of the command line may be a secret; what is masked loses its colours.
    let shown = redact::command(&error.render().to_string());
    if error.use_stderr() && shown != error.render().to_string() {
        return to_stderr(&shown);
    }
    // A closed stream is ignored.
    let _ = error.print();
}

/// One finding for programs: `{code, severity, fault, message, places, object, field, hint}`.
pub fn as_json(diagnostic: &Diagnostic, sources: &Sources, excerpts: &mut Excerpts<'_>) -> Value {
    let places: Vec<Value> = diagnostic
        .places
        .iter()
        .map(|place| match place {
            Place::Value(path) => json!({ "path": path.to_string() }),
            Place::At(at) => located(at, sources),
            Place::Set(path, at) => {
                let mut place = located(at, sources);
                place["path"] = json!(path.to_string());
                place
            }
        })
        .collect();
    let fault = match diagnostic.fault {
        Fault::Input | Fault::Usage => "input",
        Fault::Environment => "environment",
        Fault::Bug => "bug",
    };
    let subject = diagnostic.subject.as_ref();
    let (message, hint) = excerpts.words(diagnostic);
    json!({
        "code": diagnostic.code, "severity": diagnostic.severity.word(), "fault": fault,
        "message": message, "places": places,
        "object": subject.map(|s| s.object.as_str()), "field": subject.map(|s| s.field.to_string()),
        "hint": hint,
    })
}

fn located(at: &Location, sources: &Sources) -> Value {
    json!({
        "source": sources.get(at.source).map(|s| s.name.as_str()),
        "line": at.line, "column": at.column, "length": at.len,
    })
}

/// Where a bug is reported: the address of the package's repository, where it declares one.
fn tracker() -> String {
    match env!("CARGO_PKG_REPOSITORY") {
        "" => "in its issue tracker".to_owned(),
        repository => format!("at {repository}/issues"),
    }
}

/// Makes a panic end with exit status 4 and a request to report it. The panic's own message may contain values, so it
/// is printed only with `RUST_BACKTRACE`.
pub fn report_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            default(info);
        }
        let at = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        to_stderr(&format!(
            "error[bug]: gitlab-render {} stopped{at}; this is a bug\n  = hint: please report it {}, with the command line; \
             `RUST_BACKTRACE=1` prints more, which may include your values\n",
            env!("CARGO_PKG_VERSION"),
            tracker(),
        ));
        std::process::exit(4);
    }));
}
