//! Turns one change of the values into edits of the text.
//!
//! A moved value keeps its quotes, its comments and its form; the rest of the text is not touched. Where the form does
//! not allow a change there is no edit. The caller checks the meaning of an edit.

use std::ops::Range;

use serde_json::Value;

use super::lines::{Document, shift};
use super::mark::MARK;
use super::tree::Op;
use crate::diag::{Step, ValuePath};
use crate::yaml::spans::{SpanEntry, SpanKind, Spanned, Style};

/// A range of the text and its replacement.
pub(super) type Edit = (Range<usize>, String);

/// An entry, the map that contains it, and the path to it.
struct Way<'a> {
    /// From the root: each map and the entry that leads on.
    steps: Vec<(&'a Spanned, &'a SpanEntry)>,
}

/// The text of an entry without its key.
struct Piece {
    /// Lines of comments above it.
    lead: String,
    /// Everything after the key.
    tail: String,
    /// The column for which its lines are indented.
    column: usize,
    /// The quotes of its key.
    quote: &'static str,
    /// Whether it is valid between braces.
    flat: bool,
}

/// The edits for a change; `None` where the form does not allow it.
pub(super) fn edits(document: &Document<'_>, op: &Op) -> Option<Vec<Edit>> {
    match op {
        Op::Set { at, value } => {
            let way = way(document.root, at)?;
            let entry = way.last()?;
            Some(vec![(entry.value.range.clone(), scalar(document, &entry.value, value)?)])
        }
        Op::Delete { at } => {
            let mut edits = Vec::new();
            remove(document, &way(document.root, at)?, None, true, &mut edits)?;
            Some(edits)
        }
        Op::Move { from, to, value } => relocate(document, from, to, value.as_ref()),
    }
}

/// The edits that set a scalar, given as text; `question` is a comment at the end of its line. `None` where the form does not
/// allow it: between braces nothing but the scalar has a place.
pub(super) fn put(document: &Document<'_>, at: &ValuePath, text: &str, question: Option<&str>) -> Option<Vec<Edit>> {
    let comment = question.unwrap_or_default();
    if let Some(entry) = way(document.root, at).and_then(|way| way.last()) {
        let old = &entry.value;
        if !matches!(old.kind, SpanKind::Scalar(Style::Plain | Style::Quoted)) || old.anchored() {
            return None;
        }
        let rest = &document.text[old.range.end..document.line_end(old.range.end)];
        if question.is_some() && !rest.trim().is_empty() {
            return None;
        }
        let space = if old.range.is_empty() { " " } else { "" };
        return Some(vec![(old.range.clone(), format!("{space}{text}{comment}"))]);
    }
    let Some((target, depth, holder)) = deepest(document.root, at) else {
        return below_a_null(document, at, &format!(": {text}{comment}"));
    };
    if target.is_flow() && question.is_some() {
        return None;
    }
    let first = target.entries().and_then(|entries| entries.first());
    let quote = first.filter(|_| target.is_flow()).map_or("", |first| quote(&document.text[first.key_range.clone()]));
    let plain = quote != "\"" || text.starts_with(['"', 't', 'f']) || text.bytes().all(|b| b.is_ascii_digit());
    let text = if plain { text.to_owned() } else { format!("\"{text}\"") };
    let tail = format!(": {text}{comment}{}", document.eol);
    let piece = Piece { lead: String::new(), tail, column: 0, quote, flat: question.is_none() };
    let mut edits = Vec::new();
    insert(document, target, holder, None, &piece, &at.0[depth..], &mut edits)?;
    Some(edits)
}

