//! Secrets of a line that a name marks: its key, a key above it, a flag or a variable before it.
//!
//! This module reads lines and indentation and is not a YAML parser, because the input may not be YAML at all.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::diag::LineIndex;
use crate::yaml::read;

use super::looks::{gives_nothing_away, is_pointer, is_random};
use super::names::{Above, NameMeaning, at_the_end, is_secret, meaning};
use super::{Cut, commands};

/// The parts of lines that are secret because of their context, each after the number of its line, in order.
///
/// `root` is the context of keys that no other stands above.
pub fn cuts(lines: &LineIndex<'_>, root: Above) -> Vec<(usize, Cut)> {
    let mut keys = Keys { root, above: Vec::new(), aliases: secret_aliases(lines), open: None };
    let mut in_pem = false;
    let mut cuts: Vec<(usize, Cut)> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        cuts.extend(keys.read(line).map(|from| (number, (from, line.len()))));
        let last = line.contains("-----END ") || line.contains("Private-MAC:");
        if in_pem {
            let end = if last { line.find("-----END ").unwrap_or_default() } else { line.len() };
            cuts.push((number, (line.len() - line.trim_start().len(), end)));
        }
        in_pem = (in_pem || line.contains("-----BEGIN ") || line.trim_start().starts_with("Private-Lines:")) && !last;
    }
    pairs(lines, &mut cuts);
    cuts.sort_by_key(|(number, _)| *number);
    cuts
}

/// The parts of one line that a name in the same line marks as secret: flow maps, `--set`, settings in a string, flags.
pub fn in_one_line(line: &str, root: Above) -> Vec<Cut> {
    by_name(line, root, false)
}

/// The same in a sentence, where an assignment counts, and in backticks a flag too; `key=value` is an example.
pub fn in_a_sentence(text: &str) -> Vec<Cut> {
    by_name(text, Above::default(), true)
}

