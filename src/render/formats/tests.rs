//! Property tests of the writers: a reader of the format reads the same value, or the value is refused.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::process::Command;

use proptest::prelude::*;

use super::*;

/// Strings that try to break out, and random ones.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::collection::vec(
            prop::sample::select(vec![
                "{%", "%}", "<%", "%>", "<%=", "#{", "#$x", "#@x", "\"", "'", "\\", "\n", "\r", "\t", "$(x)", "`x`", ";", " ", "a", "0",
                "{{", "}}", "=", ":", "#", "\u{85}", "\u{2028}", "\u{feff}", "\u{7f}", "\u{0}", "file.Read", "é", "😀", "-", "|",
            ]),
            0..8,
        )
        .prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

/// gomplate's output for a file whose only tags are those that quote a delimiter.
fn gomplate(text: &str) -> String {
    let plain = text.replace("{% \"{%\" %}", "\u{e010}");
    assert!(!plain.contains("{%"), "a live tag: {text}");
    plain.replace('\u{e010}', "{%")
}

/// The output of a filter for a string in a JSON file.
fn filtered(filter: Filter, text: &str) -> String {
    let mut out = String::new();
    filter.write(&mut out, &Value::from(text), FileFormat::Json).unwrap();
    out
}

/// What a format makes of a value, or why it cannot.
fn written(format: FileFormat, value: impl Into<Value>) -> Result<String, FormatFault> {
    let mut out = String::new();
    format.write(&mut out, &value.into()).map(|()| out)
}

/// The words of a connection string, as libpq parses them.
fn libpq(text: &str) -> Vec<(String, String)> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let key: String = chars.by_ref().take_while(|c| *c != '=').collect();
        let mut value = String::new();
        let quoted = chars.next_if_eq(&'\'').is_some();
        while let Some(c) = chars.next() {
            match c {
                '\\' => value.extend(chars.next()),
                '\'' if quoted => break,
                c if c.is_ascii_whitespace() && !quoted => break,
                c => value.push(c),
            }
        }
        while chars.next_if(char::is_ascii_whitespace).is_some() {}
        words.push((key, value));
    }
    words
}

proptest! {
    #[test]
    fn toml_gives_the_text_back(text in texts()) {
        let line = format!("{} = {}\n", filtered(Filter::Bare, &text), written(FileFormat::Toml, vec![text.clone()]).unwrap());
        prop_assert!(!line.contains("{%"), "{line}");
        let read: toml::Table = toml::from_str(&line).unwrap();
        prop_assert_eq!(read[&text].as_array().unwrap()[0].as_str(), Some(text.as_str()));
    }

    #[test]
    fn yaml_gives_the_text_back(text in texts()) {
        let line = format!("a: {}\nb: \"x{}y\"\n", written(FileFormat::Json, text.as_str()).unwrap(), filtered(Filter::Inner, &text));
        prop_assert!(!line.contains("{%") && !line.contains("<%") && !line.contains("#{"), "{line}");
        let read = crate::yaml::read::inner(&line).unwrap();
        prop_assert_eq!(read["a"].as_str(), Some(text.as_str()));
        let around = format!("x{text}y");
        prop_assert_eq!(read["b"].as_str(), Some(around.as_str()));
    }

    #[test]
    fn tags_of_the_user_are_the_only_ones(text in texts()) {
        let written = filtered(Filter::Tagged, &text);
        prop_assert_eq!(written.matches("<%").count(), tags(&text));
    }

    #[test]
    fn a_flag_gives_the_text_back_or_is_refused(text in texts()) {
        if let Ok(value) = written(FileFormat::Flags, text.as_str()) {
            let file = gomplate(&format!("before=1\nname={value}\nafter=1\n"));
            // Go's flags as read from a file: trimmed lines, split at the first separator.
            let lines: Vec<_> = file.split('\n').map(str::trim).filter_map(|line| line.split_once('=')).collect();
            prop_assert_eq!(lines, [("before", "1"), ("name", text.as_str()), ("after", "1")]);
        } else {
            prop_assert!(text.chars().any(char::is_control) || text.ends_with(char::is_whitespace));
        }
    }

    #[test]
    fn sshd_gets_one_word_or_nothing(text in texts()) {
        if let Ok(value) = written(FileFormat::Sshd, vec![text.clone(), "b".to_owned()]) {
            prop_assert_eq!(value.split(',').collect::<Vec<_>>(), [text.as_str(), "b"]);
            prop_assert!(value.split_ascii_whitespace().count() == 1 && !value.contains(['"', '\'', '#', '\\']));
        }
    }

    #[test]
    fn a_connection_string_gives_the_text_back(text in texts()) {
        let line = format!("a: \"dbname={} user={} host=x\"\n", filtered(Filter::Conninfo, &text), filtered(Filter::Conninfo, &text));
        let read = crate::yaml::read::inner(&line).unwrap();
        let words = libpq(read["a"].as_str().unwrap());
        let expected: Vec<_> = [("dbname", text.as_str()), ("user", text.as_str()), ("host", "x")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        prop_assert_eq!(words, expected);
    }

    #[test]
    fn a_user_in_a_url_stays_one(text in texts()) {
        let written = filtered(Filter::Url, &text);
        prop_assert!(written.chars().all(|c| c.is_ascii_alphanumeric() || "-._~%".contains(c)), "{written}");
    }
}

/// How many of the user's tags `tagged` keeps: those that begin outside another.
fn tags(text: &str) -> usize {
    let mut rest = text;
    let mut count = 0;
    while let Some((_, tag)) = rest.split_once("<%") {
        let end = tag.find("%>").map_or(tag.len(), |at| at + 2);
        count += 1 + tag[..end].matches("<%").count();
        rest = &tag[end..];
    }
    count
}

#[test]
fn a_shell_gives_every_word_back() {
    let texts = [
        "",
        "a b",
        "$(touch x)",
        "`touch x`",
        "'",
        "\"",
        "a'b\"c",
        "\\",
        "x\ny",
        "-n",
        "*",
        "~",
        "é😀",
        "{%",
        "$HOME",
        "a;b&c|d>e<f",
        "!!",
        "#",
    ];
    let mut script = String::from("printf '%s\\0'");
    for text in texts {
        script.push(' ');
        script.push_str(&written(FileFormat::Shell, text).unwrap());
    }
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let read = String::from_utf8(output.stdout).unwrap();
    assert_eq!(read.strip_suffix('\0').unwrap().split('\0').collect::<Vec<_>>(), texts);
    assert!(written(FileFormat::Shell, "a\0b").is_err());
}

#[test]
fn numbers_and_maps_are_what_they_are_in_toml() {
    let value = serde_json::json!({"a": 1.0, "b": [1, 2.5], "c": {"d e": true}, "f": null});
    assert_eq!(written(FileFormat::Toml, value).unwrap(), "{ a = 1, b = [1,2.5], c = { \"d e\" = true } }");
}