/// The same below a key whose value is null, which becomes a map.
fn below_a_null(document: &Document<'_>, at: &ValuePath, tail: &str) -> Option<Vec<Edit>> {
    let depth =
        (1..at.0.len()).rev().find(|depth| way(document.root, &ValuePath(at.0[..*depth].to_vec())).is_some())?;
    let holder = way(document.root, &ValuePath(at.0[..depth].to_vec()))?.last()?;
    let null = &holder.value;
    let is_null = matches!(document.text[null.range.clone()].trim(), "" | "~" | "null");
    if !is_null || null.anchored() || !document.begins_item(holder.key_range.start) {
        return None;
    }
    let tail = format!("{tail}{}", document.eol);
    let piece = Piece { lead: String::new(), tail, column: 0, quote: "", flat: false };
    let column = document.column(holder.key_range.start) + document.step;
    let lines = block(document, &piece, &at.0[depth..], column)?;
    let before = document.text[..null.range.start].trim_end_matches(' ').len();
    let mut edits = vec![(before..null.range.end.max(before), String::new())];
    edits.push(lines_after(document, document.line_end(null.range.end), &lines, &edits));
    Some(edits)
}

/// The edits that write the outermost map between braces on the way to a path as lines; `None` where there is none, or
/// where comments and line breaks are in it.
pub(super) fn in_lines(document: &Document<'_>, path: &ValuePath) -> Option<Vec<Edit>> {
    let mut at = document.root;
    for step in &path.0 {
        let Step::Key(key) = step else { return None };
        let holder = at.entry(key)?;
        let map = &holder.value;
        if !map.is_flow() {
            at = map;
            continue;
        }
        let braces = map.range.clone();
        let key = holder.key_range.start;
        if !document.begins_item(key) || document.text[braces.clone()].contains(['\n', '#']) {
            return None;
        }
        let column = document.column(key) + document.step;
        let mut lines = String::new();
        for entry in map.entries()? {
            let end = entry.value.range.end.max(entry.key_range.end);
            let after = document.text[entry.key_range.end..end].trim_start().trim_start_matches(':').trim();
            let space = if after.is_empty() { "" } else { " " };
            let key = &document.text[entry.key_range.clone()];
            lines += &format!("{:column$}{key}:{space}{after}{}", "", document.eol);
        }
        let before = document.text[..braces.start].trim_end_matches(' ').len();
        let mut edits = vec![(before..braces.end, String::new())];
        edits.push(lines_after(document, document.line_end(braces.end), &lines, &edits));
        return Some(edits);
    }
    None
}

/// Replaces ranges of the text by their edits.
pub(super) fn applied(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut edited = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for (range, new) in edits {
        // Two edits of one range would be a bug; the check of the result finds it.
        edited.push_str(text.get(done..range.start).unwrap_or_default());
        edited.push_str(&new);
        done = range.end.max(done);
    }
    edited.push_str(&text[done..]);
    edited
}

impl<'a> Way<'a> {
    fn last(&self) -> Option<&'a SpanEntry> {
        self.steps.last().map(|(_, entry)| *entry)
    }
}

/// The path through the literal text: neither aliases nor `<<`.
fn way<'a>(root: &'a Spanned, path: &ValuePath) -> Option<Way<'a>> {
    let mut steps = Vec::new();
    let mut at = root;
    for step in &path.0 {
        match (step, &at.kind) {
            (Step::Key(key), SpanKind::Map { .. }) => {
                let entry = at.entry(key)?;
                steps.push((at, entry));
                at = &entry.value;
            }
            (Step::Index(index), SpanKind::List { items, .. }) => at = items.get(*index)?,
            _ => return None,
        }
    }
    matches!(path.0.last(), Some(Step::Key(_))).then_some(Way { steps })
}

/// One of our values as a replacement of a scalar, quoted in the same way if it is a string.
fn scalar(document: &Document<'_>, old: &Spanned, value: &Value) -> Option<String> {
    if !matches!(old.kind, SpanKind::Scalar(Style::Plain | Style::Quoted)) || old.anchored() {
        return None;
    }
    let quote = quote(&document.text[old.range.clone()]);
    match value {
        Value::String(text) => Some(format!("{quote}{text}{quote}")),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

fn quote(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'"') => "\"",
        Some(b'\'') => "'",
        _ => "",
    }
}

