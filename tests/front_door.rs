//! The command line as a whole: how flags that repeat are written, and how a release is named.

use clap::{ArgAction, Command, CommandFactory};
use gitlab_render::commands::Cli;

/// Flags that repeat and in whose value a comma has a meaning of its own.
const COMMAS_MEAN_SOMETHING: &[&str] =
    &["set", "set-string", "set-json", "set-file", "set-literal", "values-from", "values-at"];

/// Every command with its whole name, `values migrate`.
fn commands() -> Vec<(String, Command)> {
    fn gather(name: &str, command: &Command, found: &mut Vec<(String, Command)>) {
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let name = format!("{name} {}", below.get_name()).trim().to_owned();
            gather(&name, below, found);
            found.push((name, below.clone()));
        }
    }
    let mut found = Vec::new();
    let mut cli = Cli::command();
    cli.build();
    gather("", &cli, &mut found);
    found
}

#[test]
fn flags_that_repeat_take_a_comma_list() {
    let mut seen = 0;
    for (name, command) in commands() {
        for arg in command.get_arguments().filter(|arg| matches!(arg.get_action(), ArgAction::Append)) {
            let Some(long) = arg.get_long() else { continue };
            seen += 1;
            let list = arg.get_value_delimiter() == Some(',') || COMMAS_MEAN_SOMETHING.contains(&long);
            assert!(list, "`{name} --{long}` can be repeated and takes no comma list");
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn a_release_is_named_one_way() {
    let mut seen = 0;
    for (name, command) in commands() {
        let has = |long: &str| command.get_arguments().any(|arg| arg.get_long() == Some(long));
        if !has("namespace") || name.starts_with("import") {
            continue;
        }
        seen += 1;
        assert!(has("name"), "`{name}` has `--namespace` and no `--name`");
    }
    assert!(seen > 10, "{seen}");
}

/// A command that is wrapped at the width of a terminal is no command any more once it is copied.
#[test]
fn examples_are_not_wrapped() {
    let mut seen = 0;
    for (name, command) in commands() {
        let Some(examples) = command.get_after_help().map(ToString::to_string) else { continue };
        for line in
            examples.lines().filter(|line| line.trim_start().starts_with("gitlab-render ") || line.starts_with("    "))
        {
            seen += 1;
            assert!(line.chars().count() <= 80, "`{name}` has an example of more than 80 characters: {line}");
        }
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn help_is_wrapped() {
    for (name, mut command) in commands() {
        let help = command.clone().term_width(80).render_long_help().to_string();
        // Examples are lines to copy, and stay whole.
        let prose = help.split("Example").next().unwrap();
        let long: Vec<_> = prose.lines().filter(|line| line.chars().count() > 80 && line.contains(' ')).collect();
        let long: Vec<_> = long.into_iter().filter(|line| !line.trim_start().starts_with("Usage:")).collect();
        assert!(long.is_empty(), "`{name} --help` has lines of more than 80 characters: {long:#?}");
        let _ = command.render_help();
    }
}
