//! The lines of a text by their numbers, without a list of slices.

/// Finds the lines of a text.
///
/// A file may have four million lines: a slice for each would need eight times the memory of the file.
#[derive(Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    /// The byte at which each line begins. The texts that are read are far shorter than 4 GiB.
    starts: Vec<u32>,
}

impl<'t> LineIndex<'t> {
    /// Scans a text once. What follows the last line break is a line too, even where it is empty.
    pub fn of(text: &'t str) -> Self {
        let breaks = || text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let mut starts = Vec::with_capacity(breaks().count() + 1);
        starts.push(0);
        starts.extend(breaks().map_while(|(at, _)| u32::try_from(at + 1).ok()));
        LineIndex { text, starts }
    }

    /// How many lines there are; at least one.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The line with this number, counted from 0, without its line break.
    pub fn get(&self, number: usize) -> Option<&'t str> {
        let start = *self.starts.get(number)? as usize;
        let end = self.starts.get(number + 1).map_or(self.text.len(), |next| *next as usize - 1);
        let line = self.text.get(start..end)?;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    /// The line break after a line; empty after the last one.
    pub fn ending(&self, number: usize) -> &'t str {
        let (Some(line), Some(start)) = (self.get(number), self.start(number)) else { return "" };
        let end = self.start(number + 1).unwrap_or(self.text.len());
        self.text.get(start + line.len()..end).unwrap_or_default()
    }

    /// The byte at which a line begins.
    pub fn start(&self, number: usize) -> Option<usize> {
        self.starts.get(number).map(|start| *start as usize)
    }

    /// The number of the line in which a byte stands.
    pub fn at(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start as usize <= byte).saturating_sub(1)
    }

    /// All lines in order.
    pub fn iter(&self) -> impl Iterator<Item = &'t str> {
        (0..self.count()).filter_map(|number| self.get(number))
    }
}

#[cfg(test)]
mod tests {
    use super::LineIndex;

    #[test]
    fn lines_are_those_between_line_breaks() {
        for text in ["", "a", "a\n", "\n\n", "a\r\nb\r\n", "é\n\nü", "a\rb\n"] {
            let expected: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
            let index = LineIndex::of(text);
            assert_eq!(index.iter().collect::<Vec<_>>(), expected, "{text:?}");
            assert_eq!(index.count(), expected.len(), "{text:?}");
            assert_eq!(index.get(expected.len()), None, "{text:?}");
            let whole: String = index.iter().enumerate().map(|(n, line)| line.to_owned() + index.ending(n)).collect();
            assert_eq!(whole, text);
        }
    }
}
