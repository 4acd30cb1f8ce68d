//! `gitlab-render fleet plan`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Failures, PlanFleetArgs, environment, in_of, parallel};
use crate::commands::Exit;
use crate::diag::{Diagnostic, Failure};
use crate::fleet::Environment;
use crate::pipeline::upgrade::{self, PlanRequest};
use crate::ui::Ui;
use crate::upgrade::plan::{self, Flags, With};

/// Environments with equal plans, and the plan of the first of them.
type Plans<'e> = BTreeMap<String, (Vec<&'e str>, String)>;

pub(super) fn run(args: &PlanFleetArgs, ui: &Ui) -> Result<Exit, Failure> {
    let environments = args.select.environments()?;
    let results = parallel::each(&environments, ui, |environment| one(args, environment));
    let mut failures = Failures::default();
    let mut plans: Plans<'_> = BTreeMap::new();
    for (environment, result) in environments.iter().zip(results) {
        match result {
            Ok(text) => {
                let plan = plans.entry(alike(&text, environment)).or_insert_with(|| (Vec::new(), text));
                plan.0.push(&environment.name);
            }
            Err(failure) => failures.add(environment, failure),
        }
    }
    let mut plans: Vec<(Vec<&str>, String)> = plans.into_values().collect();
    plans.sort();
    for (names, text) in &plans {
        let which = in_of(names.len(), environments.len());
        let first = match names.as_slice() {
            [_] => String::new(),
            _ => format!("; the names of files, release and namespace below are those of {}", names[0]),
        };
        ui.out(format!("# In {which}: {}{first}\n\n{text}\n", names.join(", ")).as_bytes())?;
    }
    failures.report(environments.len(), ui)
}

fn one(args: &PlanFleetArgs, environment: &Environment) -> Result<String, Failure> {
    let from = args.from.clone().or_else(|| environment.gitlab.clone()).ok_or_else(|| {
        Diagnostic::error("fleet", format!("`{}` does not say which version runs", environment.name))
            .hint("name it with `--from`, or as `gitlab:` of the environment")
    })?;
    let mut render = environment::request(environment)?;
    render.target.gitlab_version = None;
    render.target.is_upgrade = true;
    let request = PlanRequest {
        from,
        to: args.to.clone(),
        without: Vec::new(),
        zero_downtime: false,
        with: With::default(),
        flags: Flags { sets: String::new(), render: String::new() },
        render,
    };
    Ok(plan::report::text(&upgrade::plan(&request)?.plan))
}

/// A plan with marks in place of the environment's own names: its files (also in names derived from them), release and namespace.
fn alike(text: &str, environment: &Environment) -> String {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, mark: String| {
        if name.len() > 1 && !names.iter().any(|(other, _)| other == name) {
            names.push((name.to_owned(), mark));
        }
    };
    for (number, file) in environment.values.iter().enumerate() {
        let path = Path::new(file);
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        add(file, format!("\u{1}f{number}."));
        add(&path.with_extension("").display().to_string(), format!("\u{1}f{number}"));
        add(&stem, format!("\u{1}f{number}"));
    }
    add(environment.release.as_deref().unwrap_or_default(), "\u{1}r".to_owned());
    add(environment.namespace.as_deref().unwrap_or_default(), "\u{1}n".to_owned());
    // Longer names come first, as they may contain others.
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.iter().fold(text.to_owned(), |text, (name, mark)| replaced(&text, name, mark))
}

/// Replaces the names in a string, where they are whole words.
fn replaced(text: &str, word: &str, by: &str) -> String {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, behind) = (&rest[..at], &rest[at + word.len()..]);
        out.push_str(before);
        let alone = !inner(before.chars().next_back().or(out.chars().next_back())) && !inner(behind.chars().next());
        out.push_str(if alone { by } else { word });
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_an_environment_do_not_count() {
        let environment = |file: &str, namespace: &str| Environment {
            values: vec!["base.yaml".to_owned(), file.to_owned()],
            namespace: Some(namespace.to_owned()),
            ..Environment::default()
        };
        let plan = |file: &str, namespace: &str| {
            let stem = file.trim_end_matches(".yaml");
            format!("{file}:3:1: x (base.yaml:1) > {stem}-18.2.yaml\nkubectl -n {namespace} get prod2\n")
        };
        let one = alike(&plan("eu.yaml", "prod"), &environment("eu.yaml", "prod"));
        assert_eq!(one, alike(&plan("us.yaml", "test"), &environment("us.yaml", "test")));
        assert_ne!(one, alike(&plan("base.yaml", "test"), &environment("us.yaml", "test")));
    }
}
