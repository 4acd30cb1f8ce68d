//! The lines of a file that are its values: they can be edited while every other byte is kept.

mod find;

use std::ops::Range;

use serde_json::Value;

use self::find::FoundParts;
use super::compose::Composer;
use super::{forms, looks_wrapped, templates, umbrella};
use crate::diag::{Failure, Location, Report, Severity, Sources};
use crate::yaml::{Kind, read};

/// Values inside a file: one or several parts, the lowest layer first.
#[derive(Debug, Clone)]
pub struct Region {
    name: String,
    text: String,
    /// The path of the values, where the user names it.
    path: Option<String>,
    parts: Vec<Part>,
    fixed: Vec<Fixed>,
    others: Vec<(String, Location)>,
}

/// A part of the values.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    /// Its bytes in the file.
    range: Range<usize>,
    /// Where its values begin.
    at: Location,
    form: Form,
    /// Only the globals of an umbrella chart: other keys have no place beside them.
    globals: bool,
    /// The values that the file's tool reads there.
    values: Value,
    /// The `>` of the folded block that it is in.
    folded: Option<usize>,
}

/// The form in which a part is written.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// Whole lines with the same indentation; before the first of them there may be dashes.
    Lines { indent: usize },
    /// Between braces, on one line or several.
    Flow,
    /// A key and its value between braces, without these.
    FlowEntry,
    /// A string in quotes.
    Quoted(String),
}

/// Values that are not lines of their own: a parameter, a string in base64.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// The values as a text.
    pub text: String,
    /// Where they stand.
    pub at: Location,
}

impl Region {
    /// Finds the values in a file, or those at a path of it; `None` where the whole file is values.
    ///
    /// # Errors
    /// Values that cannot be edited alone, such as those with an alias for what stands elsewhere in the file, and
    /// everything that [`super::unwrap`] refuses about one file.
    pub fn find(name: &str, text: &str, path: Option<&str>) -> Result<Option<Self>, Failure> {
        if let Some(finding) = templates::terraform(0, name, text) {
            let mut sources = Sources::default();
            sources.add(name, text);
            return Err(Failure { report: finding.into(), sources });
        }
        if path.is_none() && !looks_wrapped(text) {
            return Ok(None);
        }
        let mut read = |_: &str| None;
        let mut composer = Composer::new(Severity::Warning, &mut read);
        composer.sources.add(name, text);
        let documents = composer.documents(0, text);
        composer.encrypted(&documents);
        let mut is_tools = false;
        let mut found = FoundParts { text, cut: Vec::new(), fixed: Vec::new(), others: Vec::new(), wrong: Vec::new() };
        match path {
            Some(path) => found.at(path, &documents, &mut composer),
            None => match forms::chosen(&documents, None, &mut composer) {
                Some(carriers) => {
                    is_tools = true;
                    for part in carriers.iter().flat_map(|carrier| &carrier.parts) {
                        found.part(part, &documents, &mut composer);
                    }
                }
                None => {
                    let roots = documents.iter().map(|document| &document.root);
                    roots.filter(|root| umbrella::find(root).is_some()).for_each(|root| found.values(root.clone()));
                }
            },
        }
        let FoundParts { cut: parts, fixed, others, wrong, .. } = found;
        let mut errors = composer.findings;
        errors.retain(|one| one.severity == Severity::Error);
        errors.extend(wrong);
        if !errors.is_empty() {
            return Err(Failure { report: Report(errors), sources: composer.sources });
        }
        let is_one = is_tools || !parts.is_empty();
        let (name, text, path) = (name.to_owned(), text.to_owned(), path.map(str::to_owned));
        Ok(is_one.then_some(Region { name, text, path, parts, fixed, others }))
    }

    /// The parts alone, each on its lines of the file.
    pub fn texts(&self) -> Vec<String> {
        let text = |part: &Part| match &part.form {
            Form::Quoted(text) => text.clone(),
            Form::Lines { .. } => "\n".repeat(part.at.line - 1) + &self.own(part),
            Form::Flow => "\n".repeat(part.at.line - 1) + &" ".repeat(part.at.column - 1) + &self.own(part),
            Form::FlowEntry => {
                "\n".repeat(part.at.line - 1) + &" ".repeat(part.at.column.saturating_sub(2)) + &self.own(part)
            }
        };
        self.parts.iter().map(text).collect()
    }

    /// The file with other parts, edited from [`Region::texts`]. Unchanged lines keep every byte; a folded block becomes a
    /// literal one where its new lines would be joined.
    pub fn with(&self, texts: &[&str]) -> String {
        let whole = self.assembled(texts, false);
        match self.parts.iter().any(|part| part.folded.is_some()) && !self.reads(&whole, texts) {
            true => self.assembled(texts, true),
            false => whole,
        }
    }

