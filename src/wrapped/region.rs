//! The lines of a file that are its values: they can be edited while every other byte is kept.

use super::compose::Composer;
use super::forms::{self, ValuesPart};
use super::objects::{self, Data};
use super::{FileDocument, at_path, looks_wrapped, templates, umbrella};
use crate::diag::{Diagnostic, Failure, Location, Report, Severity, Sources, ValuePath};
use crate::values::set::Syntax;
use crate::yaml::{Kind, Node};

/// Values inside a file: one or several parts, the lowest layer first.
#[derive(Debug, Clone)]
pub struct Region {
    lines: Vec<String>,
    parts: Vec<Lines>,
    fixed: Vec<Fixed>,
    others: Vec<(String, Location)>,
}

/// Whole lines with the same indentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lines {
    start: usize,
    end: usize,
    indent: usize,
    /// Only the globals of an umbrella chart: other keys have no place beside them.
    globals: bool,
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
    /// Values that are not whole lines, such as those in braces or quotes, and everything that [`super::unwrap`]
    /// refuses about one file.
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
        let mut found = Found { text, cut: Vec::new(), fixed: Vec::new(), others: Vec::new(), wrong: Vec::new() };
        match path {
            Some(path) => found.at(path, &documents, &mut composer),
            None => match forms::chosen(&documents, &mut composer) {
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
        let Found { cut, fixed, others, wrong, .. } = found;
        let mut errors = composer.findings;
        errors.retain(|one| one.severity == Severity::Error);
        errors.extend(wrong);
        if !errors.is_empty() {
            return Err(Failure { report: Report(errors), sources: composer.sources });
        }
        let lines = text.split_inclusive('\n').map(str::to_owned).collect();
        Ok((is_tools || !cut.is_empty()).then_some(Region { lines, parts: cut, fixed, others }))
    }

    /// The parts alone, each on its lines of the file.
    pub fn texts(&self) -> Vec<String> {
        let text = |part: &Lines| {
            let blank = "\n".repeat(part.start);
            blank + &self.own(part)
        };
        self.parts.iter().map(text).collect()
    }

    /// The file with other parts, edited from [`Region::texts`]. Unchanged lines keep every byte.
    pub fn with(&self, texts: &[&str]) -> String {
        let mut lines = self.lines.clone();
        let mut new: Vec<(&Lines, &str)> = self.parts.iter().zip(texts.iter().copied()).collect();
        new.sort_by_key(|(part, _)| std::cmp::Reverse(part.start));
        for (part, text) in new {
            lines.splice(part.start..part.end, self.edited(part, text));
        }
        lines.concat()
    }

    /// Whether a part may become this text: other keys must not stand beside the globals of an umbrella chart.
    pub fn takes(&self, part: usize, text: &str) -> bool {
        let is_key = |line: &str| !line.starts_with([' ', '#', '\n', '\r', '-', '}', ']']) && !line.is_empty();
        let foreign =
            || text.lines().any(|line| is_key(line) && !line.trim_start_matches(['"', '\'']).starts_with("global"));
        self.parts.get(part).is_none_or(|part| !part.globals || !foreign())
    }

    /// Whether a part is the globals of an umbrella chart.
    pub fn only_globals(&self, part: usize) -> bool {
        self.parts.get(part).is_some_and(|part| part.globals)
    }

    /// The indentation of a part in the file, in columns.
    pub fn indent(&self, part: usize) -> usize {
        self.parts.get(part).map_or(0, |part| part.indent)
    }

    /// Converts a place in an edited part to the place in the file with all parts, which is [`Region::with`].
    pub fn relocate(&self, part: usize, texts: &[&str], at: &mut Location) {
        let Some(own) = self.parts.get(part) else { return };
        at.column += own.indent;
        for (above, text) in self.parts.iter().zip(texts).filter(|(above, _)| above.start < own.start) {
            let new = text.split_inclusive('\n').count().saturating_sub(above.start);
            at.line = (at.line + new).saturating_sub(above.end - above.start);
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

    fn own(&self, part: &Lines) -> String {
        self.lines[part.start..part.end].iter().map(|line| dedented(line, part.indent)).collect()
    }

    /// The lines of a part that became another text.
    fn edited(&self, part: &Lines, text: &str) -> Vec<String> {
        let old_lines = &self.lines[part.start..part.end];
        let new: String = text.split_inclusive('\n').skip(part.start).collect();
        let mut all = Vec::new();
        let mut at = 0;
        for hunk in diffy::create_patch(&self.own(part), &new).hunks() {
            let start = hunk.old_range().start().saturating_sub(usize::from(!hunk.old_range().is_empty()));
            all.extend(old_lines.iter().take(start).skip(at).cloned());
            at = at.max(start);
            for line in hunk.lines() {
                match line {
                    diffy::Line::Context(_) => {
                        all.extend(old_lines.get(at).cloned());
                        at += 1;
                    }
                    diffy::Line::Delete(_) => at += 1,
                    diffy::Line::Insert(line) => {
                        let indent = if line.trim().is_empty() { 0 } else { part.indent };
                        all.push(" ".repeat(indent) + line);
                    }
                }
            }
        }
        all.extend(old_lines.iter().skip(at).cloned());
        all
    }
}

fn dedented(line: &str, indent: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    &line[spaces.min(indent)..]
}

/// The values that were found in a file.
struct Found<'t> {
    text: &'t str,
    cut: Vec<Lines>,
    fixed: Vec<Fixed>,
    others: Vec<(String, Location)>,
    wrong: Vec<Diagnostic>,
}

impl Found<'_> {
    /// The values at a path that the user names.
    fn at(&mut self, path: &str, documents: &[FileDocument], composer: &mut Composer<'_>) {
        if let Some(node) = at_path::node(composer, path, documents, 0) {
            let values = composer.inline(node);
            self.values(values);
        }
    }

    fn part(&mut self, part: &ValuesPart<'_>, documents: &[FileDocument], composer: &mut Composer<'_>) {
        match part {
            ValuesPart::Inline(node) => {
                let values = composer.inline(node);
                self.values(values);
            }
            ValuesPart::Set { path, value, syntax, at } => self.set(composer, path, value, *syntax, *at),
            ValuesPart::Object { kind, name, key, at, target, .. } => {
                match (objects::data(documents, kind, name, key), target) {
                    (Some(Data::Text(node)), None) => {
                        let values = composer.inline(node);
                        self.values(values);
                    }
                    (Some(Data::Text(node)), Some(path)) => {
                        let value = super::node::string(node).unwrap_or_default();
                        self.set(composer, path, &value, Syntax::Typed, node.at);
                    }
                    (Some(Data::Decoded(node, text)), None) => self.fixed.push(Fixed { text, at: node.at }),
                    (Some(Data::Decoded(node, text)), Some(path)) => {
                        self.set(composer, path, &text, Syntax::Typed, node.at)
                    }
                    (Some(Data::File(path, _)), _) => self.others.push((path, *at)),
                    (None, None) => self.others.push((format!("{kind} {name}"), *at)),
                    (None, Some(_)) => {}
                }
            }
            ValuesPart::File { path, at, set: None, .. } => self.others.push((path.clone(), *at)),
            ValuesPart::File { .. } | ValuesPart::ChartDefaults { .. } | ValuesPart::Missing { .. } => {}
        }
    }

    fn set(&mut self, composer: &mut Composer<'_>, path: &str, value: &str, syntax: Syntax, at: Location) {
        let mut node = Node::empty_map(at);
        composer.set(&mut node, path, value, syntax, at);
        self.fixed.push(Fixed { text: node.to_value().to_string(), at });
    }

    /// Values, or those of an umbrella chart with the globals above them.
    fn values(&mut self, mut node: Node) {
        let mut globals = Vec::new();
        while let Some((below, inherited)) = umbrella::find(&node) {
            match node.find(&ValuePath::root().key("global")).and_then(|node| node.key) {
                Some(at) if inherited => globals.push(at),
                _ if !inherited => globals.clear(),
                _ => {}
            }
            let Some(section) = node.find(&below).cloned() else { return };
            node = section;
        }
        if !matches!(&node.kind, Kind::Map(entries) if entries.is_empty()) {
            self.cut(node.at, false);
        }
        globals.into_iter().rev().for_each(|at| self.cut(at, true));
    }

    fn cut(&mut self, at: Location, globals: bool) {
        match cut(self.text, at, globals) {
            Some(lines) if !self.cut.contains(&lines) => self.cut.push(lines),
            Some(_) => {}
            None => self.wrong.push(
                Diagnostic::error(
                    "not-editable",
                    "these values are not lines of their own, and cannot be edited in place",
                )
                .at(at)
                .hint("write them as a block: one key on each line, without braces and quotes around all of them"),
            ),
        }
    }
}

/// The lines from a place on with at least its indentation, or those of a single key, without trailing blank lines and
/// comments.
fn cut(text: &str, at: Location, key: bool) -> Option<Lines> {
    let indent = at.column - 1;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let start = at.line - 1;
    let first = lines.get(start)?;
    if !first.get(..indent)?.bytes().all(|b| b == b' ') || !key && first[indent..].starts_with(['{', '"', '\'']) {
        return None;
    }
    let mut end = start;
    for (number, line) in lines.iter().enumerate().skip(start) {
        let rest = line.trim_start_matches(' ');
        let column = line.len() - rest.len();
        let inside =
            number == start || column > indent || column == indent && (!key || rest.starts_with(['-', '}', ']']));
        let blank = rest.trim().is_empty();
        let loose = blank || rest.starts_with('#');
        if !inside && !loose {
            break;
        }
        if inside && !blank {
            end = number + 1;
        }
    }
    Some(Lines { start, end, indent, globals: key })
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