fn by_name(line: &str, root: Above, sentence: bool) -> Vec<Cut> {
    let mut cuts = Vec::new();
    if let Some(comment) = comment(line) {
        random_words(line, comment, &mut cuts);
    }
    let pairs = if line.contains("value") { &[&NAME_VALUE, &VALUE_NAME][..] } else { &[] };
    for pattern in pairs {
        for found in pattern.iter().flat_map(|regex| regex.captures_iter(line)) {
            let (Some(name), Some(value)) = (found.name("name"), found.name("value")) else { continue };
            let to = end_of_value(line, value.start(), ':');
            if is_secret(name.as_str()) && Above::default().hides("password", &line[value.start()..to]) {
                cuts.push((value.start(), to));
            }
        }
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
    let mut at = 0;
    while let Some(start) = line[at..].find(is_word).map(|n| at + n) {
        let end = line[start..].find(|c| !is_word(c)).map_or(line.len(), |n| start + n);
        at = end;
        let word = line[start..end].trim_end_matches(['[', ']']);
        let end = start + word.len();
        // Most words have no value after them, and this check is faster than classifying the word.
        // A bracket that is not closed belongs to the name: `password[=`
        let value =
            value_after(line, start, end).or_else(|| if end < at { value_after(line, start, at) } else { None });
        let Some((from, sign)) = value else { continue };
        let (of_path, name) = at_the_end(word.trim_start_matches(['-', '[']));
        let above = if of_path == Above::default() { root } else { of_path };
        let plain = matches!(meaning(name), NameMeaning::Plain | NameMeaning::Options | NameMeaning::Headers);
        if plain && !above.hides_items() {
            continue;
        }
        let mut to = end_of_value(line, from, sign);
        // A header ends with its string: `Authorization: Digest username="x", response="..."`
        if sign == ':' && HEADERS.iter().any(|header| name.eq_ignore_ascii_case(header)) {
            let quote = line[..start].chars().next_back().filter(|c| matches!(c, '"' | '\''));
            let end = quote.and_then(|quote| line[from..].find(quote)).map_or(line.len(), |n| from + n);
            to = to.max(end);
        }
        if is_flow(&line[from..]) {
            continue;
        }
        let in_code = sign == ' ' && line[..start].matches('`').count() % 2 == 1;
        if sentence && (!(sign == '=' || in_code) || meaning(name) == NameMeaning::Reference) {
            continue;
        }
        let value = &line[from..to];
        if above.hides(name, value)
            && !(sign != ':' && is_code(value))
            && !(sign == ':' && is_prose(&line[..start], value))
        {
            cuts.push((from, to));
        }
    }
    cuts
}

/// Headers of several parts, all of which are secret.
const HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// The start of a word's value, and the separator that precedes it: `=`, `:`, or a blank after a flag.
fn value_after(line: &str, start: usize, end: usize) -> Option<(usize, char)> {
    let rest = &line[end..];
    // `<password>...</password>`
    if line[..start].ends_with('<') && rest.starts_with('>') {
        return (!rest[1..].starts_with('<') && rest.contains("</")).then_some((end + 1, '>'));
    }
    if let Some((sign, between)) = sign(rest) {
        let after = end + between.len();
        // The closing quote of a string that contains the name: '^ *token = '
        let quote = line[after..].chars().next().filter(|c| matches!(c, '"' | '\''));
        if quote.is_some_and(|quote| line[..start].matches(quote).count() % 2 == 1 && !between.contains(quote)) {
            return None;
        }
        // `host/token-service:v1` is an image, `a::b` a path.
        let joined = between == ":";
        if joined
            && (start > 0 && line[..start].ends_with(['/', ':', '@']) || line[after..].starts_with([':', '/', '-']))
        {
            return None;
        }
        return (after < line.len()).then_some((after, sign));
    }
    if line[start..].starts_with("--")
        && line[..start].chars().next_back().is_none_or(|c| c.is_whitespace() || "\"'[,`".contains(c))
    {
        let found = FLAG.iter().find_map(|regex| regex.find(rest))?;
        let after = end + found.end();
        let value = &line[after..];
        return (!value.is_empty() && !value.starts_with(['-', '|', ')', ']', '\\'])).then_some((after, ' '));
    }
    None
}

/// The separator after a name, `=` or `:`, and everything between the name and its value. Quotes and brackets close the
/// name.
fn sign(rest: &str) -> Option<(char, &str)> {
    let blank = |c: char| matches!(c, ' ' | '\t');
    let open = rest.trim_start_matches(['\\', '"', '\'', ']', ')']);
    let at = open.trim_start_matches(blank);
    if rest.len() - open.len() > 6 {
        return None;
    }
    let sign = ["=>", ":=", "=", ":"].into_iter().find(|sign| at.starts_with(sign))?;
    let value = at[sign.len()..].trim_start_matches(blank);
    Some((if sign.starts_with(':') { ':' } else { '=' }, &rest[..rest.len() - value.len()]))
}

/// The separator between a flag and its value: a blank, or the comma of a list.
static FLAG: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r#"^(?:["'][ \t]*,[ \t]*|[ \t]+)"#));
/// What may follow an unquoted value: the next name with its separator, or nothing.
static NEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"^(?:[,;&][ \t]*["']?[A-Za-z_][0-9A-Za-z_.\[\]\\-]*["']?[ \t]*[:=]|[ \t]+["']?[A-Za-z_][0-9A-Za-z_.-]*["']?=|[,;]?[ \t]*$)"#,
    )
});
/// An environment variable in one line.
static NAME_VALUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"(?-u:\b)(?:name|key)["']?[ \t]*[:=][ \t]*["']?(?P<name>[0-9A-Za-z_.-]+)["']?(?:[ \t]*,[ \t]*|[ \t]+)["']?(?:[0-9A-Za-z_.\[\]-]+\.)?value["']?[ \t]*[:=][ \t]*(?P<value>.)"#,
    )
});
static VALUE_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"(?-u:\b)value["']?[ \t]*[:=][ \t]*(?P<value>[^,{}]+),[ \t]*["']?(?:[0-9A-Za-z_.\[\]-]+\.)?(?:name|key)["']?[ \t]*[:=][ \t]*["']?(?P<name>[0-9A-Za-z_.-]+)"#,
    )
});

fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// The byte after the value that starts at a byte.
fn end_of_value(line: &str, from: usize, sign: char) -> usize {
    let value = &line[from..];
    let escaped = value.starts_with("\\\"");
    let quote = if escaped { '"' } else { value.chars().next().unwrap_or(' ') };
    if matches!(quote, '"' | '\'' | '`') {
        let skip = if escaped { 2 } else { 1 };
        let mut before = ' ';
        for (at, c) in value.char_indices().skip(skip) {
            // A quote ends the value where it is escaped like the opening one.
            if c == quote && (before == '\\') == escaped {
                return from + at + 1;
            }
            before = if before == '\\' && c == '\\' && !escaped { ' ' } else { c };
        }
        return line.len();
    }
    if let Some(tag) = ["<%", "{%", "{{", "${", "$("].into_iter().find(|tag| value.starts_with(tag)) {
        let close = match tag {
            "<%" => "%>",
            "{%" => "%}",
            "{{" => "}}",
            "${" => "}",
            _ => ")",
        };
        return value.find(close).map_or(line.len(), |n| from + n + close.len());
    }
    // A map or a list: up to its end, or the whole rest.
    if let Some(bracket) = value.chars().next().filter(|c| matches!(c, '{' | '[')) {
        let close = if bracket == '{' { '}' } else { ']' };
        let mut depth = 0;
        for (at, c) in value.char_indices() {
            depth += i32::from(c == bracket) - i32::from(c == close);
            if depth == 0 {
                return from + at + 1;
            }
        }
        return line.len();
    }
    let open = |bracket| line[..from].contains(bracket);
    let mut before = ' ';
    for (at, c) in value.char_indices() {
        let ends = match c {
            '}' => open('{'),
            ']' => open('['),
            '<' if sign == '>' => true,
            '"' | '\'' | '`' if sign != ':' => true,
            ' ' if sign == ' ' => true,
            ',' | ';' | '&' | ' ' if before != '\\' => {
                let flow = c == ',' && (open('{') || open('['));
                flow || NEXT.iter().any(|regex| regex.is_match(&value[at..]))
            }
            _ => false,
        };
        if ends {
            return from + at;
        }
        before = c;
    }
    line.len()
}

/// Whether a word and a colon are a part of a sentence: `no key postgresql-password: add the password to it`.
fn is_prose(before: &str, value: &str) -> bool {
    before.ends_with('$')
        || (before.strip_suffix(' ').is_some_and(|rest| rest.ends_with(char::is_alphanumeric))
            && !before.contains(['=', '{', ','])
            && value.split(' ').count() > 3)
}

/// Whether the right-hand side of an assignment in a program is no secret: a call or another variable.
fn is_code(value: &str) -> bool {
    let value = value.trim().trim_start_matches('"');
    let name = |text: &str| {
        text.starts_with(|c: char| {
            c.is_ascii_lowercase() || c == '_' || c == '{' || c.is_ascii_digit() || "(@*#$?!".contains(c)
        })
    };
    let default =
        value.split_once(":-").or_else(|| value.split_once(":=")).map(|(_, rest)| rest.trim_end_matches(['}', '"']));
    let plain = value.strip_prefix('$').is_some_and(name)
        && default.is_none_or(|default| default.is_empty() || default.starts_with(['$', '/']));
    let call = value.strip_suffix(')').is_some_and(|rest| rest.contains('('))
        && value.starts_with(|c: char| c.is_ascii_alphabetic());
    plain || call || value.starts_with('(') || value.starts_with("= ") || value.starts_with("~ ")
}

/// The byte at which a comment starts.
fn comment(line: &str) -> Option<usize> {
    let content = line.len() - line.trim_start().len();
    if line[content..].starts_with('#') { Some(content) } else { line.find(" #").map(|n| n + 1) }
}

/// Random-looking words in a comment.
fn random_words(line: &str, from: usize, cuts: &mut Vec<Cut>) {
    let mut at = from;
    for word in line[from..].split(|c: char| !c.is_ascii_alphanumeric()) {
        if is_random(word) {
            cuts.push((at, at + word.len()));
        }
        at += word.len();
        at += line[at..].chars().next().map_or(0, char::len_utf8);
    }
}

/// The anchors to which keys with a secret's name refer.
fn secret_aliases<'a>(lines: &LineIndex<'a>) -> HashSet<&'a str> {
    let mut aliases = HashSet::new();
    for line in lines.iter().filter(|line| line.contains('*')) {
        for (at, _) in line.match_indices('*') {
            let name = word(&line[at + 1..]);
            let before = line[..at].trim_end();
            let Some(before) = before.strip_suffix(':') else { continue };
            let key =
                before.trim_end_matches(['"', '\'']).rsplit(|c: char| c.is_whitespace() || "{[,\"'".contains(c)).next();
            if !name.is_empty() && key.is_some_and(is_secret) {
                aliases.insert(name);
            }
        }
    }
    aliases
}

