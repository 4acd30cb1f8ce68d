//! `gitlab-render values migrate`.

use std::path::Path;

use crate::cli::MigrateArgs;
use crate::commands::outputs::write_file;
use crate::commands::release::newest_kubernetes;
use crate::commands::{Exit, Stop, inputs};
use crate::diag::{Diagnostic, Report, Sources};
use crate::pipeline::{self, Input, Migrated, Sameness, Target};
use crate::ui::Ui;

/// Rewrites, says what was done, and writes where it was asked to.
pub fn run(args: &MigrateArgs, ui: &Ui) -> Result<Exit, Stop> {
    check(args)?;
    let span = pipeline::span(args.from.as_deref(), args.to.as_deref()).map_err(Stop::usage)?;
    let files = read(&args.files)?;
    let (migrated, refused) = pipeline::migrate(&files, &span);
    if !refused.is_empty() {
        let (last, before) = refused.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
        before.iter().for_each(|failure| ui.report(&failure.report.0, &failure.sources));
        return Err(
            last.map_or_else(|| Report::default().into(), |f| Stop::refused(f.report.clone(), f.sources.clone()))
        );
    }
    for (file, migrated) in files.iter().zip(&migrated) {
        ui.report(&migrated.report, &migrated.sources);
        ui.report(&[summary(file, migrated, &span)], &migrated.sources);
    }
    let passed = pipeline::passed(&files, &migrated, &span);
    ui.report(&passed.warnings, &passed.value);
    let changed = migrated.iter().any(|one| one.changed + one.open > 0);
    if args.diff {
        for (file, migrated) in files.iter().zip(&migrated) {
            ui.out(pipeline::text_diff(&file.name, &file.text, &migrated.text).as_bytes())?;
        }
    } else {
        write(args, &files, &migrated, ui)?;
    }
    let same = verify(args, &files, &migrated, &span, ui);
    let open = migrated.iter().any(|one| one.open > 0);
    Ok(if open || !same || (args.diff && changed) { Exit::Found } else { Exit::Done })
}

fn check(args: &MigrateArgs) -> Result<(), Stop> {
    let refuse = |message: &str, hint: &str| Err(Stop::usage(Diagnostic::error("usage", message).hint(hint)));
    if args.files.len() > 1 && !args.in_place && !args.diff {
        return refuse(
            "several files cannot go to one place",
            "write them back with `--in-place`, or look with `--diff`",
        );
    }
    if args.in_place && args.files.iter().any(|name| name == "-") {
        return refuse("stdin cannot be written to in place", "leave `--in-place` out: the result goes to stdout");
    }
    if args.files.iter().any(|name| name.starts_with("profile:")) {
        return refuse("a profile is always for this release", "name your own values files");
    }
    Ok(())
}

/// Reads all files; every one that cannot be read is in the report.
fn read(names: &[String]) -> Result<Vec<pipeline::File>, Stop> {
    let mut files = Vec::new();
    let mut wrong = Vec::new();
    for name in names {
        match inputs::values_file(name) {
            Ok(Input::File { name, bytes }) => match pipeline::File::new(name, bytes) {
                Ok(file) => files.push(file),
                Err(failure) => return Err(Stop::refused(failure.report, failure.sources)),
            },
            Ok(_) => {}
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if wrong.is_empty() { Ok(files) } else { Err(Report(wrong).into()) }
}

fn summary(file: &pipeline::File, migrated: &Migrated, span: &pipeline::Span) -> Diagnostic {
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let told = match (migrated.changed, migrated.open) {
        (0, 0) => "nothing to change".to_owned(),
        (changed, 0) => count(changed, "change", "changes"),
        (changed, open) => {
            format!("{}, {}", count(changed, "change", "changes"), count(open, "decision left", "decisions left"))
        }
    };
    Diagnostic::note("summary", format!("`{}` for chart {}: {told}", file.name, span.to))
}

fn write(args: &MigrateArgs, files: &[pipeline::File], migrated: &[Migrated], ui: &Ui) -> Result<(), Stop> {
    for (file, migrated) in files.iter().zip(migrated) {
        if args.in_place {
            if file.text != migrated.text {
                write_file(Path::new(&file.name), &migrated.text, true)?;
            }
        } else {
            match args.output.as_deref().filter(|path| *path != Path::new("-")) {
                Some(path) => write_file(path, &migrated.text, true)?,
                None => ui.out(migrated.text.as_bytes())?,
            }
        }
    }
    Ok(())
}

/// Renders before and after, where that is asked for or can be done; false where the two differ.
fn verify(args: &MigrateArgs, files: &[pipeline::File], migrated: &[Migrated], span: &pipeline::Span, ui: &Ui) -> bool {
    let changed = migrated.iter().any(|one| one.changed > 0);
    if args.no_verify || !(changed || args.verify) {
        return true;
    }
    let target = Target {
        name: "release-name".to_owned(),
        namespace: "default".to_owned(),
        is_upgrade: false,
        kube_version: newest_kubernetes(),
        api_versions: Vec::new(),
        gitlab_version: None,
    };
    let sameness = pipeline::compare_renders(files, migrated, span, target);
    let told = match &sameness {
        Sameness::Same => Diagnostic::note("same-render", "the render is the same before and after"),
        Sameness::Differs(objects) => {
            Diagnostic::warning("other-render", format!("the render is another one: {}", objects.join(", ")))
                .hint("see that this is what you want: the old values were read, and meant something else")
        }
        Sameness::OldRefused => Diagnostic::note(
            "not-compared",
            "the values before the change cannot be rendered in the new release, so there is nothing to compare with",
        ),
        Sameness::NewRefused(errors) => {
            Diagnostic::note("not-compared", format!("the migrated values cannot be rendered yet: {errors}"))
                .hint("`gitlab-render template -f FILE` says each with its place")
        }
        Sameness::Unknown if args.verify => Diagnostic::note(
            "not-compared",
            format!("chart {} is not among the releases that can be rendered", span.to),
        ),
        Sameness::Unknown => return true,
    };
    ui.report(&[told], &Sources::default());
    !matches!(sameness, Sameness::Differs(_))
}
