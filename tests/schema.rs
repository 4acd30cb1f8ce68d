//! The schemas against the facts, and what is said about values that do not fit them.

use gitlab_render::diag::{Diagnostic, Severity};
use gitlab_render::schema::{self, CheckOptions, UnknownKeys};
use gitlab_render::{bundle, values};
use serde_json::Value;

use crate::coverage::given;
use crate::source_schemas;

fn merged(yaml: &str) -> values::Merged {
    let file = values::Input::File { name: "values.yaml".into(), bytes: yaml.as_bytes().to_vec() };
    let layers = values::load(&[file]).expect("the values of a test can be read").value;
    let defaults = bundle::defaults();
    values::merge(layers, defaults).value
}

fn findings(yaml: &str, options: &CheckOptions) -> Vec<Diagnostic> {
    let merged = merged(yaml);
    schema::violations(&merged.user, &merged.tree, options)
}

/// Each finding as `code: message (hint)`.
fn told(yaml: &str) -> Vec<String> {
    let line = |d: Diagnostic| match d.hint {
        Some(hint) => format!("{}: {} ({hint})", d.code, d.message),
        None => format!("{}: {}", d.code, d.message),
    };
    findings(yaml, &CheckOptions::default()).into_iter().map(line).collect()
}

#[test]
fn the_default_values_fit_the_schemas() {
    let defaults = bundle::defaults();
    let found = schema::violations(&defaults, &defaults, &CheckOptions::default());
    assert_eq!(found, vec![]);
}

/// Every path of `tests/data/value-paths.tsv` that has an effect.
fn documented_paths() -> Vec<String> {
    let excuses = given::excuses();
    given::paths().into_iter().filter(|path| !excuses.iter().any(|excuse| excuse.covers(path))).collect()
}

#[test]
fn every_documented_path_is_known() {
    let paths = documented_paths();
    let plain = |path: &str| path.replace(".[]", "").replace("[]", "");
    let unknown: Vec<_> = paths.iter().filter(|path| !schema::knows(&plain(path))).collect();
    assert!(unknown.is_empty(), "not known, and not among tests/coverage/no-effect.tsv: {unknown:#?}");
    assert!(paths.len() > 3000, "only {} paths were looked up", paths.len());
}

/// In words, not by the key again; and with a type or a list of what it may be.
#[test]
fn every_documented_path_is_described() {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let lacking = |path: &str| {
        let part = source_schemas::part(path)?;
        let key = path.rsplit('.').next().unwrap_or(path);
        match part.keyword("description").and_then(Value::as_str) {
            _ if part.is_free() => None,
            None => Some(format!("{path}: no description")),
            Some(text) if letters(text) == letters(key) => Some(format!("{path}: described by its key")),
            Some(_) if part.types().is_empty() && !part.is_restricted() => Some(format!("{path}: no type")),
            Some(_) => None,
        }
    };
    let lacking: Vec<_> = documented_paths().iter().filter_map(|path| lacking(path)).collect();
    assert!(lacking.is_empty(), "{} paths:\n{}", lacking.len(), lacking.join("\n"));
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|part| references(part, found));
            }
            Value::Array(parts) => parts.iter().for_each(|part| references(part, found)),
            _ => {}
        }
    }
    let mut count = 0;
    for (name, _) in bundle::SCHEMAS {
        let schema = bundle::schema(name).expect("a schema is a packed tree");
        let own = name.split('#').next().unwrap_or(name);
        let mut found = Vec::new();
        references(&schema, &mut found);
        for target in found {
            let (path, pointer) = target.split_once('#').unwrap_or((target, ""));
            let steps: Vec<_> = path.split('/').collect();
            let file = match steps[..] {
                [""] => own,
                [.., component, "values.schema.json"] => component,
                [.., file] => file.trim_end_matches(".json"),
                [] => unreachable!("split gives one part at least"),
            };
            let shared = pointer.strip_prefix("/$defs/").and_then(|part| bundle::schema(&format!("{file}#{part}")));
            let leads = shared.is_some() || bundle::schema(file).is_some_and(|file| file.pointer(pointer).is_some());
            assert!(leads, "{name}: `{target}` leads nowhere");
            count += 1;
        }
    }
    assert!(count > 300, "only {count} references were followed");
}

