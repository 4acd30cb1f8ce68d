//! Files that are read, checked, compared and rewritten.

use gitlab_render::diag::Severity;
use gitlab_render::diff::{self, report};
use gitlab_render::pipeline::{diff as sides, import, migrate as values, validate};
use gitlab_render::resolve::KubeVersion;
use gitlab_render::validate::files::ManifestText;
use gitlab_render::validate::report as findings;
use gitlab_render::values::Input;

use super::{PART, are_values, is_yaml, no_bug, utf8};

/// A `gitlab.rb`, and after [`PART`] a `gitlab-secrets.json`: what it becomes is YAML that values are read from.
pub fn gitlab_rb(data: &[u8]) {
    let Some(text) = utf8(data) else { return };
    let (text, secrets) = text.split_once(PART).map_or((text, None), |(text, secrets)| (text, Some(secrets)));
    match import::gitlab_rb("gitlab.rb", text, secrets, "gitlab") {
        Ok((imported, _)) => {
            no_bug(&imported.findings);
            if let Err(error) = is_yaml(&imported.text) {
                panic!("the values are no YAML: {error}\n{}", imported.text);
            }
            let input = Input::File { name: "values.yaml".to_owned(), bytes: imported.text.clone().into_bytes() };
            if let Err(failure) = gitlab_render::values::load(&[input]) {
                panic!("the values are not read: {:?}\n{}", failure.report, imported.text);
            }
        }
        Err(failure) => no_bug(&failure.report.0),
    }
}

/// Two files of manifests: reports hold no control characters, and nothing differs from itself.
pub fn manifests(data: &[u8]) {
    let Some(text) = utf8(data) else { return };
    let (old, new) = text.split_once(PART).unwrap_or((text, text));
    let file = ManifestText { name: "new.yaml".to_owned(), text: new.into(), named: true };
    let version = KubeVersion { major: 1, minor: 35 };
    let (checked, unreadable, _) = validate::texts(vec![file], version, "gitlab");
    no_bug(&unreadable.0);
    printable(&findings::text(&checked, Severity::Note));
    findings::json(&checked);
    findings::sarif(&checked);
    findings::code_quality(&checked);
    findings::junit(&checked, "validate", "summary");

    let side = |name: &str, text: &str| sides::objects(vec![(name.to_owned(), text.to_owned())]);
    let Ok(new) = side("new.yaml", new) else { return };
    let same = diff::compare(new.clone(), new.clone(), "gitlab");
    assert!(same.changes.is_empty(), "it differs from itself: {}", report::text(&same));
    let Ok(old) = side("old.yaml", old) else { return };
    let comparison = diff::compare(old, new, "gitlab");
    printable(&report::text(&comparison));
    printable(&report::markdown(&comparison));
    report::unified(&comparison);
    let json = report::json(&comparison);
    serde_json::from_str::<serde_json::Value>(&json).expect("the report is JSON");
}

/// Fails on a character that a terminal or a page would act on.
fn printable(report: &str) {
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!report.contains(control), "a control character in {report:?}");
}

/// A values file: what it becomes is YAML, has every comment but those of what goes, and is not changed by a second run.
pub fn migrate(data: &[u8]) {
    let Some(text) = utf8(data) else { return };
    let span = values::span(None, None).expect("there is a newest release");
    let run = |text: &str| {
        let file = values::File { name: "values.yaml".to_owned(), text: text.to_owned(), reader: None };
        values::migrate(&[file], &span)
    };
    let (done, refused) = run(text);
    refused.iter().for_each(|failure| no_bug(&failure.report.0));
    let Some(done) = done.first() else { return };
    no_bug(&done.report);
    if done.changed + done.open == 0 {
        assert_eq!(done.text, text, "nothing was to be done");
    }
    if let Err(error) = are_values(done.text.trim_start_matches('\u{feff}')) {
        panic!("it is no YAML: {error}\n{}", done.text);
    }
    // The comments of a key that nothing reads go with it.
    let removes = done.report.iter().any(|note| note.message.contains("`: removed: "));
    for comment in comments(text).into_iter().filter(|_| !removes) {
        assert!(done.text.contains(comment), "the comment {comment:?} is lost in\n{}", done.text);
    }
    let (again, refused) = run(&done.text);
    assert!(refused.is_empty(), "the result is refused: {:?}", refused.first().map(|f| &f.report));
    assert_eq!(again[0].text, done.text, "a second run changes it");
    assert_eq!((again[0].changed, again[0].open), (0, done.open), "a second run finds something else");
}

/// The comments that have a line to themselves and are no part of a string that goes over several lines: where nothing of
/// that kind is in the file.
fn comments(text: &str) -> Vec<&str> {
    if text.contains(['|', '>', '"', '\'']) {
        return Vec::new();
    }
    text.split(['\n', '\r']).map(str::trim).filter(|line| line.starts_with('#')).collect()
}
