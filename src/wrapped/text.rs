//! YAML inside a string of a YAML file, with the places it has in that file.

use crate::diag::Location;

/// Where the text of a string stands in its file: a block of lines with the same indentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// The line of the file that is the first line of the string.
    first: usize,
    /// How many characters of each line are indentation.
    indent: usize,
}

impl Block {
    /// Finds the lines of a string near the place that its scalar has; none where its lines are not those of the file, as
    /// in quotes and in a folded block.
    pub(super) fn find(file: &str, at: Location, text: &str) -> Option<Self> {
        let lines: Vec<&str> = file.lines().collect();
        let inner: Vec<&str> = text.lines().collect();
        let content = inner.iter().position(|line| !line.trim().is_empty())?;
        // a scalar's place is its header or its first line
        (at.line.saturating_sub(1).max(1)..=at.line + 2).find_map(|first| {
            let line = lines.get(first - 1 + content)?;
            let indent = line.len().checked_sub(inner[content].len())?;
            let blank = |text: &str| text.bytes().all(|b| b == b' ');
            let fits = inner.iter().enumerate().all(|(number, inner)| match lines.get(first - 1 + number) {
                Some(line) => {
                    line.get(..indent).is_some_and(blank) && line.get(indent..) == Some(inner)
                        || inner.trim().is_empty() && line.trim().is_empty()
                }
                None => inner.trim().is_empty(),
            });
            fits.then_some(Block { first, indent })
        })
    }

    /// The place in the file of a place in the string.
    pub(super) fn place(self, at: &mut Location) {
        at.line += self.first - 1;
        at.column += self.indent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_found_below_its_key() {
        let at = Location { source: 0, line: 2, column: 5, len: 1 };
        let file = "a:\n  b: |\n\n    x: 1\n      y\n\n    z: 2\nc: 1\n";
        assert_eq!(Block::find(file, at, "\nx: 1\n  y\n\nz: 2\n"), Some(Block { first: 3, indent: 4 }));
        assert_eq!(Block::find("a:\n  b: \"x: 1\"\n", at, "x: 1"), None);
    }
}
