//! `gitlab-render validate`.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Exit;
use crate::cli::{ReleaseFlags, ValuesArgs};
use crate::diag::{Diagnostic, Failure, Report, Severity, Sources};
use crate::files::{Stdin, manifests_below, read_text_once};
use crate::pipeline;
use crate::ui::Ui;
use crate::validate::files::ManifestText;
use crate::validate::{Findings, MINORS, report};
use crate::wrapped::Unwrapped;

/// `gitlab-render validate`.
///
/// Checks manifests without a cluster: those in files and directories, those on stdin (`-`), or those that values
/// give. Without any of these it checks the default render.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ValidateArgs {
    /// Manifests: a file, a directory with all its .yaml, .yml and .json files, or `-` for stdin.
    #[arg(value_name = "FILE|-|DIR")]
    pub paths: Vec<String>,
    /// The values, where a render is to be checked.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// The release that values are rendered for; its Kubernetes version is the one that manifests are checked against.
    #[command(flatten)]
    pub release: ReleaseFlags,
    /// Count warnings as findings: what is deprecated, and what a set of third-party manifests does not provide.
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
    /// Write the Secrets that objects need and the set does not contain, instead of the findings.
    #[arg(long, help_heading = "Output")]
    pub list_required_secrets: bool,
    /// Form of the findings on stdout.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = FindingsForm::Text, help_heading = "Output")]
    pub output: FindingsForm,
}

const EXAMPLES: &str = "\
Examples:
  Check what a render would apply:
    gitlab-render template prod -f values.yaml | gitlab-render validate -

  The same without a pipe, for a newer Kubernetes:
    gitlab-render validate -f values.yaml --kube-version 1.36

  A directory of manifests, for GitLab's merge request widget:
    gitlab-render validate deploy/ -o codequality \\
      > gl-code-quality-report.json

  The Secrets that have to exist first:
    gitlab-render validate -f values.yaml --list-required-secrets

Exit status: 0 no findings, 1 findings, 2 the command line is wrong, 3 something cannot be read";

/// The form of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FindingsForm {
    /// One line each.
    Text,
    /// One object, described by `schemas/validate.output.schema.json`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// GitLab's Code Quality report.
    Codequality,
    /// JUnit's XML.
    Junit,
}

impl ValidateArgs {
    /// Checks, and writes the findings.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let mut stdin = Stdin::default();
        let Unwrapped { inputs: values, release } = self.values.inputs(&mut stdin)?;
        let target = self.release.wanted().target(&release);
        let (major, minor) = (target.kube_version.major, target.kube_version.minor);
        if major != 1 || !(MINORS.0..=MINORS.1).contains(&minor) {
            let message = format!("there are no schemas for Kubernetes {major}.{minor}");
            let hint = format!("`--kube-version` accepts 1.{} to 1.{}", MINORS.0, MINORS.1);
            return Err(Diagnostic::usage("kube-version", message).hint(hint).into());
        }
        let from_values = !values.is_empty() || self.values.profile.is_some();
        if from_values && !self.paths.is_empty() {
            let message = "manifests and values cannot be checked in one run";
            let hint = "name the manifests as arguments, without `-f`; or leave them out to check what the values give";
            return Err(Diagnostic::usage("manifests-and-values", message).hint(hint).into());
        }
        let (checked, unreadable, sources) = if self.paths.is_empty() {
            if !from_values && piped() {
                let message = "stdin was not read: without arguments the default render is checked";
                let note = Diagnostic::note("stdin-unread", message)
                    .hint("`gitlab-render validate -` checks what comes from a pipe");
                ui.report(&[note], &Sources::default());
            }
            let (checked, warnings, sources) = pipeline::validate::values(&self.values.request_of(target, values))?;
            ui.report(&warnings, &sources);
            (checked, Report::default(), sources)
        } else {
            pipeline::validate::texts(texts(&self.paths, &mut stdin)?, target.kube_version, &target.namespace)
        };
        if checked.objects == 0 && unreadable.0.is_empty() && checked.all.is_empty() {
            let message = format!("`{}`: no objects were found", self.paths.join("`, `"));
            let hint = "name manifest files, or directories that contain some; `-f` takes values";
            return Err(Diagnostic::error("no-objects", message).hint(hint).into());
        }
        self.write(ui, &checked)?;
        if !unreadable.0.is_empty() {
            return Err(Failure { report: unreadable, sources });
        }
        let least = if self.strict { Severity::Warning } else { Severity::Error };
        let found = checked.count(least) > 0 && !self.list_required_secrets;
        Ok(if found { Exit::Found } else { Exit::Done })
    }

    fn write(&self, ui: &Ui, checked: &Findings) -> Result<(), Failure> {
        let pretty = |value: &Value| format!("{value:#}\n");
        let text = match (self.list_required_secrets, self.output) {
            (true, FindingsForm::Json) => pretty(&report::json(checked)["requiredSecrets"]),
            (true, FindingsForm::Text) => report::secrets(&checked.secrets),
            (true, _) => {
                let message = "the list of Secrets has only two output formats, `text` and `json`";
                return Err(Diagnostic::usage("form", message).hint("write `-o json`").into());
            }
            (false, FindingsForm::Text) => report::text(checked, ui.least()),
            (false, FindingsForm::Json) => pretty(&report::json(checked)),
            (false, FindingsForm::Sarif) => pretty(&report::sarif(checked)),
            (false, FindingsForm::Codequality) => pretty(&report::code_quality(checked)),
            (false, FindingsForm::Junit) => report::junit(checked, "gitlab-render validate", &report::summary(checked)),
        };
        ui.out(text.as_bytes())?;
        if self.output == FindingsForm::Text && !self.list_required_secrets {
            ui.report(&[Diagnostic::note("summary", report::summary(checked))], &Sources::default());
        }
        Ok(())
    }
}

/// Whether stdin is a pipe that no argument refers to.
fn piped() -> bool {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return false;
    }
    rustix::fs::fstat(&stdin)
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Fifo)
}

/// Reads all manifests. The report has every file that cannot be read.
fn texts(paths: &[String], stdin: &mut Stdin) -> Result<Vec<ManifestText>, Failure> {
    let mut texts = Vec::new();
    let mut wrong = Vec::new();
    for name in paths {
        let files = match Path::new(name) {
            _ if name == "-" => vec![PathBuf::from("-")],
            path if path.is_dir() => manifests_below(path, &mut wrong),
            path => vec![path.to_owned()],
        };
        for file in files {
            let named = file == Path::new(name);
            match read_text_once(&file, stdin) {
                Ok(text) => texts.push(ManifestText { name: file.display().to_string(), text: text.into(), named }),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
    }
    if wrong.is_empty() { Ok(texts) } else { Err(Report(wrong).into()) }
}
