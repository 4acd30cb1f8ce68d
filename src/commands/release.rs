//! The release that the arguments name.

use crate::cli::ReleaseArgs;
use crate::commands::Stop;
use crate::diag::Diagnostic;
use crate::pipeline::{KubeVersion, Target};

/// What Helm calls a release that nobody named.
pub const DEFAULT_NAME: &str = "release-name";

/// The newest Kubernetes that the output was checked against.
pub const NEWEST_KUBE: KubeVersion = KubeVersion { major: 1, minor: 35 };

/// The Kubernetes that is written for where none is named.
pub fn newest_kubernetes() -> KubeVersion {
    NEWEST_KUBE
}

/// Gives the release flags their meaning.
pub fn release(args: &ReleaseArgs) -> Result<Target, Stop> {
    Ok(Target {
        name: name(args)?,
        namespace: args.namespace.clone(),
        is_upgrade: args.is_upgrade,
        kube_version: args.kube_version.unwrap_or(NEWEST_KUBE),
        api_versions: args.api_versions.iter().map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect(),
        gitlab_version: args.gitlab_version.clone(),
    })
}

/// The release's name.
pub fn name(args: &ReleaseArgs) -> Result<String, Stop> {
    let refuse = |message: String, hint: &str| Err(Stop::usage(Diagnostic::error("release-name", message).hint(hint)));
    match (&args.name, &args.name_template) {
        (Some(_), Some(_)) => refuse(
            "the release has a name and `--name-template` would give it another".to_owned(),
            "leave one of them out",
        ),
        (Some(name), None) => Ok(name.clone()),
        (None, Some(template)) if template.contains("{{") => refuse(
            format!("`--name-template {template}` would have to be computed"),
            "give the name as plain text: Helm's template functions are mostly random, and the same input must give the \
             same manifests",
        ),
        (None, Some(template)) => match parse_release_name(template) {
            Ok(name) => Ok(name),
            Err(why) => {
                refuse(format!("`--name-template {template}`: {why}"), "the text is taken as the release's name")
            }
        },
        (None, None) => Ok(DEFAULT_NAME.to_owned()),
    }
}

/// A release name: Helm's limit of 53 characters, and a label, because Services are named after it.
pub fn parse_release_name(text: &str) -> Result<String, String> {
    if text == "." || text.contains('/') {
        return Err("this looks like a chart, which is not needed: the first word is the release's name".to_owned());
    }
    label(text, 53)?;
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err("it must start with a letter, because Services are named after it".to_owned());
    }
    Ok(text.to_owned())
}

/// A namespace: a label of at most 63 characters.
pub fn parse_namespace(text: &str) -> Result<String, String> {
    label(text, 63)?;
    Ok(text.to_owned())
}

/// What Kubernetes calls a label, of at most so many characters.
pub fn label(text: &str, longest: usize) -> Result<(), String> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if text.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    if text.len() > longest {
        return Err(format!("it has {} characters, {longest} are the most that fit", text.chars().count()));
    }
    if let Some(c) = text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')) {
        return Err(format!("`{}` is not allowed: use lower-case letters, digits and `-`", c.escape_debug()));
    }
    if !edge(text.chars().next()) || !edge(text.chars().last()) {
        return Err("it must start and end with a letter or a digit".to_owned());
    }
    Ok(())
}

/// A Kubernetes version as clusters and Helm write it: `1.35`, `v1.35.2`, `1.34.1-gke.100`.
pub fn parse_kube_version(text: &str) -> Result<KubeVersion, String> {
    let wrong = || "give it as `1.35` or `v1.35.2`".to_owned();
    let numbers = text.strip_prefix('v').unwrap_or(text);
    let numbers = numbers.split(['-', '+']).next().unwrap_or(numbers);
    let parts = numbers
        .split('.')
        .map(|part| if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None })
        .collect::<Option<Vec<u32>>>()
        .ok_or_else(wrong)?;
    match parts[..] {
        [major, minor] | [major, minor, _] => Ok(KubeVersion { major, minor }),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_kubernetes_would_refuse_are_refused() {
        assert_eq!(parse_release_name("prod-2").as_deref(), Ok("prod-2"));
        assert!(parse_release_name(&"a".repeat(53)).is_ok());
        for bad in ["", "Prod", "a.b", "a_b", "-a", "a-", "1a", "gitlab/gitlab", ".", &"a".repeat(54)] {
            assert!(parse_release_name(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn kube_versions_are_read_in_every_spelling() {
        for text in ["1.34", "v1.34", "1.34.2", "v1.34.2-gke.100+x"] {
            assert_eq!(parse_kube_version(text), Ok(KubeVersion { major: 1, minor: 34 }), "{text}");
        }
        for bad in ["", "1", "latest", "1.x", "1.2.3.4", "1.-2", "1.+3"] {
            assert!(parse_kube_version(bad).is_err(), "{bad} was taken");
        }
    }
}
