//! Manifests of Secrets, whose data are secret under any key. The lines are read, because the document may be broken.

use crate::diag::LineIndex;

use super::Cut;
use super::looks::gives_nothing_away;

/// The values below `data` and `stringData` of Secrets, each after the number of its line, in order.
pub fn cuts(lines: &LineIndex<'_>) -> Vec<(usize, Cut)> {
    let mut cuts = Vec::new();
    let mut has_kind = false;
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("Secret")) {
        has_kind |= is_kind(line);
        cuts.extend(in_braces(line).map(|from| (number, (from, line.len()))));
    }
    if !has_kind {
        return cuts;
    }
    // The first line that is not read yet: each line is below one section only.
    let mut next = 0;
    for (number, line) in lines.iter().enumerate() {
        let indent = content(line);
        if number < next || !is_section(line) || !of_a_secret(lines, number, indent) {
            continue;
        }
        next = number + 1;
        let tail = line.find(':').map_or(line.len(), |at| at + 1);
        value(line, number, tail, &mut cuts);
        while let Some(below) = lines.get(next).filter(|below| below.trim().is_empty() || inside(below, indent)) {
            let from = key_end(below).unwrap_or_else(|| content(below));
            value(below, next, from, &mut cuts);
            next += 1;
        }
    }
    cuts
}

/// Where the data of a Secret begin that is written in one line, as `kubectl apply` keeps it in an annotation.
fn in_braces(line: &str) -> Option<usize> {
    // Between a key and its value there are a few signs at most.
    let next = |at: usize| line[at..].char_indices().take(24).map(move |(n, c)| (at + n, c));
    let silent = |c: char| matches!(c, '"' | '\\' | ' ');
    let secret = line.match_indices("kind").any(|(at, key)| {
        let rest: String = next(at + key.len()).map(|(_, c)| c).filter(|c| !silent(*c)).collect();
        rest.strip_prefix(":Secret").is_some_and(|rest| rest.starts_with([',', '}']))
    });
    let data = line.match_indices("ata").find_map(|(at, key)| {
        if line[..at].ends_with("metad") {
            return None;
        }
        let mut signs = next(at + key.len()).filter(|(_, c)| !silent(*c));
        let colon = signs.next().is_some_and(|(_, c)| c == ':');
        signs.next().filter(|(_, c)| colon && *c == '{').map(|(brace, _)| brace + 1)
    });
    data.filter(|from| secret && !gives_nothing_away(&line[*from..]))
}

/// The column of a line's content, behind the sign of an item.
fn content(line: &str) -> usize {
    let blank = line.len() - line.trim_start().len();
    match line[blank..].strip_prefix("- ") {
        Some(rest) => line.len() - rest.trim_start().len(),
        None => blank,
    }
}

fn inside(line: &str, indent: usize) -> bool {
    line.len() - line.trim_start().len() > indent
}

fn bare(line: &str) -> &str {
    line[content(line)..].trim_end()
}

fn is_kind(line: &str) -> bool {
    bare(line).split_once(':').is_some_and(|(key, value)| {
        let quotes = |c| matches!(c, '"' | '\'' | ' ' | ',');
        key.trim_matches(quotes) == "kind" && value.split(" #").next().unwrap_or(value).trim_matches(quotes) == "Secret"
    })
}

/// `data`, `stringData`, and what was probably meant as one of both.
fn is_section(line: &str) -> bool {
    let Some((key, _)) = bare(line).split_once(':') else { return false };
    let key = key.trim_matches(['"', '\'', ' ']);
    let near = |known: &str, slips| strsim::damerau_levenshtein(&key.to_lowercase(), known) <= slips;
    (key.len() >= 3 && near("data", 1)) || (key.len() >= 8 && near("stringdata", 2)) || near("binarydata", 0)
}

/// The most lines that are read in each direction in search of a kind: the time stays linear.
const FAR: usize = 2000;

/// Whether the keys beside a line, in both directions, have the kind of a Secret. Another item of the list ends them.
fn of_a_secret(lines: &LineIndex<'_>, number: usize, indent: usize) -> bool {
    let beside = |line: &&str| !line.starts_with("---") && (line.trim().is_empty() || content(line) >= indent);
    let begins = |line: &str| content(line) == indent && line.trim_start().starts_with("- ");
    let same = |line: &str| content(line) == indent && is_kind(line);
    let up = (0..number).rev().take(FAR).filter_map(|at| lines.get(at));
    let down = (number + 1..).take(FAR).map_while(|at| lines.get(at));
    if !lines.get(number).is_some_and(begins) {
        for line in up.take_while(beside) {
            if same(line) {
                return true;
            }
            if begins(line) {
                break;
            }
        }
    }
    down.take_while(beside).take_while(|line| !begins(line)).any(same)
}

/// The byte behind a key and its colon.
fn key_end(line: &str) -> Option<usize> {
    let start = content(line);
    let key = &line[start..];
    let at = match key.strip_prefix(['"', '\'']) {
        Some(rest) => rest.find([':']).map(|n| n + 1)?,
        None => key.find(": ").or_else(|| key.trim_end().strip_suffix(':').map(str::len))?,
    };
    // A key of a Secret has these characters only; what else has a colon is a line of a value.
    let is_key = key[..at].trim_matches(['"', '\'']).chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    is_key.then_some(start + at + 1)
}

fn value(line: &str, number: usize, from: usize, cuts: &mut Vec<(usize, Cut)>) {
    let text = line[from.min(line.len())..].trim_end();
    let start = from + (text.len() - text.trim_start().len());
    if !gives_nothing_away(text) {
        cuts.push((number, (start, from + text.len())));
    }
}
