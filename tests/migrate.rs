//! Values files taken to a newer release.
//!
//! Each directory under `tests/migrate/` is named by a sentence and holds `before.yaml`, `args` (`--from` and `--to`,
//! optional), `after.yaml`, and `report`: what is said, a line each. `UPDATE_EXPECT=1 cargo test migrate` writes the
//! last two; read the difference before it is committed.

use std::fs;
use std::io::Read;
use std::path::Path;

use gitlab_render::diag::{Failure, Place, Report};
use gitlab_render::pipeline;
use gitlab_render::upgrade::migrate::{MARK, Migrated, migrate};
use gitlab_render::upgrade::rules::ReleaseSpan;
use gitlab_render::upgrade::rules::{self, Action};
use gitlab_render::values::Origins;
use gitlab_render::yaml::read;
use gitlab_render::yaml::write::write_document;
use serde_json::Value;

use crate::common::{entries, root};
use crate::rules::{before, cases};

fn span(args: &str) -> ReleaseSpan {
    let words: Vec<_> = args.split_whitespace().collect();
    let after = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1]);
    pipeline::migrate::span(after("--from"), after("--to")).expect("the releases are known")
}

fn today() -> ReleaseSpan {
    span("")
}

fn migrated(text: &str, span: &ReleaseSpan) -> Migrated {
    migrate("before.yaml", text, span).unwrap_or_else(|failure| panic!("{}\n{text}", words(&failure.report)))
}

fn words(report: &Report) -> String {
    report.0.iter().map(|d| format!("{}\n", d.message)).collect()
}

fn meaning(text: &str) -> Value {
    read::read(text, 0).unwrap_or_else(|report| panic!("{}\n{text}", words(&report))).value.to_value()
}

fn block(values: &Value) -> String {
    let mut text = String::new();
    write_document(&mut text, values);
    text
}