fn relocate(document: &Document<'_>, from: &ValuePath, to: &ValuePath, value: Option<&Value>) -> Option<Vec<Edit>> {
    let source = way(document.root, from)?;
    let (map, entry) = *source.steps.last()?;
    let mut piece = piece(document, map, entry, value)?;
    if to.0.starts_with(&from.0) {
        return wrap(document, map, entry, &piece, &to.0[from.0.len() - 1..]);
    }
    let (target, depth, holder) = deepest(document.root, to)?;
    let missing = &to.0[depth..];
    if std::ptr::eq(target, map) {
        return match missing {
            [Step::Key(key)] => {
                let key = format!("{0}{key}{0}", piece.quote);
                let mut edits = vec![(entry.key_range.clone(), key)];
                if let Some(value) = value {
                    edits.push((entry.value.range.clone(), scalar(document, &entry.value, value)?));
                }
                Some(edits)
            }
            _ => wrap(document, map, entry, &piece, missing),
        };
    }
    let mut edits = Vec::new();
    piece.lead = remove(document, &source, Some(target), false, &mut edits)? + &piece.lead;
    piece.flat &= piece.lead.is_empty();
    let within = from.0.starts_with(&to.0[..depth]);
    let beside = if within { source.steps.iter().find(|(map, _)| std::ptr::eq(*map, target)) } else { None };
    insert(document, target, holder, beside.map(|(_, entry)| *entry), &piece, missing, &mut edits)?;
    Some(edits)
}

/// The deepest existing map on the way to a path, how many steps lead to it, and its entry.
fn deepest<'a>(root: &'a Spanned, to: &ValuePath) -> Option<(&'a Spanned, usize, Option<&'a SpanEntry>)> {
    let (mut at, mut holder) = (root, None);
    for (depth, step) in to.0.iter().enumerate() {
        match (step, &at.kind) {
            (Step::Key(key), SpanKind::Map { .. }) => match at.entry(key) {
                Some(entry) => (at, holder) = (&entry.value, Some(entry)),
                None => return Some((at, depth, holder)),
            },
            (Step::Index(index), SpanKind::List { items, .. }) => (at, holder) = (items.get(*index)?, None),
            _ => return None,
        }
    }
    None
}

/// The parts of an entry, with another value where one is given.
fn piece(document: &Document<'_>, map: &Spanned, entry: &SpanEntry, value: Option<&Value>) -> Option<Piece> {
    let text = document.text;
    let key_end = entry.key_range.end;
    let quote = quote(&text[entry.key_range.clone()]);
    if !text[key_end..].trim_start_matches(' ').starts_with(':') {
        return None;
    }
    let flow = map.is_flow();
    let key = entry.key_range.start;
    if !flow && !document.begins_item(key) {
        return None;
    }
    let end = if flow { entry.value.range.end } else { document.extent(entry).end };
    let tail = match value {
        None => text[key_end..end].to_owned(),
        Some(value) => {
            let new = scalar(document, &entry.value, value)?;
            format!("{}{new}{}", &text[key_end..entry.value.range.start], &text[entry.value.range.end..end])
        }
    };
    let lead = if flow { String::new() } else { text[document.lead(key)].to_owned() };
    let plain = match entry.value.kind {
        SpanKind::Scalar(style) => style != Style::Block && !text[entry.value.range.clone()].contains('\n'),
        SpanKind::Alias(_) => true,
        SpanKind::Map { flow, .. } | SpanKind::List { flow, .. } => flow,
    };
    let flat = plain && lead.is_empty() && (flow || text[entry.value.range.end..end].trim().is_empty());
    let tail = if flow { with_indented_lines(&tail, document.column(key)) } else { tail };
    let tail = if flow { tail } else { ended(tail, document.eol) };
    let lead = shift(&lead, document.column(key), 0, false);
    Some(Piece { lead, tail, column: document.column(key), quote, flat })
}

/// The content of brackets: lines after the first may have any indentation there, and need a valid one outside.
fn with_indented_lines(text: &str, column: usize) -> String {
    let indent = " ".repeat(column + 2);
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |all, line| all + &indent + line.trim_start_matches(' '))
}

/// The text with a line break at its end.
fn ended(text: String, eol: &str) -> String {
    if text.ends_with('\n') { text } else { text + eol }
}

