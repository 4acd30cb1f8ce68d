//! `gitlab-render diff`.

use std::path::Path;

use crate::cli::diff::{DiffArgs, DiffForm, RiskClass};
use crate::commands::inputs::inputs;
use crate::commands::texts::{manifests_below, read_text};
use crate::commands::{Exit, Stop, release, request::request};
use crate::diag::{Diagnostic, Report, Sources};
use crate::pipeline::diff::{self, Class, Side, report};
use crate::pipeline::{self, Input, Select, Target};
use crate::ui::Ui;

/// Compares, reports, and ends with 1 where something differs.
pub fn run(args: &DiffArgs, ui: &Ui) -> Result<Exit, Stop> {
    let below = inputs(&args.values)?;
    let mut stdin = Stdin { taken: args.values.files.iter().any(|file| file == "-") };
    let one_side = args.old.is_none() && args.from_gitlab.is_none() && args.to_gitlab.is_none();
    if one_side {
        let message = "`diff` needs two sides, and there is none";
        let hint = "name OLD and NEW, or give `-f values.yaml` with `--from-gitlab` and `--to-gitlab`";
        return Err(Stop::usage(Diagnostic::error("no-sides", message).hint(hint)));
    }
    let mut side = |named: Option<&str>, version: Option<&String>| -> Result<Side, Stop> {
        let given = named.map(|named| given(named, &mut stdin)).transpose()?;
        let files = match given {
            Some(Given::Manifests(texts)) => return Ok(Side::Manifests(texts)),
            Some(Given::Values(files)) => files,
            None => Vec::new(),
        };
        // -f is beneath the side's own files, --set above them, as on every command line
        let (lower, upper): (Vec<_>, Vec<_>) = below.iter().cloned().partition(|i| matches!(i, Input::File { .. }));
        let inputs = lower.into_iter().chain(files).chain(upper).collect();
        Ok(Side::Values(Box::new(request(target(args, version), inputs, &args.values, Select::default()))))
    };
    let old = side(args.old.as_deref(), args.from_gitlab.as_ref())?;
    let new = side(args.new.as_deref(), args.to_gitlab.as_ref())?;
    let compared = diff::diff(old, new, args.name.as_deref(), args.namespace.as_deref())
        .map_err(|failure| Stop::refused(failure.report, failure.sources))?;
    let mut said: Vec<&Vec<Diagnostic>> = Vec::new();
    for (warnings, sources) in &compared.warnings {
        // what both sides give rise to is said once
        if !said.contains(&warnings) {
            ui.report(warnings, sources);
            said.push(warnings);
        }
    }
    let comparison = &compared.comparison;
    let text = match args.output {
        DiffForm::Text => report::text(comparison),
        DiffForm::Json => report::json(comparison),
        DiffForm::Markdown => report::markdown(comparison),
        DiffForm::Diff => report::unified(comparison),
    };
    ui.out(text.as_bytes())?;
    let counts =
        |class: Class| args.fail_on.is_empty() || args.fail_on.iter().any(|wanted| self::class(*wanted) == class);
    let found = comparison.changes.iter().flat_map(|change| &change.risks).any(|risk| counts(risk.class));
    Ok(if found { Exit::Found } else { Exit::Done })
}

fn class(class: RiskClass) -> Class {
    match class {
        RiskClass::None => Class::None,
        RiskClass::Restart => Class::Restart,
        RiskClass::Replace => Class::Replace,
        RiskClass::Data => Class::Data,
        RiskClass::Exposure => Class::Exposure,
        RiskClass::Outage => Class::Outage,
    }
}

fn target(args: &DiffArgs, gitlab_version: Option<&String>) -> Target {
    Target {
        name: args.name.clone().unwrap_or_else(|| release::DEFAULT_NAME.to_owned()),
        namespace: args.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        is_upgrade: false,
        kube_version: args.cluster.kube_version.unwrap_or(release::NEWEST_KUBE),
        api_versions: args.cluster.api_versions.clone(),
        gitlab_version: gitlab_version.cloned(),
    }
}

enum Given {
    Values(Vec<Input>),
    Manifests(Vec<(String, String)>),
}

/// Whether stdin was read: it can be read once.
struct Stdin {
    taken: bool,
}

/// What a side names: a directory holds manifests, the content of a file says what it is.
fn given(named: &str, stdin: &mut Stdin) -> Result<Given, Stop> {
    let mut texts = Vec::new();
    let mut wrong = Vec::new();
    if named != "-" && Path::new(named).is_dir() {
        for file in manifests_below(Path::new(named), &mut wrong) {
            match read_text(&file) {
                Ok(text) => texts.push((file.display().to_string(), text)),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        return if wrong.is_empty() { Ok(Given::Manifests(texts)) } else { Err(Report(wrong).into()) };
    }
    for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if let Some(profile) = name.strip_prefix("profile:") {
            match pipeline::profile(profile) {
                Ok(Input::File { name, bytes }) => texts.push((name, String::from_utf8_lossy(&bytes).into_owned())),
                Ok(_) => {}
                Err(diagnostic) => wrong.push(diagnostic),
            }
            continue;
        }
        if name == "-" && std::mem::replace(&mut stdin.taken, true) {
            let message = "`-` is there twice, and stdin can be read once";
            wrong.push(Diagnostic::error("file-unreadable", message).hint("keep one side in a file"));
            continue;
        }
        match read_text(Path::new(name)) {
            Ok(text) => texts.push((if name == "-" { "stdin".to_owned() } else { name.to_owned() }, text)),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if !wrong.is_empty() {
        return Err(Stop::refused(Report(wrong), Sources::default()));
    }
    let manifests = texts.iter().filter(|(_, text)| diff::is_manifests(text)).count();
    if manifests > 0 && manifests < texts.len() {
        let message = format!("`{named}`: some of these files are manifests and some are values");
        let hint = "name values files only, or manifests only";
        return Err(Stop::usage(Diagnostic::error("mixed-side", message).hint(hint)));
    }
    if manifests > 0 {
        return Ok(Given::Manifests(texts));
    }
    let files = texts.into_iter().map(|(name, text)| Input::File { name, bytes: text.into_bytes() });
    Ok(Given::Values(files.collect()))
}
