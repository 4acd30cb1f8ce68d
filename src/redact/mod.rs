//! Keeps secrets out of excerpts.
//!
//! The line that a message is about comes from a user's file as it is. Values are masked where their
//! key, or a key above it, is named as a secret would be; so are passwords in URLs, PEM blocks and
//! tokens of known shape. It is a reading by lines and indentation, not a YAML parser, because the
//! text may not be YAML at all. Where it is not sure it masks: a mask too many costs a glance into the file.

/// What a masked text is replaced with; its length says nothing.
pub const MASK: &str = "********";

/// One line that can be shown, and where its characters went.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// The line with masks.
    pub text: String,
    /// Characters of the original line that a mask stands for: start, end.
    cuts: Vec<(usize, usize)>,
}

impl Shown {
    /// Where a character of the original line (both counted from 0) is now; inside a mask, the mask's start.
    pub fn moved(&self, column: usize) -> usize {
        let mut shift: isize = 0;
        for &(start, end) in &self.cuts {
            if column < start {
                break;
            }
            if column < end {
                return start.saturating_add_signed(shift);
            }
            shift += MASK.len().cast_signed() - (end - start).cast_signed();
        }
        column.saturating_add_signed(shift)
    }
}

/// A text whose lines can be shown.
pub struct Redacted<'a> {
    /// Each line, and the byte from which on its place in the document hides it.
    lines: Vec<(&'a str, Option<usize>)>,
}

impl<'a> Redacted<'a> {
    /// Reads a text once.
    pub fn of(text: &'a str) -> Self {
        let mut keys = Keys::default();
        let mut in_pem = false;
        let mut lines: Vec<(&str, Option<usize>)> = Vec::new();
        for line in text.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let mut hidden = keys.read(line);
            in_pem &= !line.contains("-----END ");
            if in_pem && hidden.is_none() {
                hidden = Some(line.len() - line.trim_start().len());
            }
            in_pem |= line.contains("-----BEGIN ") && !line.contains("-----END ");
            lines.push((line, hidden));
        }
        hide_env_values(&mut lines);
        Redacted { lines }
    }

    /// The line with this number, counted from 1.
    pub fn line(&self, number: usize) -> Option<Shown> {
        let (line, hidden) = self.lines.get(number.checked_sub(1)?)?;
        Some(show(line, *hidden))
    }
}

/// A single text that is no document, such as a message: only what is a secret by its own shape is masked.
pub fn text(text: &str) -> String {
    apply(text, by_shape(text)).text
}

fn show(line: &str, hidden: Option<usize>) -> Shown {
    let named = after_secret_name(line);
    let from = match (hidden, named) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let mut cuts = by_shape(line);
    if let Some(from) = from.filter(|from| *from < line.len()) {
        cuts.retain(|(start, _)| *start < from);
        if let Some(last) = cuts.last_mut() {
            last.1 = last.1.min(from);
        }
        cuts.push((from, line.len()));
    }
    apply(line, cuts)
}

/// Cuts are byte ranges in order, without overlap.
fn apply(line: &str, cuts: Vec<(usize, usize)>) -> Shown {
    let mut text = String::new();
    let mut at = 0;
    let mut chars = Vec::new();
    for (start, end) in cuts {
        text.push_str(&line[at..start]);
        text.push_str(MASK);
        chars.push((line[..start].chars().count(), line[..end].chars().count()));
        at = end;
    }
    text.push_str(&line[at..]);
    Shown { text, cuts: chars }
}

/// The keys above the line that is read: their indentation, and whether they are a secret's.
#[derive(Default)]
struct Keys(Vec<(usize, bool)>);

impl Keys {
    /// The byte from which on the line is to be hidden.
    fn read(&mut self, line: &str) -> Option<usize> {
        let mut at = line.len() - line.trim_start().len();
        if at == line.len() || line[at..].starts_with('#') {
            return None;
        }
        let mut item = false;
        while let Some(rest) = line[at..].strip_prefix('-').filter(|rest| rest.starts_with(' ') || rest.is_empty()) {
            // the key of a list may stand as far left as its items
            self.0.retain(|(indent, _)| *indent <= at);
            item = true;
            at += 1 + (rest.len() - rest.trim_start().len());
        }
        if let Some(name) = line[at..].strip_prefix("? ") {
            self.0.retain(|(indent, _)| *indent < at);
            self.0.push((at, is_secret(name) || self.0.iter().any(|(_, secret)| *secret)));
            return None;
        }
        let key_at = line.len() - line[at..].trim_start_matches(['{', '[', ' ', ',']).len();
        let Some((key, value_at)) = key(line, key_at) else {
            let secret = self.0.iter().any(|(_, secret)| *secret);
            return (secret && (item || !line[at..].is_empty())).then_some(at);
        };
        self.0.retain(|(indent, _)| *indent < at);
        let secret = is_secret(key) || self.0.iter().any(|(_, secret)| *secret);
        self.0.push((at, secret));
        (secret && !is_plain(line[value_at..].trim())).then_some(value_at)
    }
}