fn word(text: &str) -> &str {
    &text[..text.find(|c: char| c.is_whitespace() || ",[]{}".contains(c)).unwrap_or(text.len())]
}

/// The keys above the current line: their indentation, and how they classify the lines below them.
struct Keys<'a> {
    /// The context of a key that no other stands above.
    root: Above,
    above: Vec<(usize, Above)>,
    aliases: HashSet<&'a str>,
    /// The quote of a value that continues on the next line.
    open: Option<char>,
}

impl Keys<'_> {
    fn here(&self) -> Above {
        self.above.last().map_or(self.root, |(_, above)| *above)
    }

    /// The byte from which the line is hidden.
    fn read(&mut self, line: &str) -> Option<usize> {
        let mut at = line.len() - line.trim_start().len();
        if at == line.len() || line[at..].starts_with('#') {
            return None;
        }
        let mut item = false;
        while let Some(rest) = line[at..].strip_prefix('-').filter(|rest| rest.starts_with(' ') || rest.is_empty()) {
            // The key of a list may stand in the column of its items.
            self.above.retain(|(indent, _)| *indent <= at);
            item = true;
            at += 1 + (rest.len() - rest.trim_start().len());
        }
        if let Some(name) = line[at..].strip_prefix("? ") {
            self.above.retain(|(indent, _)| *indent < at);
            let decoded = read::inner(name.trim()).ok();
            let name = decoded.as_ref().and_then(|name| name.as_str()).unwrap_or(name.trim_matches(['"', '\'', ' ']));
            self.above.push((at, self.here().below(name)));
            return None;
        }
        let key_at = line.len() - line[at..].trim_start_matches(['{', '[', ' ', ',']).len();
        let Some((key, value_at)) = key(line, key_at) else {
            match self.open {
                Some(quote) if line.contains(quote) => self.open = None,
                Some(_) => {}
                // The end of a heredoc ends its context.
                None if !item => self.above.retain(|(indent, _)| *indent <= at),
                None => {}
            }
            let text = line[at..].trim_end();
            let hidden = if item { self.here().hides_item(text) } else { self.here().hides_items() }
                || self.anchored(&line[at..]);
            return (hidden && (item || !gives_nothing_away(&line[at..])) && !is_pointer(&line[at..])).then_some(at);
        };
        self.above.retain(|(indent, _)| *indent < at);
        let (of_path, last) = at_the_end(key);
        let above = match of_path {
            of_path if of_path == Above::default() => self.here(),
            of_path => of_path,
        };
        // In braces the next key may stand behind the value.
        let end = if key_at > at { end_of_value(line, value_at, ':').max(value_at) } else { line.len() };
        let value = line[value_at..end].trim();
        let anchored = self.anchored(value);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        self.open = quote.filter(|quote| !value[1..].contains(*quote));
        // A block under `secret:` or `key:` is the secret itself, or a map with names of its own.
        let block = value.starts_with(['|', '>']) && meaning(last) == NameMeaning::Reference;
        let below = if block || anchored { above.all_secret() } else { above.below(last) };
        self.above.push((at, below));
        let hides = (anchored && !gives_nothing_away(value)) || above.hides(last, value);
        (hides && !(of_path == Above::default() && is_flow(value))).then_some(value_at)
    }

    /// Whether a value has an anchor that a secret refers to, or whose name marks a secret.
    fn anchored(&self, value: &str) -> bool {
        value.strip_prefix('&').map(word).is_some_and(|name| self.aliases.contains(name) || is_secret(name))
    }
}

/// A map in one line, whose keys are classified by themselves: `{secret: my-secret, key: password}`.
fn is_flow(value: &str) -> bool {
    value.starts_with('{') && value.contains(':') && REFERENCES.iter().any(|regex| regex.is_match(value))
}

/// A flow map with only the keys that name a Secret.
static REFERENCES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"^\{[ \t]*(?:["']?(?:secret|key|name|secretName|existingSecret|file|useSecret|enabled)["']?[ \t]*:[ \t]*["']?[a-z0-9.-]*["']?[ \t]*,?[ \t]*)+\}"#,
    )
});

