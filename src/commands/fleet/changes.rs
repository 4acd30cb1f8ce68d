//! `gitlab-render fleet diff`.

use std::collections::BTreeMap;

use super::{DiffFleetArgs, Failures, environment, in_of, parallel};
use crate::commands::Exit;
use crate::diag::Failure;
use crate::diff::{Class, Comparison, report};
use crate::files::manifest_texts;
use crate::fleet::Environment;
use crate::pipeline::diff::{self, Side};
use crate::ui::Ui;

/// A change without what differs between environments: its class and its report.
type Change = (std::cmp::Reverse<Class>, String);

pub(super) fn run(args: &DiffFleetArgs, ui: &Ui) -> Result<Exit, Failure> {
    let environments = args.select.environments()?;
    let results = parallel::each(&environments, ui, |environment| one(environment, args));
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
            Err(failure) => failures.add(&environment.name, failure),
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
    if by_environment.is_empty() {
        text.push_str("nothing changes\n");
    }
    ui.out(text.as_bytes())?;
    let exit = failures.report(environments.len(), ui)?;
    Ok(if exit == Exit::Done && !changes.is_empty() { Exit::Found } else { exit })
}

/// The changes in one environment.
fn one(environment: &Environment, args: &DiffFleetArgs) -> Result<Vec<Change>, Failure> {
    let request = environment::request(environment)?;
    let directory = args.against.join(&environment.name);
    let old = match directory.is_dir() {
        true => manifest_texts(&directory)?,
        false => {
            return Ok(vec![(std::cmp::Reverse(Class::None), "the environment is new: it has no tree\n".to_owned())]);
        }
    };
    let (name, namespace) = (request.target.name.clone(), request.target.namespace.clone());
    let compared = diff::diff(Side::Manifests(old), Side::Values(Box::new(request)), Some(&name), Some(&namespace))?;
    let changes = compared.comparison.changes.into_iter().map(|change| {
        let class = change.class();
        let single = Comparison { changes: vec![change], ..Comparison::default() };
        let text = report::text(&single);
        // The last line counts the changes.
        let text = text.trim_end().rsplit_once('\n').map_or(text.as_str(), |(change, _)| change);
        (std::cmp::Reverse(class), text.trim_end().to_owned() + "\n")
    });
    Ok(changes.collect())
}
