//! The parser: text with actions in `{{ }}`, to a syntax tree with the position of each part.

use serde_json::Value;

use super::TplError;
use super::lex::{Lexer, Token, Word};

/// The maximum nesting of actions: the parser is recursive.
const DEEPEST: usize = 40;

/// A part of a template.
#[derive(Debug)]
pub(super) enum Part<'t> {
    /// Literal text.
    Text(&'t str),
    /// The value of an expression.
    Output(Pipeline<'t>),
    /// `{{ template "name" . }}`.
    Template { at: usize, name: String, argument: Option<Pipeline<'t>> },
    /// `{{ $x := ... }}`, or `=`.
    Set { at: usize, name: &'t str, new: bool, value: Pipeline<'t> },
    /// `{{ if }} ... {{ else if }} ... {{ else }} ... {{ end }}`; `{{ with }}` makes what it tests the dot.
    Choice { with: bool, branches: Vec<(Test<'t>, Vec<Part<'t>>)>, otherwise: Vec<Part<'t>> },
    /// `{{ range $key, $value := ... }} ... {{ else }} ... {{ end }}`.
    Range { names: Vec<&'t str>, over: Pipeline<'t>, body: Vec<Part<'t>>, otherwise: Vec<Part<'t>> },
}

/// The condition of a branch, and the variable that holds its value.
#[derive(Debug)]
pub(super) struct Test<'t> {
    pub name: Option<&'t str>,
    pub value: Pipeline<'t>,
}

/// `a
/// b
/// c`: each command has the previous result as its last argument.
#[derive(Debug)]
pub(super) struct Pipeline<'t> {
    pub at: usize,
    pub commands: Vec<Call<'t>>,
}

/// A function and its arguments, or one operand.
#[derive(Debug)]
pub(super) struct Call<'t> {
    pub at: usize,
    pub operands: Vec<Operand<'t>>,
}

/// An operand or an argument.
#[derive(Debug)]
pub(super) struct Operand<'t> {
    pub at: usize,
    pub base: Base<'t>,
    /// A value and the keys after it, `.a.b`.
    pub keys: Vec<&'t str>,
}

