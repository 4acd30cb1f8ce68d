//! Findings that the user silences: by comments in the values, and in `.gitlab-render.toml`.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use crate::diag::{Diagnostic, Failure, LineIndex, Location, Report, Severity, Sources, register};

/// Begins a comment for this program; the only one is `# gitlab-render: allow no-requests it is a test`.
const MARK: &str = "gitlab-render:";
/// The word of such a comment.
const ALLOW: &str = "allow";

/// `.gitlab-render.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The section of `lint`.
    #[serde(default)]
    pub lint: LintSettings,
}

/// The settings of `lint`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintSettings {
    /// Codes that are allowed everywhere, each with the reason.
    #[serde(default)]
    pub allow: BTreeMap<String, String>,
}

/// Reads `.gitlab-render.toml`.
///
/// # Errors
/// Content that is not TOML, unknown keys, and codes that no finding has: each at its line.
pub fn settings(name: &str, text: &str) -> Result<Settings, Failure> {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let settings: Settings = match toml::from_str(text) {
        Ok(settings) => settings,
        Err(error) => {
            let (line, column) = error.span().map_or((1, 1), |span| place(text, span.start));
            let message = format!("`{name}`: {}", error.message());
            let finding = Diagnostic::error("not-toml", message)
                .at(Location { source, line, column, len: 1 })
                .hint("write `[lint.allow]` and below it a line for each code: `no-requests = \"the reason\"`");
            return Err(Failure { report: Report(vec![finding]), sources });
        }
    };
    let unknown = settings.lint.allow.keys().filter(|code| register::find(code).is_none());
    let wrong: Vec<Diagnostic> = unknown.map(|code| no_such_code(code).at(key(source, text, code))).collect();
    if wrong.is_empty() { Ok(settings) } else { Err(Failure { report: Report(wrong), sources }) }
}

/// The line and the column of a byte, counted from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// The place of a key in TOML, with or without quotes.
fn key(source: usize, text: &str, code: &str) -> Location {
    let begins = |line: &&str| {
        let line = line.trim_start().trim_start_matches(['"', '\'']);
        line.strip_prefix(code).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with('='))
    };
    let found = text.lines().enumerate().find(|(_, line)| begins(line));
    let (line, column) = found.map_or((1, 1), |(number, line)| (number + 1, line.len() - line.trim_start().len() + 1));
    Location { source, line, column, len: code.chars().count() }
}

/// A comment that allows a code.
struct Comment {
    at: Location,
    /// What stands where `allow` is expected.
    word: String,
    /// The line that it applies to; `None`: the whole file.
    about: Option<usize>,
    code: String,
}

/// Removes the findings that are allowed, and adds one for each comment or setting without a valid code. An error stays:
/// `template` refuses the values all the same.
pub fn apply(found: Vec<Diagnostic>, sources: &Sources, settings: &Settings) -> Vec<Diagnostic> {
    let comments: Vec<Comment> = sources.all().flat_map(|(number, source)| comments(number, &source.text)).collect();
    // By code, source and line; those about a whole file have no line.
    let by_place: HashSet<(&str, usize, Option<usize>)> = comments
        .iter()
        .filter(|comment| comment.word == ALLOW)
        .map(|comment| (comment.code.as_str(), comment.at.source, comment.about))
        .collect();
    let whole_files: HashSet<&str> =
        by_place.iter().filter(|(.., line)| line.is_none()).map(|(code, ..)| *code).collect();
    let allowed = |finding: &Diagnostic| {
        let by_comment = match finding.places.iter().find_map(crate::diag::Place::location) {
            Some(at) => [None, Some(at.line)].iter().any(|line| by_place.contains(&(finding.code, at.source, *line))),
            None => whole_files.contains(finding.code),
        };
        by_comment || settings.lint.allow.contains_key(finding.code)
    };
    let mut left = Vec::with_capacity(found.len());
    for mut finding in found {
        let is_allowed = allowed(&finding);
        if finding.severity != Severity::Error {
            left.extend((!is_allowed).then_some(finding));
            continue;
        }
        if is_allowed {
            let hint = finding.hint.take().map(|hint| format!("{hint}; ")).unwrap_or_default();
            finding.hint = Some(format!("{hint}an error cannot be allowed, because `template` refuses these values"));
        }
        left.push(finding);
    }
    left.extend(comments.iter().filter_map(Comment::wrong));
    left
}

