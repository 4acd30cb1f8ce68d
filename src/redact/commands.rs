//! Secrets among the words of a command: `mysql -pS`, `curl -u user:S`, whether the command is a string or a list of
//! arguments.

use std::ops::Range;

use super::looks::{gives_nothing_away, is_pointer};
use super::names::is_secret;

/// A word of a command.
#[derive(Debug, Clone, Copy)]
pub struct ArgumentWord<'t> {
    text: &'t str,
    /// The byte of the line, or the number of the item of a list.
    at: usize,
    /// Whether it is an argument of its own, which may contain blanks.
    whole: bool,
}

/// The arguments that are secret in a program's command line.
struct Program {
    /// Its name; one that ends in `*` is a beginning.
    names: &'static [&'static str],
    /// Subcommands of which one has to come first; none where it does not matter.
    after: &'static [&'static str],
    /// Flags whose value is secret.
    flags: &'static [&'static str],
    /// Flags with one letter whose value follows without a blank.
    glued: &'static [&'static str],
    /// Flags whose value is `user:secret`, and the sign between both.
    logins: &'static [&'static str],
    sign: char,
    /// Which of the words that are no flags is secret, from 1; those of a subcommand are counted from there.
    position: usize,
}

const PLAIN: Program = Program { names: &[], after: &[], flags: &[], glued: &[], logins: &[], sign: ':', position: 0 };

static PROGRAMS: [Program; 19] = [
    Program { names: &["mysql*", "mariadb*"], glued: &["-p"], ..PLAIN },
    Program { names: &["curl"], logins: &["-u", "--user", "-U", "--proxy-user"], ..PLAIN },
    Program { names: &["curl"], logins: &["-b", "--cookie"], sign: '=', ..PLAIN },
    Program { names: &["redis-cli", "valkey-cli"], flags: &["-a"], ..PLAIN },
    Program { names: &["sshpass"], flags: &["-p"], glued: &["-p"], ..PLAIN },
    Program {
        names: &[
            "docker", "podman", "nerdctl", "buildah", "helm", "oras", "crane", "skopeo", "regctl", "az", "oc", "cf",
        ],
        after: &["login"],
        flags: &["-p"],
        ..PLAIN
    },
    Program { names: &["skopeo", "buildah"], logins: &["--creds", "--src-creds", "--dest-creds"], ..PLAIN },
    Program { names: &["mongo*"], flags: &["-p"], ..PLAIN },
    Program {
        names: &["ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldapcompare", "ldappasswd"],
        flags: &["-w", "-s", "-a"],
        ..PLAIN
    },
    Program { names: &["openssl"], after: &["enc"], flags: &["-k", "-K"], ..PLAIN },
    Program { names: &["mc", "mcli"], after: &["set", "add"], position: 4, ..PLAIN },
    Program { names: &["htpasswd"], position: 3, ..PLAIN },
    Program { names: &["vault", "bao"], after: &["login"], position: 1, ..PLAIN },
    Program {
        names: &["rabbitmqctl"],
        after: &["add_user", "change_password", "authenticate_user"],
        position: 2,
        ..PLAIN
    },
    Program { names: &["smbclient", "rpcclient", "net"], logins: &["-U", "--user"], sign: '%', ..PLAIN },
    Program { names: &["lftp", "ncftp"], logins: &["-u"], sign: ',', ..PLAIN },
    Program { names: &["sqlcmd", "bcp", "isql"], flags: &["-P"], ..PLAIN },
    Program { names: &["zip", "unzip"], flags: &["-P"], glued: &["-P"], ..PLAIN },
    Program { names: &["7z*"], glued: &["-p"], ..PLAIN },
];

impl Program {
    fn named(word: &str) -> Vec<&'static Program> {
        let name = word.rsplit('/').next().unwrap_or(word);
        let is = |known: &&str| match known.strip_suffix('*') {
            Some(beginning) => name
                .strip_prefix(beginning)
                .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_lowercase() || "-_".contains(c))),
            None => name == *known,
        };
        PROGRAMS.iter().filter(|program| program.names.iter().any(&is)).collect()
    }
}

