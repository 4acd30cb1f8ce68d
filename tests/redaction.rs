//! What is kept out of excerpts and differences, and what stays readable. `tests/redaction/secrets.yaml` lists places
//! where people put a secret (`{M}`), `harmless.yaml` texts that nothing may be hidden of.

use gitlab_render::diff::report;
use gitlab_render::pipeline::diff::{Side, diff};
use gitlab_render::pipeline::{self, render};
use gitlab_render::redact::Redacted;
use serde::Deserialize;

use crate::common::{file, release, root};

const OLD: &str = "Tr0ub4dorZ";
const NEW: &str = "N3wZrod4bu0rT";

#[derive(Deserialize)]
struct Placement {
    name: String,
    values: String,
    /// Whether only excerpts are looked at.
    #[serde(default)]
    excerpt: bool,
}

fn list<T: serde::de::DeserializeOwned>(name: &str) -> Vec<T> {
    let text = std::fs::read_to_string(root().join("tests/redaction").join(name)).unwrap();
    let tree = gitlab_render::yaml::read::inner(&text).unwrap();
    serde_json::from_value(tree).unwrap()
}

/// A text as it is, with neighbours, in a list, and with broken YAML behind it.
fn variants(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    let at = lines.iter().rposition(|line| line.contains("{M}")).unwrap();
    let pad = " ".repeat(lines[at].len() - lines[at].trim_start().len());
    let unknown = format!("{pad}zzUnknown: 1");
    let with = |n: usize| [&lines[..n], &[unknown.as_str()], &lines[n..]].concat().join("\n");
    vec![text.to_owned(), with(at + 1), with(at), text.replace(": {M}", ": [{M}]"), format!("{text}\n\t- broken: [\n")]
}