impl Comment {
    /// What is wrong with it: it allows nothing then, and whoever wrote it believes that it does.
    fn wrong(&self) -> Option<Diagnostic> {
        let finding = match (self.word.as_str(), self.code.as_str()) {
            (ALLOW, "") => Diagnostic::error("unknown-code", "this comment allows no code".to_owned())
                .hint("name the code of a finding, and a reason: `# gitlab-render: allow no-requests it is a test`"),
            (ALLOW, code) if register::find(code).is_some() => return None,
            (ALLOW, code) => no_such_code(code),
            (word, _) => {
                let message = format!("`{word}` means nothing in a comment for this program, so it allows nothing");
                Diagnostic::error("unknown-code", message)
                    .hint("the only word is `allow`, and a code follows it: `# gitlab-render: allow no-requests it is a test`")
            }
        };
        Some(finding.at(self.at))
    }
}

fn no_such_code(code: &str) -> Diagnostic {
    let hint = match register::nearest(code) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`gitlab-render explain` lists all codes".to_owned(),
    };
    let message = format!("`{code}` is listed as allowed, but there is no finding with this code");
    Diagnostic::error("unknown-code", message).hint(hint)
}

/// The comments of a source. One after a value applies to its line, one on a line of its own to the next line that is
/// not a comment; before the first value of the file and followed by an empty line, it applies to the whole file.
fn comments(source: usize, text: &str) -> Vec<Comment> {
    let lines = LineIndex::of(text.strip_suffix('\n').unwrap_or(text));
    let line = |number: usize| lines.get(number).unwrap_or_default();
    let mut found = Vec::new();
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    // Where the first value is, and the next line that is no comment.
    let first = lines.iter().position(|line| !is_comment(line) && !line.trim().is_empty()).unwrap_or(usize::MAX);
    let mut next = 0;
    for (number, text) in lines.iter().enumerate() {
        // `#gitlab-render:` is a comment too; within a string there is no `#` before it.
        let Some((head, rest)) = text.split_once(MARK) else { continue };
        let Some(before) = head.trim_end().strip_suffix('#') else { continue };
        if !before.is_empty() && !before.ends_with([' ', '\t']) {
            continue;
        }
        let mut words = rest.split_whitespace();
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (word, code) = (word(), word());
        let at = Location { source, line: number + 1, column: before.chars().count() + 1, len: MARK.len() + 2 };
        let about = match before.trim().is_empty() {
            false => Some(number + 1),
            true => {
                next = next.max(number);
                while next < lines.count() && is_comment(line(next)) {
                    next += 1;
                }
                let at_top = number <= first;
                match Some(next).filter(|next| *next < lines.count()) {
                    Some(next) if at_top && line(next).trim().is_empty() => None,
                    Some(next) => Some(next + 1),
                    None => Some(number + 1),
                }
            }
        };
        found.push(Comment { at, word, about, code });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_about_its_line_the_next_one_or_the_file() {
        let text = "# gitlab-render: allow one for all\n\na: 1 # gitlab-render: allow two here\n# gitlab-render: allow three\n# why\nb: 2\n";
        let found: Vec<_> = comments(0, text).into_iter().map(|c| (c.code, c.about)).collect();
        assert_eq!(found, [("one".to_owned(), None), ("two".to_owned(), Some(3)), ("three".to_owned(), Some(6))]);
    }

    #[test]
    fn a_comment_that_allows_nothing_is_an_error_at_its_place() {
        let wrong = |text: &str| {
            comments(0, text).iter().filter_map(Comment::wrong).map(|found| (found.message, found.hint)).next()
        };
        for text in [
            "a: 1 # gitlab-render: allow no-requests it is a test",
            "#gitlab-render:allow no-requests",
            "a: 'x gitlab-render: y'",
        ] {
            assert_eq!(wrong(text), None, "{text}");
        }
        for (text, said) in [
            ("# gitlab-render: allow", "allows no code"),
            ("# gitlab-render: alow no-requests", "`alow` means nothing"),
            ("#gitlab-render: allow no-request why", "`no-request` is listed"),
        ] {
            assert!(wrong(text).is_some_and(|(message, hint)| message.contains(said) && hint.is_some()), "{text}");
        }
    }

    #[test]
    fn settings_name_codes_that_exist() {
        let failure =
            settings("s.toml", "[lint.allow]\nno-requests = \"x\"\n  \"no-requets\" = \"y\"\n").expect_err("refused");
        let finding = &failure.report.0[0];
        let at = finding.places.iter().find_map(crate::diag::Place::location).expect("it has a place");
        assert_eq!((at.line, at.column, finding.hint.as_deref()), (3, 3, Some("did you mean `no-requests`?")));
        assert!(settings("s.toml", "[lint.allow]\nno-requests = \"x\"\n").is_ok());
    }
}
