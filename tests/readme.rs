//! The samples of the readme are what the program prints for the files of `tests/readme/`.

use std::collections::BTreeMap;

use crate::common::{root, run};

/// A command of a page and the lines below it.
pub struct Sample {
    command: String,
    expected: Vec<String>,
}

/// The commands after `$ ` in indented blocks, each with its output; a block in a list is indented deeper.
pub fn samples(page: &str) -> Vec<Sample> {
    let mut found: Vec<Sample> = Vec::new();
    let mut open = None;
    for line in page.lines() {
        let indent = line.len() - line.trim_start().len();
        let command = line.trim_start().strip_prefix("$ ").filter(|_| indent >= 4);
        match (command, open) {
            (Some(command), _) => {
                open = Some(indent);
                found.push(Sample { command: command.to_owned(), expected: Vec::new() });
            }
            (None, Some(block)) if line.is_empty() || indent >= block => {
                found.last_mut().unwrap().expected.push(line.get(block..).unwrap_or_default().to_owned());
            }
            _ => open = None,
        }
    }
    for sample in &mut found {
        while sample.expected.last().is_some_and(String::is_empty) {
            sample.expected.pop();
        }
    }
    found
}

/// Runs the commands in a folder, one after the other; panics where one prints something else.
pub fn run_samples(folder: &std::path::Path, page: &str, samples: Vec<Sample>) {
    for Sample { command, expected } in samples {
        let words = command.strip_prefix("gitlab-render ").unwrap().split(' ').map(str::to_owned);
        let ran = run(folder, &words.collect::<Vec<_>>(), &BTreeMap::new(), "");
        let printed = if ran.stdout.is_empty() { &ran.stderr } else { &ran.stdout };
        let lines: Vec<_> = printed.trim_end().lines().collect();
        assert!(fits(&lines, &expected), "`{command}` prints this, not the sample in {page}:\n{printed}");
    }
}

/// Whether lines are those that are expected, in order; `...` stands for any number of lines.
fn fits(lines: &[&str], expected: &[String]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => (0..=lines.len()).any(|skipped| fits(&lines[skipped..], rest)),
        Some((first, rest)) => lines.split_first().is_some_and(|(line, others)| line == first && fits(others, rest)),
    }
}

#[test]
fn the_samples_of_the_readme_are_real() {
    let samples = samples(&std::fs::read_to_string(root().join("README.md")).unwrap());
    assert_eq!(samples.len(), 3, "a wrong key, a plan, a difference");
    run_samples(&root().join("tests/readme"), "README.md", samples);
}

/// A newcomer finds in the first screen of the readme how to install, check and render.
#[test]
fn the_start_is_on_the_first_screen() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let first: Vec<_> = readme.lines().take(60).collect();
    for start in ["    cargo install ", "    gitlab-render lint ", "    gitlab-render template "] {
        assert!(first.iter().any(|line| line.starts_with(start)), "no `{}` in the first 60 lines", start.trim());
    }
}
