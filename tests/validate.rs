//! `validate`: a file with one fault each, sets whose objects need each other, and what must be taken.
//!
//! A file begins with `# finds: CODE PATH` for each finding, and perhaps with `# kube-version: 1.33`.
//! Those in `negative/` are sent to a real API server too, which must refuse them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gitlab_render::diag::Severity;
use gitlab_render::pipeline;
use gitlab_render::profiles;
use gitlab_render::resolve::KubeVersion;
use gitlab_render::validate::Finding;
use gitlab_render::validate::files::ManifestText;
use gitlab_render::validate::{Findings, report};
use serde_json::json;

use crate::common::{entries, release, request, run};

/// What a file says that is found in it, and what is found.
fn compare(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).unwrap();
    let says = |word: &'static str| text.lines().filter_map(move |line| line.strip_prefix(word)).map(str::to_owned);
    let wanted: BTreeSet<String> = says("# finds: ").collect();
    let version = says("# kube-version: 1.").next().map_or(35, |minor| minor.parse().expect("a number"));
    let found = check(path.file_name().unwrap().to_str().unwrap(), &text, version);
    let got: BTreeSet<String> = found
        .all
        .iter()
        .map(|f| if f.path.is_empty() { f.code.to_owned() } else { format!("{} {}", f.code, f.path) })
        .collect();
    // A lone object cannot have what it names beside it.
    let alone = path.parent().is_some_and(|folder| folder.ends_with("negative"));
    let got: BTreeSet<_> = got.into_iter().filter(|f| !alone || !f.starts_with("missing-object ")).collect();
    (got != wanted).then(|| format!("{}:\n  wanted {wanted:?}\n  got    {got:?}", path.display()))
}

fn check(name: &str, text: &str, minor: u32) -> Findings {
    let texts = vec![ManifestText { name: name.to_owned(), text: text.into(), named: true }];
    let (found, unreadable, _) = pipeline::validate::texts(texts, KubeVersion { major: 1, minor }, "default");
    assert!(unreadable.0.is_empty(), "{name}: {unreadable:?}");
    found
}

fn compare_all(folder: &str, least: usize) {
    let files = entries(folder);
    assert!(files.len() >= least, "{} files in {folder}", files.len());
    let wrong: Vec<_> = files.iter().filter_map(|path| compare(path)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

#[test]
fn every_fault_is_found_and_nothing_else() {
    compare_all("validate/negative", 200);
    for path in entries("validate/negative") {
        assert!(fs::read_to_string(&path).unwrap().starts_with("# finds: "), "{}", path.display());
    }
}

#[test]
fn what_a_server_takes_all_the_same_is_a_case_with_a_reason() {
    let path = crate::common::root().join("tests/validate/server-differs.toml");
    let table: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let taken = table["taken"].as_table().unwrap();
    for (name, reason) in taken {
        let file = crate::common::root().join(format!("tests/validate/negative/{name}.yaml"));
        assert!(file.is_file() && reason.as_str().is_some_and(|r| r.len() > 20), "{name}: {reason:?}");
    }
    assert!(taken.len() <= 10, "{} differences", taken.len());
}

#[test]
fn objects_of_a_set_need_each_other() {
    compare_all("validate/sets", 10);
}

#[test]
fn what_is_right_is_taken() {
    compare_all("validate/taken", 5);
}

#[test]
fn what_we_render_is_right_in_every_version() {
    let everything = run(Path::new("."), &["template".to_owned(), "prod".to_owned()], &Default::default(), "");
    for minor in 33..=37 {
        let found = check("render.yaml", &everything.stdout, minor);
        assert_eq!(report::text(&found, Severity::Note), "", "Kubernetes 1.{minor}");
        assert!(found.objects > 50 && found.skipped.is_empty(), "{found:?}");
        assert!(
            found.secrets.iter().any(|s| s.made_by.is_none() && s.name == "prod-gitlab-tls"),
            "{:?}",
            found.secrets
        );
        assert!(found.secrets.iter().any(|s| s.made_by.is_some() && s.name == "prod-rails-secret"));
    }
}

/// What is reported follows from the official chart: KAS' route has a rule for AutoFlow, whose port the Service has only
/// when AutoFlow is on; and the profile `hardened` has a policy for Mailroom, which runs once a mailbox is named.
#[test]
fn what_profiles_render_is_right() {
    for profile in profiles::all() {
        let mut request = release("prod", "gitlab", Vec::new());
        request.profile = Some(profile.name.to_owned());
        let (found, ..) =
            pipeline::validate::values(&request).unwrap_or_else(|f| panic!("{}: {:?}", profile.name, f.report));
        assert!(found.objects > 30, "{}: {} objects", profile.name, found.objects);
        let known = |f: &Finding| match f.code {
            "missing-port" => f.path.starts_with("spec.rules[2]") && f.message.contains("8142"),
            "selects-nothing" => f.object.as_ref().is_some_and(|id| id.name == "prod-mailroom-v1"),
            _ => false,
        };
        let rest: Vec<_> = found.all.iter().filter(|finding| !known(finding)).collect();
        assert!(rest.is_empty(), "{}: {rest:#?}", profile.name);
    }
}

/// Pods without their ServiceAccount are never made.
#[test]
fn every_pod_has_its_service_account() {
    let values = json!({
        "certmanager-issuer": {"email": "me@example.org"},
        "global": {"serviceAccount": {"enabled": true, "create": true}, "pages": {"enabled": true}},
    });
    let (found, ..) = pipeline::validate::values(&request("prod", "gitlab", &values)).expect("it renders");
    assert_eq!(report::text(&found, Severity::Note), "");
}

#[test]
fn a_render_that_lost_an_object_is_found() {
    let everything = run(Path::new("."), &["template".to_owned(), "prod".to_owned()], &Default::default(), "").stdout;
    let without = |kind: &str, name: &str| -> String {
        let gone = format!("\nkind: {kind}\nmetadata:\n  name: {name}\n");
        let documents: Vec<&str> = everything.split("---\n").collect();
        assert_eq!(documents.iter().filter(|d| d.contains(&gone)).count(), 1, "{kind}/{name}");
        documents.into_iter().filter(|d| !d.contains(&gone)).collect::<Vec<_>>().join("---\n")
    };
    for (kind, name, code) in [
        ("ConfigMap", "prod-gitaly", "missing-object"),
        ("Service", "prod-webservice-default", "missing-object"),
        ("Deployment", "prod-webservice-default", "selects-nothing"),
        ("ServiceAccount", "prod-shared-secrets", "missing-object"),
    ] {
        let found = check("render.yaml", &without(kind, name), 35);
        let hit = found.all.iter().any(|f| f.code == code && f.severity == Severity::Error);
        assert!(hit, "without {kind}/{name}: {}", report::text(&found, Severity::Note));
    }
}

#[test]
fn the_forms_for_programs_are_what_they_say() {
    let path = crate::common::root().join("tests/validate/sets/an-object-is-there-twice.yaml");
    let text = fs::read_to_string(path).unwrap();
    let found = check("a b.yaml", &text, 35);
    let schema = fs::read_to_string(crate::common::root().join("schemas/validate.output.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let json = report::json(&found);
    assert!(!found.all.is_empty());
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let sarif = report::sarif(&found);
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), found.all.len());
    assert_eq!(
        sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "a%20b.yaml"
    );
    let quality = report::code_quality(&found);
    let prints: BTreeSet<&str> =
        quality.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), found.all.len());
    assert!(report::junit(&found, "validate", "summary").contains("<testcase classname="));
}
