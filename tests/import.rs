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
        let undecided = ["no connection to object storage is configured", "no storage is named `default`"];
        if !matches!(got.status, Some(0 | 1)) || undecided.iter().any(|said| got.stderr.contains(said)) {
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

/// A string as Ruby reads it, in one of its forms.
fn ruby_literal(text: &str, form: usize) -> String {
    match form {
        0 => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        1 if !text.contains(['(', ')']) => format!("%q({})", text.replace('\\', "\\\\")),
        2 if text.ends_with('\n') => format!("<<-'EOS'\n{text}EOS"),
        _ => {
            let escaped = |c: char| match c {
                '"' | '\\' | '#' => format!("\\{c}"),
                c if c.is_control() || !c.is_ascii() => format!("\\u{{{:x}}}", u32::from(c)),
                c => c.to_string(),
            };
            format!("\"{}\"", text.chars().map(escaped).collect::<String>())
        }
    }
}

/// Whatever stands in a string, the result is YAML with that string: signs of YAML, Ruby, shells and templates, line breaks
/// of every kind.
#[test]
fn any_string_comes_out_as_it_went_in() {
    const PARTS: [&str; 34] = [
        "\"",
        "'",
        "$(touch x)",
        "`x`",
        "{{",
        "}}",
        "#{x}",
        "#",
        "%",
        "%{key}",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\r",
        "\r\n",
        "\n",
        "\t",
        "\u{feff}",
        ": ",
        "- ",
        "&a",
        "*a",
        "!",
        "|",
        ">",
        "\\",
        "\\n",
        "a",
        "Z",
        "0",
        " ",
        "é",
        "\u{1f600}",
        "---\n",
    ];
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    for round in 0..1_500 {
        let text: String = (0..1 + random(6)).map(|_| PARTS[random(PARTS.len())]).collect();
        // In the source itself, Ruby takes a carriage return before a line break for a part of that.
        let form = if text.contains('\r') { 3 } else { round % 4 };
        let written = ruby_literal(&text, form);
        let (open, close) = if form == 2 && text.ends_with('\n') { ("", "\n") } else { ("(", ")\n") };
        let file = format!(
            "external_url 'https://gitlab.example.com'\ngitlab_rails['gitlab_email_display_name'] = {open}{written}{close}\
             gitlab_rails['ldap_enabled'] = true\ngitlab_rails['ldap_servers'] = {{ 'main' => {{ 'label' => {0} }} }}\n\
             gitlab_rails['env'] = {{ 'A' => {0} }}\ngitlab_rails['omniauth_providers'] = [{{ name: {0} }}]\n",
            ruby_literal(&text, 3)
        );
        let (imported, _) = gitlab_rb("gitlab.rb", &file, None, "default").expect("the file is read");
        let values: serde_json::Value =
            serde_yaml::from_str(&imported.text).unwrap_or_else(|why| panic!("{text:?}: {why}"));
        let ours = gitlab_render::yaml::read::inner(&imported.text).expect("our reader takes it");
        for values in [&values, &ours] {
            for path in
                ["/global/email/display_name", "/global/appConfig/ldap/servers/main/label", "/global/extraEnv/A"]
            {
                assert_eq!(values.pointer(path).and_then(|value| value.as_str()), Some(text.as_str()), "{file}");
            }
            assert!(values.pointer("/global/appConfig/omniauth/providers/0/secret").is_some(), "{file}");
        }
    }
}
