//! The readme, the map of the sources and the guide for contributors name existing paths; the readme has all flags, no more.

use std::collections::BTreeSet;

use clap::CommandFactory;
use gitlab_render::commands::Cli;

use crate::common::root;

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The strings between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_path_in_the_readme_exists() {
    let pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
    let readme: String = pages.iter().map(|page| std::fs::read_to_string(root().join(page)).unwrap()).collect();
    let folders = ["charts/", "values/", "schemas/", "src/", "tests/", ".ci/"];
    let paths: Vec<_> = quoted(&readme)
        .filter(|path| folders.iter().any(|folder| path.starts_with(folder)) && !path.contains(['<', '*', ' ']))
        .collect();
    assert!(paths.len() > 10, "{paths:?}");
    let gone: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(gone.is_empty(), "named in the documentation, not there: {gone:?}");
}

/// The flags that a text names.
fn flags(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| word.starts_with("--") && word.len() > 2 && !word.starts_with("---"))
        .map(str::to_owned)
        .collect()
}

/// Flags of cargo in the readme.
const CARGO: &[&str] = &["--locked", "--path", "--release"];

/// The readme has all flags of `template` and of every command's messages; those of other commands may be in `docs/` only.
#[test]
fn every_flag_is_documented_and_every_documented_flag_exists() {
    let mut ours = BTreeSet::new();
    let mut for_the_readme = BTreeSet::new();
    let mut accepted = BTreeSet::new();
    let mut commands = vec![Cli::command()];
    while let Some(command) = commands.pop() {
        let long = command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}"));
        let long: BTreeSet<_> = long.collect();
        let aliases = command.get_arguments().filter_map(clap::Arg::get_all_aliases).flatten();
        accepted.extend(aliases.map(|alias| format!("--{alias}")));
        if matches!(command.get_name(), "template" | "gitlab-render") {
            for_the_readme.extend(long.clone());
        }
        ours.extend(long);
        commands.extend(command.get_subcommands().cloned());
    }
    // Flags that only Helm has are described without their names.
    let in_readme = flags(&readme());
    let mut documented = in_readme.clone();
    let pages = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    for page in pages.filter(|path| path.is_file()) {
        documented.extend(flags(&std::fs::read_to_string(page).unwrap()));
    }
    let missing: Vec<_> = for_the_readme.difference(&in_readme).chain(ours.difference(&documented)).collect();
    assert!(missing.is_empty(), "flags without documentation: {missing:?}");
    let unknown: Vec<_> = in_readme
        .difference(&ours)
        .filter(|flag| !CARGO.contains(&flag.as_str()) && !accepted.contains(*flag))
        .collect();
    assert!(unknown.is_empty(), "flags of no command: {unknown:?}");
}