/// The key that starts at a byte of a line, and the byte that its value starts at.
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
    Some((key.trim(), line.len() - after.trim_start().len()))
}

/// Whether a value gives nothing away: none, a boolean, the head of a block.
fn is_plain(value: &str) -> bool {
    let value = value.split(" #").next().unwrap_or(value).trim();
    let block = value.strip_prefix(['|', '>']).is_some_and(|r| r.chars().all(|c| matches!(c, '+' | '-' | '0'..='9')));
    block || value.starts_with('#') || matches!(value, "" | "true" | "false" | "null" | "~" | "{}" | "[]" | "{" | "[")
}

/// `name: SMTP_PASSWORD` with `value: ...` in the line before or after it.
fn hide_env_values(lines: &mut [(&str, Option<usize>)]) {
    let pair = |line: &'_ str| {
        let content = line.trim_start().trim_start_matches("- ").trim_start();
        key(line, line.len() - content.len()).map(|(key, at)| (key.to_owned(), at))
    };
    for i in 0..lines.len() {
        let Some(("name", at)) = pair(lines[i].0).as_ref().map(|(key, at)| (key.as_str(), *at)) else { continue };
        if !is_secret(lines[i].0[at..].trim_matches(['"', '\'', ' '])) {
            continue;
        }
        for near in [i.checked_sub(1), Some(i + 1)].into_iter().flatten() {
            if let Some((line, hidden)) = lines.get_mut(near)
                && hidden.is_none()
                && let Some((key, at)) = pair(line)
                && key == "value"
            {
                *hidden = Some(at);
            }
        }
    }
}

/// The byte behind a secret's name and its `=` or `:`, anywhere in a line: flow maps, `--set`, settings in a text.
fn after_secret_name(line: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut at = 0;
    while at < line.len() {
        let rest = &line[at..];
        let start = at + rest.find(is_word)?;
        let end = line[start..].find(|c| !is_word(c)).map_or(line.len(), |n| start + n);
        if is_secret(&line[start..end]) {
            let rest = &line[end..];
            let stop = rest.find([',', ';', '{', '}', '#']).unwrap_or(rest.len());
            if let Some(sign) = rest[..stop].find(['=', ':']) {
                let after = end + sign + 1;
                let value = line[after..].trim_start_matches(['>', ' ']);
                let at = line.len() - value.len();
                if !is_plain(value.trim()) {
                    return Some(at);
                }
            }
        }
        at = end;
    }
    None
}

/// Passwords in URLs, and tokens that are known by their first letters.
fn by_shape(line: &str) -> Vec<(usize, usize)> {
    let mut cuts = Vec::new();
    for (i, _) in line.match_indices("://") {
        let start = i + 3;
        let host_end = line[start..]
            .find(|c: char| matches!(c, '/' | '"' | '\'') || c.is_whitespace())
            .map_or(line.len(), |n| start + n);
        if let Some(end) = line[start..host_end].rfind('@').map(|n| start + n) {
            let start = line[start..end].find(':').map_or(start, |n| start + n + 1);
            if start < end {
                cuts.push((start, end));
            }
        }
    }
    const TOKENS: [&str; 9] = ["glpat-", "glrt-", "gldt-", "glptt-", "glcbt-", "glagent-", "gloas-", "ghp_", "xoxb-"];
    for token in TOKENS {
        for (start, _) in line.match_indices(token) {
            let from = start + token.len();
            let len = line[from..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
                .unwrap_or(line.len() - from);
            if len >= 8 && !cuts.iter().any(|(a, b)| *a < from + len && from < *b) {
                cuts.push((from, from + len));
            }
        }
    }
    cuts.sort_unstable();
    cuts
}

/// Whether what has this name is likely to be a secret. The name may be a path.
pub fn is_secret(name: &str) -> bool {
    name.split(['.', '/']).any(segment_is_secret)
}

fn segment_is_secret(segment: &str) -> bool {
    const ANYWHERE: [&str; 14] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "credential",
        "privatekey",
        "apikey",
        "accesskey",
        "connectionstring",
        "dockerconfig",
        "authorization",
        "bearer",
        "passcode",
    ];
    const AS_A_WORD: [&str; 9] = ["key", "keys", "pwd", "pass", "pem", "dsn", "otp", "salt", "cookie"];
    /// What a secret is called, where it is, whether there is one: none of this is the secret.
    const ABOUT_ONE: [&str; 8] = ["name", "path", "file", "enabled", "expiry", "expiration", "length", "class"];
    const NOT_ONE: [&str; 4] = ["shared-secrets", "sharedSecrets", "topologyKey", "issuerRef"];
    if NOT_ONE.contains(&segment) {
        return false;
    }
    let words = words(segment);
    let joined = words.concat();
    let last = words.last().map(String::as_str).unwrap_or_default();
    let named = ANYWHERE.iter().any(|w| joined.contains(w))
        || words.iter().any(|w| AS_A_WORD.contains(&w.as_str()))
        || last == "private";
    named && !ABOUT_ONE.contains(&last)
}