/// Puts an entry one or more keys deeper at its position; the first of the keys replaces its own.
fn wrap(document: &Document<'_>, map: &Spanned, entry: &SpanEntry, piece: &Piece, keys: &[Step]) -> Option<Vec<Edit>> {
    if map.is_flow() {
        let range = entry.key_range.start..entry.value.range.end;
        return Some(vec![(range, flat(piece, keys)?)]);
    }
    let extent = document.extent(entry);
    let (first, rest) = keys.split_first()?;
    let Step::Key(first) = first else { return None };
    let column = piece.column;
    let stays = *first.as_ref() == *entry.key;
    let mut new = format!("{0}{first}{0}:{1}", piece.quote, document.eol);
    let inner = Piece { lead: if stays { String::new() } else { piece.lead.clone() }, ..shallow(piece) };
    new += &block(document, &inner, rest, column + document.step)?;
    let mut edits = vec![(extent.clone(), trimmed_like(new, &document.text[extent]))];
    if !stays {
        edits.push((document.lead(entry.key_range.start), String::new()));
    }
    Some(edits)
}

fn shallow(piece: &Piece) -> Piece {
    Piece { lead: String::new(), tail: piece.tail.clone(), ..*piece }
}

/// The text without a line break at the end where the old text had none.
fn trimmed_like(new: String, old: &str) -> String {
    if old.ends_with('\n') { new } else { new.trim_end_matches(['\n', '\r']).to_owned() }
}

/// An entry as lines of a block map, below the keys that lead to it; the last key is its own.
fn block(document: &Document<'_>, piece: &Piece, keys: &[Step], column: usize) -> Option<String> {
    let (last, outer) = keys.split_last()?;
    let mut text = String::new();
    let mut column = column;
    for step in outer {
        let Step::Key(key) = step else { return None };
        text += &format!("{:column$}{1}{key}{1}:{2}", "", piece.quote, document.eol);
        column += document.step;
    }
    let Step::Key(key) = last else { return None };
    text += &shift(&piece.lead, 0, column, false);
    text += &format!("{:column$}{1}{key}{1}", "", piece.quote);
    text += &ended(shift(&piece.tail, piece.column, column, true), document.eol);
    Some(text)
}

/// An entry between braces.
fn flat(piece: &Piece, keys: &[Step]) -> Option<String> {
    let (last, outer) = keys.split_last()?;
    let Step::Key(key) = last else { return None };
    if !piece.flat {
        return None;
    }
    let mut text = format!("{0}{key}{0}{1}", piece.quote, piece.tail.trim_end());
    for step in outer.iter().rev() {
        let Step::Key(key) = step else { return None };
        text = format!("{0}{key}{0}: {{{text}}}", piece.quote);
    }
    Some(text)
}

fn insert(
    document: &Document<'_>,
    target: &Spanned,
    holder: Option<&SpanEntry>,
    beside: Option<&SpanEntry>,
    piece: &Piece,
    keys: &[Step],
    edits: &mut Vec<Edit>,
) -> Option<()> {
    let entries = target.entries()?;
    if !target.is_flow() {
        let neighbour = beside.or(entries.last())?;
        let column = document.column(entries.first()?.key_range.start);
        let lines = block(document, piece, keys, column)?;
        edits.push(lines_after(document, document.extent(neighbour).end, &lines, edits));
        return Some(());
    }
    if let Some(emptied) = edits.iter_mut().find(|(range, _)| *range == target.range) {
        emptied.1 = format!("{{{}}}", flat(piece, keys)?);
        return Some(());
    }
    if let Some(last) = entries.last() {
        let at = last.value.range.end.max(last.key_range.end);
        edits.push((at..at, format!(", {}", flat(piece, keys)?)));
        return Some(());
    }
    let own_line = holder.filter(|holder| document.begins_item(holder.key_range.start));
    let Some(holder) = own_line else {
        edits.push((target.range.clone(), format!("{{{}}}", flat(piece, keys)?)));
        return Some(());
    };
    // `{}` becomes a block: a moved value keeps its comments and its form.
    let braces = &target.range;
    let before = document.text[..braces.start].trim_end_matches(' ').len();
    edits.push((before..braces.end, String::new()));
    let column = document.column(holder.key_range.start) + document.step;
    let after = document.line_end(braces.end);
    let lines = block(document, piece, keys, column)?;
    edits.push(lines_after(document, after, &lines, edits));
    Some(())
}

