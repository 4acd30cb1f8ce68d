//! Compares the meaning of two strings of which Helm's chart wrote one and this program the other: the wording of a
//! script and of a comment differs, and what they configure need not.
//!
//! The meaning of a script cannot be compared. A configuration file is compared as data where it is YAML or JSON, and
//! as a set of lines without comments otherwise. A tag of ERB or gomplate stands for the files that it reads.

use serde_json::Value;

use crate::diag::Severity;
use crate::manifest::content::replace_tags;
use crate::yaml::read;

/// The meaning of a string in a ConfigMap or of an argument of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EmbeddedMeaning {
    /// A program in shell or Ruby.
    Script,
    /// A configuration, normalized so that two with the same meaning are equal.
    Configuration(String),
}

/// Keys of ConfigMaps that hold a script but have neither an extension nor a shebang that says so.
const SCRIPTS: [&str; 12] = [
    "check-secrets",
    "chown",
    "configure",
    "configure-gsutil",
    "create-issuer",
    "generate-secrets",
    "initialize",
    "register-runner",
    "runcheck",
    "test_login",
    "upgrade-check",
    "wait-for-deps",
];

/// The meaning of the string under a key of a ConfigMap or a Secret.
pub(super) fn meaning(key: &str, text: &str) -> EmbeddedMeaning {
    if is_script(key, text) {
        return EmbeddedMeaning::Script;
    }
    let folded = fold_tags(text);
    let stem = key.trim_end_matches(".tpl").trim_end_matches(".erb");
    if [".yml", ".yaml", ".json"].iter().any(|end| stem.ends_with(end))
        && let Some(mut data) = data(&one_merge_key(&folded))
        && (data.is_object() || data.is_array())
    {
        sort(&mut data);
        return EmbeddedMeaning::Configuration(super::report::yaml(&data));
    }
    let mut lines: Vec<String> = folded.lines().map(words).filter(|line| says_something(line)).collect();
    lines.sort();
    lines.dedup();
    EmbeddedMeaning::Configuration(lines.join("\n"))
}

/// Parses YAML as the programs that read these files do: the last of two equal keys counts.
fn data(text: &str) -> Option<Value> {
    read::read_with(text, 0, Severity::Warning).ok().map(|read| read.value.to_value())
}

fn is_script(key: &str, text: &str) -> bool {
    SCRIPTS.contains(&key) || key.ends_with(".sh") || key.ends_with(".rb") || text.starts_with("#!")
}

/// Whether an argument of a container is a shell program.
pub(super) fn is_shell(argument: &str) -> bool {
    argument.contains([';', '\n', '|']) || argument.contains("&&") || argument.contains("sh -")
}

/// The position of the program in a shell command, `sh -c -e PROGRAM`.
pub(super) fn program(command: &[Value]) -> Option<usize> {
    let words: Vec<&str> = command.iter().map(|word| word.as_str().unwrap_or_default()).collect();
    let shell = words.first()?.rsplit('/').next()?;
    let flags = words.iter().skip(1).take_while(|word| word.starts_with('-')).count();
    let runs = words[1..=flags].iter().any(|flag| !flag.starts_with("--") && flag.contains('c'));
    (matches!(shell, "sh" | "bash" | "ash" | "dash") && runs && words.len() > flags + 1).then_some(flags + 1)
}

/// A line with single spaces between its words.
fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a line matters: neither a comment nor only a tag that reads no file, such as a condition, a loop or an
/// assignment.
fn says_something(line: &str) -> bool {
    let bare = line.split('«').map(|part| part.split_once('»').map_or(part, |(_, rest)| rest)).collect::<String>();
    !bare.trim().is_empty() && !line.starts_with('#') && !line.contains("«»")
}

/// Joins merge keys on consecutive lines into one key with a list: the programs that read these files accept several.
fn one_merge_key(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let start = format!("{}<<: ", &line[..indent]);
        let merged = line.strip_prefix(&start).filter(|name| name.starts_with('*'));
        let before = out.last_mut().filter(|before| before.starts_with(&start));
        match (merged, before) {
            (Some(name), Some(before)) => {
                let names = before[start.len()..].trim_matches(['[', ']']).to_owned();
                *before = format!("{start}[{names}, {}]", name.trim_end());
            }
            _ => out.push(line.to_owned()),
        }
    }
    out.join("\n")
}

/// Replaces each tag by the names of the files in it.
fn fold_tags(text: &str) -> String {
    // Both closing delimiters have two characters.
    replace_tags(text, |tag| format!("«{}»", files(&tag[..tag.len() - 2]).join(" ")))
}

/// The quoted absolute paths in a tag.
fn files(tag: &str) -> Vec<&str> {
    let parts = tag.split(['"', '\'']).skip(1).step_by(2);
    parts.filter(|part| part.starts_with('/')).collect()
}

/// Sorts the keys of every map.
fn sort(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(sort);
            // The programs that read these files treat an empty map or list as missing.
            let empty = |value: &Value| match value {
                Value::Null => true,
                Value::Object(inner) => inner.is_empty(),
                Value::Array(items) => items.is_empty(),
                _ => false,
            };
            map.retain(|_, value| !empty(value));
            map.sort_keys();
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_its_data_and_not_its_words() {
        let theirs = "# Listens.\nlisten_addr = \":8075\"\n{% $x := coll.Slice \"default\" %}\n\n[auth]\n";
        let ours = "[auth]\nlisten_addr =  \":8075\"\n";
        assert_eq!(meaning("config.toml.tpl", theirs), meaning("config.toml.tpl", ours));
        assert_ne!(meaning("config.toml.tpl", theirs), meaning("config.toml.tpl", "listen_addr = \":8076\"\n[auth]\n"));
        let theirs = "a: 1\nb: <%= File.read(\"/etc/x\").strip.to_json %>\n";
        let ours = "# Ours.\nb: <%= JSON.generate(IO.read('/etc/x').chomp) %>\na: 1\n";
        assert_eq!(meaning("gitlab.yml.erb", theirs), meaning("gitlab.yml.erb", ours));
        assert_ne!(meaning("gitlab.yml.erb", theirs), meaning("gitlab.yml.erb", "a: 2\n"));
    }

    #[test]
    fn anchors_are_read() {
        let theirs = "a: &a {x: 1}\nb: &b\n  y: 2\nc:\n  <<: *a\n  <<: *b\n";
        let ours = "a: {x: 1}\nb: {y: 2}\nc: {x: 1, y: 2}\n";
        assert_eq!(meaning("c.yml", theirs), meaning("c.yml", ours));
    }

    #[test]
    fn what_is_empty_is_as_good_as_absent_and_the_last_of_two_keys_counts() {
        let theirs = "a: 1\nlist: []\nmap: {inner: []}\nnone:\ntwice: {x: 1}\ntwice: {x: 2}\n";
        assert_eq!(meaning("gitlab.yml.erb", theirs), meaning("gitlab.yml.erb", "a: 1\ntwice: {x: 2}\n"));
        assert_ne!(meaning("gitlab.yml.erb", theirs), meaning("gitlab.yml.erb", "a: 1\nlist: [b]\ntwice: {x: 2}\n"));
    }

    #[test]
    fn a_script_is_a_script() {
        assert_eq!(meaning("configure", "set -e\n"), EmbeddedMeaning::Script);
        assert_eq!(meaning("x", "#!/bin/sh\n"), EmbeddedMeaning::Script);
        assert!(is_shell("cp -v a b; chmod 1 b"));
        assert!(!is_shell("--flag=a b"));
    }
}
