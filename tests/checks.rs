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
#[derive(Default, Deserialize)]
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
    /// The release of GitLab; empty for the default one.
    #[serde(default)]
    gitlab: String,
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
    let got = template(&[&fill(&case.values)], case);
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
    let mended = template(&[&fill(&case.values), &fill(&case.mended)], case);
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

fn template(values: &[&str], case: &Case) -> Ran {
    let directory = tempfile::tempdir().expect("a directory for the case");
    let mut args: Vec<String> =
        ["template", "--set", "certmanager-issuer.email=me@example.com"].map(str::to_owned).to_vec();
    for (index, text) in values.iter().enumerate() {
        let name = format!("values-{index}.yaml");
        fs::write(directory.path().join(&name), text).expect("the file is written");
        args.extend(["-f".to_owned(), name]);
    }
    if case.lenient {
        args.extend(["--unknown-keys", "warn"].map(str::to_owned));
    }
    if !case.gitlab.is_empty() {
        args.extend(["--gitlab-version", case.gitlab.as_str()].map(str::to_owned));
    }
    run(directory.path(), &args, &BTreeMap::new(), "")
}

/// Each row of `tests/checks/hints.tsv` by itself.
#[test]
fn a_key_that_nothing_reads_gets_a_sure_answer_or_none() {
    let rows = fs::read_to_string(root().join("tests/checks/hints.tsv")).expect("the rows can be read");
    let mut wrong = Vec::new();
    for row in rows.lines().filter(|row| !row.starts_with('#')) {
        let [path, value, hint] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("three fields: {row}") };
        let keys: Vec<&str> = path.split('.').collect();
        let (last, outer) = keys.split_last().expect("a path has a key");
        let mut text: String =
            outer.iter().enumerate().map(|(depth, key)| format!("{}{key}:\n", "  ".repeat(depth))).collect();
        text += &format!("{}{last}: {value}\n", "  ".repeat(outer.len()));
        let got = template(&[&text], &Case::default());
        let holds = match hint.strip_prefix('-') {
            Some(absent) => !got.stderr.contains(absent),
            None => got.stderr.contains(hint),
        };
        if got.status != Some(3) || !got.stderr.contains("error[unknown-key]") || !holds {
            wrong.push(format!("{path}: not `{hint}`, but\n{}", got.stderr));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// Scalars that are taken for something else: where, and whether that is an error.
#[test]
fn strings_keep_their_text_and_quantities_their_unit() {
    let strings = [
        ("global: {gitlabVersion: '18.10'}", false),
        ("gitlab: {webservice: {image: {tag: 18.10}}}", true),
        ("gitlab: {sidekiq: {image: {tag: 012}}}", true),
        ("registry: {image: {tag: 1e3}}", true),
        ("gitlab: {gitaly: {image: {tag: 1_000}}}", true),
        ("minio: {imageTag: 1.0}", true),
        ("gitlab: {toolbox: {extraEnv: {A: 0x10}}}", true),
        ("gitlab: {toolbox: {extraEnv: {A: yes}}}", true),
        ("gitlab: {toolbox: {extraEnv: {A: true, B: 3, C: 1.5}}}", false),
        ("global: {ingress: {annotations: {a: 1.10}}}", true),
        ("x-tag: &tag 18.10\ngitlab: {kas: {image: {tag: *tag}}}", true),
        ("gitlab: {webservice: {minReplicas: 1_0, maxReplicas: 0x10}}", false),
    ];
    for (values, lost) in strings {
        let got = template(&[values], &Case::default());
        assert_eq!(got.stderr.contains("error[lost-text]"), lost, "{values}\n{}", got.stderr);
        assert_eq!(got.status == Some(3), lost, "{values}\n{}", got.stderr);
    }
    for (values, unit) in [
        ("gitlab: {gitaly: {persistence: {size: 100}}}", "`100Gi`"),
        ("gitlab: {webservice: {resources: {requests: {memory: 10m}}}}", "`10Mi`"),
        ("registry: {resources: {limits: {cpu: 500, memory: 1Gi}}}", "`500m`"),
        ("registry: {resources: {limits: {cpu: 8, memory: 1Gi}}}", ""),
        ("minio: {persistence: {size: 10}}", "`10Gi`"),
    ] {
        let got = template(&[values], &Case::default());
        let told = got.stderr.contains("warning[odd-quantity]") && got.stderr.contains(unit);
        assert_eq!((got.status, told), (Some(0), !unit.is_empty()), "{values}\n{}", got.stderr);
    }
}

/// With `--unknown-keys warn` a key that occurs twice counts as it does in Helm.
#[test]
fn a_key_that_is_there_twice_counts_as_helm_has_it_where_that_is_asked_for() {
    let values = "global: {edition: ce}\nglobal: {edition: ee, time_zone: Europe/Berlin}\n";
    let strict = template(&[values], &Case::default());
    assert_eq!(strict.status, Some(3), "{}", strict.stderr);
    let lenient = template(&[values], &Case { lenient: true, ..Case::default() });
    assert_eq!(lenient.status, Some(0), "{}", lenient.stderr);
    assert!(lenient.stderr.contains("warning[duplicate-key]"), "{}", lenient.stderr);
    assert!(lenient.stdout.contains("value: Europe/Berlin") && lenient.stdout.contains("gitlab-webservice-ee"));
}

/// A key that nothing reads is not rendered either, where a component passes on the map that it is in.
#[test]
fn an_unknown_key_is_left_out_where_the_run_goes_on() {
    let values = "gitlab: {webservice: {deployment: {livenessProbe: {httpGet: {path: /odd}, periodSeconds: 77}}}}\n";
    let got = template(&[values], &Case { lenient: true, ..Case::default() });
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    assert!(got.stderr.contains("warning[unknown-key]"), "{}", got.stderr);
    assert!(got.stdout.contains("periodSeconds: 77") && !got.stdout.contains("path: /odd"), "{}", got.stdout);
}

/// The chart passes a startup probe on as it is; without a handler, it asks what the other probes ask.
#[test]
fn a_startup_probe_is_the_users_own_or_has_gitlabs_check() {
    let values = "gitlab: {webservice: {deployment: {startupProbe: {exec: {command: [own]}}}, workhorse: {startupProbe: \
                  {failureThreshold: 77}}}}\n";
    let got = template(&[values], &Case::default());
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let one_line = got.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(one_line.contains("startupProbe: exec: command: - own"), "{}", got.stdout);
    assert!(
        one_line.contains("startupProbe: exec: command: - /scripts/healthcheck failureThreshold: 77"),
        "{}",
        got.stdout
    );
}

/// What a user sets wins over what a component sets, everywhere, and stands there once.
#[test]
fn a_variable_of_the_user_takes_the_place_of_the_one_that_is_set_by_default() {
    let on = "\
global: {pages: {enabled: true}, praefect: {enabled: true}, spamcheck: {enabled: true}}
nginx-ingress: {controller: {extraEnvs: [{name: POD_NAME, value: mine}]}}
postgresql: {primary: {extraEnvVars: [{name: POSTGRES_DB, value: mine}, {name: A, value: a}, {name: A, value: b}]}, metrics: {enabled: true, extraEnvVars: [{name: DATA_SOURCE_USER, value: mine}]}}
redis: {master: {extraEnvVars: [{name: REDIS_PORT, value: mine}]}, metrics: {extraEnvVars: [{name: REDIS_ALIAS, value: mine}]}}
gitlab-zoekt: {install: true, webserver: {environment: {A: mine}}}
";
    let plain = template(&[on], &Case::default());
    let defaults = variables(&plain.stdout);
    let names: BTreeSet<&str> =
        defaults.iter().map(|(_, _, name)| name.as_str()).filter(|name| *name != "POD_NAME").collect();
    let own: String = names.iter().map(|name| format!("    {name}: mine\n")).collect();
    let got = template(&[on, &format!("global:\n  extraEnv:\n{own}")], &Case::default());
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let all = variables(&got.stdout);
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = all.iter().filter(|variable| !seen.insert((*variable).clone())).collect();
    assert!(twice.is_empty(), "twice: {twice:?}");
}

/// Each variable of a render: its object, its container, its name.
fn variables(rendered: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for document in rendered.split("\n---\n") {
        let object = document.lines().find(|line| line.starts_with("  name: ")).unwrap_or_default().to_owned();
        let mut in_env = None;
        let mut containers = 0;
        for line in document.lines() {
            let indent = line.len() - line.trim_start().len();
            if line.trim() == "env:" {
                containers += 1;
                in_env = Some(indent);
            } else if let Some(start) = in_env {
                if indent < start || (indent == start && !line.trim_start().starts_with("- ")) {
                    in_env = None;
                } else if let Some(name) = line.trim_start().strip_prefix("- name: ") {
                    found.push((object.clone(), containers.to_string(), name.trim_matches('"').to_owned()));
                }
            }
        }
    }
    found
}
