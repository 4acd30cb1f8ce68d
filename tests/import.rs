//! `import gitlab.rb`: each directory under `tests/import/` is named by a sentence and holds `gitlab.rb`, `args` (one a line,
//! optional) and `expected.txt`: the values, what is said about the rest, and the exit status.
//!
//! `UPDATE_EXPECT=1 cargo test import` writes what is answered now; read the difference before it is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use gitlab_render::pipeline::import::gitlab_rb;

use crate::common::{entries, run, unexpected, words};

fn cases() -> Vec<PathBuf> {
    let cases = entries("import");
    assert!(cases.len() >= 50, "cases are missing");
    cases
}

#[test]
fn files_become_values_and_the_rest_is_told() {
    let mut wrong = Vec::new();
    for case in cases() {
        let mut args = words("import gitlab.rb gitlab.rb");
        args.extend(fs::read_to_string(case.join("args")).unwrap_or_default().lines().map(str::to_owned));
        let got = run(&case, &args, &BTreeMap::new(), "");
        let answer = format!("{}----\n{}exit {}\n", got.stdout, got.stderr, got.status.expect("it ends"));
        assert!(!answer.contains("hunter"), "{}: a secret is shown:\n{answer}", case.display());
        let read: Result<serde_json::Value, _> = serde_yaml::from_str(&got.stdout);
        assert!(got.status == Some(3) || read.is_ok(), "{}: the result is no YAML", case.display());
        wrong.extend(unexpected(&case.join("expected.txt"), &answer));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What comes out is a values file that renders: with no key that is not known, and no type that is wrong.
#[test]
fn the_values_render() {
    let mut rendered = 0;
    for case in cases() {
        let directory = tempfile::tempdir().expect("a directory");
        let got = run(&case, &words("import gitlab.rb gitlab.rb"), &BTreeMap::new(), "");
        // what somebody has to decide first is not in the values yet
        if !matches!(got.status, Some(0 | 1)) || got.stderr.contains("no connection to object storage is configured") {
            continue;
        }
        fs::write(directory.path().join("values.yaml"), got.stdout).expect("the values are written");
        let got = run(directory.path(), &words("template -q -f values.yaml"), &BTreeMap::new(), "");
        assert_eq!(got.status, Some(0), "{}: {}", case.display(), got.stderr);
        rendered += 1;
    }
    assert!(rendered >= 45, "only {rendered} files were imported");
}

/// A byte of a `gitlab.rb` can cost a hundred bytes of memory, so that a very long one is refused unread.
#[test]
fn a_very_long_file_is_refused() {
    let text = "x = 1\n".repeat((1 << 20) / 6 + 1);
    let failure = gitlab_rb("gitlab.rb", &text, None, "default").expect_err("the file is too long");
    assert_eq!(failure.report.0[0].code, "too-long");
}

/// Every text ends with a result: no panic, no loop. Files cut off at each place, and with characters changed.
#[test]
fn broken_files_end_with_a_result() {
    let mut tried = 0;
    for case in cases() {
        let text = fs::read_to_string(case.join("gitlab.rb")).expect("the file can be read");
        let short: Vec<char> = text.chars().take(1_500).collect();
        for at in 0..short.len() {
            let cut: String = short[..at].iter().collect();
            let mut changed = short.clone();
            changed[at] = ['{', '[', '(', '"', '\'', '<', '%', ':', '\n', '#', '\\', 'é'][at % 12];
            for text in [cut, changed.into_iter().collect()] {
                let _ = gitlab_rb("gitlab.rb", &text, None, "default");
                tried += 1;
            }
        }
    }
    for nasty in [
        "[".repeat(100_000),
        "a['b'] = ".to_owned() + &"{'x' => ".repeat(50_000),
        "<<A".repeat(10_000),
        "%".repeat(10_000),
    ] {
        let _ = gitlab_rb("gitlab.rb", &nasty, None, "default");
        tried += 1;
    }
    assert!(tried > 10_000, "only {tried} texts were tried");
}

#[test]
fn at_least_150_settings_have_a_counterpart() {
    assert!(gitlab_render::import::counterparts() >= 150, "{}", gitlab_render::import::counterparts());
}

/// What a row writes, a render reads.
#[test]
fn every_counterpart_is_a_key_of_the_chart() {
    let rows = include_str!("../src/import/keys.tsv").lines().filter(|row| !row.starts_with('#'));
    let targets = rows.filter_map(|row| {
        let mut columns = row.split('\t').skip(1);
        let how = columns.next()?;
        columns.next().filter(|_| ["value", "redis", "secret"].contains(&how))
    });
    let wrong: Vec<&str> = targets.filter(|to| !to.is_empty() && !gitlab_render::schema::knows(to)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