/// `tests/data/hints.tsv`: none of the answers may be a guess at another thing, and each key in an answer has to exist.
#[test]
fn mistyped_keys_are_answered_with_what_is_there() {
    let rows: Vec<_> = include_str!("data/hints.tsv").lines().skip(1).collect();
    assert!(rows.len() > 150, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let (flag, hint) = row.split_once('\t').expect("two columns");
        let input = values::Input::SetJson(values::Flag { number: 1, text: flag.to_owned() });
        let layers = values::load(&[input]).expect("the flag can be read").value;
        let merged = values::merge(layers, bundle::defaults()).value;
        let found = schema::violations(&merged.user, &merged.tree, &CheckOptions::default());
        match found.first().and_then(|finding| finding.hint.as_deref()) {
            Some(told) if told == hint => {}
            told => wrong.push(format!("{flag}: {told:?}, not {hint:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unknown_keys_are_told_with_what_was_probably_meant() {
    let cases = [
        ("webservice: {replicas: 2}", "`webservice` is not a known key", "did you mean `gitlab.webservice`?"),
        ("gitlab-sidekiq: {enabled: true}", "`gitlab-sidekiq` is not a known key", "did you mean `gitlab.sidekiq`?"),
        (
            "certmanagerIssuer: {email: a@b.c}",
            "`certmanagerIssuer` is not a known key",
            "did you mean `certmanager-issuer`?",
        ),
        ("ingress-nginx: {enabled: false}", "`ingress-nginx` is not a known key", "did you mean `nginx-ingress`?"),
        ("global: {https: false}", "`global.https` is not a known key", "write `global.hosts.https`"),
        ("global: {editions: ce}", "`global.editions` is not a known key", "write `global.edition`"),
        ("gitlab: {kas: {enabled: false}}", "`gitlab.kas.enabled` is not a known key", "write `global.kas.enabled`"),
        ("edition: ce", "`edition` is not a known key", "did you mean `global.edition`?"),
        (
            "gitlab: {webservice: {maxUnavailble: 1}}",
            "`gitlab.webservice.maxUnavailble` is not a known key",
            "did you mean `maxUnavailable`?",
        ),
        ("gitlab: {minio: {ingress: {}}}", "`gitlab.minio` is not a known key", "did you mean `minio`?"),
        (
            "gitlab: {webservice: {replicas: 1}}",
            "`gitlab.webservice.replicas` is not a known key",
            "the number of pods is scaled, from `minReplicas`",
        ),
        (
            "gitlab: {sidekiq: {cooldownPeriod: 1}}",
            "`gitlab.sidekiq.cooldownPeriod` is not a known key",
            "did you mean `gitlab.sidekiq.keda.cooldownPeriod`?",
        ),
    ];
    for (yaml, message, hint) in cases {
        assert_eq!(told(yaml), [format!("unknown-key: {message} ({hint})")]);
    }
}

#[test]
fn wrong_types_say_what_to_write() {
    let cases = [
        (
            "global: {hosts: {https: \"false\"}}",
            "`global.hosts.https` must be a boolean, it is a string (write `false` without quotes)",
        ),
        ("global: {hosts: {domain: [a]}}", "`global.hosts.domain` must be a string, it is a list (write a string)"),
        (
            "gitlab: {webservice: {extraEnv: [{name: A, value: b}]}}",
            "`gitlab.webservice.extraEnv` must be a map, it is a list (write one `NAME: value` line for each entry, without `- name:`)",
        ),
        (
            "gitlab: {webservice: {ingress: true}}",
            "`gitlab.webservice.ingress` must be a map, it is a boolean (write a map below it, for example `ingress: {}`)",
        ),
    ];
    for (yaml, message) in cases {
        assert_eq!(told(yaml), [format!("wrong-type: {message}")]);
    }
}

#[test]
fn options_bounds_and_forms_are_named() {
    let cases = [
        ("global: {edition: EE}", "not-allowed: `global.edition` must be `ee` or `ce` (did you mean `ee`?)"),
        ("global: {smtp: {port: 70000}}", "out-of-bounds: `global.smtp.port` must be a port, 1 to 65535"),
        (
            "gitlab: {gitaly: {dailyMaintenance: {startHour: 24}}}",
            "out-of-bounds: `gitlab.gitaly.dailyMaintenance.startHour` must be at most 23",
        ),
        (
            "gitlab: {migrations: {activeDeadlineSeconds: -1}}",
            "out-of-bounds: `gitlab.migrations.activeDeadlineSeconds` must be at least 0",
        ),
        ("global: {smtp: {port: smtp}}", "malformed: `global.smtp.port` must be a port number"),
        (
            "gitlab: {gitaly: {persistence: {size: 50 GB}}}",
            "malformed: `gitlab.gitaly.persistence.size` must be a quantity such as `500m`, `2` or `1.5Gi`",
        ),
        (
            "global: {railsSecrets: {secret: My_Secret}}",
            "malformed: `global.railsSecrets.secret` must be a name of lower-case letters, digits, `-` and `.`",
        ),
        (
            "global: {gitaly: {external: [{name: default}]}}",
            "missing-key: `global.gitaly.external[0].hostname` must be set here (add `hostname` under `global.gitaly.external[0]`)",
        ),
        (
            "gitlab: {kas: {podLabels: {team: 'a b'}}}",
            "malformed: `gitlab.kas.podLabels.team` must be a label value: at most 63 letters, digits, `-`, `_` and `.`, \
             a letter or digit at both ends",
        ),
    ];
    for (yaml, message) in cases {
        assert_eq!(told(yaml), [message]);
    }
}

#[test]
fn a_placeholder_that_an_example_left_is_a_warning_where_text_may_stand() {
    for text in ["example-postgresql-port", "<port>", "${PSQL_PORT}", "YOUR_PORT", "change-me"] {
        let found = findings(&format!("global: {{psql: {{port: '{text}'}}}}"), &CheckOptions::default());
        let said: Vec<_> = found.iter().map(|d| (d.severity, d.code, d.message.as_str())).collect();
        assert_eq!(
            said,
            [(Severity::Warning, "placeholder", "`global.psql.port` still holds a placeholder")],
            "{text}"
        );
    }
    for text in ["postgres", "54 32", "PORT", "exemplary"] {
        let wanted = "malformed: `global.psql.port` must be a port number";
        assert_eq!(told(&format!("global: {{psql: {{port: '{text}'}}}}")), [wanted], "{text}");
    }
}

#[test]
fn digits_in_quotes_are_the_number_where_one_is_meant() {
    let yaml = "
global: {shell: {port: '22'}, psql: {port: '70000'}, kubectl: {image: {tag: '18'}}, hosts: {hostSuffix: '1'}}
gitlab:
  kas: {minReplicas: '3', annotations: {a: '1'}, securityContext: {runAsUser: '1000'}}
  gitlab-pages: {zipCache: {expiration: '60'}}
";
    assert_eq!(told(yaml), ["out-of-bounds: `global.psql.port` must be a port, 1 to 65535"]);
    let checked =
        schema::check(merged(&yaml.replace("70000", "5432")), &CheckOptions::default()).expect("all fits").value;
    let at = |pointer: &str| checked.tree().pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/global/shell/port"), 22);
    assert_eq!(at("/global/psql/port"), 5432);
    assert_eq!(at("/gitlab/kas/minReplicas"), 3);
    assert_eq!(at("/gitlab/kas/securityContext/runAsUser"), 1000);
    let checked = schema::check(merged("shared-secrets: {securityContext: {runAsUser: ''}}"), &CheckOptions::default());
    let tree = checked.expect("an empty text is no number, and that is right").value.tree().clone();
    assert_eq!(tree.pointer("/shared-secrets/securityContext/runAsUser"), Some(&Value::Null));
    for text in ["/global/kubectl/image/tag", "/global/hosts/hostSuffix", "/gitlab/kas/annotations/a"] {
        assert!(at(text).is_string(), "{text}: {}", at(text));
    }
    assert_eq!(at("/gitlab/gitlab-pages/zipCache/expiration"), "60", "a length of time may be either");
}

#[test]
fn all_violations_are_reported_at_once() {
    let found = told("global: {https: false, edition: x, hosts: {https: 'no'}}\nwebservice: {}\n");
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn a_given_value_is_never_repeated() {
    let yaml = "global: {psql: {password: hunter2, port: hunter2}, shell: {authToken: [hunter2]}}\nminio: {serviceType: hunter2}";
    let found = told(yaml);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(!found.join("\n").contains("hunter2"), "{found:#?}");
}

#[test]
fn nulls_and_free_maps_are_taken() {
    let yaml = "
gitlab:
  webservice: {ingress: null, annotations: {example.com/x: 1}, nodeSelector: {a.b/c: d}}
global: {hosts: {https: null}, appConfig: {cron_jobs: {my_job: {cron: '* * * * *'}}}}
postgresql: {anything: {at: all}}
";
    assert_eq!(told(yaml), Vec::<String>::new());
}

#[test]
fn the_check_can_be_made_milder() {
    let yaml = "global: {https: false, edition: x}";
    let warned = |options: &CheckOptions| -> Vec<_> {
        findings(yaml, options).into_iter().filter(|d| d.severity == Severity::Warning).map(|d| d.code).collect()
    };
    assert_eq!(warned(&CheckOptions::default()), Vec::<&str>::new());
    assert_eq!(warned(&CheckOptions { unknown_keys: UnknownKeys::Warn, ..CheckOptions::default() }), ["unknown-key"]);
    assert_eq!(warned(&CheckOptions { skip_schema_validation: true, ..CheckOptions::default() }), ["not-allowed"]);
}

#[test]
fn only_values_without_errors_are_checked() {
    let options = CheckOptions::default();
    assert!(schema::check(merged("global: {edition: ce}"), &options).is_ok());
    let (report, merged) = schema::check(merged("global: {edition: x}"), &options).expect_err("`x` is no edition");
    assert_eq!(report.0.len(), 1);
    assert_eq!(merged.user["global"]["edition"], "x");
}
