//! The lexer of a Ruby file: strings in all their forms, numbers, names, blanks and comments.

use super::ruby::{UnreadStatement, Value};

/// A position in a file.
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    /// Heredocs whose body begins after the current line, and how many of them were read already.
    after_line: Option<usize>,
}

/// A position to return to.
#[derive(Clone, Copy)]
pub(super) struct Position(usize, usize, Option<usize>);

type Read<T> = Result<T, UnreadStatement>;

impl<'t> Scan<'t> {
    pub fn new(text: &'t str) -> Self {
        Scan { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0, line: 1, after_line: None }
    }

    pub fn line(&self) -> usize {
        self.line
    }

    pub fn position(&self) -> Position {
        Position(self.at, self.line, self.after_line)
    }

    pub fn rewind(&mut self, position: Position) {
        Position(self.at, self.line, self.after_line) = position;
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn starts(&self, word: &str) -> bool {
        self.rest().starts_with(word)
    }

    pub fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        if c == '\n' {
            self.line += 1;
            // The bodies of heredocs were read together with their names.
            if let Some(after) = self.after_line.take() {
                self.line += self.text[self.at..after].matches('\n').count();
                self.at = after;
            }
        }
        Some(c)
    }

    pub fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.bump();
        }
        found
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = self.starts(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Skips blanks within a line.
    pub fn skip_space(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r')) {
            self.bump();
        }
    }

    /// Skips blanks, line breaks and comments.
    pub fn skip_blank(&mut self) {
        loop {
            match self.peek() {
                Some(c) if c.is_whitespace() || c == ';' => {
                    self.bump();
                }
                Some('#') => self.skip_line(),
                Some('=') if self.starts("=begin") && (self.at == 0 || self.text[..self.at].ends_with('\n')) => {
                    while !self.at_end() && !self.starts("=end") {
                        self.skip_line();
                        self.bump();
                    }
                    self.skip_line();
                }
                _ => return,
            }
        }
    }

    /// Skips the rest of the line, without its line break.
    pub fn skip_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.bump();
        }
    }

    /// The rest of the line.
    pub fn take_line(&mut self) -> &'t str {
        let start = self.at;
        self.skip_line();
        &self.text[start..self.at]
    }

    /// Whether the program ends here, and data follow.
    pub fn at_data(&self) -> bool {
        let line = self.rest().lines().next().unwrap_or_default();
        line == "__END__" && (self.at == 0 || self.text[..self.at].ends_with('\n'))
    }

    /// Whether only a comment is left on the line.
    pub fn at_line_end(&self) -> bool {
        matches!(self.peek(), None | Some('\n' | '#' | ';'))
    }

    pub fn identifier(&mut self) -> Option<String> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let rest = self.rest();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.at += end;
        if self.peek().is_some_and(|c| matches!(c, '?' | '!')) && !self.rest()[1..].starts_with('=') {
            self.at += 1;
        }
        Some(name.to_owned())
    }

    /// Whether this is `key:` of a hash.
    pub fn short_key(&mut self) -> Option<String> {
        let start = self.position();
        let key = self.identifier();
        if key.is_some() && self.peek() == Some(':') && !self.starts("::") {
            self.eat(':');
            return key;
        }
        self.rewind(start);
        None
    }

    pub fn number(&mut self) -> Option<Value> {
        let rest = self.rest();
        let is_part = |(at, c): (usize, char)| {
            c.is_ascii_alphanumeric() || c == '_' || (at == 0 && c == '-') || (c == '.' && digit_follows(rest, at))
        };
        let end = rest.char_indices().find(|found| !is_part(*found)).map_or(rest.len(), |(at, _)| at);
        let text = rest[..end].replace('_', "");
        let value = match text.strip_prefix("0x") {
            Some(hex) => Value::Int(i64::from_str_radix(hex, 16).ok()?),
            None if text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()) => {
                Value::Int(i64::from_str_radix(&text, 8).ok()?)
            }
            None => match text.parse() {
                Ok(number) => Value::Int(number),
                Err(_) => Value::Float(text.parse().ok().filter(|f: &f64| f.is_finite())?),
            },
        };
        self.at += end;
        Some(value)
    }

    /// A quoted string, and whether it interpolates code.
    pub fn quoted(&mut self) -> Read<(String, bool)> {
        let quote = self.bump().ok_or(UnreadStatement::Unknown)?;
        self.until(quote, quote, quote == '"')
    }

    /// The string up to `end`; `open` is its counterpart, which may be nested in pairs.
    fn until(&mut self, open: char, end: char, escapes: bool) -> Read<(String, bool)> {
        let line = self.line;
        let (mut text, mut has_code, mut depth) = (String::new(), false, 0usize);
        loop {
            let c = self.bump().ok_or_else(|| UnreadStatement::Unclosed(line, format!("a `{end}` is missing")))?;
            match c {
                '\\' if escapes => self.escape(&mut text),
                '\\' if self.peek().is_some_and(|c| c == end || c == '\\') => text.extend(self.bump()),
                '#' if escapes && self.interpolates() => has_code = true,
                c if c == end && depth == 0 => return Ok((text, has_code)),
                c => {
                    if c == open && open != end {
                        depth += 1;
                    } else if c == end {
                        depth -= 1;
                    }
                    text.push(c);
                }
            }
        }
    }

    /// Whether code follows a `#`: `#{code}`, `#$global`, `#@field`.
    fn interpolates(&self) -> bool {
        let is_name = |c: char| c.is_ascii_alphabetic() || c == '_';
        let rest = self.rest();
        rest.starts_with('{')
            || rest.strip_prefix('$').is_some_and(|rest| rest.starts_with(is_name))
            || rest.strip_prefix('@').is_some_and(|rest| rest.trim_start_matches('@').starts_with(is_name))
    }

    /// The rest of the text as the content of a string in double quotes, and whether it interpolates code.
    fn unescaped(mut self) -> (String, bool) {
        let (mut text, mut has_code) = (String::new(), false);
        while let Some(c) = self.bump() {
            match c {
                '\\' => self.escape(&mut text),
                '#' if self.interpolates() => has_code = true,
                c => text.push(c),
            }
        }
        (text, has_code)
    }

    /// An escape sequence in double quotes.
    fn escape(&mut self, text: &mut String) {
        let Some(c) = self.bump() else { return };
        let (radix, most) = match c {
            'u' if self.eat('{') => {
                while self.peek().is_some_and(|c| c != '}' && c != '"' && c != '\n') {
                    text.extend(self.digits(16, 6));
                    self.skip_space();
                }
                self.eat('}');
                return;
            }
            'u' => (16, 4),
            'x' => (16, 2),
            '0'..='7' => {
                self.at -= 1;
                (8, 3)
            }
            // The string continues on the next line.
            '\n' => return,
            other => return text.push(escaped(other)),
        };
        text.extend(self.digits(radix, most));
    }

    /// A character by its number, of at most `most` digits; other characters are skipped.
    fn digits(&mut self, radix: u32, most: usize) -> Option<char> {
        let digits: String = self.rest().chars().take(most).take_while(|c| c.is_digit(radix)).collect();
        if digits.is_empty() {
            self.bump();
            return None;
        }
        self.at += digits.len();
        char::from_u32(u32::from_str_radix(&digits, radix).ok()?)
    }

    /// `%w(a b)`, `%i[a b]`, `%q(text)`, `%Q(text)`, `%(text)`.
    pub fn percent(&mut self) -> Read<Value> {
        self.eat('%');
        let form = match self.peek() {
            Some(c) if c.is_ascii_alphabetic() => self.bump(),
            _ => None,
        };
        let open =
            self.bump().filter(|c| !c.is_alphanumeric() && !c.is_whitespace()).ok_or(UnreadStatement::Unknown)?;
        let end = match open {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let (text, has_code) = self.until(open, end, matches!(form, None | Some('Q' | 'W')))?;
        match form {
            _ if has_code => Ok(Value::Computed("a string with code in it")),
            Some('w' | 'W' | 'i' | 'I') => {
                Ok(Value::List(text.split_whitespace().map(|word| Value::Text(word.to_owned())).collect()))
            }
            None | Some('q' | 'Q') => Ok(Value::Text(text)),
            Some(_) => Err(UnreadStatement::Unknown),
        }
    }

    /// `<<EOS`, `<<-EOS`, `<<~EOS`, each with the name in quotes or not: the lines that follow this one.
    pub fn heredoc(&mut self) -> Read<(String, bool)> {
        if !self.eat_word("<<") {
            return Err(UnreadStatement::Unknown);
        }
        let line = self.line;
        let (mut indented, mut squeezed) = (false, false);
        if self.eat('-') {
            indented = true;
        } else if self.eat('~') {
            (indented, squeezed) = (true, true);
        }
        let quote = self.peek().filter(|c| matches!(c, '\'' | '"'));
        let name = match quote {
            Some(_) => self.quoted()?.0,
            None => self.identifier().ok_or(UnreadStatement::Unknown)?,
        };
        let start = match self.after_line {
            Some(after) => after,
            None => self.at + self.rest().find('\n').map_or(self.rest().len(), |end| end + 1),
        };
        let (mut body, mut end) = (Vec::new(), None);
        let mut at = start;
        for raw in self.text[start..].split_inclusive('\n') {
            at += raw.len();
            let bare = raw.trim_end_matches(['\n', '\r']);
            if (if indented { bare.trim_start() } else { bare }) == name {
                end = Some(at);
                break;
            }
            body.push(bare);
        }
        self.after_line = Some(end.ok_or_else(|| {
            UnreadStatement::Unclosed(line, format!("the line `{name}` that ends the text is missing"))
        })?);
        let blank = |line: &&str| !line.trim().is_empty();
        let width = |line: &str| line.len() - line.trim_start().len();
        let cut = if squeezed { body.iter().copied().filter(blank).map(width).min().unwrap_or(0) } else { 0 };
        let mut text = String::new();
        for line in &body {
            text.push_str(line.get(cut..).unwrap_or_default());
            text.push('\n');
        }
        Ok(match quote {
            Some('\'') => (text, false),
            _ => Scan { text: &text, at: 0, line: 1, after_line: None }.unescaped(),
        })
    }
}

fn digit_follows(text: &str, at: usize) -> bool {
    text[at + 1..].starts_with(|c: char| c.is_ascii_digit())
}

fn escaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'e' => '\u{1b}',
        's' => ' ',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        other => other,
    }
}
