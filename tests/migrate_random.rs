//! Values files made up at random: whatever they look like, what no rule is about stays byte for byte.

use gitlab_render::diag::Failure;
use gitlab_render::pipeline::{migrate, render};
use gitlab_render::upgrade::migrate::migrate;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};

use crate::common::{entries, file as input, release};

/// Answers to the questions of the generator; zeros when they run out, so that a failing file becomes small.
struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    fn of(&mut self, n: u8) -> usize {
        usize::from(self.0.next().unwrap_or(0) % n)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.of(u8::try_from(from.len()).unwrap())]
    }
}

/// A file that grows, and those of its lines that no rule is about.
#[derive(Default)]
struct File {
    lines: Vec<String>,
    kept: Vec<usize>,
    anchors: usize,
    keys: usize,
    step: usize,
}

/// What stands in a section: its name, and keys of old with values that a rule is about.
const SECTIONS: &[(&str, &[(&str, Old)])] = &[
    (
        "registry",
        &[
            ("minReplicas", Old::Scalar),
            ("maxReplicas", Old::Scalar),
            ("updateStrategy", Old::Map),
            ("compatibility", Old::Map),
            ("httpSecret", Old::Map),
        ],
    ),
    ("gitlab.sidekiq", &[("cluster", Old::Scalar), ("cron_jobs", Old::Map), ("queueSelector", Old::Scalar)]),
    ("gitlab.webservice", &[("omniauth", Old::Map), ("ldap", Old::Map)]),
    ("gitlab.task-runner", &[]),
    ("global", &[("imagePullPolicy", Old::Scalar), ("busybox", Old::Map)]),
    ("global.redis", &[("password", Old::Map)]),
    ("minio", &[("enabled", Old::Scalar)]),
];

#[derive(Clone, Copy, PartialEq)]
enum Old {
    Scalar,
    Map,
}

impl File {
    fn line(&mut self, text: String, kept: bool) {
        if kept {
            self.kept.push(self.lines.len());
        }
        self.lines.push(text);
    }

    fn scalar(&mut self, choices: &mut Choices) -> String {
        let value = choices.pick(&[
            "a",
            "1",
            "true",
            "'it''s: {so}'",
            "\"x \\\" y # no\"",
            "~",
            "on",
            "é-ü",
            "0400",
            "{}",
            "[]",
        ]);
        match choices.of(8) {
            0 => {
                self.anchors += 1;
                format!("&a{} {value}", self.anchors)
            }
            1 if self.anchors > 0 => format!("*a{}", 1 + choices.of(u8::try_from(self.anchors).unwrap())),
            _ => value.to_owned(),
        }
    }

    /// Blank lines, and comments that belong to nothing or to the key that comes.
    fn before(&mut self, column: usize, kept: bool, choices: &mut Choices) {
        match choices.of(6) {
            0 => self.line(String::new(), true),
            1 => {
                let column = if choices.of(2) == 0 { 0 } else { column };
                self.line(format!("{:column$}# free: {{", ""), true);
                self.line(choices.pick(&["", "  "]).to_owned(), true);
            }
            2 => self.line(format!("{:column$}# of the key: - x", ""), kept),
            _ => {}
        }
    }

