//! The command line that a later run of this program needs to render the same release.

use crate::cli::{ReleaseArgs, UnknownKeys, ValuesArgs};
use crate::commands::release::name;
use crate::redact::Redacted;

/// `gitlab-render template NAME ...` with the same release and the same values. Values that look like secrets
/// are masked: who runs it has to put them in again.
pub fn template(release: &ReleaseArgs, values: &ValuesArgs) -> String {
    let mut words = vec!["gitlab-render template".to_owned()];
    words.extend(name(release).ok());
    let mut flag = |name: &str, value: &str| words.push(format!("{name} {}", quoted(value)));
    flag("-n", &release.namespace);
    for file in &values.files {
        flag("-f", file);
    }
    for (name, given) in [
        ("--set-json", &values.set_json),
        ("--set", &values.set),
        ("--set-string", &values.set_string),
        ("--set-file", &values.set_file),
        ("--set-literal", &values.set_literal),
    ] {
        for text in given {
            flag(name, &Redacted::of(text).line(1).map_or_else(String::new, |shown| shown.text));
        }
    }
    let version = release.kube_version.map(|version| format!("{}.{}", version.major, version.minor));
    for (name, given) in
        [("--profile", &values.profile), ("--gitlab-version", &release.gitlab_version), ("--kube-version", &version)]
    {
        if let Some(text) = given {
            flag(name, text);
        }
    }
    for text in &release.api_versions {
        flag("-a", text);
    }
    for (name, on) in [
        ("--is-upgrade", release.is_upgrade),
        ("--unknown-keys warn", values.unknown_keys == UnknownKeys::Warn),
        ("--skip-schema-validation", values.skip_schema_validation),
    ] {
        words.extend(on.then(|| name.to_owned()));
    }
    words.join(" ")
}

/// A word for a shell.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
