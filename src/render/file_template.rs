//! The template of a configuration file or script: a string with values, conditions, loops and other files in it.
//!
//! - `{{ path }}` is written in the format of the file, `{{ path | filter }}` in the form of a [`Filter`], and
//!   `{{ (':' ~ path) | filter }}` with a prefix;
//! - `{% if condition %}`, `elif`, `else`, `endif`;
//! - `{% for name in path %}`, `else` for an empty list, `endfor`; inside, `loop.last` is true in the last turn;
//! - `{% set name = path %}` names a value up to the end of the enclosing block or file;
//! - `{% include "component/files/name" %}` inserts another file, rendered over the same view.
//!
//! It is compiled at its first use, into a tree that borrows from its source.

use std::iter::Peekable;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::file_tags::{FileToken, FileTokens};
use super::files::FileTemplates;
use super::formats::{self, FileFormat, Filter, FormatFault};
use super::path::{Condition, Path, quoted};
use super::shape::TemplateFault;
use crate::tree::field;

/// A compiled template.
#[derive(Debug)]
pub(super) struct FileTemplate<'t> {
    name: &'t str,
    text: &'t str,
    format: FileFormat,
    parts: Vec<FilePart<'t>>,
}

/// A part of a file; parts that can fail have their offset in the template.
#[derive(Debug)]
enum FilePart<'t> {
    Text(&'t str),
    /// A prefix, the value, and its form where it is not the one of the format.
    Value(usize, &'t str, Path<'t>, Option<Filter>),
    /// Branches in order, each with its condition; `else` has none.
    If(usize, Vec<(Option<Condition<'t>>, Vec<FilePart<'t>>)>),
    /// The variable, the list, the parts for each item, and those for an empty list.
    For(usize, &'t str, Path<'t>, Vec<FilePart<'t>>, Vec<FilePart<'t>>),
    Set(usize, &'t str, Path<'t>),
    Include(&'t str),
}

impl<'t> FileTemplate<'t> {
    /// # Errors
    /// The first invalid tag, and a name whose format has no writer.
    pub(super) fn compile(name: &'t str, text: &'t str) -> Result<Self, TemplateFault> {
        let format = FileFormat::of(name)
            .ok_or_else(|| TemplateFault::new(name, 0, "there is no writer for the format of this file"))?;
        let tokens = FileTokens::new(text, format == FileFormat::Shell).peekable();
        let mut compiler = Compiler { name, text, tokens };
        let parts = compiler.parts()?;
        match compiler.tokens.next() {
            Some((at, _)) => Err(fault(name, text, at, "the tag closes nothing")),
            None => Ok(FileTemplate { name, text, format, parts }),
        }
    }
}

impl FileTemplate<'_> {
    /// Finishes the rendered file: scripts contain no marks.
    pub(super) fn finished(&self, out: String) -> String {
        if self.format == FileFormat::Shell { out } else { formats::finished(out) }
    }

    /// The approximate size of the rendered file, in bytes.
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }
}

fn fault(name: &str, text: &str, at: usize, what: impl Into<String>) -> TemplateFault {
    TemplateFault::new(name, line(text, at), what)
}

/// The number of the line that contains an offset, from 1.
fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

struct Compiler<'t> {
    name: &'t str,
    text: &'t str,
    tokens: Peekable<FileTokens<'t>>,
}

impl<'t> Compiler<'t> {
    fn fault(&self, at: usize, what: &str) -> TemplateFault {
        fault(self.name, self.text, at, what)
    }