    fn entry(&mut self, key: &str, map: Option<bool>, column: usize, kept: bool, choices: &mut Choices) {
        self.before(column, kept, choices);
        let key = format!("{0}{key}{0}", choices.pick(&["", "", "", "\"", "'"]));
        let head = format!("{:column$}{key}:", "");
        let comment = choices.pick(&["", "", "  # why", " # {a: b}"]);
        let inner = column + self.step;
        let kind = match map {
            Some(true) => 3 + choices.of(2),
            Some(false) => 0,
            None => choices.of(7),
        };
        match kind {
            1 => {
                let header = choices.pick(&["|", ">-", "|+", "|-"]);
                self.line(format!("{head} {header}"), kept);
                for text in ["one: 1", "  # no comment", "", "two"] {
                    self.line(if text.is_empty() { String::new() } else { format!("{:inner$}{text}", "") }, kept);
                }
            }
            2 => {
                self.line(format!("{head}{comment}"), kept);
                let dash = if choices.of(2) == 0 { column } else { inner };
                for _ in 0..=choices.of(2) {
                    let value = self.scalar(choices);
                    self.line(format!("{:dash$}- k: {value}", ""), kept);
                    self.line(format!("{:dash$}  # item", ""), kept);
                    self.line(format!("{:dash$}  l: {{m: [1, 'n']}}", ""), kept);
                }
            }
            3 => {
                self.line(format!("{head}{comment}"), kept);
                self.line(format!("{:inner$}secret: s{comment}", ""), kept);
                self.line(format!("{:inner$}# inner", ""), kept);
                let value = self.scalar(choices);
                self.line(format!("{:inner$}key: {value}", ""), kept);
            }
            4 => self.line(format!("{head} {{secret: s, 'key': \"k\"}}{comment}"), kept),
            5 => {
                self.line(format!("{head} \"several"), kept);
                self.line(format!("{:inner$}lines\"{comment}", ""), kept);
            }
            6 => {
                self.line(format!("{head} [1,{comment}"), kept);
                self.line(format!("{:inner$}{{a: 2}}, ]", ""), kept);
            }
            _ => {
                let value = self.scalar(choices);
                self.line(format!("{head} {value}{comment}"), kept);
            }
        }
    }

    fn neutral(&mut self, column: usize, choices: &mut Choices) {
        self.keys += 1;
        let key = format!("n{}", self.keys);
        self.entry(&key, None, column, true, choices);
    }

    fn section(&mut self, path: &str, old: &[(&str, Old)], column: usize, choices: &mut Choices) {
        let mut first = choices.of(2) == 0;
        if first {
            self.neutral(column, choices);
        }
        for (key, value) in old {
            if choices.of(2) == 0 {
                self.entry(key, Some(*value == Old::Map), column, false, choices);
            }
            if choices.of(3) == 0 {
                self.neutral(column, choices);
                first = true;
            }
        }
        let inner: Vec<_> =
            SECTIONS.iter().filter(|(name, _)| name.strip_prefix(path).is_some_and(|n| n.starts_with('.'))).collect();
        for (name, old) in inner {
            if choices.of(2) == 0 {
                let key = &name[path.len() + 1..];
                // `task-runner` is renamed itself; its keys are left alone.
                self.line(format!("{:column$}{key}:", ""), key != "task-runner");
                self.section(name, old, column + self.step, choices);
                first = true;
            }
        }
        if !first {
            self.neutral(column, choices);
        }
    }
}

fn file(choices: &mut Choices) -> (String, Vec<String>) {
    let mut file = File { step: if choices.of(2) == 0 { 2 } else { 4 }, ..File::default() };
    let mut names = vec!["registry", "gitlab", "global", "minio", "zeta"];
    while !names.is_empty() {
        let name = names.remove(choices.of(u8::try_from(names.len()).unwrap()));
        if choices.of(4) == 3 {
            continue;
        }
        if choices.of(3) == 0 {
            file.line(String::new(), true);
        }
        file.line(format!("{name}:"), true);
        let old = SECTIONS.iter().find(|(section, _)| *section == name).map_or(&[][..], |(_, old)| old);
        file.section(name, old, file.step, choices);
    }
    let eol = choices.pick(&["\n", "\n", "\r\n"]);
    let mut text = choices.pick(&["", "", "\u{feff}", "# head\n\n"]).replace('\n', eol);
    text.push_str(&file.lines.join(eol));
    text.push_str(if choices.of(3) == 0 { "" } else { eol });
    (text, file.kept.iter().map(|at| file.lines[*at].clone()).collect())
}