    fn assembled(&self, texts: &[&str], literal: bool) -> String {
        let mut new: Vec<(&Part, &str)> = self.parts.iter().zip(texts.iter().copied()).collect();
        new.sort_by_key(|(part, _)| std::cmp::Reverse(part.range.start));
        let mut whole = self.text.clone();
        for (part, text) in new {
            whole.replace_range(part.range.clone(), &self.edited(part, text));
            if matches!(part.form, Form::Flow | Form::FlowEntry) {
                self.comments_above(&mut whole, part, text);
            }
            if let Some(at) = part.folded.filter(|_| literal) {
                whole.replace_range(at..=at, "|");
            }
        }
        whole
    }

    /// Whether the file with other parts is read as these: the form of the file around them may not allow it.
    pub fn is_read_as(&self, texts: &[&str]) -> bool {
        self.reads(&self.with(texts), texts)
    }

    fn reads(&self, whole: &str, texts: &[&str]) -> bool {
        let filled = |values: &Value| !values.is_null() && values.as_object().is_none_or(|map| !map.is_empty());
        let read = |text: &&str| read::read_with(text, 0, Severity::Warning).map(|read| read.value.to_value());
        let Ok(mut wanted) = texts.iter().map(read).collect::<Result<Vec<Value>, _>>() else { return false };
        let Ok(found) = Region::find(&self.name, whole, self.path.as_deref()) else { return false };
        let mut found: Vec<Value> =
            found.map_or_else(Vec::new, |region| region.parts.into_iter().map(|part| part.values).collect());
        wanted.retain(filled);
        found.retain(filled);
        wanted == found
    }

    /// Whether a part may become this text: other keys must not stand beside the globals of an umbrella chart.
    pub fn takes(&self, part: usize, text: &str) -> bool {
        let foreign = || match read::read_with(text, 0, Severity::Warning).map(|read| read.value.kind) {
            Ok(Kind::Map(entries)) => entries.iter().any(|(key, _)| key != "global"),
            Ok(kind) => !matches!(kind, Kind::Scalar(Value::Null)),
            Err(_) => true,
        };
        self.parts.get(part).is_none_or(|part| !part.globals || !foreign())
    }

    /// Whether a part is the globals of an umbrella chart.
    pub fn only_globals(&self, part: usize) -> bool {
        self.parts.get(part).is_some_and(|part| part.globals)
    }

    /// Converts a place in a part, as [`Region::texts`] gives it, to that in the file.
    pub fn place(&self, part: usize, at: &mut Location) {
        let Some(part) = self.parts.get(part) else { return };
        match part.form {
            Form::Lines { indent } => at.column += indent,
            Form::Flow | Form::FlowEntry => {}
            Form::Quoted(_) => (at.line, at.column, at.len) = (part.at.line, part.at.column, 1),
        }
    }

    /// Converts a place in an edited part to the place in the file with all parts, which is [`Region::with`].
    pub fn relocation(&self, texts: &[&str]) -> impl Fn(usize, &mut Location) {
        let lines = |text: &str| text.matches('\n').count();
        // The lines that each part has now and had before.
        let pairs = self.parts.iter().zip(texts);
        let lengths: Vec<_> = pairs
            .map(|(part, text)| (lines(&self.edited(part, text)), lines(&self.text[part.range.clone()])))
            .collect();
        move |part, at| {
            let Some(own) = self.parts.get(part) else { return };
            self.place(part, at);
            let above = self.parts.iter().zip(&lengths).filter(|(above, _)| above.range.start < own.range.start);
            let (new, old) = above.fold((0, 0), |(new, old), (_, length)| (new + length.0, old + length.1));
            at.line = (at.line + new).saturating_sub(old);
        }
    }

    /// Values that are not lines of their own.
    pub fn fixed(&self) -> &[Fixed] {
        &self.fixed
    }

    /// Files with values to which the file refers.
    pub fn others(&self) -> &[(String, Location)] {
        &self.others
    }

    fn own(&self, part: &Part) -> String {
        let text = &self.text[part.range.clone()];
        match &part.form {
            Form::Quoted(text) => text.clone(),
            Form::Flow => text.to_owned(),
            Form::FlowEntry => format!("{{{text}}}"),
            Form::Lines { indent } => {
                let mut lines = text.split_inclusive('\n');
                let first = lines.next().map(|line| after(line, *indent));
                first.into_iter().chain(lines.map(|line| dedented(line, *indent))).collect()
            }
        }
    }

    /// The bytes of a part that became another text.
    fn edited(&self, part: &Part, text: &str) -> String {
        let own = |text: &str| text.split_inclusive('\n').skip(part.at.line - 1).collect::<String>();
        match &part.form {
            Form::Quoted(old) if old == text => self.text[part.range.clone()].to_owned(),
            Form::Quoted(_) => quoted(text, &self.text[part.range.clone()]),
            Form::Flow => braces(&own(text)).1.trim_end().to_owned(),
            Form::FlowEntry => {
                let own = own(text);
                let inner = braces(&own).1.trim_end();
                inner.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(inner).to_owned()
            }
            Form::Lines { indent } => self.edited_lines(part, *indent, &own(text)),
        }
    }

