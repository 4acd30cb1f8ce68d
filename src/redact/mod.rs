//! Keeps secrets out of excerpts, differences and reports.
//!
//! A value is masked where its key, a key above it or the key that was probably meant ([`names`]) has a secret's name,
//! where a program takes a secret as an argument ([`commands`]), below the data of a Secret ([`manifests`]), and where it looks like a
//! secret regardless of its name ([`shapes`]), also in base64 ([`encoded`]). A text is read line by line ([`lines`]) and, as far as it is YAML, by its syntax ([`syntax`]). Names of
//! Secrets, hosts, ports and whole scripts stay. In doubt it masks: a superfluous mask costs the reader a look into the file.

mod commands;
mod encoded;
mod excerpts;
mod lines;
mod looks;
mod manifests;
mod names;
mod shapes;
mod syntax;
mod tree;

use std::ops::Range;

use crate::diag::{LineIndex, Source};

pub use excerpts::Excerpts;
use names::Above;
pub use names::{is_secret, is_value};
pub use tree::{has_distinct, masked, value};

/// The replacement of a masked string; its length reveals nothing.
pub const MASK: &str = "********";

/// A part of a line as a range of bytes: start, end.
type Cut = (usize, usize);

/// A line that may be shown, and the mapping of its characters.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// The line with masks.
    pub text: String,
    /// The ranges of characters of the original line that masks replace: start, end.
    cuts: Vec<(usize, usize)>,
}

impl Shown {
    /// The new position of a character of the original line (both counted from 0); inside a mask, the mask's start.
    pub fn moved(&self, column: usize) -> usize {
        let mut shift: isize = 0;
        for &(start, end) in &self.cuts {
            if column < start {
                break;
            }
            if column < end {
                return start.saturating_add_signed(shift);
            }
            shift += MASK.len().cast_signed() - (end - start).cast_signed();
        }
        column.saturating_add_signed(shift)
    }
}

/// A source whose lines may be shown.
pub struct Redacted<'a> {
    lines: LineIndex<'a>,
    /// The parts of lines that their context hides, in the order of the lines.
    hidden: Vec<(usize, Cut)>,
    /// What stands above all keys.
    above: Above,
}

impl<'a> Redacted<'a> {
    /// Scans a document once.
    pub fn of(text: &'a str) -> Self {
        Redacted::below(Above::default(), text)
    }

    /// Scans a source once. No key of Ruby names a Kubernetes Secret.
    pub fn of_source(source: &'a Source) -> Self {
        let above = if source.is_ruby { Above::default().below("options") } else { Above::default() };
        Redacted::below(above, &source.text)
    }

    fn below(above: Above, text: &'a str) -> Self {
        let lines = LineIndex::of(text);
        let mut hidden = lines::cuts(&lines, above);
        let count = hidden.len();
        hidden.extend(manifests::cuts(&lines));
        hidden.extend(syntax::cuts(text).into_iter().flat_map(|range| in_lines(&lines, range)));
        if hidden.len() > count {
            hidden.sort_by_key(|(number, _)| *number);
        }
        Redacted { lines, hidden, above }
    }

    /// The line with this number, counted from 0, and what its context hides.
    fn get(&self, number: usize) -> Option<(&'a str, Vec<Cut>)> {
        let line = self.lines.get(number)?;
        let first = self.hidden.partition_point(|(of, _)| *of < number);
        let hidden = self.hidden[first..].iter().take_while(|(of, _)| *of == number).map(|(_, cut)| *cut);
        Some((line, hidden.collect()))
    }

    /// The line with this number, counted from 1.
    pub fn line(&self, number: usize) -> Option<Shown> {
        self.line_with_hint(number, 1, None)
    }

    /// The same for a line in which a key is misspelt, at a column (characters from 1): its value is hidden where the
    /// suggested key has a secret's name.
    pub fn line_with_hint(&self, number: usize, column: usize, hint: Option<&str>) -> Option<Shown> {
        let (line, cuts) = self.cuts(number, column, hint)?;
        Some(apply(line, cuts))
    }

    /// What is masked in such a line.
    fn secrets(&self, number: usize, column: usize, hint: Option<&str>) -> Vec<&'a str> {
        let Some((line, cuts)) = self.cuts(number, column, hint) else { return Vec::new() };
        cuts.into_iter().map(|(start, end)| &line[start..end]).collect()
    }

    fn cuts(&self, number: usize, column: usize, hint: Option<&str>) -> Option<(&'a str, Vec<Cut>)> {
        let (line, mut hidden) = self.get(number.checked_sub(1)?)?;
        if hint.and_then(names::suggested).is_some_and(|key| is_secret(&key)) {
            let key = line.char_indices().nth(column.saturating_sub(1)).map_or(0, |(at, _)| at);
            let sign = line[key..].find([':', '=']).map(|n| key + n + 1);
            hidden.extend(sign.map(|at| (line.len() - line[at..].trim_start().len(), line.len())));
        }
        Some((line, all(line, hidden, self.above)))
    }

    /// All lines, with the line breaks of the source.
    pub fn whole(&self) -> String {
        let mut whole = String::new();
        for number in 0..self.lines.count() {
            let Some((line, hidden)) = self.get(number) else { continue };
            whole.push_str(&apply(line, all(line, hidden, self.above)).text);
            whole.push_str(self.lines.ending(number));
        }
        whole
    }
}