#[test]
fn no_line_of_a_document_shows_a_secret() {
    let mut shown = Vec::new();
    for placement in list::<Placement>("secrets.yaml") {
        for (form, text) in variants(&placement.values).into_iter().enumerate() {
            for secret in [OLD, NEW] {
                let redacted = Redacted::of(&text.replace("{M}", secret)).whole();
                for line in redacted.lines().filter(|line| line.contains(secret)) {
                    shown.push(format!("{} (form {form}): {line}", placement.name));
                }
            }
        }
    }
    shown.dedup();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

/// A character of several bytes at each place: no text ends the program.
#[test]
fn characters_of_several_bytes_stand_anywhere() {
    let texts =
        [list::<Placement>("secrets.yaml").into_iter().map(|placement| placement.values).collect::<Vec<_>>(), {
            let urls =
                ["a: https://TOKEN:x@h/p?sig=x", "\u{e9}://u:p@h", "--password x", "-----BEGIN X-----a-----END X-----"];
            urls.map(str::to_owned).to_vec()
        }];
    for text in texts.concat() {
        for (at, _) in text.char_indices().step_by(5) {
            let text = format!("{}\u{e9}\u{2028}{}", &text[..at], &text[at..]);
            assert!(!Redacted::of(&text).whole().is_empty());
        }
    }
}

/// No text ends the program, whatever signs stand in it, and what is not masked stays as it is, with its line breaks.
#[test]
fn any_text_is_read() {
    const PARTS: [&str; 48] = [
        "\"",
        "'",
        "`",
        "$(x)",
        "{{ x }}",
        "{{",
        "}}",
        "<%= y",
        "%>",
        "#{x}",
        " #",
        "\u{85}",
        "\u{2028}",
        "\r",
        "\r\n",
        "\n",
        "\n  ",
        "\t",
        "\u{feff}",
        ": ",
        "- ",
        "&a ",
        "*a",
        "!t ",
        "|\n",
        ">-\n",
        "\\",
        "\\x41",
        "a",
        "Z",
        "0",
        " ",
        "é",
        "---\n",
        "...\n",
        "password",
        "token=",
        "-p",
        "curl -u ",
        "u:x@h.de",
        "--from-literal",
        "secret",
        "[",
        "]",
        "{",
        "}",
        "? ",
        "://",
    ];
    let mut state = 11_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    for _ in 0..6_000 {
        let text: String = (0..1 + random(14)).map(|_| PARTS[random(PARTS.len())]).collect();
        let whole = Redacted::of(&text).whole();
        assert!(whole.contains('*') || whole == text, "{text:?} became {whole:?}");
        let _ = gitlab_render::redact::text(&text);
        let _ = gitlab_render::redact::value(
            "a",
            &serde_json::json!({"b": [text.as_str(), "-p", text.as_str()], "password": text}),
        );
    }
}

#[test]
fn no_form_of_a_difference_shows_a_secret() {
    let mut shown = Vec::new();
    let mut compared = 0;
    for placement in list::<Placement>("secrets.yaml").into_iter().filter(|placement| !placement.excerpt) {
        let side = |secret: &str| {
            let values = placement.values.replace("{M}", secret).into_bytes();
            Side::Values(Box::new(release("p", "default", vec![file(values)])))
        };
        // what cannot be rendered is an excerpt, which the test above reads
        let Ok(found) = diff(side(OLD), side(NEW), None, None) else { continue };
        compared += 1;
        let comparison = &found.comparison;
        let forms = [
            report::text(comparison),
            report::json(comparison),
            report::markdown(comparison),
            report::unified(comparison),
        ];
        for line in forms.iter().flat_map(|form| form.lines()).filter(|line| line.contains(OLD) || line.contains(NEW)) {
            shown.push(format!("{}: {line}", placement.name));
        }
    }
    assert!(compared >= 20, "only {compared} render");
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn what_is_no_secret_stays_readable() {
    let mut hidden = Vec::new();
    for text in list::<String>("harmless.yaml") {
        let redacted = Redacted::of(&text).whole();
        let lines = text.lines().zip(redacted.lines()).filter(|(before, after)| before != after);
        hidden.extend(lines.map(|(before, after)| format!("{before}\n  became {after}")));
    }
    assert!(hidden.is_empty(), "{}", hidden.join("\n"));
}

/// The scripts and configuration files of a whole release say where secrets are, and hold none.
#[test]
fn the_files_of_a_release_stay_readable() {
    let rendered =
        render(&release("p", "default", vec![file(b"certmanager-issuer: {email: a@example.com}".to_vec())])).unwrap();
    let mut hidden = Vec::new();
    for object in rendered.objects.manifests() {
        let body = &object.body;
        let shown = gitlab_render::redact::value("", body);
        if *body != shown {
            let (before, after) =
                (serde_json::to_string_pretty(body).unwrap(), serde_json::to_string_pretty(&shown).unwrap());
            let differ = before.lines().zip(after.lines()).filter(|(a, b)| a != b);
            for (a, b) in differ {
                let parts = a.split("\\n").zip(b.split("\\n")).filter(|(a, b)| a != b);
                hidden.extend(parts.map(|(a, b)| format!("{}: {a}\n  became {b}", object.id)));
            }
        }
    }
    assert!(hidden.is_empty(), "{}", hidden.join("\n"));
}

/// A manifest whose names and texts try to get out of the report they stand in.
#[test]
fn reports_keep_what_others_wrote_in_its_place() {
    const NAME: &str = "x\n\n/approve\n`|</summary><b>@all\u{1b}[2J\u{85}\u{2028}\u{202e}";
    let object = |value: &str| {
        serde_json::json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME},
            "data": {NAME: value, "text": format!("{value}\n```\n/close\n</details>\u{1b}[31m")},
        })
        .to_string()
        .chars()
        .fold(String::new(), |text, c| match c.is_ascii() {
            true => text + &c.to_string(),
            false => text + &format!("\\u{:04x}", u32::from(c)),
        })
    };
    let side = |value: &str| Side::Manifests(vec![("x.yaml".to_owned(), object(value))]);
    let comparison = diff(side("1"), side("2"), None, None).unwrap().comparison;
    let forms = [report::text(&comparison), report::markdown(&comparison), report::unified(&comparison)];
    for form in &forms {
        assert!(!form.chars().any(|c| (c.is_control() && c != '\n') || "\u{2028}\u{202e}".contains(c)), "{form}");
    }
    let markdown = &forms[1];
    let outside = outside_fences(markdown);
    for line in &outside {
        assert!(!line.starts_with("/approve") && !line.starts_with("/close"), "{markdown}");
        assert!(!line.contains("@all") && !line.contains("<b>"), "{line}");
    }
    assert_eq!(outside.iter().filter(|line| line.contains("</summary>")).count(), 1, "{markdown}");
    let row = outside.iter().find(|line| line.starts_with("| <code>")).unwrap();
    assert_eq!(row.matches('|').count(), 5, "{row}");

    // a server refuses such a name; and a field that there is not
    let wrong = object("1").replacen("\"data\"", "\"dtaa\"", 1);
    let texts = vec![gitlab_render::validate::files::ManifestText {
        name: "\u{1b}[31mx\n.yaml".to_owned(),
        text: wrong.into(),
        named: true,
    }];
    let version = gitlab_render::resolve::KubeVersion { major: 1, minor: 35 };
    let (found, ..) = pipeline::validate::texts(texts, version, "default");
    assert!(!found.all.is_empty());
    let text = gitlab_render::validate::report::text(&found, gitlab_render::diag::Severity::Note);
    assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || "\u{2028}\u{202e}".contains(c)), "{text}");
    assert!(text.lines().all(|line| line.contains(".yaml:") || line.starts_with("  hint: ")), "{text}");
    let junit = gitlab_render::validate::report::junit(&found, "validate", "summary");
    assert!(!junit.chars().any(|c| c.is_control() && c != '\n'), "{junit}");
}

/// The lines of a Markdown text that are not inside a fence.
fn outside_fences(markdown: &str) -> Vec<&str> {
    let mut fence: Option<usize> = None;
    let mut outside = Vec::new();
    for line in markdown.lines() {
        let run = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(length) if run >= length && line.len() == run => fence = None,
            Some(_) => {}
            None if run >= 3 => fence = Some(run),
            None => outside.push(line),
        }
    }
    outside
}