/// Inserts lines at the end of a line, or of the text.
fn lines_after(document: &Document<'_>, at: usize, lines: &str, others: &[Edit]) -> Edit {
    if at == 0 || document.text[..at].ends_with('\n') {
        return (at..at, lines.to_owned());
    }
    let lines = lines.trim_end_matches(['\n', '\r']);
    let goes = others.iter().any(|(range, new)| range.end == at && !range.is_empty() && new.is_empty());
    (at..at, if goes { lines.to_owned() } else { format!("{}{lines}", document.eol) })
}

/// Removes an entry, and maps that become empty; returns the comments of those maps for the entry's new place.
///
/// Comments in them that belong to no key stay in the text.
///
/// `filled` is a map to which another edit adds something. Where the entry does not move, `stay` keeps its comments and those
/// of those maps in the text.
fn remove(
    document: &Document<'_>,
    way: &Way<'_>,
    filled: Option<&Spanned>,
    stay: bool,
    edits: &mut Vec<Edit>,
) -> Option<String> {
    let mut gone: Vec<&SpanEntry> = Vec::new();
    let mut steps = way.steps.iter().rev().peekable();
    let map = loop {
        let (map, entry) = *steps.next()?;
        gone.push(entry);
        let only = map.entries()?.len() == 1 && !filled.is_some_and(|filled| std::ptr::eq(filled, map));
        if !(only && steps.peek().is_some_and(|(_, outer)| std::ptr::eq(&outer.value, map))) {
            break map;
        }
    };
    let (entries, top) = (map.entries()?, *gone.last()?);
    let key = top.key_range.start;
    if map.is_flow() {
        match entries.len() {
            1 if !document.text[map.range.clone()].contains('#') => edits.push((map.range.clone(), "{}".to_owned())),
            _ => {
                let mut ranges = between(document, map, entries, top)?;
                let own = ranges.next()?;
                let kept = kept_in_braces(document, top, gone[0], &own);
                edits.push((own, kept));
                edits.extend(ranges.map(|range| (range, String::new())));
            }
        }
        return Some(String::new());
    }
    if !document.begins_item(key) {
        return None;
    }
    if !document.begins_line(key) {
        edits.push(match entries.len() {
            1 => {
                let extent = document.extent(top);
                let new = trimmed_like(format!("{{}}{}", document.eol), &document.text[extent.clone()]);
                (extent, new)
            }
            _ => first_of_item(document, entries, top)?,
        });
        return Some(String::new());
    }
    let mut lead = String::new();
    for (left, entry) in (0..gone.len()).rev().zip(gone.iter().rev()) {
        let key = entry.key_range.start;
        let above = document.lead(key);
        let line = document.line_start(key);
        let of_a_map = left > 0;
        if of_a_map {
            lead += &shift(&document.text[above.clone()], document.column(key), 0, false);
        }
        // What a person wrote above a key that goes stays; what this program asked about it has been answered.
        let is_ours = |comment: &&str| comment.trim_start().starts_with(MARK);
        let kept = document.text[above.clone()].split_inclusive('\n').filter(|comment| stay && !is_ours(comment));
        edits.push((above.clone(), kept.collect()));
        if !of_a_map || entry.value.is_flow() {
            let extent = document.extent(entry);
            let mut kept = String::new();
            if of_a_map {
                let indent = &document.text[line..key];
                for comment in document.comments_of(entry) {
                    lead += &format!("{comment}{}", document.eol);
                    kept += &format!("{indent}{comment}{}", document.eol);
                }
            }
            edits.push((line..extent.end, if stay { kept } else { String::new() }));
            break;
        }
        let comment = document.comment_of_key(entry);
        if let Some(comment) = comment {
            lead += &format!("{comment}{}", document.eol);
        }
        let indent = &document.text[line..key];
        let kept = comment.filter(|_| stay).map(|comment| format!("{indent}{comment}{}", document.eol));
        edits.push((line..document.line_end(key), kept.unwrap_or_default()));
    }
    Some(lead)
}

