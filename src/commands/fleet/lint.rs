//! `gitlab-render fleet lint`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Failures, LintFleetArgs, environment, in_of, parallel};
use crate::commands::Exit;
use crate::commands::lint::{settings, summary};
use crate::diag::{Diagnostic, Failure, Sources};
use crate::fleet::Environment;
use crate::pipeline;
use crate::ui::Ui;
use crate::validate::{Finding, Findings, report};

pub(super) fn run(args: &LintFleetArgs, ui: &Ui) -> Result<Exit, Failure> {
    let environments = args.select.environments()?;
    let allowed = settings(args.config.as_deref().map(Path::new))?;
    let results = parallel::each(&environments, ui, |environment| {
        pipeline::lint::lint(&environment::request(environment)?, &allowed, args.pedantic).map(|(found, _)| found)
    });
    let mut failures = Failures::default();
    let mut found: BTreeMap<Alike, (Finding, Vec<&str>)> = BTreeMap::new();
    for (environment, result) in environments.iter().zip(results) {
        match result {
            Ok(findings) => {
                for finding in findings.all.into_iter().map(|finding| placed(environment, without_hash(finding))) {
                    let alike = (finding.file.clone(), finding.line, finding.column, format!("{finding:?}"));
                    found.entry(alike).or_insert_with(|| (finding, Vec::new())).1.push(&environment.name);
                }
            }
            Err(failure) => failures.add(environment, failure),
        }
    }
    let all = found.into_values().map(|(finding, names)| {
        let subject = match names.as_slice() {
            [one] => format!("`{one}`"),
            names => format!("in {}", in_of(names.len(), environments.len())),
        };
        Finding { message: format!("{subject}: {}", finding.message), ..finding }
    });
    let found = Findings { all: all.collect(), ..Findings::default() };
    ui.out(report::text(&found, ui.least()).as_bytes())?;
    ui.report(&[Diagnostic::note("summary", summary(&found))], &Sources::default());
    let exit = failures.report(environments.len(), ui)?;
    Ok(if exit == Exit::Done && args.fail_on.fails(&found) { Exit::Found } else { exit })
}

/// The key of equal findings, in the order of files.
type Alike = (String, usize, usize, String);

/// A finding about a setting of `fleet.yaml`, at its place there.
fn placed(environment: &Environment, finding: Finding) -> Finding {
    let at = environment.setting(finding.code, std::iter::once(finding.file.as_str()));
    match at.and_then(|at| Some((environment.sources.get(at.source)?, at))) {
        Some((source, at)) => Finding { file: source.name.clone(), line: at.line, column: at.column, ..finding },
        None => finding,
    }
}

/// A finding without the hash in the name of its Job: the hash follows from the content, which environments do not share.
fn without_hash(mut finding: Finding) -> Finding {
    if let Some(id) = &mut finding.object
        && let Some(stem) = id.stem()
    {
        let whole = std::mem::replace(&mut id.name, stem);
        finding.message = finding.message.replace(&whole, &id.name);
        finding.hint = finding.hint.map(|hint| hint.replace(&whole, &id.name));
    }
    finding
}
