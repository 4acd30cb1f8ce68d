//! The lexer: text outside of `{{ }}`, and tokens inside.

use std::fmt;

use serde_json::Value;

use super::TplError;

/// Text outside of actions.
#[derive(Debug)]
pub(super) enum Token<'t> {
    /// The text, with the spaces removed that a `-` trims.
    Text(&'t str),
    /// The byte at which an action begins.
    Open(usize),
}

/// A token inside an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word<'t> {
    Name(&'t str),
    /// The name without its `$`.
    Variable(&'t str),
    Text(String),
    Number(Value),
    Dot,
    Pipe,
    Open,
    Shut,
    Comma,
    Declare,
    Assign,
    Close,
}

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Word::Name(name) => write!(f, "`{name}`"),
            Word::Variable(name) => write!(f, "`${name}`"),
            Word::Text(_) => f.write_str("a string"),
            Word::Number(_) => f.write_str("a number"),
            Word::Dot => f.write_str("`.`"),
            Word::Pipe => f.write_str("`|`"),
            Word::Open => f.write_str("`(`"),
            Word::Shut => f.write_str("`)`"),
            Word::Comma => f.write_str("`,`"),
            Word::Declare => f.write_str("`:=`"),
            Word::Assign => f.write_str("`=`"),
            Word::Close => f.write_str("`}}`"),
        }
    }
}

/// Reads a template from front to back.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    /// The position of the next token or text, in bytes.
    at: usize,
    /// Whether spaces before the next text are trimmed.
    trim: bool,
    /// The action that follows a literal text, and the position of its first token.
    open: Option<(usize, usize)>,
}

/// Spaces in Go's template language.
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lexer { text, at: 0, trim: false, open: None }
    }

    /// The position of the next token.
    pub(super) fn at(&self) -> usize {
        let rest = &self.text[self.at..];
        self.at + (rest.len() - rest.trim_start_matches(SPACES).len())
    }

    /// The next text or action; comments are skipped.
    pub(super) fn next_outside(&mut self) -> Result<Option<Token<'t>>, TplError> {
        loop {
            if let Some((begin, words)) = self.open.take() {
                self.at = words;
                if !self.text[self.at()..].starts_with("/*") {
                    return Ok(Some(Token::Open(begin)));
                }
                self.comment(begin)?;
                continue;
            }
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return Ok(None);
            }
            let mut text = rest;
            match rest.find("{{") {
                Some(found) => {
                    text = &rest[..found];
                    let begin = self.at + found;
                    let after = &self.text[begin + 2..];
                    let trims = after.strip_prefix('-').is_some_and(|more| more.starts_with(SPACES));
                    if trims {
                        text = text.trim_end_matches(SPACES);
                    }
                    self.open = Some((begin, begin + 2 + usize::from(trims)));
                }
                None => self.at = self.text.len(),
            }
            if std::mem::take(&mut self.trim) {
                text = text.trim_start_matches(SPACES);
            }
            if !text.is_empty() {
                return Ok(Some(Token::Text(text)));
            }
        }
    }

    fn comment(&mut self, begin: usize) -> Result<(), TplError> {
        let unended = || TplError::new(begin, "this comment is not closed");
        let end = self.text[self.at..].find("*/").ok_or_else(unended)?;
        self.at += end + 2;
        match self.take()? {
            Word::Close => Ok(()),
            _ => Err(unended()),
        }
    }

    /// The next token, without consuming it.
    pub(super) fn peek(&self) -> Result<Word<'t>, TplError> {
        self.clone().take()
    }

    /// The keys that follow without a space, `.a.b`.
    pub(super) fn keys(&mut self) -> Vec<&'t str> {
        let mut keys = Vec::new();
        while let Some(rest) = self.text[self.at..].strip_prefix('.') {
            let key = name(rest);
            if key.is_empty() {
                break;
            }
            self.at += 1 + key.len();
            keys.push(key);
        }
        keys
    }

    /// The next token of an action.
    pub(super) fn take(&mut self) -> Result<Word<'t>, TplError> {
        let spaced = self.at() > self.at;
        self.at = self.at();
        let rest = &self.text[self.at..];
        let (word, len) = match rest.chars().next() {
            None => return Err(TplError::new(self.at, "`{{` is not closed by `}}`")),
            Some('}') if rest.starts_with("}}") => (Word::Close, 2),
            Some('-') if spaced && rest.starts_with("-}}") => {
                self.trim = true;
                (Word::Close, 3)
            }
            Some('|') => (Word::Pipe, 1),
            Some('(') => (Word::Open, 1),
            Some(')') => (Word::Shut, 1),
            Some(',') => (Word::Comma, 1),
            Some('=') => (Word::Assign, 1),
            Some(':') if rest.starts_with(":=") => (Word::Declare, 2),
            Some('"') => return self.quoted(),
            Some('`') => match rest[1..].split_once('`') {
                Some((text, _)) => (Word::Text(text.to_owned()), text.len() + 2),
                None => return Err(TplError::new(self.at, "this string is not closed")),
            },
            Some('$') => {
                let variable = name(&rest[1..]);
                (Word::Variable(variable), 1 + variable.len())
            }
            // The first key is left for `keys`.
            Some('.') => (Word::Dot, usize::from(name(&rest[1..]).is_empty())),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+') => return self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => {
                let name = name(rest);
                (Word::Name(name), name.len())
            }
            Some(c) => return Err(TplError::new(self.at, format!("`{c}` was not expected here"))),
        };
        self.at += len;
        Ok(word)
    }

    fn number(&mut self) -> Result<Word<'t>, TplError> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_')));
        let text = &rest[..end.unwrap_or(rest.len())];
        let whole = text.parse::<i64>().map(Value::from);
        let Ok(number) = whole.or_else(|_| text.parse::<f64>().map(Value::from)) else {
            return Err(TplError::new(self.at, format!("`{text}` is not a number that is supported")));
        };
        self.at += text.len();
        Ok(Word::Number(number))
    }

    fn quoted(&mut self) -> Result<Word<'t>, TplError> {
        let begin = self.at;
        let mut text = String::new();
        let mut chars = self.text[begin + 1..].char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = begin + 1 + offset + 1;
                    return Ok(Word::Text(text));
                }
                '\n' => break,
                '\\' => text.push(match chars.next().map(|(_, c)| c) {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(c @ ('"' | '\\' | '\'')) => c,
                    _ => return Err(TplError::new(begin + 1 + offset, "this escape is not supported")),
                }),
                c => text.push(c),
            }
        }
        Err(TplError::new(begin, "this string is not closed"))
    }
}

/// The longest prefix of letters, digits and underscores.
fn name(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}
