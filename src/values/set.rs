//! The `--set` family: the syntax of its flags, and their effect on the values.
//!
//! A flag is first parsed into assignments, each a path and a value with their places in the flag's argument, and then
//! applied to the values.

use serde_json::Value;

use crate::diag::{Diagnostic, Location, Severity, Step, ValuePath, code};
use crate::yaml::{Kind, Node, read, scalar};

/// The highest list index.
pub const MAX_INDEX: usize = 65_536;
/// The maximum number of steps of a path.
pub const MAX_STEPS: usize = 30;

/// The meaning of the argument after `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// `--set`: integers, booleans, null, lists in braces, otherwise a string.
    Typed,
    /// `--set-string`: a string, or lists in braces.
    Text,
    /// `--set-file`: the path of a file.
    Path,
    /// `--set-literal`: everything up to the end is a string; no escapes, no lists.
    Literal,
    /// `--set-json`: JSON.
    Json,
}

/// A parsed `path=value`.
#[derive(Debug)]
pub struct Assignment {
    steps: Vec<(Step, Location)>,
    value: Node,
}

impl Assignment {
    /// The value, mutable, to replace a file's path by its content.
    pub fn value_mut(&mut self) -> &mut Node {
        &mut self.value
    }

    /// Sets the places of path and value, for those that come from elsewhere than a flag's argument.
    pub fn relocate(&mut self, path: Location, value: Location) {
        self.steps.iter_mut().for_each(|(_, place)| *place = path);
        self.value.relocate(&mut |place| *place = value);
    }

    /// The path that is set, and its place.
    pub fn place(&self) -> (ValuePath, Option<Location>) {
        (self.path(self.steps.len()), self.steps.last().map(|(_, at)| *at))
    }

    fn path(&self, steps: usize) -> ValuePath {
        ValuePath(self.steps[..steps].iter().map(|(step, _)| step.clone()).collect())
    }
}

/// A parsed flag: its assignments, and warnings about ignored parts.
#[derive(Debug, Default)]
pub struct ParsedFlag {
    /// The assignments in their order.
    pub assignments: Vec<Assignment>,
    /// Warnings about parts without effect.
    pub warnings: Vec<Diagnostic>,
}

/// Parses a flag's argument.
pub fn parse(text: &str, source: usize, syntax: Syntax) -> Result<ParsedFlag, Diagnostic> {
    let chars: Vec<char> = text.chars().collect();
    let breaks = chars.iter().enumerate().filter(|(_, c)| **c == '\n').map(|(i, _)| i).collect();
    let mut cursor = Cursor { chars, breaks, at: 0, source, syntax, twice: Vec::new() };
    let mut flag = ParsedFlag::default();
    while cursor.at < cursor.chars.len() {
        let start = cursor.at;
        match cursor.assignment()? {
            Some(assignment) if matches!(&assignment.steps[0].0, Step::Key(key) if key.is_empty()) => {
                flag.warnings.push(no_effect("the key is empty", cursor.since(start)));
            }
            Some(assignment) => flag.assignments.push(assignment),
            None => flag.warnings.push(no_effect("a list index is not followed by `]` and `=`", cursor.since(start))),
        }
    }
    flag.warnings.append(&mut cursor.twice);
    Ok(flag)
}

/// Parses a path in the flags' syntax: `a.b[0].c`, with a backslash before a dot that belongs to a key.
///
/// # Errors
/// A string that is not a path.
pub fn path_of(text: &str) -> Result<ValuePath, Diagnostic> {
    let wrong = || {
        Diagnostic::usage("values-at", format!("`{text}` is not a path"))
            .hint("write `spec.values` or `releases[0].values`; a dot in a key is escaped, `a\\.b`")
    };
    let flag = parse(&format!("{text}="), 0, Syntax::Text).map_err(|_| wrong())?;
    match &flag.assignments[..] {
        [one] => Ok(one.place().0),
        _ => Err(wrong()),
    }
}

