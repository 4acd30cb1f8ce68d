//! Findings that the user silences: by comments in the values, and in `.gitlab-render.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diag::{Diagnostic, LineIndex, Location, Severity, Sources, register};

/// Begins a comment that allows a code: `# gitlab-render: allow no-requests it is a test`.
const MARK: &str = "# gitlab-render: allow ";

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
/// Content that is not TOML, or unknown keys.
pub fn settings(name: &str, text: &str) -> Result<Settings, Diagnostic> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
        Diagnostic::error("not-toml", format!("`{name}`, line {line}: {}", error.message()))
            .hint("write `[lint.allow]` and below it a line for each code: `no-requests = \"the reason\"`")
    })
}

/// A comment that allows a code.
struct Comment {
    source: usize,
    line: usize,
    /// The line that it applies to; `None`: the whole file.
    about: Option<usize>,
    code: String,
}

/// Removes the findings that are allowed, and adds one for each comment or setting without a valid code. An error stays:
/// `template` refuses the values all the same.
pub fn apply(found: Vec<Diagnostic>, sources: &Sources, settings: &Settings) -> Vec<Diagnostic> {
    let comments: Vec<Comment> = sources.all().flat_map(|(number, source)| comments(number, &source.text)).collect();
    let allowed = |finding: &Diagnostic| {
        let at = finding.places.iter().find_map(crate::diag::Place::location);
        let by = |comment: &Comment| {
            comment.code == finding.code
                && match (comment.about, at) {
                    (None, at) => at.is_none_or(|at| at.source == comment.source),
                    (Some(line), Some(at)) => at.source == comment.source && at.line == line,
                    (Some(_), None) => false,
                }
        };
        settings.lint.allow.contains_key(finding.code) || comments.iter().any(by)
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
    let unknown = |code: &str| register::find(code).is_none();
    for comment in comments.iter().filter(|comment| unknown(&comment.code)) {
        let at = Location { source: comment.source, line: comment.line, column: 1, len: 1 };
        left.push(no_such_code(&comment.code).at(at));
    }
    left.extend(settings.lint.allow.keys().filter(|code| unknown(code)).map(|code| no_such_code(code)));
    left
}

fn no_such_code(code: &str) -> Diagnostic {
    let hint = match register::nearest(code) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`gitlab-render explain` lists all codes".to_owned(),
    };
    Diagnostic::warning(
        "unknown-code",
        format!("`{code}` is listed as allowed, but there is no finding with this code"),
    )
    .hint(hint)
}

/// The comments of a source. One after a value applies to its line, one on a line of its own to the next line that is
/// not a comment; before the first value of the file and followed by an empty line, it applies to the whole file.
fn comments(source: usize, text: &str) -> Vec<Comment> {
    let lines = LineIndex::of(text.strip_suffix('\n').unwrap_or(text));
    let line = |number: usize| lines.get(number).unwrap_or_default();
    let mut found = Vec::new();
    for (number, text) in lines.iter().enumerate() {
        let Some((before, rest)) = text.split_once(MARK) else { continue };
        let code = rest.split_whitespace().next().unwrap_or_default().to_owned();
        let about = match before.trim().is_empty() {
            false => Some(number + 1),
            true => {
                let is_comment = |line: &str| line.trim_start().starts_with('#');
                let after = (number..lines.count()).find(|number| !is_comment(line(*number)));
                let at_top = lines.iter().take(number).all(|line| is_comment(line) || line.trim().is_empty());
                match after {
                    Some(next) if at_top && line(next).trim().is_empty() => None,
                    Some(next) => Some(next + 1),
                    None => Some(number + 1),
                }
            }
        };
        found.push(Comment { source, line: number + 1, about, code });
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
}
