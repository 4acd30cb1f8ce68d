//! A template of an object: YAML in plain block style, with holes and with `if` and `for` around entries.
//!
//! It is compiled once into a tree. It cannot contain what the [tokens](crate::yaml::lines) do not have: anchors, tags,
//! scalars of several lines. A hole is a whole value:
//!
//! - `{{ path }}`, and `{{ path or none }}`, which is absent where the value is empty;
//! - `{{ fragment("pod", path) }}`: the template `_shared/pod.yaml`, filled with that value;
//! - `{{ text("config.toml", path) }}`: a configuration file as a string, see [`super::files`];
//! - `{{ yaml(path) }}`: the value as a string of YAML.
//!
//! `{% if path %}`, `elif`, `else` and `for name in path` are on lines of their own; a condition may have `or`, `and`
//! and `not`. An entry whose value is null is left out, and so is a map or a list of which no line was selected.

use serde_json::{Map, Value};

use super::Renderer;
use super::path::{Condition, Path, quoted, truth};
use crate::diag::{Diagnostic, ValuePath};
use crate::tree::{drop_nulls, field, field_mut};
use crate::yaml::lines::{LineToken, TokenKind, Tokens, one_line};
use crate::yaml::write::write_document;

/// The reason why a template cannot be compiled or filled; it never contains a value.
#[derive(Debug)]
pub(super) struct TemplateFault {
    /// The template, with the line where there is one.
    pub place: String,
    pub what: String,
    /// Whether the values have the error and not the template.
    of_values: bool,
}

impl TemplateFault {
    pub(super) fn new(template: &str, line: usize, what: impl Into<String>) -> Self {
        let place = if line == 0 { template.to_owned() } else { format!("{template}:{line}") };
        TemplateFault { place, what: what.into(), of_values: false }
    }

    /// A value that a file's format cannot represent. Which value of the user's that is follows from leaving some out.
    pub(super) fn of_values(file: &str, what: String) -> Self {
        TemplateFault { place: file.to_owned(), what, of_values: true }
    }

    /// The message for people.
    pub(super) fn diagnostic(self) -> Diagnostic {
        if self.of_values {
            return Diagnostic::error("unwritable-value", self.what)
                .about(self.place, ValuePath::root())
                .unreadable()
                .hint("remove line breaks, quotes, and spaces at its ends");
        }
        Diagnostic::bug("template-failed", format!("template `{}`: {}", self.place, self.what))
    }
}

/// A compiled template; it borrows the text of the template.
#[derive(Debug)]
pub(super) struct ObjectTemplate<'t>(Node<'t>);

