//! Findings for people: message, place, the line, and what to do next.

use std::collections::HashMap;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str};

use crate::diag::{Diagnostic, Fault, Location, Place, Severity, Sources};
use crate::ui::redact::{self, Redacted, Shown};

/// A line longer than this is named, not shown.
const LONGEST_LINE: usize = 2_000;

/// Renders findings, an empty line after each.
pub fn render<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>, sources: &Sources, coloured: bool) -> String {
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut lines = Lines { sources, read: HashMap::new() };
    let mut text = String::new();
    for diagnostic in diagnostics {
        let places: Vec<_> = diagnostic
            .places
            .iter()
            .filter_map(|place| match place {
                Place::At(at) => Some((*at, lines.show(at))),
                Place::Value(_) => None,
            })
            .collect();
        let group = group(diagnostic, &places, sources);
        text.push_str(&renderer.render(&[group]));
        text.push_str("\n\n");
    }
    text
}

/// The texts of a run, each read for secrets at most once.
struct Lines<'s> {
    sources: &'s Sources,
    read: HashMap<usize, Redacted<'s>>,
}

impl Lines<'_> {
    fn show(&mut self, at: &Location) -> Option<Shown> {
        let source = self.sources.get(at.source)?;
        let redacted = self.read.entry(at.source).or_insert_with(|| Redacted::of(&source.text));
        redacted.line(at.line).filter(|shown| shown.text.len() <= LONGEST_LINE)
    }
}

fn group<'a>(diagnostic: &'a Diagnostic, places: &'a [(Location, Option<Shown>)], sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = normalize_untrusted_str(&redact::text(&diagnostic.message));
    let mut group = Group::with_title(level.primary_title(message).id(diagnostic.code));
    for (i, (at, shown)) in places.iter().enumerate() {
        let name = sources.get(at.source).map_or("(unknown)", |source| source.name.as_str());
        let origin = Origin::path(normalize_untrusted_str(name)).line(at.line).char_column(at.column);
        group = group.element(origin);
        if let Some(shown) = shown {
            let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let span = span(shown, at);
            group = group.element(Snippet::source(shown.text.as_str()).line_start(at.line).annotation(kind.span(span)));
        }
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.with_name("hint").message(normalize_untrusted_str(hint)));
    }
    if diagnostic.fault == Fault::Bug {
        let ask = "this is a bug of gitlab-render: please report it with the command line";
        group = group.element(Level::NOTE.message(ask));
    }
    group
}

/// The bytes to underline in the line as it is shown.
fn span(shown: &Shown, at: &Location) -> std::ops::Range<usize> {
    let byte = |column: usize| shown.text.char_indices().nth(column).map_or(shown.text.len(), |(i, _)| i);
    let first = at.column.saturating_sub(1);
    let start = byte(shown.moved(first));
    let mut end = byte(shown.moved(first + at.len));
    if end <= start {
        // the end lies in the same mask: underline the mask
        end = if shown.text[start..].starts_with(redact::MASK) {
            start + redact::MASK.len()
        } else {
            byte(shown.moved(first) + 1)
        };
    }
    start..end.max(start)
}
