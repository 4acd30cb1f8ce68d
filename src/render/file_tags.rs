//! Splits the template of a file into text, `{{ values }}` and `{% tags %}`.
//!
//! In files, a tag that begins a line removes the blanks before it, and every tag removes the line break after it. In scripts,
//! blanks and line breaks belong to the shell's syntax and are kept. In both, `{%-` and `-%}` remove all blanks and line
//! breaks beside the tag, and `+%}` keeps the line break. `{# comments #}` are removed, and nothing between `{% raw %}` and
//! `{% endraw %}` is a tag.

/// A part of the template of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileToken<'t> {
    /// Copied to the file.
    Text(&'t str),
    /// The content of `{{ }}`.
    Value(&'t str),
    /// The content of `{% %}`.
    Tag(&'t str),
    /// Braces that are not closed; the last token.
    Unclosed,
}

/// Iterates over the tokens of a template, each with its offset.
pub(super) struct FileTokens<'t> {
    whole: &'t str,
    /// The offset of the part that has not been read yet.
    at: usize,
    /// Whether blanks and line breaks around tags are kept.
    script: bool,
    /// Whether the following blanks are removed.
    trim: bool,
}

impl<'t> FileTokens<'t> {
    pub(super) fn new(whole: &'t str, script: bool) -> Self {
        FileTokens { whole, at: 0, script, trim: false }
    }

    fn rest(&self) -> &'t str {
        &self.whole[self.at..]
    }

    /// The text from here to a tag at `end`, without the blanks that the tag removes.
    fn before(&self, end: usize) -> &'t str {
        let text = &self.whole[self.at..end];
        let tag = &self.whole.as_bytes()[end + 1..];
        match tag.get(1) {
            Some(b'-') => text.trim_end(),
            Some(b'+') => text,
            _ if self.script || tag.first() == Some(&b'{') => text,
            _ => {
                let kept = text.trim_end_matches([' ', '\t']).len();
                let begins_line = self.whole[..self.at + kept].ends_with('\n') || self.at + kept == 0;
                if begins_line { &text[..kept] } else { text }
            }
        }
    }

    /// Reads braces that begin here, up to `close`, and returns their content.
    fn braces(&mut self, close: &str) -> Option<&'t str> {
        let inside = &self.rest()[2..];
        let (first, second) = (close.as_bytes()[0], close.as_bytes()[1]);
        let closes = |at: &usize| inside.as_bytes().get(at + 1) == Some(&second);
        let inside = &inside[..memchr::memchr_iter(first, inside.as_bytes()).find(closes)?];
        self.at += 2 + inside.len() + close.len();
        let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
        let (inside, sign) = match inside.as_bytes().last() {
            Some(sign @ (b'-' | b'+')) => (&inside[..inside.len() - 1], *sign),
            _ => (inside, 0),
        };
        self.trim = sign == b'-';
        if close != "}}" && sign == 0 && !self.script && self.rest().starts_with('\n') {
            self.at += 1;
        }
        Some(inside.trim())
    }

    /// Skips blanks where the preceding tag removes them.
    fn trim(&mut self) {
        if std::mem::take(&mut self.trim) {
            self.at = self.whole.len() - self.rest().trim_start().len();
        }
    }

    /// The text up to `endraw`, after its opening tag.
    fn raw(&mut self) -> Option<&'t str> {
        self.trim();
        let from = self.at;
        for (tag, _) in self.rest().match_indices("{%") {
            let text = self.before(from + tag);
            self.at = from + tag;
            if self.braces("%}")? == "endraw" {
                return Some(text);
            }
            (self.at, self.trim) = (from, false);
        }
        None
    }

    fn token(&mut self) -> FileToken<'t> {
        let token = match self.rest().as_bytes()[1] {
            b'{' => self.braces("}}").map(FileToken::Value),
            b'%' => self.braces("%}").and_then(|tag| match tag {
                "raw" => self.raw().map(FileToken::Text),
                tag => Some(FileToken::Tag(tag)),
            }),
            _ => self.braces("#}").map(|_| FileToken::Text("")),
        };
        token.unwrap_or_else(|| {
            self.at = self.whole.len();
            FileToken::Unclosed
        })
    }
}

impl<'t> Iterator for FileTokens<'t> {
    type Item = (usize, FileToken<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.trim();
            let (from, rest) = (self.at, self.rest().as_bytes());
            if rest.is_empty() {
                return None;
            }
            let opens = |at: &usize| matches!(rest.get(at + 1), Some(b'{' | b'%' | b'#'));
            let token = match memchr::memchr_iter(b'{', rest).find(opens) {
                Some(0) => self.token(),
                Some(tag) => {
                    let text = self.before(from + tag);
                    self.at += tag;
                    FileToken::Text(text)
                }
                None => {
                    self.at = self.whole.len();
                    FileToken::Text(&self.whole[from..])
                }
            };
            if token != FileToken::Text("") {
                return Some((from, token));
            }
        }
    }
}