#[derive(Debug)]
enum Node<'t> {
    Null,
    Value(Value),
    Hole(usize, Hole<'t>),
    Map(Vec<Part<'t>>),
    List(Vec<Part<'t>>),
}

/// A part of a map or a list.
#[derive(Debug)]
enum Part<'t> {
    /// An entry; an item has no key.
    Entry(&'t str, Node<'t>),
    /// Branches in order, each with its condition; `else` has none.
    If(usize, Vec<(Option<Condition<'t>>, Vec<Part<'t>>)>),
    For(usize, &'t str, Use<'t>, Vec<Part<'t>>),
}

/// The content of a hole.
#[derive(Debug)]
enum Hole<'t> {
    Value(Use<'t>),
    ValueOrNone(Use<'t>),
    Fragment(&'t str, Use<'t>),
    Text(Name<'t>, Option<Use<'t>>),
    Yaml(Use<'t>),
}

/// The name of a file: literal, or from the view.
#[derive(Debug)]
enum Name<'t> {
    Given(&'t str),
    From(Path<'t>),
}

/// A path into the view, `tls.secret`.
#[derive(Debug)]
struct Use<'t> {
    path: Path<'t>,
    /// Whether nothing reads it later: then it is moved out of the view instead of copied.
    last: bool,
}

impl<'t> ObjectTemplate<'t> {
    /// # Errors
    /// The first line that is not valid in a template.
    pub(super) fn compile(name: &'t str, text: &'t str) -> Result<Self, TemplateFault> {
        let mut compiler = Compiler { name, tokens: Tokens::new(text) };
        let first = compiler.content(0).ok_or_else(|| TemplateFault::new(name, 1, "the template is empty"))?;
        let mut root = compiler.collection(first)?;
        if let Some(token) = compiler.tokens.peek() {
            return Err(compiler.fault(token.line, "the line fits nowhere"));
        }
        if compiler.tokens.strange {
            return Err(compiler.fault(compiler.tokens.line(), "no plain line of a template"));
        }
        last_uses(&mut root);
        Ok(ObjectTemplate(root))
    }
}

struct Compiler<'t> {
    name: &'t str,
    tokens: Tokens<'t>,
}

impl<'t> Compiler<'t> {
    fn fault(&self, line: usize, what: &str) -> TemplateFault {
        TemplateFault::new(self.name, line, what)
    }

    /// The tag at this position: its line and words.
    fn tag(&mut self) -> Option<(usize, &'t str)> {
        match self.tokens.peek()? {
            LineToken { line, kind: TokenKind::Text(text), .. } => {
                let words = text.trim_end().strip_prefix("{%")?.strip_suffix("%}")?;
                Some((line, words.trim()))
            }
            _ => None,
        }
    }

    /// The first key or dash after opening tags, from `column` on.
    fn content(&mut self, column: usize) -> Option<LineToken<'t>> {
        let fits = |token: &LineToken| token.column >= column && !matches!(token.kind, TokenKind::Text(_));
        // Without a tag there is nothing to skip.
        if let Some(token) = self.tokens.peek()
            && !matches!(token.kind, TokenKind::Text(_))
        {
            return Some(token).filter(fits);
        }
        let mut ahead = Compiler { name: self.name, tokens: self.tokens.clone() };
        while let Some((_, words)) = ahead.tag() {
            if !words.starts_with("if ") && !words.starts_with("for ") {
                return None;
            }
            ahead.tokens.advance();
        }
        ahead.tokens.peek().filter(fits)
    }

    /// The map or list that begins with a token.
    fn collection(&mut self, first: LineToken<'t>) -> Result<Node<'t>, TemplateFault> {
        let list = first.kind == TokenKind::Dash;
        let parts = self.parts(first.column, list)?;
        let next = self.tokens.peek().filter(|next| !matches!(next.kind, TokenKind::Text(_)));
        match next {
            Some(next) if next.column > first.column => Err(self.fault(next.line, "the indentation does not fit")),
            _ if list => Ok(Node::List(parts)),
            _ => Ok(Node::Map(parts)),
        }
    }

    fn parts(&mut self, column: usize, list: bool) -> Result<Vec<Part<'t>>, TemplateFault> {
        let mut parts = Vec::new();
        while let Some(token) = self.tokens.peek() {
            match token.kind {
                TokenKind::Dash if list && token.column == column => {
                    self.tokens.advance();
                    parts.push(Part::Entry("", self.inner(token)?));
                }
                TokenKind::Key(key) if !list && token.column == column => {
                    self.tokens.advance();
                    parts.push(Part::Entry(key, self.inner(token)?));
                }
                TokenKind::Text(_) => {
                    let here = self.content(column);
                    let own = here.is_some_and(|at| at.column == column && (at.kind == TokenKind::Dash) == list);
                    match self.tag() {
                        Some((line, words)) if own => {
                            self.tokens.advance();
                            parts.push(self.block(line, words, column, list)?);
                        }
                        Some(_) => break,
                        None => return Err(self.fault(token.line, "the value follows no key")),
                    }
                }
                _ => break,
            }
        }
        Ok(parts)
    }

    /// The construct that an opening tag begins.
    fn block(&mut self, line: usize, words: &'t str, column: usize, list: bool) -> Result<Part<'t>, TemplateFault> {
        if let Some(rest) = words.strip_prefix("for ") {
            let (name, over) = rest.split_once(" in ").ok_or_else(|| self.fault(line, "write `for name in path`"))?;
            let over = self.path(over, line)?;
            let body = self.parts(column, list)?;
            self.end(line, "endfor")?;
            return Ok(Part::For(line, name.trim(), over, body));
        }
        let mut branches = Vec::new();
        let mut test = Some(self.test(words.strip_prefix("if ").unwrap_or(words), line)?);
        loop {
            branches.push((test, self.parts(column, list)?));
            match self.tag() {
                Some((line, words)) if words == "else" || words.starts_with("elif ") => {
                    self.tokens.advance();
                    test = words.strip_prefix("elif ").map(|rest| self.test(rest, line)).transpose()?;
                }
                _ => break,
            }
        }
        self.end(line, "endif")?;
        Ok(Part::If(line, branches))
    }

    fn end(&mut self, line: usize, wanted: &str) -> Result<(), TemplateFault> {
        match self.tag() {
            Some((_, words)) if words == wanted => {
                self.tokens.advance();
                Ok(())
            }
            _ => Err(self.fault(line, &format!("the tag has no `{wanted}`"))),
        }
    }

    /// The value after a key or a dash.
    fn inner(&mut self, outer: LineToken<'t>) -> Result<Node<'t>, TemplateFault> {
        if let Some(LineToken { line, kind: TokenKind::Text(text), .. }) = self.tokens.peek()
            && line == outer.line
        {
            self.tokens.advance();
            return match text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
                Some(inside) => Ok(Node::Hole(line, self.hole(inside.trim(), line)?)),
                None if text.contains("{{") => Err(self.fault(line, "no plain value: a hole is a whole value")),
                None => one_line(text).map(Node::Value).ok_or_else(|| self.fault(line, "no plain value on one line")),
            };
        }
        let list_beside = !matches!(outer.kind, TokenKind::Dash);
        match self.content(outer.column) {
            Some(first) if first.column > outer.column => self.collection(first),
            Some(first) if list_beside && first.kind == TokenKind::Dash => self.collection(first),
            _ => Ok(Node::Null),
        }
    }

    fn hole(&self, inside: &'t str, line: usize) -> Result<Hole<'t>, TemplateFault> {
        let call = |function: &str| inside.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(arguments) = call("fragment") {
            let two = arguments.split_once(',').and_then(|(name, path)| Some((quoted(name)?, path)));
            let (name, path) = two.ok_or_else(|| self.fault(line, "write `fragment(\"name\", path)`"))?;
            return Ok(Hole::Fragment(name, self.path(path, line)?));
        }
        if let Some(arguments) = call("text") {
            let (name, path) =
                arguments.split_once(',').ok_or_else(|| self.fault(line, "write `text(\"file\", path)`"))?;
            let name = match quoted(name) {
                Some(name) => Name::Given(name),
                None => Name::From(self.path(name, line)?.path),
            };
            let view = if path.trim() == "none" { None } else { Some(self.path(path, line)?) };
            return Ok(Hole::Text(name, view));
        }
        if let Some(path) = call("yaml") {
            return Ok(Hole::Yaml(self.path(path, line)?));
        }
        match inside.strip_suffix(" or none") {
            Some(path) => Ok(Hole::ValueOrNone(self.path(path, line)?)),
            None => Ok(Hole::Value(self.path(inside, line)?)),
        }
    }

    fn path(&self, text: &'t str, line: usize) -> Result<Use<'t>, TemplateFault> {
        // Lists are read by `for`; only fields can be moved out of a view.
        let path = Path::parse(text).filter(|path| !path.text().contains('['));
        let path = path.ok_or_else(|| self.fault(line, &format!("`{text}` is no path of the view")))?;
        Ok(Use { path, last: false })
    }

    fn test(&self, text: &'t str, line: usize) -> Result<Condition<'t>, TemplateFault> {
        Condition::parse(text).map_err(|part| self.fault(line, &format!("`{part}` is no condition")))
    }
}

/// Marks the last use of each value; a template is filled from top to bottom.
fn last_uses(root: &mut Node<'_>) {
    /// `paths` are those that are read further below; `turns` are the variables of the enclosing loops.
    struct Later<'t> {
        paths: Vec<Path<'t>>,
        turns: Vec<&'t str>,
    }
    impl<'t> Later<'t> {
        fn value(&mut self, used: &mut Use<'t>) {
            let own = self.turns.last().is_none_or(|turn| *turn == used.path.head());
            used.last = own && !self.paths.iter().any(|other| other.overlaps(used.path));
            self.paths.push(used.path);
        }
        fn node(&mut self, node: &mut Node<'t>) {
            match node {
                Node::Null | Node::Value(_) => {}
                Node::Map(parts) | Node::List(parts) => self.parts(parts),
                Node::Hole(_, hole) => match hole {
                    Hole::Value(path) | Hole::ValueOrNone(path) | Hole::Fragment(_, path) | Hole::Yaml(path) => {
                        self.value(path);
                    }
                    Hole::Text(name, view) => {
                        view.iter_mut().for_each(|path| self.value(path));
                        if let Name::From(path) = name {
                            self.paths.push(*path);
                        }
                    }
                },
            }
        }
        fn parts(&mut self, parts: &mut [Part<'t>]) {
            for part in parts.iter_mut().rev() {
                match part {
                    Part::Entry(_, node) => self.node(node),
                    Part::If(_, branches) => {
                        for (test, body) in branches.iter_mut().rev() {
                            self.parts(body);
                            test.iter().for_each(|test| test.paths(&mut |path| self.paths.push(path)));
                        }
                    }
                    Part::For(_, name, over, body) => {
                        let below = self.paths.len();
                        self.turns.push(name);
                        self.parts(body);
                        self.turns.pop();
                        // The variable ends with the loop: one of the same name in a loop above is another value.
                        let of_body = self.paths.split_off(below);
                        self.paths.extend(of_body.into_iter().filter(|path| path.head() != *name));
                        self.value(over);
                    }
                }
            }
        }
    }
    Later { paths: Vec::new(), turns: Vec::new() }.node(root);
}

/// The state of filling a template.
pub(super) struct TemplateScope<'r, 's> {
    renderer: &'r Renderer,
    name: &'r str,
    view: Value,
    /// The variables of the enclosing loops, the innermost last.
    turns: Vec<(&'s str, Value)>,
}

impl<'r, 's> TemplateScope<'r, 's> {
    pub(super) fn new(renderer: &'r Renderer, name: &'r str, view: Value) -> Self {
        TemplateScope { renderer, name, view, turns: Vec::new() }
    }

    /// # Errors
    /// A path that the view does not have.
    pub(super) fn fill(&mut self, shape: &'s ObjectTemplate<'s>) -> Result<Value, TemplateFault> {
        self.node(&shape.0)
    }

    fn absent(&self, path: Path<'_>, line: usize) -> TemplateFault {
        TemplateFault::new(self.name, line, format!("the view has no `{}`", path.text()))
    }

    fn find(&self, path: Path<'_>, line: usize) -> Result<&Value, TemplateFault> {
        let head = path.head();
        let turn = self.turns.iter().rfind(|(name, _)| *name == head).map(|(_, value)| value);
        let found = turn.or_else(|| field(&self.view, head));
        let found = path.below().fold(found, |at, step| step.of(at?));
        found.ok_or_else(|| self.absent(path, line))
    }

    fn take(&mut self, used: &Use<'_>, line: usize) -> Result<Value, TemplateFault> {
        let path = used.path;
        if !used.last {
            return self.find(path, line).cloned();
        }
        let head = path.head();
        let turn = self.turns.iter_mut().rfind(|(name, _)| *name == head).map(|(_, value)| value);
        let found = turn.or_else(|| field_mut(&mut self.view, head));
        let found = path.below().fold(found, |at, step| step.of_mut(at?));
        found.map(Value::take).ok_or_else(|| self.absent(path, line))
    }

    fn holds(&self, test: &Condition<'_>, line: usize) -> Result<bool, TemplateFault> {
        test.holds(&|path| self.find(path, line))
    }

    fn node(&mut self, node: &'s Node<'s>) -> Result<Value, TemplateFault> {
        match node {
            Node::Null => Ok(Value::Null),
            Node::Value(value) => Ok(value.clone()),
            Node::Hole(line, hole) => self.hole(hole, *line),
            Node::Map(parts) => {
                let mut map = Map::with_capacity(parts.len());
                let any = self.parts(parts, &mut |key, value| {
                    if !value.is_null() {
                        map.insert(key.to_owned(), value);
                    }
                })?;
                Ok(if any { Value::Object(map) } else { Value::Null })
            }
            Node::List(parts) => {
                let mut items = Vec::with_capacity(parts.len());
                let any = self.parts(parts, &mut |_, value| {
                    if !value.is_null() {
                        items.push(value);
                    }
                })?;
                Ok(if any { Value::Array(items) } else { Value::Null })
            }
        }
    }

    /// Adds the selected entries; returns whether there were any.
    fn parts(&mut self, parts: &'s [Part<'s>], put: &mut dyn FnMut(&str, Value)) -> Result<bool, TemplateFault> {
        let mut any = false;
        for part in parts {
            match part {
                Part::Entry(key, node) => {
                    let value = self.node(node)?;
                    put(key, value);
                    any = true;
                }
                Part::If(line, branches) => {
                    for (test, body) in branches {
                        let holds = match test {
                            Some(test) => self.holds(test, *line)?,
                            None => true,
                        };
                        if holds {
                            any |= self.parts(body, put)?;
                            break;
                        }
                    }
                }
                Part::For(line, name, over, body) => {
                    let Value::Array(items) = self.take(over, *line)? else {
                        return Err(TemplateFault::new(self.name, *line, "`for` needs a list"));
                    };
                    for item in items {
                        self.turns.push((name, item));
                        any |= self.parts(body, put)?;
                        self.turns.pop();
                    }
                }
            }
        }
        Ok(any)
    }

    fn hole(&mut self, hole: &Hole<'_>, line: usize) -> Result<Value, TemplateFault> {
        match hole {
            Hole::Value(path) => {
                let mut value = self.take(path, line)?;
                drop_nulls(&mut value);
                Ok(value)
            }
            Hole::ValueOrNone(path) => {
                if !truth(self.find(path.path, line)?) {
                    return Ok(Value::Null);
                }
                let mut value = self.take(path, line)?;
                drop_nulls(&mut value);
                Ok(value)
            }
            Hole::Fragment(name, path) => {
                let view = self.take(path, line)?;
                self.renderer.fill(&format!("_shared/{name}.yaml"), view)
            }
            Hole::Text(name, view) => {
                let view = view.as_ref().map(|path| self.take(path, line)).transpose()?.unwrap_or_default();
                let name = match name {
                    Name::Given(name) => name,
                    Name::From(path) => self
                        .find(*path, line)?
                        .as_str()
                        .ok_or_else(|| TemplateFault::new(self.name, line, "the name of a file is a string"))?,
                };
                self.renderer.files.text(self.name, name, &view).map(Value::String)
            }
            Hole::Yaml(path) => {
                let mut text = String::new();
                write_document(&mut text, &self.take(path, line)?);
                Ok(Value::String(text))
            }
        }
    }
}
