//! What the readme says is so: the paths it names are there, and it has all flags, no more.

use std::collections::BTreeSet;

use clap::CommandFactory;
use gitlab_render::cli::Cli;

use crate::common::root;

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_path_in_the_readme_exists() {
    let readme = readme();
    let folders = ["charts/", "values/", "schemas/", "src/", "tests/", ".ci/"];
    let paths: Vec<_> = quoted(&readme)
        .filter(|path| folders.iter().any(|folder| path.starts_with(folder)) && !path.contains(['<', '*', ' ']))
        .collect();
    assert!(paths.len() > 10, "{paths:?}");
    let gone: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(gone.is_empty(), "named in the readme, not there: {gone:?}");
}

#[test]
fn the_readme_has_every_flag_and_no_other() {
    let cli = Cli::command();
    let mut ours = BTreeSet::new();
    for command in std::iter::once(&cli).chain(cli.get_subcommands()) {
        ours.extend(command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")));
    }
    // what Helm has and we do not is told without flags' names
    let readme = readme();
    let mut named: BTreeSet<_> = readme
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| word.starts_with("--") && word.len() > 2 && !word.starts_with("---"))
        .map(str::to_owned)
        .collect();
    named.remove("--release"); // cargo's
    assert_eq!(named, ours);
}
