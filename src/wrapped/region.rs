//! The lines of a file that are its values: they can be edited while every other byte is kept.

use super::compose::Composer;
use super::forms::{self, ValuesPart};
use super::{FileDocument, looks_wrapped, umbrella};
use crate::diag::{Diagnostic, Failure, Location, Report, Severity};
use crate::yaml::{Kind, Node};

/// Values inside a file: whole lines with the same indentation.
#[derive(Debug, Clone)]
pub struct Region {
    /// The lines before the values, the values, and the lines after them.
    before: Vec<String>,
    lines: Vec<String>,
    behind: Vec<String>,
    indent: usize,
}

impl Region {
    /// Finds the values in a file; `None` where the whole file is values.
    ///
    /// # Errors
    /// Values that are not whole lines, such as those in braces or quotes, and everything that [`super::unwrap`]
    /// refuses about one file.
    pub fn find(name: &str, text: &str) -> Result<Option<Self>, Failure> {
        if !looks_wrapped(text) {
            return Ok(None);
        }
        let mut read = |_: &str| None;
        let mut composer = Composer::new(Severity::Warning, &mut read);
        composer.sources.add(name, text);
        let documents = composer.documents(0, text);
        composer.encrypted(&documents);
        let node = values(&documents, &mut composer);
        let errors: Vec<Diagnostic> =
            composer.findings.into_iter().filter(|one| one.severity == Severity::Error).collect();
        if !errors.is_empty() {
            return Err(Failure { report: Report(errors), sources: composer.sources });
        }
        let Some(node) = node else { return Ok(None) };
        match cut(text, node.at) {
            Some(region) if matches!(&node.kind, Kind::Map(entries) if !entries.is_empty()) => Ok(Some(region)),
            _ => {
                let finding = Diagnostic::error(
                    "not-editable",
                    "these values are not lines of their own, and cannot be edited in place",
                )
                .at(node.at)
                .hint("write them as a block: one key on each line, without braces and quotes around all of them");
                Err(Failure { report: finding.into(), sources: composer.sources })
            }
        }
    }

    /// The values alone, on their lines of the file.
    pub fn text(&self) -> String {
        let blank = "\n".repeat(self.before.len());
        let inner = self.lines.iter().map(|line| self.dedented(line));
        blank + &inner.collect::<String>()
    }

    /// The file with other values, edited from [`Region::text`]. Unchanged lines keep every byte.
    pub fn with(&self, text: &str) -> String {
        let new: String = text.split_inclusive('\n').skip(self.before.len()).collect();
        let old: String = self.lines.iter().map(|line| self.dedented(line)).collect();
        let mut all = self.before.concat();
        let mut at = 0;
        for hunk in diffy::create_patch(&old, &new).hunks() {
            let start = hunk.old_range().start().saturating_sub(usize::from(!hunk.old_range().is_empty()));
            all.extend(self.lines.iter().take(start).skip(at).map(String::as_str));
            at = at.max(start);
            for line in hunk.lines() {
                match line {
                    diffy::Line::Context(_) => {
                        all.extend(self.lines.get(at).map(String::as_str));
                        at += 1;
                    }
                    diffy::Line::Delete(_) => at += 1,
                    diffy::Line::Insert(line) => {
                        if !line.trim().is_empty() {
                            all.push_str(&" ".repeat(self.indent));
                        }
                        all.push_str(line);
                    }
                }
            }
        }
        all.extend(self.lines.iter().skip(at).map(String::as_str));
        all + &self.behind.concat()
    }

    fn dedented<'l>(&self, line: &'l str) -> &'l str {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        &line[spaces.min(self.indent)..]
    }
}

/// The inline values of a file, with their place.
fn values(documents: &[FileDocument], composer: &mut Composer<'_>) -> Option<Node> {
    let mut node = match forms::chosen(documents, composer) {
        Some(carriers) => {
            let parts = carriers.iter().flat_map(|carrier| &carrier.parts);
            let inline = parts.filter_map(|part| match part {
                ValuesPart::Inline(node) => Some(*node),
                _ => None,
            });
            let nodes: Vec<&Node> = inline.collect();
            composer.inline(nodes.first()?)
        }
        None => documents.iter().find(|document| umbrella::find(&document.root).is_some())?.root.clone(),
    };
    let mut globals = None;
    while let Some((below, inherited)) = umbrella::find(&node) {
        node = umbrella::section(node.clone(), &below, &mut globals, inherited)?;
    }
    Some(node)
}

/// The lines from a place on with at least its indentation, without trailing blank lines and comments.
fn cut(text: &str, at: Location) -> Option<Region> {
    let indent = at.column - 1;
    let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let start = at.line - 1;
    let first = lines.get(start)?;
    if !first.get(..indent)?.bytes().all(|b| b == b' ') || first[indent..].starts_with(['{', '"', '\'']) {
        return None;
    }
    let mut end = start;
    for (number, line) in lines.iter().enumerate().skip(start) {
        let rest = line.trim_start_matches(' ');
        let inside = line.len() - rest.len() >= indent;
        let blank = rest.trim().is_empty();
        let loose = blank || rest.starts_with('#');
        if !inside && !loose {
            break;
        }
        if inside && !blank {
            end = number + 1;
        }
    }
    let mut rest = lines;
    let behind = rest.split_off(end);
    let inner = rest.split_off(start);
    Some(Region { before: rest, lines: inner, behind, indent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_other_bytes_stay() {
        let text = "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {chart: gitlab}}\n  values:   # ours\n    a: 1\n  # low\n    b:   2   \n\n    c: |\n      x\n\n  other:  x\n";
        let region = Region::find("x", text).expect("it is read").expect("it is one");
        assert_eq!(region.text(), "\n\n\n\n\na: 1\n# low\nb:   2   \n\nc: |\n  x\n");
        assert_eq!(region.with(&region.text()), text);
        let changed = region.with("\n\n\n\n\na: 2\nz:\n  y: 1\n# low\nb:   2   \n\nc: |\n  x\n");
        assert_eq!(changed, text.replace("    a: 1\n", "    a: 2\n    z:\n      y: 1\n"));
    }
}