    /// All parts up to a tag that ends or continues the enclosing block.
    fn parts(&mut self) -> Result<Vec<FilePart<'t>>, TemplateFault> {
        let mut parts = Vec::new();
        while let Some((at, token)) = self.tokens.peek().copied() {
            match token {
                FileToken::Tag(tag) if tag == "else" || tag.starts_with("elif ") || tag.starts_with("end") => break,
                _ => drop(self.tokens.next()),
            }
            parts.push(match token {
                FileToken::Text(text) => FilePart::Text(text),
                FileToken::Value(inside) => self.value(at, inside)?,
                FileToken::Tag(tag) => self.tag(at, tag)?,
                FileToken::Unclosed => return Err(self.fault(at, "the braces are not closed")),
            });
        }
        Ok(parts)
    }

    fn value(&self, at: usize, inside: &'t str) -> Result<FilePart<'t>, TemplateFault> {
        let (value, filter) = match inside.split_once('|') {
            Some((value, name)) => {
                let filter = Filter::named(name.trim()).ok_or_else(|| self.fault(at, "there is no such filter"))?;
                (value.trim(), Some(filter))
            }
            None => (inside, None),
        };
        let joined = value.strip_prefix("('").and_then(|rest| rest.strip_suffix(')')?.split_once("' ~ "));
        let (before, path) = joined.unwrap_or(("", value));
        Ok(FilePart::Value(at, before, self.path(at, path)?, filter))
    }

    fn tag(&mut self, at: usize, tag: &'t str) -> Result<FilePart<'t>, TemplateFault> {
        let (word, rest) = tag.split_once(' ').unwrap_or((tag, ""));
        match word {
            "if" => self.branches(at, rest),
            "for" => {
                let (name, over) = rest.split_once(" in ").ok_or_else(|| self.fault(at, "write `for name in path`"))?;
                let over = self.path(at, over)?;
                let body = self.parts()?;
                let none = match self.tokens.next_if(|(_, token)| *token == FileToken::Tag("else")) {
                    Some(_) => self.parts()?,
                    None => Vec::new(),
                };
                self.end(at, "endfor")?;
                Ok(FilePart::For(at, name.trim(), over, body, none))
            }
            "set" => {
                let (name, path) = rest.split_once(" = ").ok_or_else(|| self.fault(at, "write `set name = path`"))?;
                Ok(FilePart::Set(at, name.trim(), self.path(at, path)?))
            }
            "include" => {
                let name = quoted(rest).ok_or_else(|| self.fault(at, "write `include \"component/files/name\"`"))?;
                Ok(FilePart::Include(name))
            }
            _ => Err(self.fault(at, "there is no such tag")),
        }
    }

    fn branches(&mut self, at: usize, condition: &'t str) -> Result<FilePart<'t>, TemplateFault> {
        let mut branches = Vec::with_capacity(2);
        let mut condition = Some(self.condition(at, condition)?);
        loop {
            branches.push((condition, self.parts()?));
            let Some((at, FileToken::Tag(tag))) = self.tokens.peek().copied() else { break };
            condition = match tag.strip_prefix("elif ") {
                Some(rest) => Some(self.condition(at, rest)?),
                None if tag == "else" => None,
                None => break,
            };
            self.tokens.next();
        }
        self.end(at, "endif")?;
        Ok(FilePart::If(at, branches))
    }

    fn end(&mut self, at: usize, wanted: &str) -> Result<(), TemplateFault> {
        match self.tokens.next() {
            Some((_, FileToken::Tag(tag))) if tag == wanted => Ok(()),
            _ => Err(self.fault(at, &format!("the tag has no `{wanted}`"))),
        }
    }

    fn path(&self, at: usize, text: &'t str) -> Result<Path<'t>, TemplateFault> {
        Path::parse(text).ok_or_else(|| self.fault(at, &format!("`{text}` is no path of the view")))
    }

    fn condition(&self, at: usize, text: &'t str) -> Result<Condition<'t>, TemplateFault> {
        Condition::parse(text).map_err(|part| self.fault(at, &format!("`{part}` is no condition")))
    }
}

/// The values of `loop`: in all turns but the last, and in the last.
static TURNS: LazyLock<[Value; 2]> = LazyLock::new(|| [json!({"last": false}), json!({"last": true})]);

/// The state of rendering a file.
pub(super) struct FileScope<'r, 'v> {
    pub files: &'r FileTemplates,
    pub view: &'v Value,
    /// The names that loops and `set` define, the innermost last.
    pub variables: Vec<(&'static str, &'v Value)>,
    pub out: String,
}

impl FileScope<'_, '_> {
    /// # Errors
    /// A path that the view does not have, and a value that the format cannot represent.
    pub(super) fn fill(&mut self, template: &FileTemplate<'static>) -> Result<(), TemplateFault> {
        self.parts(template, &template.parts)
    }

    fn parts(&mut self, template: &FileTemplate<'static>, parts: &[FilePart<'static>]) -> Result<(), TemplateFault> {
        let outside = self.variables.len();
        for part in parts {
            match part {
                FilePart::Text(text) => self.out.push_str(text),
                FilePart::Value(at, before, path, filter) => {
                    let value = self.find(template, *at, *path)?;
                    let joined = (!before.is_empty()).then(|| joined(before, value));
                    let value = joined.as_ref().unwrap_or(value);
                    let written = match filter {
                        Some(filter) => filter.write(&mut self.out, value, template.format),
                        None => template.format.write(&mut self.out, value),
                    };
                    match written {
                        Ok(()) => {}
                        Err(FormatFault::Misfit(what)) => return Err(fault(template.name, template.text, *at, what)),
                        Err(FormatFault::Refused(why)) => {
                            let setting = setting(&self.out).or_else(|| setting(before_tag(template.text, *at)));
                            self.files.refuse(unwritable(template.name, setting, why));
                        }
                    }
                }
                FilePart::If(at, branches) => {
                    for (condition, body) in branches {
                        let find = |path| self.find(template, *at, path);
                        if condition.as_ref().map_or(Ok(true), |condition| condition.holds(&find))? {
                            self.parts(template, body)?;
                            break;
                        }
                    }
                }
                FilePart::For(at, name, over, body, none) => {
                    let Value::Array(items) = self.find(template, *at, *over)? else {
                        return Err(fault(template.name, template.text, *at, "`for` needs a list"));
                    };
                    if items.is_empty() {
                        self.parts(template, none)?;
                    }
                    for (turn, item) in items.iter().enumerate() {
                        let last = usize::from(turn + 1 == items.len());
                        self.variables.extend([("loop", &TURNS[last]), (name, item)]);
                        self.parts(template, body)?;
                        self.variables.truncate(self.variables.len() - 2);
                    }
                }
                FilePart::Set(at, name, path) => {
                    let value = self.find(template, *at, *path)?;
                    self.variables.push((name, value));
                }
                FilePart::Include(name) => {
                    let included = self.files.template(name)?;
                    self.fill(&included)?;
                }
            }
        }
        self.variables.truncate(outside);
        Ok(())
    }
}

impl<'v> FileScope<'_, 'v> {
    fn find(&self, template: &FileTemplate<'_>, at: usize, path: Path<'_>) -> Result<&'v Value, TemplateFault> {
        let head = path.head();
        let variable = self.variables.iter().rfind(|(name, _)| *name == head).map(|(_, value)| *value);
        let found = variable.or_else(|| field(self.view, head));
        let found = path.below().fold(found, |at, step| step.of(at?));
        found.ok_or_else(|| fault(template.name, template.text, at, format!("the view has no `{}`", path.text())))
    }
}

/// A prefix and a scalar.
fn joined(before: &str, value: &Value) -> Value {
    Value::String(match value.as_str() {
        Some(text) => format!("{before}{text}"),
        None => format!("{before}{value}"),
    })
}

/// The message about a value that cannot be written, with the name that its line sets.
fn unwritable(name: &str, setting: Option<&str>, why: &str) -> TemplateFault {
    let (component, file) = name.split_once("/files/").unwrap_or(("", name));
    let setting = setting.map_or(String::new(), |setting| format!(", `{setting}`"));
    let what = format!("`{file}` of {component}{setting}: a value cannot be written into this file: {why}");
    TemplateFault::of_values(&format!("{name}{setting}"), what)
}

/// The line of a template before the tag at an offset.
fn before_tag(text: &str, at: usize) -> &str {
    text.lines().nth(line(text, at) - 1).and_then(|line| line.split("{{").next()).unwrap_or_default()
}

/// The name of the setting on the last line of a text; `None` where that line has anything but a name.
fn setting(text: &str) -> Option<&str> {
    let name = text.rsplit('\n').next()?.trim().trim_end_matches(['=', ':', ' ', '"']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    (!name.is_empty() && name != "-" && name.chars().all(is_name)).then_some(name)
}
