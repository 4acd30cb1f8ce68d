//! The lines of an entry of a block map, with the comments that belong to it.

use std::ops::Range;

use crate::yaml::spans::{SpanEntry, Spanned};

/// The text of a document and its structure.
pub(super) struct Document<'a> {
    pub text: &'a str,
    pub root: &'a Spanned,
    /// Its line break.
    pub eol: &'static str,
    /// The indentation of a map below its key, in columns.
    pub step: usize,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str, root: &'a Spanned) -> Self {
        let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut document = Document { text, root, eol, step: 2 };
        document.step = document.indentation(root).unwrap_or(2);
        document
    }

    /// The indentation of the first map below its key.
    fn indentation(&self, map: &Spanned) -> Option<usize> {
        map.entries()?.iter().find_map(|entry| {
            // A map between braces may stand on the line of its key behind an anchor.
            let inner = entry.value.entries()?.first().filter(|inner| self.begins_line(inner.key_range.start))?;
            let deeper = self.column(inner.key_range.start).checked_sub(self.column(entry.key_range.start));
            deeper.filter(|step| *step > 0).or_else(|| self.indentation(&entry.value))
        })
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |at| at + 1)
    }

    /// The end of the line, including its line break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |found| at + found + 1)
    }

    /// The number of characters before it on its line.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }

    /// Whether only indentation is before it on its line.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].bytes().all(|b| b == b' ')
    }

    /// Whether only indentation and list dashes are before it on its line.
    pub(super) fn begins_item(&self, at: usize) -> bool {
        let before = &self.text[self.line_start(at)..at];
        before.bytes().all(|b| matches!(b, b' ' | b'-')) && before.split(' ').all(|part| part.len() <= 1)
    }

    /// The range from the key to the end of the last line of the value, including comments below that are indented
    /// deeper than the key.
    pub(super) fn extent(&self, entry: &SpanEntry) -> Range<usize> {
        let column = self.column(entry.key_range.start);
        let mut end = self.line_end(entry.value.range.end.max(entry.key_range.end));
        let mut look = end;
        while look < self.text.len() {
            let next = self.line_end(look);
            let line = &self.text[look..next];
            let indent = line.len() - line.trim_start_matches(' ').len();
            match line.trim() {
                "" => {}
                comment if comment.starts_with('#') && indent > column => end = next,
                _ => break,
            }
            look = next;
        }
        entry.key_range.start..end
    }

    /// The comment lines directly above a key at the beginning of its line, with the same indentation; empty where they
    /// are the head of the document.
    /// head of the document.
    pub(super) fn lead(&self, key: usize) -> Range<usize> {
        let line = self.line_start(key);
        if !self.begins_line(key) {
            return line..line;
        }
        let column = key - line;
        let mut start = line;
        while start > 0 {
            let above = self.line_start(start - 1);
            let text = &self.text[above..start];
            let indent = text.len() - text.trim_start_matches(' ').len();
            if indent != column || !text.trim_start().starts_with('#') {
                break;
            }
            start = above;
        }
        if start == 0 && column == 0 { line..line } else { start..line }
    }

    /// The comments within a value in brackets and after it.
    pub(super) fn comments_of(&self, entry: &SpanEntry) -> Vec<&'a str> {
        let end = self.line_end(entry.value.range.end.max(entry.key_range.end));
        let lines = self.text[entry.key_range.end..end].lines();
        let comment = |line: &'a str| match line.trim() {
            whole if whole.starts_with('#') => Some(whole),
            line => line.split_once(" #").map(|(before, _)| line[before.len()..].trim_start()),
        };
        lines.filter_map(comment).collect()
    }

    /// The comment at the end of a key's line, where the value begins on a later one.
    pub(super) fn comment_of_key(&self, entry: &SpanEntry) -> Option<&'a str> {
        let line = self.text[entry.key_range.end..self.line_end(entry.key_range.end)].trim();
        let starts_later = entry.value.range.start > self.line_end(entry.key_range.end);
        let rest = line.strip_prefix(':')?.trim();
        (starts_later && rest.starts_with('#')).then_some(rest)
    }
}

/// Changes the indentation of lines; with `skip_first` the first line is kept because it continues another.
///
/// Blank lines are kept: in a block scalar they have content only where they are longer than its indentation, and then
/// they are moved with it.
pub(super) fn shift(lines: &str, from: usize, to: usize, skip_first: bool) -> String {
    let mut shifted = String::with_capacity(lines.len() + 64);
    for (number, line) in lines.split_inclusive('\n').enumerate() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let blank = line.trim_end_matches(['\n', '\r']).len() == indent;
        if (number == 0 && skip_first) || (blank && indent <= from) {
            shifted.push_str(line);
        } else if to >= from {
            shifted.extend(std::iter::repeat_n(' ', to - from));
            shifted.push_str(line);
        } else {
            shifted.push_str(&line[indent.min(from - to)..]);
        }
    }
    shifted
}
