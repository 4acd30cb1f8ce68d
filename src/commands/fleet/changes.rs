//! `gitlab-render fleet diff`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use super::{DiffFleetArgs, Failures, environment, in_of, parallel};
use crate::cli::read_fleet;
use crate::commands::Exit;
use crate::diag::{Diagnostic, Failure};
use crate::diff::{Class, Comparison, report};
use crate::emit;
use crate::files::manifest_texts;
use crate::fleet::Environment;
use crate::git::Commit;
use crate::pipeline::diff::{self, Side};
use crate::ui::Ui;

/// A change without what differs between environments: its class and its report.
type Change = (Reverse<Class>, String);

/// The old side of the comparison.
enum Old {
    /// The trees in a directory.
    Trees,
    /// The environments of a commit.
    Fleet(Commit, BTreeMap<String, Environment>),
}

pub(super) fn run(args: &DiffFleetArgs, ui: &Ui) -> Result<Exit, Failure> {
    let environments = args.select.environments()?;
    let old = old(args)?;
    let results = parallel::each(&environments, ui, |environment| one(environment, args, &old));
    let mut failures = Failures::default();
    let mut changes: BTreeMap<Change, Vec<&str>> = BTreeMap::new();
    let mut by_environment: Vec<(&str, Class, usize)> = Vec::new();
    for (environment, result) in environments.iter().zip(results) {
        match result {
            Ok(found) => {
                if let Some(worst) = found.iter().map(|(class, _)| class.0).max() {
                    by_environment.push((&environment.name, worst, found.len()));
                }
                for change in found {
                    changes.entry(change).or_default().push(&environment.name);
                }
            }
            Err(failure) => failures.add(environment, failure),
        }
    }
    let mut text = String::new();
    for ((_, change), names) in &changes {
        let which = in_of(names.len(), environments.len());
        let listed = if names.len() == environments.len() { String::new() } else { format!(" ({})", names.join(", ")) };
        text.push_str(&format!("In {which}{listed}:\n{change}\n"));
    }
    for (name, worst, count) in &by_environment {
        let plural = if *count == 1 { "" } else { "s" };
        text.push_str(&format!("{name}: {count} change{plural}, at worst: {worst}\n"));
    }
    let gone = match &old {
        Old::Trees => args.select.gone(&environments, emit::trees(Path::new(&args.against))),
        Old::Fleet(_, old) => args.select.gone(&environments, old.keys().cloned().collect()),
    };
    for name in &gone {
        text.push_str(&format!("{name}: the environment was removed\n"));
    }
    if by_environment.is_empty() && gone.is_empty() && failures.environments.is_empty() {
        text.push_str("nothing changes\n");
    }
    ui.out(text.as_bytes())?;
    let exit = failures.report(environments.len(), ui)?;
    Ok(if exit == Exit::Done && !(changes.is_empty() && gone.is_empty()) { Exit::Found } else { exit })
}

/// Reads the old side: a directory, or else a commit.
fn old(args: &DiffFleetArgs) -> Result<Old, Failure> {
    if Path::new(&args.against).is_dir() {
        return Ok(Old::Trees);
    }
    let file = Path::new(&args.select.file);
    let commit = Commit::checkout(&args.against, file.parent().unwrap_or(file))?;
    let path = commit.path(Path::new(file.file_name().unwrap_or(file.as_os_str())));
    if !path.is_file() {
        let message = format!("`{}` has no `{}`", args.against, args.select.file);
        return Err(Diagnostic::environment("git", message)
            .hint("compare with a commit that contains the fleet")
            .into());
    }
    let fleet = read_fleet(&path.display().to_string()).map_err(|failure| commit.named(failure))?;
    let environments = fleet.environments.into_iter().map(|environment| (environment.name.clone(), environment));
    Ok(Old::Fleet(commit, environments.collect()))
}

/// The changes in one environment.
fn one(environment: &Environment, args: &DiffFleetArgs, old: &Old) -> Result<Vec<Change>, Failure> {
    let request = environment::request(environment)?;
    let (name, namespace) = (request.target.name.clone(), request.target.namespace.clone());
    let new = Side::Values(Box::new(request));
    let compared = match old {
        Old::Trees => {
            let directory = Path::new(&args.against).join(&environment.name);
            if !directory.is_dir() {
                return Ok(vec![(
                    Reverse(Class::None),
                    "the environment is new: the directory has no tree for it\n".to_owned(),
                )]);
            }
            diff::diff(Side::Manifests(manifest_texts(&directory)?), new, Some(&name), Some(&namespace))?
        }
        Old::Fleet(commit, environments) => {
            let Some(before) = environments.get(&environment.name) else {
                let message = format!("the environment is new: `{}` does not have it\n", args.against);
                return Ok(vec![(Reverse(Class::None), message)]);
            };
            let before = environment::request(before).map_err(|failure| commit.named(failure))?;
            let compared = diff::diff(Side::Values(Box::new(before)), new, None, None);
            compared.map_err(|failure| commit.named(failure))?
        }
    };
    let changes = compared.comparison.changes.into_iter().map(|change| {
        let class = change.class();
        let single = Comparison { changes: vec![change], ..Comparison::default() };
        let text = report::text(&single);
        // The last line counts the changes.
        let text = text.trim_end().rsplit_once('\n').map_or(text.as_str(), |(change, _)| change);
        (Reverse(class), text.trim_end().to_owned() + "\n")
    });
    Ok(changes.collect())
}