fn no_effect(why: &str, at: Location) -> Diagnostic {
    Diagnostic::warning("set-no-effect", format!("this sets nothing: {why}"))
        .at(at)
        .hint("write `path.to.key=value`, or `list[0]=value`")
}

fn syntax_error(message: impl Into<String>, at: Location, hint: &str) -> Diagnostic {
    Diagnostic::error("set-syntax", message).at(at).hint(hint)
}

struct Cursor {
    chars: Vec<char>,
    /// The ends of lines: a flag's argument can have several.
    breaks: Vec<usize>,
    at: usize,
    source: usize,
    syntax: Syntax,
    /// Warnings about repeated keys in a map of JSON.
    twice: Vec<Diagnostic>,
}

impl Cursor {
    fn since(&self, start: usize) -> Location {
        let line = self.breaks.partition_point(|end| *end < start);
        let line_start = line.checked_sub(1).map_or(0, |before| self.breaks[before] + 1);
        let len = self.at.saturating_sub(start).max(1);
        Location { source: self.source, line: line + 1, column: start - line_start + 1, len }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Reads up to one of `stops`, which is consumed; `None` at the end of the argument. A backslash escapes the next
    /// character.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if stops.contains(&c) {
                return (text, Some(c));
            }
            if c == '\\' && self.syntax != Syntax::Literal {
                let Some(escaped) = self.peek() else { break };
                self.at += 1;
                text.push(escaped);
            } else {
                text.push(c);
            }
        }
        (text, None)
    }

    /// Reads `path=value` and the comma after it; `None` where the argument ends within an index.
    fn assignment(&mut self) -> Result<Option<Assignment>, Diagnostic> {
        let mut steps: Vec<(Step, Location)> = Vec::new();
        let stops: &[char] = if self.syntax == Syntax::Literal { &['=', '[', '.'] } else { &['=', '[', '.', ','] };
        let mut after_index = false;
        loop {
            let start = self.at;
            let (text, stop) = self.until(stops);
            let at = Location { len: text.chars().count().max(1), ..self.since(start) };
            if after_index {
                if !text.is_empty() {
                    return Err(syntax_error("`]` must be followed by `.`, `[` or `=`", at, "remove what is between"));
                }
            } else {
                match stop {
                    None => return Err(no_value(&text, at)),
                    Some(',') => return Err(no_value(&text, at)),
                    Some(_) if text.is_empty() && matches!(steps.last(), Some((Step::Key(_), _))) => {
                        let hint = "remove one dot, or write `\\.` for a dot within a key";
                        return Err(syntax_error("there is nothing between two dots, or after the last", at, hint));
                    }
                    Some(_) => steps.push((Step::Key(text.into()), at)),
                }
            }
            if steps.len() > MAX_STEPS {
                return Err(syntax_error(
                    format!("the path has more than {MAX_STEPS} steps"),
                    at,
                    "put such deeply nested values into a file",
                ));
            }
            match stop {
                Some('[') => {
                    let start = self.at;
                    let (digits, stop) = self.until(&[']']);
                    let at = Location { len: digits.chars().count().max(1), ..self.since(start) };
                    if stop.is_none() {
                        return Ok(None);
                    }
                    steps.push((Step::Index(index(&digits, at)?), at));
                    after_index = true;
                }
                Some('.') => after_index = false,
                Some('=') => {
                    let value = self.value()?;
                    return Ok(Some(Assignment { steps, value }));
                }
                Some(_) => return Err(syntax_error("the list index has no value", at, "write `list[0]=value`")),
                None => return Ok(None),
            }
        }
    }

    fn value(&mut self) -> Result<Node, Diagnostic> {
        let start = self.at;
        match self.syntax {
            Syntax::Json => return self.json(),
            Syntax::Literal => {
                let text = self.chars[start..].iter().collect();
                self.at = self.chars.len();
                return Ok(Node { key: None, at: self.since(start), kind: Kind::Scalar(Value::String(text)) });
            }
            _ => {}
        }
        if self.peek() == Some('{') {
            self.at += 1;
            let mut items = Vec::new();
            loop {
                let start = self.at;
                let (text, stop) = self.until(&[',', '}']);
                items.push(self.item(&text, start, usize::from(stop.is_some())));
                if stop.is_none() {
                    return Err(syntax_error("the list is not closed", self.since(start), "end the list with `}`"));
                }
                if stop == Some('}') {
                    break;
                }
            }
            let at = self.since(start);
            if self.peek() == Some(',') {
                self.at += 1;
            }
            return Ok(Node { key: None, at, kind: Kind::List(items) });
        }
        let (text, stop) = self.until(&[',']);
        Ok(self.item(&text, start, usize::from(stop.is_some())))
    }

    fn item(&self, text: &str, start: usize, stop: usize) -> Node {
        let len = (self.at - start).saturating_sub(stop).max(1);
        let value = if self.syntax == Syntax::Typed { typed(text) } else { Value::String(text.to_owned()) };
        Node { key: None, at: Location { len, ..self.since(start) }, kind: Kind::Scalar(value) }
    }

    /// Reads one JSON value and the comma after it; an empty value is null.
    fn json(&mut self) -> Result<Node, Diagnostic> {
        let start = self.at;
        let rest: String = self.chars[start..].iter().collect();
        let mut value = if rest.trim_start().is_empty() || rest.trim_start().starts_with(',') {
            Value::Null
        } else {
            let mut values = serde_json::Deserializer::from_str(&rest).into_iter::<Value>();
            // A number that touches a letter is an error of the stream, which is found before the comma is searched.
            let value = match values.next() {
                Some(Ok(value)) => value,
                Some(Err(error)) => return Err(json_error(&error, self.since(start))),
                None => Value::Null,
            };
            self.at += rest[..values.byte_offset()].chars().count();
            value
        };
        let at = self.since(start);
        let written: String = self.chars[start..self.at].iter().collect();
        self.twice.extend(keys_twice(&written, at));
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        if self.peek() == Some(',') {
            self.at += 1;
        }
        scalar::whole_numbers(&mut value);
        Ok(Node::from_value(value, at))
    }
}