/// The comments inside maps between braces that become empty, as text in place of them: those around the innermost entry,
/// which goes with its own.
fn kept_in_braces(document: &Document<'_>, top: &SpanEntry, innermost: &SpanEntry, range: &Range<usize>) -> String {
    let text = document.text;
    let end = |entry: &SpanEntry| entry.value.range.end.max(entry.key_range.end);
    let around = [&text[top.key_range.start..innermost.key_range.start], &text[end(innermost)..end(top)]];
    let begins = |line: &str| {
        let mut marks = line.match_indices('#').map(|(at, _)| at);
        marks.find(|at| line[..*at].is_empty() || line[..*at].ends_with([' ', '\t']))
    };
    let comments: Vec<&str> =
        around.iter().flat_map(|part| part.lines()).filter_map(|line| Some(line[begins(line)?..].trim_end())).collect();
    if comments.is_empty() {
        return String::new();
    }
    let line = &text[document.line_start(range.start)..range.start];
    let indent = &line[..line.len() - line.trim_start().len()];
    let mut kept = if line.trim().is_empty() { String::new() } else { format!("{}{indent}", document.eol) };
    kept += &comments.join(&format!("{}{indent}", document.eol));
    // What follows on the line must not become a part of the comment.
    let rest = text[range.end..document.line_end(range.end)].trim_start_matches([' ', '\t', ',']);
    if !rest.trim().is_empty() && !rest.starts_with('#') {
        kept += &format!("{}{indent}", document.eol);
    }
    kept
}

/// An entry between braces, and its superfluous comma. Comments around it stay.
fn between(
    document: &Document<'_>,
    map: &Spanned,
    entries: &[SpanEntry],
    entry: &SpanEntry,
) -> Option<impl Iterator<Item = Range<usize>>> {
    let at = entries.iter().position(|other| std::ptr::eq(other, entry))?;
    let end = |entry: &SpanEntry| entry.value.range.end.max(entry.key_range.end);
    let own = entry.key_range.start..end(entry);
    let next = entries.get(at + 1).map(|next| next.key_range.start);
    let before = at.checked_sub(1).and_then(|before| entries.get(before)).map(&end);
    let commented = |range: Range<usize>| document.text[range].contains('#');
    let ranges = match (next, before) {
        (Some(next), _) if !commented(own.end..next) => [own.start..next, next..next],
        // A comma at the end stays with the entry that becomes the last one.
        (None, Some(before)) if !commented(before..own.start) => {
            document.text[before..own.start].contains(',').then_some([before..own.end, own.end..own.end])?
        }
        _ => {
            let until = next.unwrap_or(map.range.end.saturating_sub(1));
            let comma = comma(document.text, own.end..until);
            if next.is_some() && comma.is_none() {
                return None;
            }
            let comma = comma.map_or(own.end..own.end, |at| at..at + 1);
            [own, comma]
        }
    };
    Some(ranges.into_iter().filter(|range| !range.is_empty()))
}

/// The position of the comma between two entries; a comment may contain a comma too.
fn comma(text: &str, range: Range<usize>) -> Option<usize> {
    let mut in_comment = false;
    text[range.clone()].char_indices().find_map(|(at, c)| {
        in_comment = c == '#' || (in_comment && c != '\n');
        (c == ',' && !in_comment).then_some(range.start + at)
    })
}

/// Removes the entry after the dash of a list item.
fn first_of_item(document: &Document<'_>, entries: &[SpanEntry], entry: &SpanEntry) -> Option<Edit> {
    let next = entries.get(1).filter(|_| std::ptr::eq(&entries[0], entry))?;
    let extent = document.extent(entry);
    let next_line = document.line_start(next.key_range.start);
    if extent.end == next_line {
        return Some((entry.key_range.start..next.key_range.start, String::new()));
    }
    // Comments are between the two: the dash gets a line of its own.
    let dash = document.text[..extent.start].trim_end_matches(' ').len();
    Some((dash..extent.end, document.eol.to_owned()))
}