#[test]
fn the_files_made_up_are_mostly_read_and_mostly_changed() {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(state >> 56).unwrap()
    };
    let span = migrate::span(None, None).unwrap();
    let (mut read, mut changed, mut open) = (0, 0, 0);
    for _ in 0..100 {
        let bytes: Vec<u8> = (0..200).map(|_| next()).collect();
        if let Ok(done) = migrate("values.yaml", &file(&mut Choices(bytes.into_iter())).0, &span) {
            read += 1;
            changed += usize::from(done.changed > 0);
            open += usize::from(done.open > 0);
        }
    }
    assert!(read > 70 && changed > 50 && open > 20, "{read} read, {changed} changed, {open} with decisions");
}

/// Sections between braces, with a comment above and behind each entry: `a: {b: {` and the entries, old and new.
const IN_BRACES: &[(&str, &[&str])] = &[
    ("gitlab: {sidekiq: {", &["cluster: true", "concurrency: 2", "queues: 'a, #b'"]),
    ("registry: {", &["minReplicas: 2", "enabled: true", "updateStrategy: {type: x}", "maxReplicas: 3"]),
    ("global: {", &["imagePullPolicy: Always", "edition: ce", "platform: x", "operator: {}"]),
    ("minio: {", &["enabled: true", "persistence: {size: 1Gi}"]),
];

