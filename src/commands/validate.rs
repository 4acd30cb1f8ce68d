//! `gitlab-render validate`.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::validate::{FindingsForm, ValidateArgs};
use crate::commands::texts::{manifests_below, read_text};
use crate::commands::{Exit, Stop, inputs::inputs, release::release, request::request};
use crate::diag::{Diagnostic, Report, Severity, Sources};
use crate::pipeline::{self, Findings, ManifestText, Select, report};
use crate::ui::Ui;

/// Checks and writes what was found.
pub fn run(args: &ValidateArgs, ui: &Ui) -> Result<Exit, Stop> {
    let target = release(&args.release())?;
    let known = pipeline::validated_minors();
    if target.kube_version.major != 1 || !(known.0..=known.1).contains(&target.kube_version.minor) {
        let message =
            format!("there are no schemas of Kubernetes {}.{}", target.kube_version.major, target.kube_version.minor);
        let hint = format!("`--kube-version` takes 1.{} to 1.{}", known.0, known.1);
        return Err(Stop::usage(Diagnostic::error("kube-version", message).hint(hint)));
    }
    let values = inputs(&args.values)?;
    let from_values = !values.is_empty() || args.values.profile.is_some();
    if from_values && !args.paths.is_empty() {
        let message = "manifests and values cannot be checked in one run";
        let hint = "name the manifests as arguments, without `-f`; or leave them out to check what the values give";
        return Err(Stop::usage(Diagnostic::error("manifests-and-values", message).hint(hint)));
    }
    let (checked, unreadable, sources) = if args.paths.is_empty() {
        if !from_values && piped() {
            let message = "stdin was not read: without arguments the default render is checked";
            let note = Diagnostic::note("stdin-unread", message)
                .hint("`gitlab-render validate -` checks what comes from a pipe");
            ui.report(&[note], &Sources::default());
        }
        let request = request(target, values, &args.values, Select::default());
        let (checked, warnings, sources) =
            pipeline::validate_values(&request).map_err(|f| Stop::refused(f.report, f.sources))?;
        ui.report(&warnings, &sources);
        (checked, Report::default(), sources)
    } else {
        let texts = texts(&args.paths)?;
        pipeline::validate_texts(texts, target.kube_version, &target.namespace)
    };
    write(args, ui, &checked)?;
    let asked_for_secrets = args.list_required_secrets;
    if !unreadable.0.is_empty() {
        return Err(Stop::refused(unreadable, sources));
    }
    let least = if args.strict { Severity::Warning } else { Severity::Error };
    let found = checked.count(least) > 0 && !asked_for_secrets;
    Ok(if found { Exit::Found } else { Exit::Done })
}

fn write(args: &ValidateArgs, ui: &Ui, checked: &Findings) -> Result<(), Stop> {
    let pretty = |value: &Value| format!("{value:#}\n");
    let text = match (args.list_required_secrets, args.output) {
        (true, FindingsForm::Json) => pretty(&report::json(checked)["requiredSecrets"]),
        (true, FindingsForm::Text) => report::secrets(&checked.secrets),
        (true, _) => {
            let message = "the list of Secrets has two forms: `text` and `json`";
            return Err(Stop::usage(Diagnostic::error("form", message).hint("take `-o json`")));
        }
        (false, FindingsForm::Text) => report::text(checked, ui.least()),
        (false, FindingsForm::Json) => pretty(&report::json(checked)),
        (false, FindingsForm::Sarif) => pretty(&report::sarif(checked)),
        (false, FindingsForm::Codequality) => pretty(&report::code_quality(checked)),
        (false, FindingsForm::Junit) => report::junit(checked),
    };
    ui.out(text.as_bytes())?;
    if args.output == FindingsForm::Text && !args.list_required_secrets {
        ui.report(&[Diagnostic::note("summary", report::summary(checked))], &Sources::default());
    }
    Ok(())
}

/// Whether something is waiting to be read that nobody named.
fn piped() -> bool {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return false;
    }
    rustix::fs::fstat(&stdin)
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Fifo)
}

/// Reads all manifests. Every file that cannot be read is in the report.
fn texts(paths: &[String]) -> Result<Vec<ManifestText>, Report> {
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
            match read_text(&file) {
                Ok(text) => texts.push(ManifestText { name: file.display().to_string(), text: text.into(), named }),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
    }
    if wrong.is_empty() { Ok(texts) } else { Err(Report(wrong)) }
}
