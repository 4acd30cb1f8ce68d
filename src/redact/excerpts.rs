//! Findings and the lines that they are about, without secrets.

use std::collections::HashMap;

use crate::diag::{Diagnostic, Location, Place, Sources, Step};

use super::{MASK, Redacted, Shown, text};

/// The sources of a run, each scanned for secrets at most once.
pub struct Excerpts<'s> {
    sources: &'s Sources,
    read: HashMap<usize, Redacted<'s>>,
}

impl<'s> Excerpts<'s> {
    /// Scans nothing yet.
    pub fn of(sources: &'s Sources) -> Self {
        Excerpts { sources, read: HashMap::new() }
    }

    fn source(&mut self, number: usize) -> Option<&Redacted<'s>> {
        let source = self.sources.get(number)?;
        Some(self.read.entry(number).or_insert_with(|| Redacted::of_source(source)))
    }

    /// The line of a place. The key that `hint` suggests instead of the one at the place hides its value too.
    pub fn line(&mut self, at: &Location, hint: Option<&str>) -> Option<Shown> {
        self.source(at.source)?.line_with_hint(at.line, at.column, hint)
    }

    /// The message and the hint of a finding. What is masked in its lines is masked here too.
    pub fn words(&mut self, finding: &Diagnostic) -> (String, Option<String>) {
        let hint = finding.hint.as_deref();
        let mut secrets: Vec<String> = Vec::new();
        for at in finding.places.iter().filter_map(Place::location) {
            let Some(source) = self.source(at.source) else { continue };
            for secret in source.secrets(at.line, at.column, hint) {
                secrets.extend(forms(secret));
            }
        }
        // A path that a message names has keys, whatever else has the same word as its value.
        let keys =
            || finding.places.iter().filter_map(Place::path).flat_map(|path| path.0.iter().filter_map(Step::key));
        secrets.retain(|secret| !keys().any(|key| key == secret));
        // The longest first, because a shorter one may be a part of it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let shown = |words: &str| text(&secrets.iter().fold(words.to_owned(), |words, secret| without(&words, secret)));
        (shown(&finding.message), hint.map(shown))
    }
}

/// How a masked part of a line may stand in a message: without quotes, marks of YAML and comments, and each of its words.
fn forms(secret: &str) -> Vec<String> {
    let bare = secret.split(" #").next().unwrap_or(secret);
    let marks = |c: char| c.is_whitespace() || "\"'[]{},".contains(c);
    let whole = bare.trim_matches(marks);
    let words = whole.split(marks).filter(|word| *word != whole && word.chars().any(|c| !c.is_ascii_lowercase()));
    let long_enough = |form: &&str| form.chars().count() >= 4 && *form != MASK;
    std::iter::once(whole).chain(words).filter(long_enough).map(str::to_owned).collect()
}

/// A sentence in which a secret is masked where it is a word of its own. A plain word has to be quoted, because it may
/// be a part of the sentence.
fn without(sentence: &str, secret: &str) -> String {
    let plain = secret.chars().all(|c| c.is_ascii_lowercase());
    let mut out = String::new();
    let mut rest = sentence;
    while let Some(at) = rest.find(secret) {
        let (before, after) = (&rest[..at], &rest[at + secret.len()..]);
        let last = out.chars().chain(before.chars()).next_back();
        let next = after.chars().next();
        let is_part =
            |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || (plain && matches!(c, '.' | '_' | '-')));
        let is_quoted = last.is_some_and(|c| "`\"'=: ".contains(c)) && next.is_some_and(|c| "`\"'".contains(c));
        let is_path = plain && last == Some('`') && next == Some('`') && before.trim_end_matches('`').is_empty();
        out.push_str(before);
        let hides = !is_part(last) && !is_part(next) && !is_path && (!plain || is_quoted);
        out.push_str(if hides { MASK } else { secret });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::ValuePath;

    #[test]
    fn a_message_does_not_repeat_what_its_line_masks() {
        let mut sources = Sources::default();
        let file = sources.add("values.yaml", "global:\n  psql:\n    password: 'hunter2 x' # old\n  token: horse\n");
        let at = |line| Location { source: file, line, column: 5, len: 1 };
        let mut excerpts = Excerpts::of(&sources);
        let found = Diagnostic::error("type", "`global.psql.password` must be a map, and is `hunter2 x`").at(at(3));
        let (message, hint) = excerpts.words(&found.hint("write `hunter2` elsewhere"));
        assert_eq!(message, "`global.psql.password` must be a map, and is `********`");
        assert_eq!(hint.as_deref(), Some("write `********` elsewhere"));
        // a key of the path that is the value of another one
        let line = "duoAuth: {secretKey: {secret: Not_A_Name, key: secretKey}}\n";
        let mut sources = Sources::default();
        let place = Location { source: sources.add("values.yaml", line), line: 1, column: 23, len: 1 };
        let path = ValuePath::dotted("duoAuth.secretKey.secret");
        let found = Diagnostic::error("type", format!("`{path}` cannot be `Not_A_Name`")).at(place);
        let found = Diagnostic { places: vec![Place::Set(path, place)], ..found };
        assert_eq!(Excerpts::of(&sources).words(&found).0, "`duoAuth.secretKey.secret` cannot be `********`");
        // a word that the sentence has anyway
        let found = Diagnostic::error("type", "`global.token` is a horse, which is `horse`: see `horse.x`").at(at(4));
        assert_eq!(excerpts.words(&found).0, "`global.token` is a horse, which is `********`: see `horse.x`");
    }
}