/// `rootPassword`, `root_password` and `ROOT-PASSWORD` are the same two words.
fn words(segment: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous_lower = false;
    let mut new = true;
    for c in segment.chars() {
        if !c.is_alphanumeric() {
            new = true;
            continue;
        }
        if new || (c.is_uppercase() && previous_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        previous_lower = !c.is_uppercase();
        new = false;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let read = Redacted::of(text);
        let lines: Vec<_> = (1..=text.lines().count()).filter_map(|n| read.line(n)).map(|l| l.text).collect();
        lines.join("\n")
    }

    #[test]
    fn nothing_that_is_called_hunter_is_shown() {
        for text in [
            "password: hunter2",
            "password:   'hunter2'   # hunter2",
            "\"password\":\"hunter2\"",
            "{\"a\": 1, \"rootPassword\": \"hunter2\"}",
            "a: {b: 1, api_token: hunter2}",
            "a:\n  initialRootPassword: hunter2",
            "a:\n  credentials:\n    user: hunter2",
            "secrets:\n- hunter2\n- a: hunter2\n  b: hunter2",
            "secrets:\n  - hunter2",
            "secrets:\n  - - hunter2",
            "key: |\n  hunter2\n  hunter: hunter2\n\n    hunter2",
            "private_key: >-\n  hunter2",
            "password: \"hunter2\n  hunter2\"",
            "password:\n  hunter2",
            "{\n\"password\":\n\"hunter2\"\n}",
            "tls.key: hunter2",
            "extra: |\n  gitlab_rails['smtp_password'] = 'hunter2'",
            "connection: |\n  aws_secret_access_key: hunter2",
            "env:\n- name: SMTP_PASSWORD\n  value: hunter2",
            "env:\n- value: hunter2\n  name: SMTP_PASSWORD",
            "url: postgres://gitlab:hunter2@db:5432/x?y",
            "url: https://hunter2@host/",
            "text: |\n  -----BEGIN RSA PRIVATE KEY-----\n  hunter2\n  -----END RSA PRIVATE KEY-----",
            "anything: glpat-hunter2hunter2",
            "SMTP-PASSWORD: hunter2",
            "# password: hunter2",
            "? password\n: hunter2",
            "a.password=hunter2",
            "a.password=hunter2\\,hunter2",
            "a.passwords[0].x=hunter2",
            "a={\"password\":\"hunter2\"}",
            "a=1,b.token=hunter2",
            "\tpassword: hunter2",
            "password: &anchor hunter2",
            "password: !!str hunter2",
        ] {
            let masked = masked(text);
            assert!(!masked.contains("hunter2"), "{text:?} became {masked:?}");
        }
    }

    #[test]
    fn what_is_no_secret_is_shown_as_it_is() {
        for text in [
            "global:\n  hosts:\n    domain: example.com",
            "password:\n  secret:\nother: shown",
            "secretName: wildcard-tls",
            "password: true",
            "password: {}",
            "shared-secrets:\n  enabled: false",
            "affinity:\n  topologyKey: kubernetes.io/hostname",
            "psql:\n  password: null\n  host: db.example.com",
            "a.b=c",
            "image: registry.example.com/a/b:v1",
            "tokens:\n  enabled: true\nport: 8080",
            "monkey: banana",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn columns_move_with_the_masks() {
        let shown = show("a: postgres://u:verylongpassword@host/x", None);
        assert_eq!(shown.text, "a: postgres://u:********@host/x");
        assert_eq!(shown.moved(3), 3);
        assert_eq!(shown.moved(20), 16);
        let host = "a: postgres://u:verylongpassword@".len();
        assert_eq!(shown.text.get(shown.moved(host)..), Some("host/x"));
    }
}
