//! Findings for people: message, place, the line, and the next step.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str};

use crate::diag::{Diagnostic, Fault, Location, Place, Severity, Sources};
use crate::redact::{self, Excerpts, Shown};

/// A longer line is referred to, not shown.
const LONGEST_LINE: usize = 2_000;

/// Renders findings, followed by an empty line each.
pub fn render<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>, sources: &Sources, coloured: bool) -> String {
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut excerpts = Excerpts::of(sources);
    let mut text = String::new();
    for diagnostic in diagnostics {
        let hint = diagnostic.hint.as_deref();
        let places = diagnostic.places.iter().filter_map(Place::location);
        let places: Vec<_> =
            places.map(|at| (at, excerpts.line(&at, hint).filter(|shown| shown.text.len() <= LONGEST_LINE))).collect();
        let (message, hint) = excerpts.words(diagnostic);
        let group = group(diagnostic, (&message, hint.as_deref()), &places, sources);
        text.push_str(&renderer.render(&[group]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(
    diagnostic: &'a Diagnostic,
    (message, hint): (&str, Option<&str>),
    places: &'a [(Location, Option<Shown>)],
    sources: &'a Sources,
) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = printable(message);
    let mut group = Group::with_title(level.primary_title(message).id(diagnostic.code));
    for (i, (at, shown)) in places.iter().enumerate() {
        let name = sources.get(at.source).map_or("(unknown)", |source| source.name.as_str());
        let name = printable(&redact::text(name));
        // The renderer counts columns in the redacted line, so a mask must not have moved the position.
        let Some(shown) = shown.as_ref().filter(|shown| shown.moved(at.column.saturating_sub(1)) + 1 == at.column)
        else {
            group = group.element(Origin::path(name).line(at.line).char_column(at.column));
            continue;
        };
        let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let span = kind.span(span(shown, at));
        group = group.element(Snippet::source(shown.text.as_str()).path(name).line_start(at.line).annotation(span));
    }
    if let Some(hint) = hint {
        group = group.element(Level::HELP.with_name("hint").message(printable(hint)));
    }
    if diagnostic.fault == Fault::Bug {
        let tracker = super::tracker();
        let ask = format!(
            "this is a bug of gitlab-render: please report it {tracker}, with the command line and the version, without secrets"
        );
        group = group.element(Level::NOTE.message(ask));
    }
    group
}

/// The text with control characters made visible. Most texts have none, and the search of the library compares each
/// character with a table.
fn printable(text: &str) -> String {
    match text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        true => text.to_owned(),
        false => normalize_untrusted_str(text),
    }
}

/// The bytes to underline in the redacted line.
fn span(shown: &Shown, at: &Location) -> std::ops::Range<usize> {
    let byte = |column: usize| shown.text.char_indices().nth(column).map_or(shown.text.len(), |(i, _)| i);
    let first = at.column.saturating_sub(1);
    let start = byte(shown.moved(first));
    let mut end = byte(shown.moved(first + at.len));
    if end <= start {
        // Where both ends are in the same mask, the mask is underlined.
        end = if shown.text[start..].starts_with(redact::MASK) {
            start + redact::MASK.len()
        } else {
            byte(shown.moved(first) + 1)
        };
    }
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(diagnostic: &Diagnostic, sources: &Sources) -> String {
        render(std::iter::once(diagnostic), sources, false)
    }

    fn at(source: usize, line: usize, column: usize, len: usize) -> Location {
        Location { source, line, column, len }
    }

    #[test]
    fn a_finding_shows_its_line_and_what_to_do() {
        let mut sources = Sources::default();
        let file = sources.add("values.yaml", "global:\n  hosts:\n    domian: example.com\n");
        let found = Diagnostic::error("unknown-key", "`global.hosts.domian` is not a key")
            .at(at(file, 3, 5, 6))
            .hint("did you mean `domain`?");
        let expected = "\
error[unknown-key]: `global.hosts.domian` is not a key
 --> values.yaml:3:5
  |
3 |     domian: example.com
  |     ^^^^^^
  |
  = hint: did you mean `domain`?

";
        assert_eq!(shown(&found, &sources), expected);
    }

    #[test]
    fn several_places_are_shown_in_their_order() {
        let mut sources = Sources::default();
        let file = sources.add("values.yaml", "a: 1\nb: 2\n");
        let set = sources.add("--set #1", "a=2");
        let found = Diagnostic::warning("clash", "`a` and `b` clash").at(at(set, 1, 3, 1)).at(at(file, 2, 1, 1));
        let expected = "\
warning[clash]: `a` and `b` clash
 --> --set #1:1:3
  |
1 | a=2
  |   ^
  |
 ::: values.yaml:2:1
  |
2 | b: 2
  | -

";
        assert_eq!(shown(&found, &sources), expected);
    }

    #[test]
    fn a_secret_is_underlined_and_not_shown() {
        let mut sources = Sources::default();
        let file = sources.add("values.yaml", "a:\n  password: hunter2hunter2hunter2 # old\n");
        let found = Diagnostic::error("type", "`a.password` must be a map").at(at(file, 2, 13, 21));
        let text = shown(&found, &sources);
        assert!(text.contains("2 |   password: ********\n  |             ^^^^^^^^\n"), "{text}");
        assert!(text.contains("values.yaml:2:13"), "{text}");
    }

    #[test]
    fn columns_are_characters_as_the_user_counts_them() {
        let mut sources = Sources::default();
        let file = sources.add("values.yaml", "{日本: 1, b: {password: hunter2, c: 3}}\n");
        for column in [2, 9, 34] {
            let text = shown(&Diagnostic::error("type", "wrong").at(at(file, 1, column, 1)), &sources);
            assert!(text.contains(&format!("values.yaml:1:{column}\n")), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn control_characters_and_long_lines_do_not_reach_the_terminal() {
        let mut sources = Sources::default();
        let file = sources.add("a\u{1b}[31m.yaml", format!("a: \u{1b}[2J\nb: {}\n", "x".repeat(100_000)));
        let first = Diagnostic::error("type", "`\u{1b}[31ma` is wrong").at(at(file, 1, 4, 3));
        let second = Diagnostic::error("type", "`b` is wrong").at(at(file, 2, 4, 3));
        let text = shown(&first, &sources) + &shown(&second, &sources);
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(text.len() < 1_000, "{} bytes", text.len());
        assert!(text.contains(".yaml:2:4"), "{text}");
    }

    #[test]
    fn a_place_that_is_not_in_the_text_is_no_panic() {
        let mut sources = Sources::default();
        let file = sources.add("values.yaml", "ä: ö\n");
        for place in [
            at(file, 0, 0, 0),
            at(file, 1, 9, 9),
            at(file, 1, 1, 99),
            at(file, 7, 1, 1),
            at(9, 1, 1, 1),
            at(file, 1, 2, 0),
        ] {
            let text = shown(&Diagnostic::error("type", "wrong").at(place), &sources);
            assert!(text.starts_with("error[type]: wrong"), "{text}");
        }
    }
}
