//! `gitlab-render __complete`, hidden: what can stand at the cursor, for the scripts of `completion`.
//!
//! Flags, commands and fixed sets of values are in those scripts. This command knows what they cannot: paths of values,
//! components, profiles, versions, and the objects that the values of the command line render.

use std::collections::BTreeSet;

use clap::{ArgMatches, Args, CommandFactory, Parser};

use super::{Cli, Exit};
use crate::cli::ReleaseFlags;
use crate::cli::ValuesArgs;
use crate::diag::Failure;
use crate::pipeline;
use crate::profiles;
use crate::releases;
use crate::ui::Ui;
use crate::why::field::leaves;

/// Stands in the word at the cursor, so that it is found again in what was parsed.
const CURSOR: char = '\u{e000}';

/// `gitlab-render __complete`.
#[derive(Debug, Args)]
pub struct CompleteArgs {
    /// The words of the command line, the program's name first and the word at the cursor last.
    #[arg(value_name = "WORD", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

impl CompleteArgs {
    /// Writes one candidate per line; nothing where it knows none. A candidate that ends in `.`, `=` or `[0]` goes on.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let mut lines = String::new();
        for candidate in candidates(&self.words) {
            lines.push_str(&candidate);
            lines.push('\n');
        }
        ui.out(lines.as_bytes())?;
        Ok(Exit::Done)
    }
}

/// Words that can stand in the place of the last one.
fn candidates(words: &[String]) -> Vec<String> {
    let Some((last, before)) = words.split_last() else { return Vec::new() };
    if last.starts_with('-') && !last.contains('=') {
        return Vec::new();
    }
    let marked: Vec<String> = before.iter().cloned().chain([format!("{last}{CURSOR}")]).collect();
    let Ok(matches) = Cli::command().ignore_errors(true).try_get_matches_from(&marked) else { return Vec::new() };
    let mut path = Vec::new();
    let mut at = &matches;
    while let Some((name, below)) = at.subcommand() {
        path.push(name);
        at = below;
    }
    let Some((argument, value)) = at_cursor(at) else { return Vec::new() };
    // what stands before the value in the same word, `--set=`, and what of a comma list is complete
    let before_value = &last[..last.len() - value.len().min(last.len())];
    let (done, open) = match argument.as_str() {
        "set" | "set_string" | "set_json" | "set_file" | "set_literal" => last_assignment(&value),
        "show_only" | "components" => value.rfind(',').map_or(("", value.as_str()), |comma| value.split_at(comma + 1)),
        _ => ("", value.as_str()),
    };
    let all = match (path.as_slice(), argument.as_str()) {
        (_, "set" | "set_string" | "set_json" | "set_file" | "set_literal") => assignments(open),
        (["explain"], "subject") => [value_paths(open), components()].concat(),
        (["impact"], "path") => assignments(open),
        (["values"], "defaults") => [components(), value_paths(open)].concat(),
        (_, "profile") => profiles::all().map(|profile| profile.name.to_owned()).collect(),
        (_, "gitlab_version" | "from" | "to" | "from_gitlab" | "to_gitlab") => versions(),
        (_, "components") => components(),
        (["why"], "object" | "field") | (_, "show_only") => rendered(&marked, argument.as_str()),
        _ => Vec::new(),
    };
    let fitting = all.into_iter().filter(|candidate| candidate.starts_with(open) && candidate != open);
    fitting.map(|candidate| format!("{before_value}{done}{candidate}")).collect()
}

/// The argument with the word at the cursor, and the word without what stands before the value.
fn at_cursor(matches: &ArgMatches) -> Option<(String, String)> {
    matches.ids().find_map(|id| {
        let mut raw = matches.try_get_raw(id.as_str()).ok()??;
        let value = raw.find_map(|value| Some(value.to_string_lossy().strip_suffix(CURSOR)?.to_owned()))?;
        Some((id.as_str().to_owned(), value))
    })
}

/// Splits the assignments of `--set` behind the last comma between two of them: one in braces or after a backslash is
/// part of a value.
fn last_assignment(text: &str) -> (&str, &str) {
    let (mut depth, mut escaped, mut start) = (0_usize, false, 0);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => start = at + 1,
            _ => {}
        }
    }
    text.split_at(start)
}

/// The next keys of a path, or what may stand behind its `=`.
fn assignments(open: &str) -> Vec<String> {
    match open.split_once('=') {
        None => value_paths(open)
            .into_iter()
            .map(|path| if !path.ends_with(['.', ']']) { format!("{path}=") } else { path })
            .collect(),
        Some((path, _)) => {
            let values = pipeline::reference(None).map(|reference| reference.values_at(path)).unwrap_or_default();
            values.into_iter().map(|value| format!("{path}={value}")).collect()
        }
    }
}

/// Paths with one key more than what is complete of `open`; a map ends with a dot.
fn value_paths(open: &str) -> Vec<String> {
    pipeline::reference(None).map(|reference| reference.next_keys(open)).unwrap_or_default()
}

fn components() -> Vec<String> {
    let all = pipeline::reference(None).map(|reference| reference.components).unwrap_or_default();
    all.into_iter().map(|component| component.name.to_owned()).collect()
}

/// The newest patch of each series, the newest series first, and the series.
fn versions() -> Vec<String> {
    let series = releases::known_series().into_iter().rev();
    series.flat_map(|series| releases::newest(series).map(|newest| newest.to_string())).collect()
}

/// The values and the release of any command.
#[derive(Debug, Parser)]
#[command(ignore_errors = true)]
struct AnyRequest {
    words: Vec<String>,
    #[command(flatten)]
    release: ReleaseFlags,
    #[command(flatten)]
    values: ValuesArgs,
}

/// Objects, fields or templates of what the command line renders; none where its values are refused.
fn rendered(words: &[String], what: &str) -> Vec<String> {
    // the word at the cursor and the flags that only select are of no account
    let kept: Vec<&String> = words.iter().filter(|word| !word.ends_with(CURSOR)).collect();
    let Ok(any) = AnyRequest::try_parse_from(kept.iter().filter(|word| !matches!(word.as_str(), "-s" | "--show-only")))
    else {
        return Vec::new();
    };
    let name = any.words.get(1).filter(|_| what == "show_only").cloned();
    let mut release = any.release;
    release.name = release.name.or(name);
    let Ok(request) = any.values.request(release.wanted()) else { return Vec::new() };
    let Ok(rendered) = pipeline::render(&request) else { return Vec::new() };
    let manifests = rendered.objects.manifests();
    match what {
        "object" => manifests.iter().map(|manifest| manifest.id.to_string()).collect(),
        "field" => {
            let object = any.words.get(1).map(String::as_str).unwrap_or_default();
            let named = manifests.iter().find(|manifest| crate::why::selects(object, &manifest.id));
            let fields = named.map(|manifest| leaves(&manifest.body)).unwrap_or_default();
            fields.into_iter().map(|(path, _)| path.to_string()).collect()
        }
        _ => {
            let sources: BTreeSet<String> = manifests.iter().map(|manifest| manifest.source.clone()).collect();
            sources.into_iter().collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_assignment_begins_behind_a_comma_between_two() {
        assert_eq!(last_assignment("a=1,b.c"), ("a=1,", "b.c"));
        assert_eq!(last_assignment("a={1,2},b"), ("a={1,2},", "b"));
        assert_eq!(last_assignment(r"a=x\,y"), ("", r"a=x\,y"));
    }
}