/// The key that starts at a byte of a line, and the start of its value.
fn key(line: &str, at: usize) -> Option<(&str, usize)> {
    let rest = &line[at..];
    let (key, after) = match rest.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = rest[1..].find(quote)? + 1;
            (&rest[1..end], rest[end + 1..].trim_start().strip_prefix(':')?)
        }
        ':' | '#' | '&' | '*' | '!' | '|' | '>' | '%' | '@' => return None,
        _ => {
            let end = rest.match_indices(':').map(|(i, _)| i).find(|i| {
                let next = rest.as_bytes().get(i + 1);
                next.is_none_or(u8::is_ascii_whitespace)
            })?;
            (&rest[..end], &rest[end + 1..])
        }
    };
    // A sentence or a command that contains a colon is not a key.
    if key.contains(|c: char| "$(){}=\"`;".contains(c)) {
        return None;
    }
    Some((key.trim(), line.len() - after.trim_start().len()))
}

/// `name: SMTP_PASSWORD` beside `value: ...`, and the arguments of a command in a list.
fn pairs(lines: &LineIndex<'_>, cuts: &mut Vec<(usize, Cut)>) {
    let at_line = |number: usize| lines.get(number).unwrap_or_default();
    let content = |line: &'_ str| line.len() - line.trim_start().trim_start_matches("- ").trim_start().len();
    let mut read = 0;
    for (i, line) in lines.iter().enumerate() {
        let start = content(line);
        if i >= read && line.trim_start().starts_with("- ") {
            read = arguments(lines, i, start, cuts);
        }
        let Some(("name" | "key" | "variable", at)) = key(line, start) else { continue };
        if !is_secret(line[at..].trim_matches(['"', '\'', ' ', ','])) {
            continue;
        }
        // The other lines of the same map, up to the neighbouring items of the list.
        let item = |n: usize| at_line(n).trim_start().starts_with("- ");
        let inside = |n: &usize| at_line(*n).trim().is_empty() || content(at_line(*n)) >= start;
        let before = (0..i)
            .rev()
            .take_while(inside)
            .take(NEAR)
            .scan(item(i), |ended, n| (!std::mem::replace(ended, *ended || item(n))).then_some(n));
        let after =
            (i + 1..lines.count()).take_while(|n| inside(n) && !(item(*n) && content(at_line(*n)) == start)).take(NEAR);
        for near in before.chain(after).collect::<Vec<_>>() {
            let other = at_line(near);
            if content(other) == start
                && let Some(("value", at)) = key(other, start)
                && Above::default().hides("password", &other[at..])
            {
                cuts.push((near, (at, other.len())));
            }
        }
    }
}

/// Reads the items of a list that stand in lines of their own, from the line `first` with the content at `start`, and
/// returns the line after them.
fn arguments(lines: &LineIndex<'_>, first: usize, start: usize, cuts: &mut Vec<(usize, Cut)>) -> usize {
    let item = |number: &usize| {
        let line = lines.get(*number).unwrap_or_default();
        let rest = line.get(start..)?;
        (line.trim_start().starts_with("- ")
            && line.len() - rest.len() == start
            && !line[..start].trim_matches([' ', '-']).contains(|_| true))
        .then(|| rest.trim_matches(['"', '\'', ' ', ',']))
    };
    // A comment or a wrong line between them does not end the list; a key with nothing after it begins another one.
    let ends = |number: &usize| lines.get(*number).is_none_or(|line| line.trim_end().ends_with(':'));
    let (mut numbers, mut items, mut others) = (Vec::new(), Vec::new(), 0);
    for number in (first..lines.count()).take_while(|number| !ends(number)) {
        match item(&number) {
            Some(text) => {
                numbers.push(number);
                items.push(text);
                others = 0;
            }
            None if others == 2 => break,
            None => others += 1,
        }
    }
    if items.len() > 1 {
        for (found, part) in commands::in_list(&items) {
            let line = lines.get(numbers[found]).unwrap_or_default();
            let at = start + line[start..].find(items[found]).unwrap_or_default();
            cuts.push((numbers[found], (at + part.start, at + part.end)));
        }
    }
    numbers.last().map_or(first, |last| last.max(&first) + 1)
}

/// The maximum distance in lines between a variable's name and its value.
const NEAR: usize = 8;