#[derive(Debug)]
pub(super) enum Base<'t> {
    Dot,
    /// The name without its `$`; the empty name is the root.
    Variable(&'t str),
    Function(&'t str),
    Literal(Value),
    Inner(Box<Pipeline<'t>>),
}

/// Parses a whole template.
///
/// # Errors
/// The first error of syntax, or the first construct that is not supported.
pub(super) fn parse(text: &str) -> Result<Vec<Part<'_>>, TplError> {
    let mut parser = Parser { lexer: Lexer::new(text), depth: 0 };
    let (parts, end) = parser.parts()?;
    match end {
        None => Ok(parts),
        Some((at, word)) => Err(TplError::new(at, format!("`{word}` has no block that it belongs to"))),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    depth: usize,
}

/// `end` or `else`, and its position.
type End<'t> = Option<(usize, &'t str)>;

impl<'t> Parser<'t> {
    fn deeper<T>(&mut self, at: usize, inner: impl FnOnce(&mut Self) -> Result<T, TplError>) -> Result<T, TplError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(TplError::new(at, "this is nested too deep"));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Parts up to an `end` or `else` of an outer action; the caller reads the rest of an `else` (`if`, `with`).
    fn parts(&mut self) -> Result<(Vec<Part<'t>>, End<'t>), TplError> {
        let mut parts = Vec::new();
        while let Some(token) = self.lexer.next_outside()? {
            let at = match token {
                Token::Text(text) => {
                    parts.push(Part::Text(text));
                    continue;
                }
                Token::Open(at) => at,
            };
            match self.lexer.peek()? {
                Word::Name(word @ ("end" | "else")) => {
                    self.lexer.take()?;
                    return Ok((parts, Some((at, word))));
                }
                Word::Name("if") => parts.push(self.deeper(at, |p| p.choice(at, false))?),
                Word::Name("with") => parts.push(self.deeper(at, |p| p.choice(at, true))?),
                Word::Name("range") => parts.push(self.deeper(at, |p| p.range(at))?),
                Word::Name("template") => parts.push(self.template(at)?),
                Word::Name(word @ ("define" | "block" | "break" | "continue")) => {
                    return Err(TplError::new(at, format!("`{word}` is not supported")));
                }
                Word::Variable(name) if !name.is_empty() => parts.push(self.variable(at, name)?),
                _ => {
                    let pipeline = self.pipeline()?;
                    self.close()?;
                    parts.push(Part::Output(pipeline));
                }
            }
        }
        Ok((parts, None))
    }

    fn close(&mut self) -> Result<(), TplError> {
        let at = self.lexer.at();
        match self.lexer.take()? {
            Word::Close => Ok(()),
            word => Err(TplError::new(at, format!("{word} was not expected here"))),
        }
    }

    /// `$x := value`, `$x = value`, or an expression that begins with a variable.
    fn variable(&mut self, at: usize, name: &'t str) -> Result<Part<'t>, TplError> {
        let start = self.lexer.clone();
        self.lexer.take()?;
        let new = match self.lexer.peek()? {
            Word::Declare => true,
            Word::Assign => false,
            _ => {
                self.lexer = start;
                let pipeline = self.pipeline()?;
                self.close()?;
                return Ok(Part::Output(pipeline));
            }
        };
        self.lexer.take()?;
        let value = self.pipeline()?;
        self.close()?;
        Ok(Part::Set { at, name, new, value })
    }

    fn template(&mut self, at: usize) -> Result<Part<'t>, TplError> {
        self.lexer.take()?;
        let Word::Text(name) = self.lexer.take()? else {
            return Err(TplError::new(at, "`template` needs a name in quotes"));
        };
        let argument = match self.lexer.peek()? {
            Word::Close => None,
            _ => Some(self.pipeline()?),
        };
        self.close()?;
        Ok(Part::Template { at, name, argument })
    }

    /// The names before `:=`, if any.
    fn names(&mut self) -> Result<Vec<&'t str>, TplError> {
        let start = self.lexer.clone();
        let mut names = Vec::new();
        while let Word::Variable(name) = self.lexer.peek()? {
            self.lexer.take()?;
            names.push(name);
            match self.lexer.take()? {
                Word::Comma => {}
                Word::Declare => return Ok(names),
                _ => break,
            }
        }
        self.lexer = start;
        Ok(Vec::new())
    }

    fn test(&mut self) -> Result<Test<'t>, TplError> {
        self.lexer.take()?;
        let name = self.names()?.first().copied();
        let value = self.pipeline()?;
        self.close()?;
        Ok(Test { name, value })
    }

    fn choice(&mut self, at: usize, with: bool) -> Result<Part<'t>, TplError> {
        let word = if with { "with" } else { "if" };
        let mut branches = vec![];
        let mut test = self.test()?;
        loop {
            let (body, end) = self.parts()?;
            branches.push((test, body));
            match end {
                Some((_, "end")) => {
                    self.close()?;
                    return Ok(Part::Choice { with, branches, otherwise: Vec::new() });
                }
                Some((_, _)) if matches!(self.lexer.peek()?, Word::Name(next) if next == word) => test = self.test()?,
                Some((_, _)) => {
                    let otherwise = self.otherwise(at, word)?;
                    return Ok(Part::Choice { with, branches, otherwise });
                }
                None => return Err(unended(at, word)),
            }
        }
    }

    fn otherwise(&mut self, at: usize, word: &str) -> Result<Vec<Part<'t>>, TplError> {
        self.close()?;
        let (parts, end) = self.parts()?;
        match end {
            Some((_, "end")) => self.close().map(|()| parts),
            Some((at, _)) => Err(TplError::new(at, "a second `else`")),
            None => Err(unended(at, word)),
        }
    }

    fn range(&mut self, at: usize) -> Result<Part<'t>, TplError> {
        self.lexer.take()?;
        let names = self.names()?;
        let over = self.pipeline()?;
        self.close()?;
        let (body, end) = self.parts()?;
        let otherwise = match end {
            Some((_, "end")) => self.close().map(|()| Vec::new())?,
            Some(_) => self.otherwise(at, "range")?,
            None => return Err(unended(at, "range")),
        };
        Ok(Part::Range { names, over, body, otherwise })
    }

    fn pipeline(&mut self) -> Result<Pipeline<'t>, TplError> {
        let at = self.lexer.at();
        let mut commands = vec![self.command()?];
        while matches!(self.lexer.peek()?, Word::Pipe) {
            self.lexer.take()?;
            commands.push(self.command()?);
        }
        Ok(Pipeline { at, commands })
    }

    fn command(&mut self) -> Result<Call<'t>, TplError> {
        let at = self.lexer.at();
        let mut operands = Vec::new();
        while let Some(operand) = self.operand()? {
            operands.push(operand);
        }
        if operands.is_empty() { Err(TplError::new(at, "an expression is missing")) } else { Ok(Call { at, operands }) }
    }

    fn operand(&mut self) -> Result<Option<Operand<'t>>, TplError> {
        let (word, at) = (self.lexer.peek()?, self.lexer.at());
        let base = match word {
            Word::Dot => Base::Dot,
            Word::Variable(name) => Base::Variable(name),
            Word::Name(name) => match name {
                "true" => Base::Literal(true.into()),
                "false" => Base::Literal(false.into()),
                "nil" => Base::Literal(Value::Null),
                name => Base::Function(name),
            },
            Word::Text(text) => Base::Literal(text.into()),
            Word::Number(number) => Base::Literal(number),
            Word::Open => {
                self.lexer.take()?;
                let inner = self.deeper(at, Self::pipeline)?;
                if !matches!(self.lexer.take()?, Word::Shut) {
                    return Err(TplError::new(at, "this parenthesis is not closed"));
                }
                return Ok(Some(Operand { at, base: Base::Inner(Box::new(inner)), keys: self.lexer.keys() }));
            }
            _ => return Ok(None),
        };
        self.lexer.take()?;
        let chained = matches!(base, Base::Dot | Base::Variable(_));
        let keys = if chained { self.lexer.keys() } else { Vec::new() };
        Ok(Some(Operand { at, base, keys }))
    }
}

fn unended(at: usize, word: &str) -> TplError {
    TplError::new(at, format!("`{word}` has no `end`"))
}
