//! Profiles: each renders without a word, and `tests/profiles/NAME.txt` holds what comes out, an object a line
//! with a hash of its body.
//!
//! `UPDATE_EXPECT=1 cargo test profiles` rewrites them; read the difference before it is committed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use gitlab_render::pipeline::{self, Request};
use gitlab_render::profiles::{self, MARK, Profile};
use gitlab_render::schema::UnknownKeys;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::common::{entries, release, root};

/// A profile that is laid over another, and has nothing of its own to render without warnings.
const OVER: &str = "hardened";

fn request(profile: &str) -> Request {
    if profile == OVER {
        let over = vec![pipeline::profile(OVER).expect("it is built in")];
        return Request { inputs: over, ..request(profiles::FIRST) };
    }
    let profile = Some(profile.to_owned());
    Request { unknown_keys: UnknownKeys::Error, profile, ..release("prod", "gitlab", Vec::new()) }
}

/// `Deployment prod-webservice-default 1a2b3c4d`, an object a line, in order.
fn inventory(profile: &Profile) -> Result<String, String> {
    let rendered = pipeline::render(&request(profile.name)).map_err(|failure| format!("{:#?}", failure.report.0))?;
    // what is an example is said, and nothing else
    let codes: Vec<_> = rendered.warnings.iter().map(|warning| warning.code).collect();
    let expected: &[_] = if profile.questions().is_empty() { &[] } else { &["open-questions"] };
    if codes != expected {
        return Err(format!("says {:#?}", rendered.warnings));
    }
    let mut lines = BTreeSet::new();
    for manifest in rendered.objects.manifests() {
        let text = |pointer| manifest.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
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

/// Kinds, names and images of a profile's objects.
fn rendered(profile: &str) -> (BTreeSet<String>, Vec<String>) {
    let rendered = pipeline::render(&request(profile)).unwrap_or_else(|f| panic!("{profile}: {:#?}", f.report.0));
    let mut images = Vec::new();
    for manifest in rendered.objects.manifests() {
        collect_images(&manifest.body, &mut images);
    }
    (rendered.objects.manifests().iter().map(|manifest| manifest.component.to_string()).collect(), images)
}

fn collect_images(node: &Value, images: &mut Vec<String>) {
    match node {
        Value::Object(map) => {
            images.extend(map.get("image").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|inner| collect_images(inner, images));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_images(inner, images)),
        _ => {}
    }
}

#[test]
fn what_a_profile_has_outside_is_not_rendered() {
    for profile in profiles::all().filter(|profile| ![profiles::FIRST, OVER].contains(&profile.name)) {
        let (components, images) = rendered(profile.name);
        for outside in ["postgresql", "redis", "minio", "gitlab-runner"] {
            assert!(!components.contains(outside), "{}: renders {outside}", profile.name);
        }
        assert_eq!(components.contains("gitaly"), !profile.name.contains("hybrid"), "{}", profile.name);
        assert!(images.len() > 10, "{}: {images:?}", profile.name);
    }
}

#[test]
fn images_come_from_where_the_profile_says() {
    let (_, images) = rendered("air-gapped");
    let elsewhere: Vec<_> = images.iter().filter(|image| !image.starts_with("registry.example.com/gitlab/")).collect();
    assert!(elsewhere.is_empty(), "air-gapped: {elsewhere:?}");
    let (_, images) = rendered("fips");
    let others: Vec<_> = images.iter().filter(|image| !image.ends_with("-fips")).collect();
    assert!(others.is_empty(), "fips: {others:?}");
}

/// Nothing serves an Ingress there, so a challenge that came by one would never be answered.
#[test]
fn certificates_of_a_gateway_are_asked_for_by_the_gateway() {
    let rendered = pipeline::render(&request("gateway-api")).expect("the profile renders");
    let objects = rendered.objects.manifests();
    let issuer = objects.iter().find_map(|m| m.body.pointer("/data/gateway_issuer.yaml").and_then(Value::as_str));
    let issuer = issuer.expect("there is an issuer");
    assert!(
        issuer.contains("kind: Gateway\n                name: prod-gw\n                namespace: gitlab\n"),
        "{issuer}"
    );
    assert!(!issuer.contains("ingress"), "{issuer}");
}

/// Whoever answers the questions reads above each Secret how to make it.
#[test]
fn every_secret_is_made_by_a_command_in_a_comment() {
    let mut seen = 0;
    for profile in profiles::all() {
        for question in profile.questions().iter().filter(|question| question.text.starts_with("Secret ")) {
            let line = profile.text.lines().nth(question.line - 1).unwrap_or_default();
            let value = line.split(MARK).next().unwrap_or_default().trim_end();
            let secret = value.rsplit(' ').next().unwrap_or_default();
            let made = profile.text.lines().any(|line| {
                let words: Vec<_> = line.trim_start_matches(['#', ' ']).split(' ').collect();
                matches!(words.as_slice(), ["kubectl", "create", "secret", _, name, "-n", "gitlab", ..] if *name == secret)
            });
            assert!(made, "{}:{}: no command makes {secret}", profile.name, question.line);
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} Secrets");
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