#[test]
fn files_become_what_is_written_down() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let cases = entries("migrate");
    assert!(cases.len() >= 25, "{} cases", cases.len());
    let wrong: Vec<_> = cases.iter().filter_map(|case| check(case, update).err()).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn check(case: &Path, update: bool) -> Result<(), String> {
    let name = case.file_name().unwrap().to_string_lossy();
    let file = |file: &str| fs::read_to_string(case.join(file)).unwrap_or_default();
    let span = span(&file("args"));
    let before = file("before.yaml");
    let done = migrated(&before, &span);
    let report: String = done.report.iter().map(|d| format!("{}\n", line(d))).collect();
    if update {
        fs::write(case.join("after.yaml"), &done.text).unwrap();
        fs::write(case.join("report"), &report).unwrap();
    }
    let mut wrong = Vec::new();
    for (what, got, want) in [("after.yaml", &done.text, file("after.yaml")), ("report", &report, file("report"))] {
        if *got != want {
            wrong.push(format!("{name}: {what} is\n{got}not\n{want}"));
        }
    }
    let again = migrated(&done.text, &span);
    if again.text != done.text || again.changed > 0 {
        wrong.push(format!("{name}: a second run gives\n{}", again.text));
    }
    if again.open != done.open {
        wrong.push(format!("{name}: {} decisions at first, {} at second", done.open, again.open));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// `2:3 note: message (hint)`.
fn line(diagnostic: &gitlab_render::diag::Diagnostic) -> String {
    let place = match diagnostic.places.first() {
        Some(Place::At(at)) => format!("{}:{}", at.line, at.column),
        _ => "-".to_owned(),
    };
    let hint = diagnostic.hint.as_ref().map(|hint| format!(" [{hint}]")).unwrap_or_default();
    format!("{place} {}: {}{hint}", diagnostic.severity.word(), diagnostic.message)
}

#[test]
fn every_recorded_change_is_made_or_left_to_a_person() {
    let mut wrong = Vec::new();
    for case in cases() {
        let span = ReleaseSpan { from: Some(before(case.since)), to: case.since };
        for text in [block(&case.values), case.values.to_string()] {
            let done = migrated(&text, &span);
            let (want, changed, open) = match case.then.as_str() {
                Some("decide") => (&case.values, 0, 1),
                Some(_) => (&case.values, 0, 0),
                None => (&case.then["values"], 1, 0),
            };
            if meaning(&done.text) != *want {
                wrong.push(format!("{}: gives\n{}", case.name, done.text));
            }
            if (done.changed.min(1), done.open) != (changed, open) {
                wrong.push(format!("{}: {} changes, {} decisions", case.name, done.changed, done.open));
            }
            if done.text.matches(MARK).count() != open || (changed + open == 0 && done.text != text) {
                wrong.push(format!("{}: wrong text\n{}", case.name, done.text));
            }
            if done.report.iter().any(|d| d.message.contains("not-shown")) || (open == 1 && done.report.is_empty()) {
                wrong.push(format!("{}: says {:?}", case.name, done.report));
            }
            let again = migrated(&done.text, &span);
            if again.text != done.text {
                wrong.push(format!("{}: a second run gives\n{}", case.name, again.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Goes through a text; whether it was changed.
fn holds(name: &str, text: &str, wrong: &mut Vec<String>) -> bool {
    let span = today();
    let values = meaning(text);
    let applies = rules::hits(&values, &Origins::none(), &span).iter().any(|hit| hit.action != Action::Keep);
    let done = migrated(text, &span);
    if applies != (done.text != text) {
        wrong.push(format!("{name}: rules apply: {applies}, and the text was changed: {}", done.text != text));
    }
    if applies {
        let again = migrated(&done.text, &span);
        if again.text != done.text || again.changed > 0 {
            wrong.push(format!("{name}: a second run changes it"));
        }
    }
    applies
}

#[test]
fn documents_of_today_are_left_as_they_are_but_for_what_a_rule_says() {
    let mut packed = Vec::new();
    let file = fs::File::open(root().join("tests/upgrade/corpus.json.gz")).expect("the documents are there");
    flate2::read::GzDecoder::new(file).read_to_end(&mut packed).expect("the documents can be unpacked");
    let documents: Vec<(String, Value)> = serde_json::from_slice(&packed).expect("the documents are JSON");
    assert!(documents.len() > 1000);
    let mut wrong = Vec::new();
    let mut changed = 0;
    for (name, values) in &documents {
        let in_blocks = holds(name, &block(values), &mut wrong);
        let in_braces = holds(name, &values.to_string(), &mut wrong);
        assert_eq!(in_blocks, in_braces, "{name}");
        changed += usize::from(in_blocks);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!((1..documents.len() / 4).contains(&changed), "{changed} of {} were changed", documents.len());
}

/// What people really wrote, where it is there: `.ci/run` says where in `SHARED`.
#[test]
#[ignore = "needs the recorded facts beside the repository; .ci/run runs it"]
fn files_of_people_are_migrated_or_refused_for_what_is_wrong_in_them() {
    let shared = std::env::var("SHARED").expect("SHARED names the folder of recorded facts");
    let (mut seen, mut wrong) = (0, Vec::new());
    for path in fs::read_dir(Path::new(&shared).join("users")).unwrap().map(|entry| entry.unwrap().path()) {
        let Some(text) = fs::read_to_string(&path).ok().filter(|_| path.extension().is_some_and(|e| e == "yaml"))
        else {
            continue;
        };
        let name = path.display().to_string();
        match migrate(&name, &text, &today()) {
            Ok(_) => {
                holds(&name, &text, &mut wrong);
            }
            Err(Failure { report, .. }) => {
                assert!(
                    report.0.iter().all(|d| d.fault != gitlab_render::diag::Fault::Bug),
                    "{name}: {}",
                    words(&report)
                );
            }
        }
        seen += 1;
    }
    assert!(seen > 30 && wrong.is_empty(), "{seen} files: {}", wrong.join("\n"));
}

#[test]
fn profiles_need_no_change() {
    let mut seen = 0;
    for path in fs::read_dir(root().join("values")).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|e| e == "yaml") {
            seen += 1;
            let text = fs::read_to_string(&path).unwrap();
            let done = migrated(&text, &today());
            assert_eq!((done.text == text, done.open), (true, 0), "{}: {:?}", path.display(), done.report);
        }
    }
    assert!(seen > 0);
}

#[test]
fn a_file_is_written_back_where_it_came_from_with_its_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.yaml");
    fs::write(&path, "minio:\n  enabled: false\r\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("values.yaml", folder.path().join("link.yaml")).unwrap();
    let args = ["values", "migrate", "-f", "link.yaml", "--in-place", "--no-verify"].map(str::to_owned);
    for _ in 0..2 {
        let ran = crate::common::run(folder.path(), &args, &std::collections::BTreeMap::new(), "");
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.is_empty());
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(meaning(&text)["global"]["minio"]["enabled"], false, "{text}");
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::symlink_metadata(folder.path().join("link.yaml")).unwrap().is_symlink());
}

const REFUSED: &str = "\
global:
  hosts: {domain: example.com}
  smtp:
    enable_starttls_auto: false
certmanager-issuer: {email: a@example.com}
gitlab:
  sidekiq:
    # ours
    concurency: 2
  webservice:
    minReplicas: 2
    made: {up: 1}
";

/// What `template` would refuse is counted, a key whose place is known moves there, and on request the others become
/// comments.
#[test]
fn what_template_would_refuse_is_counted_and_commented_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("values.yaml"), REFUSED).unwrap();
    let run = |args: &str| crate::common::run(folder.path(), &crate::common::words(args), &Default::default(), "");

    let got = run("values migrate -f values.yaml");
    assert_eq!(got.status, Some(1), "{}", got.stderr);
    assert!(got.stderr.contains("[still-refused]") && got.stderr.contains("for 2 errors"), "{}", got.stderr);
    assert!(got.stderr.contains("`gitlab.sidekiq.concurency` is not a known key"), "{}", got.stderr);
    assert!(got.stdout.contains("    starttls_auto: false\n"), "{}", got.stdout);

    let got = run("values migrate -f values.yaml --comment-unknown");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let expected = REFUSED
        .replace("enable_starttls_auto", "starttls_auto")
        .replace("  sidekiq:\n    # ours\n    concurency: 2\n", "  # sidekiq:\n  #   # ours\n  #   concurency: 2\n")
        .replace("    made: {up: 1}\n", "    # made: {up: 1}\n");
    assert_eq!(got.stdout, expected);
    fs::write(folder.path().join("values.yaml"), got.stdout).unwrap();
    assert_eq!(run("template -q -f values.yaml").status, Some(0));

    let got = run("values migrate -f values.yaml -o values.yaml");
    assert_eq!(got.status, Some(3), "an existing file is not replaced: {}", got.stderr);
}

/// Two masks look alike, and a line that changes would pass for unchanged.
#[test]
fn a_masked_value_that_changes_is_marked_in_the_diff() {
    let got = gitlab_render::pipeline::migrate::text_diff(
        "values.yaml",
        "a: 1\npassword: hunter2\ntoken: hunter4\n",
        "a: 1\npassword: hunter3\ntoken: hunter4\n",
    );
    assert!(!got.contains("hunter"), "{got}");
    assert!(got.contains("-password: ******** (old)\n+password: ******** (new)\n token: ********\n"), "{got}");
}