/// The secret parts of a line that may contain commands: ranges of bytes.
pub fn in_line(line: &str) -> Vec<Range<usize>> {
    // Most lines contain neither a flag nor the name of a program whose words alone matter.
    if ![" -", "\"-", "'-", "login", "user", "set ", "pass:", "echo", "printf"].iter().any(|sign| line.contains(sign)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    scan(&words(line, 0), &mut |at, part| found.push(at + part.start..at + part.end));
    found
}

/// The secret parts of the arguments in a list: the number of the item, and a range of its bytes.
pub fn in_list(items: &[&str]) -> Vec<(usize, Range<usize>)> {
    let words: Vec<ArgumentWord<'_>> =
        items.iter().enumerate().map(|(at, text)| ArgumentWord { text, at, whole: true }).collect();
    let mut found = Vec::new();
    scan(&words, &mut |at, part| found.push((at, part)));
    found
}

/// Splits a line at blanks, commas and brackets. What is in quotes is one word.
fn words(line: &str, base: usize) -> Vec<ArgumentWord<'_>> {
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '(' | ')' | '`');
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(start) = line[at..].find(|c| !separates(c)).map(|n| at + n) {
        let first = line[start..].chars().next().filter(|c| matches!(c, '"' | '\''));
        let closing = first.and_then(|quote| closing(line, start + 1, quote));
        if let Some(end) = closing {
            words.push(ArgumentWord { text: &line[start + 1..end], at: base + start + 1, whole: true });
            at = end + 1;
            continue;
        }
        let start = start + first.map_or(0, char::len_utf8);
        let mut end = start;
        while let Some(c) = line[end..].chars().next() {
            if separates(c) {
                break;
            }
            end = match c {
                '"' | '\'' if end > start => match self::closing(line, end + 1, c) {
                    Some(close) => close + 1,
                    None => break,
                },
                c => end + c.len_utf8(),
            };
        }
        if end > start {
            words.push(ArgumentWord { text: &line[start..end], at: base + start, whole: false });
        }
        at = end;
    }
    words
}

/// The position of the closing quote.
fn closing(line: &str, from: usize, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in line.get(from..)?.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(from + at),
            _ => {}
        }
    }
    None
}