fn no_value(key: &str, at: Location) -> Diagnostic {
    let message = if key.is_empty() { "a key is missing".to_owned() } else { format!("`{key}` has no value") };
    syntax_error(message, at, "write `key=value`; a comma that belongs to a value is written `\\,`")
}

/// `begin` is the position at which the JSON begins.
fn json_error(error: &serde_json::Error, begin: Location) -> Diagnostic {
    // Only the kind of the error: the rest of the message can quote the value.
    let what = if error.is_eof() { "the JSON is not complete" } else { "the value is not JSON" };
    let column = error.column().max(1);
    let at = match error.line() {
        0 | 1 => Location { column: begin.column + column - 1, len: 1, ..begin },
        line => Location { line: begin.line + line - 1, column, len: 1, ..begin },
    };
    Diagnostic::error("set-json", what).at(at).hint("put text in double quotes, within single quotes for the shell")
}

/// Warnings about repeated keys in a map of JSON that begins at a position: the last one counts.
fn keys_twice(json: &str, begin: Location) -> Vec<Diagnostic> {
    if !json.contains('{') {
        return Vec::new();
    }
    // JSON is parsed as YAML for the places; the differences do not matter here.
    let placed = format!("{}{}{json}", "\n".repeat(begin.line - 1), " ".repeat(begin.column - 1));
    match read::read_with(&placed, begin.source, Severity::Warning) {
        Ok(read) => read.warnings.into_iter().filter(|found| found.code == code::DUPLICATE_KEY).collect(),
        Err(_) => Vec::new(),
    }
}

