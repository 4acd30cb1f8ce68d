//! Profiles: each renders without a word, and `tests/profiles/NAME.txt` holds what comes out, an object a line
//! with a hash of its body.
//!
//! `UPDATE_EXPECT=1 cargo test profiles` rewrites them; read the difference before it is committed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use gitlab_render::pipeline::{self, KubeVersion, Request, Select, Target, UnknownKeys};
use gitlab_render::profiles::{self, MARK, Profile};
use sha2::{Digest, Sha256};

use crate::common::{entries, root};

fn request(profile: &str) -> Request {
    Request {
        target: Target {
            name: "prod".to_owned(),
            namespace: "gitlab".to_owned(),
            is_upgrade: false,
            kube_version: KubeVersion { major: 1, minor: 35 },
            api_versions: Vec::new(),
            gitlab_version: None,
        },
        inputs: Vec::new(),
        unknown_keys: UnknownKeys::Error,
        skip_schema_validation: false,
        profile: Some(profile.to_owned()),
        select: Select::default(),
    }
}

/// `Deployment prod-webservice-default 1a2b3c4d`, an object a line, in order.
fn inventory(profile: &Profile) -> Result<String, String> {
    let rendered = pipeline::template(&request(profile.name)).map_err(|failure| format!("{:#?}", failure.report.0))?;
    if !rendered.warnings.is_empty() {
        return Err(format!("is not silent: {:#?}", rendered.warnings));
    }
    let mut lines = BTreeSet::new();
    for manifest in rendered.objects.manifests() {
        let text = |pointer| manifest.body.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default();
        let hash = Sha256::digest(manifest.body.to_string());
        let mut line = format!("{} {} ", text("/kind"), text("/metadata/name"));
        for byte in &hash[..4] {
            write!(line, "{byte:02x}").unwrap();
        }
        lines.insert(line + "\n");
    }
    Ok(lines.into_iter().collect())
}

#[test]
fn every_profile_renders_what_is_written_down() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for profile in profiles::all() {
        let path = root().join(format!("tests/profiles/{}.txt", profile.name));
        match inventory(&profile) {
            Err(problem) => wrong.push(format!("{}: {problem}", profile.name)),
            Ok(now) if update => fs::write(path, now).unwrap(),
            Ok(now) => {
                let before = fs::read_to_string(path).unwrap_or_default();
                let changed: Vec<_> = now.lines().filter(|line| !before.lines().any(|l| l == *line)).collect();
                let gone: Vec<_> = before.lines().filter(|line| !now.lines().any(|l| l == *line)).collect();
                if !changed.is_empty() || !gone.is_empty() {
                    wrong.push(format!("{}: now {changed:#?}, before {gone:#?}", profile.name));
                }
            }
        }
    }
    let hint = "when the changes are meant, `UPDATE_EXPECT=1 cargo test profiles` writes them down";
    assert!(wrong.is_empty(), "{}\n{hint}", wrong.join("\n"));
}

#[test]
fn no_inventory_is_left_over() {
    let known: BTreeSet<_> = profiles::all().map(|profile| format!("{}.txt", profile.name)).collect();
    let there: BTreeSet<_> =
        entries("profiles").iter().map(|p| p.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(there, known);
}

#[test]
fn profiles_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    let mut purposes = BTreeSet::new();
    for profile in profiles::all() {
        let (name, text) = (profile.name, profile.text);
        let lines = text.lines().count();
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        if !text.starts_with("# ") || !(20..=120).contains(&profile.purpose().len()) {
            wrong.push(format!("{name}: the first line does not say what it is for"));
        }
        if !purposes.insert(profile.purpose()) {
            wrong.push(format!("{name}: another profile is for the same"));
        }
        if lines > 250 || longest > 125 {
            wrong.push(format!("{name}: {lines} lines of up to {longest} characters"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A mark that is not read, and an example without its mark, are what a user does not find.
#[test]
fn every_question_is_found_and_every_example_is_a_question() {
    let mut wrong = Vec::new();
    for profile in profiles::all() {
        let questions = profile.questions();
        if questions.is_empty() {
            wrong.push(format!("{}: asks nothing, not even the domain", profile.name));
        }
        for (line, number) in profile.text.lines().zip(1..) {
            let question = questions.iter().find(|question| question.line == number);
            let code = line.split(" #").next().unwrap_or_default();
            let example = !line.trim_start().starts_with('#') && code.contains("example");
            let marked = line.contains(MARK.trim_end());
            if example != marked && !(marked && question.is_some()) || marked != question.is_some() {
                wrong.push(format!("{}:{number}: {line}", profile.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