/// Reads words from left to right. `found` takes the place of a word and the range of its bytes that is secret.
fn scan(words: &[ArgumentWord<'_>], found: &mut dyn FnMut(usize, Range<usize>)) {
    let mut programs: Vec<&'static Program> = Vec::new();
    let mut begun = 0;
    let mut number = 0;
    while let Some(word) = words.get(number) {
        number += 1;
        let text = word.text.trim_end_matches(['"', '\'', ';']);
        if matches!(word.text, "|" | "||" | "&&" | ";" | "&") || word.text.ends_with(';') {
            programs.clear();
            begun = number;
            continue;
        }
        // A command within a string: `sh -c 'redis-cli -a SECRET'`.
        if word.whole && text.contains(char::is_whitespace) {
            scan(&self::words(text, 0), &mut |at, part| found(word.at, at + part.start..at + part.end));
            continue;
        }
        if matches!(text, "echo" | "printf") {
            echoed(&words[number..], found);
            continue;
        }
        let named = Program::named(text);
        if !named.is_empty() && !text.starts_with('-') {
            programs = named;
            begun = number;
            continue;
        }
        let before = &words[begun..number - 1];
        let next = words.get(number);
        if let Some(rest) = text.strip_prefix("pass:").filter(|_| before.iter().any(|w| w.text.starts_with("-pass"))) {
            secret(word, text.len() - rest.len(), found);
        }
        if word.whole
            && text.strip_prefix("--").is_some_and(|flag| !flag.contains('=') && is_secret(flag))
            && let Some(next) = next.filter(|next| !next.text.starts_with(['-', '$']))
        {
            secret(next, 0, found);
            number += 1;
            continue;
        }
        if text.starts_with("--from-literal") && before.iter().any(|w| w.text == "secret") {
            let value = if text == "--from-literal" { next } else { Some(word) };
            let text = value.map_or("", |value| value.text.strip_prefix("--from-literal=").unwrap_or(value.text));
            if let (Some(value), Some(sign)) = (value, text.find('=')) {
                secret(value, value.text.len() - text.len() + sign + 1, found);
            }
            continue;
        }
        // `aws configure set aws_secret_access_key SECRET`
        if let Some(next) = next.filter(|_| is_secret(text) && before.last().is_some_and(|w| w.text == "set")) {
            secret(next, 0, found);
            continue;
        }
        for program in &programs {
            program.read(word, before, next, found);
        }
    }
}

impl Program {
    /// Reads one word of the program's command line, with those before it and the next one.
    fn read(
        &self,
        word: &ArgumentWord<'_>,
        before: &[ArgumentWord<'_>],
        next: Option<&ArgumentWord<'_>>,
        found: &mut dyn FnMut(usize, Range<usize>),
    ) {
        let text = word.text;
        let subcommand = before.iter().rposition(|w| self.after.contains(&w.text));
        if !self.after.is_empty() && subcommand.is_none() {
            return;
        }
        // `-sfu user:SECRET` are three flags in one word.
        let short = |flag: &str| {
            flag.len() == 2
                && text.len() > 2
                && text.ends_with(&flag[1..])
                && text[1..].chars().all(|c| c.is_ascii_lowercase())
                && text.starts_with('-')
        };
        if let Some(next) = next.filter(|_| self.flags.contains(&text)) {
            return secret(next, 0, found);
        }
        if let Some(next) = next.filter(|_| self.logins.iter().any(|flag| *flag == text || short(flag))) {
            if let Some(sign) = next.text.find(self.sign) {
                secret(next, sign + 1, found);
            }
            return;
        }
        for flag in self.logins {
            let rest = text.strip_prefix(flag).filter(|_| flag.len() == 2);
            let rest = rest.or_else(|| text.strip_prefix(flag)?.strip_prefix('='));
            if let Some(sign) = rest.and_then(|rest| rest.find(self.sign)) {
                let rest = rest.unwrap_or_default();
                secret(word, text.len() - rest.len() + sign + 1, found);
            }
        }
        for flag in self.glued {
            if text.starts_with(flag) && text.len() > flag.len() {
                secret(word, flag.len(), found);
            }
        }
        if self.position > 0 && !text.starts_with('-') {
            let first = subcommand.map_or(0, |at| at + 1);
            // `htpasswd -nb USER SECRET` writes to no file, and without `-b` it asks for the password.
            let has = |flag| before.iter().any(|w| w.text.starts_with('-') && w.text.contains(flag));
            let position = match self.names {
                ["htpasswd"] if !has('b') => return,
                ["htpasswd"] if has('n') => self.position - 1,
                _ => self.position,
            };
            let plain = before[first..].iter().filter(|w| !w.text.starts_with('-')).count();
            if plain + 1 == position && !text.contains('=') {
                secret(word, 0, found);
            }
        }
    }
}

/// What is piped into a program that reads a password: `echo SECRET | docker login --password-stdin`.
fn echoed(words: &[ArgumentWord<'_>], found: &mut dyn FnMut(usize, Range<usize>)) {
    let Some(pipe) = words.iter().position(|w| w.text == "|") else { return };
    let reader = words[pipe + 1..].iter().take(12).take_while(|w| !matches!(w.text, "|" | ";" | "&&"));
    let reader: Vec<&str> = reader.map(|w| w.text).collect();
    let sudo = reader.first() == Some(&"sudo") && reader.contains(&"-S");
    let reads = reader.iter().any(|w| *w == "chpasswd" || (w.starts_with("--") && w.ends_with("stdin"))) || sudo;
    if !reads {
        return;
    }
    for word in words[..pipe].iter().filter(|w| !w.text.starts_with(['-', '%'])) {
        let from = if reader.contains(&"chpasswd") { word.text.find(':').map_or(0, |sign| sign + 1) } else { 0 };
        secret(word, from, found);
    }
}

/// Marks the rest of a word, without its quotes, unless it names where the secret is.
fn secret(word: &ArgumentWord<'_>, from: usize, found: &mut dyn FnMut(usize, Range<usize>)) {
    let rest = word.text.get(from..).unwrap_or_default();
    let value = rest.trim_start_matches(['"', '\'']);
    let start = word.text.len() - value.len();
    let value = value.trim_end_matches(['"', '\'', ';', ')']);
    let elsewhere = value.starts_with(['$', '-', '<', '@', '`', '%']) || is_pointer(value) || gives_nothing_away(value);
    // A port, which `-p` often means: `docker run -p 8080:80`.
    let is_port = value.chars().all(|c| c.is_ascii_digit() || c == ':') && value.len() <= 11;
    if !value.is_empty() && !elsewhere && !is_port {
        found(word.at, start..start + value.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_where_they_are_written() {
        let line = r#"a: ["curl", "-u", 'x:y z'] -p'q' é"#;
        let shown: Vec<&str> = words(line, 0).iter().map(|w| &line[w.at..w.at + w.text.len()]).collect();
        assert_eq!(shown, ["a:", "curl", "-u", "x:y z", "-p'q'", "é"]);
        // quotes without an end
        assert_eq!(words(" - \"", 0).len(), 1);
        assert_eq!(words("\"a' \"", 0).len(), 1);
        assert_eq!(words("x\"'", 0).len(), 2);
    }

    #[test]
    fn secrets_of_commands_and_nothing_else() {
        let shown = |line: &str| {
            let cuts =
                super::super::shapes::merged(in_line(line).into_iter().map(|part| (part.start, part.end)).collect());
            cuts.into_iter().map(|(start, end)| line[start..end].to_owned()).collect::<Vec<_>>()
        };
        for (line, secret) in [
            ("mysql -uroot -pS3 x", "S3"),
            ("curl -sfu u:S3 https://x", "S3"),
            ("curl --user=u:S3", "S3"),
            ("sh -c 'redis-cli -a S3 ping'", "S3"),
            ("docker login -u x -p 'S3 S4'", "S3 S4"),
            ("mc alias set a https://x KEY S3", "S3"),
            ("echo S3 | docker login --password-stdin", "S3"),
            ("echo u:S3 | chpasswd", "S3"),
            ("kubectl create secret generic x --from-literal=a=S3", "S3"),
        ] {
            assert_eq!(shown(line), [secret], "{line}");
        }
        for line in [
            "docker run -p 8080:80 mysql",
            "mysql -h db -P 3306 -p mydb",
            "kubectl create configmap x --from-literal=a=b",
            "curl -u \"$USER:$PASSWORD\" https://x",
            "redis-cli -a \"$REDISCLI_AUTH\"",
            "psql -p 5432",
            "echo done | tee log",
            "the login of the user -p is",
        ] {
            assert!(shown(line).is_empty(), "{line}: {:?}", shown(line));
        }
    }
}