    fn edited_lines(&self, part: &Part, indent: usize, new: &str) -> String {
        let old_lines: Vec<&str> = self.text[part.range.clone()].split_inclusive('\n').collect();
        // The dashes before the first line.
        let lead = old_lines.first().map_or("", |line| &line[..line.len() - after(line, indent).len()]);
        let old = self.own(part);
        let mut all = String::new();
        let mut push = |line: &str, of: Option<usize>| {
            let is_first = all.is_empty();
            match of.filter(|of| (*of == 0) == is_first).and_then(|of| old_lines.get(of)) {
                Some(kept) => all.push_str(kept),
                None if is_first => all.extend([lead, line]),
                None if line.trim().is_empty() => all.push_str(line),
                None => all.extend([" ".repeat(indent).as_str(), line]),
            }
        };
        let mut at = 0;
        let own: Vec<&str> = old.split_inclusive('\n').collect();
        for hunk in diffy::create_patch(&old, new).hunks() {
            let start = hunk.old_range().start().saturating_sub(usize::from(!hunk.old_range().is_empty()));
            for (number, line) in own.iter().enumerate().take(start).skip(at) {
                push(line, Some(number));
            }
            at = at.max(start);
            for line in hunk.lines() {
                match line {
                    diffy::Line::Context(line) => {
                        push(line, Some(at));
                        at += 1;
                    }
                    diffy::Line::Delete(_) => at += 1,
                    diffy::Line::Insert(line) => push(line, None),
                }
            }
        }
        for (number, line) in own.iter().enumerate().skip(at) {
            push(line, Some(number));
        }
        // An item of a list without content would be null.
        if all.is_empty() && lead.contains('-') {
            all = format!("{lead}{{}}{}", if self.text.contains("\r\n") { "\r\n" } else { "\n" });
        }
        all
    }

    /// Puts comments that an edit has put before braces on lines of their own above them; JSON has no comments.
    fn comments_above(&self, whole: &mut String, part: &Part, text: &str) {
        let own: String = text.split_inclusive('\n').skip(part.at.line - 1).collect();
        let (comments, _) = braces(&own);
        if comments.is_empty() || self.text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
            return;
        }
        let line = self.text[..part.range.start].rfind('\n').map_or(0, |at| at + 1);
        let before = &self.text[line..part.range.start];
        let indent = " ".repeat(before.len() - before.trim_start_matches(' ').len());
        let lines: String = comments.iter().map(|comment| format!("{indent}{comment}")).collect();
        whole.insert_str(line, &lines);
    }
}

/// The lines of comments before braces, and the braces.
fn braces(text: &str) -> (Vec<&str>, &str) {
    let mut comments = Vec::new();
    let mut rest = text;
    while rest.trim_start().starts_with('#') {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        comments.push(rest[..end].trim_start());
        rest = &rest[end..];
    }
    (comments, rest.trim_start())
}

/// A string in the quotes of the old one. What single quotes cannot hold on one line goes into double ones, which JSON has
/// too.
fn quoted(text: &str, old: &str) -> String {
    if old.starts_with('\'') && !text.contains(|c: char| c.is_control()) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    Value::String(text.to_owned()).to_string()
}

/// The rest of a line after this many characters.
fn after(line: &str, characters: usize) -> &str {
    line.char_indices().nth(characters).map_or("", |(at, _)| &line[at..])
}

fn dedented(line: &str, indent: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    &line[spaces.min(indent)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> Region {
        Region::find("x", text, None).expect("it is read").expect("it is one")
    }

    #[test]
    fn all_other_bytes_stay() {
        let text = "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {chart: gitlab}}\n  values:   # ours\n    a: 1\n  # low\n    b:   2   \n\n    c: |\n      x\n\n  other:  x\n";
        let region = region(text);
        assert_eq!(region.texts(), ["\n\n\n\n\na: 1\n# low\nb:   2   \n\nc: |\n  x\n"]);
        assert_eq!(region.with(&[&region.texts()[0]]), text);
        let changed = region.with(&["\n\n\n\n\na: 2\nz:\n  y: 1\n# low\nb:   2   \n\nc: |\n  x\n"]);
        assert_eq!(changed, text.replace("    a: 1\n", "    a: 2\n    z:\n      y: 1\n"));
    }

    #[test]
    fn globals_above_a_section_are_a_part_of_their_own() {
        let text = "global:\n  edition: ce\n\ngitlab:\n  gitlab: {}\n  registry: {}\nother: 1\n";
        let region = region(text);
        assert_eq!(region.texts(), ["\n\n\n\ngitlab: {}\nregistry: {}\n", "global:\n  edition: ce\n"]);
        let changed = region.with(&["\n\n\n\ngitlab: {}\n", "global:\n  edition: ee\n  x: 1\n"]);
        assert_eq!(changed, "global:\n  edition: ee\n  x: 1\n\ngitlab:\n  gitlab: {}\nother: 1\n");
        assert!(region.takes(1, "global: {}\n") && !region.takes(1, "global: {}\ny: 1\n"));
    }
}