/// Reads the argument of `--set-json` without a path: an object that is merged into the values. Warns about its
/// repeated keys.
pub fn parse_object(text: &str, source: usize) -> Result<(Node, Vec<Diagnostic>), Diagnostic> {
    let at = Location { source, line: 1, column: 1, len: text.chars().count().max(1) };
    let mut value: Value = serde_json::from_str(text).map_err(|error| json_error(&error, at))?;
    scalar::whole_numbers(&mut value);
    Ok((Node::from_value(value, at), keys_twice(text, at)))
}

fn index(digits: &str, at: Location) -> Result<usize, Diagnostic> {
    let hint = "count list positions from 0";
    match digits.parse::<i64>() {
        Ok(n) if n < 0 => Err(syntax_error("a list index cannot be negative", at, hint)),
        Ok(n) => match usize::try_from(n) {
            Ok(n) if n <= MAX_INDEX => Ok(n),
            _ => Err(syntax_error(format!("a list index can be at most {MAX_INDEX}"), at, hint)),
        },
        Err(_) => Err(syntax_error(format!("`{digits}` is not a list index"), at, hint)),
    }
}

/// The value of a `--set` argument.
fn typed(text: &str) -> Value {
    if text.eq_ignore_ascii_case("true") {
        Value::Bool(true)
    } else if text.eq_ignore_ascii_case("false") {
        Value::Bool(false)
    } else if text.eq_ignore_ascii_case("null") {
        Value::Null
    } else if text == "0" {
        Value::from(0)
    } else if text.starts_with('0') {
        // Helm keeps `007` as a string.
        Value::String(text.to_owned())
    } else {
        text.parse::<i64>().map_or_else(|_| Value::String(text.to_owned()), Value::from)
    }
}

/// Applies an assignment to the values.
pub fn apply(root: &mut Node, assignment: Assignment) -> Result<(), Diagnostic> {
    let mut node = root;
    let mut below_index = false;
    for (i, (step, at)) in assignment.steps.iter().enumerate() {
        let conflict = |node: &Node, wanted: &str| {
            let what = match &node.kind {
                Kind::Scalar(Value::Null) => "null",
                Kind::Scalar(_) => "a single value",
                Kind::List(_) => "a list",
                Kind::Map(_) => "a map",
            };
            let hint = if node.is_null() {
                "remove the null, or set the whole value with `--set-json`"
            } else {
                "use another path, or set the whole value with `--set-json`"
            };
            Diagnostic::error("set-type", format!("`{}` is {what} here, not {wanted}", assignment.path(i)))
                .at(*at)
                .at(node.at)
                .hint(hint)
        };
        // Missing containers are created on the way down.
        let fresh = || Node {
            key: None,
            at: *at,
            kind: match assignment.steps.get(i + 1) {
                Some((Step::Index(_), _)) => Kind::List(Vec::new()),
                Some((Step::Key(_), _)) => Kind::Map(Default::default()),
                None => Kind::Scalar(Value::Null),
            },
        };
        match step {
            Step::Key(key) => {
                // Helm replaces a list item that is not a map, but not a map's entry.
                if below_index && !matches!(node.kind, Kind::Map(_)) {
                    node.kind = Kind::Map(Default::default());
                }
                if !matches!(node.kind, Kind::Map(_)) {
                    return Err(conflict(node, "a map"));
                }
                if key.is_empty() {
                    return Ok(());
                }
                let Kind::Map(entries) = &mut node.kind else { return Ok(()) };
                node = entries.entry(key, fresh);
                node.key = Some(*at);
                below_index = false;
            }
            Step::Index(index) => {
                if below_index && node.is_null() {
                    node.kind = Kind::List(Vec::new());
                }
                if !matches!(node.kind, Kind::List(_)) {
                    return Err(conflict(node, "a list"));
                }
                let Kind::List(items) = &mut node.kind else { return Ok(()) };
                let null = || Node { key: None, at: *at, kind: Kind::Scalar(Value::Null) };
                if items.len() <= *index {
                    items.resize_with(index + 1, null);
                }
                node = &mut items[*index];
                below_index = true;
            }
        }
    }
    let key = node.key;
    *node = Node { key, ..assignment.value };
    Ok(())
}
