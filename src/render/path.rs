//! Paths into a view and conditions over them, as tags of templates contain them. Both borrow from the template.

use serde_json::Value;

use crate::tree::{field, field_mut};

/// A path into a view: names with dots between them, and positions in lists, `server.settings[0]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path<'t> {
    text: &'t str,
    /// The length of the first name.
    head: usize,
}

/// What precedes a byte of a path, on the same step.
#[derive(Clone, Copy)]
enum PathPart {
    /// Nothing.
    Start,
    Name,
    Bracket,
    Digits,
    /// A whole position, `[0]`.
    Position,
}

impl<'t> Path<'t> {
    /// Returns `None` for a string that is not a path.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let mut before = PathPart::Start;
        for byte in text.bytes() {
            before = match (before, byte) {
                (PathPart::Start | PathPart::Name, b'a'..=b'z' | b'_') => PathPart::Name,
                (PathPart::Name, b'A'..=b'Z' | b'0'..=b'9') => PathPart::Name,
                (PathPart::Name, b'[') => PathPart::Bracket,
                (PathPart::Bracket | PathPart::Digits, b'0'..=b'9') => PathPart::Digits,
                (PathPart::Digits, b']') => PathPart::Position,
                (PathPart::Name | PathPart::Position, b'.') => PathPart::Start,
                _ => return None,
            };
        }
        let head = text.bytes().position(|b| matches!(b, b'.' | b'[')).unwrap_or(text.len());
        matches!(before, PathPart::Name | PathPart::Position).then_some(Path { text, head })
    }

    /// The path as in the template.
    pub(super) fn text(self) -> &'t str {
        self.text
    }

    /// The first name, which is a variable or a field of the view.
    pub(super) fn head(self) -> &'t str {
        &self.text[..self.head]
    }

    /// The steps below the first name.
    pub(super) fn below(self) -> impl Iterator<Item = ViewStep<'t>> {
        let mut rest = &self.text[self.head..];
        std::iter::from_fn(move || {
            let after = rest.get(1..)?;
            // Names are short: looking at each byte costs less than what searches long texts.
            let end = after.bytes().position(|b| matches!(b, b'.' | b'[')).unwrap_or(after.len());
            rest = &after[end..];
            let step = &after[..end];
            Some(match step.strip_suffix(']') {
                // No list has a position that is too large for a number.
                Some(position) => ViewStep::Position(position.parse().unwrap_or(usize::MAX)),
                None => ViewStep::Name(step),
            })
        })
    }

    /// Whether one of two paths is the other, or leads into its value.
    pub(super) fn overlaps(self, other: Path<'_>) -> bool {
        let (one, two) = (self.text, other.text);
        let (short, long) = if one.len() < two.len() { (one, two) } else { (two, one) };
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// A step of a path.
pub(super) enum ViewStep<'t> {
    /// A field of a map.
    Name(&'t str),
    /// An item of a list, from 0.
    Position(usize),
}

impl ViewStep<'_> {
    /// Takes the step from a value.
    pub(super) fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            ViewStep::Name(name) => field(value, name),
            ViewStep::Position(position) => value.get(position),
        }
    }

    /// The same for a value that will be changed.
    pub(super) fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match self {
            ViewStep::Name(name) => field_mut(value, name),
            ViewStep::Position(position) => value.get_mut(position),
        }
    }
}

/// The condition of an `if`.
#[derive(Debug)]
pub(super) enum Condition<'t> {
    /// The value counts as true, see [`truth`].
    True(Path<'t>),
    /// `path is none`.
    Null(Path<'t>),
    /// `path == "text"`.
    Equal(Path<'t>, &'t str),
    Not(Box<Condition<'t>>),
    Any(Vec<Condition<'t>>),
    All(Vec<Condition<'t>>),
}

impl<'t> Condition<'t> {
    /// # Errors
    /// The part that is not a condition.
    pub(super) fn parse(text: &'t str) -> Result<Self, &'t str> {
        let all = |word: &str| text.split(word).map(Self::parse).collect::<Result<Vec<_>, _>>();
        let path = |text: &'t str| Path::parse(text).ok_or(text);
        let text = text.trim();
        // Most are one path.
        if text.bytes().all(|b| b != b' ') {
            return Ok(Condition::True(path(text)?));
        }
        if text.contains(" or ") {
            return Ok(Condition::Any(all(" or ")?));
        }
        if text.contains(" and ") {
            return Ok(Condition::All(all(" and ")?));
        }
        if let Some(rest) = text.strip_prefix("not ") {
            return Ok(Condition::Not(Box::new(Self::parse(rest)?)));
        }
        if let Some(null) = text.strip_suffix(" is none") {
            return Ok(Condition::Null(path(null)?));
        }
        match text.split_once(" == ") {
            Some((left, right)) => Ok(Condition::Equal(path(left)?, quoted(right).ok_or(right)?)),
            None => Ok(Condition::True(path(text)?)),
        }
    }

    /// Whether it holds; `find` returns the value of a path.
    ///
    /// # Errors
    /// A path without a value.
    pub(super) fn holds<'v, E>(&self, find: &impl Fn(Path<'t>) -> Result<&'v Value, E>) -> Result<bool, E> {
        match self {
            Condition::True(path) => find(*path).map(truth),
            Condition::Null(path) => find(*path).map(Value::is_null),
            Condition::Equal(path, text) => find(*path).map(|value| value.as_str() == Some(text)),
            Condition::Not(inner) => inner.holds(find).map(|holds| !holds),
            Condition::Any(all) => all.iter().try_fold(false, |any, one| Ok(any || one.holds(find)?)),
            Condition::All(all) => all.iter().try_fold(true, |all, one| Ok(all && one.holds(find)?)),
        }
    }

    /// Calls `each` for every path that it reads.
    pub(super) fn paths(&self, each: &mut impl FnMut(Path<'t>)) {
        match self {
            Condition::True(path) | Condition::Null(path) | Condition::Equal(path, _) => each(*path),
            Condition::Not(inner) => inner.paths(each),
            Condition::Any(all) | Condition::All(all) => all.iter().for_each(|one| one.paths(each)),
        }
    }
}

/// The content of double quotes.
pub(super) fn quoted(text: &str) -> Option<&str> {
    text.trim().strip_prefix('"')?.strip_suffix('"')
}

/// Whether a value counts as true: not null, not zero, not empty.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}
