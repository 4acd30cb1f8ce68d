//! YAML inside a string of a YAML file, with the places it has in that file.

use crate::diag::Location;

/// Where the characters of a string stand in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextPlaces {
    /// A block of lines with the same indentation.
    Block {
        /// The line of the file that is the first line of the string.
        first: usize,
        /// How many characters of each line are indentation.
        indent: usize,
    },
    /// In quotes, or in a folded block: the line and the column of each character, by the lines of the string.
    Each(Vec<Vec<(usize, usize)>>),
}

impl TextPlaces {
    /// Finds the characters of a string near the place that its scalar has; none where they are not to be recognised.
    pub(super) fn find(file: &str, at: Location, text: &str) -> Option<Self> {
        block(file, at, text).or_else(|| each(file, at, text))
    }

    /// The place in the file of a place in the string.
    pub(super) fn place(&self, at: &mut Location) {
        match self {
            TextPlaces::Block { first, indent } => {
                at.line += first - 1;
                at.column += indent;
            }
            TextPlaces::Each(lines) => {
                let line = lines.get(at.line - 1).filter(|line| !line.is_empty());
                let found = line.and_then(|line| line.get(at.column - 1).or(line.last()));
                // A line without characters, and the end of the string.
                let before = || lines.iter().take(at.line).rev().find_map(|line| line.last());
                if let Some(&(line, column)) = found.or_else(before) {
                    (at.line, at.column) = (line, column);
                }
            }
        }
    }
}

/// The lines of a literal block.
fn block(file: &str, at: Location, text: &str) -> Option<TextPlaces> {
    let lines: Vec<&str> = file.lines().collect();
    let inner: Vec<&str> = text.lines().collect();
    let content = inner.iter().position(|line| !line.trim().is_empty())?;
    // a scalar's place is its header or its first line
    (at.line.saturating_sub(1).max(1)..=at.line + 2).find_map(|first| {
        let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let indent = spaces(lines.get(first - 1 + content)?).checked_sub(spaces(inner[content]))?;
        let blank = |text: &str| text.bytes().all(|b| b == b' ');
        let fits = inner.iter().enumerate().all(|(number, inner)| match lines.get(first - 1 + number) {
            Some(line) => {
                // What a tool fills in stands there as a mark.
                let is_it = |rest: &str| rest == *inner || rest.contains("{{");
                line.get(..indent).is_some_and(blank) && line.get(indent..).is_some_and(is_it)
                    || inner.trim().is_empty() && line.trim().is_empty()
            }
            None => inner.trim().is_empty(),
        });
        fits.then_some(TextPlaces::Block { first, indent })
    })
}

/// The characters of a string that its file folds or escapes: all that are not white space stand there in their order.
fn each(file: &str, at: Location, text: &str) -> Option<TextPlaces> {
    let mut source = Source::at(file, at)?;
    let mut lines = vec![Vec::new()];
    for c in text.chars() {
        let place = if c.is_whitespace() { source.place } else { source.next(c)? };
        match (c, lines.last_mut()) {
            ('\n', _) => lines.push(Vec::new()),
            (_, Some(line)) => line.push(place),
            (_, None) => {}
        }
    }
    Some(TextPlaces::Each(lines))
}

/// The characters of a scalar in its file.
struct Source<'f> {
    rest: std::iter::Peekable<std::str::Chars<'f>>,
    quote: Option<char>,
    /// The line and the column of the next character.
    place: (usize, usize),
}

impl<'f> Source<'f> {
    fn at(file: &'f str, at: Location) -> Option<Self> {
        let line = file.split_inclusive('\n').nth(at.line.checked_sub(1)?)?;
        let start = line.as_ptr() as usize - file.as_ptr() as usize;
        let column = line.char_indices().nth(at.column.checked_sub(1)?)?.0;
        let rest = file[start + column..].chars().peekable();
        let mut source = Source { rest, quote: None, place: (at.line, at.column) };
        match source.rest.peek() {
            Some(quote @ ('"' | '\'')) => {
                source.quote = Some(*quote);
                source.step();
            }
            // The header of a block.
            Some('|' | '>') => while source.step().is_some_and(|c| c != '\n') {},
            _ => {}
        }
        Some(source)
    }

    fn step(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.place = if c == '\n' { (self.place.0 + 1, 1) } else { (self.place.0, self.place.1 + 1) };
        Some(c)
    }

    /// The place of the next character that is not white space, if it is this one.
    fn next(&mut self, wanted: char) -> Option<(usize, usize)> {
        loop {
            let place = self.place;
            let found = match (self.step()?, self.quote) {
                (quote, Some(end)) if quote == end => {
                    // Two single quotes are one.
                    (end == '\'' && self.step()? == '\'').then_some('\'')?
                }
                ('\\', Some('"')) => self.escaped()?,
                (c, _) => c,
            };
            if !found.is_whitespace() {
                return (found == wanted).then_some(place);
            }
        }
    }

    /// The character that an escape in double quotes stands for.
    fn escaped(&mut self) -> Option<char> {
        let digits = match self.step()? {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            'n' | 'r' | 't' | 'v' | 'f' | 'N' | '_' | 'L' | 'P' | ' ' | '\n' | '\r' | '\t' => return Some(' '),
            c @ ('"' | '\\' | '/') => return Some(c),
            _ => return None,
        };
        let number: String = (0..digits).map_while(|_| self.step()).collect();
        char::from_u32(u32::from_str_radix(&number, 16).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Location {
        Location { source: 0, line, column, len: 1 }
    }

    #[test]
    fn a_block_is_found_below_its_key() {
        let file = "a:\n  b: |\n\n    x: 1\n      y\n\n    z: 2\nc: 1\n";
        let found = TextPlaces::find(file, at(2, 5), "\nx: 1\n  y\n\nz: 2\n");
        assert_eq!(found, Some(TextPlaces::Block { first: 3, indent: 4 }));
    }

    #[test]
    fn strings_that_are_folded_or_escaped_keep_the_places_of_their_characters() {
        // The file, the place of the scalar, its string, and the places of `z` in both.
        for (file, scalar, text, inner, outer) in [
            ("a: \"x: 1\\nz: 'é'\\n\"\n", at(1, 4), "x: 1\nz: 'é'\n", at(2, 1), (1, 11)),
            ("a: \"\\u00e9: \\\"q\\\"\\n\\\n  z: 2\"\n", at(1, 4), "é: \"q\"\nz: 2", at(2, 1), (2, 3)),
            ("a: 'x: ''1''\n\n  z: 2'\n", at(1, 4), "x: '1'\nz: 2", at(2, 1), (3, 3)),
            ("a: >\n  x:\n    y: 1\n\n    z: 2\n", at(1, 4), "x:\n  y: 1\n\n  z: 2\n", at(4, 3), (5, 5)),
            ("a: >-  # why\n  {x: 1,\n  z: 2}\n", at(1, 4), "{x: 1, z: 2}", at(1, 8), (3, 3)),
        ] {
            let written = TextPlaces::find(file, scalar, text).unwrap_or_else(|| panic!("{file}"));
            let mut place = inner;
            written.place(&mut place);
            assert_eq!((place.line, place.column), outer, "{file}");
        }
        assert_eq!(TextPlaces::find("a: \"x: 1\"\n", at(1, 4), "x: 2"), None);
    }
}
