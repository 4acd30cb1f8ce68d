//! `gitlab-render lint`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::Exit;
use super::validate::FindingsForm;
use crate::cli::{ReleaseFlags, ValuesArgs};
use crate::diag::{Diagnostic, Failure, Severity, Sources};
use crate::files::read_text;
use crate::lint::allow::{self, Settings};
use crate::pipeline;
use crate::ui::Ui;
use crate::validate::{Findings, report};

/// The configuration file that is read where no other is given.
const SETTINGS: &str = ".gitlab-render.toml";

/// `gitlab-render lint`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LintArgs {
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// The release.
    #[command(flatten)]
    pub release: ReleaseFlags,
    /// Exit with 1 if a finding is at least this severe.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOn::Error, help_heading = "Output")]
    pub fail_on: FailOn,
    /// Also report values that equal their defaults.
    #[arg(long, help_heading = "Output")]
    pub pedantic: bool,
    /// File that says which codes are allowed; `.gitlab-render.toml` is read where it exists.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub config: Option<PathBuf>,
    /// Form of the findings on stdout.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = FindingsForm::Text, help_heading = "Output")]
    pub output: FindingsForm,
}

const EXAMPLES: &str = "\
Examples:
  The lines of a file that have no effect (`no-effect`, `unread-key`), and its risks:
    gitlab-render lint -f values.yaml

  For GitLab's merge request widget:
    gitlab-render lint -f values.yaml -o codequality \\
      > gl-code-quality-report.json

A finding is silenced by a comment at the end of its line or above it, with a reason:
    # gitlab-render: allow bundled-store this is a test environment
and in `.gitlab-render.toml`, `[lint.allow]`, by a line `bundled-store = \"the reason\"`.

Exit status: 0 nothing as severe as --fail-on, 1 findings, 2 the command line is wrong, 3 something cannot be read";

/// The least severity that ends the run with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Any finding.
    Note,
    /// Never.
    Never,
}

impl LintArgs {
    /// Writes the findings.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let request = self.values.request(self.release.wanted())?;
        let (found, _) = pipeline::lint::lint(&request, &settings(self.config.as_deref())?, self.pedantic)?;
        let text = match self.output {
            FindingsForm::Text => report::text(&found, ui.least()),
            FindingsForm::Json => {
                let findings = report::json(&found)["findings"].take();
                let count = |severity| found.all.iter().filter(|finding| finding.severity == severity).count();
                let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
                let all = json!({ "version": 1, "errors": errors, "warnings": warnings, "findings": findings });
                format!("{all:#}\n")
            }
            FindingsForm::Sarif => format!("{:#}\n", report::sarif(&found)),
            FindingsForm::Codequality => format!("{:#}\n", report::code_quality(&found)),
            FindingsForm::Junit => report::junit(&found, "gitlab-render lint", &summary(&found)),
        };
        ui.out(text.as_bytes())?;
        if self.output == FindingsForm::Text {
            ui.report(&[Diagnostic::note("summary", summary(&found))], &Sources::default());
        }
        Ok(if self.fail_on.fails(&found) { Exit::Found } else { Exit::Done })
    }
}

impl FailOn {
    /// Whether something so severe was found.
    pub(super) fn fails(self, found: &Findings) -> bool {
        match self {
            FailOn::Error => found.count(Severity::Error) > 0,
            FailOn::Warning => found.count(Severity::Warning) > 0,
            FailOn::Note => !found.all.is_empty(),
            FailOn::Never => false,
        }
    }
}

/// The settings of a file, or of the one that is read without a name.
pub(super) fn settings(config: Option<&Path>) -> Result<Settings, Failure> {
    let path = match config {
        Some(path) => path,
        None if Path::new(SETTINGS).is_file() => Path::new(SETTINGS),
        None => return Ok(Settings::default()),
    };
    allow::settings(&path.display().to_string(), &read_text(path)?)
}

/// How many findings of each severity there are.
pub(super) fn summary(found: &Findings) -> String {
    let count = |severity, word: &str| {
        let n = found.all.iter().filter(|finding| finding.severity == severity).count();
        format!("{n} {word}{}", if n == 1 { "" } else { "s" })
    };
    let all = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    all.map(|(severity, word)| count(severity, word)).join(", ")
}