/// A file of such sections, and its comments.
fn in_braces(choices: &mut Choices) -> (String, Vec<String>) {
    let (mut text, mut comments) = (String::new(), Vec::new());
    let mut comment = |text: &mut String, choices: &mut Choices, before: &str| {
        if choices.of(2) == 1 {
            let word = choices.pick(&["a, b", "c: {d", "e}", "f"]);
            let comment = format!("# {} {word}", comments.len());
            text.push_str(&format!("{before}{comment}"));
            comments.push(comment);
        }
    };
    for (head, entries) in IN_BRACES {
        if choices.of(4) == 3 {
            continue;
        }
        comment(&mut text, choices, "");
        let first = choices.of(u8::try_from(entries.len()).unwrap());
        let chosen: Vec<&&str> =
            entries.iter().skip(first).filter(|entry| **entry == entries[first] || choices.of(3) > 0).collect();
        text.push_str(&format!("\n{head}"));
        for (number, entry) in chosen.iter().enumerate() {
            comment(&mut text, choices, "\n  ");
            text.push_str(&format!("\n  {entry}"));
            if number + 1 < chosen.len() || choices.of(2) == 1 {
                text.push(',');
            }
            comment(&mut text, choices, " ");
        }
        text.push_str(&format!("\n{}", "}".repeat(head.matches('{').count())));
        comment(&mut text, choices, " ");
        text.push('\n');
    }
    // A file of `...` alone is no YAML for every reader, before and after.
    if !text.is_empty() {
        text.push_str(choices.pick(&["", "...\n"]));
    }
    (text, comments)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn comments_between_braces_stay_and_the_result_is_yaml(bytes in vec(any::<u8>(), 0..120)) {
        let (text, comments) = in_braces(&mut Choices(bytes.into_iter()));
        let span = migrate::span(None, None).unwrap();
        let done = migrate("values.yaml", &text, &span).unwrap_or_else(|failure| panic!("{:?}\n{text}", failure.report.0));
        let read: Result<serde_json::Value, _> = serde_yaml::from_str(&done.text);
        assert!(read.is_ok(), "{read:?}\n{}\nfrom\n{text}", done.text);
        for comment in &comments {
            assert!(done.text.contains(comment.as_str()), "`{comment}` is gone from\n{}\nfrom\n{text}", done.text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_no_rule_is_about_stays_byte_for_byte(bytes in vec(any::<u8>(), 0..250)) {
        let (text, kept) = file(&mut Choices(bytes.into_iter()));
        let span = migrate::span(None, None).unwrap();
        let done = match migrate("values.yaml", &text, &span) {
            Ok(done) => done,
            Err(Failure { report, .. }) => {
                let ours = report.0.iter().any(|d| d.fault == gitlab_render::diag::Fault::Bug);
                assert!(!ours, "{:?}\n{text}", report.0);
                // An alias of what is not a map, a key twice: such a file is refused, and not rewritten.
                return Ok(());
            }
        };
        if done.changed + done.open == 0 {
            assert_eq!(&done.text, &text);
        }
        let crlf = text.contains("\r\n");
        assert_eq!(crlf, done.text.contains("\r\n"));
        assert!(!crlf || done.text.matches('\n').count() == done.text.matches("\r\n").count(), "{}", done.text);
        assert_eq!(text.starts_with('\u{feff}'), done.text.starts_with('\u{feff}'));
        let mut left = done.text.trim_start_matches('\u{feff}').split('\n').map(|line| line.trim_end_matches('\r'));
        for line in &kept {
            assert!(left.any(|other| other == line), "`{line}` is not where it was in\n{}\nfrom\n{text}", done.text);
        }
        let again = migrate("values.yaml", &done.text, &span).unwrap();
        assert_eq!(&again.text, &done.text, "a second run changes it");
        assert_eq!((again.changed, again.open), (0, done.open));
    }
}

/// A document with comments and blank lines before and behind its lines, and the comments. Where a line is a part of a
/// string, that changes what the document means: the caller looks.
fn decorated(text: &str, choices: &mut Choices) -> (String, Vec<String>) {
    let (mut out, mut comments) = (String::new(), Vec::new());
    for line in text.lines() {
        let mut comment = |before: &str| {
            let comment = format!("# kept {}: {{a: 'b'", comments.len());
            let text = format!("{before}{comment}");
            comments.push(comment);
            text
        };
        let column = line.len() - line.trim_start().len();
        match choices.of(6) {
            0 => out.push_str(&format!("{:column$}{}\n", "", comment(""))),
            1 => out.push('\n'),
            2 => out.push_str(&format!("{}\n\n", comment(""))),
            _ => {}
        }
        out.push_str(line);
        if choices.of(4) == 0 && line.contains(": ") && !line.contains('#') {
            out.push_str(&comment("  "));
        }
        out.push('\n');
    }
    (out, comments)
}

/// What values render for the newest release, whatever else is in them; none where they are refused.
fn objects(text: &str) -> Option<Vec<serde_json::Value>> {
    let rendered = render(&release("t", "default", vec![input(text.as_bytes().to_vec())])).ok()?;
    Some(rendered.objects.manifests().iter().map(|manifest| manifest.body.clone()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_decorates_a_document_stays_and_changes_no_render(number in any::<u8>(), bytes in vec(any::<u8>(), 0..150)) {
        let cases = entries("migrate");
        let case = &cases[usize::from(number) % cases.len()];
        let before = std::fs::read_to_string(case.join("before.yaml")).unwrap();
        let before = before.trim_start_matches('\u{feff}').to_owned();
        let (text, comments) = decorated(&before, &mut Choices(bytes.into_iter()));
        let read = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).ok();
        let span = migrate::span(None, None).unwrap();
        let Ok(plain) = migrate("values.yaml", &before, &span) else { return Ok(()) };
        // A comment inside a string is text, and behind some lines it is none of a comment.
        if read(&before).is_none() || read(&text) != read(&before) {
            return Ok(());
        }
        let done = migrate("values.yaml", &text, &span).unwrap_or_else(|failure| panic!("{:?}\n{text}", failure.report.0));
        if done.open != plain.open {
            // Comments in a place that cannot be edited leave a decision to a person.
            assert!(done.open > plain.open, "{}\nfrom\n{text}", done.text);
            return Ok(());
        }
        assert_eq!(read(&done.text), read(&plain.text), "{}\nfrom\n{text}", done.text);
        // The comments of a key that nothing reads go with it.
        let removes = done.report.iter().any(|note| note.message.contains("`: removed: "));
        for comment in comments.iter().filter(|_| !removes) {
            assert!(done.text.contains(comment.as_str()), "`{comment}` is gone from\n{}\nfrom\n{text}", done.text);
        }
        // Rendering is dear.
        if number % 16 == 0 {
            assert_eq!(objects(&done.text), objects(&plain.text), "{}", done.text);
        }
    }
}