/// A single string that is not a document, such as a message: strings with a secret's shape are masked, and so is
/// everything that is assigned to a secret's name or that a command takes as a secret.
pub fn text(text: &str) -> String {
    let mut cuts = shapes::cuts(text);
    if text.contains(['=', '`']) {
        cuts.extend(lines::in_a_sentence(text));
    }
    cuts.extend(commands::in_line(text).into_iter().map(|part| (part.start, part.end)));
    apply(text, shapes::merged(cuts)).text
}

/// A command line as the user wrote it, to be named in messages.
pub fn command(line: &str) -> String {
    Redacted::of(line).whole()
}

/// Everything that has to be masked in a line, of which `hidden` is known already.
fn all(line: &str, hidden: Vec<Cut>, above: Above) -> Vec<Cut> {
    let mut cuts = hidden;
    cuts.extend(lines::in_one_line(line, above));
    cuts.extend(commands::in_line(line).into_iter().map(|part| (part.start, part.end)));
    cuts.extend(shapes::cuts(line));
    shapes::merged(cuts)
}

/// The parts of lines that a range of bytes covers, without indentation.
fn in_lines<'a>(lines: &'a LineIndex<'_>, range: Range<usize>) -> impl Iterator<Item = (usize, Cut)> + use<'a> {
    let first = lines.at(range.start);
    (first..lines.count()).map_while(move |number| {
        let (line, start) = (lines.get(number)?, lines.start(number)?);
        if start >= range.end {
            return None;
        }
        let blank = line.len() - line.trim_start().len();
        let from = range.start.saturating_sub(start).max(blank);
        Some((number, (from.min(line.len()), (range.end - start).min(line.len()))))
    })
}

/// Cuts are byte ranges in order, without overlap.
fn apply(line: &str, cuts: Vec<Cut>) -> Shown {
    let mut text = String::new();
    let mut at = 0;
    let mut chars = Vec::new();
    for (start, end) in cuts {
        text.push_str(&line[at..start]);
        text.push_str(MASK);
        chars.push((line[..start].chars().count(), line[..end].chars().count()));
        at = end;
    }
    text.push_str(&line[at..]);
    Shown { text, cuts: chars }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let read = Redacted::of(text);
        let lines: Vec<_> = (1..=text.lines().count()).filter_map(|n| read.line(n)).map(|l| l.text).collect();
        lines.join("\n")
    }

    #[test]
    fn nothing_that_is_called_hunter_is_shown() {
        for text in [
            "password: hunter2",
            "psswd: hunter2",
            "authTokn: hunter2",
            "password:   'hunter2'   # hunter2",
            "\"password\":\"hunter2\"",
            "{\"a\": 1, \"rootPassword\": \"hunter2\"}",
            "a: {b: 1, api_token: hunter2}",
            "a:\n  initialRootPassword: hunter2",
            "a:\n  credentials:\n    user: hunter2",
            "secrets:\n- hunter2\n- a: hunter2\n  b: hunter2",
            "secrets:\n  - hunter2",
            "secrets:\n  - - hunter2",
            "key: |\n  hunter2\n  hunter: hunter2\n\n    hunter2",
            "private_key: >-\n  hunter2",
            "password: \"hunter2\n  hunter2\"",
            "password:\n  hunter2",
            "{\n\"password\":\n\"hunter2\"\n}",
            "tls.key: hunter2",
            "extra: |\n  gitlab_rails['smtp_password'] = 'hunter2'",
            "connection: |\n  aws_secret_access_key: hunter2",
            "env:\n- name: SMTP_PASSWORD\n  value: hunter2",
            "env:\n- value: hunter2\n  name: SMTP_PASSWORD",
            "url: postgres://gitlab:hunter2@db:5432/x?y",
            "url: https://hunter2@host/",
            "text: |\n  -----BEGIN RSA PRIVATE KEY-----\n  hunter2\n  -----END RSA PRIVATE KEY-----",
            "anything: glpat-hunter2hunter2",
            "SMTP-PASSWORD: hunter2",
            "# password: hunter2",
            "? password\n: hunter2",
            "a.password=hunter2",
            "a.password=hunter2\\,hunter2",
            "a.passwords[0].x=hunter2",
            "a={\"password\":\"hunter2\"}",
            "a=1,b.token=hunter2",
            "\tpassword: hunter2",
            "password: &anchor hunter2",
            "password: !!str hunter2",
        ] {
            let masked = masked(text);
            assert!(!masked.contains("hunter2"), "{text:?} became {masked:?}");
        }
    }

    #[test]
    fn what_is_no_secret_is_shown_as_it_is() {
        for text in [
            "global:\n  hosts:\n    domain: example.com",
            "password:\n  secret:\nother: shown",
            "secretName: wildcard-tls",
            "password: true",
            "password: {}",
            "shared-secrets:\n  enabled: false",
            "affinity:\n  topologyKey: kubernetes.io/hostname",
            "psql:\n  password: null\n  host: db.example.com",
            "a.b=c",
            "image: registry.example.com/a/b:v1",
            "tokens:\n  enabled: true\nport: 8080",
            "monkey: banana",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn columns_move_with_the_masks() {
        let read = Redacted::of("a: postgres://u:verylongpassword@host/x");
        let shown = read.line(1).unwrap_or_else(|| Shown { text: String::new(), cuts: Vec::new() });
        assert_eq!(shown.text, "a: postgres://u:********@host/x");
        assert_eq!(shown.moved(3), 3);
        assert_eq!(shown.moved(20), 16);
        let host = "a: postgres://u:verylongpassword@".len();
        assert_eq!(shown.text.get(shown.moved(host)..), Some("host/x"));
    }
}
