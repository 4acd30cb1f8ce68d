//! Values that contradict each other: `tests/checks/*.toml` has cases for every check of the official chart, and
//! `tests/checks/known.tsv` is the list of those checks (name, values that it reads). A release that adds one
//! adds a line there, and the test fails until a case shows what happens here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;

use crate::common::{Ran, entries, root, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// One contradiction. `$1` in its texts stands for each word of `each` in turn.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The check as `known.tsv` names it, or a name of our own.
    check: String,
    #[serde(default)]
    each: Vec<String>,
    /// The values, as YAML.
    #[serde(default)]
    values: String,
    /// The code of the finding; empty where the check cannot fail here, with the reason in `because`.
    #[serde(default)]
    code: String,
    /// It is a warning: the official chart takes these values.
    #[serde(default)]
    warns: bool,
    /// The check of the official chart holds even for keys that nothing reads.
    #[serde(default)]
    lenient: bool,
    /// The paths that the message has to name.
    #[serde(default)]
    paths: Vec<String>,
    /// The lines that have to be shown.
    #[serde(default)]
    lines: Vec<String>,
    /// Values that are laid over the others and take the contradiction away: the way out that the hint names.
    #[serde(default)]
    mended: String,
    /// Why nothing is checked.
    #[serde(default)]
    because: String,
}

#[test]
fn every_check_of_the_official_chart_is_one_here() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in entries("checks").into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let text = fs::read_to_string(&path).expect("the cases can be read");
        let file: File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for case in file.case {
            for word in if case.each.is_empty() { vec![String::new()] } else { case.each.clone() } {
                wrong.extend(problem(&case, &word).map(|problem| format!("{} {word}: {problem}", case.check)));
            }
            seen.insert(case.check);
        }
    }
    let known = fs::read_to_string(root().join("tests/checks/known.tsv")).expect("the list can be read");
    let names = known.lines().skip(1).filter_map(|line| line.split('\t').next());
    wrong.extend(names.filter(|name| !seen.contains(*name)).map(|name| format!("{name}: no case")));
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

fn problem(case: &Case, word: &str) -> Option<String> {
    if case.code.is_empty() {
        return case.because.is_empty().then(|| "neither a code nor a reason".to_owned());
    }
    let fill = |text: &String| text.replace("$1", word);
    let got = template(&[&fill(&case.values)], case.lenient);
    let status = if case.warns { 0 } else { 3 };
    if got.status != Some(status) {
        return Some(format!("ended with {:?}, not {status}\n{}", got.status, got.stderr));
    }
    if !case.warns && !got.stdout.is_empty() {
        return Some("a refused run wrote to stdout".to_owned());
    }
    let severity = if case.warns { "warning" } else { "error" };
    let head = format!("{severity}[{}]", case.code);
    let mut missing = format!("`{head}` is not reported\n{}", got.stderr);
    let faults =
        findings(&got.stderr).filter(|finding| finding.starts_with(&head)).map(|finding| fault(case, finding, &fill));
    for fault in faults {
        match fault {
            Some(fault) => missing = fault,
            None => {
                missing.clear();
                break;
            }
        }
    }
    if !missing.is_empty() {
        return Some(missing);
    }
    if case.mended.is_empty() {
        return Some("no way out is tried".to_owned());
    }
    let mended = template(&[&fill(&case.values), &fill(&case.mended)], case.lenient);
    let still = mended.status != Some(0) || mended.stderr.contains(&head);
    still.then(|| format!("the way out is not taken\n{}", mended.stderr))
}

/// The findings of a report, each with its places.
fn findings(report: &str) -> impl Iterator<Item = &str> {
    let starts = |line: &str| ["error[", "warning[", "note["].iter().any(|head| line.starts_with(head));
    let mut at = 0;
    let heads = report.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        starts(line).then_some(start)
    });
    let heads: Vec<_> = heads.chain([report.len()]).collect();
    (1..heads.len()).map(move |end| &report[heads[end - 1]..heads[end]])
}

/// What a finding lacks.
fn fault(case: &Case, finding: &str, fill: &dyn Fn(&String) -> String) -> Option<String> {
    if !finding.contains("--> values-0.yaml:") {
        return Some(format!("it has no place\n{finding}"));
    }
    // What is allowed is a way out as well.
    if case.code != "not-allowed" && !finding.contains("= hint: ") {
        return Some(format!("it has no hint\n{finding}"));
    }
    if let Some(path) = case.paths.iter().map(fill).find(|path| !finding.contains(&format!("`{path}`"))) {
        return Some(format!("it does not name `{path}`\n{finding}"));
    }
    let shows =
        |line: &String| finding.lines().any(|shown| shown.split_once('|').is_some_and(|(_, text)| text.trim() == line));
    let line = case.lines.iter().map(fill).find(|line| !shows(line))?;
    Some(format!("it does not show the line `{line}`\n{finding}"))
}

fn template(values: &[&str], lenient: bool) -> Ran {
    let directory = tempfile::tempdir().expect("a directory for the case");
    let mut args: Vec<String> =
        ["template", "--set", "certmanager-issuer.email=me@example.com"].map(str::to_owned).to_vec();
    for (index, text) in values.iter().enumerate() {
        let name = format!("values-{index}.yaml");
        fs::write(directory.path().join(&name), text).expect("the file is written");
        args.extend(["-f".to_owned(), name]);
    }
    if lenient {
        args.extend(["--unknown-keys", "warn"].map(str::to_owned));
    }
    run(directory.path(), &args, &BTreeMap::new(), "")
}
